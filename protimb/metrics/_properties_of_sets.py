"""Properties of a whole set: reach, variety, moments, judges, clusters, membership."""

import numpy as np
from scipy import linalg
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from protimb.metrics._fidelity import fit_gaussian, gaussian_distance
from protimb.metrics._judged_rows import find_clusters, radii
from protimb.metrics._property_base import BaseProperty
from protimb.utils._labelsets import group_positions

_ROWS_A_FEATURE = 10  # where rows are fewer, features become that many principal components


class OfSets(BaseProperty):
    """A figure of a set; draws of one size are compared."""

    judged_by = "sets"


class Recall(OfSets):
    """Share of real rows that lie within the neighbourhood of a row."""

    name, title, unit = "recall", "Recall", "share"
    asks = "Do the rows reach all places where real proteins of these terms lie?"
    fails = (
        "Only {part} real proteins lie where generated rows lie; other real proteins reach "
        "{real_part}: part of the variety is missing."
    )

    def measure(self, rows):
        """Look for neighbourhoods, to the fifth nearest of the rows, that hold real rows."""
        return float((rows.to_core <= radii(rows.among)[:, None]).any(axis=0).mean())


class Coverage(OfSets):
    """Share of real rows whose neighbourhood holds a row."""

    name, title, unit = "coverage", "Coverage", "share"
    asks = "Has each real protein of these terms a row near it?"
    fails = (
        "Only {part} real proteins have a generated row near them, with other real proteins it "
        "is {real_part}: part of the variety is missing."
    )

    def measure(self, rows):
        """Look into the neighbourhoods, to the fifth nearest real row, of real rows."""
        return float((rows.to_core <= self.real.core_radii).any(axis=0).mean())


class TermCoverage(OfSets):
    """How far real rows are from the nearest row of their own term, against a fellow member."""

    name, title, unit, better = "term_coverage", "Reach within terms", "ratio", "lower"
    asks = "Within each term, is every real protein as near to a row as to its fellow members?"
    fails = (
        "Real proteins are {score} times as far from the nearest generated row of their term as "
        "from its nearest real protein, and {real} times as far from other real proteins: parts "
        "of terms are missing."
    )

    def fit(self, real):
        """Find how far each core row is from the nearest core row of its term."""
        self.real = real
        same = real.core_terms[:, None] == real.core_terms
        self._fellow = np.where(same, real.core_rows.among, np.inf).min(axis=1)
        return self

    def measure(self, rows):
        """Average over the terms that rows and real rows both have; the logarithm of ratios."""
        same = rows.terms[:, None] == self.real.core_terms
        gap = np.where(same, rows.to_core, np.inf).min(axis=0)
        known = np.isfinite(gap) & np.isfinite(self._fellow) & (self._fellow > 0) & (gap > 0)
        return (
            float(np.exp(np.log(gap[known] / self._fellow[known]).mean()))
            if known.any()
            else np.nan
        )


class TermShift(BaseProperty):
    """Mean cosine, over pairs of rows of a term, of what they differ by from its real centre."""

    name, title, unit, better = "term_shift", "Sides of terms", "cosine", "lower"
    judged_by = "terms"
    asks = "Do rows of a term lie on all sides of the centre of its real proteins?"
    fails = (
        "Two generated rows of a term differ from its centre alike (cosine {score}), more than "
        "two real proteins do (cosine {real}): parts of terms are missing, or rows lie beside "
        "their term."
    )

    def measure(self, rows):
        """Compare the rows of each term with each other: (n_terms,), NaN below two rows."""
        scores = np.full(rows.y.shape[1], np.nan)
        for term, places in group_positions(rows.terms).items():
            if len(places) > 1:
                scores[term] = self._mean_cosine(term, rows.X[places])
        return scores

    def _mean_cosine(self, term, X):
        away = X - self.real.X[self.real.members(term)].mean(axis=0)
        lengths = np.linalg.norm(away, axis=1, keepdims=True)
        directions = away / np.where(lengths > 0, lengths, 1)
        n_rows = len(X)
        products = (directions.sum(axis=0) ** 2).sum() - (directions**2).sum()
        return float(products) / (n_rows * (n_rows - 1))


class BetaRecall(OfSets):
    """How well shares of the rows, from the densest outwards, hold the same shares of real rows."""

    name, title, unit = "beta_recall", "Beta-recall", "0 to 1"
    asks = "Do the innermost parts of the rows hold equal shares of real proteins?"
    fails = "Beta-recall is {score}, that of real proteins {real}: part of the variety is missing."

    def measure(self, rows):
        """Compare two cumulative shares: 1 minus twice their mean distance."""
        centre = rows.X.mean(axis=0)
        depth = _levels(np.linalg.norm(rows.X - centre, axis=1))
        nearest = rows.to_core.argmin(axis=0)
        near = rows.to_core[nearest, np.arange(len(nearest))] <= self.real.core_radii
        return _agreement(np.where(near, depth[nearest], np.inf))


