"""Scores of held-out real rows and of generated ones, with the threshold between good and bad."""

import numpy as np

from protimb.plotting._style import COLOURS, literal, new_axes, tidy

_N_BINS = 30


class QualityDisplay:
    """Score distributions of held-out real and generated rows, one panel a property.

    A threshold is what held-out real rows meet. Where the generated rows' distribution lies on the
    wrong side of it one sees whether few rows fail, or all of them by a little.

    Parameters
    ----------
    scores : dict of str to tuple
        Property -> (scores of held-out real rows, scores of generated rows, threshold); the
        threshold may be None. What is not finite is left out.

    Attributes
    ----------
    scores : dict of str to tuple
    axes_ : ndarray of matplotlib Axes, shape (n_properties,)
        Where it was drawn last.
    figure_ : matplotlib Figure

    See Also
    --------
    protimb.filters.FilterChain : Its ``score_members`` gives scores of each filter.
    NeighborDisplay : The nearest real rows of single generated ones.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.plotting import QualityDisplay
    >>> display = QualityDisplay.from_arrays([0.5, 0.7, 0.9], [0.1, 0.8], 0.4, name="cosine")
    >>> display.shares_below()
    {'cosine': (0.0, 0.5)}
    """

    def __init__(self, scores):
        if not scores:
            raise ValueError("There are no scores to draw: pass one property or more.")
        self.scores = {
            name: (_finite(held_out), _finite(generated), threshold)
            for name, (held_out, generated, threshold) in scores.items()
        }

    @classmethod
    def from_arrays(cls, held_out, generated, threshold=None, *, name="score"):
        """Show one property.

        Parameters
        ----------
        held_out : array-like of shape (n_held_out,)
            Scores of real rows that nothing was learned from.
        generated : array-like of shape (n_new,)
            Scores of generated rows.
        threshold : float, optional
            Between good and bad.
        name : str
            Label of the axis.

        Returns
        -------
        display : QualityDisplay
        """
        return cls({name: (held_out, generated, threshold)})

    @classmethod
    def from_report(cls, report):
        """Show all properties of a report that are scores of rows.

        Parameters
        ----------
        report : object
            With ``scores_``, a dict as ``scores`` above.

        Returns
        -------
        display : QualityDisplay

        Raises
        ------
        ValueError
            If the report has no scores of rows.
        """
        return cls(report.scores_)

    def shares_below(self):
        """Give the shares of held-out and of generated rows below each threshold.

        Returns
        -------
        shares : dict of str to tuple
            NaN where there is no threshold, or no row.
        """
        return {
            name: (_below(held_out, threshold), _below(generated, threshold))
            for name, (held_out, generated, threshold) in self.scores.items()
        }

    def plot(self, ax=None):
        """Draw one panel a property.

        Parameters
        ----------
        ax : matplotlib Axes, or array of one a property, optional
            Where to draw; a new figure if None.

        Returns
        -------
        self : QualityDisplay
        """
        self.axes_ = _panels(ax, len(self.scores))
        self.figure_ = self.axes_[0].figure
        shares = self.shares_below()
        for one, (name, scores) in zip(self.axes_, self.scores.items(), strict=True):
            _draw(one, *scores)
            one.set(xlabel=literal(name), yticks=[])
            if scores[2] is not None:
                real, new = shares[name]
                one.set_title(
                    f"below: {real:.0%} of real, {new:.0%} of generated", fontsize="small"
                )
        self.axes_[0].legend(frameon=False, fontsize="small")
        return self


def _draw(ax, held_out, generated, threshold):
    everything = np.concatenate([held_out, generated])
    edges = np.histogram_bin_edges(everything, _N_BINS) if len(everything) else [0, 1]
    kinds = {"held-out real": (held_out, COLOURS[4]), "generated": (generated, COLOURS[5])}
    for name, (values, colour) in kinds.items():
        # Heights are shares of rows, so that sets of different size compare.
        weights = np.full(len(values), 1 / max(1, len(values)))
        ax.hist(values, edges, weights=weights, label=name, color=colour, alpha=0.5)
    if threshold is not None:
        ax.axvline(threshold, color=COLOURS[0], linestyle="--", linewidth=1)
    tidy(ax)


def _finite(values):
    values = np.asarray(values, dtype=float).ravel()
    return values[np.isfinite(values)]


def _below(values, threshold):
    if threshold is None or not len(values):
        return np.nan
    return float((values < threshold).mean())


def _panels(ax, n_panels):
    """Return axes (n_panels,), those given or new ones, at most four beside each other."""
    if ax is not None:
        return np.asarray(ax, dtype=object).reshape(n_panels)
    n_columns = min(4, n_panels)
    n_rows = -(-n_panels // n_columns)
    axes = new_axes((n_rows, n_columns), (3.4, 2.8))
    for spare in axes.ravel()[n_panels:]:
        spare.set_visible(False)
    return axes.ravel()[:n_panels]
