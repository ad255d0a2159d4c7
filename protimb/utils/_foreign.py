"""Containers beyond arrays, lists and pandas: read, given back, or refused by the call to make."""

import numpy as np
import pandas as pd

from protimb.exceptions import InvalidLabelsError

# What makes an array or a pandas table of it, by the library that its type comes from.
CONVERSIONS = {
    "array": "np.asarray({name})",
    "cupy": "{name}.get()",
    "dask": "{name}.compute()",
    "h5py": "{name}[:]",
    "jax": "np.asarray({name})",
    "jaxlib": "np.asarray({name})",
    "torch": "{name}.numpy(force=True)",
}

# Calls for columns whose cells are rows: a column of embeddings, a column of label lists.
STACKING = {"X": "np.stack", "y": "np.vstack"}


def library_of(table):
    """Name the top-level package that the type of a table comes from."""
    return type(table).__module__.partition(".")[0]


def is_polars(table):
    """Tell a polars DataFrame or Series, without importing polars."""
    return library_of(table) == "polars"


def read_table(table, name):
    """Give what arrays are read from: polars becomes pandas, what would be misread is refused."""
    _refuse_unreadable(table, name)
    if is_polars(table):
        table = _from_polars(table)
    if _may_hold_rows(table):
        _refuse_rows_in_cells(table, name)
    return table


def check_supported(**tables):
    """Refuse tables, by argument name, whose rows and dtypes we cannot give back."""
    for name, table in tables.items():
        _refuse_unreadable(table, name)
        call = None if is_polars(table) else _conversion(table)
        if call is not None:
            raise TypeError(
                f"{name} is a {library_of(table)} {type(table).__name__}, which cannot be given "
                f"back row by row. Pass {call.format(name=name)}."
            )


def polars_like(table, columns):
    """Make a polars DataFrame (n_rows, n_columns) of a list of arrays, with a table's schema."""
    frame = type(table)(dict(zip(table.columns, columns, strict=True)))
    return frame.cast(table.schema)


def _conversion(table):
    library = library_of(table)
    if isinstance(table, memoryview):
        return "np.asarray({name})"
    if library != "pandas" and hasattr(table, "to_pandas"):
        return "{name}.to_pandas() or {name}.to_numpy()"
    return CONVERSIONS.get(library)


def _refuse_unreadable(table, name):
    if isinstance(table, np.matrix):
        raise TypeError(f"{name} is a np.matrix, which is not supported. Pass np.asarray({name}).")
    if isinstance(table, np.ma.MaskedArray):
        _refuse_masked(table, name)
    if getattr(getattr(table, "dtype", None), "names", None):
        raise TypeError(
            f"{name} is a structured array with fields {', '.join(table.dtype.names)}. Pass "
            f"numpy.lib.recfunctions.structured_to_unstructured({name}), or pd.DataFrame({name})."
        )
    if is_polars(table) and hasattr(table, "collect"):
        raise TypeError(f"{name} is a polars LazyFrame, which has no rows yet: {name}.collect().")


def _refuse_masked(table, name):
    cells = np.argwhere(np.ma.getmaskarray(table))
    where = f", the first at {tuple(cells[0].tolist())}" if len(cells) else ""
    raise ValueError(
        f"{name} is a masked array, {len(cells)} of whose cells are masked{where}; what lies under "
        f"a mask is not to be read. Impute these cells or drop their rows, and pass "
        f"np.asarray({name})."
    )


def _from_polars(table):
    """Convert column by column, because the way of polars to pandas needs pyarrow."""
    if not hasattr(table, "columns"):
        return table.to_numpy()
    return pd.DataFrame({name: table[name].to_numpy() for name in table.columns}, copy=False)


def _may_hold_rows(table):
    return getattr(table, "dtype", None) == object and table.ndim == 1 and len(table)


def _refuse_rows_in_cells(table, name):
    cell = next(iter(table))
    if not isinstance(cell, list | tuple | set | frozenset | np.ndarray):
        return
    kind = f"{name} is a column of rows: each of its {len(table)} cells is a {type(cell).__name__}"
    lengths = sorted({len(row) for row in table if hasattr(row, "__len__")})
    if len(lengths) > 1 or not _is_numeric(cell):
        raise InvalidLabelsError(
            f"{kind}, of {lengths[0]} to {lengths[-1]} entries. A matrix needs rows of equal "
            "length. GOTermBinarizer or MultiLabelBinarizer turn lists of terms into binary "
            "indicators."
        )
    call = f"{STACKING.get(name[:1], 'np.stack')}({name})"
    keep = f", or pd.DataFrame({call}, index={name}.index) to keep the ids"
    raise InvalidLabelsError(f"{kind}. Pass {call}{keep if isinstance(table, pd.Series) else ''}.")


def _is_numeric(cell):
    return not isinstance(cell, set | frozenset) and np.asarray(cell).dtype.kind in "biuf"
