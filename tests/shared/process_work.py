"""What tests have done by one process, and by several that train together."""

import atexit
import contextlib
import importlib
import json
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
import torch

from protimb.classification import GOTermClassifier, LabelAttentionClassifier, TALEClassifier
from protimb.exceptions import ProcessError, ProtimbWarning
from protimb.gan import ConditionalGAN, _training
from protimb.training import Checkpoint, from_first, in_each, share_batch
from protimb.training._processes import hash_state, hear_all
from protimb.utils._ranks import is_first, n_processes, rank

N_ROWS, N_FEATURES, N_TERMS = 101, 12, 6

# What training imports late, and each fork would import anew.
LATE = "accelerate", "torch._dynamo", "torch.distributed.run", "matplotlib.figure", "scipy.stats"

GAN = {"check_every": 2, "n_latent": 4, "max_updates": 6, "backbone__n_hidden": 8}


def proteins():
    """Vectors, labels and sequences; 101 rows are not shared out evenly."""
    rng = np.random.RandomState(0)
    y = (rng.rand(N_ROWS, N_TERMS) < 0.3).astype(np.uint8)
    X = (rng.randn(N_ROWS, N_FEATURES) + y @ rng.randn(N_TERMS, N_FEATURES)).astype(np.float32)
    lengths = rng.randint(5, 30, N_ROWS)
    return X, y, ["".join(rng.choice(list("ACDEFGHIKL"), length)) for length in lengths]


def train_all():
    """Train one of each kind: {kind: what its epochs recorded}."""
    X, y, sequences = proteins()
    short = {"max_epochs": 3, "batch_size": 20, "random_state": 0}
    small = {"n_layers": 1, "n_hidden": 8, "n_heads": 2, "n_filters": 2}
    vectors = np.random.RandomState(1).randn(N_TERMS, 5)
    fits = {
        "mlp": GOTermClassifier(hidden_layer_sizes=(16,), **short).fit(X, y),
        "isda": GOTermClassifier(hidden_layer_sizes=(16,), loss="isda", **short).fit(X, y),
        "tale": TALEClassifier(**small, **short).fit(sequences, y),
        "attention": LabelAttentionClassifier(
            n_hidden=8, head_size=4, term_vectors=vectors, **short
        ).fit(X, y),
    }
    return {kind: records(fit.history_) for kind, fit in fits.items()}


def train_gans(**options):
    """Train a GAN from noise and one from relatives: {start: what its checks recorded}."""
    X, y, _ = proteins()
    found = {}
    for start in ("noise", "relative"):
        gan = ConditionalGAN(
            generate_from=start, random_state=0, auxiliary_weight=0.5, batch_size=9
        )
        gan.set_params(**GAN | options).fit(X, y)
        found[start] = records(gan.history_)
    return found


def records(history):
    """The numbers of each record of a history, which is a list or a table."""
    table = history if isinstance(history, list) else history.to_dict("records")
    return [list(record.values()) for record in table]


@contextlib.contextmanager
def in_double():
    """Train GANs in float64, where rounding does not hide or feign a difference."""
    vectors, to_float = _training.training_vectors, torch.Tensor.float
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    _training.training_vectors = lambda *args: vectors(*args).double()
    try:
        yield
    finally:
        _training.training_vectors, torch.Tensor.float = vectors, to_float
        torch.set_default_dtype(torch.float32)


def train_exactly():
    with in_double():
        return train_gans(validation_fraction=0.0)


def told(function, *args):
    """Call what must fail in every process, and give all their errors."""
    try:
        function(*args)
    except (ProcessError, FileNotFoundError) as error:
        return hear_all(f"{type(error).__name__}: {error}")
    return hear_all(None)


def fit_on_other_data():
    X, y, _ = proteins()
    GOTermClassifier(hidden_layer_sizes=(4,), max_epochs=1, random_state=0).fit(X + rank(), y)


