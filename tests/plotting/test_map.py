"""A map shows rows of the chosen terms, real ones as dots and generated ones as crosses."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.plotting import EmbeddingMapDisplay
from protimb.plotting._map import _principal_axes
from protimb.runs import Generated

TERMS = {0: "kinase", 2: "ligase"}


@pytest.fixture
def rows():
    """Two far clusters, one for each of two terms, and ten rows of neither."""
    rng = np.random.RandomState(0)
    y = np.repeat([[1, 0, 0], [0, 0, 1], [0, 1, 0]], 10, axis=0)
    X = rng.normal(size=(30, 6)) + 20 * y @ np.eye(3, 6)
    return X, y


def lay_out(rows, **options):
    X, y = rows
    return EmbeddingMapDisplay.from_vectors(X, y, X[:20], y[:20], terms=TERMS, **options)


def test_rows_are_told_by_kind_and_term(rows):
    points = lay_out(rows, random_state=0).points
    counts = points.groupby(["kind", "term"]).size().to_dict()
    assert counts == {
        ("background", ""): 10,
        ("generated", "kinase"): 10,
        ("generated", "ligase"): 10,
        ("real", "kinase"): 10,
        ("real", "ligase"): 10,
    }


@pytest.fixture
def umap_uncompiled(monkeypatch):
    """Let umap's steps run as Python: few rows take far less than numba's compiler."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # of tensorflow, for its parametric variant
        from umap import umap_
    for name in ("fast_knn_indices", "smooth_knn_dist", "compute_membership_strengths"):
        monkeypatch.setattr(umap_, name, getattr(umap_, name).py_func)


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.usefixtures("umap_uncompiled")
def test_clusters_of_the_vectors_are_clusters_of_the_map(rows, method):
    points = lay_out(rows, method=method, random_state=0).points
    centres = points[points["kind"] != "background"].groupby("term")[["x", "y"]]
    gap = np.linalg.norm(centres.mean().diff().iloc[-1])
    assert gap > 2 * centres.std().to_numpy().max()


def test_the_seed_decides_which_rows_are_drawn_and_where(rows):
    maps = (lay_out(rows, max_per_term=4, random_state=seed).points for seed in (3, 3, 4))
    first, again, other = maps
    assert first.equals(again)
    assert not np.allclose(first[["x", "y"]], other[["x", "y"]])


def test_no_term_takes_more_rows_than_its_share(rows):
    points = lay_out(rows, max_per_term=4, n_background=3, random_state=0).points
    sizes = points.groupby(["kind", "term"]).size()
    assert sizes["background"].tolist() == [3]
    assert sizes.drop("background").tolist() == [4, 4, 4, 4]


def test_a_row_with_several_terms_is_drawn_once_as_the_first(rows):
    X, y = rows
    both = np.where(y[:, [0]] > 0, [1, 0, 1], y)
    points = EmbeddingMapDisplay.from_vectors(X, both, X[:0], both[:0], terms=TERMS).points
    assert (points["term"] == "kinase").sum() == 10
    assert len(points) == 30


def test_every_point_is_drawn_where_it_lies(rows):
    display = lay_out(rows, random_state=0).plot()
    drawn = np.vstack([one.get_offsets().data for one in display.ax_.collections])
    expected = display.points[["x", "y"]].to_numpy()
    assert drawn[np.lexsort(drawn.T)] == pytest.approx(expected[np.lexsort(expected.T)])


def test_the_legend_names_terms_and_method(rows):
    display = lay_out(rows, random_state=0).plot()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["real", "generated", "other real proteins", "kinase", "ligase"]
    assert display.ax_.get_xlabel() == "t-SNE 1"


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.parametrize("n_distinct", [1, 2, 3])
def test_equal_vectors_share_a_point_however_few_are_distinct(method, n_distinct):
    # A collapsed generator, or one protein many times: t-SNE would end the process.
    X = np.eye(6)[np.arange(20) % n_distinct]
    y = np.ones((20, 1), int)
    points = EmbeddingMapDisplay.from_vectors(
        X, y, X[:4], y[:4], terms={0: "a"}, method=method, random_state=0
    ).points
    assert np.isfinite(points[["x", "y"]]).all(axis=None)
    assert len(points.groupby(["x", "y"])) == n_distinct


