"""MLeNN and MLTL: rows of frequent terms go where their neighbours have other labels."""

import numpy as np
import pytest
from imblearn.under_sampling import TomekLinks
from scipy import sparse
from sklearn.datasets import make_classification

from protimb.under_sampling import MLTL, MLeNN
from protimb.under_sampling._neighbours import adjusted_hamming, nearest_rows

# On a line: rows 0 to 5 have a (column 0), but row 5 sits among b; c (column 2) is rare.
POSITIONS = np.array([0.0, 1.0, 2.1, 3.3, 4.6, 20.0, 21.0, 22.1, 23.3, 40.0])[:, None]
LABELS = np.array([[1, 0, 0]] * 6 + [[0, 1, 0]] * 3 + [[1, 0, 1]])


def test_adjusted_hamming_matches_hand_worked_pairs():
    y = sparse.csr_array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]])
    left, right = np.array([0, 0, 0, 2]), np.array([1, 2, 3, 2])
    # Rows 0 and 1 differ in three labels of 2 + 3; an empty row shares nothing with any other.
    expected = [3 / 5, 1, 0, 0]
    np.testing.assert_allclose(adjusted_hamming(y, left, right), expected, rtol=0, atol=1e-12)


def test_adjusted_hamming_counts_more_labels_than_a_byte_can():
    y = sparse.csr_array(np.ones((2, 300), dtype=np.uint8))
    assert adjusted_hamming(y, np.array([0]), np.array([1])).tolist() == [0]


def test_a_row_is_never_its_own_neighbour():
    X = np.repeat([[0.0], [5.0]], [6, 1], axis=0)
    found = nearest_rows(X, np.arange(7), 2)
    assert found.shape == (7, 2)
    assert not (found == np.arange(7)[:, None]).any()
    assert nearest_rows(X[:2], np.array([0]), 5).tolist() == [[1]]


def test_mlenn_removes_the_row_that_its_neighbours_contradict():
    sampler = MLeNN()
    _, y_res = sampler.fit_resample(POSITIONS, LABELS)
    # IRLbl 1, 7/3 and 7, MeanIR 3.44. Row 5 and its neighbours 6, 7, 8 share no label; those have
    # two of b and row 5 around them, one contradiction of three.
    assert sampler.sample_indices_.tolist() == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert y_res.sum(axis=0).tolist() == [6, 3, 1]


def test_mlenn_counts_half_of_the_neighbours_as_enough():
    # Row 6 lies between row 5 and another one of b.
    sampler = MLeNN(n_neighbors=2)
    sampler.fit_resample(POSITIONS, LABELS)
    assert set(range(10)) - set(sampler.sample_indices_) == {5, 6}


def test_mlenn_lets_labels_differ_up_to_the_threshold():
    y = np.array([[1, 1, 0]] * 4 + [[1, 0, 0]] + [[0, 0, 1]])
    X = np.array([[0.0], [1.0], [2.0], [3.0], [1.6], [9.0]])
    # Row 4 differs from its neighbours by 1 label of 3; IRLbl 1, 1.25, 5: only the last is rare.
    for threshold, n_removed in [(0.34, 0), (0.33, 1)]:
        sampler = MLeNN(threshold=threshold)
        sampler.fit_resample(X, y)
        assert sampler.n_removed_ == n_removed


def test_mltl_removes_the_frequent_row_of_a_tomek_link():
    sampler = MLTL()
    sampler.fit_resample(POSITIONS, LABELS)
    # Rows 5 and 6 are each other's nearest and share no label, and both are of frequent terms.
    assert set(range(10)) - set(sampler.sample_indices_) == {5, 6}
    sampler.set_params(sampling_strategy=[0]).fit_resample(POSITIONS, LABELS)
    assert set(range(10)) - set(sampler.sample_indices_) == {5}


