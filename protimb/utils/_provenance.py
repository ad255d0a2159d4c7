"""Versions and the machine that a result depends on."""

import os
import platform
from importlib.metadata import version

PACKAGES = ("protimb", "numpy", "scipy", "pandas", "scikit-learn", "imbalanced-learn", "torch")


def spell_packages(environment):
    """Spell packages and versions of an environment: a list of str."""
    return [f"{name} {number}" for name, number in environment["packages"].items()]


def environment():
    """Collect the versions and the machine that a result depends on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "n_cpus": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS"),  # None where nobody set them
        "packages": {name: version(name) for name in PACKAGES},
    }
