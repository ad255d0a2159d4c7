"""ProteinData: vectors, terms, clusters and sequences of some proteins, as one object."""

import hashlib
from itertools import chain

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import Bunch, check_consistent_length, gen_batches

from protimb.datasets._dated import first_days, labels_as_of, require_dates
from protimb.datasets._write_cafa import write_folder
from protimb.exceptions import InvalidLabelsError
from protimb.model_selection import split_by_cluster, split_by_date
from protimb.utils._alignment import align_columns, check_same_order
from protimb.utils._days import require_day
from protimb.utils._memory import read_blocks
from protimb.utils._rows_on_disk import take_mapped
from protimb.utils._validation import a_few, dense_indicator, refuse_string

# What makes a set of proteins; sequences and DESCR may be missing.
FIELDS = ("X", "y", "protein_ids", "terms", "term_names", "groups", "ontology")
_BY_ROW = ("X", "y", "protein_ids", "groups")
_MAYBE_BY_ROW = ("n_terms_left_out", "split", "knowledge")
_ALL_FIELDS = (*FIELDS, *_MAYBE_BY_ROW, "sequences", "dates", "DESCR")


class ProteinData(Bunch):
    """Proteins with all that is known of them: a Bunch that can be cut, split and written.

    Fields are read by name or as of a dict; ``read_cafa`` describes each. Methods leave the data
    as they are and return others.

    Parameters
    ----------
    **fields
        ``X`` : array, memory map or DataFrame of shape (n_proteins, width), protein vectors.
        ``y`` : array, csr_array or DataFrame of shape (n_proteins, n_terms), binary indicators.
        ``protein_ids``, ``groups`` : str of shape (n_proteins,).
        ``terms``, ``term_names`` : str of shape (n_terms,).
        ``ontology`` : GeneOntology. ``sequences`` : mapping. ``DESCR`` : str.
        ``n_terms_left_out`` : int of shape (n_proteins,), true terms that have no column.
        ``dates`` : DataFrame of ``EntryID``, ``term`` and ``date``, when annotations were made.
        ``split``, ``knowledge`` : str of shape (n_proteins,), where ``read_cafa3`` read them.

    See Also
    --------
    load_human_go, read_cafa, make_longtail_multilabel : Return such data.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> toy = make_longtail_multilabel(100, 8, 6, random_state=0)
    >>> train, test = toy.split_by_cluster(random_state=0)
    >>> len(train.X), len(test.X), set(train.groups) & set(test.groups)
    (80, 20, set())
    >>> toy.take([3, 1]).protein_ids.tolist()
    ['TOY00003', 'TOY00001']
    """

    def __init__(self, **fields):
        super().__init__(**fields)

    @classmethod
    def from_fields(cls, data):
        """Check a Bunch, or anything with the fields of one, and make its X and y arrays.

        Parameters
        ----------
        data : Bunch or object
            Has the fields that ``read_cafa`` describes, sequences and description aside.

        Returns
        -------
        data : ProteinData

        Raises
        ------
        ValueError
            If a field is missing, or fields differ in length.
        InvalidLabelsError
            If ``y`` is not binary, has not one column for each of distinct terms, or tables name
            other proteins or the same in another order.
        """
        missing = [name for name in FIELDS if not hasattr(data, name)]
        if missing:
            raise ValueError(
                f"data is {type(data).__name__} without {', '.join(missing)}. Pass a name or "
                "folder that can be read, or a Bunch as protimb.datasets.read_cafa returns it."
            )
        fields = {name: getattr(data, name) for name in _ALL_FIELDS if hasattr(data, name)}
        check_consistent_length(data.X, data.y, data.protein_ids, data.groups)
        ids = pd.Series(0, index=pd.Index(np.asarray(data.protein_ids, dtype=object)))
        check_same_order(protein_ids=ids, X=data.X, y=data.y)
        labels = align_columns(data.y, data.terms, reference="terms")
        X, y = np.asarray(data.X), dense_indicator(labels).astype(np.uint8)
        if y.shape[1] != len(data.terms):
            raise InvalidLabelsError(f"y has {y.shape[1]} columns, but {len(data.terms)} terms.")
        repeated = pd.Index(data.terms)[pd.Index(data.terms).duplicated()].unique()
        if len(repeated):
            raise InvalidLabelsError(f"Columns of y share a term: {a_few(repeated)}. Merge them.")
        return cls(**fields | {"X": X, "y": y})

    @classmethod
    def from_arrays(
        cls,
        X,
        annotations,
        ontology,
        *,
        namespace="mf",
        protein_ids=None,
        groups=None,
        sequences=None,
        min_proteins=10,
        max_proteins=None,
    ):
        """Make proteins from vectors and annotations in memory, joined by id.

        Parameters
        ----------
        X : array-like of shape (n_rows, width)
            Protein vectors.
        annotations : DataFrame or mapping of str to set of str
            Who has which term: ``{protein: terms}``, or a table of two columns, proteins and
            terms; others may stand beside ``EntryID`` and ``term``, as ``read_gaf`` returns
            them. They are propagated here. A column ``date`` becomes ``dates``.
        ontology : GeneOntology
            Knows the namespace of each term; an aspect is not needed.
        namespace : str
            ``"mf"``, ``"bp"`` or ``"cc"``, or a namespace as the ontology calls it.
        protein_ids : sequence of str, shape (n_rows,), optional
            Protein of each row; by default the index of a DataFrame X.
        groups : sequence of str of shape (n_rows,), Series or mapping, optional
            Sequence cluster of each row, or ``{protein: cluster}``. A protein without one is a
            cluster of its own.
        sequences : mapping of str to str, optional
            Residues, as ``read_fasta`` returns them.
        min_proteins, max_proteins : int
            Leave out terms with fewer or more proteins, counted after propagation.

        Returns
        -------
        data : ProteinData
            The proteins with an annotation in the namespace, in the order of X. ``compare``,
            ``describe_imbalance`` and all samplers take it; ``write_cafa`` makes a folder of it,
            which a run can find again.

        Raises
        ------
        AnnotationError
            If annotations have other columns or gaps, or none of them is of a protein in X and
            of the namespace.
        EmbeddingFileError
            If rows and ids differ in number, or an id is missing or repeated.
        TypeError
            If ``sequences`` is no mapping.
        ValueError
            If a vector is not finite, or the ontology lacks the namespace.

        Warns
        -----
        EmbeddingWarning
            If annotated proteins have no vector; gives the coverage.
        OntologyWarning
            If annotations name terms that the ontology lacks.

        See Also
        --------
        read_cafa : The same from a folder.

        Examples
        --------
        >>> import numpy as np
        >>> from protimb.datasets import ProteinData
        >>> from protimb.ontology import GeneOntology
        >>> ontology = GeneOntology(
        ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
        ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
        ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
        ... )
        >>> data = ProteinData.from_arrays(
        ...     np.eye(3),
        ...     {"P1": {"GO:3"}, "P3": {"GO:2"}},
        ...     ontology,
        ...     protein_ids=["P1", "P2", "P3"],
        ...     min_proteins=1,
        ... )
        >>> data.protein_ids.tolist(), data.terms.tolist()
        (['P1', 'P3'], ['GO:2', 'GO:3'])
        >>> data.y
        array([[1, 1],
               [1, 0]], dtype=uint8)
        """
        from protimb.datasets._arrays import fields_from_arrays

        limits = (min_proteins, max_proteins)
        fields = fields_from_arrays(
            X, annotations, ontology, namespace, protein_ids, groups, sequences, limits
        )
        return cls(**fields)

    def take(self, rows):
        """Pick some proteins.

        Parameters
        ----------
        rows : array-like of int or bool
            Row numbers, in the order wanted, or a mask of shape (n_proteins,).

        Returns
        -------
        data : ProteinData

        Raises
        ------
        ValueError
            If these are neither whole numbers nor a mask of that shape.
        IndexError
            If there is no such row.
        """
        rows = _row_numbers(np.asarray(rows), len(self.protein_ids))
        by_row = [*_BY_ROW, *(name for name in _MAYBE_BY_ROW if name in self)]
        part = {name: _rows_of(self[name], rows) for name in by_row}
        if "sequences" in self:
            part["sequences"] = _sequences_of(self["sequences"], part["protein_ids"])
        if "dates" in self:
            ids = set(map(str, part["protein_ids"]))
            part["dates"] = self["dates"][self["dates"]["EntryID"].isin(ids)]
        return type(self)(**{**self, **part})

    def labels_in(self, *others):
        """Say what other data know of these proteins, such as those of the other namespaces.

        Parameters
        ----------
        *others : ProteinData
            Proteins of any number and order, with other terms.

        Returns
        -------
        known : csr_array of shape (n_proteins, n_other_terms)
            uint8; columns in the order of ``others`` and of their terms, rows in the order of these
            proteins, without a label for a protein that they lack.

        Raises
        ------
        ValueError
            If none is given, two name one term, one has a term of these, which is what is to be
            predicted, or one names a protein twice.

        See Also
        --------
        protimb.preprocessing.AnnotationVectorizer : Makes features of it.

        Examples
        --------
        >>> from protimb import load_human_go
        >>> data, process = load_human_go("mf"), load_human_go("bp")
        >>> known = data.labels_in(process, load_human_go("cc"))
        >>> known.shape[0] == len(data.protein_ids), known.dtype
        (True, dtype('uint8'))
        """
        if not others:
            raise ValueError("Name the data that know more: data.labels_in(processes, components).")
        terms = pd.Index([term for other in others for term in other.terms])
        repeated = terms[terms.duplicated() | terms.isin(self.terms)].unique()
        if len(repeated):
            raise ValueError(
                f"{len(repeated)} terms of the other data are in these too, or in two of them: "
                f"{a_few(repeated)}. Pass data of other namespaces, each once."
            )
        return sparse.hstack([_labels_of(self.protein_ids, one) for one in others], format="csr")

    def with_terms(self, terms):
        """Label the same proteins with other terms.

        Parameters
        ----------
        terms : sequence of str
            The columns, in the order wanted. A term that the data lack has no protein: whether
            some have it is unknown here.

        Returns
        -------
        data : ProteinData

        Raises
        ------
        ValueError
            If a term is named twice.
        """
        refuse_string(terms, "terms")
        terms = list(terms)
        wanted = pd.Index(terms)
        if not wanted.is_unique:
            repeated = wanted[wanted.duplicated()].unique()
            raise ValueError(f"terms names {a_few(repeated)} twice. Pass each term once.")
        columns = pd.Index(self.terms).get_indexer(wanted)
        y_here = self._labels()
        y = _columns_of(y_here, columns)
        names = [self.ontology.names.get(term, term) for term in terms]
        part = {
            "y": _in_container_of(self.y, y, terms),
            "terms": np.array(terms, dtype=str),
            "term_names": np.array(names, dtype=str),
        }
        if "n_terms_left_out" in self:
            fewer = y_here.sum(axis=1, dtype=np.int64) - y.sum(axis=1, dtype=np.int64)
            part["n_terms_left_out"] = np.asarray(self["n_terms_left_out"]) + fewer
        return type(self)(**{**self, **part})

    def split_by_cluster(self, *, random_state, test_size=0.2):
        """Hold out whole sequence clusters, so that no test protein has a relative in training.

        Parameters
        ----------
        random_state : int or RandomState
            Chooses the clusters.
        test_size : float
            Share of the clusters, not of the proteins, to hold out.

        Returns
        -------
        train, test : ProteinData
            Proteins in the order of these.

        See Also
        --------
        protimb.model_selection.split_by_cluster : The same split, as row numbers.
        """
        parts = split_by_cluster(self.groups, random_state=random_state, test_size=test_size)
        train, test = (self.take(np.sort(rows)) for rows in parts)
        return train, test

    def as_of(self, date):
        """Keep of the labels what was known before a day.

        Parameters
        ----------
        date : str, date or datetime64
            Such as ``"2022-01-31"``.

        Returns
        -------
        data : ProteinData
            The same proteins and terms. ``y`` has the terms of annotations made before that day,
            propagated, and of others of the data none; a protein without any has a row of zeros.

        Raises
        ------
        AnnotationError
            If the data have no dates, or some annotations have none.
        ValueError
            If the date is none, or in the future.

        See Also
        --------
        split_by_date : Parts proteins, and labels those to train on as of the day.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from protimb.datasets import ProteinData, make_longtail_multilabel
        >>> ontology = make_longtail_multilabel(9, 2, 2, random_state=0).ontology
        >>> table = pd.DataFrame(
        ...     [("P1", "TOY:0000001", "2019-05-31"), ("P1", "TOY:0000002", "2023-01-31")],
        ...     columns=["EntryID", "term", "date"],
        ... )
        >>> data = ProteinData.from_arrays(
        ...     np.eye(1), table, ontology, protein_ids=["P1"], min_proteins=1
        ... )
        >>> data.y, data.as_of("2022-01-01").y
        (array([[1, 1]], dtype=uint8), array([[1, 0]], dtype=uint8))
        """
        day = require_day(date)
        y_then, n_left_out = labels_as_of(self, day)
        y_now = self._labels()
        y_now = y_now.toarray() if sparse.issparse(y_now) else y_now
        y_then = np.minimum(y_then, y_now).astype(y_then.dtype)
        part = {"y": _in_container_of(self.y, y_then, self.terms)}
        if "n_terms_left_out" in self:
            part["n_terms_left_out"] = n_left_out
        table = require_dates(self)
        part["dates"] = table[table["date"] < pd.Timestamp(day)]
        return type(self)(**{**self, **part})

    def split_by_date(self, date):
        """Train on what was known before a day, and hold out proteins first annotated from then on.

        Parameters
        ----------
        date : str, date or datetime64
            Such as ``"2022-01-31"``.

        Returns
        -------
        train, test : ProteinData
            Proteins in the order of these: those with an annotation before the day, labelled as of
            it, and the others, labelled with all that is known now.

        Raises
        ------
        AnnotationError
            If the data have no dates, or some annotations have none.
        ValueError
            If the date is none, or in the future, or one side would have no protein.

        See Also
        --------
        protimb.model_selection.split_by_date : The same split, as row numbers; what it means.
        """
        train, test = split_by_date(first_days(self), date)
        return self.as_of(date).take(train), self.take(test)

    def fingerprint(self):
        """Hash vectors, labels, ids and clusters, so that two results can be told to share data.

        Returns
        -------
        fingerprint : dict
            Sizes, the ontology's version, and ``sha256``.
        """
        digest = hashlib.sha256()
        for block in chain(_blocks_of(self.X), _blocks_of(self._labels())):
            digest.update(np.ascontiguousarray(block).data)
        for names in (self.protein_ids, self.terms, self.groups, self.get("split", ())):
            digest.update("\n".join(map(str, names)).encode())
        if "dates" in self:
            digest.update(self["dates"].to_csv(index=False).encode())
        return {
            "n_proteins": len(self.X),
            "n_features": int(self.X.shape[1]),
            "n_terms": len(self.terms),
            "n_clusters": len(set(self.groups)),
            "ontology_version": str(getattr(self.ontology, "version", None)),
            "sha256": digest.hexdigest(),
        }

    def write_cafa(self, folder):
        """Write the proteins as a training folder in the layout of CAFA-5.

        ``read_cafa`` with the limits that made the data gives them back, proteins sorted by id.

        Parameters
        ----------
        folder : str or path-like
            New, or empty. It appears whole or not at all.

        Raises
        ------
        FileExistsError
            If the folder holds something.
        ValueError
            If a term lies in none of the three namespaces of GO; if the files would not be read
            again, because two proteins share an id, an id or cluster is blank or holds a tab or
            line end, or a vector is not finite or has no column.

        Notes
        -----
        A protein of which no term is left is annotated with the root, as it was. The ontology
        does not remember which edges are ``is_a``; all are written as that.
        """
        write_folder(self, self._labels(), folder)

    def __dir__(self):
        return [*super().__dir__(), *dir(type(self))]  # a Bunch lists its fields only

    def _labels(self):
        """Give y as an array, or sparse as it is, its columns in the order of ``terms``."""
        y = align_columns(self.y, self.terms, reference="terms")
        return y if sparse.issparse(y) else np.asarray(y)


