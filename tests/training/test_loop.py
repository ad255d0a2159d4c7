"""The loop over a step that only counts."""

import math
import pickle
import weakref

import pytest
import torch

from protimb.exceptions import DeviceMemoryError, TrainingDiverged
from protimb.training import Callback, TrainingLoop

BATCHES = [torch.tensor([0, 1]), torch.tensor([2, 3]), torch.tensor([4])]


class CountingStep:
    """Its loss is the number of the step; ``bad`` maps a step to another loss."""

    def __init__(self, bad=None):
        self.bad = bad or {}
        self.rows = []

    def train_batch(self, rows):
        self.rows += rows.tolist()
        n_steps = len(self.rows)
        return {"loss": torch.tensor(self.bad.get(n_steps, float(n_steps)))}


class ValidatedStep(CountingStep):
    def valid_batch(self):
        return {"valid_loss": 1 / len(self.rows)}


class WeightedStep(CountingStep):
    """Its weight, a list of one number, is the number of the step."""

    def __init__(self, bad=None):
        super().__init__(bad)
        self.weight = [0]

    def train_batch(self, rows):
        self.weight[0] += 1
        return super().train_batch(rows)

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"]


class Diary(Callback):
    def __init__(self):
        self.events = []

    def on_train_begin(self, loop):
        self.events.append("begin")

    def on_epoch_begin(self, loop):
        self.events.append("epoch")

    def on_batch_end(self, loop, losses):
        self.events.append(loop.n_steps)

    def on_epoch_end(self, loop, record):
        self.events.append(record["n_steps"])

    def on_train_end(self, loop):
        self.events.append("end")


def test_a_callback_that_cannot_begin_leaves_no_other_open():
    class Broken(Callback):
        def on_train_begin(self, loop):
            raise OSError("no room for logs")

    watch, later = Diary(), Diary()
    loop = TrainingLoop(CountingStep(), BATCHES, max_epochs=1, callbacks=[watch, Broken(), later])
    with pytest.raises(OSError, match="no room"):
        loop.run()
    assert watch.events == ["begin", "end"]
    assert later.events == []


def test_each_epoch_visits_every_batch_in_order():
    step = CountingStep()
    TrainingLoop(step, BATCHES, max_epochs=2).run()
    assert step.rows == [0, 1, 2, 3, 4] * 2


def test_history_holds_the_mean_loss_of_each_epoch():
    loop = TrainingLoop(CountingStep(), [torch.tensor([0])] * 3, max_epochs=2).run()
    assert loop.history == [
        {"epoch": 1, "n_steps": 3, "loss": 2.0},
        {"epoch": 2, "n_steps": 6, "loss": 5.0},
    ]


def test_a_step_limit_cuts_an_epoch_short_and_records_it():
    loop = TrainingLoop(CountingStep(), BATCHES, max_steps=4).run()
    assert [record["n_steps"] for record in loop.history] == [3, 4]


def test_the_nearer_of_two_limits_counts():
    assert TrainingLoop(CountingStep(), BATCHES, max_epochs=1, max_steps=9).run().n_steps == 3
    assert TrainingLoop(CountingStep(), BATCHES, max_epochs=9, max_steps=2).run().n_steps == 2


def test_validation_values_join_the_record():
    loop = TrainingLoop(ValidatedStep(), BATCHES, max_epochs=1).run()
    assert loop.history[0]["valid_loss"] == 1 / 5


def test_hooks_run_in_order():
    diary = Diary()
    TrainingLoop(CountingStep(), BATCHES, max_steps=4, callbacks=[diary]).run()
    assert diary.events == ["begin", "epoch", 1, 2, 3, 3, "epoch", 4, 4, "end"]


def test_a_callback_stops_training_after_its_epoch():
    class StopAtOnce(Callback):
        def on_batch_end(self, loop, losses):
            loop.stop_requested = True

    loop = TrainingLoop(CountingStep(), BATCHES, max_epochs=9, callbacks=[StopAtOnce()]).run()
    assert loop.n_steps == 3


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_divergence_names_the_first_bad_step(loss):
    """Case 24."""
    step = CountingStep(bad={5: loss, 6: loss})
    with pytest.raises(TrainingDiverged, match="step 5") as caught:
        TrainingLoop(step, [torch.tensor([0])] * 3, max_epochs=4).run()
    assert caught.value.step == 5


def diverge(step, n_batches, **limits):
    with pytest.raises(TrainingDiverged) as caught:
        TrainingLoop(step, [torch.tensor([0])] * n_batches, max_epochs=9, **limits).run()
    return caught.value


