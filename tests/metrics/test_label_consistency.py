"""Label consistency: rows of the right term beat shuffled ones, rows without a condition do not."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import _label_consistency, label_consistency


def draw(rng, n_rows=60):
    """Three terms a third of the rows each, far apart, under a root that every row carries."""
    term = np.arange(n_rows) % 3
    y = np.column_stack([np.ones(n_rows), np.eye(3)[term]]).astype(np.uint8)
    return 4 * y[:, 1:] + rng.normal(size=(n_rows, 3)), y


def test_rows_of_their_own_term_match_it_and_shuffled_ones_do_not(rng):
    X_real, y_real = draw(rng)
    X_new, y_new = draw(rng)
    right = label_consistency(X_new, y_new, X_real, y_real)
    # A third of the contenders carry the same labels and count half.
    assert right.score == pytest.approx(2 / 3 + 1 / 6, abs=0.03)
    assert right.lower > 0.2
    wrong = label_consistency(X_new, rng.permutation(y_new), X_real, y_real)
    assert wrong.lower < 0 < wrong.upper
    assert abs(wrong.difference) < 0.1


def test_rows_that_claim_the_opposite_fall_below_chance(rng):
    X_real, y_real = draw(rng)
    X_new, y_new = draw(rng)
    swapped = label_consistency(X_new, y_new[:, [0, 2, 3, 1]], X_real, y_real)
    assert swapped.score < 0.5
    assert swapped.upper < 0


def test_a_generator_that_ignores_its_condition_scores_as_its_control(rng):
    X_real, y_real = draw(rng)
    _, y_new = draw(rng)
    blind = label_consistency(rng.normal(size=(60, 3)), y_new, X_real, y_real)
    assert blind.lower < 0 < blind.upper


def test_a_judge_that_cannot_tell_gives_one_half(rng):
    X, y = draw(rng)
    found = label_consistency(X, y, X, y, classifier=DummyClassifier(strategy="prior"))
    assert (found.score, found.control, found.lower, found.upper) == (0.5, 0.5, 0.0, 0.0)


def test_rows_of_one_labelset_tell_nothing(rng):
    X, y = draw(rng)
    same = y[:, 1] == 1
    found = label_consistency(X[same], y[same], X, y)
    assert (found.score, found.control) == (0.5, 0.5)


def test_scores_of_any_classifier_do(rng):
    X, y = draw(rng)
    X_new, y_new = draw(rng)
    by_lists = label_consistency(X_new, y_new, X, y, classifier=KNeighborsClassifier(5))
    assert by_lists.lower > 0.2


def test_rows_that_claim_nothing_that_can_be_known_are_counted(rng):
    """Cases 6, 7 and 9: no term, a term without members, a term of every row."""
    X, y = (np.hstack([part, np.zeros((60, 1), part.dtype)]) for part in draw(rng))
    claims = y.copy()
    claims[:3] = [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    found = label_consistency(X, claims, X, y)
    assert (found.n_rows, found.n_left_out) == (57, 3)
    with pytest.raises(InvalidLabelsError, match="No generated row claims a term"):
        label_consistency(X[:3], claims[:3], X, y)


def test_the_seed_decides_and_sparse_labels_are_the_same_labels(rng):
    X, y = draw(rng)
    X_new, y_new = draw(rng)
    dense = label_consistency(X_new, y_new, X, y, n_contenders=10)
    again = label_consistency(
        X_new, sparse.csr_array(y_new), X, sparse.csr_array(y), n_contenders=10
    )
    assert dense == again
    assert dense != label_consistency(X_new, y_new, X, y, n_contenders=10, random_state=1)


def test_labels_of_other_columns_or_lengths_are_refused(rng):
    X, y = draw(rng)
    with pytest.raises(InvalidLabelsError, match="y_new has 3 terms but y_real has 4"):
        label_consistency(X, y[:, :3], X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        label_consistency(X, y[:-1], X, y)
    with pytest.raises(InvalidLabelsError, match="y_new must hold binary indicators"):
        label_consistency(X, 2 * y, X, y)


def test_terms_and_rows_some_at_a_time_give_what_all_do(rng, monkeypatch):
    sets = (*draw(rng), *draw(rng))
    whole = label_consistency(*sets)
    monkeypatch.setattr(_label_consistency, "_TERMS", 3)
    monkeypatch.setattr(_label_consistency, "_ROWS", 7)
    assert label_consistency(*sets) == whole


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_are_all_equal_fit_no_labels_better_than_others(rng, dtype):
    X_real, y_real = draw(rng)
    X_new = np.full_like(X_real, 1.7)
    found = label_consistency(X_new.astype(dtype), y_real, X_real.astype(dtype), y_real)
    assert (found.score, found.control) == (0.5, 0.5)
