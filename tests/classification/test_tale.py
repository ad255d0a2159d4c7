"""TALE on sequences: what it learns, what it refuses, and that a killed run goes on."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone

from protimb.classification import KNNTermClassifier, TALEClassifier
from protimb.classification._tale_data import TokenSource
from protimb.classification._tale_paths import label_paths
from protimb.classification._tale_step import TALEStep
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import (
    ArtifactError,
    DeviceUnavailableError,
    InvalidLabelsError,
    ProtimbWarning,
    SequenceError,
    TrainingDiverged,
)
from protimb.nn import FocalLoss

LETTERS = list("ACDEFGHIKLMNPQRSTVWY")


@pytest.fixture(scope="module")
def data():
    return make_longtail_multilabel(40, n_features=6, n_terms=5, random_state=0)


@pytest.fixture(scope="module")
def sequences(data):
    rng = np.random.RandomState(0)
    return ["".join(rng.choice(LETTERS, n)) for n in rng.randint(3, 21, len(data.X))]


def make(**changes):
    small = {
        "n_layers": 1,
        "n_hidden": 8,
        "max_epochs": 2,
        "batch_size": 8,
        "early_stopping": False,
        "device": "cpu",
        "random_state": 0,
    }
    return TALEClassifier(**(small | changes))


VARIANTS = {
    "no encoder": {"n_layers": 0},
    "last position": {"read_out": "last"},
    "mean": {"read_out": "mean"},
    "two kernels": {"kernel_sizes": np.array([5, 3]), "n_filters": 4},
    "zeros and ones": {"label_coding": "multi_hot"},
    "depth first": {"label_coding": "depth_first"},
    "own rows": {"label_coding": "own"},
    "softmax": {"output": "softmax"},
    "focal": {"loss": "focal"},
    "a loss as an object": {"loss": FocalLoss(gamma=1.0)},
    "a loss of features": {"loss": "isda"},
    "hierarchy": {"hierarchy_penalty": 1.0},
    "pads unmasked": {"mask_pads": False, "max_length": 24},
    "plain start": {"prior_bias": False, "clip_norm": None, "lr_schedule": "constant"},
    "one row a batch": {"batch_size": 1},
    "held out": {"early_stopping": True},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_scores_a_protein_alike_in_any_company_and_from_a_folder(
    name, data, sequences, tmp_path
):
    model = make(ontology=data.ontology, terms=data.terms, **VARIANTS[name])
    model.fit(sequences, data.y)
    scores = model.predict_proba(sequences)
    assert scores.shape == data.y.shape
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_array_equal(model.predict_proba(sequences[5:7]), scores[5:7])
    raised = data.ontology.propagate_scores(scores, data.terms)
    np.testing.assert_array_equal(raised, scores)
    model.save(tmp_path / "saved")
    loaded = TALEClassifier.load(tmp_path / "saved", device="cpu")
    np.testing.assert_array_equal(loaded.predict_proba(sequences), scores)
    assert loaded.history_ == model.history_


def test_a_motif_is_learned_wherever_it_stands():
    rng = np.random.RandomState(0)
    sequences, y = [], rng.randint(2, size=(80, 2))
    for labels in y:
        residues = list(rng.choice(list("AGSTVL"), 24))
        for label, motif in zip(labels, ["WCW", "HKH"], strict=True):
            place = rng.randint(2, 20)
            residues[place : place + 3] = motif if label else residues[place : place + 3]
        sequences.append("".join(residues))
    model = make(n_hidden=16, max_epochs=15, lr=0.02).fit(sequences[:60], y[:60])
    assert model.score(sequences[60:], y[60:]) > 0.9
    assert model.history_[-1]["loss"] < model.history_[0]["loss"] / 2


def test_index_lists_and_zeros_and_ones_train_the_same_network(data, sequences):
    lists, matrix = (
        make(label_coding=coding, ontology=data.ontology, terms=data.terms)
        .fit(sequences, data.y)
        .predict_proba(sequences)
        for coding in ("index_lists", "multi_hot")
    )
    np.testing.assert_allclose(lists, matrix, atol=1e-4)


def test_label_paths_are_ancestors_from_the_root_and_the_term_last(data):
    terms = data.terms[1:]  # an ancestor without a column gets a row all the same
    starts, rows = label_paths(data.ontology, terms, len(terms))
    extra = sorted(set().union(*map(data.ontology.ancestors, terms)) - set(terms))
    names = np.array([*terms, *extra])
    for column, term in enumerate(terms):
        path = names[rows[starts[column] : starts[column + 1]]].tolist()
        assert path[-1] == term
        assert sorted(path) == sorted({*data.ontology.ancestors(term), term})


def test_an_untrained_network_answers_frequencies(data, sequences):
    # So small a rate changes nothing.
    model = make(lr=1e-9, max_steps=1, dropout=0.0).fit(sequences, data.y)
    shares = (data.y.sum(axis=0) + 0.5) / (len(data.y) + 1)
    np.testing.assert_allclose(model.predict_proba(sequences).mean(axis=0), shares, atol=0.05)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", [1, 4, 7])
def test_a_killed_run_goes_on_to_the_same_bits(step, data, sequences, tmp_path, monkeypatch):
    settings = {"early_stopping": True, "max_length": 16, "checkpoint_steps": 1}
    with warnings.catch_warnings(action="ignore", category=ProtimbWarning):
        whole = make(**settings).fit(sequences, data.y)
        original = TALEStep.train_batch

        def killed(self, rows):
            killed.n_left -= 1
            if killed.n_left < 0:
                raise Killed
            return original(self, rows)

        killed.n_left = step
        monkeypatch.setattr(TALEStep, "train_batch", killed)
        # Without a seed the checkpoint brings the source of draws with it.
        model = make(checkpoint=tmp_path, **settings)
        with pytest.raises(Killed):
            model.fit(sequences, data.y)
        assert not hasattr(model, "network_")
        monkeypatch.setattr(TALEStep, "train_batch", original)
        model.fit(sequences, data.y)
    assert model.history_ == whole.history_
    np.testing.assert_array_equal(model.predict_proba(sequences), whole.predict_proba(sequences))


def test_a_checkpoint_of_another_run_is_refused(data, sequences, tmp_path):
    make(checkpoint=tmp_path).fit(sequences, data.y)
    with pytest.raises(ArtifactError, match=r"lr \(saved 0\.004, given 0\.1\)"):
        make(checkpoint=tmp_path, lr=0.1).fit(sequences, data.y)
    with pytest.raises(ArtifactError, match="these differ: proteins"):
        make(checkpoint=tmp_path).fit(sequences[::-1], data.y)
    with pytest.raises(ArtifactError, match="these differ: y"):
        make(checkpoint=tmp_path).fit(sequences, data.y[::-1])
    make().fit(sequences, data.y).save(tmp_path / "model")
    with pytest.raises(ArtifactError, match="no checkpoint of TALE"):
        make(checkpoint=tmp_path / "model").fit(sequences, data.y)


def test_containers_of_sequences_are_read_alike(data, sequences):
    model = make().fit(sequences, data.y)
    expected = model.predict_proba(sequences)
    series = pd.Series(sequences, index=data.protein_ids)
    for container in (np.array(sequences), series, dict(series), np.array(sequences)[:, None]):
        np.testing.assert_array_equal(model.predict_proba(container), expected)
    for named in (series, dict(series)):
        assert model.predict_frame(named).index.tolist() == list(data.protein_ids)
    y = sparse.csr_array(data.y)
    np.testing.assert_array_equal(make().fit(series, y).predict_proba(sequences), expected)


def test_spelling_does_not_matter(data, sequences):
    model = make().fit(sequences, data.y)
    one = model.predict_proba(["MKJ-X"])
    np.testing.assert_array_equal(model.predict_proba(["mkXXx*"]), one)
    assert np.isfinite(model.predict_proba(["M"])).all()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "empty"),
        (["MK", ""], "Sequence 1, counted from 0, has no residues"),
        (["MK", "P12345"], "Sequence 1.*characters that are no residues: '1'"),
        ([b"MK", "MK"], "Sequence 0.*is not a string"),
        (["MK", float("nan")], "Sequence 1.*is not a string but nan"),
        ("MKL", "is a collection"),
        (np.zeros((2, 3)), r"shape \(2, 3\)"),
    ],
)
def test_what_is_no_sequence_is_named(bad, message, data, sequences):
    with pytest.raises(SequenceError, match=message):
        make().fit(bad, data.y[:2])
    with pytest.raises(SequenceError, match=message):
        make().fit(sequences, data.y).predict_proba(bad)


@pytest.mark.parametrize("columns", [slice(0, 1), slice(0, 5)])
@pytest.mark.parametrize("loss", ["bce", "focal"])
def test_terms_without_a_positive_get_finite_scores(columns, loss, data, sequences):
    y = data.y[:, columns].copy()
    y[:, 0] = 0
    scores = make(loss=loss).fit(sequences, sparse.csr_array(y)).predict_proba(sequences)
    assert np.isfinite(scores).all()
    assert scores[:, 0].max() < 0.2


def test_all_negative_rows_and_classes_are_learned_from(data, sequences):
    scores = make().fit(sequences, np.zeros((len(sequences), 2), int)).predict_proba(sequences)
    assert (scores < 0.2).all()
    classes = np.where(data.y[:, 0], "yes", "no")
    model = make().fit(sequences, classes)
    assert set(model.predict(sequences)) <= {"yes", "no"}
    np.testing.assert_allclose(model.predict_proba(sequences).sum(axis=1), 1)


def test_rows_of_no_weight_and_unknown_cells_teach_nothing(data, sequences):
    weights = np.repeat([1.0, 0.0], 20)
    changed = data.y.copy()
    changed[20:] = 1 - changed[20:]
    some, others = (
        make().fit(sequences, y, sample_weight=weights).predict_proba(sequences)
        for y in (data.y, changed)
    )
    np.testing.assert_array_equal(some, others)
    known = np.ones(data.y.shape, dtype=bool)
    known[20:] = False
    some, others = (
        make().fit(sequences, y, label_mask=known).predict_proba(sequences)
        for y in (data.y, changed)
    )
    np.testing.assert_array_equal(some, others)


def test_long_proteins_are_cropped_in_training_and_averaged_over_windows(data, sequences):
    with pytest.warns(ProtimbWarning, match=r"(\d+) of 40 proteins have more than max_length=16"):
        model = make(max_length=16).fit(sequences, data.y)
    long = "".join(LETTERS) + "MKW"  # 23 residues: windows from 0 and from 7
    parts = model.predict_proba([long[:16], long[7:]])
    np.testing.assert_allclose(model.predict_proba([long])[0], parts.mean(axis=0), atol=1e-12)


def test_a_crop_lies_anywhere_and_is_a_stretch_of_its_protein():
    source = TokenSource(["ARNDCEQGHI", "MK"], 4, torch.device("cpu"))
    rng = torch.Generator().manual_seed(0)
    starts = set()
    for _ in range(60):
        tokens, mask = source.batch(torch.tensor([1, 0]), rng)
        assert tokens[0].tolist() == [13, 12, 0, 0]
        assert mask.tolist() == [[True, True, False, False], [True] * 4]
        first = int(tokens[1, 0])
        assert tokens[1].tolist() == [first, first + 1, first + 2, first + 3]
        starts.add(first)
    assert starts == set(range(1, 8))


def test_it_stands_behind_a_sampler_where_vectors_are_given(data):
    from protimb.over_sampling import RandomLabelsetOverSampler

    sampler = RandomLabelsetOverSampler(sampling_strategy=8, random_state=0)
    model = make(inputs="vectors", max_epochs=8, lr=0.03)
    X_res, y_res = sampler.fit_resample(data.X, data.y)
    by_hand = make(max_epochs=8, lr=0.03).fit_vectors(X_res, y_res)
    scores = by_hand.predict_proba(data.X)
    from imblearn.pipeline import make_pipeline as make_sampling_pipeline

    pipeline = make_sampling_pipeline(clone(sampler), model).fit(data.X, data.y)
    np.testing.assert_array_equal(pipeline.predict_proba(data.X), scores)
    assert by_hand.score(data.X, data.y) > 0.5


def test_residue_vectors_are_read_as_positions(data, tmp_path):
    rng = np.random.RandomState(0)
    residues = [rng.normal(size=(n, 4)) for n in rng.randint(1, 9, len(data.y))]
    model = make(inputs="vectors").fit(residues, data.y)
    scores = model.predict_proba(residues)
    np.testing.assert_array_equal(model.predict_proba(residues[3:4]), scores[3:4])
    model.save(tmp_path / "saved")
    loaded = TALEClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.predict_proba(residues), scores)
    with pytest.raises(ValueError, match=r"have \[5\] features"):
        model.predict_proba([np.ones((2, 5))])


def test_neighbours_are_averaged_with_the_share_that_was_asked_for(data, tmp_path):
    knn = KNNTermClassifier(5)
    alone = make(inputs="vectors").fit(data.X, data.y).predict_proba(data.X)
    theirs = clone(knn).fit(data.X, data.y).predict_proba(data.X)
    both = make(inputs="vectors", neighbours=knn, network_share=0.4).fit(data.X, data.y)
    scores = both.predict_proba(data.X)
    np.testing.assert_allclose(scores, 0.4 * alone + 0.6 * theirs, rtol=1e-5)
    assert not hasattr(knn, "n_features_in_")
    both.save(tmp_path / "saved")
    np.testing.assert_array_equal(
        TALEClassifier.load(tmp_path / "saved").predict_proba(data.X), scores
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel_sizes": ()}, "'kernel_sizes'"),
        ({"kernel_sizes": (0,)}, "'kernel_sizes'"),
        ({"n_hidden": 7, "n_heads": 1}, "n_hidden=7"),
        ({"n_hidden": 8, "n_heads": 3}, "n_heads=3"),
        ({"n_layers": -1}, "'n_layers' parameter of TALEClassifier"),
        ({"read_out": "first"}, "'read_out' parameter of TALEClassifier"),
        ({"loss": "hinge"}, "'loss' parameter"),
        ({"hierarchy_penalty": 1.0}, "pass ontology"),
        ({"loss": FocalLoss(hierarchy=1.0)}, "pass ontology"),
    ],
)
def test_parameters_are_checked(changes, message, data, sequences):
    with pytest.raises(ValueError, match=message):
        make(**changes).fit(sequences, data.y)


def test_an_ontology_needs_the_names_of_columns(data, sequences):
    with pytest.raises(InvalidLabelsError, match="pass terms"):
        make(ontology=data.ontology).fit(sequences, data.y)
    with pytest.raises(DeviceUnavailableError):
        make(device="cuda:99").fit(sequences, data.y)
    with pytest.raises(ValueError, match="early_stopping"):
        make(early_stopping=True).fit(sequences[:1], sparse.csr_array(data.y[:1]))


def test_divergence_is_named_and_leaves_the_earlier_fit(data, sequences):
    model = make().fit(sequences, data.y)
    before = model.predict_proba(sequences)
    model.set_params(lr=1e30, clip_norm=None, lr_schedule="constant", n_layers=0, read_out="mean")
    with pytest.raises(TrainingDiverged):
        model.set_params(lr=1e38, max_epochs=4).fit(sequences, data.y)
    model.set_params(n_layers=1, read_out="attention")
    np.testing.assert_array_equal(model.predict_proba(sequences), before)


def test_global_generators_are_left_alone_and_seeds_repeat_a_fit(data, sequences):
    torch.manual_seed(3)
    state, numbers = torch.get_rng_state(), np.random.mtrand._rand.get_state()[1].copy()
    one, other = (make().fit(sequences, data.y).predict_proba(sequences) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.mtrand._rand.get_state()[1], numbers)
    assert not np.array_equal(
        make(random_state=1).fit(sequences, data.y).predict_proba(sequences), one
    )


def test_a_fitted_model_can_be_pickled_and_cloned(data, sequences):
    model = make(ontology=data.ontology, terms=data.terms).fit(sequences, data.y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(sequences), model.predict_proba(sequences))
    assert not hasattr(clone(model), "network_")
    assert model.__sklearn_tags__().input_tags.string
    assert model.set_params(inputs="vectors").__sklearn_tags__().input_tags.string
    assert clone(model).__sklearn_tags__().input_tags.two_d_array
