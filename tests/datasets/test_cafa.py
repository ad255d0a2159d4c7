"""A CAFA-5 training folder: files are found under all their names and joined by id."""

import gzip
import os

import h5py
import numpy as np
import pandas as pd
import pytest

from protimb.datasets import read_cafa
from protimb.exceptions import (
    AnnotationError,
    AnnotationWarning,
    EmbeddingWarning,
    FastaError,
    OntologyWarning,
    ProtimbError,
)

OBO = "data-version: toy\n\n" + "".join(
    f"[Term]\nid: GO:{k}\nname: term {k}\nnamespace: molecular_function\n{edge}\n\n"
    for k, edge in [(1, ""), (2, "is_a: GO:1"), (3, "relationship: part_of GO:2")]
)
OBO += "[Term]\nid: GO:9\nname: process\nnamespace: biological_process\n"

TERMS = "EntryID\tterm\taspect\nP1\tGO:3\tMFO\nP2\tGO:2\tMFO\nP3\tGO:9\tBPO\nP1\tGO:9\tBPO\n"

FASTA = ">P2 two\nMKV\n>sp|P1|ONE_HUMAN one\nMLA\n>P3\nMM\n"

# Row k belongs to id k, and the ids are in no order.
IDS = ["P3", "P1", "P2"]
VECTORS = np.array([[3.0, 3.5], [1.0, 1.5], [2.0, 2.5]], dtype=np.float16)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "go-basic.obo").write_text(OBO)
    (tmp_path / "train_terms.tsv").write_text(TERMS)
    (tmp_path / "train_sequences.fasta").write_text(FASTA)
    np.save(tmp_path / "train_ids.npy", np.array(IDS))
    np.save(tmp_path / "train_embeds.npy", VECTORS)
    return tmp_path


def read(folder, ontology="mf", **kwargs):
    return read_cafa(folder, ontology, **{"min_proteins": 1, **kwargs})


def test_vectors_are_joined_by_id_and_never_by_position(folder):
    """Case 59."""
    data = read(folder)
    assert data.protein_ids.tolist() == ["P1", "P2"]
    assert data.X.tolist() == [[1.0, 1.5], [2.0, 2.5]]


def test_annotations_are_propagated_over_part_of_and_the_root_is_left_out(folder):
    data = read(folder)
    assert data.terms.tolist() == ["GO:2", "GO:3"]
    assert data.term_names.tolist() == ["term 2", "term 3"]
    assert data.y.tolist() == [[1, 1], [1, 0]]


