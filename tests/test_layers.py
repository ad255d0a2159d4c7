"""Who may import whom: the table of docs/architecture.md against the imports of every file."""

import ast
import json
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "protimb"
HEAVY = ("torch", "matplotlib", "umap")
MAY_NAME_PRIVATE = {"protimb.utils._sklearn_compat", "protimb.utils.estimator_checks"}


class Layer(NamedTuple):
    row: int
    torch: str  # "yes", "functions" or "no"


class Import(NamedTuple):
    target: str  # dotted: module and, for `from module import name`, the name
    on_load: bool  # runs when the module is imported, not when a function is called


def read_layers(text):
    """The table's rows as {package: Layer}."""
    layers = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and cells[0].isdigit():
            layer = Layer(int(cells[0]), cells[2])
            layers |= {name.strip(): layer for name in cells[1].split(",")}
    return layers


class ImportReader(ast.NodeVisitor):
    """Collect a module's imports, those inside functions too."""

    def __init__(self, module, *, is_package=False):
        self.parts = module.split(".") if is_package else module.split(".")[:-1]
        self.imports = []
        self.depth = 0

    def visit_Import(self, node):
        self.imports += [Import(alias.name, self.depth == 0) for alias in node.names]

    def visit_ImportFrom(self, node):
        base = self.parts[: len(self.parts) - node.level + 1] if node.level else []
        stem = ".".join([*base, *([node.module] if node.module else [])])
        self.imports += [Import(f"{stem}.{alias.name}", self.depth == 0) for alias in node.names]

    def visit_If(self, node):
        # Type checkers read this branch; no run of the program does.
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def generic_visit(self, node):
        # Statements alone hold imports; the many expressions are left unread.
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            for statement in getattr(node, name, ()):
                self.visit(statement)


def read_imports(source, module="protimb.x._y", *, is_package=False):
    reader = ImportReader(module, is_package=is_package)
    reader.visit(ast.parse(source))
    return reader.imports


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(dotted):
    """The package, or lone module, that a dotted name of protimb belongs to.

    A package inside another has a row of its own where the table names it.
    """
    parts = dotted.split(".")
    nested = ".".join(parts[1:3])
    if nested in LAYERS:
        return nested
    return parts[1] if len(parts) > 1 else "protimb"


def is_private(dotted):
    return any(part.startswith("_") for part in dotted.split("."))


