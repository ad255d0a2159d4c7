"""Ask how much any method gets out of these vectors for rare terms, without generated rows.

    python benchmarks/measure_ceiling.py --ontology mf --seed 100

If quite different classifiers of the same vectors, and their averages, all stop at one height, then
what limits rare terms is what the vectors tell of them, and new rows made from the same vectors
cannot change that. Prints macro average precision on held-out sequence clusters.
"""

import argparse

import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from sklearn.preprocessing import StandardScaler, normalize

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.comparison._run import BINS
from protimb.datasets import load_human_go
from protimb.metrics import average_precision_by_frequency
from protimb.model_selection import split_by_cluster

N_MEMBERS = 4  # networks of the ensemble
GAMMA, RIDGE = 2.0, 0.5  # of the kernel exp(GAMMA * cosine), and added to its diagonal


def main():
    """Score every method on one split, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    parser.add_argument("--seed", type=int, default=100)
    words = parser.parse_args()
    bunch = load_human_go(words.ontology)
    train, test = split_by_cluster(bunch.groups, random_state=words.seed)
    scores = predict(bunch, train, test)
    n_train = bunch.y[train].sum(axis=0, dtype=np.int64)
    rows = {
        name: average_precision_by_frequency(bunch.y[test], score, n_train, bins=BINS)[
            "average_precision"
        ]
        for name, score in scores.items()
    }
    print(pd.DataFrame(rows).T.round(3).to_string())


def predict(bunch, train, test):
    """Return the scores of single methods, of averages, and with scores of parents."""
    X, y, X_test = bunch.X[train], bunch.y[train], bunch.X[test]
    networks = [network(bunch, X, y, X_test, seed) for seed in range(N_MEMBERS)]
    knn = KNNTermClassifier().fit(X, y).predict_proba(X_test)
    kernel = bunch.ontology.propagate_scores(kernel_ridge(X, y, X_test), bunch.terms)
    mean = (networks[0] + knn) / 2
    return {
        "mlp": networks[0],
        f"{N_MEMBERS} mlps": np.mean(networks, axis=0),
        "knn": knn,
        "kernel ridge": kernel,
        "mlp+knn": mean,
        f"{N_MEMBERS} mlps+knn": (np.mean(networks, axis=0) + knn) / 2,
        "mlp+knn+kernel ridge": (networks[0] + knn + kernel) / 3,
        "mlp+knn, and parents": with_parents(mean, bunch, y),
    }


def network(bunch, X, y, X_test, seed):
    """Train the network of `protimb compare`."""
    model = GOTermClassifier(
        early_stopping=False, ontology=bunch.ontology, terms=bunch.terms, random_state=seed
    )
    return model.fit(X, y).predict_proba(X_test)


def kernel_ridge(X, y, X_test):
    """Regress all terms at once on the cosine kernel of standardized vectors."""
    scaler = StandardScaler().fit(X)
    known, asked = (normalize(scaler.transform(part)).astype(np.float32) for part in (X, X_test))
    kernel = np.exp(GAMMA * (known @ known.T - 1))
    kernel[np.diag_indices_from(kernel)] += RIDGE
    prior = y.mean(axis=0, dtype=np.float32)
    factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    weights = cho_solve(factor, y - prior, check_finite=False)
    scores = np.exp(GAMMA * (asked @ known.T - 1)) @ weights + prior
    return scores.clip(0, 1).astype(np.float32)


def with_parents(score, bunch, y):
    """Rank a term's proteins also by the score of its rarest ancestor."""
    columns = {term: column for column, term in enumerate(bunch.terms)}
    counts = y.sum(axis=0, dtype=np.int64)
    mixed = score.copy()
    for term, column in columns.items():
        above = [columns[a] for a in bunch.ontology.ancestors(term) if a in columns and a != term]
        if above:
            parent = min(above, key=lambda ancestor: counts[ancestor])
            mixed[:, column] = np.sqrt(score[:, column] * np.sqrt(score[:, parent]))
    return mixed


if __name__ == "__main__":
    main()
