"""Nearest real rows of rows that claim a term: ranked, with or without it."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.plotting import NeighborDisplay


@pytest.fixture
def rows():
    """Real rows at four angles, the first two with the term; one row among them, one opposite."""
    angles = np.deg2rad([10, -15, 100, 190, 280])
    X = np.column_stack([np.cos(angles), np.sin(angles)])
    y = np.array([[1, 1], [1, 0], [0, 1], [0, 1], [0, 0]])
    return X, y, np.array([[-1.0, 0.0], [2.0, 0.0], [2.0, 0.0]]), np.array([[1, 0], [1, 0], [0, 1]])


def test_nearest_come_first_and_rows_with_most_members_too(rows):
    display = NeighborDisplay.from_vectors(*rows, term=0, n_neighbors=3)
    assert display.carries.tolist() == [[True, True, False], [False, False, False]]
    assert display.share == pytest.approx(1 / 3)
    assert display.usual == pytest.approx(2 / 5)


@pytest.mark.parametrize(
    "container",
    [sparse.csr_array, sparse.csr_matrix, sparse.coo_array, sparse.lil_matrix, pd.DataFrame],
)
def test_labels_are_read_from_any_container(rows, container):
    X, y, X_new, y_new = rows
    given = NeighborDisplay.from_vectors(
        X, container(y), X_new, container(y_new), term=0, random_state=0
    )
    expected = NeighborDisplay.from_vectors(*rows, term=0, random_state=0)
    np.testing.assert_array_equal(given.carries, expected.carries)


def test_each_neighbour_is_a_cell(rows):
    display = NeighborDisplay.from_vectors(*rows, term=0, name="kinase", n_neighbors=3).plot()
    cells = display.ax_.collections[0].get_array()
    np.testing.assert_array_equal(np.reshape(cells, (2, 3)), display.carries)
    assert display.ax_.get_title().startswith("kinase\n33% of nearest")


def test_no_more_rows_than_asked_for_are_shown(rows):
    X, y, X_new, y_new = rows
    many = NeighborDisplay.from_vectors(
        X, y, np.tile(X_new, (9, 1)), np.tile(y_new, (9, 1)), term=0, max_rows=4, random_state=0
    )
    assert many.carries.shape == (4, 5)


def test_tables_are_paired_by_name_and_name_the_term(rows):
    X, y, X_new, y_new = (pd.DataFrame(part).add_prefix("c") for part in rows)
    display = NeighborDisplay.from_vectors(X, y, X_new.iloc[:, ::-1], y_new, term=1)
    assert display.name == "c1"
    with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
        NeighborDisplay.from_vectors(X, y[::-1], X_new, y_new, term=1)


def test_what_cannot_be_shown_is_an_error(rows):
    X, y, X_new, y_new = rows
    with pytest.raises(ValueError, match="No generated row claims term 0"):
        NeighborDisplay.from_vectors(X, y, X_new, 0 * y_new, term=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        NeighborDisplay.from_vectors(X, y, X_new[:2], y_new, term=0)
