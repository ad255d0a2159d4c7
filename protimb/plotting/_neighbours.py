"""The nearest real rows of generated ones, and whether these carry the term."""

import numpy as np

from protimb.plotting._map import dense_columns
from protimb.plotting._style import BACKGROUND, COLOURS, axes_or_new, literal
from protimb.utils._alignment import align_columns, check_same_order, column_names


class NeighborDisplay:
    """Nearest real rows of the rows generated for one term, with or without the term.

    Each line is a generated row, and each cell one of its nearest real rows, the nearest on the
    left. A good row lies among real ones of its term; a line without any coloured cell is an
    intruder among proteins that have other functions.

    Parameters
    ----------
    carries : array-like of bool, shape (n_new, n_neighbors)
        Whether the nearest real rows, nearest first, carry the term.
    name : str
        Of the term.
    usual : float
        Share of all real rows that carry it.

    Attributes
    ----------
    carries : ndarray of bool, shape (n_new, n_neighbors)
        Sorted by the number of neighbours that carry the term, most first.
    name : str
    usual : float
    ax_ : matplotlib Axes
        Where it was drawn last.
    figure_ : matplotlib Figure

    See Also
    --------
    protimb.filters.IntrusionFilter : Rejects rows by such neighbours, for all terms.

    Notes
    -----
    Neighbours are those by cosine of features standardized by the real rows.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.plotting import NeighborDisplay
    >>> X, y = np.array([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.0]]), np.array([[1], [1], [0]])
    >>> display = NeighborDisplay.from_vectors(X, y, [[2.0, 0.0]], [[1]], term=0, n_neighbors=3)
    >>> display.carries.tolist()
    [[True, True, False]]
    """

    def __init__(self, carries, *, name, usual):
        carries = np.asarray(carries, dtype=bool)
        self.carries = carries[np.argsort(-carries.sum(axis=1), kind="stable")]
        self.name = name
        self.usual = usual

    @classmethod
    def from_vectors(
        cls,
        X,
        y,
        X_new,
        y_new,
        *,
        term,
        name=None,
        n_neighbors=20,
        max_rows=60,
        random_state=None,
    ):
        """Find the nearest real rows of rows that claim a term.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Real vectors.
        y : array-like or sparse of shape (n_rows, n_terms)
            Their binary indicators.
        X_new : array-like of shape (n_new, n_features)
            Generated vectors.
        y_new : array-like or sparse of shape (n_new, n_terms)
            The labels that they claim.
        term : int
            Column of ``y``.
        name : str, optional
            What to call the term; by default its column in a table, or its number.
        n_neighbors : int
            Nearest real rows; all where there are fewer.
        max_rows : int
            At most so many generated rows, at random.
        random_state : int, RandomState or None
            Chooses them.

        Returns
        -------
        display : NeighborDisplay

        Raises
        ------
        InvalidLabelsError
            If tables differ in the ids of their rows, or in their columns.
        ValueError
            If no generated row claims the term, or vectors and label rows differ in number.
        """
        from sklearn.neighbors import NearestNeighbors
        from sklearn.preprocessing import StandardScaler
        from sklearn.utils import check_consistent_length, check_random_state

        check_same_order(X=X, y=y)
        check_same_order(X_new=X_new, y_new=y_new)
        terms = column_names(y)
        X_new = np.asarray(align_columns(X_new, column_names(X), "X_new", "those of X"))
        y_new = align_columns(y_new, terms, "y_new", "those of y")
        X = np.asarray(X)
        carried, claimed = (dense_columns(labels, [term])[:, 0] > 0 for labels in (y, y_new))
        check_consistent_length(X, carried)
        check_consistent_length(X_new, claimed)
        if name is None:
            name = f"term {term}" if terms is None else str(terms[term])
        rows = check_random_state(random_state).permutation(np.flatnonzero(claimed))[:max_rows]
        if not len(rows):
            raise ValueError(f"No generated row claims {name}.")
        scaler = StandardScaler().fit(X)
        search = NearestNeighbors(n_neighbors=min(n_neighbors, len(X)), metric="cosine")
        search.fit(scaler.transform(X))
        near = search.kneighbors(scaler.transform(X_new[rows]), return_distance=False)
        return cls(carried[near], name=name, usual=float(carried.mean()))

    @property
    def share(self):
        """Share of nearest real rows that carry the term, a float."""
        return float(self.carries.mean())

    def plot(self, ax=None):
        """Draw a line for each generated row, a cell for each of its nearest real rows.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if None.

        Returns
        -------
        self : NeighborDisplay
        """
        from matplotlib.colors import ListedColormap

        self.ax_ = ax = axes_or_new(ax, (5, 5))
        self.figure_ = ax.figure
        colours = ListedColormap([BACKGROUND, COLOURS[4]])
        ax.pcolormesh(self.carries, cmap=colours, vmin=0, vmax=1, edgecolors="w", linewidth=0.3)
        ax.invert_yaxis()
        ranks = np.unique([1, *range(5, self.carries.shape[1] + 1, 5)])
        ax.set_xticks(ranks - 0.5, ranks)  # in the middle of cells
        ax.set(xlabel="nearest real rows, nearest first", ylabel="generated rows", yticks=[])
        ax.set_title(
            f"{literal(self.name)}\n"
            f"{self.share:.0%} of nearest real rows carry it, {self.usual:.1%} of all",
            fontsize="medium",
        )
        return self
