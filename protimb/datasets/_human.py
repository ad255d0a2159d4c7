"""The packaged data: human proteins with experimental GO annotations."""

from pathlib import Path

from protimb.datasets._cafa import read_cafa

HUMAN_GO = Path(__file__).parent / "data" / "human_go"


def load_human_go(
    ontology="mf", *, min_proteins=10, max_proteins=None, as_frame=False, return_X_y=False
):
    """Load human proteins with experimental GO annotations.

    15,660 human Swiss-Prot proteins come with the package, with one ESM-2 vector each [1]_ (8
    million weights, layer 5, mean over residues). Most GO terms have few of them: that is the
    imbalance which protimb is about.

    Parameters
    ----------
    ontology : {"mf", "bp", "cc"}
        Molecular function (14,122 proteins), biological process (11,350) or cellular component
        (13,386).
    min_proteins : int
        Leave out terms with fewer proteins, counted after propagation. With 10 there are
        944 / 4,169 / 632 terms, with 20 there are 567 / 2,721 / 448.
    max_proteins : int, optional
        Leave out terms with more proteins.
    as_frame : bool
        Return ``X`` and ``y`` as DataFrames, indexed by protein id.
    return_X_y : bool
        Return ``(X, y)`` instead of an object.

    Returns
    -------
    data : ProteinData
        ``X`` : float32 of shape (n_proteins, 320), protein vectors.
        ``y`` : uint8 of shape (n_proteins, n_terms), propagated indicators.
        ``protein_ids``, ``terms``, ``term_names``, ``groups`` : arrays of str.
        ``ontology`` : GeneOntology. ``sequences`` : mapping. ``DESCR`` : str.
        ``read_cafa`` describes each.

    Raises
    ------
    ValueError
        If ``ontology`` is none of the three.
    InvalidLabelsError
        If no term has ``min_proteins`` to ``max_proteins``.

    See Also
    --------
    read_cafa : Read your own folder in the same layout.
    make_longtail_multilabel : Toy data of any size.

    Notes
    -----
    Split by ``groups``: proteins of one sequence cluster in both training and test fold make
    scores look better than they are.

    The data card, ``data.DESCR``, says where all parts come from and under which licences;
    ``python -m protimb.datasets.recipes.human_go`` makes them again.

    References
    ----------
    .. [1] Z. Lin et al., "Evolutionary-scale prediction of atomic-level protein structure with a
       language model", Science 379 (2023), doi 10.1126/science.ade2574.

    Examples
    --------
    >>> from protimb import load_human_go
    >>> data = load_human_go("cc", min_proteins=20)
    >>> data.X.shape, data.y.shape
    ((13386, 320), (13386, 448))
    """
    return read_cafa(
        HUMAN_GO,
        ontology,
        min_proteins=min_proteins,
        max_proteins=max_proteins,
        as_frame=as_frame,
        return_X_y=return_X_y,
    )
