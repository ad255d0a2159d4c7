"""Protein sequences from FASTA files, with the checks that parsers leave out."""

from collections.abc import Mapping
from warnings import warn

from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.exceptions import FastaError, FastaWarning
from protimb.utils._files import local_path, read_text
from protimb.utils._shorten import shorten
from protimb.utils._warnings import users_level

# A gap or an inner stop is no residue; encoders know X as "any".
_UNREADABLE = str.maketrans("-*.", "XXX")


def read_fasta(path, *, encoding="utf-8", max_bytes=None):
    r"""Read protein sequences.

    Parameters
    ----------
    path : str or path-like
        FASTA, plain or gzipped, with any line ends.
    encoding : str
        Of the text, such as ``"latin-1"``.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    sequences : dict of str to str
        Accession (``sp|P12345|X_HUMAN`` gives ``P12345``) -> residues in upper case.

    Raises
    ------
    FastaError
        If the file is empty, has no header, has a comment, a digit or another character that is
        no residue within a record, an id that is empty or lacks its accession or has invisible
        characters, an empty sequence, or two sequences for one id.

    Warns
    -----
    FastaWarning
        If a record is repeated, or gaps and inner stops were read as ``X``.

    See Also
    --------
    normalise_protein_id : How ids are reduced to accessions.

    Notes
    -----
    A stop (``*``) at the end of a sequence is dropped. The rare and ambiguous residues
    ``B J O U X Z`` are kept: what an encoder does not know, the encoder maps.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.datasets import read_fasta
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "toy.fasta")
    ...     _ = path.write_text(">sp|P12345|X_HUMAN toy\nMKV\nla*\n")
    ...     read_fasta(path)
    {'P12345': 'MKVLA'}
    """
    path = local_path(path, FastaError)
    text = read_text(path, FastaError, encoding, max_bytes=max_bytes)
    _check_lines(text, path)
    sequences: dict[str, str] = {}
    n_repeated = n_repaired = 0
    for record in _records(text):
        header, _, raw = record.partition("\n")
        protein_id = _protein_id(header, path)
        sequence, repaired = _residues(raw, protein_id, path)
        n_repeated += _is_repeated(protein_id, sequence, sequences, path)
        n_repaired += repaired
        sequences[protein_id] = sequence
    _warn_of_repairs(n_repeated, n_repaired, path)
    return sequences


def _records(text):
    """Yield records without their marks, one at a time: a list would hold the text once more."""
    start = 1
    while (end := text.find("\n>", start)) >= 0:
        yield text[start:end]
        start = end + 2
    yield text[start:]


class LazySequences(Mapping):
    """Sequences of some proteins, in their order; the FASTA file is read when one is asked for."""

    def __init__(self, path, protein_ids, max_bytes=None):
        self.path = path
        self._max_bytes = max_bytes
        self._protein_ids = dict.fromkeys(map(str, protein_ids))
        self._sequences = None

    def __getitem__(self, protein_id):
        if protein_id not in self._protein_ids:
            raise KeyError(protein_id)
        sequences = self._read()
        if protein_id not in sequences:
            raise FastaError(f"{self.path} has no sequence for protein {shorten(protein_id)!r}.")
        return sequences[protein_id]

    def __iter__(self):
        return iter(self._protein_ids)

    def __len__(self):
        return len(self._protein_ids)

    def __repr__(self):
        return f"LazySequences({str(self.path)!r}, {len(self)} proteins)"

    def restricted_to(self, protein_ids):
        """Return the sequences of other proteins of the file, read already if these are."""
        part = LazySequences(self.path, protein_ids, self._max_bytes)
        part._sequences = self._sequences
        return part

    def in_file(self):
        """Return {protein: sequence} without the proteins that the file lacks."""
        sequences = self._read()
        return {one: sequences[one] for one in self if one in sequences}

    def _read(self):
        if self._sequences is None:
            self._sequences = read_fasta(self.path, max_bytes=self._max_bytes)
        return self._sequences


def _check_lines(text, path):
    """Refuse what would be joined into a sequence, or is no record at all."""
    if not text.strip():
        raise FastaError(f"{path}: empty file.")
    if not text.startswith(">"):
        first = text.split("\n", 1)[0]
        raise FastaError(
            f"{path}, line 1: FASTA starts with a header line ('>id'), found {first[:40]!r}. "
            "Remove comments and blank lines above the first header."
        )
    for mark in ";#":
        if mark in text and f"\n{mark}" in text:  # one sign is found sooner than two
            line = text.count("\n", 0, text.index(f"\n{mark}")) + 2
            raise FastaError(
                f"{path}, line {line}: a comment ({mark!r}) within a record. Remove it."
            )


def _protein_id(header, path):
    words = header.split(None, 1)
    if not words or header[0].isspace():
        raise FastaError(
            f"{path}: a record without id ('>{shorten(header)}'). Name it right after the '>'."
        )
    protein_id = normalise_protein_id(words[0])
    check_protein_ids([protein_id], lambda _: path, FastaError)
    return protein_id


def _residues(raw, protein_id, path):
    """Return the sequence in upper case, and whether a gap or stop had to be replaced."""
    # Told from strange letters before upper(), which spells some of them as residues.
    sequence = raw.replace("\n", "")
    if sequence.isalpha() and sequence.isascii():
        return sequence.upper(), False
    sequence = _without_blanks(raw).rstrip("*")
    if not sequence:
        raise FastaError(f"{path}: protein {shorten(protein_id)!r} has an empty sequence.")
    if sequence.isalpha() and sequence.isascii():
        return sequence.upper(), False
    readable = sequence.translate(_UNREADABLE)
    if not (readable.isalpha() and readable.isascii()):
        strange = sorted({one for one in readable if not (one.isalpha() and one.isascii())})
        raise FastaError(
            f"{path}: protein {shorten(protein_id)!r} has characters that are no residues: "
            f"{' '.join(map(repr, strange[:20]))}."
        )
    return readable.upper(), True


def _without_blanks(raw):
    return "".join(line.rstrip() for line in raw.split("\n")).replace(" ", "")


def _is_repeated(protein_id, sequence, sequences, path):
    known = sequences.get(protein_id)
    if known is not None and known != sequence:
        raise FastaError(
            f"{path}: protein {shorten(protein_id)!r} occurs twice, with different sequences."
        )
    return known is not None


def _warn_of_repairs(n_repeated, n_repaired, path):
    if n_repeated or n_repaired:
        warn(
            f"{path}: {n_repeated} records repeat an earlier one; in {n_repaired} sequences gaps "
            "or inner stops were read as X.",
            FastaWarning,
            stacklevel=users_level(),
        )
