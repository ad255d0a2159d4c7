"""A classifier saved and loaded: the same bits, or a named error; never code from the folder."""

import numpy as np
import pandas as pd
import pytest
import saved_objects
import torch
from devices import DEVICE
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError

from protimb.classification import (
    GOTermClassifier,
    KNNTermClassifier,
    LabelAttentionClassifier,
    PrototypeTermClassifier,
    ResampledClassifier,
)
from protimb.exceptions import ArtifactError, DeviceUnavailableError, TrainingDiverged
from protimb.ontology import GeneOntology
from protimb.over_sampling import RandomLabelsetOverSampler
from protimb.training import load_state, save_state


def frame(data):
    return pd.DataFrame(data.y, columns=data.terms)


def class_target(data):
    return np.where(data.y[:, 0], "yes", "no")


def three_classes(data):
    return data.y[:, 0].astype(int) + data.y[:, 1] * 2


def attentive(**parameters):
    settings = {"n_hidden": 8, "head_size": 4, "n_components": 4, "max_epochs": 1}
    return LabelAttentionClassifier(**settings, device=DEVICE, random_state=0, **parameters)


# What is fitted, by name: (maker of a classifier from `small` and the data, target).
VARIANTS = {
    "network": (lambda small, data: small(), lambda data: data.y),
    "no layers": (lambda small, data: small(hidden_layer_sizes=()), lambda data: data.y),
    "sizes in an array": (
        lambda small, data: small(hidden_layer_sizes=np.array([6, 4])),
        lambda data: data.y.astype(float),
    ),
    "neighbours and ontology": (
        lambda small, data: small(n_neighbors=5, ontology=data.ontology, early_stopping=True),
        frame,
    ),
    "terms by hand": (
        lambda small, data: small(terms=data.terms, ontology=data.ontology),
        lambda data: data.y,
    ),
    "two classes": (lambda small, data: small(class_weight={"yes": 2.0, "no": 1.0}), class_target),
    "more classes": (lambda small, data: small(), three_classes),
    "knn": (lambda small, data: KNNTermClassifier(7), frame),
    "knn of raw vectors": (
        lambda small, data: KNNTermClassifier(7, standardize=False),
        lambda data: data.y,
    ),
    "knn of classes": (lambda small, data: KNNTermClassifier(7), class_target),
    "prototypes": (
        lambda small, data: PrototypeTermClassifier(ontology=data.ontology, parent_weight=0.5),
        frame,
    ),
    "prototypes that are not whitened": (
        lambda small, data: PrototypeTermClassifier(whiten=False, term_vectors=np.eye(6)),
        lambda data: data.y,
    ),
    "prototypes of classes": (lambda small, data: PrototypeTermClassifier(), class_target),
    "label attention": (lambda small, data: attentive(ontology=data.ontology), frame),
    "label attention by vectors": (
        lambda small, data: attentive(term_vectors=np.eye(6), n_heads=2, n_tokens=3),
        lambda data: data.y,
    ),
    "label attention of classes": (lambda small, data: attentive(), class_target),
    "resampled": (
        lambda small, data: ResampledClassifier(
            RandomLabelsetOverSampler(sampling_strategy=30, random_state=0), small(n_neighbors=5)
        ),
        frame,
    ),
    "not resampled": (
        lambda small, data: ResampledClassifier(None, KNNTermClassifier(3)),
        lambda data: data.y,
    ),
}


@pytest.fixture(params=sorted(VARIANTS))
def variant(request):
    return VARIANTS[request.param]


@pytest.fixture
def target(variant, data):
    return variant[1](data)


@pytest.fixture
def fitted(variant, target, small, data):
    return variant[0](small, data).fit(data.X, target)


@pytest.fixture
def saved(small, data, tmp_path):
    model = small(n_neighbors=5, ontology=data.ontology).fit(data.X, frame(data))
    model.save(tmp_path / "model")
    return tmp_path / "model"


def load(fitted, folder):
    return type(fitted).load(folder, device=DEVICE, classes=[RandomLabelsetOverSampler])


