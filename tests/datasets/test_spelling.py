"""Names that cannot be told apart, or are not there, enter by no reader."""

import numpy as np
import pandas as pd
import pytest

from protimb.datasets import (
    ProteinData,
    make_longtail_multilabel,
    read_annotations,
    read_embeddings,
    read_fasta,
    read_gaf,
    read_gpad,
    read_predictions,
)
from protimb.datasets._cafa import _read_groups
from protimb.datasets._cafa3_release import read_names
from protimb.datasets._term_pairs import read_term_pairs
from protimb.exceptions import ProtimbError
from protimb.ontology import read_information_accretion, read_obo, read_term_vectors

GAF = "UniProtKB\t{0}\tX\tenables\t{1}\tPMID:1\tIDA\t\tF\t\t\tprotein\ttaxon:9606\t2024\tU\t\t\n"
GPAD = "UniProtKB:{0}\t\tRO:0002327\t{1}\tPMID:1\tECO:0000314\t\t\t2024-01-01\tU\t\t\n"
TERM = "[Term]\nid: {1}\nname: x\nnamespace: y\n"

# A reader -> the name of its file, and lines with a place for a protein and one for a term.
READERS = {
    "fasta": (read_fasta, "a.fasta", ">{0}\nMKV\n"),
    "annotations": (read_annotations, "a.tsv", "EntryID\tterm\n{0}\t{1}\n"),
    "gaf": (read_gaf, "a.gaf", "!gaf-version: 2.2\n" + GAF),
    "gpad": (read_gpad, "a.gpad", "!gpad-version: 2.0\n" + GPAD),
    "predictions": (read_predictions, "a.txt", "{0}\t{1}\t0.5\n"),
    "pairs": (read_term_pairs, "b.tsv", "{0}\t{1}\n"),
    "lists": (read_names, "c.txt", "{0}\n"),
    "vectors": (read_embeddings, "d.tsv", "EntryID\tx\n{0}\t1.5\n"),
    "clusters": (lambda path: _read_groups(path, np.array(["P1"])), "e.tsv", "P1\t{0}\n"),
    "accretion": (read_information_accretion, "IA.txt", "{1}\t0.5\n"),
    "term vectors": (read_term_vectors, "f.tsv", "{1}\t0.5\t1\n"),
    "obo": (read_obo, "a.obo", "format-version: 1.2\n\n" + TERM),
}
WITH_PROTEINS = [name for name, (_, _, line) in READERS.items() if "{0}" in line]
WITH_TERMS = [name for name, (_, _, line) in READERS.items() if "{1}" in line]
NOWHERE = {"zero width": "\u200b", "no-break space": "\xa0", "spaces": "  ", "mark": "\u2060"}


def read(tmp_path, name, protein="P1", term="GO:0000001"):
    reader, file, line = READERS[name]
    (tmp_path / file).write_text(line.format(protein, term), encoding="utf-8")
    return reader(tmp_path / file)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_takes_plain_names(tmp_path, name):
    assert len(read(tmp_path, name))


# In lists of proteins a blank line is no protein.
@pytest.mark.parametrize("blank", NOWHERE)
@pytest.mark.parametrize("name", [one for one in WITH_PROTEINS if one != "lists"])
def test_a_protein_or_cluster_that_nobody_sees_is_refused(tmp_path, name, blank):
    """Case 54."""
    with pytest.raises(ProtimbError, match=READERS[name][1] if name != "vectors" else "Row 0"):
        read(tmp_path, name, protein=NOWHERE[blank])


@pytest.mark.parametrize("blank", NOWHERE)
@pytest.mark.parametrize("name", WITH_TERMS)
def test_a_term_that_nobody_sees_is_refused(tmp_path, name, blank):
    with pytest.raises(ProtimbError, match=READERS[name][1]):
        read(tmp_path, name, term=NOWHERE[blank])


@pytest.mark.parametrize("name", WITH_PROTEINS)
def test_a_mark_within_a_protein_that_would_join_with_no_other_is_refused(tmp_path, name):
    with pytest.raises(ProtimbError, match="holds the invisible character"):
        read(tmp_path, name, protein="P1\ufeffQ")


@pytest.mark.parametrize("name", WITH_TERMS)
def test_a_mark_within_a_term_is_refused(tmp_path, name):
    with pytest.raises(ProtimbError, match="holds the invisible character"):
        read(tmp_path, name, term="GO:1\u200bX")


@pytest.mark.parametrize("empty", ["sp||X_HUMAN", "tr||", "sp|", "UniProtKB:"])
@pytest.mark.parametrize("name", [one for one in WITH_PROTEINS if one != "clusters"])
def test_a_name_without_its_accession_is_no_protein(tmp_path, name, empty):
    """Case 54: two such proteins would be one."""
    with pytest.raises(ProtimbError, match="has no accession"):
        read(tmp_path, name, protein=empty)


