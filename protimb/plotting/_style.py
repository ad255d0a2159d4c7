"""Colours, markers, axes and the spelling of names that all displays share."""

from functools import wraps

import numpy as np

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


def spelled_plainly(plot):
    """Have a method draw names as they are spelled: a dollar in one starts no formula."""

    @wraps(plot)
    def drawn(self, *args, **options):
        display = plot(self, *args, **options)
        for ax in np.ravel(self.axes_ if hasattr(self, "axes_") else self.ax_):
            for text in _names_in(ax):
                text.set_parse_math(False)
        for legend in self.figure_.legends:
            for text in legend.get_texts():
                text.set_parse_math(False)
        return display

    return drawn


def _names_in(ax):
    """Yield all texts of axes but the numbers at ticks, which matplotlib sets as formulas."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter

    numbers = set()
    for axis in (ax.xaxis, ax.yaxis):
        if not isinstance(axis.get_major_formatter(), FixedFormatter):
            numbers |= set(axis.get_ticklabels(which="both"))
    yield from (text for text in ax.findobj(Text) if text not in numbers)
