"""Generated rows of any generator, read into the columns of the real ones."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.datasets import read_cafa
from protimb.datasets._vectors import as_float32
from protimb.exceptions import EmbeddingFileError
from protimb.ontology._lookup import look_up
from protimb.runs._config import CONFIG
from protimb.runs._enlarge import PROVENANCE
from protimb.runs._generated import Generated
from protimb.runs._train import GENERATED
from protimb.utils._files import is_there, local_path, read_text
from protimb.utils._shorten import shorten
from protimb.utils._validation import a_few

_TERM_COLUMNS = ("terms", "term", "labels", "go_terms", "go_ids")
_ID_COLUMNS = ("id", "entryid", "protein", "protein_id", "")
_TERM_ID = re.compile(r"[A-Za-z]\w*:\d+")
_WORDS = re.compile(r"[^;,|\s\[\](){}\"']+")
_COMMAS = " Numbers with a comma for a point are read where semicolons or tabs part the columns."
_MOST_COLUMNS = 20_000  # no embedding is as wide
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


@dataclass(frozen=True)
class JudgedRows:
    """Rows to be audited, with the columns of the real data.

    Attributes
    ----------
    X : ndarray of float32, shape (n_new, n_features)
    y : csr_array of uint8, shape (n_new, n_terms)
    ids : ndarray of str, shape (n_new,)
    n_unknown : dict of str to int
        Claims of terms that the real data have no column for, by term.
    """

    X: np.ndarray
    y: sparse.csr_array
    ids: np.ndarray
    n_unknown: dict


def read_judged(path, real, ontology):
    """Read generated rows from a run, a file of one, a CAFA folder, or a table."""
    path = Path(path)
    ids, X, claims = next(read for fits, read in _KINDS if fits(path))(path, ontology)
    if not len(ids):
        raise EmbeddingFileError(f"{path}: no generated protein in it.")
    if X.shape[1] != real.X.shape[1]:
        raise EmbeddingFileError(
            f"{path} has vectors of width {X.shape[1]}, the real proteins of width "
            f"{real.X.shape[1]}. Both must be of one embedding; in a table every column but those "
            "of terms and ids is read as part of the vector."
        )
    _refuse_not_finite(X, ids, path)
    y, n_unknown = _in_columns(claims, real)
    if not y.nnz:
        raise EmbeddingFileError(f"{path}: {_why_no_term(n_unknown)}")
    return JudgedRows(X, y, ids, n_unknown)


def _refuse_not_finite(X, ids, path):
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        raise EmbeddingFileError(
            f"{path}: {len(bad)} of {len(X)} vectors hold NaN, infinite or too large values, the "
            f"first that of protein {shorten(ids[bad[0]])!r}, record {bad[0] + 1}. Leave these "
            "rows out, and look at what made them."
        )


def _why_no_term(n_unknown):
    if not n_unknown:
        return "no row claims any term. The column of terms has to list GO ids."
    return (
        f"no row claims a term that the real proteins have; {a_few([*n_unknown])} and such are "
        "none of their columns. Is it another ontology, or min_proteins too high?"
    )


def _in_columns(claims, real):
    """Put lists of term ids into columns: (csr_array, {unknown term: how often})."""
    rows = np.repeat(np.arange(len(claims)), [len(one) for one in claims])
    flat = pd.Series([str(term) for one in claims for term in one], dtype=object)
    columns = flat.map(_places(flat.unique(), real))
    known = columns.notna().to_numpy()
    at = (rows[known], columns[known].to_numpy(dtype=np.int64))
    shape = (len(claims), len(real.terms))
    y = sparse.csr_array((np.ones(known.sum(), dtype=np.uint8), at), shape)
    y.sum_duplicates()
    y.data[:] = 1
    return y, flat[~known].value_counts().to_dict()


def _places(ids, real):
    """Find the columns of ids, in lower case, merged into another or replaced as they may be."""
    place = {str(term): column for column, term in enumerate(real.terms)}
    left = [one for one in ids if one not in place]
    if left and real.ontology is not None:
        found = look_up([one.upper() for one in left], real.ontology, "ignore").columns
        today = {
            one: real.ontology.terms[at] for one, at in zip(left, found, strict=True) if at >= 0
        }
        place |= {one: place[term] for one, term in today.items() if term in place}
    return place


def _read_run(folder, ontology):
    return _read_file(folder / GENERATED, ontology)


def _read_file(path, ontology):
    found = Generated.load(path)
    return found.ids, as_float32(found.X), _listed(found.y, found.terms)


def _listed(y, terms):
    y = sparse.csr_array(y)
    return [terms[y.indices[a:b]] for a, b in zip(y.indptr[:-1], y.indptr[1:], strict=True)]


def _read_folder(folder, ontology):
    """Read a CAFA folder: all of its proteins, or those that its provenance names."""
    bunch = read_cafa(folder, ontology, min_proteins=1, memory_map="auto")
    if is_there(folder / PROVENANCE):
        bunch = bunch.take(np.isin(bunch.protein_ids, _made(folder / PROVENANCE)))
    return bunch.protein_ids, as_float32(bunch.X), _listed(bunch.y, np.asarray(bunch.terms))


def _made(path):
    """List the proteins in a table of where each generated one comes from."""
    text = read_text(path, EmbeddingFileError)
    table = _parsed(text, "\t", path, dtype=str, quoting=csv.QUOTE_NONE)
    if "EntryID" not in table:
        raise EmbeddingFileError(
            f"{path}: no column EntryID among {a_few(table.columns)}. Restore it, or run protimb "
            "resample again."
        )
    return table["EntryID"]


def _read_table(path, ontology):
    """Read a table of text: a column of terms, perhaps one of ids, and one a number."""
    text = read_text(path, EmbeddingFileError)
    separator = _separator(text, path)
    text = _without_empty_end(text, separator)
    names = _parsed(text, separator, path, nrows=0).columns
    called = {str(name).strip().lower(): name for name in reversed(names)}
    terms = _column_called(called, _TERM_COLUMNS)
    if terms is None:
        raise EmbeddingFileError(
            f"{path}: no column of terms among {a_few(names)}. Call it 'terms'; a cell "
            "lists ids, as in GO:0003674;GO:0005488, and the other columns are the vector."
        )
    column = _column_called(called, _ID_COLUMNS)
    words = [one for one in {terms, column, *filter(_is_unnamed, names)} if one is not None]
    table = _parsed(text, separator, path, dtype=dict.fromkeys(words, str))
    ids = table[column] if column is not None else pd.Series(range(1, len(table) + 1))
    numbers = _as_numbers(table.drop(columns=words), separator, path)
    return ids.astype(str).to_numpy(), numbers, [_claims(cell) for cell in table[terms]]


def _separator(text, path):
    """Tell what parts the columns by the header; programs put ';' where ',' is in numbers."""
    header = text.lstrip("\n").partition("\n")[0]
    separator = max((_SEPARATORS.get(_suffix(path), ","), *",;\t"), key=header.count)
    if header.count(separator) > _MOST_COLUMNS:
        raise EmbeddingFileError(
            f"{path}: {header.count(separator) + 1:,} columns, more than any vector has. A "
            "generated protein is a row, and each number of its vector a column."
        )
    return separator


def _without_empty_end(text, separator):
    """Leave out the last lines that hold no more than separators: spreadsheets write them."""
    end = text.find("\n", len(text.rstrip(f'{separator}\n\t "')))
    return text if end < 0 else text[:end]


def _parsed(text, separator, path, **options):
    options |= {"sep": separator, "na_filter": False, "low_memory": False}
    try:
        return pd.read_csv(io.StringIO(text), **options)
    except (ValueError, csv.Error) as error:
        said = " ".join(str(error).removeprefix("Error tokenizing data. C error: ").split())
        raise EmbeddingFileError(
            f"{path}: {said.rstrip('.')}. Is the file cut off, or does a cell hold {separator!r} "
            "without quotes around it?"
        ) from error


def _claims(cell):
    """List the ids in a cell, whatever stands between and beside them.

    >>> _claims("GO:0003677 (DNA binding); go:0005488"), _claims("kinase, ligase")
    (['GO:0003677', 'go:0005488'], ['kinase', 'ligase'])
    """
    return _TERM_ID.findall(cell) or _WORDS.findall(cell)


def _column_called(names, wanted):
    found = [names[name] for name in wanted if name in names]
    found += [name for name in names.values() if "" in wanted and _is_unnamed(name)]
    return found[0] if found else None


def _is_unnamed(name):
    """Whether a table's first column has no name, as that of row numbers."""
    return str(name).strip().lower() in ("", "unnamed: 0")


