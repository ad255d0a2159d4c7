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
    if _holds_rows(table):
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
    dtype = getattr(table, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.names:
        raise TypeError(
            f"{name} is a structured array with fields {', '.join(dtype.names)}. Pass "
            f"pd.DataFrame({name})."
        )
    if is_polars(table) and hasattr(table, "collect"):
        raise TypeError(
            f"{name} is a polars LazyFrame, which has no rows yet. Pass {name}.collect()."
        )


def _refuse_masked(table, name):
    cells = np.argwhere(np.ma.getmaskarray(table))
    if not len(cells):
        raise ValueError(f"{name} is a masked array without a mask. Pass np.asarray({name}).")
    raise ValueError(
        f"{name} is a masked array, {len(cells)} of whose cells are masked, the first at "
        f"{tuple(cells[0].tolist())}. Drop these rows, or pass {name}.filled(value)."
    )


def _from_polars(table):
    """Convert column by column, because the way of polars to pandas needs pyarrow."""
    if not hasattr(table, "columns"):
        values = table.to_numpy()
        return values if values.ndim == 1 else pd.Series(list(values)).to_numpy()
    return pd.DataFrame({name: table[name].to_numpy() for name in table.columns}, copy=False)


def _holds_rows(table):
    """Tell a column whose cells may be rows: objects, or arrays of polars."""
    dtype = getattr(table, "dtype", None)
    is_objects = isinstance(dtype, np.dtype) and dtype.kind == "O" and table.ndim == 1
    if not is_objects or not len(table):
        return False
    return isinstance(next(iter(table)), list | tuple | set | frozenset | np.ndarray)


def _refuse_rows_in_cells(table, name):
    cell, is_target = next(iter(table)), name.startswith("y")
    error = InvalidLabelsError if is_target else ValueError
    kind = f"{name} is a column of rows: each of its {len(table)} cells is a {type(cell).__name__}"
    lengths = sorted({len(row) for row in table if hasattr(row, "__len__")})
    if len(lengths) > 1 or not _is_numeric(cell):
        binarizers = "GOTermBinarizer or MultiLabelBinarizer turn lists of terms into indicators."
        raise error(
            f"{kind}, of {lengths[0]} to {lengths[-1]} entries. A matrix needs numbers in rows of "
            f"equal length.{' ' + binarizers if is_target else ''}"
        )
    call = f"{'np.vstack' if is_target else 'np.stack'}({name})"
    keep = f", or pd.DataFrame({call}, index={name}.index) to keep the ids"
    raise error(f"{kind}. Pass {call}{keep if isinstance(table, pd.Series) else ''}.")


def _is_numeric(cell):
    return not isinstance(cell, set | frozenset) and np.asarray(cell).dtype.kind in "biuf"
