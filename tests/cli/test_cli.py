"""What all subcommands share: the version, quick help, threads that wait quietly."""

import os
import subprocess
import sys

import pytest
from command import invoke

from protimb import __version__


def test_version_is_printed():
    assert invoke("--version").stdout == f"protimb {__version__}\n"


def test_help_loads_neither_torch_nor_sklearn():
    code = (
        "import sys; from typer.testing import CliRunner; from protimb.cli import app; "
        "CliRunner().invoke(app, ['compare', '--help']); "
        "print({'torch', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(("before", "after"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_do_not_spin_unless_the_user_says_so(before, after, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "")  # so that what the command sets is taken back
    if before is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    else:
        monkeypatch.setenv("OMP_WAIT_POLICY", before)
    invoke("compare", "--help")
    assert os.environ.get("OMP_WAIT_POLICY") == after