@pytest.mark.parametrize("name", ["SP|P1|x", "é", "a b"[:1], "NA", "1E5", "..", "\x1b[31m"])
def test_odd_names_that_are_there_stay_what_they_are(tmp_path, name):
    assert read(tmp_path, "annotations", protein=name)["EntryID"].tolist() == [name]
    assert list(read(tmp_path, "fasta", protein=name)) == [name]


@pytest.mark.parametrize("name", ["annotations", "gaf", "gpad"])
def test_the_line_of_a_name_is_that_of_the_name(tmp_path, name):
    reader, file, line = READERS[name]
    good, bad = line.format("P1", "GO:1"), line.splitlines()[-1].format("P2", "GO:\u200b2")
    (tmp_path / file).write_text(good + bad + "\n", encoding="utf-8")
    with pytest.raises(ProtimbError, match=rf"{file}, line 3: the term 'GO:\\u200b2'"):
        reader(tmp_path / file)


@pytest.mark.parametrize("name", ["annotations", "gaf", "gpad", "pairs"])
def test_a_file_of_annotations_without_a_row_is_refused(tmp_path, name):
    reader, file, line = READERS[name]
    header = line.splitlines()[0] if name != "pairs" else "EntryID\tterm"
    (tmp_path / file).write_text(f"{header}\n\n")
    with pytest.raises(ProtimbError, match="no annotation in"):
        reader(tmp_path / file)


def test_a_line_of_term_vectors_that_starts_with_a_blank_lacks_its_term(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("GO:1 0.5 1.5\n 0.25 0.5 1.5\n")
    with pytest.raises(ProtimbError, match="line 2: starts with a blank"):
        read_term_vectors(path)
    path.write_text(" 0.25 0.5\n")  # whose only number would be that of a term 0.25
    with pytest.raises(ProtimbError, match="line 1: starts with a blank"):
        read_term_vectors(path)


@pytest.mark.parametrize("bad", [1.0, True, 2 + 1j, ["P1"], np.float32(3)])
def test_ids_that_are_no_text_are_refused(tmp_path, bad):
    np.save(tmp_path / "x.npy", np.eye(2))
    with pytest.raises(ProtimbError, match=r"Row 1, .*not text"):
        read_embeddings(tmp_path / "x.npy", ["P1", bad])


def test_ids_saved_as_numbers_with_a_point_are_refused_and_whole_ones_read(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(2))
    np.save(tmp_path / "ids.npy", np.array([1.0, 2.0]))
    with pytest.raises(ProtimbError, match=r"1\.0 is no name that other files have"):
        read_embeddings(tmp_path / "x.npy", tmp_path / "ids.npy")
    np.save(tmp_path / "ids.npy", np.array([np.nan, 2.0]))
    with pytest.raises(ProtimbError, match=r"Row 0, .*has no protein id"):
        read_embeddings(tmp_path / "x.npy", tmp_path / "ids.npy")
    np.save(tmp_path / "ids.npy", np.array([7, 8]))
    assert read_embeddings(tmp_path / "x.npy", tmp_path / "ids.npy")[1].tolist() == ["7", "8"]


@pytest.fixture(scope="module")
def toy():
    return make_longtail_multilabel(6, 2, 2, random_state=0).ontology


def from_arrays(toy, table, **more):
    options = {"protein_ids": ["P1", "P2"], "min_proteins": 1} | more
    return ProteinData.from_arrays(np.eye(2), table, toy, **options)


@pytest.mark.parametrize(
    ("protein", "said"),
    [
        (1.0, "no text, the first is row 1"),
        (b"P2", "no text, the first is row 1"),
        (" \xa0", "lack a protein or a term, the first is row 1"),
        (None, "lack a protein or a term, the first is row 1"),
        ("\u200b", "is blank"),
        ("sp||X", "has no accession"),
    ],
)
def test_annotations_in_memory_name_proteins_by_text(toy, protein, said):
    term = toy.terms[0]
    table = pd.DataFrame({"EntryID": ["P1", protein], "term": [term, term]}, dtype=object)
    with pytest.raises(ProtimbError, match=said):
        from_arrays(toy, table)


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\xa0", None, float("nan")])
def test_proteins_whose_cluster_has_no_name_are_clusters_of_their_own(toy, blank):
    table = pd.DataFrame({"EntryID": ["P1", "P2"], "term": toy.terms[0]})
    data = from_arrays(toy, table, groups=[blank, blank])
    assert data.groups.tolist() == ["P1", "P2"]


@pytest.mark.parametrize("size", ["3\u00b2", "9" * 5000])
def test_what_looks_like_a_count_and_is_none_is_refused(tmp_path, size):
    (tmp_path / "v.vec").write_text(f"{size} 2\nGO:1 0.5 1\n", encoding="utf-8")
    with pytest.raises(ProtimbError, match=r"v\.vec"):
        read_term_vectors(tmp_path / "v.vec")
