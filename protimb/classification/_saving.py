"""Fitted classifiers as tensors and JSON, and back without running any saved code."""

import numpy as np
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from protimb.classification._alignment import AlignmentTermClassifier
from protimb.classification._alignment_engines import ENGINES
from protimb.classification._base import BaseTermClassifier
from protimb.classification._knn import CosineVote, KNNTermClassifier
from protimb.classification._label_attention import LabelAttentionClassifier
from protimb.classification._label_attention_saving import ATTENTION_PARTS
from protimb.classification._mlp import GOTermClassifier
from protimb.classification._network import at_rest, build_network
from protimb.classification._prototype import PrototypeTermClassifier
from protimb.classification._resampled import ResampledClassifier
from protimb.classification._tale import TALEClassifier
from protimb.classification._tale_step import TALESizes, build_tale
from protimb.classification._tale_step import at_rest as tale_at_rest
from protimb.classification._targets import TargetCoding
from protimb.nn import LOSSES
from protimb.ontology import GeneOntology, ObsoleteTerm
from protimb.ontology._order import reachable
from protimb.preprocessing import WithinTermWhitening
from protimb.training import load_state, resolve_device, save_state
from protimb.utils._description import describe_parameters, rebuild, rebuild_parameters
from protimb.utils._rebuilding import by_name, check_kind, plain_name, rebuilding
from protimb.utils._sequences import read_sequences

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
    advice = f" Use {found}.load(folder)." if found in _LOADABLE else ""
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
    state = {name: take(classifier) for name, (take, _) in _parts_of(type(classifier)).items()}
    state["ontology"] = _ontology_of(classifier)
    if getattr(classifier, "neighbours_", None) is not None:
        state["neighbours"], manifest["neighbours"] = _describe(_savable(classifier.neighbours_))
    names_terms = getattr(classifier, "terms", None) is not None
    return state, manifest | {"coding": _coding(classifier._coding), "names_terms": names_terms}


def _rebuild(cls, state, manifest, device, known):
    parameters = rebuild_parameters(manifest["parameters"], known)
    if issubclass(cls, ResampledClassifier):
        classifier = _rebuild_resampled(cls, state, manifest, parameters, device, known)
    else:
        classifier = _rebuild_plain(cls, state, manifest, parameters)
        _rebuild_neighbours(classifier, state, manifest, device, known)
    if "device" in classifier.get_params(deep=False):
        classifier.device = device
    if manifest["n_features_in"] is not None:
        classifier.n_features_in_ = manifest["n_features_in"]
    if manifest["feature_names_in"]:
        classifier.feature_names_in_ = np.array(manifest["feature_names_in"], dtype=object)
    return classifier


def _rebuild_plain(cls, state, manifest, parameters):
    classifier = cls(**parameters)
    coding = classifier._coding = _coding_from(manifest["coding"])
    classifier.classes_, classifier.terms_ = coding.classes, coding.terms
    classifier.n_outputs_ = len(coding.classes) if coding.multilabel else 1
    if state["ontology"] is not None:
        classifier.ontology = _ontology_from(state["ontology"])
    if manifest["names_terms"]:
        classifier.terms = coding.terms.tolist()
    for name, (_, put) in _parts_of(cls).items():
        put(classifier, state[name], (manifest["n_features_in"], coding.n_columns))
    return classifier


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
    fitted = _rebuild(_LOADABLE[inner["kind"]], state, inner, device, known)
    sampler = None if manifest["sampler"] is None else rebuild(manifest["sampler"], known)
    classifier = cls(sampler, clone(fitted), **parameters)
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
    terms = description["terms"]
    return TargetCoding(
        description["multilabel"],
        np.array(description["classes"], dtype=np.dtype(description["classes_dtype"])),
        np.dtype(description["dtype"]),
        None if terms is None else np.array(terms, dtype=object),
    )


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


def _take_scaler(classifier):
    scaler = classifier._scaler
    return None if scaler is None else _learned(scaler, _SCALER)


def _put_scaler(classifier, state, shape):
    classifier._scaler = None if state is None else _scaler_from(state, shape)


def _learned(transformer, names):
    return {name: getattr(transformer, name) for name in names}


def _scaler_from(state, shape):
    scaler = StandardScaler()
    for name in _SCALER:
        setattr(scaler, name, state[name])
    _check_shape("scale", np.shape(scaler.mean_), shape[:1])
    _check_shape("scale", np.shape(scaler.scale_), shape[:1])
    scaler.n_features_in_ = shape[0]
    return scaler


_SCALER = ("mean_", "var_", "scale_", "n_samples_seen_")


def _take_space(classifier):
    names = _WHITENING if isinstance(classifier._space, WithinTermWhitening) else _SCALER
    return _learned(classifier._space, names)


def _put_space(classifier, state, shape):
    is_whitened = set(state) == set(_WHITENING)
    classifier._space = (_whitening_from if is_whitened else _scaler_from)(state, shape)


def _whitening_from(state, shape):
    whitening = WithinTermWhitening()
    whitening.mean_, whitening.whitening_ = (np.array(state[name]) for name in _WHITENING)
    _check_shape("mean", whitening.mean_.shape, shape[:1])
    _check_shape("whitening", whitening.whitening_.shape, (shape[0], shape[0]))
    whitening.n_features_in_ = shape[0]
    return whitening


_WHITENING = ("mean_", "whitening_")


def _take_prototypes(classifier):
    return {**_learned(classifier, ("prototypes_", "intercepts_")), "slope_": classifier.slope_}


