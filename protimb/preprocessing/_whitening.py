"""Whitening by what members of one term differ in: borrowed covariance for rare terms."""

import warnings
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import linalg, sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.preprocessing import normalize
from sklearn.utils import column_or_1d, gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from protimb.exceptions import TrainingDiverged, WhiteningWarning
from protimb.utils._alignment import check_same_order
from protimb.utils._labelsets import count_members, rarest_terms
from protimb.utils._memory import release_pages, rows_a_block
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._row_blocks import blocks_of_rows, padded
from protimb.utils._sklearn_compat import Interval, check_params, validate_data
from protimb.utils._validation import as_array, as_vectors, check_indicator, check_vectors
from protimb.utils._warnings import users_level


class WithinTermWhitening(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Shrink the directions in which members of one term differ from each other.

    What proteins of one function differ in (fold, length, taxon) says nothing of the function. A
    term of one protein cannot tell which directions these are, but all other terms together
    can, and lend it what they know: each row's deviation from the mean of its rarest term is
    taken, one covariance is estimated over all of them, and vectors are multiplied by its inverse
    square root. Cosines then weigh the directions that distinguish terms.

    Parameters
    ----------
    shrinkage : float in (0, 1]
        Share of a multiple of the identity, of equal trace, in the covariance. It must not be 0:
        directions in which no member deviates would get infinite weight.
    min_members : int
        Terms with fewer rows are not learned from: a mean of few rows lies close to each of them.
    max_members : int or None
        Terms with more rows are not learned from: members of a wide term differ in function, and
        this is what should stay. None learns from all.
    normalize : bool
        Whether rows are brought to unit length, as cosines and most distances want. Then
        ``inverse_transform`` cannot bring the length back.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of the rows of ``fit``, which is subtracted.
    covariance_ : ndarray of shape (n_features, n_features)
        Within terms, shrunk; symmetric and positive definite.
    whitening_ : ndarray of shape (n_features, n_features)
        Its inverse square root, symmetric.
    coloring_ : ndarray of shape (n_features, n_features)
        Its square root, which leads back.
    n_terms_ : int
        Terms that the covariance was learned from; 0 if it is that of all rows.
    n_rows_ : int
        Rows that have such a term.
    n_features_in_ : int
        Features seen in ``fit``.

    See Also
    --------
    protimb.classification.PrototypeTermClassifier : Whitened means of terms, for very few members.
    protimb.classification.KNNTermClassifier : Neighbours by cosine; give it whitened vectors in a
        pipeline, with ``standardize=False``.
    sklearn.decomposition.PCA : With ``whiten=True`` equalises all directions, also those that
        distinguish terms.

    Notes
    -----
    This is within-class covariance normalisation of speaker verification [1]_, with a residual for
    each row instead of each class, since a protein has many terms. Few-shot learning borrows
    statistics of frequent classes in the same way [2]_, and class-incremental learning covariances
    [3]_.

    Rows are read in blocks, so a memory map need not fit into memory; of n_features squared there
    are a few matrices. float32 and float16 are computed in float32, the covariance is summed up
    in float64. float16 comes back as float16.

    References
    ----------
    .. [1] Hatch, Kajarekar & Stolcke, Within-class covariance normalization for SVM-based speaker
       recognition. Interspeech (2006). https://doi.org/10.21437/Interspeech.2006-183
    .. [2] Yang, Liu & Xu, Free lunch for few-shot learning: distribution calibration. ICLR (2021).
       https://arxiv.org/abs/2101.06395
    .. [3] Goswami et al., FeCAM: exploiting the heterogeneity of class distributions in
       exemplar-free continual learning. NeurIPS (2023). https://arxiv.org/abs/2309.14062

    Examples
    --------
    Two terms differ in the second feature; their members differ far more in the first one.

    >>> import numpy as np
    >>> from protimb.preprocessing import WithinTermWhitening
    >>> X = np.array([[-9.0, 1.1], [0, 0.9], [9, 1.0], [-9, -1.0], [0, -1.1], [9, -0.9]])
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    >>> whitened = WithinTermWhitening(0.001, min_members=2).fit_transform(X, y)
    >>> bool(np.abs(whitened[:, 1]).min() > np.abs(whitened[:, 0]).max())
    True
    """

    _parameter_constraints: ClassVar = {
        "shrinkage": [Interval(Real, 0, 1, closed="right")],
        "min_members": [Interval(Integral, 1, None, closed="left")],
        "max_members": [Interval(Integral, 1, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    def __init__(self, shrinkage=0.1, *, min_members=5, max_members=200, normalize=True):
        self.shrinkage = shrinkage
        self.min_members = min_members
        self.max_members = max_members
        self.normalize = normalize

    def fit(self, X, y):
        """Learn what members of one term differ in.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row: each class is then a term.

        Returns
        -------
        self : WithinTermWhitening

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1, or ids of y stand in another order than those of X.
        ValueError
            If X holds NaN or infinite values, lengths differ, or a parameter is out of range.

        Warns
        -----
        WhiteningWarning
            If no term has a number of rows in range, or the members of those that do are all
            alike. The covariance of all rows is used instead.
        """
        check_params(self)
        self._check_range()
        check_same_order(X=X, y=y)
        with unchanged_on_failure(self):
            indicator = _read_terms(y)
            X = self._check_rows(X, reset=True)
            check_consistent_length(X, indicator)
            self.mean_ = _mean(X).astype(_computed_in(X), copy=False)
            self._keep(self._within(X, indicator), X)
        return self

    def transform(self, X):
        """Whiten rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.

        Returns
        -------
        X_white : ndarray of shape (n_rows, n_features)
            In float32 or float16 where X is, else in float64. A row at the mean of the training
            rows has no direction and stays zero.

        Raises
        ------
        TrainingDiverged
            If a whitened row is too large for its precision.
        """
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        return _in_blocks(self._whiten, X)

    def inverse_transform(self, X):
        """Lead whitened rows back to the space of the vectors.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Whitened vectors.

        Returns
        -------
        X_original : ndarray of shape (n_rows, n_features)
            The rows that ``transform`` was given, up to rounding, with ``normalize=False``; with
            ``normalize=True`` rows on the same ray from the mean, at whitened length 1.
        """
        check_is_fitted(self)
        X = self._check_rows(X, reset=False, named=False)
        return _in_blocks(self._color, X)

    def _check_range(self):
        if self.max_members is not None and self.max_members < self.min_members:
            raise ValueError(
                f"max_members={self.max_members} is below min_members={self.min_members}: no term "
                "can be learned from. Raise max_members, or pass None."
            )

    def _check_rows(self, X, *, reset, named=True):
        X = as_vectors(X)
        if named:
            dtypes = [np.float64, np.float32, np.float16]
            X = validate_data(self, X, reset=reset, dtype=dtypes, ensure_all_finite=False)
        X = check_vectors(X, keep_half=True)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} whitens "
                f"{self.n_features_in_}."
            )
        return np.ascontiguousarray(X)  # a frame holds columns together, and rounds otherwise

    def _terms_in_range(self, counts):
        """Say which terms (n_terms,) have neither too few nor too many members."""
        most = np.inf if self.max_members is None else self.max_members
        return (counts >= self.min_members) & (counts <= most)

    def _within(self, X, indicator):
        """Sum up deviations from rarest terms, or from the mean of all where there are none."""
        counts = count_members(indicator)
        terms = self._terms_in_range(counts)
        rarest = rarest_terms(indicator, counts, terms)
        rows = np.flatnonzero(rarest >= 0)
        means = _term_means(X, indicator[:, np.flatnonzero(terms)])
        numbers = np.cumsum(terms) - 1  # of a column among those in range
        covariance = _covariance(X, rows, means, numbers[rarest[rows]])
        self.n_terms_, self.n_rows_ = len(np.unique(rarest[rows])), len(rows)
        if _has_spread(covariance):
            return covariance
        self._warn_of_no_term(terms)
        self.n_terms_ = self.n_rows_ = 0
        everything = np.arange(len(X))
        return _covariance(X, everything, self.mean_[None], np.zeros(len(X), dtype=int))

    def _warn_of_no_term(self, terms):
        upper = "" if self.max_members is None else f" and at most {self.max_members}"
        what = (
            f"Members of the {terms.sum()} terms with at least {self.min_members}{upper} rows do "
            "not differ"
            if terms.any()
            else f"No term has at least {self.min_members}{upper} rows"
        )
        warnings.warn(
            f"{what}, so the covariance of all rows is used, which also shrinks what distinguishes "
            "terms. Widen the range with min_members and max_members.",
            WhiteningWarning,
            stacklevel=users_level(),
        )

    def _keep(self, covariance, X):
        n_features, dtype = len(covariance), _computed_in(X)
        spread = np.trace(covariance) / n_features if _has_spread(covariance) else 1.0
        shrunk = (1 - self.shrinkage) * covariance
        shrunk[np.diag_indices(n_features)] += self.shrinkage * spread
        values, vectors = linalg.eigh(shrunk, check_finite=False)
        roots = np.sqrt(np.maximum(values, np.finfo(np.float64).eps * spread))
        self.covariance_ = shrunk.astype(dtype, copy=False)
        self.whitening_ = (vectors / roots @ vectors.T).astype(dtype, copy=False)
        self.coloring_ = (vectors * roots @ vectors.T).astype(dtype, copy=False)

    def _whiten(self, X):
        with np.errstate(over="ignore", invalid="ignore"):  # said below, and in words
            white = (X - self.mean_.astype(X.dtype)) @ self.whitening_.astype(X.dtype, copy=False)
        if not np.isfinite(white).all():
            raise TrainingDiverged(
                "Whitened rows are too large to reckon with: X lies farther out than its precision "
                "holds, or what was learned was changed. Scale X, or fit again.",
                step=0,
            )
        if not self.normalize:
            return white
        with config_context(assume_finite=True):
            return normalize(white)

    def _color(self, X):
        return X @ self.coloring_.astype(X.dtype, copy=False) + self.mean_.astype(X.dtype)

    @property
    def _n_features_out(self):
        return self.n_features_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32", "float16"]
        return tags


def _read_terms(y):
    """Read a target as csr of uint8 (n_rows, n_terms); a class is a term."""
    if y is None:
        raise ValueError("WithinTermWhitening requires y to be passed, but the target y is None.")
    y = as_array(y)
    if sparse.issparse(y) or hasattr(y, "columns") or (y.ndim == 2 and y.shape[1] > 1):
        return check_indicator(y)[0]
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    ones = np.ones(len(codes), dtype=np.uint8)
    return sparse.csr_array((ones, (np.arange(len(codes)), codes)), (len(codes), len(classes)))


def _computed_in(X):
    return np.float64 if X.dtype == np.float64 else np.float32


def _mean(X):
    """Average the rows (n_rows, n_features) in float64."""
    total = sum(block.sum(axis=0, dtype=np.float64) for _, block in _blocks_of(X))
    return total / len(X)


def _term_means(X, indicator):
    """Average the members of each term: (n_terms, n_features), in what X is computed in."""
    sums = np.zeros((indicator.shape[1], X.shape[1]))
    for place, block in _blocks_of(X):
        sums += indicator[place].T.astype(np.float64) @ block
    counts = np.maximum(count_members(indicator), 1)[:, None]
    return (sums / counts).astype(_computed_in(X), copy=False)


def _covariance(X, rows, means, numbers):
    """Take rows (n,) less the mean that ``numbers`` (n,) names; their covariance, in float64."""
    n_features = X.shape[1]
    products, total = np.zeros((n_features, n_features)), np.zeros(n_features)
    for place in gen_batches(max(1, len(rows)), rows_a_block(X)):
        block = X[rows[place]].astype(_computed_in(X), copy=False) - means[numbers[place]]
        products += block.T @ block
        total += block.sum(axis=0, dtype=np.float64)
        release_pages(X)
    n_rows = max(1, len(rows))
    return products / n_rows - np.outer(total, total) / n_rows**2


def _has_spread(covariance):
    return np.trace(covariance) > 0


def _blocks_of(X):
    for place in gen_batches(len(X), rows_a_block(X)):
        yield place, X[place].astype(_computed_in(X), copy=False)
        release_pages(X)


def _in_blocks(function, X):
    """Apply a function of rows to X (n_rows, n_features), always to as many; X's dtype comes."""
    out = np.empty(X.shape, dtype=X.dtype)
    for place in blocks_of_rows(len(X)):
        block = X[place].astype(_computed_in(X), copy=False)
        out[place] = function(padded(block))[: len(block)]
    return out
