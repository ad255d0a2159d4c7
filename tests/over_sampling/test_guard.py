"""The guard: generated rows only where held-out real rows show that they beat copies."""

import warnings

import numpy as np
import pytest
from devices import DEVICE
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from protimb import CGANSampler
from protimb.exceptions import ProtimbWarning
from protimb.gan import ConditionalGAN
from protimb.over_sampling import _cgan, _guard
from protimb.over_sampling._guard import (
    COPIED,
    GENERATED,
    INTERPOLATED,
    Pairs,
    Verdict,
    choose,
    unjudged,
)
from protimb.over_sampling._proxies import cut_terms, mean_gain

N_TERMS, N_FEATURES = 30, 20
CENTRES = 0.4 * np.random.RandomState(7).normal(size=(N_TERMS, N_FEATURES))


def rare_terms(n_members=8, n_others=200, seed=0):
    """Each rare term has its own centre, behind a term that every second row carries."""
    rng = np.random.RandomState(seed)
    terms = np.repeat(np.arange(N_TERMS), n_members)
    y = np.zeros((len(terms) + n_others, N_TERMS + 1), dtype=np.uint8)
    y[np.arange(len(terms)), terms] = 1
    y[::2, N_TERMS] = 1
    X = rng.normal(size=(len(y), N_FEATURES))
    X[: len(terms)] += CENTRES[terms]
    return X, y


def of_truth(self, X, labels, terms, random_state):
    """Stand in for a perfect generator: new members of each term, as ``rare_terms`` draws them."""
    return CENTRES[terms] + random_state.normal(size=X.shape)


def of_noise(self, X, labels, terms, random_state):
    """Stand in for a generator that harms: members of one term as those of another."""
    return CENTRES[(terms + 1) % N_TERMS] + random_state.normal(size=X.shape)


