"""Generated rows are read from runs, files, folders and tables into the columns of real ones."""

import gzip

import numpy as np
import pandas as pd
import pytest

from protimb.datasets import make_longtail_multilabel, read_cafa
from protimb.exceptions import EmbeddingFileError
from protimb.runs import Generated, resample
from protimb.runs._judged import read_judged

pytestmark = pytest.mark.usefixtures("blank_figures")


@pytest.fixture(scope="module")
def real(cafa):
    return read_cafa(cafa, "mf", min_proteins=5)


def test_a_run_its_file_and_the_folder_it_enlarged_hold_the_same_rows(run, real, tmp_path):
    resample(run.folder, tmp_path / "enlarged")
    paths = [run.folder, run.folder / "generated.npz", tmp_path / "enlarged"]
    rows = [read_judged(path, real, "mf") for path in paths]
    for one in rows:
        np.testing.assert_allclose(one.X, run.generated.X, rtol=1e-6)
        np.testing.assert_array_equal(one.y.toarray(), run.generated.y.toarray())
        assert one.ids.tolist() == run.generated.ids.tolist()
        assert one.n_unknown == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\0", "a binary file"),
        (b"a\tb\n1\t2\n", "no column EntryID among a, b"),
        (b"", "provenance"),
    ],
)
def test_a_damaged_table_of_provenance_is_named(run, real, tmp_path, content, said):
    resample(run.folder, tmp_path / "enlarged")
    (tmp_path / "enlarged" / "provenance.tsv").write_bytes(content)
    with pytest.raises(EmbeddingFileError, match=said):
        read_judged(tmp_path / "enlarged", real, "mf")


def table(real, **columns):
    numbers = pd.DataFrame(real.X[:3], columns=[f"f{n}" for n in range(real.X.shape[1])])
    return pd.DataFrame(columns).join(numbers)


TERMS = ["GO:0000001;GO:0000002", "GO:0000001", " GO:0000001, GO:9999999 "]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz"])
def test_a_table_of_another_generator_is_read(real, tmp_path, suffix):
    path = tmp_path / f"rows{suffix}"
    text = table(real, EntryID=["a", "b", "NA"], terms=TERMS).to_csv(
        index=False, sep="\t" if "tsv" in suffix else ","
    )
    path.write_bytes(gzip.compress(text.encode()) if "gz" in suffix else text.encode())
    rows = read_judged(path, real, "mf")
    assert rows.ids.tolist() == ["a", "b", "NA"]
    np.testing.assert_allclose(rows.X, real.X[:3], rtol=1e-6)
    first = real.terms.tolist().index("GO:0000001")
    assert rows.y.toarray()[:, first].tolist() == [1, 1, 1]
    assert rows.y.sum() == 4
    assert rows.n_unknown == {"GO:9999999": 1}


def test_rows_without_ids_are_numbered(real, tmp_path):
    table(real, terms=TERMS).to_csv(tmp_path / "rows.csv", index=False)
    assert read_judged(tmp_path / "rows.csv", real, "mf").ids.tolist() == ["1", "2", "3"]


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,f0\na,1.0\n", "no column of terms among id, f0"),
        ("terms,f0\nGO:0000001,1.0\n", "width 1, the real proteins of width 8"),
        ("terms,f0,f1\nGO:0000001,1.0,x\n", "record 1: column 'f1' is 'x'"),
        ("terms,f0,f1\nGO:0000001,1.0,\n", "record 1: column 'f1' is ''"),
        ("terms,f0,f1\nGO:0000001,inf,1\n", "record 1: column 'f0' is 'inf'"),
        ("terms,f0\n", "no generated protein in it"),
        ("terms," + ",".join("abcdefgh") + "\nGO:1" + ",1" * 8 + "\n", "claims a term"),
        ("terms,f0\nGO:0000001,1.0,2.0,3.0\nGO:0000001,1,2\n1,2,3,4,5\n", ""),
    ],
)
def test_a_table_that_cannot_be_judged_is_refused_by_name(real, tmp_path, text, said):
    path = write(tmp_path / "rows.csv", text)
    with pytest.raises(EmbeddingFileError, match=r"rows\.csv") as caught:
        read_judged(path, real, "mf")
    assert said in str(caught.value)


def test_rows_of_other_proteins_are_refused(real, tmp_path):
    other = make_longtail_multilabel(30, 5, 4, random_state=0)
    generated = Generated(
        X=other.X,
        indptr=np.arange(31),
        indices=np.zeros(30, dtype=int),
        terms=np.array(["GO:0000001"]),
        ids=np.arange(30).astype(str),
        conditioned_on=np.array(["a"] * 30),
        target_terms=np.array(["GO:0000001"] * 30),
        seed=np.array(0),
    )
    generated.save(tmp_path / "rows.npz")
    with pytest.raises(EmbeddingFileError, match="width 5, the real proteins of width 8"):
        read_judged(tmp_path / "rows.npz", real, "mf")
