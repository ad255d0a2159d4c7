"""Term probabilities from the cosine to each term's prototype: for terms of one to ten rows."""

import warnings
from numbers import Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.utils import gen_batches

from protimb.classification._base import (
    BaseTermClassifier,
    check_is_ontology,
    in_blocks,
)
from protimb.classification._calibration import CosineCounts, fit_logistic
from protimb.exceptions import InvalidLabelsError, TermVectorWarning
from protimb.preprocessing import WithinTermWhitening
from protimb.utils._labelsets import count_members
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._row_blocks import BLOCK_ROWS
from protimb.utils._sklearn_compat import Interval
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# A sum of unit vectors shorter than this is a rounding error, and has no direction.
_NOTHING = 1e-5

# What a difference of sums must exceed, in which float32 vectors cancel out.
_ALONE = 1e-3

# Fewer terms than this say nothing of how prototypes depend on term vectors.
_LEAST_TERMS = 3

# Of the ridge that makes prototypes from term vectors; leave-one-out chooses.
_ALPHAS = np.logspace(-2, 4, 13)


class PrototypeTermClassifier(BaseTermClassifier):
    """Score a protein by its cosine to the mean of a term's members.

    With few members, a mean is all that can be learned of a term, and the space must do the rest:
    `WithinTermWhitening` lends each term the covariance of all others, so that a
    prototype of one protein is compared in the directions that distinguish terms. What a term
    lacks in members its parents add: their mean counts as one member more. A term without any
    member gets a prototype from its term vector, or that of its parents.

    Parameters
    ----------
    whiten : bool
        Whether to whiten vectors within terms; else features are brought to mean 0 and variance 1.
    shrinkage : float in (0, 1]
        Of the whitening.
    parent_weight : float
        How many members the mean of a term's parents counts for; needs ``ontology``. 0 leaves
        terms to themselves.
    ontology : GeneOntology, optional
        Tells parents, and lifts each term to at least the score of its children.
    terms : sequence of str, optional
        GO ids of the columns of y; by default the columns of a DataFrame.
    term_vectors : dict, DataFrame or array of shape (n_terms, n_dims), optional
        One vector a term, such as those of ``protimb.ontology.TermVectorizer``. A ridge regression
        from them to the prototypes of terms with members predicts those of terms without; see
        ``protimb.ontology.align_term_vectors``.

    Attributes
    ----------
    prototypes_ : ndarray of float32, shape (n_columns, n_features)
        Of unit length, in the whitened space; zeros for a term of which nothing is known.
    slope_ : float
        Log-odds that a cosine of 1 is worth, for all terms.
    intercepts_ : ndarray of shape (n_columns,)
        Log-odds of each term at a cosine of 0.
    classes_ : ndarray
        Classes of a single label; column numbers for multilabel targets.
    terms_ : ndarray of object or None
        GO ids of the columns, where they are known.
    n_outputs_ : int
        Label columns; 1 for a single label.
    n_features_in_ : int
        Features seen in ``fit``.

    See Also
    --------
    KNNTermClassifier : Nearest rows in place of means; better from about ten members on.
    protimb.preprocessing.WithinTermWhitening : The whitening alone, for any other classifier.

    Notes
    -----
    Probabilities are ``expit(slope_ * cosine + intercepts_)``, fitted by maximum likelihood on the
    training rows, each compared with prototypes that it is left out of, with half a member and
    half another row added to each term. A term of one member alone, without parents, tells nothing
    of its own members' cosines and takes what is usual.

    References
    ----------
    Snell, Swersky & Zemel, Prototypical networks for few-shot learning. NeurIPS (2017).
    https://arxiv.org/abs/1703.05175

    Hatch, Kajarekar & Stolcke, Within-class covariance normalization for SVM-based speaker
    recognition. Interspeech (2006). https://doi.org/10.21437/Interspeech.2006-183

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.classification import PrototypeTermClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([[1, 0], [0, 1]], 20, axis=0)
    >>> X = 3 * y + rng.normal(size=(40, 2))
    >>> prototypes = PrototypeTermClassifier().fit(X, y)
    >>> prototypes.predict([[4.0, -1.0], [-1.0, 4.0]])
    array([[1, 0],
           [0, 1]])
    """

    _parameter_constraints: ClassVar = {
        "whiten": ["boolean"],
        "shrinkage": [Interval(Real, 0, 1, closed="right")],
        "parent_weight": [Interval(Real, 0, None, closed="left")],
        "ontology": "no_validation",
        "terms": ["array-like", None],
        "term_vectors": "no_validation",
    }

    def __init__(
        self,
        *,
        whiten=True,
        shrinkage=0.1,
        parent_weight=1.0,
        ontology=None,
        terms=None,
        term_vectors=None,
    ):
        self.whiten = whiten
        self.shrinkage = shrinkage
        self.parent_weight = parent_weight
        self.ontology = ontology
        self.terms = terms
        self.term_vectors = term_vectors

    def fit(self, X, y):
        """Average the members of each term, and learn what a cosine to the average is worth.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.

        Returns
        -------
        self : PrototypeTermClassifier

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1, names and columns differ in number, or an ontology or
            term vectors are given for columns without names.
        TermVectorError
            If term vectors are malformed, or none is that of a column.

        Warns
        -----
        TermVectorWarning
            If terms without a member have neither a vector nor a parent with a prototype: their
            scores are the same for every row.
        WhiteningWarning
            If no term has 5 to 200 rows to learn the whitening from.
        """
        self._validate_params()
        check_is_ontology(self)
        with unchanged_on_failure(self):
            X, labels = self._read_training(X, y, self.terms)
            parents = self._parents()
            vectors = self._read_vectors(labels.shape[1])
            self._space = self._fit_space(X, labels)
            directions = in_blocks(self._directions, X, X.shape[1])
            sums = _sum_members(directions, labels, parents, self.parent_weight)
            self._describe_absent(sums, count_members(labels), vectors)
            self.prototypes_ = _unit(sums).astype(np.float32)
            counts = _leave_one_out(directions, labels, sums)
            self.slope_, self.intercepts_ = fit_logistic(counts)
        return self

    def _scores(self, X, dtype):
        cosines = in_blocks(self._cosines, X, len(self.prototypes_))
        logits = cosines.astype(dtype) * dtype(self.slope_) + self.intercepts_.astype(dtype)
        scores = expit(logits)
        if self.ontology is not None:
            scores = self.ontology.propagate_scores(scores, self.terms_)
        return scores

    def _voters(self, X):
        return None, X

    def _cosines(self, block):
        return self._directions(block) @ self.prototypes_.T

    def _directions(self, block):
        """Bring checked rows (BLOCK_ROWS, n_features) to unit length in the space of prototypes."""
        return normalize(self._space.transform(block)).astype(np.float32, copy=False)

    def _fit_space(self, X, labels):
        if not self.whiten:
            return StandardScaler().fit(X)
        if labels.shape[1] == 1 and not self._coding.multilabel:
            labels = sparse.hstack([1 - labels.toarray(), labels], format="csr")  # either class
        return WithinTermWhitening(self.shrinkage).fit(X, labels)

    def _parents(self):
        """List (column, columns of its parents), parents first; nothing without an ontology."""
        if self.ontology is None:
            return []
        if self.terms_ is None:
            raise _unnamed("An ontology needs")
        from protimb.ontology._propagate import nearest_ancestors

        return list(reversed(nearest_ancestors(self.ontology, self.terms_)))

    def _read_vectors(self, n_terms):
        """Align term vectors with the columns, NaN rows for terms without; None if not given."""
        if self.term_vectors is None:
            return None
        from protimb.ontology import align_term_vectors

        if self.terms_ is None and (hasattr(self.term_vectors, "keys")):
            raise _unnamed("Term vectors need")
        names = range(n_terms) if self.terms_ is None else self.terms_
        with warnings.catch_warnings():
            # Missing is a vector only where there is no member either, which is told below.
            warnings.simplefilter("ignore", TermVectorWarning)
            return align_term_vectors(self.term_vectors, names)

    def _describe_absent(self, sums, counts, vectors):
        """Fill in, from term vectors, sums (n_columns, n_features) of terms without a member."""
        absent = counts == 0
        if vectors is not None and absent.any():
            _regress(sums, absent, vectors)
        unknown = np.flatnonzero(absent & (np.linalg.norm(sums, axis=1) < _NOTHING))
        if len(unknown) and self._is_told_of_terms():
            names = unknown if self.terms_ is None else self.terms_[unknown]
            warnings.warn(
                f"{len(unknown)} terms have no member, and neither a vector nor a parent with a "
                f"prototype ({a_few(names)}): every row gets the same score for them. Pass "
                "term_vectors that hold them, or leave their columns out.",
                TermVectorWarning,
                stacklevel=users_level(),
            )

    def _is_told_of_terms(self):
        return self.ontology is not None or self.term_vectors is not None


