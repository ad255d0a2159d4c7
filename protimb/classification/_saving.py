"""Fitted classifiers as tensors and JSON, and back without running any saved code."""

import re
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone

from protimb.classification._alignment import AlignmentTermClassifier
from protimb.classification._knn import KNNTermClassifier
from protimb.classification._label_attention import LabelAttentionClassifier
from protimb.classification._mlp import GOTermClassifier
from protimb.classification._prototype import PrototypeTermClassifier
from protimb.classification._resampled import ResampledClassifier
from protimb.classification._saved_parts import parts_of
from protimb.classification._tale import TALEClassifier
from protimb.classification._targets import TargetCoding
from protimb.nn import LOSSES
from protimb.ontology import GeneOntology, ObsoleteTerm
from protimb.ontology._order import reachable
from protimb.training import load_state, resolve_device, save_state
from protimb.utils._declared import (
    Anything,
    Each,
    Flag,
    Maybe,
    Names,
    Record,
    Size,
    Table,
    Text,
    check_declared,
)
from protimb.utils._description import describe_parameters, rebuild, rebuild_parameters
from protimb.utils._rebuilding import by_name, check_kind, plain_name, rebuilding
from protimb.utils._sklearn_compat import check_params

# Parameters that are kept otherwise (the terms are those of the coding), or not at all.
_LEFT_OUT = {"device", "ontology", "terms", "term_vectors", "sampler", "classifier"}
_LEFT_OUT |= {"neighbours", "checkpoint"}

_LOADABLE = by_name(
    AlignmentTermClassifier,
    GOTermClassifier,
    KNNTermClassifier,
    LabelAttentionClassifier,
    PrototypeTermClassifier,
    ResampledClassifier,
    TALEClassifier,
)

# Parameters that may be an array of sizes, which JSON has none of.
_SIZES: dict[type, str] = {GOTermClassifier: "hidden_layer_sizes", TALEClassifier: "kernel_sizes"}


def save_classifier(classifier, folder):
    """Write a fitted classifier: tensors of what it learned, and the rest as JSON."""
    state, manifest = _describe(classifier)
    save_state(folder, state, manifest)


def load_classifier(cls, folder, device, classes):
    """Read a classifier of class ``cls`` that `save_classifier` wrote."""
    state, manifest = load_state(folder)
    found = manifest.get("kind")
    advice = f" Use {found}.load(folder)." if found in list(_LOADABLE) else ""
    check_kind(manifest, cls.__name__, folder, advice)
    resolve_device(device)  # here, and not when it is fitted again
    with rebuilding(cls.__name__, folder):
        known = by_name(*LOSSES.values(), *classes)
        return _rebuild(cls, state, manifest, device, known)


def _describe(classifier):
    manifest = {
        "kind": type(classifier).__name__,
        "parameters": describe_parameters(_with_plain_sizes(classifier), _LEFT_OUT),
        "n_features_in": getattr(classifier, "n_features_in_", None),  # sequences have none
        "feature_names_in": getattr(classifier, "feature_names_in_", np.array([])).tolist(),
    }
    if isinstance(classifier, ResampledClassifier):
        state, manifest["classifier"] = _describe(_savable(classifier.classifier_))
        return state, manifest | {"sampler": _describe_sampler(classifier.sampler)}
    state = {name: take(classifier) for name, (_, take, _) in parts_of(type(classifier)).items()}
    state["ontology"] = _ontology_of(classifier)
    if getattr(classifier, "neighbours_", None) is not None:
        state["neighbours"], manifest["neighbours"] = _describe(_savable(classifier.neighbours_))
    names_terms = getattr(classifier, "terms", None) is not None
    return state, manifest | {"coding": _coding(classifier._coding), "names_terms": names_terms}


