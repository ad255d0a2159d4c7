"""What every metric asks of its arrays: binary truth, finite scores, one shape."""

import numpy as np
from scipy import sparse

from protimb.utils._alignment import align_columns, align_values, check_same_order, column_names
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
    outside = (score < 0) | (score > 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(
            f"y_score must lie in [0, 1], but {outside.sum()} of its cells do not: the first "
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
    bad = ~np.isfinite(score)
    if bad.any():
        position = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"y_score holds {bad.sum()} NaN or infinite values, the first at (row, column) "
            f"{position}. Scores must be finite; look at the classifier that made them."
        )
    return score
