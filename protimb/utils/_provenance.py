"""Versions and the machine that a result depends on."""

import os
import platform
from importlib.metadata import version

PACKAGES = ("protimb", "numpy", "scipy", "pandas", "scikit-learn", "imbalanced-learn", "torch")


def environment():
    """Collect the versions and the machine that a result depends on.

    Returns
    -------
    environment : dict
        ``python``, ``platform``, ``n_cpus``, ``threads`` (as set in the environment, or None)
        and ``packages``.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "n_cpus": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "packages": {name: version(name) for name in PACKAGES},
    }
