"""Proteins as a table of plain columns: lengths, counts, shares and truth values."""

import numpy as np
import pandas as pd

from protimb.datasets._human import load_human_go

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"

# Kyte and Doolittle's hydropathy of each residue, in the order of RESIDUES.
HYDROPATHY = np.array(
    [
        *(1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8),
        *(1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3),
    ]
)
CHARGE = np.array([{"K": 1, "R": 1, "D": -1, "E": -1}.get(one, 0) for one in RESIDUES])
AROMATIC = np.isin(list(RESIDUES), list("FWY"))


def load_protein_table(ontology="cc", *, min_proteins=20, max_proteins=None, return_X_y=False):
    """Load human proteins with columns that one can read in place of a language model's vectors.

    Mixed columns as in other people's tables: whole numbers, shares, a truth value. They say far
    less of a protein than its ESM-2 vector does.

    Parameters
    ----------
    ontology : {"mf", "bp", "cc"}
        Namespace of the labels.
    min_proteins : int
        Leave out terms with fewer proteins.
    max_proteins : int, optional
        Leave out terms with more proteins.
    return_X_y : bool
        Return ``(X, y)`` instead of an object.

    Returns
    -------
    data : ProteinData
        As `load_human_go` with ``as_frame=True``, but for ``X``, a DataFrame of shape
        (n_proteins, 26): ``length``, ``n_cysteine`` and ``net_charge`` (int), ``hydropathy``
        (mean over residues [1]_), ``aromaticity`` and a share for each of twenty residues (float),
        and ``starts_with_m`` (bool).

    Raises
    ------
    InvalidLabelsError
        If no term has ``min_proteins`` to ``max_proteins``.

    See Also
    --------
    load_human_go : The same proteins with vectors.
    load_term_names : Texts.

    References
    ----------
    .. [1] J. Kyte and R. F. Doolittle, "A simple method for displaying the hydropathic character of
       a protein", J. Mol. Biol. 157 (1982), doi 10.1016/0022-2836(82)90515-0.

    Examples
    --------
    >>> from protimb.datasets import load_protein_table
    >>> data = load_protein_table("cc", min_proteins=500)
    >>> data.X.dtypes[["length", "hydropathy", "starts_with_m"]].astype(str).tolist()
    ['int64', 'float64', 'bool']
    """
    data = load_human_go(
        ontology, min_proteins=min_proteins, max_proteins=max_proteins, as_frame=True
    )
    sequences = [data.sequences[one] for one in data.protein_ids]
    data.X = tabulate_sequences(sequences).set_axis(data.X.index)
    return (data.X, data.y) if return_X_y else data


def tabulate_sequences(sequences):
    """Describe sequences in a DataFrame (n_sequences, 26); unknown residues count as length."""
    lengths = np.array([len(one) for one in sequences])
    counts = np.array([[one.count(residue) for residue in RESIDUES] for one in sequences])
    known = np.maximum(counts.sum(axis=1), 1)
    return pd.DataFrame(
        {
            "length": lengths,
            "n_cysteine": counts[:, RESIDUES.index("C")],
            "net_charge": counts @ CHARGE,
            "hydropathy": counts @ HYDROPATHY / known,
            "aromaticity": counts[:, AROMATIC].sum(axis=1) / known,
            "starts_with_m": [one.startswith("M") for one in sequences],
        }
        | {f"share_{one}": counts[:, n] / known for n, one in enumerate(RESIDUES)}
    )
