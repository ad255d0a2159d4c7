"""What is known of proteins elsewhere as a few numbers, to stand beside their vectors."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.validation import check_is_fitted, check_non_negative

from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import Interval, check_params, validate_data


class AnnotationVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn annotations of other namespaces into features that stand beside protein vectors.

    Where a protein was annotated in two namespaces and the third is asked for, those annotations
    tell more of its rare terms than any generated row. Terms are weighted by rarity, as words are
    in latent semantic analysis [1]_, reduced to a few numbers, and rows are brought to length 1.

    Parameters
    ----------
    n_components : int
        Numbers a protein; fewer where terms or rows are fewer.
    min_members : int
        Terms with fewer rows are left out: what few proteins have says little of others.
    random_state : int, RandomState or None
        Source of draws of the decomposition, which is randomized.

    Attributes
    ----------
    rarity_ : ndarray of shape (n_terms,)
        Weight of each term: the logarithm of one more than the rows over the term's; 0 for terms
        left out.
    components_ : ndarray of shape (n_components, n_terms)
        Directions of weighted terms, the one that holds most first.
    n_features_in_ : int
        Terms seen in ``fit``.

    See Also
    --------
    protimb.datasets.ProteinData.labels_in : Makes X: what other data know of the same proteins.
    sklearn.decomposition.TruncatedSVD : The same decomposition, without weights and lengths.

    Notes
    -----
    Fit on training proteins alone. A protein of which nothing is known gets zeros, which a
    classifier may read as a lack of function: predict those with a second model, of vectors alone.
    Annotations of one paper often reach several namespaces on one day. For proteins that are
    annotated elsewhere today and not here the gain may be smaller than held-out proteins show;
    ``ProteinData.as_of`` keeps what was known before a day.

    References
    ----------
    .. [1] Deerwester et al., Indexing by latent semantic analysis. Journal of the American Society
       for Information Science 41, 391-407 (1990).

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.preprocessing import AnnotationVectorizer
    >>> known = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
    >>> vectors = AnnotationVectorizer(2, min_members=1, random_state=0).fit_transform(known)
    >>> vectors.shape, np.linalg.norm(vectors, axis=1).round(3).tolist()
    ((4, 2), [1.0, 1.0, 1.0, 0.0])
    """

    _parameter_constraints: ClassVar = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "min_members": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_components=128, *, min_members=5, random_state=None):
        self.n_components = n_components
        self.min_members = min_members
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn how rare terms are, and in which directions they vary together.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_terms)
            Indicators, or confidences that are not negative; 0 where nothing is known.
        y : None
            Not used.

        Returns
        -------
        self : AnnotationVectorizer

        Raises
        ------
        ValueError
            If X holds NaN, infinite or negative values, or no term has ``min_members`` rows.
        """
        check_params(self)
        with unchanged_on_failure(self):
            known = self._read(X, reset=True)
            n_members = np.bincount(known.nonzero()[1], minlength=known.shape[1])
            is_kept = n_members >= self.min_members
            if not is_kept.any():
                raise ValueError(
                    f"None of the {known.shape[1]} terms has min_members={self.min_members} of the "
                    f"{known.shape[0]} rows, the most common {n_members.max()}. Lower min_members."
                )
            rarity = np.log((1 + known.shape[0]) / np.maximum(n_members, 1))
            self.rarity_ = np.where(is_kept, rarity, 0)
            self.components_ = randomized_svd(
                self._weighted(known),
                n_components=min(self.n_components, is_kept.sum()),
                n_iter=5,
                random_state=check_random_state(self.random_state),
            )[2]
        return self

    def transform(self, X):
        """Give each protein its numbers.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_terms)
            Of the same terms.

        Returns
        -------
        vectors : ndarray of shape (n_rows, n_components)
            Of length 1; zeros where nothing is known that was learned from. In float64 where X is,
            else in float32.
        """
        check_is_fitted(self)
        known = self._read(X, reset=False)
        vectors = normalize(self._weighted(known) @ self.components_.T)
        return vectors.astype(known.dtype, copy=False)

    def _read(self, X, *, reset):
        """Read X as csr in the precision that is answered in."""
        dtypes = [np.float32, np.float64]  # the first, for what is neither
        least = 2 if reset else 1  # of one row nothing is rarer than anything else
        X = validate_data(
            self, X, reset=reset, accept_sparse="csr", dtype=dtypes, ensure_min_samples=least
        )
        check_non_negative(X, type(self).__name__)
        return sparse.csr_array(X)

    def _weighted(self, known):
        return known.astype(np.float64) @ sparse.diags_array(self.rarity_).tocsr()

    @property
    def _n_features_out(self):
        return len(self.components_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
