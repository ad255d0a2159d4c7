"""What the footer of a parquet file claims to hold, in Thrift's compact protocol.

pyarrow tells it too, but where a footer is damaged its objects end the whole process.
"""

from pathlib import Path

_MAGIC = b"PAR1"
# Where https://github.com/apache/parquet-format puts them: numbers of fields.
_ROW_GROUPS, _COLUMNS, _META_DATA, _N_VALUES, _N_BYTES = 4, 1, 3, 5, 6
_MOST_BYTES = 2**24  # some thousand columns in a hundred groups of rows take less
_DAMAGES = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


def claimed_bytes(path):
    """Count the bytes that a table takes in memory, of numbers as wide as float32; ValueError."""
    try:
        facts = _Compact(_footer(Path(path))).struct()
        groups = [group[_COLUMNS] for group in facts[_ROW_GROUPS]]
        columns = [column[_META_DATA] for group in groups for column in group]
        return sum(max(4 * one[_N_VALUES], one[_N_BYTES]) for one in columns)
    except _DAMAGES as error:
        raise ValueError(f"its footer is damaged: {error}") from error


def _footer(path):
    n_file = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, n_file - 8))
        end = file.read(8)
        n_bytes = int.from_bytes(end[:4], "little")
        if end[4:] != _MAGIC or n_bytes + 12 > n_file:
            raise ValueError("there is none where the file ends")
        if n_bytes > _MOST_BYTES:
            raise ValueError(f"it has {n_bytes:,} bytes, more than any needs")
        file.seek(n_file - 8 - n_bytes)
        return file.read(n_bytes)


class _Compact:
    """A reader of structs: {number of a field: value}, where text is passed over."""

    def __init__(self, content):
        self._content, self._place = content, 0

    def struct(self):
        """Read fields until one of type 0 ends them."""
        fields, number = {}, 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._number()
            fields[number] = True if kind in (1, 2) else self._value(kind)
        return fields

    def _value(self, kind):
        return _READERS[kind](self)

    def _byte(self):
        self._pass_over(1)
        return self._content[self._place - 1]

    def _pass_over(self, n_bytes):
        self._place += n_bytes
        if self._place > len(self._content):
            raise ValueError("it ends within a value")

    def _size(self):
        value = shift = 0
        while shift < 64:  # longer ones would be no number of 64 bits
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("a number in it has no end")

    def _number(self):
        value = self._size()
        return (value >> 1) ^ -(value & 1)

    def _text(self):
        self._pass_over(self._size())

    def _list(self):
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._size()
        return [self._value(head & 15) for _ in range(size)]

    def _map(self):
        size = self._size()
        kinds = self._byte() if size else 0
        return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(size)]


# Kind of a value -> what reads it; truth values, 1 and 2, are bytes of their own in lists only.
_READERS = {
    **dict.fromkeys((1, 2, 3), _Compact._byte),
    **dict.fromkeys((4, 5, 6), _Compact._number),
    7: lambda reader: reader._pass_over(8),
    8: _Compact._text,
    **dict.fromkeys((9, 10), _Compact._list),
    11: _Compact._map,
    12: _Compact.struct,
}
