"""LabelwiseSampler: lift any single-label over-sampler to several labels a row."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.utils import gen_batches, get_tags

from protimb.budgets._plan import Plan, join
from protimb.exceptions import SkippedTermWarning
from protimb.over_sampling._mixed import as_mixed, nearest_members, same_rows
from protimb.over_sampling._quality_control import QualityControlled
from protimb.utils._containers import take_rows
from protimb.utils._nearest_pairs import smallest
from protimb.utils._sklearn_compat import HasMethods, check_params
from protimb.utils._validation import a_few, as_table, check_vectors
from protimb.utils._warnings import users_level

# Terms with more members go to SMOTE itself, whose memory does not grow with their square.
MAX_MEMBERS = 4096

# Numbers in a block of new rows, or of products with them.
_BLOCK = 2**22

# Parameters that count neighbours, and where the sampler looks for them.
NEIGHBOURHOODS = {"k_neighbors": "members", "n_neighbors": "members", "m_neighbors": "rows"}


class _Silent(BaseEstimator):
    """Whose tags stand for those of a sampler without any."""


class LabelwiseSampler(QualityControlled):
    """Over-sample term by term with an over-sampler that knows two classes.

    For each term that lacks rows, its members play the minority class and all other rows the
    majority class, and a clone of ``sampler`` generates what is missing. A vector between two
    members belongs to the term, but which other labels does it have? It takes all labels of the
    real member of the term that it is nearest to.

    Parameters
    ----------
    sampler : imbalanced-learn over-sampler or None, default=None
        Anything with ``fit_resample``, ``sampling_strategy`` and, if it draws, ``random_state``;
        it must give the rows it got first, then the new ones. None means ``SMOTE()`` [1]_. X may
        be what it takes: sparse for ``SMOTE()``, text and categories for ``SMOTENC(...)``.
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: ``"auto"`` raises terms whose IRLbl exceeds MeanIR up to it; an int n raises every
        term to n members; ``{term: total}`` by column name or number; or a callable that gets y and
        returns such a dict. Classes, see ``target``: imbalanced-learn's meaning.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
    quality_filter : None, str or BaseFilter, default=None
        Quality control: a key of ``protimb.filters.FILTERS``, an object, or None for none. Its
        ``random_state``, if it has one that is None, is drawn from that of the sampler.
    max_rounds : int, default=10
        Draws that each planned row gets to pass quality control: a call of
        ``sampler`` with the next seed.
    random_state : int, RandomState or None, default=None
        Seed of every draw; for each term a clone of ``sampler`` gets a seed drawn from it.

    Attributes
    ----------
    sampler_ : object
        The sampler that is cloned for each term.
    sampling_strategy_ : dict
        ``{term: rows missing}``.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows generated for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
    n_synthetic_ : int
        Number of rows added.
    terms_ : list of length n_terms
        Column names or numbers of y; the classes where y has one label a row.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were generated.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The nearest member of the term, whose labels each synthetic row carries.
    quality_filter_ : BaseFilter or None
        The filter fitted on the real rows.
    quality_report_ : DataFrame of shape (n_terms, 6)
        Indexed by term: ``n_planned`` rows, ``n_drawn`` vectors, ``n_rejected`` by the filter,
        ``n_missing`` planned rows that no draw could fill, ``n_copies`` of real vectors, and
        ``diversity``, the spread of the new rows over that of the rows whose labels they carry
        (NaN where there is no spread to compare). Only where there is a filter.

    See Also
    --------
    RandomLabelsetOverSampler : Copies rows instead; its vectors are all real.
    imblearn.over_sampling.SMOTE : Interpolates between neighbours of one class.

    Notes
    -----
    Where y holds classes there is nothing to lift: ``sampler`` is called once, with this sampler's
    ``random_state`` unless that is None, and the rows are those that it gives by itself. If
    ``sampling_strategy`` is ``"auto"``, that of ``sampler`` applies. Only if it fails, on a class
    that is too small say, are classes taken one by one as terms are.

    A term with one member has nobody to interpolate with: the member is copied. Where a term has
    fewer members than the sampler wants neighbours, ``k_neighbors`` and ``n_neighbors`` shrink to
    fit. ``SMOTE`` itself is not called for a term of up to 4,096 members: the same products of
    members find the neighbours to step to and the member nearest to each new row, and one seed
    gives the rows that ``SMOTE`` would give. Every other sampler, its subclasses included, gets
    all rows. Surplus rows are cut. A term on which the sampler fails is
    left alone and reported, unless it fails on every term.

    The nearest member is found by Euclidean distance. In a table with text or categories, each cell
    of these that differs adds what it does in [1]_, section 6.1: the squared median of the
    members' standard deviations over columns of numbers.

    References
    ----------
    .. [1] N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: synthetic minority
       over-sampling technique", Journal of Artificial Intelligence Research 16, 321-357, 2002.
       https://doi.org/10.1613/jair.953

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import LabelwiseSampler
    >>> X = np.array([[0.0, 0], [0, 1], [5, 5], [5, 6], [9, 9]])
    >>> y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0]])
    >>> sampler = LabelwiseSampler(sampling_strategy={1: 4}, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> y_res[sampler.synthetic_mask_]
    array([[1, 1],
           [1, 1]])
    >>> X_res[sampler.synthetic_mask_, 0]
    array([5., 5.])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **QualityControlled._parameter_constraints,
        "sampler": [HasMethods(["fit_resample", "get_params", "set_params"]), None],
    }

    def __init__(
        self,
        sampler=None,
        *,
        sampling_strategy="auto",
        min_members=1,
        target="auto",
        quality_filter=None,
        max_rounds=10,
        random_state=None,
    ):
        super().__init__(
            sampling_strategy=sampling_strategy,
            min_members=min_members,
            target=target,
            random_state=random_state,
        )
        self.sampler = sampler
        self.quality_filter = quality_filter
        self.max_rounds = max_rounds

    _or_else = " LabelwiseSampler(SMOTENC(...)), SMOTEN() or RandomOverSampler() take such columns."

    @property
    def _lifted(self):
        """What the lifted sampler says that its X may be."""
        sampler = SMOTE() if self.sampler is None else self.sampler
        # Of an object that says nothing, only dense numbers are expected.
        return get_tags(sampler if hasattr(sampler, "__sklearn_tags__") else _Silent()).input_tags

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._lifted.sparse
        tags.input_tags.string = tags.input_tags.categorical = self._lifted.string
        return tags

    def _read_vectors(self, X):
        # Samplers that take strings may look at names and dtypes of columns; lists have neither.
        is_list = isinstance(X, list | tuple)
        if self._lifted.string and not is_list and isinstance(as_table(X), pd.DataFrame):
            return as_mixed(X)
        return check_vectors(X, sparse_too=self._lifted.sparse, or_else=self._or_else)

    def _train(self, X, y, rng):
        _check_filter_can_judge(self.quality_filter, X)
        super()._train(X, y, rng)
        self.sampler_ = SMOTE() if self.sampler is None else clone(self.sampler)

    def _strategy_for(self, target):
        own = self.sampling_strategy
        if target.classes is None or not (isinstance(own, str) and own == "auto"):
            return own
        return getattr(self.sampler, "sampling_strategy", own)

    def _make(self, X, y, ledger, control, rng):
        by_itself = self._sample_classes(X, y, ledger, control) if self._holds_classes else []
        # What the sampler did for all classes at once was a round; the rest is drawn by class.
        n_rounds = control.n_rounds - len(by_itself)
        by_term = self._sample_terms(X, ledger, control, n_rounds, rng)
        return [X[:0], *by_itself, *by_term], ledger.plan()

    def _sample_classes(self, X, y, ledger, control):
        """Give the rows that the sampler gives by itself, in its order; none if it fails."""
        totals = {int(term): int(ledger.n_target[term]) for term in ledger.lacking()}
        if not totals:
            return []
        sampler = clone(self.sampler_).set_params(sampling_strategy=totals)
        if self.random_state is not None and "random_state" in sampler.get_params(deep=False):
            sampler.set_params(random_state=self.random_state)
        try:
            X_res, codes = sampler.fit_resample(X, y.indices.astype(np.int64))
        except (ValueError, RuntimeError):
            return []
        X_new, codes = _behind(X_res, codes, X, type(sampler).__name__)
        plan = Plan(_nearest_members(X_new, codes, X, ledger), codes)
        passed = control.judge(X_new, plan)
        ledger.record(codes[passed], plan.rows[passed])
        return [X_new if passed.all() else X_new[passed]]

    def _sample_terms(self, X, ledger, control, n_rounds, rng):
        # Which labels a vector takes is known only once it exists, so terms are decided in turn.
        vectors, done = [], set()
        failures: dict = {}
        short_way = _is_plain_smote(self.sampler_)
        for term, members, missing in ledger:

            def draw(positions, term=term, members=members):
                try:
                    X_new, nearest = self._sample_term(X, members, len(positions), short_way, rng)
                except (ValueError, RuntimeError) as error:
                    failures.setdefault(term, error)
                    return X[:0], join([])
                done.add(term)
                return X_new, Plan(members[nearest], np.full(len(nearest), term))

            _, X_new, plan = control.draw_until_passed(np.full(missing, term), draw, n_rounds)
            ledger.record(term, plan.rows)
            vectors.append(X_new)
        failures = {term: error for term, error in failures.items() if term not in done}
        _report_failures(failures, n_done=len(done) or len(ledger.plan()))
        return vectors

    def _sample_term(self, X, members, missing, short_way, rng):
        """Give new vectors, and for each the position of its nearest member among the members."""
        seed = rng.randint(2**31 - 1)
        if len(members) == 1:
            return take_rows(X, np.repeat(members, missing)), np.zeros(missing, dtype=np.int64)
        if short_way and len(members) <= MAX_MEMBERS and isinstance(X, np.ndarray):
            k_neighbors = min(self.sampler_.k_neighbors, len(members) - 1)
            return smote(X[members], k_neighbors, missing, np.random.RandomState(seed))
        # SMOTE looks at members only; one other row makes them a problem of two classes.
        others = np.delete(np.arange(X.shape[0]), members)[: 1 if short_way else None]
        X_new = self._lift(X, members, others, missing, seed)
        if X_new.shape[0] > missing:
            # Samplers list new rows by member, so cutting the tail would favour the first members.
            X_new = take_rows(X_new, np.sort(rng.permutation(X_new.shape[0])[:missing]))
        return X_new, nearest_members(X_new, take_rows(X, members))

    def _lift(self, X, members, others, missing, seed):
        rows = np.concatenate([members, others])
        is_member = np.arange(len(rows)) < len(members)
        sampler = _prepare(self.sampler_, len(members), len(rows), missing, seed)
        real = take_rows(X, rows)
        X_res, is_member_res = sampler.fit_resample(real, is_member.astype(int))
        return _new_rows(X_res, is_member_res, real, type(sampler).__name__)


