"""Multilabel sets as Mulan and MEKA exchange them: an ARFF file, and which columns are labels."""

import io
import os
import re
from collections import Counter
from itertools import dropwhile
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import Bunch

from protimb.exceptions import ArffError
from protimb.utils._files import read_text
from protimb.utils._optional import import_optional
from protimb.utils._spelling import check_names
from protimb.utils._validation import a_few

# MEKA: labels come first, or last.
_COUNT = re.compile(r"^[ \t]*@relation[ \t].*?-C\s+(-?\d{1,9})\b", re.I | re.M)


def read_mulan(path, labels=None, *, max_bytes=None):
    """Read a multilabel data set in the format of Mulan, MEKA or the KEEL repository.

    Most classic sets (yeast, birds, medical, ...) are published so: one ARFF file for rows, and an
    XML file that names the columns which are labels.

    Parameters
    ----------
    path : str or path-like
        The ARFF file, dense or sparse, plain or gzipped.
    labels : str or path-like, list of str, int or None
        The XML file, the names of the label columns, or their number as MEKA counts them: the
        first ``labels`` columns, or the last where it is negative. None reads that number from the
        file's ``@relation 'name: -C 6'``.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    data : Bunch
        ``X`` : DataFrame of shape (n_rows, n_features), whose nominal columns are categories with
        NaN where a cell is missing; of a sparse file a csr_array of float64, whose nominal columns
        hold numbers of categories.
        ``y`` : uint8 of shape (n_rows, n_labels). ``terms``, ``feature_names`` : arrays of str.

    Raises
    ------
    ArffError
        If the file is malformed, a label is no column, or a label is neither 0 nor 1.
    TypeError
        If ``labels`` is neither a path, names nor a number.
    MissingExtraError
        If liac-arff is not installed, which the extra ``arff`` brings.

    See Also
    --------
    load_term_names, load_protein_table : Sets that come with protimb.

    References
    ----------
    .. [1] G. Tsoumakas et al., "Mulan: a Java library for multi-label learning", JMLR 12 (2011),
       https://jmlr.org/papers/v12/tsoumakas11a.html.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from protimb.datasets import read_mulan
    >>> text = '''@relation 'toy: -C 2'
    ... @attribute warm {0,1}
    ... @attribute loud {0,1}
    ... @attribute weight numeric
    ... @data
    ... 1,0,2.5
    ... 1,1,0.5
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "toy.arff"
    ...     _ = path.write_text(text)
    ...     data = read_mulan(path)
    >>> data.terms.tolist(), data.y.tolist(), data.X.weight.tolist()
    (['warm', 'loud'], [[1, 0], [1, 1]], [2.5, 0.5])
    """
    arff = import_optional("arff")
    text = read_text(path, ArffError, max_bytes=max_bytes)
    is_sparse = _is_sparse(text)
    content = _parse(arff, text, path, is_sparse)
    names = [name for name, _ in content["attributes"]]
    kinds = [kind for _, kind in content["attributes"]]
    check_names(names, "column", lambda _: path, ArffError)
    _refuse_no_categories(names, kinds, path)
    if is_sparse:
        _refuse_text(names, kinds, path)
    chosen = _find_labels(labels, names, text, path)
    others = np.setdiff1d(np.arange(len(names)), chosen)
    read = _from_sparse if is_sparse else _from_dense
    X, codes = read(content["data"], names, kinds, chosen, others)
    return Bunch(
        X=X,
        y=_as_indicator(codes, [kinds[n] for n in chosen], [names[n] for n in chosen], path),
        terms=np.array([names[n] for n in chosen], dtype=str),
        feature_names=np.array([names[n] for n in others], dtype=str),
        DESCR=str(content["description"]),
    )


def _is_sparse(text):
    """Say whether the first row below @data is in braces."""
    lines = (line.strip() for line in io.StringIO(text))
    below = dropwhile(lambda line: not line.lower().startswith("@data"), lines)
    next(below, None)
    return next((line for line in below if line and not line.startswith("%")), "").startswith("{")


def _refuse_no_categories(names, kinds, path):
    for name, kind in zip(names, kinds, strict=True):
        if isinstance(kind, list) and (None in kind or len(set(kind)) < len(kind)):
            raise ArffError(
                f"{path}: column {name!r} declares a value twice, or '?', the sign of a missing "
                f"cell: {a_few(kind)}. Name each value once."
            )


def _refuse_text(names, kinds, path):
    text = [name for name, kind in zip(names, kinds, strict=True) if kind == "STRING"]
    if text:
        raise ArffError(
            f"{path}: columns of text ({a_few(text)}) have no place in a sparse table of numbers. "
            "Declare them nominal, or write the rows without braces."
        )


