"""TermVectorizer: vectors of terms from the ontology alone."""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from protimb.exceptions import OntologyError
from protimb.ontology._base import BaseTermVectorizer
from protimb.utils._sklearn_compat import Interval, check_params
from protimb.utils._validation import refuse_string

# Rows of the features have unit length; a compressed row shorter than this is rounding error.
_NOTHING = 1e-6


class TermVectorizer(BaseTermVectorizer):
    """Make one vector for each term, from its ancestors and the words of its name.

    Terms are alike that share specific ancestors, and whose names share rare words. Both are
    written as sparse features and compressed by a truncated singular value decomposition, so
    that related terms lie close. No protein is looked at: a term without any annotation gets a
    vector as good as any other.

    Parameters
    ----------
    n_components : int, default=64
        Numbers in a vector; fewer where the ontology has fewer terms.
    name_weight : float, default=0.5
        Share of the words against that of the ancestors, from 0 to 1.
    namespace : str or None, default=None
        Spend all components on one namespace, such as ``"molecular_function"``; other terms get
        a vector too, but one that keeps little of them. None is the whole ontology.

    Attributes
    ----------
    ontology_ : GeneOntology
        The ontology that ``fit`` saw.
    information_ : ndarray of shape (len(ontology),)
        Information content of each term, from 0 (a root) to 1 (a leaf).
    explained_variance_ratio_ : float
        Share of the features' variance that the vectors keep.

    See Also
    --------
    Anc2VecVectorizer : Vectors that a network has learned, over which sums tell more than means.
    read_term_vectors : Vectors that something else has made.
    align_term_vectors : Puts vectors in the order of a label matrix.

    Notes
    -----
    An ancestor weighs as much as it is specific: ``1 - log(n_descendants + 1) / log(n_terms)``
    within its namespace [1]_. Vectors have unit length, so an inner product is a cosine; a term of
    which too few components keep nothing, such as a root, has zeros.

    References
    ----------
    .. [1] N. Seco, T. Veale, J. Hayes, "An intrinsic information content metric for semantic
       similarity in WordNet", ECAI 2004, 1089-1090.

    Examples
    --------
    >>> from protimb.ontology import GeneOntology, TermVectorizer
    >>> names = {
    ...     "GO:1": "function", "GO:2": "binding", "GO:3": "ion binding",
    ...     "GO:4": "zinc ion binding", "GO:5": "kinase activity",
    ... }
    >>> ontology = GeneOntology(
    ...     names=names,
    ...     namespaces=dict.fromkeys(names, "molecular_function"),
    ...     parents={"GO:2": ["GO:1"], "GO:3": ["GO:2"], "GO:4": ["GO:3"], "GO:5": ["GO:1"]},
    ... )
    >>> ion, zinc, kinase = TermVectorizer(3).fit(ontology).transform(["GO:3", "GO:4", "GO:5"])
    >>> bool(ion @ zinc > ion @ kinase)
    True
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "name_weight": [Interval(Real, 0, 1, closed="both")],
        "namespace": [str, None],
    }

    def __init__(self, n_components=64, *, name_weight=0.5, namespace=None):
        self.n_components = n_components
        self.name_weight = name_weight
        self.namespace = namespace

    def fit(self, ontology, y=None):
        """Learn the vectors of an ontology's terms.

        Parameters
        ----------
        ontology : GeneOntology
            Three terms or more.
        y : None
            Ignored.

        Returns
        -------
        self : TermVectorizer
        """
        check_params(self)
        rows = self._rows(ontology)
        self.ontology_ = ontology
        closure = ontology.closure()
        self.information_ = _information(ontology, closure)
        features = self._features(ontology, closure)
        # Exact up to rounding, unlike the randomised solver: no seed changes what is returned.
        svd = TruncatedSVD(
            min(self.n_components, min(features[rows].shape) - 1),
            algorithm="arpack",
            random_state=0,
        )
        svd.fit(features[rows])
        self.explained_variance_ratio_ = float(svd.explained_variance_ratio_.sum())
        self._vectors = _unit_rows(svd.transform(features)).astype(np.float32)
        return self

    def _rows(self, ontology):
        spaces = np.array([ontology.namespaces[term] for term in ontology.terms], dtype=object)
        rows = np.flatnonzero((spaces == self.namespace) | (self.namespace is None))
        if len(rows) < 3:
            there = ", ".join(sorted(set(spaces)))
            raise OntologyError(
                f"TermVectorizer needs three terms or more, and found {len(rows)} with "
                f"namespace={self.namespace!r}. Namespaces here: {there}."
            )
        return rows

    def _features(self, ontology, closure):
        # (n_terms, n_terms + n_words); each part has rows of unit length.
        above = closure.astype(np.float64) @ sparse.diags(self.information_)
        names = [ontology.names[term] for term in ontology.terms]
        words = TfidfVectorizer(analyzer=_words).fit_transform(names)
        shares = np.sqrt([1 - self.name_weight, self.name_weight])
        parts = [
            share * normalize(part) for share, part in zip(shares, (above, words), strict=True)
        ]
        return sparse.hstack(parts, format="csr")


def describe_terms(ontology, terms, *, n_components=64, name_weight=0.5):
    """Make the vectors that describe some terms to a sampler which was given none.

    Where all terms are of one namespace, as the columns of a label matrix are, the whole width
    of the vectors is spent on telling the terms of that namespace apart.

    Parameters
    ----------
    ontology : GeneOntology
        Three terms or more, in the namespace of the terms.
    terms : sequence of str
        Any ids that ``ontology.resolve`` accepts, and others.
    n_components, name_weight : int, float
        As of TermVectorizer.

    Returns
    -------
    term_vectors : dict of str to ndarray of shape (n_components,), float32
        Keys as given; ids that the ontology does not have are left out.

    Raises
    ------
    OntologyError
        If the namespace of the terms has fewer than three terms.

    Warns
    -----
    TermVectorWarning
        If the ontology does not have some of the ids; says how many.

    See Also
    --------
    TermVectorizer : Does the work.
    read_term_vectors : Vectors that something else has made.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> from protimb.ontology import describe_terms
    >>> toy = make_longtail_multilabel(random_state=0)
    >>> vectors = describe_terms(toy.ontology, toy.terms, n_components=4)
    >>> len(vectors), vectors[toy.terms[0]].shape
    (12, (4,))
    """
    refuse_string(terms, "terms")
    terms = list(terms)
    known = filter(None, map(ontology._find, terms))
    spaces = {ontology.namespaces[term] for term in known}
    vectorizer = TermVectorizer(
        n_components,
        name_weight=name_weight,
        namespace=spaces.pop() if len(spaces) == 1 else None,
    )
    return vectorizer.fit(ontology).vectors(terms)


def _unit_rows(vectors):
    # A term of which the components keep nothing but rounding errors gets zeros, not their noise.
    lost = np.linalg.norm(vectors, axis=1) < _NOTHING
    return normalize(np.where(lost[:, None], 0.0, vectors))


def _words(name):
    # A name without words has one all the same, so that there is a vocabulary.
    return name.lower().split() or [""]


def _information(ontology, closure):
    """Weigh terms by structure: the fewer descendants in its namespace, the more a term tells."""
    n_below = np.asarray(closure.sum(axis=0, dtype=np.int64)).ravel()  # itself included
    spaces = np.array([ontology.namespaces[term] for term in ontology.terms])
    _, space, sizes = np.unique(spaces, return_inverse=True, return_counts=True)
    n_terms = np.maximum(sizes[space], 2)
    return np.clip(1 - np.log(n_below) / np.log(n_terms), 0, 1)
