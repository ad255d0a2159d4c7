"""Text files, gzipped or plain: read whole or not at all."""

import gzip
import re
import zlib
from pathlib import Path

_URL = re.compile(r"^(https?|ftps?|file|s3|gs):", re.IGNORECASE)
_GZIP_MAGIC = b"\x1f\x8b"


def read_text(path, error_type):
    r"""Read a UTF-8 text file, plain or gzipped, line ends made "\n"; damage raises error_type."""
    path = local_path(path, error_type)
    content = _decompressed(path, error_type)
    if b"\0" in content[:4096]:
        raise error_type(f"{path}: this is a binary file, not text.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise error_type(
            f"{path}, line {line}: not valid UTF-8 (byte {content[error.start]:#04x}). "
            "Is this a binary file, or text in another encoding?"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def local_path(path, error_type):
    """Turn a name into a Path, and refuse one that would reach over the network."""
    if _URL.match(str(path)):
        raise error_type(
            f"{path}: protimb reads local files only. Download it, then pass its path."
        )
    return Path(path)


def _decompressed(path, error_type):
    content = path.read_bytes()
    # A name that ends in .gz must hold gzip data.
    if path.suffix != ".gz" and not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise error_type(
            f"{path}: truncated or damaged gzip file ({error}). Fetch it again."
        ) from error