def test_a_loaded_classifier_gives_the_same_bits(fitted, data, tmp_path):
    fitted.save(tmp_path)
    loaded = load(fitted, tmp_path)
    for method in ("predict_proba", "predict"):
        expected, found = (getattr(one, method)(data.X) for one in (fitted, loaded))
        assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
    assert_array_equal(loaded.classes_, fitted.classes_)
    assert loaded.n_features_in_ == 8
    assert [*np.ravel(loaded.terms_)] == [*np.ravel(fitted.terms_)]


def test_what_was_loaded_is_saved_as_it_was(fitted, data, tmp_path):
    # Case 74.
    fitted.save(tmp_path)
    load(fitted, tmp_path).save(tmp_path)
    assert_array_equal(load(fitted, tmp_path).predict_proba(data.X), fitted.predict_proba(data.X))


def test_a_loaded_classifier_is_fitted_again_to_the_same_bits(fitted, target, data, tmp_path):
    fitted.save(tmp_path)
    loaded = load(fitted, tmp_path)
    again = [clone(one).fit(data.X, target).predict_proba(data.X) for one in (loaded, fitted)]
    assert_array_equal(*again)


def test_names_of_features_and_parameters_come_back(small, data, tmp_path):
    X = pd.DataFrame(data.X, columns=list("abcdefgh"))
    model = small(dropout=0.25, n_neighbors=3, random_state=7).fit(X, data.y)
    model.set_params(n_neighbors=2)  # after fit: a parameter of the next one
    model.save(tmp_path)
    loaded = GOTermClassifier.load(tmp_path, device=DEVICE)
    assert loaded.feature_names_in_.tolist() == list("abcdefgh")
    assert loaded.get_params() == model.get_params()
    assert loaded.history_ == model.history_
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict_proba(X[list("hgfedcba")])


def test_terms_by_an_old_id_find_their_ancestors_after_loading(small, data, tmp_path):
    ontology = GeneOntology(
        names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding", "GO:4": "aside"},
        namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3", "GO:4"], "molecular_function"),
        parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"], "GO:4": ["GO:1"]},
        alt_ids={"GO:9": "GO:3"},
        version="then",
    )
    model = small(ontology=ontology, terms=["GO:2", "GO:9"]).fit(data.X, data.y[:, :2])
    model.save(tmp_path)
    loaded = GOTermClassifier.load(tmp_path, device=DEVICE)
    assert_array_equal(loaded.predict_proba(data.X), model.predict_proba(data.X))
    assert (set(loaded.ontology.terms), loaded.ontology.version) == (
        {"GO:1", "GO:2", "GO:3"},
        "then",
    )


