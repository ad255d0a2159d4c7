"""What 250 million proteins x 1,024 would take on eight nodes, from what is measured here.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/estimate_scale.py``; two minutes on an idle core.
Each term of the estimate is measured at three sizes. Its law (constant, linear or quadratic, said
beforehand) is fitted to the two smaller ones and has to predict the third, which was held out; then
it is fitted to all and extrapolated. Seconds are CPU seconds of one thread, the best of several.
What is not measured here is assumed, and an option: cores, network and storage of a node, and that
processes share rows evenly.
"""

import argparse
import os
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

N_FEATURES, N_TERMS = 1024, 1000
BATCH, N_CRITIC = 256, 5  # of ConditionalGAN
EPOCHS, UPDATES = 30, 200  # at most, of GOTermClassifier and ConditionalGAN
RESIDUES = 350  # of a protein, in the mean of UniProt
N_LAYERS, N_HEADS = 24, 16  # of an encoder whose vectors are 1,024 wide
PREDICTED = 0.25  # how far off the held-out size may be

LAWS = {  # name: what a quantity is a sum of multiples of
    "constant": (lambda n: 1.0,),
    "linear": (lambda n: 1.0, lambda n: n),
    "quadratic": (lambda n: n, lambda n: n * n),
}


class Term(NamedTuple):
    """A quantity: what it is measured at the sizes of, by which law it grows, and its goal."""

    name: str
    law: str
    of: str
    sizes: tuple
    measure: Any
    goal: str  # size at full scale: an entry of ``goals``
    unit: str = "CPU s"


