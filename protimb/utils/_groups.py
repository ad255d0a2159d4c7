"""Groups of rows, such as sequence clusters, as numbers."""

import numpy as np
import pandas as pd


def number_groups(groups, n_rows, *, sort=False):
    """Give numbers of groups (n_rows,), by appearance or in order; each row must have one."""
    groups = np.asarray(groups)
    if groups.shape != (n_rows,):
        raise ValueError(f"groups has shape {groups.shape}, y has {n_rows} rows: name one a row.")
    numbers, _ = pd.factorize(groups, sort=sort)
    missing = np.flatnonzero(numbers < 0)
    if len(missing):
        raise ValueError(
            f"groups has no group for {len(missing)} rows (NaN, None or NA), the first in row "
            f"{missing[0]}. Give each of them a group of its own if it has no relative."
        )
    return numbers
