"""What a fitted GOTermClassifier promises."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import average_precision_score

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.classification._balance import hold_out
from protimb.exceptions import InvalidLabelsError, UnknownTermError


def test_terms_that_vectors_tell_apart_are_learnt(small):
    X = np.repeat([[-1.0, 1.0], [1.0, 1.0]], 20, axis=0)
    y = np.repeat([[1, 0, 1], [0, 1, 1]], 20, axis=0)
    model = small(max_epochs=20, lr=0.05).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)


def test_an_untrained_network_answers_each_terms_share_of_positives(small, data):
    model = small(max_steps=1, lr=1e-12).fit(data.X, data.y)
    share = (data.y.sum(axis=0) + 0.5) / (len(data.y) + 1)
    np.testing.assert_allclose(model.predict_proba(data.X).mean(axis=0), share, atol=0.02)


def test_probabilities_are_one_float32_a_term(small, data):
    scores = small().fit(data.X, data.y).predict_proba(data.X[:7])
    assert scores.shape == (7, 6)
    assert scores.dtype == np.float32


def test_sure_answers_keep_the_order_of_their_logits(small, data):
    # Logits of 12 to 13 in steps of 0.01 are ties as float32 probabilities.
    model = small(hidden_layer_sizes=()).fit(data.X, data.y)
    torch.nn.init.zeros_(model.network_[-1].weight)
    model.network_[-1].weight.data[:, 0] = 1
    torch.nn.init.zeros_(model.network_[-1].bias)
    X = np.zeros((100, data.X.shape[1]))
    X[:, 0] = model._scaler.mean_[0] + model._scaler.scale_[0] * np.linspace(12, 13, 100)
    order = model.predict_proba(X)[:, 0].argsort()
    assert (order == model.decision_function(X)[:, 0].argsort()).all()
    assert len(np.unique(model.predict_proba(X)[:, 0])) == 100


def test_predictions_keep_the_dtype_of_the_target(small, data):
    for dtype in (np.uint8, bool, np.int64):
        assert small().fit(data.X, data.y.astype(dtype)).predict(data.X).dtype == dtype


def test_sparse_and_dense_labels_train_the_same_network(small, data):
    dense = small().fit(data.X, data.y).predict_proba(data.X)
    from_csr = small().fit(data.X, sparse.csr_array(data.y)).predict_proba(data.X)
    np.testing.assert_array_equal(from_csr, dense)


def test_units_of_a_feature_do_not_matter(small, data):
    plain = small().fit(data.X, data.y).predict_proba(data.X)
    scaled = small().fit(8 * data.X + 3, data.y).predict_proba(8 * data.X + 3)
    np.testing.assert_allclose(scaled, plain, atol=1e-3)


def test_a_protein_scores_the_same_alone_and_in_company(small, data):
    model = small().fit(data.X, data.y)
    together = model.predict_proba(np.tile(data.X, (3, 1)))
    alone = np.vstack([model.predict_proba(row[None]) for row in data.X[:5]])
    np.testing.assert_array_equal(together[240:245], alone)


def test_max_steps_is_the_exact_number_of_updates(small, data):
    for n_rows in (40, 120):
        model = small(max_steps=11).fit(data.X[:n_rows], data.y[:n_rows])
        assert model.history_[-1]["n_steps"] == 11


def test_max_steps_outlasts_early_stopping(small, data):
    rng = np.random.RandomState(0)
    noise = rng.randint(0, 2, data.y.shape)  # nothing to learn: the first epochs are the best
    settings = {"early_stopping": True, "n_iter_no_change": 1, "lr": 0.1}
    by_epochs = small(max_epochs=40, **settings).fit(data.X, noise)
    by_steps = small(max_steps=160, **settings).fit(data.X, noise)
    assert by_epochs.history_[-1]["n_steps"] < 160
    assert by_steps.history_[-1]["n_steps"] == 160


def test_early_stopping_waits_as_long_as_it_was_told(small, data):
    noise = np.random.RandomState(0).randint(0, 2, data.y.shape)
    settings = {"early_stopping": True, "validation_fraction": 0.3, "lr": 0.1}
    model = small(max_epochs=40, n_iter_no_change=3, **settings).fit(data.X, noise)
    losses = [record["valid_loss"] for record in model.history_]
    assert np.argmin(losses) == len(losses) - 4
    assert min(losses) < losses[-1]


def test_a_parent_never_scores_below_its_child(small, data):
    # Columns in the reverse order: a child is more frequent than its parent, and scores higher.
    y = pd.DataFrame(data.y[:, ::-1], columns=data.terms)
    plain = small().fit(data.X, y).predict_proba(data.X)
    lifted = small(ontology=data.ontology).fit(data.X, y).predict_proba(data.X)
    assert (plain != lifted).any()
    np.testing.assert_array_equal(lifted, data.ontology.propagate_scores(plain, data.terms))


def test_terms_name_the_columns_of_an_array(small, data):
    model = small(ontology=data.ontology, terms=data.terms).fit(data.X, data.y)
    assert list(model.terms_) == list(data.terms)


def test_an_ontology_without_terms_is_refused(small, data):
    with pytest.raises(InvalidLabelsError, match="pass terms"):
        small(ontology=data.ontology).fit(data.X, data.y)


def test_terms_that_the_ontology_lacks_are_named_before_training(small, data):
    terms = ["GO:9999999", *data.terms[1:]]
    with pytest.raises(UnknownTermError, match="GO:9999999"):
        small(ontology=data.ontology, terms=terms).fit(data.X, data.y)


def test_too_few_terms_are_refused(small, data):
    with pytest.raises(InvalidLabelsError, match="2 names and y has 6 columns"):
        small(terms=["a", "b"]).fit(data.X, data.y)


def test_neighbours_are_averaged_with_the_network(small, data):
    network = small().fit(data.X, data.y).predict_proba(data.X)
    knn = KNNTermClassifier(9).fit(data.X, data.y).predict_proba(data.X)
    both = small(n_neighbors=9).fit(data.X, data.y).predict_proba(data.X)
    np.testing.assert_allclose(both, (network + knn) / 2, atol=1e-6)


def test_logits_are_the_networks_own(small, data):
    model = small().fit(data.X, data.y)
    np.testing.assert_array_equal(
        expit(model.decision_function(data.X)), model.predict_proba(data.X)
    )


def test_balanced_weights_raise_rare_terms(small, data):
    plain = small().fit(data.X, data.y).predict_proba(data.X)
    balanced = small(class_weight="balanced").fit(data.X, data.y).predict_proba(data.X)
    rare = data.y.mean(axis=0) < 0.2
    assert rare.any()
    assert (balanced[:, rare].mean(axis=0) > plain[:, rare].mean(axis=0)).all()


def test_a_dict_of_class_weights_is_for_single_labels(small, data):
    with pytest.raises(InvalidLabelsError, match="single-label"):
        small(class_weight={0: 2.0}).fit(data.X, data.y)


def test_integer_weights_act_like_repeated_rows(small, data):
    weights = np.random.RandomState(1).randint(0, 4, len(data.X))
    settings = {"dropout": 0.0, "input_noise": 0.0, "batch_size": 1000, "max_epochs": 10}
    weighted = small(**settings).fit(data.X, data.y, sample_weight=weights)
    repeated = small(**settings).fit(data.X.repeat(weights, axis=0), data.y.repeat(weights, axis=0))
    np.testing.assert_allclose(
        weighted.predict_proba(data.X), repeated.predict_proba(data.X), rtol=1e-3
    )


@pytest.mark.parametrize("multilabel", [True, False])
def test_weights_count_in_class_shares_as_repeated_rows_do(small, data, multilabel):
    weights = np.random.RandomState(1).randint(0, 4, len(data.X))
    y = data.y if multilabel else data.y[:, 0]
    settings = {"dropout": 0.0, "batch_size": 1000, "input_noise": 0.0, "class_weight": "balanced"}
    weighted = small(**settings).fit(data.X, y, sample_weight=weights)
    repeated = small(**settings).fit(data.X.repeat(weights, axis=0), y.repeat(weights, axis=0))
    np.testing.assert_allclose(
        weighted.predict_proba(data.X), repeated.predict_proba(data.X), rtol=1e-3
    )


def test_rows_of_weight_zero_are_as_if_they_were_not_there(data):
    keep = np.random.RandomState(0).rand(len(data.X)) < 0.3
    defaults = GOTermClassifier(max_epochs=8, n_neighbors=5, device=DEVICE, random_state=0)
    removed = clone(defaults).fit(data.X[keep], data.y[keep])
    weighted = clone(defaults).fit(data.X, data.y, sample_weight=keep.astype(float))
    assert weighted.history_ == removed.history_
    np.testing.assert_array_equal(weighted.predict_proba(data.X), removed.predict_proba(data.X))


def test_held_out_rows_carry_their_share_of_the_weight():
    weights = np.random.RandomState(0).exponential(size=1000)
    for seed in range(5):
        held_out, others = hold_out(weights, 0.1, np.random.RandomState(seed))
        assert weights[held_out].sum() / weights.sum() == pytest.approx(0.1, abs=0.005)
        assert sorted([*held_out, *others]) == list(range(1000))


def test_a_row_that_carries_all_weight_leaves_one_to_train_on():
    for seed in range(5):
        held_out, others = hold_out(np.array([1e9, 1.0, 1.0]), 0.4, np.random.RandomState(seed))
        assert len(held_out) >= 1
        assert len(others) >= 1


def test_rows_of_weight_zero_are_no_neighbours(small, data):
    keep = np.arange(len(data.X)) % 2 == 0
    some = small(n_neighbors=5).fit(data.X, data.y, sample_weight=keep.astype(float))
    votes = some.predict_proba(data.X) * 2 - expit(some.decision_function(data.X))
    scaled = some._scaler.transform(data.X)
    knn = KNNTermClassifier(5, standardize=False).fit(scaled[keep], data.y[keep])
    np.testing.assert_allclose(votes, knn.predict_proba(scaled), atol=1e-6)


def test_unknown_labels_teach_nothing_whatever_they_say(small, data):
    known = np.random.RandomState(0).rand(*data.y.shape) < 0.7
    asserted, denied = data.y | ~known, data.y & known
    first, second = (
        small(early_stopping=True, class_weight="balanced", n_neighbors=5).fit(
            data.X, y, label_mask=mask
        )
        for y, mask in [(asserted, known), (denied, sparse.csr_array(known))]
    )
    np.testing.assert_array_equal(first.predict_proba(data.X), second.predict_proba(data.X))
    assert not np.array_equal(
        first.predict_proba(data.X), small().fit(data.X, data.y).predict_proba(data.X)
    )


def test_a_mask_that_hides_nothing_changes_nothing(small, data):
    plain, masked = small(), small()
    plain.fit(data.X, data.y)
    masked.fit(data.X, data.y, label_mask=np.ones_like(data.y))
    np.testing.assert_array_equal(masked.predict_proba(data.X), plain.predict_proba(data.X))


def test_a_row_with_an_unknown_label_is_nobodys_neighbour(small, data):
    known = np.ones(data.y.shape, dtype=bool)
    known[::2, 1] = False
    model = small(n_neighbors=5).fit(data.X, data.y, label_mask=known)
    votes = model.predict_proba(data.X) * 2 - expit(model.decision_function(data.X))
    scaled = model._scaler.transform(data.X)
    knn = KNNTermClassifier(5, standardize=False).fit(scaled[1::2], data.y[1::2])
    np.testing.assert_allclose(votes, knn.predict_proba(scaled), atol=1e-6)


def test_score_is_macro_average_precision_over_terms_with_positives(small, data):
    model = small().fit(data.X, data.y)
    y = data.y.copy()
    y[:, 0] = 0
    expected = average_precision_score(y[:, 1:], model.predict_proba(data.X)[:, 1:])
    assert model.score(data.X, y) == pytest.approx(expected)


def test_score_of_a_single_label_is_accuracy(small, data):
    y = data.y[:, 0]
    model = small().fit(data.X, y)
    assert model.score(data.X, y) == pytest.approx((model.predict(data.X) == y).mean())


def test_a_fitted_classifier_pickles(small, data):
    model = small(n_neighbors=5).fit(data.X, data.y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(data.X), model.predict_proba(data.X))


def test_a_clone_keeps_parameters_and_forgets_the_fit(small, data):
    copy = clone(small(ontology=data.ontology, terms=list(data.terms)).fit(data.X, data.y))
    assert copy.get_params()["hidden_layer_sizes"] == (16,)
    assert not hasattr(copy, "network_")


def test_verbose_shows_a_progress_bar(small, data, capsys):
    small().fit(data.X, data.y)
    assert capsys.readouterr().err == ""
    small(verbose=1).fit(data.X, data.y)
    assert "12/12" in capsys.readouterr().err
