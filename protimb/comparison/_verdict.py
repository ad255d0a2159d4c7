"""The verdict on each arm: better order, moved threshold, neither, or too few proteins to say."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from protimb.comparison._winners import baseline_of, difference

RARE_BINS = ("<50", "<20", "20-49")  # what resampling is for; the first of them is the main one
SMALLEST_DIFFERENCE = 0.005  # of average precision that anybody would act on
LEVEL, POWER = 0.05, 0.8
_REACH = norm.ppf(1 - LEVEL / 2) + norm.ppf(POWER)  # 2.8 standard errors

# The first whose condition holds; `order` and `decided` are differences with their intervals.
VERDICTS = {
    "ranks better": lambda order, decided: order["low"] > 0,
    "ranks worse": lambda order, decided: order["high"] < 0,
    "only moves the threshold": lambda order, decided: decided["low"] > 0 or decided["high"] < 0,
    "neither": lambda order, decided: max(-order["low"], order["high"]) <= SMALLEST_DIFFERENCE,
    "undecided at this size": lambda order, decided: True,
}
ABOUT_VERDICTS = (
    "Ranks better (worse): the interval of the difference in average precision is above (below) "
    "zero. Only moves the threshold: it is not, as far as this table can tell, but decisions "
    "(macro F1 at 0.5, or at the arm's own cut) differ. Neither: the interval lies within "
    f"{SMALLEST_DIFFERENCE} of zero, and decisions do not differ. Detects: the difference that "
    f"test sets like this one show {POWER:.0%} of the time; smaller ones may be there unseen, "
    "whatever the verdict. p is corrected for the number of arms (Holm); verdicts and intervals "
    "are not."
)
COLUMNS = [
    "arm",
    "classifier",
    "bin",
    "verdict",
    "difference",
    "low",
    "high",
    "detectable",
    "p",
    "p_holm",
    "decided",
    "decided_low",
    "decided_high",
]


def judge_arms(evaluations):
    """Give a verdict on each arm in each rare bin, {(arm, classifier): Evaluation} to a table."""
    keys = [key for key in evaluations if key[0] != "none"]
    rows = [_judge(evaluations, key, name) for key in keys for name in rare_bins(evaluations)]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "p_holm"])
    corrected = table.groupby(["classifier", "bin"])["p"].transform(correct_holm)
    return table.assign(p_holm=corrected.astype(float))[COLUMNS]


def rare_bins(evaluations):
    """Name the rare bins that have terms, or all terms where there is no such bin."""
    n_terms = next(iter(evaluations.values())).n_terms
    return [name for name in RARE_BINS if n_terms.get(name, 0) > 0] or ["all"]


def correct_holm(p):
    """Correct p values (n_tests,) for their number by Holm's steps; NaN stays and counts not."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p)  # NaN last
    n_left = (~np.isnan(p)).sum() - np.arange(len(p))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * n_left), 1)
    return corrected


def _judge(evaluations, key, name):
    own, base = evaluations[key], evaluations[baseline_of(evaluations, *key)]
    order = _bounds(difference(own, base, f"AP {name}"))
    decided = _bounds(_decisions(own, base, name))
    decisions = {f"decided_{end}": decided[end] for end in ("low", "high")}
    error = (own.resamples[f"AP {name}"] - base.resamples[f"AP {name}"]).std()
    return {
        "arm": key[0],
        "classifier": key[1],
        "bin": name,
        "verdict": _verdict(order, decided),
        **order,
        "detectable": _REACH * error,
        "p": _p_value(order["difference"], error),
        "decided": decided["difference"],
        **decisions,
    }


def _verdict(order, decided):
    return next(name for name, holds in VERDICTS.items() if holds(order, decided))


def _decisions(own, base, name):
    """Take the difference in macro F1 at 0.5, or at the arm's own cut where only it has one."""
    at_half, at_cut = f"F1@.5 {name}", f"F1@cut {name}"
    base_is_tuned = base.point.get(at_cut, base.point[at_half]) != base.point[at_half]
    at_own = at_half if base_is_tuned or at_cut not in own.point else at_cut
    return difference(own, base, at_own, at_half)


def _bounds(lead):
    return {"difference": lead["estimate"], "low": lead["lower"], "high": lead["upper"]}


def _p_value(estimate, error):
    """Test a difference against zero by its standard error, two-sided; 1 where nothing varies."""
    if estimate == 0:
        return 1.0
    return float(2 * norm.sf(abs(estimate) / error)) if error > 0 else 0.0 * error
