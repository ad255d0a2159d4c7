"""Properties that give every row a score: likeness, labels, copies, realism, ancestors."""

import warnings

import numpy as np
from scipy import linalg

from protimb.exceptions import UndefinedSimilarityWarning
from protimb.metrics._judged_rows import N_NEIGHBORS, distances
from protimb.metrics._property_base import BaseProperty
from protimb.utils._warnings import users_level

_MEMBERS = 200  # of a term, among whom the nearest is looked for
_BLOCK = 2**22  # cells of one block of term scores


class CosineSimilarity(BaseProperty):
    """Mean cosine similarity of a row to the real training members of its rarest term."""

    name, title, unit = "cosine", "Likeness to the term", "cosine"
    asks = "Do rows point where the real proteins of their rarest term point?"
    fails = (
        "Generated rows are less like the proteins of their term (cosine {score}) than real "
        "proteins are (cosine {real})."
    )

    def measure(self, rows):
        """Compare directions with the mean direction of the term's members: (n_rows,)."""
        means = {term: self._mean_direction(term) for term in np.unique(rows.terms)}
        lengths = np.linalg.norm(rows.X, axis=1)
        _warn_of_no_direction(rows.is_zero)
        dots = np.array([x @ means[t] for x, t in zip(rows.X, rows.terms, strict=True)])
        return np.where(rows.is_zero, 0, dots / np.where(lengths > 0, lengths, 1))

    def _mean_direction(self, term):
        members = self.real.X[self.real.members(term)]
        lengths = np.linalg.norm(members, axis=1, keepdims=True)
        return (members / np.where(lengths > 0, lengths, 1)).mean(axis=0)


