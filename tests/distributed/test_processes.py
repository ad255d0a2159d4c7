"""Several processes learn what one does, and end together, over gloo."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import numpy as np
import process_work as work
import pytest
from cafa_runs import MEMBRANE, add_the_rest

import protimb.__main__
from protimb.exceptions import ProcessError
from protimb.gan import ConditionalGAN
from protimb.runs import Generated
from protimb.training import from_first, in_each, load_state
from protimb.utils._ranks import is_first, local_rank, n_processes


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Forks:
    """A Python that has imported what processes import, and forks for all that it is told."""

    def __init__(self):
        # Each works in one thread, and waits a minute for the others.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PROTIMB_TIMEOUT": "60"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.server = subprocess.Popen([sys.executable, work.__file__], env=environment, **pipes)

    def begin(self, *words):
        """Let a fork do what the first word says and print to what the second; its number."""
        print(json.dumps([*map(str, words)]), file=self.server.stdin, flush=True)
        return int(self.server.stdout.readline())

    def end(self):
        """Wait for the fork, and give its exit status."""
        patience = Timer(300, self.server.kill)
        patience.start()
        status = self.server.stdout.readline()
        patience.cancel()
        return int(status)


@pytest.fixture(scope="module")
def forks():
    forks = Forks()
    yield forks
    forks.server.communicate(timeout=60)


@pytest.fixture(scope="module")
def cafa(write_cafa, tmp_path_factory):
    return add_the_rest(write_cafa(tmp_path_factory.mktemp("data") / "cafa", MEMBRANE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("processes")


@pytest.fixture(scope="module")
def two(forks, folder, cafa):
    """What two processes found."""
    forks.begin("work", folder / "printed", 2, free_port(), folder, cafa)
    assert forks.end() == 0, (folder / "printed").read_text()[-4000:]
    return json.loads((folder / "found_2.json").read_text())


@pytest.fixture(scope="module")
def exact():
    return work.train_exactly()


def assert_close(found, expected, within):
    assert found.keys() == expected.keys()
    for kind in expected:
        np.testing.assert_allclose(found[kind], expected[kind], rtol=0, atol=within, err_msg=kind)


def test_two_processes_train_gans_as_one_does(two, exact):
    assert_close(two["exact"], exact, 1e-9)


def test_two_processes_train_classifiers_as_one_does(two):
    assert_close(two["trained"], work.train_all(), 1e-4)


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_in_single_precision_gans_begin_alike(two):
    assert_close(two["gans"], work.train_gans(max_updates=2), 1e-4)


@pytest.mark.parametrize("n_parts", [1, 3])
@pytest.mark.parametrize("n_rows", [1, 2, 5, 23])
def test_each_row_of_a_batch_has_one_process(two, n_rows, n_parts):
    mine, theirs = two["rows"][f"{n_rows},{n_parts}"]
    assert sorted(mine + theirs) == list(range(n_rows))
    assert abs(len(mine) - len(theirs)) <= n_parts


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_one_process_goes_on_with_a_checkpoint_of_two(two, folder):
    X, y, _ = work.proteins()
    state, _ = load_state(folder / "checkpoint")
    assert state["n_steps"] == work.GAN["max_updates"]
    gan = ConditionalGAN(random_state=0).set_params(**work.GAN | {"max_updates": 8})
    gan.fit(X, y, resume_from=folder / "checkpoint")
    saved = np.array(two["saved"])
    np.testing.assert_array_equal(np.array(work.records(gan.history_))[: len(saved)], saved)


def test_without_a_seed_processes_still_draw_alike(two):
    assert len(set(two["unseeded"])) == 1


def test_two_processes_give_the_same_bits_again(two):
    assert two["again"] == two["gans"]


def test_other_data_in_one_process_are_refused_in_all(two):
    assert len(two["other data"]) == 2
    for told in two["other data"]:
        assert told.startswith("ProcessError: Process 1 of 2")
        assert "X" in told


def test_a_file_that_one_process_lacks_ends_all(two):
    first, second = two["missing"]
    assert first.startswith("ProcessError: Not all processes could go on. process 1 of 2")
    assert "FileNotFoundError" in first
    assert second.startswith("FileNotFoundError")


def test_what_the_first_process_cannot_do_ends_all(two):
    first, second = two["first fails"]
    assert first.startswith("FileNotFoundError")
    assert second.startswith("ProcessError: The first process failed: FileNotFoundError")


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_two_processes_leave_the_run_that_one_leaves(two, folder, cafa):
    work.train_sampler(cafa, folder / "alone")
    names = {path.name for path in (folder / "run").iterdir()}
    assert names == {path.name for path in (folder / "alone").iterdir()}
    together, alone = (Generated.load(folder / name / "generated.npz") for name in ("run", "alone"))
    np.testing.assert_array_equal(together.ids, alone.ids)
    np.testing.assert_allclose(together.X, alone.X, atol=1e-4)
    np.testing.assert_array_equal(together.y.toarray(), alone.y.toarray())


def endless(cafa, out):
    """Words of a run that goes on until somebody ends it."""
    words = ["train-sampler", "--out", out, "--data", cafa, "--min-proteins", 5, "--verbose", 0]
    params = {"min_updates": 10**6, "check_every": 1, "n_latent": 4, "backbone__n_hidden": 8}
    for name, value in params.items():
        words += ["--param", f"{name}={value}"]
    return [*words, "--updates", 10**6]


def last_worker(launcher):
    """Find the last process that a launcher started."""
    tasks = Path(f"/proc/{launcher}/task").glob("*/children")
    return max(int(pid) for path in tasks for pid in path.read_text().split())


@pytest.mark.parametrize(
    "end",
    [
        lambda launcher: os.kill(last_worker(launcher), signal.SIGKILL),
        lambda launcher: os.kill(launcher, signal.SIGINT),
    ],
    ids=["a killed worker", "Ctrl-C"],
)
def test_a_run_that_is_cut_short_says_so_once_and_can_be_gone_on_with(end, forks, cafa, tmp_path):
    where = ["--nproc-per-node", 2, "--master-port", free_port(), protimb.__main__.__file__]
    launcher = forks.begin(
        "torchrun", tmp_path / "printed", *where, *endless(cafa, tmp_path / "run")
    )
    saved = tmp_path / "run" / "checkpoints" / "manifest.json"
    while not saved.exists() and Path(f"/proc/{launcher}").exists():
        time.sleep(0.1)
    end(launcher)
    assert forks.end() != 0
    printed = (tmp_path / "printed").read_text()
    said = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert len(said) == 1, printed
    assert "checkpoint" in said[0]
    state, _ = load_state(saved.parent)
    assert state["n_steps"] >= 1


def join_at(port, told):
    """Be the first of two processes where somebody else listens; tells what came of it."""
    os.environ.update({"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"})
    os.environ.update({"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "PROTIMB_TIMEOUT": "20"})
    try:
        from_first(max, 1, 2)
    except ProcessError as error:
        told.write_text(str(error))


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        child = multiprocessing.get_context("fork").Process(
            target=join_at, args=(port, tmp_path / "told")
        )
        child.start()
        child.join()
    told = (tmp_path / "told").read_text()
    assert f"could not join the others at 127.0.0.1:{port}" in told


def test_a_rank_s_own_children_are_no_ranks(monkeypatch):
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROTIMB_RANK_OWNER", str(os.getppid()))
    assert n_processes() == 1
    assert is_first()
    assert local_rank() == (0, 1)


def test_one_process_alone_calls_and_returns():
    assert from_first(max, 1, 2) == in_each(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        in_each(divmod, 1, 0)


def test_a_timeout_that_is_no_number_is_refused(monkeypatch):
    from protimb.training._processes import _patience

    monkeypatch.setenv("PROTIMB_TIMEOUT", "soon")
    with pytest.raises(ProcessError, match="PROTIMB_TIMEOUT='soon'"):
        _patience()
