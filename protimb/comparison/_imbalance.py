"""describe_imbalance: the report behind ``protimb imbalance``, as tables, text and a figure."""

from dataclasses import dataclass

import pandas as pd

from protimb.datasets._load import check_enough_terms, load_proteins
from protimb.datasets._terms_only import lacks_vectors, read_terms
from protimb.metrics import FREQUENCY_BINS, imbalance_report, imbalance_summary
from protimb.plotting import LabelImbalanceDisplay
from protimb.plotting._style import new_figure
from protimb.utils._csv import write_csv
from protimb.utils._new_folder import renewed_folder

N_SHOWN = 10  # most frequent terms in the text


def describe_imbalance(data="human_go", *, ontology="mf", min_proteins=1):
    """Measure how imbalanced the terms of a data set are.

    Parameters
    ----------
    data : {"human_go"}, path or Bunch, default="human_go"
        The bundled proteins, a CAFA training folder, or what :func:`protimb.datasets.read_cafa`
        returns. A folder needs no vectors; where it has them, proteins without one do not count.
    ontology : {"mf", "bp", "cc"}, default="mf"
    min_proteins : int, default=1
        Leave out terms with fewer proteins.

    Returns
    -------
    imbalance : Imbalance

    Raises
    ------
    InvalidLabelsError
        If fewer than two terms are left.

    See Also
    --------
    protimb.metrics.imbalance_report : The same for any matrix of labels.

    Examples
    --------
    >>> from protimb.comparison import describe_imbalance
    >>> imbalance = describe_imbalance("human_go", ontology="cc", min_proteins=100)
    >>> print(imbalance.terms["name"].iloc[0])
    cellular anatomical entity
    >>> print(imbalance.summary["SCUMBLE"].round(2))
    0.39
    """
    y, ids, names = _labels(data, ontology, min_proteins)
    terms = imbalance_report(y, ids).assign(name=names)
    return Imbalance(
        terms.sort_values("count", ascending=False, kind="stable"),
        imbalance_summary(y),
        LabelImbalanceDisplay.from_labels(y),
    )


def _labels(data, ontology, min_proteins):
    """Return indicators (n_proteins, n_terms), and ids and names of the terms."""
    if not lacks_vectors(data):
        bunch = load_proteins(data, ontology, min_proteins)
        return bunch.y, bunch.terms, list(bunch.term_names)
    y, terms, names = read_terms(data, ontology, min_proteins)
    check_enough_terms(terms, ontology, min_proteins)
    return y, terms, names


@dataclass
class Imbalance:
    """What :func:`describe_imbalance` found.

    Attributes
    ----------
    terms : DataFrame of shape (n_terms, 5)
        Indexed by term, most frequent first: ``count``, ``frequency``, ``IRLbl``, ``SCUMBLE``,
        ``name``.
    summary : Series
        As :func:`protimb.metrics.imbalance_summary` gives it.
    display : LabelImbalanceDisplay
        Proteins of each term.
    """

    terms: pd.DataFrame
    summary: pd.Series
    display: LabelImbalanceDisplay

    def render(self):
        """Say it in text: the most frequent terms, how many are how rare, and the measures.

        Returns
        -------
        text : str
        """
        rest = len(self.terms) - N_SHOWN
        more = f"\n... and {rest:,} rarer terms" if rest > 0 else ""
        head = _table(self.terms.head(N_SHOWN))
        return f"{head}{more}\n\n{_bins(self.terms['count'])}\n\n{_measures(self.summary)}"

    def save(self, folder):
        """Write ``report.html``, ``terms.csv``, ``summary.csv`` and ``imbalance.png``.

        Parameters
        ----------
        folder : path-like
            Is made if it does not exist; files of these names in it are replaced, all or none.
        """
        with renewed_folder(folder) as draft:
            self._write(draft)

    def _write(self, folder):
        from protimb.comparison._imbalance_page import write_report

        write_csv(self.terms, folder / "terms.csv")
        write_csv(self.summary.to_frame("value"), folder / "summary.csv", index_label="measure")
        figure = new_figure((6, 4))
        self.display.plot(figure.subplots())
        figure.savefig(folder / "imbalance.png", dpi=150)
        write_report(self, folder / "imbalance.png", folder / "report.html")


_FORMATS = {
    "count": "{:,}".format,
    "frequency": "{:.1%}".format,
    "IRLbl": "{:,.1f}".format,
    "SCUMBLE": "{:.3f}".format,
}


def _table(terms):
    # pandas flushes text right: padded to one width, names and their header start at one place.
    width = max(len(name) for name in terms["name"])
    terms = terms.rename_axis(None).assign(name=terms["name"].str.ljust(width))
    terms = terms.rename(columns={"name": "name".ljust(width)})
    lines = terms.to_string(formatters=_FORMATS).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _bins(count):
    bins = {
        f"{name} proteins": count.between(low, high - 1)
        for name, (low, high) in FREQUENCY_BINS.items()
    }
    return "\n".join(f"{name:<18} {is_in.sum():>6,} terms" for name, is_in in bins.items())


def _measures(summary):
    unique = summary["unique labelsets"]
    return "\n".join(
        [
            f"proteins       {summary['rows']:>10,.0f}",
            f"terms          {summary['terms']:>10,.0f}",
            f"labelsets      {summary['labelsets']:>10,.0f}  {unique:,.0f} of a single protein",
            f"cardinality    {summary['cardinality']:>10.2f}  terms a protein",
            f"density        {summary['density']:>10.4f}  the same as a share of all terms",
            f"MeanIR         {summary['MeanIR']:>10,.1f}  mean IRLbl",
            f"CVIR           {summary['CVIR']:>10.3f}  standard deviation of IRLbl by its mean",
            f"SCUMBLE        {summary['SCUMBLE']:>10.3f}  how much rare and frequent terms concur",
        ]
    )