def test_few_vectors_keep_the_distances_that_a_plane_can_keep():
    X = np.array([[0.0, 0, 0], [3, 0, 0], [0, 4, 0]])
    place = _principal_axes(X)
    assert np.linalg.norm(place[1] - place[2]) == pytest.approx(5)
    assert np.linalg.norm(place[0] - place[1]) == pytest.approx(3)


def test_copies_do_not_move_the_others(rows):
    X, y = rows
    once = EmbeddingMapDisplay.from_vectors(X, y, X[:0], y[:0], terms=TERMS, random_state=0)
    twice = EmbeddingMapDisplay.from_vectors(X, y, X[:2], y[:2], terms=TERMS, random_state=0)
    copies = twice.points[twice.points["kind"] == "generated"]
    model = twice.points[twice.points["kind"] == "real"]
    assert len(once.points) == len(twice.points) - 2
    assert set(zip(copies["x"], copies["y"], strict=True)) <= set(
        zip(model["x"], model["y"], strict=True)
    )


@pytest.mark.parametrize("container", [sparse.csr_array, pd.DataFrame, np.ndarray.tolist])
def test_labels_are_read_from_any_container(rows, container):
    X, y = rows
    given = container(y)
    frames = EmbeddingMapDisplay.from_vectors(
        pd.DataFrame(X), given, X[:20], container(y[:20]), terms=TERMS, random_state=0
    )
    assert frames.points.equals(lay_out(rows, random_state=0).points)


@pytest.mark.parametrize(
    "container",
    [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array, pd.DataFrame],
)
def test_labels_of_a_saved_run_are_read_beside_real_ones_in_any_container(
    rows, container, tmp_path
):
    X, y = rows
    labels = sparse.csr_array(y[:20])
    names = np.array([f"synthetic_mf_{number:06d}" for number in range(20)])
    Generated(
        X=X[:20],
        indptr=labels.indptr,
        indices=labels.indices,
        terms=np.array(["GO:0", "GO:1", "GO:2"]),
        ids=names,
        conditioned_on=names,
        target_terms=np.array(["GO:0"] * 20),
        seed=np.array(0),
    ).save(tmp_path / "generated.npz")
    loaded = Generated.load(tmp_path / "generated.npz")
    given = EmbeddingMapDisplay.from_vectors(
        X, container(y), loaded.X, loaded.y, terms=TERMS, random_state=0
    )
    assert given.points.equals(lay_out(rows, random_state=0).points)


def test_vectors_without_labels_are_refused(rows):
    X, y = rows
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        EmbeddingMapDisplay.from_vectors(X, y, X[:3], y[:2], terms=TERMS)


def test_unknown_method_and_absent_terms_are_errors(rows):
    with pytest.raises(ValueError, match=r"tsne.*'mds'"):
        lay_out(rows, method="mds")
    X, y = rows
    with pytest.raises(ValueError, match="No row carries any of the terms"):
        EmbeddingMapDisplay.from_vectors(X, 0 * y, X, 0 * y, terms=TERMS)


def test_tables_are_paired_by_name(rows):
    X, y = (pd.DataFrame(part).rename("P{}".format).add_prefix("c") for part in rows)
    X_new, y_new = (part[:20].rename("S{}".format) for part in (X, y))

    def points_of(*tables):
        return EmbeddingMapDisplay.from_vectors(*tables, terms=TERMS, random_state=0).points

    expected = points_of(X, y, X_new, y_new)
    turned = points_of(X, y, X_new.iloc[:, ::-1], y_new.iloc[:, ::-1])
    pd.testing.assert_frame_equal(turned, expected)
    for wrong in ((X, y[::-1], X_new, y_new), (X, y, X_new, y_new[::-1])):
        with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
            points_of(*wrong)
