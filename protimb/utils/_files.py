"""Text files, gzipped or plain: read whole or not at all."""

import codecs
import gzip
import hashlib
import io
import os
import re
import zlib
from pathlib import Path

_URL = re.compile(r"^(https?|ftps?|file|s3|gs):", re.IGNORECASE)
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 2**16

# Text that unfolds to more than both is a bomb.
_MOST_BYTES, _MOST_TIMES = 2**27, 100


def read_text(path, error_type, encoding="utf-8", *, on_cut=None, max_bytes=None):
    r"""Read a text file whole, gzipped or plain; line ends become ``"\n"``, a byte order mark goes.

    Of a cut gzip file, what can be unpacked is enough where ``on_cut`` takes the error. Text that
    unfolds to more than ``max_bytes`` is refused; by default, to more than text ever does.
    """
    path = local_path(path, error_type)
    content = _decompressed(path, error_type, on_cut, max_bytes).removeprefix(codecs.BOM_UTF8)
    text = _decoded(content, path, error_type, encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
    if path.is_dir():
        raise error_type(f"{path}: this is a folder. Name a file in it.")
    if path.exists() and not path.is_file():  # reading a pipe would wait, perhaps for ever
        raise error_type(
            f"{path}: this is a pipe or a device. Save what it gives, and pass the path of that."
        )
    return path


def is_there(path):
    """Whether a name stands for anything but a folder; what is no file is refused when read."""
    return os.path.lexists(path) and not path.is_dir()


def _decompressed(path, error_type, on_cut, max_bytes):
    content = path.read_bytes()
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
    if len(unfolded) > limit:
        raise error_type(
            f"{path}: unfolds from {len(content):,} to more than {limit:,} bytes, as no text does. "
            "Decompress it yourself if you trust it, or raise max_bytes= where a reader takes it."
        )
    return unfolded


def _unfolded(content, limit, on_cut):
    """Decompress no more than the limit and one piece: read on, a bomb would fill the memory."""
    pieces, n_bytes = [], 0
    try:
        with gzip.open(io.BytesIO(content)) as file:
            while n_bytes <= limit and (piece := file.read1(_CHUNK)):
                pieces.append(piece)
                n_bytes += len(piece)
    except EOFError as error:
        if on_cut is None:
            raise
        on_cut(error)
    return b"".join(pieces)


def file_hash(path):
    """Give the SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