class AlphaPrecision(OfSets):
    """How well the innermost shares of real rows hold the same shares of the rows."""

    name, title, unit = "alpha_precision", "Alpha-precision", "0 to 1"
    asks = "Are rows spread around the centre of real proteins as real proteins are?"
    fails = (
        "Alpha-precision is {score}, that of real proteins {real}: rows lie too far outside, or "
        "too near the centre."
    )

    def fit(self, real):
        """Find how far core rows are from their centre."""
        core = real.X[real.core]
        self._centre = core.mean(axis=0)
        self._depths = np.sort(np.linalg.norm(core - self._centre, axis=1))
        return super().fit(real)

    def measure(self, rows):
        """Compare two cumulative shares: 1 minus twice their mean distance."""
        depth = np.linalg.norm(rows.X - self._centre, axis=1)
        return _agreement(np.searchsorted(self._depths, depth) / len(self._depths))


class Diversity(OfSets):
    """Mean distance between rows of one term, against that between real rows of it."""

    name, title, unit = "diversity", "Diversity", "ratio"
    asks = "Do rows of one term differ as much as its real proteins do?"
    fails = (
        "Generated rows of one term lie {score} times as far apart as its real training proteins "
        "do; other real proteins {real} times: too little variety."
    )

    def fit(self, real):
        """Find the mean distance between core rows of one term."""
        self._between = _mean_within(real.core_rows) or 1.0  # 0 where real rows are all equal
        return super().fit(real)

    def measure(self, rows):
        """Divide the mean distances."""
        return _mean_within(rows) / self._between


class Collapse(OfSets):
    """How many rows the set is worth, by how far rows lie apart: a share of their number."""

    name, title, unit = "collapse", "Distinct rows", "ratio"
    asks = "Are rows as far from the nearest other row as real proteins are?"
    fails = (
        "The nearest other generated row is {score} times as far away as that of a real training "
        "protein is, for other real proteins {real} times: many rows are nearly the same."
    )

    def fit(self, real):
        """Find how far core rows are from the nearest."""
        gaps = real.core_rows.among.min(axis=1)
        self._typical = gaps[np.isfinite(gaps)].mean() or 1.0
        return super().fit(real)

    def measure(self, rows):
        """Average the distances to the nearest other row."""
        return float(rows.among.min(axis=1).mean() / self._typical)


class Frechet(OfSets):
    """Frechet distance to real rows, with shrunk covariances."""

    name, title, unit, better = "frechet", "Frechet distance", "squared units", "lower"
    asks = "Have rows the mean and the covariance of real proteins of these terms?"
    fails = (
        "Mean and covariance of generated rows lie {score} from those of real proteins; other "
        "real proteins lie {real} from them."
    )

    def fit(self, real):
        """Remember Gaussians of the core, by the number of components they are read in."""
        self._gaussians = {}
        return super().fit(real)

    def measure(self, rows):
        """Compare two Gaussians in as many components as the rows allow."""
        kept = kept_components(rows)
        if kept not in self._gaussians:
            self._gaussians[kept] = fit_gaussian(_leading(self.real.core_rows, kept))
        return gaussian_distance(fit_gaussian(_leading(rows, kept)), self._gaussians[kept])


class LinearJudge(OfSets):
    """How well a linear classifier tells rows from real ones: area under its ROC curve."""

    name, title, unit, better = (
        "two_sample_linear",
        "Told apart by a linear classifier",
        "AUC",
        "lower",
    )
    asks = "Can a linear classifier tell rows from real proteins of these terms?"
    fails = (
        "A linear classifier tells generated rows from real ones with an area of {score} under "
        "its ROC curve, other real proteins with {real}."
    )

    def measure(self, rows):
        """Fit ridge regression of which rows are judged on half of them, score the other half."""
        kept = kept_components(rows)
        ours, real = _leading(rows, kept), _leading(self.real.core_rows, kept)
        X = np.concatenate([ours, real])
        is_new = np.arange(len(X)) < len(ours)
        fold = np.arange(len(X)) % 2
        return float(np.mean([_linear_auc(X, is_new, fold == half) for half in (0, 1)]))


class NeighborJudge(OfSets):
    """How well the kinds of its neighbours tell rows from real ones: area under the ROC curve."""

    name, title, unit, better = "two_sample_knn", "Told apart by neighbours", "AUC", "lower"
    asks = "Are the neighbours of a row as often real as those of a real protein?"
    fails = (
        "By the kinds of their neighbours generated rows are told from real ones with an area "
        "of {score} under the ROC curve, other real proteins with {real}."
    )
    _N_NEIGHBORS = 20

    def measure(self, rows):
        """Count judged rows among the nearest of all rows and as many of the core."""
        n_rows = len(rows)
        to_core, core = rows.to_core[:, :n_rows], self.real.core_rows.among[:n_rows, :n_rows]
        gaps = np.block([[rows.among, to_core], [to_core.T, core]])
        n_nearest = min(self._N_NEIGHBORS, len(gaps) - 1)
        reach = np.partition(gaps, n_nearest - 1, axis=1)[:, n_nearest - 1 : n_nearest]
        share = (gaps[:, :n_rows] <= reach).sum(axis=1)
        return float(roc_auc_score(np.arange(len(gaps)) < n_rows, share))


