"""ingest: what is kept fits together, what is lost is counted, the folder is whole or absent."""

import gzip
import json

import numpy as np
import pytest
from command import invoke
from numpy.testing import assert_array_equal

from protimb.comparison import describe_imbalance
from protimb.datasets import read_annotations, read_cafa, read_fasta
from protimb.embeddings import EncoderRecord, KmerEncoder, embed_fasta
from protimb.exceptions import AnnotationError, EmbeddingFileError, FastaError
from protimb.ingest import ingest

OBO = """format-version: 1.2
data-version: toy/2026-01-01

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function

[Term]
id: GO:0000001
name: binding
namespace: molecular_function
alt_id: GO:0000011
is_a: GO:0003674

[Term]
id: GO:0000002
name: rare binding
namespace: molecular_function
is_a: GO:0000001

[Term]
id: GO:0005575
name: cellular_component
namespace: cellular_component

[Term]
id: GO:0000021
name: old binding
namespace: molecular_function
is_obsolete: true
replaced_by: GO:0000002

[Term]
id: GO:0000022
name: older binding
namespace: molecular_function
is_obsolete: true
consider: GO:0000001
consider: GO:0000002
"""

FASTA = """>sp|P12345|ONE_HUMAN Protein one
MKVLAMKVLA
>Q00002
mkvl*
>Q00003
MK-VLUX
>Q00004
MKVLAA
>Q00004 again
MKVLAA
>Q00005
MKKKK
"""


def gaf_line(protein, term, evidence="IDA", qualifier="enables", taxon="9606", aspect="F"):
    fields = ["UniProtKB", protein, "X", qualifier, term, "PMID:1", evidence, "", aspect, "", ""]
    return "\t".join([*fields, "protein", f"taxon:{taxon}", "20240101", "UniProt", "", ""]) + "\n"


GAF = "!gaf-version: 2.2\n" + "".join(
    [
        gaf_line("P12345", "GO:0000011"),
        gaf_line("P12345", "GO:0000001"),  # the same term by its present id
        gaf_line("P12345-2", "GO:0005575", aspect="C"),
        gaf_line("Q00002", "GO:0000021"),
        gaf_line("Q00002", "GO:0000022"),
        gaf_line("Q00003", "GO:0000002"),
        gaf_line("Q00003", "GO:0000002", evidence="TAS"),
        gaf_line("Q00003", "GO:7777777"),
        gaf_line("Q00003", "GO:0000001", qualifier="NOT|enables"),
        gaf_line("Q00004", "GO:0000002", evidence="IEA"),
        gaf_line("Q00004", "GO:0005575", aspect="F"),
        gaf_line("Q00005", "GO:0000002", taxon="10090"),
        gaf_line("Q99999", "GO:0000002"),
    ]
)


@pytest.fixture
def files(tmp_path):
    """A FASTA file, annotations and an ontology with one of each fault; minhash, for speed."""
    contents = {"fasta": ("a.fasta", FASTA), "annotations": ("a.txt", GAF), "obo": ("a.obo", OBO)}
    for name, text in contents.values():
        (tmp_path / name).write_text(text)
    paths = {what: tmp_path / name for what, (name, _) in contents.items()}
    return paths | {"out": tmp_path / "out", "clusters": "minhash"}


def rows_of(folder):
    table = read_annotations(folder / "train_terms.tsv")
    return sorted(map(tuple, table.to_numpy().tolist()))


def test_what_is_written_is_what_fits_together(files):
    ingest(**files, taxon=9606)
    assert rows_of(files["out"]) == [
        ("P12345", "GO:0000001", "MFO"),
        ("P12345", "GO:0005575", "CCO"),
        ("Q00002", "GO:0000002", "MFO"),
        ("Q00003", "GO:0000002", "MFO"),
        ("Q00004", "GO:0005575", "CCO"),
    ]
    sequences = read_fasta(files["out"] / "train_sequences.fasta")
    assert sequences == {
        "P12345": "MKVLAMKVLA",
        "Q00002": "MKVL",
        "Q00003": "MKXVLUX",
        "Q00004": "MKVLAA",
    }


