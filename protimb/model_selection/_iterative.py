"""Folds for many labels at once: stratified by every term, whole groups kept together if asked."""

import warnings
from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import check_random_state, indexable

from protimb.exceptions import TermlessFoldWarning
from protimb.model_selection._dealing import deal_folds, members_by_fold
from protimb.utils._alignment import check_same_order
from protimb.utils._groups import number_groups
from protimb.utils._sklearn_compat import num_samples
from protimb.utils._validation import a_few, as_array, check_indicator
from protimb.utils._warnings import users_level

TEST_SIZE = 0.2  # of the rows


class _Counted:
    """Say how many folds there are, as the reference wants it."""

    n_splits: int

    def get_n_splits(self, X=None, y=None, groups=None):
        """Say how many folds there are.

        Parameters
        ----------
        X, y, groups : object
            Not looked at.

        Returns
        -------
        n_splits : int
        """
        return self.n_splits


class IterativeStratifiedKFold(_Counted, StratifiedKFold):
    """Cross-validate with folds in which every term has its share of members.

    Random folds leave rare terms out of some test folds, where they cannot be judged.
    scikit-learn's ``StratifiedKFold`` balances one target of classes; this one balances many
    labels that a row can have together [1]_: it deals the members of the rarest term to folds
    first, each to the fold that lacks most of that term, then those of the next.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Deal rows in random order, with ties broken by chance. Otherwise the first row, term and
        fold go first, and the same data give the same folds.
    random_state : int, RandomState instance or None, default=None
        Seed of ``shuffle``; must be None without it, as in scikit-learn.

    See Also
    --------
    IterativeStratifiedGroupKFold : Keeps sequence clusters, or any groups, together.
    split_by_term : One split into training and test rows.
    sklearn.model_selection.StratifiedKFold : Takes one class a row, and does so here too.

    Notes
    -----
    A target of one dimension holds classes and goes to scikit-learn's ``StratifiedKFold``. Rows
    without a label are dealt last, to make folds equally large. A `TermlessFoldWarning` names terms
    that some fold has no member of; a term with fewer members than folds always is among them.

    Members are counted in whole numbers, and a term's rows are dealt together: 100,000 rows with
    4,000 terms take a second or two.

    References
    ----------
    .. [1] K. Sechidis, G. Tsoumakas and I. Vlahavas, "On the stratification of multi-label data",
       ECML PKDD 2011, doi 10.1007/978-3-642-23808-6_10.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.model_selection import IterativeStratifiedKFold
    >>> X = np.zeros((8, 1))
    >>> y = np.array([[1, 1], [1, 1], [1, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 0]])
    >>> for train, test in IterativeStratifiedKFold(n_splits=2).split(X, y):
    ...     print(test, y[test].sum(axis=0))
    [0 2 4 6] [2 1]
    [1 3 5 7] [2 1]
    """

    def split(self, X, y, groups=None):
        """Give the rows of each training and test fold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Only its rows are counted.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        groups : object
            Must be None; scikit-learn warns of others.

        Yields
        ------
        train, test : ndarray of int
            Row numbers.

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1.
        ValueError
            If there are fewer rows than folds.
        """
        if not _is_indicator(y):
            yield from super().split(X, y, groups)
            return
        if groups is not None:
            _say_that_groups_are_parted()
        labels, terms = _check_rows(X, y, self.n_splits)
        rng = check_random_state(self.random_state) if self.shuffle else None
        yield from _deal(labels, terms, np.arange(labels.shape[0]), self.n_splits, rng)


class IterativeStratifiedGroupKFold(_Counted, StratifiedGroupKFold):
    """Cross-validate with groups kept together, and every term's members shared among folds.

    Proteins of one sequence cluster on both sides of a split make scores look better than they
    are, and folds of whole clusters leave rare terms out even more often than random ones. This
    splitter deals whole groups, by the number of members that they have of the rarest term, then
    of the next [1]_.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2 and at most the number of groups.
    shuffle : bool, default=False
        Deal groups in random order, with ties broken by chance.
    random_state : int, RandomState instance or None, default=None
        Seed of ``shuffle``; must be None without it, as in scikit-learn.

    See Also
    --------
    IterativeStratifiedKFold : Without groups.
    split_by_cluster : Parts clusters at random.
    sklearn.model_selection.StratifiedGroupKFold : Takes one class a row, and does so here too.

    Notes
    -----
    Groups bind, terms do not: where a term's members are in one group, one fold has all of them,
    and a `TermlessFoldWarning` says so. Among groups the one with most members goes first.
    A target of one dimension goes to scikit-learn's ``StratifiedGroupKFold``.

    References
    ----------
    .. [1] K. Sechidis, G. Tsoumakas and I. Vlahavas, "On the stratification of multi-label data",
       ECML PKDD 2011, doi 10.1007/978-3-642-23808-6_10. It deals rows; groups are ours.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> from protimb.model_selection import IterativeStratifiedGroupKFold
    >>> toy = make_longtail_multilabel(200, random_state=0)
    >>> folds = IterativeStratifiedGroupKFold(n_splits=4)
    >>> [int(toy.y[test, -1].sum()) for _, test in folds.split(toy.X, toy.y, toy.groups)]
    [1, 1, 2, 2]
    """

    def split(self, X, y, groups=None):
        """Give the rows of each training and test fold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Only its rows are counted.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        groups : array-like of shape (n_rows,)
            Group of each row.

        Yields
        ------
        train, test : ndarray of int
            Row numbers.

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1.
        ValueError
            If there are no groups, or fewer than folds.
        """
        if not _is_indicator(y):
            yield from super().split(X, y, groups)
            return
        labels, terms = _check_rows(X, y, self.n_splits, groups)
        units = _number_groups(groups, labels.shape[0], self.n_splits)
        rng = check_random_state(self.random_state) if self.shuffle else None
        yield from _deal(labels, terms, units, self.n_splits, rng)


