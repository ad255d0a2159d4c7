"""From ids as annotations write them to columns of the ontology, and what was lost on the way."""

from collections import Counter
from typing import NamedTuple
from warnings import warn

import numpy as np

from protimb.exceptions import OntologyWarning, UnknownTermError
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

UNKNOWN_POLICIES = ("warn", "ignore", "raise")

# Above this share of unknown ids, annotations and ontology are probably of different releases.
SUSPICIOUS_UNKNOWN_RATE = 0.05


class TermLookup(NamedTuple):
    """Where ids lie in an ontology."""

    columns: np.ndarray  # (n_ids,): position in ontology.terms; -1 where no term answers to the id
    n_mapped: int  # ids that were alternative, or obsolete with one replacement
    unknown: dict[str, int]  # ids that no term answers to -> how often each was given


def look_up(ids, ontology, unknown="warn"):
    """Find the column of each id; what to do about unknown ids is "warn", "ignore" or "raise"."""
    if unknown not in UNKNOWN_POLICIES:
        raise ValueError(f"unknown must be one of {UNKNOWN_POLICIES}, got {unknown!r}.")
    counts = Counter(ids)
    term_of = {one: ontology._find(one) for one in counts}
    column_of = {one: ontology._rank.get(term, -1) for one, term in term_of.items()}
    lookup = TermLookup(
        columns=np.fromiter(map(column_of.__getitem__, ids), dtype=np.int64, count=len(ids)),
        n_mapped=sum(n for one, n in counts.items() if term_of[one] not in (None, one)),
        unknown={one: n for one, n in counts.items() if term_of[one] is None},
    )
    _report(lookup, ontology, unknown)
    return lookup


def _report(lookup, ontology, unknown):
    if not lookup.unknown or unknown == "ignore":
        return
    message = _message(lookup, ontology)
    if unknown == "raise":
        raise UnknownTermError(message)
    warn(message, OntologyWarning, stacklevel=users_level())


def _message(lookup, ontology):
    n_ids, n_unknown = len(lookup.columns), sum(lookup.unknown.values())
    names = sorted(map(str, lookup.unknown))
    n_obsolete = sum(one in ontology.obsolete for one in lookup.unknown)
    message = (
        f"{n_unknown} of {n_ids} annotations name {len(names)} terms that this ontology "
        f"(version {ontology.version or 'unknown'}) does not have, {n_obsolete} of them obsolete "
        f"without a single replacement: {a_few(names)}."
    )
    if n_unknown > SUSPICIOUS_UNKNOWN_RATE * n_ids:
        message += " Annotations and ontology may be of different releases."
    return message
