"""GPAD: versions 1 and 2 say the same, evidence is a term of ECO, broken lines are refused."""

import gzip

import pytest

from protimb.datasets import read_gpad
from protimb.datasets._term_pairs import read_term_pairs
from protimb.exceptions import AnnotationError, AnnotationWarning

V1, V2 = "!gpa-version: 1.1\n", "!gpad-version: 2.0\n"


def line_1(protein="P1", qualifier="enables", term="GO:0000001", eco="ECO:0000314", more=""):
    fields = ["UniProtKB", protein, qualifier, term, "PMID:1", eco, "", "", "20240101", "GOC"]
    return "\t".join([*fields, "", more]) + "\n"


def line_2(
    protein="UniProtKB:P1", negation="", relation="RO:0002327", term="GO:0000001", eco="ECO:0000314"
):
    fields = [protein, negation, relation, term, "PMID:1", eco, "", "", "2024-01-01", "GOC"]
    return "\t".join([*fields, "", ""]) + "\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="toy.gpad"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        V1 + line_1() + line_1("P2", "NOT|enables") + line_1("P3", "part_of"),
        "!gpad-version: 1.2\n"
        + line_1()
        + line_1("P2", " not | enables")
        + line_1("P3", "part_of"),
        V2 + line_2() + line_2("UniProtKB:P2", "NOT") + line_2("UniProtKB:P3", "", "BFO:0000050"),
        line_1() + line_1("P2", "NOT|enables") + line_1("P3", "part_of"),
        line_2() + line_2("UniProtKB:P2", "NOT") + line_2("UniProtKB:P3", "", "BFO:0000050"),
    ],
)
def test_each_version_says_the_same_with_and_without_its_header(write, text):
    for path in (write(text), write(gzip.compress(text.encode()), "toy.gpad.gz")):
        table = read_gpad(path)
        assert table.columns.tolist() == ["EntryID", "term"]
        assert table.to_numpy().tolist() == [["P1", "GO:0000001"], ["P3", "GO:0000001"]]
        assert table.attrs["n_negated"] == 1
        assert table.attrs["relations"] == {"enables": 2, "part_of": 1}


def test_terms_of_eco_stand_for_evidence_codes(write):
    terms = ["ECO:0000314", "ECO:0007005", "ECO:0000304", "ECO:0000318", "ECO:0000256"]
    path = write(V1 + "".join(line_1(f"P{n}", eco=term) for n, term in enumerate(terms)))
    experimental, curated = read_gpad(path), read_gpad(path, evidence="curated")
    assert experimental["EntryID"].tolist() == ["P0", "P1", "P2"]
    assert experimental.attrs["evidence_dropped"] == {"IBA": 1, "IEA": 1}
    assert curated.attrs["evidence_dropped"] == {"IEA": 1}
    assert read_gpad(path, evidence={"IBA"})["EntryID"].tolist() == ["P3"]


def test_the_code_among_the_properties_is_believed_before_the_term_of_eco(write):
    text = line_1("P1", eco="ECO:0001232", more="id=1|go_evidence=IDA|x=y")
    text += line_1("P2", eco="ECO:0000314", more="go_evidence=IEA")
    table = read_gpad(write(V1 + text))
    assert table["EntryID"].tolist() == ["P1"]


def test_an_unknown_term_of_eco_is_counted_unless_a_mapping_knows_it(write, tmp_path):
    path = write(V1 + line_1("P1") + line_1("P2", eco="ECO:0001232"))
    with pytest.warns(AnnotationWarning, match=r"left out 1 lines.*'ECO:0001232'.*pass eco="):
        assert read_gpad(path)["EntryID"].tolist() == ["P1"]
    assert len(read_gpad(path, evidence="all")) == 2
    mapping = tmp_path / "gaf-eco-mapping-derived.txt"
    mapping.write_text("# about\nECO:0001232\tIDA\t\nECO:0000314\tIDA\tDefault\n")
    for eco in ({"ECO:0001232": "IDA"}, mapping):
        assert len(read_gpad(path, eco=eco)) == 2
    mapping.write_text("nothing of the kind\n")
    with pytest.raises(AnnotationError, match="no line has a term of ECO"):
        read_gpad(path, eco=mapping)


def test_isoforms_and_chains_are_given_to_their_protein_or_named(write):
    path = write(V2 + line_2("UniProtKB:P12345-2") + line_2("UniProtKB:P67890:PRO_0000000001"))
    table = read_gpad(path)
    assert table["EntryID"].tolist() == ["P12345", "P67890"]
    assert table.attrs["n_isoforms"] == 2
    kept = read_gpad(path, isoforms="keep")
    assert kept["EntryID"].tolist() == ["P12345-2", "P67890:PRO_0000000001"]


def test_an_id_of_another_database_is_that_of_a_gaf(write):
    table = read_gpad(write(V2 + line_2("MGI:MGI:88276") + line_2("SGD:S000000001")))
    assert table["EntryID"].tolist() == ["MGI:88276", "S000000001"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        (V1 + line_1() + "UniProtKB\tP1\n", r"line 3: 2 fields, but GPAD .*truncated='drop'"),
        (V1 + line_1(protein=" "), "line 2: an annotation needs a protein, a term and evidence"),
        (V1 + line_1(eco=""), "line 2: an annotation needs"),
        (V2 + line_2(negation="maybe"), "line 2: column 2 .*'maybe'"),
        ("!gpad-version: 3.0\n" + line_2(), "read are versions 1.1, 1.2 and 2.0"),
        (V1 + line_1(eco="ECO:0000256"), r"none of 1 .* is experimental; codes found: IEA \(1\)"),
    ],
)
def test_what_is_malformed_or_leaves_nothing_is_refused_with_its_place(write, text, message):
    with pytest.raises(AnnotationError, match=message):
        read_gpad(write(text))


def test_a_gpad_is_a_truth_like_any_other_whatever_its_evidence(write):
    path = write(V2 + line_2(eco="ECO:0000256"), "truth.tsv")
    with pytest.warns(AnnotationWarning, match=r"1 of 1 lines .* \(IEA: 1\)"):
        pairs = read_term_pairs(path)
    assert pairs.to_numpy().tolist() == [["P1", "GO:0000001"]]
