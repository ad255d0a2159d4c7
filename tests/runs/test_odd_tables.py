"""Tables that other programs write are read; files that are damaged or hostile are refused."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import AnnotationError, AnnotationWarning, ArtifactError, EmbeddingFileError
from protimb.ontology import GeneOntology
from protimb.runs import Generated
from protimb.runs._audit import _by_name
from protimb.runs._judged import read_judged

pytestmark = pytest.mark.usefixtures("blank_figures")


@pytest.fixture(scope="module")
def real():
    return make_longtail_multilabel(60, 4, 5, random_state=0)


@pytest.fixture
def rows(real):
    terms = [";".join(real.terms[labels > 0]) for labels in real.y[:12]]
    numbers = pd.DataFrame(real.X[:12], columns=[f"f{n}" for n in range(4)])
    return pd.DataFrame({"EntryID": [f"g{n}" for n in range(12)], "terms": terms}).join(numbers)


def _each_term(rows, spell):
    cells = rows["terms"].str.split(";").map(lambda ids: [spell(one) for one in ids if one])
    return rows.assign(terms=cells)


def _joined(rows, spell, between=";"):
    return _each_term(rows, spell).assign(terms=lambda table: table["terms"].str.join(between))


# How a program may write the same table -> its text.
WRITERS = {
    "of a German spreadsheet": lambda rows: (
        "\ufeff"
        + _joined(rows, str, ", ").to_csv(sep=";", decimal=",", index=False, lineterminator="\r\n")
    ),
    "with semicolons": lambda rows: rows.to_csv(sep=";", index=False),
    "with tabs": lambda rows: rows.to_csv(sep="\t", index=False),
    "with empty rows at its end": lambda rows: rows.to_csv(index=False) + ",,,,,\n,,,,,\n\n",
    "with row numbers": lambda rows: rows.to_csv(),
    "with everything in quotes": lambda rows: rows.to_csv(index=False, quoting=1),
    "with terms in lower case": lambda rows: _joined(rows, str.lower).to_csv(index=False),
    "with names of terms": lambda rows: _joined(rows, "a name, of it [{}]".format).to_csv(),
    "with lists of Python": lambda rows: (
        _each_term(rows, str)
        .assign(terms=lambda table: table["terms"].astype(str))
        .to_csv(index=False)
    ),
}


@pytest.mark.parametrize("written", WRITERS)
def test_a_table_of_another_program_is_read(real, rows, tmp_path, written):
    path = tmp_path / "rows.csv"
    path.write_text(WRITERS[written](rows), newline="")
    found = read_judged(path, real, "mf")
    np.testing.assert_allclose(found.X, real.X[:12], rtol=1e-6)
    np.testing.assert_array_equal(found.y.toarray(), real.y[:12])
    assert found.ids.tolist() == rows["EntryID"].tolist()
    assert found.n_unknown == {}


def test_ids_that_were_merged_or_replaced_are_those_of_today(tmp_path):
    terms = ["GO:0000001", "GO:0000002"]
    ontology = GeneOntology(
        names={"GO:0000000": "root", terms[0]: "a", terms[1]: "b"},
        namespaces=dict.fromkeys(["GO:0000000", *terms], "molecular_function"),
        parents={"GO:0000000": [], terms[0]: ["GO:0000000"], terms[1]: ["GO:0000000"]},
        alt_ids={"GO:0000009": "GO:0000001"},
    )
    real = type("Real", (), {"X": np.ones((3, 1)), "terms": terms, "ontology": ontology})
    path = tmp_path / "rows.csv"
    path.write_text("terms,f0\nGO:0000009,1\ngo:0000002; GO:0000003,2\n")
    found = read_judged(path, real, "mf")
    assert found.y.toarray().tolist() == [[1, 0], [0, 1]]
    assert found.n_unknown == {"GO:0000003": 1}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "terms,f0\nGO:1,1e300\n", "'1', record 1"),
        ("a.csv", 'terms,f0\nGO:1,"1,5"\n', "column 'f0' is '1,5'.*where semicolons or tabs"),
        ("a.csv", "terms,f0\nGO:1," + "9" * 5000 + "\n", r"is '9{40}\.\.\.'"),
        ("a.csv", "terms,f0\nGO:1,True\n", "column 'f0' is 'True'"),
        ("a.csv", 'terms,f0\n"GO:1,1\n', "EOF inside string"),
        ("a.csv", "terms" + ",f" * 30_000 + "\n", "30,001 columns"),
        ("a.xlsx", "PK", "a workbook. Save its sheet as CSV"),
        ("a.csv", "terms,f0,f1,f2,f3\n" + ",1,2,3,4\n", "no row claims any term"),
    ],
)
def test_a_table_that_holds_no_vectors_is_refused_where_it_goes_wrong(
    real, tmp_path, name, text, said
):
    wide = type("Real", (), {"X": real.X[:, : 4 if "f3" in text else 1], "terms": real.terms})
    wide.ontology = None
    (tmp_path / name).write_text(text)
    with pytest.raises(EmbeddingFileError, match=said):
        read_judged(tmp_path / name, wide, "mf")


def arrays(real):
    y = real.y[:6]
    return {
        "X": real.X[:6],
        "indptr": np.append(0, np.cumsum(y.sum(axis=1, dtype=np.int64))),
        "indices": np.nonzero(y)[1],
        "terms": real.terms.astype(str),
        "ids": np.array([f"synthetic_mf_{n:06d}" for n in range(6)]),
        "conditioned_on": np.arange(6).astype(str),
        "target_terms": np.repeat(real.terms[:1].astype(str), 6),
        "seed": np.array(0),
    }


def test_a_whole_file_of_generated_proteins_is_read(real, tmp_path):
    np.savez(tmp_path / "rows.npz", **arrays(real))
    np.testing.assert_array_equal(
        Generated.load(tmp_path / "rows.npz").y.toarray(), real.y[:6].astype(np.uint8)
    )


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("X", np.ravel, "X is no matrix of numbers"),
        ("X", lambda X: X.astype(str), "X is no matrix of numbers"),
        ("X", lambda X: X * 1j, "X is no matrix of numbers"),
        ("X", lambda X: X[:5], "are not one a row of X"),
        ("X", lambda X: np.zeros((2**23, 9), dtype=np.uint8), "would unfold from"),
        ("ids", lambda ids: ids[:2], "are not one a row of X"),
        ("ids", lambda ids: ids.astype(object), "only pickle can read"),
        ("indices", lambda at: at + 100, "indices name column 10. of"),
        ("indices", lambda at: at - 100, "indices holds numbers from -100"),
        ("indices", lambda at: at + 0.5, "indices is an array of f8"),
        ("indptr", lambda bounds: bounds[::-1], "indptr does not end"),
        ("indptr", lambda bounds: bounds[:3], "indptr does not end"),
        ("terms", lambda terms: np.arange(len(terms)), "no list of GO ids"),
        ("terms", lambda terms: np.repeat(terms[:1], len(terms)), "GO ids, each there once"),
        ("terms", lambda terms: np.append(terms[1:], "\u200b"), "no list of GO ids"),
        ("X", lambda X: np.where(X[2, 0] == X, np.nan, X), "X holds NaN"),
        ("X", lambda X: np.full(X.shape, np.inf), "X holds NaN, infinity"),
        ("X", lambda X: np.full(X.shape, 1e200), "or what float32 cannot hold"),
        ("X", lambda X: X[:, :0], "X is no matrix of numbers"),
        ("ids", lambda ids: np.append(ids[1:], ids[1]), "ids are blank, there twice"),
        ("ids", lambda ids: np.append(ids[1:], " "), "ids are blank, there twice"),
        ("ids", lambda ids: np.append(ids[1:], "P12345"), "or those of real proteins"),
        ("ids", lambda ids: np.append(ids[1:], "sp|P1|X"), "or those of real proteins"),
        ("ids", lambda ids: np.arange(6), "are not one a row of X, as text"),
        ("conditioned_on", lambda ids: np.zeros(6), "are not one a row of X, as text"),
        ("target_terms", lambda terms: np.full(6, "GO:9"), "target_terms name others than terms"),
        ("indices", np.zeros_like, "indices name a column twice in one row"),
        ("seed", lambda seed: np.zeros(2), "seed is no whole number"),
        ("seed", lambda seed: np.array("0"), "seed is no whole number"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(real, tmp_path, name, spoil, said):
    parts = arrays(real)
    np.savez_compressed(tmp_path / "rows.npz", **parts | {name: spoil(parts[name])})
    with pytest.raises(ArtifactError, match=said):
        Generated.load(tmp_path / "rows.npz")


def test_a_header_that_claims_a_disk_full_is_refused_before_memory_is_taken(real, tmp_path):
    with zipfile.ZipFile(tmp_path / "rows.npz", "w") as archive:
        for name, values in arrays(real).items():
            content = io.BytesIO()
            np.save(content, values)
            # As long as before, so that the header stays whole.
            text = content.getvalue().replace(b"(6, 4), }   ", b"(6, 4999), }")
            archive.writestr(f"{name}.npy", text)
    with pytest.raises(ArtifactError, match="its header claims"):
        Generated.load(tmp_path / "rows.npz")


# How a file may spell P12345 and Q12345, which are held out.
NAMES = {
    "UniProt's headers": ">sp|P12345|A_HUMAN some protein\n>tr|Q12345|B_HUMAN\n",
    "versions and isoforms": "P12345.2\nQ12345-2\n",
    "a table with a header": "EntryID,length\r\n\"P12345\",30\r\n'Q12345';7\r\n",
    "a byte order mark": "\ufeffP12345\nQ12345\n\n",
}


@pytest.fixture
def named(real):
    ids = np.array([f"P{n}" for n in range(len(real.X))], dtype=object)
    ids[[3, 5]] = "P12345", "Q12345"
    data = real.take(np.arange(len(ids)))
    data.protein_ids = ids
    return data


@pytest.mark.parametrize("spelled", NAMES)
def test_held_out_proteins_are_found_however_they_are_spelled(named, tmp_path, spelled):
    (tmp_path / "ids.txt").write_text(NAMES[spelled], newline="")
    train, held_out = _by_name(named, tmp_path / "ids.txt")
    assert held_out.protein_ids.tolist() == ["P12345", "Q12345"]
    assert len(train.X) == len(named.X) - 2


def test_names_that_nobody_has_are_counted(named, tmp_path):
    (tmp_path / "ids.txt").write_text("P12345\nQ99999\nQ99998\n")
    with pytest.warns(AnnotationWarning, match="2 of 3 names are those of no real protein"):
        _by_name(named, tmp_path / "ids.txt")
    (tmp_path / "ids.txt").write_text("Q99999\nQ99998\n")
    with pytest.raises(AnnotationError, match="names 0 of 60 real proteins; Q99999, Q99998 are"):
        _by_name(named, tmp_path / "ids.txt")
