"""MLSOL: weights, kinds and votes of the paper, and what is kept of its rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from protimb.exceptions import InvalidLabelsError, RareTermWarning
from protimb.ontology import GeneOntology
from protimb.over_sampling import MLSOL
from protimb.over_sampling._local_imbalance import (
    BORDERLINE,
    OUTLIER,
    RARE,
    SAFE,
    measure,
    start_weights,
)
from protimb.over_sampling._mlsol import _Maker, way_from

TERMS = ["GO:1", "GO:2", "GO:3", "GO:4"]
ONTOLOGY = GeneOntology(
    names={term: term for term in TERMS},
    namespaces=dict.fromkeys(TERMS, "molecular_function"),
    parents={"GO:2": ["GO:1"], "GO:3": ["GO:2"]},
)

TARGETS = hnp.arrays(
    np.int32, st.tuples(st.integers(4, 12), st.just(4)), elements=st.sampled_from([0, 1])
)


def indicator(y):
    return sparse.csr_array(np.asarray(y, dtype=np.int32))


def draw_neighbours(n_rows, k, seed):
    """Anyone may be anyone's neighbour here: the formulas do not ask how they were found."""
    rng = np.random.RandomState(seed)
    return np.array(
        [rng.permutation(np.delete(np.arange(n_rows), row))[:k] for row in range(n_rows)]
    )


def published_kinds(y, neighbours):
    """Types of the paper's Algorithm 3 in plain loops; None where the label is absent."""
    n_rows, n_terms = y.shape
    opposition = np.full(y.shape, np.nan)
    kinds = np.full(y.shape, None, dtype=object)
    for row, term in np.argwhere(y == 1):
        share = np.mean([y[near, term] != y[row, term] for near in neighbours[row]])
        opposition[row, term] = share
        limits = [(0.3, SAFE), (0.7, BORDERLINE), (1.0, RARE)]
        kinds[row, term] = next((kind for limit, kind in limits if share < limit), OUTLIER)
    changed = True
    while changed:
        changed = False
        for row in range(n_rows):
            for term in range(n_terms):
                near = [kinds[other, term] for other in neighbours[row]]
                if kinds[row, term] == RARE and (SAFE in near or BORDERLINE in near):
                    kinds[row, term], changed = BORDERLINE, True
    return opposition, kinds


@given(y=TARGETS, k=st.sampled_from([1, 3, 5, 10]), seed=st.integers(0, 20))
@settings(max_examples=60)
def test_opposition_and_kinds_are_those_of_the_paper(y, k, seed):
    neighbours = draw_neighbours(len(y), min(k, len(y) - 1), seed)
    local = measure(indicator(y), neighbours)
    opposition, kinds = published_kinds(y, neighbours)
    assert_allclose(local.opposition, opposition[y == 1], rtol=1e-12)
    assert local.kinds.tolist() == kinds[y == 1].tolist()


def test_a_rare_member_next_to_the_border_joins_it_and_draws_in_the_next():
    # Row 0 has 4 of 5 neighbours against it but row 1, which is borderline, beside it; row 6
    # has row 0 only: it joins once row 0 has.
    y = np.zeros((14, 2), dtype=int)
    y[[0, 1, 2, 3, 6], 0] = 1
    neighbours = np.tile([9, 10, 11, 12, 13], (14, 1))
    neighbours[0] = [1, 9, 10, 11, 12]
    neighbours[1] = [2, 3, 9, 10, 11]
    neighbours[6] = [0, 9, 10, 11, 12]
    local = measure(indicator(y), neighbours)
    assert_allclose(local.opposition, [0.8, 0.6, 1, 1, 0.8], rtol=1e-12)
    assert local.kinds.tolist() == [BORDERLINE, BORDERLINE, OUTLIER, OUTLIER, BORDERLINE]