def main():
    """Measure, check and fit every term, and say which step takes longest."""
    warnings.simplefilter("ignore")
    args = _parse_arguments()
    goals = {"rows": args.rows, "batch": BATCH, "width": N_FEATURES, "residues": RESIDUES}
    print(
        "| term | of | law | unit | measured | held-out size | predicted / measured - 1 | there |"
    )
    print("|---|---|---|---|---|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        found = pd.DataFrame([estimate(term, goals, args) for term in terms(Path(folder))])
    found = found.set_index("term")
    print()
    print(steps(found["at full scale"], args).to_string())
    missed = found.index[found["off"].abs() > PREDICTED]
    if len(missed):
        raise SystemExit(f"The law does not predict the held-out size of: {', '.join(missed)}.")


def estimate(term, goals, args):
    """Measure a term at its sizes, hold the law against the last, and extrapolate."""
    values = [min(term.measure(size) for _ in range(args.repeats)) for size in term.sizes]
    predicted = fit(term.law, term.sizes[:-1], values[:-1])(term.sizes[-1])
    found = {
        "term": term.name,
        "of": term.of,
        "law": term.law,
        "unit": term.unit,
        "measured": ", ".join(f"{n:,}: {v:.4g}" for n, v in zip(term.sizes, values, strict=True)),
        "predicted": f"{predicted:.4g}",
        "off": round(predicted / values[-1] - 1, 3),
        "at full scale": float(f"{fit(term.law, term.sizes, values)(goals[term.goal]):.3g}"),
    }
    print("| " + " | ".join(map(str, found.values())) + " |", flush=True)
    return found


def fit(law, sizes, values):
    """Fit a law, with no negative part and relative errors alike, and give the function."""
    from scipy.optimize import nnls

    parts = LAWS[law]
    weights = 1 / np.asarray(values)
    system = np.array([[part(n) for part in parts] for n in sizes]) * weights[:, None]
    scale = np.linalg.norm(system, axis=0)
    factors = nnls(system / scale, np.ones(len(values)))[0] / scale
    return lambda n: sum(factor * part(n) for factor, part in zip(factors, parts, strict=True))


def steps(value, args):
    """Turn terms into hours and bytes of each step of the whole way on all nodes."""
    cores = args.nodes * args.cores
    network, disk = args.network, args.disk
    n_bytes = value["vectors, float16"]
    message = value["all-reduce"]

    def hours(seconds):
        return seconds / 3600

    def sent(n_updates):
        return n_updates * 2 * (args.nodes - 1) / args.nodes * message / network

    n_batches = EPOCHS * args.rows / args.batch_size
    gan = UPDATES * (N_CRITIC + 1)
    embedding = args.rows * N_LAYERS * value["embedding"] / cores
    rows = {
        "embed": (embedding, n_bytes / args.nodes / disk, 0),
        "read once": (value["reading"] / cores, n_bytes / args.nodes / disk, 0),
        "train-sampler": (UPDATES * value["GAN update"] / args.nodes, 0, sent(gan)),
        "resample, rows for 1 %": (0.01 * value["generation"] / cores, 0, 0),
        "train": (
            EPOCHS * value["classifier"] / cores,
            EPOCHS * n_bytes / args.nodes / disk,
            sent(n_batches),
        ),
        "predict": (value["predict"] / cores, n_bytes / args.nodes / disk, 0),
        "neighbours, exact": (value["neighbours, exact"] / cores, 0, 0),
        "neighbours, sampled": (value["neighbours, sampled"] / cores, 0, 0),
    }
    table = pd.DataFrame(rows, index=["computing", "storage", "network"]).T.map(hours)
    table["hours"] = table.max(axis=1)  # reading, computing and sending overlap at best
    cheap = table.drop("neighbours, exact")
    print(
        f"{args.rows:,.0f} x {N_FEATURES} on {args.nodes} nodes of {args.cores} cores: "
        f"{n_bytes / 1e9:,.0f} GB in float16, {2 * n_bytes / 1e9:,.0f} in float32; a node holds a "
        f"part of {n_bytes / args.nodes / 1e9:,.0f} GB, mapped; an update sends "
        f"{message / 1e6:.1f} MB. The longest step is {cheap['hours'].idxmax()!r}; an exact search "
        f"would take {table.loc['neighbours, exact', 'hours'] / 24 / 365:,.1f} years. Hours:"
    )
    return table.map(lambda number: f"{number:,.3g}")


def terms(folder):
    """List what is measured."""
    return [
        Term(f"vectors, {dtype}", "linear", "rows", (1000, 4000, 16_000), file, "rows", "bytes")
        for dtype, file in (("float16", _file(folder, "f2")), ("float32", _file(folder, "f4")))
    ] + [
        Term("reading", "linear", "rows", (4000, 16_000, 64_000), _reading(folder), "rows"),
        Term("embedding", "quadratic", "residues", (128, 256, 512), _encode, "residues"),
        Term("GAN update", "linear", "batch", (64, 128, 256), _update, "batch"),
        Term("all-reduce", "linear", "width", (256, 512, 1024), _message, "width", "bytes"),
        Term("generation", "linear", "rows", (1000, 4000, 16_000), _generate, "rows"),
        Term("classifier", "linear", "rows", (2000, 4000, 8000), _epoch, "rows"),
        Term("predict", "linear", "rows", (1000, 4000, 16_000), _predict, "rows"),
        Term("neighbours, exact", "quadratic", "rows", (2000, 4000, 8000), _exact, "rows"),
        Term("neighbours, sampled", "linear", "rows", (4000, 8000, 16_000), _sampled, "rows"),
    ]


def timed(call, *args):
    """Give the CPU seconds of a call."""
    began = time.process_time()
    call(*args)
    return time.process_time() - began


@cache
def make_rows(n_rows):
    """Give vectors (n_rows, N_FEATURES) with a spectrum, and labels, csr (n_rows, N_TERMS)."""
    from scipy import sparse

    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, N_FEATURES), dtype=np.float32)
    X *= (np.arange(N_FEATURES, dtype=np.float32) + 3) ** np.float32(-0.75)
    columns = (N_TERMS * rng.random((n_rows, 12)) ** 2).astype(np.int32)
    rows = np.repeat(np.arange(n_rows), 12)
    ones = np.ones(len(rows), dtype=np.uint8)
    y = sparse.csr_array((ones, (rows, columns.ravel())), shape=(n_rows, N_TERMS))
    y.data[:] = 1
    return X, y


