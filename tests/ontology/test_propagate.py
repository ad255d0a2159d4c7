"""Propagation: the true-path rule for annotations, the child-parent maximum for scores."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.exceptions import AnnotationError, OntologyWarning, UnknownTermError
from protimb.ontology import _propagate

TERMS = ["GO:1", "GO:2", "GO:3", "GO:4", "GO:5", "GO:6"]


def test_annotations_are_closed_up_to_the_root(ontology):
    propagated = ontology.propagate({"P1": ["GO:6"], "P2": {"GO:4"}, "P3": []})
    assert propagated == {
        "P1": {"GO:6", "GO:5", "GO:3", "GO:2", "GO:1"},
        "P2": {"GO:4", "GO:2", "GO:1"},
        "P3": frozenset(),
    }


def test_no_protein_stays_no_protein(ontology):
    assert ontology.propagate({}) == {}
    assert ontology.propagate([]) == []


def test_blocks_of_rows_change_no_score(ontology, rng, monkeypatch):
    scores = rng.random((40, len(TERMS)))
    at_once = ontology.propagate_scores(scores, TERMS)
    monkeypatch.setattr(_propagate, "_CELLS_A_BLOCK", 20)  # three rows
    np.testing.assert_array_equal(ontology.propagate_scores(scores, TERMS), at_once)
    _propagate.propagate_scores(ontology, scores, TERMS, out=scores)
    np.testing.assert_array_equal(scores, at_once)


def test_a_string_in_place_of_a_set_is_refused(ontology):
    with pytest.raises(AnnotationError, match="'GO:6'"):
        ontology.propagate({"P1": "GO:6"})


@given(st.lists(st.sets(st.sampled_from(TERMS)), max_size=4))
def test_propagating_twice_changes_nothing(ontology, annotations):
    once = ontology.propagate(annotations)
    assert ontology.propagate(once) == once
    assert all(before <= after for before, after in zip(annotations, once, strict=True))


def test_alternative_and_replaced_ids_count_for_their_term(ontology):
    """Cases 41 and 42."""
    by_synonym = ontology.propagate([{"GO:55"}, {"GO:7"}])
    assert by_synonym == ontology.propagate([{"GO:5"}, {"GO:5"}])


def test_obsolete_term_without_replacement_is_dropped_with_a_warning(ontology):
    """Case 42."""
    with pytest.warns(OntologyWarning, match=r"1 of 2 annotations.*1 of them obsolete.*GO:8"):
        assert ontology.propagate([{"GO:8", "GO:1"}]) == [{"GO:1"}]


def test_unknown_ids_give_one_warning_that_lists_them(ontology):
    """Case 43."""
    with pytest.warns(OntologyWarning, match="GO:123, go:1") as caught:
        ontology.propagate([{"go:1", "GO:2"}, {"GO:123"}, {"go:1"}])
    assert len(caught) == 1


def test_unknown_id_is_an_error_if_strict(ontology):
    """Case 43."""
    with pytest.raises(UnknownTermError, match="GO:123"):
        ontology.propagate([{"GO:123"}], unknown="raise")


def test_unknown_id_can_be_ignored(ontology):
    assert ontology.propagate([{"GO:123"}], unknown="ignore") == [frozenset()]


def test_many_unknown_ids_hint_at_another_release_and_few_do_not(ontology):
    """Case 46."""
    with pytest.warns(OntologyWarning, match="different releases"):
        ontology.propagate([{"GO:123"}] + [{"GO:2"}] * 9)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ontology.propagate([{"GO:123"}] + [{"GO:2"}] * 99)
    assert "different releases" not in str(caught[0].message)


def test_unknown_policy_is_checked(ontology):
    with pytest.raises(ValueError, match="'warn', 'ignore', 'raise'"):
        ontology.propagate([], unknown="drop")


def test_parent_takes_the_highest_score_below_it(ontology):
    scores = np.array([[0.1, 0.2, 0.3, 0.9, 0.4, 0.5]])
    expected = np.array([[0.9, 0.9, 0.5, 0.9, 0.5, 0.5]])
    np.testing.assert_array_equal(ontology.propagate_scores(scores, TERMS), expected)


def test_scores_of_a_table_are_found_by_name(ontology):
    table = pd.DataFrame([[0.1, 0.2, 0.3, 0.9, 0.4, 0.5]], columns=TERMS)[TERMS[::-1]]
    propagated = ontology.propagate_scores(table, TERMS)
    np.testing.assert_array_equal(propagated, [[0.9, 0.9, 0.5, 0.9, 0.5, 0.5]])


def test_scores_pass_over_a_term_without_column(ontology):
    # GO:5 and GO:2 are missing: GO:6 reaches GO:3 and GO:1 all the same.
    terms = ["GO:1", "GO:6", "GO:3", "GO:4"]
    propagated = ontology.propagate_scores(np.array([[0.0, 0.7, 0.1, 0.2]]), terms)
    np.testing.assert_array_equal(propagated, [[0.7, 0.7, 0.7, 0.2]])


@given(
    st.permutations(TERMS).flatmap(lambda terms: st.integers(1, 6).map(lambda n: terms[:n])),
    st.integers(0, 2**32 - 1),
)
def test_scores_equal_the_maximum_over_the_closure(ontology, terms, seed):
    scores = np.random.default_rng(seed).normal(size=(3, len(terms))).astype(np.float32)
    closure = ontology.closure(terms).toarray()
    expected = np.where(closure[None], scores[:, :, None], -np.inf).max(axis=1)
    propagated = ontology.propagate_scores(scores, terms)
    np.testing.assert_array_equal(propagated, expected)
    assert propagated.dtype == np.float32


def test_scores_given_are_left_alone(ontology):
    scores = np.array([[0.0, 1.0]])
    ontology.propagate_scores(scores, ["GO:1", "GO:2"])
    assert scores.tolist() == [[0.0, 1.0]]


def test_scores_need_one_column_a_term(ontology):
    with pytest.raises(ValueError, match=r"\(2, 3\).*2 terms"):
        ontology.propagate_scores(np.zeros((2, 3)), ["GO:1", "GO:2"])


def test_a_term_has_one_column_only(ontology):
    with pytest.raises(ValueError, match="named twice"):
        ontology.propagate_scores(np.zeros((1, 2)), ["GO:5", "GO:55"])
