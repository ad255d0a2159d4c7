"""What was asked of generated rows and what was found: as words, tables, JSON and HTML."""

import json
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from protimb.metrics._quality_words import in_words


@dataclass(frozen=True, repr=False)
class QualityReport:
    """What was asked of generated rows, what they scored, and whether they passed.

    Attributes
    ----------
    properties : list of BaseProperty
    findings : dict
        Property name to its figures.
    terms : DataFrame
        A row a term, see ``to_frame(by="term")``.
    level : float
        Chance that a perfect generator passes everything.
    n_rows : dict
        Rows that were given, by argument name.
    notes : list of str
        What has to be known to read the figures.
    """

    properties: list
    findings: dict
    terms: pd.DataFrame
    level: float
    n_rows: dict
    notes: list

    @property
    def passed(self):
        """True if no property failed, False if one did, None where there are too few rows."""
        verdicts = [one.passed for one in self.findings.values()]
        if all(verdict is None for verdict in verdicts):
            return None
        return False not in verdicts

    @property
    def failed(self):
        """Names of the properties that failed, worst first."""
        names = [name for name, one in self.findings.items() if one.passed is False]
        return sorted(names, key=self._severity, reverse=True)

    @property
    def scores_(self):
        """Scores of rows: property to (held-out rows, generated rows, limit of their mean)."""
        return {
            name: (*one.scores, one.threshold)
            for name, one in self.findings.items()
            if one.scores is not None
        }

    def sentences(self):
        """Say what was found, worst first, as one would to a biologist.

        Returns
        -------
        sentences : list of str
        """
        return [self._verdict(), *(self.reason(name) for name in self.failed), *self.notes]

    def reason(self, name):
        """Say in words what one property found.

        Parameters
        ----------
        name : str
            Of the property.

        Returns
        -------
        reason : str

        Raises
        ------
        ValueError
            If it was not asked.
        """
        if name not in self.findings:
            raise ValueError(f"{name!r} was not asked; there are {', '.join(self.findings)}.")
        return in_words(self._property(name), self.findings[name])

    def to_frame(self, by="set"):
        """Tabulate scores.

        Parameters
        ----------
        by : {"set", "term"}, default="set"
            A row a property, or a row a term with four or more generated rows.

        Returns
        -------
        table : DataFrame
            By set: ``title``, ``asks``, ``unit``, ``better``, ``score``, ``real`` (that of
            held-out rows), ``threshold``, ``control`` (under shuffled labels), ``n_generated``,
            ``n_held_out``, ``passed`` (None where it was not judged) and ``reason``. By term:
            ``n_real``, ``n_held_out``, ``n_generated``, the mean of each score of rows, ``passed``
            and ``reason``.
        """
        if by == "term":
            return self.terms.copy()
        if by != "set":
            raise ValueError(f"by must be 'set' or 'term', got {by!r}.")
        rows = [self._row(one) for one in self.properties]
        table = pd.DataFrame(
            rows, index=pd.Index([p.name for p in self.properties], name="property")
        )
        return table.astype({"passed": object})

    def to_json(self):
        """Give all figures as JSON text.

        Returns
        -------
        text : str
        """
        by_set = self.to_frame().reset_index().to_dict("records")
        by_term = self.terms.reset_index().to_dict("records")
        record = {
            "passed": self.passed,
            "failed": self.failed,
            "level": self.level,
            "n_rows": self.n_rows,
            "sentences": self.sentences(),
            "notes": self.notes,
            "properties": [_plain(row) for row in by_set],
            "terms": [_plain(row) for row in by_term],
        }
        return json.dumps(record, indent=1)

    def to_html(self):
        """Give words and tables as a fragment of HTML, everything escaped.

        Returns
        -------
        fragment : str
        """
        words = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences()[1:])
        columns = ["title", "asks", "score", "real", "threshold", "passed", "reason"]
        by_set = _html(self.to_frame()[columns])
        by_term = _html(self.terms) if len(self.terms) else "<p>No term has enough rows.</p>"
        return (
            f"<p><strong>{escape(self._verdict())}</strong></p><ul>{words}</ul>"
            f"<h3>By property</h3>{by_set}<h3>By term</h3>{by_term}"
        )

    def __repr__(self):
        return "\n".join(self.sentences())

    def _verdict(self):
        n_judged = sum(one.passed is not None for one in self.findings.values())
        if not n_judged:
            return next(iter(self.findings.values())).why_not
        n_open, n_failed = len(self.findings) - n_judged, len(self.failed)
        left = f" {n_open} more could not be judged." if n_open else ""
        rows = f"the {self.n_rows['X_new']:,} generated rows"
        if self.passed:
            what = f"all {n_judged} properties are" if n_judged > 1 else "the one property asked is"
            return f"Nothing speaks against {rows}: {what} as in real proteins.{left}"
        are = "is" if n_failed == 1 else "are"
        asked = "1 property" if n_judged == 1 else f"{n_judged} properties"
        return (
            f"Do not trust {rows} as they are: {n_failed} of {asked} {are} not as in real "
            f"proteins.{left}"
        )

    def _severity(self, name):
        one = self.findings[name]
        margin = abs(one.threshold - one.real)
        return abs(one.score - one.real) / (margin if margin > 0 else 1e-9)

    def _property(self, name):
        return next(one for one in self.properties if one.name == name)

    def _row(self, asked):
        one = self.findings[asked.name]
        return {
            "title": asked.title,
            "asks": asked.asks,
            "unit": asked.unit,
            "better": asked.better,
            "score": one.score,
            "real": one.real,
            "threshold": one.threshold,
            "control": one.control,
            "n_generated": one.n_generated,
            "n_held_out": one.n_held_out,
            "passed": one.passed,
            "reason": in_words(asked, one),
        }


def _plain(row):
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value):
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _html(table):
    return table.to_html(border=0, escape=True, float_format="{:.3g}".format, na_rep="")
