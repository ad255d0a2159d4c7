"""Predictions as files: CAFA's submission format, and a table with names for people."""

import csv
import unicodedata
from contextlib import contextmanager

import numpy as np
import pandas as pd

from protimb.datasets._read_predictions import CSV_COLUMNS
from protimb.exceptions import AnnotationError
from protimb.utils._csv import harmless
from protimb.utils._files import local_path
from protimb.utils._foreign import read_table
from protimb.utils._new_folder import whole_file
from protimb.utils._validation import a_few

MAX_TERMS = 1500  # a protein, as CAFA has it
_BLOCK = 512  # proteins a block: what is being written takes little memory


def write_predictions(
    predictions,
    path,
    ontology,
    *,
    protein_ids=None,
    terms=None,
    max_terms=MAX_TERMS,
    min_score=0.001,
):
    r"""Write predictions in the submission format of CAFA, or as CSV with names.

    Parameters
    ----------
    predictions : DataFrame or array-like of shape (n_proteins, n_terms)
        Scores between 0 and 1, as ``predict_frame`` returns them; several namespaces may stand
        side by side.
    path : str or path-like
        The suffix names the format: ``.tsv`` has lines of protein, term and score, separated by
        tabs, without a header; ``.csv`` has the columns ``EntryID``, ``term``, ``name``,
        ``namespace`` and ``score``. A file that is there is replaced, as a whole or not at all.
    ontology : GeneOntology
        Lifts each term to at least the score of its descendants, and names terms.
    protein_ids : sequence of str, shape (n_proteins,), optional
        By default the index of a DataFrame.
    terms : sequence of str, shape (n_terms,), optional
        By default the columns of a DataFrame.
    max_terms : int
        Highest scores that are written of each protein, of all namespaces together.
    min_score : float
        Lower scores, after rounding, are left out. Zeros always are.

    Returns
    -------
    n_lines : int
        Predictions written.

    Raises
    ------
    AnnotationError
        If a protein's id is empty, or holds blanks or control characters such as tabs, line ends
        and terminal escapes; or if an id is repeated.
    UnknownTermError
        If the ontology lacks a term.
    ValueError
        If a score is no number between 0 and 1, ids or terms do not fit the scores, or the suffix
        is another.

    See Also
    --------
    protimb.runs.predict_terms : Makes predictions with a saved model.

    Notes
    -----
    Scores have three significant digits. Rounding keeps their order, and of equal scores those of
    ancestors are written first, so that no term stands in the file without an ancestor that has a
    column and none scores above it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from protimb.datasets import write_predictions
    >>> from protimb.ontology import GeneOntology
    >>> ontology = GeneOntology(
    ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
    ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
    ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
    ... )
    >>> scores = pd.DataFrame({"GO:2": [0.5, 0.0], "GO:3": [0.70049, 0.0]}, index=["P1", "P2"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "predictions.tsv")
    ...     n_lines = write_predictions(scores, path, ontology)
    ...     print(path.read_text().replace("\t", " "), end="")
    P1 GO:2 0.7
    P1 GO:3 0.7
    """
    _check_path(path, max_terms, min_score)
    table = _read(predictions, protein_ids, terms, ontology)
    with predictions_file(path, ontology, max_terms, min_score) as file:
        file.write(*table)
    return file.n_lines


@contextmanager
def predictions_file(path, ontology, max_terms=MAX_TERMS, min_score=0.001):
    """Give a file whose ``add`` takes blocks of proteins; it appears whole at the end, or not."""
    path = _check_path(path, max_terms, min_score)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        yield PredictionsFile(WRITERS[path.suffix](file, ontology), ontology, max_terms, min_score)


class PredictionsFile:
    """Lines of predictions, written block after block; no protein may come twice."""

    def __init__(self, write, ontology, max_terms, min_score):
        self.ontology, self.limits = ontology, (max_terms, min_score)
        self.n_lines = 0
        self._write_line = write
        self._seen = set()

    def add(self, predictions):
        """Write a frame of scores (n_proteins, n_terms)."""
        self.write(*_read(predictions, None, None, self.ontology))

    def write(self, scores, ids, terms):
        """Write scores (n_proteins, n_terms) that were checked."""
        check_unique([one for one in ids if one in self._seen] * 2)
        self._seen.update(ids)
        # Ancestors first: a stable sort by score then leaves them before what lies below.
        rank = self.ontology._rank
        order = sorted(range(len(terms)), key=lambda k: rank[terms[k]], reverse=True)
        terms = [terms[k] for k in order]
        for row, column, text in _best(scores[:, order], terms, self.ontology, *self.limits):
            self._write_line(ids[row], terms[column], text)
            self.n_lines += 1


