"""Names of a user's data are drawn as they are spelled, whatever they hold."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from protimb.plotting import EmbeddingMapDisplay, LabelImbalanceDisplay, TrainingHistoryDisplay

ODD = "costs $5 and $\\frac$ more"


def drawn(display):
    """Draw, and give all words that a picture holds as formulas."""
    display.figure_.canvas.draw()
    texts = display.figure_.findobj(plt.Text)
    assert any(ODD in text.get_text() for text in texts)
    plt.close(display.figure_)


@pytest.mark.parametrize("named", ["map", "history", "legend"])
def test_a_dollar_starts_no_formula(named):
    points = pd.DataFrame({"x": [0.0, 1], "y": [0.0, 1], "term": [ODD, ""], "kind": "real"})
    made = {
        "map": lambda: EmbeddingMapDisplay(points, method="pca").plot(),
        "history": lambda: TrainingHistoryDisplay(pd.DataFrame({ODD: [1.0, 2.0]})).plot(),
        "legend": lambda: LabelImbalanceDisplay.from_labels(
            np.eye(3, dtype=int), np.ones((3, 3), dtype=int)
        ).plot(name=ODD),
    }
    drawn(made[named]())


def test_powers_of_ten_at_ticks_stay_formulas():
    display = LabelImbalanceDisplay.from_labels(np.ones((50, 4), dtype=int)).plot()
    display.figure_.canvas.draw()
    ticks = [text for text in display.ax_.get_yticklabels() if text.get_text()]
    assert ticks
    assert all(text.get_parse_math() for text in ticks if "$" in text.get_text())
    plt.close(display.figure_)
