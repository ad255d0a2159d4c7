"""A fitted ConditionalGAN as tensors and JSON, and back without running any saved code."""

import numpy as np
import pandas as pd

from protimb.gan._networks import build_networks
from protimb.gan._observed import Observed
from protimb.gan._parts import find_parts, known_parts
from protimb.gan._scaling import Scaling
from protimb.gan._starts import STARTS
from protimb.training import resolve_device, torch_generator
from protimb.utils._description import describe_parameters, rebuild_parameters
from protimb.utils._rebuilding import by_name, plain_name, rebuilding

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
        parameters = rebuild_parameters(manifest["parameters"], known)
        model = cls(**parameters, device=device)
        _put_back(model, state, manifest)
    return model


def _put_back(model, state, manifest):
    n_features, terms = manifest["n_features_in"], manifest["terms"]
    model.n_features_in_, model.terms_ = n_features, terms
    if manifest["feature_names_in"]:
        model.feature_names_in_ = np.array(manifest["feature_names_in"], dtype=object)
    model.dtype_ = np.dtype(manifest["dtype"])
    model.history_ = pd.DataFrame(manifest["history"])
    model.seen_, model.term_vectors_ = state["seen"], state["term_vectors"]
    _check_terms(model)
    model.scaling_ = Scaling(**state["scaling"])
    model.scaling_.check_width(n_features)
    model.observed_ = _read_ranges(state["observed"], n_features)
    start = STARTS[model.generate_from]
    model.starts_ = start.from_state(state["starts"], n_features, len(terms))
    model.generator_, model.critic_ = _read_networks(model, state)


def _read_ranges(observed, n_features):
    if observed is None:
        return None
    ranges = Observed(**observed)
    ranges.check_width(n_features)
    return ranges


def _check_terms(model):
    lengths = {len(part) for part in (model.seen_, model.term_vectors_) if part is not None}
    if lengths != {len(model.terms_)}:
        raise ValueError(f"{len(model.terms_)} terms, of which {lengths} are described")


def _read_networks(model, state):
    networks = build_networks(
        find_parts(model),
        (model.n_features_in_, len(model.terms_)),
        n_latent=model.n_latent,
        start_width=model.starts_.width(model.n_features_in_),
        term_vectors=model.term_vectors_,
        init=torch_generator(np.random.RandomState(0)),  # every weight is about to be replaced
        device=resolve_device(model.device),
    )
    for network, name in zip(networks, ("generator", "critic"), strict=True):
        network.load_state_dict(state[name])
        network.eval()
    return networks
