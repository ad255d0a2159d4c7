"""Several writers at once into one place."""

import os

from verdicts import half_written, left_over, one_line, wrong


def write_at_once(arena, number, n_writers):
    """Start so many variants of the subject at one moment: {what went wrong: where}."""
    for seed in range(n_writers):
        arena.reference(seed)
    arena.set_up()
    reading, writing = os.pipe()

    def wait_for_all():
        os.close(writing)
        os.read(reading, 1)  # ends when the last writer is started

    order = [(number + place) % n_writers for place in range(n_writers)]
    running = [arena.start(seed, wait_for_all, place=str(seed)) for seed in order]
    os.close(writing)
    done = dict(zip(order, [one.wait() for one in running], strict=True))
    os.close(reading)
    return _look(arena, done)


def _look(arena, done):
    tree = arena.look()
    winners = [seed for seed, one in done.items() if one.status in arena.subject.statuses]
    found = {"n_winners": len(winners), "half": half_written(arena, tree, list(done))}
    differ = {seed: wrong(arena, tree, seed) for seed in winners}
    found["mixed"] = [] if any(not one for one in differ.values()) else [str(differ)[:300]]
    if arena.subject.new and len(winners) > 1:
        found["mixed"].append(f"{len(winners)} writers ended well")
    losers = [one for seed, one in done.items() if seed not in winners]
    found["unnamed"] = [said for one in losers if (said := one_line(one.stderr, arena.work))]
    allowed = {name: None for seed in winners for name in arena.reference(seed)}
    return found | {"left": left_over(tree, allowed)}
