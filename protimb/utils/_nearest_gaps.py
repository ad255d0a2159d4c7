"""What makes rows near: distances or cosines, and how products of matrices bound them."""

import numpy as np
from scipy.spatial.distance import cdist

from protimb.utils._nearest_pairs import exact_distances, few_rows, over_pairs

# Roundings that a gap by a product may be off by, in units of the squared norms.
_ROUNDINGS = 64

# Rows so much longer than the reference's longest may overflow its unit.
_FAR = 2.0**20


class Distance:
    """Rows are the nearer the smaller their Euclidean distance."""

    has_tree = True

    def place(self, rows):
        """Say around which centre and in which unit products are taken."""
        centre = rows.mean(axis=0, dtype=np.float64)
        largest = max((_largest(rows[block] - centre) for block in few_rows(rows)), default=0.0)
        return _Around(centre, 2.0 ** np.frexp(largest)[1] if largest else 1.0)

    def tells(self, X):
        """Tell which rows, (n_rows,), may be nearer to one row than to another: all."""
        return np.ones(len(X), dtype=bool)

    def exact(self, X, reference, rows, columns):
        """Give distances of pairs of rows: (n_pairs,)."""
        return exact_distances(X, reference, rows, columns)

    def all_pairs(self, X, reference):
        """Give all distances: (n_rows, n_reference)."""
        return cdist(X, reference)


class Cosine:
    """Rows of unit length, or of length 0, are the nearer the larger their product."""

    has_tree = False

    def place(self, rows):
        """Take products as they are."""
        return _AsTheyAre()

    def tells(self, X):
        """Tell which rows, (n_rows,), point anywhere."""
        return X.any(axis=1)

    def exact(self, X, reference, rows, columns):
        """Give negative cosines of pairs of rows, in their precision: (n_pairs,)."""
        return -over_pairs(X, reference, rows, columns, lambda one, other: (one, other))

    def all_pairs(self, X, reference):
        """Give all negative cosines: (n_rows, n_reference)."""
        return -np.einsum("ij,kj->ik", X, reference).astype(np.float64)


class _Around:
    """Rows around a centre, in a unit: squared distances from products."""

    is_bare, n_more = False, 2

    def __init__(self, centre, unit):
        self.centre, self.unit = centre, unit

    def put(self, X):
        """Bring rows to the centre and unit: float64 (n_rows, n_features)."""
        return (X - self.centre) / self.unit

    def holds(self, placed):
        """Tell which rows, (n_rows,), do not overflow."""
        return np.abs(placed).max(axis=1) < _FAR

    def columns(self, placed, parts):
        """Make columns of rows that are asked for: |x|^2 - 2 x r + |r|^2 is one product."""
        return np.column_stack([parts, squared_norms(placed), np.ones(len(parts))])

    def reference_columns(self, placed, parts):
        """Make the columns of rows that are searched."""
        return np.column_stack([-2 * parts, np.ones(len(parts)), squared_norms(placed)])

    def reach(self, placed, value, eps, off_centre=0.0):
        """Bound what the product gives for rows as near as one with this value: (n_rows,).

        ``off_centre`` is how far from the centre, in units, the rows are that were multiplied.
        """
        error, squares = _ROUNDINGS * eps, squared_norms(placed)
        aside = 2 * error * np.sqrt(squares) * off_centre
        # What is within a distance of a row is that much longer at most.
        squared = (np.maximum(value, 0) + 3 * error * squares + aside) / (1 - 2 * error)
        return squared + error * (squares + (np.sqrt(squares) + np.sqrt(squared)) ** 2) + aside


class _AsTheyAre:
    """Rows as they are: cosines from products."""

    is_bare, n_more = True, 0

    def put(self, X):
        return X.astype(np.float64)

    def holds(self, placed):
        return np.ones(len(placed), dtype=bool)

    def columns(self, placed, parts):
        return -parts

    def reference_columns(self, placed, parts):
        return parts

    def reach(self, placed, value, eps, off_centre=0.0):
        return value + 2 * _ROUNDINGS * eps


def squared_norms(rows):
    """Give squared lengths of rows: (n_rows,)."""
    return np.einsum("ij,ij->i", rows, rows)


def _largest(values):
    return float(np.abs(values).max(initial=0))
