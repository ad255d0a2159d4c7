"""A fitted ConditionalGAN as tensors and JSON, and back without running any saved code."""

import warnings

import numpy as np
import pandas as pd

from protimb.gan._networks import build_networks
from protimb.gan._observed import Observed
from protimb.gan._parts import find_parts, known_parts
from protimb.gan._scaling import Scaling
from protimb.gan._starts import STARTS
from protimb.training import resolve_device, torch_generator
from protimb.training._fitting import count_numbers, no_heavier_than, put_weights
from protimb.utils._declared import (
    Anything,
    Array,
    Columns,
    Maybe,
    Names,
    Size,
    Table,
    Text,
    check_declared,
)
from protimb.utils._description import describe_parameters, rebuild_parameters
from protimb.utils._rebuilding import by_name, plain_name, rebuilding
from protimb.utils._sklearn_compat import check_params

_NETWORKS = ("generator", "critic")

# What ``describe_model`` gives; ``starts`` are those of a class of STARTS.
_MANIFEST = {
    "parameters": Table(Anything()),
    "terms": Names("n_terms"),
    "n_features_in": Size("n_features"),
    "feature_names_in": Names(text=True),
    "dtype": Text(("float32", "float64")),
    "history": Columns(),
}
_STATE = {
    **dict.fromkeys(_NETWORKS, Table(Anything())),
    "scaling": Scaling.DECLARED,
    "observed": Maybe(Observed.DECLARED),
    "seen": Array("b", "n_terms"),
    "term_vectors": Maybe(Array("f", "n_terms", "n_dims", nan=True)),
}

# Parameters that are no part of what is saved: where to compute, and whom to tell.
LEFT_OUT = {"device", "callbacks"}


def describe_model(model):
    """Give a fitted model's state, tensors and arrays by name, and a manifest of JSON."""
    state = {
        "generator": dict(model.generator_.state_dict()),
        "critic": dict(model.critic_.state_dict()),
        "scaling": vars(model.scaling_),
        "starts": model.starts_.state(),
        "observed": model.observed_ and vars(model.observed_),
        "seen": model.seen_,
        "term_vectors": model.term_vectors_,
    }
    manifest = {
        "parameters": describe_parameters(model, LEFT_OUT),
        "terms": [plain_name(term) for term in model.terms_],
        "n_features_in": int(model.n_features_in_),
        "feature_names_in": getattr(model, "feature_names_in_", np.array([])).tolist(),
        "dtype": np.dtype(model.dtype_).name,
        "history": model.history_.to_dict("list"),
    }
    return state, manifest


def rebuild_model(cls, state, manifest, device, classes, source):
    """Undo ``describe_model``; ``source`` says in errors where the state comes from."""
    with rebuilding(cls.__name__, source):
        known = by_name(*known_parts(), *classes)
        sizes = check_declared(manifest, _MANIFEST)
        parameters = rebuild_parameters(manifest["parameters"], known)
        model = cls(**parameters, device=device)
        check_params(model)
        start = STARTS[model.generate_from]
        check_declared(state, _STATE | {"starts": start.DECLARED}, sizes)
        _put_back(model, state, manifest)
        _try(model)
    return model


def _try(model):
    """Have one row generated, so that parts which do not work together are found now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.sample(np.zeros((1, len(model.terms_)), dtype=np.uint8), random_state=0)


def _put_back(model, state, manifest):
    n_features, terms = manifest["n_features_in"], manifest["terms"]
    if len(manifest["feature_names_in"]) not in (0, n_features):
        raise ValueError(f"feature_names_in names other features than {n_features}")
    model.n_features_in_, model.terms_ = n_features, terms
    if manifest["feature_names_in"]:
        model.feature_names_in_ = np.array(manifest["feature_names_in"], dtype=object)
    model.dtype_ = np.dtype(manifest["dtype"])
    model.history_ = pd.DataFrame(manifest["history"])
    model.seen_, model.term_vectors_ = state["seen"], state["term_vectors"]
    model.scaling_ = Scaling(**state["scaling"])
    model.observed_ = state["observed"] and Observed(**state["observed"])
    start = STARTS[model.generate_from]
    model.starts_ = start.from_state(state["starts"], n_features, len(terms))
    model.generator_, model.critic_ = _read_networks(model, state)


def _read_networks(model, state):
    weights = [state[name] for name in _NETWORKS]
    parts = find_parts(model)
    _check_sizes(model, parts, weights)
    with no_heavier_than(weights):
        networks = build_networks(
            parts,
            (model.n_features_in_, len(model.terms_)),
            n_latent=model.n_latent,
            start_width=model.starts_.width(model.n_features_in_),
            term_vectors=model.term_vectors_,
            init=torch_generator(np.random.RandomState(0)),  # every weight is about to be replaced
            device=resolve_device(model.device),
        )
    for network, name in zip(networks, _NETWORKS, strict=True):
        put_weights(network, state[name], name)
        network.eval()
    return networks


def _check_sizes(model, parts, weights):
    """Refuse numbers of layers and widths that are larger than all weights together."""
    n_numbers = sum(count_numbers(part) for part in weights)
    asked = {"n_latent": model.n_latent}
    for name, part in parts.items():
        asked |= {f"{name}.{of}": size for of, size in part.get_params().items()}
    for name, size in asked.items():
        if isinstance(size, int) and size > n_numbers:
            raise ValueError(f"{name} is {size:,}, and the weights are {n_numbers:,} numbers")
