"""TALE: a transformer over residues, read where residues and labels resemble each other."""

from contextlib import contextmanager

from torch import nn

from protimb.nn._layers import seeded_linear
from protimb.nn._tale_encoder import Encoder, ResidueEmbedding, VectorProjection
from protimb.nn._tale_joint import attended, shifted_sum
from protimb.nn._tale_labels import LABEL_CODINGS


class TALENetwork(nn.Module):
    """From residues (batch, length), or vectors in their place, to a logit for each term.

    ``sizes`` is a TALESizes, ``paths`` a TermPaths. generator (CPU) draws the initial weights,
    noise_generator (training device) the dropout.
    """

    def __init__(self, sizes, paths, n_features, generator, noise_generator):
        super().__init__()
        n_hidden, noise = sizes.n_hidden, (sizes.dropout, generator, noise_generator)
        n_terms = len(paths.starts) - 1
        n_layers = sizes.n_layers if n_features is None else 0
        self.entry: nn.Module
        if n_features is None:
            self.entry = ResidueEmbedding(n_hidden, sizes.max_length, *noise)
        else:
            self.entry = VectorProjection(n_features, n_hidden, sizes.n_places, generator)
        self.encoder = Encoder(n_layers, n_hidden, sizes.n_heads, *noise)
        self.read_out = READ_OUTS[sizes.read_out](sizes, paths, generator)
        # A small last layer leaves the first word to the prior.
        self.out = seeded_linear(n_hidden, n_terms, generator, gain=0.1)
        self.to_logits = OUTPUTS[sizes.output]

    def features(self, x, mask=None):
        """Give each protein the vector (batch, n_hidden) that terms are told from."""
        return self.read_out(self.encoder(self.entry(x), mask), mask)

    def logits(self, features):
        """Give the logits (batch, n_terms) of what ``features`` gave."""
        return self.to_logits(self.out(features))

    def forward(self, x, mask=None):
        """Give logits (batch, n_terms); mask (batch, length) is True at residues, or None."""
        return self.logits(self.features(x, mask))


class SimilarityReadOut(nn.Module):
    """Average positions by how the similarities around each of them with all labels look."""

    def __init__(self, sizes, paths, generator):
        super().__init__()
        self.mask_pads = sizes.mask_pads
        self.scale = sizes.similarity_scale
        self.fixed = None  # label vectors, while they are known not to change
        self.labels = LABEL_CODINGS[sizes.label_coding](paths, sizes.n_hidden, generator)
        self.n_filters, (self.width, *others) = sizes.n_filters, sizes.kernel_sizes
        n_terms, n_taps = len(paths.starts) - 1, self.n_filters * self.width
        # (n_terms, n_filters * width), a filter's taps side by side.
        self.first = nn.Parameter(
            seeded_linear(self.width * n_terms, n_taps // self.width, generator, bias=False)
            .weight.detach()
            .reshape(self.n_filters, n_terms, self.width)
            .transpose(0, 1)
            .reshape(n_terms, n_taps)
            .clone()
        )
        self.bias = nn.Parameter(self.first.new_zeros(self.n_filters))
        self.others = nn.ModuleList(
            seeded_linear(self.n_filters, self.n_filters * width, generator, gain=width**-0.5)
            for width in others
        )

    def forward(self, h, mask):
        """Read h (batch, length, n_hidden): (batch, n_hidden)."""
        fixed = self.fixed  # read once: another thread may forget them meanwhile
        labels = self.label_vectors() if fixed is None else fixed
        taps = attended(h.flatten(0, 1), labels, self.first)
        seen = mask if self.mask_pads else None
        filtered = nn.functional.relu(self._convolve(taps.view(*h.shape[:2], -1), seen) + self.bias)
        for layer in self.others:
            filtered = nn.functional.relu(self._convolve(layer(filtered), seen))
        scores = filtered.amax(dim=2)  # (batch, length)
        if seen is not None:
            scores = scores.masked_fill(~seen, -1e9)
        return (scores.softmax(dim=1).unsqueeze(1) @ h).squeeze(1)

    def label_vectors(self):
        """Give what residues are compared with, (n_terms, n_hidden)."""
        return self.scale * self.labels()

    def _convolve(self, taps, seen):
        """Add up taps (batch, length, n_filters * width); beyond the ends there is nothing."""
        if seen is not None:
            taps = taps * seen.unsqueeze(2)
        return shifted_sum(taps.unflatten(2, (self.n_filters, -1)))


@contextmanager
def labels_fixed(network):
    """Add up the label vectors of a TALENetwork once, for many calls of it in eval mode."""
    read_out = network.read_out
    if isinstance(read_out, SimilarityReadOut):
        read_out.fixed = read_out.label_vectors()
    try:
        yield
    finally:
        read_out.fixed = None


class LastReadOut(nn.Module):
    """Read the last residue alone."""

    def __init__(self, sizes, paths, generator):
        super().__init__()

    def forward(self, h, mask):
        """Read h (batch, length, n_hidden): (batch, n_hidden)."""
        if mask is None:
            return h[:, -1]
        last = mask.sum(dim=1) - 1
        return h.gather(1, last[:, None, None].expand(-1, 1, h.shape[2])).squeeze(1)


class MeanReadOut(nn.Module):
    """Average all residues alike."""

    def __init__(self, sizes, paths, generator):
        super().__init__()

    def forward(self, h, mask):
        """Read h (batch, length, n_hidden): (batch, n_hidden)."""
        if mask is None:
            return h.mean(dim=1)
        weights = mask / mask.sum(dim=1, keepdim=True)
        return (weights.unsqueeze(1) @ h).squeeze(1)


# How a protein is read from its positions -> the module that does so.
READ_OUTS = {"attention": SimilarityReadOut, "last": LastReadOut, "mean": MeanReadOut}


def _as_they_are(x):
    return x


def _softmax_logits(x):
    """Give the log-odds of softmax over terms, so that sigmoid gives the shares back."""
    logs = x.log_softmax(dim=1)
    return logs - (-logs.exp()).clamp(min=-1 + 2**-20).log1p()


# What ends the network -> how its last layer becomes logits of independent terms.
OUTPUTS = {"sigmoid": _as_they_are, "softmax": _softmax_logits}
