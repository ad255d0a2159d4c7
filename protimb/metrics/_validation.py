"""What every metric asks of its arrays: binary truth, finite scores, one shape."""

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.utils._alignment import align_columns, align_values, check_same_order, column_names
from protimb.utils._memory import rows_a_block
from protimb.utils._validation import dense_indicator


def check_truth_and_scores(y_true, y_score):
    """Give binary truth as bool and finite scores as float, both dense (n_proteins, n_terms)."""
    check_same_order(y_true=y_true, y_score=y_score)
    y_score = align_columns(y_score, column_names(y_true), "y_score", "those of y_true")
    truth, score = dense_indicator(y_true, "y_true"), _check_scores(y_score)
    if truth.shape != score.shape:
        raise ValueError(
            f"y_true has shape {truth.shape} but y_score has shape {score.shape}. "
            "Both need one row a protein and one column a term, in the same order."
        )
    return truth, score


def check_unit_interval(score):
    """Refuse scores (n_proteins, n_terms) outside [0, 1]."""
    row, column, n_outside = _first_cell(score, lambda block: (block < 0) | (block > 1))
    if n_outside:
        raise ValueError(
            f"y_score must lie in [0, 1], but {n_outside} of its cells do not: the first "
            f"is {score[row, column]} in row {row}, column {column}. Pass probabilities, not "
            "logits."
        )


def check_term_values(values, n_terms, name, y_true=None):
    """Give finite, non-negative floats (n_terms,), matched by name to the columns of y_true."""
    values = align_values(values, column_names(y_true), name)
    values = np.asarray(values, dtype=float)
    if values.shape != (n_terms,):
        raise ValueError(
            f"{name} has shape {values.shape}, but y_true has {n_terms} terms: pass one value "
            "a term, in the order of the columns."
        )
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(bad):
        raise ValueError(
            f"{name} must be finite and not negative, but {len(bad)} values are not: the first "
            f"is {values[bad[0]]} in column {bad[0]}."
        )
    return values


def check_protein_weights(sample_weight, n_proteins, y_true):
    """Give finite, non-negative weights (n_proteins,), ones where none are given."""
    if sample_weight is None:
        return np.ones(n_proteins)
    check_same_order(y_true=y_true, sample_weight=sample_weight)
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape != (n_proteins,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"sample_weight must hold one finite, non-negative weight for each of the "
            f"{n_proteins} proteins; its shape is {weights.shape}."
        )
    return weights


def ratio(part, whole):
    """Divide arrays that broadcast, elementwise; 0 where the denominator is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _check_scores(y_score):
    score = y_score.toarray() if sparse.issparse(y_score) else np.asarray(y_score)
    if score.dtype.kind != "f" or score.dtype == np.float16:
        score = score.astype(float)
    if score.ndim == 2:
        *position, n_bad = _first_cell(score, lambda block: ~np.isfinite(block))
    else:  # its shape is refused where that of the truth is known
        n_bad, position = np.count_nonzero(~np.isfinite(score)), np.argwhere(~np.isfinite(score))
    if n_bad:
        raise ValueError(
            f"y_score holds {n_bad} NaN or infinite values, the first at (row, column) "
            f"{tuple(position)}. Scores must be finite; look at the classifier that made them."
        )
    return score


def _first_cell(values, is_wrong):
    """Find the first wrong cell of a matrix, and how many there are: row, column, number."""
    found, number = (0, 0), 0
    for rows in gen_batches(max(1, len(values)), rows_a_block(values)):
        wrong = is_wrong(values[rows])
        if wrong.any() and not number:
            row, column = np.argwhere(wrong)[0]
            found = int(row + rows.start), int(column)
        number += int(np.count_nonzero(wrong))
    return *found, number
