"""Share of held-out real, mislabelled, random and copied rows that filters keep or reject.

Run by hand, one core, about half an hour for five seeds::

    OMP_NUM_THREADS=1 python benchmarks/measure_filters.py --seeds 0 1 2 3 4

Each filter is fitted on four fifths of the sequence clusters of the human proteins of an ontology
(terms of 10 proteins or more); a seed says which. It judges the real proteins of the last fifth
that carry a known term, and those of them whose rarest term has fewer than 50 training proteins
(``rare``); the same proteins with their label rows shuffled, all of them (``shuffled``) and those
that thereby claim a term they do not have (``wrong``); Gaussian noise under true labels, with the
mean and standard deviation of each feature (``noise``) and with the covariance of all (``noise of
covariance``); and training rows with a tenth of a standard deviation of noise (``near copies``).

``--generated`` adds rows of ``CGANSampler`` with its defaults, before any filter or guard.

The first table says what is kept and what is rejected; ``critic, 0.1`` is the member of ``strict``.
The second is the trade of the critic: what it would keep and reject at other quantiles. Both are
printed after each seed, as means over the seeds so far.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GroupShuffleSplit

from protimb import CGANSampler, CosineFilter, load_human_go
from protimb.filters import (
    FilterChain,
    IntrusionFilter,
    LabelFidelityFilter,
    MemorisationFilter,
    StrictFilter,
)
from protimb.utils._labelsets import rarest_terms
from protimb.utils._validation import check_indicator

FILTERS = {
    "cosine, 0.05": CosineFilter(),
    "cosine, 0.2": CosineFilter(quantile=0.2),
    "fidelity, 0.05": LabelFidelityFilter(quantile=0.05),
    "fidelity, 0.2": LabelFidelityFilter(),
    "intrusion, 0.1": IntrusionFilter(),
    "memorisation, 0.01": MemorisationFilter(),
    "cosine, 0.1 and fidelity, 0.2": FilterChain(
        [CosineFilter(quantile=0.1), LabelFidelityFilter()]
    ),
    "strict": StrictFilter(),
}

# Of held-out real rows that a threshold of the critic loses.
QUANTILES = [0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3]

RARE = 50


def main():
    """Print both tables after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--namespaces", nargs="+", default=["mf", "bp", "cc"])
    parser.add_argument("--filters", nargs="+", default=[*FILTERS], choices=[*FILTERS])
    parser.add_argument("--generated", action="store_true", help="judge rows of CGANSampler too")
    options = parser.parse_args()
    bunches = {name: load_human_go(name, min_proteins=10) for name in options.namespaces}
    found, trades = [], []
    for seed in options.seeds:
        for namespace, bunch in bunches.items():
            split = Split(bunch, seed)
            if options.generated:
                split.judged["generated"] = _generate(*split.train, seed)
            for name in options.filters:
                quality = clone(FILTERS[name])
                if "random_state" in quality.get_params():
                    quality.set_params(random_state=seed)
                quality.fit(*split.train)
                found.append(
                    {"ontology": namespace, "filter": name, **split.shares(quality.select)}
                )
                if name == "strict":
                    critic = quality.filters_["critic"]
                    kept = split.shares(critic.select)
                    found.append({"ontology": namespace, "filter": "critic, 0.1", **kept})
                    trades += [{"ontology": namespace, **row} for row in _trade(critic, split)]
        print(f"Means over {options.seeds.index(seed) + 1} seeds\n")
        _print_means(found, ["ontology", "filter"])
        _print_means(trades, ["ontology", "quantile"])


def _print_means(rows, by):
    if rows:
        table = pd.DataFrame(rows).groupby(by).mean()
        print(table.to_string(float_format="%.3f"), end="\n\n", flush=True)


def _generate(X, y, seed):
    """Draw what a sampler with its defaults would before any filter: vectors and labels."""
    sampler = CGANSampler(quality_filter=None, guard=None, random_state=seed).fit(X, y)
    new = sampler.generate(X, y, random_state=seed)
    return new.X, y[new.rows]


class Split:
    """Training rows of one seed, and the rows to judge, {name: (X, y)}."""

    def __init__(self, bunch, seed):
        split = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=seed)
        train, test = next(split.split(bunch.X, groups=bunch.groups))
        self.train = bunch.X[train], bunch.y[train]
        n_members = self.train[1].sum(axis=0, dtype=int)
        # Rows whose terms have no training protein cannot be judged.
        test = test[(bunch.y[test] & (n_members > 0)).any(axis=1)]
        X, y = bunch.X[test], bunch.y[test]
        rarest = rarest_terms(check_indicator(y)[0], n_members)
        self.is_rare = n_members[rarest] < RARE
        rng = np.random.default_rng(seed)
        shuffled = rng.permutation(y)
        self.is_wrong = (shuffled > y).any(axis=1)
        mean, spread = self.train[0].mean(axis=0), self.train[0].std(axis=0)
        noise = mean + spread * rng.standard_normal(X.shape)
        covariance = np.cov(self.train[0].T)
        bound = rng.multivariate_normal(mean, covariance, len(X))
        copied = 0.1 * spread * rng.standard_normal(self.train[0].shape)
        self.judged = {
            "real": (X, y),
            "shuffled": (X, shuffled),
            "noise": (noise.astype(np.float32), y),
            "noise of covariance": (bound.astype(np.float32), y),
            "near copies": ((self.train[0] + copied).astype(np.float32), self.train[1]),
        }

    def shares(self, select):
        """Let ``select(X, y)`` decide about all rows, and give the shares kept and rejected."""
        return self.count({kind: select(*rows) for kind, rows in self.judged.items()})

    def count(self, keep):
        """Turn decisions {kind: bool (n_rows,)} into shares kept and rejected."""
        lost = {kind: 1 - kept.mean() for kind, kept in keep.items() if kind != "real"}
        return {
            "keeps real": keep["real"].mean(),
            "keeps rare": keep["real"][self.is_rare].mean(),
            "rejects shuffled": lost.pop("shuffled"),
            "rejects wrong": 1 - keep["shuffled"][self.is_wrong].mean(),
            **{f"rejects {kind}": share for kind, share in lost.items()},
            "wrong of shuffled": self.is_wrong.mean(),
        }


def _trade(critic, split):
    """Say what the critic would keep and reject with the thresholds of other quantiles."""
    scores = {kind: critic.score(*rows) for kind, rows in split.judged.items()}
    for quantile in QUANTILES:
        threshold = np.quantile(critic.held_out_scores_, quantile)
        keep = {kind: rated >= threshold for kind, rated in scores.items()}
        yield {"quantile": quantile, **split.count(keep)}


if __name__ == "__main__":
    main()
