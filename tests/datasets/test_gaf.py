"""GAF: what is wanted is picked, isoforms are joined, and broken lines are refused or counted."""

import gzip

import pytest

from protimb.datasets import read_gaf
from protimb.exceptions import AnnotationError, AnnotationWarning


def gaf_line(
    protein="P1",
    qualifier="enables",
    term="GO:0000001",
    evidence="IDA",
    aspect="F",
    database="UniProtKB",
    object_type="protein",
    taxon="taxon:9606",
    isoform="",
):
    fields = [database, protein, "X", qualifier, term, "PMID:1", evidence, "", aspect, "name", ""]
    return "\t".join([*fields, object_type, taxon, "20240101", "UniProt", "", isoform]) + "\n"


MIXED = [
    gaf_line("Q9Z2D6", taxon="taxon:10090"),
    gaf_line("Q9Z2D6-2", taxon="taxon:10090", database="PR", term="GO:0000002"),
    gaf_line("URS0000000001_9606", object_type="miRNA", database="RNAcentral"),
    gaf_line("CPX-1", object_type="protein_complex", database="ComplexPortal"),
    gaf_line("P12345"),
    gaf_line("P67890", taxon="taxon:9606|taxon:1280"),
    gaf_line("P11111", taxon="taxon:1280|taxon:9606"),
]


@pytest.fixture
def write(tmp_path):
    def write(text, name="toy.gaf"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_gaf_is_read_like_a_table(write):
    lines = [gaf_line(), gaf_line(), gaf_line("P2", "NOT|enables"), gaf_line("P3", aspect="P")]
    table = read_gaf(write("!gaf-version: 2.2\n" + "".join(lines)))
    assert table.to_numpy().tolist() == [["P1", "GO:0000001", "MFO"], ["P3", "GO:0000001", "BPO"]]
    assert table.attrs["n_duplicates"] == table.attrs["n_negated"] == 1


def test_gaf_1_has_two_columns_less(write):
    line = "\t".join(gaf_line().split("\t")[:15]) + "\n"
    assert read_gaf(write(line))["EntryID"].tolist() == ["P1"]


def test_the_evidence_asked_for_is_kept(write):
    path = write(gaf_line("P1", evidence="IEA") + gaf_line("P2", evidence="IDA"))
    table = read_gaf(path, evidence={"IDA", "EXP"})
    assert table["EntryID"].tolist() == ["P2"]
    assert table.attrs["n_filtered"] == 1
    assert len(read_gaf(path, evidence={"ND"})) == 0


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"taxon": 10090}, ["Q9Z2D6", "Q9Z2D6"]),
        ({"taxon": {"taxon:10090", 1280}}, ["Q9Z2D6", "Q9Z2D6", "P11111"]),
        ({"taxon": 9606, "object_type": {"protein"}}, ["P12345", "P67890"]),
        ({"taxon": [9606], "database": ["UniProtKB"]}, ["P12345", "P67890"]),
        ({"object_type": {"miRNA", "protein_complex"}}, ["URS0000000001_9606", "CPX-1"]),
        ({"taxon": 10090, "database": {"UniProtKB"}}, ["Q9Z2D6"]),
    ],
)
def test_one_file_of_many_species_and_kinds_gives_what_is_asked_for(write, wanted, kept):
    table = read_gaf(write("".join(MIXED)), **wanted)
    assert table["EntryID"].tolist() == kept
    assert table.attrs["n_filtered"] == len(MIXED) - len(kept)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"object_type": {"Protein"}}, "no line has the object_type Protein. There are protein, "),
        ({"taxon": 4932}, "no line has the taxon 4932. There are 9606, 10090, 1280"),
        ({"database": {"SGD"}}, "no line has the database SGD. There are UniProtKB, "),
        ({"database": "UniProtKB"}, "database is a collection, got the string 'UniProtKB'"),
        ({"taxon": "9606"}, "Pass ['9606'] instead"),
        ({"evidence": "IDA"}, "got 'IDA'. For codes, pass a collection: ['IDA']"),
        ({"evidence": None}, "Pass 'all' to take annotations of any evidence"),
        ({"evidence": {"ida"}}, "no evidence code 'ida'. Did you mean IDA"),
        (
            {"evidence": {"experimental"}},
            "named alone: evidence='experimental'. Codes are",
        ),
    ],
)
def test_a_filter_that_lets_nothing_pass_says_what_there_is(write, wanted, message):
    with pytest.raises(AnnotationError) as caught:
        read_gaf(write("".join(MIXED)), **wanted)
    assert message in str(caught.value)


