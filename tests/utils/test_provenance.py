"""Versions are those installed."""

from importlib.metadata import version

from protimb.utils._provenance import environment


def test_versions_are_those_installed():
    packages = environment()["packages"]
    assert packages["torch"] == version("torch")
    assert packages["protimb"] == version("protimb")
