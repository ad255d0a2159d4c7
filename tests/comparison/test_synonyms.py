"""A term whose proteins are nearly those of another repeats it."""

import numpy as np
import pytest

from protimb.comparison._synonyms import find_repeats
from protimb.ontology import GeneOntology

TERMS = ["GO:1", "GO:2", "GO:3", "GO:4"]


@pytest.fixture
def ontology():
    return GeneOntology(
        names=dict.fromkeys(TERMS, "a name"),
        namespaces=dict.fromkeys(TERMS, "molecular_function"),
        parents={"GO:2": ["GO:1"], "GO:3": ["GO:2"], "GO:4": ["GO:1"]},
    )


def test_a_parent_repeats_its_only_child(ontology):
    y = np.zeros((300, 4), dtype=np.uint8)
    y[:, 0] = 1
    y[:260, 1] = y[:260, 2] = 1  # more than an int8 counts
    y[270:, 3] = 1
    # 260 of 300 proteins are more than four fifths: all three say the same.
    assert find_repeats(y, TERMS, ontology) == ["GO:3", "GO:3", "", ""]


def test_terms_of_other_proteins_or_of_none_repeat_nothing(ontology):
    y = np.zeros((10, 4), dtype=np.uint8)
    y[:10, 0] = 1
    y[:7, 1] = 1
    assert find_repeats(y, TERMS, ontology) == ["", "", "", ""]