LAYERS = read_layers((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
# Neither of the front doors belongs to a row: `import protimb` and `python -m protimb`.
MODULES = sorted(FILES.keys() - {"protimb", "protimb.__main__"})
PRESENT = {package_of(module) for module in MODULES}
# In the table's order, so that the first package to load something heavy is the one blamed.
LIGHT_PACKAGES = [
    name for name, layer in LAYERS.items() if layer.torch != "yes" and name in PRESENT
]
# Modules inside protimb name the home of what they import, not the lazy front door.
FRONT_DOOR = Layer(row=99, torch="no")


@cache
def imports_of(module):
    path = FILES[module]
    source = path.read_text(encoding="utf-8")
    return read_imports(source, module, is_package=path.name == "__init__.py")


def loaded_with(module):
    """Modules of protimb that run when `module` is imported, itself included."""
    seen, queue = set(), [module]
    while queue:
        name = queue.pop()
        if name in seen or name not in FILES:
            continue
        seen.add(name)
        queue += _targets_on_load(name)
    return seen


def _targets_on_load(module):
    for target, on_load in imports_of(module):
        if on_load and target.split(".")[0] == "protimb":
            parts = target.split(".")
            # `import a.b.c` runs a, a.b and a.b.c; the last part may be a name, not a module.
            yield from (".".join(parts[:n]) for n in range(2, len(parts) + 1))


def imports_torch(module, *, on_load_only):
    return any(
        target.split(".")[0] == "torch" and (on_load or not on_load_only)
        for target, on_load in imports_of(module)
    )


def test_the_table_names_each_package_and_no_other():
    assert set(LAYERS) == PRESENT


def test_the_drawing_shows_the_table_as_it_is():
    drawing = ROOT / "docs" / "_static" / "rows.svg"
    names = runpy.run_path(str(ROOT / "docs" / "draw_rows.py"))
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    expected = names["draw"](names["read_rows"](table))
    assert drawing.read_text(encoding="utf-8") == expected, "run python docs/draw_rows.py"


def test_each_package_says_what_it_is_for():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    unexplained = {name for name in LAYERS if f"| `{name}` |" not in text}
    assert unexplained == {"_version"}


def test_modules_import_only_from_rows_above_their_own():
    found = {module: too_low(module) for module in MODULES}
    assert {module: names for module, names in found.items() if names} == {}


def too_low(module):
    """What a module imports from its own row or a lower one, other than its own package."""
    own = package_of(module)
    others = {package_of(t) for t, _ in imports_of(module) if t.split(".")[0] == "protimb"} - {own}
    return {name for name in others if LAYERS.get(name, FRONT_DOOR).row >= LAYERS[own].row}


def test_public_modules_outside_the_networks_load_no_torch():
    light = [module for module in MODULES if package_of(module) in LIGHT_PACKAGES]
    found = {module: ways_to_torch(module) for module in light}
    assert {module: ways for module, ways in found.items() if ways} == {}


def ways_to_torch(module):
    """The modules that import torch where a module is, and where it is imported."""
    if LAYERS[package_of(module)].torch == "no":
        return [module] if imports_torch(module, on_load_only=False) else []
    if is_private(module):
        return []
    return sorted(m for m in loaded_with(module) if imports_torch(m, on_load_only=True))


def test_private_names_of_scikit_learn_stay_in_the_compatibility_file():
    found = {module: private_names(module) for module in set(MODULES) - MAY_NAME_PRIVATE}
    assert {module: names for module, names in found.items() if names} == {}


def private_names(module):
    """The names of scikit-learn that a module should bring through protimb.utils."""
    targets = [target for target, _ in imports_of(module)]
    return [t for t in targets if t.split(".")[0] in ("sklearn", "imblearn") and is_private(t)]


@pytest.fixture(scope="module")
def heavy_modules_after():
    """For protimb and each light package, the heavy modules that its import loads."""
    names = ["protimb", *(f"protimb.{package}" for package in LIGHT_PACKAGES)]
    script = (
        "import importlib, json, sys\n"
        "loaded, before = {}, set()\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        f"    heavy = {set(HEAVY)!r} & set(sys.modules)\n"
        "    loaded[name], before = sorted(heavy - before), heavy\n"
        "print(json.dumps(loaded))\n"
    )
    # A fresh process: this one has loaded everything already.
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=600
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", ["protimb", *(f"protimb.{p}" for p in LIGHT_PACKAGES)])
def test_importing_a_light_package_loads_nothing_heavy(heavy_modules_after, name):
    assert heavy_modules_after[name] == []


def test_the_table_reader_splits_packages_that_share_a_row():
    table = "| row | packages | may |\n|---|---|---|\n| 0 | a, _b | no |\n| 1 | c | yes |\n"
    assert read_layers(table) == {"a": Layer(0, "no"), "_b": Layer(0, "no"), "c": Layer(1, "yes")}


def test_an_import_inside_a_function_is_seen_but_does_not_run_on_load():
    assert read_imports("def f():\n    import torch\n") == [Import("torch", on_load=False)]
    assert read_imports("try:\n    import torch\nfinally:\n    pass") == [Import("torch", True)]


def test_an_import_for_type_checkers_only_is_exempt():
    assert read_imports("if TYPE_CHECKING:\n    import torch\n") == []


def test_relative_imports_are_resolved_against_the_package():
    assert read_imports("from ._z import q") == [Import("protimb.x._z.q", on_load=True)]
    assert read_imports("from .. import w") == [Import("protimb.w", on_load=True)]
    inside_init = read_imports("from ._z import q", "protimb.x", is_package=True)
    assert inside_init == [Import("protimb.x._z.q", on_load=True)]
