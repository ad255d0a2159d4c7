"""Leave alone the terms that are too rare to learn, or frequent enough."""

from dataclasses import replace

import numpy as np

from protimb.budgets._strategy import is_explicit
from protimb.exceptions import InvalidLabelsError
from protimb.utils._validation import a_few

OUTSIDE_RANGE = "outside term_range"


def check_range(term_range):
    """Refuse what is neither None nor two counts in order."""
    if term_range is None:
        return
    is_pair = len(term_range) == 2 and all(isinstance(n, int | np.integer) for n in term_range)
    if not is_pair or not 1 <= term_range[0] <= term_range[1]:
        raise ValueError(
            "term_range must be None or two counts, the fewest and the most members, such as "
            f"(20, 200). Got {term_range!r}."
        )


def terms_in_range(counts, term_range):
    """Tell which terms have (fewest, most) members; None takes every term: bool, (n_terms,)."""
    if term_range is None:
        return np.ones(len(counts), dtype=bool)
    low, high = term_range
    return (counts >= low) & (counts <= high)


def restrict_budget(budget, term_range, terms, strategy):
    """Leave alone the terms with fewer or more members; one that the strategy names is an error."""
    inside = terms_in_range(budget.n_before, term_range)
    if not inside.any():
        raise InvalidLabelsError(
            f"No term of y has as many members as term_range={term_range!r} asks for; they have "
            f"{budget.n_before.min()} to {budget.n_before.max()}."
        )
    outside = ~inside & (budget.missing > 0)
    if outside.any() and is_explicit(strategy):
        names = a_few(f"{terms[c]}: {budget.n_before[c]}" for c in np.flatnonzero(outside))
        raise InvalidLabelsError(
            f"sampling_strategy names {outside.sum()} term(s) outside term_range={term_range!r} "
            f"(term: members; {names}). Leave them out or widen the range."
        )
    return replace(
        budget,
        n_target=np.where(outside, budget.n_before, budget.n_target),
        targeted=budget.targeted & ~outside,
        notes=np.where(outside, OUTSIDE_RANGE, budget.notes),
    )
