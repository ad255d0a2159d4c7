"""LPROS: copy real rows so that rare labelsets catch up."""

from functools import partial

import numpy as np

from protimb.budgets._plan import cycle_fairly
from protimb.budgets._totals import TOTALS_OR_SHARE
from protimb.over_sampling._random import RandomLabelsetOverSampler
from protimb.utils._labelsets import number_labelsets, rarest_terms


class LPROS(RandomLabelsetOverSampler):
    """Over-sample by copying real rows, with an eye on labelsets in place of terms.

    Two proteins may share a rare term and differ in all others. This sampler counts rows by
    labelset, the combination of all their labels, and copies rows of the rare ones [1]_.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: a float p in (0, 1] adds p times the rows there are to the labelsets with fewer rows
        than the mean labelset, as published. All other forms give a total for each term, as
        everywhere: ``"auto"`` raises terms whose IRLbl exceeds MeanIR up to it; an int n raises
        every term to n members; ``{term: total}`` by column name or number; or a callable that gets
        y and returns such a dict. Classes, see ``target``: imbalanced-learn's meaning.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error. With a
        share of the rows, labelsets with such a term are left alone.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
    random_state : int, RandomState or None, default=None
        Seed of every draw.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: rows missing}``; empty where ``sampling_strategy`` is a share of the rows.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows drawn for this term; with a
        share of the rows, for a labelset whose rarest term it is), ``n_after``, ``note``.
    n_synthetic_ : int
        Number of rows added.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were added.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The real row that each added row copies.
    sample_indices_ : ndarray of int, shape (n_rows + n_synthetic,)
        The real row behind each row of the output.

    See Also
    --------
    RandomLabelsetOverSampler : Copies the members of a term about equally often.
    MLROS : Copies rows of rare terms in rounds.

    Notes
    -----
    With a total for each term, the rows that a term lacks go to its labelsets so that these
    become as equally frequent as possible, the rarest first.

    Read in the paper as follows, for a share of the rows. Every labelset below the mean gets the
    same number of copies, unless it reaches the mean with fewer; what it does not need goes to
    the others. A labelset is raised to the first count not below the mean, because no row can be
    copied in part; rows that do not divide go to random labelsets. If all reach the mean, fewer
    rows are added than asked. Rows without labels are no labelset: copies of them help no term.

    In GO data most labelsets are unique, so with a share of the rows nearly every protein with
    an unusual combination of terms is copied once, frequent terms included.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       3-16, 2015. https://doi.org/10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import LPROS
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> y = np.array([[1, 0]] * 6 + [[1, 1]] * 3 + [[0, 1]])
    >>> sampler = LPROS(sampling_strategy=0.3, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)  # 6, 3 and 1 rows: the mean is 3.3
    >>> y_res[sampler.synthetic_mask_].tolist()
    [[1, 1], [0, 1], [0, 1]]
    """

    _forms = TOTALS_OR_SHARE

    def _resample(self, X, y, ledger, rng):
        bags = _Bags(number_labelsets(y))
        if ledger.n_rows is None:
            for term, members, missing in ledger:
                ledger.record(term, bags.fill(members, missing, rng))
        else:
            rarest = rarest_terms(y, ledger.n_now)
            enough = ledger.n_now[rarest] >= self.min_members
            rows = bags.fill_below_mean((rarest >= 0) & enough, ledger.n_rows, rng)
            ledger.record(rarest[rows], rows)
        return self._generate(X, y, ledger.plan(), rng)


class _Bags:
    """The rows of each labelset, and how many there are with the copies made so far."""

    def __init__(self, labelsets):
        self.labelsets = labelsets
        self.sizes = np.bincount(labelsets)
        self._rows = np.split(np.argsort(labelsets, kind="stable"), np.cumsum(self.sizes)[:-1])

    def fill(self, members, n_new, rng):
        """Copy rows of the members' labelsets so that these become equally frequent."""
        own = np.unique(self.labelsets[members])
        n_copies = spread(partial(_up_to, self.sizes[own]), n_new, rng)
        self.sizes[own] += n_copies
        return self._copies(own, n_copies, rng)

    def fill_below_mean(self, usable, n_new, rng):
        """Copy rows of the labelsets below the mean, equally many of each unless it gets there."""
        own = np.unique(self.labelsets[usable])
        mean = self.sizes[own].sum() / max(len(own), 1)
        needs = np.maximum(np.ceil(mean - 1e-9).astype(np.int64) - self.sizes[own], 0)
        n_copies = spread(partial(np.minimum, needs), n_new, rng)
        return self._copies(own, n_copies, rng)

    def _copies(self, own, n_copies, rng):
        none = np.empty(0, dtype=np.int64)
        some = zip(own[n_copies > 0], n_copies[n_copies > 0], strict=True)
        return np.concatenate([none, *(cycle_fairly(self._rows[b], n, rng) for b, n in some)])


def spread(additions_at, n_new, rng):
    """Raise all to one level, as high as ``n_new`` rows allow: int, (n_labelsets,).

    ``additions_at(level)`` gives the rows that each labelset needs to be there. The rest is drawn.

    >>> import numpy as np
    >>> sizes = np.array([1, 2, 9])
    >>> spread(lambda level: np.maximum(level - sizes, 0), 5, np.random.RandomState(0)).tolist()
    [3, 2, 0]
    """
    low, high = 0, 1
    while additions_at(high).sum() <= n_new and high < 2**62:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if additions_at(middle).sum() <= n_new else (low, middle)
    additions = additions_at(low)
    next_up = np.flatnonzero(additions_at(low + 1) > additions)
    additions[rng.permutation(next_up)[: n_new - additions.sum()]] += 1
    return additions


def _up_to(sizes, level):
    return np.maximum(level - sizes, 0)