def smote(X, k_neighbors, n_new, rng):
    """Step from random members towards random neighbours, as imbalanced-learn's SMOTE does.

    X are two members at least, (n_members, n_features); ``k_neighbors`` is less than these. Gives
    X_new, (n_new, n_features), and the member that each is nearest to, int, (n_new,); not always
    the one that it starts from.

    >>> import numpy as np
    >>> members = np.array([[0.0], [1.0], [10.0]])
    >>> X_new, nearest = smote(members, 1, 4, np.random.RandomState(0))
    >>> bool((abs(X_new - members[nearest]) <= 4.5).all())
    True
    """
    centred = X - X.mean(axis=0)  # a common offset would cost the differences their digits
    # By a power of two, which changes no digit: squares of any scale neither overflow nor vanish.
    centred = np.ldexp(centred, -np.frexp(np.abs(centred).max())[1])
    products = centred @ centred.T  # (n_members, n_members), all that distances are made of
    norms = products.diagonal().copy()
    distances = norms - 2 * products
    np.fill_diagonal(distances, np.inf)
    neighbours = smallest(distances, k_neighbors)
    # The draws of imbalanced-learn, in its order: one seed, one result.
    start, choice = np.divmod(rng.randint(0, neighbours.size, size=n_new), k_neighbors)
    steps = rng.uniform(size=n_new)[:, None]
    end = neighbours[start, choice]
    X_new = np.empty((n_new, X.shape[1]), dtype=X.dtype)
    nearest = np.empty(n_new, dtype=np.int64)
    for block in gen_batches(n_new, max(1, _BLOCK // max(X.shape))):
        X_new[block] = _between(X, start[block], end[block], steps[block])
        # Products of the new rows follow from those of their ends: no new matrix product.
        from_new = _between(products, start[block], end[block], steps[block])
        nearest[block] = np.argmin(norms - 2 * from_new, axis=1)
    return X_new, nearest


def _between(values, start, end, steps):
    return values[start] + steps * (values[end] - values[start])


def _is_plain_smote(sampler):
    # Subclasses may look further than members, and k_neighbors may be a search of the user's.
    if type(sampler) is not SMOTE or not isinstance(sampler.k_neighbors, Integral):
        return False
    check_params(sampler)
    return True


def _prepare(sampler, n_members, n_rows, missing, seed):
    sampler = clone(sampler).set_params(sampling_strategy={1: n_members + missing})
    params = sampler.get_params(deep=False)
    # A member is its own nearest neighbour, so there is one neighbour fewer than rows.
    limits = {"members": n_members - 1, "rows": n_rows - 1}
    fitting = {
        name: min(params[name], limits[among])
        for name, among in NEIGHBOURHOODS.items()
        if isinstance(params.get(name), Integral)
    }
    if "random_state" in params:
        fitting["random_state"] = seed
    return sampler.set_params(**fitting)


def _nearest_members(X_new, codes, X, ledger):
    """Find for each new row the nearest real row of its class: int, (n_new,)."""
    rows = np.empty(len(codes), dtype=np.int64)
    for code in np.unique(codes):
        members, own = ledger.members(code), np.flatnonzero(codes == code)
        rows[own] = members[nearest_members(take_rows(X_new, own), take_rows(X, members))]
    return rows


def _new_rows(X_res, y_res, X, name):
    X_new, is_member = _behind(X_res, y_res, X, name)
    if not is_member.any():
        raise ValueError(f"{name} gave no new row.")
    return take_rows(X_new, np.flatnonzero(is_member == 1))


def _behind(X_res, y_res, X, name):
    if not same_rows(X_res[: X.shape[0]], X):
        raise TypeError(
            f"{name} changed or removed real rows. LabelwiseSampler lifts over-samplers only, "
            "which give the rows they got first, then the new ones."
        )
    return X_res[X.shape[0] :], y_res[X.shape[0] :]


def _check_filter_can_judge(quality_filter, X):
    if quality_filter is not None and not isinstance(X, np.ndarray):
        kind = "is sparse" if sparse.issparse(X) else "has columns that may be no numbers"
        raise ValueError(
            f"quality_filter judges vectors of numbers, and X {kind}. Pass "
            "quality_filter=None, or dense numbers."
        )


def _report_failures(failures, n_done):
    if not failures:
        return
    first = next(iter(failures.values()))
    if not n_done:
        raise first
    warnings.warn(
        f"The lifted sampler failed on {len(failures)} term(s), columns {a_few(failures)} of y, "
        f"which are left alone. First message: {first}",
        SkippedTermWarning,
        stacklevel=users_level(),
    )
