"""Tables of information accretion, such as the IA.txt of a CAFA."""

import pandas as pd

from protimb.exceptions import OntologyError
from protimb.utils._files import local_path, read_text
from protimb.utils._spelling import check_names

_HEADERS = {"term", "term_id", "go_id", "go"}  # first words of a line that names columns


def read_information_accretion(path, *, max_bytes=None):
    r"""Read what each term tells beyond its parents, as CAFA publishes it in ``IA.txt``.

    Parameters
    ----------
    path : str or path-like
        A term and its bits a line, separated by a tab or blanks, plain or gzipped. A first line
        that names the columns is passed over.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    information_accretion : Series of float64, shape (n_terms,)
        Bits, indexed by term in the order of the file. Metrics match it to the columns of a
        DataFrame by name.

    Raises
    ------
    OntologyError
        If the file is empty or binary, a line has other than two fields, a value is not a
        number, not finite or negative, or a term is there twice; names the line.

    See Also
    --------
    information_accretion : Computes it from annotations.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from protimb.ontology import read_information_accretion
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "IA.txt")
    ...     _ = path.write_text("GO:0005488\t0.5\nGO:0043167\t2.25\n")
    ...     read_information_accretion(path)["GO:0043167"]
    np.float64(2.25)
    """
    path = local_path(path, OntologyError)
    bits: dict[str, float] = {}
    text = read_text(path, OntologyError, max_bytes=max_bytes)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not _is_header(number, line):
            term, value = _fields(line, f"{path}, line {number}")
            check_names([term], "term", lambda _, n=number: f"{path}, line {n}", OntologyError)
            _refuse_second(term, bits, f"{path}, line {number}")
            bits[term] = value
    if not bits:
        raise OntologyError(f"{path}: no term in this file. It needs a term and its bits a line.")
    return pd.Series(bits, name="information_accretion", dtype=float)


def _is_header(number, line):
    return number == 1 and line.split()[0].lower() in _HEADERS


def _fields(line, place):
    """Return the term and the bits of one line."""
    fields = line.split()
    if len(fields) != 2:
        raise OntologyError(
            f"{place}: {len(fields)} fields in {line[:60]!r}. A line has a term and its bits."
        )
    try:
        bits = float(fields[1])
    except ValueError:
        bits = float("nan")
    if not 0 <= bits < float("inf"):
        raise OntologyError(
            f"{place}: {fields[0]} has the information accretion {fields[1]!r}; it must be a "
            "finite number, not negative."
        )
    return fields[0], bits


def _refuse_second(term, bits, place):
    if term in bits:
        raise OntologyError(
            f"{place}: {term} is there a second time, after {bits[term]} bits. Keep one line."
        )
