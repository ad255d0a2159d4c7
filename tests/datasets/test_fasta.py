"""FASTA: what parsers pass over in silence is refused with its place."""

import gzip
import tempfile
from pathlib import Path

import pytest
from Bio.SeqIO.FastaIO import SimpleFastaParser
from hypothesis import given
from hypothesis import strategies as st

from protimb.datasets import normalise_protein_id, read_fasta
from protimb.exceptions import FastaError, FastaWarning


@pytest.fixture
def write(tmp_path):
    def write(text, name="toy.fasta"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_wrapped_records_are_joined(write):
    assert read_fasta(write(">P1 first\nMKV\nLAA\n\n>P2\nMM\n")) == {"P1": "MKVLAA", "P2": "MM"}


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_empty_file_is_refused(write, text):
    """Case 52."""
    with pytest.raises(FastaError, match="empty file"):
        read_fasta(write(text))


@pytest.mark.parametrize("first", ["MKV\n", "; a comment\n", "# a comment\n", "\n"])
def test_first_line_that_is_no_header_is_refused(write, first):
    """Case 52."""
    with pytest.raises(FastaError, match=r"line 1.*header"):
        read_fasta(write(first + ">P1\nMKV\n"))


@pytest.mark.parametrize("mark", [";", "#"])
def test_comment_within_a_record_is_refused_with_its_line(write, mark):
    """Case 52."""
    with pytest.raises(FastaError, match="line 3: a comment"):
        read_fasta(write(f">P1\nMKV\n{mark} from here on guessed\nLAA\n"))


@pytest.mark.parametrize("end", ["\r", "\r\n"])
@pytest.mark.parametrize("zipped", [False, True])
def test_line_ends_of_any_system_are_read(write, end, zipped):
    """Case 53."""
    content = f">P1{end}MKV{end}LAA{end}".encode()
    path = write(gzip.compress(content), "toy.fasta.gz") if zipped else write(content)
    assert read_fasta(path) == {"P1": "MKVLAA"}


@pytest.mark.parametrize("header", [">", "> P1"])
def test_record_without_id_is_refused(write, header):
    """Case 54."""
    with pytest.raises(FastaError, match="without id"):
        read_fasta(write(f"{header}\nMKV\n"))


@pytest.mark.parametrize("sequence", ["", "*\n"])
def test_record_without_sequence_is_refused(write, sequence):
    """Case 54."""
    with pytest.raises(FastaError, match="'P1' has an empty sequence"):
        read_fasta(write(f">P1\n{sequence}>P2\nMKV\n"))


def test_repeated_record_warns_if_the_sequence_is_the_same(write):
    """Case 54."""
    with pytest.warns(FastaWarning, match="1 records repeat"):
        assert read_fasta(write(">P1\nMKV\n>P1\nmkv\n")) == {"P1": "MKV"}


def test_one_id_with_two_sequences_is_refused(write):
    """Case 54."""
    with pytest.raises(FastaError, match="'P1' occurs twice"):
        read_fasta(write(">P1\nMKV\n>P1\nMKL\n"))


@pytest.mark.parametrize(
    "name", ["sp|P12345|X_HUMAN", "tr|P12345|X_HUMAN", "sp|P12345", " P12345 "]
)
def test_uniprot_names_are_reduced_to_the_accession(write, name):
    """Case 55."""
    assert normalise_protein_id(name) == "P12345"
    assert read_fasta(write(f">{name.strip()} and words\nMKV\n")) == {"P12345": "MKV"}


@pytest.mark.parametrize("name", ["P12345", "T100900001234", "gi|12345", "weird|id", "é>x"])
def test_other_names_stay_what_they_are(write, name):
    """Cases 55 and 58."""
    assert normalise_protein_id(name) == name
    assert read_fasta(write(f">{name} >p.G12V\nMKV\n")) == {name: "MKV"}


def test_lower_case_is_raised_and_the_last_stop_dropped(write):
    """Case 56."""
    assert read_fasta(write(">P1\nmkvBJOUXZ*\n")) == {"P1": "MKVBJOUXZ"}


def test_gaps_and_inner_stops_become_x_with_a_count(write):
    """Case 56."""
    with pytest.warns(FastaWarning, match="in 1 sequences"):
        assert read_fasta(write(">P1\nM-K*V\n>P2\nMKV\n")) == {"P1": "MXKXV", "P2": "MKV"}


@pytest.mark.parametrize("sequence", ["MK1V", "1 MKV", "MKÄ"])
def test_characters_that_are_no_residues_are_refused(write, sequence):
    """Case 56."""
    with pytest.raises(FastaError, match="'P1' has characters that are no residues"):
        read_fasta(write(f">P1\n{sequence}\n"))


@pytest.mark.parametrize(
    "text", [">{}\nMK1\n", ">{}\n\n", ">{}\nMK\n>{}\nML\n", "> {}\nMK\n", "{}\n", ">a\n{}1\n"]
)
def test_a_message_about_a_name_of_a_million_letters_can_be_read(tmp_path, text):
    path = tmp_path / "x.fasta"
    path.write_text(text.replace("{}", "é" * 10**6))
    with pytest.raises(FastaError) as caught:
        read_fasta(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600


def test_truncated_gzip_is_refused(write):
    """Case 64."""
    with pytest.raises(FastaError, match="truncated or damaged"):
        read_fasta(write(gzip.compress(b">P1\nMKV\n")[:-9], "toy.fasta.gz"))


def test_text_in_another_encoding_is_read_where_it_is_named(write):
    path = write(">P1 prot\xe9ine\nMKV\n".encode("latin-1"))
    with pytest.raises(FastaError, match=r"line 1: not valid UTF-8"):
        read_fasta(path)
    assert read_fasta(path, encoding="latin-1") == {"P1": "MKV"}


def test_isoforms_have_sequences_of_their_own(write):
    path = write(">sp|Q9Z2D6|A_MOUSE\nMKV\n>sp|Q9Z2D6-2|A_MOUSE\nMKL\n")
    assert read_fasta(path) == {"Q9Z2D6": "MKV", "Q9Z2D6-2": "MKL"}


LINES = st.lists(st.text("ACDEX \t", max_size=8), min_size=1, max_size=4)


@given(st.lists(st.tuples(st.sampled_from([" >a", "", " x y"]), LINES), min_size=1, max_size=4))
def test_records_are_those_of_an_independent_parser(records):
    parts = enumerate(records)
    text = "".join(f">P{n}{words}\nM\n" + "\n".join(lines) + "\n" for n, (words, lines) in parts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.fasta")
        path.write_text(text)
        with path.open() as file:
            expected = {header.split()[0]: one for header, one in SimpleFastaParser(file)}
        if any("\t" in one for one in expected.values()):
            with pytest.raises(FastaError, match="no residues"):
                read_fasta(path)
        else:
            assert read_fasta(path) == expected


@pytest.mark.parametrize("letter", "\u00df\u017f\u0131\ufb01")  # in upper case SS, S, I and FI
def test_letters_of_other_alphabets_are_no_residues(letter, tmp_path):
    path = tmp_path / "odd.fasta"
    path.write_text(f">P1\nmk{letter}\n", encoding="utf-8")
    with pytest.raises(FastaError, match=f"no residues: '{letter}'"):
        read_fasta(path)
