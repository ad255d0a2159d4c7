"""MLRUS and LPRUS: remove rows at random, from frequent terms or frequent labelsets."""

from dataclasses import replace

import numpy as np

from protimb.budgets._floors import MINORITY
from protimb.budgets._strategy import ON_EVERY_ROW
from protimb.under_sampling._base import BaseMultilabelUnderSampler
from protimb.under_sampling._removal import remove_in_turns
from protimb.utils._labelsets import members_by_term, number_labelsets


class MLRUS(BaseMultilabelUnderSampler):
    """Remove random rows of frequent terms, each of these terms in turn.

    Rows of frequent terms are plentiful, and a classifier that sees fewer of them has more time
    for the rest. What such a row could have taught is lost, though.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: a float is the share of rows to remove, P in [1]_; ``"auto"`` removes at most a
        quarter; an int n lowers each frequent term to n members; ``{term: total}`` by column name
        or number; or a callable that gets y and returns one of these. Classes, see ``target``:
        imbalanced-learn's meaning.
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
        ``{term: members that it is left with at least}``, for terms that may lose rows.
    sampling_plan_ : DataFrame of shape (n_terms, 4)
        Indexed by term: ``n_before``, ``n_floor`` (fewest members it may be left with),
        ``n_after``, ``note``.
    sample_indices_ : ndarray of int, shape (n_rows - n_removed,)
        The rows that stay, in order.
    n_removed_ : int
        Number of rows removed.

    See Also
    --------
    LPRUS : Takes turns among labelsets instead of terms.
    imblearn.under_sampling.RandomUnderSampler : The same for one label a row.

    Notes
    -----
    One row goes from each majority term (IRLbl below MeanIR) in turn, the most frequent first,
    until the budget is spent; a term whose IRLbl has reached MeanIR drops out. Where the paper
    leaves a choice:

    - A row with a majority and a minority term stays. The algorithm as printed takes rows from
      the bag of a majority term whatever else they carry, and so may make a rare term rarer.
    - MeanIR and the count of the most frequent term are those before the first removal. Counted
      anew after each row, both would follow the removals and the end would move.
    - Rows without labels are in no bag, and stay.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       3-16, 2015. https://doi.org/10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.under_sampling import MLRUS
    >>> X = np.arange(10.0)[:, None]
    >>> y = np.array([[1, 0]] * 8 + [[1, 1], [0, 0]])
    >>> sampler = MLRUS(sampling_strategy={0: 5}, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> y_res.sum(axis=0)
    array([5, 1])
    >>> sampler.n_removed_
    4
    """

    def _remove(self, target, floors, rng):
        columns = np.flatnonzero(floors.targeted)
        columns = columns[np.argsort(-floors.n_before[columns], kind="stable")]
        members = members_by_term(target.indicator)
        bags = [rng.permutation(members[column]) for column in columns]
        return remove_in_turns(bags, target.indicator, floors)


class LPRUS(BaseMultilabelUnderSampler):
    """Remove random rows of frequent labelsets, each of these labelsets in turn.

    Proteins with exactly the same terms are the closest thing to a class that multilabel targets
    have. Labelsets with more rows than the mean are made smaller, none of them below that mean.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: a float is the share of rows to remove, P in [1]_; ``"auto"`` removes at most a
        quarter; an int n lowers each frequent term to n members; ``{term: total}`` by column name
        or number; or a callable that gets y and returns one of these. Classes, see ``target``:
        imbalanced-learn's meaning.
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
        ``{term: members that it is left with at least}``, for terms that may lose rows.
    sampling_plan_ : DataFrame of shape (n_terms, 4)
        Indexed by term: ``n_before``, ``n_floor`` (fewest members it may be left with),
        ``n_after``, ``note``.
    sample_indices_ : ndarray of int, shape (n_rows - n_removed,)
        The rows that stay, in order.
    n_removed_ : int
        Number of rows removed.

    See Also
    --------
    MLRUS : Takes turns among terms instead of labelsets.
    protimb.metrics.labelset_counts : How many rows each labelset has.

    Notes
    -----
    The paper deletes the same number of rows from each majority labelset, fewer where one would
    fall below the mean size, and deals the remainder out to larger ones. Taking turns, the
    largest first, comes to the same and spends the budget to the row. Where the paper leaves a
    choice, or where proteins need another:

    - The mean size is rounded up.
    - A labelset with a minority term (IRLbl above MeanIR) stays whole. Most labelsets of proteins
      have one row, so that the mean is about two, and to the letter a rare term shared by three
      proteins would count as frequent.
    - Rows without labels stay, and are not a labelset; nor are rows whose only terms are on every
      row.
    - If terms are to be lowered to totals, only rows that carry one of them go.
    - With one label a row, totals may lie below the mean size and are met.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       3-16, 2015. https://doi.org/10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import labelset_counts
    >>> from protimb.under_sampling import LPRUS
    >>> X = np.arange(10.0)[:, None]
    >>> y = np.array([[1, 1, 0]] * 4 + [[1, 0, 0]] * 4 + [[1, 1, 1], [0, 1, 0]])
    >>> X_res, y_res = LPRUS(sampling_strategy=0.2, random_state=0).fit_resample(X, y)
    >>> labelset_counts(y_res)
    array([3, 3, 1, 1])
    """

    _others = "all others carry a rare term, or their labelset is at the mean size"

    def _find_floors(self, target, y):
        floors = super()._find_floors(target, y)
        if target.classes is not None or floors.n_rows is None:
            return floors
        # With a share as budget, the mean size of a labelset is the only limit besides rare terms.
        n_target = np.where(floors.notes == MINORITY, floors.n_before, 0)
        targeted = (n_target < floors.n_before) & (floors.notes != ON_EVERY_ROW)
        return replace(floors, n_target=n_target, targeted=targeted)

    def _remove(self, target, floors, rng):
        bags = [rng.permutation(bag) for bag in _labelset_bags(target.indicator)]
        if target.classes is not None:
            return remove_in_turns(bags, target.indicator, floors)
        mean_size = int(np.ceil(np.mean([len(bag) for bag in bags])))
        n_targeted = target.indicator @ floors.targeted.astype(np.int64)
        bags = [bag for bag in bags if len(bag) > mean_size and n_targeted[bag[0]]]
        limits = [len(bag) - mean_size for bag in bags]
        return remove_in_turns(bags, target.indicator, floors, limits)


def _labelset_bags(indicator):
    """Rows of each labelset, the largest first; rows without labels are left out."""
    rows = np.flatnonzero(np.diff(indicator.indptr))
    ids = number_labelsets(indicator[rows])
    sizes = np.bincount(ids)
    bags = np.split(rows[np.argsort(ids, kind="stable")], np.cumsum(sizes)[:-1])
    return [bags[number] for number in np.argsort(-sizes, kind="stable")]