def quiet(sampler, X, y):
    """Resample; what is said of rare terms is not what is asked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        return sampler.fit_resample(X, y)


@pytest.fixture
def guarded(tiny):
    def make(**params):
        defaults = {"guard": "ridge", "validation_fraction": 0.2, "max_updates": 1}
        return tiny(**{**defaults, "sampling_strategy": 30, **params})

    return make


def planned(sampler):
    return sampler.quality_report_.query("n_planned > 0")


def simulated(rng, gains, n_rows=80, n_terms=150, per_row=3):
    """Held-out members whose log ranks differ by known gains, alike within rows and terms."""
    rows = np.repeat(np.arange(n_rows), per_row)
    rows, terms = np.unique([rows, rng.randint(n_terms, size=len(rows))], axis=1)
    ranks = [rng.uniform(0, 5, len(rows))]
    for gain in gains:
        of_terms, of_rows = 0.1 * rng.normal(size=n_terms), 0.3 * rng.normal(size=n_rows)
        noise = 0.5 * rng.normal(size=len(rows))
        ranks.append(ranks[0] - gain - of_terms[terms] - of_rows[rows] - noise)
    return Pairs(rows, terms, np.array(ranks))


def shares(gains, n_times=20):
    """Share of terms that each way makes, over simulations."""
    chosen = np.zeros(3)
    for seed in range(n_times):
        rng = np.random.RandomState(seed)
        n_members = rng.choice([1, 3, 7, 15, 30], size=150)
        chosen += np.bincount(choose(simulated(rng, gains), n_members).ways, minlength=3)
    return chosen / chosen.sum()


def test_copies_stay_where_no_way_is_better_and_go_where_one_is():
    assert shares((0, 0))[COPIED] > 0.85
    assert shares((0, -0.3))[GENERATED] < 0.01
    assert shares((0, 0.3))[GENERATED] > 0.95
    assert shares((0.3, 0))[INTERPOLATED] > 0.7


def test_a_term_without_held_out_members_goes_with_those_as_frequent():
    # Twenty terms of six members and twenty of thirty; the last of each have nobody held out.
    n_members = np.repeat([6, 30], 20)
    terms = np.setdiff1d(np.arange(40), [19, 39]).repeat(2)
    noise = 0.05 * np.random.RandomState(0).normal(size=len(terms))
    gain = np.where(terms < 20, -1.0, 1.0) + noise
    ranks = np.stack([0 * gain, 0 * gain, -gain])
    verdict = choose(Pairs(np.arange(len(terms)), terms, ranks), n_members)
    assert_array_equal(verdict.ways, np.repeat([COPIED, GENERATED], 20))
    assert_array_equal(verdict.n_judged[[18, 19, 38, 39]], [2, 0, 2, 0])
    assert_allclose(verdict.gain[[19, 39]], [-1, 1], atol=0.05)


def test_one_witness_is_none():
    ranks = np.array([[5.0, 5.0], [5.0, 5.0], [0.0, 0.0]])
    verdict = choose(Pairs(np.zeros(2, dtype=int), np.arange(2), ranks), np.array([3, 4]))
    assert_array_equal(verdict.ways, COPIED)


def test_equal_ways_are_copies():
    ranks = np.ones((3, 12))
    verdict = choose(Pairs(np.arange(12), np.arange(12) % 4, ranks), np.full(4, 9))
    assert_array_equal(verdict.ways, COPIED)
    assert_array_equal(verdict.gain, 0)


def test_a_lone_member_has_nobody_to_step_towards():
    rng = np.random.RandomState(0)
    pairs = simulated(rng, (1.0, 0.0))
    verdict = choose(pairs, np.ones(150, dtype=int))
    assert INTERPOLATED not in verdict.ways


def test_ranks_match_the_hand_worked_example():
    # Term 0 on row 0: one of the rows 1 and 2 is above it; on row 3, one ties. Term 1 on row 1.
    scores = np.array([[0.5, 0.1], [0.9, 0.8], [0.2, 0.9], [0.9, 0.3]])
    y = sparse.csc_array(np.array([[1, 0], [0, 1], [0, 0], [1, 0]], dtype=np.uint8))
    pairs = _guard._ranks([scores], y)
    assert_array_equal(pairs.rows, [0, 3, 1])
    assert_array_equal(pairs.terms, [0, 0, 1])
    assert_allclose(np.expm1(pairs.ranks[0]), [1, 0.5, 1])


def test_a_generator_that_harms_falls_back_to_copies(guarded, monkeypatch):
    monkeypatch.setattr(ConditionalGAN, "vary", of_noise)
    X, y = rare_terms()
    sampler = guarded()
    X_res, _ = quiet(sampler, X, y)
    report = planned(sampler)
    assert "generated" not in report["made_by"].to_numpy()
    assert (report["gain"][report["made_by"] == "copied"] < 0).all()
    copied = report["made_by"] == "copied"
    assert_array_equal(report["n_copies"][copied], report["n_planned"][copied])
    assert_array_equal(report["n_drawn"], report["n_planned"])
    assert report["n_judged"].sum() > 20
    assert len(X_res) == len(X) + report["n_planned"].sum()


def test_a_generator_that_knows_the_truth_is_kept(guarded, monkeypatch):
    monkeypatch.setattr(ConditionalGAN, "vary", of_truth)
    sampler = guarded()
    quiet(sampler, *rare_terms())
    report = planned(sampler)
    assert (report["made_by"] == "generated").mean() > 0.9
    assert report["gain"].median() > 0


def test_the_head_that_judges_may_be_the_users_own(guarded, monkeypatch):
    monkeypatch.setattr(ConditionalGAN, "vary", of_noise)
    head = RandomForestClassifier(10, min_samples_leaf=2, random_state=0)
    sampler = guarded(guard=head)
    quiet(sampler, *rare_terms())
    assert "generated" not in planned(sampler)["made_by"].to_numpy()
    assert not hasattr(head, "estimators_")


def test_a_guard_that_keeps_all_rows_changes_none(guarded, toy, monkeypatch):
    n_terms = toy.y.shape[1]
    monkeypatch.setattr(_cgan, "judge_ways", lambda *args: unjudged(n_terms, GENERATED))
    kept, off = guarded(), guarded(guard=None)
    assert_array_equal(quiet(kept, toy.X, toy.y)[0], quiet(off, toy.X, toy.y)[0])
    assert set(planned(off)["made_by"]) == {"generated"}
    assert off.quality_report_["gain"].isna().all()
    assert off.quality_report_["n_judged"].sum() == 0


def test_one_seed_makes_one_choice_and_the_same_rows(guarded, toy):
    (X_1, y_1), (X_2, y_2) = (quiet(guarded(), toy.X, toy.y) for _ in range(2))
    assert_array_equal(X_1, X_2)
    assert_array_equal(y_1, y_2)


def lone_and_frequent(n_lone=8, n_members=16, seed=1):
    """Some terms have one member, the others sixteen; each has its own centre."""
    rng = np.random.RandomState(seed)
    counts = np.where(np.arange(N_TERMS) < n_lone, 1, n_members)
    terms = np.repeat(np.arange(N_TERMS), counts)
    y = np.zeros((len(terms) + 400, N_TERMS + 1), dtype=np.uint8)
    y[np.arange(len(terms)), terms] = 1
    y[::2, N_TERMS] = 1
    X = rng.normal(size=(len(y), N_FEATURES))
    X[: len(terms)] += 2 * CENTRES[terms]
    return X, y, dict.fromkeys(range(n_lone), 20)


def far_from_truth(self, X, labels, terms, random_state):
    return 2 * of_noise(self, X, labels, terms, random_state)


def at_the_truth(self, X, labels, terms, random_state):
    return of_truth(self, X, labels, terms, random_state) + CENTRES[terms]


@pytest.mark.parametrize(
    ("vary", "made_by"), [(at_the_truth, "generated"), (far_from_truth, "copied")]
)
def test_terms_of_one_member_are_judged_by_frequent_terms_cut_to_one(
    guarded, monkeypatch, vary, made_by
):
    monkeypatch.setattr(ConditionalGAN, "vary", vary)
    X, y, strategy = lone_and_frequent()
    sampler = guarded(sampling_strategy=strategy)
    quiet(sampler, X, y)
    report = planned(sampler)
    assert set(report["made_by"]) == {made_by}
    assert set(report["judged_by"]) == {"proxies"}
    assert report["gain"].nunique() == 1
    assert (report["gain"] > 0).all() == (made_by == "generated")
    assert report["n_judged"].min() > 100  # the fifteen members of most proxies that were taken


def test_a_maker_for_proxies_knows_nothing_of_members_that_were_taken(guarded, monkeypatch):
    X, y, strategy = lone_and_frequent()
    sampler = guarded(sampling_strategy=strategy, generate_from="relative")
    known = []
    of_few = type(sampler)._maker_of

    def spy(self, X, y, rng):
        fill = of_few(self, X, y, rng)
        known.append((fill.__self__.model_.starts_, X, y, self.model_))
        return fill

    monkeypatch.setattr(type(sampler), "_maker_of", spy)
    sampler.fit(X, y)
    ((starts, X_cut, y_cut, model),) = known
    assert model.starts_ is not starts
    proxies = np.flatnonzero((y_cut.sum(axis=0) == 1) & (y.sum(axis=0) == 16))
    assert len(proxies) > 10
    term = proxies[0]
    member = X_cut[y_cut[:, [term]].toarray().ravel() == 1]
    assert_allclose(starts.centres[term], model.scaling_.transform(member)[0], atol=1e-5)
    assert np.abs(model.starts_.centres[term] - starts.centres[term]).max() > 0.1


def test_cut_terms_keep_so_many_members_and_the_others_judge():
    X, y, _ = lone_and_frequent()
    y = sparse.csr_array(y)
    for n_members in (1, 2, 3):
        cut = cut_terms(y, n_members, np.random.RandomState(0))
        assert_array_equal(y[cut.kept][:, cut.proxies].sum(axis=0), n_members)
        assert_array_equal(np.sort(np.concatenate([cut.kept, cut.taken])), np.arange(len(X)))
        assert y[cut.taken][:, cut.proxies].sum(axis=1).min() == 1
        assert len(cut.taken) <= len(X) / 2
        assert len(cut.proxies) == 22


def test_the_gain_of_proxies_matches_the_hand_worked_example():
    # Means by term 1, 2, 0, 2, 0: 1 in the mean, variance 4 / 4, so an error of 1 / sqrt(5);
    # Student's t with four degrees of freedom leaves 5 % above 2.131847.
    differences = np.array([0.5, 1.5, 2, 0, 2, 0, 0])
    terms = np.array([0, 0, 1, 4, 7, 8, 8])
    mean, bound = mean_gain(differences, terms, 0.95)
    assert_allclose([mean, bound], [1, 1 - 2.131847 / np.sqrt(5)], atol=1e-6)
    assert mean_gain(differences[:4], terms[:4], 0.95)[1] == -np.inf


def mixed(y):
    ways = np.arange(y.shape[1]) % 3
    by_proxies = np.zeros(len(ways), dtype=bool)
    return Verdict(ways, np.linspace(-1, 1, len(ways)), np.arange(len(ways)), by_proxies)


def test_each_term_gets_rows_in_its_own_way(guarded, toy, monkeypatch):
    monkeypatch.setattr(_cgan, "judge_ways", lambda head, X, y, *rest: mixed(y))
    sampler = guarded(sampling_strategy=60)
    X_res, y_res = quiet(sampler, toy.X, toy.y)
    report = planned(sampler)
    assert set(report["made_by"]) == {"copied", "interpolated", "generated"}
    copied = report["made_by"] == "copied"
    assert_array_equal(report["n_copies"], np.where(copied, report["n_planned"], 0))
    assert report["n_missing"].sum() == 0
    assert_array_equal(y_res[len(toy.y) :], toy.y[sampler.conditioning_indices_])
    plan = sampler.sampling_plan_
    assert (plan["n_after"] >= plan["n_target"]).all()
    # Rows between members stay inside the box around them.
    term = int(np.flatnonzero(report["made_by"] == "interpolated")[0])
    members = toy.X[toy.y[:, report.index[term]] == 1]
    new = X_res[len(toy.X) :][_terms_of(sampler, toy) == report.index[term]]
    assert ((new >= members.min(axis=0) - 1e-6) & (new <= members.max(axis=0) + 1e-6)).all()


def _terms_of(sampler, toy):
    """Term that each row of the last output was made for: ``fit_resample`` goes rarest first."""
    rarest_first = np.argsort(toy.y.sum(axis=0), kind="stable")
    n_drawn = sampler.sampling_plan_["n_drawn"].to_numpy()[rarest_first]
    return np.repeat(rarest_first, n_drawn)


def test_rows_that_judge_are_never_started_from(guarded, toy, monkeypatch):
    seen = []
    vary = ConditionalGAN.vary

    def spy(self, X, labels, terms, random_state):
        seen.append(X.copy())
        return vary(self, X, labels, terms, random_state=random_state)

    monkeypatch.setattr(ConditionalGAN, "vary", spy)
    sampler = guarded().fit(toy.X, toy.y)
    held_out = toy.X[sampler.model_.held_out_]
    assert len(held_out) == 40
    assert seen
    started = {row.tobytes() for X in seen for row in X}
    assert not started & {row.tobytes() for row in held_out}


def test_a_model_that_has_seen_all_rows_is_judged_too(guarded, monkeypatch):
    monkeypatch.setattr(ConditionalGAN, "vary", of_noise)
    sampler = guarded(validation_fraction=0)
    quiet(sampler, *rare_terms())
    assert "generated" not in planned(sampler)["made_by"].to_numpy()
    assert planned(sampler)["n_judged"].sum() > 0


def test_a_loaded_sampler_keeps_the_decisions(guarded, toy, tmp_path, monkeypatch):
    monkeypatch.setattr(_cgan, "judge_ways", lambda head, X, y, *rest: mixed(y))
    sampler = guarded().fit(toy.X, toy.y)
    sampler.save(tmp_path)
    loaded = CGANSampler.load(tmp_path, device=DEVICE)
    rows, again = (s.generate(toy.X, toy.y, random_state=1) for s in (sampler, loaded))
    assert_array_equal(rows.X, again.X)
    assert_array_equal(rows.rows, again.rows)
    names = ["made_by", "gain", "n_judged", "judged_by"]
    assert loaded.quality_report_[names].equals(sampler.quality_report_[names])
    loaded.set_params(guard=None).generate(toy.X, toy.y, random_state=1)
    assert set(planned(loaded)["made_by"]) == {"generated"}


def test_a_sampler_without_a_guard_is_saved_without_decisions(guarded, toy, tmp_path):
    guarded(guard=None).fit(toy.X, toy.y).save(tmp_path)
    loaded = CGANSampler.load(tmp_path, device=DEVICE)
    loaded.generate(toy.X, toy.y, random_state=1)
    assert set(planned(loaded)["made_by"]) == {"generated"}


def test_more_rows_than_there_is_room_for_are_judged_by_some(guarded, monkeypatch):
    monkeypatch.setattr(ConditionalGAN, "vary", of_truth)
    monkeypatch.setattr(_guard, "MAX_REAL", 150)
    monkeypatch.setattr(_guard, "MAX_NEW", 400)
    sizes = []
    fit_judge = _guard.fit_judge

    def spy(head, X, y):
        sizes.append(len(X))
        return fit_judge(head, X, y)

    monkeypatch.setattr(_guard, "fit_judge", spy)
    sampler = guarded()
    quiet(sampler, *rare_terms())
    assert len(sizes) == 3 * _guard._N_DRAWS
    assert max(sizes) <= 150 + 400 + N_TERMS
    assert planned(sampler)["n_judged"].sum() > 20


def constant(X, y):
    return np.hstack([X[:, :2], np.ones((len(X), 2))]), y


def all_but_one(X, y):
    y = y.copy()
    y[:, 0], y[0, 0] = 1, 0
    return X, y


def lone_members(X, y):
    y = np.zeros((len(X), 6), dtype=np.uint8)
    y[:, 0], y[0, 0] = 1, 0
    y[np.arange(1, 6), np.arange(1, 6)] = 1
    return X, y


def one_feature(X, y):
    return X[:, :1], y


def classes(X, y):
    return X, np.repeat(["a", "b", "c"], [19, 8, 3])


def one_term(X, y):
    return X, y[:, [2]] | np.eye(len(y), 1, dtype=np.uint8)


def all_sparse(X, y):
    return X, sparse.csr_matrix(y)


CASES = [constant, all_but_one, lone_members, one_feature, classes, one_term, all_sparse]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_thirty_odd_rows_are_resampled(guarded, toy, case):
    X, y = case(toy.X[:30].astype(float), toy.y[:30])
    strategy = "auto" if case in (classes, one_term) else 25
    held_out = 0 if case is all_sparse else 0.1
    sampler = guarded(sampling_strategy=strategy, validation_fraction=held_out)
    X_res, y_res = quiet(sampler, X, y)
    assert np.isfinite(X_res).all()
    assert X_res.shape[0] == y_res.shape[0] == 30 + sampler.n_synthetic_
    assert sampler.quality_report_["made_by"].isin([*_guard.WAYS, ""]).all()


@pytest.mark.parametrize("guard", ["forest", 3, KNeighborsClassifier])
def test_a_guard_that_is_none_is_refused(tiny, guard):
    with pytest.raises((ValueError, TypeError), match="guard"):
        tiny(guard=guard).check_parameters()


def test_means_and_errors_match_the_hand_worked_example():
    # Residuals -1, 1, 0, 0: no row's sum differs from 0, those of terms are -1 and 1. Three rows
    # have two degrees of freedom: 2.9200 / 1.64485 of sqrt(2 (1 + 1 / 2)) / 4.
    pairs = Pairs(np.array([0, 0, 1, 2]), np.array([0, 1, 0, 1]), None)
    differences = np.array([1.0, 3.0, 2.0, 2.0])
    means, errors = _guard._means(differences, pairs, np.zeros(2, dtype=int))
    assert_allclose([means[0], errors[0]], [2, 0.76870], atol=1e-4)


def test_shrinking_matches_the_hand_worked_example():
    # Q = 2 of one degree of freedom, C = 2 - 2 / 2: tau squared is 1, so half of each stays.
    means, errors = _guard._shrink(np.array([0.0, 2.0]), np.ones(2), np.ones(2), np.full(2, 0.5))
    assert_allclose(means, [0.5, 1.5])
    assert_allclose(errors, [0.75, 0.75])
