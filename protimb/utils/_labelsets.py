"""Number the distinct labelsets of a target."""

from itertools import pairwise

import numpy as np


def number_labelsets(indicator):
    """Give rows numbers, rows with the same labels the same one.

    Parameters
    ----------
    indicator : csr_array of shape (n_rows, n_terms)
        In canonical form, as ``check_indicator`` gives it.

    Returns
    -------
    labelset_ids : ndarray of int64, shape (n_rows,)
        From 0, in order of first appearance.

    Examples
    --------
    >>> from protimb.utils._validation import check_indicator
    >>> number_labelsets(check_indicator([[1, 0], [0, 0], [1, 0]])[0]).tolist()
    [0, 1, 0]
    """
    bounds, indices = indicator.indptr, indicator.indices
    seen: dict = {}
    ids = [
        seen.setdefault(indices[start:stop].tobytes(), len(seen))
        for start, stop in pairwise(bounds)
    ]
    return np.asarray(ids, dtype=np.int64)
