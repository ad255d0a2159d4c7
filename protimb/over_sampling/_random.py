"""RandomLabelsetOverSampler: copy real rows until no term is too rare."""

import numpy as np

from protimb.base import BaseMultilabelOverSampler
from protimb.utils._containers import append_copies
from protimb.utils._rows_on_disk import Part


class RandomLabelsetOverSampler(BaseMultilabelOverSampler):
    """Over-sample by copying real rows, vectors and labelsets together.

    The simplest remedy against imbalance, and the one that any other has to beat: the rows of
    rare terms are shown to the classifier more often. It adds no new vector, so a classifier may
    learn the copies by heart.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: ``"auto"`` raises terms whose IRLbl exceeds MeanIR up to it [1]_; an int n raises
        every term to n members; ``{term: total}`` by column name or number; or a callable that gets
        y and returns such a dict. Classes, see ``target``: imbalanced-learn's meaning.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
    random_state : int, RandomState or None, default=None
        Seed of every draw.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: rows missing}``.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows drawn for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
    n_synthetic_ : int
        Number of rows added.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were added.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The real row that each added row copies.
    sample_indices_ : ndarray of int, shape (n_rows + n_synthetic,)
        The real row behind each row of the output.

    See Also
    --------
    MLROS : The same goals in rounds, or with a budget that they share.
    LPROS : Copies rows of rare labelsets first.
    LabelwiseSampler : Interpolates between members, term by term.
    imblearn.over_sampling.RandomOverSampler : The same for one label a row.

    Notes
    -----
    With ``"auto"`` the goals are those of MLROS in [1]_. What differs is the order: this sampler
    fills the rarest term first, so that the rows drawn for it count for its ancestors, and adds
    fewer rows in all than rounds over all terms do.

    Rows are copied as they are: X may be sparse, and columns may hold text, categories and dates.

    Members of a term are drawn about equally often: after full rounds through all of them, a
    random few once more. Totals are lower bounds, because a row drawn for a rare term brings its
    other labels along.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       3-16, 2015. https://doi.org/10.1016/j.neucom.2014.08.091

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> X = np.arange(10.0).reshape(5, 2)
    >>> y = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [0, 0, 1]])
    >>> sampler = RandomLabelsetOverSampler(sampling_strategy=4, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> y_res.sum(axis=0)
    array([7, 5, 4])
    >>> sampler.sampling_plan_.drop(columns="note")
          n_before  n_target  n_drawn  n_after
    term
    0            4         4        0        7
    1            2         4        2        5
    2            2         4        1        4
    """

    _moves_rows = _takes_sparse = True

    def _generate(self, X, y, plan, rng):
        return None, plan  # what is copied is not what was read, but what was passed

    def _append(self, X, X_new, plan):
        return append_copies(X, plan.rows)

    def _new_parts(self, X, X_new, plan):
        return [Part(X, plan.rows)]

    def _report(self, plan, target, budget):
        super()._report(plan, target, budget)
        n_rows = target.indicator.shape[0]
        self.sample_indices_ = np.concatenate([np.arange(n_rows), plan.rows])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags
