"""CAFA-3 in both layouts: the split is theirs, terms are counted in training, nothing is run."""

import os
import pickle
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from protimb.classification import AlignmentTermClassifier
from protimb.comparison import compare
from protimb.datasets import read_cafa3, write_predictions
from protimb.evaluation import evaluate_predictions
from protimb.exceptions import (
    AnnotationError,
    AnnotationWarning,
    EmbeddingWarning,
    FastaError,
    OntologyWarning,
    ProtimbError,
)

OBO = "data-version: cafa3\n\n" + "".join(
    f"[Term]\nid: GO:{k}\nname: term {k}\nnamespace: {space}\n{edge}\n\n"
    for k, space, edge in [
        (1, "molecular_function", ""),
        (2, "molecular_function", "is_a: GO:1"),
        (3, "molecular_function", "is_a: GO:2"),
        (4, "molecular_function", "is_a: GO:1"),
        (7, "cellular_component", ""),
        (8, "cellular_component", "is_a: GO:7"),
    ]
)
RELEASE = {
    "CAFA3_training_data/uniprot_sprot_exp.fasta": ">P1 one\nMKV\nLA\n>P2\nmla\n>P3\nGGH\n",
    "CAFA3_training_data/uniprot_sprot_exp.txt": "P1\tGO:3\tF\nP2\tGO:2\tF\nP3\tGO:8\tC\n",
    "CAFA3_targets/target.9606.fasta": ">T9606001 A_HUMAN\nMKK\n>T9606002 B_HUMAN\nMWW\n",
    "CAFA3_targets/target.10090.fasta": ">T10090001 A_MOUSE\nMCC\n",
    "benchmark20171115/groundtruth/leafonly_MFO.txt": "T9606001\tGO:3\nT10090001\tGO:4\n",
    "benchmark20171115/groundtruth/leafonly_CCO.txt": "T9606002\tGO:8\n",
    "benchmark20171115/lists/mfo_all_type1.txt": "T9606001\n",
    "benchmark20171115/lists/mfo_all_type2.txt": "T10090001\n",
    "go_cafa3.obo": OBO,
}


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def release(tmp_path):
    return write(tmp_path / "cafa3", RELEASE)


def read(folder, ontology="mf", **options):
    return read_cafa3(folder, ontology, **{"min_proteins": 1, **options})


def test_proteins_of_the_ontology_stand_in_their_part_with_their_residues(release):
    data = read(release)
    assert data.protein_ids.tolist() == ["P1", "P2", "T10090001", "T9606001"]
    assert data.split.tolist() == ["train", "train", "test", "test"]
    assert data.sequences == {"P1": "MKVLA", "P2": "MLA", "T10090001": "MCC", "T9606001": "MKK"}
    assert data.knowledge.tolist() == ["", "", "limited", "none"]
    assert data.X.shape == (4, 0)
    assert data.ontology.version == "cafa3"


def test_terms_are_those_of_training_and_truth_beyond_them_is_counted(release):
    data = read(release)
    assert data.terms.tolist() == ["GO:2", "GO:3"]
    assert data.y.tolist() == [[1, 1], [1, 0], [0, 0], [1, 1]]
    assert data.n_terms_left_out.tolist() == [0, 0, 1, 0]  # GO:4 of the mouse
    assert read(release, min_proteins=2).terms.tolist() == ["GO:2"]


def test_a_part_can_be_taken_and_keeps_its_fields(release):
    test = read(release)
    test = test.take(test.split == "test")
    assert test.knowledge.tolist() == ["limited", "none"]
    assert list(test.sequences) == ["T10090001", "T9606001"]


def test_vectors_are_joined_by_id_and_the_part_can_be_written(release, tmp_path):
    """Cases 59 and 60."""
    ids = np.array(["T9606001", "P2", "P1", "other"])
    np.savez(tmp_path / "v.npz", ids=ids, embeddings=np.arange(8.0).reshape(4, 2))
    with pytest.warns(EmbeddingWarning, match="T10090001"):
        data = read(release, vectors=tmp_path / "v.npz")
    assert data.X.tolist() == [[4, 5], [2, 3], [0, 1]]
    assert data.split.tolist() == ["train", "train", "test"]
    data.take(data.split == "train").write_cafa(tmp_path / "train")
    assert (tmp_path / "train" / "train_sequences.fasta").read_text() == ">P1\nMKVLA\n>P2\nMLA\n"


