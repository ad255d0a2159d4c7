"""What every encoder makes of what users pass: containers, odd letters, repeats."""

import numpy as np
import pandas as pd
import pytest

from protimb.embeddings import ConcatEncoder, KmerEncoder
from protimb.exceptions import SequenceError

SEQUENCES = ["MKVLAW", "GHPC", "MKVLAW"]
EXPECTED = KmerEncoder(k=1).fit_transform(SEQUENCES)


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        lambda s: dict(enumerate(s)),
        lambda s: pd.DataFrame({"sequence": s}),
        lambda s: np.array(s, dtype=object),
        lambda s: pd.Series(s, dtype="category"),
    ],
)
def test_any_container_gives_the_same_float32_rows(container):
    X = KmerEncoder(k=1).fit_transform(container(SEQUENCES))
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, EXPECTED)


def test_pandas_output_keeps_the_index_and_names_the_words():
    series = pd.Series(["MK", "KK"], index=["P1", "P2"])
    frame = KmerEncoder(k=1).set_output(transform="pandas").fit_transform(series)
    assert frame.index.tolist() == ["P1", "P2"]
    assert frame.loc["P1", "M"] == 0.5


@pytest.mark.parametrize(
    ("odd", "plain"), [("mkv", "MKV"), ("MKV*", "MKV"), (" MKV\n", "MKV"), ("MK-V.A", "MKXVXA")]
)
def test_case_stops_and_gaps_are_read_as_the_fasta_reader_reads_them(odd, plain):
    """Case 56."""
    encoder = KmerEncoder(k=1).fit()
    np.testing.assert_array_equal(encoder.transform([odd]), encoder.transform([plain]))


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "no sequence"),
        ("MKV", "got the string"),
        (["MKV", ""], "Sequence 1, counted from 0, has no residues"),
        (["**"], "no residues"),
        # In upper case these are SS, S, I and FI.
        *((["MKV", f"MK{one}"], f"no residues: '{one}'") for one in "\u00df\u017f\u0131\ufb01"),
        ({"P1": "MKV", "P2": None}, "Protein 'P2' is not a string but None"),
        (pd.Series(["M1K"], index=["P7"]), "Protein 'P7' has characters that are no residues: '1'"),
        (["MKÄ"], "'Ä'"),
        (["MK\x1b[31m"], r"'\\x1b'"),
        ([["M", "K"], ["V", "L"]], "one string a protein"),
    ],
)
def test_what_is_no_sequence_is_refused_by_name(sequences, message):
    with pytest.raises(SequenceError, match=message):
        KmerEncoder(k=1).fit().transform(sequences)


def test_parts_stand_side_by_side_in_the_order_given():
    parts = [KmerEncoder(k=1), KmerEncoder(k=2, norm=None)]
    encoder = ConcatEncoder(parts).fit()
    X = encoder.transform(SEQUENCES)
    np.testing.assert_array_equal(X[:, :20], EXPECTED)
    np.testing.assert_array_equal(X[:, 20:], parts[1].fit_transform(SEQUENCES))
    names = encoder.get_feature_names_out()
    assert [names[0], names[20], len(names)] == ["0__A", "1__AA", X.shape[1]]
    assert not hasattr(parts[0], "n_features_out_")


@pytest.mark.parametrize("parts", [[], [np.mean]])
def test_parts_that_are_no_encoders_are_refused(parts):
    with pytest.raises(TypeError, match="one or more encoders"):
        ConcatEncoder(parts).fit()
