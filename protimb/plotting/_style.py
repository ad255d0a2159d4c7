"""Colours, markers and axes that all displays share."""

# Okabe and Ito's palette without its yellow, which is too pale for lines on white.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BACKGROUND = "#C8C8C8"


def axes_or_new(ax, figsize):
    """Return ``ax``, or a new one in a figure of its own where ``ax`` is None."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def assign(names, values):
    """Give every name a value, in order; values repeat when there are more names."""
    return {name: values[i % len(values)] for i, name in enumerate(names)}


def tidy(ax):
    """Take away the box, and leave the two axes that carry numbers."""
    ax.spines[["top", "right"]].set_visible(False)
