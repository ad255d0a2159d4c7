"""IngestReport: all that was dropped, mapped or repaired on the way into a folder."""

import html
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd


@dataclass
class IngestReport:
    """What :func:`ingest` made of the files.

    Parameters
    ----------
    folder : Path
        The folder that was written.
    kept : dict of str to int
        ``proteins`` and ``annotations`` of the folder, ``annotations`` and ``proteins`` by
        namespace, ``vectors`` (their width) and ``clusters``.
    changes : DataFrame
        Columns ``step``, ``what``, ``n`` and ``examples``: each way to be dropped, mapped or
        repaired, also those that nothing took.
    notes : list of str
        What could not be done, such as a choice of evidence in a table without any.
    warnings : list of str
        What the readers of the files said.
    sources : dict of str to dict
        Of each file its ``name``, ``bytes`` and ``sha256``.
    options : dict
        What was asked for.
    """

    folder: Path
    kept: dict
    changes: pd.DataFrame
    notes: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    sources: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)

    def count(self, what):
        """Return how often one thing happened.

        Parameters
        ----------
        what : str
            A value of the column ``what`` of ``changes``.

        Returns
        -------
        n : int

        Raises
        ------
        KeyError
            If nothing is called so.
        """
        rows = self.changes[self.changes["what"] == what]
        if rows.empty:
            raise KeyError(what)
        return int(rows["n"].sum())

    def render(self):
        """Say it in text: what is in the folder, and what happened on the way.

        Returns
        -------
        text : str
        """
        kept = "\n".join(f"{n:>12,}  {what}" for what, n in self.kept.items())
        return "\n\n".join(filter(None, [kept, self._changes_text(), *self._said()]))

    def to_dict(self):
        """Return plain numbers, words, lists and dicts, as ``report.json`` holds them.

        Returns
        -------
        report : dict
        """
        return {
            "kept": self.kept,
            "changes": self.changes.to_dict("records"),
            "notes": self.notes,
            "warnings": self.warnings,
            "sources": self.sources,
            "options": self.options,
        }

    def to_markdown(self):
        """Write the description that lies in the folder: sources and counts, no ids.

        Returns
        -------
        text : str
        """
        sources = [
            f"| {what} | {_cell(one['name'])} | {one['bytes']:,} | `{one['sha256']}` |"
            for what, one in self.sources.items()
        ]
        changes = [
            f"| {row.step} | {_cell(row.what)} | {row.n:,} |"
            for row in self._happened().itertuples(index=False)
        ]
        return "\n".join(
            [
                "# Proteins with GO annotations, by protimb ingest\n",
                "| what | file | bytes | SHA-256 |\n|---|---|--:|---|",
                *sources,
                "\n| in this folder | |\n|---|--:|",
                *[f"| {what} | {n:,} |" for what, n in self.kept.items()],
                "\n| step | dropped, mapped or repaired | |\n|---|---|--:|",
                *changes,
                *[f"\n{_cell(said)}" for said in self.notes + self.warnings],
                "\n`report.json` has the same with examples, and the options.\n",
            ]
        )

    def _happened(self):
        return self.changes[self.changes["n"] > 0]

    def _changes_text(self):
        lines, steps = [], set()
        for row in self._happened().itertuples(index=False):
            lines += [] if row.step in steps else [f"{row.step}:"]
            steps.add(row.step)
            examples = f": {', '.join(row.examples)}" if row.examples else ""
            lines.append(f"{row.n:>12,}  {row.what}{examples}")
        return "\n".join(lines) or "Nothing was dropped, mapped or repaired."

    def _said(self):
        notes = [f"note: {note}" for note in self.notes]
        return [*notes, *[f"warning: {one}" for one in self.warnings]]


def _cell(text):
    """Make text harmless in a table of Markdown: file names may hold anything."""
    plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in str(text))
    return html.escape(plain).replace("|", "&#124;").replace("`", "&#96;")
