"""Go from FASTA, GAF and OBO through all seven commands, to the figures that compare has itself.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/whole_way.py``. Everything is written to a
folder that is removed at the end, or to ``--out``. The bundled proteins are written as databases
publish them, and then go through ``protimb ingest, embed, imbalance, compare, train, predict,
evaluate``, each a process of its own. The model is trained without the test fold of the comparison
and predicts it from sequences alone, so its figures must be those of the arm ``none``, but for the
three digits of a score that a file of predictions keeps.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd

from protimb.datasets import load_human_go, read_annotations, read_cafa, read_predictions
from protimb.datasets._cafa import _find_files
from protimb.datasets._human import HUMAN_GO
from protimb.metrics import term_average_precision
from protimb.ontology import information_accretion
from protimb.ontology._obo_text import obo_text

NAMESPACES = {
    "mf": "molecular_function",
    "bp": "biological_process",
    "cc": "cellular_component",
}
TOLERANCES = {"fmax": 0.002, "smin": 0.02, "AP all": 0.001}
SEED = 0


def main():
    """Write the files, run the commands, and hold the last figures against the comparison's."""
    args = _parse_arguments()
    temporary = tempfile.TemporaryDirectory() if args.out is None else nullcontext(args.out)
    with temporary as out:
        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        write_sources(out, args.n_proteins)
        run_commands(out, args)
        table = hold_together(out, args)
    print(f"\n{table.to_string(float_format='{:.4f}'.format)}")
    far = [name for name, row in table.iterrows() if row["distance"] > TOLERANCES[name]]
    print(f"\n{'NOT EQUAL: ' + ', '.join(far) if far else 'equal, but for rounding'}")
    sys.exit(bool(far))


def write_sources(out, n_proteins):
    """Write proteins.fasta, annotations.gaf and go.obo as a user would download them."""
    paths = _find_files(HUMAN_GO)
    annotations = read_annotations(paths["terms"])
    ids = pd.unique(annotations["EntryID"])[:n_proteins]
    annotations = annotations[annotations["EntryID"].isin(ids)]
    bunch = load_human_go("mf")
    sequences = bunch.sequences.restricted_to(ids).in_file()
    records = (f">sp|{one}|{one}_HUMAN of the bundled data\n{sequences[one]}\n" for one in ids)
    (out / "proteins.fasta").write_text("".join(records))
    (out / "go.obo").write_text(obo_text(bunch.ontology))
    lines = (_gaf_line(*row, bunch.ontology) for row in annotations.itertuples(index=False))
    (out / "annotations.gaf").write_text("!gaf-version: 2.2\n" + "".join(lines))


def _gaf_line(protein, term, aspect, ontology):
    """Write an annotation in all seventeen columns of GAF 2.2."""
    letter = {"molecular_function": "F", "biological_process": "P", "cellular_component": "C"}
    qualifier = {"F": "enables", "P": "involved_in", "C": "located_in"}
    aspect = letter[ontology.namespace(term)]
    columns = ["UniProtKB", protein, protein, qualifier[aspect], term, "PMID:1", "IDA", "", aspect]
    columns += ["", "", "protein", "taxon:9606", "20260101", "UniProt", "", ""]
    return "\t".join(columns) + "\n"


