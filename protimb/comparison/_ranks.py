"""Ranks of arms over seeds and classifiers: Friedman's test, Nemenyi's critical difference."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, studentized_range

LEVEL = 0.05


@dataclass(frozen=True)
class RankTest:
    """How arms rank over the seeds and classifiers of a comparison.

    Parameters
    ----------
    metric : str
        What arms are ranked by.
    mean_ranks : Series
        Mean rank of each arm, 1 the best, from best to worst; ties share the mean of their ranks.
    n_seeds, n_classifiers : int
        Every pair of both is a block, in which the arms are ranked.
    statistic, p : float
        Friedman's chi-square, and the probability of one as large if all arms were alike; NaN
        where there is no test.
    critical_difference : float
        Nemenyi's: mean ranks that are closer cannot be told apart at the 5 % level.
    why_not : str
        Why there is no test; empty where there is one.

    See Also
    --------
    Comparison.ranks : Makes one.

    Notes
    -----
    Seeds share proteins, and classifiers of one seed share its split: blocks are not independent,
    which makes the test too sure of itself. It takes no notice of how large a difference is.

    References
    ----------
    .. [1] J. Demsar, "Statistical comparisons of classifiers over multiple data sets", Journal of
       Machine Learning Research 7, 2006.

    Examples
    --------
    >>> import pandas as pd
    >>> from protimb.comparison import RankTest
    >>> RankTest("AP <50", pd.Series({"ros": 1.0}), 1, 1, why_not="one arm").sentence()
    'No Friedman test of ranks by AP <50: one arm.'
    """

    metric: str
    mean_ranks: pd.Series
    n_seeds: int
    n_classifiers: int
    statistic: float = np.nan
    p: float = np.nan
    critical_difference: float = np.nan
    why_not: str = ""

    def sentence(self):
        """Say what the ranks say, or why they say nothing."""
        if self.why_not:
            return f"No Friedman test of ranks by {self.metric}: {self.why_not}."
        ranks = ", ".join(f"{arm} {rank:.2f}" for arm, rank in self.mean_ranks.items())
        return (
            f"Mean ranks by {self.metric}, 1 the best, over {self.n_seeds} seeds and "
            f"{self.n_classifiers} {_plural('classifier', self.n_classifiers)}: {ranks}. Friedman "
            f"chi-square {self.statistic:.1f}, p = {self.p:.3g}; ranks closer than "
            f"{self.critical_difference:.2f} cannot be told apart (Nemenyi, 5 %)."
        )

    def to_dict(self):
        """Give the fields as JSON takes them."""
        fields = vars(self) | {"mean_ranks": self.mean_ranks.to_dict()}
        return {name: None if value != value else value for name, value in fields.items()}


def rank_arms(by_seed, metric):
    """Rank arms in each seed and classifier of the table ``by_seed``, as a RankTest."""
    if by_seed.empty:
        return RankTest(metric, pd.Series(dtype=float), 0, 0, why_not="no seed is on record")
    blocks = _blocks(by_seed, metric)
    n_seeds, n_classifiers = (blocks.index.unique(level).size for level in ("seed", "classifier"))
    ranks = blocks.rank(axis=1, ascending=False)
    mean = ranks.mean().sort_values(kind="stable").rename_axis(None)
    if n_seeds < 2 or len(mean) < 3:
        few = f"it needs two seeds and three arms, here are {n_seeds} and {len(mean)}"
        return RankTest(metric, mean, n_seeds, n_classifiers, why_not=few)
    statistic, p = _friedman(ranks)
    distance = critical_difference(len(mean), len(ranks))
    return RankTest(metric, mean, n_seeds, n_classifiers, statistic, p, distance)


def critical_difference(n_arms, n_blocks):
    """Compute Nemenyi's critical difference of mean ranks at the 5 % level."""
    q = studentized_range.ppf(1 - LEVEL, n_arms, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_arms * (n_arms + 1) / (6 * n_blocks)))


def _blocks(by_seed, metric):
    """Lay estimates out: a row a seed and classifier, a column an arm that is in all of them."""
    rows = by_seed[(by_seed["metric"] == metric) & (by_seed["classifier"] != "alone")]
    arms = list(rows["arm"].unique())
    wide = rows.pivot(index=["seed", "classifier"], columns="arm", values="estimate")[arms]
    return wide.dropna(how="all").dropna(axis=1)


def _friedman(ranks):
    if (ranks.nunique(axis=1) == 1).all():
        return 0.0, 1.0  # all tie everywhere: the statistic would be 0 / 0
    found = friedmanchisquare(*ranks.to_numpy().T)
    return float(found.statistic), float(found.pvalue)


def _plural(word, number):
    return word if number == 1 else f"{word}s"
