"""REMEDIAL: split rows in which frequent and rare terms concur."""

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.base import BaseMultilabelSampler
from protimb.budgets._strategy import check_labelsets_differ
from protimb.over_sampling._closure import close_rows, find_closure
from protimb.utils._containers import append_copies, ids_after, labels_like
from protimb.utils._imbalance import irlbl, minority_terms, scumble_rows
from protimb.utils._rows_on_disk import Part, check_out, documents_out, write_rows
from protimb.utils._sklearn_compat import HasMethods, fit_context


class REMEDIAL(BaseMultilabelSampler):
    """Decouple frequent and rare terms: one row for each where they concur too much.

    A row that carries a frequent and a rare term teaches a classifier mostly the frequent one.
    Where SCUMBLE, the concurrence of both, is above its mean over all rows, the row is split into
    two with the same vector: it keeps its frequent terms, and a new row gets the rare ones [1]_.

    Parameters
    ----------
    ontology : GeneOntology, optional
        Then the new rows get the ancestors of their rare terms back, see Notes.
    terms : sequence of str, optional
        Term of each column of ``y``; by default the columns of a DataFrame.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{rare term: rows that it was split off from}``.
    sampling_plan_ : DataFrame of shape (n_terms, 3)
        Indexed by term: ``n_before``; ``n_split``, rows that the term was split off from;
        ``n_after``.
    n_synthetic_ : int
        Number of rows added, one for each row that was split.
    n_closed_ : int
        New rows that got ancestors back.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were added.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The rows that were split, in the order of the new rows.
    sample_indices_ : ndarray of int, shape (n_rows + n_synthetic,)
        The real row behind each row of the output.

    See Also
    --------
    MLSMOTE : Often run on what REMEDIAL gives; the pair is called REMEDIAL-HwR.
    protimb.metrics.scumble_score : What this sampler lowers.

    Notes
    -----
    This is the one sampler here that changes labels of real rows: vectors come first, unchanged
    and in order, but rows that were split have lost their rare terms. There is no budget, nothing
    is drawn at random, and rows with one label at most are left alone, so a target with exactly
    one label a row comes back as it went in.

    An ontology is at odds with the idea, because the frequent terms to be decoupled are to a large
    part ancestors of the rare ones. Without ``ontology=`` the new rows break the true-path rule.
    With it they keep the rare terms and their ancestors, and lose other frequent terms only. The
    frequent half is closed in any case: an ancestor is at least as frequent as its descendants.

    Read in the paper as follows. SCUMBLE of a row compares the terms that it carries, see
    `protimb.metrics.scumble_score`. A term is rare if its IRLbl exceeds MeanIR. A row whose terms
    are all rare, or all frequent, is not split however high its SCUMBLE: the pseudo-code would
    add a row without labels.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Dealing with difficult minority
       labels in imbalanced mutilabel data sets", Neurocomputing 326-327, 39-53, 2019.
       https://doi.org/10.1016/j.neucom.2016.08.158

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import REMEDIAL
    >>> X = np.arange(10.0).reshape(5, 2)
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [1, 1], [0, 0]])
    >>> sampler = REMEDIAL()
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> y_res[[3, 5]]  # the fourth row was split
    array([[1, 0],
           [0, 1]])
    >>> sampler.sample_indices_
    array([0, 1, 2, 3, 4, 3])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "ontology": [HasMethods(["closure"]), None],
        "terms": ["array-like", None],
    }

    def __init__(self, *, ontology=None, terms=None):
        self.ontology = ontology
        self.terms = terms

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Check the inputs, and find the rows to split.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_features)
            Sparse or dense; columns may hold text, categories and dates as well as numbers.
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators.

        Returns
        -------
        self : REMEDIAL
        """
        self._forget()
        self._split(self._read(X, y)[1])
        return self

    @fit_context(prefer_skip_nested_validation=True)
    @documents_out
    def fit_resample(self, X, y, *, out=None):
        """Give the real vectors in order, split rows without their rare terms, then the new rows.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_features)
            Sparse or dense; columns may hold text, categories and dates as well as numbers.
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators; rows without any label stay.
        {out}

        Returns
        -------
        X_res : same type as X, n_rows + n_synthetic rows
            With ``out`` a read-only memory map of ``X.npy``.
        y_res : same type as y, n_rows + n_synthetic rows
            With ``out`` a csr_array of uint8, or classes.

        Raises
        ------
        FileExistsError
            If ``out`` holds something already.
        InvalidLabelsError
            If y is not made of binary indicators, all its rows have one labelset, or its columns
            have no names to look up in the ontology.
        TypeError
            If X is no matrix of numbers that ``out`` could hold.
        """
        self._forget()
        check_out(out, X)
        _, target = self._read(X, y)
        labels, split = self._split(target)
        n_rows = len(labels.indptr) - 1 - len(split)
        self.n_synthetic_ = len(split)
        self.synthetic_mask_ = np.arange(n_rows + len(split)) >= n_rows
        self.conditioning_indices_ = split
        self.sample_indices_ = np.concatenate([np.arange(n_rows), split])
        if out is not None:
            return write_rows(
                out, [Part(X), Part(X, split)], labels if target.is_matrix else target.classes
            )
        X_res = append_copies(X, split)
        if not len(split):  # y may hold classes, which no label rows are like
            return X_res, append_copies(y, split)
        is_frame = isinstance(y, pd.DataFrame)
        ids = y.index.append(ids_after(y.index, len(split))) if is_frame else None
        return X_res, labels_like(y, labels, ids)

    _moves_rows = _takes_sparse = True

    # imbalanced-learn's hook is not called: both of its callers are overridden above.
    _fit_resample = None

    def _split(self, target):
        """Give all label rows, split ones first without and then with their rare terms only."""
        counts = target.indicator.sum(axis=0, dtype=np.int64)
        check_labelsets_differ(counts, target)
        rare = minority_terms(counts)
        split = _rows_to_split(target.indicator, counts, rare)
        new, closed = self._rare_halves(target, split, rare)
        self.n_closed_ = int(closed.sum())
        labels = sparse.vstack([_without(target.indicator, split, rare), new], format="csr")
        self._report(target, counts, rare, split, labels)
        return labels, split

    def _rare_halves(self, target, split, rare):
        closure = find_closure(self.ontology, self.terms, target.terms) if len(split) else None
        halves = sparse.csr_array(target.indicator[split].multiply(rare.astype(np.uint8)))
        halves.eliminate_zeros()
        return close_rows(halves, closure)

    def _report(self, target, counts, rare, split, labels):
        n_split = target.indicator[split].sum(axis=0, dtype=np.int64) * rare
        self.sampling_strategy_ = {
            target.terms[c]: int(n_split[c]) for c in np.flatnonzero(n_split)
        }
        self.sampling_plan_ = pd.DataFrame(
            {
                "n_before": counts,
                "n_split": n_split,
                "n_after": labels.sum(axis=0, dtype=np.int64),
            },
            index=pd.Index(target.terms, name="term", tupleize_cols=False),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags


def _rows_to_split(indicator, counts, rare):
    """Find rows with SCUMBLE above its mean that carry both rare and frequent terms."""
    scumble = scumble_rows(indicator, irlbl(counts))
    n_rare = indicator @ rare.astype(np.int64)
    mixed = (n_rare > 0) & (n_rare < np.diff(indicator.indptr))
    # Equal values may give a mean that is off by a rounding error, and are not above it.
    return np.flatnonzero(mixed & (scumble > scumble.mean() * (1 + 1e-12)))


def _without(indicator, rows, terms):
    """Take some terms off some rows."""
    is_split = np.zeros(indicator.shape[0], dtype=bool)
    is_split[rows] = True
    of_row = np.repeat(is_split, np.diff(indicator.indptr))
    kept = ~(of_row & terms[indicator.indices])
    starts = np.concatenate([[0], np.cumsum(kept)])[indicator.indptr]
    data = np.ones(kept.sum(), dtype=np.uint8)
    return sparse.csr_array((data, indicator.indices[kept], starts), shape=indicator.shape)
