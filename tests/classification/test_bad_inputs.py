"""Bad input and faults: a named error, or a defined result."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.classification import _step
from protimb.classification._balance import ColumnBalance
from protimb.classification._targets import dense_labels
from protimb.exceptions import (
    DeviceUnavailableError,
    InvalidLabelsError,
    MemoryEstimateError,
    TrainingDiverged,
)


@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "inf")])
def test_vectors_that_are_not_finite_are_named_by_column(small, data, value, name):
    """Case 1."""
    X = data.X.copy()
    X[3, 5] = value
    with pytest.raises(ValueError, match=rf"{name}[^(]*column.*5"):
        small().fit(X, data.y)


def test_vectors_in_a_frame_are_named_by_its_column(small, data):
    """Case 1."""
    X = pd.DataFrame(data.X, columns=[f"x{i}" for i in range(data.X.shape[1])])
    broken = X.assign(x5=np.nan)
    with pytest.raises(ValueError, match=r"column\(s\) \(x5\)"):
        small().fit(broken, data.y)
    with pytest.raises(ValueError, match=r"column\(s\) \(x5\)"):
        small().fit(X, data.y).predict_proba(broken)


def test_float16_vectors_of_large_norm_are_read_as_float32(small, data):
    """Case 2: squares of 300 overflow float16."""
    X = (data.X * 300).astype(np.float16)
    assert np.isfinite(small(n_neighbors=3).fit(X, data.y).predict_proba(X)).all()


@pytest.mark.parametrize(
    ("case", "recode"),
    [
        ("3: minus one and one", lambda y: 2.0 * y - 1),
        ("3: zero and two", lambda y: 2 * y),
        ("4: probabilities", lambda y: y * 0.7),
        ("5: NaN", lambda y: np.where(y == 1, np.nan, 0)),
        ("text", lambda y: y.astype(str)),
    ],
)
def test_labels_other_than_0_and_1_are_refused(small, data, case, recode):
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        small().fit(data.X, recode(data.y.astype(int)))


def test_lists_of_terms_are_answered_with_the_binarizer(small, data):
    with pytest.raises(InvalidLabelsError, match="MultiLabelBinarizer"):
        small().fit(data.X[:3], [[1, 0], [1], [0, 1]])


def test_rows_without_any_term_cannot_be_scored(small, data):
    """Case 35."""
    with pytest.raises(InvalidLabelsError, match="None of the 120 rows"):
        small().fit(data.X, data.y).score(data.X, 0 * data.y)


def test_one_row_of_weight_cannot_be_both_held_out_and_learned_from(small, data):
    with pytest.raises(ValueError, match=r"n_samples=1 \(of a weight above 0\)"):
        small(early_stopping=True).fit(data.X[:3], data.y[:3], sample_weight=[0, 1, 0])


def test_rows_without_labels_stay_unlabelled(small, data):
    """Case 6: not class 0, as an argmax would have it."""
    X = np.repeat([[-1.0], [1.0]], 30, axis=0)
    y = np.repeat([[0, 0], [1, 0]], 30, axis=0)
    predicted = small(max_epochs=30, lr=0.05).fit(X, y).predict(X)
    np.testing.assert_array_equal(predicted, y)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("value", [0, 1])
def test_terms_on_no_row_or_on_every_row_get_finite_scores(small, data, class_weight, value):
    """Cases 7 and 9."""
    y = data.y.copy()
    y[:, 2] = value
    model = small(class_weight=class_weight).fit(data.X, y)
    scores = model.predict_proba(data.X)[:, 2]
    assert np.isfinite(model.history_[-1]["loss"])
    assert (np.abs(scores - value) < 0.5).all()


def test_an_absent_label_has_no_infinite_weight():
    """Case 34."""
    labels = sparse.csr_array(np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1]], dtype=np.uint8))
    balance = ColumnBalance.count(labels, np.ones(3), max_pos_weight=50)
    np.testing.assert_allclose(balance.pos_weight, [2, 50, 1 / 50])
    assert np.isfinite(balance.prior).all()


def test_one_class_is_nothing_to_learn(small, data):
    """Case 10."""
    with pytest.raises(ValueError, match="one class, 'a'"):
        small().fit(data.X, np.full(len(data.X), "a"))


def test_rows_and_labels_must_agree_in_number(small, data):
    """Case 12."""
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[120, 119\]"):
        small().fit(data.X, data.y[:-1])


def test_sparse_vectors_are_refused_by_name(small, data):
    """Case 13."""
    with pytest.raises(TypeError, match="toarray"):
        small().fit(sparse.csr_array(data.X), data.y)


def test_constant_features_give_no_nan(small, data):
    """Case 14."""
    X = np.hstack([data.X, np.full((len(data.X), 1), 3.0)])
    assert np.isfinite(small().fit(X, data.y).predict_proba(X)).all()


def test_read_only_vectors_are_left_alone(small, data, tmp_path):
    """Case 17."""
    np.save(tmp_path / "X.npy", data.X)
    before = (tmp_path / "X.npy").read_bytes()
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert small().fit(X, data.y).predict_proba(X).shape == data.y.shape
    assert (tmp_path / "X.npy").read_bytes() == before


def test_tables_indexed_by_protein_are_read_by_position(small, data):
    """Case 18."""
    X = pd.DataFrame(data.X, index=data.protein_ids).add_prefix("x")
    y = pd.DataFrame(data.y, index=data.protein_ids, columns=data.terms)
    model = small().fit(X, y)
    plain = small().fit(data.X, data.y)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(data.X))
    assert list(model.terms_) == list(data.terms)
    assert model.feature_names_in_[0] == "x0"


def test_fewer_rows_than_a_batch_still_make_steps(small, data):
    """Case 19."""
    model = small(batch_size=1000).fit(data.X[:5], data.y[:5])
    assert model.history_[-1]["n_steps"] == 3


def test_a_last_batch_of_one_row_trains(small, data):
    """Case 20."""
    model = small(batch_size=32).fit(data.X[:33], data.y[:33])
    assert model.history_[-1]["n_steps"] == 6


def test_labels_larger_than_memory_are_refused_before_they_are_made_dense():
    """Case 21."""
    labels = sparse.csr_array((10**7, 10**7), dtype=np.uint8)
    with pytest.raises(MemoryEstimateError, match=r"93,132\.3 GiB"):
        dense_labels(labels)


def test_a_loss_that_is_not_finite_names_its_step(small, data):
    """Case 24."""
    with pytest.raises(TrainingDiverged, match=r"step \d+") as caught:
        small(lr=1e30).fit(data.X, data.y)
    assert caught.value.step >= 1


def test_an_interrupted_refit_leaves_the_earlier_fit_intact(small, data, monkeypatch):
    """Case 32."""
    model = small().fit(data.X, data.y)
    before = model.predict_proba(data.X)

    def interrupt(step, rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(_step.ClassifierStep, "train_batch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(data.X[:, :4], data.y[:, :2])
    np.testing.assert_array_equal(model.predict_proba(data.X), before)


def test_an_interrupted_first_fit_leaves_nothing(small, data, monkeypatch):
    """Case 32."""
    monkeypatch.setattr(_step, "TrainingLoop", None)
    model = small()
    with pytest.raises(TypeError):
        model.fit(data.X, data.y)
    assert vars(model) == vars(small())


def test_a_device_that_is_absent_is_an_error(small, data, monkeypatch):
    """Case 33: no silent fallback to the CPU."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceUnavailableError, match="cuda"):
        small(device="cuda").fit(data.X, data.y)


