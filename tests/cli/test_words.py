"""Words of the command line become values."""

from protimb.cli._words import literals


def test_what_is_no_literal_stays_a_word():
    words = ["n_latent=32", "backbone=conv", "quality_filter=None", "kept=a=b"]
    found = literals(words)
    assert found == {"n_latent": 32, "backbone": "conv", "quality_filter": None, "kept": "a=b"}
