"""Kill a command at a random moment, and run it again."""

import random
import signal

from steps import kill_at_step
from verdicts import half_written, left_over, mixed, one_line, wrong

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def kill_at_random(arena, number, seed=0):
    """Kill the subject in its trial of this number: {what went wrong: where}."""
    rng = random.Random(f"{seed}/{arena.name}/{number}")
    sent = SIGNALS[number % 3]
    aimed = rng.random() < 0.5
    arena.set_up()
    if aimed:
        step, delay = rng.randint(1, max(arena.n_events, 1)), rng.choice((0, rng.uniform(0, 0.003)))
        done = arena.start(prepare=lambda: kill_at_step(arena.work, step, delay, sent)).wait()
        moment = f"step {step} + {delay:.4f} s"
    else:
        after = rng.uniform(0, arena.seconds)
        running = arena.start()
        running.kill(after, sent)
        done = running.wait()
        moment = f"{after:.3f} s"
    found = _look(arena, done)
    return {"moment": f"{sent.name} at {moment}", "status": done.status} | found


def _look(arena, done):
    tree = arena.look()
    found = {"half": half_written(arena, tree), "mixed": mixed(arena, tree)}
    if done.status in arena.subject.statuses:
        return found | {"wrong": wrong(arena, tree), "left": left_over(tree, arena.reference())}
    if done.status >= 0 and done.stderr.startswith("HUNG"):
        found["half"].append("the killed command did not end")
    again = arena.start(words=_again(arena, tree)).wait()
    tree = arena.look()
    found["wrong"] = wrong(arena, tree)
    if again.status not in arena.subject.statuses and not _is_refused_whole(arena, again, found):
        found["wrong"].append(f"run again: status {again.status}, {again.stderr.strip()[-300:]}")
    return found | {"left": left_over(tree, arena.reference())}


def _again(arena, tree):
    """Give the words of the rerun: a run that has begun is gone on with."""
    return arena.subject.again if "out/config.json" in tree else None


def _is_refused_whole(arena, again, found):
    """Say whether the killed command had done all, so that its place is refused to another."""
    refused = arena.subject.new and not found["wrong"] and again.status == 2
    return refused and one_line(again.stderr, arena.work / "out") is None
