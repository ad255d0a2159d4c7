"""Splits that part whole sequence clusters."""

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from protimb.utils._groups import number_groups

TEST_SIZE = 0.2  # of the clusters


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
