"""GOTermBinarizer: sets of GO terms in, a propagated indicator matrix out."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from protimb.ontology._propagate import (
    cut_columns,
    direct_indicators,
    frequent_terms,
    propagate_indicators,
)
from protimb.utils._validation import refuse_string


class GOTermBinarizer(TransformerMixin, BaseEstimator):
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

    def fit(self, annotations, y=None):
        """Choose the columns.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.
        y : None
            Ignored.

        Returns
        -------
        self : GOTermBinarizer
        """
        self._fit(annotations)
        return self

    def fit_transform(self, annotations, y=None):
        """Choose the columns and return the matrix.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.
        y : None
            Ignored.

        Returns
        -------
        indicators : ndarray or CSR of uint8, shape (n_proteins, n_terms)
            Rows in the order of the annotations.
        """
        return self._cut(self._fit(annotations))

    def transform(self, annotations):
        """Return the matrix of other proteins in the same columns.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.

        Returns
        -------
        indicators : ndarray or CSR of uint8, shape (n_proteins, n_terms)
            Rows in the order of the annotations.
        """
        check_is_fitted(self, "classes_")
        return self._cut(self._propagated(annotations)[0])

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

    def __sklearn_tags__(self):
        # As MultiLabelBinarizer: sets of terms are no array, and make the columns of a target.
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.two_d_labels = True
        return tags

    def _fit(self, annotations):
        propagated, lookup = self._propagated(annotations)
        if self.terms is None:
            limits = (self.min_proteins, self.max_proteins)
            terms = frequent_terms(propagated, self.ontology, *limits)
        else:
            terms = self._named_columns()
        self.classes_ = np.array(terms, dtype=str)
        self.n_mapped_ = lookup.n_mapped
        self.unknown_terms_ = lookup.unknown
        return propagated

    def _named_columns(self):
        refuse_string(self.terms, "terms")
        terms = [self.ontology.resolve(term) for term in self.terms]
        if len(set(terms)) < len(terms):
            raise ValueError("Some terms are named twice, or by two ids. Name each column once.")
        return terms

    def _propagated(self, annotations):
        direct, lookup = direct_indicators(annotations, self.ontology, self.unknown)
        return propagate_indicators(direct, self.ontology), lookup

    def _cut(self, propagated):
        indicators = cut_columns(propagated, self.ontology, self.classes_.tolist())
        return indicators if self.sparse_output else indicators.toarray()
