"""What a fitted LabelAttentionClassifier has learned: taken from it, and put back."""

import numpy as np

from protimb.classification._label_attention_terms import TermSpace
from protimb.utils._declared import Anything, Array, Flag, Integer, Table


def take_network(classifier):
    """Give the weights, and the one size that they do not tell."""
    network = classifier.network_
    return {"n_heads": int(network.n_heads), "weights": dict(network.state_dict())}


def put_network(classifier, state, shape):
    """Build the network anew; sizes are those of the tensors that are there."""
    import torch

    from protimb.classification._network import at_rest
    from protimb.nn import LabelAttention
    from protimb.training._fitting import no_heavier_than, put_weights

    weights, n_heads = state["weights"], int(state["n_heads"])
    n_hidden, n_features = weights["trunk.1.weight"].shape
    width, n_dims = weights["queries.weight"].shape
    _check("network", (n_features, width % n_heads), (shape[0], 0))
    with no_heavier_than(weights):
        network = LabelAttention(
            n_features,
            n_dims,
            len(weights["own.weight"]),
            n_tokens=len(weights["keys.weight"]) // width,
            n_hidden=n_hidden,
            n_heads=n_heads,
            head_size=width // n_heads,
            generator=torch.Generator(),  # every weight is about to be replaced
            noise_generator=None,
        )
    put_weights(network, weights, "network.weights")
    classifier.network_ = at_rest(network)


def take_terms(classifier):
    """Give what is known of the terms, and of what X was."""
    return {
        "vectors": classifier._vectors,
        "prior": classifier._prior,
        "taught": classifier._taught,
        "of_residues": bool(classifier._of_residues),
    }


def put_terms(classifier, state, shape):
    """Put it back, where vectors, prior and network speak of the same terms."""
    vectors, taught = np.array(state["vectors"]), np.array(state["taught"])
    if (np.diff(taught) <= 0).any():
        raise ValueError("terms.taught does not name terms in order, each once")
    own, asks = classifier.network_.own.out_features, classifier.network_.queries.in_features
    _check("term vectors", (vectors.shape, len(taught)), ((shape[1], asks), own))
    classifier._vectors, classifier._taught = vectors, taught
    # The ontology is cut, and would describe terms otherwise if the classifier is fitted again.
    classifier.term_vectors = vectors
    classifier._space = TermSpace.of(vectors)
    classifier._prior = np.array(state["prior"])
    _check("prior", classifier._prior.shape, shape[1:])
    classifier._of_residues = bool(state["of_residues"])


def _check(part, found, expected):
    if found != expected:
        raise ValueError(f"{part} of sizes {found}, where {expected} belongs")


_NETWORK = {"n_heads": Integer(1), "weights": Table(Anything())}
_TERMS = {
    "vectors": Array("f", "n_columns", "n_dims", nan=True),
    "prior": Array("f", "n_columns"),
    "taught": Array("i", "n_taught", low=0, high="n_columns"),
    "of_residues": Flag(),
}

ATTENTION_PARTS = {
    "network": (_NETWORK, take_network, put_network),
    "terms": (_TERMS, take_terms, put_terms),
}
