"""Draw the mean of a term of few members towards its parent's, as all terms say it should be.

A term's mean is taken for a draw around its parent's mean, with the covariance that such
differences have over all terms; the mean of its members is a draw around that, with the covariance
within terms. The posterior mean is what a term of few members is lent. That is the model of
probabilistic linear discriminant analysis (S. Ioffe, ECCV 2006, doi 10.1007/11744085_41; S. J. D.
Prince, J. H. Elder, ICCV 2007, doi 10.1109/ICCV.2007.4409052).
"""

import warnings

import numpy as np
from scipy import linalg, sparse

from protimb.exceptions import WhiteningWarning
from protimb.preprocessing import WithinTermWhitening
from protimb.utils._labelsets import count_members

# Terms with so many members keep their own mean: their parents would not change it.
MOST_MEMBERS = 200
# Members by which a parent exceeds a term: fewer know nothing that the term does not.
_MORE_MEMBERS = 5
# Members that make a term's own mean worth learning from, and terms that make a covariance.
_FEWEST_MEMBERS = 3
_FEWEST_TERMS = 10


def find_parents(y, ancestors=None):
    """Find each term's parent among the columns of csr y: int64 (n_terms,), -1 for none.

    It is the ancestor with the fewest members that has some more than the term. ``ancestors`` is
    csr (n_terms, n_terms), or None: then the columns that all members of a term carry are.
    """
    counts = count_members(y)
    few = np.flatnonzero((counts > 0) & (counts <= MOST_MEMBERS))
    if ancestors is None:
        of_few = y[:, few]
        rows = np.flatnonzero(np.diff(of_few.indptr))  # the others share nothing with these terms
        # int32: counts of shared rows overflow uint8.
        shared = sparse.coo_array(of_few[rows].T.astype(np.int32) @ y[rows].astype(np.int32))
        holds = shared.data == counts[few[shared.row]]
    else:
        shared = sparse.coo_array(sparse.csr_array(ancestors)[few])
        holds = shared.data != 0
    term, above = few[shared.row[holds]], shared.col[holds]
    larger = counts[above] >= counts[term] + _MORE_MEMBERS
    term, above = term[larger], above[larger]
    order = np.lexsort((above, counts[above], term))
    first = order[np.unique(term[order], return_index=True)[1]]
    parents = np.full(y.shape[1], -1)
    parents[term[first]] = above[first]
    return parents


def lend_means(centres, counts, parents, X, y):
    """Draw means of terms towards those of ``parents`` (n_terms,): float32 like ``centres``.

    ``centres`` (n_terms + 1, n_features) are means of members, the last of everyone, which stands
    in for missing parents; ``counts`` (n_terms,). Rows X (n_rows, n_features), csr y tell the
    covariance within terms.
    """
    taught = (counts >= _FEWEST_MEMBERS) & (counts <= MOST_MEMBERS)
    within = _within(X, y) if taught.sum() >= _FEWEST_TERMS else None
    if within is None:
        return centres
    bases = centres[parents]
    apart = (centres[:-1] - bases) @ within.whitening_  # whose noise is white
    between = apart[taught].T @ apart[taught] / taught.sum()
    between[np.diag_indices(len(between))] -= (1 / counts[taught]).mean()
    values, vectors = linalg.eigh(between, check_finite=False)
    values = np.maximum(values, 0)
    few = np.flatnonzero((counts > 0) & (counts <= MOST_MEMBERS))
    kept = values / (values + 1 / counts[few, None])
    lent = centres.copy()
    lent[few] = bases[few] + (apart[few] @ vectors * kept) @ vectors.T @ within.coloring_
    return lent.astype(np.float32, copy=False)


def _within(X, y):
    """Learn the covariance within terms; None where no term tells any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WhiteningWarning)
        within = WithinTermWhitening(normalize=False).fit(X, y)
    return within if within.n_terms_ else None
