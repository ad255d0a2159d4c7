"""Heaps of text in an HDF5 file: looked at before the library does, which may go round for ever."""

import mmap
import struct
from pathlib import Path

import numpy as np

# https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, III.E: a collection is its
# signature, version 1, three zeros and its size; then objects: number, references, zeros, size.
_START = b"GCOL\x01\0\0\0"
_SIZE = struct.Struct("<Q")
_OBJECT = struct.Struct("<HHIQ")
_PLACE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])
_HEAD = len(_START) + _SIZE.size


def check_heaps(path):
    """Refuse, by ValueError, collections of text whose objects do not fill them one by one."""
    path = Path(path)
    if not path.stat().st_size:
        return  # which cannot be mapped, and is no HDF5 file
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(_START)
        while place >= 0:
            _check_collection(content, place)
            place = content.find(_START, place + 1)


def _check_collection(content, start):
    """Walk the objects of one collection as the library does; each must lie within it."""
    (size,) = _SIZE.unpack(_part(content, start + len(_START), _SIZE.size))
    place, end = start + _HEAD, start + size
    if size < _HEAD or end > len(content):
        raise ValueError(f"its heap at byte {start:,} claims {size:,} bytes")
    while end - place >= _OBJECT.size:
        number, _, _, n_bytes = _OBJECT.unpack(_part(content, place, _OBJECT.size))
        # Number 0 is what is free, whose size counts its head; others are padded to 8 bytes.
        step = n_bytes if number == 0 else _OBJECT.size + -(-n_bytes // 8) * 8
        if step < _OBJECT.size or place + step > end:
            raise ValueError(f"its heap at byte {start:,} holds an object of {n_bytes:,} bytes")
        place += step


def check_lengths(dataset, path):
    """Refuse text longer than its file, by ValueError: the library takes memory for it at first.

    Of a dataset of text of any length, whose lengths lie in the file as they are.
    """
    offset, n_bytes = dataset.id.get_offset(), dataset.id.get_storage_size()
    n_file = Path(path).stat().st_size
    if offset is None:  # in chunks, perhaps compressed
        return
    if n_bytes > n_file:
        raise ValueError(f"its texts claim {n_bytes:,} bytes")
    with Path(path).open("rb") as file:
        file.seek(offset)
        content = file.read(n_bytes)
    lengths = np.frombuffer(content[: len(content) // _PLACE.itemsize * _PLACE.itemsize], _PLACE)
    too_long = lengths["length"] > n_file
    if too_long.any():
        raise ValueError(f"a text in it claims {lengths['length'].max():,} bytes")


def _part(content, place, n_bytes):
    part = content[place : place + n_bytes]
    if len(part) < n_bytes:
        raise ValueError("it ends within a heap")
    return part
