"""A sampler saved and loaded: the same rows, or a named error; never code from the folder."""

import json
import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from protimb import CGANSampler
from protimb.classification import GOTermClassifier
from protimb.exceptions import ArtifactError, MemoryEstimateError
from protimb.filters import CosineFilter, LabelFidelityFilter, MemorisationFilter
from protimb.nn import FiLMConditioning, MLPBackbone, TermVectorCondition
from protimb.training import Checkpoint, load_state, save_state


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, max_updates=1, n_critic=1)


@pytest.fixture(scope="module")
def fitted(tiny, toy):
    return tiny().fit(toy.X, toy.y)


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save(tmp_path / "sampler")
    return tmp_path / "sampler"


class OwnBackbone(MLPBackbone):
    """A user's own class, which no folder can bring along."""


VARIANTS = {
    "plain": {},
    "members": {"generate_from": "member", "validation_fraction": 0.1, "averaging": 0.9},
    "relatives": {"generate_from": "relative", "validation_fraction": 0.1},
    "vectors": {
        "condition": TermVectorCondition(pooling="attention", n_condition=6),
        "conditioning": FiLMConditioning(),
        "term_vectors": np.random.default_rng(0).normal(size=(12, 3)),
    },
    "bounded": {"backbone": MLPBackbone(1, 8, final_activation="tanh"), "term_range": (5, 200)},
    "filtered": {"quality_filter": CosineFilter(quantile=0.1)},
}


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_a_loaded_sampler_gives_the_same_rows_and_has_the_same_parameters(
    tiny, toy, variant, tmp_path
):
    sampler = tiny(**VARIANTS[variant]).fit(toy.X, toy.y)
    sampler.save(tmp_path)
    loaded = CGANSampler.load(tmp_path, device=DEVICE)
    assert_array_equal(
        loaded.sample(toy.y[:20], random_state=3), sampler.sample(toy.y[:20], random_state=3)
    )
    pd.testing.assert_frame_equal(loaded.history_, sampler.history_)
    assert loaded.sampling_strategy_ == sampler.sampling_strategy_
    for name, value in sampler.get_params().items():
        if name not in ("device", "term_vectors"):
            assert repr(loaded.get_params()[name]) == repr(value), name


def test_names_of_columns_and_features_come_back(tiny, toy, tmp_path):
    X = pd.DataFrame(toy.X, columns=[f"f{n}" for n in range(toy.X.shape[1])])
    y = pd.DataFrame(toy.y, columns=[f"GO:{n}" for n in range(toy.y.shape[1])])
    sampler = tiny().fit(X, y)
    sampler.save(tmp_path)
    loaded = CGANSampler.load(tmp_path)
    assert loaded.terms_ == sampler.terms_
    assert_array_equal(loaded.feature_names_in_, sampler.feature_names_in_)
    assert loaded.sample(y[:3], random_state=0).dtype == sampler.sample(y[:3]).dtype


def test_a_sampler_of_classes_comes_back(tiny, toy, tmp_path):
    classes = np.array(["rare", "frequent"])[(np.arange(len(toy.X)) > 20).astype(int)]
    sampler = tiny(sampling_strategy="auto").fit(toy.X, classes)
    sampler.save(tmp_path)
    rows = CGANSampler.load(tmp_path).sample(["rare", "frequent"], random_state=0)
    assert_array_equal(rows, sampler.sample(["rare", "frequent"], random_state=0))


def test_load_then_save_to_the_same_path_changes_nothing(saved, toy):
    # Case 74.
    before = CGANSampler.load(saved).sample(toy.y, random_state=0)
    CGANSampler.load(saved).save(saved)
    assert_array_equal(CGANSampler.load(saved).sample(toy.y, random_state=0), before)