def test_days_of_annotations_are_kept_the_first_where_two_become_one(files):
    old = gaf_line("P12345", "GO:0000011").replace("20240101", "20190607")
    undated = gaf_line("Q00002", "GO:0000021").replace("20240101", "")
    text = GAF.replace(gaf_line("P12345", "GO:0000011"), old)
    files["annotations"].write_text(text.replace(gaf_line("Q00002", "GO:0000021"), undated))
    report = ingest(**files)
    lines = (files["out"] / "train_terms.tsv").read_text().splitlines()
    assert lines[0] == "EntryID\tterm\taspect\tdate"
    assert "P12345\tGO:0000001\tMFO\t2019-06-07" in lines
    assert "P12345\tGO:0005575\tCCO\t2024-01-01" in lines
    assert "Q00002\tGO:0000002\tMFO\t" in lines
    assert report.count("annotations without a date") == 1
    pairs = files["annotations"].with_name("pairs.tsv")
    pairs.write_text("EntryID\tterm\nP12345\tGO:0000001\n")
    ingest(**files | {"annotations": pairs, "out": files["out"].with_name("bare")})
    bare = files["out"].with_name("bare") / "train_terms.tsv"
    assert bare.read_text() == "EntryID\tterm\taspect\nP12345\tGO:0000001\tMFO\n"


@pytest.mark.parametrize(
    ("what", "n"),
    [
        ("ids reduced to accessions", 1),
        ("records that repeat one", 1),
        ("sequences with a stop at the end, which was cut", 1),
        ("sequences with gaps or inner stops, read as X", 1),
        ("sequences in lower case", 1),
        ("sequences with rare residues (B J O U X Z), which were kept", 1),
        ("sequences without an annotation that is kept", 1),
        ("lines of another taxon", 1),
        ("lines of evidence IEA, not wanted", 1),
        ("lines of evidence IDA, kept", 10),
        ("annotations qualified by NOT", 1),
        ("annotations named more than once", 1),
        ("lines of isoforms or chains, given to their protein", 1),
        ("annotated proteins without a sequence", 1),
        ("annotations of alternative ids, mapped to the term", 1),
        ("annotations of obsolete terms, replaced", 1),
        ("annotations of obsolete terms without a single replacement", 1),
        ("annotations of terms that the ontology lacks", 1),
        ("annotations whose aspect contradicts the ontology", 1),
        ("annotations that became one by mapping", 1),
    ],
)
def test_each_way_to_be_lost_or_changed_is_counted(files, what, n):
    assert ingest(**files, taxon=9606).count(what) == n


def test_no_annotation_is_lost_without_a_word(files):
    report = ingest(**files, evidence="all")
    ways = [
        "annotations qualified by NOT",
        "annotations named more than once",
        "annotations of these",
        "annotations of obsolete terms without a single replacement",
        "annotations of terms that the ontology lacks",
        "annotations that became one by mapping",
    ]
    n_lines = GAF.count("\n") - 1
    assert report.kept["annotations"] + sum(map(report.count, ways)) == n_lines


def test_layouts_are_told_apart_by_what_they_hold_and_say_the_same(files, tmp_path):
    ingest(**files, taxon=9606)
    rows = rows_of(files["out"])
    eco = "\tPMID:1\tECO:0000314\t\t\t20240101\tGOC\t\t\n"
    layouts = {
        "pairs": "".join(f"{protein}\t{term}\n" for protein, term, _ in rows),
        "header": "EntryID\tterm\n" + "".join(f"{p}\t{term}\n" for p, term, _ in rows),
        "gpad": "".join(f"UniProtKB\t{p}\tenables\t{term}{eco}" for p, term, _ in rows),
    }
    for name, text in layouts.items():
        path = tmp_path / f"{name}.gaf"  # a suffix that lies
        path.write_bytes(gzip.compress(text.encode()))
        out = tmp_path / name
        ingest(**files | {"annotations": path, "out": out})
        assert rows_of(out) == rows


