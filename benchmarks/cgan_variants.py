"""Variants of CGANSampler that an experiment asked for and that did not earn a parameter."""

from dataclasses import replace

import numpy as np
from sklearn.preprocessing import normalize

from protimb.gan import ConditionalGAN
from protimb.over_sampling import CGANSampler


class SiblingGAN(ConditionalGAN):
    """Start from members of the most similar other term."""

    def vary(self, X, labels, terms, *, random_state=None):
        """Generate as the model does, for the sibling of each term."""
        vectors = normalize(np.nan_to_num(self.term_vectors_))
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -np.inf)
        siblings = similarity.argmax(axis=1)[terms]
        return super().vary(X, labels, siblings, random_state=random_state)


class RandomMoveGAN(ConditionalGAN):
    """Move proteins in random directions, as far as relatives lie apart."""

    def fit(self, X, y, *, random_state=None, **more):
        """Train, then turn the moves into random directions."""
        super().fit(X, y, random_state=random_state, **more)
        lengths = np.linalg.norm(self.starts_.moves, axis=1, keepdims=True)
        directions = normalize(random_state.normal(size=self.starts_.moves.shape))
        moves = (directions * lengths).astype(np.float32)
        self.starts_ = replace(self.starts_, moves=moves)
        return self


class SiblingStarts(CGANSampler):
    """Start from members of the most similar other term, under the labels of the rare one."""

    def _new_model(self):
        return SiblingGAN(**super()._new_model().get_params(deep=False))


class RandomMoves(CGANSampler):
    """Move proteins in random directions, as far as relatives lie apart."""

    def _new_model(self):
        return RandomMoveGAN(**super()._new_model().get_params(deep=False))


class HardNegatives(CGANSampler):
    """Add, for each new row of a term, a moved neighbour of its protein that lacks the term."""

    def _generate(self, X, y, plan, rng):
        X_new, plan = super()._generate(X, y, plan, rng)
        rows = self._neighbours_without(X, y, plan)
        negatives = self.model_.vary(X[rows], y[rows], plan.terms, random_state=rng)
        rows, terms = np.concatenate([plan.rows, rows]), np.concatenate([plan.terms, plan.terms])
        return np.concatenate([X_new, negatives]), replace(plan, rows=rows, terms=terms)

    def _neighbours_without(self, X, y, plan):
        directions = normalize(self.model_.scaling_.transform(X))
        members = y.toarray() > 0
        rows = np.empty(len(plan), dtype=np.int64)
        for place, (row, term) in enumerate(zip(plan.rows, plan.terms, strict=True)):
            similarity = np.where(members[:, term], -np.inf, directions @ directions[row])
            rows[place] = similarity.argmax()
        return rows
