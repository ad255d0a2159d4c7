"""Groups of shared words against the clusters of MMseqs2: agreement and cost.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_clusters.py``. The reference are the
bundled clusters, which MMseqs2 made at 30 % identity and 80 % coverage; for another ``--identity``
MMseqs2 is called, and must be installed.
"""

import argparse
from time import process_time

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from protimb.datasets import load_human_go
from protimb.ingest import cluster_sequences

TARGET_SECONDS, TARGET_LEAK = 120, 0.05


def main():
    """Print the table; a target missed is an error."""
    args = parse_arguments()
    sequences, bundled = read_human()
    levels = args.identity or [0.3]
    rows = [compare(sequences, bundled if one == 0.3 else None, one) for one in levels]
    table = pd.DataFrame(rows)
    print(f"{len(sequences):,} human proteins")
    print(to_markdown(table))
    late = table[table["CPU seconds"].astype(float) > TARGET_SECONDS]
    if len(late):
        raise SystemExit(f"more than {TARGET_SECONDS} s")
    if rows[0]["leak"] > TARGET_LEAK:
        raise SystemExit(f"more than {TARGET_LEAK:.0%} of proteins leak")


def read_human():
    """Return sequences of all bundled proteins, and the cluster of each."""
    sequences, clusters = {}, {}
    for namespace in ("mf", "bp", "cc"):
        data = load_human_go(namespace, min_proteins=1)
        sequences |= dict(data.sequences)
        clusters |= dict(zip(data.protein_ids.tolist(), data.groups.tolist(), strict=True))
    return sequences, [clusters[one] for one in sequences]


def compare(sequences, reference, identity):
    """Say how the groups of words and those of MMseqs2 agree."""
    if reference is None:
        reference = list(cluster_sequences(sequences, method="mmseqs", identity=identity).values())
    started = process_time()
    groups = list(cluster_sequences(sequences, method="minhash", identity=identity).values())
    seconds = process_time() - started
    theirs, ours = pd.factorize(np.array(reference))[0], pd.factorize(np.array(groups))[0]
    (_, only_ours), (only_theirs, both) = pair_confusion_matrix(theirs, ours)
    return {
        "identity": identity,
        "groups": f"{ours.max() + 1:,}",
        "largest": np.bincount(ours).max(),
        "MMseqs2: groups": f"{theirs.max() + 1:,}",
        "largest there": np.bincount(theirs).max(),
        "pairs: precision": round(both / (both + only_ours), 3),
        "recall": round(both / (both + only_theirs), 3),
        "adjusted Rand": round(adjusted_rand_score(theirs, ours), 3),
        "leak": round(share_leaking(theirs, ours), 4),
        "CPU seconds": f"{seconds:.1f}",
    }


def share_leaking(theirs, ours):
    """Share of proteins of whose MMseqs2 cluster a member is in another of our groups."""
    table = pd.DataFrame({"theirs": theirs, "ours": ours})
    return float((table.groupby("theirs")["ours"].transform("nunique") > 1).mean())


def to_markdown(table):
    """Write a table as Markdown, which pandas leaves to another package."""
    lines = [table.columns, ["--:"] * table.shape[1], *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--identity", type=float, nargs="*", help="Shares of equal residues.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