def test_the_later_of_two_benchmarks_is_read(release):
    early = {
        "benchmark20170605/groundtruth/leafonly_MFO.txt": "T9606002\tGO:2\n",
        "benchmark20170605/lists/mfo_all_type1.txt": "T9606002\n",
    }
    assert read(write(release, early)).protein_ids.tolist()[2:] == ["T10090001", "T9606001"]


def test_lists_are_those_of_the_benchmark_that_is_read(release):
    """The lists of an earlier one say what was known at another time; those beside all count."""
    early = {
        "benchmark20170605/groundtruth/leafonly_MFO.txt": "T9606002\tGO:2\n",
        "benchmark20170605/lists/mfo_all_type1.txt": "T10090001\n",
    }
    for path in release.glob("benchmark20171115/lists/*"):
        path.unlink()
    assert set(read(write(release, early)).knowledge) == {""}
    shutil.rmtree(release / "benchmark20170605")
    beside = write(release, {"lists/mfo_all_type1.txt": "T10090001\n"})
    assert read(beside).knowledge.tolist() == ["", "", "none", ""]


def test_targets_with_other_residues_in_another_file_are_refused(release):
    again = {"CAFA3_targets/target.all.fasta": ">T9606001\nMKK\n"}
    assert len(read(write(release, again)).protein_ids) == 4
    with pytest.raises(AnnotationError, match=r"target\.all\.fasta: T9606001 has other residues"):
        read(write(release, {"CAFA3_targets/target.all.fasta": ">T9606001\nMAA\n"}))


def test_without_vectors_no_folder_can_be_written_and_none_learns_from_them(release, tmp_path):
    data = read(release)
    with pytest.raises(ValueError, match=r"have no vectors .* read_cafa3\(vectors=...\)"):
        data.write_cafa(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    with pytest.raises(ValueError, match=r"have no vectors .* ros, mlp\+knn need some"):
        compare(data, arms=["ros"], classifiers=["alignment", "mlp+knn"])


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("go_cafa3.obo", None, FileNotFoundError, "no go_cafa3.obo or gene_ontology_edit.obo"),
        ("leafonly_MFO.txt", "", AnnotationError, "leafonly_MFO.txt"),
        ("leafonly_MFO.txt", "T9606001 GO:3\n", AnnotationError, "line 1"),
        ("leafonly_MFO.txt", "T9\tGO:3\nT8\tGO:4\n", AnnotationError, "no test protein has a seq"),
        ("leafonly_MFO.txt", "P1\tGO:3\n", AnnotationError, "targets and in training: P1"),
        ("target.9606.fasta", ">T9606001\n", FastaError, "empty sequence"),
        ("target.9606.fasta", "MKV\n", FastaError, "line 1"),
        ("uniprot_sprot_exp.fasta", ">P1\nMK1\n", FastaError, "no residues: '1'"),
        ("uniprot_sprot_exp.fasta", None, FileNotFoundError, "uniprot_sprot_exp.fasta"),
        ("mfo_all_type2.txt", "T9606001\n", AnnotationError, "in the list of type 1 as well"),
        ("mfo_all_type2.txt", "\n", AnnotationError, "no protein in this file"),
    ],
)
@pytest.mark.filterwarnings("ignore::protimb.exceptions.AnnotationWarning")
def test_a_bad_file_of_the_release_is_named(release, name, text, error, message):
    """Cases 50, 52, 54 and 56."""
    (path,) = release.rglob(name)
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(error, match=message):
        read(release)


@pytest.mark.parametrize("name", ["mfo_all_type1.txt", "leafonly_CCO.txt", "go_cafa3.obo"])
def test_a_pipe_in_place_of_a_file_is_refused_and_not_passed_over(release, name):
    (path,) = release.rglob(name)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ProtimbError, match=f"{name}: this is a pipe"):
        read(release, "cc" if "CCO" in name else "mf")


def test_targets_without_files_are_asked_for(release):
    for path in release.rglob("target*"):
        path.unlink()
    with pytest.raises(FileNotFoundError, match=r"no target\*.fasta"):
        read(release)


def test_a_protein_without_a_sequence_is_left_out_with_a_word(release):
    write(release, {"CAFA3_targets/target.10090.fasta": ">T10090002\nMM\n"})
    with pytest.warns(AnnotationWarning, match="no sequence of 1 of 4 annotated.*T10090001"):
        assert "T10090001" not in read(release).protein_ids


