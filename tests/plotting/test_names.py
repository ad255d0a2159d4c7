"""Names of a user's data are drawn as they are: no dollar in them starts a formula."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from protimb.plotting import (
    EmbeddingMapDisplay,
    FrequencyBinDisplay,
    LabelImbalanceDisplay,
    NeighborDisplay,
    TrainingHistoryDisplay,
)
from protimb.plotting._style import literal

ODD = "$\\frac$ \\$x$ \x1b[31m"


def rows():
    rng = np.random.RandomState(0)
    return rng.normal(size=(30, 6)), np.repeat([[1, 0], [0, 1], [0, 0]], 10, axis=0)


def a_map():
    X, y = rows()
    options = {"terms": {0: ODD}, "method": "pca"}
    return EmbeddingMapDisplay.from_vectors(X, y, X[:5], y[:5], **options)


def bins():
    row = {"arm": ODD, "bin": ODD, "estimate": 0.2, "low": 0.1, "high": 0.3, "n_terms": 7}
    return FrequencyBinDisplay(pd.DataFrame([row]))


def neighbours():
    X, y = rows()
    return NeighborDisplay.from_vectors(X, y, X[:5], y[:5], term=0, name=ODD)


DRAWN = {
    "map": lambda ax: a_map().plot(ax),
    "bins": lambda ax: bins().plot(ax),
    "imbalance": lambda ax: LabelImbalanceDisplay([9, 3, 1], [9, 5, 4]).plot(ax, name=ODD),
    "neighbours": lambda ax: neighbours().plot(ax),
    "history": lambda ax: TrainingHistoryDisplay(pd.DataFrame({"epoch": [1], ODD: [2.0]})).plot(ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_any_name_can_be_drawn(name):
    figure = Figure()
    DRAWN[name](figure.subplots())
    figure.savefig(io.BytesIO(), format="png")  # a formula that is none would end it here


def test_a_name_is_shown_sign_by_sign():
    from matplotlib.text import Text

    text = Text(text=literal("50 $ to $x$ \\$y a\udcff"))
    assert text._preprocess_math(text.get_text()) == ("50 $ to $x$ \\$y a\\udcff", False)
