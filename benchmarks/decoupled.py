"""Train the network on real proteins, then its last layer alone on resampled ones.

    python benchmarks/decoupled.py --ontology mf --seeds 100,101

Decoupled training (Kang et al., ICLR 2020, arXiv:1910.09217) keeps features that frequent terms
shaped, and lets only the head see the balanced set. Prints the difference in macro average
precision to the network as it was, with intervals over proteins as in `protimb compare`.
"""

import argparse

import numpy as np
import pandas as pd

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.comparison._comparison import average_evaluations
from protimb.comparison._run import BINS
from protimb.datasets import load_human_go
from protimb.metrics import draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.over_sampling import CGANSampler, RandomLabelsetOverSampler

SAMPLERS = {
    "ros": RandomLabelsetOverSampler,
    "cgan": lambda **options: CGANSampler(**options),
}
SHOWN = ["AP <20", "AP 20-49", "AP <50", "AP 50-199", "AP 200-1999"]


def main():
    """Run every sampler on every split, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    parser.add_argument("--seeds", default="100,101")
    words = parser.parse_args()
    seeds = [int(seed) for seed in words.seeds.split(",")]
    bunch = load_human_go(words.ontology)
    draws = draw_proteins(len(bunch.X), 1000, seeds[0])
    folds = [run_fold(bunch, seed, draws) for seed in seeds]
    rows = []
    for name in SAMPLERS:
        for classifier in ("mlp", "mlp+knn"):
            own, base = (
                average_evaluations([fold[arm, classifier] for fold in folds])
                for arm in (name, "none")
            )
            lead = paired_difference(own, base).loc[SHOWN]
            cells = [f"{e:+.3f} [{lo:+.3f}, {hi:+.3f}]" for e, lo, hi in lead.to_numpy()]
            rows.append([name, classifier, *cells])
    print(pd.DataFrame(rows, columns=["head on", "classifier", *SHOWN]).to_string(index=False))


def run_fold(bunch, seed, draws):
    """Evaluate the network and its refitted heads on one split."""
    train, test = split_by_cluster(bunch.groups, random_state=seed)
    X, y = bunch.X[train], bunch.y[train]
    common = {"early_stopping": False, "ontology": bunch.ontology, "terms": bunch.terms}
    network = GOTermClassifier(max_epochs=30, random_state=seed, **common).fit(X, y)
    neighbours = KNNTermClassifier().fit(X, y).predict_proba(bunch.X[test])
    scores = {"none": network.predict_proba(bunch.X[test])}
    for name, build in SAMPLERS.items():
        sampler = build(sampling_strategy=30, random_state=seed)
        X_new, y_new = sampler.fit_resample(X, y)
        head = GOTermClassifier(
            hidden_layer_sizes=(), input_noise=0.0, max_epochs=15, random_state=seed, **common
        )
        head.fit(features(network, X_new), y_new)
        scores[name] = head.predict_proba(features(network, bunch.X[test]))
    return {
        (name, classifier): evaluate(
            bunch.y[test],
            score if classifier == "mlp" else (score + neighbours) / 2,
            n_train=y.sum(axis=0, dtype=np.int64),
            bins=BINS,
            draws=draws[test],
        )
        for name, score in scores.items()
        for classifier in ("mlp", "mlp+knn")
    }


def features(network, X):
    """Give what the network's last layer reads."""
    import torch

    with torch.inference_mode():
        scaled = network._scaler.transform(X.astype(np.float32))
        return network.network_[:-1](torch.from_numpy(scaled)).numpy()


if __name__ == "__main__":
    main()
