"""Never worse than copying: choose for each term how its new rows are made, by held-out rows."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy import sparse, stats
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from protimb.budgets._plan import Ledger, cycle_fairly, join
from protimb.budgets._strategy import Budget
from protimb.exceptions import InvalidLabelsError
from protimb.gan._rows import hold_out
from protimb.over_sampling._labelwise import MAX_MEMBERS, smote
from protimb.over_sampling._proxies import FEWEST_PROXIES, cut_terms, mean_gain
from protimb.over_sampling._quality_control import Kept
from protimb.utils._declared import Array
from protimb.utils._judge import fit_judge, judge_terms
from protimb.utils._labelsets import count_members
from protimb.utils._memory import gather_rows, room_for
from protimb.utils._representatives import representatives

# How the new rows of a term can be made, the simplest first.
WAYS = ("copied", "interpolated", "generated")
COPIED, INTERPOLATED, GENERATED = range(len(WAYS))

# What judges the ways by default: a ridge regression that learns all terms at once.
HEADS = {
    "ridge": lambda: make_pipeline(StandardScaler(), Ridge(alpha=1000.0, solver="cholesky")),
}

# A way has to beat copies so surely: by 1.64 standard errors of its gain, by more where few tell.
_CONFIDENCE = 0.95
_ERRORS = stats.norm.ppf(_CONFIDENCE)

# Neighbours that a row between members may go to, as many as SMOTE's.
_K_NEIGHBORS = 5

# Real rows that a head learns from, and new ones: more would cost time and change little.
MAX_REAL = 20_000
MAX_NEW = 20_000

# How often the new rows are drawn, unless there are many of them.
_N_DRAWS = 3
_MANY = 5000

# Share of rows to judge by where the model has seen all of them.
_HELD_OUT = 0.1

# Terms with about as many members lend one another what is known of them.
_BINS = (2, 5, 10, 20, 50)

# Terms of the first bins, of one member and of two to four, are judged by proxies where fewer of
# their own held-out members tell.
_N_SMALL = 2
_FEW_JUDGED = 30

# What a term's verdict rests on: its own kind of terms, or frequent ones cut to as many members.
MEMBERS, PROXIES = "members", "proxies"


class Verdict(NamedTuple):
    """How each term's rows are made, position in ``WAYS``; what is gained; and how that is known.

    ``gain`` (n_terms,) is that of the way over copies, in natural logarithms of a held-out
    member's rank; ``n_judged`` counts these members. NaN and 0 where nothing was compared.
    ``by_proxies`` bool marks terms whose verdict is that on frequent terms cut to their size.
    """

    ways: np.ndarray
    gain: np.ndarray
    n_judged: np.ndarray
    by_proxies: np.ndarray

    def columns(self, n_planned):
        """Give columns for a report, (n_terms,) each; nothing makes what was not planned."""
        names = np.array(WAYS, dtype=object)[self.ways]
        made_by = np.where(n_planned > 0, names, "")
        known = np.where(self.by_proxies, PROXIES, np.where(np.isnan(self.gain), "", MEMBERS))
        judged_by = np.where(n_planned > 0, known, "").astype(object)
        found = {"made_by": made_by, "gain": self.gain, "n_judged": self.n_judged}
        return found | {"judged_by": judged_by}


# A Verdict as ``_asdict`` gives it.
VERDICT = {
    "ways": Array("i", "n_terms", low=0, high=len(WAYS) - 1),
    "gain": Array("f", "n_terms", nan=True),
    "n_judged": Array("i", "n_terms", low=0),
    "by_proxies": Array("b", "n_terms"),
}


def unjudged(n_terms, way):
    """Make all terms' rows in one way, without a comparison."""
    ways, n_judged = np.full((2, n_terms), [[way], [0]], dtype=np.int64)
    return Verdict(ways, np.full(n_terms, np.nan), n_judged, np.zeros(n_terms, dtype=bool))


