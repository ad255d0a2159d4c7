"""Files of predictions in CAFA's submission format."""

import csv
import io
import os
from collections.abc import Iterable
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd

from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.exceptions import PredictionError, PredictionWarning
from protimb.utils._files import local_path, read_text
from protimb.utils._spelling import check_names
from protimb.utils._warnings import users_level

COLUMNS = ["EntryID", "term", "score"]
_PREAMBLE = ("AUTHOR", "MODEL", "KEYWORDS", "ACCURACY")  # first words of lines above the table
_FREE_TEXT = "Text"  # stands where a term would, in lines that describe a protein in words
_SCORE_HEADERS = ("score", "confidence", "prediction")
_TAB = "\t"
CSV_COLUMNS = ["EntryID", "term", "name", "namespace", "score"]  # as write_predictions has them
_VERBATIM: dict[str, Any] = {
    "sep": "\t",
    "header": None,
    "names": COLUMNS,
    "dtype": str,  # an id such as 1E5 is no number
    "na_filter": False,
    "quoting": csv.QUOTE_NONE,
    "engine": "c",
}


def read_predictions(paths, *, max_bytes=None):
    r"""Read predictions in the format in which CAFA takes them.

    Parameters
    ----------
    paths : str, path-like or sequence of these
        Files of a protein, a term and a score a line, separated by tabs, plain or gzipped; or the
        ``.csv`` with names that ``write_predictions`` makes. Several files are read as one. A line
        that names the columns, the lines ``AUTHOR``, ``MODEL``, ``KEYWORDS`` and ``ACCURACY``
        above, and ``END`` below are passed over.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    predictions : DataFrame of shape (n_predictions, 3)
        ``EntryID`` and ``term`` as categories of strings, ``score`` as float64. Of a pair that is
        there twice the highest score is kept, as CAFA's evaluator does. ``predictions.attrs``
        counts ``n_duplicates`` and ``n_text``, the lines of free text that were left out.

    Raises
    ------
    PredictionError
        If a file is empty or binary, a line has other than three fields, an id is empty, lacks
        its accession or has invisible characters, or a score is not a number in [0, 1]; names file
        and line.

    Warns
    -----
    PredictionWarning
        If pairs are there twice; says how many.

    See Also
    --------
    protimb.evaluation.evaluate_predictions : Holds them against the truth.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from protimb.datasets import read_predictions
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "predictions.tsv")
    ...     _ = path.write_text("P12345\tGO:0005488\t0.91\nP12345\tGO:0043167\t0.5\n")
    ...     read_predictions(path)
      EntryID        term  score
    0  P12345  GO:0005488   0.91
    1  P12345  GO:0043167   0.50
    """
    if isinstance(paths, str | os.PathLike) or not isinstance(paths, Iterable):
        paths = [paths]
    tables = [_read(local_path(path, PredictionError), max_bytes) for path in paths]
    if not tables:
        raise PredictionError("No file of predictions was named. Pass at least one path.")
    n_text = sum(table.attrs["n_text"] for table in tables)
    table = join_predictions(tables)
    table.attrs["n_text"] = n_text
    n_duplicates = table.attrs["n_duplicates"]
    if n_duplicates:
        warn(
            f"{', '.join(map(str, paths))}: {n_duplicates} lines repeat a protein and a term. The "
            "highest score of each was kept.",
            PredictionWarning,
            stacklevel=users_level(),
        )
    return table


def join_predictions(tables):
    """Put frames EntryID, term, score under one another, with the highest score of each pair."""
    table = tables[0] if len(tables) == 1 else _stack(tables)
    n_terms = len(table["term"].cat.categories)
    pairs = table["EntryID"].cat.codes.to_numpy(np.int64) * n_terms
    pairs += table["term"].cat.codes.to_numpy()
    table.attrs["n_duplicates"] = 0
    n_unique = len(pd.unique(pairs))
    if n_unique == len(pairs):
        return table
    order = np.argsort(-table["score"].to_numpy(), kind="stable")
    best = np.sort(order[~pd.Series(pairs[order]).duplicated().to_numpy()])
    unique = table.iloc[best].reset_index(drop=True)
    unique.attrs["n_duplicates"] = len(table) - len(unique)
    return unique


def _stack(tables):
    columns = {
        name: pd.api.types.union_categoricals([table[name] for table in tables])
        for name in COLUMNS[:2]
    }
    return pd.DataFrame(columns | {"score": np.concatenate([table["score"] for table in tables])})


