"""Distributions of scores: shares, not counts, and a threshold between them."""

from types import SimpleNamespace

import numpy as np
import pytest

from protimb.plotting import QualityDisplay


@pytest.fixture
def scores():
    return {
        "cosine": ([0.5, 0.7, 0.9, np.nan], [0.1, 0.2, 0.6, 0.8, -np.inf], 0.55),
        "copies": ([1.0, 1.0], [1.0], None),
    }


def test_shares_below_the_threshold_leave_out_what_is_not_finite(scores):
    shares = QualityDisplay.from_report(SimpleNamespace(scores_=scores)).shares_below()
    assert shares["cosine"] == (pytest.approx(1 / 3), 0.5)
    assert np.isnan(shares["copies"]).all()


def test_each_property_has_a_panel_in_which_bars_add_up_to_one(scores):
    display = QualityDisplay(scores).plot()
    assert [one.get_xlabel() for one in display.axes_] == ["cosine", "copies"]
    for one in display.axes_:
        for bars in one.containers:
            assert sum(bar.get_height() for bar in bars) == pytest.approx(1)
    lines = display.axes_[0].get_lines()
    assert [line.get_xdata()[0] for line in lines] == [0.55]
    assert display.axes_[0].get_title() == "below: 33% of real, 50% of generated"
    assert not display.axes_[1].get_lines()


def test_axes_that_are_given_are_drawn_on():
    from matplotlib import pyplot as plt

    ax = plt.figure().subplots()
    display = QualityDisplay.from_arrays([1, 2], [], 1.5, name="bits").plot(ax)
    assert display.axes_[0] is ax
    assert display.figure_ is ax.figure


def test_more_properties_than_fit_beside_each_other_take_another_row():
    display = QualityDisplay({str(i): ([0.0], [1.0], 0.5) for i in range(5)}).plot()
    tops = {round(one.get_subplotspec().rowspan.start) for one in display.axes_}
    assert tops == {0, 1}
    assert sum(one.get_visible() for one in display.figure_.axes) == 5


def test_no_scores_are_an_error():
    with pytest.raises(ValueError, match="no scores"):
        QualityDisplay({})
