"""Colours, markers and axes that all displays share."""

from contextlib import contextmanager
from contextvars import ContextVar

from protimb.utils._shorten import spell_out

# Okabe and Ito's palette without its yellow, which is too pale for lines on white.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BACKGROUND = "#C8C8C8"
_for_files: ContextVar[bool] = ContextVar("for_files", default=False)


def axes_or_new(ax, figsize):
    """Return ``ax``, or a new one in a figure of its own where ``ax`` is None."""
    if ax is not None:
        return ax
    return new_axes((1, 1), figsize)[0, 0]


def new_axes(shape, size):
    """Make a grid of axes of one size (width, height), in a new figure."""
    width, height = shape[1] * size[0], shape[0] * size[1]
    if _for_files.get():
        return new_figure((width, height)).subplots(*shape, squeeze=False)
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(width, height), layout="constrained")
    return figure.subplots(*shape, squeeze=False)


def new_figure(size):
    """Make a figure (width, height) for a file: not pyplot's, so that no backend is chosen."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


@contextmanager
def for_files():
    """Draw what is drawn in the block for files alone: no backend is chosen, no window is open."""
    before = _for_files.set(True)
    try:
        yield
    finally:
        _for_files.reset(before)


def literal(text):
    """Write text of a user's data as it is: its dollars start no formula, and nothing is lost."""
    return spell_out(str(text)).replace("$", r"\$")


def assign(names, values):
    """Give every name a value, in order; values repeat when there are more names."""
    return {name: values[i % len(values)] for i, name in enumerate(names)}


def tidy(ax):
    """Take away the box, and leave the two axes that carry numbers."""
    ax.spines[["top", "right"]].set_visible(False)