@given(y=TARGETS, seed=st.integers(0, 20))
def test_seeds_are_weighed_as_in_the_paper(y, seed):
    opposition = np.random.RandomState(seed).choice([0, 0.2, 0.6, 1.0], size=int(y.sum()))
    dense = np.full(y.shape, np.nan)
    dense[y == 1] = opposition
    weights = np.zeros(y.shape)
    for term in range(4):
        counted = [row for row in range(len(y)) if y[row, term] and dense[row, term] < 1]
        total = sum(dense[row, term] for row in counted)
        for row in counted:
            weights[row, term] = dense[row, term] / total if total else 0
    ours = start_weights(indicator(y), opposition, np.ones(4, dtype=bool))
    assert_allclose(ours, weights[y == 1], rtol=1e-12)


def published_labels(seed_has, end_has, seed_kinds, end_kinds, way):
    """Labels of the paper's Algorithm 4 for one new row."""
    reach = {SAFE: 0.5, BORDERLINE: 0.75, RARE: 1 + 1e-5, OUTLIER: -1e-5}
    labels = []
    for term in range(len(seed_has)):
        if seed_has[term] == end_has[term]:
            labels.append(seed_has[term])
        elif seed_has[term]:
            labels.append(int(way <= reach[seed_kinds[term]]))
        else:
            labels.append(int(1 - way <= reach[end_kinds[term]]))
    return labels


@given(y=TARGETS, seed=st.integers(0, 50))
@settings(max_examples=60)
def test_labels_are_those_of_the_paper(y, seed):
    rng = np.random.RandomState(seed)
    maker = _Maker(rng.normal(size=(len(y), 2)), indicator(y), 3, rng)
    kinds = rng.randint(1, 5, size=y.shape) * y
    maker.kinds = indicator(kinds)
    seeds, ends = rng.randint(len(y), size=(2, 9))
    way = rng.choice([0.0, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0], size=9)
    wanted = [
        published_labels(y[s], y[e], kinds[s], kinds[e], w)
        for s, e, w in zip(seeds, ends, way, strict=True)
    ]
    assert maker.vote(seeds, ends, way).toarray().tolist() == wanted


def test_the_way_is_measured_in_distances():
    X = np.array([[0.0, 0.0], [3.0, 4.0]])
    X_new = np.array([[0.0, 0.0], [3.0, 0.0], [1.5, 2.0]])
    seeds, ends = np.zeros(3, dtype=int), np.ones(3, dtype=int)
    assert_allclose(way_from(X, seeds, ends, X_new), [0, 3 / 7, 0.5], rtol=1e-12)


def test_a_row_between_identical_ones_is_halfway():
    X = np.ones((2, 3))
    assert way_from(X, np.array([0]), np.array([1]), np.ones((1, 3))).tolist() == [0.5]


def test_seeds_are_drawn_where_neighbours_lack_the_term():
    # On a line, members of term 1 are rows 0 to 9, and row 20 far away. Among four neighbours
    # two lack the term at row 9, one at row 8, none further in, and all of them at row 20.
    X = np.append(np.arange(20.0), 50)[:, None]
    y = np.zeros((21, 2), dtype=int)
    y[:15, 0] = y[:10, 1] = y[20, 1] = 1
    sampler = MLSOL(sampling_strategy={1: 41}, k_neighbors=4, random_state=0)
    sampler.fit_resample(X, y)
    drawn = np.bincount(sampler.conditioning_indices_, minlength=21)
    assert set(np.flatnonzero(drawn)) == {8, 9}
    assert drawn[9] > drawn[8]


