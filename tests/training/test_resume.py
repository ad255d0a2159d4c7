"""Interrupted after any step and resumed equals uninterrupted, bit for bit."""

import copy
import inspect
import json
import subprocess
import sys

import pytest
import torch

from protimb.exceptions import ArtifactError
from protimb.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    PenaltyGuard,
    ShuffledBatches,
    TrainingLoop,
    WeightedBatches,
    build_schedule,
    load_state,
    save_state,
)

N_ROWS = 10


class NoisyRegression:
    """Linear regression with input noise of its own, Adam and a learning-rate schedule."""

    def __init__(self, n_features=3, seed=0):
        self.rng = torch.Generator().manual_seed(seed)
        self.X = torch.randn(N_ROWS, n_features, generator=self.rng)
        self.target = self.X.sum(dim=1)
        self.weight = torch.zeros(n_features, requires_grad=True)
        self.optimizer = torch.optim.Adam([self.weight], lr=0.1)
        self.schedule = build_schedule("cosine", self.optimizer, 12)

    def train_batch(self, rows):
        noise = torch.randn(len(rows), self.X.shape[1], generator=self.rng)
        loss = ((self.X[rows] + 0.1 * noise) @ self.weight - self.target[rows]).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        return {"loss": loss.detach(), "penalty": self.weight.detach().norm()}

    def valid_batch(self):
        with torch.no_grad():
            return {"valid_loss": float((self.X @ self.weight - self.target).square().mean())}

    def state_dict(self):
        return {
            "weight": self.weight.detach(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "rng": self.rng.get_state(),
        }

    def load_state_dict(self, state):
        if state["weight"].shape != self.weight.shape:
            raise RuntimeError("size mismatch for weight")
        with torch.no_grad():
            self.weight.copy_(state["weight"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.rng.set_state(state["rng"])


class Interrupt(Callback):
    """Save to a folder after one step, and stop there as a killed process would."""

    runs_last = True

    def __init__(self, after, folder):
        self.after = after
        self.folder = folder

    def on_batch_end(self, loop, losses):
        if loop.n_steps == self.after:
            save_state(self.folder, loop.state_dict())
            raise KeyboardInterrupt


def shuffled():
    return ShuffledBatches(N_ROWS, 4, torch.Generator().manual_seed(7))


def weighted():
    weights = torch.arange(1.0, N_ROWS + 1)
    return WeightedBatches(weights, 4, 3, torch.Generator().manual_seed(7))


def listed():
    return [torch.tensor([0, 1]), torch.tensor([2, 3]), torch.tensor([4, 9])]


def new_loop(batches, *callbacks, step=None, **limits):
    step = step or NoisyRegression()
    return TrainingLoop(step, batches, callbacks=callbacks, **(limits or {"max_epochs": 4}))


def outcome(loop):
    state = loop.step.state_dict()
    moments = {k: v.tolist() for k, v in state["optimizer"]["state"][0].items()}
    return loop.history, loop.n_rows, state["weight"].tolist(), moments, state["rng"].tolist()


@pytest.mark.parametrize("make_batches", [shuffled, weighted, listed])
@pytest.mark.parametrize("after", range(1, 13))
def test_a_run_resumed_after_any_step_equals_one_that_was_never_interrupted(
    make_batches, after, tmp_path
):
    """Case 75."""
    whole = new_loop(make_batches()).run()
    with pytest.raises(KeyboardInterrupt):
        new_loop(make_batches(), Interrupt(after, tmp_path)).run()
    resumed = new_loop(make_batches(), step=NoisyRegression(seed=99))
    resumed.step.X, resumed.step.target = whole.step.X, whole.step.target
    state, _ = load_state(tmp_path)
    resumed.load_state_dict(state)
    assert resumed.n_steps == after
    assert outcome(resumed.run()) == outcome(whole)


# Children train from the latest checkpoint until they are killed at a random moment, the next goes
# on from there, and the last one writes what came out. The parent only forks and kills.
KILLED_AGAIN_AND_AGAIN = """
import json, os, random, signal, sys, time, traceback
import torch
from protimb.training import (
    Callback, Checkpoint, ShuffledBatches, TrainingLoop, build_schedule, load_state
)

N_ROWS = 10
{step}

folder, outcome = sys.argv[1], sys.argv[2]
random.seed(0)

class Pause(Callback):
    def on_batch_end(self, loop, losses):
        time.sleep(0.002)  # 12 batches outlast the first child's time, however fast the disk

def train():
    batches = ShuffledBatches(N_ROWS, 4, torch.Generator().manual_seed(7))
    checkpoint = Checkpoint(folder, every_n_steps=1)
    loop = TrainingLoop(NoisyRegression(), batches, max_epochs=4, callbacks=[Pause(), checkpoint])
    if os.path.exists(os.path.join(folder, "manifest.json")):
        loop.load_state_dict(load_state(folder)[0])
    loop.run()
    with open(outcome, "w") as file:
        json.dump([loop.history, loop.step.weight.tolist()], file)

NoisyRegression().train_batch(torch.arange(4))  # torch's first step loads much; once will do
n_kills = 0
while True:
    child = os.fork()
    if child == 0:
        try:
            train()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)  # at once: torch takes its time to leave
    # The first gets too little for the fastest machine, later ones enough for the slowest.
    time.sleep(random.uniform(0, 0.01) * 1.5**n_kills)
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        break
    n_kills += 1
assert status == 0, "training failed"
print(n_kills)
"""


def test_a_run_that_is_killed_again_and_again_ends_as_if_it_never_was(tmp_path):
    """Cases 67 and 75."""
    step = inspect.getsource(NoisyRegression)
    script = KILLED_AGAIN_AND_AGAIN.replace("{step}", step)
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run"), str(tmp_path / "outcome.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 0
    whole = new_loop(shuffled()).run()
    history, weight = json.loads((tmp_path / "outcome.json").read_text(encoding="utf-8"))
    assert history == whole.history
    assert weight == whole.step.weight.tolist()


@pytest.mark.parametrize("after", range(1, 9))
def test_a_step_limit_inside_an_epoch_is_met_by_a_resumed_run_too(after, tmp_path):
    """Case 75."""
    whole = new_loop(shuffled(), max_steps=8).run()
    with pytest.raises(KeyboardInterrupt):
        new_loop(shuffled(), Interrupt(after, tmp_path), max_steps=8).run()
    resumed = new_loop(shuffled(), max_steps=8)
    resumed.load_state_dict(load_state(tmp_path)[0])
    assert outcome(resumed.run()) == outcome(whole)
    assert [record["n_steps"] for record in resumed.history] == [3, 6, 8]


@pytest.mark.parametrize("after", range(1, 13))
def test_early_stopping_remembers_its_best_epoch_across_a_resume(after, tmp_path):
    def stopping():  # no improvement is enough after the first epoch: the second ends training
        return EarlyStopping(patience=2, min_delta=0.5)

    whole = new_loop(shuffled(), whole_stopping := stopping()).run()
    try:
        new_loop(shuffled(), stopping(), Interrupt(after, tmp_path)).run()
    except KeyboardInterrupt:
        resumed = new_loop(shuffled(), resumed_stopping := stopping())
        resumed.load_state_dict(load_state(tmp_path)[0])
        assert outcome(resumed.run()) == outcome(whole)
        assert resumed_stopping.best_epoch_ == whole_stopping.best_epoch_
    else:
        assert after > whole.n_steps


def test_a_checkpoint_after_an_epoch_holds_what_callbacks_after_it_learned(tmp_path):
    stopping = EarlyStopping(patience=9)
    new_loop(shuffled(), Checkpoint(tmp_path), stopping, max_epochs=1).run()
    saved = load_state(tmp_path)[0]["callbacks"]
    assert [c["state"]["best_epoch_"] for c in saved if c["name"] == "EarlyStopping"] == [1]


def test_a_finished_run_can_be_resumed_for_more_epochs(tmp_path):
    whole = new_loop(shuffled(), max_epochs=4).run()
    new_loop(shuffled(), Checkpoint(tmp_path), max_epochs=2).run()
    longer = new_loop(shuffled(), max_epochs=4)
    longer.load_state_dict(load_state(tmp_path)[0])
    assert outcome(longer.run()) == outcome(whole)


def test_an_epoch_cut_short_by_a_step_limit_is_over_for_a_longer_run_too(tmp_path):
    new_loop(shuffled(), Checkpoint(tmp_path), max_steps=4).run()
    longer = new_loop(shuffled(), max_steps=8)
    longer.load_state_dict(load_state(tmp_path)[0])
    assert [record["n_steps"] for record in longer.run().history] == [3, 4, 7, 8]


def test_a_finished_run_resumed_as_it_was_changes_nothing(tmp_path):
    whole = new_loop(shuffled(), Checkpoint(tmp_path)).run()
    again = new_loop(shuffled())
    again.load_state_dict(load_state(tmp_path)[0])
    assert outcome(again.run()) == outcome(whole)


def test_a_loop_leaves_the_state_that_it_loads_alone():
    loop = new_loop(shuffled(), max_epochs=1).run()
    state = copy.deepcopy(loop.state_dict())
    before = state["step"]["weight"].tolist()
    for _ in range(2):
        resumed = new_loop(shuffled(), max_epochs=2)
        resumed.load_state_dict(state)
        resumed.run()
    assert state["step"]["weight"].tolist() == before
    assert len(state["history"]) == 1


def test_each_of_two_callbacks_of_one_class_gets_its_own_state():
    first, second = PenaltyGuard(1e9), PenaltyGuard(1e9)
    loop = new_loop(shuffled(), first, second, max_epochs=1).run()
    first.n_above_, second.n_above_ = 1, 2
    state = copy.deepcopy(loop.state_dict())
    resumed = new_loop(shuffled(), PenaltyGuard(1e9), guard := PenaltyGuard(1e9), max_epochs=1)
    resumed.load_state_dict(state)
    resumed.run()
    assert guard.n_above_ == 2


def test_batches_of_other_data_are_refused():
    """Case 72."""
    state = new_loop(shuffled(), max_epochs=1).run().state_dict()
    other = new_loop(ShuffledBatches(N_ROWS + 1, 4, torch.Generator()))
    with pytest.raises(ArtifactError, match=r"'n_rows': 10.*'n_rows': 11.*same data"):
        other.load_state_dict(state)


def test_networks_of_another_width_are_refused():
    """Case 72."""
    state = new_loop(shuffled(), max_epochs=1).run().state_dict()
    other = new_loop(shuffled(), step=NoisyRegression(n_features=4))
    with pytest.raises(ArtifactError, match="does not fit these networks: size mismatch"):
        other.load_state_dict(state)


def test_something_else_than_a_training_state_is_refused():
    with pytest.raises(ArtifactError, match="lacks batches"):
        new_loop(shuffled()).load_state_dict({"step": {}})


def test_a_step_without_state_cannot_take_one():
    class Stateless:
        def train_batch(self, rows):
            return {"loss": torch.tensor(1.0)}

    state = new_loop(shuffled(), max_epochs=1).run().state_dict()
    with pytest.raises(ArtifactError, match="only one has a step with a state"):
        TrainingLoop(Stateless(), shuffled(), max_epochs=1).load_state_dict(state)