def test_gzipped_files_and_the_other_name_of_the_vectors_read_the_same(folder):
    plain = read(folder)
    assert dict(plain.sequences) == {"P1": "MLA", "P2": "MKV"}
    for name in ("go-basic.obo", "train_terms.tsv", "train_sequences.fasta"):
        path = folder / name
        (folder / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    (folder / "train_embeds.npy").rename(folder / "train_embeddings.npy")
    zipped = read(folder)
    np.testing.assert_array_equal(zipped.X, plain.X)
    np.testing.assert_array_equal(zipped.y, plain.y)
    assert zipped.ontology == plain.ontology
    assert dict(zipped.sequences) == dict(plain.sequences)


def test_files_may_lie_in_a_folder_named_train(folder, tmp_path):
    packed = tmp_path / "packed"
    (packed / "Train").mkdir(parents=True)
    for path in [one for one in folder.iterdir() if one.is_file()]:
        path.rename(packed / "Train" / path.name)
    assert read(packed).y.tolist() == [[1, 1], [1, 0]]


def test_without_clusters_every_protein_is_its_own_group(folder):
    assert read(folder).groups.tolist() == ["P1", "P2"]


def test_proteins_of_one_cluster_share_a_group_whatever_their_order_and_spelling(folder):
    lines = ["P2\tD", "P3\tC", "sp|P1|ONE_HUMAN\tC", "P7\tC"]
    (folder / "clusters.tsv").write_text("\n".join(["EntryID\tcluster", *lines]))
    assert read(folder).groups.tolist() == ["C", "D"]


@pytest.mark.parametrize("header", ["cluster\tEntryID\n", ""])
@pytest.mark.parametrize(
    "lines",
    [
        ["C1\tP1", "C1\tP2", "C2\tP3"],
        ["P1\tP1", "P1\tP2", "P3\tP3"],  # as MMseqs2 writes them, named by a protein
        ["P7\tP7", "P7\tsp|P1|ONE_HUMAN", "P7\tP2"],
    ],
)
def test_clusters_with_the_columns_the_other_way_round_are_the_same(folder, header, lines):
    (folder / "clusters.tsv").write_text(header + "\n".join(lines) + "\n")
    groups = read(folder).groups
    assert groups.tolist() == [lines[0].split("\t")[0]] * 2


def test_a_cluster_of_which_one_protein_is_known_is_read_either_way_round(folder):
    lines = ["P1\tP1", "P1\tQ1", "P2\tP2", "P2\tQ2"]
    for columns in (lines, ["\t".join(line.split("\t")[::-1]) for line in lines]):
        (folder / "clusters.tsv").write_text("\n".join(columns) + "\n")
        assert read(folder).groups.tolist() == ["P1", "P2"]


def test_clusters_of_other_proteins_are_refused(folder):
    (folder / "clusters.tsv").write_text("EntryID\tcluster\nQ1\tC\nQ2\tC\n")
    with pytest.raises(AnnotationError, match=r"names none of the 2 proteins, such as P1, P2"):
        read(folder)


def test_proteins_without_a_cluster_warn_and_are_their_own(folder):
    (folder / "clusters.tsv").write_text("EntryID\tcluster\nP3\tC\nP1\tC\n")
    with pytest.warns(AnnotationWarning, match="no cluster for 1 proteins, such as P2"):
        assert read(folder).groups.tolist() == ["C", "P2"]


def test_protein_in_two_clusters_is_refused_with_its_line(folder):
    (folder / "clusters.tsv").write_text("EntryID\tcluster\nP1\tC\nP2\tC\nP1\tD\n")
    with pytest.raises(AnnotationError, match=r"line 4: protein 'P1' is in two clusters"):
        read(folder)


def test_cluster_table_with_a_missing_field_is_refused_with_its_line(folder):
    (folder / "clusters.tsv").write_text("EntryID\tcluster\nP3\n")
    with pytest.raises(AnnotationError, match=r"clusters\.tsv, line 2"):
        read(folder)


def test_sequences_are_read_when_first_asked_for(folder):
    data = read(folder)
    (folder / "train_sequences.fasta").write_text(">P1\nWWW\n")
    assert data.sequences["P1"] == "WWW"


def test_a_protein_without_a_sequence_is_named_when_it_is_asked_for(folder):
    (folder / "train_sequences.fasta").write_text(">P1\nWWW\n")
    with pytest.raises(FastaError, match="no sequence for protein 'P2'"):
        read(folder).sequences["P2"]


def test_folder_without_sequences_is_read(folder):
    (folder / "train_sequences.fasta").unlink()
    assert read(folder).sequences == {}


def test_annotated_protein_without_vector_is_left_out_with_the_coverage(folder):
    """Case 60."""
    np.save(folder / "train_ids.npy", np.array(["P3", "P1", "P8"]))
    with pytest.warns(EmbeddingWarning, match=r"1 of 2 proteins.*50\.0%.*P2"):
        data = read(folder)
    assert data.protein_ids.tolist() == ["P1"]
    assert data.y.tolist() == [[1, 1]]


def test_aspect_that_contradicts_the_ontology_warns_and_the_ontology_is_followed(folder):
    """Case 45."""
    (folder / "train_terms.tsv").write_text(TERMS.replace("P2\tGO:2\tMFO", "P2\tGO:2\tCCO"))
    with pytest.warns(OntologyWarning, match=r"1 annotations.*GO:2 of P2 \(CCO\)"):
        data = read(folder)
    assert data.protein_ids.tolist() == ["P1", "P2"]


@pytest.mark.parametrize(
    "spellings",
    [("F", "P"), ("MF", "BP"), ("molecular_function", "biological_process"), ("mfo", "bpo")],
)
def test_aspects_in_any_vocabulary_agree_with_the_ontology(folder, spellings):
    plain = read(folder)
    function, process = spellings
    text = TERMS.replace("MFO", function).replace("BPO", process)
    (folder / "train_terms.tsv").write_text(text)
    np.testing.assert_array_equal(read(folder).y, plain.y)  # and no warning


def test_an_aspect_of_no_vocabulary_warns_and_names_those_there_are(folder):
    (folder / "train_terms.tsv").write_text(TERMS.replace("P2\tGO:2\tMFO", "P2\tGO:2\tX"))
    with pytest.warns(OntologyWarning, match=r"1 annotations.*none of MFO, .*GO:2 of P2 \(X\)"):
        data = read(folder)
    assert data.protein_ids.tolist() == ["P1", "P2"]


def test_two_columns_of_annotations_are_enough(folder):
    """The ontology knows the aspect."""
    expected = read(folder).fingerprint()
    path = folder / "train_terms.tsv"
    rows = [line.split("\t")[:2] for line in path.read_text().splitlines()[1:]]
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    assert read(folder).fingerprint() == expected


def test_unknown_terms_of_another_release_warn(folder):
    """Case 46."""
    (folder / "train_terms.tsv").write_text(TERMS + "P2\tGO:77\tMFO\n")
    with pytest.warns(OntologyWarning, match=r"1 of 5 annotations.*GO:77.*different releases"):
        read(folder)


def test_ontology_file_that_changed_is_read_again(folder):
    assert read(folder).ontology.version == "toy"
    (folder / "go-basic.obo").write_text(OBO.replace("toy", "other"))
    assert read(folder).ontology.version == "other"


def test_namespace_without_annotations_is_refused(folder):
    with pytest.raises(AnnotationError, match="cellular_component"):
        read(folder, "cc")


@pytest.mark.parametrize("name", ["go-basic.obo", "train_terms.tsv", "train_ids.npy"])
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"has no {name}"):
        read(folder)


