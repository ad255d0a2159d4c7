"""Judge scores of generated rows by those of held-out real rows, with the error of both."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import t

from protimb.metrics._quality_frame import thin
from protimb.utils._labelsets import group_positions

_N_DRAWS = 20
_MOST_ROWS = 1500  # of held-out and of generated rows, of which sets are drawn
_FEWEST_ROWS = 10  # to be judged
_FEWEST_TERMS = 5
_MOST_WEIGHT = 10


@dataclass
class Finding:
    """What one property found."""

    score: float = np.nan
    real: float = np.nan
    threshold: float = np.nan
    passed: bool | None = None
    why_not: str = ""  # why it was not judged
    control: float = np.nan
    n_generated: int = 0
    n_held_out: int = 0
    scores: tuple | None = field(default=None, repr=False)  # of held-out rows, of generated rows


def wilson_interval(share, n_rows, z):
    """Give the Wilson interval of a share among so many rows: (lower, upper)."""
    shrink = 1 + z**2 / n_rows
    centre = (share + z**2 / (2 * n_rows)) / shrink
    half = z * np.sqrt(share * (1 - share) / n_rows + z**2 / (4 * n_rows**2)) / shrink
    return max(centre - half, 0.0), min(centre + half, 1.0)


def judge_rows(property_, frame, draws, alpha, rng):
    """Judge the mean of row scores."""
    held, new = (_scores(property_, rows, len(rows)) for rows in (frame.held_out, frame.new))
    dependent = (frame.groups, frame.cells[0])
    finding = judge_means(property_, held, new, frame.weights, dependent, frame.cells[1], alpha)
    finding.control = float(np.mean(property_.control(frame.new, rng)))
    return finding


def judge_means(property_, held, new, weights, groupings, cells, alpha):
    """Judge scores (n_new,) by scores (n_held,) with weights (n_held,).

    Rows of one group, in any of the groupings (n_held,) and in cells (n_new,), may be alike.
    """
    known, ours = np.isfinite(held), np.isfinite(new)
    finding = Finding(n_generated=int(ours.sum()), n_held_out=int(known.sum()))
    finding.scores = (held, new)
    if _too_few(finding):
        return finding
    real = _Mean.of(held[known], weights[known], [groups[known] for groups in groupings])
    generated = _Mean.of(new[ours], np.ones(ours.sum()), [cells[ours]])
    finding.score, finding.real = generated.mean, real.mean
    sign = 1 if property_.better == "lower" else -1
    is_kept = property_.is_rule and real.mean == 1
    margin = 0.0 if is_kept else _margin(property_.unit, real, generated, alpha, sign)
    finding.threshold = real.mean + sign * margin
    finding.passed = bool(sign * (finding.score - finding.threshold) <= 1e-9)
    return finding


def _scores(property_, rows, *shape):
    """Measure rows, and refuse scores that are not as many numbers as the kind of property has."""
    scores = property_.measure(rows)
    found = np.asarray(scores)
    if found.shape == shape and found.dtype.kind in "fiub":
        return found.astype(np.float64)
    raise ValueError(
        f"{type(property_).__name__}.measure has to give numbers of shape {shape}, one a row, one "
        f"a term or one in all as its judged_by says, and gave {type(scores).__name__} of shape "
        f"{found.shape} and {found.dtype}."
    )


@dataclass
class _Mean:
    mean: float
    variance: float  # of one row
    n_rows: float  # rows of equal weight that are worth as much
    design: float  # by how much dependence of rows widens the variance of the mean

    @classmethod
    def of(cls, scores, weights, groupings):
        weights = weights / weights.sum()
        n_rows = float(1 / (weights**2).sum())
        if np.ptp(scores) <= 1e-9 * np.abs(scores).max():
            # The rounding of a mean is no variance, of which dependence could make much.
            return cls(float(scores[0]), 0.0, n_rows, 1.0)
        mean = float(weights @ scores)
        variance = float(weights @ (scores - mean) ** 2)
        deviations = weights * (scores - mean)
        widest = max(_variance_by_group(deviations, groups) for groups in groupings)
        design = max(widest / (variance / n_rows), 1.0)
        return cls(mean, variance, n_rows, design)

    @property
    def n_effective(self):
        return self.n_rows / self.design

    @property
    def error(self):
        return np.sqrt(self.variance / self.n_effective)


def _variance_by_group(deviations, groups):
    """Estimate the variance of a mean by the sums of its terms' groups."""
    sums = np.bincount(np.unique(groups, return_inverse=True)[1], deviations)
    return float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)


