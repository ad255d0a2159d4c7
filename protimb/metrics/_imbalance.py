"""How unequal terms are: IRLbl, MeanIR, CVIR, cardinality, density, labelsets."""

import math

import numpy as np
import pandas as pd

from protimb.metrics._concurrence import mean_over_members
from protimb.utils._alignment import align_columns
from protimb.utils._imbalance import irlbl, mean_ir, scumble_rows
from protimb.utils._labelsets import number_labelsets
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
    report : DataFrame of shape (n_terms, 4)
        Indexed by ``term``, in the order of the columns: ``count`` (rows of the term),
        ``frequency`` (their share), ``IRLbl`` and ``SCUMBLE`` (NaN without members).

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.
    ValueError
        If ``terms`` does not name every column.

    See Also
    --------
    imbalance_summary : One figure for all terms, of each kind.
    imbalance_ratio_per_label : The column ``IRLbl``.
    scumble_per_label : The column ``SCUMBLE``.

    References
    ----------
    .. [1] F. Charte et al., "Addressing imbalance in multilabel classification: measures and
       random resampling algorithms", Neurocomputing 163, 2015.
       doi:10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> from protimb.metrics import imbalance_report
    >>> imbalance_report([[1, 0], [1, 1], [1, 0], [1, 0]], terms=["GO:1", "GO:2"])
          count  frequency  IRLbl  SCUMBLE
    term
    GO:1      4       1.00    1.0     0.05
    GO:2      1       0.25    4.0     0.20
    """
    y = align_columns(y, terms, reference="terms", relabel=True)
    indicator, own_names = check_indicator(y)
    names = own_names if terms is None else _checked_names(terms, len(own_names))
    count = _count(indicator)
    columns = {
        "count": count,
        "frequency": count / indicator.shape[0],
        "IRLbl": irlbl(count),
        "SCUMBLE": mean_over_members(indicator),
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="term"))


def imbalance_summary(y):
    """Describe a target by one figure of each kind.

    Parameters
    ----------
    y : array, sparse or DataFrame of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    summary : Series of float
        ``rows``, ``terms``, ``cardinality``, ``density``, ``labelsets``, ``unique labelsets``
        (those of a single row), ``MeanIR``, ``CVIR``, ``SCUMBLE``.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    imbalance_report : The same term by term.

    Examples
    --------
    >>> from protimb.metrics import imbalance_summary
    >>> imbalance_summary([[1, 1], [1, 0], [1, 0], [1, 0]])[["labelsets", "MeanIR", "SCUMBLE"]]
    labelsets    2.00
    MeanIR       2.50
    SCUMBLE      0.05
    dtype: float64
    """
    indicator, _ = check_indicator(y)
    count = _count(indicator)
    labelsets = np.bincount(number_labelsets(indicator))
    return pd.Series(
        {
            "rows": indicator.shape[0],
            "terms": indicator.shape[1],
            "cardinality": indicator.nnz / indicator.shape[0],
            "density": indicator.nnz / math.prod(indicator.shape),
            "labelsets": len(labelsets),
            "unique labelsets": (labelsets == 1).sum(),
            "MeanIR": mean_ir(count),
            "CVIR": _variation(count),
            "SCUMBLE": scumble_rows(indicator, irlbl(count)).mean(),
        },
        dtype=float,
    )


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
    return mean_ir(_count(check_indicator(y)[0]))


def imbalance_ratio_variation(y):
    """Compute CVIR: the standard deviation of IRLbl by its mean.

    Small where all terms are about equally rare, large where a few are much rarer than the rest.

    Parameters
    ----------
    y : array or sparse of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    cvir : float
        At least 0; NaN where fewer than two terms have members.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    mean_imbalance_ratio : What it is relative to.

    Notes
    -----
    The deviation is that of a sample: squares are divided by the number of terms less one, as in
    [1]_. Terms without members are left out.

    References
    ----------
    .. [1] F. Charte et al., Neurocomputing 163, 2015. doi:10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> from protimb.metrics import imbalance_ratio_variation
    >>> round(imbalance_ratio_variation([[1, 1], [1, 0], [1, 0], [1, 1]]), 6)  # IRLbl is 1 and 2
    0.471405
    """
    return _variation(_count(check_indicator(y)[0]))


def labelset_counts(y):
    """Count the rows of each distinct labelset.

    Parameters
    ----------
    y : array or sparse of shape (n_rows, n_terms)
        Binary indicators.

    Returns
    -------
    counts : ndarray of int, shape (n_labelsets,)
        Largest first; rows without labels are a labelset too.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not a matrix of binary indicators.

    See Also
    --------
    imbalance_summary : How many labelsets there are, and how many of a single row.

    Examples
    --------
    >>> from protimb.metrics import labelset_counts
    >>> labelset_counts([[1, 1], [1, 0], [0, 0], [1, 0]])
    array([2, 1, 1])
    """
    return np.sort(np.bincount(number_labelsets(check_indicator(y)[0])))[::-1]


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


def _variation(count):
    ratios = irlbl(count[count > 0])
    return float(ratios.std(ddof=1) / ratios.mean()) if len(ratios) > 1 else float("nan")


def _checked_names(terms, n_terms):
    if len(terms) != n_terms:
        raise ValueError(f"terms names {len(terms)} columns, but y has {n_terms}.")
    return list(terms)