def test_a_header_without_annotations_is_refused_whatever_is_asked_for(write):
    with pytest.raises(AnnotationError, match="a header alone: no annotation in it"):
        read_gaf(write("!gaf-version: 2.2\n"), taxon=9606, evidence={"IDA"})


CODES = ["IDA", "HDA", "TAS", "IBA", "ISS", "NAS", "IEA", "IEA", "ND"]


@pytest.mark.parametrize(
    ("evidence", "kept", "dropped"),
    [
        ("experimental", {"IDA": 1, "HDA": 1, "TAS": 1}, {"IEA": 2, "IBA": 1, "ISS": 1}),
        ("curated", {"IDA": 1, "IBA": 1, "ISS": 1, "NAS": 1, "TAS": 1}, {"IEA": 2, "ND": 1}),
        ("all", {"IEA": 2, "ND": 1}, {}),
    ],
)
def test_a_preset_keeps_its_codes_and_counts_both_kinds(write, evidence, kept, dropped):
    table = read_gaf(
        write("".join(gaf_line(f"P{n}", evidence=code) for n, code in enumerate(CODES))),
        evidence=evidence,
    )
    assert kept.items() <= table.attrs["evidence_kept"].items()
    assert dropped.items() <= table.attrs["evidence_dropped"].items()
    assert sum(table.attrs["evidence_kept"].values()) == len(table)
    assert sum(table.attrs["evidence_dropped"].values()) == len(CODES) - len(table)


def test_experimental_evidence_is_what_is_read_unless_told_otherwise(write):
    path = write(gaf_line("P1", evidence="IEA") + gaf_line("P2", evidence="IC"))
    assert read_gaf(path)["EntryID"].tolist() == ["P2"]


def test_if_no_line_is_of_a_preset_the_error_says_what_there_is(write):
    path = write(gaf_line(evidence="IEA") * 2 + gaf_line(evidence="ND"))
    with pytest.raises(AnnotationError, match=r"none of 3 .* experimental.*IEA \(2\), ND \(1\)"):
        read_gaf(path)


def test_a_line_is_counted_by_the_first_filter_that_it_fails(write):
    path = write("".join(MIXED) + gaf_line("P9", evidence="IEA"))
    table = read_gaf(path, taxon=9606, object_type={"protein"})
    assert table.attrs["filtered"] == {"taxon": 3, "object_type": 2, "evidence": 1}
    assert table.attrs["n_filtered"] == 6


def test_lines_whose_evidence_code_does_not_exist_are_counted_if_evidence_is_asked_for(write):
    path = write(gaf_line("P1", evidence="ida") + gaf_line("P2"))
    with pytest.warns(AnnotationWarning, match="left out 1 lines whose evidence code.*'ida'"):
        assert read_gaf(path, evidence={"IDA"})["EntryID"].tolist() == ["P2"]


ISOFORMS = [
    gaf_line("Q9Z2D6", term="GO:0000001"),
    gaf_line("Q9Z2D6-2", database="PR", term="GO:0000002"),
    gaf_line("P12345", isoform="UniProtKB:P12345-3", term="GO:0000002"),
    gaf_line("P12345", isoform="UniProtKB:P12345:PRO_0000012345", term="GO:0000003"),
    gaf_line("CPX-1", term="GO:0000001"),  # a number at the end, and no isoform
]


def test_annotations_of_an_isoform_are_those_of_its_protein_and_counted(write):
    table = read_gaf(write("".join(ISOFORMS)))
    assert table["EntryID"].tolist() == ["Q9Z2D6", "Q9Z2D6", "P12345", "P12345", "CPX-1"]
    assert table.attrs["n_isoforms"] == 2


def test_isoforms_can_be_named(write):
    table = read_gaf(write("".join(ISOFORMS)), isoforms="keep")
    assert table["EntryID"].tolist() == ["Q9Z2D6", "Q9Z2D6-2", "P12345-3", "P12345", "CPX-1"]
    assert table.attrs["n_isoforms"] == 2
    with pytest.raises(ValueError, match="isoforms must be 'join' or 'keep', got 'drop'"):
        read_gaf(write("".join(ISOFORMS)), isoforms="drop")