class LabelFidelity(BaseProperty):
    """Reciprocal rank of a row's rarest term among the terms it does not carry."""

    name, title, unit = "label_fidelity", "Fit to their own labels", "reciprocal rank"
    asks = "Does a classifier trained on real proteins find a row's own term before other terms?"
    fails = (
        "A classifier of real proteins finds the own term of generated rows with a mean "
        "reciprocal rank of {score}, that of real proteins with {real}: rows do not fit their "
        "labels."
    )

    def fit(self, real):
        """Fit ridge regression of terms on vectors, all terms at once."""
        self.real = real
        centre = real.X.mean(axis=0)
        centred = (real.X - centre).astype(np.float64)
        gram = centred.T @ centred
        # As many pseudo-rows as features: enough to fit a few hundred rows of wide vectors.
        penalty = real.X.shape[1] * np.eye(len(gram))
        weights = linalg.solve(gram + penalty, centred.T @ real.y, assume_a="pos")
        spread = np.sqrt(np.einsum("ij,ij->j", weights, gram @ weights) / len(centred))
        self._weights = (weights / np.where(spread > 0, spread, np.inf)).astype(np.float32)
        self._centre = centre
        return self

    def measure(self, rows):
        """Rank the own term: (n_rows,), 1 where it comes first."""
        return self._ranks(rows, rows.y, rows.terms)

    def control(self, rows, rng):
        """Measure under the labels of other rows: (n_rows,)."""
        other = rng.permutation(len(rows))
        return self._ranks(rows, rows.y[other], rows.terms[other])

    def _ranks(self, rows, y, terms):
        targets = np.unique(terms)
        own = np.searchsorted(targets, terms)
        carried, weights = y[:, targets], self._weights[:, targets]
        step = max(1, _BLOCK // len(targets))
        blocks = [slice(start, start + step) for start in range(0, len(rows), step)]
        ranks = [
            _rank_of_own((rows.X[b] - self._centre) @ weights, own[b], carried[b].toarray())
            for b in blocks
        ]
        return 1 / np.concatenate(ranks)


class Intrusion(BaseProperty):
    """1 for a row that is nearer to real rows without its term than to members, as many of each."""

    name, title, unit, better = "intrusion", "Intruders", "share", "lower"
    asks = "Do rows land among real proteins that do not have their term?"
    fails = (
        "{part} generated rows land among real proteins without their term; of real proteins it "
        "is {real_part}."
    )

    def measure(self, rows):
        """Compare the nearest member with the nearest of as many other rows: (n_rows,)."""
        chance = np.empty(len(rows))
        for term in np.unique(rows.terms):
            here = np.flatnonzero(rows.terms == term)
            chance[here] = self._chance_of_others(rows, here, term)
        return (chance > 0.5).astype(float)

    def _chance_of_others(self, rows, here, term):
        members = self.real.members(term)[:_MEMBERS]
        others = np.flatnonzero(~self._carries(term))
        if not len(others):
            return np.zeros(len(here))
        nearest = distances(rows.X[here], self.real.X[members]).min(axis=1)
        nearer = (rows.to_core[np.ix_(here, others)] < nearest[:, None]).mean(axis=1)
        # That one of as many others as there are members, drawn at random, is nearer.
        return 1 - (1 - nearer) ** len(members)

    def _carries(self, term):
        return self.real.core_rows.y[:, [term]].toarray().ravel() > 0


class Copies(BaseProperty):
    """1 for a row as near to a training row as the nearest twentieth of held-out real rows."""

    name, title, unit, better = "copies", "Copies", "share", "lower"
    asks = "Do rows lie nearer to a real training protein than real proteins lie to each other?"
    fails = (
        "{part} generated rows lie nearer to a real training protein than real proteins lie to "
        "each other (of real proteins {real_part}): copies."
    )

    def learn(self, held_out, weights):
        """Learn how near held-out rows come: their distance that a twentieth does not exceed."""
        gaps = held_out.nearest[0][:, 0]
        order = np.argsort(gaps, kind="stable")
        total = np.cumsum(weights[order]) / weights.sum()
        self._limit = gaps[order][np.searchsorted(total, 0.05)]

    def measure(self, rows):
        """Compare distances to the closest training row with the limit: (n_rows,)."""
        # At the limit too: where real rows repeat each other it is 0.
        return (rows.nearest[0][:, 0] <= self._limit).astype(float)


class ClosestRatio(BaseProperty):
    """Distance to the closest training row, as a share of that to the second."""

    name, title, unit = "closest_ratio", "Distance to the closest record", "ratio"
    asks = "Is the closest training protein about as far away as the second closest?"
    fails = (
        "The closest training protein of a generated row is {score} times as far as the second "
        "closest, for real proteins {real} times: rows cling to single proteins."
    )

    def measure(self, rows):
        """Divide the two distances: (n_rows,), 1 where both are 0."""
        gaps = rows.nearest[0]
        if gaps.shape[1] < 2:
            return np.full(len(rows), np.nan)
        return np.divide(gaps[:, 0], gaps[:, 1], out=np.ones(len(rows)), where=gaps[:, 1] > 0)


class Authenticity(BaseProperty):
    """1 for a row farther from its closest training row than that one is from its own closest."""

    name, title, unit = "authenticity", "Authenticity", "share"
    asks = "Is the closest training protein nearer to another real protein than to the row?"
    fails = (
        "Only {part} generated rows are authentic, farther from their closest training protein "
        "than that one is from its own; of real proteins it is {real_part}."
    )

    def measure(self, rows):
        """Compare with the distances between training rows: (n_rows,)."""
        gaps, which = (part[:, 0] for part in rows.nearest)
        return (gaps > self.real.nearest[0][which, 0]).astype(float)


class Precision(BaseProperty):
    """1 for a row that lies within the neighbourhood of a real row."""

    name, title, unit = "precision", "Precision", "share"
    asks = "Do rows lie where real proteins of these terms lie?"
    fails = (
        "Only {part} generated rows lie where real proteins of these terms lie; of other real "
        "proteins it is {real_part}."
    )

    def measure(self, rows):
        """Look whether a neighbourhood holds the row: (n_rows,)."""
        return (rows.to_core <= self.real.core_radii).any(axis=1).astype(float)


class Density(BaseProperty):
    """How many neighbourhoods of real rows hold a row, divided by the rows in each."""

    name, title, unit = "density", "Density", "neighbourhoods"
    asks = "Do rows lie where real proteins of these terms lie densely?"
    fails = "Generated rows lie where real proteins are sparse: density {score} against {real}."

    def measure(self, rows):
        """Count the neighbourhoods: (n_rows,)."""
        return (rows.to_core <= self.real.core_radii).sum(axis=1) / N_NEIGHBORS


class Silhouette(BaseProperty):
    """How much nearer a row is to the centre of its term than to the nearest centre of another."""

    name, title, unit = "silhouette", "Place among clusters of terms", "silhouette"
    asks = "Are rows nearer to the centre of their own term than to that of another?"
    fails = (
        "Generated rows have a silhouette of {score} among the centres of terms, real proteins "
        "{real}: terms are less apart than before."
    )

    def measure(self, rows):
        """Compare distances to centres of the rows' terms, except those it carries: (n_rows,)."""
        targets = np.unique(rows.terms)
        if len(targets) < 2:
            return np.full(len(rows), np.nan)
        centres = np.stack([self.real.X[self.real.members(t)].mean(axis=0) for t in targets])
        own_column = np.searchsorted(targets, rows.terms)
        to_centre = distances(rows.X, centres)
        own = to_centre[np.arange(len(rows)), own_column]
        carried = rows.y[:, targets].toarray().astype(bool)
        to_centre[carried] = np.inf
        other = to_centre.min(axis=1)
        found = np.isfinite(other)
        larger = np.maximum(own, np.where(found, other, 1))
        score = (np.where(found, other, np.nan) - own) / np.where(larger > 0, larger, 1)
        return score.astype(float)


class TruePath(BaseProperty):
    """1 for a row that carries all ancestors of its terms."""

    name, title, unit = "true_path", "True-path rule", "share"
    asks = "Does a row that has a term also have the term's ancestors?"
    fails = (
        "Only {part} generated rows have all ancestors of their terms, of real proteins "
        "{real_part}: labels break the true-path rule."
    )
    _MIN_MEMBERS = 5

    def fit(self, real):
        """Read the rule off the ontology, or off what all real members of a term have."""
        self.real = real
        # By an ontology it is a rule: where real proteins keep it, no row may break it.
        self.is_rule = real.closure is not None
        self._implied = real.closure if self.is_rule else self._read_off(real)
        return self

    def measure(self, rows):
        """Look for ancestors that miss: (n_rows,)."""
        claims = rows.y.astype(np.int32)
        implied = claims @ self._implied.astype(np.int32)
        implied.data[:] = 1
        n_missing = implied.sum(axis=1) - implied.multiply(claims).sum(axis=1)
        return (np.asarray(n_missing).ravel() == 0).astype(float)

    def _read_off(self, real):
        y = real.y.astype(np.int32)
        together = (y.T @ y).tocoo()
        counts = real.counts[together.row]
        rule = (together.data == counts) & (counts >= self._MIN_MEMBERS)
        together.data = rule.astype(np.int32)
        return together.tocsr()


def _rank_of_own(scores, own, carried):
    """Rank each row's own term among the terms it does not carry: (n_rows,), 1 for the best."""
    mine = scores[np.arange(len(scores)), own][:, None]
    better = (scores > mine) & (carried == 0)
    equal = (scores == mine) & (carried == 0)
    return 1 + better.sum(axis=1) + equal.sum(axis=1) / 2


def _warn_of_no_direction(is_zero):
    if is_zero.any():
        warnings.warn(
            f"{is_zero.sum()} of {len(is_zero)} rows to be judged have zero length, hence no "
            "direction: their similarity to a term is undefined, and counts as 0.",
            UndefinedSimilarityWarning,
            stacklevel=users_level(),
        )
