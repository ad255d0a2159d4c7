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
from protimb.exceptions import EmbeddingFileError
from protimb.runs._config import CONFIG
from protimb.runs._generated import Generated
from protimb.utils._files import local_path, read_text
from protimb.utils._validation import a_few

GENERATED = "generated.npz"
PROVENANCE = "provenance.tsv"
_TERM_COLUMNS = ("terms", "term", "labels", "go_terms", "go_ids")
_ID_COLUMNS = ("id", "entryid", "protein", "protein_id", "")
_BETWEEN_TERMS = re.compile(r"[;,|\s]+")
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
            f"{real.X.shape[1]}. Both must be of one embedding."
        )
    y, n_unknown = _in_columns(claims, [str(term) for term in real.terms])
    if not y.nnz:
        raise EmbeddingFileError(
            f"{path}: no row claims a term that the real proteins have; {a_few([*n_unknown])} and "
            "such are none of their columns. Is it another ontology, or min_proteins too high?"
        )
    return JudgedRows(X, y, ids, n_unknown)


def _in_columns(claims, terms):
    """Put lists of term ids into columns: (csr_array, {unknown term: how often})."""
    place = {term: column for column, term in enumerate(terms)}
    rows = np.repeat(np.arange(len(claims)), [len(one) for one in claims])
    flat = pd.Series([term for one in claims for term in one], dtype=object)
    columns = flat.map(place)
    known = columns.notna().to_numpy()
    at = (rows[known], columns[known].to_numpy(dtype=np.int64))
    y = sparse.csr_array((np.ones(known.sum(), dtype=np.uint8), at), (len(claims), len(terms)))
    y.sum_duplicates()
    y.data[:] = 1
    return y, flat[~known].value_counts().to_dict()


def _read_run(folder, ontology):
    return _read_file(folder / GENERATED, ontology)


def _read_file(path, ontology):
    found = Generated.load(path)
    return found.ids, np.asarray(found.X, dtype=np.float32), _listed(found.y, found.terms)


def _listed(y, terms):
    y = sparse.csr_array(y)
    return [terms[y.indices[a:b]] for a, b in zip(y.indptr[:-1], y.indptr[1:], strict=True)]


def _read_folder(folder, ontology):
    """Read a CAFA folder: all of its proteins, or those that its provenance names."""
    bunch = read_cafa(folder, ontology, min_proteins=1)
    if (folder / PROVENANCE).is_file():
        made = pd.read_csv(folder / PROVENANCE, sep="\t", dtype=str, na_filter=False)
        bunch = bunch.take(np.isin(bunch.protein_ids, made["EntryID"]))
    return bunch.protein_ids, bunch.X, _listed(bunch.y, np.asarray(bunch.terms))


def _read_table(path, ontology):
    """Read a table of text: a column of terms, perhaps one of ids, and one a number."""
    separator = _SEPARATORS.get(_suffix(path), ",")
    text = read_text(path, EmbeddingFileError)
    try:
        table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, na_filter=False)
    except (ValueError, csv.Error) as error:
        raise EmbeddingFileError(f"{path}: {error}. Is the file cut off?") from error
    names = {str(name).strip().lower(): name for name in reversed(table.columns)}
    terms = _column_called(names, _TERM_COLUMNS)
    if terms is None:
        raise EmbeddingFileError(
            f"{path}: no column of terms among {a_few(table.columns)}. Call it 'terms'; a cell "
            "lists ids, as in GO:0003674;GO:0005488, and the other columns are the vector."
        )
    called = _column_called(names, _ID_COLUMNS)
    ids = table[called] if called is not None else pd.Series(range(1, len(table) + 1))
    numbers = table.drop(columns=[one for one in (terms, called) if one is not None])
    claims = [[one for one in _BETWEEN_TERMS.split(cell) if one] for cell in table[terms]]
    return ids.astype(str).to_numpy(), _as_numbers(numbers, path), claims


def _column_called(names, wanted):
    found = [names[name] for name in wanted if name in names]
    found += [names[name] for name in names if "" in wanted and name.startswith("unnamed: 0")]
    return found[0] if found else None


def _as_numbers(table, path):
    numbers = table.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    bad = ~np.isfinite(numbers)
    if bad.any():
        row, column = (int(one) for one in np.argwhere(bad)[0])
        raise EmbeddingFileError(
            f"{path}, record {row + 1}: column {str(table.columns[column])!r} is "
            f"{table.iloc[row, column]!r}, which is no finite number. Leave out columns that are "
            "no part of the vector, and rows that are not complete."
        )
    return numbers.astype(np.float32)


def _suffix(path):
    return next((one.lower() for one in reversed(path.suffixes) if one.lower() != ".gz"), "")


def _is_run(path):
    return (path / CONFIG).is_file()


def _is_npz(path):
    return _suffix(path) == ".npz"


def _is_text(path):
    return bool(local_path(path, EmbeddingFileError))


# What a path is -> how it is read, the first that fits; text is what is left.
_KINDS = (
    (_is_run, _read_run),
    (Path.is_dir, _read_folder),
    (_is_npz, _read_file),
    (_is_text, _read_table),
)