def split_by_term(y, *, random_state, test_size=TEST_SIZE, groups=None):
    """Hold out rows so that every term has its share of members on both sides.

    Parameters
    ----------
    y : array-like or sparse of shape (n_rows, n_terms)
        Binary indicators.
    random_state : int or RandomState
        Chooses among equals.
    test_size : float
        Share of the rows, and of every term's members, to hold out.
    groups : array-like of shape (n_rows,), optional
        Groups that stay together, such as sequence clusters.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.

    Raises
    ------
    InvalidLabelsError
        If indicators are not 0 or 1.
    ValueError
        If a side would have no row, or there is one group.

    See Also
    --------
    sklearn.model_selection.train_test_split : Stratifies by one class a row.
    IterativeStratifiedKFold : Folds; the source of the method.
    split_by_cluster : Holds out clusters at random, whatever their terms.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> from protimb.model_selection import split_by_term
    >>> toy = make_longtail_multilabel(200, random_state=0)
    >>> train, test = split_by_term(toy.y, test_size=0.25, random_state=0)
    >>> len(test), int(toy.y[:, 0].sum()), int(toy.y[test, 0].sum())
    (50, 76, 19)
    """
    check_same_order(y=y, groups=groups)
    labels, terms = check_indicator(y)
    n_rows = labels.shape[0]
    if not isinstance(test_size, Real) or not np.isfinite(float(test_size)):
        raise ValueError(f"test_size is a share between 0 and 1, got {test_size!r}.")
    n_test = round(test_size * n_rows)
    if not 0 < n_test < n_rows:
        raise ValueError(
            f"test_size={test_size} of {n_rows} rows leaves {n_test} to test and "
            f"{n_rows - n_test} to train; both need one. Pass a share between 0 and 1."
        )
    units = np.arange(n_rows) if groups is None else _number_groups(groups, n_rows, 2)
    rng = check_random_state(random_state)
    in_test = _assign(labels, terms, units, [n_rows - n_test, n_test], rng) == 1
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


def _is_indicator(y):
    return y is not None and (sparse.issparse(y) or as_array(y).ndim == 2)


def _check_rows(X, y, n_splits, groups=None):
    """Read y as csr labels (n_rows, n_terms) with names, and count rows against folds."""
    check_same_order(X=X, y=y, groups=groups)
    indexable(X, y)
    if n_splits > num_samples(X):
        raise ValueError(
            f"n_splits={n_splits} folds need as many rows, and there are {num_samples(X)}. Pass a "
            "smaller n_splits."
        )
    return check_indicator(y)


def _number_groups(groups, n_rows, n_splits):
    """Turn groups into numbers (n_rows,), in order of appearance."""
    if groups is None:
        raise ValueError(
            "The 'groups' parameter should not be None: pass the group of each row, such as its "
            "sequence cluster. IterativeStratifiedKFold does without."
        )
    numbers = number_groups(groups, n_rows)
    n_groups = numbers.max() + 1
    if n_groups < n_splits:
        raise ValueError(
            f"n_splits={n_splits} folds need as many groups, and there are {n_groups}. Pass a "
            "smaller n_splits, or finer groups."
        )
    return numbers


def _deal(labels, terms, units, n_splits, rng):
    """Yield training and test rows of each fold; units (n_rows,) stay together."""
    folds = _assign(labels, terms, units, [1] * n_splits, rng)
    for fold in range(n_splits):
        yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def _assign(labels, terms, units, shares, rng):
    """Give each row (n_rows,) a fold, and name terms that some fold lacks."""
    sizes = np.bincount(units)
    where = sparse.csr_array((np.ones(len(units), int), (units, np.arange(len(units)))))
    counts = sparse.csr_array(where @ labels.astype(np.int64))  # (n_units, n_terms)
    folds = deal_folds(counts, sizes, shares, rng)
    _warn_of_absent(members_by_fold(counts, folds, len(shares)), terms)
    return folds[units]


def _warn_of_absent(members, terms):
    """Name terms without a member in some fold, by members (n_folds, n_terms)."""
    absent = np.flatnonzero((members == 0).any(axis=0))
    if not len(absent):
        return
    whole = np.flatnonzero((members > 0).sum(axis=0) == 1)
    untrained = f" {len(whole)} of them are in one fold alone." if len(whole) else ""
    warnings.warn(
        f"{len(absent)} of {len(terms)} terms have no member in some of {len(members)} folds "
        f"({a_few([terms[term] for term in absent])}), where they cannot be judged.{untrained} "
        "Leave out terms with fewer members (with groups: in fewer groups) than folds, or make "
        "fewer folds.",
        TermlessFoldWarning,
        stacklevel=users_level(),
    )


def _say_that_groups_are_parted():
    warnings.warn(
        "The groups parameter is ignored by IterativeStratifiedKFold; "
        "IterativeStratifiedGroupKFold keeps groups together.",
        UserWarning,
        stacklevel=users_level(),
    )
