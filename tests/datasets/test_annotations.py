"""Tables of annotations: every field is what is written, and broken lines are refused."""

import gzip

import pytest

from protimb.datasets import read_annotations
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


@pytest.mark.parametrize("missing", ["EntryID", "term"])
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
    assert table.attrs == {"n_duplicates": 2, "n_negated": 0, "n_renamed": 0} | {
        "n_truncated": 0,
        "n_not_ascii": 0,
    }


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
        table = read_annotations(path)
    assert table["EntryID"].tolist() == ["P12345"]
    assert table.attrs["n_renamed"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "EntryID\tterm\nP1\tGO:0000001\nNA\tGO:0000002\n",
        "P1\tGO:0000001\nNA\tGO:0000002\n",
        "protein\tgo_id\nP1\tGO:0000001\nNA\tGO:0000002\n",
        "Term\tTarget\nGO:0000001\tP1\nGO:0000002\tNA\n",
        "P1 \t GO:0000001\nNA\tGO:0000002",
    ],
)
def test_two_columns_are_enough_with_and_without_a_header(write, text):
    table = read_annotations(write(text))
    assert table.columns.tolist() == ["EntryID", "term"]
    assert table.to_numpy().tolist() == [["P1", "GO:0000001"], ["NA", "GO:0000002"]]


def test_three_columns_need_no_header_where_the_third_is_an_aspect(write):
    table = read_annotations(write("P1\tGO:0000001\tF\n"))
    assert table.to_numpy().tolist() == [["P1", "GO:0000001", "F"]]
    with pytest.raises(AnnotationError, match="line 1: no column EntryID, term; found P1"):
        read_annotations(write("P1\tGO:0000001\t0.5\n"))


def test_a_ragged_line_below_no_header_is_refused_with_its_number(write):
    with pytest.raises(AnnotationError, match="line 2: 3 fields, but the first line has 2"):
        read_annotations(write("P1\tGO:0000001\nP2\tGO:0000001\tF\nP3\tGO:0000001\n"))


def test_two_columns_of_one_name_are_refused(write):
    with pytest.raises(AnnotationError, match="two columns are called term"):
        read_annotations(write("EntryID\tterm\tterm\nP1\tGO:0000001\tGO:0000002\n"))


def test_damaged_gzip_is_refused(write):
    with pytest.raises(AnnotationError, match="truncated or damaged"):
        read_annotations(write(gzip.compress(HEADER.encode())[:-9], "terms.tsv.gz"))


@pytest.mark.parametrize("cut", ["P2\tGO:00", "P2\tGO:0000002", "P2\tGO:0000002\tMFO", "P2\n"])
def test_a_file_that_was_cut_is_read_without_its_last_line_where_that_is_asked_for(write, cut):
    path = write(HEADER + "P1\tGO:0000001\tMFO\n" + cut)
    with pytest.warns(AnnotationWarning, match=r"cut off.*without its last line: 'P2"):
        table = read_annotations(path, truncated="drop")
    assert table["EntryID"].tolist() == ["P1"]
    assert table.attrs["n_truncated"] == 1


def test_a_cut_line_is_refused_with_the_option_that_reads_on(write):
    path = write(HEADER + "P1\tGO:0000001\tMFO\nP2\tGO:00")
    with pytest.raises(AnnotationError, match=r"line 3: 2 fields.*pass truncated='drop'"):
        read_annotations(path)
    with pytest.raises(AnnotationError, match=r"line 2: 2 fields") as caught:
        read_annotations(write(HEADER + "P2\tGO:00\nP1\tGO:0000001\tMFO\n"), truncated="drop")
    assert "truncated=" not in str(caught.value)  # in the middle of a file nothing was cut
    with pytest.raises(ValueError, match="truncated must be 'raise' or 'drop', got True"):
        read_annotations(path, truncated=True)


