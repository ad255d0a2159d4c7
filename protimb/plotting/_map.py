"""Real against generated proteins on a plane, for a few terms."""

import functools
import textwrap
import warnings

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.plotting._style import BACKGROUND, COLOURS, assign, axes_or_new, literal
from protimb.utils._alignment import align_columns, check_same_order, column_names

# Distinct vectors that t-SNE and UMAP need: with fewer there are no neighbourhoods to keep.
_FEWEST = 4


class EmbeddingMapDisplay:
    """PCA, t-SNE or UMAP of real and generated vectors, coloured by term.

    Good generated proteins lie among the real ones of their term, neither on top of single
    ones nor in a cloud of their own. UMAP keeps more of the global layout, t-SNE more of the
    neighbourhoods; neither keeps distances, so take the map as a question and
    ``quality_report_`` as the answer. Equal vectors share one point; fewer than four distinct ones
    are laid out by their principal axes.

    Parameters
    ----------
    points : DataFrame of shape (n_points, n_columns)
        ``x`` and ``y`` on the map, ``term`` (empty for proteins of none of the terms) and
        ``kind``: ``"background"``, ``"real"`` or ``"generated"``; from vectors also ``row``, the
        number of the row of ``X``, or of ``X_new`` for generated ones.
    method : str
        How the map was made; named on the axes.

    Attributes
    ----------
    points : DataFrame of shape (n_points, n_columns)
    ax_ : matplotlib Axes
        Where it was drawn last.
    figure_ : matplotlib Figure

    See Also
    --------
    TrainingHistoryDisplay : The losses of the network that generated the vectors.

    References
    ----------
    .. [1] L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", Journal of Machine
       Learning Research 9, 2008, 2579-2605.
    .. [2] L. McInnes, J. Healy, J. Melville, "UMAP: Uniform Manifold Approximation and
       Projection for Dimension Reduction", 2018. doi:10.48550/arXiv.1802.03426

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.plotting import EmbeddingMapDisplay
    >>> rng = np.random.RandomState(0)
    >>> X, y = rng.normal(size=(20, 5)), np.repeat([[1, 0], [0, 1]], 10, axis=0)
    >>> display = EmbeddingMapDisplay.from_vectors(
    ...     X, y, X[:4], y[:4], terms={0: "kinase activity"}, random_state=0)
    >>> display.points.groupby("kind").size().to_dict()
    {'background': 10, 'generated': 4, 'real': 10}
    """

    def __init__(self, points, *, method):
        self.points = points
        self.method = method

    @classmethod
    def from_vectors(
        cls,
        X,
        y,
        X_new,
        y_new,
        *,
        terms,
        method="tsne",
        max_per_term=150,
        n_background=600,
        random_state=None,
    ):
        """Lay real and generated vectors out on one plane.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Real vectors.
        y : array-like or sparse of shape (n_rows, n_terms)
            Their binary indicators.
        X_new : array-like of shape (n_new, n_features)
            Generated vectors; may be none.
        y_new : array-like or sparse of shape (n_new, n_terms)
            The labels that they claim.
        terms : dict
            Column of ``y`` -> name in the legend. A row with several of the terms is coloured by
            the first of them.
        method : {"pca", "tsne", "umap"}
            How the plane is found.
        max_per_term : int
            At most so many real, and so many generated, rows of each term.
        n_background : int
            At most so many real rows without any of the terms, drawn in grey.
        random_state : int, RandomState or None
            Chooses rows, and seeds the layout.

        Returns
        -------
        display : EmbeddingMapDisplay

        Raises
        ------
        InvalidLabelsError
            If tables differ in the ids of their rows, or in their columns.
        ValueError
            If the method is unknown, no row carries any of the terms, or vectors and label rows
            differ in number.
        """
        from sklearn.utils import check_consistent_length, check_random_state

        if method not in METHODS:
            raise ValueError(f"method must be one of {list(METHODS)}, got {method!r}.")
        check_same_order(X=X, y=y)
        check_same_order(X_new=X_new, y_new=y_new)
        X_new = align_columns(X_new, column_names(X), "X_new", "those of X")
        y_new = align_columns(y_new, column_names(y), "y_new", "those of y")
        X, X_new = np.asarray(X), np.asarray(X_new)
        y, y_new = (dense_columns(labels, list(terms)) for labels in (y, y_new))
        check_consistent_length(X, y)
        check_consistent_length(X_new, y_new)
        rng = check_random_state(random_state)
        real = _choose(y, terms, max_per_term, n_background, rng)
        new = _choose(y_new, terms, max_per_term, 0, rng)
        if not (real >= 0).any() and not (new >= 0).any():
            raise ValueError(f"No row carries any of the terms {list(terms.values())}.")
        vectors = np.vstack([X[real.index], X_new[new.index]]).astype(np.float32)
        points = pd.DataFrame(_layout(vectors, method, rng), columns=["x", "y"])
        names = {-1: "", **dict(enumerate(terms.values()))}
        points["term"] = pd.concat([real, new]).map(names).to_numpy()
        kinds = np.where(real >= 0, "real", "background").tolist() + ["generated"] * len(new)
        rows = [*real.index, *new.index]
        return cls(points.assign(kind=kinds, row=rows), method=method)

    def plot(self, ax=None):
        """Draw real rows as dots, generated rows as crosses, a colour for each term.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if None.

        Returns
        -------
        self : EmbeddingMapDisplay
        """
        self.ax_ = ax = axes_or_new(ax, (7, 6))
        self.figure_ = ax.figure
        for kind, style in _STYLES.items():
            rows = self.points[self.points["kind"] == kind]
            ax.scatter(rows["x"], rows["y"], c=rows["term"].map(self._colours()), **style)
        name = METHODS[self.method][0]
        ax.set(xticks=[], yticks=[], xlabel=f"{name} 1", ylabel=f"{name} 2")
        ax.legend(handles=self._legend(), frameon=False, fontsize="small", **_BELOW)
        return self

    def _colours(self):
        terms = [name for name in self.points["term"].unique() if name]
        return {"": BACKGROUND} | assign(terms, COLOURS[1:])

    def _legend(self):
        from matplotlib.lines import Line2D

        # One grey entry for each kind of row, one coloured entry for each term.
        kinds = [_entry(kind, marker, "#606060") for kind, marker in (("real", "o"), _CROSS)]
        coloured = [(term, colour) for term, colour in self._colours().items() if term]
        terms = [_entry(literal(textwrap.fill(term, 44)), "s", colour) for term, colour in coloured]
        other = _entry("other real proteins", "o", BACKGROUND)
        return [Line2D([], [], linestyle="", **entry) for entry in [*kinds, other, *terms]]


