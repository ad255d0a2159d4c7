"""LabelAttentionClassifier: terms by their vectors, also those that no row has, and residues."""

import numpy as np
import pandas as pd
import pytest
from devices import DEVICE
from numpy.testing import assert_allclose, assert_array_equal

from protimb.classification import LabelAttentionClassifier
from protimb.exceptions import InvalidLabelsError, TermVectorError, TermVectorWarning
from protimb.ontology import GeneOntology

NAMES = {"GO:1": "root", "GO:2": "left", "GO:3": "right", "GO:4": "left low", "GO:5": "left high"}
ONTOLOGY = GeneOntology(
    names=NAMES,
    namespaces=dict.fromkeys(NAMES, "molecular_function"),
    parents={"GO:2": ["GO:1"], "GO:3": ["GO:1"], "GO:4": ["GO:2"], "GO:5": ["GO:2"]},
)
TERMS = ["GO:2", "GO:3", "GO:4", "GO:5"]


def attentive(**changes):
    settings = {
        "n_hidden": 16,
        "head_size": 8,
        "n_components": 3,
        "lr": 0.02,
        "weight_decay": 0.01,
        "max_epochs": 8,
        "batch_size": 16,
        "early_stopping": False,
        "device": DEVICE,
        "random_state": 0,
    }
    return LabelAttentionClassifier(**(settings | changes))


@pytest.fixture(scope="module")
def circle():
    """Points on a circle; each term is a half of it, and its vector the middle of that half."""
    rng = np.random.default_rng(0)
    middles = np.array([[np.cos(a), np.sin(a)] for a in np.arange(12) * np.pi / 6])
    X = rng.normal(size=(240, 2)).astype(np.float32)
    return X, (X @ middles.T > 0).astype(np.uint8), middles


@pytest.fixture
def quarters():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2)).astype(np.float32)
    left, low = X[:, 0] < 0, X[:, 1] < 0
    y = np.column_stack([left, ~left, left & low, left & ~low]).astype(np.uint8)
    return X, pd.DataFrame(y, columns=TERMS)


def share_in_order(scores, truth):
    """Share of pairs of a member and another that scores put in the right order."""
    return np.mean(scores[truth == 1][:, None] > scores[truth == 0])


def test_a_term_without_a_member_is_ranked_by_what_its_vector_says(circle):
    X, y, middles = circle
    y = y.copy()
    hidden, truth = 5, y[:, 5].copy()
    y[:, hidden] = 0
    model = attentive(term_vectors=middles).fit(X, y)
    assert share_in_order(model.predict_proba(X)[:, hidden], truth) > 0.95


def test_a_new_term_is_asked_as_a_column_without_a_member_is(circle):
    X, y, middles = circle
    y = y.copy()
    y[:, 5] = 0
    model = attentive(term_vectors=middles, max_epochs=1).fit(X, y)
    found = model.predict_terms(X, middles[[5]])[:, 0]
    assert_allclose(found, model.predict_proba(X)[:, 5], rtol=1e-5)
    named = model.predict_terms(X, {"GO:9": middles[3], "GO:8": middles[5]})
    assert_allclose(named[:, 1], found, rtol=1e-5)
    table = pd.DataFrame(middles[[5]], index=["GO:9"])
    assert_allclose(model.predict_terms(X, table)[:, 0], found, rtol=1e-5)


def test_what_absent_columns_hold_changes_no_other(circle):
    X, y, middles = circle
    wide = np.column_stack([y[:, :6], np.zeros((len(y), 1), np.uint8)])
    narrow = attentive(term_vectors=middles[:6], max_epochs=1).fit(X, y[:, :6])
    # The absent term has the mean of all vectors, so that their centre stays; their spread moves.
    with_absent = attentive(term_vectors=np.vstack([middles[:6], np.full(2, np.nan)]), max_epochs=1)
    with pytest.warns(TermVectorWarning, match=r"1 terms have neither a member nor a vector \(6\)"):
        with_absent.fit(X, wide)
    expected = narrow.predict_proba(X)
    assert_allclose(with_absent.predict_proba(X)[:, :6], expected, rtol=1e-5, atol=1e-7)


def test_a_term_without_a_vector_keeps_its_place(circle):
    X, y, middles = circle
    vectors = middles.copy()
    vectors[3] = np.nan
    found = attentive(term_vectors=vectors).fit(X, y).predict_proba(X)
    for column in (2, 3, 4):  # column 3 learns from its members alone
        assert share_in_order(found[:, column], y[:, column]) > 0.9