def _rebuild(cls, state, manifest, device, known):
    check_declared(manifest, Record(_MANIFEST, more=True))
    parameters = rebuild_parameters(manifest["parameters"], known)
    if issubclass(cls, ResampledClassifier):
        classifier = _rebuild_resampled(cls, state, manifest, parameters, device, known)
    else:
        classifier = _rebuild_plain(cls, state, manifest, parameters)
        _rebuild_neighbours(classifier, state, manifest, device, known)
    if "device" in classifier.get_params(deep=False):
        classifier.device = device
    n_features, names = manifest["n_features_in"], manifest["feature_names_in"]
    if n_features is not None:
        classifier.n_features_in_ = n_features
    _try(classifier)
    if names:
        check_declared(len(names), Size("n_features"), {"n_features": n_features}, "their number")
        classifier.feature_names_in_ = np.array(names, dtype=object)
    return classifier


def _try(classifier):
    """Have one protein predicted, so that parts which do not work together are found now."""
    n_features = getattr(classifier, "n_features_in_", None)
    if isinstance(classifier, AlignmentTermClassifier | ResampledClassifier):
        return  # which asks a program, or was tried within
    X: Any = ["M"] if n_features is None else np.zeros((1, n_features), dtype=np.float32)
    if getattr(classifier, "_of_residues", False):
        X = [X]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier.predict_proba(X)


def _rebuild_plain(cls, state, manifest, parameters):
    check_declared(manifest, Record({"coding": _CODING, "names_terms": Flag()}, more=True))
    classifier = cls(**parameters)
    check_params(classifier)
    coding = classifier._coding = _coding_from(manifest["coding"])
    _check_state(cls, state, manifest, coding)
    classifier.classes_, classifier.terms_ = coding.classes, coding.terms
    classifier.n_outputs_ = len(coding.classes) if coding.multilabel else 1
    if state["ontology"] is not None:
        classifier.ontology = _ontology_from(state["ontology"])
    if manifest["names_terms"] and coding.terms is not None:
        classifier.terms = coding.terms.tolist()
    for name, (_, _, put) in parts_of(cls).items():
        put(classifier, state[name], (manifest["n_features_in"], coding.n_columns))
    return classifier


def _check_state(cls, state, manifest, coding):
    declared = {name: declared for name, (declared, _, _) in parts_of(cls).items()}
    declared["ontology"] = Maybe(_ONTOLOGY)
    if "neighbours" in manifest:
        declared["neighbours"] = Table(Anything())
    sizes = {"n_columns": coding.n_columns}
    if manifest["n_features_in"] is not None:
        sizes["n_features"] = manifest["n_features_in"]
    check_declared(state, declared, sizes)


def _rebuild_neighbours(classifier, state, manifest, device, known):
    """Put back the classifier that another one is averaged with, where there is one."""
    if "neighbours" not in classifier.get_params(deep=False):
        return
    inner = manifest.get("neighbours")
    classifier.neighbours_ = None
    if inner is not None:
        kind = _LOADABLE[inner["kind"]]
        classifier.neighbours_ = _rebuild(kind, state["neighbours"], inner, device, known)
        classifier.neighbours = clone(classifier.neighbours_)


def _rebuild_resampled(cls, state, manifest, parameters, device, known):
    inner = manifest["classifier"]
    check_declared(inner, Record(_MANIFEST, more=True), place="classifier")
    fitted = _rebuild(_LOADABLE[inner["kind"]], state, inner, device, known)
    sampler = None if manifest["sampler"] is None else rebuild(manifest["sampler"], known)
    classifier = cls(sampler, clone(fitted), **parameters)
    check_params(classifier)
    classifier.classifier_, classifier.terms_ = fitted, fitted.terms_
    return classifier


def _savable(classifier):
    if type(classifier).__name__ not in _LOADABLE:
        raise TypeError(
            f"classifier is a {type(classifier).__name__}, which has no form but pickle, and "
            f"unpickling runs code. {', '.join(_LOADABLE)} can be saved."
        )
    return classifier


def _describe_sampler(sampler):
    """Describe what makes a sampler anew, without what it would be given anew, or None."""
    if sampler is None:
        return None
    if not hasattr(sampler, "get_params"):
        raise TypeError(
            f"sampler is a {type(sampler).__name__} without get_params, which cannot be saved. "
            "Save the fitted classifier alone: classifier_.save(folder)."
        )
    params = describe_parameters(sampler)
    kept = {name: part for name, part in params.items() if "unsaved" not in _as_dict(part)}
    return {"class": type(sampler).__name__, "params": kept}


