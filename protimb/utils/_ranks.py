"""Which process of a run this is, as ``torchrun`` and ``accelerate launch`` tell by environment."""

import os

_TOLD = "WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE"
_OWNER = "PROTIMB_RANK_OWNER"  # the process that was started as one of several


def n_processes():
    """Count the processes that train together: 1, unless a launcher started several."""
    n_started = int(os.environ.get("WORLD_SIZE") or 1)
    if n_started == 1:
        return 1
    # A rank's own children (workers of joblib, say) inherit its environment and are no ranks.
    return n_started if os.environ.setdefault(_OWNER, str(os.getpid())) == str(os.getpid()) else 1


def rank():
    """Give this process's number among those that train together, from 0."""
    return int(os.environ["RANK"]) if n_processes() > 1 else 0


def is_first():
    """Say whether this process writes files and speaks for all."""
    return rank() == 0


def local_rank():
    """Give this process's number among those on its machine, from 0; and how many these are."""
    if n_processes() == 1:
        return 0, 1
    number = int(os.environ.get("LOCAL_RANK", os.environ["RANK"]))
    return number, int(os.environ.get("LOCAL_WORLD_SIZE", os.environ["WORLD_SIZE"]))


def go_alone():
    """Work as if no launcher had started this process, and let its children do so."""
    for name in _TOLD:
        os.environ.pop(name, None)