def test_a_random_state_inside_a_filter_is_left_out(tiny, toy, tmp_path):
    quality = CosineFilter(quantile=0.1, random_state=np.random.RandomState(0))
    tiny(quality_filter=quality).fit(toy.X, toy.y).save(tmp_path)
    loaded = CGANSampler.load(tmp_path).quality_filter
    assert (loaded.quantile, loaded.random_state) == (0.1, None)


def test_what_could_not_be_loaded_is_not_saved(tiny, toy, tmp_path):
    quality = LabelFidelityFilter(classifier=GOTermClassifier(device=torch.device("cpu")))
    sampler = tiny().fit(toy.X, toy.y).set_params(quality_filter=quality)
    with pytest.raises(TypeError, match="quality_filter__classifier__device is a device"):
        sampler.save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unfitted_sampler_cannot_be_saved(tiny, tmp_path):
    with pytest.raises(NotFittedError):
        tiny().save(tmp_path)


def weights_file(folder):
    return next(folder.rglob("*.safetensors"))


@pytest.mark.parametrize("where", [0, 100, -1])
def test_a_flipped_bit_is_noticed(saved, where):
    # Case 69.
    path = weights_file(saved)
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="SHA-256"):
        CGANSampler.load(saved)


@pytest.mark.parametrize("n_bytes", [0, 50])
def test_truncated_weights_are_noticed(saved, n_bytes):
    # Case 69.
    path = weights_file(saved)
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ArtifactError, match="truncated"):
        CGANSampler.load(saved)