def test_a_table_says_that_its_evidence_is_unknown(files, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("P12345\tGO:0000001\n")
    report = ingest(**files | {"annotations": path})
    assert "does not say what evidence" in report.render()


def test_a_folder_with_vectors_is_read_and_half_precision_stays(files, tmp_path):
    X = np.arange(12, dtype=np.float16).reshape(3, 4)
    np.save(tmp_path / "new_embeds.npy", X)
    np.save(tmp_path / "new_ids.npy", np.array(["Q00003", "sp|P12345|ONE_HUMAN", "Q77777"]))
    report = ingest(**files, embeddings=tmp_path / "new_embeds.npy")
    assert report.count("proteins without a vector") == 3
    data = read_cafa(files["out"], "mf", min_proteins=1)
    assert data.protein_ids.tolist() == ["P12345", "Q00003"]
    assert_array_equal(data.X, X[[1, 0]].astype(np.float32))
    assert dict(data.sequences) == {"P12345": "MKVLAMKVLA", "Q00003": "MKXVLUX"}
    assert np.load(files["out"] / "train_embeds.npy").dtype == np.float16


@pytest.mark.parametrize("name", ["x.h5", "x.npy", "new_embeddings.npy"])
def test_a_record_of_the_encoder_goes_with_its_vectors(files, tmp_path, name):
    files["fasta"].write_text(">P12345\nMKVLA\n>Q00002\nMKVLL\n")
    embed_fasta(files["fasta"], "kmer-1", tmp_path / name)
    ingest(**files, embeddings=tmp_path / name)
    expected = EncoderRecord.of(KmerEncoder(k=1))
    assert EncoderRecord.read(files["out"] / "train_embeds.npy") == expected


def test_without_vectors_the_folder_is_described_then_embedded_then_read(files):
    ingest(**files)
    out = files["out"]
    imbalance = describe_imbalance(out)
    assert imbalance.terms["count"].to_dict() == {"GO:0000001": 4, "GO:0000002": 3}
    words = ["embed", out / "train_sequences.fasta", "--out", out / "train_embeds.npy"]
    assert invoke(*words, "--encoder", "kmer-1", "--verbose", 0).exit_code == 0
    data = read_cafa(out, "mf", min_proteins=1)
    assert data.X.shape == (4, 20)
    assert describe_imbalance(out).terms.equals(imbalance.terms)


def test_a_file_of_clusters_is_taken_for_the_proteins_that_are_kept(files, tmp_path):
    path = tmp_path / "c.tsv"
    path.write_text("P12345\tfamily\nQ00002\tfamily\nQ00003\tother\nQ00004\tfourth\nX\tx\n")
    report = ingest(**files | {"clusters": path}, taxon=9606)
    text = (files["out"] / "clusters.tsv").read_text()
    assert text.splitlines()[1:3] == ["P12345\tfamily", "Q00002\tfamily"]
    assert report.kept["clusters"] == 3
    ingest(**files | {"clusters": None, "out": tmp_path / "bare"})
    assert not (tmp_path / "bare" / "clusters.tsv").exists()


def test_the_folder_tells_its_sources_with_hashes(files):
    report = ingest(**files)
    saved = json.loads((files["out"] / "report.json").read_text())
    assert saved["sources"]["fasta"]["bytes"] == len(FASTA)
    assert saved["kept"] == report.kept
    assert any("1 records repeat an earlier one" in one for one in saved["warnings"])
    assert "warning: " in report.render()
    text = (files["out"] / "DESCR.md").read_text()
    assert all(one["sha256"] in text for one in saved["sources"].values())


HOSTILE = ["a/b", "../../etc/passwd", "\x1b[31mred", "<script>alert(1)</script>", "$(id)", "a'b\"c"]


def test_hostile_ids_stay_text(files, tmp_path):
    records = "".join(f">{one} <b>header</b>\nMKVLA\n" for one in HOSTILE)
    files["fasta"].write_text(records)
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{one}\tGO:0000001\n" for one in HOSTILE))
    before = set(tmp_path.iterdir())
    ingest(**files | {"annotations": path})
    assert set(tmp_path.iterdir()) - before == {files["out"]}
    assert list(read_fasta(files["out"] / "train_sequences.fasta")) == HOSTILE
    assert [row[0] for row in rows_of(files["out"])] == sorted(HOSTILE)
    assert "<script>" not in (files["out"] / "DESCR.md").read_text()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"fasta": "MKVLA\n"}, FastaError, "line 1"),
        ({"fasta": ">X1\nMKVLA\n"}, AnnotationError, "None of 6 annotated proteins.*P12345.*X1"),
        ({"annotations": GAF + "UniProtKB\tP1\n"}, AnnotationError, "line 15: 2 fields"),
        ({"annotations": "P12345\tGO:7777777\n"}, AnnotationError, "has none of the 1 terms"),
        ({"annotations": "!gaf-version: 2.2\n"}, AnnotationError, "a header alone"),
        (
            {"annotations": gaf_line("P12345", "GO:0000001", "IEA")},
            AnnotationError,
            r"none of 1 annotations is experimental; codes found: IEA \(1\).*evidence='all'",
        ),
        (
            {"annotations": gaf_line("P12345", "GO:0000001", qualifier="NOT")},
            AnnotationError,
            "no annotation is left.*1 annotations qualified by NOT",
        ),
    ],
)
def test_what_cannot_become_a_folder_leaves_none(files, changes, error, message):
    for what, text in changes.items():
        files[what].write_text(text)
    with pytest.raises(error, match=message):
        ingest(**files)
    assert not files["out"].exists()


