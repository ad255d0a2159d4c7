"""MLeNN and MLTL: remove rows of frequent terms whose neighbours have other labels."""

from numbers import Integral, Real

import numpy as np

from protimb.neighbors._search import NEIGHBORS
from protimb.under_sampling._base import BaseMultilabelCleaner
from protimb.under_sampling._neighbours import Nearest, adjusted_hamming, nearest_rows
from protimb.utils._sklearn_compat import HasMethods, Interval


class MLeNN(BaseMultilabelCleaner):
    """Remove rows of frequent terms that most of their neighbours contradict.

    Two rows contradict each other where their labels differ by more than ``threshold``. A row of
    frequent terms amid rows with other labels is noise, or lies where a rare term would need the
    room. This is the edited nearest neighbour rule for several labels a row [1]_.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Terms: ``"auto"`` lets rows of all majority terms go; a list names the terms, by column name
        or number, one of which a row must carry to go; a callable gets y and returns such a list.
        Classes, see ``target``: imbalanced-learn's meaning.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
    n_neighbors : int or object, default=3
        Neighbours that are asked, NN in [1]_; shrinks to the number of other rows.
        An object that searches, such as :class:`protimb.neighbors.SampledNeighbors` or
        scikit-learn's ``NearestNeighbors``, is copied, and asked for its own ``n_neighbors``.
    threshold : float, default=0.75
        Labels that differ by more contradict each other, HT in [1]_. 0 where both rows have the
        same labels, 1 where they share none.
    n_jobs : int or None, default=None
        Parallel searches.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: members that it is left with at least}``, for terms that may lose rows.
    sampling_plan_ : DataFrame of shape (n_terms, 4)
        Indexed by term: ``n_before``, ``n_floor``, ``n_after``, ``note``.
    sample_indices_ : ndarray of int, shape (n_rows - n_removed,)
        The rows that stay, in order.
    n_removed_ : int
        Number of rows removed.

    See Also
    --------
    MLTL : Asks the nearest neighbour only.
    imblearn.under_sampling.EditedNearestNeighbours : The rule for one label a row.

    Notes
    -----
    Labels differ by the *adjusted Hamming distance*: the labels that only one of the two rows
    has, by the labels that both have together, a shared one counted twice. A row goes if at least
    half of its neighbours contradict it. Where the paper leaves a choice:

    - A row goes only if it carries a term whose IRLbl is below MeanIR, and none whose IRLbl is
      above. The paper asks for the second only; then rows would go from balanced targets too.
    - All rows are judged by the rows that were there at first, in one pass.
    - Rows without labels stay. As neighbours they contradict whoever has labels.

    Of rows of frequent terms each is compared with all: where that is slow, a
    ``SlowSearchWarning`` says so.

    Neighbours are Euclidean: scale features that differ in unit. Where more rows are equally far
    than ``n_neighbors`` has room for, which of them are asked depends on the order of the rows and
    on nothing else. Among real-valued vectors that happens at copies only; with counts or binary
    features it is common, and other decisions follow if rows are shuffled.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "MLeNN: a first approach to
       heuristic multilabel undersampling", IDEAL 2014, LNCS 8669, 1-9.
       https://doi.org/10.1007/978-3-319-10840-7_1

    Examples
    --------
    The fourth row has the frequent term among rows that have the rare one.

    >>> import numpy as np
    >>> from protimb.under_sampling import MLeNN
    >>> X = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2], [0.3]])
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [1, 0]])
    >>> sampler = MLeNN(n_neighbors=2).fit(X, y)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> sampler.sample_indices_
    array([0, 1, 2, 4, 5, 6])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseMultilabelCleaner._parameter_constraints,
        "n_neighbors": NEIGHBORS,
        "threshold": [Interval(Real, 0, 1, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        target="auto",
        n_neighbors=3,
        threshold=0.75,
        n_jobs=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy, target=target)
        self.n_neighbors = n_neighbors
        self.threshold = threshold
        self.n_jobs = n_jobs

    def _choose(self, X, target, floors):
        rows = self._candidates(target, floors)
        neighbours = nearest_rows(X, rows, self.n_neighbors, self.n_jobs)
        # One column at a time: all pairs at once would take n_neighbors copies of the labels.
        n_contradictions = sum(
            adjusted_hamming(target.indicator, rows, column) > self.threshold
            for column in neighbours.T
        )
        return rows[2 * n_contradictions >= neighbours.shape[1]]


class MLTL(BaseMultilabelCleaner):
    """Remove rows of frequent terms that form a Tomek link.

    A Tomek link is a pair of rows, each the nearest neighbour of the other, whose labels differ
    by more than ``threshold``: both lie where the one kind ends and the other begins. Its rows of
    frequent terms go, which clears the border [1]_.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Terms: ``"auto"`` lets rows of all majority terms go; a list names the terms, by column name
        or number, one of which a row must carry to go; a callable gets y and returns such a list.
        Classes, see ``target``: imbalanced-learn's meaning.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
    threshold : float, default=0.5
        Labels that differ by more contradict each other. 0 where both rows have the same labels,
        1 where they share none.
    mutual : bool, default=True
        Whether both rows must be the nearest neighbour of the other, as in Tomek's definition;
        otherwise a row goes if its nearest neighbour contradicts it.
    neighbors : object, optional
        What finds the nearest row, such as :class:`protimb.neighbors.FaissNeighbors` or
        scikit-learn's ``NearestNeighbors``; it is copied. By default an exact search of all rows.
        With a sample, ``mutual`` finds only links between two rows of the sample.
    n_jobs : int or None, default=None
        Parallel searches.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: members that it is left with at least}``, for terms that may lose rows.
    sampling_plan_ : DataFrame of shape (n_terms, 4)
        Indexed by term: ``n_before``, ``n_floor``, ``n_after``, ``note``.
    sample_indices_ : ndarray of int, shape (n_rows - n_removed,)
        The rows that stay, in order.
    n_removed_ : int
        Number of rows removed.

    See Also
    --------
    MLeNN : Asks more neighbours than one.
    imblearn.under_sampling.TomekLinks : The same for one label a row.

    Notes
    -----
    Labels differ by the adjusted Hamming distance, see :class:`MLeNN`. Where the paper leaves a
    choice:

    - Links are mutual, so that with one label a row the result is that of imbalanced-learn's
      ``TomekLinks``. The authors' program looks at the nearest neighbour of a row alone, and
      counts a label that both rows have once: ``mutual=False`` and a higher threshold.
    - A row goes only if it carries a term whose IRLbl is below MeanIR, and none whose IRLbl is
      above; the authors' program removes rows with a rare term if they have a frequent one too.
    - The variant that cleans up after over-sampling, where rows of rare terms go too, is not
      offered.
    - Rows without labels stay.

    Of rows of frequent terms each is compared with all: where that is slow, a
    ``SlowSearchWarning`` says so.

    Where several rows are nearest, the one that counts depends on the order of the rows, as in
    :class:`MLeNN`.

    References
    ----------
    .. [1] R. M. Pereira, Y. M. G. Costa, C. N. Silla Jr., "MLTL: A multi-label approach for the
       Tomek Link undersampling algorithm", Neurocomputing 383, 95-105, 2020.
       https://doi.org/10.1016/j.neucom.2019.11.076

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.under_sampling import MLTL
    >>> X = np.array([[0.0], [0.1], [0.3], [0.6], [1.0], [1.1], [3.0]])
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 0]])
    >>> sampler = MLTL()
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> sampler.sample_indices_
    array([0, 1, 2, 3, 5, 6])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseMultilabelCleaner._parameter_constraints,
        "threshold": [Interval(Real, 0, 1, closed="left")],
        "mutual": ["boolean"],
        "neighbors": [HasMethods(["fit", "kneighbors"]), None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        target="auto",
        threshold=0.5,
        mutual=True,
        neighbors=None,
        n_jobs=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy, target=target)
        self.threshold = threshold
        self.mutual = mutual
        self.neighbors = neighbors
        self.n_jobs = n_jobs

    def _choose(self, X, target, floors):
        rows = self._candidates(target, floors)
        if not len(rows) or X.shape[0] < 2:
            return rows[:0]
        found = Nearest(
            X, 1 if self.neighbors is None else self.neighbors, self.n_jobs, len(rows), "neighbors"
        )
        nearest = found.of(rows)[:, 0]
        linked = adjusted_hamming(target.indicator, rows, nearest) > self.threshold
        rows, nearest = rows[linked], nearest[linked]
        if not self.mutual:
            return rows
        asked, place = np.unique(nearest, return_inverse=True)
        return rows[found.of(asked)[:, 0][place] == rows]