def run_commands(out, args):
    """Run the seven commands in turn."""
    data, model, ontology = out / "data", out / "model", ["--ontology", args.ontology]
    fold = out / "comparison" / f"test_ids_{SEED}.txt"
    kept = ["--min-proteins", args.min_proteins]
    steps = ["--epochs", args.epochs]
    sources = ["--fasta", out / "proteins.fasta", "--annotations", out / "annotations.gaf"]
    protimb("ingest", *sources, "--obo", out / "go.obo", "--out", data)
    vectors = data / "train_embeds.npy"
    layer = [] if args.layer is None else ["--layer", args.layer]
    sequences = data / "train_sequences.fasta"
    protimb("embed", sequences, "--encoder", args.encoder, *layer, "--out", vectors)
    protimb("imbalance", "--data", data, *ontology, *kept)
    arms = ["--arms", "none", "--heads", "mlp", "--seeds", f"{SEED},{SEED + 1}"]
    protimb("compare", "--data", data, *ontology, *kept, *steps, *arms, "--out", fold.parent)
    network = ["--neighbors", 0, "--seed", SEED, "--leave-out", fold]
    protimb("train", data, "--out", model, *ontology, *kept, *steps, *network)
    write_test_fold(data, fold, out, args)
    predictions = ["--out", out / "predictions.tsv", "--min-score", 0]
    protimb("predict", model, out / "test.fasta", *predictions)
    truth = [out / "predictions.tsv", out / "truth.tsv", "--obo", out / "go.obo"]
    counted = ["--ia", out / "IA.txt", "--toi", out / "terms.txt"]
    protimb("evaluate", *truth, *counted, "--out", out / "evaluation")


def protimb(*words):
    """Run the command as a process, its bars and answers shown."""
    print(f"\n$ protimb {' '.join(map(str, words))}", flush=True)
    start = "from protimb.cli import app; app()"
    subprocess.run([sys.executable, "-c", start, *map(str, words)], check=True)


def write_test_fold(data, fold, out, args):
    """Write the test proteins' sequences and truth, and what counts: terms and their bits."""
    bunch = read_cafa(data, args.ontology, min_proteins=args.min_proteins)
    test = np.isin(bunch.protein_ids, fold.read_text().split())
    ids = bunch.protein_ids[test].tolist()
    (out / "test.fasta").write_text("".join(f">{one}\n{bunch.sequences[one]}\n" for one in ids))
    annotations = read_annotations(next(iter(data.glob("train_terms.tsv*"))))
    truth = annotations[annotations["EntryID"].isin(ids)]
    truth.to_csv(out / "truth.tsv", sep="\t", index=False)
    bits = information_accretion(bunch.y, bunch.ontology, bunch.terms)
    pairs = zip(bunch.terms, bits, strict=True)
    (out / "IA.txt").write_text("".join(f"{term}\t{one}\n" for term, one in pairs))
    (out / "terms.txt").write_text("".join(f"{term}\n" for term in bunch.terms))


def hold_together(out, args):
    """Put the figures of the comparison and of the evaluated file side by side."""
    seeds = pd.read_csv(out / "comparison" / "seeds.csv")
    compared = seeds[seeds["seed"] == SEED].set_index("metric")["estimate"]
    summary = pd.read_csv(out / "evaluation" / "summary.csv").set_index("namespace")
    row = summary.loc[NAMESPACES[args.ontology]]
    found = {"fmax": row["fmax"], "smin": row["smin"], "AP all": _macro_precision(out, args)}
    table = pd.DataFrame({"compare": compared[list(found)], "evaluate": found})
    return table.assign(distance=(table["compare"] - table["evaluate"]).abs())


def _macro_precision(out, args):
    """Average the precision of all terms in the file of predictions."""
    bunch = read_cafa(out / "data", args.ontology, min_proteins=args.min_proteins)
    fold = (out / "comparison" / f"test_ids_{SEED}.txt").read_text().split()
    test = bunch.take(np.isin(bunch.protein_ids, fold))
    table = read_predictions(out / "predictions.tsv")
    score = np.zeros(test.y.shape)
    rows = pd.Index(test.protein_ids).get_indexer(table["EntryID"].astype(str))
    columns = pd.Index(test.terms).get_indexer(table["term"].astype(str))
    score[rows, columns] = table["score"]
    return float(np.nanmean(term_average_precision(test.y, score)))


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="keep all files in this folder")
    parser.add_argument("--n-proteins", type=int, help="of the bundled ones; all by default")
    parser.add_argument("--encoder", default="kmer-2", help="as protimb embed takes it")
    parser.add_argument("--layer", type=int, help="of a transformer")
    parser.add_argument("--ontology", choices=sorted(NAMESPACES), default="mf")
    parser.add_argument("--min-proteins", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=30)
    return parser.parse_args()


if __name__ == "__main__":
    main()