def _margin(unit, real, generated, alpha, sign):
    """How far the mean of generated rows may lie from that of held-out rows."""
    quantile = t.isf(alpha, max(real.n_effective - 1, 2))
    n_new = generated.n_rows / real.design  # as if generated rows depended as held-out rows do
    if unit == "share":
        # Newcombe: the Wilson limits of both shares, if both were that of held-out rows.
        share = np.clip(real.mean, 0, 1)
        limits = [wilson_interval(share, n, quantile) for n in (real.n_effective, n_new)]
        of_real, of_new = (abs(limit[sign > 0] - share) for limit in limits)
    else:
        of_real, of_new = quantile * real.error, quantile * np.sqrt(real.variance / n_new)
    return float(np.hypot(of_real, max(of_new, quantile * generated.error)))


def _too_few(finding):
    if min(finding.n_generated, finding.n_held_out) >= _FEWEST_ROWS:
        return False
    finding.why_not = (
        f"Too few to judge: {finding.n_generated} generated and {finding.n_held_out} held-out "
        f"real rows, where {_FEWEST_ROWS} of each are needed."
    )
    return True


class Draws:
    """Halves of held-out and of generated rows with the same terms, again and again."""

    def __init__(self, frame, rng):
        # Halves of both kinds have to be alike, and cells would tear holes: rows that belong
        # together go together where groups say so.
        self.held = _Pool(frame.held_out, frame.new.terms, frame.groups, rng)
        self.new = _Pool(frame.new, frame.held_out.terms, np.arange(len(frame.new)), rng)
        unseen = ~frame.is_lent[self.held.places]
        draws = [self._draw(unseen, rng) for _ in range(_N_DRAWS)]
        # Pairs of held-out and generated rows, by whether their terms are the same.
        self.pairs = dict(zip((True, False), zip(*draws, strict=True), strict=True))

    def _draw(self, unseen, rng):
        in_half = self.held.half(rng), self.new.half(rng)
        held, new = self.held.by_term(in_half[0]), self.new.by_term(in_half[1])
        rest = self.held.rows.take(np.flatnonzero(~in_half[0] & unseen))
        matched = _first(held, new, rng), _first(new, held, rng)
        whole = np.flatnonzero(in_half[0]), np.arange(len(self.new.rows))
        return self._pair(matched, rest), self._pair(whole, rest)

    def _pair(self, places, rest):
        return self.held.rows.take(places[0], rest), self.new.rows.take(places[1], rest)


class _Pool:
    def __init__(self, rows, other_terms, groups, rng):
        self.places = _thinned(rows.terms, other_terms, rng)
        self.rows = rows.take(self.places)
        # The pool computes distances of its own, not those of all rows.
        self.rows._pool = None
        _, self.groups = np.unique(groups[self.places], return_inverse=True)

    def half(self, rng):
        """Draw half of the groups: (n_rows,) bool."""
        n_groups = self.groups.max(initial=-1) + 1
        chosen = rng.permutation(n_groups) < n_groups // 2
        return chosen[self.groups]

    def by_term(self, chosen):
        places = np.flatnonzero(chosen)
        return {term: places[at] for term, at in group_positions(self.rows.terms[places]).items()}


