"""Versions are those installed; times are of the stage alone."""

from importlib.metadata import version

from protimb.comparison._stages import Stages
from protimb.utils._provenance import environment


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
