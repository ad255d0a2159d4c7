"""LabelwiseSampler: lift any single-label over-sampler to several labels a row."""

import warnings
from numbers import Integral

import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.metrics import pairwise_distances_argmin

from protimb.base import BaseMultilabelOverSampler
from protimb.exceptions import SkippedTermWarning
from protimb.utils._sklearn_compat import HasMethods
from protimb.utils._validation import a_few

# Samplers that look at members only. One other row is enough to make them a binary problem,
# and spares a copy of all vectors for each term. Subclasses may look further: exact type.
MEMBERS_ONLY = frozenset({SMOTE})

# Parameters that count neighbours, and where the sampler looks for them.
NEIGHBOURHOODS = {"k_neighbors": "members", "n_neighbors": "members", "m_neighbors": "rows"}


class LabelwiseSampler(BaseMultilabelOverSampler):
    """Over-sample term by term with an over-sampler that knows two classes.

    For each term that lacks rows, its members play the minority class and all other rows the
    majority class, and a clone of ``sampler`` generates what is missing. A vector between two
    members belongs to the term, but which other labels does it have? It takes all labels of the
    real member of the term that it is nearest to.

    Parameters
    ----------
    sampler : imbalanced-learn over-sampler or None, default=None
        Anything with ``fit_resample``, ``sampling_strategy`` and, if it draws, ``random_state``;
        it must give the rows it got first, then the new ones. None means ``SMOTE()`` [1]_.
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Multilabel y: ``"auto"`` raises terms whose IRLbl exceeds MeanIR up to it; an int n raises
        every term to n members; ``{term: total}`` by column name or number; or a callable that
        gets y and returns such a dict. One label a row: imbalanced-learn's meaning.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error.
    random_state : int, RandomState or None, default=None
        Seed of every draw; each clone of ``sampler`` gets a seed drawn from it.

    Attributes
    ----------
    sampler_ : object
        The sampler that is cloned for each term.
    sampling_strategy_ : dict
        ``{term: rows missing}``.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows generated for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
    n_synthetic_ : int
        Number of rows added.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were generated.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The nearest member of the term, whose labels each synthetic row carries.

    See Also
    --------
    RandomLabelsetOverSampler : Copies rows instead; its vectors are all real.
    imblearn.over_sampling.SMOTE : Interpolates between neighbours of one class.

    Notes
    -----
    A term with one member has nobody to interpolate with: the member is copied. Where a term has
    fewer members than the sampler wants neighbours, ``k_neighbors`` and ``n_neighbors`` shrink to
    fit. ``SMOTE`` itself is given the members and one other row, because it looks at no more;
    every other sampler gets all rows. Surplus rows are cut. A term on which the sampler fails is
    left alone and reported, unless it fails on every term.

    References
    ----------
    .. [1] N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: synthetic minority
       over-sampling technique", Journal of Artificial Intelligence Research 16, 321-357, 2002.
       https://doi.org/10.1613/jair.953

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import LabelwiseSampler
    >>> X = np.array([[0.0, 0], [0, 1], [5, 5], [5, 6], [9, 9]])
    >>> y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0]])
    >>> sampler = LabelwiseSampler(sampling_strategy={1: 4}, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> y_res[sampler.synthetic_mask_]
    array([[1, 1],
           [1, 1]])
    >>> X_res[sampler.synthetic_mask_, 0]
    array([5., 5.])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseMultilabelOverSampler._parameter_constraints,
        "sampler": [HasMethods(["fit_resample", "get_params", "set_params"]), None],
    }

    def __init__(self, sampler=None, *, sampling_strategy="auto", min_members=1, random_state=None):
        super().__init__(
            sampling_strategy=sampling_strategy, min_members=min_members, random_state=random_state
        )
        self.sampler = sampler

    def _train(self, X, y, rng):
        self.sampler_ = SMOTE() if self.sampler is None else clone(self.sampler)

    def _resample(self, X, y, ledger, rng):
        # Which labels a vector takes is known only once it exists, so terms are decided in turn.
        vectors, failures = [X[:0]], {}
        for term, members, missing in ledger:
            try:
                X_new = self._sample_term(X, members, missing, rng)
            except (ValueError, RuntimeError) as error:
                failures[term] = error
                continue
            ledger.record(term, members[pairwise_distances_argmin(X_new, X[members])])
            vectors.append(X_new)
        _report_failures(failures, n_done=len(vectors) - 1)
        return np.concatenate(vectors), ledger.plan()

    def _sample_term(self, X, members, missing, rng):
        seed = rng.randint(2**31 - 1)
        if len(members) == 1:
            return np.repeat(X[members], missing, axis=0)
        others = np.delete(np.arange(len(X)), members)
        if type(self.sampler_) in MEMBERS_ONLY:
            others = others[:1]
        rows = np.concatenate([members, others])
        is_member = np.arange(len(rows)) < len(members)
        sampler = _prepare(self.sampler_, len(members), len(rows), missing, seed)
        X_res, is_member_res = sampler.fit_resample(X[rows], is_member.astype(int))
        X_new = _new_rows(X_res, is_member_res, X[rows], type(sampler).__name__)
        # Samplers list new rows by member, so cutting the tail would favour the first members.
        return X_new[np.sort(rng.permutation(len(X_new))[:missing])]


def _prepare(sampler, n_members, n_rows, missing, seed):
    sampler = clone(sampler).set_params(sampling_strategy={1: n_members + missing})
    params = sampler.get_params(deep=False)
    # A member is its own nearest neighbour, so there is one neighbour fewer than rows.
    limits = {"members": n_members - 1, "rows": n_rows - 1}
    fitting = {
        name: min(params[name], limits[among])
        for name, among in NEIGHBOURHOODS.items()
        if isinstance(params.get(name), Integral)
    }
    if "random_state" in params:
        fitting["random_state"] = seed
    return sampler.set_params(**fitting)


def _new_rows(X_res, y_res, X, name):
    if not np.array_equal(X_res[: len(X)], X):
        raise TypeError(
            f"{name} changed or removed real rows. LabelwiseSampler lifts over-samplers only, "
            "which give the rows they got first, then the new ones."
        )
    X_new = X_res[len(X) :][y_res[len(X) :] == 1]
    if not len(X_new):
        raise ValueError(f"{name} gave no new row.")
    return X_new


def _report_failures(failures, n_done):
    if not failures:
        return
    first = next(iter(failures.values()))
    if not n_done:
        raise first
    warnings.warn(
        f"The lifted sampler failed on {len(failures)} term(s), columns {a_few(failures)} of y, "
        f"which are left alone. First message: {first}",
        SkippedTermWarning,
        stacklevel=5,
    )