def test_one_row_cannot_be_held_out(small, data):
    with pytest.raises(ValueError, match="n_samples=1"):
        small(early_stopping=True).fit(data.X[:1], data.y[:1])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), "shape"),
        (np.zeros(120), "zero"),
        (np.full(120, -1.0), "non-negative"),
    ],
)
def test_weights_of_rows_must_be_usable(small, data, weights, message):
    with pytest.raises(ValueError, match=message):
        small().fit(data.X, data.y, sample_weight=weights)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((120, 5), bool), r"shape \(120, 6\); got bool of shape \(120, 5\)"),
        (np.full((120, 6), 0.5), "True or False for every cell"),
        (np.full((120, 6), np.nan), "True or False for every cell"),
        (np.zeros((120, 6), bool), "nothing to learn"),
    ],
)
def test_a_mask_of_labels_must_fit_them(small, data, mask, message):
    with pytest.raises(InvalidLabelsError, match=message):
        small().fit(data.X, data.y, label_mask=mask)


def test_a_mask_of_labels_is_for_several_labels(small, data):
    with pytest.raises(InvalidLabelsError, match="one class a row"):
        small().fit(data.X, data.y[:, 0], label_mask=np.ones((120, 1), bool))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("dropout", 1.0),
        ("max_steps", 0),
        ("batch_size", 2.5),
        ("class_weight", "subsample"),
        ("hidden_layer_sizes", (8, 1)),
        ("hidden_layer_sizes", 8),
    ],
)
def test_parameters_out_of_range_are_named(small, data, parameter, value):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of GOTermClassifier"):
        small(**{parameter: value}).fit(data.X, data.y)
