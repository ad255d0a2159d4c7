"""Save a fitted CGANSampler as tensors and JSON, and load it without running any saved code."""

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.exceptions import ArtifactError
from protimb.filters import FILTERS, FilterChain
from protimb.gan._networks import build_networks
from protimb.gan._scaling import Scaling
from protimb.gan._starts import MemberBank
from protimb.training import load_state, resolve_device, save_state, torch_generator
from protimb.utils._description import (
    check_saved,
    describe,
    is_unsaved,
    rebuild,
)

KIND = "CGANSampler"

# Parameters that are no part of what is saved: where to compute, and whom to tell.
_LEFT_OUT = ("term_vectors", "device", "callbacks")


def save_sampler(sampler, folder):
    """Write a fitted sampler: networks, scale and members as tensors, the rest as JSON.

    Parameters
    ----------
    sampler : CGANSampler
        Fitted.
    folder : str or path-like
    """
    params = sampler.get_params(deep=False)
    bank = sampler._bank
    state = {
        "generator": dict(sampler.generator_.state_dict()),
        "critic": dict(sampler.critic_.state_dict()),
        "scaling": vars(sampler._scaling),
        "bank": bank and _bank_state(bank),
        "seen": sampler._seen,
        "term_vectors": sampler._term_vectors,
    }
    manifest = {
        "kind": KIND,
        "parameters": _describe_parameters(params),
        "terms": [_plain(term) for term in sampler.terms_],
        "fitted_on_classes": sampler._fitted_on_classes,
        "n_features_in": int(sampler.n_features_in_),
        "feature_names_in": getattr(sampler, "feature_names_in_", np.array([])).tolist(),
        "dtype": np.dtype(sampler._dtype).name,
        "history": sampler.history_.to_dict("list"),
        "sampling_strategy": list(sampler.sampling_strategy_.values()),
        "targeted": [sampler.terms_.index(term) for term in sampler.sampling_strategy_],
    }
    save_state(folder, state, manifest)


def load_sampler(cls, folder, device, classes):
    """Read a sampler that :func:`save_sampler` wrote.

    Parameters
    ----------
    cls : class
        CGANSampler or a subclass.
    folder : str or path-like
    device : str or torch.device
    classes : iterable of class
        The user's own backbones, conditions and filters.

    Returns
    -------
    sampler : CGANSampler
    """
    state, manifest = load_state(folder)
    if manifest.get("kind") != KIND:
        raise ArtifactError(
            f"{folder} holds no CGANSampler but {manifest.get('kind', 'something else')!r}. To go "
            "on from a checkpoint, use fit(X, y, resume_from=folder)."
        )
    try:
        sampler = cls(**_parameters(manifest["parameters"], known_classes(classes)), device=device)
        _put_back(sampler, state, manifest)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise ArtifactError(
            f"{folder} does not hold what a CGANSampler needs ({error}). It was changed, or "
            "saved by another version of a class it uses."
        ) from error
    return sampler


def _describe_parameters(params):
    described = {name: describe(value) for name, value in params.items() if name not in _LEFT_OUT}
    for name, description in described.items():
        if not is_unsaved(description):  # what is left out as a whole has a default to go back to
            check_saved(description, name)
    return described


def _parameters(descriptions, known):
    kept = {k: d for k, d in descriptions.items() if k not in _LEFT_OUT and not is_unsaved(d)}
    return {name: rebuild(description, known) for name, description in kept.items()}


def _put_back(sampler, state, manifest):
    n_features, terms = manifest["n_features_in"], manifest["terms"]
    sampler.terms_ = terms
    sampler.n_features_in_ = n_features
    if manifest["feature_names_in"]:
        sampler.feature_names_in_ = np.array(manifest["feature_names_in"], dtype=object)
    targets = zip(manifest["targeted"], manifest["sampling_strategy"], strict=True)
    sampler.sampling_strategy_ = {terms[column]: n_missing for column, n_missing in targets}
    sampler.history_ = pd.DataFrame(manifest["history"])
    sampler._fitted_on_classes = manifest["fitted_on_classes"]
    sampler._dtype = np.dtype(manifest["dtype"])
    sampler._scaling = _checked(Scaling(**state["scaling"]), n_features)
    sampler._seen = state["seen"]
    sampler.term_vectors = sampler._term_vectors = state["term_vectors"]
    sampler._bank = state["bank"] and _read_bank(state["bank"], n_features, len(terms))
    sampler.generator_, sampler.critic_ = _read_networks(sampler, state, n_features, len(terms))


def _read_networks(sampler, state, n_features, n_terms):
    device = resolve_device(sampler.device)
    init = torch_generator(np.random.RandomState(0))  # every weight is about to be replaced
    vectors = sampler._term_vectors
    networks = build_networks(sampler, n_features, n_terms, init, device, vectors)
    for network, name in zip(networks, ("generator", "critic"), strict=True):
        network.load_state_dict(state[name])
        network.eval()
    return networks


def _bank_state(bank):
    labels = {"indices": bank.y.indices, "indptr": bank.y.indptr}
    return {"X": bank.X, "moves": bank.moves} | labels


def _read_bank(state, n_features, n_terms):
    parts = [part for part in (state["X"], state["moves"]) if part is not None]
    if any(part.shape[1] != n_features for part in parts):
        raise ValueError(f"members are not {n_features} features wide")
    indices, indptr = state["indices"], state["indptr"]
    ones = np.ones(len(indices), dtype=np.uint8)
    labels = sparse.csr_array((ones, indices, indptr), (len(state["X"]), n_terms))
    return MemberBank(state["X"], labels, state["moves"])


def _checked(scaling, n_features):
    widths = {len(part) for part in (scaling.shift, scaling.scale, scaling.spread)}
    if widths != {n_features}:
        raise ValueError(f"scales of width {widths}, {n_features} features")
    return scaling


def _plain(term):
    value = term.item() if isinstance(term, np.generic) else term
    if not isinstance(value, str | int | float | bool):
        raise TypeError(
            f"Term {term!r} is a {type(term).__name__}: only terms named by text or numbers can "
            "be saved. Rename the columns of y."
        )
    return value


def known_classes(own=()):
    """Gather the classes that a saved sampler may hold.

    Parameters
    ----------
    own : iterable of class
        The user's.

    Returns
    -------
    known : dict of str to class
    """
    from protimb.nn import BACKBONES, CONDITIONINGS, CONDITIONS

    tables = (BACKBONES, CONDITIONS, CONDITIONINGS, FILTERS)
    registered = [entry for table in tables for entry in table.values()]
    inside = [FilterChain, GOTermClassifier, KNNTermClassifier]  # filters hold classifiers
    return {entry.__name__: entry for entry in [*own, *registered, *inside]}
