"""Words of the command line become values."""

import os
import signal

import pytest
import typer

from protimb.cli._words import clean_messages, literal, literals
from protimb.utils._new_folder import new_folder, renewed_folder, whole_file


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


@pytest.fixture
def keyboard():
    """Heed Ctrl-C also where the tests run in the background, whose processes ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def stop_halfway(path, number):
    path.write_text("half")
    os.kill(os.getpid(), number)


@pytest.mark.usefixtures("keyboard")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("way", [new_folder, whole_file, renewed_folder])
def test_who_stops_a_command_gets_one_line_and_no_draft_stays(tmp_path, capsys, number, code, way):
    before = signal.getsignal(signal.SIGTERM)
    stopping = pytest.raises(typer.Exit)
    with stopping as stopped, clean_messages(), way(tmp_path / "out") as draft:
        stop_halfway(draft if way is whole_file else draft / "half", number)
    assert stopped.value.exit_code == code
    name = signal.Signals(number).name
    assert capsys.readouterr().err == f"stopped: by {name}; what was half-written is removed\n"
    assert [path for path in tmp_path.rglob("*") if path.name != "out"] == []
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("text", ["{[]: 1}", "(" * 5000, "1 is 1", "\\d", "a\x00", "-"])
def test_odd_words_are_words(text):
    assert literal(text) == text
