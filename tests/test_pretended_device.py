"""Every network trains and answers on CUDA, as far as a machine without one can tell.

The pretended device computes on the CPU: it gives the same numbers, and refuses to mix devices.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from backbones import small
from encoders import save_esm, save_t5, save_unirep
from gans import TINY, InterruptAt
from pretended import pretended_cuda

from protimb.classification import GOTermClassifier, LabelAttentionClassifier, TALEClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.embeddings import TransformersEncoder, UniRepEncoder
from protimb.exceptions import DeviceMemoryWarning
from protimb.gan import ConditionalGAN
from protimb.gan._starts import STARTS
from protimb.nn import BACKBONES
from protimb.nn._term_losses import LOSSES
from protimb.over_sampling import CGANSampler
from protimb.training import Checkpoint, _processes, _room
from protimb.utils import _memory

TOY = make_longtail_multilabel(60, n_features=6, n_terms=4, random_state=0)
RNG = np.random.RandomState(0)
RESIDUES = [RNG.normal(size=(length, 6)) for length in RNG.randint(1, 5, len(TOY.X))]
SEQUENCES = ["".join(RNG.choice(list("ACDEFGHIKL"), n)) for n in RNG.randint(3, 9, len(TOY.X))]
TERM_VECTORS = RNG.normal(size=(4, 3))
KNOWN = RNG.rand(*TOY.y.shape) < 0.8
SHORT = {"max_steps": 2, "batch_size": 20, "random_state": 0}


def on_cuda(work, **changes):
    with pretended_cuda():
        return work("cuda", **changes)


def gan(device, **changes):
    options = TINY | {"n_critic": 2, "batch_size": 20, "device": device} | changes
    return ConditionalGAN(**options)


def generated(device, **changes):
    return gan(device, **changes).fit(TOY.X, TOY.y).sample(TOY.y[:9], random_state=0)


def resampled(device, **changes):
    y = pd.DataFrame(TOY.y, columns=TOY.terms)
    sampler = CGANSampler(**TINY, **changes, device=device, ontology=TOY.ontology)
    return sampler.fit_resample(TOY.X, y)[0]


def scores(kind, X, device, fitted=None, **changes):
    model = kind(**SHORT | changes, device=device).fit(X, TOY.y, **fitted or {})
    return model.predict_proba(X)


perceptron = partial(scores, GOTermClassifier, TOY.X, hidden_layer_sizes=(8,))
attention = partial(scores, LabelAttentionClassifier, n_hidden=8, head_size=4, n_components=3)
tale = partial(scores, TALEClassifier, n_layers=1, n_hidden=4, kernel_sizes=(2,), dropout=0.5)
TERMS = {"ontology": TOY.ontology, "terms": TOY.terms}

WORK = {
    **{f"backbone {name}": partial(generated, backbone=small(name)) for name in BACKBONES},
    **{f"from {name}": partial(generated, generate_from=name) for name in STARTS},
    "condition on vectors": partial(resampled, condition="both", term_vectors=TERM_VECTORS),
    "auxiliary, averaging": partial(
        generated, auxiliary_weight=1.0, averaging=0.9, max_grad_norm=1.0, lr_schedule="cosine"
    ),
    "held-out rows": partial(generated, validation_fraction=0.2),
    "sampler": resampled,
    **{f"loss {name}": partial(perceptron, loss=name, **TERMS) for name in LOSSES},
    "weights, unknown labels": partial(
        perceptron,
        class_weight="balanced",
        fitted={"label_mask": KNOWN, "sample_weight": np.arange(1.0, 61.0)},
    ),
    "neighbours": partial(perceptron, n_neighbors=3),
    "label attention": partial(
        attention, TOY.X, term_dropout=0.5, **TERMS, fitted={"label_mask": KNOWN}
    ),
    "label attention, residues": partial(attention, RESIDUES, term_vectors=TERM_VECTORS),
    "TALE": partial(tale, SEQUENCES, **TERMS, hierarchy_penalty=1.0, loss="isda"),
    "TALE, multi-hot": partial(
        tale, SEQUENCES, label_coding="multi_hot", output="softmax", fitted={"label_mask": KNOWN}
    ),
    "TALE on vectors": partial(tale, TOY.X, inputs="vectors", n_places=2, early_stopping=False),
}
HALF = {
    "GAN": partial(generated, auxiliary_weight=1.0),
    "attention GAN": partial(generated, backbone=small("attention")),
    "perceptron": partial(perceptron, loss="isda"),
    "label attention": partial(attention, RESIDUES, term_vectors=TERM_VECTORS),
    "TALE": partial(tale, SEQUENCES, **TERMS),
}


@pytest.mark.parametrize("name", WORK)
def test_a_network_gives_on_cuda_what_it_gives_on_the_cpu(name):
    found, expected = on_cuda(WORK[name]), WORK[name]("cpu")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", HALF)
def test_a_network_trains_in_bfloat16_on_cuda(name):
    found, expected = on_cuda(HALF[name], mixed_precision=True), HALF[name]("cpu")
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_rows_that_are_cut_by_batch_reach_the_device(monkeypatch):
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)
    np.testing.assert_allclose(on_cuda(generated), generated("cpu"), rtol=1e-4, atol=1e-5)


def test_tale_scores_a_protein_on_cuda_alike_in_any_company():
    # Blocks have 64 windows there, however few are asked for.
    model = TALEClassifier(n_layers=1, n_hidden=4, **SHORT, device="cuda")
    with pretended_cuda():
        scores = model.fit(SEQUENCES, TOY.y[:, :3]).predict_proba(SEQUENCES)
        alone = [model.predict_proba([sequence]) for sequence in SEQUENCES[:12]]
    np.testing.assert_array_equal(np.concatenate(alone), scores[:12])


def test_a_run_goes_on_from_a_checkpoint_of_cuda(tmp_path):
    stopped = gan("cuda", callbacks=[Checkpoint(tmp_path, every_n_steps=1), InterruptAt(1)])
    with pretended_cuda():
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(TOY.X, TOY.y)
        resumed = gan("cuda").fit(TOY.X, TOY.y, resume_from=tmp_path)
        found = resumed.sample(TOY.y[:9], random_state=0)
    np.testing.assert_allclose(found, generated("cpu"), rtol=1e-4, atol=1e-5)


def test_a_model_of_cuda_is_loaded_on_either_device(tmp_path):
    sampler = CGANSampler(**TINY, device="cuda")
    network = TALEClassifier(n_layers=1, n_hidden=4, **SHORT, device="cuda")
    with pretended_cuda():
        sampler.fit(TOY.X, TOY.y).save(tmp_path / "sampler")
        network.fit(SEQUENCES, TOY.y).save(tmp_path / "network")
        rows, answers = answers_of(sampler, network)
        assert_loaded_alike(tmp_path, "cuda", rows, answers)
        assert_loaded_alike(tmp_path, "auto", rows, answers)
    assert_loaded_alike(tmp_path, "cpu", rows, answers)


def answers_of(sampler, network):
    return sampler.sample(TOY.y[:9], random_state=0), network.predict_proba(SEQUENCES[:9])


def assert_loaded_alike(folder, device, *expected):
    sampler = CGANSampler.load(folder / "sampler", device=device)
    network = TALEClassifier.load(folder / "network", device=device)
    for found, wanted in zip(answers_of(sampler, network), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["GAN", "perceptron", "label attention", "TALE"])
def test_one_of_two_processes_sends_what_lies_on_its_device(name, monkeypatch):
    # NCCL carries tensors of CUDA alone. The other process has nothing to add.
    sent = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setattr(_processes, "_join", lambda: None)
    monkeypatch.setattr(_processes, "tell_all", lambda value: value)
    monkeypatch.setattr(_processes, "hear_all", lambda value: [value, value])
    monkeypatch.setattr(_processes, "_speak", lambda speak, tensor: sent.append(tensor.device))
    on_cuda(HALF[name])
    assert {device.type for device in sent} == {"cuda"}


@pytest.mark.parametrize("name", ["GAN", "label attention", "TALE"])
def test_a_batch_too_large_for_cuda_is_halved(name, monkeypatch):
    cut = _room.cut_share

    def cut_small(share, n_own, n_most):
        if min(n_own, n_most) > 10:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return cut(share, n_own, n_most)

    expected = HALF[name]("cpu")
    monkeypatch.setattr(_room, "cut_share", cut_small)
    with pytest.warns(DeviceMemoryWarning, match="Going on with"):
        found = on_cuda(HALF[name])
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize("save", [save_esm, save_t5])
def test_a_language_model_embeds_on_cuda(save, tmp_path):
    save(tmp_path / "model")

    def embed(device):
        encoder = TransformersEncoder(tmp_path / "model", device=device, precision="float32")
        return encoder.fit().transform(SEQUENCES[:5])

    np.testing.assert_allclose(on_cuda(embed), embed("cpu"), rtol=1e-4, atol=1e-5)


def test_unirep_embeds_on_cuda(tmp_path):
    save_unirep(tmp_path / "unirep.npz")

    def embed(device):
        encoder = UniRepEncoder(weights=tmp_path / "unirep.npz", device=device)
        return encoder.fit_transform(SEQUENCES[:5])

    np.testing.assert_allclose(on_cuda(embed), embed("cpu"), rtol=1e-5)


def test_the_pretended_device_refuses_what_cuda_refuses():
    with pretended_cuda():
        x, rows = torch.ones(3, device="cuda"), torch.arange(2)
        assert x[rows].device.type == "cuda"  # rows may be named by the CPU
        refused = {
            "same device": lambda: x + torch.ones(3),
            "indices": lambda: torch.ones(3)[rows.to("cuda")],
            "numpy": x.numpy,
            "generator": lambda: torch.rand(3, generator=torch.Generator(), device="cuda"),
        }
        for what, do in refused.items():
            with pytest.raises((RuntimeError, TypeError), match=what):
                do()