def test_parents_share_in_the_score_of_a_term_without_a_member(quarters):
    X, y = quarters
    y = y.copy()
    y["GO:5"] = np.uint8(0)
    scores = {
        weight: attentive(ontology=ONTOLOGY, parent_weight=weight).fit(X, y).predict_proba(X)
        for weight in (0.0, 0.5, 1.0)
    }
    left, high = 0, 3
    assert_allclose(scores[1.0][:, high], scores[1.0][:, left], rtol=1e-5)
    mean = np.sqrt(scores[0.0][:, high] * scores[0.0][:, left])
    assert_allclose(scores[0.5][:, high], mean, rtol=1e-4)


def test_parents_share_in_the_score_of_a_new_term_as_in_that_of_an_absent_column(quarters):
    X, y = quarters
    y = y.copy()
    y["GO:5"] = np.uint8(0)
    vectors = dict(zip(TERMS, np.eye(4, 2) + 0.5, strict=True))
    model = attentive(ontology=ONTOLOGY, term_vectors=vectors, parent_weight=0.3).fit(X, y)
    expected = model.predict_frame(X)["GO:5"]
    assert_allclose(
        model.predict_terms(X, {"GO:5": vectors["GO:5"]}, ontology=ONTOLOGY)[:, 0], expected
    )
    # The same in one that has no such column, but for how rare terms are.
    fewer = attentive(ontology=ONTOLOGY, term_vectors=vectors, parent_weight=1.0)
    fewer.fit(X, y[TERMS[:3]])
    new = {"GO:1": vectors["GO:2"], "GO:5": vectors["GO:5"]}
    found = fewer.predict_terms(X, new, ontology=ONTOLOGY)
    assert_allclose(found[:, 1], fewer.predict_terms(X, new, ontology=ONTOLOGY)[:, 1])
    assert_allclose(found[:, 0], fewer.predict_terms(X, new)[:, 0])  # nothing is above the root
    below = fewer.set_params(ontology=None).predict_proba(X)[:, 0]
    assert_allclose(found[:, 1], below, rtol=1e-5)


def test_new_terms_need_names_to_be_found_in_an_ontology(quarters):
    model = attentive(ontology=ONTOLOGY, max_epochs=1).fit(*quarters)
    with pytest.raises(InvalidLabelsError, match="mapping or DataFrame of GO ids"):
        model.predict_terms(quarters[0], np.ones((1, 3)), ontology=ONTOLOGY)
    with pytest.raises(TermVectorError, match="There are no term vectors"):
        model.predict_terms(quarters[0], {})


def test_parents_that_are_absent_are_passed_over(quarters):
    X, y = quarters
    y = y.copy()
    y[TERMS] = np.uint8(0)
    y["GO:1"] = np.tile(np.uint8([0, 1]), 40)
    model = attentive(ontology=ONTOLOGY, parent_weight=1.0, max_epochs=1).fit(X, y)
    scores = model.predict_frame(X)
    assert np.ptp(scores["GO:1"]) > 0.01
    assert_allclose(scores["GO:5"], scores["GO:1"], rtol=1e-5)


def test_scores_respect_the_true_path_rule(quarters):
    X, y = quarters
    scores = attentive(ontology=ONTOLOGY, max_epochs=1).fit(X, y).predict_frame(X)
    assert (scores["GO:2"] >= scores[["GO:4", "GO:5"]].max(axis=1)).all()


def residues_of(X, seed=0):
    """Give each row of X as residues that share it, between ones that say nothing."""
    rng = np.random.default_rng(seed)
    return [
        np.vstack([rng.normal(scale=0.1, size=(n, 2)), np.tile(3 * row, (2, 1))]).astype(np.float32)
        for row, n in zip(X, rng.integers(0, 7, len(X)), strict=True)
    ]


def test_residues_tell_terms_with_and_without_members(circle):
    X, y, middles = circle
    X, y = X[:120], y[:120].copy()
    truth = y[:, 5].copy()
    y[:, 5] = 0
    model = attentive(term_vectors=middles, max_epochs=15).fit(residues_of(X), y)
    found = model.predict_proba(residues_of(X))
    assert share_in_order(found[:, 5], truth) > 0.9
    assert share_in_order(found[:, 1], y[:, 1]) > 0.9


def test_a_protein_of_residues_does_not_depend_on_company(circle):
    X, y, middles = circle
    proteins = residues_of(X[:40])
    model = attentive(term_vectors=middles, max_epochs=1).fit(proteins, y[:40])
    together, alone = model.predict_proba(proteins), model.predict_proba(proteins[7:8])
    assert_allclose(together[7:8], alone, rtol=1e-5)


