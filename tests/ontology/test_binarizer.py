"""GOTermBinarizer: rows closed under the ontology, columns chosen by frequency or by name."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from protimb.exceptions import AnnotationError, OntologyWarning, UnknownTermError
from protimb.ontology import GOTermBinarizer

ANNOTATIONS = {"P1": {"GO:6"}, "P2": {"GO:4"}, "P3": {"GO:2"}, "P4": set()}


def test_rows_are_propagated_and_the_root_is_no_column(ontology):
    binarizer = GOTermBinarizer(ontology)
    indicators = binarizer.fit_transform(ANNOTATIONS)
    assert binarizer.classes_.tolist() == ["GO:2", "GO:3", "GO:4", "GO:5", "GO:6"]
    assert indicators.tolist() == [[1, 1, 0, 1, 1], [1, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0] * 5]
    assert indicators.dtype == np.uint8


@pytest.mark.parametrize(
    ("limits", "columns"),
    [
        ({"min_proteins": 2}, ["GO:2"]),
        ({"max_proteins": 1}, ["GO:3", "GO:4", "GO:5", "GO:6"]),
        ({"min_proteins": 2, "max_proteins": 2}, []),
    ],
)
def test_limits_count_proteins_after_propagation(ontology, limits, columns):
    assert GOTermBinarizer(ontology, **limits).fit(ANNOTATIONS).classes_.tolist() == columns


def test_named_terms_are_the_columns_in_their_order(ontology):
    binarizer = GOTermBinarizer(ontology, terms=["GO:55", "GO:1"])
    assert binarizer.fit_transform(ANNOTATIONS).tolist() == [[1, 1], [0, 1], [0, 1], [0, 0]]
    assert binarizer.classes_.tolist() == ["GO:5", "GO:1"]


def test_named_term_that_is_unknown_is_refused(ontology):
    with pytest.raises(UnknownTermError, match="GO:123"):
        GOTermBinarizer(ontology, terms=["GO:123"]).fit(ANNOTATIONS)


def test_a_term_named_by_two_ids_is_refused(ontology):
    with pytest.raises(ValueError, match="by two ids"):
        GOTermBinarizer(ontology, terms=["GO:5", "GO:55"]).fit(ANNOTATIONS)


def test_other_proteins_get_the_columns_of_fit(ontology):
    binarizer = GOTermBinarizer(ontology).fit([{"GO:4"}])
    assert binarizer.transform([{"GO:6"}, {"GO:4"}]).tolist() == [[1, 0], [1, 1]]


def test_sparse_output_holds_the_same_numbers(ontology):
    dense = GOTermBinarizer(ontology).fit_transform(ANNOTATIONS)
    cut = GOTermBinarizer(ontology, sparse_output=True).fit_transform(ANNOTATIONS)
    assert sparse.issparse(cut)
    np.testing.assert_array_equal(cut.toarray(), dense)


@pytest.mark.parametrize("sparse_output", [False, True])
def test_inverse_returns_propagated_sets(ontology, sparse_output):
    binarizer = GOTermBinarizer(ontology, sparse_output=sparse_output)
    indicators = binarizer.fit_transform(ANNOTATIONS)
    roots = set(ontology.roots)
    expected = [terms - roots for terms in ontology.propagate(ANNOTATIONS).values()]
    assert binarizer.inverse_transform(indicators) == expected


def test_mapped_and_unknown_ids_are_counted(ontology):
    """Cases 41 to 43."""
    binarizer = GOTermBinarizer(ontology)
    with pytest.warns(OntologyWarning, match="3 of 6 annotations"):
        binarizer.fit([{"GO:55", "GO:8"}, {"GO:7", "GO:8"}, {"GO:5", "go:5"}])
    assert binarizer.n_mapped_ == 2
    assert binarizer.unknown_terms_ == {"GO:8": 2, "go:5": 1}


def test_a_string_in_place_of_a_set_is_refused(ontology):
    with pytest.raises(AnnotationError, match="'GO:6'"):
        GOTermBinarizer(ontology).fit(["GO:6"])


def test_clone_shares_the_ontology(ontology):
    assert clone(GOTermBinarizer(ontology, min_proteins=3)).ontology is ontology


def test_transform_before_fit_is_refused(ontology):
    with pytest.raises(NotFittedError):
        GOTermBinarizer(ontology).transform(ANNOTATIONS)


def test_a_string_in_place_of_columns_is_refused(ontology):
    with pytest.raises(ValueError, match=r"terms is a collection.*Pass \['GO:4'\]"):
        GOTermBinarizer(ontology, "GO:4").fit([{"GO:4"}])
