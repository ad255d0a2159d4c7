"""Average precision by the number of training proteins of a term, one colour an arm."""

import numpy as np

from protimb.plotting._style import COLOURS, MARKERS, assign, axes_or_new, literal, tidy

# what is drawn -> (estimate, low, high) among the table's columns, and the name of the axis
VALUES = {
    "estimate": (("estimate", "low", "high"), "macro average precision"),
    "difference": (("difference", "diff_low", "diff_high"), "average precision minus that of none"),
}
_LETTERS = 105  # that fit below the axes
_SPREAD = 0.7  # of the distance between two bins, shared by the arms


class FrequencyBinDisplay:
    """Macro average precision of each arm in each bin of training proteins.

    Whether resampling helps depends on how rare a term is; one mean over all terms would hide
    it. Intervals that overlap do not mean that two arms are alike: both were judged on the same
    proteins, so look at ``value="difference"``, whose intervals are paired.

    Parameters
    ----------
    table : DataFrame
        Columns ``arm``, ``bin``, ``estimate``, ``low`` and ``high``, a row for each arm and bin,
        in the order in which they are to be drawn; ``n_terms`` is shown below the bin if given.
    value : {"estimate", "difference"}
        Names the vertical axis, and draws a line at zero for differences.

    Attributes
    ----------
    table : DataFrame
    ax_ : matplotlib Axes
        Where it was drawn last.
    figure_ : matplotlib Figure
    containers_ : dict
        The markers and bars of each arm, as ``Axes.errorbar`` returns them.

    See Also
    --------
    LabelImbalanceDisplay : The term counts behind the bins.
    protimb.comparison.compare : Makes the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from protimb.plotting import FrequencyBinDisplay
    >>> row = {"arm": "none", "classifier": "mlp", "metric": "AP <20", "n_terms": 7}
    >>> table = pd.DataFrame([row | {"estimate": 0.2, "low": 0.1, "high": 0.3}])
    >>> FrequencyBinDisplay.from_table(table).table[["arm", "bin", "estimate"]]
        arm  bin  estimate
    0  none  <20       0.2
    """

    def __init__(self, table, *, value="estimate"):
        self.table = table
        self.value = value

    @classmethod
    def from_table(cls, table, *, classifier="mlp", value="estimate"):
        """Take the rows of one classifier from the table of a comparison.

        Parameters
        ----------
        table : DataFrame
            As `Comparison.table`: columns ``arm``, ``classifier``, ``metric``, and those that
            ``value`` needs.
        classifier : str
            Which classifier's rows. Arms that are judged alone are drawn as well; their
            differences only with the first classifier, which they are taken to.
        value : {"estimate", "difference"}
            Average precision itself, or its paired difference to the arm ``none``.

        Returns
        -------
        display : FrequencyBinDisplay

        Raises
        ------
        ValueError
            If ``value`` is neither, or the table has no bin of that classifier.
        """
        if value not in VALUES:
            raise ValueError(f"value must be one of {list(VALUES)}, got {value!r}.")
        rows = _rows_of(table, classifier, value)
        columns = dict(zip(VALUES[value][0], VALUES["estimate"][0], strict=True))
        kept = [name for name in ("arm", "bin", "n_terms") if name in rows]
        numbers = rows[list(columns)].rename(columns=columns)
        return cls(rows[kept].join(numbers).reset_index(drop=True), value=value)

    def plot(self, ax=None):
        """Draw a marker with its interval for each arm and bin.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if None.

        Returns
        -------
        self : FrequencyBinDisplay
        """
        self.ax_ = ax = axes_or_new(ax, (8, 4.5))
        self.figure_ = ax.figure
        if self.value == "difference":
            ax.axhline(0, color=COLOURS[0], linewidth=1)
        self.containers_ = {arm: self._draw(ax, arm) for arm in self._arms}
        ax.set_xticks(range(len(self._bins)), [self._tick(name) for name in self._bins])
        ax.set(xlabel="training proteins of the term", ylabel=VALUES[self.value][1])
        # Below the axes: inside them it would lie on somebody's bars.
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": self._n_columns}
        ax.tick_params(axis="x", labelsize="small")
        ax.legend(frameon=False, fontsize="small", columnspacing=1.2, **place)
        tidy(ax)
        return self

    @property
    def _arms(self):
        return list(self.table["arm"].unique())

    @property
    def _bins(self):
        return list(self.table["bin"].unique())

    @property
    def _n_columns(self):
        """Columns of the legend: as many as fit below the axes with the longest name."""
        return max(1, min(6, _LETTERS // (max(map(len, self._arms)) + 5)))

    def _draw(self, ax, arm):
        rows = self.table[self.table["arm"] == arm].set_index("bin").reindex(self._bins)
        offset = (self._arms.index(arm) + 0.5) / len(self._arms) - 0.5
        # Bars run from low to high; the estimate need not lie in their middle.
        bars = np.abs(rows[["low", "high"]].to_numpy().T - rows["estimate"].to_numpy())
        x = np.arange(len(rows)) + _SPREAD * offset
        style = {"color": self._style(COLOURS)[arm], "marker": self._style(MARKERS)[arm]}
        style |= {"label": literal(arm), "linestyle": "", "capsize": 2}
        return ax.errorbar(x, rows["estimate"], bars, **style)

    def _style(self, values):
        # none is a black dot in every figure, also where its own row is not drawn.
        return assign(["none", *(arm for arm in self._arms if arm != "none")], values)

    def _tick(self, name):
        if "n_terms" not in self.table:
            return literal(name)
        n_terms = self.table.loc[self.table["bin"] == name, "n_terms"].iloc[0]
        return f"{literal(name)}\n({n_terms:.0f} terms)"


def _rows_of(table, classifier, value):
    in_bin = table["metric"].str.startswith("AP ")
    drawn = in_bin if value == "estimate" else in_bin & (table["arm"] != "none")
    with_alone = value == "estimate" or classifier == table["classifier"].iloc[0]
    chosen = drawn & table["classifier"].isin([classifier, *(["alone"] * with_alone)])
    if not chosen.any():
        known = ", ".join(table["classifier"].unique())
        raise ValueError(f"No bin of classifier {classifier!r} in the table, which has {known}.")
    rows = table[chosen].dropna(subset="estimate")  # a bin without terms has nothing to show
    return rows.assign(bin=rows["metric"].str.removeprefix("AP "))
