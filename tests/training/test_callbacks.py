"""Early stopping and the penalty's guard on scripted values; the bar's text; TensorBoard."""

import copy
import math
import sys
import warnings

import pytest
import torch

from protimb.exceptions import MissingExtraError, PenaltyWarning, TrainingDiverged
from protimb.training import (
    EarlyStopping,
    PenaltyGuard,
    ProgressBar,
    TensorBoard,
    TrainingLoop,
)


class ScriptedStep:
    """Plays a list of validation losses; its weight is the number of the epoch."""

    def __init__(self, losses):
        self.losses = losses
        self.weight = 0

    def train_batch(self, rows):
        self.weight += 1
        return {"loss": torch.tensor(0.5)}

    def valid_batch(self):
        return {"valid_loss": self.losses[self.weight - 1]}

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"]


def run(losses, callback):
    step = ScriptedStep(losses)
    loop = TrainingLoop(step, [torch.tensor([0])], max_epochs=len(losses), callbacks=[callback])
    return step, loop.run()


def test_training_stops_after_patience_and_returns_to_the_best_epoch():
    stopping = EarlyStopping(patience=2)
    step, loop = run([3, 1, 2, 4, 0], stopping)
    assert len(loop.history) == 4
    assert stopping.best_epoch_ == 2
    assert step.weight == 2


def test_an_improvement_starts_patience_anew():
    _, loop = run([5, 6, 4, 6, 3, 6, 6, 0], EarlyStopping(patience=2))
    assert len(loop.history) == 7


def test_the_best_weights_return_also_when_time_runs_out():
    step, _ = run([3, 1, 2], EarlyStopping(patience=9))
    assert step.weight == 2


def test_mode_max_prefers_larger_values():
    step, _ = run([1, 3, 2], EarlyStopping(patience=9, mode="max"))
    assert step.weight == 2


def test_changes_up_to_min_delta_do_not_count():
    step, loop = run([1.0, 0.95, 0.9, 0.5], EarlyStopping(patience=2, min_delta=0.2))
    assert len(loop.history) == 3
    assert step.weight == 1


def test_a_loss_that_is_nan_is_no_improvement():
    step, _ = run([2, float("nan"), 3], EarlyStopping(patience=9))
    assert step.weight == 1


def test_a_second_run_forgets_the_first():
    stopping = EarlyStopping(patience=9)
    run([0, 1], stopping)
    step, _ = run([5, 4], stopping)
    assert step.weight == 2


def test_an_unknown_monitor_is_named_with_what_there_is():
    with pytest.raises(KeyError, match=r"'accuracy'.*epoch, n_steps, loss, valid_loss"):
        run([1], EarlyStopping("accuracy"))


def test_any_recorded_quality_can_choose_the_best_epoch():
    class WithDistance(ScriptedStep):
        def valid_batch(self):
            return {"frechet": self.losses[self.weight - 1]}

    step = WithDistance([3.0, 1.0, 2.0])
    stopping = EarlyStopping("frechet", patience=math.inf)
    loop = TrainingLoop(step, [torch.tensor([0])], max_epochs=3, callbacks=[stopping])
    assert len(loop.run().history) == 3
    assert step.weight == 2


@pytest.mark.parametrize("callback", [EarlyStopping("loss"), PenaltyGuard()])
def test_a_callback_that_goes_back_needs_a_step_with_a_state(callback):
    class Stateless:
        def train_batch(self, rows):
            return {"loss": torch.tensor(1.0)}

    loop = TrainingLoop(Stateless(), [torch.tensor([0])], max_epochs=1, callbacks=[callback])
    with pytest.raises(TypeError, match="Stateless has no state_dict"):
        loop.run()


class PenalisedStep(ScriptedStep):
    """Plays a list of penalties."""

    def train_batch(self, rows):
        self.weight += 1
        return {"penalty": torch.tensor(float(self.losses[self.weight - 1]))}

    def valid_batch(self):
        return {}


def guarded(penalties, **settings):
    step = PenalisedStep(penalties)
    guard = PenaltyGuard(10.0, **settings)
    loop = TrainingLoop(step, [torch.tensor([0])], max_epochs=len(penalties), callbacks=[guard])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop.run()
    assert all(issubclass(w.category, PenaltyWarning) for w in caught)
    return step, loop, [str(w.message) for w in caught]


def test_a_penalty_that_runs_away_warns_then_stops_at_the_weights_before_it():
    """Case 23."""
    step, loop, told = guarded([1, 2, 50, 60, 70, 80], patience=3)
    assert len(loop.history) == 5
    assert step.weight == 2
    assert len(told) == 2
    assert "penalty is 50 in epoch 3, above 10. Lower lr" in told[0]
    assert "for 3 epochs: training stops" in told[1]