def own_rows(n_rows, n_parts):
    """The rows that each process has of a batch, where they count."""
    share = share_batch(n_rows, n_parts)
    chunks = torch.arange(n_rows).chunk(n_parts)
    parts = [p.own(chunk) for p, chunk in zip(share.parts, chunks, strict=True) if p.weight]
    return hear_all(torch.cat([torch.zeros(0, dtype=torch.int64), *parts]).tolist())


def weights_without_a_seed():
    X, y, _ = proteins()
    model = GOTermClassifier(hidden_layer_sizes=(4,), max_epochs=2, batch_size=20).fit(X, y)
    return hear_all(hash_state(model.network_.state_dict()))


def train_with_checkpoint(folder):
    X, y, _ = proteins()
    gan = ConditionalGAN(random_state=0, callbacks=[Checkpoint(folder)]).set_params(**GAN)
    return records(gan.fit(X, y).history_)


def train_sampler(cafa, out):
    from protimb.cli import app

    words = ["train-sampler", "--out", str(out), "--data", str(cafa), "--min-proteins", "5"]
    words += ["--hold-out", "0.3", "--sampling-strategy", "30", "--updates", "4", "--verbose", "0"]
    params = {"check_every": 2, "backbone__n_hidden": 8, "n_latent": 4}
    for name, value in (params | {"quality_filter": None, "guard": None}).items():
        words += ["--param", f"{name}={value}"]
    app(words, standalone_mode=False)


def work(folder, cafa):
    """Do all that tests ask of several processes; the first writes down what was found."""
    warnings.simplefilter("ignore", ProtimbWarning)
    folder = Path(folder)
    found = {"exact": train_exactly(), "trained": train_all(), "gans": train_gans(max_updates=2)}
    found["saved"] = train_with_checkpoint(folder / "checkpoint")
    found["other data"] = told(fit_on_other_data)
    missing = folder / "there"
    if is_first():
        missing.write_text("something")
    hear_all(None)
    found["missing"] = told(in_each, (missing if is_first() else folder / "no").read_text)
    found["first fails"] = told(from_first, (folder / "no").read_text)
    found["unseeded"] = weights_without_a_seed()
    found["again"] = train_gans(max_updates=2)
    found["rows"] = {f"{n},{p}": own_rows(n, p) for n in (1, 2, 5, 23) for p in (1, 3)}
    train_sampler(cafa, folder / "run")
    if is_first():
        (folder / f"found_{n_processes()}.json").write_text(json.dumps(found))


def work_in_ranks(n_ranks, port, *words):
    """Work in several processes, told by the environment as launchers tell."""

    def work_as(number):
        told = {"WORLD_SIZE": n_ranks, "RANK": number, "LOCAL_RANK": number}
        told |= {"LOCAL_WORLD_SIZE": n_ranks, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in told.items()})
        work(*words)

    children = [fork(work_as, number) for number in range(int(n_ranks))]
    sys.exit(max(os.waitpid(child, 0)[1] for child in children) != 0)


def torchrun(*words):
    """Launch as torchrun does; its processes are forks, too: imports are shared."""
    from torch.distributed.run import main

    # Processes that are no forks start without the launcher's handlers.
    os.register_at_fork(after_in_child=handle_signals_as_python_does)
    main(["--start-method", "fork", "--run-path", *words])


def handle_signals_as_python_does():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def fork(function, *args):
    """Call a function in a fork, whose exit status tells whether it failed; gives its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        function(*args)
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        os._exit(status)


def serve():
    """Fork for each line read, a list of words as JSON: what to call, where it prints, arguments.

    The number of the fork is printed when it begins, and its status when it has ended.
    """
    for module in ("protimb.cli", "protimb.runs", *LATE):
        importlib.import_module(module)
    for line in sys.stdin:
        name, path, *words = json.loads(line)
        child = fork(call, name, path, words)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def call(name, path, words):
    printed = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.dup2(printed, sys.stdout.fileno())
    os.dup2(printed, sys.stderr.fileno())
    {"work": work_in_ranks, "torchrun": torchrun}[name](*words)


if __name__ == "__main__":
    serve()
