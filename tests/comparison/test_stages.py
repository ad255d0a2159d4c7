"""Two results share data if their fingerprints agree; times are of the stage alone."""

from importlib.metadata import version

import pytest
from sklearn.utils import Bunch

from protimb.comparison._stages import Stages, fingerprint
from protimb.utils._provenance import environment


def test_same_data_same_fingerprint(toy):
    assert fingerprint(toy) == fingerprint(Bunch(**toy))


@pytest.mark.parametrize("name", ["X", "y", "protein_ids", "terms", "groups"])
def test_every_part_of_the_data_is_in_the_fingerprint(toy, name):
    other = Bunch(**toy)
    other[name] = toy[name].copy()
    other[name][0] = toy[name][-1]
    changed = fingerprint(other)["sha256"] != fingerprint(toy)["sha256"]
    assert changed == bool((other[name] != toy[name]).any())
    other[name] = toy[name][::-1]
    assert fingerprint(other)["sha256"] != fingerprint(toy)["sha256"]


def test_versions_are_those_installed():
    packages = environment()["packages"]
    assert packages["torch"] == version("torch")
    assert packages["protimb"] == version("protimb")


def test_seconds_are_those_of_the_block(monkeypatch):
    clock = iter([10.0, 12.5, 20.0, 20.25])
    monkeypatch.setattr("protimb.comparison._stages.time.perf_counter", lambda: next(clock))
    with Stages(2, verbose=0) as stages:
        with stages("slow", seed=1, arm="ros"):
            pass
        with stages("fast"):
            pass
    slow, fast = stages.seconds
    assert (slow["seed"], slow["arm"], slow["stage"]) == (1, "ros", "slow")
    assert (slow["seconds"], fast["seconds"]) == (2.5, 0.25)
