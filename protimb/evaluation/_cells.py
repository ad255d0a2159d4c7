"""Which terms of which proteins reach which threshold, propagated, and counted.

A score matters only by the thresholds that it reaches, so a namespace is one table of small
integers, a contiguous row a term, and propagation is a maximum of rows.
"""

from typing import NamedTuple

import numpy as np

from protimb.metrics._thresholds import ThresholdCounts, count_reached, sum_by_threshold

BYTES_A_BLOCK = 2**27  # of the table of levels: proteins are taken so many at a time


class Cells(NamedTuple):
    """Places (protein, term) of one namespace, and how many thresholds the score there reaches."""

    protein: np.ndarray  # (n_cells,)
    term: np.ndarray  # (n_cells,)
    reached: np.ndarray  # (n_cells,)

    def where(self, keep):
        """Keep some cells."""
        return Cells(*(values[keep] for values in self))


def propagate_cells(predicted, true, known, links, shape, prop):
    """Return (predicted cells, true cells) after propagation, without those that are known.

    ``predicted`` is (protein, term, level); true and known are (protein, term), sorted by protein.
    """
    n_proteins, n_terms = shape
    dtype = np.min_scalar_type(predicted[2].max(initial=1))
    width = max(1, BYTES_A_BLOCK // (n_terms * dtype.itemsize))
    # Of scores for one place the highest is written last, and stays.
    order = np.argsort(predicted[2].astype(dtype), kind="stable")
    predicted = [values[order] for values in predicted]
    blocks = []
    for start in range(0, n_proteins, width):
        stop = min(start + width, n_proteins)
        levels = np.zeros((n_terms, stop - start), dtype=dtype)
        protein, term, level = _within(predicted, start, stop)
        levels[term, protein] = level
        _propagate(levels, links, prop)
        levels[tuple(_within(known, start, stop)[::-1])] = 0
        blocks.append(_cells_of(levels, _within(true, start, stop), start))
    return tuple(_joined(parts) for parts in zip(*blocks, strict=True))


def _within(values, start, stop):
    """Cut (protein, ...) to the proteins from start to stop, counted from start."""
    inside = (values[0] >= start) & (values[0] < stop)
    if inside.all():
        return [values[0] - start, *values[1:]]
    return [values[0][inside] - start, *(one[inside] for one in values[1:])]


def _propagate(levels, links, prop):
    # Children precede parents, so one pass reaches the root.
    inherit = PROPAGATIONS[prop]
    for parent, children in links:
        inherit(levels[parent], [levels[child] for child in children])


def _inherit_max(own, children):
    for child in children:
        np.maximum(own, child, out=own)


def _inherit_fill(own, children):
    best = children[0].copy()
    _inherit_max(best, children[1:])
    np.copyto(own, best, where=own == 0)


# What a term gets from its children: the highest score, or that only where it has none itself.
PROPAGATIONS = {"max": _inherit_max, "fill": _inherit_fill}


def _cells_of(levels, true, start):
    """Return the cells that reach a threshold, and those that are true."""
    flat = np.flatnonzero(levels > 1)
    term, protein = np.divmod(flat, levels.shape[1])
    predicted = Cells(protein + start, term, levels.ravel()[flat] - 1)
    at_truth = levels[true[1], true[0]]
    reached = np.maximum(at_truth, 1) - 1
    return predicted, Cells(true[0] + start, true[1], reached.astype(levels.dtype))


def _joined(parts):
    if len(parts) == 1:
        return parts[0]
    return Cells(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def levels_of(scores, thresholds):
    """Count the thresholds that scores (n,) reach, plus 1: 0 is left for places without a score."""
    return count_reached(scores, thresholds).astype(np.int64) + 1


def count_cells(predicted, true, bits, thresholds, n_proteins):
    """Sum bits (n_terms,) by protein and threshold: ThresholdCounts of all n_proteins."""
    shape = n_proteins, len(thresholds) + 1
    weighs = bits > 0
    if not weighs.all():
        predicted, true = (one.where(weighs[one.term]) for one in (predicted, true))
    sums = [_sum_by_level(one, bits, shape) for one in (predicted, true)]
    return ThresholdCounts(
        thresholds=thresholds,
        known=np.ones(n_proteins, dtype=bool),
        true=_sum_by_protein(true, bits, n_proteins)[:, None],
        predicted=sums[0],
        correct=sums[1],
        covered=(sums[0] > 0).astype(float),
    )


def _sum_by_protein(cells, bits, n_proteins):
    sums = np.bincount(cells.protein, weights=bits[cells.term], minlength=n_proteins)
    return sums.astype(float, copy=False)  # of no cell at all, sums are integers


def _sum_by_level(cells, bits, shape):
    places = cells.protein * shape[1] + cells.reached
    return sum_by_threshold(places, bits[cells.term], shape).astype(float, copy=False)
