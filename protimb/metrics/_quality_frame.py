"""Bring real, held-out and generated rows into one frame: same columns, same terms, same space."""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from sklearn.model_selection import GroupShuffleSplit

from protimb.exceptions import InvalidLabelsError
from protimb.metrics._judged_rows import RealRows, Rows, find_clusters
from protimb.metrics._quality_sample import (
    rows_to_hold_out,
    rows_to_judge,
    rows_to_judge_by,
    say_what_is_left,
)
from protimb.utils._alignment import align_columns, check_same_order, column_names
from protimb.utils._equal_rows import digests, number_equal
from protimb.utils._groups import number_groups
from protimb.utils._labelsets import count_members, group_positions, members_by_term, rarest_terms
from protimb.utils._memory import gather_rows, is_large, read_blocks
from protimb.utils._standardizing import widened
from protimb.utils._validation import as_vectors, check_indicator, check_vectors

_TEST_SIZE = 0.2  # of the real rows, where none are given as held out
_MOST_LENT = 0.2  # of the training rows
_MOST_CORE = 1500
_ROWS_A_FEATURE = 10
_MOST_CELLS, _ROWS_A_CELL = 300, 10
# Standard deviations: rows so far away are named; what is beyond squares to no more than float32.
_FAR, _FARTHEST = 1e3, 1e6


@dataclass
class Labelled:
    """Rows as given: X (n_rows, n_features), y csr (n_rows, n_terms), groups int (n_rows,)."""

    X: np.ndarray
    y: sparse.csr_array
    groups: np.ndarray

    def take(self, rows):
        """Give some of the rows."""
        X = widened(gather_rows(self.X, rows)) if rows.dtype != bool else self.X[rows]
        return Labelled(X, self.y[rows], self.groups[rows])

    def __len__(self):
        return len(self.X)


@dataclass
class Frame:
    """All that properties are measured on."""

    real: RealRows
    held_out: Rows
    weights: np.ndarray  # of held-out rows, so that terms weigh as they do among generated rows
    groups: np.ndarray
    is_lent: np.ndarray  # held-out rows that the generator has seen
    new: Rows
    cells: tuple  # of held-out and of generated rows: int (n_rows,), rows of one place alike
    terms: list
    n_given: dict  # rows by argument name
    notes: list = field(default_factory=list)


def build_frame(X, y, X_new, y_new, held_out, groups, ontology, terms, rng):
    """Read what users pass and match held-out rows to generated ones by their rarest terms."""
    names, columns = column_names(y), column_names(X)
    given = real = _read(X, y, "X", "y", groups)
    all_new = new = _read_beside(X_new, y_new, "X_new", "y_new", columns, names, real)
    terms = _term_names(terms, names, real.y.shape[1])
    notes: list = []
    held = _read_held_out(held_out, columns, names, real)
    n_given = {"X": len(real), "X_new": len(new), "held_out": 0 if held is None else len(held)}
    if is_large(real.X.shape, 4):
        real, held, new = _few_enough(real, held, new, rng, notes)
    elif held is None:
        real, held = _split(real, rng)
    if held_out is None:
        notes.append(
            f"No held-out rows were given, so {len(held):,} of the real rows stand in for them. "
            "The generator has seen these too, so likeness to real proteins is easier for it."
        )
    is_lent = np.full(len(held), held_out is None)
    real, held, is_lent = _lend(real, held, is_lent, new, rng, notes)
    targets, held_terms = _match(real, held, new)
    keep_new, keep_held = targets >= 0, held_terms >= 0
    _say_what_is_left_out(notes, keep_new)
    closure = None if ontology is None else ontology.closure(terms)
    _say_what_repeats(notes, given.X, all_new.X)
    space = _Space(real.X, notes)
    _say_what_is_far(notes, space, all_new.X)
    core, core_terms = _core(real, targets[keep_new], held_terms[keep_held], rng)
    frame_real = RealRows(space(real.X), real.y, core, core_terms, closure)
    judged = [
        _rows(space, rows.take(keep), found[keep], frame_real)
        for rows, found, keep in [(held, held_terms, keep_held), (new, targets, keep_new)]
    ]
    weights = _weights(held_terms[keep_held], targets[keep_new])
    cells = _cells(frame_real.X, [rows.X for rows in judged], rng)
    return Frame(
        frame_real,
        judged[0],
        weights,
        held.groups[keep_held],
        is_lent[keep_held],
        judged[1],
        cells,
        terms,
        n_given,
        notes,
    )


