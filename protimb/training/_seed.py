"""Random generators and devices for torch, without touching anybody's global state."""

import torch

from protimb.exceptions import DeviceUnavailableError
from protimb.utils._ranks import local_rank


def torch_generator(random_state, device="cpu"):
    """Make a local torch generator from a NumPy random state.

    Parameters
    ----------
    random_state : numpy.random.RandomState
        Advanced by one draw.
    device : str or torch.device
        Where the generator draws.

    Returns
    -------
    generator : torch.Generator
    """
    generator = torch.Generator(device=device)
    generator.manual_seed(int(random_state.randint(2**31 - 1)))
    return generator


def resolve_device(device):
    """Turn ``"auto"``, a name or a torch device into a device this machine has.

    Parameters
    ----------
    device : str or torch.device
        ``"auto"`` picks CUDA where there is one, else the CPU. Names are torch's: ``"cpu"``,
        ``"cuda"``, ``"cuda:1"``, ``"mps"``. Where several processes train together on a machine,
        each gets a device of its own.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        If torch trains on no device of this name; says which name was probably meant.
    DeviceUnavailableError
        If a device is asked for by name and absent: there is no silent fallback.

    Examples
    --------
    >>> from protimb.training import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if isinstance(device, str) and device == "auto":
        return _own("cuda" if torch.cuda.is_available() else "cpu")
    known = _own(_read_device(device))
    n_devices = _COUNT[known.type]()
    if known.type != "cpu" and (known.index or 0) >= n_devices:
        raise DeviceUnavailableError(
            f"device={str(known)!r} was asked for, but torch sees {n_devices} "
            f"{known.type.upper()} device(s) here. Pass device='auto' to take what there is."
        )
    return known


def _own(device):
    """Give each of several processes on a machine a device of its own, while there are enough."""
    device = torch.device(device)
    number, n_here = local_rank()
    if n_here == 1 or device.type == "cpu" or device.index is not None:
        return device
    return torch.device(device.type, number % max(1, _COUNT[device.type]()))


# How many devices of each kind this machine has. Looked up when asked, drivers may fail.
_COUNT = {
    "cpu": lambda: 1,
    "cuda": lambda: torch.cuda.device_count() if torch.cuda.is_available() else 0,
    "mps": lambda: int(torch.backends.mps.is_available()),
    "xpu": lambda: torch.xpu.device_count() if torch.xpu.is_available() else 0,
}

# What people call a device -> what torch calls it.
_MEANT = {
    "gpu": "cuda",
    "nvidia": "cuda",
    "rocm": "cuda",
    "metal": "mps",
    "apple": "mps",
    "intel": "xpu",
}


def _read_device(device):
    """Read a name as torch does, or say which name was probably meant."""
    try:
        known = torch.device(device) if isinstance(device, str | torch.device) else None
    except RuntimeError:
        known = None
    if known is None or known.type not in _COUNT:
        raise ValueError(
            f"The 'device' parameter must be 'auto', 'cpu', 'cuda', 'mps' or a numbered one such "
            f"as 'cuda:1'. Got {device!r} instead.{_suggest(device)}"
        )
    return known


def _suggest(device):
    kind, _, number = str(device).lower().partition(":")
    if kind.isdigit():  # an index alone
        kind, number = "cuda", kind
    kind = _MEANT.get(kind, kind)
    meant = f"{kind}:{number}" if number.isdigit() else kind
    return f" Did you mean {meant!r}?" if kind in (*_COUNT, "auto") else ""
