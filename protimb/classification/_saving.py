"""Fitted classifiers as tensors and JSON, and back without running any saved code."""

import re
import warnings
from typing import Any

import numpy as np
import torch
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
from protimb.training._fitting import count_numbers, no_heavier_than, put_weights
from protimb.utils._declared import (
    INDICATORS,
    Anything,
    Array,
    Each,
    Either,
    Flag,
    Integer,
    Maybe,
    Names,
    Real,
    Record,
    Rows,
    Size,
    Table,
    Text,
    check_declared,
    read_indicators,
)
from protimb.utils._description import describe_parameters, rebuild, rebuild_parameters
from protimb.utils._rebuilding import by_name, check_kind, plain_name, rebuilding
from protimb.utils._sequences import read_sequences
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
    state = {name: take(classifier) for name, (_, take, _) in _parts_of(type(classifier)).items()}
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
        if not np.isfinite(classifier.predict_proba(X)).all():
            raise ValueError("its probabilities are NaN")


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
    for name, (_, _, put) in _parts_of(cls).items():
        put(classifier, state[name], (manifest["n_features_in"], coding.n_columns))
    return classifier


def _check_state(cls, state, manifest, coding):
    declared = {name: declared for name, (declared, _, _) in _parts_of(cls).items()}
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
    # A member has its term or has not.
    return read_indicators(state, (n_rows, state["n_columns"]), np.float32)


def _votes_from(state, shape):
    if not len(state["directions"]):
        raise ValueError("there are no neighbours to vote")
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
    with no_heavier_than(state):
        network = build_network(
            weights[0][1],
            [n_outputs for n_outputs, _ in weights[:-1]],
            weights[-1][0],
            dropout=0.0,
            input_noise=0.0,
            generator=torch.Generator(),  # every weight is about to be replaced
            noise_generator=None,
        )
    put_weights(network, state, "network")
    classifier.network_ = at_rest(network)


def _put_tale(classifier, state, shape):
    classifier.inputs_ = "sequences" if shape[0] is None else "vectors"
    labels = state.get("read_out.labels.starts"), state.get("read_out.labels.rows")
    own = np.arange(shape[1] + 1)
    paths = labels if labels[0] is not None else (own, own[:-1])
    _check_paths(paths, len(state.get("read_out.labels.weight", own[:-1])), shape[1])
    sizes = TALESizes.of(classifier)
    _check_tale(sizes, count_numbers(state))
    if shape[0] is not None:
        n_positions = len(state["entry.linear.weight"]) // sizes.n_hidden
        sizes = sizes._replace(n_places=n_positions)
    rng = np.random.RandomState(0)  # every weight is about to be replaced
    with no_heavier_than(state):
        network, _ = build_tale(sizes, paths, shape[0], rng, torch.device("cpu"))
    put_weights(network, state, "network")
    _check_shape("network", (network.out.out_features,), shape[1:])
    classifier.network_ = tale_at_rest(network)


def _check_paths(paths, n_rows, n_terms):
    """Refuse lists of rows that reach beyond the rows, or the lists."""
    starts, rows = (np.asarray(part) for part in paths)
    declared = {"starts": Array("i8", n_terms + 1, low=0), "rows": Array("i8", "n", low=0)}
    check_declared({"starts": starts, "rows": rows}, declared, place="network.read_out.labels")
    ordered = starts[0] == 0 and starts[-1] <= len(rows) and (np.diff(starts) >= 0).all()
    if not ordered or rows.max(initial=-1) >= n_rows:
        raise ValueError("network.read_out.labels: its lists name rows that are not there")


def _check_tale(sizes, n_numbers):
    """Refuse sizes that no weight of the network tells."""
    places, widths = sizes.max_length * sizes.n_hidden, sizes.kernel_sizes
    if places > _MOST_PLACES or min(widths, default=1) < 1:
        raise ValueError(f"parameters: max_length={sizes.max_length}, kernel_sizes={widths}")
    counts = ("n_layers", "n_hidden", "n_heads", "n_filters")
    large = [name for name in counts if getattr(sizes, name) > n_numbers]
    if large or sum(widths) > n_numbers:
        raise ValueError(f"parameters: {', '.join(large) or 'kernel_sizes'} exceed the weights")


_MOST_PLACES = 2**26  # numbers that tell where a residue is: 256 MiB


def _check_shape(part, found, expected):
    if tuple(found) != tuple(expected):
        raise ValueError(f"{part} of shape {tuple(found)}, where {tuple(expected)} belongs")


def _take_history(classifier):
    return classifier.history_


def _put_history(classifier, state, shape):
    classifier.history_ = state


_SCALES = {
    "mean_": Array("f", "n_features"),
    "var_": Array("f", "n_features", low=0),
    "scale_": Array("f", "n_features", low=np.finfo(np.float32).tiny),
    "n_samples_seen_": Either((Integer(), Real(0), Array("i", "n_features"))),
}
_WHITENS = {
    "mean_": Array("f", "n_features"),
    "whitening_": Array("f", "n_features", "n_features"),
}
_CENTRES = {
    "prototypes_": Array("f", "n_columns", "n_features"),
    "intercepts_": Array("f", "n_columns"),
    "slope_": Real(),
}
_MEMBERS = {**INDICATORS, "n_columns": Size("n_columns")}
_VOTES = {
    "n_neighbors": Integer(1),
    "temperature": Real(np.finfo(np.float64).tiny),
    "directions": Array("f", "n_voters", "n_features"),
    **_MEMBERS,
}
_SEQUENCES = {"engine": Text(tuple(ENGINES)), "sequences": Each(Text()), **_MEMBERS}
_WEIGHTS = Table(Anything())  # compared with those of the network that is built

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

_SCALER_PART = {"scaler": (Maybe(_SCALES), _take_scaler, _put_scaler)}

# What each class has learned: what it looks like, how it is taken, and put back.
_PARTS = {
    AlignmentTermClassifier: {"sequences": (_SEQUENCES, _take_sequences, _put_sequences)},
    KNNTermClassifier: {**_SCALER_PART, "votes": (_VOTES, *_voting("_votes"))},
    PrototypeTermClassifier: {
        "space": (Either((_WHITENS, _SCALES)), _take_space, _put_space),
        "prototypes": (_CENTRES, _take_prototypes, _put_prototypes),
    },
    GOTermClassifier: {
        **_SCALER_PART,
        "network": (_WEIGHTS, _take_network, _put_network),
        "neighbors": (Maybe(_VOTES), *_voting("_neighbors")),
        "history": (Rows(), _take_history, _put_history),
    },
    TALEClassifier: {
        **_SCALER_PART,
        "network": (_WEIGHTS, _take_network, _put_tale),
        "history": (Rows(), _take_history, _put_history),
    },
    LabelAttentionClassifier: {
        **_SCALER_PART,
        **ATTENTION_PARTS,
        "history": (Rows(), _take_history, _put_history),
    },
}


def _parts_of(cls) -> dict:
    for known, parts in _PARTS.items():
        if issubclass(cls, known):
            return parts
    what = "a classifier of one's own" if issubclass(cls, BaseTermClassifier) else "none of ours"
    raise TypeError(f"{cls.__name__} is {what}: it is not known what it has learned.")
