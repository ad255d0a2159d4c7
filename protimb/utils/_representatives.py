"""A bounded number of members of each term, where not all can be kept."""

import numpy as np

from protimb.utils._memory import rows_in_memory

# Members a term is represented by; more would make what is saved a copy of its data.
MEMBERS_A_TERM = 500


def members_a_term(n_features, n_terms):
    """Say how many members of each term may be copied from a matrix that is too large to be."""
    return min(MEMBERS_A_TERM, max(1, rows_in_memory(n_features) // (n_terms + 1)))


def representatives(y, n_a_term, rng):
    """Choose random rows of a csr (n_rows, n_terms) so that each term keeps all or ``n_a_term``.

    Rows without labels count as one more term. Gives sorted positions.
    """
    by_term = y.tocsc()
    groups = np.split(by_term.indices, by_term.indptr[1:-1])
    groups.append(np.flatnonzero(np.diff(y.indptr) == 0))
    chosen = [
        group if len(group) <= n_a_term else rng.choice(group, n_a_term, replace=False)
        for group in groups
    ]
    return np.unique(np.concatenate(chosen)).astype(np.int64)
