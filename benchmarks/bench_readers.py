"""Readers of text: FASTA in MB a second, and a large table of annotations to propagated CSR.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_readers.py``. Files are made on the spot.
Seconds are those of the CPU, so that other work on the machine counts less. Annotations are read
in a process of their own, whose peak of memory is reported.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser

from protimb.datasets import load_human_go, read_annotations, read_fasta
from protimb.datasets._cafa import _propagated
from protimb.ontology._lookup import look_up

TARGET_FASTA = 50  # MB of plain FASTA a CPU second
TARGET_SECONDS, TARGET_GIB = 60, 4  # 5,000,000 annotations to CSR, closed under ancestors
LETTERS = {"molecular_function": "F", "biological_process": "P", "cellular_component": "C"}


def main():
    """Time both readers, or one of them in a process that measures its own memory."""
    args = _parse_arguments()
    warnings.simplefilter("ignore")  # repeated rows are counted in one
    if args.annotations:
        return time_annotations(args.annotations)
    with tempfile.TemporaryDirectory() as folder:
        is_slow = time_fasta(write_fasta(Path(folder, "a.fasta"), args.megabytes))
        table = write_annotations(Path(folder, "terms.tsv"), args.rows)
        command = [sys.executable, __file__, "--annotations", str(table)]
        done = subprocess.run(command, check=False)
    if is_slow or done.returncode:
        raise SystemExit("A target was missed.")
    return None


def time_fasta(path):
    """Compare read_fasta with Biopython's parser, which checks nothing; return if too slow."""
    megabytes = path.stat().st_size / 1e6
    ours, seconds = _best_time(lambda: read_fasta(path))
    theirs, their_seconds = _best_time(lambda: _read_by_biopython(path))
    if list(ours.values()) != theirs:
        raise SystemExit("Sequences differ from Biopython's.")
    speed = megabytes / seconds
    print(f"read_fasta         {speed:6.1f} MB/s, {len(ours):,} sequences, {megabytes:.1f} MB")
    print(f"SimpleFastaParser  {megabytes / their_seconds:6.1f} MB/s, without any check")
    return speed < TARGET_FASTA


def time_annotations(path):
    """Read a table, look its terms up and propagate them; say how long and how much memory."""
    ontology = load_human_go("mf").ontology
    start = process_time()
    table = read_annotations(path)
    read = process_time()
    columns = look_up(table["term"].tolist(), ontology).columns
    proteins, propagated = _propagated(table, columns, ontology)
    end = process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    n_rows = len(table) + table.attrs["n_duplicates"]
    print(
        f"annotations        {end - start:6.1f} s, of which {read - start:.1f} s reading; "
        f"{n_rows:,} rows of {len(proteins):,} proteins, {propagated.nnz:,} after propagation; "
        f"peak {peak:.2f} GiB"
    )
    _check_closed(propagated, ontology)
    if end - start > TARGET_SECONDS or peak > TARGET_GIB:
        raise SystemExit(f"Target: {TARGET_SECONDS} s and {TARGET_GIB} GiB.")


def write_fasta(path, megabytes):
    """Write made-up proteins with UniProt's headers, 60 residues a line."""
    rng = np.random.default_rng(0)
    alphabet = np.frombuffer(b"ACDEFGHIKLMNPQRSTVWY", dtype="u1")
    size, number = 0, 0
    with path.open("w") as file:
        while size < 1e6 * megabytes:
            residues = alphabet[rng.integers(0, 20, rng.integers(50, 900))].tobytes().decode()
            lines = "\n".join(residues[k : k + 60] for k in range(0, len(residues), 60))
            size += file.write(
                f">sp|Q{number:08d}|N{number}_HUMAN Protein {number} OS=Homo sapiens OX=9606\n"
                f"{lines}\n"
            )
            number += 1
    return path


def write_annotations(path, n_rows):
    """Write rows of random proteins, ten each, with random terms, some far more frequent."""
    ontology = load_human_go("mf").ontology
    rng = np.random.default_rng(0)
    terms = rng.permutation(sorted(ontology.terms))
    ends = np.array([f"\t{one}\t{LETTERS[ontology.namespaces[one]]}\n" for one in terms], object)
    drawn = ends[(len(terms) * rng.random(n_rows) ** 3).astype(int)]
    proteins = rng.integers(0, n_rows // 10, n_rows).tolist()
    with path.open("w") as file:
        file.write("EntryID\tterm\taspect\n")
        file.writelines(f"Q{one:08d}{end}" for one, end in zip(proteins, drawn, strict=True))
    return path


def _check_closed(propagated, ontology):
    """Look whether a few proteins have all ancestors of their terms."""
    terms = np.array(ontology.terms, dtype=object)
    for row in range(0, propagated.shape[0], max(1, propagated.shape[0] // 20)):
        own = set(terms[propagated[row].indices])
        if not all(set(ontology.parents[one]) <= own for one in own):
            raise SystemExit(f"Row {row} is not closed under ancestors.")


def _read_by_biopython(path):
    with path.open() as file:
        return [sequence for _, sequence in SimpleFastaParser(file)]


def _best_time(run, n_rounds=3):
    seconds = []
    for _ in range(n_rounds):
        start = process_time()
        result = run()
        seconds.append(process_time() - start)
    return result, min(seconds)


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=50)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--annotations", type=Path, help="time this table alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