def _as_dict(part):
    return part if isinstance(part, dict) else {}


def _with_plain_sizes(classifier):
    name = _SIZES.get(type(classifier))
    if name is None:
        return classifier
    sizes = tuple(int(size) for size in getattr(classifier, name))
    return clone(classifier).set_params(**{name: sizes})


def _coding(coding):
    return {
        "multilabel": coding.multilabel,
        "classes": [plain_name(one) for one in coding.classes.tolist()],
        "classes_dtype": coding.classes.dtype.str,
        "dtype": coding.dtype.str,
        "terms": None if coding.terms is None else [plain_name(term) for term in coding.terms],
    }


def _coding_from(description):
    terms, classes = description["terms"], description["classes"]
    longest = max([1, *(len(name) for name in classes if isinstance(name, str))])
    coding = TargetCoding(
        description["multilabel"],
        np.array(classes, dtype=_read_dtype(description["classes_dtype"], longest)),
        _read_dtype(description["dtype"], longest),
        None if terms is None else np.array(terms, dtype=object),
    )
    if coding.multilabel:
        fits = classes == list(range(len(classes))) and coding.dtype.kind in "biuf"
    else:
        fits = terms is None and len(set(coding.classes.tolist())) == len(classes) > 1
    if not fits or (terms is not None and len(terms) != len(classes)):
        raise ValueError("coding: its classes, dtype and terms contradict each other")
    return coding


def _read_dtype(name, longest):
    """Read a dtype of targets; text of no more letters than there are, whose memory is taken."""
    kind = _DTYPE.fullmatch(name)
    if kind is None or int(kind["letters"] or 0) > longest:
        raise ValueError(f"coding: {name!r:.60} is no dtype of its classes")
    return np.dtype(name)


_DTYPE = re.compile(r"[<>|=]?([biuf][1-9][0-9]?|O|U(?P<letters>[0-9]{1,9}))")


def _ontology_of(classifier):
    """Cut an ontology to the terms at hand and what lies above them, as dicts; or None."""
    ontology = getattr(classifier, "ontology", None)
    if ontology is None:
        return None
    if not isinstance(ontology, GeneOntology):
        raise TypeError(f"ontology is a {type(ontology).__name__}; only a GeneOntology is saved.")
    named = classifier.terms_.tolist()
    resolved = {ontology.resolve(term) for term in named}
    kept = sorted(reachable(resolved, ontology.parents) | resolved)
    inside = set(kept)
    return {
        "names": {term: ontology.names[term] for term in kept},
        "namespaces": {term: ontology.namespaces[term] for term in kept},
        "parents": {term: list(ontology.parents[term]) for term in kept},
        "alt_ids": {alt: term for alt, term in ontology.alt_ids.items() if term in inside},
        "replaced_by": {t: ontology.resolve(t) for t in named if t in ontology.obsolete},
        "version": ontology.version,
    }


def _ontology_from(state):
    replaced = state.pop("replaced_by")
    obsolete = {term: ObsoleteTerm(replaced_by=(other,)) for term, other in replaced.items()}
    return GeneOntology(**state, obsolete=obsolete)


# What the manifest of any classifier says, and that of one which codes its targets.
_MANIFEST = {
    "kind": Text(),
    "parameters": Table(Anything()),
    "n_features_in": Maybe(Size("n_features")),
    "feature_names_in": Names(text=True),
}
_CODING = {
    "multilabel": Flag(),
    "classes": Names(),
    "classes_dtype": Text(),
    "dtype": Text(),
    "terms": Maybe(Names()),
}
_ONTOLOGY = {
    "names": Table(Text()),
    "namespaces": Table(Text()),
    "parents": Table(Each(Text())),
    "alt_ids": Table(Text()),
    "replaced_by": Table(Text()),
    "version": Text(),
}
