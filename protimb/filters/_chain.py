"""Several filters in a row: what one lets pass, another may still reject."""

from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from protimb.base import BaseFilter
from protimb.filters._cosine import CosineFilter
from protimb.filters._fidelity import LabelFidelityFilter
from protimb.filters._memorisation import MemorisationFilter
from protimb.utils._named import resolve, seeded
from protimb.utils._sklearn_compat import fit_context

# What a string stands for, as in CGANSampler(quality_filter="cosine").
FILTERS = {
    "cosine": CosineFilter,
    "fidelity": LabelFidelityFilter,
    "memorisation": MemorisationFilter,
}


class FilterChain(BaseFilter):
    """Keep the generated rows that every one of several filters keeps.

    Filters ask different questions: is a row like its term, could it be of another term, is it
    a copy. A chain asks them all and says how many rows each question cost.

    Parameters
    ----------
    filters : list of str or BaseFilter, default=("cosine", "fidelity")
        Keys of ``protimb.filters.FILTERS`` or objects; objects are cloned.
    random_state : int, RandomState instance or None, default=None
        Source of the seeds of filters that have a ``random_state`` that is None.

    Attributes
    ----------
    filters_ : dict of str to BaseFilter
        The fitted filters by name: the key, or the name of the class; a number follows where a
        name comes twice.

    See Also
    --------
    CosineFilter, LabelFidelityFilter, MemorisationFilter : Members to choose from.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import FilterChain
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=np.uint8), 40, axis=0)
    >>> X = 5 * y @ np.array([[1, 1], [1, -1]]) + rng.normal(size=(80, 2))
    >>> chain = FilterChain(["cosine", "memorisation"], random_state=0).fit(X, y)
    >>> X_new = np.array([X[0], [9.0, 9.0], [9.0, 9.0]])  # a copy, a new row, a wrong claim
    >>> y_new = np.array([[1, 0], [1, 0], [0, 1]])
    >>> chain.select(X_new, y_new)
    array([False,  True, False])
    >>> chain.report(X_new, y_new)["n_rejected_alone"].tolist()
    [1, 1]
    """

    _parameter_constraints: ClassVar[dict] = {
        "filters": ["array-like"],
        "random_state": ["random_state"],
    }

    def __init__(self, filters=("cosine", "fidelity"), *, random_state=None):
        self.filters = filters
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Fit every filter on the real rows.

        Parameters
        ----------
        X : array of shape (n_rows, n_features)
            Real protein vectors.
        y : array or sparse of shape (n_rows, n_terms)
            Binary indicators.

        Returns
        -------
        self : FilterChain

        Raises
        ------
        ValueError
            If there is no filter, one is unknown, or one refuses the rows.
        """
        rng = check_random_state(self.random_state)
        self.filters_ = {
            name: seeded(member, rng).fit(X, y) for name, member in self._members().items()
        }
        return self

    def score(self, X_new, y_new):
        """Compute the share of filters that keep each row.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
        y_new : array or sparse of shape (n_new, n_terms)

        Returns
        -------
        share : ndarray of shape (n_new,)
            1 for rows that the chain keeps.

        See Also
        --------
        score_members : What each filter says, in its own unit.
        """
        return self._decisions(X_new, y_new).mean(axis=1)

    def select(self, X_new, y_new):
        """Keep rows that every filter keeps.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
        y_new : array or sparse of shape (n_new, n_terms)

        Returns
        -------
        keep : ndarray of bool, shape (n_new,)
        """
        return self._decisions(X_new, y_new).all(axis=1)

    def score_members(self, X_new, y_new):
        """Collect the scores of every filter.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
        y_new : array or sparse of shape (n_new, n_terms)

        Returns
        -------
        scores : DataFrame of shape (n_new, n_filters)
            One column a filter; NaN where it cannot rate a row.
        """
        check_is_fitted(self)
        return pd.DataFrame(
            {name: member.score(X_new, y_new) for name, member in self.filters_.items()}
        )

    def report(self, X_new, y_new):
        """Count the rows that each filter rejects.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
        y_new : array or sparse of shape (n_new, n_terms)

        Returns
        -------
        report : DataFrame of shape (n_filters, 3)
            Indexed by ``filter``: ``n_rows`` judged, ``n_rejected``, and ``n_rejected_alone``,
            rows that all other filters keep.
        """
        rejected = ~self._decisions(X_new, y_new)
        alone = rejected & (rejected.sum(axis=1, keepdims=True) == 1)
        return pd.DataFrame(
            {
                "n_rows": len(rejected),
                "n_rejected": rejected.sum(axis=0),
                "n_rejected_alone": alone.sum(axis=0),
            },
            index=pd.Index(self.filters_, name="filter"),
        )

    def _decisions(self, X_new, y_new):
        check_is_fitted(self)
        members = self.filters_.values()
        return np.column_stack([member.select(X_new, y_new) for member in members])

    def _members(self):
        if isinstance(self.filters, str) or not len(self.filters):
            raise ValueError(
                "The 'filters' parameter of FilterChain must be a list of at least one filter. "
                f"Got {self.filters!r} instead."
            )
        members: dict[str, BaseFilter] = {}
        for given in self.filters:
            name = given if isinstance(given, str) else type(given).__name__
            count = sum(known.split("-")[0] == name for known in members)
            members[f"{name}-{count + 1}" if count else name] = _resolve(given)
        return members


def _resolve(given):
    if isinstance(given, BaseFilter):
        return given
    if isinstance(given, str) and given in FILTERS:
        return resolve(given, FILTERS, "FilterChain", "filters")
    raise ValueError(
        f"FilterChain knows the filters {', '.join(FILTERS)} and objects of BaseFilter. "
        f"Got {given!r} instead."
    )