def _put_prototypes(classifier, state, shape):
    classifier.slope_ = float(state["slope_"])
    classifier.prototypes_ = np.array(state["prototypes_"])
    classifier.intercepts_ = np.array(state["intercepts_"])
    _check_shape("prototypes", classifier.prototypes_.shape, shape[::-1])
    _check_shape("intercepts", classifier.intercepts_.shape, shape[1:])


def _voting(attribute):
    """Say how neighbours that are kept under an attribute are taken, and put back."""

    def take(classifier):
        votes = getattr(classifier, attribute)
        return None if votes is None else _take_votes(votes)

    def put(classifier, state, shape):
        setattr(classifier, attribute, None if state is None else _votes_from(state, shape))

    return take, put


def _take_votes(votes):
    return {
        "n_neighbors": int(votes.n_neighbors),
        "temperature": float(votes.temperature),
        "directions": votes.directions,
        **_take_members(votes.labels),
    }


def _take_members(labels):
    """Take indicators, CSR (n_rows, n_columns), apart."""
    return {"indices": labels.indices, "indptr": labels.indptr, "n_columns": labels.shape[1]}


def _members_from(state, n_rows):
    """Put indicators together again, CSR (n_rows, n_columns)."""
    ones = np.ones(len(state["indices"]), dtype=np.float32)  # a member has its term or has not
    size = (n_rows, state["n_columns"])
    labels = sparse.csr_array((ones, state["indices"], state["indptr"]), shape=size)
    labels.check_format(full_check=True)
    return labels


def _votes_from(state, shape):
    votes = CosineVote(state["n_neighbors"], state["temperature"])
    votes.directions = np.array(state["directions"])
    votes.labels = _members_from(state, len(votes.directions))
    _check_shape("neighbours", (votes.directions.shape[1], votes.labels.shape[1]), shape)
    return votes


def _take_sequences(classifier):
    members = _take_members(classifier._labels)
    return {"engine": classifier.engine_, "sequences": classifier._sequences, **members}


def _put_sequences(classifier, state, shape):
    sequences = read_sequences(state["sequences"])
    labels = _members_from(state, len(sequences))
    _check_shape("labels", labels.shape[1:], shape[1:])
    if state["engine"] not in ENGINES:
        raise ValueError(f"engine {state['engine']!r}, which is none of {', '.join(ENGINES)}")
    classifier.engine_ = state["engine"]
    classifier._remember(sequences, labels)


def _take_network(classifier):
    return dict(classifier.network_.state_dict())


def _put_network(classifier, state, shape):
    # Sizes are those of the tensors that are there: no number can ask for more memory.
    weights = [tensor.shape for tensor in state.values() if tensor.ndim == 2]
    _check_shape("network", (weights[0][1], weights[-1][0]), shape)
    network = build_network(
        weights[0][1],
        [n_outputs for n_outputs, _ in weights[:-1]],
        weights[-1][0],
        dropout=0.0,
        input_noise=0.0,
        generator=torch.Generator(),  # every weight is about to be replaced
        noise_generator=None,
    )
    network.load_state_dict(state)
    classifier.network_ = at_rest(network)


def _put_tale(classifier, state, shape):
    classifier.inputs_ = "sequences" if shape[0] is None else "vectors"
    labels = state.get("read_out.labels.starts"), state.get("read_out.labels.rows")
    own = np.arange(shape[1] + 1)
    paths = labels if labels[0] is not None else (own, own[:-1])
    sizes = TALESizes.of(classifier)
    if shape[0] is not None:
        n_positions = len(state["entry.linear.weight"]) // sizes.n_hidden
        sizes = sizes._replace(n_places=n_positions)
    network, _ = build_tale(sizes, paths, shape[0], np.random.RandomState(0), torch.device("cpu"))
    network.load_state_dict(state)
    _check_shape("network", (network.out.out_features,), shape[1:])
    classifier.network_ = tale_at_rest(network)


def _check_shape(part, found, expected):
    if tuple(found) != tuple(expected):
        raise ValueError(f"{part} of shape {tuple(found)}, where {tuple(expected)} belongs")


def _take_history(classifier):
    return classifier.history_


def _put_history(classifier, state, shape):
    classifier.history_ = state


_SCALER_PART = {"scaler": (_take_scaler, _put_scaler)}

# What each class has learned: how it is taken from a classifier, and put back.
_PARTS = {
    AlignmentTermClassifier: {"sequences": (_take_sequences, _put_sequences)},
    KNNTermClassifier: {**_SCALER_PART, "votes": _voting("_votes")},
    PrototypeTermClassifier: {
        "space": (_take_space, _put_space),
        "prototypes": (_take_prototypes, _put_prototypes),
    },
    GOTermClassifier: {
        **_SCALER_PART,
        "network": (_take_network, _put_network),
        "neighbors": _voting("_neighbors"),
        "history": (_take_history, _put_history),
    },
    TALEClassifier: {
        **_SCALER_PART,
        "network": (_take_network, _put_tale),
        "history": (_take_history, _put_history),
    },
    LabelAttentionClassifier: {
        **_SCALER_PART,
        **ATTENTION_PARTS,
        "history": (_take_history, _put_history),
    },
}


def _parts_of(cls) -> dict:
    for known, parts in _PARTS.items():
        if issubclass(cls, known):
            return parts
    what = "a classifier of one's own" if issubclass(cls, BaseTermClassifier) else "none of ours"
    raise TypeError(f"{cls.__name__} is {what}: it is not known what it has learned.")
