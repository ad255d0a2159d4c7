"""Toy data with the shape of the problem: few frequent terms, many rare ones, an ontology."""

import numpy as np
from sklearn.utils import check_random_state

from protimb.datasets._proteins import ProteinData
from protimb.ontology import GeneOntology, GOTermBinarizer

ROOT = "TOY:0000000"
NAMESPACE = "molecular_function"


def make_longtail_multilabel(
    n_samples=200, n_features=16, n_terms=12, *, class_sep=2.0, unlabelled=0.05, random_state=None
):
    """Make seeded data with long-tailed terms under a small ontology.

    Each term has a direction in feature space. A protein's vector is the sum of the directions
    of its terms and of noise; because it also carries the ancestors of its terms, children lie
    near their parents, as in real protein data.

    Parameters
    ----------
    n_samples : int
        Number of proteins.
    n_features : int
        Width of the vectors.
    n_terms : int
        Number of terms, the root left out. The first is the most frequent.
    class_sep : float
        Length of a term's direction; the noise has standard deviation 1 in every feature.
    unlabelled : float
        Share of proteins, between 0 and 1, whose rows of ``y`` are all zero.
    random_state : int, RandomState instance or None
        Seed of everything here.

    Returns
    -------
    data : ProteinData
        ``X`` : float32 of shape (n_samples, n_features).
        ``y`` : uint8 of shape (n_samples, n_terms), closed under the ontology.
        ``protein_ids``, ``terms``, ``term_names`` : arrays of str.
        ``groups`` : str of shape (n_samples,), small groups, for grouped splits.
        ``ontology`` : GeneOntology. ``DESCR`` : str.

    Raises
    ------
    ValueError
        If there are fewer than 2 proteins or no term, or ``unlabelled`` is not in [0, 1).

    See Also
    --------
    load_human_go : Real data with the same fields.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> toy = make_longtail_multilabel(100, 8, 6, random_state=0)
    >>> toy.X.shape, toy.y.shape
    ((100, 8), (100, 6))
    >>> bool(toy.y[:, 0].sum() > toy.y[:, 5].sum() >= 2)
    True
    """
    _check_sizes(n_samples, n_terms, unlabelled)
    rng = check_random_state(random_state)
    ontology = _toy_ontology(n_terms, rng)
    terms = [_term_id(k) for k in range(1, n_terms + 1)]
    annotations = _annotate(n_samples, terms, unlabelled, rng)
    y = GOTermBinarizer(ontology, terms).fit_transform(annotations)
    directions = rng.normal(size=(n_terms, n_features))
    directions *= class_sep / np.linalg.norm(directions, axis=1, keepdims=True)
    X = y @ directions + rng.normal(size=(n_samples, n_features))
    return ProteinData(
        X=X.astype(np.float32),
        y=y,
        protein_ids=np.array([f"TOY{i:05d}" for i in range(n_samples)], dtype=str),
        terms=np.array(terms, dtype=str),
        term_names=np.array([ontology.names[term] for term in terms], dtype=str),
        groups=np.array([f"cluster{i // 2}" for i in rng.permutation(n_samples)], dtype=str),
        ontology=ontology,
        DESCR=f"Toy data: {n_samples} proteins, {n_terms} long-tailed terms.",
    )


def _check_sizes(n_samples, n_terms, unlabelled):
    if n_samples < 2 or n_terms < 1:
        raise ValueError(
            f"Need at least 2 proteins and 1 term, got n_samples={n_samples}, n_terms={n_terms}."
        )
    if not 0 <= unlabelled < 1:
        raise ValueError(f"unlabelled is a share in [0, 1), got {unlabelled}.")


def _term_id(k):
    return f"TOY:{k:07d}"


def _toy_ontology(n_terms, rng):
    """Hang each term below a more frequent one; some have two parents."""
    ids = [ROOT] + [_term_id(k) for k in range(1, n_terms + 1)]
    parents = {}
    for k in range(1, n_terms + 1):
        # A third of the terms sit right below the root: otherwise the first has every protein.
        above = rng.randint(1, k, size=rng.choice([1, 2], p=[0.8, 0.2])) if k % 3 == 0 else [0]
        parents[ids[k]] = tuple(dict.fromkeys(ids[j] for j in above))
    return GeneOntology(
        names={term: f"toy term {k}" for k, term in enumerate(ids)},
        namespaces=dict.fromkeys(ids, NAMESPACE),
        parents=parents,
        version="toy",
    )


def _annotate(n_samples, terms, unlabelled, rng):
    """Give term k its direct proteins, about 1 / k as many as the first term has."""
    n_labelled = max(2, n_samples - int(np.ceil(unlabelled * n_samples)))
    labelled = rng.permutation(n_samples)[:n_labelled]
    annotations: list[set[str]] = [set() for _ in range(n_samples)]
    for k, term in enumerate(terms, 1):
        n_members = max(2, int(n_labelled * 0.4 / k))
        for row in rng.choice(labelled, size=min(n_members, n_labelled), replace=False):
            annotations[row].add(term)
    return annotations