def test_of_a_cut_gzip_file_the_whole_lines_are_read_where_that_is_asked_for(write):
    lines = [f"P{i:05d}\tGO:{i * 7919 % 10**7:07d}\tMFO\n" for i in range(2000)]
    packed = gzip.compress((HEADER + "".join(lines)).encode())
    path = write(packed[: len(packed) // 2], "terms.tsv.gz")
    with pytest.raises(AnnotationError, match="truncated or damaged"):
        read_annotations(path)
    with pytest.warns(AnnotationWarning, match="cut off"):
        table = read_annotations(path, truncated="drop")
    assert 500 < len(table) < 1500
    assert ["\t".join(row) + "\n" for row in table.to_numpy()] == lines[: len(table)]


def test_a_gzip_file_cut_after_all_its_lines_is_reported_and_loses_none(write):
    packed = gzip.compress((HEADER + "P1\tGO:0000001\tMFO\n").encode())
    with pytest.warns(AnnotationWarning, match="cut off"):
        table = read_annotations(write(packed[:-4], "terms.tsv.gz"), truncated="drop")
    assert table["EntryID"].tolist() == ["P1"]


def test_text_in_another_encoding_is_read_where_it_is_named_and_counted(write):
    text = "EntryID\tterm\taspect\tname\nP1\tGO:0000001\tMFO\tpfm\xa0\nP2\tGO:0000001\tMFO\tx\n"
    path = write(text.encode("latin-1"))
    with pytest.raises(AnnotationError, match=r"line 2: not valid UTF-8.*encoding='latin-1'"):
        read_annotations(path)
    table = read_annotations(path, encoding="latin-1")
    assert table["EntryID"].tolist() == ["P1", "P2"]
    assert table.attrs["n_not_ascii"] == 1


@pytest.mark.parametrize("aspect", ["MFO", "F", "molecular_function", "f"])
def test_an_aspect_is_spelt_as_in_the_file(write, aspect):
    table = read_annotations(write(HEADER + f"P1\tGO:0000001\t{aspect}\n"))
    assert table["aspect"].tolist() == [aspect]


def test_blanks_around_fields_and_names_of_columns_mean_nothing(write):
    table = read_annotations(write("EntryID \tterm\t aspect\nP1 \t GO:1 \tMFO \n"))
    assert table.to_numpy().tolist() == [["P1", "GO:1", "MFO"]]


def test_a_blank_field_is_an_empty_one(write):
    with pytest.raises(AnnotationError, match="empty field"):
        read_annotations(write(f"{HEADER} \tGO:1\tMFO\n"))


@pytest.mark.parametrize("column", ["Qualifier", "QUALIFIER", "qualifier "])
def test_a_not_counts_however_its_column_is_written(write, column):
    path = write(f"EntryID\tterm\taspect\t{column}\nP1\tGO:1\tMFO\tNOT\nP2\tGO:1\tMFO\t\n")
    with pytest.warns(AnnotationWarning, match="1 qualified by NOT"):
        assert read_annotations(path)["EntryID"].tolist() == ["P2"]


@pytest.mark.parametrize("header", ["Entry\tGene Ontology IDs\n", "Entry\tGO Term\n", ""])
def test_terms_that_share_a_cell_are_annotations_each(tmp_path, header):
    rows = "P1\tGO:0000001; GO:0000002\nP2\tGO:0000003\nP3\tGO:0000004;GO:0000005;\nP4\t\n"
    path = tmp_path / "uniprot.tsv"
    path.write_bytes((header + rows).replace("\n", "\r\n").encode())
    found = read_annotations(path)[["EntryID", "term"]].to_numpy().tolist()
    assert found == [
        ["P1", "GO:0000001"],
        ["P1", "GO:0000002"],
        ["P2", "GO:0000003"],
        ["P3", "GO:0000004"],
        ["P3", "GO:0000005"],
    ]


def test_a_semicolon_that_parts_no_terms_is_text(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("EntryID\tterm\tnote\nP;1\tGO:0000001\ta;b\nP2\tx;y\tc\n")
    found = read_annotations(path)[["EntryID", "term"]].to_numpy().tolist()
    assert found == [["P;1", "GO:0000001"], ["P2", "x;y"]]
