"""One spelling for each protein, so that files can be joined by id."""

import re

# https://www.uniprot.org/help/accession_numbers, and the number of an isoform behind it.
_ACCESSION = r"(?:[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2})"
_PREFIXED = re.compile(rf"(?:uniprotkb|uniprot|pr):({_ACCESSION}(?:-\d+)?)", re.IGNORECASE)
# NCBI writes the version of the sequence behind the accession: P12345.2
_VERSIONED = re.compile(rf"({_ACCESSION}(?:-\d+)?)\.\d+")
_ISOFORM = re.compile(rf"({_ACCESSION})-\d+")


def normalise_protein_id(name, *, canonical=False):
    """Reduce a protein's name to its accession.

    UniProt writes ``sp|P12345|X_HUMAN`` in FASTA headers, ``UniProtKB:P12345`` in references and
    ``P12345`` in tables, and NCBI ``P12345.2`` with the version of the sequence; files are joined
    on the plain accession.

    Parameters
    ----------
    name : str
        The first word of a FASTA header, or an id from a table.
    canonical : bool
        Name the protein in place of one of its isoforms: ``P12345-2`` becomes ``P12345``. An
        isoform has a sequence, hence a vector, of its own, so that files of these keep it.

    Returns
    -------
    protein_id : str
        The accession of a UniProt name; any other name as it is, blanks at its ends aside.

    Examples
    --------
    >>> from protimb.datasets import normalise_protein_id
    >>> normalise_protein_id("sp|P12345|X_HUMAN")
    'P12345'
    >>> normalise_protein_id("P12345.2")
    'P12345'
    >>> normalise_protein_id("UniProtKB:P12345-2")
    'P12345-2'
    >>> normalise_protein_id("P12345-2", canonical=True)
    'P12345'
    """
    if name.isalnum():  # an accession by itself, as nearly all are
        return name
    name = name.strip()
    database, _, rest = name.partition("|")
    accession = rest.partition("|")[0].strip()
    if database in ("sp", "tr") and accession:
        name = accession
    elif prefixed := _PREFIXED.fullmatch(name):
        name = prefixed[1].upper()
    if versioned := _VERSIONED.fullmatch(name):
        name = versioned[1]
    return _canonical(name) if canonical else name


def is_isoform(protein_id):
    """Return whether an id is a UniProt accession with the number of an isoform."""
    return _ISOFORM.fullmatch(protein_id) is not None


def _canonical(protein_id):
    isoform = _ISOFORM.fullmatch(protein_id)
    return isoform[1] if isoform else protein_id
