"""Real against generated vectors by several maps side by side, with what each map is worth."""

import numpy as np
import pandas as pd

from protimb.plotting._map import METHODS, lay_out_scaled
from protimb.plotting._style import BACKGROUND, COLOURS, literal, new_axes
from protimb.utils._alignment import align_columns, column_names

_STYLES = {
    "real": {"marker": "o", "s": 5, "linewidths": 0, "color": BACKGROUND},
    "generated": {"marker": "x", "s": 10, "linewidths": 0.6, "alpha": 0.7, "color": COLOURS[5]},
}


class ComparisonMapDisplay:
    """Real and generated vectors by PCA, t-SNE and UMAP, one row a checkpoint.

    PCA shows where most of the variance is, t-SNE who is whose neighbour, UMAP a compromise. No
    plane keeps all neighbours, so under each stands how far it can be trusted, and whether real and
    generated rows mix: of a generated row's nearest rows, the share that is real, beside the share
    that perfect mixing would give. A low share is a generator in a place of its own, a high one
    that of rows each beside a real one, and far from each other.

    Parameters
    ----------
    points : DataFrame of shape (n_points, 5)
        ``rows``: which generated rows, such as a training length; ``method``; ``x``, ``y``; and
        ``kind``: ``"real"`` or ``"generated"``.
    figures : DataFrame of shape (n_maps, 5)
        ``rows``, ``method``, ``trustworthiness`` between 0 and 1, ``mixed``: the share of real
        rows among the nearest of generated ones on the map, and ``expected``. A method ``"space"``
        says it of the vectors themselves.

    Attributes
    ----------
    points, figures : DataFrame
    axes_ : ndarray of matplotlib Axes, shape (n_rows, n_methods)
        Where it was drawn last.
    figure_ : matplotlib Figure

    See Also
    --------
    EmbeddingMapDisplay : One map, coloured by term.
    protimb.metrics.between_data : Whether generated rows lie between real ones, without a map.

    Notes
    -----
    Neighbours are by cosine of standardized features in space, as the layouts take them, and by
    distance on a map. Trustworthiness falls with rows that are neighbours on the map only.

    References
    ----------
    Venna & Kaski, Neighborhood preservation in nonlinear projection methods: an experimental study.
    ICANN (2001). https://doi.org/10.1007/3-540-44668-0_68

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.plotting import ComparisonMapDisplay
    >>> X = np.random.RandomState(0).normal(size=(40, 5))
    >>> display = ComparisonMapDisplay.from_vectors(
    ...     X, {"good": X[:20] + 0.1, "far": X[:20] + 9}, methods=["pca"], random_state=0)
    >>> far = display.figures.set_index(["rows", "method"]).loc[("far", "pca")]
    >>> bool(far["mixed"] < far["expected"])
    True
    """

    def __init__(self, points, figures):
        self.points = points
        self.figures = figures

    @classmethod
    def from_vectors(
        cls,
        X,
        X_new,
        *,
        methods=("pca", "tsne", "umap"),
        n_neighbors=10,
        max_rows=500,
        random_state=None,
    ):
        """Lay real and generated vectors out by each method.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Real vectors.
        X_new : array-like of shape (n_new, n_features), or dict of str to such
            Generated vectors; a dict has one entry for each row of the grid, such as a checkpoint.
        methods : sequence of {"pca", "tsne", "umap"}
            Columns of the grid.
        n_neighbors : int
            Nearest rows that both figures look at; fewer where there are few rows.
        max_rows : int
            At most so many real rows, and so many of each kind of generated ones, at random.
        random_state : int, RandomState or None
            Chooses rows, and seeds the layouts.

        Returns
        -------
        display : ComparisonMapDisplay

        Raises
        ------
        InvalidLabelsError
            If tables differ in their columns.
        ValueError
            If a method is unknown, or there are no rows of one kind.
        """
        from sklearn.utils import check_random_state

        unknown = [method for method in methods if method not in METHODS]
        if unknown or not len(methods):
            raise ValueError(f"methods must be some of {list(METHODS)}, got {list(methods)!r}.")
        rng = check_random_state(random_state)
        given = X_new if isinstance(X_new, dict) else {"": X_new}
        names = column_names(X)
        generated = {
            name: np.asarray(align_columns(rows, names, "X_new", "those of X"))
            for name, rows in given.items()
        }
        real = _some(np.asarray(X), max_rows, rng)
        points, figures = [], []
        for name, rows in generated.items():
            if not (len(rows) and len(real)):
                raise ValueError(f"There are no {'generated' if len(real) else 'real'} rows.")
            both = np.vstack([real, _some(rows, max_rows, rng)]).astype(np.float32)
            one, of_it = _compare(both, len(real), methods, n_neighbors, rng)
            points.append(one.assign(rows=name))
            figures.append(of_it.assign(rows=name))
        return cls(_stack(points), _stack(figures))

    def plot(self, ax=None):
        """Draw a grid: generated rows of one kind in a row, one method in a column.

        Parameters
        ----------
        ax : array of matplotlib Axes of shape (n_rows, n_methods), optional
            Where to draw; a new figure if None.

        Returns
        -------
        self : ComparisonMapDisplay
        """
        rows, methods = self.points["rows"].unique(), self.points["method"].unique()
        self.axes_ = _grid(ax, (len(rows), len(methods)))
        self.figure_ = self.axes_[0, 0].figure
        for (row, column), one in np.ndenumerate(self.axes_):
            self._draw(one, rows[row], methods[column])
        for one, name in zip(self.axes_[:, 0], rows, strict=True):
            one.set_ylabel(literal(name))
        self.axes_[0, 0].legend(frameon=False, fontsize="small", markerscale=2)
        return self

    def _draw(self, ax, rows, method):
        here = self.points[(self.points["rows"] == rows) & (self.points["method"] == method)]
        for kind, style in _STYLES.items():
            of_kind = here[here["kind"] == kind]
            ax.scatter(of_kind["x"], of_kind["y"], label=kind, **style)
        figures = self.figures.set_index(["rows", "method"]).loc[(rows, method)]
        ax.set(xticks=[], yticks=[], title=METHODS[method][0])
        ax.set_xlabel(
            f"trustworthiness {figures['trustworthiness']:.2f}\nnearest rows: "
            f"{figures['mixed']:.0%} real ({figures['expected']:.0%} expected)",
            fontsize="small",
        )


