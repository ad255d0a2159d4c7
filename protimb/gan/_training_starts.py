"""What training rows start from: members of their terms, or themselves moved."""

from functools import partial

import numpy as np
import torch

from protimb.training import draw_rows


class MemberStarts:
    """Give each row a random member of its rarest term to start from.

    ``vectors`` are scaled, to be cut by rows; ``rarest`` is each row's rarest term, int64, -1 for
    rows without any, which start from one another; ``by_term`` is {term: positions of members}.
    """

    def __init__(self, vectors, rarest, by_term, device):
        terms = sorted(by_term)
        counts = np.array([len(by_term[term]) for term in terms])
        place = np.searchsorted(terms, rarest)
        self.vectors = vectors
        members = np.concatenate([by_term[term] for term in terms]).astype(np.int64)
        self.members = torch.from_numpy(members).to(device)
        self.first = torch.from_numpy((np.cumsum(counts) - counts)[place]).to(device)
        self.counts = torch.from_numpy(counts[place]).to(device)

    def __call__(self, rows, rng):
        """Draw one start a row, (batch, n_features)."""
        point = draw_rows(torch.rand, (len(rows),), rng)
        within = (point * self.counts[rows]).long().clamp_(max=self.counts[rows] - 1)
        return self.vectors[self.members[self.first[rows] + within]]


class MovedStarts:
    """Give each training row itself, nearer to the mean of its term, moved as two relatives differ.

    ``vectors`` are scaled, to be cut by rows; ``rarest`` is each row's rarest term, int64, -1 for
    rows without any; ``relative`` is the ``Relative`` that rows are started from later.
    """

    def __init__(self, vectors, relative, rarest, device):
        self.vectors, self.keeps = vectors, relative.keeps
        self.moves = torch.from_numpy(relative.moves).to(device)
        self.borrowing = relative.borrowing
        # What is added to a share of the row: own means, and those lent, by term.
        shifts = relative.centres * np.float32(1 - relative.keeps)
        lent = shifts + (relative.lent - relative.centres)
        self.shifts = torch.from_numpy(np.stack([shifts, lent])).to(device)
        self.rarest = torch.from_numpy(rarest % len(shifts)).to(device)

    def __call__(self, rows, rng):
        """Draw one start a row, (batch, n_features)."""
        picked = draw_rows(partial(torch.randint, len(self.moves)), (len(rows),), rng)
        sign = 2 * draw_rows(partial(torch.randint, 2), (len(rows), 1), rng) - 1
        borrows = (draw_rows(torch.rand, (len(rows),), rng) < self.borrowing).long()
        start = self.shifts[borrows, self.rarest[rows]] + self.keeps * self.vectors[rows]
        return start + sign * self.moves[picked]
