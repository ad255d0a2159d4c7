"""What a term tells, in bits: beyond its parents (accretion), or of itself (content)."""

import numpy as np
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.ontology._propagate import nearest_ancestors
from protimb.utils._alignment import align_columns
from protimb.utils._labelsets import count_rows_with_any
from protimb.utils._validation import check_indicator


def information_accretion(y, ontology, terms):
    """Weigh each term by what it adds to its parents, in bits.

    A term that nearly every protein with its parents also has tells little; a term that few of
    them have tells much. Smin weighs errors by these numbers.

    Parameters
    ----------
    y : array or sparse matrix of shape (n_proteins, n_terms)
        Propagated binary indicators, usually of the training proteins.
    ontology : GeneOntology
        Says who is whose parent.
    terms : sequence of str
        The columns of ``y``. Where a term's parent has no column, its nearest ancestors with a
        column stand in for it.

    Returns
    -------
    information : ndarray of shape (n_terms,)
        ``-log2 P(term | all its parents)``, at least 0.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not binary, or not propagated.

    See Also
    --------
    GeneOntology.propagate : Propagates annotations.
    information_content : What a term tells of itself, parents included.

    Notes
    -----
    Counts include one artificial protein that has every term, as in the script that made the
    weights of CAFA-5: ``log2((n_parents + 1) / (n_term + 1))``, where ``n_parents`` counts the
    proteins that have *all* parents. A term that was never seen therefore gets a finite weight.
    A term without a parent among ``terms`` is measured against all proteins.

    References
    ----------
    Clark, W. T. and Radivojac, P. (2013). Information-theoretic evaluation of predicted
    ontological annotations. Bioinformatics 29, i53-i61. doi:10.1093/bioinformatics/btt228

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.ontology import GeneOntology, information_accretion
    >>> ontology = GeneOntology(
    ...     names={"GO:1": "binding", "GO:2": "ion binding"},
    ...     namespaces={"GO:1": "molecular_function", "GO:2": "molecular_function"},
    ...     parents={"GO:2": ["GO:1"]},
    ... )
    >>> y = np.array([[1, 1], [1, 0], [1, 0]])
    >>> information_accretion(y, ontology, ["GO:1", "GO:2"])  # 4 of 4 and 2 of 4
    array([0., 1.])
    """
    y, links = _read(y, ontology, terms)
    n_links = links.sum(axis=0).A1
    present = (y @ links).tocsc()  # (n_proteins, n_terms): how many of a term's parents are there
    n_term = y.sum(axis=0).A1
    _check_propagated(n_term * n_links > _n_held(y, present), terms)
    n_parents = np.where(n_links == 0, y.shape[0], _count_complete(present, n_links))
    return np.log2((n_parents + 1) / (n_term + 1))


def information_content(y, ontology, terms):
    """Weigh each term by how rare it is among annotated proteins, in bits.

    What nearly every protein has tells nothing of it; what few have tells much. This weighs a term
    alone; `information_accretion` weighs what it adds to its parents.

    Parameters
    ----------
    y : array or sparse matrix of shape (n_proteins, n_terms)
        Propagated binary indicators of the corpus, such as all annotated proteins of a species.
    ontology : GeneOntology
        Says who is whose parent.
    terms : sequence of str
        The columns of ``y``.

    Returns
    -------
    information : dict of str to float
        ``-log2(n_term / n_namespace)`` for each of ``terms`` that a protein has, where
        ``n_namespace`` counts the proteins with any term of its namespace. Never less than that
        of a parent.

    Raises
    ------
    InvalidLabelsError
        If ``y`` is not binary, or not propagated.
    UnknownTermError
        If a column is no term of the ontology.

    See Also
    --------
    information_accretion : What a term adds to its parents.
    term_similarity : Compares terms by these weights.

    Notes
    -----
    Terms without a protein are left out: their content would be infinite.

    References
    ----------
    Resnik, P. (1995). Using information content to evaluate semantic similarity in a taxonomy.
    IJCAI 1995, 448-453. arXiv:cmp-lg/9511007

    Examples
    --------
    >>> from protimb.ontology import GeneOntology, information_content
    >>> ontology = GeneOntology(
    ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
    ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
    ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
    ... )
    >>> information_content([[1, 1], [1, 0], [1, 0], [1, 0]], ontology, ["GO:2", "GO:3"])
    {'GO:2': 0.0, 'GO:3': 2.0}
    """
    y, links = _read(y, ontology, terms)
    n_term = y.sum(axis=0).A1
    _check_propagated(n_term * links.sum(axis=0).A1 > _n_held(y, y @ links), terms)
    columns = [ontology.resolve(term) for term in terms]
    spaces = np.array([ontology.namespaces[term] for term in columns])
    information: dict[str, float] = {}
    for space in np.unique(spaces):
        here = np.flatnonzero((spaces == space) & (n_term > 0))
        bits = np.log2(count_rows_with_any(y[:, here]) / n_term[here])
        information |= {columns[k]: float(one) for k, one in zip(here, bits, strict=True)}
    return information


def _read(y, ontology, terms):
    """Give indicators (n_proteins, n_terms) and links (parent, child), both as CSR of int32."""
    y = align_columns(y, terms, reference="terms", relabel=True)
    y = sparse.csr_matrix(check_indicator(y)[0], dtype=np.int32)
    if y.shape[1] != len(terms):
        raise ValueError(f"y has {y.shape[1]} columns, but {len(terms)} terms were given.")
    return y, _link_matrix(ontology, terms)


def _n_held(y, present):
    """Count, for each term (n_terms,), the parents that its proteins have."""
    return y.multiply(present).sum(axis=0).A1


def _check_propagated(lacks_parent, terms):
    bad = np.flatnonzero(lacks_parent)
    if len(bad):
        raise InvalidLabelsError(
            f"y is not propagated: {len(bad)} terms have proteins that lack a parent, such as "
            f"{terms[bad[0]]}. Propagate with GOTermBinarizer first."
        )


def _link_matrix(ontology, terms):
    pairs = [(p, child) for child, above in nearest_ancestors(ontology, terms) for p in above]
    parents, children = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(pairs), dtype=np.int32)
    return sparse.csr_matrix((ones, (parents, children)), shape=(len(terms), len(terms)))


def _count_complete(present, n_links):
    """Count the proteins that have all parents of a term, for terms that have parents."""
    complete = present.data == np.repeat(n_links, np.diff(present.indptr))
    counts = np.add.reduceat(np.append(complete, False), present.indptr[:-1], dtype=np.int64)
    counts[np.diff(present.indptr) == 0] = 0  # reduceat gives the next entry for an empty column
    return counts
