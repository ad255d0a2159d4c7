"""Sequence clusters by MMseqs2, a program that is called."""

import tempfile
from pathlib import Path

from protimb.exceptions import ClusteringError
from protimb.utils._programs import run_program

_SHORTEST = 14  # residues; without a longer sequence the program fails
_ADVICE = " Pass method='minhash' to go on without it."


def cluster_with_mmseqs(sequences, identity, coverage):
    """Cluster {protein: residues} by ``mmseqs easy-cluster``: {protein: a protein of its cluster}.

    The program sees numbers in place of ids, which may hold anything.
    """
    proteins = list(sequences)
    with tempfile.TemporaryDirectory(prefix="protimb-mmseqs-") as folder:
        fasta = Path(folder, "proteins.fasta")
        long = [row for row in enumerate(sequences.values()) if len(row[1]) >= _SHORTEST]
        if not long:
            return {one: one for one in proteins}
        fasta.write_text("".join(f">{number}\n{one}\n" for number, one in long))
        options = ["--min-seq-id", str(identity), "-c", str(coverage)]
        words = ["mmseqs", "easy-cluster", str(fasta), f"{folder}/out", f"{folder}/scratch"]
        run_program([*words, *options], ClusteringError, _ADVICE)
        first_of = _read_members(Path(folder, "out_cluster.tsv"), len(proteins))
    # What is too short for MMseqs2 has no relative.
    return {one: proteins[first_of.get(number, number)] for number, one in enumerate(proteins)}


def _read_members(path, n_proteins):
    """Return {number of a protein: number of the one that stands for its cluster}."""
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="ascii").splitlines()]
        first_of = {int(member): int(first) for first, member in rows}
    except (OSError, ValueError) as error:
        raise ClusteringError(
            f"mmseqs ended without a table of clusters that can be read ({error}). Is it another "
            "program of that name?"
        ) from error
    if not set(first_of) | set(first_of.values()) <= set(range(n_proteins)):
        raise ClusteringError("mmseqs names sequences that it was not given.")
    return first_of