def test_long_proteins_are_shortened_by_averages_and_not_cut():
    from protimb.classification._label_attention_residues import read_residues

    rows = read_residues([np.arange(10.0)[:, None], np.ones((3, 1))], max_residues=4)
    assert rows.lengths.tolist() == [4, 3]
    assert rows.values.ravel().tolist() == [1.0, 4.0, 7.0, 9.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("of_residues", [False, True])
def test_rows_of_weight_zero_and_unknown_cells_teach_nothing(circle, of_residues):
    X, y, middles = circle
    X, y = X[:40], y[:40]
    weights, mask = np.ones(60), np.ones((60, 12), dtype=bool)
    weights[40:] = 0
    rows = residues_of(X) if of_residues else X
    more = [*rows, *rows[:20]] if of_residues else np.vstack([rows, rows[:20]])
    model = attentive(term_vectors=middles, max_epochs=1)
    plain = model.fit(rows, y).predict_proba(rows)
    labels = np.vstack([y, 1 - y[:20]])
    assert_array_equal(model.fit(more, labels, weights).predict_proba(rows), plain)
    # A term whose members are all unknown is one without a member.
    mask[:, 4] = False
    absent = y.copy()
    absent[:, 4] = 0
    expected = model.fit(rows, absent).predict_proba(rows)
    masked = model.fit(rows, y, label_mask=mask[:40]).predict_proba(rows)
    others = np.arange(12) != 4
    assert_allclose(masked[:, others], expected[:, others], rtol=1e-5)
    assert_allclose(
        np.diff(np.log(masked[:, 4] / (1 - masked[:, 4]))),
        np.diff(np.log(expected[:, 4] / (1 - expected[:, 4]))),
        atol=1e-4,
    )


def test_no_positive_at_all_makes_every_term_rare(circle):
    X, y, middles = circle
    found = attentive(term_vectors=middles, max_epochs=2).fit(X, 0 * y).predict_proba(X)
    assert found.max() < 0.05


def test_one_term_is_enough(circle):
    X, y, middles = circle
    one = pd.DataFrame(y[:, :1], columns=["GO:2"])
    found = attentive(term_vectors=middles[:1]).fit(X, one).predict_proba(X)
    assert share_in_order(found[:, 0], y[:, 0]) > 0.9


def test_early_stopping_holds_rows_out(circle):
    X, y, middles = circle
    model = attentive(term_vectors=middles, early_stopping=True, max_epochs=2).fit(X, y)
    assert all(record["valid_loss"] > 0 for record in model.history_)


def test_a_loss_by_name_is_minimised(circle):
    X, y, middles = circle
    histories = [
        attentive(term_vectors=middles, loss=loss, max_epochs=1).fit(X, y).history_
        for loss in ("bce", "focal")
    ]
    assert histories[1][0]["loss"] < histories[0][0]["loss"]


BAD_PROTEINS = {
    "another width": (lambda X: [*X[:9], X[9][:, :1]], r"X\[9\] has 1"),
    "NaN": (lambda X: [*X[:9], X[9] * np.nan], r"X\[9\] contains NaN or infinity"),
    "no residue": (lambda X: [*X[:9], X[9][:0]], r"X\[9\] is float32 of shape \(0, 2\)"),
    "vectors": (lambda X: np.ones((10, 2)), "holds one vector a protein"),
    "other features": (lambda X: [row[:, :1] for row in X], "1 features"),
}


@pytest.mark.parametrize(("edit", "message"), BAD_PROTEINS.values(), ids=BAD_PROTEINS)
def test_odd_proteins_are_refused_by_number(circle, edit, message):
    X, y, middles = circle
    proteins = residues_of(X[:10])
    model = attentive(term_vectors=middles, max_epochs=1).fit(proteins, y[:10])
    with pytest.raises(ValueError, match=message):
        model.predict_proba(edit(proteins))


def test_unknown_vectors_and_widths_are_refused(circle):
    X, y, middles = circle
    with pytest.raises(TermVectorError, match="11 rows, but there are 12 terms"):
        attentive(term_vectors=middles[:11]).fit(X, y)
    named = pd.DataFrame(y, columns=[f"GO:{n}" for n in range(12)])
    with pytest.raises(TermVectorError, match="None of the 12 terms has a vector"):
        attentive(term_vectors={"HP:1": [0.0, 1.0]}).fit(X, named)
    with pytest.raises(InvalidLabelsError, match="which term each column of y is"):
        attentive(term_vectors={"GO:1": [0.0, 1.0]}).fit(X, y)
    model = attentive(term_vectors=middles, max_epochs=1).fit(X, y)
    with pytest.raises(TermVectorError, match=r"have 3 numbers.*fitted with 2"):
        model.predict_terms(X, np.ones((1, 3)))


def test_the_global_generators_are_left_alone(circle):
    import torch

    X, y, _ = circle
    before = torch.get_rng_state()
    first, second = (attentive(max_epochs=1).fit(X, y).predict_proba(X) for _ in range(2))
    assert_array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
