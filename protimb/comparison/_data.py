"""The proteins of a comparison, from the package, a CAFA folder or a Bunch."""

from os import PathLike

import numpy as np
from sklearn.utils import Bunch, check_consistent_length

from protimb.datasets import load_human_go, read_cafa
from protimb.exceptions import InvalidLabelsError
from protimb.utils._validation import dense_indicator

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
        If fewer than two terms are left, or labels are not binary indicators of the terms.
    ValueError
        If ``data`` is something else, or a Bunch without a field that is needed, or whose fields
        differ in length.
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
    X, y = np.asarray(data.X), dense_indicator(data.y).astype(np.uint8)
    check_consistent_length(X, y, data.protein_ids, data.groups)
    if y.shape[1] != len(data.terms):
        raise InvalidLabelsError(f"y has {y.shape[1]} columns, but {len(data.terms)} terms.")
    return Bunch(**fields | {"X": X, "y": y})
