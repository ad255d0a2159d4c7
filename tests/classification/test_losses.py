"""The losses of the classifier: each trains, bears odd data, and says what it cannot do."""

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from sklearn.base import clone
from sklearn.datasets import make_blobs

from protimb.classification import GOTermClassifier
from protimb.exceptions import TrainingDiverged
from protimb.nn import LOSSES, BaseTermLoss, FocalLoss, ISDALoss
from protimb.ontology import GeneOntology

SMALL = {
    "hidden_layer_sizes": (8,),
    "dropout": 0.0,
    "batch_size": 16,
    "lr": 0.02,
    "max_epochs": 8,
    "early_stopping": False,
    "device": DEVICE,
    "random_state": 0,
}
CHAIN = GeneOntology(
    names={"GO:1": "root", "GO:2": "middle", "GO:3": "leaf"},
    namespaces=dict.fromkeys(("GO:1", "GO:2", "GO:3"), "molecular_function"),
    parents={"GO:1": [], "GO:2": ["GO:1"], "GO:3": ["GO:2"]},
)


@pytest.fixture(scope="module")
def blobs():
    X, codes = make_blobs([20, 20, 20], 4, cluster_std=0.5, random_state=0)
    return X.astype(np.float32), np.eye(3, dtype=np.uint8)[codes]


def network(loss, **params):
    where = {"ontology": CHAIN, "terms": ["GO:1", "GO:2", "GO:3"]} if loss == "hierarchy" else {}
    return GOTermClassifier(loss=loss, **SMALL | where | params)


@pytest.mark.parametrize("name", LOSSES)
def test_members_of_a_term_score_above_others_after_every_loss(name, blobs):
    X, y = blobs
    proba = network(name).fit(X, y).predict_proba(X)
    assert ((proba >= 0) & (proba <= 1)).all()
    columns = [2] if name == "hierarchy" else [0, 1, 2]  # the ontology lifts the parents
    for term in columns:
        assert proba[y[:, term] == 1, term].min() > proba[y[:, term] == 0, term].max()


@pytest.mark.parametrize("name", LOSSES)
def test_a_single_label_is_learned_by_every_loss(name, blobs):
    X, y = blobs
    if name == "hierarchy":
        with pytest.raises(ValueError, match="pass ontology"):
            GOTermClassifier(loss=name, **SMALL).fit(X, y.argmax(axis=1))
        return
    model = network(name).fit(X, y.argmax(axis=1))
    assert model.score(X, y.argmax(axis=1)) == 1
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("name", LOSSES)
def test_masks_weights_and_held_out_rows_go_with_every_loss(name, blobs):
    X, y = blobs
    y = y.copy()
    y[:, 0] = 0  # a term without any positive
    known = np.ones(y.shape, dtype=bool)
    known[::3, 1] = False
    weights = np.linspace(0, 2, len(X))
    balances = LOSSES[name].balances
    params = {"early_stopping": True, "max_epochs": 2, "class_weight": "balanced"}
    model = network(name, **params | ({"class_weight": None} if balances else {}))
    model.fit(X, y, sample_weight=weights, label_mask=known)
    assert np.isfinite([one["valid_loss"] for one in model.history_]).all()
    lie = np.where(known, y, 1 - y)
    other = clone(model).fit(X, lie, sample_weight=weights, label_mask=known)
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("label", [0, 1], ids=["absent", "everywhere"])
def test_one_row_of_one_answer_is_borne(name, label):
    X, y = np.ones((1, 2)), np.full((1, 3), label)
    proba = network(name, max_epochs=2).fit(X, y).predict_proba(X)
    assert np.isfinite(proba).all()


@pytest.mark.parametrize("loss", ["focal", "isda", FocalLoss(gamma=1.0, alpha=0.3)], ids=str)
def test_a_classifier_with_a_loss_comes_back_from_its_folder(loss, blobs, tmp_path):
    X, y = blobs
    model = network(loss, max_epochs=1).fit(X, y)
    model.save(tmp_path / "model")
    loaded = GOTermClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert f"{loaded.loss}" == f"{loss}"
    assert clone(loaded).fit(X, y).history_ == model.history_


def test_parameters_reach_into_a_loss_that_is_given_by_name(blobs):
    by_name = network("focal").set_params(loss__gamma=0.5)
    by_object = network(FocalLoss(gamma=0.5))
    assert by_name.fit(*blobs).history_ == by_object.fit(*blobs).history_


class HalfLoss(BaseTermLoss):
    """Half of a squared error of logits: a loss of one's own, that can be saved and loaded."""

    def __init__(self, weight=0.5):
        self.weight = weight

    def cells(self, logits, labels, columns):
        return self.weight * (logits - labels) ** 2


def test_a_loss_of_ones_own_is_trained_with_and_loaded_where_its_class_is_given(blobs, tmp_path):
    X, y = blobs
    model = network(HalfLoss(), max_epochs=30).fit(X, y)
    np.testing.assert_allclose(model.decision_function(X), y, atol=0.6)
    model.save(tmp_path / "model")
    loaded = GOTermClassifier.load(tmp_path / "model", classes=[HalfLoss])
    assert loaded.loss.weight == 0.5


class Exploding(BaseTermLoss):
    """A loss that leaves the numbers at the third batch."""

    n_calls = 0

    def cells(self, logits, labels, columns):
        type(self).n_calls += 1
        return logits * (torch.inf if self.n_calls > 2 else 1)


def test_a_loss_that_diverges_is_named_with_its_step_and_a_cure(blobs):
    with pytest.raises(TrainingDiverged, match=r"loss=Exploding\(\).*step 3.*loss='bce'") as caught:
        network(Exploding()).fit(*blobs)
    assert caught.value.step == 3


@pytest.mark.parametrize(
    ("loss", "params", "error", "message"),
    [
        ("focus", {}, ValueError, "'loss' parameter of GOTermClassifier must be one of bce, focal"),
        (FocalLoss, {}, TypeError, "the class FocalLoss"),
        (FocalLoss(gamma="2"), {}, ValueError, "'gamma' parameter of FocalLoss"),
        (FocalLoss(hierarchy=1.0), {}, ValueError, "pass ontology"),
        ("class_balanced", {"class_weight": "balanced"}, ValueError, "do it twice"),
    ],
)
def test_what_a_loss_cannot_do_is_said_before_training(loss, params, error, message, blobs):
    with pytest.raises(error, match=message):
        network(loss, **params).fit(*blobs)


def test_a_priced_child_rises_less_above_its_parent_bridging_what_is_no_column(blobs):
    X, y = blobs
    frame = pd.DataFrame(y[:, [0, 1]], columns=["GO:1", "GO:3"])  # the middle has no column
    excess = {}
    for price in (0.0, 20.0):
        model = network(FocalLoss(hierarchy=price), ontology=CHAIN).fit(X, frame)
        scores = torch.sigmoid(torch.from_numpy(model.decision_function(X))).numpy()
        excess[price] = (scores[:, 1] - scores[:, 0]).max()
    assert excess[20.0] < 0.1 < 0.3 < excess[0.0]


def test_what_isda_learned_of_features_is_gone_with_the_fit(blobs):
    model = network(ISDALoss(strength=1.0), hidden_layer_sizes=()).fit(*blobs)
    assert not [name for name in model.network_.state_dict() if "covariance" in name]
    assert model.loss.get_params()["strength"] == 1.0
