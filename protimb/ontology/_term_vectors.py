"""Vectors of terms: read from files, and aligned with the columns of a label matrix."""

import struct
from collections import Counter
from collections.abc import Mapping
from warnings import warn

import numpy as np

from protimb.exceptions import TermVectorError, TermVectorWarning
from protimb.ontology._pickled import read_pickled_dict
from protimb.utils._array_files import open_archive
from protimb.utils._conversions import advise
from protimb.utils._files import local_path, read_text
from protimb.utils._spelling import check_names, is_number
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level


def read_term_vectors(path, *, max_bytes=None):
    r"""Read one vector a term, such as those of anc2vec, Onto2Vec or a text model.

    Parameters
    ----------
    path : str or path-like
        ``.npz`` with the arrays ``ids`` (n_terms,) and ``vectors`` (n_terms, n_dims), with those
        that anc2vec publishes (``embeds`` and ``term2index``, or ``embds``), or with one array
        a term under its id, as ``np.savez(path, **vectors)`` writes; or
        ``.tsv``, ``.txt``, ``.vec``, gzipped or plain: a term and its numbers a line, separated
        by tabs or spaces, as word2vec writes them. A first line of two integers, the numbers of
        terms and of dimensions, is checked where there is one.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 50 times its size, or 64 MiB
        where that is more (text: 100 times, 32 MiB).

    Returns
    -------
    term_vectors : dict of str to ndarray of shape (n_dims,), float32
        In the order of the file.

    Raises
    ------
    TermVectorError
        If the file is truncated, needs pickle, names a term twice, or holds vectors of different
        lengths or numbers that are not finite; names the line or the terms.

    See Also
    --------
    align_term_vectors : Puts the vectors in the order of a label matrix.
    TermVectorizer : Makes vectors from the ontology alone.

    Notes
    -----
    What anc2vec publishes holds a pickled dictionary, and to unpickle a file is to run what it
    says. Here it is read as data instead: only steps and names that such a dictionary consists of
    are accepted, and nothing is called.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from protimb.ontology import read_term_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "vectors.txt")
    ...     _ = path.write_text("2 3\nGO:0005488 0.5 0 1\nGO:0043167 0.25 0 1\n")
    ...     read_term_vectors(path)["GO:0043167"]
    array([0.25, 0.  , 1.  ], dtype=float32)
    """
    path = local_path(path, TermVectorError)
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    if not suffixes or suffixes[-1] not in READERS:
        raise TermVectorError(
            f"{path}: term vectors are read from {', '.join(READERS)}, not from {path.suffix!r}."
        )
    ids, vectors = READERS[suffixes[-1]](path, max_bytes)
    _check_ids(ids, path)
    _check_finite(ids, vectors, path)
    return dict(zip(ids, vectors, strict=True))


def align_term_vectors(term_vectors, terms):
    """Put vectors of terms in the order of the columns of a label matrix.

    Parameters
    ----------
    term_vectors : mapping of str to array, DataFrame or array of shape (n_terms, n_dims)
        A vector for each of many terms, also for others than those wanted; a DataFrame is read
        by its index. An array has a row for each of ``terms`` already, NaN throughout where a
        term has no vector.
    terms : sequence
        The columns.

    Returns
    -------
    vectors : ndarray of shape (n_terms, n_dims), float32
        Rows of terms without a vector are NaN.

    Raises
    ------
    TermVectorError
        If vectors differ in length or are not finite, if none of the terms has one, or if an
        array has another number of rows.

    Warns
    -----
    TermVectorWarning
        If some terms have no vector; says how many.

    Examples
    --------
    >>> from protimb.ontology import align_term_vectors
    >>> align_term_vectors({"GO:2": [0.0, 1.0], "GO:1": [2.0, 3.0]}, ["GO:1", "GO:2"])
    array([[2., 3.],
           [0., 1.]], dtype=float32)
    """
    terms = list(terms)
    if hasattr(term_vectors, "index") and hasattr(term_vectors, "to_numpy"):
        term_vectors = dict(zip(term_vectors.index, term_vectors.to_numpy(), strict=True))
    if isinstance(term_vectors, Mapping):
        vectors = _from_mapping(term_vectors, terms)
    else:
        vectors = _from_rows(term_vectors, terms)
    _report_missing(np.isnan(vectors).all(axis=1), terms)
    return vectors