def fill(ledger, X, control, ways, generate, dtype, rng):
    """Draw what the ledger lacks and make each term's rows in its way: X_new and their plan.

    ``generate(plan)`` gives the vectors of a plan, of a dtype. They have to pass ``control``; real
    rows, and rows between real ones, have not.
    """
    plan, between = _draw(ledger, X, ways, rng)
    generated = ways[plan.terms] == GENERATED
    own, others = np.flatnonzero(generated), np.flatnonzero(~generated)
    kept = control.draw_until_passed(
        plan.terms[own], lambda positions: _with_plan(generate, plan.take(own[positions]))
    )
    parts = [Kept(own[kept.positions], kept.X.astype(dtype, copy=False), kept.plan)]
    if len(others):
        control.accept(plan.terms[others])
        parts.append(_real_rows(X, plan, others, between, dtype))
    _, X_new, plan = _in_order(parts)
    return X_new, plan


def _in_order(kept):
    """Put the rows of all ways where they were planned."""
    if len(kept) == 1:
        return kept[0]
    positions = np.concatenate([one.positions for one in kept])
    order = np.argsort(positions)
    plan = join([one.plan for one in kept]).take(order)
    return Kept(positions[order], _merged([one.X for one in kept], np.argsort(order)), plan)


def _merged(parts, places):
    """Put rows of several arrays to their places, (n_rows,), without joining them first."""
    merged = room_for(len(places), parts[0].shape[1], np.result_type(*parts))
    begins = np.cumsum([0, *map(len, parts)])
    for rows, begin in zip(parts, begins[:-1], strict=True):
        merged[places[begin : begin + len(rows)]] = rows
    return merged


def judge_ways(head, X, y, missing, held_out, make, rng, maker_of=None):
    """Compare, on real rows that no new one was made from, the ways of making rows: a Verdict.

    ``head`` is a key of ``HEADS`` or a classifier, X (n_rows, n_features) and csr y all real rows,
    ``missing`` (n_terms,) the rows that terms lack, ``held_out`` positions in X that the model
    has not seen. ``make(X, y, ledger, ways, rng)`` fills a ledger with rows made from X and y;
    ``maker_of(X, y, rng)`` gives one that has seen nothing but these rows, for proxies.
    """
    rest, held_out = _part(y, held_out, rng)
    rest = _bounded(y, rest, missing, rng)
    X_real, X_held = (_floats(gather_rows(X, rows)) for rows in (rest, held_out))
    real, held = (X_real, y[rest]), (X_held, y[held_out])
    n_members = count_members(y)
    verdict = unjudged(y.shape[1], COPIED)
    judged = _judged_terms(real[1], held[1], missing)
    if len(judged):
        trial = _Trial(head, make, *real, _budget(real[1], missing))
        # Many new rows level out their own luck; few are drawn again.
        n_draws = _N_DRAWS if missing.sum() < _MANY else 1
        verdict = choose(trial.ranks(range(len(WAYS)), judged, held, rng, n_draws), n_members)
    if maker_of is None:
        return verdict
    for few in _too_small(n_members, missing, verdict):
        found = _judge_by_proxies(head, real, held, few, n_members, missing, maker_of, rng)
        verdict = verdict if found is None else _put(verdict, few, *found)
    return verdict


def _too_small(n_members, missing, verdict):
    """Give the terms that lack rows, by size, where hardly a member tells: lists of (n_few,)."""
    bins = np.digitize(n_members, _BINS)
    sizes = [np.flatnonzero((missing > 0) & (bins == number)) for number in range(_N_SMALL)]
    return [few for few in sizes if len(few) and verdict.n_judged[few].sum() < _FEW_JUDGED]