def dense_columns(y, columns):
    """Take some columns of labels, whatever holds them, as an array (n_rows, n_columns)."""
    # The others stay sparse: of thousands of terms a map shows a few.
    return y.tocsc()[:, columns].toarray() if sparse.issparse(y) else np.asarray(y)[:, columns]


def _choose(y, terms, max_per_term, n_background, rng):
    """Pick rows: a Series of row number -> position among ``terms``, or -1 for background."""
    carried = y > 0  # (n_rows, len(terms))
    first = pd.Series(np.where(carried.any(axis=1), carried.argmax(axis=1), -1))
    limits = {-1: n_background} | dict.fromkeys(range(len(terms)), max_per_term)
    rows = [_some(first.index[first == group], limit, rng) for group, limit in limits.items()]
    return first[np.concatenate(rows)]


def _some(rows, limit, rng):
    return np.sort(rng.permutation(rows)[:limit])


def _layout(vectors, method, rng):
    """Find a place for each vector, (n_points, 2); equal vectors share theirs."""
    from sklearn.preprocessing import StandardScaler

    return lay_out_scaled(vectors, StandardScaler().fit_transform(vectors), method, rng)


def lay_out_scaled(vectors, scaled, method, rng):
    """Find a place for each vector, which is also given standardized: (n_points, 2)."""
    seed = int(rng.randint(2**31 - 1))
    # Where no two differ, t-SNE ends the process (a segmentation fault, not an error).
    distinct, place = _distinct(vectors)
    return METHODS[method][1](scaled[distinct], seed)[place]


def _distinct(vectors):
    """Find the first of each kind of row, in their order, and each row's place among those."""
    _, first, kind = np.unique(vectors, axis=0, return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.sort(first), rank[kind.ravel()]


def _principal_axes(vectors):
    """Lay out a handful of vectors by what they differ in most, (n_rows, 2)."""
    centred = vectors - vectors.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(vectors), 2), dtype=np.float32)
    plane[:, : len(s)] = (u * s)[:, :2]
    return plane


def _for_few(lay_out):
    """Spare a method the few points that it has no layout for."""

    @functools.wraps(lay_out)
    def method(vectors, seed):
        return lay_out(vectors, seed) if len(vectors) >= _FEWEST else _principal_axes(vectors)

    return method


@_for_few
def _tsne(vectors, seed):
    from sklearn.manifold import TSNE

    perplexity = min(30, (len(vectors) - 1) / 3)  # t-SNE needs about three times as many rows
    tsne = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed, n_jobs=1)
    return tsne.fit_transform(vectors)


@_for_few
def _umap(vectors, seed):
    with warnings.catch_warnings():
        # It says that tensorflow is missing, which only its parametric variant needs.
        warnings.simplefilter("ignore", ImportWarning)
        from umap import UMAP
    # A seeded layout runs on one thread; saying so keeps umap from warning about it.
    n_neighbors = min(15, len(vectors) - 1)
    umap = UMAP(n_neighbors=n_neighbors, metric="cosine", random_state=seed, n_jobs=1)
    return umap.fit_transform(vectors)


def _entry(label, marker, colour):
    return {"label": label, "marker": marker, "color": colour, "markersize": 5}


def _pca(vectors, seed):
    return _principal_axes(vectors)


METHODS = {"pca": ("PCA", _pca), "tsne": ("t-SNE", _tsne), "umap": ("UMAP", _umap)}
_STYLES = {
    "background": {"marker": "o", "s": 4, "linewidths": 0},
    "real": {"marker": "o", "s": 16, "linewidths": 0},
    "generated": {"marker": "x", "s": 16, "linewidths": 0.8, "alpha": 0.8},
}
_CROSS = ("generated", "x")
_BELOW = {"loc": "upper left", "bbox_to_anchor": (0, -0.05), "ncols": 2}
