"""Several filters in a row: what one lets pass, another may still reject."""

from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from protimb.filters._base import BaseFilter
from protimb.filters._cosine import CosineFilter
from protimb.filters._critic import CriticFilter
from protimb.filters._fidelity import LabelFidelityFilter
from protimb.filters._intrusion import IntrusionFilter
from protimb.filters._memorisation import MemorisationFilter
from protimb.utils._named import resolve, seeded


class FilterChain(BaseFilter):
    """Keep the generated rows that every one of several filters keeps.

    Filters ask different questions: is a row like its term, could it be of another term, is it
    a copy. A chain asks them all and says how many rows each question cost.

    A row's score is the share of filters that keep it, 1 for rows that the chain keeps.

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
    StrictFilter : The chain for those who doubt generated rows.
    CosineFilter, CriticFilter, IntrusionFilter : Members to choose from.
    LabelFidelityFilter, MemorisationFilter : More of them.

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

    def _fit(self, X, indicator):
        rng = check_random_state(self.random_state)
        self.filters_ = {
            name: seeded(member, rng).fit(X, indicator) for name, member in self._members().items()
        }

    def _score(self, X_new, claims):
        return self._decisions(X_new, claims).mean(axis=1)

    def _threshold(self, claims):
        return 1  # a share that only rows reach which every filter keeps

    def score_members(self, X, y):
        """Collect the scores of every filter.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
        y : array-like or sparse of shape (n_new, n_terms) or (n_new,)

        Returns
        -------
        scores : DataFrame of shape (n_new, n_filters)
            One column a filter; NaN where it cannot rate a row.
        """
        X_new, claims = self._read_new(X, y)
        return pd.DataFrame(
            {name: member.score(X_new, claims) for name, member in self.filters_.items()}
        )

    def report(self, X, y):
        """Count the rows that each filter rejects.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
        y : array-like or sparse of shape (n_new, n_terms) or (n_new,)

        Returns
        -------
        report : DataFrame of shape (n_filters, 3)
            Indexed by ``filter``: ``n_rows`` judged, ``n_rejected``, and ``n_rejected_alone``,
            rows that all other filters keep.
        """
        rejected = ~self._decisions(*self._read_new(X, y))
        alone = rejected & (rejected.sum(axis=1, keepdims=True) == 1)
        return pd.DataFrame(
            {
                "n_rows": len(rejected),
                "n_rejected": rejected.sum(axis=0),
                "n_rejected_alone": alone.sum(axis=0),
            },
            index=pd.Index(self.filters_, name="filter"),
        )

    def _decisions(self, X_new, claims):
        """Ask every filter about checked rows: (n_new, n_filters), True where it keeps one."""
        return np.column_stack([member.select(X_new, claims) for member in self.filters_.values()])

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


class StrictFilter(FilterChain):
    """Keep generated rows that a critic takes for real proteins with these labels, and no copies.

    Of the filters here :class:`CriticFilter` tells false rows best; a copy may pass it, so
    :class:`MemorisationFilter` follows.

    Parameters
    ----------
    filters : list of str or BaseFilter, default=("critic", "memorisation")
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
    FilterChain : Any other chain.
    CosineFilter : A coarser sieve that takes a tenth of the time.

    Notes
    -----
    This is ``quality_filter="strict"`` of a sampler. A sampler whose rows it rejects draws again
    up to ``max_rounds`` times, and falls short of its plan if that is in vain.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import CriticFilter, StrictFilter
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=np.uint8), 100, axis=0)
    >>> X = 5 * y @ np.array([[1, 1], [1, -1]]) + rng.normal(size=(200, 2))
    >>> strict = StrictFilter([CriticFilter(max_iter=20), "memorisation"], random_state=0)
    >>> X_new = np.array([X[0], [5.1, 5.3], [5.1, 5.3]])  # a copy, a new row, a wrong claim
    >>> strict.fit(X, y).select(X_new, [[1, 0], [1, 0], [0, 1]])
    array([False,  True, False])
    """

    def __init__(self, filters=("critic", "memorisation"), *, random_state=None):
        super().__init__(filters, random_state=random_state)


# What a string stands for, as in CGANSampler(quality_filter="cosine").
FILTERS: dict[str, type[BaseFilter]] = {
    "cosine": CosineFilter,
    "critic": CriticFilter,
    "fidelity": LabelFidelityFilter,
    "intrusion": IntrusionFilter,
    "memorisation": MemorisationFilter,
    "strict": StrictFilter,
}
