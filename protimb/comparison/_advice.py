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
    better = [one for one in rivals if one.lead["lower"] > 0]
    reached = evaluations[base].point[metric]
    if better:
        return f"{_opening(evaluations, name)}, {_use(better, base, reached)}"
    return f"{_opening(evaluations, name)}, {_leave(rivals, plain, base, metric)}"


def _opening(evaluations, name):
    n_terms = round(next(iter(evaluations.values())).n_terms[name])
    if name not in _WORDS:
        return f"For your {_count(n_terms)}, of which none is rare"
    words = f"(those with {_WORDS[name]} training proteins)"
    return f"For your {_count(n_terms, 'rare ')} {words}"


def _count(n_terms, kind=""):
    return f"{n_terms:,} {kind}term{'' if n_terms == 1 else 's'}"


def _use(better, base, reached):
    best = max(better, key=lambda one: one.lead["estimate"])
    gain = best.lead["estimate"]
    others = [_method(one.key) for one in better if one is not best]
    also = f" {_and(others)} also did better than no resampling." if others else ""
    small = " That is less than anybody would notice." if gain < SMALLEST_DIFFERENCE else ""
    return (
        f"use {_method(best.key)}: average precision {reached + gain:.3f}, against {reached:.3f} "
        f"of {_method(base)} ({_span(best.lead)}).{small}{also}"
    )


def _leave(rivals, plain, base, metric):
    reached = f"average precision {plain[base].point[metric]:.3f}"
    if not rivals:
        return f"use {_method(base)} ({reached}{_versus(plain, base, metric)}); no other was run."
    best = max(rivals, key=lambda one: one.lead["estimate"])
    return (
        f"do without resampling: use {_method(base)} ({reached}{_versus(plain, base, metric)}). "
        f"None of {len(rivals)} alternatives ranks proteins better with confidence; the highest, "
        f"{_method(best.key)}, differs by {_span(best.lead)}."
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