def _parse(arff, text, path, is_sparse):
    """Read a file with liac-arff; nominal values become numbers of categories."""
    form = arff.LOD if is_sparse else arff.DENSE
    try:
        content = arff.load(io.StringIO(text), encode_nominal=True, return_type=form)
        content["data"] = list(content["data"])
    except (arff.ArffException, ValueError, IndexError) as error:
        raise ArffError(f"{path}: not an ARFF file as Mulan writes them. {error}") from error
    if not content["data"]:
        raise ArffError(f"{path}: no row below @data.")
    return content


def _find_labels(labels, names, text, path):
    """Give the numbers (n_labels,) of the label columns."""
    if labels is None:
        labels = _count_of(text, path)
    if isinstance(labels, int | np.integer) and not isinstance(labels, bool):
        labels = int(labels)
        if not 0 < abs(labels) < len(names):
            raise ArffError(
                f"{path}: labels={labels} of {len(names)} columns leaves no labels or no features."
            )
        return np.arange(len(names))[:labels] if labels > 0 else np.arange(len(names))[labels:]
    if isinstance(labels, str | os.PathLike):
        labels = _names_in_xml(labels)
    elif not np.iterable(labels):
        raise TypeError(
            f"labels is the path of an XML file, the names of columns, or their number; got "
            f"{labels!r}."
        )
    labels = list(labels)
    repeated = [name for name, count in Counter(labels).items() if count > 1]
    if repeated:
        raise ArffError(f"{path}: labels are named twice ({a_few(repeated)}). Name each once.")
    unknown = [name for name in labels if name not in names]
    if unknown or not labels:
        raise ArffError(
            f"{path}: {len(unknown)} of {len(labels)} labels are no columns of it "
            f"({a_few(unknown)}). Columns are {a_few(names)}."
        )
    return np.array([names.index(name) for name in labels])


def _count_of(text, path):
    found = _COUNT.search(text)
    if found is None:
        raise ArffError(
            f"{path}: which columns are labels? Pass labels, for example the XML file that came "
            "with it; its @relation has no -C with their number, as MEKA's have."
        )
    return int(found[1])


def _names_in_xml(path):
    """List the names of all labels, at whatever depth."""
    names = []

    def take(tag, attributes):
        if tag.split(" ")[-1] == "label" and "name" in attributes:
            names.append(attributes["name"])

    def refuse(*_):
        raise ArffError(f"{path}: declares entities, which files of labels do not need. Remove it.")

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EntityDeclHandler = take, refuse
    text = read_text(path, ArffError)
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise ArffError(f"{path}: not an XML file as Mulan writes them. {error}.") from error
    if not names:
        raise ArffError(f'{path}: no <label name="..."> in it, as in Mulan\'s XML files.')
    return names


def _from_dense(rows, names, kinds, chosen, others):
    """Give features as a DataFrame, and labels (n_rows, n_labels) as numbers of categories."""
    columns: dict[str, Any] = {
        names[n]: _column([row[n] for row in rows], kinds[n]) for n in others
    }
    codes = np.array([[row[n] for n in chosen] for row in rows], dtype=float)
    return pd.DataFrame(columns), codes


def _column(values, kind):
    """Give a column (n_rows,) the dtype of its ARFF type."""
    if isinstance(kind, list):
        codes = np.array([-1 if v is None else v for v in values], dtype=int)
        return pd.Categorical.from_codes(codes, pd.Index(kind))
    if kind in ("STRING",):
        return pd.Series(values, dtype=object)
    numbers = pd.Series(values, dtype=float)
    is_whole = kind == "INTEGER" and numbers.notna().all()
    return numbers.astype("int64") if is_whole else numbers


def _from_sparse(rows, names, kinds, chosen, others):
    """Give features as csr_array, and labels (n_rows, n_labels) as numbers of categories."""
    lengths = [len(row) for row in rows]
    columns = np.fromiter((n for row in rows for n in row), int, sum(lengths))
    cells = [np.nan if v is None else v for row in rows for v in row.values()]
    values = np.array(cells, dtype=float)
    where = (np.repeat(np.arange(len(rows)), lengths), columns)
    table = sparse.csc_array((values, where), shape=(len(rows), len(names)))
    return sparse.csr_array(table[:, others]), table[:, chosen].toarray()


def _as_indicator(codes, kinds, names, path):
    """Turn numbers of categories (n_rows, n_labels) into 0 and 1."""
    y = np.empty(codes.shape, dtype=np.uint8)
    for n, (kind, name) in enumerate(zip(kinds, names, strict=True)):
        missing = np.flatnonzero(np.isnan(codes[:, n]))
        if len(missing):
            raise ArffError(f"{path}: label {name!r} is missing in row {missing[0]} of the data.")
        values = np.array(kind)[codes[:, n].astype(int)] if isinstance(kind, list) else codes[:, n]
        wrong = [value for value in np.unique(values) if str(value) not in ("0", "1", "0.0", "1.0")]
        if wrong:
            raise ArffError(
                f"{path}: label {name!r} holds {a_few(wrong)}, where a label is 0 or 1. Is it a "
                "feature?"
            )
        y[:, n] = values.astype(float)
    return y
