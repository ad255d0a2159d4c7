"""Every kind of saved object, tiny, and all the ways to forge a part of one under right hashes."""

import copy
import json

import numpy as np
import torch
from devices import DEVICE

from protimb import CGANSampler
from protimb.classification import (
    AlignmentTermClassifier,
    GOTermClassifier,
    KNNTermClassifier,
    LabelAttentionClassifier,
    PrototypeTermClassifier,
    ResampledClassifier,
    TALEClassifier,
)
from protimb.datasets import make_longtail_multilabel
from protimb.nn import FiLMConditioning, MLPBackbone, TermVectorCondition
from protimb.over_sampling import RandomLabelsetOverSampler
from protimb.training import Checkpoint, load_state, save_state

TOY = make_longtail_multilabel(n_samples=60, n_terms=6, random_state=0)
SEQUENCES = ["MKVLAGW" * (1 + row % 3) + "ACDEFGHIKL"[row % 10] for row in range(len(TOY.X))]
VECTORS = np.random.default_rng(0).normal(size=(6, 3))


def _sampler(**parameters):
    settings = {"backbone": MLPBackbone(1, 4), "n_latent": 2, "max_updates": 1, "n_critic": 1}
    settings |= {"check_every": 1, "quality_filter": None, "device": DEVICE, "random_state": 0}
    return CGANSampler(**settings | parameters)


def _network(**parameters):
    settings = {"hidden_layer_sizes": (4,), "max_epochs": 1, "early_stopping": False}
    return GOTermClassifier(**settings, device=DEVICE, random_state=0, **parameters)


def _tale(**parameters):
    settings = {"n_layers": 1, "n_hidden": 4, "n_heads": 2, "max_length": 20, "n_filters": 2}
    settings |= {"max_epochs": 1, "early_stopping": False, "device": DEVICE, "random_state": 0}
    return TALEClassifier(**settings | parameters)


def _attention():
    return LabelAttentionClassifier(
        n_hidden=4, head_size=2, n_components=3, max_epochs=1, device=DEVICE, random_state=0
    )


# name -> what is fitted, and on what.
MAKERS = {
    "sampler": (lambda: _sampler(clip="observed"), TOY.X),
    "sampler by members": (
        lambda: _sampler(
            generate_from="member",
            condition=TermVectorCondition(n_condition=3),
            conditioning=FiLMConditioning(),
            term_vectors=VECTORS,
        ),
        TOY.X,
    ),
    "network": (lambda: _network(n_neighbors=3), TOY.X),
    "neighbours": (lambda: KNNTermClassifier(3), TOY.X),
    "prototypes": (lambda: PrototypeTermClassifier(), TOY.X),
    "alignment": (lambda: AlignmentTermClassifier("kmer"), SEQUENCES),
    "tale": (lambda: _tale(), SEQUENCES),
    "tale of vectors": (lambda: _tale(inputs="vectors", n_places=2), TOY.X),
    "attention": (_attention, TOY.X),
    "resampled": (
        lambda: ResampledClassifier(RandomLabelsetOverSampler(random_state=0), _network()),
        TOY.X,
    ),
}


def make(name, folder):
    """Fit and save one; gives its class and a function that uses what was loaded."""
    maker, X = MAKERS[name]
    fitted = maker().fit(X, TOY.y)
    fitted.save(folder)

    def use(loaded):
        if isinstance(loaded, CGANSampler):
            found = loaded.sample(TOY.y[:4], random_state=0)
        else:
            found = loaded.predict_proba(X[:4])
        assert np.isfinite(found).all()

    def load(place):
        return type(fitted).load(place, device=DEVICE, classes=[RandomLabelsetOverSampler])

    return load, use


def make_checkpoint(folder):
    """Train a sampler that leaves a checkpoint; gives what resumes it."""
    parameters = {"max_updates": 2, "n_critic": 1, "validation_fraction": 0.2, "averaging": 0.9}
    parameters |= {"auxiliary_weight": 0.5, "lr_schedule": "linear"}
    kept = Checkpoint(folder, every_n_epochs=None, every_n_steps=1)
    _sampler(callbacks=[StopAfterOne(), kept], **parameters).fit(TOY.X, TOY.y)

    def resume(place):
        return _sampler(**parameters).fit(TOY.X, TOY.y, resume_from=place)

    return resume


