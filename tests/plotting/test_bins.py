"""Markers stand at the estimates, bars reach from low to high, paired differences from zero."""

import numpy as np
import pandas as pd
import pytest

from protimb.plotting import FrequencyBinDisplay

COLUMNS = ["arm", "classifier", "metric", "estimate", "low", "high", "difference", "diff_low"]
TABLE = pd.DataFrame(
    [
        ("none", "mlp", "fmax", 0.9, 0.8, 1.0, 0.0, 0.0, 0.0, np.nan),
        ("none", "mlp", "AP <20", 0.2, 0.15, 0.3, 0.0, 0.0, 0.0, 7),
        ("none", "mlp", "AP 20-49", 0.4, 0.3, 0.5, 0.0, 0.0, 0.0, 9),
        ("none", "mlp", "AP 50-199", np.nan, np.nan, np.nan, 0.0, 0.0, 0.0, 0),
        ("ros", "mlp", "AP <20", 0.3, 0.2, 0.35, 0.1, 0.02, 0.2, 7),
        ("ros", "mlp", "AP 20-49", 0.3, 0.25, 0.4, -0.1, -0.15, 0.01, 9),
        ("ros", "mlp+knn", "AP <20", 0.5, 0.4, 0.6, 0.1, 0.02, 0.2, 7),
        ("knn", "alone", "AP <20", 0.6, 0.5, 0.7, 0.4, 0.3, 0.5, 7),
    ],
    columns=[*COLUMNS, "diff_high", "n_terms"],
)


def markers(display, arm):
    return display.containers_[arm].lines[0].get_ydata().tolist()


def bars(display, arm):
    segments = display.containers_[arm].lines[2][0].get_segments()
    return [segment[:, 1].round(6).tolist() for segment in segments]


def test_markers_and_bars_are_the_estimates_and_their_intervals():
    display = FrequencyBinDisplay.from_table(TABLE, classifier="mlp").plot()
    assert markers(display, "ros") == [0.3, 0.3]
    assert bars(display, "ros") == [[0.2, 0.35], [0.25, 0.4]]


def test_differences_leave_none_out_and_draw_zero():
    display = FrequencyBinDisplay.from_table(TABLE, value="difference").plot()
    assert markers(display, "ros") == [0.1, -0.1]
    assert bars(display, "ros") == [[0.02, 0.2], [-0.15, 0.01]]
    assert "none" not in display.containers_
    assert any(set(line.get_ydata()) == {0} for line in display.ax_.lines)


def test_bins_are_named_with_their_terms_and_empty_bins_are_left_out():
    display = FrequencyBinDisplay.from_table(TABLE).plot()
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert ticks == ["<20\n(7 terms)", "20-49\n(9 terms)"]


def test_neighbours_alone_are_drawn_beside_every_classifier():
    display = FrequencyBinDisplay.from_table(TABLE, classifier="mlp+knn")
    assert display.table["arm"].tolist() == ["ros", "knn"]


def test_neighbours_alone_differ_from_the_first_classifier_only():
    drawn = {
        name: FrequencyBinDisplay.from_table(TABLE, classifier=name, value="difference").table
        for name in ("mlp", "mlp+knn")
    }
    assert "knn" in set(drawn["mlp"]["arm"])
    assert "knn" not in set(drawn["mlp+knn"]["arm"])


def test_an_arm_has_one_colour_in_both_figures():
    colours = [
        FrequencyBinDisplay.from_table(TABLE, value=value).plot().containers_["ros"].lines[0]
        for value in ("estimate", "difference")
    ]
    assert colours[0].get_color() == colours[1].get_color()


def test_arms_of_a_bin_do_not_lie_on_one_another():
    display = FrequencyBinDisplay.from_table(TABLE).plot()
    places = [one.lines[0].get_xdata()[0] for one in display.containers_.values()]
    assert len(set(places)) == 3
    assert max(np.abs(places)) < 0.5


def test_unknown_classifier_and_value_are_named():
    with pytest.raises(ValueError, match=r"'tale'.*mlp"):
        FrequencyBinDisplay.from_table(TABLE, classifier="tale", value="difference")
    with pytest.raises(ValueError, match=r"estimate.*'ratio'"):
        FrequencyBinDisplay.from_table(TABLE, value="ratio")
