"""What every test run shares: steady hypothesis settings, `--no-skips`, a small CAFA folder."""

import gc
import os
import sys

import numpy as np
import pandas as pd
import pytest
from devices import DEVICE, choose
from hypothesis import settings
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# No screen is needed, nor looked for, when a test or a doctest draws.
os.environ.setdefault("MPLBACKEND", "Agg")

# A busy machine is no reason to fail; the same examples on each run are a reason to trust.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")

OBO = """format-version: 1.2
data-version: toy/2026-01-01
ontology: go

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function

[Term]
id: GO:0000001
name: toy binding
namespace: molecular_function
is_a: GO:0003674 ! molecular_function

[Term]
id: GO:0000002
name: rare toy binding
namespace: molecular_function
is_a: GO:0000001 ! toy binding

[Term]
id: GO:0005575
name: cellular_component
namespace: cellular_component

[Term]
id: GO:0000004
name: inner toy membrane
namespace: cellular_component
is_a: GO:0000003 ! toy membrane

[Term]
id: GO:0000003
name: toy membrane
namespace: cellular_component
is_a: GO:0005575 ! cellular_component

[Typedef]
id: part_of
name: part of
"""


@pytest.fixture(scope="session")
def write_cafa():
    """Write a CAFA folder of ninety proteins; a third binds, a sixth in the rare way."""

    def write_cafa(folder, components, seed=0):
        rng = np.random.RandomState(seed)
        ids = np.array([f"P{number:05d}" for number in range(90)])
        terms = [["GO:0003674", "GO:0000001", "GO:0000002"][max(i % 6 - 3, 0)] for i in range(90)]
        functions = pd.DataFrame({"EntryID": ids, "term": terms, "aspect": "MFO"})
        places = functions[: len(components)].assign(term=components, aspect="CCO")
        folder.mkdir()
        (folder / "go-basic.obo").write_text(OBO)
        table = pd.concat([functions, places])
        table.to_csv(folder / "train_terms.tsv", sep="\t", index=False)
        np.save(folder / "train_ids.npy", ids)
        signal = pd.Categorical(terms).codes[:, None] * np.ones((1, 8))
        vectors = rng.normal(size=(90, 8)) + signal
        np.save(folder / "train_embeds.npy", vectors.astype("float32"))
        return folder

    return write_cafa


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def array_api(monkeypatch):
    """Without it scikit-learn skips its check of inputs under array API dispatch."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@pytest.fixture
def faiss(monkeypatch):
    """Put a stand-in in place of faiss, whether or not that is installed."""
    from flat_index import FAISS

    monkeypatch.setitem(sys.modules, "faiss", FAISS)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Ten thousand tests and their modules stay to the end: look for no garbage among them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def blank_figures(monkeypatch):
    """Save figures blank, for tests that do not look at them: drawing is half of a small report."""

    def save(figure, path, **options):
        FigureCanvasAgg(Figure((0.1, 0.1))).print_png(path)

    monkeypatch.setattr(Figure, "savefig", save)


@pytest.fixture(scope="session")
def device():
    """The device that networks are tested on."""
    return DEVICE


def pytest_configure(config):
    choose(DEVICE)


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
