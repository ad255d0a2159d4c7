"""GOTermIndexer: sets of GO terms in, padded lists of term numbers out."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from protimb.exceptions import InvalidLabelsError
from protimb.ontology._base import BaseTermCoding
from protimb.ontology._propagate import nearest_ancestors


class GOTermIndexer(BaseTermCoding):
    """Turn the GO terms of proteins into padded lists of term numbers.

    What `GOTermBinarizer` writes as a row of zeros and ones, this writes as the numbers of its
    ones: short where a protein has few of many terms, and what an embedding layer reads. Rows are
    closed under the ontology. In the order ``"depth_first"`` a row is a walk down the hierarchy:
    each term follows a parent of it, and what lies below a term follows it before its siblings do.

    Parameters
    ----------
    ontology : GeneOntology
        Supplies ancestors, and resolves alternative and obsolete ids.
    terms : sequence of str, optional
        The terms that have a number; by default every term that passes the limits below, roots
        left out because they tell nothing, sorted by id.
    order : {"number", "depth_first"}
        Order within a row.
    max_length : int, optional
        Numbers in a row, padding included; by default as many as the longest row needs.
    min_proteins : int
        Terms have at least this many proteins after propagation. Not used with ``terms``.
    max_proteins : int, optional
        Terms have at most this many proteins after propagation. Not used with ``terms``.
    unknown : {"warn", "ignore", "raise"}
        What to do about ids that the ontology does not have.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_terms,)
        ``classes_[k]`` has the number ``k + 1``; 0 is padding, as ``padding_idx=0`` of an
        embedding layer.
    n_mapped_ : int
        Annotations at fit whose id was alternative, or obsolete with one replacement.
    unknown_terms_ : dict of str to int
        Ids at fit that no term answers to -> annotations left out because of it.

    Raises
    ------
    UnknownTermError
        With ``unknown="raise"``, if an id is unknown; always, if one of ``terms`` is.
    InvalidLabelsError
        If a row is longer than ``max_length``, or a number to be read back has no term.

    See Also
    --------
    GOTermBinarizer : The same rows as an indicator matrix, and with the same ``classes_``.

    Notes
    -----
    A term with several parents is visited once, below the parent that the walk reaches first;
    siblings are visited in the order of ``classes_``. Since rows are propagated, the walk over
    one protein's terms is the walk over all terms with the others left out, so two proteins
    never disagree on which of two terms comes first.

    Examples
    --------
    >>> from protimb.ontology import GeneOntology, GOTermIndexer
    >>> names = {"GO:1": "function", "GO:2": "binding", "GO:3": "kinase", "GO:4": "ion binding"}
    >>> ontology = GeneOntology(
    ...     names=names,
    ...     namespaces=dict.fromkeys(names, "molecular_function"),
    ...     parents={"GO:2": ["GO:1"], "GO:3": ["GO:1"], "GO:4": ["GO:2"]},
    ... )
    >>> annotations = {"P12345": {"GO:4", "GO:3"}, "P67890": {"GO:3"}}
    >>> indexer = GOTermIndexer(ontology, order="depth_first").fit(annotations)
    >>> indexer.classes_.tolist()
    ['GO:2', 'GO:3', 'GO:4']
    >>> indexer.transform(annotations)  # binding, ion binding below it, then kinase
    array([[1, 3, 2],
           [2, 0, 0]])
    """

    def __init__(
        self,
        ontology,
        terms=None,
        *,
        order="number",
        max_length=None,
        min_proteins=1,
        max_proteins=None,
        unknown="warn",
    ):
        self.ontology = ontology
        self.terms = terms
        self.order = order
        self.max_length = max_length
        self.min_proteins = min_proteins
        self.max_proteins = max_proteins
        self.unknown = unknown

    def inverse_transform(self, codes):
        """Return the terms of each row.

        Parameters
        ----------
        codes : array of int, shape (n_proteins, n_numbers)
            Numbers of terms in any order, 0 for padding.

        Returns
        -------
        term_sets : list of frozenset of str
        """
        check_is_fitted(self, "classes_")
        codes = _check_codes(codes, len(self.classes_))
        return [frozenset(self.classes_[row[row > 0] - 1].tolist()) for row in codes]

    def _write(self, indicators):
        places = self._places()
        lengths = np.diff(indicators.indptr)
        codes = np.zeros((len(lengths), self._width(lengths)), dtype=np.int64)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        columns = indicators.indices[np.lexsort((places[indicators.indices], rows))]
        codes[rows, np.arange(len(rows)) - indicators.indptr[rows]] = columns + 1
        return codes

    def _places(self):
        """Give the place of each column (n_terms,) within a row."""
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {self.order!r}.")
        walk = ORDERS[self.order](self.ontology, self.classes_.tolist())
        places = np.empty(len(walk), dtype=np.int64)
        places[walk] = np.arange(len(walk))
        return places

    def _width(self, lengths):
        longest = int(lengths.max(initial=0))
        width = longest if self.max_length is None else self.max_length
        if longest > width:
            raise InvalidLabelsError(
                f"Row {lengths.argmax()} has {longest} terms, more than max_length={width}. Raise "
                "it, or name fewer terms: a list that is cut cannot be read back."
            )
        return width


def _check_codes(codes, n_terms):
    """Read numbers of terms (n_proteins, n_numbers), refusing those that no term has."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype.kind not in "iu":
        raise InvalidLabelsError(
            "codes must be integers in shape (n_proteins, n_numbers); found "
            f"{codes.dtype} {codes.shape}."
        )
    wrong = np.argwhere((codes < 0) | (codes > n_terms))
    if len(wrong):
        row, column = wrong[0]
        raise InvalidLabelsError(
            f"Row {row} of codes holds {codes[row, column]}; terms have the numbers 1 to "
            f"{n_terms}, and 0 is padding."
        )
    return codes


def _by_number(_ontology, terms):
    return np.arange(len(terms))


def _depth_first(ontology, terms):
    """Give the columns (n_terms,) in the order in which a walk from the roots down meets them."""
    above = dict(nearest_ancestors(ontology, terms))
    below: dict[int, list[int]] = {column: [] for column in above}
    for column in sorted(above, reverse=True):  # the last to be stacked is the first to be met
        for parent in above[column]:
            below[parent].append(column)
    waiting = [column for column in sorted(above, reverse=True) if not above[column]]
    walk: dict[int, None] = {}
    while waiting:
        column = waiting.pop()
        if column not in walk:
            walk[column] = None
            waiting += below[column]
    return np.array(list(walk), dtype=np.int64)


ORDERS = {"number": _by_number, "depth_first": _depth_first}
