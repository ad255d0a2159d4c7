"""Precision against recall over the thresholds of a prediction."""

import numpy as np

from protimb.plotting._style import COLOURS, axes_or_new, literal, tidy

# prefix of a curve's columns -> what a reader calls it
_KINDS = {"": "terms alike", "weighted_": "terms by information"}
_F_LINES = (0.2, 0.4, 0.6, 0.8)


class PrecisionRecallDisplay:
    """Precision and recall at every threshold, with the point of the best F and lines of equal F.

    Parameters
    ----------
    curves : dict of str to DataFrame
        By name: frames indexed by threshold with ``precision``, ``recall`` and ``f``.

    Attributes
    ----------
    curves : dict of str to DataFrame
    ax_ : matplotlib Axes
        Where it was drawn last.
    figure_ : matplotlib Figure

    See Also
    --------
    protimb.evaluation.evaluate_predictions : Makes the curves.

    Examples
    --------
    >>> from protimb.metrics import fmax_curve
    >>> from protimb.plotting import PrecisionRecallDisplay
    >>> curve = fmax_curve([[1, 1], [0, 1]], [[0.8, 0.4], [0.0, 0.4]])
    >>> list(PrecisionRecallDisplay.from_curve(curve).curves)
    ['terms alike']
    """

    def __init__(self, curves):
        self.curves = dict(curves)

    @classmethod
    def from_curve(cls, curve):
        """Take the curve of terms that count alike and, if there is one, the weighted one.

        Parameters
        ----------
        curve : DataFrame
            As from ``fmax_curve``, or one of the curves of ``evaluate_predictions``.

        Returns
        -------
        display : PrecisionRecallDisplay
        """
        names = ["precision", "recall", "f"]
        return cls(
            {
                label: curve[[prefix + name for name in names]].set_axis(names, axis=1)
                for prefix, label in _KINDS.items()
                if f"{prefix}f" in curve
            }
        )

    def plot(self, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if None.

        Returns
        -------
        self : PrecisionRecallDisplay
        """
        self.ax_ = ax = axes_or_new(ax, (5, 4.5))
        self.figure_ = ax.figure
        for level in _F_LINES:
            recall = np.linspace(level / (2 - level) + 1e-9, 1, 100)
            ax.plot(
                recall, level * recall / (2 * recall - level), color="#dddddd", lw=0.8, zorder=0
            )
        for colour, (label, curve) in zip(COLOURS[4:], self.curves.items(), strict=False):
            _draw(ax, label, curve, colour)
        ax.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
        ax.legend(frameon=False)
        tidy(ax)
        return self


def _draw(ax, label, curve, colour):
    spoken = curve[curve["precision"] + curve["recall"] > 0]
    best = curve.loc[curve["f"].idxmax()]
    ax.plot(
        spoken["recall"],
        spoken["precision"],
        color=colour,
        label=f"{literal(label)}: F {best['f']:.3f}",
    )
    ax.plot(best["recall"], best["precision"], "o", color=colour)
