"""Times are of the stage alone."""

from protimb.comparison._stages import Stages


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
