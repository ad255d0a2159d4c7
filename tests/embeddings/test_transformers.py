"""Means over residues against the model called by hand, one sequence at a time."""

import shutil
import sys

import numpy as np
import pytest
import torch
from devices import DEVICE
from encoders import save_esm
from safetensors.torch import load_file, save_file
from sklearn.base import clone

from protimb.embeddings import TransformersEncoder
from protimb.embeddings._language_model import LanguageModel
from protimb.exceptions import EncoderError, MissingExtraError

# "auto" is half precision on a GPU.
IN_FULL = {"device": DEVICE, "precision": "float32"}
SEQUENCES = ["MKVLAWGHPC", "M", "ACDEFGHIKLMNPQRSTVWY" * 2, "MKVXLL"]
# What the files of the models say, as in their vocabularies: letters, and special tokens around.
LETTERS = {"esm": "LAGVSERTIDPKQNFYMHWCXBUZO", "t5": "ALGVSREDTIPKFQNYMHWCXBOUZ"}
FIRST = {"esm": 4, "t5": 3}
AROUND = {"esm": ([0], [2]), "t5": ([], [1])}
KINDS = {"esm": ("EsmModel", {"add_pooling_layer": False}), "t5": ("T5EncoderModel", {})}


def load(kind, folder):
    import transformers

    name, options = KINDS[kind]
    transformers.utils.logging.disable_progress_bar()
    return getattr(transformers, name).from_pretrained(folder, **options).eval()


def residue_vectors(network, kind, sequence, layer):
    """Vectors (n_residues, 16) from the model called by hand."""
    before, behind = AROUND[kind]
    numbers = [FIRST[kind] + LETTERS[kind].index(residue) for residue in sequence]
    with torch.no_grad():
        found = network(torch.tensor([before + numbers + behind]), output_hidden_states=True)
    hidden = found.hidden_states[layer][0].numpy()
    return hidden[len(before) : len(hidden) - len(behind)]


