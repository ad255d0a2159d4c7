"""Embedding by one process and by two, and reading what is in parts: rows a second, and peaks.

Run by hand: ``python benchmarks/bench_embed_shards.py``. Random proteins are embedded by
``torchrun -m protimb embed`` with one process and with two, and by one process into each format;
both must leave the same vectors. Then 1,000,000 x 1,024 in half precision, of zeros that take no
room on the disk, are read by blocks, by id and in any order. A peak is what a process had resident
at most, as the system counts it, pages of memory maps included.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_embeddings import save_smallest_esm

from protimb.datasets import open_embeddings, read_embeddings
from protimb.datasets._vectors_parts import FORMAT, part_name, parts_folder

LETTERS = np.frombuffer(b"ACDEFGHIKLMNPQRSTVWY", dtype=np.uint8)
MIB = 2**20
BLOCK = 64 * MIB  # of float32
# Runs the command, and tells what it cost once it is over.
TOLD = (
    "import resource, runpy, sys, os\n"
    "sys.argv = ['protimb', *sys.argv[1:]]\n"
    "try: runpy.run_module('protimb', run_name='__main__')\n"
    "finally:\n"
    "    usage = resource.getrusage(resource.RUSAGE_SELF)\n"
    "    print('usage', usage.ru_maxrss, usage.ru_utime + usage.ru_stime, flush=True)\n"
)


def main():
    """Embed, then read; each part in processes of its own."""
    args = parse_arguments()
    if args.phase:
        PHASES[args.phase](args.folder)
        return
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        folder = Path(scratch)
        if args.encoder == "esm":
            args.encoder = str(save_smallest_esm(folder))
        embed_all(folder, args)
        write_sparse(folder, args.rows, args.width)
        for phase in PHASES:
            subprocess.run([sys.executable, __file__, "--phase", phase, str(folder)], check=True)


def embed_all(folder, args):
    """Time one process and two, and check that both leave the same."""
    n_residues = write_fasta(folder / "p.fasta", args.proteins)
    print(f"{args.proteins:,} proteins of {n_residues:,} residues, {args.encoder}, one thread each")
    (folder / "command.py").write_text(TOLD)
    rates = {}
    others = [] if args.only_parts else [(1, "x.npy"), (1, "x.h5")]
    for n_processes, name in (*others, (1, "one.parts"), (2, "two.parts")):
        seconds, usage = embed(folder, name, n_processes, args.encoder)
        # On a busy machine seconds tell who else was there; those of the CPU tell what it costs.
        busy = [cpu for _, cpu in usage]
        rates[name] = args.proteins / max(busy)
        peaks = " and ".join(f"{kib / 1024:,.0f}" for kib, _ in usage)
        print(
            f"{n_processes} process(es) to {name:10} {rates[name]:8,.0f} rows a second of the CPU "
            f"of the slower ({seconds:.1f} s; {' and '.join(f'{one:.1f}' for one in busy)} s of "
            f"CPU); resident at most {peaks} MiB",
            flush=True,
        )
    one, two = (read_embeddings(folder / f"{name}.parts")[0] for name in ("one", "two"))
    print(f"two processes: {rates['two.parts'] / rates['one.parts']:.2f} times the rows of one")
    print("the same bits" if np.array_equal(one, two) else "NOT the same bits")


def write_fasta(path, n_proteins):
    """Write random proteins of about 350 residues; say how many residues they have."""
    rng = np.random.default_rng(0)
    lengths = rng.lognormal(5.7, 0.6, n_proteins).astype(int) + 10
    with path.open("wb") as file:
        for number, length in enumerate(lengths):
            file.write(b">P%07d\n%s\n" % (number, LETTERS[rng.integers(0, 20, length)].tobytes()))
    return int(lengths.sum())


def embed(folder, name, n_processes, encoder):
    """Run the command; give its seconds, and of each process KiB at most and CPU seconds."""
    words = ["embed", folder / "p.fasta", "--encoder", encoder, "--dtype", "float16", "-v", "0"]
    port = ["--nproc-per-node", n_processes, "--master-port", free_port()]
    launcher = ["-m", "torch.distributed.run", *port] if n_processes > 1 else []
    command = [*launcher, folder / "command.py", *words, "--out", folder / name]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    seconds = time.perf_counter() - started
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("usage")]
    return seconds, [(int(kib), float(cpu)) for _, kib, cpu in told]


def free_port():
    """Find a port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def write_sparse(folder, n_rows, width, n_parts=64):
    """Write an index of zeros that take no room on the disk, and ids."""
    index = folder / "sparse.parts"
    parts_folder(index).mkdir()
    height = -(-n_rows // n_parts)
    heights = [min(height, n_rows - start) for start in range(0, n_rows, height)]
    parts = [{"file": part_name(n, "0" * 64), "rows": rows} for n, rows in enumerate(heights)]
    for part in parts:
        path = parts_folder(index) / part["file"]
        np.lib.format.open_memmap(path, "w+", np.float16, (part["rows"], width))
    facts = {"format": FORMAT, "fingerprint": "0" * 64, "fasta": "", "encoder": {}}
    facts |= {"dtype": "float16", "width": width, "parts": parts}
    index.write_text(json.dumps(facts))
    np.save(folder / "sparse_ids.npy", np.array([f"P{number:07d}" for number in range(n_rows)]))


def read_blocks(folder):
    """Read all rows, a block at a time."""
    embeddings = opened(folder)
    before, started = resident_now(), time.perf_counter()
    n_rows = 0
    for _, X in embeddings.blocks():
        n_rows += len(X)
        del X
    tell("all, by blocks", n_rows, started, before, BLOCK)


def read_ids(folder):
    """Read ten thousand rows by id, which are in all parts."""
    embeddings = opened(folder)
    wanted = np.random.default_rng(0).choice(embeddings.protein_ids, 10_000)
    before, started = resident_now(), time.perf_counter()
    X, _ = embeddings.select(wanted)
    tell("10,000 by id", len(X), started, before, X.nbytes)


def read_shuffled(folder):
    """Read all rows in a random order, as training does, a batch of 4,096 at a time."""
    embeddings = opened(folder)
    rows = np.random.default_rng(0).permutation(len(embeddings))[: 2**17]
    before, started = resident_now(), time.perf_counter()
    for start in range(0, len(rows), 4096):
        X = embeddings[rows[start : start + 4096]]
        del X
    tell("131,072 shuffled, by 4,096", len(rows), started, before, BLOCK)


def opened(folder):
    """Open the sparse matrix and read one row, so that what opening takes is not counted."""
    embeddings = open_embeddings(folder / "sparse.parts")
    print(f"{embeddings.shape[0]:,} x {embeddings.shape[1]:,}: ", end="")
    return embeddings


def tell(what, n_rows, started, before, n_block):
    """Print rate and peak, and hold the latter against a block."""
    seconds, grown = time.perf_counter() - started, resident("VmHWM") - before
    share = f"{grown / n_block:.2f} of {n_block / MIB:,.0f} MiB"
    print(
        f"{what}: {n_rows / seconds:,.0f} rows a second; {grown / MIB:,.0f} MiB beyond the "
        f"{before / MIB:,.0f} of ids and libraries, {share}",
        flush=True,
    )


def resident_now():
    """Return how many bytes this process has resident, and count its most anew."""
    Path("/proc/self/clear_refs").write_text("5")  # see proc(5)
    return resident("VmRSS")


def resident(what):
    """Read what the system counts of this process, in bytes: VmRSS, or VmHWM, the most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


PHASES = {"blocks": read_blocks, "ids": read_ids, "shuffled": read_shuffled}


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--proteins", type=int, default=50_000)
    parser.add_argument("--encoder", default="kmer-2", help="esm: of the size of the smallest")
    parser.add_argument("--only-parts", action="store_true", help="No .npy and .h5 files.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--scratch", type=Path, help="Folder for what is written.")
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("folder", type=Path, nargs="?", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
