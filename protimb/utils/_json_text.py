"""JSON of unknown origin: parsed only where what it unfolds to is bearable."""

import json

# What a value and a container take in Python's memory, beside the text itself.
_BYTES_A_VALUE, _BYTES_A_CONTAINER = 64, 72
_MOST_BYTES = 2**30


def read_json(content, source, error_type):
    """Parse bytes of JSON; what is none, or would fill the memory, is an error of this type."""
    n_containers = content.count(b"[") + content.count(b"{")
    n_bytes = (
        len(content) + _BYTES_A_VALUE * content.count(b",") + _BYTES_A_CONTAINER * n_containers
    )
    if n_bytes > _MOST_BYTES:
        raise error_type(
            f"{source} would take {n_bytes / 2**30:,.1f} GiB of memory once it is read, above the "
            f"limit of {_MOST_BYTES / 2**30:,.0f} GiB."
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise error_type(
            f"{source} is damaged: it is not JSON ({error}). Restore it from a copy."
        ) from error
