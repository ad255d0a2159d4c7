"""Whitening by what members of one term differ in."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from protimb.classification import KNNTermClassifier
from protimb.exceptions import InvalidLabelsError, TrainingDiverged, WhiteningWarning
from protimb.preprocessing import WithinTermWhitening, _whitening


@pytest.fixture(scope="module")
def proteins():
    """Vectors of 60 rows whose first feature is noise, and six overlapping terms."""
    rng = np.random.default_rng(0)
    y = (rng.random((60, 6)) < [0.9, 0.5, 0.3, 0.2, 0.15, 0.1]).astype(np.uint8)
    X = y @ rng.normal(size=(6, 8)) + rng.normal(size=(60, 8)) * [9, 3, 1, 1, 1, 1, 1, 0.5]
    return X + 4, y


def residuals(X, y, least=5, most=200):
    """Each row less the mean of its rarest term in range, row by row."""
    counts = y.sum(axis=0, dtype=int)
    rows = []
    for vector, labels in zip(X, y, strict=True):
        own = [t for t in np.flatnonzero(labels) if least <= counts[t] <= most]
        if own:
            rarest = min(own, key=lambda term: counts[term])
            rows.append(vector - X[y[:, rarest] == 1].mean(axis=0))
    return np.array(rows)


def test_the_covariance_is_that_of_rows_about_the_mean_of_their_rarest_term(proteins):
    X, y = proteins
    white = WithinTermWhitening(0.1, max_members=30).fit(X, y)
    within = np.cov(residuals(X, y, most=30), rowvar=False, bias=True)
    expected = 0.9 * within + 0.1 * np.trace(within) / 8 * np.eye(8)
    np.testing.assert_allclose(white.covariance_, expected, rtol=1e-10, atol=1e-12)
    assert white.n_rows_ == len(residuals(X, y, most=30))


def test_the_whitening_is_the_symmetric_inverse_root_of_the_covariance(proteins):
    white = WithinTermWhitening().fit(*proteins)
    root = white.whitening_
    np.testing.assert_allclose(root, root.T, atol=1e-12)
    np.testing.assert_allclose(root @ white.covariance_ @ root, np.eye(8), atol=1e-9)
    np.testing.assert_allclose(root @ white.coloring_, np.eye(8), atol=1e-9)


def test_members_of_a_term_differ_alike_in_all_directions_afterwards(proteins):
    X, y = proteins
    white = WithinTermWhitening(1e-6, normalize=False).fit_transform(X, y)
    within = np.cov(residuals(white, y), rowvar=False, bias=True)
    np.testing.assert_allclose(within, np.eye(8), atol=1e-3)


def test_full_shrinkage_only_centres_and_scales(proteins):
    X, y = proteins
    white = WithinTermWhitening(1.0, normalize=False).fit(X, y)
    scale = np.sqrt(white.covariance_[0, 0])
    np.testing.assert_allclose(white.transform(X), (X - X.mean(axis=0)) / scale, atol=1e-9)


def test_rows_have_unit_length_and_the_inverse_keeps_their_ray(proteins):
    X, y = proteins
    white = WithinTermWhitening().fit(X, y)
    np.testing.assert_allclose(np.linalg.norm(white.transform(X), axis=1), 1)
    ray, back = X - X.mean(axis=0), white.inverse_transform(white.transform(X)) - X.mean(axis=0)
    cosines = (ray * back).sum(axis=1) / np.linalg.norm(ray, axis=1) / np.linalg.norm(back, axis=1)
    np.testing.assert_allclose(cosines, 1)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_without_unit_length_the_inverse_leads_back(proteins, dtype, digits):
    X, y = proteins[0].astype(dtype), proteins[1]
    white = WithinTermWhitening(normalize=False).fit(X, y)
    back = white.inverse_transform(white.transform(X))
    assert back.dtype == dtype
    np.testing.assert_allclose(back, X, rtol=digits, atol=digits)


def test_half_precision_comes_back_half_and_computed_in_single(proteins):
    X, y = (proteins[0] * 1000).astype(np.float16), proteins[1]  # squares overflow float16
    white = WithinTermWhitening().fit(X, y)
    assert white.covariance_.dtype == np.float32
    whitened = white.transform(X)
    assert whitened.dtype == np.float16
    single = white.transform(X.astype(np.float32))
    np.testing.assert_array_equal(whitened, single.astype(np.float16))


def test_whole_numbers_are_computed_as_floats(proteins):
    whole = np.rint(proteins[0]).astype(int)
    assert WithinTermWhitening().fit_transform(whole, proteins[1]).dtype == np.float64


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.coo_matrix, np.ndarray.tolist, pd.DataFrame]
)
def test_every_container_of_labels_tells_the_same(proteins, container):
    X, y = proteins
    expected = WithinTermWhitening().fit(X, y).whitening_
    np.testing.assert_array_equal(WithinTermWhitening().fit(X, container(y)).whitening_, expected)


def test_classes_are_terms():
    rng = np.random.default_rng(1)
    X, classes = rng.normal(size=(30, 3)), np.repeat(["a", "b", "c"], 10)
    one_hot = (classes[:, None] == ["a", "b", "c"]).astype(int)
    by_class = WithinTermWhitening().fit(X, classes)
    np.testing.assert_array_equal(
        by_class.whitening_, WithinTermWhitening().fit(X, one_hot).whitening_
    )
    assert by_class.n_terms_ == 3


def test_a_table_keeps_ids_and_gets_names(proteins):
    X, y = proteins
    ids = [f"P{number}" for number in range(60)]
    table = pd.DataFrame(X, index=ids, columns=[f"d{number}" for number in range(8)])
    white = WithinTermWhitening().set_output(transform="pandas").fit(table, y)
    whitened = white.transform(table)
    assert whitened.index.tolist() == ids
    assert whitened.columns.tolist() == [f"withintermwhitening{number}" for number in range(8)]
    np.testing.assert_array_equal(whitened, WithinTermWhitening().fit(X, y).transform(X))


def test_what_becomes_of_a_row_does_not_depend_on_its_company(proteins):
    X, y = proteins[0].astype(np.float32), proteins[1]
    white = WithinTermWhitening().fit(X, y)
    alone = np.vstack([white.transform(X[[row]]) for row in range(len(X))])
    np.testing.assert_array_equal(alone, white.transform(X))


def test_blocks_add_up_to_the_whole_for_a_map_as_well(proteins, tmp_path, monkeypatch):
    X, y = proteins
    expected = WithinTermWhitening().fit(X, y)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    monkeypatch.setattr(_whitening, "rows_a_block", lambda X: 7)
    by_blocks = WithinTermWhitening().fit(mapped, y)
    np.testing.assert_allclose(by_blocks.covariance_, expected.covariance_, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(by_blocks.mean_, expected.mean_, rtol=1e-12)


def test_terms_out_of_range_lend_nothing(proteins):
    X, y = proteins
    counts = y.sum(axis=0, dtype=int)
    inside = (counts >= 5) & (counts <= 30)
    all_terms = WithinTermWhitening(max_members=30).fit(X, y)
    some = WithinTermWhitening(max_members=None).fit(X, y[:, inside])
    np.testing.assert_array_equal(all_terms.whitening_, some.whitening_)
    assert all_terms.n_terms_ <= inside.sum()


def test_without_a_term_in_range_all_rows_stand_in_with_a_word(proteins):
    X, y = proteins
    with pytest.warns(WhiteningWarning, match="at least 61 and at most 200 rows, so the cov"):
        white = WithinTermWhitening(0.1, min_members=61).fit(X, y)
    total = np.cov(X, rowvar=False, bias=True)
    expected = 0.9 * total + 0.1 * np.trace(total) / 8 * np.eye(8)
    np.testing.assert_allclose(white.covariance_, expected, rtol=1e-10, atol=1e-12)
    assert (white.n_terms_, white.n_rows_) == (0, 0)


def test_members_that_are_copies_tell_nothing_and_all_rows_stand_in():
    X, y = np.repeat(np.eye(3), 6, axis=0), np.repeat(np.eye(3, dtype=int), 6, axis=0)
    with pytest.warns(WhiteningWarning, match="Members of the 3 terms .* do not differ"):
        whitened = WithinTermWhitening().fit_transform(X, y)
    assert np.isfinite(whitened).all()


def test_rows_that_are_all_alike_become_zero_and_not_nan():
    with pytest.warns(WhiteningWarning):
        whitened = WithinTermWhitening().fit_transform(np.ones((8, 2)), np.ones((8, 2)))
    np.testing.assert_array_equal(whitened, np.zeros((8, 2)))


@pytest.mark.parametrize("shape", [(30, 1), (30, 4), (12, 40)], ids=["narrow", "small", "wide"])
@pytest.mark.parametrize("n_without", [0, 1], ids=["on every row", "on all rows but one"])
def test_little_and_lopsided_data_stay_finite(shape, n_without):
    rng = np.random.default_rng(2)
    X = rng.normal(size=shape)
    X[:, shape[1] // 2 :] = X[0, shape[1] // 2 :]  # constant features
    X[:, 0] = rng.normal(size=shape[0])
    y = np.ones((shape[0], 2), dtype=int)
    y[:n_without, 0] = 0
    whitened = WithinTermWhitening(normalize=False).fit_transform(X, y)
    assert np.isfinite(whitened).all()
    assert whitened.std() > 0


def test_one_row_without_terms_gives_a_result_too():
    y = np.zeros((1, 3), dtype=int)
    with pytest.warns(WhiteningWarning):
        assert np.isfinite(WithinTermWhitening().fit_transform([[1.0, 2.0]], y)).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": np.full((60, 8), np.nan)}, ValueError, "contains NaN in 8 column"),
        ({"y": np.full((60, 2), 0.5)}, InvalidLabelsError, "binary indicators"),
        ({"y": np.ones((59, 2))}, ValueError, "inconsistent numbers of samples"),
        ({"X": sparse.eye(60, 8).tocsr()}, TypeError, "dense data is required"),
    ],
    ids=["nan", "halves", "lengths", "sparse X"],
)
def test_bad_input_is_named(proteins, change, error, message):
    rows = {"X": proteins[0], "y": proteins[1]} | change
    with pytest.raises(error, match=message):
        WithinTermWhitening().fit(**rows)


@pytest.mark.parametrize(
    "params", [{"shrinkage": 0}, {"shrinkage": 1.5}, {"min_members": 0}, {"normalize": "l2"}]
)
def test_parameters_out_of_range_are_named(proteins, params):
    with pytest.raises(ValueError, match=re.escape(f"'{next(iter(params))}' parameter")):
        WithinTermWhitening(**params).fit(*proteins)


def test_a_range_without_numbers_is_refused(proteins):
    with pytest.raises(ValueError, match="max_members=3 is below min_members=5"):
        WithinTermWhitening(max_members=3).fit(*proteins)


def test_whitened_vectors_of_another_width_are_refused(proteins):
    white = WithinTermWhitening().fit(*proteins)
    with pytest.raises(ValueError, match="X has 3 features"):
        white.inverse_transform(np.ones((2, 3)))


def test_tables_whose_ids_stand_in_another_order_are_refused(proteins):
    ids = [f"P{number}" for number in range(60)]
    X, y = pd.DataFrame(proteins[0], index=ids), pd.DataFrame(proteins[1], index=ids[::-1])
    with pytest.raises(InvalidLabelsError, match="different order"):
        WithinTermWhitening().fit(X, y)


def test_a_failed_fit_leaves_the_earlier_one(proteins):
    X, y = proteins
    white = WithinTermWhitening().fit(X, y)
    before = white.transform(X)
    with pytest.raises(ValueError, match="inconsistent"):
        white.fit(X[:, :3], y[:-1])
    np.testing.assert_array_equal(white.transform(X), before)


def test_neighbours_behind_it_find_terms_that_noise_hid():
    rng = np.random.default_rng(3)
    members = np.tile(np.arange(12), 9)
    y = np.eye(12, dtype=int)[members]
    X = rng.normal(size=(12, 12))[members] + rng.normal(size=(108, 12)) * 0.2
    X += 4 * rng.normal(size=(108, 5)) @ rng.normal(size=(5, 12))  # what members differ in
    knn = KNNTermClassifier(standardize=False, temperature=0.08)
    whitened = make_pipeline(WithinTermWhitening(0.01), knn)
    plain = cross_val_score(KNNTermClassifier(temperature=0.08), X, y, cv=3).mean()
    assert cross_val_score(whitened, X, y, cv=3).mean() > plain + 0.2


@pytest.mark.parametrize("normalize", [True, False])
def test_rows_too_large_for_their_precision_are_refused_by_name(proteins, normalize):
    X, y = proteins
    whitening = WithinTermWhitening(normalize=normalize).fit(X, y)
    far = np.full((1, X.shape[1]), 3e38, dtype=np.float32)
    whitening.whitening_ = whitening.whitening_ * 1e10
    with pytest.raises(TrainingDiverged, match="too large to reckon with"):
        whitening.transform(far)