def _row_numbers(rows, n_proteins):
    """Return row numbers (n_rows,) of a mask, or of numbers."""
    if rows.dtype == bool and rows.shape == (n_proteins,):
        return np.flatnonzero(rows)
    if rows.ndim == 1 and (rows.dtype.kind in "iu" or not rows.size):
        return rows.astype(np.intp)
    raise ValueError(
        f"rows must be whole numbers, or a mask of shape ({n_proteins},), found {rows.dtype} of "
        f"shape {rows.shape}. Ids become a mask by np.isin(data.protein_ids, ids)."
    )


def _rows_of(values, rows):
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if sparse.issparse(values):
        return values[rows]
    return take_mapped(values, rows) if isinstance(values, np.memmap) else np.asarray(values)[rows]


def _columns_of(y, columns):
    """Give columns of labels, an array or csr, in another order; -1 stands for one of zeros."""
    known = np.flatnonzero(columns >= 0)
    if sparse.issparse(y):
        ones, shape = np.ones(len(known), dtype=y.dtype), (y.shape[1], len(columns))
        return y @ sparse.csr_array((ones, (columns[known], known)), shape)
    moved = np.zeros((len(y), len(columns)), dtype=y.dtype)
    moved[:, known] = y[:, columns[known]]
    return moved


def _labels_of(protein_ids, other):
    """Look proteins up in other data: their labels there, csr of uint8, none where they are not."""
    ids = pd.Index(map(str, other.protein_ids))
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        raise ValueError(f"Of the other data {a_few(repeated)} are several rows. Merge them.")
    place = ids.get_indexer(pd.Index(map(str, protein_ids)))
    there = np.flatnonzero(place >= 0)
    ones, shape = np.ones(len(there), dtype=np.uint8), (len(place), len(other.protein_ids))
    chosen = sparse.csr_array((ones, (there, place[there])), shape=shape)
    return chosen @ sparse.csr_array(other._labels(), dtype=np.uint8)


def _blocks_of(matrix):
    """Yield an array, a table or a sparse matrix as dense blocks of rows."""
    if sparse.issparse(matrix):
        return (matrix[block].toarray() for block in gen_batches(max(1, matrix.shape[0]), 4096))
    return read_blocks(np.asarray(matrix))


def _in_container_of(old, array, columns):
    if hasattr(old, "iloc"):
        return pd.DataFrame(array, index=old.index, columns=list(columns))
    return array


def _sequences_of(sequences, protein_ids):
    """Keep the sequences of some proteins, unread where they are unread."""
    if hasattr(sequences, "restricted_to"):
        return sequences.restricted_to(protein_ids)
    return {one: sequences[one] for one in map(str, protein_ids) if one in sequences}
