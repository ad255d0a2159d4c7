"""What cells and rows weigh, and how rare each label column is: where the network starts."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

# Why lengths differ that a user took care to match.
ROWS_CHANGED = (
    " If a sampler stands before this step of a pipeline, it has added or removed rows, and a "
    "pipeline cannot tell it about the other: ResampledClassifier(sampler, classifier) resamples "
    "along what belongs to a row."
)


@dataclass(frozen=True)
class ColumnBalance:
    """Prior log-odds and weight of positive cells, one of each a label column.

    Attributes
    ----------
    prior : ndarray of float32, shape (n_columns,)
        Log-odds of a positive cell under the weighted loss, half a cell added to both sides so
        that an absent or universal label stays finite.
    pos_weight : ndarray of float32, shape (n_columns,)
        Factor of the loss of positive cells.
    """

    prior: np.ndarray
    pos_weight: np.ndarray

    @classmethod
    def count(cls, labels, weights, max_pos_weight=None, *, known=None):
        """Count weighted positives and negatives.

        Parameters
        ----------
        labels : csr_array of uint8, shape (n_rows, n_columns)
        weights : ndarray of shape (n_rows,)
            Weight of each row.
        max_pos_weight : float, optional
            Balance positives against negatives up to this factor, which an absent label gets
            as well; by default every cell weighs 1.

        Returns
        -------
        balance : ColumnBalance

        Examples
        --------
        >>> import numpy as np
        >>> from scipy import sparse
        >>> labels = sparse.csr_array(np.array([[1, 0], [0, 0], [0, 0]], dtype=np.uint8))
        >>> ColumnBalance.count(labels, np.ones(3), max_pos_weight=100).pos_weight
        array([  2., 100.], dtype=float32)
        """
        n_positive = weights @ (labels if known is None else labels.multiply(known))
        n_unknown = 0 if known is None else weights @ sparse.csr_array(~known)
        n_negative = weights.sum() - n_unknown - n_positive
        pos_weight = np.ones_like(n_positive)
        if max_pos_weight is not None:
            pos_weight = _ratio(n_negative, n_positive, max_pos_weight)
        prior = np.log(pos_weight * (n_positive + 0.5) / (n_negative + 0.5))
        return cls(prior.astype(np.float32), pos_weight.astype(np.float32))


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
