"""Every backbone, small: a new one is tested as soon as it stands in the table."""

from protimb.nn import BACKBONES

SIZES = {"n_layers": 2, "n_hidden": 8, "n_channels": 3, "patch_size": 4}


def small(name, **sizes):
    """A backbone of the table with few weights, as far as it has sizes to set."""
    backbone = BACKBONES[name]()
    known = backbone.get_params()
    return backbone.set_params(**{k: v for k, v in (SIZES | sizes).items() if k in known})


def with_parameter(parameter):
    """Names of the backbones that have it: not every one has layers, for instance."""
    return [name for name, kind in BACKBONES.items() if parameter in kind().get_params()]
