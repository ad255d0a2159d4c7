"""How many proteins each term has, before and after resampling."""

import numpy as np

from protimb.metrics import mean_imbalance_ratio, scumble_score
from protimb.plotting._style import COLOURS, axes_or_new, literal, tidy
from protimb.utils._alignment import align_columns, column_names

# What is printed beside the counts: name -> function of the labels.
MEASURES = {"MeanIR": mean_imbalance_ratio, "SCUMBLE": scumble_score}


class LabelImbalanceDisplay:
    """Proteins of each term, most frequent first, on logarithmic axes.

    A straight fall over several decades is the long tail that resampling is there for. The
    counts after resampling are drawn at the same place as the term's count before, so that
    one sees which terms were raised or lowered, and which frequent ones came along. Beside the
    counts stand MeanIR and SCUMBLE, which may rise although the imbalance falls: a copy of a row
    with a rare and a frequent term is one more row in which the two concur.

    Parameters
    ----------
    before : array-like of shape (n_terms,)
        Proteins of each term.
    after : array-like of shape (n_terms,), optional
        Rows of each term after resampling, in the same order of terms.
    measures : dict, optional
        ``{name of measure: (before, after)}``, printed into the plot; ``after`` may be None.

    Attributes
    ----------
    before, after : ndarray of shape (n_terms,)
        The counts, sorted by ``before``, largest first; ``after`` may be None.
    measures : dict
        ``MeanIR`` and ``SCUMBLE``, if made from labels.
    ax_ : matplotlib Axes
        Where it was drawn last.
    figure_ : matplotlib Figure

    See Also
    --------
    protimb.metrics.imbalance_report : The same counts as a table, with IRLbl.
    FrequencyBinDisplay : What the imbalance does to predictions.

    Notes
    -----
    A logarithmic axis has no place for zero: terms without any protein are not drawn, and the
    legend counts them.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.plotting import LabelImbalanceDisplay
    >>> y = np.array([[1, 0], [1, 1], [1, 0]])
    >>> y_resampled = np.vstack([y, [[1, 1]]])
    >>> display = LabelImbalanceDisplay.from_labels(y, y_resampled)
    >>> display.before, display.after
    (array([3, 1]), array([4, 2]))
    >>> display.measures["MeanIR"]
    (2.0, 1.5)
    """

    def __init__(self, before, after=None, measures=None):
        before = np.asarray(before)
        order = np.argsort(-before, kind="stable")
        self.before = before[order]
        self.after = None if after is None else np.asarray(after)[order]
        self.measures = dict(measures or {})

    @classmethod
    def from_labels(cls, y, y_resampled=None):
        """Count the proteins of each term, and measure the imbalance.

        Parameters
        ----------
        y : array, DataFrame or sparse matrix of shape (n_rows, n_terms)
            Binary indicators.
        y_resampled : array, DataFrame or sparse matrix of shape (n_more_rows, n_terms), optional
            What a sampler returned, with the same columns.

        Returns
        -------
        display : LabelImbalanceDisplay

        Raises
        ------
        InvalidLabelsError
            If either is not a matrix of binary indicators, or tables have other terms.
        """
        if y_resampled is not None:
            y_resampled = align_columns(y_resampled, column_names(y), "y_resampled", "those of y")
        after = None if y_resampled is None else _count(y_resampled)
        measures = {
            name: (measure(y), None if y_resampled is None else measure(y_resampled))
            for name, measure in MEASURES.items()
        }
        return cls(_count(y), after, measures)

    def plot(self, ax=None, *, name="after"):
        """Draw the counts.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if None.
        name : str
            What the legend calls the resampled counts.

        Returns
        -------
        self : LabelImbalanceDisplay
        """
        self.ax_ = ax = axes_or_new(ax, (6, 4))
        self.figure_ = ax.figure
        if self.after is not None:
            _draw(
                ax,
                self.after,
                literal(name),
                color=COLOURS[5],
                marker=".",
                markersize=4,
                linestyle="",
            )
        _draw(ax, self.before, "before", color=COLOURS[0], linewidth=2)
        ax.set(xscale="log", yscale="log")
        ax.set(xlabel="terms, most frequent first", ylabel="rows with the term")
        if self.after is not None or (self.before == 0).any():
            # Below the axes: inside them it would lie on the counts.
            ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16))
        if self.measures:
            lines = [_sentence(name, *values) for name, values in self.measures.items()]
            ax.text(0.03, 0.04, "\n".join(lines), transform=ax.transAxes, fontsize="small")
        tidy(ax)
        return self


def _count(y):
    return np.asarray(y.sum(axis=0) if hasattr(y, "sum") else np.sum(y, axis=0)).ravel()


def _sentence(name, before, after):
    if after is None:
        return f"{name} {_short(before)}"
    trend = "rises" if after > before else "falls" if after < before else "stays"
    return f"{name} {trend}: {_short(before)} \N{RIGHTWARDS ARROW} {_short(after)}"


def _short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _draw(ax, counts, label, **style):
    rank = np.arange(1, len(counts) + 1)
    shown = counts > 0
    if not shown.all():
        label = f"{label} (not shown: {(~shown).sum()} without any)"
    ax.plot(rank[shown], counts[shown], label=label, **style)
