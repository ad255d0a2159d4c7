"""Tables as plain text, folded to a width: what does not fit beside goes on below."""

import re


def show_table(table, width=None):
    """Write a table of str, indexed by one level, with lines of at most ``width`` characters."""
    labels = ["", *map(str, table.index)]
    first = max(map(len, labels))
    columns = [_column(name, table[name]) for name in table]
    parts = _chunks(columns, first, width or float("inf"))
    return "\n\n".join("\n".join(_lines(labels, first, part)) for part in parts)


def short_zeros(text):
    """Leave out zeros before the point: 0.123 is .123."""
    return re.sub(r"(?<!\d)0\.", ".", text)


def _column(name, cells):
    """Write a column, its heading first, in cells of one width."""
    texts = [str(name), *map(str, cells)]
    wide = max(map(len, texts))
    return [text.rjust(wide) for text in texts]


def _chunks(columns, first, width):
    """Part columns so that each part fits beside the labels; one at least a part."""
    parts: list[list] = []
    taken = 0
    for column in columns:
        needs = len(column[0]) + 1
        if not parts or first + taken + needs > width:
            parts.append([])
            taken = 0
        parts[-1].append(column)
        taken += needs
    return parts


def _lines(labels, first, columns):
    rows = zip(*columns, strict=True)
    return [
        " ".join([label.ljust(first), *row]).rstrip()
        for label, row in zip(labels, rows, strict=True)
    ]
