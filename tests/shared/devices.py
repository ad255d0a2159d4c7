"""The device that networks are tested on: PROTIMB_TEST_DEVICE, or else the CPU."""

import os

import pytest

NAME = "PROTIMB_TEST_DEVICE"
DEVICE = os.environ.get(NAME) or "cpu"


def choose(device):
    """See to it that device="auto" is this one, and that it gives the same bits again."""
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # read by torch when it first looks
        return
    # Of cuBLAS, before its first product.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    from protimb.exceptions import DeviceUnavailableError
    from protimb.training import resolve_device

    try:
        resolve_device(device)
    except (DeviceUnavailableError, ValueError) as error:
        raise pytest.UsageError(f"{NAME}={device}: {error}") from error
    torch.use_deterministic_algorithms(True)
    # Convolutions in full, as on the CPU.
    torch.backends.cudnn.conv.fp32_precision = "ieee"
