"""What estimators of terms share: vectors of terms are looked up, sets of terms propagated."""

from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from protimb.exceptions import TermVectorWarning
from protimb.ontology._propagate import (
    cut_columns,
    direct_indicators,
    frequent_terms,
    propagate_indicators,
)
from protimb.utils._validation import a_few, refuse_string
from protimb.utils._warnings import users_level


class BaseTermCoding(TransformerMixin, BaseEstimator):
    """Choose columns at fit, and write propagated rows as ``_write`` says.

    A subclass takes ``ontology``, ``terms``, ``min_proteins``, ``max_proteins`` and ``unknown``,
    and has ``_write(indicators)``: CSR of uint8 (n_proteins, n_terms) to codes.
    """

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
        self : BaseTermCoding
        """
        self._fit(annotations)
        return self

    def fit_transform(self, annotations, y=None):
        """Choose the columns and return the codes.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.
        y : None
            Ignored.

        Returns
        -------
        codes : ndarray or CSR matrix
            One row a protein, in the order of the annotations.
        """
        return self._cut(self._fit(annotations))

    def transform(self, annotations):
        """Return the codes of other proteins.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.

        Returns
        -------
        codes : ndarray or CSR matrix
            One row a protein, in the order of the annotations.
        """
        check_is_fitted(self, "classes_")
        return self._cut(self._propagated(annotations)[0])

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
        return self._write(cut_columns(propagated, self.ontology, self.classes_.tolist()))


class BaseTermVectorizer(TransformerMixin, BaseEstimator):
    """Look up vectors of terms, which ``fit`` leaves in ``_vectors`` as ``ontology_.terms``."""

    def transform(self, terms):
        """Return the vectors of some terms.

        Parameters
        ----------
        terms : sequence of str
            Any ids that ``ontology.resolve`` accepts, and others.

        Returns
        -------
        vectors : ndarray of shape (n_terms, n_components), float32
            NaN for ids that the ontology does not have.

        Warns
        -----
        TermVectorWarning
            If the ontology does not have some of the ids; says how many.
        """
        check_is_fitted(self, "ontology_")
        refuse_string(terms, "terms")
        terms = list(terms)
        found = [self.ontology_._find(term) for term in terms]
        known = [place for place, term in enumerate(found) if term is not None]
        vectors = np.full((len(terms), self._vectors.shape[1]), np.nan, dtype=np.float32)
        vectors[known] = self._vectors[[self.ontology_._rank[found[place]] for place in known]]
        self._report_unknown([term for term, it in zip(terms, found, strict=True) if it is None])
        return vectors

    def fit_transform(self, ontology, y=None):
        """Return the vectors of all terms, in the order of ``ontology.terms``.

        Parameters
        ----------
        ontology : GeneOntology
            As of ``fit``.
        y : None
            Ignored.

        Returns
        -------
        vectors : ndarray of shape (len(ontology), n_components), float32
        """
        return self.fit(ontology).transform(ontology.terms)

    def vectors(self, terms=None):
        """Return vectors as a mapping, ready for ``CGANSampler(term_vectors=...)``.

        Parameters
        ----------
        terms : sequence of str, optional
            Every term of the ontology by default.

        Returns
        -------
        term_vectors : dict of str to ndarray of shape (n_components,)
            Keys as given; ids that the ontology does not have are left out.
        """
        check_is_fitted(self, "ontology_")
        refuse_string(terms, "terms")
        terms = list(self.ontology_.terms if terms is None else terms)
        table = self.transform(terms)
        return {t: row for t, row in zip(terms, table, strict=True) if not np.isnan(row).any()}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # an ontology, then ids of its terms
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _report_unknown(self, unknown):
        if unknown:
            version = self.ontology_.version or "unknown"
            warn(
                f"{len(unknown)} terms are not in this ontology (version {version}) and get no "
                f"vector: {a_few(unknown)}.",
                TermVectorWarning,
                stacklevel=users_level(),
            )
