"""TALE on sequences: what it learns, what it refuses, and that a killed run goes on."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from protimb.classification import (
    KNNTermClassifier,
    LabelAttentionClassifier,
    TALEClassifier,
)
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
        "device": DEVICE,
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
    loaded = TALEClassifier.load(tmp_path / "saved", device=DEVICE)
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
    with pytest.raises(ValueError, match="X has 5 features, but TALEClassifier is expecting 4"):
        model.predict_proba([np.ones((2, 5))])
    with pytest.raises(ValueError, match=r"X\[1\].*shape \(0, 4\).*at least one residue"):
        model.predict_proba([np.ones((2, 4)), np.ones((0, 4))])


@pytest.mark.parametrize("classifier", [TALEClassifier, LabelAttentionClassifier])
def test_an_array_of_residues_is_read_as_a_list_of_them(classifier):
    rng = np.random.RandomState(0)
    residues = np.empty(8, dtype=object)
    residues[:] = [rng.normal(size=(n, 4)) for n in (1, 2, 3, 4) * 2]
    y = np.eye(2, dtype=int)[[0, 1] * 4]
    small = {"n_hidden": 8, "max_epochs": 1, "early_stopping": False, "random_state": 0}
    model = classifier(**small)
    if classifier is TALEClassifier:
        model.set_params(inputs="vectors")
    scores = model.fit(residues, y).predict_proba(residues)
    np.testing.assert_array_equal(model.predict_frame(residues), scores)
    np.testing.assert_array_equal(clone(model).fit([*residues], y).predict_proba(residues), scores)
    alike = np.stack([one[:1] for one in residues])  # (n_rows, n_residues, n_features)
    found = model.predict_proba(alike)
    np.testing.assert_array_equal(found, model.predict_proba([*alike]))


def test_neighbours_know_what_the_network_does_and_no_more(data):
    known = np.ones(data.y.shape, dtype=bool)
    known[::3, 1] = False
    weights = np.ones(len(data.y))
    weights[1::4] = 0
    model = make(inputs="vectors", neighbours=KNNTermClassifier(5), network_share=0.0)
    model.fit(data.X, data.y, sample_weight=weights, label_mask=known)
    kept = weights > 0
    alone = KNNTermClassifier(5).fit(data.X[kept], (data.y * known)[kept])
    np.testing.assert_array_equal(model.predict_proba(data.X), alone.predict_proba(data.X))


def test_neighbours_that_give_no_table_are_refused(data):
    model = make(inputs="vectors", neighbours=KNeighborsClassifier()).fit(data.X, data.y)
    with pytest.raises(TypeError, match="KNeighborsClassifier, gives a list"):
        model.predict_proba(data.X)


def test_softmax_over_one_term_is_refused(data, sequences):
    with pytest.raises(ValueError, match="Use output='sigmoid'"):
        make(output="softmax").fit(sequences, data.y[:, 0])


def test_an_interrupted_fit_leaves_the_earlier_one(data, sequences, monkeypatch):
    model = make().fit(sequences, data.y)
    scores = model.predict_proba(sequences)
    steps = iter(range(3))

    def interrupted(self, rows, train=TALEStep.train_batch):
        if next(steps) == 2:
            raise KeyboardInterrupt
        return train(self, rows)

    monkeypatch.setattr(TALEStep, "train_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(random_state=1).fit(sequences, data.y)
    np.testing.assert_array_equal(model.predict_proba(sequences), scores)


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


def test_the_path_of_an_ontology_is_none(data, sequences):
    with pytest.raises(TypeError, match="'ontology' parameter of TALEClassifier is str"):
        make(ontology="go.obo", terms=data.terms).fit(sequences, data.y)


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


ALPHABET = "-ARNDCEQGHILKMFPSTWYVBOUXZ"  # tokens 1 to 25, as the authors number them


def norm(x, weight, bias):
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-6) * weight + bias


def softmax(x, axis):
    exps = np.exp(x - x.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


def answer_by_hand(model, sequence, above):
    """Compute the probabilities of TALE (n_terms,) in numpy, of one protein of one window."""
    w = {name: one.double().numpy() for name, one in model.network_.state_dict().items()}
    d = model.n_hidden
    rates = 10_000 ** -(np.arange(d // 2) / (d // 2 - 1))
    angles = np.arange(len(sequence))[:, None] * rates
    tokens = [ALPHABET.index(one) for one in sequence]
    h = d**0.5 * w["entry.weight"][tokens] + np.hstack([np.sin(angles), np.cos(angles)])
    block = "encoder.blocks.0."
    x = norm(h, w[block + "norms.0.weight"], w[block + "norms.0.bias"])
    heads = np.split(w[block + "qkv.weight"], 3)  # of queries, keys, values: (d, d)
    seen = []
    for one in np.split(np.arange(d), model.n_heads):
        q, k, v = (x @ part[one].T for part in heads)
        seen.append(softmax(q @ k.T / len(one) ** 0.5, axis=1) @ v)
    h = h + np.hstack(seen) @ w[block + "merge.weight"].T
    x = norm(h, w[block + "norms.1.weight"], w[block + "norms.1.bias"])
    x = np.maximum(x @ w[block + "dense.0.weight"].T + w[block + "dense.0.bias"], 0)
    h = h + x @ w[block + "dense.2.weight"].T + w[block + "dense.2.bias"]
    h = norm(h, w["encoder.norm.weight"], w["encoder.norm.bias"])
    rows = w["read_out.labels.weight"]
    labels = np.array([d**0.5 * rows[sorted(one)].sum(axis=0) for one in above])
    similarity = softmax(h @ labels.T, axis=1)  # (length, n_terms)
    n_filters, width = model.n_filters, model.kernel_sizes[0]
    kernel = w["read_out.first"].reshape(len(above), n_filters, width)
    filtered = np.tile(w["read_out.bias"], (len(sequence), 1))
    for place, tap in np.ndindex(len(sequence), width):
        neighbour = place + tap - (width - 1) // 2
        if 0 <= neighbour < len(sequence):
            filtered[place] += similarity[neighbour] @ kernel[:, :, tap]
    weights = softmax(np.maximum(filtered, 0).max(axis=1), axis=0)
    logits = w["out.weight"] @ (weights @ h) + w["out.bias"]
    return 1 / (1 + np.exp(-logits))


def test_a_fitted_network_answers_as_its_formulas_do(data, sequences):
    model = make(n_filters=3, kernel_sizes=(4,), ontology=data.ontology, terms=data.terms, lr=0.02)
    model.fit(sequences, data.y)
    columns = {term: n for n, term in enumerate(data.terms)}
    lines = [{one, *data.ontology.ancestors(one)} for one in data.terms]
    beyond = sorted(set().union(*lines) - columns.keys())  # ancestors that are no column
    columns |= {term: len(columns) + n for n, term in enumerate(beyond)}
    above = [{columns[one] for one in line} for line in lines]
    assert max(map(len, above)) > 1
    company = model.set_params(ontology=None).predict_proba([*sequences, "mjx-B*"])
    for sequence, found in zip([*sequences[:5], "MXXXB"], [*company[:5], company[-1]], strict=True):
        np.testing.assert_allclose(found, answer_by_hand(model, sequence, above), atol=1e-6)
