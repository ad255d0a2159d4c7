"""One plain sentence to act on: what to use for the rare terms, or that nothing helped."""

from typing import NamedTuple

from protimb.comparison._verdict import SMALLEST_DIFFERENCE, rare_bins
from protimb.comparison._winners import _and, difference

_WORDS = {"<50": "fewer than 50", "<20": "fewer than 20", "20-49": "20 to 49"}


class _Rival(NamedTuple):
    key: tuple  # (arm, classifier)
    lead: dict  # over the best classifier without resampling: estimate, lower, upper


def advise(evaluations):
    """Say what to use for the rare terms, from {(arm, classifier): Evaluation}."""
    name = rare_bins(evaluations)[0]
    metric = f"AP {name}"
    plain = {key: one for key, one in evaluations.items() if key[0] == "none"}
    base = max(plain, key=lambda key: plain[key].point[metric])
    rivals = [
        _Rival(key, difference(one, evaluations[base], metric))
        for key, one in evaluations.items()
        if key[0] != "none"
    ]
    reached = evaluations[base].point[metric]
    above = [one for one in rivals if one.lead["lower"] > 0]
    # What nobody would notice is no reason to change a method.
    better = [one for one in above if one.lead["estimate"] >= SMALLEST_DIFFERENCE]
    if not better:
        return f"{_opening(evaluations, name)}, {_leave(rivals, above, plain, base, metric)}"
    best = max(better, key=lambda one: one.lead["estimate"])
    costs = _costs(evaluations[best.key], evaluations[base], name)
    return f"{_opening(evaluations, name)}, {_use(best, better, base, reached)}{costs}"


def _opening(evaluations, name):
    n_terms = round(next(iter(evaluations.values())).n_terms[name])
    if name not in _WORDS:
        return f"For your {_count(n_terms)}, of which none is rare"
    words = f"(those with {_WORDS[name]} training proteins)"
    return f"For your {_count(n_terms, 'rare ')} {words}"


def _count(n_terms, kind=""):
    return f"{n_terms:,} {kind}term{'' if n_terms == 1 else 's'}"


def _use(best, better, base, reached):
    gain = best.lead["estimate"]
    others = [_method(one.key) for one in better if one is not best]
    also = f" So are {_and(others)}." if len(others) > 1 else f" So is {_and(others)}."
    return (
        f"use {_method(best.key)}: average precision {reached + gain:.3f}, against {reached:.3f} "
        f"of {_method(base)}; the difference, {_span(best.lead)}, is above zero with confidence."
        f"{also if others else ''}"
    )


def _costs(own, base, name):
    """Say what gets worse with confidence, "" if nothing does."""
    costs = {"Fmax": "fmax", "the Brier skill of their probabilities": f"Brier skill {name}"}
    known = {words: one for words, one in costs.items() if one in own.point and one in base.point}
    leads = {words: difference(own, base, metric) for words, metric in known.items()}
    worse = [f"{words} ({_span(lead)})" for words, lead in leads.items() if lead["upper"] < 0]
    return f" What falls is {_and(worse)}." if worse else ""


def _leave(rivals, above, plain, base, metric):
    reached = f"average precision {plain[base].point[metric]:.3f}"
    plainly = f"use {_method(base)} ({reached}{_versus(plain, base, metric)})"
    if not rivals:
        return f"{plainly}; nothing else was run."
    best = max(above or rivals, key=lambda one: one.lead["estimate"])
    if above:
        why = f"The highest of {len(rivals)} others, {_method(best.key)}, is above it by so little"
        return f"{plainly}. {why} that nobody would notice: {_span(best.lead)}."
    return (
        f"{plainly}. None of {len(rivals)} others ranks proteins better with confidence; the "
        f"highest, {_method(best.key)}, differs by {_span(best.lead)}."
    )


def _versus(plain, base, metric):
    """Hold the best classifier against the others that are clearly below it, "" if none is."""
    leads = {key: difference(plain[base], one, metric) for key, one in plain.items() if key != base}
    below = [key[1] for key, lead in leads.items() if lead["lower"] > 0]
    return f", clearly more than {_and(below)}" if below else ""


def _method(key):
    arm, classifier = key
    if arm == "none":
        return f"{classifier} on the proteins as they are"
    return f"{arm} by itself" if classifier == "alone" else f"{arm} with {classifier}"


def _span(lead):
    return f"{lead['estimate']:+.3f} [{lead['lower']:+.3f}, {lead['upper']:+.3f}]"
