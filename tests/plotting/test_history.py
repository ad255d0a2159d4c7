"""Losses are drawn against the epoch that they are the mean of."""

import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from protimb.plotting import TrainingHistoryDisplay

RECORDS = [
    {"epoch": 1, "n_steps": 5, "critic_loss": -1.0, "generator_loss": 0.5},
    {"epoch": 2, "n_steps": 10, "critic_loss": -0.5, "generator_loss": 0.25},
]


def test_every_loss_is_a_line_over_epochs():
    display = TrainingHistoryDisplay(RECORDS).plot()
    drawn = {name: line.get_xydata().tolist() for name, line in display.lines_.items()}
    assert drawn == {
        "critic_loss": [[1, -1.0], [2, -0.5]],
        "generator_loss": [[1, 0.5], [2, 0.25]],
    }


def test_lines_are_named_in_words():
    display = TrainingHistoryDisplay(RECORDS).plot()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["critic loss", "generator loss"]


def test_a_loss_keeps_its_colour_when_others_are_left_out():
    display = TrainingHistoryDisplay(RECORDS)
    together = display.plot().lines_["generator_loss"].get_color()
    alone = display.plot(losses=["generator_loss"]).lines_["generator_loss"].get_color()
    assert together == alone


def test_history_may_be_a_frame_and_comes_from_an_estimator():
    display = TrainingHistoryDisplay.from_estimator(Trained().fit(RECORDS))
    assert display.losses == ["critic_loss", "generator_loss"]


def test_unfitted_estimator_has_no_history():
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(Trained())


def test_unknown_loss_is_named():
    with pytest.raises(ValueError, match=r"'penalty'.*critic_loss"):
        TrainingHistoryDisplay(RECORDS).plot(losses=["penalty"])


class Trained(BaseEstimator):
    """Keeps the records that it is fitted to as its history."""

    def fit(self, records):
        self.history_ = pd.DataFrame(records)
        return self
