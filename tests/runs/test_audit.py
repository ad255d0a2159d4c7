"""An audit says whether generated proteins can be trusted, and leaves a page that shows why not."""

import errno
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from protimb.cli import app
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import AnnotationError, EmbeddingFileError
from protimb.runs import audit

pytestmark = pytest.mark.usefixtures("blank_figures")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Real proteins of a toy as a CAFA folder."""
    folder = tmp_path_factory.mktemp("toy") / "real"
    toy = make_longtail_multilabel(600, 8, 6, random_state=0)
    toy.write_cafa(folder)
    return toy, folder


def rows_of(toy, rows, X=None):
    X = toy.X[rows] if X is None else X
    terms = [";".join(toy.terms[labels > 0]) for labels in toy.y[rows]]
    numbers = pd.DataFrame(X, columns=[f"f{n}" for n in range(X.shape[1])])
    return pd.DataFrame({"EntryID": np.arange(len(rows)), "terms": terms}).join(numbers)


@pytest.fixture
def written(toy, tmp_path):
    """A table of generated rows, and a file of the held-out proteins."""
    data, folder = toy
    _, judges = data.split_by_cluster(random_state=1, test_size=0.3)
    (tmp_path / "unseen.txt").write_text("\n".join(judges.protein_ids))
    seen = np.flatnonzero(~np.isin(data.protein_ids, judges.protein_ids))

    def write(noise=0.0, rows=seen[:150]):
        rng = np.random.RandomState(0)
        X = data.X[rows] + noise * rng.normal(size=(len(rows), data.X.shape[1]))
        rows_of(data, rows, X.astype(np.float32)).to_csv(tmp_path / "rows.csv", index=False)
        return tmp_path / "rows.csv"

    return write, folder, tmp_path


def test_copies_of_any_generator_are_named_on_the_page_and_in_the_record(written):
    write, folder, here = written
    options = {"min_proteins": 5, "held_out": here / "unseen.txt", "maps": ()}
    found = audit(folder, write(1e-3), here / "report", **options)
    assert found.report.passed is False
    assert "copies" in found.report.failed
    assert found.record["held_out"] == "named by the user as unseen by the generator"
    names = {path.name for path in found.folder.iterdir()}
    assert names == {"report.html", "properties.csv", "terms.csv", "audit.json", "scores.png"}
    record = json.loads((found.folder / "audit.json").read_text())
    assert record["passed"] is False
    assert record["n_generated"] == 150
    page = (found.folder / "report.html").read_text()
    assert "Do not trust the 150 generated rows" in page
    table = pd.read_csv(found.folder / "properties.csv", index_col="property")
    assert table.loc["copies", "score"] > table.loc["copies", "threshold"]


def test_real_proteins_that_nobody_trained_on_pass(toy, written):
    data, _ = toy
    _, _, here = written
    names = (here / "unseen.txt").read_text().split()
    held_out, rest = names[::2], names[1::2]
    (here / "judges.txt").write_text("\n".join(rest))
    rows = np.flatnonzero(np.isin(data.protein_ids, held_out))
    rows_of(data, rows).to_csv(here / "good.csv", index=False)
    # They leave the real ones too, or each would be its own closest record.
    real = data.take(~np.isin(data.protein_ids, held_out))
    found = audit(real, here / "good.csv", min_proteins=5, held_out=here / "judges.txt")
    assert found.report.failed == []
    assert found.report.passed


def test_the_command_ends_with_1_where_something_fails(written):
    write, folder, here = written
    words = ["audit", str(folder), str(write(1e-3)), "--min-proteins", "5", "--maps", "none"]
    ran = CliRunner().invoke(app, [*words, "--out", str(here / "out")])
    assert ran.exit_code == 1
    assert "Do not trust" in ran.output
    again = CliRunner().invoke(app, [*words, "--out", str(here / "out")])
    assert again.exit_code == 2
    assert "is not an empty folder" in again.output


def test_what_was_found_is_printed_before_a_full_disk_ends_the_audit(written, monkeypatch):
    write, folder, here = written

    def fill(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("protimb.runs._audit.write_audit", fill)
    words = ["audit", str(folder), str(write(1e-3)), "--min-proteins", "5", "--maps", "none"]
    ran = CliRunner().invoke(app, [*words, "--out", str(here / "out")])
    assert ran.exit_code == 2
    assert "Do not trust" in ran.stdout
    assert ran.stderr.endswith(f"error: {here / 'out'}: No space left on device.\n")


def test_a_run_is_judged_by_the_proteins_that_it_held_out(run, cafa, tmp_path):
    found = audit(cafa, run.folder, tmp_path / "out", maps=())
    assert found.record["held_out"] == "held out by the run, unseen by the generator"
    assert found.record["min_proteins"] == 5
    assert found.record["n_training"] + found.record["n_held_out"] == 90
    assert found.record["guard"] == ""


def test_what_the_guard_of_a_run_made_is_said(run, cafa, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    table = pd.DataFrame(
        {"term": ["a", "b"], "n_planned": [7, 3], "made_by": ["copied", "generated"]}
    )
    table.to_csv(tmp_path / "run" / "quality_by_term.csv", index=False)
    found = audit(cafa, tmp_path / "run", maps=())
    assert found.record["guard"].startswith("Of 10 rows the run's guard had 7 copied")


@pytest.mark.parametrize(("names", "said"), [("nobody\n", "names 0 of"), ("", "names 0 of")])
def test_held_out_proteins_that_are_none_are_refused(written, names, said):
    write, folder, here = written
    (here / "names.txt").write_text(names)
    with pytest.raises(AnnotationError, match=said):
        audit(folder, write(), min_proteins=5, held_out=here / "names.txt")


def test_generated_rows_of_another_width_leave_no_folder(toy, written):
    data, folder = toy
    _, _, here = written
    rows_of(data, np.arange(20), data.X[:20, :3]).to_csv(here / "rows.csv", index=False)
    with pytest.raises(EmbeddingFileError, match="width 3"):
        audit(folder, here / "rows.csv", here / "out", min_proteins=5)
    assert not (here / "out").exists()


def test_what_nobody_could_judge_and_who_judged_is_said(toy, written):
    data, folder = toy
    _, _, here = written
    table = rows_of(data, np.arange(40))
    table["terms"] += ";GO:0000009"
    table.to_csv(here / "rows.csv", index=False)
    words = ["audit", str(folder), str(here / "rows.csv"), "--min-proteins", "5", "--maps", "none"]
    ran = CliRunner().invoke(app, words)
    assert "held-out real proteins: a fifth of the sequence clusters, which the gen" in ran.output
    assert "the real proteins do not have, left out: 40, of 1 term." in ran.output
    assert CliRunner().invoke(app, [*words, "--ontology", "mf,bp"]).exit_code == 2


def test_a_folder_that_cannot_be_is_refused_before_anything_is_read(written):
    _, folder, here = written
    (here / "file").write_text("")
    words = ["audit", str(folder), str(here / "missing.csv"), "--out", str(here / "file" / "out")]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 2
    assert "which is a file. Name another one." in " ".join(ran.output.split())
