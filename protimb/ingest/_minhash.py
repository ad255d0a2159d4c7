"""Sequence clusters by hashed words that sequences share, in place of alignments."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from protimb.utils._residue_words import words_once

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
    has, totals = _word_table(list(sequences.values()))
    if not has.nnz:
        return dict(zip(proteins, proteins, strict=True))
    floor = identity ** (np.log(_FLOOR_AT_30) / np.log(0.3))
    first, second, alike = _links(has, totals, lengths, floor, coverage)
    groups = _capped_groups(first, second, alike, floor, len(proteins))
    names = [proteins[row] for row in _longest(groups, lengths)]
    return dict(zip(proteins, names, strict=True))


def _word_table(sequences):
    """Mark words that proteins share: CSR of ones (n_proteins, n_words); weigh all words of each.

    A word weighs the logarithm of how many times fewer proteins have it than there are, and one
    more: what all have is of weight as well, since two twins may be all there are.
    """
    n_proteins = len(sequences)
    rows, words, _ = words_once(sequences)
    _, columns, n_with = np.unique(words, return_inverse=True, return_counts=True)
    weights = np.log1p(n_proteins / n_with) * (n_with <= _MAX_PROTEINS)
    totals = np.bincount(rows, weights[columns], minlength=n_proteins)
    links = (n_with > 1) & (n_with <= _MAX_PROTEINS)
    linking = links[columns]
    shape = (n_proteins, int(links.sum()))
    place = np.cumsum(links) - 1  # columns of words that link nobody are left out
    at = (rows[linking], place[columns[linking]])
    return sparse.csr_array((np.ones(len(at[0])), at), shape=shape), totals


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
