"""Variants of CGANSampler that an experiment asked for and that did not earn a parameter."""

from dataclasses import replace

import numpy as np
from sklearn.preprocessing import normalize

from protimb.budgets._plan import Plan
from protimb.over_sampling import CGANSampler


class SiblingSeeds(CGANSampler):
    """Start from members of the most similar other term, under the labels of the rare one."""

    def _planned_seeds(self, X, plan, rng):
        vectors = np.nan_to_num(self._term_vectors)
        similarity = normalize(vectors) @ normalize(vectors).T
        np.fill_diagonal(similarity, -np.inf)
        return self._bank.for_terms(similarity.argmax(axis=1)[plan.terms], rng)


class RandomMoves(CGANSampler):
    """Move proteins in random directions, as far as relatives lie apart."""

    def _train(self, X, y, rng, resume_from=None):
        super()._train(X, y, rng, resume_from)
        lengths = np.linalg.norm(self._bank.moves, axis=1, keepdims=True)
        directions = normalize(rng.normal(size=self._bank.moves.shape))
        moves = (directions * lengths).astype(np.float32)
        self._bank = replace(self._bank, moves=moves)


class HardNegatives(CGANSampler):
    """Add, for each new row of a term, a moved neighbour of its protein that lacks the term."""

    def _generate(self, X, y, plan, rng):
        X_new, plan = super()._generate(X, y, plan, rng)
        rows = self._neighbours_without(X, y, plan)
        seeds = self._bank.moved(self._scaling.transform(X[rows]), rng)
        both = Plan(np.concatenate([plan.rows, rows]), np.concatenate([plan.terms, plan.terms]))
        return np.concatenate([X_new, self._draw(y[rows], rng, seeds)]), both

    def _neighbours_without(self, X, y, plan):
        directions = normalize(self._scaling.transform(X))
        members = y.toarray() > 0
        rows = np.empty(len(plan), dtype=np.int64)
        for place, (row, term) in enumerate(zip(plan.rows, plan.terms, strict=True)):
            similarity = np.where(members[:, term], -np.inf, directions @ directions[row])
            rows[place] = similarity.argmax()
        return rows