def _file(folder, dtype):
    def measure(n_rows):
        path = folder / f"{dtype}.npy"
        np.save(path, np.zeros((n_rows, N_FEATURES), dtype=dtype))
        return path.stat().st_size

    return measure


def _reading(folder):
    from protimb.utils._memory import read_blocks

    def sums(path):
        return sum(
            block.astype(np.float32).sum() for block in read_blocks(np.load(path, mmap_mode="r"))
        )

    def measure(n_rows):
        path = folder / "read.npy"
        if not path.exists() or np.load(path, mmap_mode="r").shape[0] != n_rows:
            np.save(path, np.ones((n_rows, N_FEATURES), dtype=np.float16))
        return timed(sums, path)

    return measure


def _encode(n_residues):
    """Read a protein by one layer of a transformer."""
    import torch

    layer = torch.nn.TransformerEncoderLayer(
        N_FEATURES, N_HEADS, 4 * N_FEATURES, batch_first=True, norm_first=True
    ).eval()
    with torch.inference_mode():
        return timed(layer, torch.randn(1, n_residues, N_FEATURES))


def _players(n_features):
    import torch
    from textbook_gan import build_players

    return build_players("mlp", n_features, N_TERMS, torch.Generator().manual_seed(0))


def _message(n_features):
    return 4 * max(sum(p.numel() for p in player.parameters()) for player in _players(n_features))


@cache
def _step():
    import torch
    from textbook_gan import LR, N_LATENT, PENALTY

    from protimb.gan._step import AdversarialStep

    X, y = make_rows(4000)
    return AdversarialStep(
        torch.from_numpy(X),
        torch.from_numpy(y.toarray()),
        *_players(N_FEATURES),
        n_latent=N_LATENT,
        n_critic=N_CRITIC,
        penalty_weight=PENALTY,
        lr=LR,
        rng=torch.Generator().manual_seed(0),
    )


def _update(batch_size):
    """Time five updates of a critic and one of a generator."""
    import torch

    rows = torch.arange(N_CRITIC * batch_size) % 4000
    _step().train_batch(rows)
    return timed(_step().train_batch, rows)


@cache
def _gan():
    from protimb.gan import ConditionalGAN

    X, y = make_rows(2000)
    return ConditionalGAN(max_updates=2, min_updates=1, random_state=0).fit(X, y)


def _generate(n_rows):
    return timed(_gan().sample, make_rows(n_rows)[1])


def _epoch(n_rows):
    """Time an epoch: what three take, less what one does, over two."""
    from protimb import GOTermClassifier

    def fit(n_epochs):
        network = GOTermClassifier(max_epochs=n_epochs, early_stopping=False, random_state=0)
        return timed(network.fit, *make_rows(n_rows))

    return (fit(3) - fit(1)) / 2


@cache
def _classifier():
    from protimb import GOTermClassifier

    return GOTermClassifier(max_epochs=1, random_state=0).fit(*make_rows(2000))


def _predict(n_rows):
    return timed(_classifier().predict_proba, make_rows(n_rows)[0])


def _exact(n_rows):
    from protimb.utils._nearest import nearest

    X = make_rows(n_rows)[0]
    return timed(lambda: nearest(X, X, 5, same=True))


def _sampled(n_rows):
    from protimb.neighbors import SampledNeighbors

    X = make_rows(n_rows)[0]
    search = SampledNeighbors(max_reference=2000, random_state=0)
    return timed(lambda: search.fit(X).kneighbors())


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=250e6)
    parser.add_argument("--nodes", type=int, default=8)
    parser.add_argument("--cores", type=int, default=32, help="of a node, each as one here")
    parser.add_argument(
        "--batch-size", type=int, default=8192, help="of a classifier at full scale"
    )
    parser.add_argument("--network", type=float, default=1.25e9, help="bytes a second of a node")
    parser.add_argument("--disk", type=float, default=1e9, help="bytes a second of a node")
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
