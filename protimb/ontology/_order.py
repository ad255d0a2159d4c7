"""Walks over a directed acyclic graph given as term -> parents; none of them recurses."""

from collections import Counter
from graphlib import CycleError, TopologicalSorter

from protimb.exceptions import OntologyCycleError, OntologyError


def check_described(terms, namespaces, parents):
    """Refuse a term without a namespace, and parents of what is not a term."""
    nameless = [term for term in terms if term not in namespaces]
    if nameless:
        raise OntologyError(
            f"{len(nameless)} terms have no namespace, such as {nameless[0]!r}. Give each one."
        )
    strangers = [child for child in parents if child not in terms]
    if strangers:
        raise OntologyError(
            f"parents names {strangers[0]!r}, which is not a term of this ontology. "
            "Add it to names, or leave the edge out."
        )


def check_parents(parents):
    """Refuse a graph in which a parent is not itself a term."""
    for term, above in parents.items():
        for parent in above:
            if parent not in parents:
                raise OntologyError(
                    f"Term {term!r} has the parent {parent!r}, which is not a term of this "
                    "ontology. Add it, or leave the edge out."
                )


def children_first(parents):
    """Sort {term: parents} so that children precede parents; a cycle is shown in the error."""
    n_waiting = Counter(parent for above in parents.values() for parent in above)
    order = [term for term in parents if not n_waiting[term]]
    for term in order:  # grows while it is read: a parent follows its last child
        for parent in parents[term]:
            n_waiting[parent] -= 1
            if not n_waiting[parent]:
                order.append(parent)
    if len(order) < len(parents):
        raise _cycle_error(parents)
    return tuple(order)


def inverted(parents):
    """Turn term -> parents into term -> children."""
    children: dict[str, list[str]] = {term: [] for term in parents}
    for term, above in parents.items():
        for parent in above:
            children[parent].append(term)
    return {term: tuple(below) for term, below in children.items()}


def depths(parents, order):
    """Give {term: (fewest, most steps to a root)}; in order, children precede parents."""
    found: dict[str, tuple[int, int]] = {}
    for term in reversed(order):
        above = [found[parent] for parent in parents[term]]
        fewest, most = zip(*above, strict=True) if above else ((-1,), (-1,))
        found[term] = min(fewest) + 1, max(most) + 1
    return found


def reachable(starts, neighbours):
    """Collect the terms that any start leads to; a start counts only if one does."""
    found: set[str] = set()
    stack = [one for start in starts for one in neighbours[start]]
    while stack:
        term = stack.pop()
        if term not in found:
            found.add(term)
            stack.extend(neighbours[term])
    return frozenset(found)


def _cycle_error(parents):
    try:
        TopologicalSorter(inverted(parents)).prepare()
        path = "unknown"
    except CycleError as error:
        path = _shortened(error.args[1])
    return OntologyCycleError(
        f"Terms are their own ancestors: {path} (each is a child of the next). "
        "Leave out the relation that closes the cycle."
    )


def _shortened(cycle, limit=10):
    """Show a cycle of terms; of a long one its beginning and end."""
    if len(cycle) > limit:
        half = limit // 2
        cycle = [*cycle[:half], f"... {len(cycle) - limit} more ...", *cycle[-half:]]
    return " -> ".join(cycle)