def test_description_says_where_the_data_came_from(folder):
    assert str(folder) in read(folder).DESCR


@pytest.mark.parametrize("name", ["train_terms.tsv", "go-basic.obo", "clusters.tsv", "DESCR.md"])
def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(folder, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(ProtimbError, match=f"{name}: this is a pipe"):
        read_cafa(folder, min_proteins=1)


def test_a_description_in_another_encoding_stops_nobody(folder):
    (folder / "DESCR.md").write_bytes(b"caf\xe9")
    assert read(folder).DESCR == "caf\ufffd"


def test_clusters_differ_by_no_blank_and_blank_lines_are_passed_over(folder):
    (folder / "clusters.tsv").write_text("P1\tc1 \n\nP2 \tc1\n\n")
    assert read(folder).groups.tolist() == ["c1", "c1"]


@pytest.mark.parametrize("line", ["P2\t", "\tc1", "P2\t "])
def test_a_protein_or_cluster_without_name_is_refused_with_its_line(folder, line):
    (folder / "clusters.tsv").write_text(f"P1\tc1\n{line}\n")
    with pytest.raises(AnnotationError, match="line 2: expected a protein and its cluster"):
        read(folder)


def test_an_empty_table_of_clusters_is_refused(folder):
    (folder / "clusters.tsv").write_text("")
    with pytest.raises(AnnotationError, match="names none of the 2 proteins"):
        read(folder)


def test_an_ontology_without_annotation_is_refused_with_the_file(folder):
    message = r"train_terms\.tsv: none of 4 .*cellular_component.*--ontology does so"
    with pytest.raises(AnnotationError, match=message):
        read(folder, "cc")


def test_limits_that_no_term_meets_are_refused(folder):
    with pytest.raises(ValueError, match="min_proteins=5 or more, and max_proteins=2"):
        read(folder, min_proteins=5, max_proteins=2)


def save_as(path, ids, X):
    """Write vectors in the format of a suffix."""
    table = pd.DataFrame(X.astype(np.float32), columns=["a", "b"])
    table.insert(0, "EntryID", ids)
    if path.suffix == ".npz":
        np.savez(path, ids=np.array(ids), embeddings=X)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file.update(zip(ids, X, strict=True))
    elif path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="\t", index=False)


@pytest.mark.parametrize("name", ["embeds.npz", "embeddings.h5", "embeds.parquet", "embeds.tsv.gz"])
def test_vectors_of_any_format_are_joined_by_their_own_ids(folder, name):
    plain = read(folder)
    (folder / "train_embeds.npy").unlink()
    np.save(folder / "train_ids.npy", np.array(["X1", "X2", "X3"]))  # of the matrix that is gone
    save_as(folder / f"train_{name}", IDS, VECTORS)
    data = read(folder)
    assert data.protein_ids.tolist() == plain.protein_ids.tolist()
    np.testing.assert_array_equal(data.X, plain.X)


def test_vectors_that_are_missing_are_named_by_stem_and_formats(folder):
    (folder / "train_embeds.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"no train_embeds or .*, with \.npy,"):
        read(folder)


def test_a_folder_as_cafa_6_packs_it_is_read(folder, tmp_path):
    """One letter an aspect, names of UniProt in the sequences, IA.tsv beside Train and Test."""
    plain = read(folder)
    root = tmp_path / "cafa6"
    (root / "Test").mkdir(parents=True)
    (root / "Test" / "testsuperset.fasta").write_text(">Q9 9606\nMK\n")
    (root / "IA.tsv").write_text("GO:2\t0.5\n")
    (root / "Train").mkdir()
    (root / "Train" / "train_taxonomy.tsv").write_text("P1\t9606\n")
    for path in [one for one in folder.iterdir() if one.is_file()]:
        path.rename(root / "Train" / path.name)
    terms = TERMS.replace("MFO", "F").replace("BPO", "P")
    (root / "Train" / "train_terms.tsv").write_text(terms)
    data = read(root)
    np.testing.assert_array_equal(data.y, plain.y)
    np.testing.assert_array_equal(data.X, plain.X)
    assert data.sequences["P1"] == "MLA"


@pytest.mark.parametrize(
    "header", ["EntryID\tcluster", "Protein\tGroup", "member\trepresentative", "accession\tc"]
)
def test_a_header_says_which_column_of_clusters_holds_the_proteins(folder, header):
    # Both columns name proteins, and by their counts either could be that of the members.
    lines = ["P1\tP3", "P2\tP1", "P3\tP2"]
    (folder / "clusters.tsv").write_text("\n".join([header, *lines]))
    assert read(folder).groups.tolist() == ["P3", "P1"]
    turned = ["\t".join(line.split("\t")[::-1]) for line in [header, *lines]]
    (folder / "clusters.tsv").write_text("\n".join(turned))
    assert read(folder).groups.tolist() == ["P3", "P1"]


def test_a_header_of_words_that_nobody_knows_is_no_protein(folder):
    (folder / "clusters.tsv").write_text("who\twhere\nP1\tC\nP2\tD\n")
    assert read(folder).groups.tolist() == ["C", "D"]
