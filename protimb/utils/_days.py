"""Days, as people and files write them."""

import re
from datetime import date as Date
from datetime import datetime

import numpy as np
import pandas as pd

# 20240131 of GAF, 2024-01-31 of GPAD 2.0, either with a time behind.
_DAY = re.compile(r"\s*(\d{4})(-?)(\d{2})\2(\d{2})(?:[T ]\d{2}.*)?\s*")
NEVER = np.datetime64("NaT", "D")


def read_days(texts):
    """Read a Series of texts, each day once, as datetime64 (n_texts,); NaT where there is none."""
    days = {text: read_day(text) for text in texts.unique().tolist()}
    return texts.map(days).astype("datetime64[s]")


def days_of(column):
    """Read a Series of days, text or datetime64 of any time zone, as datetime64 (n_days,)."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_localize(None)  # the day that the column shows
    return column if column.dtype.kind == "M" else read_days(column.astype(str))


def read_day(text):
    """Read one day, NaT where the text is none, or no text."""
    found = _DAY.fullmatch(text) if isinstance(text, str) else None
    try:
        return np.datetime64("-".join(found.group(1, 3, 4)), "D") if found else NEVER
    except ValueError:  # there is no 2024-02-30
        return NEVER


def in_future(days):
    """Mark the days (n_days,), a Series of datetime64, that have begun nowhere on Earth."""
    return days > pd.Timestamp.now() + pd.Timedelta(days=1)


def spell_days(days):
    """Write a Series of datetime64 as 2024-01-31, blank where there is none."""
    return days.dt.strftime("%Y-%m-%d").fillna("")


def require_day(day, name="date"):
    """Read a day that somebody asked for, today or before, as datetime64[D]."""
    # A datetime is a date, too, and so are the Timestamps of pandas.
    text = str(pd.Timestamp(day)) if isinstance(day, Date | np.datetime64) else day
    found = read_day(text)
    if np.isnat(found):
        raise ValueError(f"{name} is a day such as '2022-01-31'; got {day!r}.")
    today = np.datetime64(datetime.now().date(), "D")
    if found > today:
        raise ValueError(
            f"{name}={found} is in the future (today is {today}), and no annotation is younger. "
            "Pass a day that has been."
        )
    return found
