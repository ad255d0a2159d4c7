"""Depths, slims and the way to networkx."""

import networkx as nx
import pytest

from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import UnknownTermError
from protimb.ontology import GeneOntology


@pytest.fixture
def shortcut():
    """A term D that is one step below the root by one parent, and three by the other."""
    return GeneOntology(
        names=dict.fromkeys("ABCD", ""),
        namespaces=dict.fromkeys("ABCD", "f"),
        parents={"B": ["A"], "C": ["B"], "D": ["C", "A"]},
    )


def test_depth_counts_the_shortest_way_up_or_the_longest(shortcut):
    assert [shortcut.depth(term) for term in "ABCD"] == [0, 1, 2, 1]
    assert [shortcut.depth(term, longest=True) for term in "ABCD"] == [0, 1, 2, 3]


def test_depth_of_a_retired_id_is_that_of_its_replacement(ontology):
    assert ontology.depth("GO:7") == ontology.depth("GO:5") == 2
    with pytest.raises(UnknownTermError):
        ontology.depth("GO:8")


@pytest.mark.parametrize("seed", range(3))
def test_depths_are_those_of_networkx(seed):
    toy = make_longtail_multilabel(20, 2, 40, random_state=seed).ontology
    graph = toy.to_networkx()
    for term in toy.terms:
        ways = [
            len(way) - 1
            for root in toy.roots
            for way in (nx.all_simple_paths(graph, term, root) if term != root else [[root]])
        ]
        assert toy.depth(term) == min(ways)
        assert toy.depth(term, longest=True) == max(ways)


def test_the_graph_of_networkx_has_each_term_and_edge(ontology):
    graph = ontology.to_networkx()
    assert set(graph.nodes) == set(ontology.terms)
    assert set(graph.edges) == {
        (child, parent) for child, above in ontology.parents.items() for parent in above
    }
    assert graph.nodes["GO:4"] == {"name": "ion binding", "namespace": "molecular_function"}
    assert graph.graph["version"] == "toy"
    assert nx.descendants(graph, "GO:6") == ontology.ancestors("GO:6")


def test_a_slim_links_terms_to_their_nearest_ancestors_in_it(ontology):
    slim = ontology.slim(["GO:1", "GO:3", "GO:6"])
    # GO:6 lies below GO:3, and below GO:1 by way of it alone: no second edge to the root.
    assert dict(slim.parents) == {"GO:6": ("GO:3",), "GO:3": ("GO:1",), "GO:1": ()}
    assert slim.names["GO:6"] == "MAP kinase"
    assert slim.version == ontology.version


def test_a_slim_keeps_the_ancestry_of_its_terms():
    toy = make_longtail_multilabel(20, 2, 40, random_state=0).ontology
    kept = set(toy.terms[::3])
    slim = toy.slim(sorted(kept))
    assert {term: slim.ancestors(term) for term in kept} == {
        term: toy.ancestors(term) & kept for term in kept
    }


def test_a_slim_answers_to_alternative_ids_of_its_terms(ontology):
    slim = ontology.slim(["GO:55"])
    assert slim.terms == ("GO:5",)
    assert slim.resolve("GO:55") == "GO:5"


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"GO:6"}, {"GO:2", "GO:3"}),  # below both
        ({"GO:4"}, {"GO:2"}),
        ({"GO:3"}, {"GO:3"}),  # in the slim itself
        ({"GO:1"}, {"GO:1"}),
        ({"GO:4", "GO:2", "GO:1"}, {"GO:2"}),  # ancestors of GO:4 add nothing of their own
        (set(), set()),
    ],
)
def test_terms_are_mapped_to_the_nearest_of_a_slim(ontology, terms, expected):
    slim = ["GO:1", "GO:2", "GO:3"]
    assert ontology.map_to_slim({"P": terms}, slim) == {"P": expected}
    assert ontology.map_to_slim([terms], slim) == [expected]


def test_of_two_slim_terms_above_each_other_the_more_specific_counts(shortcut):
    # D has C and A as parents; A is above C.
    assert shortcut.map_to_slim([{"D"}], ["A", "C"]) == [{"C"}]


def test_a_term_below_none_of_the_slim_is_left_out(ontology):
    assert ontology.map_to_slim([{"GO:4"}, {"GO:6"}], ["GO:3"]) == [set(), {"GO:3"}]


def test_unknown_ids_are_named(ontology):
    with pytest.raises(UnknownTermError, match="GO:99"):
        ontology.slim(["GO:99"])
    with pytest.raises(UnknownTermError, match="GO:99"):
        ontology.map_to_slim([{"GO:99"}], ["GO:1"], unknown="raise")
    with pytest.raises(ValueError, match="terms is a collection"):
        ontology.slim("GO:1")
