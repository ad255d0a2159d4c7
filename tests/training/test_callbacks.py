"""Early stopping on a scripted validation loss; the bar's text."""

import pytest
import torch

from protimb.training import EarlyStopping, ProgressBar, TrainingLoop


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


def test_the_bar_counts_planned_steps_and_shows_losses(capsys):
    run([0.25, 0.125], ProgressBar("toy"))
    shown = capsys.readouterr().err
    assert "toy: 100%" in shown
    assert "2/2" in shown
    assert "loss=0.5, valid_loss=0.125" in shown
