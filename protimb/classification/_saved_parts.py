"""What each classifier has learned, part by part: what it looks like, is taken, and put back."""

import numpy as np
import torch
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
from protimb.classification._tale import TALEClassifier
from protimb.classification._tale_step import TALESizes, build_tale
from protimb.classification._tale_step import at_rest as tale_at_rest
from protimb.preprocessing import WithinTermWhitening
from protimb.training._fitting import count_numbers, no_heavier_than, put_weights
from protimb.utils._declared import (
    INDICATORS,
    Anything,
    Array,
    Each,
    Either,
    Integer,
    Maybe,
    Real,
    Rows,
    Size,
    Table,
    Text,
    check_declared,
    read_indicators,
)
from protimb.utils._sequences import read_sequences


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


def parts_of(cls) -> dict:
    """Give the parts of a class: {name: (what it looks like, how it is taken, and put back)}."""
    for known, parts in _PARTS.items():
        if issubclass(cls, known):
            return parts
    what = "a classifier of one's own" if issubclass(cls, BaseTermClassifier) else "none of ours"
    raise TypeError(f"{cls.__name__} is {what}: it is not known what it has learned.")
