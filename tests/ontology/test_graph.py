"""GeneOntology: order, relatives, retired ids, and being a value that never changes."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.exceptions import OntologyCycleError, OntologyError, UnknownTermError
from protimb.ontology import GeneOntology


def graph(parents):
    terms = sorted({*parents, *(p for above in parents.values() for p in above)})
    return GeneOntology(dict.fromkeys(terms, "name"), dict.fromkeys(terms, "ns"), parents)


@st.composite
def dags(draw):
    n = draw(st.integers(1, 9))
    above = [draw(st.sets(st.integers(0, k - 1), max_size=3)) if k else set() for k in range(n)]
    return {f"T:{k}": [f"T:{p}" for p in sorted(parents)] for k, parents in enumerate(above)}


def test_children_precede_parents(ontology):
    rank = {term: i for i, term in enumerate(ontology.terms)}
    edges = [(child, p) for child, above in ontology.parents.items() for p in above]
    assert len(edges) == 6
    assert all(rank[child] < rank[parent] for child, parent in edges)


def test_ancestors_leave_the_term_itself_out(ontology):
    assert ontology.ancestors("GO:6") == {"GO:5", "GO:2", "GO:3", "GO:1"}
    assert ontology.ancestors("GO:1") == frozenset()


def test_descendants_leave_the_term_itself_out(ontology):
    assert ontology.descendants("GO:2") == {"GO:4", "GO:5", "GO:6"}
    assert ontology.descendants("GO:6") == frozenset()


def test_roots_are_the_terms_without_parents(ontology):
    assert ontology.roots == ("GO:1",)
    assert set(graph({"T:2": ["T:1"], "T:4": ["T:3"]}).roots) == {"T:1", "T:3"}


def test_alternative_id_leads_to_its_term(ontology):
    """Case 41."""
    assert ontology.resolve("GO:55") == "GO:5"
    assert ontology.ancestors("GO:55") == ontology.ancestors("GO:5")


def test_obsolete_term_leads_to_its_single_replacement_even_if_that_was_merged(ontology):
    """Case 42."""
    assert ontology.resolve("GO:7") == "GO:5"


def test_obsolete_term_with_advice_only_is_not_followed_but_the_advice_is_given(ontology):
    """Case 42."""
    with pytest.raises(UnknownTermError, match=r"obsolete.*consider GO:4, GO:5"):
        ontology.resolve("GO:8")


def test_replacements_that_go_in_a_circle_end(ontology):
    with pytest.raises(UnknownTermError, match="obsolete"):
        ontology.resolve("GO:9")


@pytest.mark.parametrize("malformed", ["GO:123", "go:1", "", "kinase"])
def test_malformed_id_is_unknown(ontology, malformed):
    """Case 43."""
    with pytest.raises(UnknownTermError, match=r"not in this ontology \(version toy\)"):
        ontology.resolve(malformed)


def test_closure_marks_a_term_and_all_its_ancestors(ontology):
    closure = ontology.closure(["GO:6", "GO:2", "GO:4"])
    assert closure.toarray().tolist() == [
        [True, True, False],
        [False, True, False],
        [False, True, True],
    ]


@given(dags())
def test_closure_ancestors_and_descendants_agree(parents):
    ontology = graph(parents)
    closure = ontology.closure().toarray()
    for i, term in enumerate(ontology.terms):
        above = {other for j, other in enumerate(ontology.terms) if closure[i, j]}
        below = {other for j, other in enumerate(ontology.terms) if closure[j, i]}
        assert above == ontology.ancestors(term) | {term}
        assert below == ontology.descendants(term) | {term}


@given(dags())
def test_every_dag_is_sorted_and_no_term_is_lost(parents):
    ontology = graph(parents)
    assert sorted(ontology.terms) == sorted(ontology.names)
    # Children precede parents exactly when the closure is upper triangular.
    assert not np.tril(ontology.closure().toarray(), -1).any()


def test_cycle_is_refused_and_shown():
    with pytest.raises(OntologyCycleError, match=r"T:1 -> T:2 -> T:1|T:2 -> T:1 -> T:2"):
        graph({"T:1": ["T:2"], "T:2": ["T:1"]})


def test_a_term_that_is_its_own_parent_is_a_cycle():
    with pytest.raises(OntologyCycleError, match="T:1 -> T:1"):
        graph({"T:1": ["T:1"]})


def test_parent_that_is_no_term_is_refused():
    with pytest.raises(OntologyError, match="'T:2'"):
        GeneOntology({"T:1": ""}, {"T:1": ""}, {"T:1": ["T:2"]})


def test_child_that_is_no_term_is_refused():
    with pytest.raises(OntologyError, match="'T:2', which is not a term"):
        GeneOntology({"T:1": ""}, {"T:1": ""}, {"T:2": ["T:1"]})


def test_term_without_namespace_is_refused():
    with pytest.raises(OntologyError, match="1 terms have no namespace, such as 'T:2'"):
        GeneOntology({"T:1": "", "T:2": ""}, {"T:1": ""}, {})


def test_chain_of_5000_levels_does_not_recurse():
    """Case 79."""
    n = 5000
    deep = graph({f"T:{k:04d}": [f"T:{k - 1:04d}"] for k in range(1, n)})
    bottom, top = f"T:{n - 1:04d}", "T:0000"
    assert len(deep.ancestors(bottom)) == len(deep.descendants(top)) == n - 1
    assert len(deep.propagate([{bottom}])[0]) == n
    scores = np.zeros((1, n))
    scores[0, deep.terms.index(bottom)] = 1.0
    assert deep.propagate_scores(scores, deep.terms).min() == 1.0
    assert pickle.loads(pickle.dumps(deep)) == deep


def test_cycle_of_5000_terms_does_not_recurse():
    """Case 79."""
    with pytest.raises(OntologyCycleError):
        graph({f"T:{k}": [f"T:{(k + 1) % 5000}"] for k in range(5000)})


def test_pickled_ontology_is_equal_and_a_copy_is_itself(ontology):
    again = pickle.loads(pickle.dumps(ontology))
    assert again == ontology
    assert again is not ontology
    assert hash(again) == hash(ontology)
    assert copy.deepcopy(ontology) is ontology


def test_ontologies_that_differ_in_one_edge_are_not_equal():
    assert graph({"T:2": ["T:1"], "T:1": []}) != graph({"T:2": [], "T:1": []})


def test_ontology_cannot_be_changed(ontology):
    with pytest.raises(FrozenInstanceError):
        ontology.version = "other"
    with pytest.raises(TypeError):
        ontology.parents["GO:6"] = ()
