"""The proteins of a comparison, from the package, a CAFA folder or a Bunch."""

from os import PathLike

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch

from protimb.datasets import load_human_go, read_cafa
from protimb.exceptions import InvalidLabelsError

_FIELDS = ("X", "y", "protein_ids", "terms", "term_names", "groups", "ontology")


def load_bunch(data, ontology, min_proteins):
    """Read the data, or check what was given.

    Parameters
    ----------
    data : {"human_go"}, path or Bunch
    ontology : {"mf", "bp", "cc"}
    min_proteins : int

    Returns
    -------
    bunch : Bunch
        Its ``X`` and ``y`` are arrays.

    Raises
    ------
    InvalidLabelsError
        If fewer than two terms are left.
    ValueError
        If ``data`` is something else, or a Bunch without a field that is needed.
    """
    if isinstance(data, str) and data == "human_go":
        bunch = load_human_go(ontology, min_proteins=min_proteins)
    elif isinstance(data, (str, PathLike)):
        bunch = read_cafa(data, ontology, min_proteins=min_proteins)
    else:
        bunch = _check_bunch(data)
    if len(bunch.terms) < 2:
        raise InvalidLabelsError(
            f"{len(bunch.terms)} terms of {ontology} have {min_proteins} proteins or more; a "
            "comparison needs two. Lower min_proteins, or look for another ontology."
        )
    return bunch


def _check_bunch(data):
    missing = [name for name in _FIELDS if not hasattr(data, name)]
    if missing:
        raise ValueError(
            f"data is {type(data).__name__} without {', '.join(missing)}. Pass 'human_go', a "
            "CAFA folder, or a Bunch as protimb.datasets.read_cafa returns it."
        )
    fields = {name: getattr(data, name) for name in _FIELDS}
    y = data.y.toarray() if sparse.issparse(data.y) else np.asarray(data.y)
    return Bunch(**fields | {"X": np.asarray(data.X), "y": y})