def _judge_by_proxies(head, real, held, few, n_members, missing, maker_of, rng):
    """Judge the ways on frequent terms with as many members as ``few`` ones: way, gain, n_judged.

    ``real`` and ``held`` are X (n_rows, n_features), csr y. None where there are no proxies.
    """
    n_kept = max(1, round(np.median(n_members[few])))
    cut = cut_terms(real[1], n_kept, rng)
    if len(cut.proxies) < FEWEST_PROXIES:
        return None
    X, y = (part[cut.kept] for part in real)
    judges = (
        np.concatenate([held[0], real[0][cut.taken]]),
        sparse.vstack([held[1], real[1][cut.taken]], format="csr"),
    )
    lacking = np.zeros(y.shape[1], dtype=np.int64)
    lacking[cut.proxies] = np.median(missing[few])
    trial = _Trial(head, maker_of(X, y, rng), X, y, _budget(y, lacking))
    judged = _judged_terms(y, judges[1], lacking)
    ways = (COPIED, GENERATED) if n_kept == 1 else (COPIED, INTERPOLATED, GENERATED)
    pairs = trial.ranks(ways, judged, judges, rng, n_draws=1)  # proxies level out their luck
    found = [mean_gain(pairs.ranks[0] - own, pairs.terms, _CONFIDENCE) for own in pairs.ranks]
    bounds = [0.0, *(bound for _, bound in found[1:])]
    best = int(np.argmax(bounds))  # the first, hence simplest, of equals
    return ways[best], found[best or -1][0], len(pairs.rows)


def _put(verdict, few, way, gain, n_judged):
    """Give a verdict that is the same for some terms, and as it was for the others."""
    changed = Verdict(*(part.copy() for part in verdict))
    for part, value in zip(changed, (way, gain, n_judged, True), strict=True):
        part[few] = value
    return changed


class _Trial(NamedTuple):
    """Real rows to make others from and to learn from, and what makes and what learns."""

    head: object
    make: Callable
    X: np.ndarray
    y: sparse.csr_array
    budget: Budget

    def ranks(self, ways, judged, held, rng, n_draws):
        """Rank members among rows held out, X and csr y, of terms (n_judged,) by ways: Pairs."""
        X_held, y_held = held[0], held[1][:, judged].tocsc()
        drawn = []
        for seed in rng.randint(2**31 - 1, size=n_draws):  # the same starts for all ways
            scores = [self.scores(way, judged, X_held, seed) for way in ways]
            drawn.append(_ranks(scores, y_held))
        ranks = np.mean([pairs.ranks for pairs in drawn], axis=0)
        return Pairs(drawn[0].rows, judged[drawn[0].terms], ranks)

    def scores(self, way, judged, X_held, seed):
        """Let a head that also saw rows made in one way score other rows: (n_held, n_judged)."""
        ways = np.full(self.y.shape[1], way)
        ledger = Ledger(self.y, self.budget)
        X_new, plan = self.make(self.X, self.y, ledger, ways, np.random.RandomState(seed))
        labels = sparse.vstack([self.y, plan.carried(self.y)], format="csr")[:, judged]
        fitted = fit_judge(_as_classifier(self.head), np.concatenate([self.X, X_new]), labels)
        return judge_terms(fitted, X_held, len(judged))


class Pairs(NamedTuple):
    """Held-out members, (n_pairs,) each: row, term, and log rank by way (n_ways, n_pairs)."""

    rows: np.ndarray
    terms: np.ndarray
    ranks: np.ndarray


def choose(pairs, n_members):
    """Take for each term the way whose gain over copies is the surest, copies if none is sure.

    ``n_members`` (n_terms,) are the real rows of terms. A gain is an empirical Bayes estimate:
    a term's own held-out members say something, those of terms as frequent more, and all
    together most where there are few.
    """
    bins = np.digitize(n_members, _BINS)
    bounds, gains = np.zeros((2, len(WAYS), len(n_members)))
    for way in (INTERPOLATED, GENERATED):
        differences = pairs.ranks[COPIED] - pairs.ranks[way]
        gains[way], errors = _gains(differences, pairs, bins)
        bounds[way] = gains[way] - _ERRORS * errors
    bounds[INTERPOLATED, n_members < 2] = -np.inf  # a lone member has nobody to step towards
    ways = bounds.argmax(axis=0)  # the first, hence simplest, of equals
    gain = gains[np.where(ways == COPIED, GENERATED, ways), np.arange(len(ways))]
    n_judged = np.bincount(pairs.terms, minlength=len(ways))
    return Verdict(ways, gain, n_judged, np.zeros(len(ways), dtype=bool))


