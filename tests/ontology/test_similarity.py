"""Semantic similarity against numbers worked out by hand, and a plain search of ancestors."""

import numpy as np
import pandas as pd
import pytest

from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError, UnknownTermError
from protimb.ontology import GeneOntology, information_content, term_similarity

TERMS = ["GO:1", "GO:2", "GO:3", "GO:4", "GO:5", "GO:6"]

# Six proteins have the root, five GO:2, four GO:3, two GO:4, one GO:5, none GO:6.
Y = np.array(
    [
        [1, 1, 1, 0, 1, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 0, 1, 0, 0, 0],
    ]
)
IC = {
    "GO:1": 0.0,
    "GO:2": np.log2(6 / 5),
    "GO:3": np.log2(6 / 4),
    "GO:4": np.log2(6 / 2),
    "GO:5": np.log2(6 / 1),
}
# ion binding and kinase share binding, which tells .263 bits; they tell 1.585 and 2.585.
ION_AND_KINASE = {
    "resnik": 0.2630344,
    "lin": 2 * 0.2630344 / (1.5849625 + 2.5849625),
    "jiang_conrath": 1 / (1 + 1.5849625 + 2.5849625 - 2 * 0.2630344),
}


def test_content_is_minus_log_of_the_share_of_proteins(ontology):
    found = information_content(Y, ontology, TERMS)
    assert found == pytest.approx(IC)  # GO:6 has no protein, and no content


def test_proteins_of_another_namespace_do_not_count():
    both = GeneOntology(
        names={"F": "function", "F1": "binding", "P": "process", "P1": "growth"},
        namespaces={"F": "f", "F1": "f", "P": "p", "P1": "p"},
        parents={"F1": ["F"], "P1": ["P"]},
    )
    y = [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    found = information_content(y, both, ["F", "F1", "P", "P1"])
    assert found == {"F": 0, "F1": 1, "P": 0, "P1": 2}


def test_columns_of_a_table_are_found_by_name(ontology):
    table = pd.DataFrame(Y, columns=TERMS)[TERMS[::-1]]
    assert information_content(table, ontology, TERMS) == pytest.approx(IC)


def test_labels_without_their_ancestors_have_no_content(ontology):
    with pytest.raises(InvalidLabelsError, match=r"not propagated.*GO:4"):
        information_content([[1, 0, 0, 1, 0, 0]], ontology, TERMS)


@pytest.mark.parametrize(("method", "expected"), ION_AND_KINASE.items())
def test_hand_worked_example(ontology, method, expected):
    similarity = term_similarity(ontology, IC, ["GO:4"], ["GO:5"], method=method)
    np.testing.assert_allclose(similarity, [[expected]], atol=1e-7)


def test_the_most_informative_of_several_shared_ancestors_counts(ontology):
    # kinase lies below binding (.263 bits) and catalysis (.585); MAP kinase shares kinase itself.
    information = IC | {"GO:6": 5.0}
    similarity = term_similarity(ontology, information, ["GO:5"], ["GO:2", "GO:3", "GO:6"])
    np.testing.assert_allclose(similarity, [[IC["GO:2"], IC["GO:3"], IC["GO:5"]]])


@pytest.mark.parametrize("method", ["lin", "jiang_conrath"])
def test_a_term_is_as_like_itself_as_can_be_and_order_does_not_matter(ontology, method):
    similarity = term_similarity(ontology, IC, list(IC), method=method)
    np.testing.assert_array_equal(np.diag(similarity), 1)
    np.testing.assert_array_equal(similarity, similarity.T)
    assert similarity.min() >= 0
    assert similarity.max() == 1


def test_terms_that_share_the_root_alone_share_nothing_that_tells(ontology):
    similarity = {
        method: term_similarity(ontology, IC, ["GO:2"], ["GO:3"], method=method).item()
        for method in ION_AND_KINASE
    }
    distance = IC["GO:2"] + IC["GO:3"]
    assert similarity == {"resnik": 0, "lin": 0, "jiang_conrath": 1 / (1 + distance)}


@pytest.mark.parametrize("method", ION_AND_KINASE)
def test_terms_of_two_namespaces_have_nothing_in_common(method):
    apart = GeneOntology(
        names={"F": "function", "P": "process"}, namespaces={"F": "f", "P": "p"}, parents={}
    )
    assert term_similarity(apart, {}, ["F"], ["P"], method=method).item() == 0


@pytest.mark.parametrize("seed", range(3))
def test_matches_a_plain_search_for_shared_ancestors(seed):
    toy = make_longtail_multilabel(200, 2, 25, random_state=seed)
    information = information_content(toy.y, toy.ontology, toy.terms)
    with_roots = dict.fromkeys(toy.ontology.roots, 0.0) | information
    terms = list(information)
    found = term_similarity(toy.ontology, information, terms[:9], terms[5:])
    for i, one in enumerate(terms[:9]):
        for j, other in enumerate(terms[5:]):
            shared = (toy.ontology.ancestors(one) | {one}) & (
                toy.ontology.ancestors(other) | {other}
            )
            expected = max(with_roots[term] for term in shared if term in with_roots)
            assert found[i, j] == pytest.approx(expected, abs=1e-12)


def test_alternative_ids_are_resolved(ontology):
    assert term_similarity(ontology, IC, ["GO:55"], ["GO:5"]).item() == IC["GO:5"]


def test_a_term_without_content_is_named(ontology):
    with pytest.raises(UnknownTermError, match=r"nothing of 1 of the terms in b: GO:6"):
        term_similarity(ontology, IC, ["GO:5"], ["GO:4", "GO:6"])


def test_a_method_that_there_is_not_is_named_with_those_that_there_are(ontology):
    with pytest.raises(ValueError, match=r"one of resnik, lin, jiang_conrath, got 'wang'"):
        term_similarity(ontology, IC, ["GO:5"], method="wang")


def test_one_string_is_not_read_letter_by_letter(ontology):
    with pytest.raises(ValueError, match="a is a collection"):
        term_similarity(ontology, IC, "GO:5")
