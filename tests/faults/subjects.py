"""The commands under attack, on toy data that are made on the spot."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

N_PROTEINS = 60
TERMS = {  # term: its parent; all are functions
    "GO:0003674": None,
    "GO:0000001": "GO:0003674",
    "GO:0000002": "GO:0000001",
    "GO:0000003": "GO:0003674",
    "GO:0000004": "GO:0000003",
    "GO:0000005": "GO:0000001",
}
TINY = [
    *("--param", "backbone__n_hidden=8", "--param", "n_latent=4", "--param", "check_every=1"),
    *("--param", "quality_filter=None", "--param", "guard=None"),
]
QUICK = ["--min-proteins", "3", "--verbose", "0"]


class Subject(NamedTuple):
    """A command, what it starts from and what it leaves.

    ``words`` are its words; ``{in}`` and ``{work}`` stand for the folders of inputs and outputs,
    ``{seed}`` and its like for what tells variants apart. ``earlier`` are commands that ran in the
    folder of outputs before. A command with ``new`` refuses a place that holds something. ``again``
    are the words of the rerun where a killed run has begun, if they differ. ``together`` are files
    that mean nothing without each other. ``folders`` maps folders to what loads them. ``grows``
    matches files that have several right contents in the course of a run, ``timed`` those that say
    how many seconds it took. A command that ``shows`` prints its table before it saves.
    ``statuses`` are those of success; an audit's verdict is one of two. What ``keeps`` matches may
    stay where a disk was full, for the next run to go on with.
    """

    words: list
    earlier: tuple = ()
    new: bool = False
    again: list | None = None
    together: tuple = ()
    folders: dict = {}  # noqa: RUF012
    grows: str = r"(?!)"
    timed: str = r"(?!)"
    shows: bool = False
    statuses: tuple = (0,)
    keeps: str = r"(?!)"


def _reads_state(folder):
    from protimb.training import load_state

    load_state(folder)


def _reads_sampler(folder):
    from protimb import CGANSampler

    CGANSampler.load(folder)


RUN = {"out/checkpoints": _reads_state, "out/sampler": _reads_sampler}
TRAINED = [
    *("train-sampler", "--data", "{in}/cafa", "--out", "{work}/out", "--hold-out", "0.3"),
    *("--sampling-strategy", "20", *QUICK, *TINY),
]
PARTS = r"(X_parts|\.X\.(npy|h5)\.partial)(/.*)?"
EMBED = ["embed", "{in}/new.fasta", "--encoder", "kmer-{k}", "--verbose", "0", "--out"]
COMPARE = [
    *("compare", "--data", "{in}/cafa", "--arms", "{arms}", "--heads", "mlp", "--max-steps", "2"),
    *("--resamples", "20", "--maps", "none", "--out", "{work}/out", *QUICK),
]
RESUME = ["train-sampler", "--resume", "--out", "{work}/out", "--verbose", "0"]
AUDIT = [
    *("audit", "{in}/cafa", "{in}/run", "--min-proteins", "3", "--maps", "pca"),
    *("--seed", "{seed}", "--out", "{work}/out"),
]
EVALUATE = [
    *("evaluate", "{in}/predictions{odd}.tsv", "{in}/truth.tsv", "--obo", "{in}/cafa/go-basic.obo"),
    *("--out", "{work}/out"),
]
IMBALANCE = ["imbalance", "--data", "{in}/cafa", "--min-proteins", "{few}", "--out", "{work}/out"]
PREDICT = [
    *("predict", "{in}/model", "{in}/cafa", "--max-terms", "{terms}", "--verbose", "0"),
    *("--out", "{work}/predictions.tsv"),
]
# Variants: the earlier result is made with seed 4, writers use 0 to 3.
SUBJECTS = {
    "train-sampler": Subject(
        [*TRAINED, "--updates", "3", "--seed", "{seed}"],
        new=True,
        again=RESUME,
        folders=RUN,
        grows=r"out/(checkpoints/.*|config\.json)",
    ),
    "train-sampler --resume": Subject(
        [*RESUME, "--updates", "{updates}"],
        earlier=([*TRAINED, "--updates", "2"],),
        folders=RUN,
        grows=r"out/(checkpoints/.*|config\.json)",
    ),
    "resample": Subject(
        ["resample", "--run", "{in}/run", "--out", "{work}/out", "--seed", "{seed}"], new=True
    ),
    "compare": Subject(
        [*COMPARE],
        earlier=(COMPARE,),
        grows=r"out/cells/.*",
        timed=r"out/(report\.html|comparison\.json|cells/.*\.npz)",
        shows=True,
    ),
    "embed": Subject(
        [*EMBED, "{work}/X.npy"],
        earlier=([*EMBED, "{work}/X.npy"],),
        together=("X.npy", "X_ids.npy"),
        keeps=PARTS,
    ),
    "embed, parts": Subject([*EMBED, "{work}/X.parts"], grows=PARTS),
    "embed, h5": Subject([*EMBED, "{work}/X.h5"], earlier=([*EMBED, "{work}/X.h5"],), keeps=PARTS),
    "train": Subject(
        [
            *("train", "{in}/cafa", "--ontology", "mf", "--epochs", "1", "--neighbors", "5"),
            *("--seed", "{seed}", "--out", "{work}/out", *QUICK),
        ],
        new=True,
    ),
    "predict": Subject(PREDICT, earlier=(PREDICT,)),
    "ingest": Subject(
        [
            *("ingest", "--fasta", "{in}/new.fasta", "--annotations", "{in}/truth.tsv"),
            *("--obo", "{in}/cafa/go-basic.obo", "--clusters", "minhash", "--verbose", "0"),
            *("--identity", "0.{k}", "--out", "{work}/out"),
        ],
        new=True,
    ),
    "imbalance": Subject(IMBALANCE, earlier=(IMBALANCE,), shows=True),
    "evaluate": Subject(EVALUATE, earlier=(EVALUATE,), shows=True),
    "audit": Subject(AUDIT, new=True, shows=True, statuses=(0, 1)),
}


def spell(words, inputs, work, seed=0):
    """Put folders and a variant into the words of a command."""
    values: dict[str, Any] = {
        "in": inputs,
        "work": work,
        "seed": seed,
        "k": 1 + seed % 2 if seed < 4 else 2,
        "updates": 4 + seed,
        "arms": ("none,ros", "none,knn", "none,lpros", "none,mlros", "none")[seed],
        "odd": seed % 2 if seed < 4 else 1,
        "few": 3 + seed,
        "terms": 5 - seed,
    }
    return [re.sub(r"\{(\w+)\}", lambda one: str(values[one[1]]), word) for word in words]


def write_inputs(folder, run, names):
    """Write a CAFA folder and tables; have ``run(words)`` make a run and a model where needed."""
    folder.mkdir(parents=True)
    _write_cafa(folder / "cafa")
    sequences = folder / "cafa" / "train_sequences.fasta"
    (folder / "new.fasta").write_text(sequences.read_text())
    truth = pd.read_csv(folder / "cafa" / "train_terms.tsv", sep="\t")
    truth[["EntryID", "term"]].to_csv(folder / "truth.tsv", sep="\t", index=False, header=False)
    for variant in (0, 1):
        scores = np.random.default_rng(variant).uniform(0.1, 1, len(truth)).round(3)
        table = truth[["EntryID", "term"]].assign(score=scores)
        table.to_csv(folder / f"predictions{variant}.tsv", sep="\t", index=False, header=False)
    made = {"run": [*TRAINED, "--updates", "2"], "model": SUBJECTS["train"].words}
    needed = {word for name in names for word in SUBJECTS[name].words}
    for name in [name for name in made if f"{{in}}/{name}" in needed]:
        words = spell(made[name], folder, folder)
        run([word.replace(str(folder / "out"), str(folder / name)) for word in words])


def _write_cafa(folder):
    folder.mkdir()
    rng = np.random.default_rng(0)
    ids = np.array([f"P{number:05d}" for number in range(N_PROTEINS)])
    leaves = [list(TERMS)[min(int(number**0.5), 5)] for number in rng.integers(1, 36, N_PROTEINS)]
    (folder / "go-basic.obo").write_text(_obo())
    table = pd.DataFrame({"EntryID": ids, "term": leaves, "aspect": "MFO"})
    table.to_csv(folder / "train_terms.tsv", sep="\t", index=False)
    clusters = pd.DataFrame({"EntryID": ids, "cluster": np.repeat(ids[::2], 2)})
    clusters.to_csv(folder / "clusters.tsv", sep="\t", index=False)
    signal = np.array([list(TERMS).index(term) for term in leaves])[:, None] * 0.5
    np.save(folder / "train_ids.npy", ids)
    X = rng.normal(size=(N_PROTEINS, 8)) + signal
    np.save(folder / "train_embeds.npy", X.astype("float32"))
    residues = rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), (N_PROTEINS, 40))
    lines = [f">{name}\n{''.join(row)}\n" for name, row in zip(ids, residues, strict=True)]
    (folder / "train_sequences.fasta").write_text("".join(lines))


def _obo():
    text = "format-version: 1.2\ndata-version: toy/2026-01-01\nontology: go\n"
    for number, (term, parent) in enumerate(TERMS.items()):
        name = f"toy function {number}" if parent else "molecular_function"
        text += f"\n[Term]\nid: {term}\nname: {name}\nnamespace: molecular_function\n"
        text += f"is_a: {parent}\n" if parent else ""
    return text


def is_whole(path, content):
    """Say whether a file reads to its end, as its kind is read."""
    try:
        _READ.get(Path(path).suffix, _read_text)(content)
    except Exception:  # any: it is what we ask
        return False
    return True


def _read_npy(content):
    import io

    found = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(found, np.lib.npyio.NpzFile):
        for name in found.files:
            found[name]


def _read_png(content):
    if not content.endswith(b"IEND\xaeB`\x82"):
        raise ValueError("cut")


def _read_html(content):
    if not content.rstrip().endswith(b"</html>"):
        raise ValueError("cut")


def _read_tensors(content):
    from safetensors.numpy import load

    load(content)


def _read_text(content):
    if content and not content.decode().endswith("\n"):
        raise ValueError("cut")


def _read_h5(content):
    import io

    import h5py

    with h5py.File(io.BytesIO(content)) as file:
        for one in file.values():
            one[()]


_READ = {
    ".json": json.loads,
    ".npy": _read_npy,
    ".npz": _read_npy,
    ".png": _read_png,
    ".html": _read_html,
    ".safetensors": _read_tensors,
    ".h5": _read_h5,
}