def _sum_members(directions, labels, parents, weight):
    """Add up members' directions and the weighted mean of parents: float64 (n_terms, n_features).

    Of a term without a member, the mean of its parents alone. ``parents`` holds parents first.
    """
    counts = count_members(labels)
    sums = labels.T.astype(np.float64) @ directions
    n_carried = np.maximum(counts, 1).astype(np.float64)
    for term, above in parents:
        share = weight if counts[term] else 1.0
        if above:
            sums[term] += share * np.mean([sums[one] / n_carried[one] for one in above], axis=0)
            n_carried[term] = counts[term] + share
    return sums


def _regress(sums, absent, vectors):
    """Predict directions of absent terms, bool (n_terms,), from vectors, by ridge; in place."""
    described = ~np.isnan(vectors).any(axis=1)
    known = described & (np.linalg.norm(sums, axis=1) >= _NOTHING) & ~absent
    wanted = described & absent
    if known.sum() >= _LEAST_TERMS and wanted.any():
        ridge = RidgeCV(_ALPHAS).fit(vectors[known].astype(np.float64), _unit(sums[known]))
        sums[wanted] = ridge.predict(vectors[wanted].astype(np.float64))


def _unit(sums):
    """Bring rows to unit length; those that are but rounding errors become zero."""
    return normalize(np.where(np.linalg.norm(sums, axis=1)[:, None] < _NOTHING, 0, sums))