class MeanDiscrepancy(OfSets):
    """Squared maximum mean discrepancy from real rows under a Gaussian kernel, unbiased."""

    name, title, unit, better = "mmd", "Maximum mean discrepancy", "thousandths", "lower"
    asks = "Are rows as similar to real proteins of these terms as these are to each other?"
    fails = (
        "The maximum mean discrepancy from real proteins is {score} thousandths, that of other "
        "real proteins {real}."
    )

    def fit(self, real):
        """Take the median distance between core rows as bandwidth."""
        among = real.core_rows.among
        finite = among[np.isfinite(among)]
        self._width = 2 * float(np.median(finite) or 1.0) ** 2
        self._own = self._mean(among, len(among) * (len(among) - 1))
        return super().fit(real)

    def measure(self, rows):
        """Average the kernel within the rows, within the core, and between them."""
        own = self._mean(rows.among, len(rows) * (len(rows) - 1))
        between = self._mean(rows.to_core, rows.to_core.size)
        return 1000 * (own + self._own - 2 * between)

    def _mean(self, gaps, n_pairs):
        return float(np.exp(-(gaps**2) / self._width).sum(dtype=float) / max(n_pairs, 1))


class RandIndex(OfSets):
    """Agreement of clusters with rarest terms: the adjusted Rand index."""

    name, title, unit = "rand_index", "Clusters and terms", "adjusted Rand index"
    asks = "Do clusters found among real proteins still tell the terms of the rows apart?"
    fails = (
        "Clusters of real proteins agree with the terms of generated rows by an adjusted Rand "
        "index of {score}, with those of other real proteins by {real}."
    )
    _MOST_CLUSTERS = 50

    def fit(self, real):
        """Cluster the core by k-means, in as many clusters as it has terms."""
        n_clusters = min(len(np.unique(real.core_terms)), self._MOST_CLUSTERS)
        self._clusters = find_clusters(real.X[real.core], n_clusters, 0)
        return super().fit(real)

    def measure(self, rows):
        """Put rows into the clusters, and compare with their terms."""
        if self._clusters.n_clusters < 2:
            return np.nan
        return float(adjusted_rand_score(rows.terms, self._clusters.predict(rows.X)))


class Membership(OfSets):
    """How well nearness to the rows tells who was in training: area under the ROC curve."""

    name, title, unit, better = "membership", "Membership inference", "AUC", "lower"
    matched = False  # all generated rows: what leaks is who has a row near, and few rows hide it
    asks = "Can one tell from the rows which real proteins the generator was trained on?"
    fails = (
        "Nearness to generated rows tells training proteins from others with an area of {score} "
        "under the ROC curve, nearness to real ones with {real}: the generator gives away whom "
        "it was trained on."
    )

    def measure(self, rows):
        """Compare the distances from training rows and from other held-out rows to the nearest."""
        if rows.rest is None or len(rows.rest) < 2:
            return np.nan
        training = rows.to_core.min(axis=0)
        others = rows.to(rows.rest).min(axis=0)
        is_member = np.arange(len(training) + len(others)) < len(training)
        return float(roc_auc_score(is_member, -np.concatenate([training, others])))


def kept_components(rows):
    """Say how many leading components so many rows allow: a tenth of the rows, at least two."""
    return int(min(rows.X.shape[1], max(len(rows) // _ROWS_A_FEATURE, 2)))


def _leading(rows, kept):
    return rows.X[:, :kept].astype(np.float64)


def _linear_auc(X, is_new, held_out):
    train = ~held_out
    weight = np.where(is_new[train], 1 / is_new[train].sum(), 1 / (~is_new[train]).sum())
    sides = np.where(is_new[train], 1.0, -1.0)
    centre = weight @ X[train] / 2
    centred = X[train] - centre
    gram = centred.T @ (centred * weight[:, None])
    penalty = (0.1 * np.trace(gram) / len(gram) or 1.0) * np.eye(len(gram))
    slope = linalg.solve(gram + penalty, centred.T @ (weight * sides), assume_a="pos")
    return roc_auc_score(is_new[held_out], (X[held_out] - centre) @ slope)


def _levels(depths):
    """Give each row the share of rows at most as deep: (n_rows,)."""
    return np.searchsorted(np.sort(depths), depths, side="right") / len(depths)


def _agreement(levels):
    """Compare shares of levels up to a with a itself, for a from 0 to 1."""
    grid = np.linspace(0, 1, 51)
    shares = np.searchsorted(np.sort(levels), grid, side="right") / len(levels)
    return float(1 - 2 * np.abs(shares - grid).mean())


def _mean_within(rows):
    """Average the distances between rows of one term, all pairs alike."""
    same = rows.terms[:, None] == rows.terms
    np.fill_diagonal(same, False)
    return float(rows.among[same].mean()) if same.any() else np.nan
