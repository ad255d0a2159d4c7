"""What all term classifiers share: checks of X, answers from scores, one honest score."""

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score, average_precision_score
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from protimb.classification._label_attention_residues import is_residues
from protimb.classification._mixin import FittedClassifierMixin
from protimb.classification._targets import dense_labels, encode_targets
from protimb.exceptions import InvalidLabelsError, TrainingDiverged
from protimb.ontology import GeneOntology
from protimb.utils._alignment import align_columns, check_same_order
from protimb.utils._foreign import read_table
from protimb.utils._row_blocks import BLOCK_ROWS, blocks_of_rows, padded
from protimb.utils._sklearn_compat import validate_data
from protimb.utils._validation import (
    IN_SINGLE,
    LARGEST,
    as_vectors,
    check_vectors,
    refuse_beyond,
)


class BaseTermClassifier(FittedClassifierMixin, ClassifierMixin, BaseEstimator, ABC):
    """Base of all term classifiers; a subclass fits, and scores rows that were checked."""

    @abstractmethod
    def _scores(self, X, dtype):
        """Give checked rows one score in [0, 1] for each column of the encoded labels."""

    def predict_proba(self, X):
        """Give each row the probability of each term.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.

        Returns
        -------
        probabilities : ndarray
            Of shape (n_rows, n_terms) for multilabel targets, one independent probability a
            term, in float32 where X is float32 or float16 and else in float64; float64 of
            shape (n_rows, n_classes), rows summing to 1, for a single label.

        Raises
        ------
        TrainingDiverged
            If a probability is NaN, as weights of a changed folder may make it.
        """
        check_is_fitted(self)
        X = X if is_residues(X) else read_table(X, "X")
        scores = self._scores(self._check_rows(X, reset=False), _score_dtype(X))
        return self._coding.probabilities(require_scores(scores, self))

    def predict(self, X):
        """Decide which terms, or which class, each row has.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.

        Returns
        -------
        labels : ndarray
            Indicators of shape (n_rows, n_terms) in the dtype of the target, 1 where the
            probability exceeds 0.5, for multilabel targets; the likeliest class, of shape
            (n_rows,), for a single label.
        """
        probabilities = self.predict_proba(X)
        return self._coding.decide(probabilities)

    def score(self, X, y, sample_weight=None):
        """Rate the classifier on labelled rows; higher is better.

        Subset accuracy, scikit-learn's usual choice, is close to zero for every classifier
        once there are hundreds of terms, hence the ranking measure.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            True labels. Columns of a table are found by name where ``fit`` saw names.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        score : float
            Macro average precision over the terms that ``y`` holds for multilabel targets;
            accuracy for a single label.

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1, no row has a term, or tables differ in the ids of their
            rows or from ``fit`` in their terms.
        """
        check_same_order(X=X, y=y, sample_weight=sample_weight)
        probabilities = self.predict_proba(X)
        if not self._coding.multilabel:
            decided = self._coding.decide(probabilities)
            return accuracy_score(read_table(y, "y"), decided, sample_weight=sample_weight)
        y = dense_labels(encode_targets(align_columns(y, self.terms_))[0])
        held = y.any(axis=0)
        if not held.any():
            raise InvalidLabelsError(
                f"None of the {len(y)} rows of y has a term: average precision is undefined."
            )
        return float(
            average_precision_score(y[:, held], probabilities[:, held], sample_weight=sample_weight)
        )

    def nearest(self, X, n_neighbors=5):
        """Find the training rows that lie nearest to given rows, and what they are labelled with.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        n_neighbors : int
            All training rows where there are fewer.

        Returns
        -------
        cosines : ndarray of float32, shape (n_rows, n_neighbors)
            Of standardized vectors, the nearest first.
        positions : ndarray of int, shape (n_rows, n_neighbors)
            Numbers of the training rows that vote.
        labels : csr_array of shape (n_rows_that_vote, n_columns)
            Labels of all of these.

        Raises
        ------
        ValueError
            If the classifier was fitted without neighbours, or has none.
        """
        check_is_fitted(self)
        votes, standardized = self._voters(self._check_rows(X, reset=False))
        if votes is None:
            raise ValueError(
                f"This {type(self).__name__} kept no training rows (n_neighbors=None, or it never "
                "does). Fit KNNTermClassifier, or GOTermClassifier with n_neighbors."
            )
        return *votes.nearest(standardized, n_neighbors), votes.labels

    @abstractmethod
    def _voters(self, X):
        """Return the CosineVote, or None, and checked rows as it takes them."""

    def _read_training(self, X, y, terms=None):
        """Check the training rows, and learn from y what every classifier has to know of it."""
        check_same_order(X=X, y=y)
        X = self._check_rows(X, reset=True)
        labels, self._coding = encode_targets(y, terms)
        check_consistent_length(X, labels)
        self.classes_, self.terms_ = self._coding.classes, self._coding.terms
        self.n_outputs_ = labels.shape[1] if self._coding.multilabel else 1
        return X, labels

    def _check_rows(self, X, *, reset):
        X = as_vectors(X)
        refuse_beyond(X, LARGEST, IN_SINGLE)
        half = self._widens_blocks and getattr(X, "dtype", None) == np.float16
        dtype = np.float16 if half else np.float32
        X = validate_data(self, X, reset=reset, dtype=dtype, ensure_all_finite=False)
        # check_vectors tests for NaN and inf: its message names the columns, so give them back.
        names = getattr(self, "feature_names_in_", None)
        named = X if names is None else pd.DataFrame(X, columns=names, copy=False)
        X = check_vectors(named, keep_half=self._widens_blocks)
        # A frame holds columns together, and sums over them would round in another order.
        return np.ascontiguousarray(X)

    # Whether vectors in half precision stay so, to be widened a block at a time.
    _widens_blocks = False

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


def check_is_ontology(classifier):
    """Refuse what stands for an ontology and is none, such as the path of its file."""
    if not isinstance(classifier.ontology, GeneOntology | None):
        raise TypeError(
            f"The 'ontology' parameter of {type(classifier).__name__} is "
            f"{type(classifier.ontology).__name__}; pass a GeneOntology, as read_obo gives it."
        )


def require_scores(scores, classifier):
    """Refuse scores (n_rows, n_columns) in [0, 1] of which some are NaN; gives them back."""
    if np.isnan(scores.sum()):  # without a mask of the size of all
        wrong = np.isnan(scores).any(axis=1)
        raise TrainingDiverged(
            f"{type(classifier).__name__} gives NaN for {wrong.sum():,} of {len(scores):,} rows, "
            f"first for row {wrong.argmax()}: numbers that it has learned are too large to reckon "
            "with, as those of a folder that was changed. Restore it from a copy, or fit again.",
            step=_last_step(classifier),
        )
    return scores


def _last_step(classifier):
    history = getattr(classifier, "history_", None)
    return int(history[-1].get("n_steps", 0)) if history else 0


def _score_dtype(X):
    # Near 1 float32 has too few digits to tell two sure answers apart.
    dtypes = X.dtypes if hasattr(X, "columns") else [getattr(X, "dtype", None)]
    narrow = all(dtype in (np.float32, np.float16) for dtype in dtypes)
    return np.float32 if narrow else np.float64


def in_blocks(function, X, n_columns):
    """Apply a function of (BLOCK_ROWS, n_features) to X, its last block padded with zeros."""
    out = np.empty((len(X), n_columns), dtype=np.float32)
    for place in blocks_of_rows(len(X)):
        block = X[place]
        n_rows = len(block)
        out[place] = function(padded(block) if n_rows < BLOCK_ROWS else block)[:n_rows]
    return out