def _leave_one_out(directions, labels, sums):
    """Count cosines of training rows with all prototypes, each without the row itself."""
    counts = CosineCounts(len(sums))
    lengths = np.linalg.norm(sums, axis=1)
    for place in gen_batches(len(directions), BLOCK_ROWS):
        rows = directions[place]
        products = rows @ sums.T  # (n_block, n_terms)
        members = labels[place].toarray().astype(bool)
        counts.add_others(products / np.maximum(lengths, _NOTHING), members)
        counts.add_members(*_without_itself(rows, products, members, lengths))
    return counts


def _without_itself(rows, products, members, lengths):
    """Give terms (n,) of a block's members, and their cosines with the sum of what is left."""
    row, term = np.nonzero(members)
    own = np.square(rows, dtype=np.float64).sum(axis=1)[row]
    dots = products[row, term]
    left = np.sqrt(np.maximum(lengths[term] ** 2 - 2 * dots + own, 0))
    alone = left < _ALONE  # the only member of a term without parents leaves nothing
    return term, np.where(alone, np.nan, (dots - own) / np.maximum(left, _ALONE))


def _unnamed(what):
    return InvalidLabelsError(
        f"{what} to know which term each column of y is: pass terms, or y as a DataFrame whose "
        "columns are GO ids."
    )
