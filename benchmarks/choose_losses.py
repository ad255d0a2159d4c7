"""Choose a loss of the network, and its parameters, by terms of few proteins.

``OMP_NUM_THREADS=1 python benchmarks/choose_losses.py --ontology mf --seeds 100 101 102`` trains
the network of ``protimb compare`` with every loss and a few settings of each, on training clusters,
and prints macro average precision on held-out clusters: terms with fewer than 50 training proteins,
with 20 to 49, and all; the difference to cross-entropy with its paired 95 % interval. Seeds that
choose are not those that ``protimb compare --arms losses`` reports. ``--only isda focal`` takes
some losses; ``--jobs 8`` shares the trainings among processes of one thread each, on CPUs.
"""

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product

import pandas as pd
import torch
from borrowed_covariance import difference, over_seeds

from protimb.classification import GOTermClassifier
from protimb.datasets import load_human_go
from protimb.metrics import FREQUENCY_BINS, draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.nn import LOSSES

BINS = {"<50": (0, 50)} | FREQUENCY_BINS
SHOWN = ("AP <50", "AP 20-49", "AP all")
PLAIN = ("bce", {})
EPOCHS, BATCH_SIZE = 30, 256

# Settings of each loss; {} are its defaults.
SETTINGS = {
    "bce": [{}],
    "focal": [{"gamma": 0.5}, {"gamma": 1.0}, {"gamma": 2.0}, {"gamma": 2.0, "alpha": 0.75}],
    "class_balanced": [{"beta": beta} for beta in (0.8, 0.9, 0.99, 0.999)],
    "asymmetric": [
        {"gamma_negative": negative, "gamma_positive": 0.0, "clip": clip}
        for negative, clip in ((1.0, 0.0), (2.0, 0.0), (4.0, 0.0), (4.0, 0.05))
    ],
    "distribution_balanced": [
        {"kappa": kappa, "negative_scale": scale, "alpha": alpha}
        for kappa, scale, alpha in (
            (0.05, 2.0, 0.1), (0.0, 1.0, 0.1), (0.0, 1.0, 1.0), (0.05, 5.0, 0.1), (0.2, 2.0, 1.0)
        )
    ],
    "ldam": [{"max_margin": margin} for margin in (0.5, 1.0, 2.0, 4.0)],
    "zlpr": [{}],
    "logit_adjustment": [{"tau": tau} for tau in (0.25, 0.5, 1.0)],
    "hierarchy": [{"hierarchy": price} for price in (0.01, 0.1, 1.0, 10.0)],
    "isda": [{"strength": strength} for strength in (0.1, 0.5, 1.0, 2.0, 5.0)],
}  # fmt: skip


def main():
    """Train all settings on every split; print means, and differences to cross-entropy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "bp", "cc"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102])
    parser.add_argument("--only", nargs="+", choices=list(LOSSES), default=list(LOSSES))
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    wanted = [PLAIN] + [(name, one) for name in args.only for one in SETTINGS[name] if one]
    wanted += [(name, {}) for name in args.only if SETTINGS[name] == [{}] and name != "bce"]
    work = [
        (args.ontology, seed, args.resamples, *one) for one, seed in product(wanted, args.seeds)
    ]
    results = dict(zip(map(repr, work), judged(work, args.jobs), strict=True))

    def of(one):
        given = [repr((args.ontology, seed, args.resamples, *one)) for seed in args.seeds]
        return over_seeds([results[key] for key in given])

    rows = [row(one, of(one), of(PLAIN)) for one in wanted]
    print(pd.DataFrame(rows).set_index("loss").to_string())


def judged(work, n_jobs):
    """Judge all, in processes if there are to be several; the order stays."""
    if n_jobs == 1:
        return [judge(*one) for one in work]
    with ProcessPoolExecutor(n_jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(judge, *zip(*work, strict=True)))


def judge(ontology, seed, n_resamples, name, params):
    """Train the network with one loss on one split; evaluate its test proteins."""
    began = time.perf_counter()
    data, draws = read(ontology, n_resamples)
    train, test = split_by_cluster(data.groups, random_state=seed)
    network = GOTermClassifier(
        loss=LOSSES[name](**params),
        max_steps=EPOCHS * math.ceil(len(train) / BATCH_SIZE),
        batch_size=BATCH_SIZE,
        early_stopping=False,
        ontology=data.ontology,
        terms=data.terms,
        random_state=seed,
    ).fit(data.X[train], data.y[train])
    scores = network.predict_proba(data.X[test])
    n_train = data.y[train].sum(axis=0, dtype=int)
    figures = evaluate(data.y[test], scores, n_train=n_train, bins=BINS, draws=draws[test])
    reached = " ".join(f"{figures.point[one]:.4f}" for one in SHOWN)
    print(
        f"# {name} {params}, seed {seed}: {reached}, {time.perf_counter() - began:.1f} s",
        flush=True,
    )
    return figures


@cache
def read(ontology, n_resamples):
    """Read the bundled proteins, and draw them for the bootstrap, once a process."""
    data = load_human_go(ontology)
    return data, draw_proteins(len(data.X), n_resamples)


def row(setting, mean, plain):
    """Write one setting's figures, and the differences to cross-entropy (a star where clear)."""
    name, params = setting
    found = mean.point[list(SHOWN)].map("{:.4f}".format)
    apart = difference(paired_difference(mean, plain), list(SHOWN))
    words = ", ".join(f"{key}={value:g}" for key, value in params.items())
    differences = {f"{figure} - bce": text for figure, text in apart.items()}
    return {"loss": f"{name} {words}".strip()} | dict(found) | differences


if __name__ == "__main__":
    main()