def test_a_taxon_is_refused_where_the_file_does_not_say_it(files):
    files["annotations"].write_text("P12345\tGO:0000001\n")
    with pytest.raises(AnnotationError, match="does not say the species"):
        ingest(**files, taxon=9606)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"evidence": "experimentl"}, AnnotationError, "evidence must be 'experimental'"),
        ({"evidence": ["XYZ"]}, AnnotationError, "no evidence code 'XYZ'"),
        ({"eco": {"ECO:1": "XYZ"}}, AnnotationError, "no evidence code 'XYZ'"),
        ({"identity": 0}, ValueError, "identity is a share"),
        ({"coverage": 1.5}, ValueError, "coverage is a share"),
    ],
)
def test_options_that_a_table_passes_over_are_checked_too(files, options, error, message):
    files["annotations"].write_text("P12345\tGO:0000001\n")
    files["fasta"].unlink()  # nothing is read
    with pytest.raises(error, match=message):
        ingest(**files, **options)


def test_options_that_cannot_be_met_are_refused_before_anything_is_read(files, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither auto, mmseqs, minhash nor a file"):
        ingest(**files | {"clusters": "linclust"})
    np.save(tmp_path / "X.npy", np.zeros((1, 2)))
    with pytest.raises(EmbeddingFileError, match=r"no X_ids\.npy beside it"):
        ingest(**files, embeddings=tmp_path / "X.npy")
    files["out"].mkdir()
    (files["out"] / "precious").write_text("")
    with pytest.raises(FileExistsError):
        ingest(**files)


def test_the_command_says_what_was_lost_and_what_comes_next(files):
    words = [f"--{what}={files[what]}" for what in ("fasta", "annotations", "obo", "out")]
    options = ["--clusters=minhash", "--taxon=9606", "--verbose=0"]
    done = invoke("ingest", *words, *options)
    assert done.exit_code == 0, done.output
    assert "1  lines of evidence IEA, not wanted" in done.stdout
    assert "Vectors: protimb embed" in done.stdout
    again = invoke("ingest", *words, *options)
    assert again.exit_code == 2
    assert "is not an empty folder" in again.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [("--taxon=human", "NCBI's numbers"), ("--evidence=IDA,XYZ", "no evidence code 'XYZ'")],
)
def test_the_command_refuses_words_that_mean_nothing(files, option, message):
    words = [f"--{what}={files[what]}" for what in ("fasta", "annotations", "obo", "out")]
    done = invoke("ingest", *words, option, "--verbose=0")
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