def _read(path, max_bytes):
    if path.is_dir():
        raise PredictionError(f"{path} is a folder. Name the files of predictions in it.")
    text = read_text(path, PredictionError, max_bytes=max_bytes)
    if text.startswith(",".join(CSV_COLUMNS)):
        text = _without_names(text, path)
    lines, numbers, n_text = _table_lines(text)
    if not lines:
        raise PredictionError(f"{path}: no prediction in this file.")
    _check_fields(lines, numbers, path)
    # Few names and few scores, each many times: as categories each is looked at once.
    table = pd.read_csv(io.BytesIO("\n".join(lines).encode()), **_VERBATIM).astype("category")
    table["score"] = _scores(table["score"], numbers, path)
    for name in COLUMNS[:2]:
        table[name] = _names(table[name], numbers, path)
    table.attrs["n_text"] = n_text
    return table


def _without_names(text, path):
    """Turn comma-separated lines with the names of terms into CAFA's, a line for a line."""
    rows = list(csv.reader(io.StringIO(text)))
    bad = next((n for n, row in enumerate(rows, 1) if row and len(row) != len(CSV_COLUMNS)), None)
    if bad:
        raise PredictionError(
            f"{path}, line {bad}: {len(rows[bad - 1])} fields, and the first line names "
            f"{len(CSV_COLUMNS)}: {', '.join(CSV_COLUMNS)}."
        )
    places = [CSV_COLUMNS.index(name) for name in COLUMNS]
    return "\n".join(_TAB.join(row[n] for n in places) if row else "" for row in rows)


def _table_lines(text):
    """Return the lines of the table, their numbers, and how many of free text were left out."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if not _is_above(line)), len(lines))
    while lines[start:] and lines[-1].strip() in ("", "END"):
        lines.pop()
    numbers = np.arange(start + 1, len(lines) + 1)
    lines = lines[start:]
    if f"\t{_FREE_TEXT}\t" not in text and "" not in lines:
        return lines, numbers, 0
    is_text = np.array([line.split("\t")[1:2] == [_FREE_TEXT] for line in lines], dtype=bool)
    kept = np.flatnonzero(~is_text & np.array([line != "" for line in lines], dtype=bool))
    return [lines[n] for n in kept], numbers[kept], int(is_text.sum())


def _is_above(line):
    """Whether a line is empty, of the preamble, or names columns."""
    fields = line.split("\t")
    names_columns = len(fields) == 3 and fields[2].strip().lower() in _SCORE_HEADERS
    return not line.strip() or line.split()[0] in _PREAMBLE or names_columns


def _check_fields(lines, numbers, path):
    """Refuse what pandas would fill up, cut or shift."""
    n_tabs = np.fromiter((line.count("\t") for line in lines), dtype=np.int64, count=len(lines))
    bad = np.flatnonzero(n_tabs != 2)
    if len(bad):
        line = lines[bad[0]]
        raise PredictionError(
            f"{path}, line {numbers[bad[0]]}: {line.count(_TAB) + 1} fields in {line[:60]!r}. "
            "A prediction has three, separated by tabs: protein, term and score."
        )


def _scores(texts, numbers, path):
    """Turn a category of texts into float64; Python reads each once, so that 0.3 is 0.3."""
    values = np.array([_number(text) for text in texts.cat.categories], dtype=float)
    bad = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(bad):
        rows = np.flatnonzero(np.isin(texts.cat.codes, bad))
        raise PredictionError(
            f"{path}, line {numbers[rows[0]]}: the score {texts.iloc[rows[0]]!r} is not a "
            f"number in [0, 1]; {len(rows)} scores of this file are not. Write probabilities."
        )
    return values[texts.cat.codes]


def _number(text):
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _check_spelling(names, found, numbers, path):
    """Refuse categories (n_categories,), as they were reduced, that name nothing."""

    def where(name):
        row = np.flatnonzero((found == name)[names.cat.codes])[0]
        return f"{path}, line {numbers[row]}"

    if names.name == "EntryID":
        check_protein_ids(found, where, PredictionError)
    else:
        check_names(found, names.name, where, PredictionError)


def _names(names, numbers, path):
    """Strip names, reduce proteins to accessions, and refuse empty ones."""
    plain = normalise_protein_id if names.name == "EntryID" else str.strip
    found = np.array([plain(name) for name in names.cat.categories], dtype=object)
    if not all(found):
        row = np.flatnonzero((found == "")[names.cat.codes])[0]
        raise PredictionError(f"{path}, line {numbers[row]}: the field {names.name} is empty.")
    _check_spelling(names, found, numbers, path)
    if (found == names.cat.categories).all():
        return names
    codes, unique = pd.factorize(found)
    return pd.Categorical.from_codes(codes[names.cat.codes], pd.Index(unique))