def test_a_penalty_that_comes_back_only_warns():
    """Case 23."""
    step, loop, told = guarded([1, 50, 60, 1, 1], patience=3)
    assert len(loop.history) == 5
    assert step.weight == 5
    assert len(told) == 1


def test_a_guard_leaves_diverged_training_to_the_loop():
    """Case 24: the last epoch below the threshold may have ended in infinite weights."""
    step = PenalisedStep([1, 1, math.nan])
    loop = TrainingLoop(step, [torch.tensor([0])], max_epochs=3, callbacks=[PenaltyGuard()])
    with pytest.raises(TrainingDiverged):
        loop.run()
    assert step.weight == 1


def test_a_healthy_penalty_is_left_alone():
    step, _, told = guarded([1, 9, 10])
    assert (step.weight, told) == (3, [])


def test_training_that_runs_out_above_the_threshold_goes_back_too():
    step, _, _ = guarded([1, 2, 50], patience=9)
    assert step.weight == 2


def test_a_penalty_above_the_threshold_from_the_start_leaves_no_weights_to_go_back_to():
    step, loop, told = guarded([50, 50, 50], patience=2)
    assert len(loop.history) == 2
    assert step.weight == 2
    assert len(told) == 2


def test_a_guard_of_a_value_that_is_not_recorded_says_so():
    with pytest.raises(KeyError, match=r"PenaltyGuard monitors 'penalty'.*loss, valid_loss"):
        run([1], PenaltyGuard())


def test_the_bar_counts_planned_steps_and_shows_losses(capsys):
    run([0.25, 0.125], ProgressBar("toy"))
    shown = capsys.readouterr().err
    assert "toy: 100%" in shown
    assert "2/2" in shown
    assert "loss=0.5, valid_loss=0.125" in shown


def test_the_bar_tells_rows_a_second_and_the_time_left(capsys, monkeypatch):
    clock = iter([0.0, 2.0, 4.0])
    monkeypatch.setattr("protimb.training._callbacks.time.perf_counter", lambda: next(clock))
    loop = TrainingLoop(
        ScriptedStep([1, 1]),
        [torch.arange(5000)],
        max_epochs=2,
        callbacks=[ProgressBar("toy")],
    )
    loop.run()
    shown = capsys.readouterr().err
    assert "samples/s=2.5k" in shown.replace("2.50k", "2.5k")
    assert "<00:00" in shown


def test_the_bar_of_a_resumed_run_starts_where_it_goes_on(capsys):
    _, first = run([0.25, 0.125], EarlyStopping(patience=9))
    resumed = TrainingLoop(
        ScriptedStep([0.25, 0.125, 0.1, 0.1]),
        [torch.tensor([0])],
        max_epochs=4,
        callbacks=[ProgressBar("toy")],
    )
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))
    resumed.run()
    shown = capsys.readouterr().err
    assert "2/4" in shown
    assert "4/4" in shown


def test_callbacks_can_be_copied_after_a_run(tmp_path):
    for callback in (ProgressBar(), TensorBoard(tmp_path), EarlyStopping()):
        run([1.0], callback)
        copy.deepcopy(callback)


def read_scalars(log_dir):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(log_dir)).Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in tags}


def test_tensorboard_reads_back_each_epochs_values(tmp_path):
    run([0.25, 0.125], TensorBoard(tmp_path))
    assert read_scalars(tmp_path) == {
        "train/loss": [(1, 0.5), (2, 0.5)],
        "train/valid_loss": [(1, 0.25), (2, 0.125)],
    }


def test_a_resumed_run_hides_the_curve_behind_its_start(tmp_path):
    _, first = run([0.5, 0.25], TensorBoard(tmp_path))
    state = copy.deepcopy(first.state_dict())
    run([0.5, 0.25, 9.0, 9.0], TensorBoard(tmp_path))  # went on to epochs that are to be redone
    resumed = TrainingLoop(
        ScriptedStep([0.5, 0.25, 0.125]),
        [torch.tensor([0])],
        max_epochs=3,
        callbacks=[TensorBoard(tmp_path)],
    )
    resumed.load_state_dict(state)
    resumed.run()
    curve = dict(read_scalars(tmp_path)["train/valid_loss"])
    assert curve == {1: 0.5, 2: 0.25, 3: 0.125}


def test_tensorboard_says_which_extra_brings_it(tmp_path, monkeypatch):
    """Case 78."""
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'protimb\[tensorboard\]'"):
        TensorBoard(tmp_path)
