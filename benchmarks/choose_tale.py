"""Choose the defaults of TALEClassifier on held-out clusters of splits that no report uses.

    python benchmarks/choose_tale.py --ontology mf --seeds 100 101 102 --out tale_choices.csv

Each choice changes one thing of the first, ``base``. Prints macro average precision on terms with
fewer than 50 training proteins and on all, Fmax, and seconds an epoch; ``--only`` takes names of
choices, so that several processes share the table.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from protimb.classification import TALEClassifier
from protimb.datasets import load_human_go
from protimb.metrics import evaluate
from protimb.model_selection import split_by_cluster

BINS = {"<50": (1, 50), "all": (1, np.inf)}

# name -> what differs from the classifier's defaults
CHOICES = {
    "base": {},
    "batch 32": {"batch_size": 32, "lr": 1e-3, "dropout": 0.1, "weight_decay": 0.01},
    "paper": {
        "n_layers": 6, "dropout": 0.1, "batch_size": 32, "lr": 1e-3, "lr_schedule": "constant",
        "weight_decay": 0.0, "prior_bias": False, "mask_pads": False, "clip_norm": None,
    },
    "layers 0": {"n_layers": 0},
    "layers 1": {"n_layers": 1},
    "layers 4": {"n_layers": 4},
    "layers 6": {"n_layers": 6},
    "lr 1e-3": {"lr": 1e-3},
    "lr 2e-3": {"lr": 2e-3},
    "lr 8e-3": {"lr": 8e-3},
    "epochs 60": {"max_epochs": 60},
    "epochs 100": {"max_epochs": 100},
    "batch 64": {"batch_size": 64, "lr": 2e-3},
    "batch 256": {"batch_size": 256, "lr": 6e-3},
    "no warm-up": {"lr_schedule": "cosine"},
    "constant lr": {"lr_schedule": "constant"},
    "length 256": {"max_length": 256},
    "length 1000": {"max_length": 1000},
    "hierarchy 1": {"hierarchy_penalty": 1.0},
    "similarity 1/8": {"similarity_scale": 0.125},
    "similarity 1/32": {"similarity_scale": 0.03},
    "read-out mean": {"read_out": "mean"},
    "read-out last": {"read_out": "last"},
    "label own": {"label_coding": "own"},
    "depth first": {"label_coding": "depth_first"},
    "kernels 5, 3": {"kernel_sizes": (5, 3)},
    "width 128": {"n_hidden": 128, "n_heads": 4},
    "width 256": {"n_hidden": 256, "n_heads": 8},
    "softmax": {"output": "softmax"},
    "no prior": {"prior_bias": False},
    "dropout .1": {"dropout": 0.1},
    "decay .01": {"weight_decay": 0.01},
    "filters 40": {"n_filters": 40},
    "focal": {"loss": "focal"},
    "wide, slow": {"n_hidden": 128, "n_heads": 4, "lr": 2e-3},
    "wide, long": {"n_hidden": 128, "n_heads": 4, "max_epochs": 60},
    "mean, wide": {"n_hidden": 128, "n_heads": 4, "read_out": "mean", "max_epochs": 60},
}  # fmt: skip


def main():
    """Train every choice on every split, and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "bp", "cc"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102])
    parser.add_argument("--only", nargs="+", default=[*CHOICES], metavar="NAME", choices=[*CHOICES])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--rows", type=int, help="take so many training proteins, for a trial run")
    parser.add_argument("--epochs", type=int, help="in place of each choice's own")
    parser.add_argument("--out", type=Path, help="CSV to append each line to")
    words = parser.parse_args()
    bunch = load_human_go(words.ontology)
    sequences = pd.Series(bunch.sequences)[bunch.protein_ids].to_numpy()
    for name in words.only:
        for seed in words.seeds:
            line = {"ontology": words.ontology, "choice": name, "seed": seed}
            line |= score(bunch, sequences, CHOICES[name], seed, words)
            print(" | ".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in line.values()))
            if words.out:
                pd.DataFrame([line]).to_csv(
                    words.out, mode="a", header=not words.out.exists(), index=False
                )


def score(bunch, sequences, params, seed, words):
    """Train one choice on one split: figures by name."""
    train, test = split_by_cluster(bunch.groups, random_state=seed)
    train = train[: words.rows]
    model = TALEClassifier(
        ontology=bunch.ontology, terms=bunch.terms, device=words.device, random_state=seed
    ).set_params(**params)
    if words.epochs:
        model.set_params(max_epochs=words.epochs)
    started = time.perf_counter()
    with warnings.catch_warnings(action="ignore"):
        model.fit(sequences[train], bunch.y[train])
    seconds = time.perf_counter() - started
    scores = model.predict_proba(sequences[test])
    y = bunch.y[test]
    n_train = bunch.y[train].sum(axis=0, dtype=np.int64)
    point = evaluate(y, scores, n_train=n_train, bins=BINS).point
    return {
        "AP <50": float(point["AP <50"]),
        "AP all": float(point["AP all"]),
        "Fmax": float(point["fmax"]),
        "epochs": len(model.history_),
        "loss": model.history_[-1]["loss"],
        "valid": min(record["valid_loss"] for record in model.history_),
        "s/epoch": seconds / len(model.history_),
        "s predicting": time.perf_counter() - started - seconds,
    }


if __name__ == "__main__":
    main()
