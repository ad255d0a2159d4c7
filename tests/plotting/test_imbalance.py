"""Term counts are drawn as they are, at the place of the term before resampling."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.plotting import LabelImbalanceDisplay

Y = np.array([[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 0, 0]])  # counts 4, 1, 2
Y_RESAMPLED = np.vstack([Y, [[1, 1, 0], [1, 1, 1]]])  # counts 6, 3, 3


def lines_of(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


def test_terms_are_sorted_by_their_count_before():
    ax = LabelImbalanceDisplay.from_labels(Y, Y_RESAMPLED).plot().ax_
    lines = lines_of(ax)
    assert lines["before"] == [[1, 4], [2, 2], [3, 1]]
    assert lines["after"] == [[1, 6], [2, 3], [3, 3]]


def test_both_axes_are_logarithmic():
    ax = LabelImbalanceDisplay.from_labels(Y).plot().ax_
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_terms_without_protein_are_counted_in_the_legend():
    ax = LabelImbalanceDisplay([3, 0, 0]).plot().ax_
    assert lines_of(ax) == {"before (not shown: 2 without any)": [[1, 3]]}


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix, np.ndarray.tolist])
def test_counts_do_not_depend_on_the_container(container):
    display = LabelImbalanceDisplay.from_labels(container(Y))
    assert display.before.tolist() == [4, 2, 1]


def test_given_axes_are_drawn_on():
    first = LabelImbalanceDisplay([1]).plot()
    second = LabelImbalanceDisplay([2]).plot(first.ax_)
    assert second.ax_ is first.ax_
    assert second.figure_ is first.figure_
    assert len(first.ax_.lines) == 2


def test_scumble_is_shown_also_when_it_rises():
    y = np.array([[1, 0]] * 90 + [[1, 1]] * 10)
    more = np.vstack([y, [[1, 1]] * 40])
    display = LabelImbalanceDisplay.from_labels(y, more).plot()
    (text,) = [text.get_text() for text in display.ax_.texts]
    assert "MeanIR falls: 5.5 \N{RIGHTWARDS ARROW} 1.9" in text
    before, after = display.measures["SCUMBLE"]
    assert after > before
    assert "SCUMBLE rises: " in text


def test_measures_that_are_not_known_are_not_shown():
    assert not LabelImbalanceDisplay([3, 1], [3, 2]).plot().ax_.texts
    (text,) = LabelImbalanceDisplay.from_labels(Y).plot().ax_.texts
    assert text.get_text().startswith("MeanIR 2.33\nSCUMBLE 0.0")


def test_one_line_needs_no_legend():
    assert LabelImbalanceDisplay([3, 1]).plot().ax_.get_legend() is None
    assert LabelImbalanceDisplay([3, 1], [3, 2]).plot().ax_.get_legend() is not None
    assert LabelImbalanceDisplay([3, 0]).plot().ax_.get_legend() is not None


def test_terms_after_resampling_are_found_by_name():
    before, after = (pd.DataFrame(y, columns=["a", "b", "c"]) for y in (Y, Y_RESAMPLED))
    turned = LabelImbalanceDisplay.from_labels(before, after[["c", "b", "a"]])
    assert turned.after.tolist() == LabelImbalanceDisplay.from_labels(Y, Y_RESAMPLED).after.tolist()
    with pytest.raises(InvalidLabelsError, match="Columns of y_resampled differ"):
        LabelImbalanceDisplay.from_labels(before, after.rename(columns={"a": "z"}))
