"""How often quality_report finds planted failures, and how often it blames a good generator.

Run by hand: ``python benchmarks/planted_failures.py --ontology mf --seeds 20``. In each seed,
sequence clusters of human proteins go to training, to the held-out side, or to a good generator,
whose rows are real proteins that nobody has seen. Bad generators spoil these rows. A failure is
caught where a property that is meant to see it fails; false alarms are good generators of whom
any property says so.
"""

import argparse
import time

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from protimb import load_human_go
from protimb.metrics import quality_report

RARE = 50  # training proteins of a row's rarest term
SHARES = {"train": 0.6, "held_out": 0.2, "generated": 0.2}
INTENDED = {
    "good": (),
    "copies": ("copies", "closest_ratio", "authenticity", "membership"),
    "collapse": ("collapse", "diversity"),
    "wrong term": ("label_fidelity", "cosine", "intrusion", "silhouette"),
    "noise": ("two_sample_linear", "two_sample_knn", "precision", "density"),
    "modes dropped": ("term_shift", "term_coverage", "recall", "coverage", "beta_recall"),
    "closure broken": ("true_path",),
}


def main():
    """Print a row a set of terms and kind of generator."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "bp", "cc"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--terms", nargs="+", default=["rare", "all"], choices=["rare", "all"])
    parser.add_argument("--kinds", nargs="+", default=list(INTENDED), choices=list(INTENDED))
    parser.add_argument("--csv", help="file for the verdicts of all reports")
    parser.add_argument("--summarize", nargs="+", help="such files to print one table of")
    arguments = parser.parse_args()
    if arguments.summarize:
        table = pd.concat([pd.read_csv(path) for path in arguments.summarize])
        print(summarize(table.fillna({"failed": ""})).to_string(index=False))
        return
    bunch = load_human_go(arguments.ontology, min_proteins=10)
    rows = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for which in arguments.terms:
            found = judge_seed(bunch, seed, which, arguments.kinds)
            rows += [{"ontology": arguments.ontology} | row for row in found]
            if arguments.csv:
                pd.DataFrame(rows).to_csv(arguments.csv, index=False)
    print(summarize(pd.DataFrame(rows)).to_string(index=False))


def judge_seed(bunch, seed, which, kinds):
    """Report on each kind of generator: a list of {column: value}."""
    rng = np.random.RandomState(seed)
    sides = split(bunch, rng)
    train = sides["train"]
    counts = bunch.y[train].sum(axis=0)
    pool = sides["generated"]
    rarest = rarest_term(bunch.y[pool], counts)
    chosen = (rarest >= 0) & ((counts[rarest] < RARE) | (which == "all"))
    pool, rarest = pool[chosen], rarest[chosen]
    held = sides["held_out"]
    rows = []
    for kind in kinds:
        X_new, y_new = PLANT[kind](bunch, train, pool, rarest, rng)
        start = time.process_time()
        report = quality_report(
            bunch.X[train],
            bunch.y[train],
            X_new,
            y_new,
            held_out=(bunch.X[held], bunch.y[held], bunch.groups[held]),
            groups=bunch.groups[train],
            ontology=bunch.ontology,
            terms=bunch.terms,
            random_state=seed,
        )
        seconds = time.process_time() - start
        rows.append(
            {"terms": which, "kind": kind, "seed": seed, "n_rows": len(X_new), "seconds": seconds}
            | {"passed": report.passed, "failed": " ".join(report.failed)}
            | {name: one.passed for name, one in report.findings.items()}
        )
    return rows


def split(bunch, rng):
    """Deal sequence clusters to the sides: {side: row numbers}."""
    clusters, n_clusters = pd.factorize(bunch.groups)[0], len(np.unique(bunch.groups))
    side = rng.choice(len(SHARES), size=n_clusters, p=list(SHARES.values()))[clusters]
    return {name: np.flatnonzero(side == number) for number, name in enumerate(SHARES)}


def rarest_term(y, counts):
    """Find each row's rarest term that training rows have; -1 without any."""
    rarity = np.where((y > 0) & (counts > 0), counts, np.iinfo(np.int64).max)
    found = rarity.argmin(axis=1)
    return np.where(rarity.min(axis=1) < np.iinfo(np.int64).max, found, -1)