def test_what_an_isoform_repeats_of_its_protein_is_one_annotation(write):
    path = write(gaf_line("Q9Z2D6") + gaf_line("Q9Z2D6-2", database="PR"))
    table = read_gaf(path)
    assert table["EntryID"].tolist() == ["Q9Z2D6"]
    assert table.attrs["n_duplicates"] == 1


def test_line_with_too_few_fields_is_refused_with_its_number(write):
    with pytest.raises(AnnotationError, match="line 2: 3 fields") as caught:
        read_gaf(write("!gaf-version: 2.2\nUniProtKB\tP1\tX\n" + gaf_line()))
    assert "truncated=" not in str(caught.value)


@pytest.mark.parametrize("line", [gaf_line(protein=""), gaf_line(term=""), gaf_line(aspect="Q")])
def test_line_without_protein_term_or_aspect_is_refused_with_its_number(write, line):
    with pytest.raises(AnnotationError, match=r"line 2: .*aspect F, P, C"):
        read_gaf(write("!gaf-version: 2.2\n" + line))


@pytest.mark.parametrize(
    "cut", ["UniProtKB\tV9\tinfB\t\tGO:000", "gzip: t.gaf.gz: unexpected end of file\n"]
)
def test_a_cut_last_line_is_refused_or_left_out_where_that_is_asked_for(write, cut):
    path = write(gaf_line() + cut)
    with pytest.raises(AnnotationError, match=r"line 2: . fields.*pass truncated='drop'"):
        read_gaf(path)
    with pytest.warns(AnnotationWarning, match="without its last line"):
        table = read_gaf(path, truncated="drop")
    assert table["EntryID"].tolist() == ["P1"]
    assert table.attrs["n_truncated"] == 1


def test_of_a_cut_gzip_file_the_whole_lines_are_read_where_that_is_asked_for(write):
    packed = gzip.compress("".join(gaf_line(f"P{i * 7919}") for i in range(500)).encode())
    with pytest.warns(AnnotationWarning, match="cut off"):
        table = read_gaf(write(packed[: len(packed) // 2], "toy.gaf.gz"), truncated="drop")
    assert table["EntryID"].tolist() == [f"P{i * 7919}" for i in range(len(table))]
    assert 100 < len(table) < 500


def test_latin_1_is_read_where_it_is_named_and_counted(write):
    path = write((gaf_line("P1").replace("name", "pfm\xa0") + gaf_line("P2")).encode("latin-1"))
    with pytest.raises(AnnotationError, match=r"line 1: not valid UTF-8 \(byte 0xa0\).*latin-1"):
        read_gaf(path)
    table = read_gaf(path, encoding="latin-1")
    assert table["EntryID"].tolist() == ["P1", "P2"]
    assert table.attrs["n_not_ascii"] == 1


def test_an_empty_file_is_refused(write):
    with pytest.raises(AnnotationError, match="empty file"):
        read_gaf(write(""))


def test_a_blank_protein_is_refused_with_its_line(write):
    with pytest.raises(AnnotationError, match="line 2: an annotation needs a protein"):
        read_gaf(write(gaf_line() + gaf_line(" ")))


@pytest.mark.parametrize("qualifier", ["NOT | enables", "enables| not ", " NOT"])
def test_blanks_do_not_turn_a_not_into_its_opposite(write, qualifier):
    table = read_gaf(write(gaf_line("P1", qualifier) + gaf_line("P2")))
    assert table["EntryID"].tolist() == ["P2"]


def test_blanks_around_fields_mean_nothing(write):
    path = write(gaf_line(" P1 ", term="GO:0000001 ", evidence="IDA ", aspect="F "))
    assert read_gaf(path, evidence={"IDA"}).to_numpy().tolist() == [["P1", "GO:0000001", "MFO"]]


@pytest.mark.parametrize("name", ["evidence", "taxon", "object_type", "database"])
def test_an_empty_filter_is_refused(write, name):
    with pytest.raises(AnnotationError, match=f"An empty {name} keeps no line"):
        read_gaf(write(gaf_line()), **{name: []})
