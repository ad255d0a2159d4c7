"""The site keeps up with the code: its examples run, and no public name is left out."""

import ast
import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import protimb.datasets
from protimb.datasets import make_longtail_multilabel
from protimb.nn import BACKBONES, BaseBackbone

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FRONT_PAGES = [DOCS / "index.md", ROOT / "README.md"]
PAGES = sorted((ROOT / "examples").rglob("plot_*.py"))
SCRIPTS = [*PAGES, *sorted((ROOT / "benchmarks").glob("*.py"))]
GUIDES = [ROOT / "README.md", DOCS / "contributing.md", DOCS / "architecture.md"]
GUIDES += sorted((DOCS / "user_guide").glob("*.md"))


def code_blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def toy():
    return make_longtail_multilabel(n_samples=80, n_features=8, n_terms=6, random_state=0)


def public_modules():
    """Packages of protimb, and its public files, that export names for users to import."""
    inside = [*(ROOT / "protimb").glob("*/__init__.py"), *(ROOT / "protimb").glob("[a-z]*.py")]
    return {
        (path.parent if path.name == "__init__.py" else path.with_suffix("")).name
        for path in inside
        if "__all__" in path.read_text(encoding="utf-8")
    }


def test_each_public_module_has_a_reference_page():
    listed = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    unlisted = {name for name in public_modules() if f"   protimb.{name}\n" not in listed}
    assert unlisted <= {"utils"}  # of which estimator_checks alone is public


def test_the_backbone_of_the_contributing_guide_trains(toy):
    (block,) = code_blocks(DOCS / "contributing.md")
    names: dict = {}
    exec(block, names)
    sampler = names["sampler"].set_params(max_updates=1, sampling_strategy=20, quality_filter=None)
    X, y = sampler.fit_resample(toy.X, toy.y)
    assert isinstance(sampler.backbone, BaseBackbone)
    assert type(sampler.backbone) not in BACKBONES.values()
    assert len(X) == len(y) == 80 + sampler.n_synthetic_
    assert sampler.n_synthetic_ > 0
    assert np.isfinite(X).all()


@pytest.mark.parametrize("page", FRONT_PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_front_page_run(page, toy, monkeypatch):
    # One epoch on toy data: what is proven is that the names and the shapes are right.
    monkeypatch.setattr(protimb.datasets, "load_human_go", lambda *args, **kwargs: toy)
    for estimator, length in [
        (protimb.CGANSampler, "max_updates"),
        (protimb.GOTermClassifier, "max_epochs"),
    ]:
        monkeypatch.setitem(estimator.__init__.__kwdefaults__, length, 1)
    for part in ("quality_filter", "guard"):
        monkeypatch.setitem(protimb.CGANSampler.__init__.__kwdefaults__, part, None)
    blocks, names = code_blocks(page), {}
    assert blocks
    for block in blocks:  # a block goes on where the one before it ended
        exec(block, names)
    assert names["scores"].shape == toy.y[names["test"]].shape


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_gallery_page_asks_a_question_and_says_what_was_seen(page):
    text = page.read_text(encoding="utf-8")
    title = text.splitlines()[1]
    assert title.endswith("?")
    assert "# What was seen\n" in text
    assert "print(" in text.split("# What was seen\n")[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_what_a_script_imports_of_us_is_there(script):
    """Scripts take too long to be run here; names that moved would break them unseen."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("protimb"):
            module = importlib.import_module(node.module)
            missing = [one.name for one in node.names if not hasattr(module, one.name)]
            assert not missing, f"{node.module} has no {missing}"


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_files_that_a_page_names_are_there(page):
    named = re.findall(
        r"`((?:protimb|tests|docs|benchmarks|examples)/[\w/.-]+)`", page.read_text(encoding="utf-8")
    )
    built = "docs/_build/"  # by `make docs`
    missing = [one for one in named if not (one.startswith(built) or (ROOT / one).exists())]
    assert not missing