def _from_mapping(term_vectors, terms):
    known = [place for place, term in enumerate(terms) if term in term_vectors]
    if not known:
        raise TermVectorError(
            f"None of the {len(terms)} terms has a vector. Columns are named like "
            f"{a_few(terms)}, vectors like {a_few(term_vectors)}. Name the columns of y by the "
            "ids that the vectors have."
        )
    names = [terms[place] for place in known]
    table = _stack(names, [term_vectors[name] for name in names])
    _check_finite(names, table, "term_vectors")
    vectors = np.full((len(terms), table.shape[1]), np.nan, dtype=np.float32)
    vectors[known] = table
    return vectors


def _from_rows(term_vectors, terms):
    vectors = _stack(range(len(term_vectors)), list(term_vectors))
    if len(vectors) != len(terms):
        raise TermVectorError(
            f"term_vectors has {len(vectors)} rows, but there are {len(terms)} terms. Give a row "
            "for each column of y, or a mapping {term: vector}."
        )
    known = ~np.isnan(vectors).all(axis=1)
    if not known.any():
        raise TermVectorError(f"None of the {len(terms)} terms has a vector: every row is NaN.")
    _check_finite(np.array(terms, dtype=object)[known], vectors[known], "term_vectors")
    return vectors


def _stack(names, vectors):
    """Stack vectors of one length into a float32 matrix."""
    try:
        rows = [np.asarray(vector, dtype=np.float32) for vector in vectors]
    except (TypeError, ValueError) as error:
        raise TermVectorError(f"Term vectors must be numbers: {error}.") from error
    shapes = Counter(row.shape for row in rows)
    if not shapes:
        raise TermVectorError("There are no term vectors.")
    usual = shapes.most_common(1)[0][0]
    if len(usual) != 1 or not usual[0]:
        raise TermVectorError(f"A term vector must be one row of numbers, found shape {usual}.")
    odd = [name for name, row in zip(names, rows, strict=True) if row.shape != usual]
    if odd:
        raise TermVectorError(
            f"Term vectors differ in length: most have {usual[0]} numbers, {len(odd)} another "
            f"number of them ({a_few(odd)}). All need the same."
        )
    return np.stack(rows)


def _report_missing(missing, terms):
    if missing.any():
        names = [term for term, is_missing in zip(terms, missing, strict=True) if is_missing]
        warn(
            f"{len(names)} of {len(terms)} terms have no vector ({a_few(names)}). The condition's "
            "parameter 'missing' says what describes them.",
            TermVectorWarning,
            stacklevel=users_level(),
        )


def _check_ids(ids, path):
    if not ids:
        raise TermVectorError(f"{path}: no term vectors in it.")
    repeated = [name for name, n in Counter(ids).items() if n > 1]
    if repeated:
        raise TermVectorError(
            f"{path}: {len(repeated)} terms have more than one vector: {a_few(repeated)}. "
            "Keep one of each."
        )


def _check_finite(ids, vectors, source):
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise TermVectorError(
            f"{source}: the vectors of {len(bad)} terms hold NaN or infinity: "
            f"{a_few([ids[row] for row in bad])}. Leave such terms out."
        )


def _read_npz(path, max_bytes):
    hints = {
        "advice": advise("term vectors", "none", path),
        "objects": lambda shape: advise("term vectors", "objects", path),
    }
    with open_archive(path, TermVectorError, max_bytes, **hints) as arrays:
        try:
            ids, vectors = LAYOUTS[_layout(arrays.names, path)](arrays)
        except _UNREADABLE as error:
            if isinstance(error, TermVectorError):
                raise
            raise TermVectorError(
                f"{path}: a damaged archive, or not one of plain arrays ({error}). Where it was "
                "made of Python objects and you trust it, convert it once; reading it so runs "
                f"code.{advise('term vectors', 'objects', path)}"
            ) from error
    if ids.ndim != 1 or ids.dtype.kind not in "US" or vectors.ndim != 2:
        raise TermVectorError(
            f"{path}: expected ids as text, shape (n_terms,), and vectors, shape (n_terms, "
            f"n_dims); found {ids.dtype} {ids.shape} and {vectors.dtype} {vectors.shape}."
        )
    if len(ids) != len(vectors):
        raise TermVectorError(f"{path}: {len(ids)} ids, but {len(vectors)} vectors.")
    names = [_as_text(one, path) for one in ids.tolist()]
    check_names(names, "term", lambda _: path, TermVectorError)
    return names, _stack(ids, vectors)


