"""Splits that part whole sequence clusters, single proteins at random, or old from new."""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from protimb.utils._days import days_of, require_day
from protimb.utils._groups import number_groups

TEST_SIZE = 0.2  # of the clusters, or of the proteins


def split_by_cluster(groups, *, random_state, test_size=TEST_SIZE):
    """Hold out whole sequence clusters, so that no test protein has a close relative in training.

    Parameters
    ----------
    groups : array-like of shape (n_proteins,)
        Cluster of each protein.
    random_state : int or RandomState
        Chooses the clusters.
    test_size : float
        Share of the clusters, not of the proteins, to hold out.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.

    See Also
    --------
    split_by_date : Holds out what was not known on a day.
    split_at_random : Holds out single proteins, relatives of others.
    sklearn.model_selection.GroupShuffleSplit : Does the work.

    Examples
    --------
    >>> from protimb.model_selection import split_by_cluster
    >>> groups = ["a", "a", "b", "c", "d", "e"]
    >>> train, test = split_by_cluster(groups, random_state=0)
    >>> [groups[row] for row in test]
    ['c']
    """
    groups = np.asarray(groups)
    numbers = number_groups(groups, len(groups), sort=True)
    if numbers.max() < 1:
        raise ValueError(
            f"All {len(groups)} proteins are in one cluster, {str(groups[0])!r}, so none can be "
            "held out without its relatives. Cluster at a higher identity."
        )
    rows = np.arange(len(groups))
    splitter = GroupShuffleSplit(n_splits=1, test_size=test_size, random_state=random_state)
    return next(splitter.split(rows, groups=numbers))


def split_at_random(n_proteins, *, random_state, test_size=TEST_SIZE):
    """Hold out single proteins at random: the split that flatters.

    Parameters
    ----------
    n_proteins : int
        How many there are.
    random_state : int or RandomState
        Chooses the proteins.
    test_size : float
        Share of the proteins to hold out.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.

    Raises
    ------
    ValueError
        If a side would have no protein.

    See Also
    --------
    split_by_cluster : The split to believe.

    Notes
    -----
    Most test proteins have relatives in training, from which neighbours copy their terms. What a
    classifier reaches here says little of proteins that are new; it shows how much others'
    figures on such splits may flatter.

    Examples
    --------
    >>> from protimb.model_selection import split_at_random
    >>> train, test = split_at_random(10, random_state=0)
    >>> len(train), len(test)
    (8, 2)
    """
    rows = np.arange(n_proteins)
    return tuple(train_test_split(rows, test_size=test_size, random_state=random_state))


def split_by_date(first_days, date):
    """Train on proteins annotated before a day, and test on those first annotated from then on.

    Parameters
    ----------
    first_days : array-like of datetime64, shape (n_proteins,)
        Day of each protein's first annotation, in the namespace that is predicted.
    date : str, date or datetime64
        Such as ``"2022-01-31"``.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.

    Raises
    ------
    ValueError
        If the date is none, or in the future, days are numbers, a protein has no day, or one side
        would have no protein.

    See Also
    --------
    protimb.datasets.ProteinData.split_by_date : Labels the training rows as of the day, too.
    split_by_cluster : Holds out whole clusters.

    Notes
    -----
    Test proteins are what CAFA [1]_ calls no-knowledge (without an experimental annotation in any
    of the three namespaces before the day) and limited-knowledge targets (without one in this
    namespace, with one in another), both together. Proteins that had an annotation and gained
    more (partial knowledge) train with what was known then, and are not tested.

    As in CAFA, test proteins may have relatives in training, so figures lie above those of a
    split by cluster. And proteins that were studied lately are no random draw of all.

    References
    ----------
    .. [1] N. Zhou et al., "The CAFA challenge reports improved protein function prediction and
       new functional annotations for hundreds of genes through experimental screens", Genome
       Biology 20 (2019), doi 10.1186/s13059-019-1835-8.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.model_selection import split_by_date
    >>> days = np.array(["2015-03-01", "2023-06-30", "2021-12-31"], dtype="datetime64[D]")
    >>> split_by_date(days, "2022-01-01")
    (array([0, 2]), array([1]))
    """
    day = require_day(date)
    days = _read_first_days(first_days)
    missing = np.flatnonzero(np.isnat(days))
    if len(missing):
        raise ValueError(
            f"first_days has no day for {len(missing)} proteins, the first in row {missing[0]}. "
            "Leave out proteins without an annotation."
        )
    is_old = days < day
    if is_old.all() or not is_old.any():
        which = "none" if is_old.all() else "all"
        side, other = ("test", "earlier") if is_old.all() else ("train on", "later")
        span = f"from {days.min()} to {days.max()}" if len(days) else "none at all"
        raise ValueError(
            f"Of {len(days)} proteins {which} were first annotated on {day} or later, which leaves "
            f"nothing to {side}: first annotations are {span}. Pass a date that is {other}."
        )
    return np.flatnonzero(is_old), np.flatnonzero(~is_old)


def _read_first_days(first_days):
    """Read days (n_proteins,), dates or their text, as datetime64[D]; numbers are refused."""
    values = first_days if hasattr(first_days, "dtype") else np.asarray(first_days, dtype=object)
    if np.ndim(values) != 1 or getattr(values.dtype, "kind", "O") in "biufc":
        raise ValueError(
            "first_days is one day a protein, of shape (n_proteins,), such as '2022-01-31'; got "
            f"{values.dtype} of shape {np.shape(values)}."
        )
    days = days_of(pd.Series(values).reset_index(drop=True))
    return days.to_numpy().astype("datetime64[D]")
