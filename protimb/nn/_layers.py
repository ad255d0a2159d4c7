"""Layers that draw from a local torch.Generator: initialisation and dropout alike."""

import math

import torch
from torch import nn

from protimb.training import draw_rows


def seeded_linear(n_in, n_out, generator, *, bias=True, gain=1.0):
    """Build a Linear layer without touching torch's global random state.

    Weights are uniform with variance ``gain**2 / n_in`` (LeCun), biases zero.

    Parameters
    ----------
    n_in, n_out : int
        Width of input and output.
    generator : torch.Generator
        Source of the initial weights (CPU).
    bias : bool
        Whether the layer adds a bias.
    gain : float
        Scale of the weights; ``sqrt(2)`` keeps the variance through a ReLU.

    Returns
    -------
    layer : torch.nn.Linear
    """
    # skip_init: nn.Linear's own initialisation would draw from the global generator.
    layer = nn.utils.skip_init(nn.Linear, n_in, n_out, bias=bias)
    limit = gain * math.sqrt(3.0 / n_in)
    with torch.no_grad():
        layer.weight.uniform_(-limit, limit, generator=generator)
        if bias:
            layer.bias.zero_()
    return layer


def seeded_conv(n_in, n_out, kernel_size, generator, *, stride=1, transposed=False, gain=1.0):
    """Build a convolution over signals without touching torch's global random state.

    Weights are uniform with variance ``gain**2`` over the number of values that make up one
    value of the output; biases are zero.

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel_size : int
        Values of a channel under one kernel.
    generator : torch.Generator
        Source of the initial weights (CPU).
    stride : int
        Step of the kernel. A plain convolution shortens a signal of length n to
        ``ceil(n / stride)`` or one more; a transposed one, whose kernel must be no shorter than
        its stride, lengthens it to ``n * stride`` or one more.
    transposed : bool
        Whether to upsample.
    gain : float
        Scale of the weights; ``sqrt(2)`` keeps the variance through a ReLU.

    Returns
    -------
    layer : torch.nn.Conv1d or torch.nn.ConvTranspose1d
    """
    sizes = {"kernel_size": kernel_size, "stride": stride}
    if transposed:
        sizes["padding"] = (kernel_size - stride) // 2
        n_summed = n_in * kernel_size / stride
    else:
        sizes["padding"] = kernel_size // 2
        n_summed = n_in * kernel_size
    kind = nn.ConvTranspose1d if transposed else nn.Conv1d
    layer = nn.utils.skip_init(kind, n_in, n_out, **sizes)
    limit = gain * math.sqrt(3.0 / n_summed)
    with torch.no_grad():
        layer.weight.uniform_(-limit, limit, generator=generator)
        layer.bias.zero_()
    return layer


class SeededDropout(nn.Module):
    """Dropout whose masks come from a generator that the caller owns.

    Parameters
    ----------
    p : float
        Share of values set to zero while training.
    generator : torch.Generator
        Source of the masks, on the device of the input. The first dimension is that of rows.
    """

    def __init__(self, p, generator):
        super().__init__()
        self.p = p
        self.generator = generator

    def forward(self, x):
        """Zero a share ``p`` of x and rescale the rest; the identity in eval mode."""
        if not self.training or self.p == 0:
            return x
        mask = draw_rows(torch.rand, x.shape, self.generator, x.device) >= self.p
        return x * mask / (1 - self.p)


class SeededNoise(nn.Module):
    """Gaussian noise on the input whose draws come from a generator that the caller owns.

    Parameters
    ----------
    scale : float
        Standard deviation.
    generator : torch.Generator
        Source of the noise, on the device of the input.
    """

    def __init__(self, scale, generator):
        super().__init__()
        self.scale = scale
        self.generator = generator

    def forward(self, x):
        """Add noise while training; the identity in eval mode."""
        if not self.training or self.scale == 0:
            return x
        return x + self.scale * draw_rows(torch.randn, x.shape, self.generator, x.device)


class PiecewiseLinear(nn.Module):
    """A leaky ReLU that knows its second derivative is zero.

    A gradient penalty is differentiated twice. Torch's own leaky ReLU then sends zeros back
    through the whole forward pass; this one stops there, which saves a third of a critic
    update and changes no gradient.

    Parameters
    ----------
    negative_slope : float
        Slope below zero.
    """

    def __init__(self, negative_slope):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x):
        """Multiply values below zero by the slope."""
        return _PiecewiseLinear.apply(x, self.negative_slope)


class _PiecewiseLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return nn.functional.leaky_relu(x, slope)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        # detach: the slope is constant on each side of zero, so nothing flows back to x.
        return torch.ops.aten.leaky_relu_backward(grad, x.detach(), ctx.slope, False), None
