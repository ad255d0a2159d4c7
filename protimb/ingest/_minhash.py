"""Sequence clusters by hashed words that sequences share, in place of alignments."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

# Residues that often replace one another are one letter: fifteen are left (Murphy et al. 2000).
_LETTERS = ("LVIM", "C", "A", "G", "S", "T", "P", "FY", "W", "E", "D", "N", "Q", "KR", "H")
# Positions of a word: gaps make neighbouring words less dependent than those in a row.
_PLACES = (0, 1, 3, 4, 6, 8)  # 110110101
_MAX_WORDS = 30_000_000  # of all proteins together; of more, a share chosen by hash
_MAX_PROTEINS = 30  # that have a word: of more, it is a motif and not a family's
_MIN_SHARED = 2
_FLOOR_AT_30 = 0.0075  # share of weight that relatives of 30 % identity have in common
_MAX_SHARE, _MAX_GROUP = 0.02, 100  # a group may have so many proteins, whichever is more
_STEP = 1.25  # by which the floor rises for a group that is too large
_UNIT = 2.0**20  # one shared word, beside which the weights of all words of a protein fit
_BLOCK = 1000  # proteins compared with all others at once


def link_by_words(sequences, identity, coverage):
    """Group {protein: residues} by shared words: {protein: the longest protein of its group}."""
    proteins = list(sequences)
    lengths = np.array([len(one) for one in sequences.values()])
    has, totals = _word_table(list(sequences.values()), lengths)
    if not has.nnz:
        return dict(zip(proteins, proteins, strict=True))
    floor = identity ** (np.log(_FLOOR_AT_30) / np.log(0.3))
    first, second, alike = _links(has, totals, lengths, floor, coverage)
    groups = _capped_groups(first, second, alike, floor, len(proteins))
    names = [proteins[row] for row in _longest(groups, lengths)]
    return dict(zip(proteins, names, strict=True))


def _word_table(sequences, lengths):
    """Mark words that proteins share: CSR of ones (n_proteins, n_words); weigh all words of each.

    A word weighs the logarithm of how many times fewer proteins have it than there are, and one
    more: what all have is of weight as well, since two twins may be all there are.
    """
    n_proteins = len(sequences)
    rows, words = _words(sequences, lengths)
    once = np.unique(words * n_proteins + rows)  # a repeat within a protein counts once
    rows, words = once % n_proteins, once // n_proteins
    _, columns, n_with = np.unique(words, return_inverse=True, return_counts=True)
    weights = np.log1p(n_proteins / n_with) * (n_with <= _MAX_PROTEINS)
    totals = np.bincount(rows, weights[columns], minlength=n_proteins)
    links = (n_with > 1) & (n_with <= _MAX_PROTEINS)
    linking = links[columns]
    shape = (n_proteins, int(links.sum()))
    place = np.cumsum(links) - 1  # columns of words that link nobody are left out
    at = (rows[linking], place[columns[linking]])
    return sparse.csr_array((np.ones(len(at[0])), at), shape=shape), totals


def _words(sequences, lengths):
    """Return protein (n_occurrences,) and number (n_occurrences,) of each word."""
    width = _PLACES[-1] + 1
    text = "".join(one.upper() + "-" * width for one in sequences).encode("ascii")
    letters = _letter_numbers()[np.frombuffer(text, np.uint8)]
    n_places = len(letters) - width + 1
    words, whole = np.zeros(n_places, np.int64), np.ones(n_places, bool)
    for place in _PLACES:
        at = letters[place : place + n_places]
        words = words * len(_LETTERS) + at
        whole &= at >= 0
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths + width)[:n_places]
    chosen = whole & _chosen(words, int(whole.sum()))
    return rows[chosen], words[chosen]


def _letter_numbers():
    numbers = np.full(256, -1)
    for number, group in enumerate(_LETTERS):
        numbers[np.frombuffer(group.encode("ascii"), np.uint8)] = number
    return numbers


def _chosen(words, n_words):
    """Keep the same share of words of every protein: those of the lowest hashes."""
    if n_words <= _MAX_WORDS:
        return True
    # Fibonacci hashing, modulo 2^64
    mixed = words.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(32)) < np.uint64(2**32 * _MAX_WORDS / n_words)


def _links(has, totals, lengths, floor, coverage):
    """Return pairs (n_links,), (n_links,) of proteins, and the share of weight in common."""
    weights = np.log1p(has.shape[0] / has.sum(axis=0))
    # One product counts shared words and adds up their weights.
    weighted = (has @ sparse.diags_array(weights + _UNIT)).T.tocsr()
    found = []
    for start in range(0, has.shape[0], _BLOCK):
        product = (has[start : start + _BLOCK] @ weighted).tocoo()
        found.append(_links_of_block(product, start, totals, lengths, floor, coverage))
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _links_of_block(product, start, totals, lengths, floor, coverage):
    first, second = product.row.astype(np.int64) + start, product.col.astype(np.int64)
    n_shared = np.floor(product.data / _UNIT)
    larger = np.maximum(totals[first], totals[second])
    alike = (product.data - n_shared * _UNIT) / np.where(larger > 0, larger, 1)
    short = np.minimum(lengths[first], lengths[second])
    covered = short >= coverage * np.maximum(lengths[first], lengths[second])
    kept = (first < second) & (n_shared >= _MIN_SHARED) & (alike >= floor) & covered
    return first[kept], second[kept], alike[kept]


def _capped_groups(first, second, alike, floor, n_proteins):
    """Return the group (n_proteins,) of each; groups that are too large are linked anew."""
    limit = max(_MAX_GROUP, _MAX_SHARE * n_proteins)
    linked = np.ones(len(first), dtype=bool)
    groups = _connected(first, second, n_proteins)
    while floor < 1 and (too_large := np.bincount(groups)[groups] > limit).any():
        floor *= _STEP
        linked &= ~too_large[first] | (alike >= floor)
        groups = _connected(first[linked], second[linked], n_proteins)
    return groups


def _connected(first, second, n_proteins):
    links = sparse.csr_array((np.ones(len(first)), (first, second)), shape=(n_proteins,) * 2)
    return connected_components(links, directed=False)[1]


def _longest(groups, lengths):
    """Return, for each protein, the row of the longest of its group, the first of equal ones."""
    order = np.lexsort((np.arange(len(groups)), -lengths, groups))
    _, starts = np.unique(groups[order], return_index=True)
    return order[starts][groups]
