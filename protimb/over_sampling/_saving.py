"""Save a fitted CGANSampler as tensors and JSON, and load it without running any saved code."""

import numpy as np

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.filters import FILTERS, FilterChain
from protimb.gan import ConditionalGAN
from protimb.gan._parts import known_parts
from protimb.over_sampling._guard import VERDICT, Verdict
from protimb.training import load_state, save_state
from protimb.utils._declared import (
    Anything,
    Each,
    Flag,
    Integer,
    Maybe,
    Names,
    Table,
    Text,
    check_declared,
)
from protimb.utils._description import describe_parameters, rebuild_parameters
from protimb.utils._rebuilding import by_name, check_kind, rebuilding
from protimb.utils._sklearn_compat import check_params

KIND = "CGANSampler"
_GO_ON = " To go on from a checkpoint, use fit(X, y, resume_from=folder)."

_MANIFEST = {
    "kind": Text(),
    "model": Table(Anything()),
    "parameters": Table(Anything()),
    "fitted_on_classes": Flag(),
    "feature_names_in": Names(text=True),
    "sampling_strategy": Each(Integer()),
    "targeted": Each(Integer()),
}

# Parameters that are no part of what is saved: where to compute, and whom to tell.
_LEFT_OUT = {"term_vectors", "ontology", "device", "callbacks"}


def save_sampler(sampler, folder):
    """Write a fitted sampler: its model's tensors, and the rest as JSON."""
    state, model = sampler.model_.state()
    state["guard"] = None if sampler._verdict is None else sampler._verdict._asdict()
    manifest = {
        "kind": KIND,
        "model": model,
        "parameters": describe_parameters(sampler, _LEFT_OUT),
        "fitted_on_classes": sampler._fitted_on_classes,
        "feature_names_in": getattr(sampler, "feature_names_in_", np.array([])).tolist(),
        "sampling_strategy": list(sampler.sampling_strategy_.values()),
        "targeted": [sampler.terms_.index(term) for term in sampler.sampling_strategy_],
    }
    save_state(folder, state, manifest)


def load_sampler(cls, folder, device, classes):
    """Read a sampler of class ``cls`` that `save_sampler` wrote."""
    state, manifest = load_state(folder)
    check_kind(manifest, KIND, folder, _GO_ON)
    with rebuilding(KIND, folder):
        check_declared(manifest, _MANIFEST)
        parameters = rebuild_parameters(manifest["parameters"], known_classes(classes))
        sampler = cls(**parameters, device=device)
        check_params(sampler)
        verdict = state.pop("guard")
        sampler.model_ = ConditionalGAN.from_state(
            state, manifest["model"], device=device, classes=classes, source=folder
        )
        sizes = {"n_terms": len(sampler.model_.terms_)}
        check_declared(verdict, Maybe(VERDICT), sizes, "guard")
        sampler._verdict = verdict and Verdict(**verdict)
        _put_back(sampler, manifest)
    return sampler


def _put_back(sampler, manifest):
    model = sampler.model_
    terms = sampler.terms_ = model.terms_
    sampler.n_features_in_ = model.n_features_in_
    sampler.term_vectors = model.term_vectors_
    if manifest["feature_names_in"]:
        sampler.feature_names_in_ = np.array(manifest["feature_names_in"], dtype=object)
    check_declared(manifest["targeted"], Names(), place="targeted")
    check_declared(manifest["targeted"], Each(Integer(0, len(terms) - 1)), place="targeted")
    if len(manifest["feature_names_in"]) not in (0, model.n_features_in_):
        raise ValueError(f"feature_names_in names other features than {model.n_features_in_}")
    targets = zip(manifest["targeted"], manifest["sampling_strategy"], strict=True)
    sampler.sampling_strategy_ = {terms[column]: n_missing for column, n_missing in targets}
    sampler._knows_training_rows = False
    sampler._fitted_on_classes = manifest["fitted_on_classes"]


def known_classes(own=()):
    """Gather the classes that a saved sampler may hold, the user's ``own`` too, by name."""
    inside = [FilterChain, GOTermClassifier, KNNTermClassifier]  # filters hold classifiers
    return by_name(*own, *known_parts(), *FILTERS.values(), *inside)
