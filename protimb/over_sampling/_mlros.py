"""MLROS: copy real rows in rounds, one for each rare term in turn."""

import numpy as np

from protimb.budgets._totals import TOTALS_OR_SHARE, mean_imbalance_totals
from protimb.over_sampling._random import RandomLabelsetOverSampler


class MLROS(RandomLabelsetOverSampler):
    """Over-sample by copying real rows in rounds: one row for each rare term, again and again.

    In each round every term that still lacks rows gets a copy of one random member [1]_. With a
    budget too small for all, each of them gets its share; `RandomLabelsetOverSampler`, which fills
    term after term, has no such budget.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: ``"auto"`` raises terms whose IRLbl exceeds MeanIR up to it; a float p in (0, 1] does
        the same, but adds no more than p times the rows there are, as published; an int n raises
        every term to n members; ``{term: total}`` by column name or number; or a callable that gets
        y and returns such a dict. Classes, see ``target``: imbalanced-learn's meaning.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error.
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
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows drawn for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
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
    RandomLabelsetOverSampler : Fills term after term, each member about equally often.
    LPROS : Balances labelsets in place of terms.

    Notes
    -----
    Read in the paper as follows. MeanIR, and the count of the most frequent term in IRLbl, stay
    those of the real rows: copies raise frequent terms too, and the goal would move away while it
    is approached. A term that copies drawn for others have filled gets none of its own, so no
    term exceeds its goal by its own copies.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       3-16, 2015. https://doi.org/10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import MLROS
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> y = np.zeros((10, 3), dtype=int)
    >>> y[:9, 0] = y[:2, 1] = y[8:, 2] = 1
    >>> sampler = MLROS(sampling_strategy=0.25, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> sampler.sampling_plan_["n_drawn"].tolist()
    [0, 1, 1]
    """

    _forms = TOTALS_OR_SHARE

    def _resample(self, X, y, ledger, rng):
        n_before = ledger.n_now  # nothing is drawn yet
        if ledger.n_rows is None:
            goals, n_rows = ledger.n_target, np.inf
        else:
            enough = n_before >= self.min_members
            goals = np.where(enough, mean_imbalance_totals(n_before), n_before)
            n_rows = ledger.n_rows
        ledger.record(*_draw_in_rounds(y, goals, n_rows, ledger, rng))
        return self._generate(X, y, ledger.plan(), rng)


def _draw_in_rounds(y, goals, n_rows, ledger, rng):
    """Draw one member for each open term in turn; give the terms drawn for, and the rows."""
    n_now = ledger.n_now.copy()
    rarest_first = np.argsort(n_now, kind="stable")
    waiting = rarest_first[(n_now < goals)[rarest_first]]
    members = {term: ledger.members(term) for term in waiting}
    terms: list[int] = []
    rows: list[int] = []
    while len(waiting) and len(rows) < n_rows:
        ledger.check_rows(len(rows))
        for term, where in zip(waiting, rng.random_sample(len(waiting)), strict=True):
            if n_now[term] >= goals[term]:
                continue
            if len(rows) >= n_rows:
                break
            row = members[term][int(where * len(members[term]))]
            n_now[y.indices[y.indptr[row] : y.indptr[row + 1]]] += 1
            terms.append(term)
            rows.append(row)
        waiting = waiting[n_now[waiting] < goals[waiting]]
    return np.array(terms, dtype=np.int64), np.array(rows, dtype=np.int64)
