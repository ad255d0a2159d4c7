"""What every test run shares: steady hypothesis settings and `--no-skips`."""

import os

import pytest
from hypothesis import settings

# No screen is needed, nor looked for, when a test or a doctest draws.
os.environ.setdefault("MPLBACKEND", "Agg")

# A busy machine is no reason to fail; the same examples on each run are a reason to trust.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")


def pytest_addoption(parser):
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="fail the run when a test was skipped: a skipped test proves nothing",
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    # Only the process that reports has a terminal; workers of pytest-xdist have none.
    if session.config.getoption("--no-skips") and _n_skipped(session.config):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    n_skipped = _n_skipped(config)
    if config.getoption("--no-skips") and n_skipped:
        terminalreporter.write_line(
            f"--no-skips: {n_skipped} skipped; make each one run, or delete it", red=True
        )


def _n_skipped(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0
