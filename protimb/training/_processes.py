"""Several processes that train one network: `accelerate` joins them, torch carries the sums."""

import atexit
import functools
import hashlib
import os
import socket
import warnings
from datetime import timedelta

import torch

from protimb.exceptions import ProcessError, ProtimbWarning
from protimb.utils._optional import import_optional
from protimb.utils._ranks import is_first, local_rank, n_processes, rank

_BLOCK = 4096  # rows that are hashed at a time
_TIMEOUT = "PROTIMB_TIMEOUT"  # seconds that a process waits for the others


def sum_over_processes(tensor):
    """Add up a tensor over all processes, in place; all of them get the same bits."""
    _join()
    _speak(torch.distributed.all_reduce, tensor)
    return tensor


def tell_all(value):
    """Give every process what the first one holds."""
    _join()
    told = [value]
    _speak(torch.distributed.broadcast_object_list, told, src=0)
    return told[0]


def hear_all(value):
    """Give every process the values of all, a list by rank."""
    _join()
    heard = [None] * n_processes()
    _speak(torch.distributed.all_gather_object, heard, value)
    return heard


def from_first(function, *args):
    """Call a function in the first process alone and give its result to all.

    Parameters
    ----------
    function : callable
        Called with ``args`` where there is one process, too.
    *args

    Returns
    -------
    result : object
        Picklable.

    Raises
    ------
    ProcessError
        In the other processes, if it failed; the first has the error itself.

    Examples
    --------
    >>> from protimb.training import from_first
    >>> from_first(max, 2, 3)
    3
    """
    if n_processes() == 1:
        return function(*args)
    error, result = _attempt(function, *args) if is_first() else (None, None)
    failed, result = tell_all((_name(error), result))
    if error is not None:
        raise error
    if failed:
        raise ProcessError(f"The first process failed: {failed}")
    return result


def in_each(function, *args):
    """Call a function in every process, and fail in all of them if it fails in one.

    Parameters
    ----------
    function : callable
        Called with ``args``; may depend on what a machine has, such as a file.
    *args

    Returns
    -------
    result : object
        Each process's own.

    Raises
    ------
    ProcessError
        If another process failed; names which, where, and what it said.

    Examples
    --------
    >>> from protimb.training import in_each
    >>> in_each(len, "abc")
    3
    """
    if n_processes() == 1:
        return function(*args)
    error, result = _attempt(function, *args)
    outcomes = hear_all((socket.gethostname(), _name(error)))
    if error is not None:
        raise error
    told = [
        f"process {number} of {len(outcomes)} ({host}): {failure}"
        for number, (host, failure) in enumerate(outcomes)
        if failure
    ]
    if told:
        raise ProcessError(f"Not all processes could go on. {'; '.join(told)}")
    return result


def check_alike(facts):
    """Refuse to train where processes hold different things; facts are {name: hash}, as JSON."""
    heard = hear_all((socket.gethostname(), facts))
    for number, (host, theirs) in enumerate(heard):
        differing = [name for name in heard[0][1] if theirs.get(name) != heard[0][1][name]]
        if differing:
            raise ProcessError(
                f"Process {number} of {len(heard)} ({host}) does not hold what the first does; "
                f"these differ: {', '.join(differing)}. Give every process the same files, "
                "parameters and seed."
            )


def hash_state(state):
    """Hash a state: nested dicts, lists and tuples of tensors and plain values."""
    return _digest(_leaves(state))


def hash_rows(rows):
    """Hash rows (n_rows, ...), a tensor or what gives one when it is cut, block by block."""
    return _digest((start, rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK))


def _digest(leaves):
    digest = hashlib.sha256()
    for place, leaf in leaves:
        is_tensor = isinstance(leaf, torch.Tensor)
        digest.update(f"{place}={leaf.shape if is_tensor else leaf};".encode())
        if is_tensor:
            digest.update(leaf.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def agree_on_draws(rng):
    """Put a NumPy source of draws where that of the first process is; give it back."""
    if n_processes() > 1:
        rng.set_state(tell_all(rng.get_state()))
    return rng


def _leaves(state, place=""):
    """Yield the leaves of a nested state with their places."""
    if isinstance(state, list | tuple):
        state = dict(enumerate(state))
    if not isinstance(state, dict):
        yield place, state
        return
    for key, child in state.items():
        yield from _leaves(child, f"{place}.{key}")


def _attempt(function, *args):
    try:
        return None, function(*args)
    except Exception as error:
        return error, None


def _name(error):
    return None if error is None else f"{type(error).__name__}: {error}"


def _speak(collective, *args, **kwargs):
    """Call a collective of torch; where another process is gone, say so."""
    try:
        return collective(*args, **kwargs)
    except RuntimeError as error:
        reason = str(error).splitlines()[0][:200]
        raise ProcessError(
            f"Process {rank()} of {n_processes()} lost touch with the others ({reason}): one was "
            f"killed, failed, or kept the rest waiting for {_patience():g} s ({_TIMEOUT}). The "
            "latest checkpoint is whole; resume from it."
        ) from error


def _patience():
    text = os.environ.get(_TIMEOUT, "1800")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e8:
        raise ProcessError(f"{_TIMEOUT}={text!r}: give seconds, as a number above 0.")
    return seconds


@functools.cache
def _join():
    """Meet the other processes, once."""
    accelerate = import_optional("accelerate")
    _, n_here = local_rank()
    has_devices = torch.cuda.is_available() and torch.cuda.device_count() >= n_here
    options = {"cpu": True} if not has_devices else {"backend": "cpu:gloo,cuda:nccl"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads, which the launcher has set
            state = accelerate.PartialState(**options, timeout=timedelta(seconds=_patience()))
    except (RuntimeError, ValueError) as error:
        where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        reason = str(error).splitlines()[0][:300]
        raise ProcessError(
            f"Process {rank()} of {n_processes()} could not join the others at {where} ({reason}). "
            "Is the port in use? Pass torchrun another --master-port."
        ) from error
    if not is_first():  # the first one warns for all
        warnings.simplefilter("ignore", ProtimbWarning)
    atexit.register(state.destroy_process_group)
    return state
