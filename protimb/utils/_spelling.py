"""Names that can be told apart: nothing in them is invisible, and something is there."""

import re
from numbers import Integral
from unicodedata import category

from protimb.utils._shorten import shorten

_UNSEEN = {"Cf", "Zs", "Zl", "Zp"}  # Unicode's format characters and separators
_MOST_DIGITS = 19  # from 4,300 on Python refuses to read them, by a ValueError
_BETWEEN = re.compile(r"[\t;]| +")


def why_unreadable(name):
    r"""Say why people could not tell a name from others, or give "" where they can.

    >>> why_unreadable("P12345"), why_unreadable(" "), why_unreadable("P1\u200b")
    ('', 'is blank', "holds the invisible character '\\u200b'")
    """
    if name.isprintable():
        return "" if name.strip() else "is blank"
    if not any(one.isprintable() and one != " " for one in name):
        return "is blank"
    # Not control characters, which are odd but there: what shows a name escapes them.
    unseen = [one for one in name if one != " " and category(one) in _UNSEEN]
    return f"holds the invisible character {unseen[0]!r}" if unseen else ""


def is_number(text):
    r"""Tell a whole number that fits 64 bits from other text, also from such as ``"3\u00b2"``.

    >>> [is_number(one) for one in ("12", "", "-1", "3\u00b2", "9" * 5000)]
    [True, False, False, False, False]
    """
    return text.isdecimal() and len(text) < _MOST_DIGITS


def is_missing(name):
    """Tell a name that is not there, None, NaN or blank, of whatever type names may be.

    >>> [is_missing(one) for one in (None, float("nan"), " ", b"", "NA", 0, [None])]
    [True, True, True, True, False, False, False]
    """
    if isinstance(name, bytes | str):
        return not name.strip()
    import pandas as pd  # here, because the command line reads its numbers without it

    return bool(pd.api.types.is_scalar(name) and pd.isna(name))


def is_name(name):
    """Tell what can be a name, text, bytes or a whole number, from numbers with a point and such.

    >>> [is_name(one) for one in ("P1", b"P1", 7, 7.0, True, ["P1"])]
    [True, True, True, False, False, False]
    """
    return isinstance(name, str | bytes | Integral) and not isinstance(name, bool)


def check_names(names, what, where, error_type, why=why_unreadable):
    """Refuse a name that cannot be told from others; ``where(name)`` says its place."""
    bad = next((one for one in names if why(one)), None)
    if bad is not None:
        raise error_type(
            f"{where(bad)}: the {what} {shorten(bad)!r} {why(bad)}. Correct it: what cannot be "
            "seen or is not there joins with nothing."
        )


def line_of(name, lines, path):
    """Say in which line a name stands, of a file of these lines."""
    number = next((n for n, line in enumerate(lines, 1) if _has_field(line, name)), None)
    return str(path) if number is None else f"{path}, line {number}"


def _has_field(line, name):
    fields = map(str.strip, _BETWEEN.split(line)) if name in line else ()
    # A field may be database:name, as those of GPAD are.
    return any(field == name or field.endswith(f":{name}") for field in fields)
