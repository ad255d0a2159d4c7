"""Proteins of Swiss-Prot 2014-01, out of the BLAST databases of Debian's metastudent-data."""

from pathlib import Path

from protimb.datasets.recipes._sources import call
from protimb.exceptions import SourceError

_DATABASES = "usr/share/metastudent-data/dataset_201401"


def read_swissprot(folder):
    """Read the sequence of each entry, {accession: residues}; three databases share many."""
    sequences: dict[str, str] = {}
    for database in sorted(Path(folder, _DATABASES).glob("*/goasp.fasta.psq")):
        words = ("blastdbcmd", "-db", str(database.with_suffix("")), "-entry", "all")
        said = call((*words, "-outfmt", "%t %s"), "Sequences cannot be read")
        sequences |= dict(map(_entry, said.splitlines()))
    if not sequences:
        raise SourceError(f"{folder} has no BLAST database in {_DATABASES}.")
    return sequences


def _entry(line):
    """Part 'ACCESSION|GO:...,GO:... RESIDUES'."""
    title, residues = line.rsplit(" ", 1)
    return title.partition("|")[0], residues