def test_divergence_puts_the_weights_of_the_last_finite_epoch_back():
    """Case 24."""
    step = WeightedStep(bad={8: math.nan})
    error = diverge(step, 3)
    assert error.last_finite == {"n_steps": 6, "state": {"weight": [6]}}
    assert step.weight == [6]
    step.weight[0] = 99
    assert error.last_finite["state"] == {"weight": [6]}


def test_weights_whose_very_next_loss_is_infinite_are_not_taken_for_finite():
    """Case 24: the last update of an epoch comes after its last loss."""
    step = WeightedStep(bad={7: math.inf})
    assert diverge(step, 3).last_finite["n_steps"] == 3
    assert step.weight == [3]


@pytest.mark.parametrize("first_bad", [1, 2])
def test_divergence_in_the_first_epoch_goes_back_to_the_start(first_bad):
    """Case 24."""
    step = WeightedStep(bad={first_bad: math.nan})
    assert diverge(step, 3).last_finite["n_steps"] == 0
    assert step.weight == [0]


def test_a_step_without_state_diverges_with_nothing_to_go_back_to():
    assert diverge(CountingStep(bad={2: math.nan}), 1).last_finite is None


def test_the_error_crosses_processes_without_its_weights():
    error = diverge(WeightedStep(bad={8: math.nan}), 3)
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.step, copied.last_finite) == (str(error), 8, None)


class Exhausting(CountingStep):
    """Asks for too much memory in its third batch, or in validation."""

    def __init__(self, in_validation=False):
        super().__init__()
        self.in_validation = in_validation

    def train_batch(self, rows):
        self._use_memory(fail=len(self.rows) == 4 and not self.in_validation)
        return super().train_batch(rows)

    def valid_batch(self):
        self._use_memory(fail=self.in_validation)
        return {}

    def _use_memory(self, fail):
        activations = torch.zeros(3)
        self.held = weakref.ref(activations)
        if fail:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize(
    ("in_validation", "told"),
    [(False, "with a batch of 1 rows, after 2 steps"), (True, "in validation, after 3 steps")],
)
def test_a_device_out_of_memory_says_what_to_lower_and_lets_go(in_validation, told, monkeypatch):
    """Case 33."""
    step = Exhausting(in_validation)
    held_when_emptied = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: held_when_emptied.append(step.held()))
    with pytest.raises(DeviceMemoryError, match=f"{told}.*2.00 GiB.*Lower batch_size") as caught:
        TrainingLoop(step, BATCHES, max_epochs=1).run()
    assert held_when_emptied == [None]  # what the failed call held was free by then
    assert caught.value.__context__ is None
    assert isinstance(caught.value, MemoryError)


def test_a_callback_that_runs_last_is_called_after_the_others():
    order = []

    class First(Callback):
        def on_epoch_end(self, loop, record):
            order.append("first")

    class Last(Callback):
        runs_last = True

        def on_epoch_end(self, loop, record):
            order.append("last")

    TrainingLoop(CountingStep(), BATCHES, max_epochs=1, callbacks=[Last(), First()]).run()
    assert order == ["first", "last"]


def test_the_end_is_announced_also_after_an_interrupt():
    """Case 32."""

    class Interrupted(CountingStep):
        def train_batch(self, rows):
            raise KeyboardInterrupt

    diary = Diary()
    with pytest.raises(KeyboardInterrupt):
        TrainingLoop(Interrupted(), BATCHES, max_epochs=1, callbacks=[diary]).run()
    assert diary.events == ["begin", "epoch", "end"]


def test_an_epoch_without_batches_is_an_error():
    """Case 19: training that takes no step must not look like success."""
    with pytest.raises(ValueError, match="at least one batch"):
        TrainingLoop(CountingStep(), [], max_epochs=1).run()


def test_a_loop_without_an_end_is_refused():
    with pytest.raises(ValueError, match="max_epochs, max_steps or both"):
        TrainingLoop(CountingStep(), BATCHES)


@pytest.mark.parametrize(
    ("limits", "planned"),
    [
        ({"max_epochs": 4}, 12),
        ({"max_steps": 7}, 7),
        ({"max_epochs": 1, "max_steps": 7}, 3),
    ],
)
def test_planned_steps_are_the_steps_of_a_full_run(limits, planned):
    loop = TrainingLoop(CountingStep(), BATCHES, **limits)
    assert loop.n_steps_planned() == planned
    assert loop.run().n_steps == planned


def test_planned_steps_of_unsized_batches_are_unknown():
    assert TrainingLoop(CountingStep(), iter(BATCHES), max_epochs=1).n_steps_planned() is None


def test_what_is_no_callback_is_named_before_training():
    with pytest.raises(TypeError, match="callbacks holds 3, a int"):
        TrainingLoop(CountingStep(), BATCHES, max_epochs=1, callbacks=[3])
