"""Ask for memory before taking it: an estimate beats a killed process."""

import os
from pathlib import Path

from protimb.exceptions import MemoryEstimateError


def check_memory(n_bytes, available, purpose):
    """Refuse a request that cannot fit into the memory at hand.

    Parameters
    ----------
    n_bytes : int
        Lower bound of what the request takes.
    available : int or None
        What :func:`available_memory` told; None refuses nothing.
    purpose : str
        What the memory is for, as it starts the message.

    Raises
    ------
    MemoryEstimateError
        If ``n_bytes`` exceeds what is available.
    """
    if available is not None and n_bytes > available:
        raise MemoryEstimateError(
            f"{purpose} would take at least {n_bytes / 2**30:,.1f} GiB; "
            f"{available / 2**30:,.1f} GiB are available. Ask for fewer rows: lower the totals in "
            "sampling_strategy, or name fewer terms."
        )


def available_memory():
    """Read how many bytes can be allocated without swapping.

    Returns
    -------
    n_bytes : int or None
        None where the system does not tell.
    """
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        amounts = dict(line.split(":", 1) for line in lines)
        return int(amounts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _physical_memory()


def _physical_memory():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
