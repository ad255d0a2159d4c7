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
        If CUDA is asked for by name and absent: there is no silent fallback.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise DeviceUnavailableError(
            f"device={str(device)!r} was asked for, but torch sees no CUDA device here. "
            "Pass device='auto' to fall back to the CPU."
        )
    return device
