"""PredictionEvaluation: what evaluate_predictions found, as tables, text and a figure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from protimb.plotting import PrecisionRecallDisplay
from protimb.plotting._style import literal, new_figure
from protimb.utils._csv import write_csv
from protimb.utils._new_folder import renewed_folder

_KEYS = ["namespace", "knowledge", "terms"]
_WIDTH = 80  # of a terminal


@dataclass
class PredictionEvaluation:
    """What :func:`evaluate_predictions` found.

    Parameters
    ----------
    summary : DataFrame
        One row for each namespace, group of proteins (``knowledge``) and group of terms
        (``terms``): ``n_proteins``, ``n_terms`` (true ones that count), ``fmax``, ``micro_fmax``,
        each with its ``..._threshold``, and ``coverage``, the largest share of proteins with a
        prediction; with bits also ``weighted_fmax``, ``weighted_micro_fmax`` and ``smin``. NaN
        where no protein counts.
    curves : DataFrame
        The figures behind, indexed by the same and ``threshold``: ``n_predicted``,
        ``precision``, ``recall``, ``f``, ``coverage``, ``misinformation``,
        ``remaining_uncertainty``, ``s``, ``micro_precision``, ``micro_recall``, ``micro_f``, and
        the same with ``weighted_`` in front, in bits.
    left_out : DataFrame
        Terms of the truth with fewer than ``min_proteins`` training proteins, indexed by term:
        ``name``, ``namespace``, ``n_train``, ``n_proteins``.
    counts : dict
        ``n_predictions``, ``n_duplicates``, ``n_unknown_predictions`` and ``n_unknown_truth``
        (lines whose term the ontology does not have) and ``n_proteins_outside_truth``.
    """

    summary: pd.DataFrame
    curves: pd.DataFrame
    left_out: pd.DataFrame
    counts: dict

    def render(self):
        """Say it in text: a table, what was passed over, and which terms were left out.

        Returns
        -------
        text : str
        """
        return "\n\n".join([_table(self.summary), *_remarks(self)])

    def save(self, folder):
        """Write ``report.html`` to read, tables and the figure.

        The others are ``summary.csv``, ``curves.csv``, ``left_out.csv`` and
        ``precision_recall.png``.

        Parameters
        ----------
        folder : path-like
            Is made if it does not exist; files of these names in it are replaced, all or none.
        """
        with renewed_folder(folder) as draft:
            self._write(draft)

    def _write(self, folder):
        from protimb.evaluation._page import write_report

        write_csv(self.summary, folder / "summary.csv")
        write_csv(self.curves, folder / "curves.csv")
        write_csv(self.left_out, folder / "left_out.csv")
        displays = self.displays()
        figure = new_figure((4.2 * len(displays), 4))
        axes = figure.subplots(1, len(displays), squeeze=False)[0]
        for ax, (namespace, display) in zip(axes, displays.items(), strict=True):
            display.plot(ax)
            ax.set_title(literal(namespace.replace("_", " ")))
        picture = folder / "precision_recall.png"
        figure.savefig(picture, dpi=150)
        write_report(self, _remarks(self), picture, folder / "report.html")

    def displays(self):
        """Return the precision-recall curves of each namespace.

        Returns
        -------
        displays : dict of str to PrecisionRecallDisplay
            Terms that count alike and, with bits, weighted ones in one display.
        """
        spaces = dict.fromkeys(self.summary.index.get_level_values("namespace"))
        curves = {space: self.curves.xs((space, "all", "all")) for space in spaces}
        return {space: PrecisionRecallDisplay.from_curve(one) for space, one in curves.items()}


def summarise(curves, sizes):
    """Take the best figures of each curve: {key: frame} and {key: counts} to one frame."""
    rows = {key: sizes[key] | _best(curve, sizes[key]) for key, curve in curves.items()}
    index = pd.MultiIndex.from_tuples(rows, names=_KEYS)
    return pd.DataFrame(list(rows.values()), index=index)


def _best(curve, sizes):
    figures = {"fmax": "f", "weighted_fmax": "weighted_f"}
    figures |= {"micro_fmax": "micro_f", "weighted_micro_fmax": "weighted_micro_f"}
    # Silence is no candidate, unless there is nothing else.
    spoken = curve["n_predicted"] > 0
    candidates = curve[spoken] if spoken.any() else curve
    found: dict[str, float] = {}
    for name, column in figures.items():
        if column in curve:
            found |= _at_best(candidates[column], name, "idxmax")
    if "weighted_s" in curve:
        found |= _at_best(candidates["weighted_s"], "smin", "idxmin")
    found["coverage"] = curve["coverage"].max()
    return found if sizes["n_proteins"] else dict.fromkeys(found, np.nan)


def _at_best(values, name, which):
    threshold = getattr(values, which)()
    return {name: values[threshold], f"{name}_threshold": threshold}


def _table(summary):
    thresholds = [name for name in summary if name.endswith("_threshold")]
    table = summary.drop(columns=[name for name in thresholds if name != "fmax_threshold"])
    table = table.rename(columns={"fmax_threshold": "at", "n_proteins": "proteins"})
    table = table.rename(columns={"n_terms": "true terms"}).reset_index()
    plain = [name for name in ("knowledge", "terms") if (table[name] == "all").all()]
    formats = dict.fromkeys(table.columns.difference([*_KEYS, "proteins", "true terms"]), _figure)
    formats |= {"proteins": "{:,}".format, "true terms": "{:,}".format}
    table = table[table["proteins"] > 0].drop(columns=plain)
    wide = table.to_string(index=False, formatters=formats, na_rep="-")
    return wide if _fits(wide) else _upright(table, formats, wide)


def _fits(text):
    return max(map(len, text.splitlines())) <= _WIDTH


def _upright(table, formats, wide):
    """Lay a table out with a column for each of its rows, where that is narrower."""
    cells = table.astype(object)
    for name, write in formats.items():
        cells[name] = table[name].map(write)
    upright = cells.T.to_string(header=False)
    return upright if _fits(upright) else wide


def _empty(summary):
    """Name the namespaces in which no protein counts."""
    n_proteins = summary.groupby("namespace", sort=False)["n_proteins"].max()
    return n_proteins.index[n_proteins == 0]


def _figure(value):
    return "-" if np.isnan(value) else f"{value:.3f}"


def _remarks(evaluation):
    counts, n_left_out = evaluation.counts, len(evaluation.left_out)
    remarks = []
    if n_left_out:
        common = evaluation.left_out.iloc[0]
        which = "1 term has" if n_left_out == 1 else f"{n_left_out:,} terms have"
        remarks.append(
            f"Of the truth {which} too few training proteins and no part in"
            f" the rows 'at least': the commonest is {common['name']}, of "
            f"{common['n_proteins']:,} proteins. The rows 'all' count them."
        )
    passed = {
        "n_proteins_outside_truth": "predicted proteins are not in the truth",
        "n_unknown_predictions": "predictions name a term that the ontology does not have",
        "n_unknown_truth": "true annotations name a term that the ontology does not have",
        "n_duplicates": "predictions repeat another",
    }
    lines = [f"{counts[name]:,} {text}" for name, text in passed.items() if counts[name]]
    lines += [f"no protein of the truth counts in {one}" for one in _empty(evaluation.summary)]
    return [*remarks, *(["\n".join(lines)] if lines else [])]
