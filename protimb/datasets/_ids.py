"""One spelling for each protein, so that files can be joined by id."""


def normalise_protein_id(name):
    """Reduce a protein's name to its accession.

    UniProt writes ``sp|P12345|X_HUMAN`` in FASTA headers and ``P12345`` in tables; files are
    joined on the latter.

    Parameters
    ----------
    name : str
        The first word of a FASTA header, or an id from a table.

    Returns
    -------
    protein_id : str
        The accession of a UniProt header; any other name as it is, blanks at its ends aside.

    Examples
    --------
    >>> from protimb.datasets import normalise_protein_id
    >>> normalise_protein_id("sp|P12345|X_HUMAN")
    'P12345'
    >>> normalise_protein_id("P12345")
    'P12345'
    """
    name = name.strip()
    database, _, rest = name.partition("|")
    if database in ("sp", "tr") and rest:
        return rest.partition("|")[0]
    return name
