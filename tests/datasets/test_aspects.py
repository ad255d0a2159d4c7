"""Aspects: one table of spellings, and new rows that follow those of the file."""

import pytest

from protimb.datasets._aspects import namespace_of, spelling_like

PROCESS = "biological_process"


@pytest.mark.parametrize(
    ("there", "spelling"),
    [
        (["MFO", "CCO"], "BPO"),
        (["F", "C", "F"], "P"),
        (["f", "c"], "p"),
        (["MF"], "BP"),
        (["molecular_function"], PROCESS),
        (["F", "F", "CCO"], "P"),  # most of them
        ([], "BPO"),
    ],
)
def test_an_aspect_is_spelt_like_those_that_are_there(there, spelling):
    assert spelling_like(there, PROCESS) == spelling
    assert namespace_of(spelling) == PROCESS


def test_a_word_of_no_vocabulary_is_no_aspect():
    assert namespace_of("X") is None
    assert namespace_of("") is None
