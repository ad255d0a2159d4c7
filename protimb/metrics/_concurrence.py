"""SCUMBLE: how often frequent and rare terms concur in one row."""

import numpy as np

from protimb.utils._imbalance import irlbl, scumble_rows
from protimb.utils._validation import check_indicator


def scumble_score(y):
    """Compute SCUMBLE: how often frequent and rare terms concur.

    Where they concur, resampling has a dilemma: a row that is added for its rare term also adds
    to the frequent one, and a row that is removed for its frequent term also takes a rare one.
    Resampling may therefore raise SCUMBLE while it lowers the imbalance.

    Parameters
    ----------
    y : array, sparse or DataFrame of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    scumble : float
        Between 0, where the terms of a row are equally frequent, and 1.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    scumble_per_row : What is averaged.
    scumble_per_label : The mean over the members of each term.

    Notes
    -----
    The mean over all rows, those with fewer than two terms counting 0. Both means of a row run
    over the terms that it carries. Read to the letter, the formula of [1]_ takes the geometric
    mean over all terms, with 0 for those that are absent, and then every row would get 1; the
    authors' R package mldr reads it as is done here.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Dealing with difficult minority
       labels in imbalanced mutilabel data sets", Neurocomputing 326-327, 39-53, 2019.
       doi:10.1016/j.neucom.2016.08.158

    Examples
    --------
    The first row has terms with IRLbl 1 and 4: a geometric mean of 2, an arithmetic mean of 2.5.

    >>> from protimb.metrics import scumble_score
    >>> round(scumble_score([[1, 1], [1, 0], [1, 0], [1, 0]]), 12)  # (1 - 2 / 2.5) / 4
    0.05
    """
    return float(scumble_per_row(y).mean())


def scumble_per_row(y):
    """Compute SCUMBLE of each row.

    Parameters
    ----------
    y : array, sparse or DataFrame of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    scumble : ndarray of shape (n_rows,)
        1 less the geometric by the arithmetic mean of the IRLbl of the row's terms; 0 in rows
        with fewer than two terms.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    scumble_score : The mean over rows.

    References
    ----------
    .. [1] F. Charte et al., Neurocomputing 326-327, 2019. doi:10.1016/j.neucom.2016.08.158

    Examples
    --------
    >>> from protimb.metrics import scumble_per_row
    >>> scumble_per_row([[1, 1], [1, 0], [1, 0], [1, 0]]).round(12).tolist()
    [0.2, 0.0, 0.0, 0.0]
    """
    indicator, _ = check_indicator(y)
    return scumble_rows(indicator, irlbl(indicator.sum(axis=0, dtype=np.int64)))


def scumble_per_label(y):
    """Compute SCUMBLE of each term: the mean over its members.

    It tells which rare terms always come with frequent ones.

    Parameters
    ----------
    y : array, sparse or DataFrame of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    scumble : ndarray of shape (n_terms,)
        NaN for a term without members.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    scumble_score : The mean over rows.

    References
    ----------
    .. [1] F. Charte et al., Neurocomputing 326-327, 2019. doi:10.1016/j.neucom.2016.08.158

    Examples
    --------
    >>> from protimb.metrics import scumble_per_label
    >>> scumble_per_label([[1, 1], [1, 0], [1, 0], [1, 0]]).round(12).tolist()
    [0.05, 0.2]
    """
    return mean_over_members(check_indicator(y)[0])


def mean_over_members(indicator):
    """Average the SCUMBLE of rows over the members of each term, NaN where there are none."""
    count = indicator.sum(axis=0, dtype=np.int64)
    total = indicator.T @ scumble_rows(indicator, irlbl(count))
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
