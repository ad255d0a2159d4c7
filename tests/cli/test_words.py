"""Words of the command line become values."""

import pytest
import typer

from protimb.cli._words import clean_messages, literals


def test_what_is_no_literal_stays_a_word():
    words = ["n_latent=32", "backbone=conv", "quality_filter=None", "kept=a=b"]
    found = literals(words)
    assert found == {"n_latent": 32, "backbone": "conv", "quality_filter": None, "kept": "a=b"}


def test_a_parameter_set_twice_is_refused():
    with pytest.raises(typer.BadParameter, match="'n_latent' is set twice"):
        literals(["n_latent=4", "n_latent=8"])


def test_names_cannot_steer_the_terminal(capsys):
    with pytest.raises(typer.Exit), clean_messages():
        raise ValueError("no term \x1b[31mGO:1\x07 \u00fc\u202e")
    assert capsys.readouterr().err == "error: no term \\x1b[31mGO:1\\x07 \u00fc\\u202e\n"