class _Space:
    """Standardize by real rows, and turn to their principal components."""

    def __init__(self, X, notes):
        X = X.astype(np.float64)
        self.mean, spread = X.mean(axis=0), X.std(axis=0)
        # Rounding leaves a constant feature a tiny spread.
        varies = spread > 1e-9 * np.maximum(np.abs(self.mean), np.finfo(float).tiny)
        # Rows that differ where real ones never do are to be seen: by the spread of the others.
        usual = np.median(spread[varies]) if varies.any() else np.abs(self.mean).max() or 1.0
        self.scale = 1 / np.where(varies, spread, usual)
        centred = (X - self.mean) * self.scale
        values, vectors = np.linalg.eigh(centred.T @ centred / len(X))
        kept = max(2, len(X) // _ROWS_A_FEATURE)
        self.axes = vectors[:, ::-1][:, : min(kept, X.shape[1])]
        if kept < X.shape[1]:
            share = values[::-1][:kept].sum() / max(values.sum(), np.finfo(float).tiny)
            notes.append(
                f"{X.shape[1]} features are more than a tenth of the {len(X):,} real rows, so "
                f"distances are taken in their first {kept} principal components, which hold "
                f"{share:.0%} of the variance."
            )

    def __call__(self, X):
        return np.ascontiguousarray(
            np.clip(self.standardized(X), -_FARTHEST, _FARTHEST) @ self.axes, dtype=np.float32
        )

    def standardized(self, X):
        """Give X (n_rows, n_features) in standard deviations of the real rows."""
        return (X.astype(np.float64) - self.mean) * self.scale


def _rows(space, labelled, terms, real):
    is_zero = ~labelled.X.any(axis=1)
    return Rows(space(labelled.X), labelled.y, terms, real, is_zero=is_zero)


def _read(X, y, X_name, y_name, groups=None):
    check_same_order(**{X_name: X, y_name: y})
    _refuse_not_finite(X, X_name)
    large = len(getattr(X, "shape", ())) == 2 and is_large(X.shape, 4)
    X, (indicator, _) = check_vectors(X, keep_half=large), check_indicator(y, y_name)
    if len(X) != indicator.shape[0]:
        raise ValueError(
            f"{X_name} has {len(X)} rows and {y_name} {indicator.shape[0]}. Each row needs its "
            "labels."
        )
    # Without groups, rows that are equal are one group.
    numbers = number_equal(digests(X)) if groups is None else number_groups(groups, len(X))
    return Labelled(X, indicator, numbers)


def _few_enough(real, held, new, rng, notes):
    """Keep rows to judge, and the real rows that they are judged by, where all do not fit."""
    left = np.ones(len(real), dtype=bool)
    if held is None:
        left = ~rows_to_hold_out(real.X, real.groups, _TEST_SIZE, rng)
        held = real.take(np.flatnonzero(~left))
    n_new = len(new)
    held, new = (rows.take(rows_to_judge(rows.X, rng)) for rows in (held, new))
    rows = rows_to_judge_by(real.X, real.y, left, [held.X, new.X], rng)
    notes.append(say_what_is_left(len(real), real.y, rows))
    if len(new) < n_new:
        notes.append(f"Of {n_new:,} generated rows {len(new):,} are judged, drawn at random.")
    return real.take(rows), held, new


def _read_beside(X, y, X_name, y_name, columns, names, real, groups=None):
    """Read rows whose columns are to be those of the real rows."""
    X = align_columns(X, columns, X_name, "those of X")
    y = align_columns(y, names, y_name, "those of y")
    rows = _read(X, y, X_name, y_name, groups)
    if rows.X.shape[1] != real.X.shape[1]:
        raise ValueError(
            f"{X_name} has {rows.X.shape[1]} features and X {real.X.shape[1]}. Both must be "
            "vectors of one embedding."
        )
    if rows.y.shape[1] != real.y.shape[1]:
        raise InvalidLabelsError(
            f"{y_name} has {rows.y.shape[1]} terms but y has {real.y.shape[1]}. Pass the same "
            "columns in the same order, or data frames, which are matched by name."
        )
    return rows


def _read_held_out(held_out, columns, names, real):
    if held_out is None:
        return None
    if not isinstance(held_out, tuple | list) or len(held_out) not in (2, 3):
        raise ValueError(
            "held_out must be (X, y) or (X, y, groups) of real rows that the generator has not "
            f"seen, got {type(held_out).__name__}."
        )
    X, y, *groups = held_out
    return _read_beside(X, y, "held_out X", "held_out y", columns, names, real, *groups)


def _refuse_not_finite(X, name):
    values = as_vectors(X, name)
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind != "f":
        return  # what is no matrix of numbers is refused elsewhere
    largest = np.finfo(np.float32).max  # of float16 too: what it holds is less, or infinite
    is_good = [(np.abs(block) <= largest).all(axis=1) for block in read_blocks(values)]
    bad = np.flatnonzero(~np.concatenate([np.ones(0, dtype=bool), *is_good]))
    if len(bad):
        column = np.flatnonzero(~(np.abs(values[bad[0]]) <= largest))[0]
        raise ValueError(
            f"{name} holds NaN or infinite values, or such as single precision cannot hold, in "
            f"{len(bad)} of {len(values)} rows, the first in row {bad[0]} (counted from 0), column "
            f"{column}. Leave these rows out, and look at what made them."
        )


def _term_names(terms, names, n_terms):
    if terms is None:
        return list(names) if names is not None else list(range(n_terms))
    terms = list(terms)
    if len(terms) != n_terms:
        raise InvalidLabelsError(f"terms has {len(terms)} names, but y has {n_terms} columns.")
    return terms


def _split(real, rng):
    if len(np.unique(real.groups)) < 2:
        raise ValueError(
            "held_out is None and the real rows are one group, so none can be held out. Pass "
            "held_out=(X, y) of real rows that the generator has not seen."
        )
    split = GroupShuffleSplit(n_splits=1, test_size=_TEST_SIZE, random_state=rng)
    train, test = next(split.split(real.X, groups=real.groups))
    return real.take(train), real.take(test)


def _lend(real, held, is_lent, new, rng, notes):
    """Move training rows, a cluster a term, to the held-out ones of terms that have none there."""
    counts = count_members(real.y)
    rarest = rarest_terms(new.y, counts)
    wanted, n_wanted = np.unique(rarest[rarest >= 0], return_counts=True)
    present = count_members(held.y)
    wanted = wanted[np.argsort(-n_wanted, kind="stable")]
    wanted = wanted[present[wanted] == 0]
    members, by_group = members_by_term(real.y), group_positions(real.groups)
    lent: set = set()
    n_terms = 0
    for term in wanted:
        left = [row for row in members[term] if row not in lent]
        if len(left) < len(members[term]):  # a row lent for another term has this one too
            continue
        groups = rng.permutation(np.unique(real.groups[left]))
        if len(groups) < 2:
            continue
        cluster = min((by_group[group] for group in groups), key=len)
        if len(lent) + len(cluster) > _MOST_LENT * len(real):
            break
        lent |= set(cluster.tolist())
        n_terms += 1
    if not lent:
        return real, held, is_lent
    notes.append(
        f"{counted(n_terms, 'term')} of generated rows {agree(n_terms, 'has', 'have')} no held-out "
        f"protein. {counted(len(lent), 'training protein')} {agree(len(lent), 'was', 'were')} left "
        "out of the training rows to stand in, although the generator has seen them."
    )
    moved = np.isin(np.arange(len(real)), list(lent))
    extra = real.take(moved)
    apart = held.groups.max(initial=-1) + 1
    held = Labelled(
        np.concatenate([held.X, extra.X]),
        sparse.csr_array(sparse.vstack([held.y, extra.y])),
        np.concatenate([held.groups, extra.groups + apart]),
    )
    return real.take(~moved), held, np.append(is_lent, np.ones(moved.sum(), dtype=bool))


def _match(real, held, new):
    """Find the rarest term of each row among those that held-out and generated rows share."""
    counts = count_members(real.y)
    usable = (counts > 0) & (count_members(held.y) > 0)
    while True:
        targets = rarest_terms(new.y, counts, usable)
        found = np.isin(np.arange(len(counts)), targets)
        held_terms = rarest_terms(held.y, counts, found)
        compared = np.isin(np.arange(len(counts)), held_terms) & found
        if (compared == found).all():
            return targets, held_terms
        usable &= compared | ~found


def _say_what_is_left_out(notes, keep_new):
    n_out = int((~keep_new).sum())
    if n_out:
        notes.append(
            f"{n_out:,} of {len(keep_new):,} generated rows {agree(n_out, 'carries', 'carry')} no "
            f"term of a held-out real protein, and {agree(n_out, 'is', 'are')} not judged."
        )


def _cells(X, others, rng):
    """Divide the space into places by k-means of real rows: numbers for the rows of each set."""
    n_cells = max(2, min(_MOST_CELLS, len(X) // _ROWS_A_CELL))
    sample = X[rng.permutation(len(X))[: _ROWS_A_CELL * n_cells]]
    cells = find_clusters(sample, n_cells, rng)
    return tuple(
        cells.predict(rows) if len(rows) else np.empty(0, dtype=np.int64) for rows in others
    )


def _say_what_repeats(notes, X, X_new):
    """Count generated rows that equal a training row, and those that equal an earlier one."""
    new = list(digests(X_new))
    wanted = set(new)
    known = {row for row in digests(X) if row in wanted}
    n_copies, n_repeats = sum(row in known for row in new), len(new) - len(wanted)
    if n_copies or n_repeats:
        notes.append(
            f"{counted(n_copies, 'generated row')} {agree(n_copies, 'is', 'are')} equal to a "
            f"training protein, and {n_repeats:,} {agree(n_repeats, 'is', 'are')} equal to another "
            "generated row."
        )


def _say_what_is_far(notes, space, X_new):
    """Name generated rows that a mean over all rows may hide."""
    far = np.flatnonzero((np.abs(space.standardized(X_new)) > _FAR).any(axis=1))
    if len(far):
        notes.append(
            f"{counted(len(far), 'generated row')} {agree(len(far), 'lies', 'lie')} more than "
            f"{_FAR:,.0f} standard deviations from real proteins in some feature, the first is row "
            f"{far[0]} (counted from 0). Means over all rows may hide a few such rows."
        )


def counted(n, noun):
    """Give a number with its noun.

    >>> counted(1, "term"), counted(2000, "term")
    ('1 term', '2,000 terms')
    """
    return f"{n:,} {noun}{agree(n, '', 's')}"


def agree(n, one, many):
    """Choose the form of a word that goes with a number."""
    return one if n == 1 else many


def _weights(held_terms, targets):
    """Weigh held-out rows so that terms have the shares that they have in targets: sum 1."""
    terms, n_new = np.unique(targets, return_counts=True)
    n_held = np.array([(held_terms == term).sum() for term in terms])
    weight = dict(zip(terms.tolist(), n_new / n_held / max(n_new.sum(), 1), strict=True))
    return np.array([weight[term] for term in held_terms.tolist()])


def _core(real, targets, held_terms, rng):
    """Draw real rows of the targets in the shares in which sets are compared: numbers, terms."""
    counts = count_members(real.y)
    terms, n_new = np.unique(targets, return_counts=True)
    of_rows = rarest_terms(real.y, counts, np.isin(np.arange(len(counts)), terms))
    positions = group_positions(of_rows)
    n_held = np.array([(held_terms == term).sum() for term in terms])
    available = np.array([len(positions.get(term, ())) for term in terms])
    quotas = thin(np.minimum(n_new, n_held), available, _MOST_CORE, rng)
    drawn = [
        rng.choice(positions[term], quota, replace=False)
        for term, quota in zip(terms.tolist(), quotas, strict=True)
        if quota
    ]
    core = rng.permutation(np.concatenate(drawn)) if drawn else np.empty(0, dtype=np.int64)
    return core, of_rows[core]


def thin(wanted, available, most, rng):
    """Multiply counts a term to at most so many rows altogether, and to what there is."""
    if not wanted.sum():
        return np.zeros(len(wanted), dtype=np.int64)
    factor = min(most / wanted.sum(), max(1, np.median(available / np.maximum(wanted, 1))))
    quotas = wanted * factor
    whole = np.floor(quotas).astype(np.int64)
    return np.minimum(whole + (rng.random_sample(len(quotas)) < quotas - whole), available)
