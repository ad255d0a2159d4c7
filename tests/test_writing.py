"""No file appears under its own name before it is whole: all writing goes through drafts."""

import ast
from pathlib import Path

import protimb

ROOT = Path(protimb.__file__).parent
WRITES = {
    "to_csv",
    "savefig",
    "savez",
    "savez_compressed",
    "write_text",
    "write_bytes",
    "save_file",
}
NUMPY = {"save"}  # np.save
COPIES = {"copyfile", "copy", "copy2", "copytree"}  # of shutil
MODES = ("w", "x", "a", "r+", "rb+")
# Given a draft by their callers, a folder that vanishes, or memory: (file, function).
INTO_DRAFTS = {
    ("classification/_alignment_engines.py", "_write_fasta"),
    ("comparison/_report_files.py", "_write"),
    ("comparison/_figures.py", "draw_figures"),
    ("comparison/_imbalance.py", "_write"),
    ("datasets/_write_cafa.py", "_write_sequences"),
    ("embeddings/_writing.py", "_write_beside"),
    ("evaluation/_result.py", "_write"),
    ("runs/_audit_page.py", "write_audit"),
    ("runs/_audit_page.py", "_picture"),
    ("runs/_enlarge.py", "_write"),
    ("runs/_train.py", "_write_history"),
    ("training/_checkpoint.py", "save_state"),
    ("utils/_array_files.py", "write_npy"),
    ("utils/_new_folder.py", "_keep_earlier"),
}


def writes(call):
    """Tell whether a call writes a file under the name that it is given."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = getattr(getattr(call.func, "value", None), "id", "")
    modes = [one.value for one in call.args if isinstance(one, ast.Constant)]
    opens = name in {"open", "File"} and any(
        isinstance(mode, str) and mode.startswith(MODES) for mode in modes
    )
    to_text = name == "to_csv" and not call.args  # gives text
    known = name in WRITES or (owner == "np" and name in NUMPY)
    return (known or (owner == "shutil" and name in COPIES) or opens) and not to_text


def in_a_draft(node):
    """Tell whether a ``with`` gives a draft to what is below it."""
    ways = {"whole_file", "new_folder", "renewed_folder", "TemporaryDirectory"}
    calls = [one.context_expr for one in node.items if isinstance(one.context_expr, ast.Call)]
    names = [getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls]
    return bool(ways & set(names))


def bare_writes(node, function=""):
    """Yield the function of every call below a node that writes outside of a draft."""
    if isinstance(node, ast.With) and in_a_draft(node):
        return
    if isinstance(node, ast.FunctionDef):
        function = node.name
    if isinstance(node, ast.Call) and writes(node):
        yield function
    for child in ast.iter_child_nodes(node):
        yield from bare_writes(child, function)


def test_every_file_is_written_into_a_draft():
    found = {
        (str(path.relative_to(ROOT)), function)
        for path in ROOT.rglob("*.py")
        if "recipes" not in path.parts
        for function in bare_writes(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == INTO_DRAFTS
