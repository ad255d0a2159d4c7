"""Protein language models from transformers: loaded without their code, pooled over residues."""

import hashlib
import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch

from protimb.embeddings._batches import cut
from protimb.embeddings._residue_tokens import ResidueTokens
from protimb.exceptions import EncoderError
from protimb.training import resolve_device
from protimb.utils._optional import import_optional

# By model_type of config.json: class that loads the encoder, and what it is told beside.
_LOADERS = {
    "t5": ("AutoModelForTextEncoding", {}),
    "esm": ("AutoModel", {"add_pooling_layer": False}),
}
# Where an encoder keeps its blocks; a block's input is the layer of its number.
_BLOCKS = {"esm": "layer", "t5": "block"}
_WINDOWS = {"esm": 1022}
_WINDOW = 2048
_HALF = {"t5": torch.bfloat16}
_DECIDING = (
    *("model_type", "num_attention_heads", "num_heads", "layer_norm_eps", "layer_norm_epsilon"),
    *("hidden_act", "token_dropout", "emb_layer_norm_before"),
)
# Weights that no vector of a residue depends on, so that a model may lack them.
_UNUSED = ("pooler", "contact_head", "embeddings.position_ids")


class LanguageModel:
    """A network that gives each token a vector, and the tokens of residues."""

    min_fill = 0.92  # a batch's shortest piece is at least so long as its longest

    def __init__(self, network, tokens, *, name, layer, window, overlap, in_full=None):
        self.network = network
        self.tokens = tokens
        self.name = name
        self.layer = layer
        self.window = window
        self.overlap = overlap
        self.in_full = in_full  # reads the network again, in float32
        self.width = network.config.hidden_size
        self.n_special = len(tokens.prefix) + len(tokens.suffix)
        blocks = _BLOCKS.get(network.config.model_type)
        self._blocks = getattr(network.encoder, blocks) if blocks else ()
        self._identity = None

    @property
    def batch_tokens(self):
        """Give the fastest size of a batch: on a CPU one whose activations stay in its cache."""
        return 1024 if self.network.device.type == "cpu" else 8192

    def identity(self):
        """Hash what vectors depend on: weights as they are here, tokens, layer, windows."""
        if self._identity is None:
            facts = [self.layer, self.window, self.overlap, str(self.network.dtype)]
            text = json.dumps([facts, _digest(self.network, self.tokens)])
            self._identity = hashlib.sha256(text.encode()).hexdigest()
        return self._identity

    def facts(self):
        """Tell what vectors depend on, whatever the precision: layer, windows, hash of weights."""
        network = self.network
        if any(one.dtype in (torch.float16, torch.bfloat16) for one in network.parameters()):
            network = self.in_full()  # in which no weight is rounded
        facts = {"layer": self.layer, "window": self.window, "overlap": self.overlap}
        return facts | {"weights": _digest(network, self.tokens)}

    def cut(self, row, sequence):
        """Cut a sequence into windows."""
        return cut(row, sequence, self.window, self.overlap)

    @torch.inference_mode()
    def pool(self, pieces):
        """Add up weighted vectors of residues, (n_pieces, width)."""
        numbers, mask, weights = map(self._on_device, self._inputs(pieces))
        hidden = self._hidden(numbers, mask).float()  # (n_pieces, n_tokens, width)
        return torch.bmm(weights.unsqueeze(1), hidden).squeeze(1).cpu().numpy()

    def _on_device(self, values):
        return None if values is None else torch.from_numpy(values).to(self.network.device)

    def _hidden(self, numbers, mask):
        inputs = {"input_ids": numbers, "attention_mask": mask}
        if self.layer == self.network.config.num_hidden_layers:
            return self.network(**inputs).last_hidden_state
        if not self._blocks:
            return self.network(**inputs, output_hidden_states=True).hidden_states[self.layer]
        return self._input_of(self._blocks[self.layer], inputs)

    def _input_of(self, block, inputs):
        """Run the network as far as it is needed."""
        handle = block.register_forward_pre_hook(_stop, with_kwargs=True)
        try:
            self.network(**inputs)
        except _Reached as reached:
            return reached.hidden
        finally:
            handle.remove()
        raise EncoderError(f"{self.name} did not run its layer {self.layer}.")

    def _inputs(self, pieces):
        """Give token numbers, attention mask and weights, (n_pieces, n_tokens) each.

        The mask is None where nothing is padding: attention without one is a fifth faster.
        """
        shape = len(pieces), max(len(piece.residues) for piece in pieces) + self.n_special
        numbers = np.full(shape, self.tokens.pad, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        weights = np.zeros(shape, dtype=np.float32)
        first = len(self.tokens.prefix)
        for row, piece in enumerate(pieces):
            encoded = self.tokens.encode(piece.residues)
            numbers[row, : len(encoded)] = encoded
            mask[row, : len(encoded)] = 1
            weights[row, first : first + len(piece.residues)] = piece.weights
        return numbers, None if mask.all() else mask, weights


class _Reached(Exception):
    def __init__(self, hidden):
        self.hidden = hidden


def _stop(_, args, kwargs):
    raise _Reached(args[0] if args else kwargs["hidden_states"])


class _Intermediate(torch.nn.Module):
    """The first half of ESM's feed-forward block; its GELU reads memory once, not five times."""

    def __init__(self, intermediate):
        super().__init__()
        self.dense = intermediate.dense

    def forward(self, hidden):
        """Widen (n_pieces, n_tokens, width)."""
        return torch.nn.functional.gelu(self.dense(hidden))


def _quicken(network):
    """Replace what is slow for no reason; weights keep their names."""
    if network.config.model_type == "esm" and network.dtype == torch.float32:
        for block in network.encoder.layer:
            block.intermediate = _Intermediate(block.intermediate)
    return network


def load_language_model(model, *, layer, window, overlap, precision, device, local_files_only):
    """Load a network and learn its tokenizer's ways."""
    transformers = import_optional("transformers")
    device = resolve_device(device)
    options = {"local_files_only": local_files_only, "trust_remote_code": False}
    with _quiet(transformers), _explained(model, local_files_only):
        config = transformers.AutoConfig.from_pretrained(model, **options)
        tokenizer = transformers.AutoTokenizer.from_pretrained(model, **options)

    def load(dtype):
        loader, beside = _LOADERS.get(config.model_type, ("AutoModel", {}))
        with _quiet(transformers), _explained(model, local_files_only):
            network, report = getattr(transformers, loader).from_pretrained(
                model,
                use_safetensors=True,
                dtype=dtype,
                output_loading_info=True,
                **options,
                **beside,
            )
        _check_complete(report["missing_keys"], model)
        return network

    network = load(_dtype(precision, device, config.model_type))
    window = _WINDOWS.get(config.model_type, _WINDOW) if window == "auto" else window
    return LanguageModel(
        _quicken(network).to(device).eval(),
        ResidueTokens(tokenizer, config.model_type),
        name=Path(str(model)).name,
        layer=_layer(layer, config.num_hidden_layers, model),
        window=window,
        overlap=min(overlap, window // 2),
        in_full=partial(load, torch.float32),
    )


def _dtype(precision, device, model_type):
    if precision != "auto":
        return getattr(torch, precision)
    return torch.float32 if device.type == "cpu" else _HALF.get(model_type, torch.float16)


def _layer(layer, n_layers, model):
    """Count a layer from the front; 0 is the embedding of tokens."""
    if not -n_layers - 1 <= layer <= n_layers:
        raise EncoderError(
            f"layer={layer}: {model} has {n_layers} layers. Pass 0 (the embedding of tokens) to "
            f"{n_layers}, or -1 to {-n_layers - 1} from the end."
        )
    return layer % (n_layers + 1)


def _check_complete(missing, model):
    needed = sorted(name for name in missing if not name.startswith(_UNUSED))
    if needed:
        raise EncoderError(
            f"{model} lacks {len(needed)} weights of its network, which would be random: "
            f"{', '.join(needed[:3])}. Is the file of another model?"
        )


def _digest(network, tokens):
    """Hash weights as float32, tokens, and what of the configuration decides vectors.

    Not all of the configuration: releases of transformers add to it, and drop. They also keep
    buffers of equal numbers (angles of positions) once or in each block, so that these count once.
    """
    config = {name: getattr(network.config, name, None) for name in _DECIDING}
    digest = hashlib.sha256(json.dumps([vars(tokens), config], sort_keys=True).encode())
    for name, tensor in sorted(network.named_parameters()):
        if not name.startswith(_UNUSED):
            digest.update(f"{name}{tuple(tensor.shape)}".encode())
            digest.update(_bytes(tensor))
    buffers = (tensor for tensor in network.buffers() if tensor.is_floating_point())
    for values in sorted(set(map(_bytes, buffers))):
        digest.update(values)
    return digest.hexdigest()


def _bytes(tensor):
    return tensor.detach().cpu().float().contiguous().numpy().tobytes()


@contextmanager
def _explained(model, local_files_only):
    """Turn what transformers raises into an error that says what to do."""
    try:
        yield
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        absent = local_files_only and not Path(model).exists()
        hint = " Pass local_files_only=False to download it." if absent else ""
        reason = " ".join(str(error).split())
        raise EncoderError(
            f"{model} cannot be loaded. protimb takes a folder or a name of the hub, with "
            f"safetensors weights and without code of its own.{hint} transformers says: {reason}"
        ) from error


@contextmanager
def _quiet(transformers):
    """Silence messages and bars of loading, and put back what was set."""
    logging = transformers.utils.logging
    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars:
            logging.enable_progress_bar()
