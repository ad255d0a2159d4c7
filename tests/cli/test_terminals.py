"""What is printed fits any terminal and steers none; the caller's settings end no command."""

import os
import subprocess
import sys

import pytest
from command import invoke

ODD = "=rare $\\\\frac$ \N{GREEK SMALL LETTER ALPHA}"


@pytest.fixture
def odd(folder, tmp_path):
    """A folder whose name holds a byte that is no text, and a term named like a formula."""
    obo = folder / "go-basic.obo"
    text = obo.read_text().replace("name: rare toy binding", f"name: {ODD}")
    obo.write_text(text, encoding="utf-8")
    return folder.rename(tmp_path / os.fsdecode(b"caf\xff"))


def test_odd_names_an_ascii_terminal_and_a_strange_backend_lose_nothing(odd, tmp_path):
    settings = {"LANG": "C", "PYTHONIOENCODING": "ascii", "MPLBACKEND": "nonsense"}
    out = tmp_path / os.fsdecode(b"out\xff")
    words = ["imbalance", "--data", odd, "--out", out]
    done = subprocess.run(
        [sys.executable, "-m", "protimb", *map(os.fsencode, words)],
        env=os.environ | settings,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rb"=rare $\frac$ \u03b1" in done.stdout
    assert rb"out\udcff: report.html" in done.stdout
    assert "'=rare $\\frac$ \N{GREEK SMALL LETTER ALPHA}" in (out / "terms.csv").read_text()
    assert sorted(path.name for path in out.iterdir()) == [
        "imbalance.png",
        "report.html",
        "summary.csv",
        "terms.csv",
    ]


def test_a_comparison_of_odd_names_is_whole(odd, tmp_path):
    words = ["--data", odd, "--min-proteins", "5", "--arms", "ros", "--heads", "mlp"]
    words += ["--max-steps", "3", "--resamples", "20", "--maps", "pca"]
    words += ["--verbose", "0"]
    result = invoke("compare", *words, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "figures" / "imbalance.png").is_file()
    assert "'=rare $\\frac$" in (tmp_path / "out" / "terms.csv").read_text(encoding="utf-8")
