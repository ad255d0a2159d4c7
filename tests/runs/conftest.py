"""A small CAFA folder, and a run on it that every test reads."""

import warnings

import numpy as np
import pandas as pd
import pytest

from protimb.exceptions import ModeCollapseWarning
from protimb.runs import train_sampler

OBO = """format-version: 1.2
data-version: toy/2026-01-01
ontology: go

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function

[Term]
id: GO:0000001
name: toy binding
namespace: molecular_function
is_a: GO:0003674 ! molecular_function

[Term]
id: GO:0000002
name: rare toy binding
namespace: molecular_function
is_a: GO:0000001 ! toy binding

[Term]
id: GO:0005575
name: cellular_component
namespace: cellular_component

[Term]
id: GO:0000003
name: toy membrane
namespace: cellular_component
is_a: GO:0005575 ! cellular_component

[Typedef]
id: part_of
name: part of
"""
FASTA = "".join(f">P{number:05d}\nMKV\n" for number in range(90))

# Tiny networks, two epochs, no quality control: what is generated is no good, and is there.
PARAMS = {
    "backbone": "mlp",
    "backbone__n_hidden": 8,
    "n_latent": 4,
    "max_epochs": 2,
    "sampling_strategy": 30,
    "quality_filter": None,
}


def write_folder(folder, seed=0):
    """Ninety proteins in pairs of one cluster; a third binds, a sixth in the rare way."""
    rng = np.random.RandomState(seed)
    ids = np.array([f"P{number:05d}" for number in range(90)])
    terms = [["GO:0003674", "GO:0000001", "GO:0000002"][max(i % 6 - 3, 0)] for i in range(90)]
    table = pd.DataFrame({"EntryID": ids, "term": terms, "aspect": "MFO"})
    membrane = table[:40].assign(term="GO:0000003", aspect="CCO")
    folder.mkdir()
    (folder / "go-basic.obo").write_text(OBO)
    (folder / "train_sequences.fasta").write_text(FASTA)
    pd.concat([table, membrane]).to_csv(folder / "train_terms.tsv", sep="\t", index=False)
    clusters = pd.DataFrame({"EntryID": ids, "cluster": np.repeat(ids[::2], 2)})
    clusters.to_csv(folder / "clusters.tsv", sep="\t", index=False)
    np.save(folder / "train_ids.npy", ids)
    signal = pd.Categorical(terms).codes[:, None] * np.ones((1, 8))
    np.save(folder / "train_embeds.npy", (rng.normal(size=(90, 8)) + signal).astype("float32"))
    return folder


@pytest.fixture(scope="session")
def cafa(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "cafa")


@pytest.fixture(scope="session")
def other_cafa(tmp_path_factory):
    """Proteins of the same names and labels, with other vectors."""
    return write_folder(tmp_path_factory.mktemp("data") / "other", seed=1)


@pytest.fixture(scope="session")
def params():
    return PARAMS


@pytest.fixture(scope="session")
def train(cafa):
    def train(out, **options):
        defaults = {"data": cafa, "min_proteins": 5, "hold_out": 0.3, "sampler_params": PARAMS}
        with warnings.catch_warnings():
            # Two epochs of a tiny network: its rows do hardly differ.
            warnings.simplefilter("ignore", ModeCollapseWarning)
            return train_sampler(out, **defaults | options)

    return train


@pytest.fixture(scope="session")
def run(train, tmp_path_factory):
    return train(tmp_path_factory.mktemp("runs") / "run")