class StopAfterOne(Checkpoint):
    """Keep the checkpoint of the first update alone."""

    def __init__(self):
        super().__init__("unused", every_n_epochs=None)

    def on_batch_end(self, loop, losses):
        loop.stop_requested = False


def forgeries(folder):
    """Yield (what, path, new) for each part and all that may be put in its place."""
    saved = dict(zip(("state", "manifest"), load_state(folder), strict=True))
    for path in list(_leaves(saved)):
        for what, new in _others(_at(saved, path)):
            if len(path) > 1:
                yield f"{'.'.join(map(str, path))}: {what}", path, new


def forge(folder, what, path, new):
    """Give state and manifest with the one part that is not what was saved."""
    saved = dict(zip(("state", "manifest"), load_state(folder), strict=True))
    parent = _at(saved, path[:-1])
    if what.endswith(": missing"):
        del parent[path[-1]]
    else:
        parent[path[-1]] = copy.deepcopy(new)
    return saved["state"], saved["manifest"]


def write(folder, state, manifest):
    """Save a forgery as an attacker would: all hashes are right."""
    save_state(folder, state, json.loads(json.dumps(manifest)))


def _leaves(tree, path=()):
    """Yield paths to all parts of dicts and lists, branches too; of long lists, the first two."""
    if path:
        yield path
    if isinstance(tree, dict):
        for name, part in tree.items():
            yield from _leaves(part, (*path, name))
    elif isinstance(tree, list):
        for number, part in enumerate(tree[:2]):
            yield from _leaves(part, (*path, number))


def _at(tree, path):
    for name in path:
        tree = tree[name]
    return tree


def _others(value):
    """Yield what an attacker may put in place of a value."""
    yield "missing", None
    for new in (None, -1, 0, 10**12, 1e300, float("nan"), True, "x", "", [], {}, [[]], {"x": 1}):
        yield f"{type(new).__name__} {new}", new
    if isinstance(value, torch.Tensor):
        yield from _other_tensors(value, value.to)
    if isinstance(value, np.ndarray):
        for what, tensor in _other_tensors(torch.from_numpy(value), torch.from_numpy(value).to):
            yield what, tensor.numpy()
        yield "a tensor", torch.from_numpy(value)
    if isinstance(value, int) and not isinstance(value, bool):
        yield "one more", value + 1
        yield "a billion", 10**9
        yield "20,000", 20_000
        yield "longer than any float", 10**400
    if isinstance(value, list) and value:
        yield "one twice", [*value, value[0]]
        yield "one less", value[:-1]
    if isinstance(value, dict):
        yield "one more part", value | {"more": 3}


def _other_tensors(value, to):
    yield "one row more", torch.cat([value, value[:1]]) if value.ndim else value.reshape(1)
    yield "flat", value.reshape(-1)[:-1]
    yield "empty", value.reshape(-1)[:0]
    yield "no row", value[:0] if value.ndim else value
    yield "one column", value.reshape(*value.shape, 1)
    for dtype in (torch.float64, torch.float32, torch.float16, torch.int64, torch.uint8):
        if dtype != value.dtype:
            yield f"{dtype}", to(dtype)
    if value.numel() and value.dtype != torch.bool:
        for new in (float("nan"), float("inf"), -1, 2**30, 2**62, 255, 0):
            if value.is_floating_point() or abs(new) <= torch.iinfo(value.dtype).max:
                if not value.is_floating_point() and value.dtype == torch.uint8 and new < 0:
                    continue
                for place in (0, -1):
                    forged = value.clone()
                    forged.view(-1)[place] = new
                    yield f"{new} at {place}", forged
        yield "backwards", value.flip(0) if value.ndim else value
        yield "all zero", torch.zeros_like(value)