def _draw(ledger, X, ways, rng):
    """Draw the plan, and already the vectors of terms that take them from between members."""
    between = {}
    for term, members, missing in ledger:
        if ways[term] == INTERPOLATED and len(members) > 1:
            if len(members) > MAX_MEMBERS:
                members = np.sort(rng.choice(members, MAX_MEMBERS, replace=False))
            n_near = min(_K_NEIGHBORS, len(members) - 1)
            between[term], nearest = smote(_floats(X[members]), n_near, missing, rng)
            ledger.record(term, members[nearest])
        else:
            ledger.record(term, cycle_fairly(members, missing, rng))
    return ledger.plan(), between


def _with_plan(generate, plan):
    return generate(plan), plan


def _real_rows(X, plan, positions, between, dtype):
    """Copy the real rows of these positions of a plan, or take what lies between such."""
    part = plan.take(positions)
    X_new = gather_rows(X, part.rows).astype(dtype, copy=False)
    for term, vectors in between.items():
        X_new[part.terms == term] = vectors
    return Kept(positions, X_new, part)


def _part(y, held_out, rng):
    """Part all rows into those that rows are made from and those that judge."""
    if not len(held_out):
        try:
            return hold_out(y, _HELD_OUT, rng)
        except InvalidLabelsError:  # no row can be spared, and none judges
            held_out = np.empty(0, dtype=np.int64)
    return np.setdiff1d(np.arange(y.shape[0]), held_out), held_out