def test_a_term_that_the_ontology_lacks_is_left_out_with_a_word(release):
    path = release / "benchmark20171115/groundtruth/leafonly_MFO.txt"
    path.write_text(path.read_text() + "T9606001\tGO:99\n")
    with pytest.warns(OntologyWarning, match="GO:99"):
        assert len(read(release).protein_ids) == 4


@pytest.mark.parametrize("what", ["there is no such folder", "empty", "a file"])
def test_a_folder_of_another_kind_is_told_what_it_lacks(tmp_path, what):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file").write_text("x")
    with pytest.raises(FileNotFoundError, match=r"leafonly_|is no folder"):
        read(tmp_path / what)


def test_limits_and_ontologies_that_cannot_be_are_refused(release):
    with pytest.raises(ValueError, match="max_proteins=2"):
        read(release, min_proteins=3, max_proteins=2)
    with pytest.raises(ValueError, match="ontology must be one of"):
        read(release, "xx")
    with pytest.raises(FileNotFoundError, match="leafonly_BPO"):
        read(release, "bp")


def protein(name, residues):
    return {"ID": name, "ac": "A0", "date": "2015", "seq": residues, "GO": []}


def term(number, parents):
    return {"name": f"term {number}", "ind": number, "father": parents, "child": []}


@pytest.fixture(scope="module")
def pickled(tmp_path_factory):
    """Write TALE's files as its authors do, pickled lists and dicts."""
    folder = tmp_path_factory.mktemp("tale")
    holdings = {
        "train_seq_mf": [protein("A_HUMAN", "MKV"), protein("B_HUMAN", "MLA")],
        "train_label_mf": [[0, 1, 2], [0, 1]],
        "test_seq_mf": [protein("C_MOUSE", "MKK")],
        "test_label_mf": [[0, 3]],
        "mf_go_1.pickle": {
            "GO:1": term(0, []),
            "GO:2": term(1, ["GO:1"]),
            "GO:3": term(2, ["GO:2", "GO:77"]),  # the table was cut to terms that are used
            "GO:4": term(3, ["GO:1"]),
        },
    }
    for name, held in holdings.items():
        (folder / name).write_bytes(pickle.dumps(held))
    return folder


def convert(folder, call):
    """Follow the advice of each refusal, by a shell, until the folder is read."""
    for _ in range(9):
        try:
            return call()
        except AnnotationError as error:
            line = re.search("python -c .*", str(error))[0]
            words = [sys.executable, *shlex.split(line)[1:]]
            subprocess.run(words, cwd=folder, check=True)
    raise AssertionError("the advice does not help")


@pytest.fixture(scope="module")
def converted(pickled, tmp_path_factory):
    folder = shutil.copytree(pickled, tmp_path_factory.mktemp("converted") / "tale")
    convert(folder, lambda: read(folder))
    return folder


@pytest.fixture
def tale(converted, tmp_path):
    return shutil.copytree(converted, tmp_path / "tale")


def test_pickled_files_of_tale_are_read_once_they_are_converted_as_advised(tale):
    data = read(tale)
    assert data.protein_ids.tolist() == ["A_HUMAN", "B_HUMAN", "C_MOUSE"]
    assert data.split.tolist() == ["train", "train", "test"]
    assert data.terms.tolist() == ["GO:2", "GO:3"]
    assert data.term_names.tolist() == ["term 1", "term 2"]
    assert data.y.tolist() == [[1, 1], [1, 0], [0, 0]]
    assert data.n_terms_left_out.tolist() == [0, 0, 1]
    assert data.sequences["C_MOUSE"] == "MKK"
    assert set(data.knowledge) == {""}


