"""Tests run on the device that PROTIMB_TEST_DEVICE names, and on no other."""

import devices
import pytest

from protimb.training import resolve_device


def test_auto_is_the_device_that_is_tested(device):
    assert resolve_device("auto").type == resolve_device(device).type


def test_a_device_that_is_asked_for_and_absent_ends_the_run(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(pytest.UsageError, match=r"PROTIMB_TEST_DEVICE=cuda: .* 0 CUDA device"):
        devices.choose("cuda")
    with pytest.raises(pytest.UsageError, match=r"PROTIMB_TEST_DEVICE=gpu: .*mean 'cuda'"):
        devices.choose("gpu")