def _compare(vectors, n_real, methods, n_neighbors, rng):
    """Lay out (n_points, n_features), real rows first: points and figures of each method."""
    from sklearn.manifold import trustworthiness
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(vectors)
    kinds = np.where(np.arange(len(vectors)) < n_real, "real", "generated")
    n_trusted = min(n_neighbors, (len(vectors) - 1) // 2)
    expected = n_real / (len(vectors) - 1)
    mixed = _share_real(scaled, n_real, n_neighbors, "cosine")
    figures, points = [("space", 1.0, mixed, expected)], []
    for method in methods:
        plane = lay_out_scaled(vectors, scaled, method, rng)
        points.append(pd.DataFrame({"method": method, "x": plane[:, 0], "y": plane[:, 1]}))
        points[-1]["kind"] = kinds
        trust = (
            trustworthiness(scaled, plane, n_neighbors=n_trusted, metric="cosine")
            if n_trusted
            else np.nan
        )
        mixed = _share_real(plane, n_real, n_neighbors, "euclidean")
        figures.append((method, trust, mixed, expected))
    return _stack(points), pd.DataFrame(
        figures, columns=["method", "trustworthiness", "mixed", "expected"]
    )


def _share_real(places, n_real, n_neighbors, metric):
    """Give the share of the first n_real rows among the nearest of the others."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(
        n_neighbors=min(n_neighbors, len(places) - 1), metric=metric, algorithm="brute"
    )
    # Asked without arguments it leaves each row itself out, copies of it not.
    near = search.fit(places).kneighbors(return_distance=False)[n_real:]
    return float((near < n_real).mean())


def _some(rows, limit, rng):
    return rows[np.sort(rng.permutation(len(rows))[:limit])]


def _stack(frames):
    return pd.concat(frames, ignore_index=True)


def _grid(ax, shape):
    """Return axes in this shape, those given or new ones."""
    if ax is not None:
        return np.asarray(ax, dtype=object).reshape(shape)
    return new_axes(shape, (3.6, 3.6))