@pytest.mark.parametrize("kind", ["esm", "t5"])
@pytest.mark.parametrize("layer", [0, 1, 2, -1, -3])
def test_means_over_residues_are_those_of_the_model_alone(models, kind, layer):
    network = load(kind, models[kind])
    expected = [residue_vectors(network, kind, one, layer).mean(axis=0) for one in SEQUENCES]
    X = TransformersEncoder(models[kind], layer=layer, **IN_FULL).fit_transform(SEQUENCES)
    assert X.dtype == np.float32
    np.testing.assert_allclose(X, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("batch_tokens", [1, 60, 10_000])
def test_the_batch_does_not_change_a_vector(models, batch_tokens):
    whole = TransformersEncoder(models["esm"], **IN_FULL).fit_transform(SEQUENCES)
    encoder = TransformersEncoder(models["esm"], batch_tokens=batch_tokens, **IN_FULL)
    np.testing.assert_allclose(encoder.fit_transform(SEQUENCES), whole, atol=1e-5)


@pytest.mark.parametrize("kind", ["esm", "t5"])
def test_a_long_sequence_is_the_mean_of_residues_averaged_over_windows(models, kind):
    sequence = "MKVLAWGHPCD"
    network = load(kind, models[kind])
    sums, counts = np.zeros((11, 16)), np.zeros((11, 1))
    for start in (0, 4, 5):  # windows of 6 that share 2; the last ends with the sequence
        sums[start : start + 6] += residue_vectors(network, kind, sequence[start : start + 6], -1)
        counts[start : start + 6] += 1
    encoder = TransformersEncoder(models[kind], window=6, overlap=2, **IN_FULL)
    X = encoder.fit_transform([sequence, "MKV"])
    np.testing.assert_allclose(X[0], (sums / counts).mean(axis=0), rtol=1e-5, atol=1e-5)


def test_a_protein_of_40_000_residues_is_read_in_windows(models, monkeypatch):
    """Case 57."""
    longest = []
    pool = LanguageModel.pool

    def watched(self, pieces):
        longest.append(max(len(piece.residues) for piece in pieces))
        return pool(self, pieces)

    monkeypatch.setattr(LanguageModel, "pool", watched)
    encoder = TransformersEncoder(models["esm"], layer=0, **IN_FULL)
    X = encoder.fit_transform(["MK" * 20_000, "MK"])
    assert max(longest) == 1022
    np.testing.assert_allclose(X[0], X[1], atol=1e-4)  # the embedding of tokens knows no place


@pytest.mark.parametrize(
    ("kind", "as_x", "own"), [("esm", "J", "BOUZ"), ("t5", "BJOUZ", "")], ids=["esm", "t5"]
)
def test_rare_residues_are_read_as_each_model_reads_them(models, kind, as_x, own):
    encoder = TransformersEncoder(models[kind], **IN_FULL).fit()
    x, *rest = encoder.transform(["MX", *(f"M{one}" for one in as_x)])
    for vector in rest:
        np.testing.assert_array_equal(vector, x)
    for vector in encoder.transform([f"M{one}" for one in "A" + own]):
        assert np.abs(vector - x).max() > 1e-3


@pytest.mark.parametrize("layer", [3, -4])
def test_a_layer_that_is_not_there_is_refused(models, layer):
    with pytest.raises(EncoderError, match="has 2 layers"):
        TransformersEncoder(models["esm"], layer=layer).fit()


def test_half_precision_is_near_full_precision(models):
    full = TransformersEncoder(models["esm"], **IN_FULL).fit_transform(SEQUENCES)
    half = TransformersEncoder(models["esm"], device=DEVICE, precision="bfloat16")
    X = half.fit_transform(SEQUENCES)
    assert X.dtype == np.float32
    assert 0 < np.abs(X - full).max() < 0.1 * np.abs(full).max()


def test_vectors_that_are_not_finite_are_refused(models, tmp_path):
    folder = save_esm(tmp_path / "esm")
    encoder = TransformersEncoder(folder, **IN_FULL).fit()
    with torch.no_grad():
        encoder._network().network.embeddings.word_embeddings.weight.fill_(float("nan"))
    with pytest.raises(EncoderError, match="NaN or infinity"):
        encoder.transform(["MKV"])


def test_weights_other_than_safetensors_are_not_read(models, tmp_path):
    """Case 70: a pickle would run code."""
    folder = shutil.copytree(models["esm"], tmp_path / "esm")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch evil'\ntR.")
    with pytest.raises(EncoderError, match="safetensors"):
        TransformersEncoder(folder).fit()


def test_a_model_that_is_not_on_disk_is_not_downloaded_unasked(tmp_path):
    with pytest.raises(EncoderError, match="local_files_only=False to download"):
        TransformersEncoder(str(tmp_path / "none")).fit()


def test_a_model_with_code_of_its_own_is_refused_and_the_code_not_run(models, tmp_path):
    folder = shutil.copytree(models["esm"], tmp_path / "esm")
    config = (folder / "config.json").read_text().replace('"esm"', '"new_kind"')
    entry = '{"auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"},'
    (folder / "config.json").write_text(config.replace("{", entry, 1))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    with pytest.raises(EncoderError, match="code of its own"):
        TransformersEncoder(folder).fit()
    assert not (tmp_path / "ran").exists()


def test_weights_of_another_network_are_refused_and_not_filled_with_random_ones(tmp_path):
    folder = save_esm(tmp_path / "esm")
    tensors = load_file(folder / "model.safetensors")
    left = {name: tensor for name, tensor in tensors.items() if ".layer.1.output" not in name}
    save_file(left, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"lacks 2 weights"):
        TransformersEncoder(folder).fit()


def test_weights_of_another_width_are_refused(tmp_path):
    folder, wide = save_esm(tmp_path / "esm"), save_esm(tmp_path / "wide", hidden_size=32)
    shutil.copy(wide / "config.json", folder / "config.json")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        TransformersEncoder(folder).fit()


def test_without_transformers_the_error_says_what_to_install(models, monkeypatch):
    """Case 78."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'protimb\[transformers\]'"):
        TransformersEncoder(models["esm"]).fit()


def test_a_clone_of_a_fitted_encoder_shares_no_network(models):
    encoder = TransformersEncoder(models["esm"], **IN_FULL).fit()
    assert not hasattr(clone(encoder), "_loaded")
    assert "_loaded" not in encoder.__getstate__()
