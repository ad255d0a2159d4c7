"""Random generators and devices for torch, without touching anybody's global state."""

import torch

from protimb.exceptions import DeviceUnavailableError


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
        ``"auto"`` picks CUDA where there is one, else the CPU.

    Returns
    -------
    device : torch.device

    Raises
    ------
    DeviceUnavailableError
        If a CUDA device is asked for by name and absent: there is no silent fallback.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(device)
    n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= n_devices:
        raise DeviceUnavailableError(
            f"device={str(device)!r} was asked for, but torch sees {n_devices} CUDA device(s) "
            "here. Pass device='auto' to take what there is."
        )
    return device