def test_an_unfitted_classifier_is_not_saved(small, tmp_path):
    with pytest.raises(NotFittedError):
        small().save(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_classifier_that_only_pickle_could_keep_is_refused(data, tmp_path):
    forest = RandomForestClassifier(2, random_state=0)
    model = ResampledClassifier(None, forest).fit(data.X, data.y)
    with pytest.raises(TypeError, match="RandomForestClassifier, which has no form but pickle"):
        model.save(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_terms_that_json_cannot_name_are_refused(small, data, tmp_path):
    y = pd.DataFrame(data.y, columns=[("a", k) for k in range(6)])
    with pytest.raises(TypeError, match="named by text or numbers"):
        small().fit(data.X, y).save(tmp_path)


def test_the_class_of_a_sampler_has_to_be_passed(small, data, tmp_path):
    sampler = RandomLabelsetOverSampler(sampling_strategy=30, random_state=0)
    ResampledClassifier(sampler, small()).fit(data.X, data.y).save(tmp_path)
    with pytest.raises(ArtifactError, match=r"classes=\[RandomLabelsetOverSampler\]"):
        ResampledClassifier.load(tmp_path, device=DEVICE)
    loaded = ResampledClassifier.load(tmp_path, classes=[RandomLabelsetOverSampler])
    assert loaded.sampler.get_params() == sampler.get_params()


def test_another_kind_is_refused_with_the_class_that_reads_it(saved):
    with pytest.raises(ArtifactError, match=r"no KNNTermClassifier but 'GOTermClassifier'. Use GO"):
        KNNTermClassifier.load(saved)


def test_a_device_that_is_not_there_is_refused(saved):
    with pytest.raises(DeviceUnavailableError):
        GOTermClassifier.load(saved, device="cuda:99")


def change(folder, edit):
    """Save the folder anew, hashes and all, after an edit of its state and manifest."""
    state, manifest = load_state(folder)
    edit(state, manifest)
    save_state(folder, state, manifest)


def narrow(part, name):
    def edit(state, manifest):
        state[part][name] = state[part][name][:-1].copy()

    return edit


def drop_coding(state, manifest):
    del manifest["coding"]


def claim_width(state, manifest):
    manifest["n_features_in"] = 9


def claim_terms(state, manifest):
    manifest["coding"]["classes"].append(6)


def point_past_the_end(state, manifest):
    state["neighbors"]["indices"][0] = 6000


def add_tensor(state, manifest):
    state["network"]["more"] = torch.zeros(2)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (drop_coding, "lacks coding"),
        (claim_width, r"scaler\.mean_ is 8, where n_features \(9\) belongs"),
        (claim_terms, "coding: its classes, dtype and terms contradict"),
        (narrow("scaler", "mean_"), r"scaler\.mean_ is 7"),
        (narrow("neighbors", "directions"), "indptr does not end"),
        (point_past_the_end, "indices"),
        (add_tensor, "network has 'more' too"),
    ],
)
def test_what_was_not_saved_is_refused_with_its_name(saved, edit, named):
    # Case 72.
    change(saved, edit)
    with pytest.raises(ArtifactError, match=rf"(?s)does not hold what a GOTerm.*{named}"):
        GOTermClassifier.load(saved)


def test_flipped_bits_are_refused(saved):
    # Case 69.
    (path,) = saved.glob("data-*/state.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="SHA-256"):
        GOTermClassifier.load(saved)


def test_predictions_come_with_ids_and_terms(small, data):
    model = small().fit(data.X, frame(data))
    table = model.predict_frame(data.X[:3], ["P1", "P2", "P3"])
    assert table.index.tolist() == ["P1", "P2", "P3"]
    assert (table.columns.tolist(), table.index.name) == (data.terms.tolist(), "EntryID")
    assert_array_equal(table.to_numpy(), model.predict_proba(data.X[:3]))


def test_ids_come_from_the_index_where_none_are_given(data):
    X = pd.DataFrame(data.X, index=data.protein_ids)
    model = KNNTermClassifier(3).fit(X, class_target(data))
    table = model.predict_frame(X[:2])
    assert table.index.tolist() == data.protein_ids[:2].tolist()
    assert table.columns.tolist() == ["no", "yes"]
    assert model.predict_frame(data.X[:2]).index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("ids", "message"), [(["P1"], "1 protein_ids for 2 rows"), (["P1", "P1"], "1 ids name .*P1")]
)
def test_ids_that_do_not_fit_are_refused(data, ids, message):
    model = ResampledClassifier(None, KNNTermClassifier(3)).fit(data.X, data.y)
    with pytest.raises(ValueError, match=message):
        model.predict_frame(data.X[:2], ids)


@pytest.mark.parametrize("name", ["network", "tale of vectors", "attention"])
def test_weights_that_overflow_are_an_error_and_no_nan(name):
    maker, X = saved_objects.MAKERS[name]
    fitted = maker().fit(X, saved_objects.TOY.y)
    with torch.no_grad():
        for part in fitted.network_.parameters():
            part.fill_(3e38)
    with pytest.raises(TrainingDiverged, match="gives NaN for 4 of 4 rows, first for row 0"):
        fitted.predict_proba(X[:4])
    if name == "attention":
        with pytest.raises(TrainingDiverged):
            fitted.predict_terms(X[:4], saved_objects.VECTORS)
