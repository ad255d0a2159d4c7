"""Information accretion against hand-worked counts and a slow, plain computation."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError
from protimb.ontology import information_accretion

TERMS = ["GO:1", "GO:2", "GO:3", "GO:4", "GO:5", "GO:6"]

# Columns as TERMS: all six proteins have the root, five GO:2, four GO:3, two GO:4, one GO:5.
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


def test_hand_worked_example(ontology):
    information = information_accretion(Y, ontology, TERMS)
    # One artificial protein has every term. GO:5 needs both GO:2 and GO:3: three proteins do.
    expected = [7 / 7, 7 / 6, 7 / 5, 6 / 3, (3 + 1) / (1 + 1), (1 + 1) / (0 + 1)]
    np.testing.assert_allclose(information, np.log2(expected), rtol=0, atol=1e-12)


def test_columns_of_a_table_are_found_by_name(ontology):
    table = pd.DataFrame(Y, columns=TERMS)[TERMS[::-1]]
    expected = information_accretion(Y, ontology, TERMS)
    np.testing.assert_array_equal(information_accretion(table, ontology, TERMS), expected)
    with pytest.raises(InvalidLabelsError, match=r"1 unknown \(GO:9\)"):
        information_accretion(table.rename(columns={"GO:1": "GO:9"}), ontology, TERMS)


def test_unseen_term_has_a_finite_weight(ontology):
    assert information_accretion(Y, ontology, TERMS)[5] == 1.0


def test_nearest_ancestors_stand_in_for_a_parent_without_column(ontology):
    # Without GO:2 and GO:3, GO:5 is measured against the root, GO:4 too.
    kept = [0, 3, 4]
    information = information_accretion(Y[:, kept], ontology, [TERMS[k] for k in kept])
    np.testing.assert_allclose(information, np.log2([7 / 7, 7 / 3, 7 / 2]), atol=1e-12)


def test_leaving_out_the_root_changes_no_other_weight(ontology):
    with_root = information_accretion(Y, ontology, TERMS)
    without = information_accretion(Y[:, 1:], ontology, TERMS[1:])
    np.testing.assert_array_equal(without, with_root[1:])


@pytest.mark.parametrize("seed", range(3))
def test_matches_a_plain_count_over_all_parents(seed):
    toy = make_longtail_multilabel(60, 2, 15, random_state=seed)
    column = {term: k for k, term in enumerate(toy.terms.tolist())}
    for term, weight in zip(
        column, information_accretion(toy.y, toy.ontology, toy.terms), strict=True
    ):
        parents = [column[p] for p in toy.ontology.parents[term] if p in column]
        n_parents = toy.y[:, parents].all(axis=1).sum()
        n_term = toy.y[:, column[term]].sum()
        assert weight == pytest.approx(np.log2((n_parents + 1) / (n_term + 1)), abs=1e-12)


def test_sparse_and_dense_labels_agree(ontology):
    dense = information_accretion(Y, ontology, TERMS)
    np.testing.assert_array_equal(
        information_accretion(sparse.csr_array(Y), ontology, TERMS), dense
    )


def test_labels_that_are_not_propagated_are_refused(ontology):
    with pytest.raises(InvalidLabelsError, match=r"not propagated.*GO:4"):
        information_accretion(np.array([[1, 0, 0, 1, 0, 0]]), ontology, TERMS)


def test_one_parentless_protein_is_found_among_others_that_make_the_counts_right(ontology):
    y = np.array([[1, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0]])
    with pytest.raises(InvalidLabelsError, match=r"not propagated.*GO:4"):
        information_accretion(y, ontology, TERMS)


@pytest.mark.parametrize("value", [0.9, 2, np.nan])
def test_labels_that_are_not_binary_are_refused(ontology, value):
    with pytest.raises(InvalidLabelsError, match="0 or 1"):
        information_accretion(Y * value, ontology, TERMS)


def test_terms_must_name_the_columns(ontology):
    with pytest.raises(ValueError, match="6 columns, but 1 terms"):
        information_accretion(Y, ontology, ["GO:1"])
