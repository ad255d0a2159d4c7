"""How unequal terms are: IRLbl, MeanIR, label cardinality and density."""

import math

import numpy as np
import pandas as pd

from protimb.utils._imbalance import irlbl
from protimb.utils._validation import check_indicator


def imbalance_report(y, terms=None):
    """Tabulate how rare every term is.

    Parameters
    ----------
    y : array, sparse or DataFrame of shape (n_rows, n_terms)
        Binary indicators.
    terms : sequence of str, optional
        Names of the terms; by default the columns of a DataFrame, else positions.

    Returns
    -------
    report : DataFrame of shape (n_terms, 3)
        Indexed by ``term``, in the order of the columns: ``count`` (rows of the term),
        ``frequency`` (their share) and ``IRLbl``.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.
    ValueError
        If ``terms`` does not name every column.

    See Also
    --------
    imbalance_ratio_per_label : The column ``IRLbl``.
    mean_imbalance_ratio : Its mean.

    References
    ----------
    .. [1] F. Charte et al., "Addressing imbalance in multilabel classification: measures and
       random resampling algorithms", Neurocomputing 163, 2015.
       doi:10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> from protimb.metrics import imbalance_report
    >>> imbalance_report([[1, 0], [1, 1], [1, 0], [1, 0]], terms=["GO:1", "GO:2"])
          count  frequency  IRLbl
    term
    GO:1      4       1.00    1.0
    GO:2      1       0.25    4.0
    """
    indicator, own_names = check_indicator(y)
    names = own_names if terms is None else _checked_names(terms, len(own_names))
    count = _count(indicator)
    columns = {"count": count, "frequency": count / indicator.shape[0], "IRLbl": irlbl(count)}
    return pd.DataFrame(columns, index=pd.Index(names, name="term"))


def imbalance_ratio_per_label(y):
    """Compute IRLbl: how many times more members the most frequent term has.

    Parameters
    ----------
    y : array or sparse of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    irlbl : ndarray of shape (n_terms,)
        1 for the most frequent term, larger for rarer ones, infinite for a term without
        members.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    mean_imbalance_ratio : The mean over terms.

    References
    ----------
    .. [1] F. Charte et al., Neurocomputing 163, 2015. doi:10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> from protimb.metrics import imbalance_ratio_per_label
    >>> imbalance_ratio_per_label([[1, 0, 0], [1, 1, 0]])
    array([ 1.,  2., inf])
    """
    return irlbl(_count(check_indicator(y)[0]))


def mean_imbalance_ratio(y):
    """Compute MeanIR: the mean of IRLbl over the terms that have members.

    Parameters
    ----------
    y : array or sparse of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    mean_ir : float
        At least 1; NaN where no term has a member.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    imbalance_ratio_per_label : What is averaged.

    Notes
    -----
    Terms without members would make the mean infinite and every other term frequent beside it,
    so they are left out.

    References
    ----------
    .. [1] F. Charte et al., Neurocomputing 163, 2015. doi:10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> from protimb.metrics import mean_imbalance_ratio
    >>> mean_imbalance_ratio([[1, 0, 0], [1, 1, 0]])
    1.5
    """
    ratios = imbalance_ratio_per_label(y)
    ratios = ratios[np.isfinite(ratios)]
    return float(ratios.mean()) if len(ratios) else float("nan")


def label_cardinality(y):
    """Compute the mean number of terms a row.

    Parameters
    ----------
    y : array or sparse of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    cardinality : float

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    label_density : The same as a share of all terms.

    Examples
    --------
    >>> from protimb.metrics import label_cardinality
    >>> label_cardinality([[1, 0, 1, 0], [1, 0, 0, 0]])
    1.5
    """
    indicator, _ = check_indicator(y)
    return indicator.nnz / indicator.shape[0]


def label_density(y):
    """Compute the mean share of the terms that a row carries.

    Parameters
    ----------
    y : array or sparse of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    density : float
        Between 0 and 1.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    label_cardinality : The same as a number of terms.

    Examples
    --------
    >>> from protimb.metrics import label_density
    >>> label_density([[1, 0, 1, 0], [1, 0, 0, 0]])
    0.375
    """
    indicator, _ = check_indicator(y)
    return indicator.nnz / math.prod(indicator.shape)


def _count(indicator):
    return indicator.sum(axis=0, dtype=np.int64)


def _checked_names(terms, n_terms):
    if len(terms) != n_terms:
        raise ValueError(f"terms names {len(terms)} columns, but y has {n_terms}.")
    return list(terms)
