"""IA.txt, strictly."""

import pytest

from protimb.exceptions import OntologyError
from protimb.ontology import read_information_accretion


def write(tmp_path, text):
    path = tmp_path / "IA.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", ["GO:1\t0.0\nGO:2\t2.25\n", "term\tia\nGO:1 0\nGO:2 2.25"])
def test_terms_and_bits_are_read_in_order(tmp_path, text):
    assert read_information_accretion(write(tmp_path, text)).to_dict() == {"GO:1": 0, "GO:2": 2.25}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no term"),
        ("term\tia\n", "no term"),
        ("GO:1\t1\nGO:2\n", "line 2: 1 fields"),
        ("GO:1\t1\nGO:2\tx\n", "line 2: GO:2 has the information accretion 'x'"),
        ("GO:1\t-1\n", "line 1"),
        ("GO:1\tnan\n", "line 1"),
        ("GO:1\tinf\n", "line 1"),
        ("GO:1\t1\nGO:1\t1\n", "line 2: GO:1 is there a second time"),
    ],
)
def test_bad_lines_are_named(tmp_path, text, message):
    with pytest.raises(OntologyError, match=message):
        read_information_accretion(write(tmp_path, text))
