"""Maps side by side: what mixes is told from what does not, in space and on each map."""

import numpy as np
import pandas as pd
import pytest

from protimb.exceptions import InvalidLabelsError
from protimb.plotting import ComparisonMapDisplay
from protimb.plotting._map import METHODS


@pytest.fixture
def drawn(rng):
    """Forty real rows, as many of the same distribution, and as many far away."""
    X = rng.normal(size=(40, 6))
    new = {"100 updates": 30 + rng.normal(size=(40, 6)), "400 updates": rng.normal(size=(40, 6))}
    return ComparisonMapDisplay.from_vectors(X, new, methods=["pca", "tsne"], random_state=0)


def test_rows_that_mix_are_told_from_rows_that_do_not(drawn):
    mixed = drawn.figures.pivot(index="rows", columns="method", values="mixed")
    assert (mixed.loc["100 updates"] < 0.1).all()
    np.testing.assert_allclose(mixed.loc["400 updates"], 40 / 79, atol=0.15)
    np.testing.assert_allclose(drawn.figures["expected"], 40 / 79)


def test_a_map_that_keeps_all_neighbours_is_trusted_and_one_of_noise_is_not(rng):
    plane = rng.normal(size=(60, 2)) @ np.array([[3.0, 0, 1, 0], [0, 2, 0, 1]])
    cloud = rng.normal(size=(60, 40))
    flat, round_ = (
        ComparisonMapDisplay.from_vectors(X[:30], X[30:], methods=["pca"], random_state=0)
        .figures.set_index("method")
        .loc["pca", "trustworthiness"]
        for X in (plane, cloud)
    )
    assert round_ < 0.8 < flat


def test_a_grid_has_a_row_for_each_checkpoint_and_a_column_for_each_method(drawn):
    axes = drawn.plot().axes_
    assert [one.get_ylabel() for one in axes[:, 0]] == ["100 updates", "400 updates"]
    assert [one.get_title() for one in axes[0]] == ["PCA", "t-SNE"]
    points = drawn.points[(drawn.points["rows"] == "400 updates") & (drawn.points.method == "tsne")]
    offsets = np.vstack([one.get_offsets().data for one in axes[1, 1].collections])
    assert sorted(map(tuple, offsets)) == sorted(zip(points["x"], points["y"], strict=True))
    assert "50% expected" in axes[0, 0].get_xlabel() or "51% expected" in axes[0, 0].get_xlabel()


def test_all_methods_by_default_and_the_seed_decides(rng, monkeypatch):
    # UMAP itself, which takes twenty seconds to compile, is drawn in test_map.
    monkeypatch.setitem(METHODS, "umap", ("UMAP", lambda vectors, seed: vectors[:, :2]))
    X = rng.normal(size=(30, 4))
    first, again = (
        ComparisonMapDisplay.from_vectors(X, X[:9] + 0.1, max_rows=20, random_state=3)
        for _ in range(2)
    )
    assert first.points.equals(again.points)
    assert first.points["method"].unique().tolist() == ["pca", "tsne", "umap"]
    assert first.points.groupby("kind").size().to_dict() == {"generated": 27, "real": 60}


@pytest.mark.parametrize("n_rows", [1, 2])
def test_equal_and_few_rows_are_drawn(n_rows):
    X = np.ones((n_rows, 3))
    display = ComparisonMapDisplay.from_vectors(X, X, random_state=0).plot()
    assert np.isfinite(display.points[["x", "y"]]).all(axis=None)


def test_tables_are_paired_by_name(rng):
    X = pd.DataFrame(rng.normal(size=(20, 3))).add_prefix("f")
    plain, turned = (
        ComparisonMapDisplay.from_vectors(X, new, methods=["pca"], random_state=0).points
        for new in (X[:9], X[:9].iloc[:, ::-1])
    )
    assert plain.equals(turned)
    with pytest.raises(InvalidLabelsError):
        ComparisonMapDisplay.from_vectors(X, X.add_prefix("g"))


def test_unknown_methods_and_absent_rows_are_errors(rng):
    X = rng.normal(size=(5, 2))
    for methods in (["mds"], []):
        with pytest.raises(ValueError, match=r"methods must be some of .*pca"):
            ComparisonMapDisplay.from_vectors(X, X, methods=methods)
    with pytest.raises(ValueError, match="no generated rows"):
        ComparisonMapDisplay.from_vectors(X, X[:0])
