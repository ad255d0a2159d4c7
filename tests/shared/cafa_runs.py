"""CAFA folders to train on, and a run that every test reads."""

import warnings

import numpy as np
import pandas as pd
import pytest

from protimb.exceptions import ModeCollapseWarning
from protimb.runs import train_sampler

MEMBRANE = ["GO:0000003"] * 40

# Tiny networks, two checks, no quality control, no guard: what is generated is no good, and is
# there.
PARAMS = {
    "backbone": "mlp",
    "backbone__n_hidden": 8,
    "n_latent": 4,
    "max_updates": 2,
    "check_every": 1,
    "sampling_strategy": 30,
    "quality_filter": None,
    "guard": None,
}


@pytest.fixture(scope="session")
def cafa(write_cafa, tmp_path_factory):
    """Proteins in pairs of one cluster, with sequences."""
    return add_the_rest(write_cafa(tmp_path_factory.mktemp("data") / "cafa", MEMBRANE))


@pytest.fixture(scope="session")
def other_cafa(write_cafa, tmp_path_factory):
    """Proteins of the same names and labels, with other vectors."""
    return add_the_rest(write_cafa(tmp_path_factory.mktemp("data") / "other", MEMBRANE, seed=1))


def add_the_rest(folder):
    ids = np.load(folder / "train_ids.npy")
    clusters = pd.DataFrame({"EntryID": ids, "cluster": np.repeat(ids[::2], 2)})
    clusters.to_csv(folder / "clusters.tsv", sep="\t", index=False)
    (folder / "train_sequences.fasta").write_text("".join(f">{name}\nMKV\n" for name in ids))
    return folder


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
