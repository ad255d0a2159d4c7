"""Does every sampler give the rows it gave before? A table of settings, with a hash of each.

Run by hand, before a change and after it:
``python benchmarks/same_rows.py --save before.npz``, then
``python benchmarks/same_rows.py --compare before.npz``.
Only public names are used, so the script outlives what it checks. It runs on one thread: with
another number of threads sums are added in another order, and the bits differ.
"""

import argparse
import hashlib
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from imblearn.over_sampling import SMOTE, BorderlineSMOTE
from scipy import sparse
from threadpoolctl import threadpool_limits

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.filters import FilterChain
from protimb.over_sampling import (
    LPROS,
    MLROS,
    MLSMOTE,
    MLSOL,
    REMEDIAL,
    CGANSampler,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.training import Checkpoint
from protimb.under_sampling import LPRUS, MLRUS, MLTL, MLeNN

TOLERANCE = 1e-5  # of a number, where the order of sums has changed
DIFFERS = "DIFFERS: "

TOY = make_longtail_multilabel(200, 16, 12, random_state=0)
TERM_VECTORS = np.random.default_rng(0).normal(size=(12, 6))
ONE_CLASS = np.random.default_rng(1).choice(3, size=200, p=[0.7, 0.2, 0.1])
X_FRAME = pd.DataFrame(TOY.X, index=TOY.protein_ids).add_prefix("feature_")
Y_FRAME = pd.DataFrame(TOY.y, index=TOY.protein_ids, columns=TOY.terms)

# Quality control is off where a rounding error could decide about a row.
SMALL = {
    "sampling_strategy": 25,
    "n_latent": 8,
    "batch_size": 40,
    "max_updates": 3,
    "check_every": 1,
    "quality_filter": None,
    "random_state": 0,
}


def resample(sampler, X=TOY.X, y=TOY.y):
    """Give the rows that a sampler gives."""
    return sampler.fit_resample(X, y)


def gan(X=TOY.X, y=TOY.y, **parameters):
    """Resample by a small GAN with some parameters of its own."""
    return resample(CGANSampler(**(SMALL | parameters)), X, y)


def saved_gan():
    """Fit, save, load and draw."""
    with tempfile.TemporaryDirectory() as folder:
        CGANSampler(**SMALL).fit(TOY.X, TOY.y).save(Path(folder, "sampler"))
        sampler = CGANSampler.load(Path(folder, "sampler"))
    return sampler.sample(TOY.y[:50], random_state=1), TOY.y[:50]


def resumed_gan():
    """Train two epochs of four, go on from there, and draw; must be the same as four at once."""
    with tempfile.TemporaryDirectory() as folder:
        half = CGANSampler(**SMALL | {"max_updates": 2, "callbacks": [Checkpoint(folder)]})
        half.fit(TOY.X, TOY.y)
        resumed = CGANSampler(**SMALL | {"max_updates": 4})
        resumed.fit(TOY.X, TOY.y, resume_from=folder)
    straight = CGANSampler(**SMALL | {"max_updates": 4}).fit(TOY.X, TOY.y)
    drawn = [gan.sample(TOY.y[:50], random_state=1) for gan in (resumed, straight)]
    if not np.array_equal(*drawn):
        raise SystemExit("A resumed run differs from one that never stopped.")
    return drawn[0], TOY.y[:50]


def unseen_term():
    """Draw rows of a term that no training protein carries."""
    y = TOY.y.copy()
    y[:, 11] = 0
    sampler = CGANSampler(**SMALL, condition="term_vectors", term_vectors=TERM_VECTORS)
    rows = np.eye(12, dtype=np.uint8)[[11] * 30]
    return sampler.fit(TOY.X, y).sample(rows, random_state=1), rows


def predict(classifier, y=TOY.y):
    """Give probabilities and decisions."""
    classifier.fit(TOY.X, y)
    return classifier.predict_proba(TOY.X), classifier.predict(TOY.X)


WITH_VECTORS = partial(gan, term_vectors=TERM_VECTORS)
ONTOLOGY = {"ontology": TOY.ontology, "terms": TOY.terms}
CLASSIFIER = partial(GOTermClassifier, hidden_layer_sizes=(16,), max_epochs=5, random_state=0)

SETTINGS: dict[str, Callable] = {
    "gan": gan,
    "gan, defaults but short": partial(resample, CGANSampler(max_updates=3, random_state=0)),
    "gan, conv": partial(gan, backbone="conv"),
    "gan, transposed_conv": partial(gan, backbone="transposed_conv"),
    "gan, attention": partial(gan, backbone="attention"),
    "gan, conv, channel": partial(gan, backbone="conv", conditioning="channel"),
    "gan, conv, film": partial(gan, backbone="conv", conditioning="film"),
    "gan, attention, film": partial(gan, backbone="attention", conditioning="film"),
    "gan, attention, projection": partial(gan, backbone="attention", conditioning="projection"),
    "gan, condition none": partial(gan, condition="none"),
    "gan, condition term_vectors": partial(WITH_VECTORS, condition="term_vectors"),
    "gan, condition both": partial(WITH_VECTORS, condition="both"),
    "gan, channel": partial(gan, conditioning="channel"),
    "gan, projection": partial(gan, conditioning="projection"),
    "gan, film": partial(gan, conditioning="film"),
    "gan, from noise": partial(gan, generate_from="noise"),
    "gan, from member": partial(gan, generate_from="member"),
    "gan, move_scale": partial(gan, move_scale=0.7),
    "gan, cosine": partial(gan, quality_filter="cosine", max_updates=10),
    "gan, fidelity": partial(gan, quality_filter="fidelity", max_updates=10),
    "gan, memorisation": partial(gan, quality_filter="memorisation", max_updates=10),
    "gan, chain of filters": partial(gan, quality_filter=FilterChain(), max_updates=10),
    "gan, validation": partial(gan, validation_fraction=0.2, n_iter_no_change=2, max_updates=8),
    "gan, averaging": partial(gan, averaging=0.9),
    "gan, auxiliary": partial(gan, auxiliary_weight=1.0),
    "gan, lr_schedule": partial(gan, lr_schedule="warmup_cosine"),
    "gan, term_range": partial(gan, term_range=(5, 40)),
    "gan, max_grad_norm": partial(gan, max_grad_norm=0.5),
    "gan, sampling_exponent 0": partial(gan, sampling_exponent=0.0),
    "gan, mixed precision": partial(gan, mixed_precision=True),
    "gan, one label a row": partial(gan, y=ONE_CLASS, sampling_strategy="auto"),
    "gan, sparse y": partial(gan, y=sparse.csr_array(TOY.y)),
    "gan, frames": partial(gan, X=X_FRAME, y=Y_FRAME, sampling_strategy="auto"),
    "gan, float64": partial(gan, X=TOY.X.astype(np.float64)),
    "gan, saved and loaded": saved_gan,
    "gan, resumed": resumed_gan,
    "gan, unseen term": unseen_term,
    "MLROS": partial(resample, MLROS(sampling_strategy="auto", random_state=0)),
    "MLROS, share": partial(resample, MLROS(sampling_strategy=0.1, random_state=0)),
    "LPROS": partial(resample, LPROS(random_state=0)),
    "MLSMOTE": partial(resample, MLSMOTE(random_state=0)),
    "MLSMOTE, union": partial(resample, MLSMOTE(labelset="union", random_state=0)),
    "MLSOL": partial(resample, MLSOL(random_state=0)),
    "MLSOL, ontology": partial(resample, MLSOL(k_neighbors=3, **ONTOLOGY, random_state=0)),
    "REMEDIAL": partial(resample, REMEDIAL()),
    "REMEDIAL, ontology": partial(resample, REMEDIAL(**ONTOLOGY)),
    "LabelwiseSampler": partial(resample, LabelwiseSampler(random_state=0)),
    "LabelwiseSampler, few": partial(
        resample, LabelwiseSampler(SMOTE(k_neighbors=3), sampling_strategy=30, random_state=0)
    ),
    "LabelwiseSampler, borderline": partial(
        resample, LabelwiseSampler(BorderlineSMOTE(), sampling_strategy=30, random_state=0)
    ),
    "RandomLabelsetOverSampler": partial(
        resample, RandomLabelsetOverSampler(sampling_strategy=30, random_state=0)
    ),
    "RandomLabelsetOverSampler, sparse y": partial(
        resample, RandomLabelsetOverSampler(random_state=0), y=sparse.csr_array(TOY.y)
    ),
    "RandomLabelsetOverSampler, frames": partial(
        resample, RandomLabelsetOverSampler(random_state=0), X_FRAME, Y_FRAME
    ),
    "MLRUS": partial(resample, MLRUS(random_state=0)),
    "LPRUS": partial(resample, LPRUS(random_state=0)),
    "MLeNN": partial(resample, MLeNN()),
    "MLTL": partial(resample, MLTL()),
    "GOTermClassifier": partial(predict, CLASSIFIER()),
    "GOTermClassifier, ontology": partial(predict, CLASSIFIER(**ONTOLOGY, n_neighbors=5)),
    "GOTermClassifier, one label a row": partial(predict, CLASSIFIER(), ONE_CLASS),
    "KNNTermClassifier": partial(predict, KNNTermClassifier(n_neighbors=5)),
    "KNNTermClassifier, one label a row": partial(
        predict, KNNTermClassifier(n_neighbors=5), ONE_CLASS
    ),
}


def main():
    """Print a hash of each setting's rows; keep them, or compare them with those kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", metavar="FILE.npz", help="keep all rows")
    parser.add_argument("--compare", metavar="FILE.npz", help="with rows kept earlier")
    parser.add_argument("--only", default="", help="settings whose name starts like this")
    args = parser.parse_args()
    wanted = [name for name in SETTINGS if name.startswith(args.only)]
    before = _read(args.compare, args.only) if args.compare else None
    arrays, n_failed = {}, 0
    for name in wanted:
        now = _run(name)
        verdict = "" if before is None else _verdict(before.pop(name, None), now)
        print(f"{name:<40} {_digest(now['X'])} {_digest(now['y'])}  {verdict}", flush=True)
        n_failed += verdict.startswith(DIFFERS)
        arrays |= {f"{name}|{part}": array for part, array in now.items()}
    if args.save:
        np.savez_compressed(args.save, **arrays)
    if before is not None:
        _conclude(n_failed, before)


def _run(name):
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # too little training for every row to pass a filter
        X, y = SETTINGS[name]()
    return {"X": _plain(X), "y": _plain(y)}


def _plain(rows):
    return np.ascontiguousarray(rows.toarray() if sparse.issparse(rows) else rows)


def _digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()[:16]


def _read(path, start):
    """Read kept rows as {setting: {"X": rows, "y": labels}}."""
    before: dict[str, dict] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            name, part = key.split("|")
            if name.startswith(start):
                before.setdefault(name, {})[part] = arrays[key]
    return before


def _verdict(before, now):
    if before is None:
        return "new"
    if all(_digest(before[part]) == _digest(now[part]) for part in now):
        return "same bits"
    if any(before[part].shape != now[part].shape for part in now):
        return f"{DIFFERS}{len(before['X'])} rows before, {len(now['X'])} now"
    largest = max(_largest(before[part], now[part]) for part in now)
    relative = _largest(before["X"], now["X"]) / np.abs(before["X"]).max()
    text = f"max difference {largest:.1e}, relative {relative:.1e}"
    return text if largest <= TOLERANCE else DIFFERS + text


def _largest(before, now):
    return np.abs(np.subtract(before, now, dtype=np.float64)).max()


def _conclude(n_failed, missing):
    for name in missing:
        print(f"{name:<40} {DIFFERS}no longer a setting")
    if n_failed or missing:
        raise SystemExit(f"{n_failed + len(missing)} setting(s) differ by more than {TOLERANCE}.")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
