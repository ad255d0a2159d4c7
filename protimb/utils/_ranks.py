"""Which process of a run this is, as ``torchrun`` and ``accelerate launch`` tell by environment."""

import os

_TOLD = "WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE"
_OWNER = "PROTIMB_RANK_OWNER"  # the process that was started as one of several


def n_processes():
    """Count the processes that train together: 1, unless a launcher started several."""
    n_started = int(os.environ.get("WORLD_SIZE") or 1)
    return n_started if n_started > 1 and _was_started() else 1


def _was_started():
    """Say whether a launcher started this process, and not only one that it descends from."""
    # A rank's own children (workers of joblib, say) inherit its environment and are no ranks.
    return os.environ.setdefault(_OWNER, str(os.getpid())) == str(os.getpid())


def rank():
    """Give this process's number among those that train together, from 0."""
    return int(os.environ["RANK"]) if n_processes() > 1 else 0


def is_first():
    """Say whether this process writes files and speaks for all."""
    return rank() == 0


def local_rank():
    """Give this process's number among those on its machine, from 0; and how many these are."""
    number = os.environ.get("LOCAL_RANK") or os.environ.get("RANK")
    n_here = os.environ.get("LOCAL_WORLD_SIZE") or os.environ.get("WORLD_SIZE")
    return (int(number), int(n_here)) if number and n_here and _was_started() else (0, 1)


def go_alone():
    """Work as if no launcher had started this process, and let its children do so."""
    for name in _TOLD:
        os.environ.pop(name, None)


def take_share():
    """Work alone, beside the others of a machine; give which share of how many this one's is."""
    share = rank() + 1, n_processes()
    for name in ("WORLD_SIZE", "RANK"):  # which device is whose is still told
        os.environ.pop(name, None)
    return share