class Evil:
    """Unpickling it leaves a file behind."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


def test_a_pickle_in_place_of_the_weights_is_never_run(saved, tmp_path):
    # Case 70.
    marker = tmp_path / "run"
    weights_file(saved).write_bytes(pickle.dumps(Evil(marker)))
    with pytest.raises(ArtifactError):
        CGANSampler.load(saved)
    assert not marker.exists()


def change(folder, **changes):
    """Save the folder anew with another manifest, hashes and all."""
    state, manifest = load_state(folder)
    save_state(folder, state, manifest | {"model": manifest["model"] | changes})


@pytest.mark.parametrize(
    "changes", [{"n_features_in": 5}, {"terms": ["a", "b"]}, {"dtype": "none such"}]
)
def test_a_manifest_of_other_features_or_terms_is_refused(saved, changes):
    # Case 72.
    change(saved, **changes)
    with pytest.raises(ArtifactError, match="does not hold what a ConditionalGAN needs"):
        CGANSampler.load(saved)


@pytest.mark.parametrize("edit", ["drop", "add", "reshape"])
def test_missing_extra_and_mis_shaped_tensors_are_refused(saved, edit):
    # Case 72.
    state, manifest = load_state(saved)
    weights = state["generator"]
    name = max(weights, key=lambda name: weights[name].numel())
    if edit == "drop":
        del weights[name]
    elif edit == "add":
        weights["more"] = torch.zeros(2)
    else:
        weights[name] = weights[name][:1]
    save_state(saved, state, manifest)
    with pytest.raises(ArtifactError, match=r"does not hold what a ConditionalGAN needs"):
        CGANSampler.load(saved)


@pytest.mark.parametrize("part", ["X", "moves"])
def test_starts_of_another_width_are_refused(saved, part):
    # Case 72.
    state, manifest = load_state(saved)
    state["starts"][part] = state["starts"][part][:, :-1].copy()
    save_state(saved, state, manifest)
    with pytest.raises(ArtifactError, match=r"does not hold what a ConditionalGAN needs"):
        CGANSampler.load(saved)


def test_a_newer_schema_is_refused(saved):
    # Case 72.
    path = saved / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}))
    with pytest.raises(ArtifactError, match="Update protimb"):
        CGANSampler.load(saved)


def test_label_rows_of_other_width_are_refused_after_loading(saved, toy):
    # Case 72.
    with pytest.raises(ValueError, match="fitted with 12 terms"):
        CGANSampler.load(saved).sample(toy.y[:, :5])


def test_a_class_of_the_users_own_has_to_be_passed(tiny, toy, tmp_path):
    sampler = tiny(backbone=OwnBackbone(1, 8)).fit(toy.X, toy.y)
    sampler.save(tmp_path)
    with pytest.raises(ArtifactError, match=r"classes=\[OwnBackbone\]"):
        CGANSampler.load(tmp_path)
    loaded = CGANSampler.load(tmp_path, classes=[OwnBackbone])
    assert type(loaded.backbone) is OwnBackbone
    assert_array_equal(loaded.sample(toy.y, random_state=0), sampler.sample(toy.y, random_state=0))


def test_a_checkpoint_is_no_sampler(tiny, toy, tmp_path):
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    with pytest.raises(ArtifactError, match="resume_from"):
        CGANSampler.load(tmp_path)


def test_what_cannot_be_described_is_left_at_its_default(tiny, toy, tmp_path):
    sampler = tiny(
        sampling_strategy=lambda y: {0: int(y[:, 0].sum()) + 5},
        random_state=np.random.RandomState(0),
    )
    sampler.fit(toy.X, toy.y).save(tmp_path)
    loaded = CGANSampler.load(tmp_path)
    assert loaded.sampling_strategy == "auto"
    assert loaded.random_state is None
    assert loaded.sampling_strategy_ == sampler.sampling_strategy_


def test_terms_that_json_cannot_name_are_refused(tiny, toy, tmp_path):
    columns = pd.MultiIndex.from_product([["GO"], range(toy.y.shape[1])])
    sampler = tiny().fit(toy.X, pd.DataFrame(toy.y, columns=columns))
    with pytest.raises(TypeError, match="Rename the columns"):
        sampler.save(tmp_path)


def copied(X, y, terms, random_state):
    """Plant what memorisation is: rows of the data at hand."""
    return X.copy()


def moved(X, y, terms, random_state):
    """Plant what lies far from all rows."""
    return X + 100


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_a_loaded_sampler_enlarges_other_data_under_quality_control(tiny, toy, tmp_path):
    train, other = toy.take(np.arange(0, 200, 2)), toy.take(np.arange(1, 200, 2))
    tiny(quality_filter=MemorisationFilter()).fit(train.X, train.y).save(tmp_path)
    loaded = CGANSampler.load(tmp_path, device=DEVICE).set_params(sampling_strategy=40)
    weights = [value.clone() for value in loaded.generator_.parameters()]
    loaded.model_.vary = copied
    assert not len(loaded.generate(other.X, other.y, random_state=0).X)
    report = loaded.quality_report_
    assert report["n_rejected"].sum() == report["n_drawn"].sum() > 0
    assert (report["n_missing"] == report["n_planned"]).all()
    loaded.model_.vary = moved
    assert len(loaded.generate(other.X, other.y, random_state=0).X) > 10
    assert loaded.quality_report_["n_rejected"].sum() == 0
    after = zip(weights, loaded.generator_.parameters(), strict=True)
    assert all(bool((one == two).all()) for one, two in after)  # not trained anew


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_a_loaded_sampler_judges_each_data_set_by_its_own_rows(tiny, toy, tmp_path):
    tiny(quality_filter=CosineFilter(quantile=0.1)).fit(toy.X, toy.y).save(tmp_path)
    loaded, fresh = (CGANSampler.load(tmp_path, device=DEVICE) for _ in range(2))
    loaded.generate(toy.X, toy.y, random_state=0)
    part = toy.take(np.arange(0, len(toy.X), 2))
    X_again = loaded.generate(part.X, part.y, random_state=1).X
    assert_array_equal(X_again, fresh.generate(part.X, part.y, random_state=1).X)


def test_more_rows_than_memory_holds_are_refused_before_training(tiny, toy):
    sampler = tiny(sampling_strategy=10**11)
    with pytest.raises(MemoryEstimateError, match="synthetic rows would take at least"):
        sampler.fit(toy.X, toy.y)
    assert not hasattr(sampler, "model_")
