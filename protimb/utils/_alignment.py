"""Two tables with names: rows must stand in one order, columns are brought into one."""

import numpy as np
import pandas as pd

from protimb.exceptions import InvalidLabelsError
from protimb.utils._foreign import read_table
from protimb.utils._validation import a_few


def check_same_order(**tables):
    """Refuse pandas tables, by argument name, whose rows have other ids or another order.

    Rows are paired by position, so labels would go to other proteins. A default index, and
    numbers beside names, are positions and say nothing.
    """
    named = [(n, t.index) for n, t in tables.items() if isinstance(t, pd.DataFrame | pd.Series)]
    for name, index in named[1:]:
        _check_pair(*named[0], name, index)


def align_columns(table, names, called="y", reference="those of fit", *, relabel=False):
    """Give a table's columns (n_rows, n_terms) in the order of names, or refuse other names.

    Without names on either side, columns are paired by position; also, with ``relabel``, where no
    name is shared, because names of another kind were given.
    """
    table = read_table(table, called)
    if names is None or not isinstance(table, pd.DataFrame) or not table.columns.is_unique:
        return table
    own, names = table.columns.tolist(), list(names)
    if own == names or _are_positions(own) or _are_positions(names):
        return table
    if relabel and set(own).isdisjoint(names):
        return table
    if set(own) != set(names):
        raise InvalidLabelsError(
            f"Columns of {called} differ from {reference}: {_difference(own, names)}. Both need "
            f"the same columns; give {called} those, or pass an array in their order."
        )
    position = {name: number for number, name in enumerate(own)}
    return table.iloc[:, [position[name] for name in names]]


def align_values(values, names, called):
    """Give one value a term (n_terms,) in the order of names; a Series is read by its index."""
    if not isinstance(values, pd.Series):
        return values
    return align_columns(values.to_frame().T, names, called, "the terms").iloc[0]


def column_names(table):
    """Give the names of a table's columns, or None where it has none."""
    return list(table.columns) if hasattr(table, "columns") else None


def _difference(own, names):
    missing = [name for name in names if name not in set(own)]
    unknown = [name for name in own if name not in set(names)]
    parts = [f"{len(missing)} missing ({a_few(missing)})"] if missing else []
    return " and ".join(parts + ([f"{len(unknown)} unknown ({a_few(unknown)})"] if unknown else []))


def _check_pair(first, ids, second, other_ids):
    if ids.equals(other_ids):
        return
    common = set(ids) & set(other_ids)
    n_ids = len(set(ids))
    if len(common) == n_ids == len(set(other_ids)):
        raise InvalidLabelsError(
            f"{first} and {second} have the same ids in a different order, and rows are paired by "
            f"position. {_way_to_align(first, ids, second)}"
        )
    if _are_paired_by_position(ids, other_ids):
        return
    raise InvalidLabelsError(
        f"Only {len(common)} of {n_ids} ids of {first} ({a_few(ids, 3)}) are among those of "
        f"{second} ({a_few(other_ids, 3)}), and rows are paired by position. Align them first: "
        f"common = {first}.index.intersection({second}.index), then {first}.loc[common], "
        f"{second}.loc[common]; if the ids mean nothing, {second}.reset_index(drop=True)."
    )


def _way_to_align(first, ids, second):
    if ids.is_unique:
        return f"Align them first: {second} = {second}.loc[{first}.index]."
    repeated = a_few(ids[ids.duplicated()].unique(), 3)
    return f"Ids repeat ({repeated}), so sort both tables alike and pass them without ids."


def _are_paired_by_position(ids, other_ids):
    if _are_positions(ids) or _are_positions(other_ids):
        return True
    # After a split of a table without ids its rows have numbers, the other table's may have names.
    numeric = pd.api.types.is_numeric_dtype
    return numeric(ids.dtype) != numeric(other_ids.dtype)


def _are_positions(names):
    index = pd.Index(names)
    is_integer = pd.api.types.is_integer_dtype(index.dtype)
    return is_integer and np.array_equal(index, np.arange(len(index)))
