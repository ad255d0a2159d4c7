"""Generators and devices."""

import numpy as np
import pytest
import torch

from protimb.exceptions import DeviceUnavailableError
from protimb.training import resolve_device, torch_generator


def test_equal_states_make_equal_generators_and_the_state_moves_on():
    state = np.random.RandomState(3)
    first, second = torch_generator(state), torch_generator(state)
    again = torch_generator(np.random.RandomState(3))
    draws = [torch.rand(4, generator=g).tolist() for g in (first, second, again)]
    assert draws[0] == draws[2]
    assert draws[0] != draws[1]


def test_auto_takes_cuda_where_there_is_one(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert resolve_device("auto").type == "cuda"
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert resolve_device("auto").type == "cpu"


def test_a_torch_device_passes_through():
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")


def test_cuda_by_name_never_falls_back(monkeypatch):
    """Case 33."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceUnavailableError, match="device='cuda:0'"):
        resolve_device("cuda:0")


def test_a_second_cuda_device_is_not_the_first(monkeypatch):
    """Case 33."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    assert resolve_device("cuda") == torch.device("cuda")
    with pytest.raises(DeviceUnavailableError, match=r"sees 1 CUDA device\(s\)"):
        resolve_device("cuda:1")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gpu", "'cuda'"),
        ("GPU:1", "'cuda:1'"),
        ("Cuda", "'cuda'"),
        ("AUTO", "'auto'"),
        ("cuda:x", "'cuda'"),
        ("metal", "'mps'"),
        (1, "'cuda:1'"),
    ],
)
def test_a_device_by_another_name_is_answered_with_torchs(written, meant):
    with pytest.raises(ValueError, match=f"'auto', 'cpu', 'cuda', 'mps' .* mean {meant}"):
        resolve_device(written)


@pytest.mark.parametrize("nothing", ["", "tpu", "meta", None, 1.5])
def test_what_is_no_device_to_train_on_is_refused_with_what_there_is(nothing):
    with pytest.raises(ValueError, match=r"'auto', 'cpu', 'cuda', 'mps' .* instead\.$"):
        resolve_device(nothing)


def test_an_apple_device_by_name_never_falls_back(monkeypatch):
    """Case 33."""
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(DeviceUnavailableError, match=r"device='mps' .* sees 0 MPS device\(s\)"):
        resolve_device("mps")
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert resolve_device("mps").type == "mps"
