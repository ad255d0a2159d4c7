"""GOTermBinarizer: sets of GO terms in, a propagated indicator matrix out."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from protimb.ontology._base import BaseTermCoding


class GOTermBinarizer(BaseTermCoding):
    """Turn the GO terms of proteins into a propagated indicator matrix.

    Like scikit-learn's ``MultiLabelBinarizer``, but every row is closed under the ontology: a
    protein that has a term has all its ancestors too.

    Parameters
    ----------
    ontology : GeneOntology
        Supplies ancestors, and resolves alternative and obsolete ids.
    terms : sequence of str, optional
        The columns; by default every term that passes the limits below, roots left out
        because they tell nothing, sorted by id.
    min_proteins : int
        Columns have at least this many proteins after propagation. Not used with ``terms``.
    max_proteins : int, optional
        Columns have at most this many proteins after propagation. Not used with ``terms``.
    unknown : {"warn", "ignore", "raise"}
        What to do about ids that the ontology does not have.
    sparse_output : bool
        Return CSR instead of an ndarray.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_terms,)
        Terms, one a column.
    n_mapped_ : int
        Annotations at fit whose id was alternative, or obsolete with one replacement.
    unknown_terms_ : dict of str to int
        Ids at fit that no term answers to -> annotations left out because of it.

    Raises
    ------
    UnknownTermError
        With ``unknown="raise"``, if an id is unknown; always, if one of ``terms`` is.

    See Also
    --------
    GOTermIndexer : The same rows as lists of numbers.
    GeneOntology.propagate : The same closure, on sets.

    Notes
    -----
    ``inverse_transform`` returns propagated sets: which of the terms were annotated directly is
    lost.

    Examples
    --------
    >>> from protimb.ontology import GeneOntology, GOTermBinarizer
    >>> ontology = GeneOntology(
    ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
    ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
    ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
    ... )
    >>> binarizer = GOTermBinarizer(ontology)
    >>> binarizer.fit_transform({"P12345": {"GO:3"}, "P67890": {"GO:2"}})
    array([[1, 1], [1, 0]], dtype=uint8)
    >>> binarizer.classes_.tolist()
    ['GO:2', 'GO:3']
    """

    def __init__(
        self,
        ontology,
        terms=None,
        *,
        min_proteins=1,
        max_proteins=None,
        unknown="warn",
        sparse_output=False,
    ):
        self.ontology = ontology
        self.terms = terms
        self.min_proteins = min_proteins
        self.max_proteins = max_proteins
        self.unknown = unknown
        self.sparse_output = sparse_output

    def inverse_transform(self, indicators):
        """Return the terms of each row.

        Parameters
        ----------
        indicators : array or sparse matrix of shape (n_proteins, n_terms)

        Returns
        -------
        term_sets : list of frozenset of str
        """
        check_is_fitted(self, "classes_")
        rows = indicators.toarray() if hasattr(indicators, "toarray") else np.asarray(indicators)
        return [frozenset(self.classes_[row != 0].tolist()) for row in rows]

    def _write(self, indicators):
        return indicators if self.sparse_output else indicators.toarray()
