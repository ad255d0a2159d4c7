"""Lists of term numbers: they are what the indicators are, in an order that means something."""

import numpy as np
import pytest

from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError
from protimb.ontology import GOTermBinarizer, GOTermIndexer

ANNOTATIONS = {"P1": {"GO:6"}, "P2": {"GO:4"}, "P3": set(), "P4": {"GO:4", "GO:3"}}


def test_hand_worked_rows(ontology):
    indexer = GOTermIndexer(ontology)
    codes = indexer.fit_transform(ANNOTATIONS)
    assert indexer.classes_.tolist() == ["GO:2", "GO:3", "GO:4", "GO:5", "GO:6"]
    # MAP kinase is binding, catalysis, kinase and itself; ion binding is binding and itself.
    assert codes.tolist() == [[1, 2, 4, 5], [1, 3, 0, 0], [0, 0, 0, 0], [1, 2, 3, 0]]


def test_hand_worked_walk(ontology):
    codes = GOTermIndexer(ontology, order="depth_first").fit_transform(ANNOTATIONS)
    # From binding down to ion binding, then to kinase and MAP kinase, and last catalysis.
    assert codes.tolist() == [[1, 4, 5, 2], [1, 3, 0, 0], [0, 0, 0, 0], [1, 3, 2, 0]]


def test_a_walk_begins_at_a_root_that_is_among_the_terms(ontology):
    terms = ["GO:4", "GO:1", "GO:3", "GO:2"]
    indexer = GOTermIndexer(ontology, terms, order="depth_first").fit([])
    assert indexer.transform([{"GO:4", "GO:3"}]).tolist() == [[2, 3, 4, 1]]


def walked(ontology, terms):
    """Walk down from the roots through some terms, by recursion."""
    seen = []

    def visit(term):
        if term not in seen:
            seen.append(term)
            for child in sorted(ontology.children[term]):
                if child in terms:
                    visit(child)

    for term in sorted(terms):
        if not set(ontology.parents[term]) & terms:
            visit(term)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_each_row_is_the_walk_over_its_own_terms(seed):
    toy = make_longtail_multilabel(40, 2, 25, random_state=seed)
    sets = [set(toy.terms[row != 0].tolist()) for row in toy.y]
    terms = sorted(toy.terms.tolist())
    indexer = GOTermIndexer(toy.ontology, terms, order="depth_first").fit(sets)
    for codes, found in zip(indexer.transform(sets), sets, strict=True):
        assert indexer.classes_[codes[codes > 0] - 1].tolist() == walked(toy.ontology, found)


@pytest.mark.parametrize("order", ["number", "depth_first"])
def test_what_is_read_back_is_what_the_indicators_hold(ontology, order):
    indexer = GOTermIndexer(ontology, order=order).fit(ANNOTATIONS)
    binarizer = GOTermBinarizer(ontology).fit(ANNOTATIONS)
    sets = indexer.inverse_transform(indexer.transform(ANNOTATIONS))
    assert sets == binarizer.inverse_transform(binarizer.transform(ANNOTATIONS))
    assert sets[0] == {"GO:2", "GO:3", "GO:5", "GO:6"}
    np.testing.assert_array_equal(indexer.transform(sets), indexer.transform(ANNOTATIONS))


def test_rows_are_as_long_as_asked_and_never_cut(ontology):
    indexer = GOTermIndexer(ontology, max_length=6).fit(ANNOTATIONS)
    assert indexer.transform(ANNOTATIONS).shape == (4, 6)
    assert indexer.transform([]).shape == (0, 6)
    with pytest.raises(InvalidLabelsError, match="Row 0 has 4 terms, more than max_length=3"):
        indexer.set_params(max_length=3).transform(ANNOTATIONS)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[1, 6]], "Row 0 of codes holds 6; terms have the numbers 1 to 5"),
        ([[1, 0], [-1, 0]], "Row 1 of codes holds -1"),
        ([1, 2], r"shape \(n_proteins, n_numbers\)"),
        ([[1.0, 2.0]], "must be integers"),
    ],
)
def test_numbers_that_no_term_has_are_refused(ontology, codes, message):
    indexer = GOTermIndexer(ontology).fit(ANNOTATIONS)
    with pytest.raises(InvalidLabelsError, match=message):
        indexer.inverse_transform(codes)


def test_an_order_that_there_is_not_is_named_with_those_that_there_are(ontology):
    with pytest.raises(ValueError, match=r"one of number, depth_first, got 'breadth'"):
        GOTermIndexer(ontology, order="breadth").fit_transform(ANNOTATIONS)