def _layout(names, path):
    """Find which arrays an archive has, as LAYOUTS lists them."""
    found = next(layout for layout in LAYOUTS if set(layout) <= set(names))
    if not found and not all(":" in name for name in names):
        raise TermVectorError(
            f"{path}: expected the arrays 'ids' and 'vectors' in it, or those of anc2vec, or one a "
            f"term, found {a_few(names)}.{advise('term vectors', 'other arrays', path)}"
        )
    return found


def _plain_arrays(arrays):
    return arrays.read("ids"), arrays.read("vectors")


def _anc2vec_table(arrays):
    """Read what anc2vec publishes: a table of vectors, and a dictionary of their row numbers."""
    rows = read_pickled_dict(arrays.read_bytes("term2index"), int)
    vectors = arrays.read("embeds")
    if sorted(rows.values()) != list(range(len(vectors))):
        raise ValueError(f"{len(rows)} terms do not name each of {len(vectors)} rows once")
    return np.array(sorted(rows, key=rows.__getitem__)), vectors


def _anc2vec_dict(arrays):
    """Read a dictionary of vectors, as anc2vec's functions return it."""
    found = read_pickled_dict(arrays.read_bytes("embds"), bytes)
    if len(set(map(len, found.values()))) > 1:
        raise ValueError("its vectors differ in length")
    return np.array(list(found)), np.stack([np.frombuffer(one, "<f4") for one in found.values()])


def _one_array_a_term(arrays):
    return np.array(arrays.names), np.stack([arrays.read(name) for name in arrays.names])


# Arrays that an archive has -> how their ids and vectors are read. The first that fits is taken.
LAYOUTS = {
    ("ids", "vectors"): _plain_arrays,
    ("term2index", "embeds"): _anc2vec_table,
    ("embds",): _anc2vec_dict,
    (): _one_array_a_term,
}
# What steps of a pickle raise that are cut or out of order, and arrays that do not fit together.
_UNREADABLE = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError, struct.error)


def _as_text(name, path):
    try:
        return name.decode("utf-8") if isinstance(name, bytes) else name
    except UnicodeDecodeError as error:
        raise TermVectorError(f"{path}: the id {name!r} is not valid UTF-8.") from error


def _read_lines(path, max_bytes):
    lines = read_text(path, TermVectorError, max_bytes=max_bytes).split("\n")
    rows = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    _refuse_without_term(lines, path)
    header = _header(rows)
    rows = rows[1:] if header else rows
    if not rows:
        raise TermVectorError(f"{path}: no term vectors in it.")
    n_dims = header[1] if header else len(rows[0][1]) - 1
    vectors = np.stack([_numbers(cells, n_dims, path, number) for number, cells in rows])
    if header and header[0] != len(rows):
        raise TermVectorError(
            f"{path}: its first line promises {header[0]} terms, the file has {len(rows)}. It is "
            "truncated or damaged: fetch it again."
        )
    return [cells[0] for _, cells in rows], vectors


def _refuse_without_term(lines, path):
    """Refuse a line that starts with a blank, whose first number would be taken for its term."""
    number = next((n for n, one in enumerate(lines, 1) if one[:1].isspace() and one.strip()), None)
    if number is not None:
        raise TermVectorError(
            f"{path}, line {number}: starts with a blank, where a term belongs: "
            f"{lines[number - 1][:60]!r}. Write the term first."
        )


def _header(rows):
    """Return the two integers of a first line that has nothing else."""
    if rows and len(rows[0][1]) == 2 and all(map(is_number, rows[0][1])):
        return tuple(map(int, rows[0][1]))
    return None


def _numbers(cells, n_dims, path, number):
    check_names(cells[:1], "term", lambda _: f"{path}, line {number}", TermVectorError)
    if len(cells) - 1 != n_dims or n_dims < 1:
        raise TermVectorError(
            f"{path}, line {number}: {len(cells) - 1} numbers after the term, expected "
            f"{max(n_dims, 1)}. Is the file cut off, or a term missing?"
        )
    try:
        return np.array(cells[1:], dtype=np.float32)
    except ValueError as error:
        raise TermVectorError(f"{path}, line {number}: not a number ({error}).") from error


READERS = {".npz": _read_npz, ".tsv": _read_lines, ".txt": _read_lines, ".vec": _read_lines}
