"""What cells and rows weigh, which rows are held out, and how rare each label column is."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight

# Why lengths differ that a user took care to match.
ROWS_CHANGED = (
    " If a sampler stands before this step of a pipeline, it has added or removed rows, and a "
    "pipeline cannot tell it about the other: ResampledClassifier(sampler, classifier) resamples "
    "along what belongs to a row."
)


@dataclass(frozen=True)
class ColumnBalance:
    """Prior log-odds and weight of positive cells, one of each a label column."""

    # Log-odds of a positive cell under the weighted loss, half a cell added to both sides so that
    # an absent or universal label stays finite: (n_columns,).
    prior: np.ndarray
    pos_weight: np.ndarray  # factor of the loss of positive cells, (n_columns,)

    @classmethod
    def count(cls, labels, weights, max_pos_weight=None, *, known=None):
        """Count positives and negatives of labels (n_rows, n_columns) by row weights (n_rows,)."""
        # With max_pos_weight positives are balanced against negatives up to this factor, which an
        # absent label gets as well; without, every cell weighs 1.
        n_positive, n_known = count_cells(labels, weights, known)
        n_negative = n_known - n_positive
        pos_weight = np.ones_like(n_positive)
        if max_pos_weight is not None:
            pos_weight = _ratio(n_negative, n_positive, max_pos_weight)
        prior = np.log(pos_weight * (n_positive + 0.5) / (n_negative + 0.5))
        return cls(prior.astype(np.float32), pos_weight.astype(np.float32))


def count_cells(labels, weights, known=None):
    """Count by row weights (n_rows,) the positive and the known cells: two of (n_columns,)."""
    n_positive = weights @ (labels if known is None else labels.multiply(known))
    n_unknown = np.zeros_like(n_positive) if known is None else weights @ sparse.csr_array(~known)
    return n_positive, weights.sum() - n_unknown


def _ratio(n_negative, n_positive, limit):
    # 1 / limit for a label on every row: a weight of 0 would silence it.
    return np.clip(n_negative / np.maximum(n_positive, n_negative / limit), 1 / limit, limit)


def check_row_weights(sample_weight, n_rows):
    """Return the weight of each row as float64: ones if None, an error if not usable."""
    if sample_weight is None:
        return np.ones(n_rows)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (n_rows,):
        raise ValueError(
            f"sample_weight has shape {weights.shape}; expected {(n_rows,)}.{ROWS_CHANGED}"
        )
    if (weights < 0).any() or not weights.any():
        raise ValueError("sample_weight must be non-negative, and not zero for all rows.")
    return weights


def weigh_classes(class_weight, y, weights):
    """Multiply row weights (n_rows,) by those of the rows' classes; a row counts by its weight."""
    if class_weight != "balanced":
        return weights * compute_sample_weight(class_weight, y)
    _, codes = np.unique(y, return_inverse=True)
    carried = np.bincount(codes, weights)
    factor = np.zeros_like(carried)  # of a class whose rows all weigh nothing
    np.divide(weights.sum(), np.count_nonzero(carried) * carried, out=factor, where=carried > 0)
    return weights * factor[codes]


def hold_out(weights, fraction, rng):
    """Draw rows that carry a share of the weight (n_rows,): held-out and other positions, sorted.

    >>> held_out, others = hold_out(np.ones(10), 0.2, np.random.RandomState(0))
    >>> held_out.tolist(), len(others)
    ([2, 8], 8)
    """
    order = rng.permutation(len(weights))
    # In units of the mean weight, where rows that weigh the same are counted exactly.
    carried = np.cumsum(weights[order] / weights.mean())
    wanted = round(fraction * len(weights))
    nearest = int(np.abs(carried - wanted).argmin()) + 1
    n_held_out = min(nearest, len(weights) - 1) if fraction else 0
    return np.sort(order[:n_held_out]), np.sort(order[n_held_out:])
