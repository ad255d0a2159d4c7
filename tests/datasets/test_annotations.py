"""Tables of annotations: every field is what is written, and broken lines are refused."""

import gzip

import pytest

from protimb.datasets import read_annotations, read_gaf
from protimb.exceptions import AnnotationError, AnnotationWarning

HEADER = "EntryID\tterm\taspect\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="terms.tsv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_ids_that_look_like_missing_or_numbers_are_kept(write):
    """Case 48."""
    ids = ["NA", "1E5", "nan", "007", "None", "TRUE"]
    table = read_annotations(write(HEADER + "".join(f"{i}\tGO:0000001\tMFO\n" for i in ids)))
    assert table["EntryID"].tolist() == ids


def test_stray_quotes_are_text(write):
    """Case 49."""
    table = read_annotations(write(HEADER + 'P"1\tGO:0000001\tMFO\n"P2\tGO:0000001\tMFO\n'))
    assert table["EntryID"].tolist() == ['P"1', '"P2']


@pytest.mark.parametrize("missing", ["EntryID", "term", "aspect"])
def test_missing_column_is_named(write, missing):
    """Case 50."""
    with pytest.raises(AnnotationError, match=f"line 1: no column {missing};"):
        read_annotations(write(HEADER.replace(missing, "other")))


@pytest.mark.parametrize("line", ["P2\tGO:0000001", "P2\tGO:0000001\tMFO\textra", "P2"])
def test_ragged_line_is_refused_with_its_number(write, line):
    """Case 50."""
    with pytest.raises(AnnotationError, match=r"line 3: . fields"):
        read_annotations(write(HEADER + f"P1\tGO:0000001\tMFO\n{line}\n"))


def test_empty_field_is_refused(write):
    """Case 50."""
    with pytest.raises(AnnotationError, match=r"empty field.*record 2"):
        read_annotations(write(HEADER + "P1\tGO:0000001\tMFO\n\tGO:0000001\tMFO\n"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_line_ends_gzip_and_blank_lines_change_nothing(write, end):
    """Case 50."""
    text = "\ufeff" + (HEADER + "P1\tGO:0000001\tMFO\n\n").replace("\n", end)
    table = read_annotations(write(gzip.compress(text.encode()), "terms.tsv.gz"))
    assert table.columns.tolist() == ["EntryID", "term", "aspect"]
    assert table.to_numpy().tolist() == [["P1", "GO:0000001", "MFO"]]


def test_columns_may_come_in_any_order(write):
    table = read_annotations(write("aspect\tEntryID\tterm\nMFO\tP1\tGO:0000001\n"))
    assert table.to_numpy().tolist() == [["P1", "GO:0000001", "MFO"]]


def test_duplicates_are_dropped_and_counted(write):
    """Case 51."""
    path = write(HEADER + "P1\tGO:0000001\tMFO\n" * 3 + "P1\tGO:0000002\tMFO\n")
    with pytest.warns(AnnotationWarning, match="2 duplicate annotations and 0 qualified"):
        table = read_annotations(path)
    assert table["term"].tolist() == ["GO:0000001", "GO:0000002"]
    assert table.attrs == {"n_duplicates": 2, "n_negated": 0}


def test_annotations_qualified_by_not_are_left_out(write):
    """Case 51."""
    rows = "P1\tGO:0000001\tMFO\tNOT|enables\nP2\tGO:0000001\tMFO\tenables\n"
    with pytest.warns(AnnotationWarning, match="0 duplicate annotations and 1 qualified"):
        table = read_annotations(write("EntryID\tterm\taspect\tqualifier\n" + rows))
    assert table["EntryID"].tolist() == ["P2"]


def test_uniprot_headers_and_accessions_are_one_protein(write):
    """Case 55."""
    path = write(HEADER + "sp|P12345|X_HUMAN\tGO:0000001\tMFO\nP12345\tGO:0000001\tMFO\n")
    with pytest.warns(AnnotationWarning, match="1 duplicate"):
        assert read_annotations(path)["EntryID"].tolist() == ["P12345"]


def test_damaged_gzip_is_refused(write):
    with pytest.raises(AnnotationError, match="truncated or damaged"):
        read_annotations(write(gzip.compress(HEADER.encode())[:-9], "terms.tsv.gz"))


def gaf_line(protein="P1", qualifier="enables", term="GO:0000001", evidence="IDA", aspect="F"):
    fields = ["UniProtKB", protein, "X", qualifier, term, "PMID:1", evidence, "", aspect]
    return "\t".join(fields + ["x"] * 8) + "\n"


def test_gaf_is_read_like_a_table(write):
    lines = [gaf_line(), gaf_line(), gaf_line("P2", "NOT|enables"), gaf_line("P3", aspect="P")]
    table = read_gaf(write("!gaf-version: 2.2\n" + "".join(lines), "human.gaf"))
    assert table.to_numpy().tolist() == [["P1", "GO:0000001", "MFO"], ["P3", "GO:0000001", "BPO"]]
    assert table.attrs == {"n_duplicates": 1, "n_negated": 1}


def test_gaf_keeps_the_evidence_asked_for(write):
    path = write(gaf_line("P1", evidence="IEA") + gaf_line("P2", evidence="IDA"), "human.gaf")
    assert read_gaf(path, evidence={"IDA", "EXP"})["EntryID"].tolist() == ["P2"]


def test_gaf_line_with_too_few_fields_is_refused_with_its_number(write):
    with pytest.raises(AnnotationError, match="line 2: 3 fields"):
        read_gaf(write("!gaf-version: 2.2\nUniProtKB\tP1\tX\n", "human.gaf"))


@pytest.mark.parametrize("line", [gaf_line(protein=""), gaf_line(term=""), gaf_line(aspect="Q")])
def test_gaf_line_without_protein_term_or_aspect_is_refused_with_its_number(write, line):
    with pytest.raises(AnnotationError, match=r"line 2: .*aspect F, P, C"):
        read_gaf(write("!gaf-version: 2.2\n" + line, "human.gaf"))


def test_a_string_in_place_of_evidence_codes_is_refused(write):
    with pytest.raises(AnnotationError, match=r"Pass \{'IDA'\}"):
        read_gaf(write(gaf_line(), "human.gaf"), evidence="IDA")
