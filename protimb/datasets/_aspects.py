"""The three ontologies of GO, under all the names that tables of annotations give them."""

from collections import Counter

from protimb.utils._ontologies import ONTOLOGIES

# One row a vocabulary: how CAFA up to 5, GAF and CAFA 6, tools, and OBO write an aspect.
_VOCABULARIES = (
    {"molecular_function": "MFO", "biological_process": "BPO", "cellular_component": "CCO"},
    {"molecular_function": "F", "biological_process": "P", "cellular_component": "C"},
    {"molecular_function": "MF", "biological_process": "BP", "cellular_component": "CC"},
    {space: space for space in ONTOLOGIES.values()},
)

SPELLINGS = tuple(word for row in _VOCABULARIES for word in row.values())

# Any spelling, in lower case -> the namespace.
NAMESPACES = {word.lower(): space for row in _VOCABULARIES for space, word in row.items()}


def namespace_of(aspect):
    """Return the namespace that an aspect stands for, or None."""
    return NAMESPACES.get(aspect.lower())


def spelling_like(aspects, namespace):
    """Spell a namespace in the vocabulary, and the case, that most of the given aspects have."""
    counts = Counter(aspects)
    rows = [_in_case(row, counts) for row in _VOCABULARIES]
    used = [sum(counts[word] for word in row.values()) for row in rows]
    return rows[used.index(max(used))][namespace]


def _in_case(row, counts):
    lower = {space: word.lower() for space, word in row.items()}
    return lower if any(counts[word] for word in lower.values()) else row