class Evil:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.mark.parametrize(
    "name", ["train_seq_mf", "train_label_mf", "test_seq_mf", "test_label_mf", "mf_go_1.pickle"]
)
def test_nothing_is_unpickled(tale, tmp_path, name):
    """Case 70."""
    made = {"seq": ".fasta", "lab": ".txt", "go_": ".tsv"}
    ending = next(end for part, end in made.items() if part in name)
    (tale / f"{name.removesuffix('.pickle')}{ending}").unlink()
    (tale / name).write_bytes(pickle.dumps(Evil(tmp_path / "marker")))
    with pytest.raises(AnnotationError, match="is pickled, and unpickling runs what the file says"):
        read(tale)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("train_label_mf.txt", "0 1 2\n", "1 lines of labels, but 2 sequences"),
        ("train_label_mf.txt", "0 1 2\n0 9\n", "line 2: 9 is the number of no term; there are 4"),
        ("train_label_mf.txt", "0 1 2\n0 -1\n", "line 2: -1 is the number of no term"),
        ("train_label_mf.txt", "[0, 1]\n[0]\n", "line 1: .* is the number of no term"),
        ("test_seq_mf.fasta", ">A_HUMAN\nMKV\n", "1 proteins are in both parts.*A_HUMAN"),
        ("mf_go_1.tsv", "GO:1\t0\troot\n", "line 1: expected a term, its number"),
        ("mf_go_1.tsv", "GO:1\tx\troot\t\n", "line 1: expected a term, its number"),
        ("mf_go_1.tsv", "\t0\troot\t\n", "line 1: expected a term, its number"),
        ("mf_go_1.tsv", "GO:1\t0\ta\t\nGO:2\t0\tb\tGO:1\n", "two lines have one term, or one"),
    ],
)
def test_a_bad_file_of_tale_is_named_with_its_line(tale, name, text, message):
    (tale / name).write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read(tale)


def test_a_file_of_tale_that_is_missing_is_named(tale):
    for name in ("train_label_mf", "train_label_mf.txt"):
        (tale / name).unlink()
    with pytest.raises(FileNotFoundError, match=r"neither train_label_mf.txt nor train_label_mf"):
        read(tale)


def test_predictions_are_held_against_the_folder_by_what_was_known(release, tmp_path):
    """By hand: the human target is right, the mouse has a wrong term beside the right one."""
    rows = "T9606001\tGO:3\t0.9\nT10090001\tGO:4\t0.8\nT10090001\tGO:2\t0.8\n"
    (tmp_path / "p.tsv").write_text(rows)
    found = evaluate_predictions(
        tmp_path / "p.tsv", release, release / "go_cafa3.obo", no_orphans=True
    )
    fmax = found.summary["fmax"].xs("all", level="terms")
    assert fmax["molecular_function"].round(3).to_dict() == {
        "all": round(2 * 0.75 / 1.75, 3),
        "none": 1.0,
        "limited": round(2 * 0.5 / 1.5, 3),
    }
    assert found.summary["n_proteins"]["molecular_function", "all", "all"] == 2
    assert set(fmax["cellular_component"].index) == {"all"}  # for which there is no list


def test_a_list_of_targets_leaves_the_others_out(release, tmp_path):
    (tmp_path / "p.tsv").write_text("T9606001\tGO:2\t0.9\nT10090001\tGO:4\t0.8\n")
    truth, obo = (
        release / "benchmark20171115/groundtruth/leafonly_MFO.txt",
        release / "go_cafa3.obo",
    )

    def fmax(targets):
        options = {"targets": targets, "no_orphans": True}
        found = evaluate_predictions(tmp_path / "p.tsv", truth, obo, **options)
        return found.summary[["n_proteins", "fmax"]].iloc[0].round(3).tolist()

    assert fmax(release / "benchmark20171115/lists/mfo_all_type1.txt") == [1, 0.667]
    assert fmax(["T10090001", "elsewhere"]) == [1, 1.0]
    with pytest.raises(AnnotationError, match="is among the 1 targets, P9"):
        fmax(["P9"])
    with pytest.raises(AnnotationError, match="targets: no protein in it"):
        fmax([])
    (tmp_path / "none.txt").write_text("\n")
    with pytest.raises(AnnotationError, match="no protein in this file"):
        fmax(tmp_path / "none.txt")


def test_predictions_are_held_against_the_files_of_tale(tale, tmp_path, release):
    (tmp_path / "p.tsv").write_text("C_MOUSE\tGO:4\t0.9\nC_MOUSE\tGO:2\t0.5\n")
    obo = release / "go_cafa3.obo"
    found = evaluate_predictions(tmp_path / "p.tsv", tale, obo, no_orphans=True)
    assert found.summary["fmax"].tolist() == [1.0]


def test_scores_of_a_classifier_of_sequences_go_all_the_way(release, tmp_path):
    data = read(release)
    train, test = (data.take(data.split == part) for part in ("train", "test"))
    align = AlignmentTermClassifier("kmer").fit(train.sequences, train.y)
    table = pd.DataFrame(
        align.predict_proba(test.sequences), index=test.protein_ids, columns=data.terms
    )
    write_predictions(table, tmp_path / "p.tsv", data.ontology)
    found = evaluate_predictions(tmp_path / "p.tsv", release, data.ontology, no_orphans=True)
    assert found.summary["coverage"]["molecular_function", "all", "all"] == 1
