"""Text files, gzipped or plain: read whole or not at all."""

import codecs
import errno
import gzip
import hashlib
import io
import math
import os
import re
import stat
import zlib
from pathlib import Path

from protimb.utils._memory import available_memory
from protimb.utils._shorten import shorten

_URL = re.compile(r"^(https?|ftps?|file|s3|gs):", re.IGNORECASE)
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 2**16

# Text that unfolds to more than both is a bomb; to more than is usual, it is counted at first.
_MOST_BYTES, _MOST_TIMES, _USUAL_TIMES = 2**25, 100, 20
_LARGE = 2**30  # bytes from which it is asked whether memory holds a file twice, raw and as text


def read_text(path, error_type, encoding="utf-8", *, on_cut=None, max_bytes=None):
    r"""Read a text file whole, gzipped or plain; line ends become ``"\n"``, a byte order mark goes.

    Of a cut gzip file, what can be unpacked is enough where ``on_cut`` takes the error. Text that
    unfolds to more than ``max_bytes`` is refused; by default, to more than text ever does.
    """
    path = local_path(path, error_type)
    try:
        content = _decompressed(path, error_type, on_cut, max_bytes).removeprefix(codecs.BOM_UTF8)
        text = _decoded(content, path, error_type, encoding)
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except MemoryError as error:
        raise _too_large(path, error_type) from error


def _too_large(path, error_type):
    n_bytes = path.stat().st_size
    return error_type(
        f"{path}: {n_bytes:,} bytes are more than the memory at hand holds as text. Is this the "
        "right file? If it is, read a part of it."
    )


def _decoded(content, path, error_type, encoding):
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise ValueError(f"encoding={encoding!r} is none that Python knows.") from error
    except UnicodeDecodeError as error:
        problem = _undecodable(content, error.start, encoding)
        raise error_type(f"{path}{problem}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise error_type(f"{path}, line {line}: a NUL byte. This is a binary file, or damaged.")
    return text


def _undecodable(content, position, encoding):
    if content.startswith(_UTF16):
        return (
            ": text in UTF-16, or a binary file. The former is read with encoding='utf-16', where "
            "the reader takes an encoding; or convert the file."
        )
    if b"\0" in content:
        return ": this is a binary file, not text."
    line = content.count(b"\n", 0, position) + 1
    return (
        f", line {line}: not valid {encoding.upper()} (byte {content[position]:#04x}). Is this a "
        "binary file, or text in another encoding? The latter is read with encoding='latin-1', "
        "where the reader takes an encoding; or convert the file."
    )


def local_path(path, error_type):
    """Turn a name into a Path; refuse one that reaches over the network, or that is no file."""
    if _URL.match(str(path)):
        raise error_type(
            f"{path}: protimb reads local files only. Download it, then pass its path."
        )
    path = Path(path)
    facts = _facts(path, error_type)
    if facts is None:
        return path
    if stat.S_ISDIR(facts.st_mode):
        raise error_type(f"{path}: this is a folder. Name a file in it.")
    if not stat.S_ISREG(facts.st_mode):  # reading a pipe would wait, perhaps for ever
        raise error_type(
            f"{path}: this is a pipe or a device. Save what it gives, and pass the path of that."
        )
    return path


def _facts(path, error_type):
    """Return what the system knows of a file, or None where it is missing or hidden."""
    try:
        return path.stat()
    except ValueError as error:  # a NUL in it
        raise error_type(
            f"{str(path)!r} can be no path: {error}. Is it what a file holds?"
        ) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise error_type(
                f"{shorten(path)}: no path is as long. Is it what a file holds?"
            ) from None
        return None


def is_there(path):
    """Whether a name stands for anything but a folder; what is no file is refused when read."""
    return os.path.lexists(path) and not os.path.isdir(path)


def _decompressed(path, error_type, on_cut, max_bytes):
    content = _content(path, error_type)
    # A name that ends in .gz must hold gzip data.
    if path.suffix != ".gz" and not content.startswith(_GZIP_MAGIC):
        return content
    limit = max(_MOST_BYTES, _MOST_TIMES * len(content)) if max_bytes is None else max_bytes
    try:
        unfolded = _unfolded(content, limit, on_cut)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise error_type(
            f"{path}: truncated or damaged gzip file ({error}). Fetch it again."
        ) from error
    if unfolded is None:
        raise error_type(
            f"{path}: unfolds from {len(content):,} to more than {limit:,} bytes, as no text does. "
            "Decompress it yourself if you trust it, or raise max_bytes= where a reader takes it."
        )
    return unfolded


def _content(path, error_type):
    """Read as many bytes as a file says it has: some of /proc have no size, and no end."""
    n_bytes = path.stat().st_size
    if n_bytes > _LARGE and 2 * n_bytes > (available_memory() or math.inf):
        raise _too_large(path, error_type)
    with path.open("rb") as file:
        return file.read(n_bytes)


def _unfolded(content, limit, on_cut):
    """Decompress, or give None where that would be more than the limit."""
    usual = min(limit, max(_MOST_BYTES, _USUAL_TIMES * len(content)))
    pieces = list(_pieces(content, usual, on_cut))
    if sum(map(len, pieces)) <= usual:
        return b"".join(pieces)
    del pieces  # a bomb would fill the memory: what is left is counted before it is held
    if sum(map(len, _pieces(content, limit, on_cut))) > limit:
        return None
    return b"".join(_pieces(content, limit, on_cut))


def _pieces(content, limit, on_cut):
    """Yield decompressed pieces, no more than the limit and one."""
    n_bytes = 0
    try:
        with gzip.open(io.BytesIO(content)) as file:
            while n_bytes <= limit and (piece := file.read1(_CHUNK)):
                yield piece
                n_bytes += len(piece)
    except EOFError as error:
        if on_cut is None:
            raise
        on_cut(error)


def file_hash(path):
    """Give the SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
