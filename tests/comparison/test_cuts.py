"""A cut is chosen for F1 on rows held out; a term with few positives borrows from the others."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from protimb.comparison import compare
from protimb.comparison._cuts import _best_cut, tune_cuts
from protimb.comparison._folds import make_fold
from protimb.comparison._run import _tune_judged
from protimb.metrics import draw_proteins


def test_the_best_cut_parts_the_scores_where_f1_is_highest():
    positive = np.array([True, True, False, True, False, False])
    scores = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
    # Three of four right above .35: F1 is 6/7, and 4/5 above .7.
    assert _best_cut(positive, scores) == pytest.approx(0.35)


def test_no_cut_beats_the_best_one():
    rng = np.random.RandomState(0)
    for _ in range(5):
        positive = rng.rand(20) < 0.3
        scores = np.round(rng.rand(20), 1)  # with ties
        best = f1_score(positive, scores >= _best_cut(positive, scores))
        others = [f1_score(positive, scores >= cut, zero_division=0) for cut in scores]
        assert best >= max(others) - 1e-12


def test_a_term_with_few_positives_lies_between_its_own_cut_and_the_pooled_one():
    rng = np.random.RandomState(0)
    y = np.zeros((400, 3), dtype=int)
    y[:200, 0], y[:2, 1] = 1, 1
    scores = np.clip(y * [0.5, 0.05, 0] + 0.3 * rng.rand(400, 3), 0, 1)
    cuts = tune_cuts(y, scores)
    own = [_best_cut(y[:, term] == 1, scores[:, term]) for term in (0, 1)]
    assert abs(cuts[0] - own[0]) < 0.02
    assert min(own[1], cuts[2]) < cuts[1] < max(own[1], cuts[2])
    assert 0 < cuts[2] < 1  # nothing positive: the pooled cut


def test_without_any_positive_decisions_stay_at_a_half():
    assert tune_cuts(np.zeros((5, 2)), np.full((5, 2), 0.1)) == pytest.approx([0.5, 0.5])


def test_a_moved_cut_leaves_every_ranking_as_it_was(toy, quick):
    table = compare(toy, arms=["threshold"], maps=(), **quick).table
    moved = table[(table["arm"] == "threshold") & table["estimate"].notna()]
    ranked = moved[moved["metric"].isin(["fmax", "smin"]) | moved["metric"].str.match("AP [^@]*$")]
    assert (ranked["difference"] == 0).all()
    assert len(ranked) > 4


def test_the_inner_split_parts_training_clusters(toy):
    draws, protocol = (
        draw_proteins(len(toy.X), 5),
        SimpleNamespace(
            epochs=1, max_steps=None, split="cluster", date=None, shots=None, max_train=None
        ),
    )
    fold = make_fold(toy, 0, None, draws, protocol)
    inner = fold.inner()
    assert set(inner.train) | set(inner.test) == set(fold.train)
    groups = np.asarray(toy.groups)
    assert not set(groups[inner.train]) & set(groups[inner.test])
    assert inner.max_steps == fold.max_steps


def test_terms_that_are_not_judged_lend_their_cuts_to_none():
    """A head of single terms learns the judged ones alone, and gives one score for the others."""
    rng = np.random.RandomState(0)
    y = (rng.rand(60, 3) < [0.1, 0.2, 0.9]).astype(int)
    scores = np.where(y, 0.3, 0.1) + 0.15 * rng.rand(60, 3)
    scores[:, 2] = 0.9
    bunch = SimpleNamespace(y=y)
    few = SimpleNamespace(bunch=bunch, test=np.arange(60), judged=np.array([0, 1]))
    cuts = _tune_judged(few, scores)
    assert cuts[:2].tolist() == tune_cuts(y[:, :2], scores[:, :2]).tolist()
    assert cuts[2] == 0.5
    every = SimpleNamespace(bunch=bunch, test=np.arange(60), judged=slice(None))
    assert _tune_judged(every, scores).tolist() == tune_cuts(y, scores).tolist()


def test_cuts_match_the_hand_worked_example():
    # A alone is best cut at 0.3 (F1 4 / 5), B at 0.65 (1); both, weighed alike, at 0.7 (6 / 7).
    # A has two positives, so 2 / 12 of its log-odds are its own, B one, so 1 / 11.
    y = np.array([[1, 1], [0, 0], [1, 0], [0, 0]])
    scores = np.array([[0.9, 0.8], [0.6, 0.5], [0.4, 0.3], [0.2, 0.1]])
    np.testing.assert_allclose(tune_cuts(y, scores), [0.63758, 0.69562], atol=1e-5)