def good(bunch, train, pool, rarest, rng):
    """Give real proteins that nobody has seen."""
    return bunch.X[pool], bunch.y[pool]


def copies(bunch, train, pool, rarest, rng):
    """Give training proteins of the same rarest terms, with a hundredth of a deviation of noise."""
    counts = bunch.y[train].sum(axis=0)
    of_train = rarest_term(bunch.y[train], counts)
    sources = [
        rng.choice(same if len(same := train[of_train == t]) else train[bunch.y[train, t] > 0])
        for t in rarest
    ]
    noise = 0.01 * bunch.X[train].std(axis=0) * rng.standard_normal((len(pool), bunch.X.shape[1]))
    return bunch.X[sources] + noise, bunch.y[sources]


def collapse(bunch, train, pool, rarest, rng):
    """Give five good rows again and again, with a hundredth of a deviation of noise."""
    sources = rng.choice(rng.choice(pool, 5, replace=False), len(pool))
    noise = 0.01 * bunch.X[train].std(axis=0) * rng.standard_normal((len(pool), bunch.X.shape[1]))
    return bunch.X[sources] + noise, bunch.y[pool]


def wrong_term(bunch, train, pool, rarest, rng):
    """Shuffle the labels of good rows."""
    return bunch.X[pool], bunch.y[rng.permutation(pool)]


def noise(bunch, train, pool, rarest, rng):
    """Draw from a Gaussian with the mean and covariance of training rows."""
    X = bunch.X[train].astype(float)
    root = np.linalg.cholesky(np.cov(X.T))
    drawn = rng.standard_normal((len(pool), X.shape[1])) @ root.T
    return X.mean(axis=0) + drawn, bunch.y[pool]


def modes_dropped(bunch, train, pool, rarest, rng):
    """Keep good rows of two of the four clusters of each term: first and last in size, or not."""
    X = StandardScaler().fit(bunch.X[train]).transform(bunch.X)
    keep = np.zeros(len(pool), dtype=bool)
    for term in np.unique(rarest):
        here = np.flatnonzero(rarest == term)
        members = np.flatnonzero(bunch.y[:, term] > 0)
        clusters = KMeans(min(4, len(members)), n_init=1, random_state=rng).fit(X[members])
        order = np.argsort(np.bincount(clusters.labels_))
        kept = [order[[0, -1]], order[1:-1]][rng.randint(2)]
        keep[here] = np.isin(clusters.predict(X[pool[here]]), kept)
    return bunch.X[pool[keep]], bunch.y[pool[keep]]


def closure_broken(bunch, train, pool, rarest, rng):
    """Take one ancestor from half of the good rows."""
    y = bunch.y[pool].copy()
    closure = sparse.csr_array(bunch.ontology.closure(bunch.terms))
    for row in np.flatnonzero(rng.random_sample(len(y)) < 0.5):
        own = np.flatnonzero(y[row])
        above = np.unique(closure[own].tocoo().col)
        leaves_out = [t for t in above if closure[own][:, [t]].sum() > 1]
        if leaves_out:
            y[row, rng.choice(leaves_out)] = 0
    return bunch.X[pool], y


PLANT = {
    "good": good,
    "copies": copies,
    "collapse": collapse,
    "wrong term": wrong_term,
    "noise": noise,
    "modes dropped": modes_dropped,
    "closure broken": closure_broken,
}


def summarize(table):
    """Tabulate shares of seeds by ontology, terms and kind."""
    rows = []
    for (ontology, which, kind), part in table.groupby(["ontology", "terms", "kind"], sort=False):
        names = [name for name in INTENDED[kind] if name in part]
        caught = (part[names] == False).any(axis=1)  # noqa: E712
        others = pd.Series(" ".join(part["failed"]).split()).value_counts() / len(part)
        rows.append(
            {
                "ontology": ontology,
                "terms": which,
                "generator": kind,
                "seeds": len(part),
                "rows": int(part["n_rows"].mean()),
                "caught": f"{caught.mean():.2f}" if names else "",
                "any property failed": f"{(part['passed'] == False).mean():.2f}",  # noqa: E712
                "CPU seconds": f"{part['seconds'].mean():.1f}",
                "failed most often": ", ".join(
                    f"{name} {share:.2f}" for name, share in others.head(6).items()
                ),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
