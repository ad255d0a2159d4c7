"""Heaps of text in an HDF5 file: looked at before the library does, which may go round for ever."""

import math
import mmap
import struct
import zlib
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

    Of a dataset of text of any length, whose lengths lie in the file, perhaps in chunks.
    """
    n_file = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        for content in _references(dataset, file, n_file):
            whole = len(content) // _PLACE.itemsize * _PLACE.itemsize
            lengths = np.frombuffer(content[:whole], _PLACE)["length"]
            if lengths.max(initial=0) > n_file:
                raise ValueError(f"a text in it claims {lengths.max():,} bytes")


def _references(dataset, file, n_file):
    """Yield the bytes that say how long texts are and where, a chunk at a time."""
    if dataset.chunks is None:
        yield _read_at(file, dataset.id.get_offset(), dataset.id.get_storage_size(), n_file)
        return
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(number)[0] for number in range(plan.get_nfilters())]
    n_bytes = math.prod(dataset.chunks) * _PLACE.itemsize
    for number in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(number)
        content = _read_at(file, chunk.byte_offset, chunk.size, n_file)
        used = [one for n, one in enumerate(filters) if not chunk.filter_mask >> n & 1]
        for one in reversed(used):
            content = _undo(one)(content, n_bytes)
        yield content


def _read_at(file, offset, n_bytes, n_file):
    if offset is None:  # within the header of the dataset, which is small
        return b""
    if n_bytes > n_file:
        raise ValueError(f"its texts claim {n_bytes:,} bytes")
    file.seek(offset)
    return file.read(n_bytes)


def _undo(number):
    if number not in _FILTERS:
        raise ValueError(
            f"its texts are compressed by filter {number}, which hides how long they are; gzip "
            "does not (h5repack -f GZIP=6)"
        )
    return _FILTERS[number]


def _inflate(content, n_bytes):
    try:
        return zlib.decompressobj().decompress(content, n_bytes)
    except zlib.error as error:
        raise ValueError(f"its texts are damaged ({error})") from error


def _unshuffle(content, _):
    n_whole = len(content) // _PLACE.itemsize
    planes = np.frombuffer(content[: n_whole * _PLACE.itemsize], np.uint8)
    return planes.reshape(_PLACE.itemsize, n_whole).T.tobytes()


# Filters of HDF5 by their numbers: how to undo one, for content of so many bytes.
_FILTERS = {1: _inflate, 2: _unshuffle}


def _part(content, place, n_bytes):
    part = content[place : place + n_bytes]
    if len(part) < n_bytes:
        raise ValueError("it ends within a heap")
    return part
