"""Ask whether rows of mutated or cropped sequences, encoded anew, help rare terms.

    python benchmarks/rows_from_sequences.py --model esm2_t6_8M --ontology mf --seeds 0 1 2 3 4
    python benchmarks/rows_from_sequences.py --model kmer --ontology mf --seeds 0 1 2 3 4

``--model`` is the folder of the weights that made the bundled vectors (see the data card); another
is refused. ``kmer`` asks the same on counts of pairs of residues, in place of those vectors. Terms
are raised to 20 rows. A new row is the vector of a member's sequence, changed: some share of its
residues drawn anew, by the frequencies with which BLOSUM62 sees one residue in another's place, or
a stretch of it alone. Copies are the same rows unchanged. Macro average precision on held-out
sequence clusters, mean over the seeds' splits, and paired differences to copies and to no
resampling with 95 % intervals: a bootstrap draws proteins once for all splits.
"""

import argparse
import time
import warnings
from collections import defaultdict
from functools import partial
from importlib.resources import files

import numpy as np
from Bio.Align import substitution_matrices
from borrowed_covariance import kmers
from more_information import FIGURES, HEADS, Split, report

from protimb.datasets import load_human_go
from protimb.embeddings import EncoderRecord, KmerEncoder
from protimb.metrics import draw_proteins
from protimb.model_selection import split_by_cluster
from protimb.over_sampling import RandomLabelsetOverSampler

RESIDUES = np.array(list("ARNDCQEGHILKMFPSTWYV"))
# Shares of residues in proteins, in the same order (Robinson and Robinson, PNAS 88, 1991).
BACKGROUND = np.array(
    [78, 51, 45, 54, 19, 43, 63, 74, 22, 51, 90, 57, 22, 39, 52, 71, 58, 13, 32, 64], dtype=float
)
RAISED_TO = 20


def main():
    """Encode changed sequences for every split, teach every head, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="folder of the bundled vectors' weights")
    parser.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101])
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--heads", nargs="+", default=["ridge", "neighbours"], choices=HEADS)
    parser.add_argument("--device", default="auto")
    words = parser.parse_args()
    data = load_human_go(words.ontology)
    encoder = kmers_in(data) if words.model == "kmer" else encoder_of(data, words)
    draws = draw_proteins(len(data.X), words.resamples)
    found = defaultdict(list)
    for seed in words.seeds:
        split = Split(data, words.ontology, seed, *split_by_cluster(data.groups, random_state=seed))
        for arm, scores in predict(split, encoder, words):
            found[arm].append(split.judge(scores, draws))
        print(f"\nafter {seed=}")
        report(found, FIGURES)


def encoder_of(data, words):
    """Load the encoder by the record of the bundled vectors, and check it on ten proteins."""
    vectors = files("protimb") / "datasets" / "data" / "human_go" / "train_embeddings.npy"
    encoder = EncoderRecord.read(vectors).build(words.model, device=words.device).fit()
    found = encoder.transform([data.sequences[one] for one in data.protein_ids[:10]])
    error = np.abs(found - data.X[:10]).max() / np.abs(data.X[:10]).max()
    if error > 0.02:
        raise SystemExit(f"{words.model} does not make the bundled vectors: off by {error:.3f}.")
    return encoder


def kmers_in(data):
    """Put counts of pairs of residues in place of the vectors, and give what counts them."""
    data.X = kmers(data)
    return KmerEncoder(k=2).fit()


def predict(split, encoder, words):
    """Yield scores behind no resampling, copies, and each kind of changed sequences."""
    inside, outside = split.data.X[split.train], split.data.X[split.test]
    sampler = RandomLabelsetOverSampler(sampling_strategy=RAISED_TO, random_state=split.seed)
    sampler.fit_resample(inside, split.y)
    parents = sampler.sample_indices_[len(inside) :]
    sequences = [split.data.sequences[one] for one in split.data.protein_ids[split.train]]
    rows = {"copies": inside[parents]}
    for name, change in CHANGES.items():
        rng = np.random.default_rng(split.seed)
        rows[name] = encoder.transform([change(sequences[parent], rng) for parent in parents])
    print(f"seed {split.seed}: {len(parents)} new rows", flush=True)
    y = np.vstack([split.y, split.y[parents]])
    for head in words.heads:
        fit = HEADS[head]
        yield (head, "none"), fit(inside, split.y, outside, split.seed)
        for name, new in rows.items():
            yield (head, name), fit(np.vstack([inside, new]), y, outside, split.seed)


def mutate(sequence, rng, share):
    """Draw some share of the residues anew, each by what BLOSUM62 sees in its place."""
    residues = np.array(list(sequence))
    chosen = rng.random(len(residues)) < share
    for one, odds in SUBSTITUTES.items():
        places = np.flatnonzero(chosen & (residues == one))
        residues[places] = rng.choice(RESIDUES, size=len(places), p=odds)
    return "".join(residues)


def crop(sequence, rng, share):
    """Keep a stretch of some share of the residues."""
    length = max(int(share * len(sequence)), 1)
    start = rng.integers(len(sequence) - length + 1)
    return sequence[start : start + length]


def substitutes():
    """Turn half-bit scores into the chance of each other residue: {residue: (20,)}."""
    scores = substitution_matrices.load("BLOSUM62")
    chances = {}
    for one in RESIDUES:
        odds = BACKGROUND * 2 ** (np.array([scores[one][other] for other in RESIDUES]) / 2)
        odds[one == RESIDUES] = 0  # a substitution changes the residue
        chances[one] = odds / odds.sum()
    return chances


SUBSTITUTES = substitutes()
CHANGES = {
    "10 % substituted": partial(mutate, share=0.1),
    "20 % substituted": partial(mutate, share=0.2),
    "30 % substituted": partial(mutate, share=0.3),
    "80 % cropped": partial(crop, share=0.8),
    "half cropped": partial(crop, share=0.5),
}


if __name__ == "__main__":
    started = time.process_time()
    warnings.simplefilter("ignore")
    main()
    print(f"\n{time.process_time() - started:.0f} CPU seconds")