def judge_terms(property_, frame, draws, alpha, rng):
    """Judge scores of terms by those of held-out rows of the same terms."""
    n_terms = len(frame.terms)
    held, new = (_scores(property_, rows, n_terms) for rows in (frame.held_out, frame.new))
    known = np.flatnonzero(np.isfinite(held) & np.isfinite(new))
    n_held, n_new = (
        np.bincount(rows.terms, minlength=len(held))[known] for rows in (frame.held_out, frame.new)
    )
    finding = Finding(n_generated=int(n_new.sum()), n_held_out=int(n_held.sum()))
    if len(known) < _FEWEST_TERMS:
        finding.why_not = (
            f"Too few to judge: {len(known)} terms with two held-out and two generated rows, "
            f"where {_FEWEST_TERMS} are needed."
        )
        return finding
    held, new = held[known], new[known]
    # By the fewer rows of both sides, of which two make one pair; no term is to decide alone.
    weights = np.minimum(np.minimum(n_held, n_new) - 1, _MOST_WEIGHT)
    weights = weights / weights.sum()
    finding.real, finding.score = float(weights @ held), float(weights @ new)
    differences = new - held
    error = np.sqrt(weights**2 @ (differences - weights @ differences) ** 2)
    n_effective = 1 / (weights**2).sum()
    sign = 1 if property_.better == "lower" else -1
    quantile = t.isf(alpha, max(n_effective - 1, 2))
    # As a sum of squares about its own mean the error is short of one degree of freedom.
    error *= np.sqrt(n_effective / max(n_effective - 1, 1))
    finding.threshold = finding.real + sign * float(quantile * error)
    finding.passed = bool(sign * (finding.score - finding.threshold) <= 1e-9)
    return finding


def judge_set(property_, frame, draws, alpha, rng):
    """Judge a figure of sets by what it is for held-out rows, draw by draw."""
    pairs = draws.pairs[property_.matched]
    n_held, n_new = np.mean([[len(rows) for rows in pair] for pair in pairs], axis=0)
    finding = Finding(n_generated=int(n_new), n_held_out=int(n_held))
    if _too_few(finding):
        return finding
    figures = np.array([[_scores(property_, rows) for rows in pair] for pair in pairs])
    known = np.isfinite(figures).all(axis=1)
    if known.sum() < 3:
        finding.why_not = "Cannot be measured with these rows."
        return finding
    held, new = figures[known].T
    finding.real, finding.score = float(held.mean()), float(new.mean())
    sign = 1 if property_.better == "lower" else -1
    # A figure of half the rows varies from half to half as one of all rows does from sample to
    # sample. Generated rows have no less error than held-out rows, and both are means of draws.
    of_held = held.var(ddof=1)
    error = np.sqrt((1 + 1 / len(held)) * (of_held + max(of_held, new.var(ddof=1))))
    finding.threshold = finding.real + sign * float(t.isf(alpha, len(held) - 1) * error)
    finding.passed = bool(sign * (finding.score - finding.threshold) <= 1e-9)
    return finding


# How properties are judged, by their attribute judged_by.
JUDGES = {"rows": judge_rows, "terms": judge_terms, "sets": judge_set}


def _thinned(terms, other_terms, rng):
    """Choose rows of the terms that both sides have, at most _MOST_ROWS: places, ascending."""
    own, others = group_positions(terms), group_positions(other_terms)
    shared = sorted(own.keys() & others.keys())
    n_own = np.array([len(own[term]) for term in shared], dtype=np.int64)
    n_both = np.minimum(n_own, [len(others[term]) for term in shared])
    quotas = thin(n_both, n_own, _MOST_ROWS, rng)
    chosen = [
        rng.choice(own[term], quota, replace=False)
        for term, quota in zip(shared, quotas, strict=True)
        if quota
    ]
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.int64)


def _first(own, others, rng):
    """Draw as many rows of each term as both sides have: places."""
    chosen = [rng.permutation(places)[: len(others.get(term, ()))] for term, places in own.items()]
    return np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
