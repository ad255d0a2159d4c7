"""Semantic similarity: how alike two terms are, by what their shared ancestors tell."""

import numpy as np

from protimb.exceptions import UnknownTermError
from protimb.ontology._propagate import reach
from protimb.utils._validation import a_few, refuse_string


def term_similarity(ontology, information, a, b=None, *, method="resnik"):
    """Compare terms by the most informative ancestor that they share.

    Two terms are alike if an ancestor of both tells much. Resnik takes what it tells; Lin divides
    by what the two terms tell themselves; Jiang and Conrath take what the two tell beyond it.

    Parameters
    ----------
    ontology : GeneOntology
        Says which ancestors terms share; a term counts as its own.
    information : mapping of str to float
        Information content of the terms, which grows from the root to the leaves, such as that of
        `information_content`. Ancestors that it lacks are passed over, but for roots: they tell 0.
    a : sequence of str
        The rows: any ids that ``ontology.resolve`` accepts.
    b : sequence of str, optional
        The columns; those of ``a`` by default.
    method : {"resnik", "lin", "jiang_conrath"}
        How the shared ancestor's content is turned into a similarity.

    Returns
    -------
    similarity : ndarray of shape (n_a, n_b)
        Resnik: content of the shared ancestor, in bits. Lin: ``2 IC(shared) / (IC(a) + IC(b))``,
        from 0 to 1. Jiang-Conrath: ``1 / (1 + distance)``, where the distance is
        ``IC(a) + IC(b) - 2 IC(shared)``, from 0 to 1. A term and itself have 1 by the last two.
        Terms that share no ancestor, as those of two namespaces, have 0 by all three.

    Raises
    ------
    UnknownTermError
        If an id is unknown, or ``information`` has nothing of one of the terms.

    See Also
    --------
    information_content : Weights from annotations.

    References
    ----------
    Lin, D. (1998). An information-theoretic definition of similarity. ICML 1998, 296-304.

    Jiang, J. J. and Conrath, D. W. (1997). Semantic similarity based on corpus statistics and
    lexical taxonomy. ROCLING X, 19-33. arXiv:cmp-lg/9709008

    Examples
    --------
    >>> from protimb.ontology import GeneOntology, term_similarity
    >>> names = {"GO:1": "function", "GO:2": "binding", "GO:3": "zinc binding", "GO:4": "kinase"}
    >>> ontology = GeneOntology(
    ...     names=names,
    ...     namespaces=dict.fromkeys(names, "molecular_function"),
    ...     parents={"GO:2": ["GO:1"], "GO:3": ["GO:2"], "GO:4": ["GO:1"]},
    ... )
    >>> information = {"GO:1": 0.0, "GO:2": 1.0, "GO:3": 3.0, "GO:4": 2.0}
    >>> term_similarity(ontology, information, ["GO:2"], ["GO:3", "GO:4"])
    array([[1., 0.]])
    >>> term_similarity(ontology, information, ["GO:2"], ["GO:3"], method="lin")  # 2 * 1 / (1 + 3)
    array([[0.5]])
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}.")
    information = dict.fromkeys(ontology.roots, 0.0) | dict(information)
    a = _resolved(ontology, information, a, "a")
    b = a if b is None else _resolved(ontology, information, b, "b")
    shared = _most_informative(ontology, information, a, b)
    of_a, of_b = (np.array([information[term] for term in terms]) for terms in (a, b))
    return METHODS[method](shared, of_a[:, None], of_b[None, :])


def _resnik(shared, _of_a, _of_b):
    return np.maximum(shared, 0.0)


def _lin(shared, of_a, of_b):
    both = of_a + of_b
    # Two terms that tell nothing are alike where they share one that tells as much.
    ratio = np.divide(2 * shared, both, out=np.ones_like(shared), where=both > 0)
    return np.where(shared < 0, 0.0, ratio)


def _jiang_conrath(shared, of_a, of_b):
    return np.where(shared < 0, 0.0, 1 / (1 + np.maximum(of_a + of_b - 2 * shared, 0.0)))


METHODS = {"resnik": _resnik, "lin": _lin, "jiang_conrath": _jiang_conrath}


def _resolved(ontology, information, terms, name):
    refuse_string(terms, name)
    found = [ontology.resolve(term) for term in terms]
    silent = [term for term in found if term not in information]
    if silent:
        raise UnknownTermError(
            f"information has nothing of {len(silent)} of the terms in {name}: {a_few(silent)}. "
            "No protein of its corpus has them; leave them out, or use a larger corpus."
        )
    return found


def _most_informative(ontology, information, a, b):
    """Give the highest content of an ancestor of both, -1 where there is none: (n_a, n_b)."""
    below_a, below_b = _below(ontology, a), _below(ontology, b)
    shared = np.full((len(a), len(b)), -1.0)
    # From the least to the most informative, so that the last to write is the one that counts.
    known = [term for term in below_a if term in information and term in below_b]
    for term in sorted(known, key=information.__getitem__):
        shared[np.ix_(below_a[term], below_b[term])] = information[term]
    return shared


def _below(ontology, terms):
    """Map each ancestor of some terms to the positions of those below it, itself included."""
    ranks = np.array([ontology._rank[term] for term in terms], dtype=np.int64)
    above = reach(ontology, ranks).tocsc()
    used = np.flatnonzero(np.diff(above.indptr))
    return {
        ontology.terms[rank]: above.indices[above.indptr[rank] : above.indptr[rank + 1]]
        for rank in used
    }