def test_outliers_alone_are_copied_and_counted():
    X = np.arange(12.0)[:, None]
    y = np.zeros((12, 2), dtype=int)
    y[:11, 0] = y[[0, 6], 1] = 1
    sampler = MLSOL(sampling_strategy={1: 7}, random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    assert sampler.n_copied_ == 5
    assert_array_equal(X_res[12:], X[sampler.conditioning_indices_])
    assert_array_equal(y_res[12:], y[sampler.conditioning_indices_])


def test_copies_of_rows_that_are_not_closed_are_closed_too():
    y = np.zeros((12, 4), dtype=int)
    y[:11, 0] = y[6, 3] = 1
    y[11, 2] = 1  # GO:3 without GO:2 and GO:1, and an outlier
    sampler = MLSOL(sampling_strategy={2: 3}, ontology=ONTOLOGY, terms=TERMS, random_state=0)
    with pytest.warns(RareTermWarning):
        _, y_res = sampler.fit_resample(np.arange(12.0)[:, None], y)
    assert y_res[12:].tolist() == [[1, 1, 1, 0]] * 2
    assert sampler.n_closed_ == sampler.n_copied_ == 2


def test_a_share_adds_exactly_that_many_rows():
    rng = np.random.RandomState(0)
    y = (rng.random_sample((60, 4)) < [0.6, 0.4, 0.2, 0.1]).astype(int)
    sampler = MLSOL(sampling_strategy=0.3, random_state=0)
    X_res, _ = sampler.fit_resample(rng.normal(size=(60, 3)), y)
    assert len(X_res) == 78
    assert sampler.sampling_plan_["n_drawn"].sum() == 18
    assert y[sampler.conditioning_indices_].any(axis=1).all()


def test_a_share_starts_rows_by_the_sum_of_their_weights():
    rng = np.random.RandomState(1)
    X = rng.normal(size=(40, 3))
    y = (rng.random_sample((40, 4)) < [0.6, 0.4, 0.3, 0.2]).astype(int)
    maker = _Maker(X, indicator(y), 5, rng)
    labels = start_weights(maker.y, maker.local.opposition, np.ones(4, dtype=bool))
    weights = np.zeros(y.shape)
    weights[y == 1] = labels
    chance = weights.sum(axis=1) / weights.sum()
    drawn = np.zeros(40)
    for seed in range(40):
        sampler = MLSOL(sampling_strategy=1.0, random_state=seed)
        sampler.fit_resample(X, y)
        drawn += np.bincount(sampler.conditioning_indices_, minlength=40)
    # 1,600 draws: five standard deviations of each count.
    assert (np.abs(drawn - 1600 * chance) <= 5 * np.sqrt(1600 * chance) + 1e-9).all()


def closed(y):
    y = y.copy()
    y[:, 1] |= y[:, 2]
    y[:, 0] |= y[:, 1]
    return y


@given(
    y=hnp.arrays(bool, st.tuples(st.integers(6, 14), st.just(4)), elements=st.booleans()),
    strategy=st.one_of(st.integers(2, 12), st.sampled_from([0.2, 0.5, 1.0, "auto"])),
    seed=st.integers(0, 9),
)
@settings(max_examples=50)
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_with_an_ontology_every_row_is_closed_and_budgets_are_met(y, strategy, seed):
    y = closed(y)
    y[0], y[1] = [1, 1, 0, 1], 0
    X = np.random.RandomState(seed).normal(size=(len(y), 2))
    sampler = MLSOL(sampling_strategy=strategy, k_neighbors=3, ontology=ONTOLOGY, random_state=seed)
    X_res, y_res = sampler.fit_resample(X, pd.DataFrame(y, columns=TERMS))
    y_res = y_res.to_numpy()
    assert_array_equal(closed(y_res), y_res)
    assert_array_equal(y_res[: len(y)], y)
    assert_array_equal(X_res[: len(y)], X)
    plan = sampler.sampling_plan_
    assert_array_equal(plan["n_after"], y_res.sum(axis=0))
    assert (plan["n_after"] >= plan["n_target"]).all()
    if isinstance(strategy, float):
        assert sampler.n_synthetic_ == int(strategy * len(y) + 1e-9)


def test_without_an_ontology_votes_break_the_true_path_rule_and_with_it_repairs_are_counted():
    rng = np.random.RandomState(0)
    y = closed(rng.random_sample((80, 4)) < [0.5, 0.3, 0.2, 0.4])
    frame, X = pd.DataFrame(y, columns=TERMS), rng.normal(size=(80, 3))
    loose, strict = (
        MLSOL(random_state=0, sampling_strategy=1.0),
        MLSOL(random_state=0, sampling_strategy=1.0, ontology=ONTOLOGY),
    )
    y_loose = loose.fit_resample(X, frame)[1].to_numpy()
    y_strict = strict.fit_resample(X, frame)[1].to_numpy()
    assert loose.n_closed_ == 0
    assert strict.n_closed_ == (closed(y_loose) != y_loose).any(axis=1).sum() > 0
    assert_array_equal(y_strict, closed(y_loose))


def test_columns_without_names_need_terms():
    X, y = np.random.RandomState(0).normal(size=(12, 2)), np.zeros((12, 4), dtype=int)
    y[:9, 0] = y[:2, 3] = 1
    with pytest.raises(InvalidLabelsError, match="terms="):
        MLSOL(ontology=ONTOLOGY).fit_resample(X, y)
    MLSOL(ontology=ONTOLOGY, terms=TERMS, random_state=0).fit_resample(X, y)


def test_one_hot_classes_stay_one_hot():
    X = np.random.RandomState(0).normal(size=(20, 2))
    hot = np.eye(3, dtype=int)[np.repeat([0, 1, 2], [10, 7, 3])]
    sampler = MLSOL(ontology=ONTOLOGY, target="classes", random_state=0)
    _, y_res = sampler.fit_resample(X, hot)
    assert y_res.sum(axis=0).tolist() == [10, 10, 10]
    assert (y_res.sum(axis=1) == 1).all()


# On a line only rows 3 and 4 lack term 0: by its published rule it is rare there. Half of the two
# neighbours of each have it, so both are borderline, and their lack of it reaches 3/4 of the way.
LINE = np.arange(8.0)[:, None]
MOSTLY = np.array([[1, 1], *[[1, 0]] * 2, *[[0, 0]] * 2, *[[1, 0]] * 3])


def test_new_rows_start_where_a_frequent_term_is_absent():
    settings = {"sampling_strategy": 1.0, "k_neighbors": 2}
    starts = {"present": set(), "rarer": set()}
    for minority, found in starts.items():
        for seed in range(5):
            sampler = MLSOL(minority=minority, random_state=seed, **settings)
            sampler.fit_resample(LINE, MOSTLY)
            found.update(sampler.conditioning_indices_.tolist())
    assert starts == {"present": {2, 5}, "rarer": {3, 4}}


@pytest.mark.parametrize("seed", range(5))
def test_the_absence_of_a_frequent_term_reaches_three_quarters_of_the_way(seed):
    sampler = MLSOL(sampling_strategy=1.0, k_neighbors=2, minority="rarer", random_state=seed)
    X_res, y_res = sampler.fit_resample(LINE, MOSTLY)
    place = X_res[8:, 0]
    assert_array_equal(y_res[8:, 0], (place < 2.25) | (place > 4.75))
    assert not y_res[8:, 1].any()


@given(y=TARGETS, seed=st.integers(0, 20))
@settings(max_examples=50, deadline=None)
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_zeros_and_ones_may_change_places(y, seed):
    y[:2] = [[0, 0, 1, 1], [0, 1, 0, 1]]
    y = y[:, 2 * y.sum(axis=0) != len(y)]  # a tie is rare where it is present, either way
    assume(len(np.unique(y, axis=0)) > 1 and y.shape[1] > 1)
    X = np.random.RandomState(seed).normal(size=(len(y), 2))
    sampler = MLSOL(
        sampling_strategy=1.0, k_neighbors=3, minority="rarer", target="multilabel", random_state=0
    )
    X_res, y_res = sampler.fit_resample(X, y)
    X_swapped, y_swapped = sampler.fit_resample(X, 1 - y)
    assert_array_equal(X_res, X_swapped)
    assert_array_equal(y_res, 1 - y_swapped)


def test_totals_of_a_term_on_most_rows_are_met_under_the_published_rule():
    sampler = MLSOL(sampling_strategy={0: 12}, k_neighbors=2, minority="rarer", random_state=0)
    _, y_res = sampler.fit_resample(LINE, MOSTLY)
    assert y_res[:, 0].sum() == 12
    assert set(sampler.conditioning_indices_) <= {0, 1, 2, 5, 6, 7}
