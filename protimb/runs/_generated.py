"""Generated proteins with their provenance, in memory and as a file."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.datasets._ids import is_accession, normalise_protein_id, prefix_of_generated
from protimb.datasets._vectors import as_float32
from protimb.exceptions import ArtifactError
from protimb.utils._array_files import open_archive
from protimb.utils._containers import label_frame
from protimb.utils._declared import INDICATORS, read_indicators
from protimb.utils._files import local_path
from protimb.utils._new_folder import whole_file
from protimb.utils._spelling import is_number, why_unreadable

_ADVICE = (
    " It is no file of generated proteins: restore it, or run protimb train-sampler again; rows of "
    "another generator are read from a table."
)


@dataclass(frozen=True)
class Generated:
    """Generated proteins, what they claim, and where each of them comes from.

    Attributes
    ----------
    X : ndarray of shape (n_new, n_features)
        Vectors, in the units of the real ones.
    indptr, indices : ndarray of int
        Label rows: row i claims the terms ``terms[indices[indptr[i]:indptr[i + 1]]]``.
    terms : ndarray of str, shape (n_terms,)
        GO ids of the label columns.
    ids : ndarray of str, shape (n_new,)
        Names that no real protein has, such as ``synthetic_mf_000001``.
    conditioned_on : ndarray of str, shape (n_new,)
        The real protein whose labels each generated one carries.
    target_terms : ndarray of str, shape (n_new,)
        The term that each was generated for.
    seed : ndarray of int, shape ()
        Seed of the draws.
    """

    X: np.ndarray
    indptr: np.ndarray
    indices: np.ndarray
    terms: np.ndarray
    ids: np.ndarray
    conditioned_on: np.ndarray
    target_terms: np.ndarray
    seed: np.ndarray

    @property
    def y(self):
        """Label rows as csr_array of uint8, shape (n_new, n_terms)."""
        ones = np.ones(len(self.indices), dtype=np.uint8)
        shape = (len(self.ids), len(self.terms))
        return sparse.csr_array((ones, self.indices, self.indptr), shape=shape)

    def provenance(self):
        """Say where each protein comes from.

        Returns
        -------
        table : DataFrame of shape (n_new, 4)
            ``EntryID``, ``conditioned_on``, ``target_term`` and ``seed``.
        """
        return pd.DataFrame(
            {
                "EntryID": self.ids,
                "conditioned_on": self.conditioned_on,
                "target_term": self.target_terms,
                "seed": int(self.seed),
            }
        )

    def annotations(self, aspect):
        """List what the proteins claim, in the layout of CAFA's tables.

        Parameters
        ----------
        aspect : str
            Of all of them, such as ``"MFO"`` or ``"F"``.

        Returns
        -------
        table : DataFrame
            ``EntryID``, ``term`` and ``aspect``.
        """
        ids = np.repeat(self.ids, np.diff(self.indptr))
        return pd.DataFrame({"EntryID": ids, "term": self.terms[self.indices], "aspect": aspect})

    def save(self, path):
        """Write a compressed ``.npz`` of plain arrays.

        Parameters
        ----------
        path : path-like
        """
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        path = Path(path)
        path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
        with whole_file(path) as draft, draft.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path, *, max_bytes=None):
        """Read what ``save`` wrote; nothing is unpickled.

        Parameters
        ----------
        path : path-like
        max_bytes : int, optional
            Most bytes that the archive may unfold to; by default 50 times its size, or 64 MiB
            where that is more.

        Returns
        -------
        generated : Generated

        Raises
        ------
        ArtifactError
            If the file is no such archive.
        FileNotFoundError
            If there is no file.
        """
        names = [field.name for field in fields(cls)]
        path = local_path(path, ArtifactError)
        with open_archive(path, ArtifactError, max_bytes, advice=_ADVICE) as arrays:
            found = {name: arrays.read(name) for name in names}
        return _checked(cls(**found), path)


def _checked(found, path):
    """Refuse arrays that do not belong together, before one is indexed by another."""
    wrong = next((what for what, fits in _PARTS.items() if not fits(found)), None)
    if wrong is None and (wrong := _odd_labels(found)) is None:
        return found
    raise ArtifactError(
        f"{path} is no file of generated proteins: {wrong}. Restore it, or run "
        "protimb train-sampler again."
    )


def _odd_labels(found):
    """Say what is wrong with the label rows, None where nothing is."""
    state = {name: getattr(found, name) for name in INDICATORS}
    try:
        read_indicators(state, (len(found.X), len(found.terms)), np.uint8)
    except ValueError as error:
        return str(error)
    return None


def _has_as_many(found):
    names = (found.ids, found.conditioned_on, found.target_terms)
    return all((one.shape, one.dtype.kind) == ((len(found.X),), "U") for one in names)


def _has_new_names(found):
    """Whether each row has an id of its own that no database gives to a real protein."""
    ids = found.ids.tolist()
    is_new = not any(is_accession(one) or normalise_protein_id(one) != one for one in ids)
    return is_new and _are_names(ids)


def _are_names(names):
    names = list(names)
    return len(set(names)) == len(names) and not any(map(why_unreadable, names))


# What may be wrong with the arrays of a file -> whether it is not, asked in this order.
_PARTS = {
    "X is no matrix of numbers": lambda found: (
        found.X.ndim == 2 and found.X.shape[1] > 0 and found.X.dtype.kind in "fiu"
    ),
    "X holds NaN, infinity or what float32 cannot hold": lambda found: bool(
        np.isfinite(as_float32(found.X)).all()
    ),
    "terms is no list of GO ids, each there once": lambda found: (
        (found.terms.ndim, found.terms.dtype.kind) == (1, "U") and _are_names(found.terms.tolist())
    ),
    "ids, conditioned_on and target_terms are not one a row of X, as text": _has_as_many,
    "ids are blank, there twice, or those of real proteins": _has_new_names,
    "target_terms name others than terms": lambda found: bool(
        np.isin(found.target_terms, found.terms).all()
    ),
    "seed is no whole number": lambda found: (
        found.seed.shape == () and found.seed.dtype.kind in "iu"
    ),
}


def generate(sampler, bunch, taken, ontology, seed):
    """Draw what the strategy of a fitted sampler plans for a bunch, with ids that are not taken."""
    terms = np.asarray(bunch.terms, dtype=str)
    y = label_frame(bunch.y, terms)
    new = sampler.generate(bunch.X, y, random_state=seed)
    labels = sparse.csr_array(bunch.y)[new.rows]
    return Generated(
        X=new.X,
        indptr=labels.indptr,
        indices=labels.indices,
        terms=terms,
        ids=new_ids(len(new.X), taken, ontology),
        conditioned_on=np.asarray(bunch.protein_ids, dtype=str)[new.rows],
        target_terms=terms[new.terms],
        seed=np.array(seed),
    )


def new_ids(n_new, taken, ontology):
    """Name n_new generated proteins as none of those taken, generated before or not, is named.

    >>> new_ids(2, ["P12345", "synthetic_mf_000007"], "mf").tolist()
    ['synthetic_mf_000008', 'synthetic_mf_000009']
    """
    prefix = prefix_of_generated(ontology)
    ends = (str(name)[len(prefix) :] for name in taken if str(name).startswith(prefix))
    first = 1 + max((int(end) for end in ends if is_number(end)), default=0)
    return np.array([f"{prefix}{first + i:06d}" for i in range(n_new)], dtype=str)
