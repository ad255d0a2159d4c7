"""Text files, gzipped or plain: read whole or not at all."""

import codecs
import gzip
import io
import re
import zlib
from pathlib import Path

_URL = re.compile(r"^(https?|ftps?|file|s3|gs):", re.IGNORECASE)
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 2**16


def read_text(path, error_type, encoding="utf-8", *, on_cut=None):
    r"""Read a text file whole, gzipped or plain; line ends become ``"\n"``, a byte order mark goes.

    Of a cut gzip file, what can be unpacked is enough where ``on_cut`` takes the error.
    """
    path = local_path(path, error_type)
    content = _decompressed(path, error_type, on_cut).removeprefix(codecs.BOM_UTF8)
    if b"\0" in content[:4096]:
        raise error_type(f"{path}: this is a binary file, not text.")
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise ValueError(f"encoding={encoding!r} is none that Python knows.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise error_type(
            f"{path}, line {line}: not valid {encoding.upper()} (byte "
            f"{content[error.start]:#04x}). Is this a binary file, or text in another encoding? "
            "The latter is read with encoding='latin-1', where the reader takes an encoding; "
            "or convert the file."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def local_path(path, error_type):
    """Turn a name into a Path, and refuse one that would reach over the network."""
    if _URL.match(str(path)):
        raise error_type(
            f"{path}: protimb reads local files only. Download it, then pass its path."
        )
    return Path(path)


def _decompressed(path, error_type, on_cut):
    content = path.read_bytes()
    # A name that ends in .gz must hold gzip data.
    if path.suffix != ".gz" and not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return _readable_part(content, on_cut) if on_cut else gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise error_type(
            f"{path}: truncated or damaged gzip file ({error}). Fetch it again."
        ) from error


def _readable_part(content, on_cut):
    pieces = []
    try:
        with gzip.open(io.BytesIO(content)) as file:
            while piece := file.read1(_CHUNK):
                pieces.append(piece)
    except EOFError as error:
        on_cut(error)
    return b"".join(pieces)
