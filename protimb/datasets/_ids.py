"""One spelling for each protein, so that files can be joined by id."""

import re

from protimb.utils._spelling import check_names, why_unreadable

# https://www.uniprot.org/help/accession_numbers, and the number of an isoform behind it.
_ACCESSION = r"(?:[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2})"
_PREFIXED = re.compile(rf"(?:uniprotkb|uniprot|pr):({_ACCESSION}(?:-\d+)?)", re.IGNORECASE)
# NCBI writes the version of the sequence behind the accession: P12345.2
_VERSIONED = re.compile(rf"({_ACCESSION}(?:-\d+)?)\.\d+")
_ISOFORM = re.compile(rf"({_ACCESSION})-\d+")
_IS_ACCESSION = re.compile(rf"{_ACCESSION}(?:-\d+)?")
# What is left of a UniProt name that lacks its accession, such as sp||X_HUMAN.
_NO_ACCESSION = re.compile(r"(?:sp|tr)\|.*|(?i:uniprotkb|uniprot|pr):")


def prefix_of_generated(ontology):
    """Give what names of generated proteins start with: ``synthetic_mf_`` and a number behind."""
    return f"synthetic_{ontology}_"


_GENERATED = re.compile(prefix_of_generated("(?:mf|bp|cc)") + r"\d{6,}")


def count_generated(protein_ids):
    """Count the proteins that `protimb resample` named."""
    return sum(_GENERATED.fullmatch(str(name)) is not None for name in protein_ids)


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


def check_protein_ids(protein_ids, where, error_type):
    """Refuse normalised ids that name nobody; ``where(protein_id)`` says the place of one."""
    check_names(protein_ids, "protein id", where, error_type, _why_nobody)


def _why_nobody(protein_id):
    """Say why an id, normalised before, names no protein; "" where it names one.

    >>> _why_nobody("sp||X_HUMAN"), _why_nobody(" "), _why_nobody("P12345")
    ('has no accession', 'is blank', '')
    """
    if protein_id.isalnum():
        return ""
    has_none = _NO_ACCESSION.fullmatch(protein_id)
    return "has no accession" if has_none else why_unreadable(protein_id)


def is_accession(protein_id):
    """Return whether an id is a UniProt accession, of a protein or an isoform."""
    return _IS_ACCESSION.fullmatch(protein_id) is not None


def is_isoform(protein_id):
    """Return whether an id is a UniProt accession with the number of an isoform."""
    return _ISOFORM.fullmatch(protein_id) is not None


def _canonical(protein_id):
    isoform = _ISOFORM.fullmatch(protein_id)
    return isoform[1] if isoform else protein_id