def _bounded(y, rows, missing, rng):
    """Keep members of the terms that lack rows, and as many others as there is room for."""
    if len(rows) <= MAX_REAL:
        return rows
    lacking = np.flatnonzero(missing)
    n_a_term = max(2, MAX_REAL // (2 * (len(lacking) + 1)))
    kept = rows[representatives(y[rows][:, lacking], n_a_term, rng)]
    others = rng.permutation(np.setdiff1d(rows, kept))[: max(0, MAX_REAL - len(kept))]
    return np.sort(np.concatenate([kept, others]))


def _judged_terms(y_real, y_held, missing):
    n_real, n_held = count_members(y_real), count_members(y_held)
    both_kinds = (n_held > 0) & (n_held < y_held.shape[0])
    return np.flatnonzero((missing > 0) & (n_real > 0) & both_kinds)


def _budget(y, missing):
    """Ask for what is missing of terms that have members in y, or for a share of it."""
    n_before = count_members(y)
    share = min(1.0, MAX_NEW / max(1, missing.sum()))
    wanted = np.where(n_before > 0, np.ceil(share * missing), 0).astype(np.int64)
    notes = np.full(len(n_before), "", dtype=object)
    return Budget(n_before, n_before + wanted, wanted > 0, notes)


def _as_classifier(head):
    return HEADS[head]() if isinstance(head, str) else head


def _floats(X):
    return X.astype(np.float32) if X.dtype == np.float16 else X


def _ranks(scores, y_held):
    """Rank each held-out member among the rows without its term, by the scores of each way.

    ``scores`` are (n_held, n_judged) a way, ``y_held`` csc of that shape. Half a rank is counted
    for a tie.
    """
    rows, terms = y_held.indices, np.repeat(np.arange(y_held.shape[1]), np.diff(y_held.indptr))
    ranks = np.empty((len(scores), len(rows)))
    is_member = y_held.toarray().astype(bool)
    for term in range(y_held.shape[1]):
        own = slice(*y_held.indptr[term : term + 2])
        for way, by_way in enumerate(scores):
            others = np.sort(by_way[~is_member[:, term], term])
            found = by_way[rows[own], term]
            above = [len(others) - np.searchsorted(others, found, side) for side in _SIDES]
            ranks[way, own] = np.log1p(np.mean(above, axis=0))
    return Pairs(rows, terms, ranks)


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def _gains(differences, pairs, bins):
    """Estimate the mean difference of each term and its standard error, (n_terms,) both."""
    n_terms = len(bins)
    everything = np.zeros(n_terms, dtype=np.int64)
    overall, overall_error = _means(differences, pairs, everything)
    by_bin, bin_error = _means(differences, pairs, bins)
    by_bin, bin_error = _shrink(by_bin, bin_error, overall[0], overall_error[0])
    n_own = np.bincount(pairs.terms, minlength=n_terms)
    sums = np.bincount(pairs.terms, differences, n_terms)
    own = np.divide(sums, n_own, out=np.zeros(n_terms), where=n_own > 0)
    spread = _spread_within(differences, pairs.terms, own)
    own_error = np.sqrt(np.divide(spread, n_own, out=np.full(n_terms, np.inf), where=n_own > 0))
    return _shrink(own, own_error, by_bin[bins], bin_error[bins])


def _means(differences, pairs, groups):
    """Give the mean and its standard error of each group of terms; infinite where one row tells.

    Members are no independent witnesses: one row carries many terms, and one term's new rows
    serve all of its members. Variances are those of sums by row and by term.
    """
    group = groups[pairs.terms]
    n_groups = groups.max() + 1
    n_pairs = np.maximum(np.bincount(group, minlength=n_groups), 1)
    means = np.bincount(group, differences, n_groups) / n_pairs
    residuals = differences - means[group]
    by_row, n_rows = _squared_sums(residuals, group, pairs.rows, n_groups)
    by_term, _ = _squared_sums(residuals, group, pairs.terms, n_groups)
    by_pair = np.bincount(group, residuals**2, n_groups)
    squares = np.maximum(by_row + by_term - by_pair, np.maximum(by_row, by_term))
    errors = np.full(n_groups, np.inf)
    told = n_rows > 1
    n_more = n_rows[told] - 1
    few = stats.t.ppf(_CONFIDENCE, n_more) / _ERRORS  # an error that is estimated from few rows
    errors[told] = few * np.sqrt(squares[told] * (1 + 1 / n_more)) / n_pairs[told]
    return means, errors


def _squared_sums(residuals, group, clusters, n_groups):
    """Sum residuals by cluster inside each group, and square: sums of these, and the clusters."""
    keys, of_pair = np.unique(np.stack([group, clusters]), axis=1, return_inverse=True)
    sums = np.bincount(of_pair.ravel(), residuals)
    return np.bincount(keys[0], sums**2, n_groups), np.bincount(keys[0], minlength=n_groups)


def _spread_within(differences, terms, own):
    """Pool the variance of differences within terms; about all where too few have two members."""
    n_more = len(terms) - len(np.unique(terms))
    if n_more < _MIN_MORE:
        return max(float(np.var(differences)), _TINY)
    return max(float(((differences - own[terms]) ** 2).sum() / n_more), _TINY)


# Fewer second members say too little on how much members of one term differ.
_MIN_MORE = 10
_TINY = 1e-12


def _shrink(means, errors, towards, towards_errors):
    """Draw means towards others, the further the less is known of them; standard errors too.

    An infinite error stands for a mean that nothing is known of. How much the true means vary is
    estimated by moments [DerSimonian and Laird, https://doi.org/10.1016/0197-2456(86)90046-2].
    """
    weights = 1 / np.maximum(errors, np.sqrt(_TINY)) ** 2
    total = weights.sum()
    n_known = np.count_nonzero(weights)
    excess = (weights * (means - towards) ** 2).sum() - (n_known - 1)
    room = total - (weights**2).sum() / total if total else 0.0
    variance = max(0.0, excess / room) if room > 0 else 0.0
    share = variance / (variance + 1 / np.maximum(weights, _TINY))
    share = np.where(weights > 0, share, 0.0)
    known = np.where(weights > 0, errors, 0.0)
    return towards + share * (means - towards), (1 - share) * towards_errors + share * known
