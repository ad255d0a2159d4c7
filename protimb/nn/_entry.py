"""Where vector and condition meet: a dense layer, a longer vector, or a signal of channels."""

import torch
from torch import nn

from protimb.nn._layers import seeded_linear


class DenseEntry(nn.Module):
    """One layer over [x, what is appended], (batch, n_in + n_appended), kept as two."""

    def __init__(self, n_in, n_appended, n_out, rng, *, gain=1.0):
        super().__init__()
        # Two, so that the critic's pass over real and generated rows needs no gradient for its
        # widest input.
        n_all = n_in + n_appended
        self.from_x = seeded_linear(n_in, n_out, rng, gain=gain * (n_in / n_all) ** 0.5)
        self.from_condition = None
        if n_appended:
            gain = gain * (n_appended / n_all) ** 0.5
            self.from_condition = seeded_linear(n_appended, n_out, rng, bias=False, gain=gain)

    def forward(self, x, appended):
        """Return (batch, n_out)."""
        h = self.from_x(x)
        return h if self.from_condition is None else h + self.from_condition(appended)


class JoinedEntry(nn.Module):
    """The vector as it is, what is appended behind it."""

    def forward(self, x, appended):
        """Return (batch, n_in + n_appended)."""
        return x if appended is None else torch.cat([x, appended], dim=1)


class SignalBody(nn.Module):
    """A body that reads a vector, (batch, n_in), as a signal of one or two channels."""

    def __init__(self, entry, trunk, injection):
        super().__init__()
        self.entry = entry  # makes the first channel, (batch, length)
        self.trunk = trunk  # reads (batch, n_channels, length), condition, injection
        self.injection = injection

    def forward(self, x, condition):
        """Return what the trunk makes of the signal."""
        signal = self.entry(x, self.injection.appended(condition))
        channel = self.injection.channel(condition)
        channels = [signal] if channel is None else [signal, channel]
        return self.trunk(torch.stack(channels, dim=1), condition, self.injection)