def test_mltl_asks_for_mutual_neighbours_unless_told_otherwise():
    X = np.array([[0.0], [0.4], [1.0], [1.5], [9.0], [9.1]])
    y = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 1]])
    y[4] = [1, 0, 0]
    one_way, mutual = MLTL(mutual=False), MLTL()
    one_way.fit_resample(X, y)
    mutual.fit_resample(X, y)
    # Rows 2 and 3 are linked. Row 4 is linked to row 5, whose rare term keeps it.
    assert set(range(6)) - set(mutual.sample_indices_) == {2, 3, 4}
    assert set(mutual.sample_indices_) >= set(one_way.sample_indices_)
    X[2] = 0.7  # now row 1 is nearer to row 2 than row 3 is, and row 3 contradicts alone
    mutual.fit_resample(X, y)
    one_way.fit_resample(X, y)
    assert set(range(6)) - set(mutual.sample_indices_) == {4}
    assert set(range(6)) - set(one_way.sample_indices_) == {3, 4}


@pytest.mark.parametrize("strategy", ["auto", "majority", "all", [0]], ids=str)
def test_mltl_is_imbalanced_learns_tomek_links_for_one_label_a_row(strategy):
    X, y = make_classification(
        200, n_features=3, n_informative=3, n_redundant=0, n_classes=3,
        weights=[0.6, 0.3], n_clusters_per_class=1, class_sep=0.4, random_state=0,
    )  # fmt: skip
    ours, theirs = MLTL(sampling_strategy=strategy), TomekLinks(sampling_strategy=strategy)
    ours.fit_resample(X, y)
    theirs.fit_resample(X, y)
    np.testing.assert_array_equal(ours.sample_indices_, np.sort(theirs.sample_indices_))
    assert ours.n_removed_ > 0


@pytest.mark.parametrize("sampler", [MLeNN(), MLTL()], ids=str)
def test_terms_of_equal_count_lose_no_row(sampler):
    y = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [0, 0]])
    _, y_res = sampler.fit_resample(np.arange(5.0)[:, None], y)
    np.testing.assert_array_equal(y_res, y)


@pytest.mark.parametrize("sampler", [MLeNN(), MLTL()], ids=str)
def test_a_callable_names_the_terms_whose_rows_may_go(sampler):
    sampler.set_params(sampling_strategy=lambda y: [1])
    _, y_res = sampler.fit_resample(POSITIONS, LABELS)
    assert y_res[:, 0].sum() == 7
    assert list(sampler.sampling_strategy_) == [1]


def rows_that_mlenn_marks(X, y, n_neighbors, threshold):
    """The rule as printed, row by row, for targets with several labels a row."""
    counts = y.sum(axis=0)
    ratios = counts.max() / counts
    marked = []
    for row, labels in enumerate(y):
        carried = ratios[labels == 1]
        if not (carried < ratios.mean()).any() or (carried > ratios.mean()).any():
            continue
        distances = np.linalg.norm(X - X[row], axis=1)
        distances[row] = np.inf
        contradictions = 0
        for neighbour in np.argsort(distances)[:n_neighbors]:
            differing = (labels != y[neighbour]).sum()
            contradictions += differing / (labels.sum() + y[neighbour].sum()) > threshold
        if contradictions >= n_neighbors / 2:
            marked.append(row)
    return marked


@pytest.mark.parametrize(("n_neighbors", "threshold"), [(1, 0.5), (3, 0.75), (4, 0.3), (5, 0.0)])
def test_mlenn_agrees_with_the_rule_row_by_row(n_neighbors, threshold):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(150, 3))
    y = (rng.uniform(size=(150, 6)) < [0.4, 0.3, 0.2, 0.1, 0.04, 0.03]).astype(int)
    sampler = MLeNN(n_neighbors=n_neighbors, threshold=threshold)
    sampler.fit_resample(X, y)
    marked = np.setdiff1d(np.arange(150), sampler.sample_indices_)
    assert marked.tolist() == rows_that_mlenn_marks(X, y, n_neighbors, threshold)
    assert 0 < len(marked) < 150


def test_mltl_one_way_is_mlenn_with_one_neighbour():
    rng = np.random.RandomState(1)
    X = rng.normal(size=(150, 3))
    y = (rng.uniform(size=(150, 4)) < [0.5, 0.3, 0.1, 0.03]).astype(int)
    one_way, edited = MLTL(mutual=False, threshold=0.4), MLeNN(n_neighbors=1, threshold=0.4)
    one_way.fit_resample(X, y)
    edited.fit_resample(X, y)
    np.testing.assert_array_equal(one_way.sample_indices_, edited.sample_indices_)
    assert one_way.n_removed_ > 0
