"""Arrays of NumPy in files, .npy and .npz: what they claim is looked at before it is unfolded.

Nothing is ever unpickled, and every fault of a file is an error of the kind that the caller names.
"""

import lzma
import math
import os
import struct
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

# Numbers hardly compress: a file that would unfold to more than both is no file of numbers.
_MOST_TIMES, _MOST_BYTES = 50, 2**26

# What damaged archives and headers make zipfile and NumPy raise.
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError),
    *(TypeError, ValueError),
)
# What a header that is none makes NumPy raise; a deeply nested one overflows Python's parser.
_NO_HEADER = (
    *(ArithmeticError, EOFError, LookupError, MemoryError, RecursionError, SyntaxError, TypeError),
    *(ValueError, tokenize.TokenError),
)
# The end of an archive without a comment: a mark, numbers of disks and entries, and places.
_END, _END_MARK, _MANY = struct.Struct("<4s4H2LH"), b"PK\x05\x06", 0xFFFF
_LAST_CODE = 0x10FFFF  # of Unicode
_ARCHIVE = "an .npz archive"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def check_unfolded(claimed, stored, source, error_type, max_bytes=None):
    """Refuse bytes that would unfold to far more than numbers do, before memory is taken."""
    limit = max(_MOST_BYTES, _MOST_TIMES * stored) if max_bytes is None else max_bytes
    if claimed > limit:
        raise error_type(
            f"{source}: would unfold from {stored:,} to {claimed:,} bytes, above the limit of "
            f"{limit:,}. Numbers do not compress like that; max_bytes= raises the limit, where a "
            "reader takes it, if you trust the file."
        )


def check_npy(path, error_type, what="numbers", advice=None):
    """Return shape and dtype of an .npy file whose size is what its header claims."""
    path = Path(path)
    with path.open("rb") as file:
        return _check_header(file, path.stat().st_size, path, error_type, what, advice)


def map_npy(path, error_type, what="numbers", advice=None):
    """Map the array of an .npy file into memory, to be read where it is asked for."""
    check_npy(path, error_type, what, advice)
    with _named_errors(path, error_type, "an .npy file"):
        return np.load(path, mmap_mode="r", allow_pickle=False)


def read_npy(path, error_type, what="numbers", advice=None):
    """Read the array of an .npy file."""
    check_npy(path, error_type, what, advice)
    with _named_errors(path, error_type, "an .npy file"):
        array = np.load(path, allow_pickle=False)
    return _checked_text(array, path, error_type)


def write_npy(path, blocks, shape, dtype):
    """Write blocks of rows to an .npy file, a draft of the caller's; a full disk is an OSError."""
    # By writing and not by a map, which a full disk ends with a signal that kills the process.
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype).data)


@contextmanager
def open_archive(path, error_type, max_bytes=None, *, advice="", objects=None):
    """Open an .npz archive as Arrays, once what it would unfold to is bearable.

    ``advice`` ends the error about what is no archive, ``objects(shape)`` that about objects.
    """
    path = Path(path)
    stored = path.stat().st_size  # a missing file is no damaged one
    with _named_errors(path, error_type, _ARCHIVE, advice):
        archive = zipfile.ZipFile(path)
    with archive:
        claimed = sum(entry.file_size for entry in archive.infolist())
        check_unfolded(claimed, stored, path, error_type, max_bytes)
        yield Arrays(archive, path, error_type, objects)


class Arrays:
    """The arrays of an open archive, by name."""

    def __init__(self, archive, path, error_type, objects):
        self._archive, self._path, self._error_type = archive, path, error_type
        self._objects = objects
        entries = archive.infolist()
        if len(entries) != _n_promised(path, len(entries)):
            raise error_type(f"{path}: truncated or damaged, its list of arrays is cut.")
        self._entries = {entry.filename.removesuffix(".npy"): entry for entry in entries}
        if not entries:
            raise error_type(f"{path}: empty, it holds no array.")
        if len(self._entries) < len(entries):
            raise error_type(f"{path}: two of its arrays have one name. Keep one of each.")

    @property
    def names(self):
        """Names of the arrays, in the order of the archive."""
        return list(self._entries)

    def source(self, name):
        """Say which array is spoken of."""
        return f"{self._path}, array {name!r}"

    def check(self, name, what="numbers"):
        """Return shape and dtype of an array, all of whose bytes its header claims."""
        if name not in self._entries:
            raise self._error_type(f"{self._path}: there is no array {name!r} in it.")
        size, source = self._entries[name].file_size, self.source(name)
        with self._opened(name) as file:
            return _check_header(file, size, source, self._error_type, what, self._objects)

    def read(self, name, what="numbers"):
        """Read an array, once it is checked."""
        self.check(name, what)
        with self._opened(name) as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
        return _checked_text(array, self.source(name), self._error_type)

    def read_bytes(self, name):
        """Read an entry as it lies there."""
        with self._opened(name) as file:
            return file.read()

    @contextmanager
    def _opened(self, name):
        with _named_errors(self._path, self._error_type, _ARCHIVE):  # noqa: SIM117
            with self._archive.open(self._entries[name]) as file:
                yield file


def _checked_text(array, source, error_type):
    """Refuse text that no str can hold: reading such an item is an error without a name."""
    if array.dtype.kind != "U":
        return array
    codes = np.frombuffer(array.tobytes(), dtype=array.dtype.str[0] + "u4")
    wrong = (codes > _LAST_CODE) | ((codes >= 0xD800) & (codes < 0xE000))
    if wrong.any():
        raise error_type(
            f"{source}: {wrong.sum():,} of its letters are no Unicode. Fetch it again."
        )
    return array


def _n_promised(path, n_found):
    """Say how many entries the end of an archive promises, which zipfile does not hold against it.

    Of those with a comment, or with more entries than two bytes can count, as many as were found.
    """
    with path.open("rb") as file:
        file.seek(-_END.size, os.SEEK_END)
        mark, *_, n_entries, _, _, _ = _END.unpack(file.read())
    return n_entries if mark == _END_MARK and n_entries != _MANY else n_found


@contextmanager
def _named_errors(path, error_type, what, advice=""):
    try:
        yield
    except error_type:
        raise
    except _DAMAGES as error:
        raise error_type(
            f"{path}: not {what}, or truncated or damaged ({error}). Fetch it again.{advice}"
        ) from error


def _check_header(file, n_bytes, source, error_type, what, advice):
    """Return shape and dtype of an array in .npy format; ``advice(shape)`` ends an error."""
    shape, dtype = _read_header(file, source, error_type)
    if dtype.hasobject:
        raise error_type(
            f"{source}: holds Python objects, which only pickle can read, and unpickling runs "
            f"code. Where you trust the file, convert it once.{advice(shape) if advice else ''}"
        )
    if not all(type(n) is int and n >= 0 for n in shape):
        raise error_type(f"{source}: damaged, its header claims shape {shape}.")
    if not dtype.itemsize:  # any number of rows would fit into no bytes
        raise error_type(f"{source}: its {math.prod(shape):,} {what} are all empty.")
    claimed = file.tell() + math.prod(shape) * dtype.itemsize  # Python integers: no overflow
    if n_bytes != claimed:
        raise error_type(
            f"{source}: its header claims {claimed:,} bytes (shape {shape}, {dtype}), the file has "
            f"{n_bytes:,}. It is truncated or damaged: fetch it again."
        )
    return shape, dtype


def _read_header(file, source, error_type):
    try:
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    except _NO_HEADER as error:
        raise error_type(
            f"{source}: not an .npy file, or cut off within its header ({error})."
        ) from error
    return shape, dtype
