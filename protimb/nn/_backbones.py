"""The backbones that have a name."""

from protimb.nn._attention import AttentionBackbone
from protimb.nn._base import BaseBackbone
from protimb.nn._convolution import ConvBackbone, TransposedConvBackbone
from protimb.nn._mlp import MLPBackbone

# A string is shorthand for an object: CGANSampler(backbone="mlp") means MLPBackbone().
BACKBONES: dict[str, type[BaseBackbone]] = {
    "mlp": MLPBackbone,
    "conv": ConvBackbone,
    "transposed_conv": TransposedConvBackbone,
    "attention": AttentionBackbone,
}