def _best(scores, terms, ontology, max_terms, min_score):
    """Yield (row, column, score as text), the best of each protein first."""
    for start in range(0, len(scores), _BLOCK):
        block = ontology.propagate_scores(scores[start : start + _BLOCK], terms)
        values = _rounded(block, min_score)
        texts = {value: _three_digits(value) for value in np.unique(values).tolist()}
        best = np.argsort(-values, axis=1, kind="stable")[:, :max_terms]
        for row, columns in enumerate(best):
            given = values[row, columns]
            for column, value in zip(columns[given > 0], given[given > 0].tolist(), strict=True):
                yield start + row, column, texts[value]


def _rounded(scores, min_score):
    """Round scores (n_rows, n_terms) to three significant digits; what is too low becomes 0."""
    values = scores.astype(np.float64)
    values[values < 1e-300] = 0  # the unit of these would be 0
    positive = values > 0
    unit = 10 ** (np.floor(np.log10(values[positive])) - 2)
    values[positive] = np.round(values[positive] / unit) * unit
    values[values < min_score * (1 - 1e-9)] = 0  # a multiple of the unit misses it by a bit
    return values


def _three_digits(score):
    """Write a score without an exponent.

    >>> _three_digits(0.12345), _three_digits(1.0), _three_digits(0.000012345)
    ('0.123', '1', '0.0000123')
    """
    return np.format_float_positional(score, precision=3, unique=False, fractional=False, trim="-")


def _tsv(file, ontology):
    return lambda *fields: file.write("\t".join(fields) + "\n")


def _csv(file, ontology):
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    names, spaces = ontology.names, ontology.namespaces
    return lambda protein, term, score: writer.writerow(
        [protein, term, harmless(names[term]), harmless(spaces[term]), score]  # read by the first
    )


# Each starts a file and returns what writes a line: protein, term and score, as text.
WRITERS = {".tsv": _tsv, ".csv": _csv}


def _check_path(path, max_terms, min_score):
    """Refuse a file that could not be written, before anything is."""
    path = local_path(path, ValueError)
    if path.suffix not in WRITERS:
        raise ValueError(
            f"{path}: predictions are written to {' or '.join(WRITERS)}, not to "
            f"{path.suffix or 'a file without suffix'!r}."
        )
    _check_limits(max_terms, min_score)
    return path


def _read(predictions, protein_ids, terms, ontology):
    """Check scores, ids and terms; return them as array, list of str and resolved terms."""
    table = read_table(predictions, "predictions")
    if isinstance(table, pd.DataFrame):
        protein_ids = table.index if protein_ids is None else protein_ids
        terms = table.columns if terms is None else terms
    if protein_ids is None or terms is None:
        raise ValueError("An array of scores has no names: pass protein_ids and terms.")
    scores = np.asarray(table)
    ids, terms = [str(one) for one in protein_ids], [ontology.resolve(term) for term in terms]
    if scores.shape != (len(ids), len(terms)):
        raise ValueError(
            f"Scores of shape {scores.shape} for {len(ids)} protein_ids and {len(terms)} terms: "
            "there is one row a protein and one column a term."
        )
    check_printable(ids)
    _check_scores(scores, ids, terms)
    return scores, ids, terms


def check_printable(ids):
    """Refuse ids that would break a line, or that a terminal would obey; and repeated ones."""
    for row, one in enumerate(ids):
        if not one or any(_breaks(sign) for sign in one):
            raise AnnotationError(
                f"Row {row}, counted from 0: the protein id {one!r} is empty or holds blanks or "
                "control characters, which a table cannot hold. Rename it."
            )
    check_unique(ids)


def check_unique(ids):
    """Refuse ids of which one names two rows."""
    repeated = pd.Index(ids).duplicated()
    if repeated.any():
        names = np.array(ids, dtype=object)[repeated].tolist()
        raise AnnotationError(
            f"{len(names)} protein ids name more than one row: {a_few(names)}. Keep one of each."
        )


def _breaks(sign):
    return sign.isspace() or unicodedata.category(sign)[0] == "C"


def _check_scores(scores, ids, terms):
    if scores.dtype.kind not in "fiub":
        raise ValueError(f"Scores are {scores.dtype}; expected numbers between 0 and 1.")
    bad = ~((scores >= 0) & (scores <= 1))  # NaN is neither
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"{bad.sum()} scores are no numbers between 0 and 1, such as {scores[row, column]} for "
            f"{terms[column]} of {ids[row]}. Pass probabilities."
        )


def _check_limits(max_terms, min_score):
    if max_terms < 1 or not 0 <= min_score <= 1:
        raise ValueError(
            f"max_terms is at least 1 and min_score between 0 and 1; got {max_terms} and "
            f"{min_score}."
        )
