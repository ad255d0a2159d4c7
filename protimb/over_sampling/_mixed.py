"""Rows of frames with columns that are no numbers: what lifted samplers get, and who is near."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.metrics import pairwise_distances_argmin
from sklearn.utils import gen_batches

from protimb.utils._foreign import is_polars
from protimb.utils._validation import as_table, check_rows, numbers_of

# Numbers in a block of distances.
_BLOCK = 2**22


def as_mixed(X):
    """Give X (n_rows, n_columns) as a frame: numbers float, categories and what is no number kept.

    Columns of numbers have no missing or infinite cells; an index of 0 and on replaces the ids.
    """
    check_rows(X)
    frame = as_table(X).reset_index(drop=True)
    if is_polars(X):
        named = ("Categorical", "Enum")
        kinds = {name for name, dtype in X.schema.items() if str(dtype).startswith(named)}
        frame = frame.astype(dict.fromkeys(kinds, "category"))
    columns = [_as_floats(frame.iloc[:, number]) for number in range(frame.shape[1])]
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


def nearest_members(X_new, members):
    """Find for each new row the nearest of the members, frames, csr or arrays: int, (n_new,).

    Distances are Euclidean. Between frames each category that differs adds what it does in
    SMOTENC: the squared median of the members' standard deviations.
    """
    if not isinstance(members, pd.DataFrame):
        return pairwise_distances_argmin(X_new, members)
    numbers, codes = _split(pd.concat([members, X_new], ignore_index=True))
    n_members = len(members)
    cost = np.median(numbers[:n_members].std(axis=0)) ** 2 if numbers.shape[1] else 1.0
    centred = numbers - numbers[:n_members].mean(axis=0)
    nearest = np.empty(len(X_new), dtype=np.int64)
    for block in gen_batches(len(X_new), max(1, _BLOCK // n_members)):
        rows = np.arange(block.start, block.stop) + n_members
        distances = _squared(centred[rows], centred[:n_members])
        # Where all members have the same numbers, categories alone tell them apart.
        distances += (cost or 1.0) * _n_different(codes[rows], codes[:n_members])
        nearest[block] = distances.argmin(axis=1)
    return nearest


def same_rows(X, other):
    """Tell whether two tables of one kind hold the same rows."""
    if sparse.issparse(X):
        return X.shape == other.shape and not (other != X).nnz
    if isinstance(X, pd.DataFrame):
        return X.reset_index(drop=True).equals(other.reset_index(drop=True))
    return np.array_equal(X, other)


def _as_floats(column):
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    numbers = numbers_of(column)
    if numbers is None or numbers.dtype == np.float32:
        return column if numbers is None else numbers
    return numbers.astype(np.float64)


def _split(frame):
    """Split a frame into numbers (n_rows, n_numbers) and codes of other cells (n_rows, n_rest)."""
    is_number = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    numbers = frame.loc[:, is_number].to_numpy(dtype=np.float64)
    rest = frame.loc[:, np.logical_not(is_number)]
    codes = [pd.factorize(rest.iloc[:, number])[0] for number in range(rest.shape[1])]
    return numbers, np.array(codes).reshape(len(codes), len(frame)).T


def _squared(left, right):
    """Give squared distances (n_left, n_right) less the norms of the left rows."""
    return np.einsum("ij,ij->i", right, right) - 2 * (left @ right.T)


def _n_different(left, right):
    """Count the columns in which rows differ: int, (n_left, n_right)."""
    n_different = np.zeros((len(left), len(right)), dtype=np.int64)
    for own, other in zip(left.T, right.T, strict=True):
        n_different += own[:, None] != other
    return n_different
