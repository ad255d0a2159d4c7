"""Words of residues are counted as a dictionary counts them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.embeddings import KmerEncoder
from protimb.exceptions import EmbeddingWarning

LETTERS = "ACDEFGHIKLMNPQRSTVWYX"


@given(st.lists(st.text(LETTERS, min_size=2, max_size=30), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore::protimb.exceptions.EmbeddingWarning")
def test_counts_are_those_of_a_counter(sequences):
    encoder = KmerEncoder(k=2, norm=None).fit()
    names = encoder.get_feature_names_out()
    for sequence, row in zip(sequences, encoder.transform(sequences), strict=True):
        words = Counter(sequence[i : i + 2] for i in range(len(sequence) - 1))
        expected = {word: n for word, n in words.items() if "X" not in word}
        assert {names[column]: row[column] for column in row.nonzero()[0]} == expected


def test_shares_add_up_to_one_and_lengths_to_one():
    shares = KmerEncoder(k=1).fit_transform(["MKKV", "A"])
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares.max() == 1
    lengths = KmerEncoder(k=1, norm="l2").fit_transform(["MKKV", "A"])
    np.testing.assert_allclose((lengths**2).sum(axis=1), 1, rtol=1e-6)


def test_residues_of_one_group_are_one_letter():
    encoder = KmerEncoder(k=3, alphabet="murphy10").fit()
    assert encoder.n_features_out_ == 1000
    first, second = encoder.transform(["LKE", "VRQ"])
    np.testing.assert_array_equal(first, second)


def test_each_residue_is_in_one_group_of_ten():
    encoder = KmerEncoder(k=1, alphabet="murphy10", norm=None)
    assert encoder.fit_transform(list("ACDEFGHIKLMNPQRSTVWY")).sum() == 20


def test_proteins_shorter_than_a_word_are_zeros_and_counted():
    with pytest.warns(EmbeddingWarning, match="2 sequences have no word of 3"):
        X = KmerEncoder().fit_transform(["M", "MKV", "MKXVB"])
    assert X.sum(axis=1).tolist() == [0, 1, 0]


def test_words_too_many_to_hold_are_refused():
    with pytest.raises(ValueError, match="k=5 makes 3,200,000 words"):
        KmerEncoder(k=5).fit()
