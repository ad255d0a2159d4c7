"""A report of decisions on rare labels, term by term: as imbalanced-learn's, for many labels."""

import warnings
from collections import Counter
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning

from protimb.metrics._ranking import FREQUENCY_BINS, bin_members
from protimb.metrics._validation import check_protein_weights, check_term_values, ratio
from protimb.utils._alignment import align_columns, check_same_order, column_names
from protimb.utils._validation import a_few, check_indicator
from protimb.utils._warnings import users_level

COLUMNS = ["pre", "rec", "spe", "f1", "geo", "iba", "sup"]
AVERAGES = ("micro avg", "macro avg", "avg / total")
ROUNDING = 1e-12  # of sums of weights


def classification_report_imbalanced(
    y_true,
    y_pred,
    *,
    target_names=None,
    n_train=None,
    bins=FREQUENCY_BINS,
    sample_weight=None,
    digits=2,
    alpha=0.1,
    output_dict=False,
    as_frame=False,
    zero_division="warn",
):
    """Report precision, recall, specificity and what is made of them, one row a term.

    Accuracy of a rare term is high where nobody is ever given it. These figures are not: they look
    at members and others apart. imbalanced-learn reports them for one target of classes; this is
    the same for many labels that a row can have together, with means over terms of similar
    frequency, since a mean over all terms hides the rare ones.

    Parameters
    ----------
    y_true : array, sparse or DataFrame of shape (n_rows, n_terms)
        Binary indicators.
    y_pred : array, sparse or DataFrame of shape (n_rows, n_terms)
        Decisions, 0 or 1.
    target_names : sequence of str, shape (n_terms,), optional
        Names of the rows; by default the columns of ``y_true``.
    n_train : array of shape (n_terms,), optional
        Training members of each term, for the means by ``bins``.
    bins : dict of str to (low, high)
        Terms with ``low <= n_train < high`` make the bin of that label.
    sample_weight : array of shape (n_rows,), optional
        Non-negative weight of each row.
    digits : int, default=2
        Digits of the text.
    alpha : float, default=0.1
        What index balanced accuracy adds for recall above specificity, as a share.
    output_dict : bool, default=False
        Return ``{row: {column: figure}}`` instead of text.
    as_frame : bool, default=False
        Return a DataFrame instead of text.
    zero_division : {"warn", 0, 1, nan}, default="warn"
        Precision of a term never predicted, recall of one without members, F1 where both hold.
        "warn" is 0, with a warning. Means leave out NaN.

    Returns
    -------
    report : str, dict or DataFrame of shape (n_terms + 3 + n_bins, 7)
        Columns ``pre`` (precision), ``rec`` (recall), ``spe`` (specificity), ``f1``, ``geo``
        (geometric mean of recall and specificity), ``iba`` (its square, times 1 + alpha x (recall
        - specificity)) [1]_ and ``sup`` (members). After the terms: ``micro avg``, of all cells
        together; ``macro avg``, the mean over terms; ``avg / total``, the mean weighted by members
        as in imbalanced-learn; and, with ``n_train``, the mean over the terms of each bin (NaN
        where there are none).

    Raises
    ------
    InvalidLabelsError
        If either is not binary, or tables differ in ids or columns.
    ValueError
        If shapes, names, weights or ``zero_division`` do not fit.

    See Also
    --------
    imblearn.metrics.classification_report_imbalanced : Equal, column by column.
    average_precision_by_frequency : Judges scores, without a threshold.

    Notes
    -----
    With weights, specificity differs from imbalanced-learn's, which takes the number of rows for
    the sum of their weights: here a row of weight 2 is two rows.

    References
    ----------
    .. [1] V. García, R. A. Mollineda and J. S. Sánchez, "Index of balanced accuracy: a performance
       measure for skewed class distributions", IbPRIA 2009, doi 10.1007/978-3-642-02172-5_57.

    Examples
    --------
    >>> from protimb.metrics import classification_report_imbalanced
    >>> y_true = [[1, 0], [1, 0], [1, 1], [0, 0]]
    >>> y_pred = [[1, 0], [1, 1], [0, 1], [0, 0]]
    >>> print(classification_report_imbalanced(y_true, y_pred, target_names=["many", "few"]))
                  pre   rec   spe    f1   geo   iba  sup
    many         1.00  0.67  1.00  0.80  0.82  0.64    3
    few          0.50  1.00  0.67  0.67  0.82  0.69    1
    micro avg    0.75  0.75  0.75  0.75  0.75  0.56    4
    macro avg    0.75  0.83  0.83  0.73  0.82  0.67    4
    avg / total  0.88  0.75  0.92  0.77  0.82  0.66    4
    """
    fill = _check_fill(zero_division)
    check_same_order(y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
    truth, decisions, terms = _check_decisions(y_true, y_pred, target_names)
    _check_apart(terms, () if n_train is None else bins)
    weights = check_protein_weights(sample_weight, truth.shape[0], y_true)
    counts = _count(truth, decisions, weights)
    if zero_division == "warn":
        _warn_of_undefined(counts, terms)
    table = pd.DataFrame(_figures(counts, alpha, fill), index=terms, columns=COLUMNS)
    rows = [table, _averages(table, counts, alpha, fill)]
    if n_train is not None:
        n_train = check_term_values(n_train, len(terms), "n_train", y_true)
        rows.append(_by_bin(table, n_train, bins))
    table = pd.concat(rows)
    if sample_weight is None:
        table["sup"] = table["sup"].astype(int)
    if as_frame:
        return table
    return table.T.to_dict() if output_dict else _as_text(table, digits)


class _Counts(NamedTuple):
    """Weighted numbers of rows, each (n_terms,)."""

    hit: np.ndarray
    predicted: np.ndarray
    true: np.ndarray
    total: np.ndarray


def _check_fill(zero_division):
    if isinstance(zero_division, str) and zero_division == "warn":
        return 0.0
    is_number = isinstance(zero_division, Real)
    if not is_number or not (zero_division in (0, 1) or np.isnan(zero_division)):
        raise ValueError(f"zero_division is 'warn', 0, 1 or nan, got {zero_division!r}.")
    return float(zero_division)


def _check_decisions(y_true, y_pred, target_names):
    """Read both as csr (n_rows, n_terms), and name the terms."""
    y_pred = align_columns(y_pred, column_names(y_true), "y_pred", "those of y_true")
    (truth, terms), (decisions, _) = (
        check_indicator(y_true, "y_true"),
        check_indicator(y_pred, "y_pred"),
    )
    if truth.shape != decisions.shape:
        raise ValueError(
            f"y_true has shape {truth.shape} but y_pred has shape {decisions.shape}. Both need one "
            "row a protein and one column a term, in the same order."
        )
    if target_names is not None and len(target_names) != len(terms):
        raise ValueError(f"target_names has {len(target_names)} names for {len(terms)} terms.")
    return truth, decisions, list(terms if target_names is None else target_names)


def _check_apart(terms, bins):
    """Refuse names under which two rows of the report would be one."""
    n_uses = Counter([*map(str, terms), *map(str, bins), *AVERAGES])
    repeated = [name for name, n in n_uses.items() if n > 1]
    if repeated:
        raise ValueError(
            f"{a_few(repeated)} would name more than one row of the report. Pass target_names "
            "that differ from one another, from the bins and from the averages."
        )


def _count(truth, decisions, weights):
    hit, predicted, true = (
        weights @ one.astype(float) for one in (truth.multiply(decisions), decisions, truth)
    )
    return _Counts(hit, predicted, true, np.full_like(hit, weights.sum()))


def _figures(counts, alpha, fill):
    """Give the figures of each term, (n_terms, 7)."""
    hit, predicted, true, total = counts
    others = np.where(total - true > ROUNDING * total, total - true, 0)
    right_no = np.clip(others - (predicted - hit), 0, others)
    recall, specificity = ratio(hit, true), ratio(right_no, others)
    geometric = np.sqrt(recall * specificity)
    balanced = (1 + alpha * (recall - specificity)) * geometric**2
    return np.column_stack(
        [
            np.where(predicted > 0, ratio(hit, predicted), fill),
            np.where(true > 0, recall, fill),
            specificity,
            np.where(true + predicted > 0, ratio(2 * hit, true + predicted), fill),
            geometric,
            balanced,
            true,
        ]
    )


def _averages(table, counts, alpha, fill):
    pooled = _Counts(*(np.array([one.sum()]) for one in counts))
    rows = {
        "micro avg": _figures(pooled, alpha, fill)[0],
        "macro avg": _mean(table, np.ones(len(table))),
        "avg / total": _mean(table, table["sup"]),
    }
    return pd.DataFrame(rows, index=COLUMNS).T


def _by_bin(table, n_train, bins):
    members = bin_members(n_train, bins)
    rows = {name: _mean(table, members[name].astype(float)) for name in bins}
    return pd.DataFrame(rows, index=COLUMNS).T


def _mean(table, weights):
    """Average rows (n_terms,) by weight, figures that are NaN left out; members are summed."""
    values, weights = table[COLUMNS[:-1]].to_numpy(), np.asarray(weights, float)[:, None]
    known = weights * np.isfinite(values)
    with np.errstate(invalid="ignore"):
        means = (known * np.nan_to_num(values)).sum(axis=0) / known.sum(axis=0)
    return [*means, table["sup"][weights[:, 0] > 0].sum()]


def _warn_of_undefined(counts, terms):
    for figure, missing, count in (
        ("Precision", "predicted rows", counts.predicted),
        ("Recall", "members in y_true", counts.true),
    ):
        empty = [terms[term] for term in np.flatnonzero(count == 0)]
        if empty:
            warnings.warn(
                f"{figure} of {len(empty)} terms without {missing} ({a_few(empty)}) is undefined "
                "and set to 0. zero_division=0 says so without a warning, zero_division=np.nan "
                "leaves them out of means.",
                UndefinedMetricWarning,
                stacklevel=users_level(),
            )


def _as_text(table, digits):
    shown = table.copy()
    shown.index = shown.index.map(str)
    text = shown.to_string(float_format=f"{{:.{digits}f}}".format)
    width = max(len(name) for name in shown.index)
    return "\n".join(line[:width].ljust(width) + line[width:] for line in text.splitlines())