def _as_numbers(table, separator, path):
    """Read numbers (n_rows, n_columns) as float32, also with a comma for a point."""
    numbers = np.empty(table.shape)
    for place, name in enumerate(table):
        numbers[:, place] = _as_column(table[name], separator)
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        row, column = (int(one) for one in bad[0])
        hint = _COMMAS if "," in str(table.iloc[row, column]) else ""
        raise EmbeddingFileError(
            f"{path}, record {row + 1}: column {str(table.columns[column])!r} is "
            f"{shorten(table.iloc[row, column], 40)!r}, which is no finite number. Leave out "
            f"columns that are no part of the vector, and rows that are not complete.{hint}"
        )
    return as_float32(numbers)


def _as_column(values, separator):
    if values.dtype.kind in "iuf":
        return values
    words = values.astype(str)
    if separator != ",":
        words = words.str.replace(",", ".", regex=False)
    return pd.to_numeric(words, errors="coerce")


def _suffix(path):
    return next((one.lower() for one in reversed(path.suffixes) if one.lower() != ".gz"), "")


def _is_run(path):
    return (path / CONFIG).is_file()


def _is_npz(path):
    return _suffix(path) == ".npz"


def _is_text(path):
    return bool(local_path(path, EmbeddingFileError))


def _is_workbook(path):
    return _suffix(path) in (".xlsx", ".xls", ".ods")


def _refuse_workbook(path, ontology):
    local_path(path, EmbeddingFileError)
    raise EmbeddingFileError(f"{path}: a workbook. Save its sheet as CSV, and pass that.")


# What a path is -> how it is read, the first that fits; text is what is left.
_KINDS = (
    (_is_run, _read_run),
    (Path.is_dir, _read_folder),
    (_is_npz, _read_file),
    (_is_workbook, _refuse_workbook),
    (_is_text, _read_table),
)
