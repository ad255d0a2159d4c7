"""Any classifier can be a head: each has its own none, and all learn from one resampling."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from protimb.classification import KNNTermClassifier
from protimb.classification._lesson import Lesson
from protimb.comparison import ARMS, CLASSIFIERS, Head, compare
from protimb.comparison._head_models import (
    OneTermAtATime,
    TermForest,
    balance_rows,
    weigh_by_rarest,
)
from protimb.comparison._heads import resolve_heads
from protimb.comparison._run import _known_by_term, _strategy
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import TeachingWarning
from protimb.over_sampling import RandomLabelsetOverSampler

# What is trained in steps, or on sequences, is tested in test_sequence_heads.py.
OF_VECTORS = [n for n, h in CLASSIFIERS.items() if not (h.needs_sequences or h.equal_steps)]
RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 3))
Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 1, np.zeros(60), np.ones(60)]).astype(int)


class Counted(RandomLabelsetOverSampler):
    """Counts how often it is fitted."""

    n_fits = 0

    def fit_resample(self, X, y):
        Counted.n_fits += 1
        return super().fit_resample(X, y)


def test_heads_share_one_resampling_and_each_has_its_own_none(toy, quick):
    Counted.n_fits = 0
    heads = ["mlp", "mlp+knn", "knn", "logistic"]
    result = compare(toy, arms={"mine": Counted()}, classifiers=heads, maps=(), **quick)
    assert Counted.n_fits == 1
    assert set(result.evaluations) == {(arm, head) for arm in ("none", "mine") for head in heads}
    table = result.table.set_index("metric")
    for _, rows in table.groupby("classifier"):
        own, base = rows[rows["arm"] == "mine"], rows[rows["arm"] == "none"]
        np.testing.assert_allclose(own["difference"], own["estimate"] - base["estimate"])
    assert set(result.record["heads"]) == set(heads)


def test_heads_of_one_network_train_once(toy, quick):
    stages = compare(toy, arms=[], maps=(), **quick).record["seconds"]
    assert [one["stage"] for one in stages].count("train") == 1


def test_the_network_does_not_depend_on_who_is_beside_it(toy, quick):
    alone = compare(toy, arms=["ros"], classifiers=["mlp"], maps=(), **quick).table
    beside = compare(toy, arms=["ros"], classifiers=["forest", "mlp"], maps=(), **quick).table
    beside = beside[beside["classifier"] == "mlp"].reset_index(drop=True)
    assert beside.equals(alone)


def test_neighbours_as_a_head_of_no_resampling_are_the_arm_knn(toy, quick):
    table = compare(toy, arms=["knn"], classifiers=["knn"], maps=(), **quick).table
    head, arm = (table[table["arm"] == name]["estimate"].tolist() for name in ("none", "knn"))
    assert head == pytest.approx(arm, nan_ok=True)


@pytest.mark.parametrize("name", [n for n in OF_VECTORS if CLASSIFIERS[n].make])
def test_named_heads_bear_terms_that_nobody_or_everybody_has(name):
    head = CLASSIFIERS[name]
    scores = head.build().fit(X, Y).predict_proba(X)
    assert scores.shape == Y.shape
    assert ((scores >= 0) & (scores <= 1 + 1e-9)).all()
    assert np.ptp(scores[:, 2]) == 0
    if name == "prototype":  # half a member and half another row are added to each term
        assert scores[0, 2] < 0.5 / len(X)
        assert scores[:, 3].mean() > 1 - 0.5 / len(X)
    else:
        assert scores[0, 2] == 0
        np.testing.assert_allclose(scores[:, 3], 1, rtol=1e-5)
    assert scores[Y[:, 0] == 1, 0].mean() > scores[Y[:, 0] == 0, 0].mean()


@pytest.fixture(scope="module")
def few_terms():
    return make_longtail_multilabel(n_samples=150, n_terms=4, random_state=0)


@pytest.mark.parametrize("name", OF_VECTORS)
def test_every_named_head_can_be_compared(few_terms, name):
    quick = {"max_steps": 2, "n_resamples": 10, "maps": ()}
    result = compare(few_terms, arms=["class_weight", "ros"], classifiers=[name], **quick)
    left_out = {"class_weight": [name]} if name in ("knn", "prototype") else {}
    assert result.record["left_out"] == left_out
    arms = ["none", "ros"] if left_out else ["none", "class_weight", "ros"]
    assert result.table["arm"].unique().tolist() == arms
    assert result.table["estimate"].notna().any()


def test_class_weight_changes_every_head_that_takes_it(toy, quick):
    heads = ["mlp", "logistic", "forest"]
    options = {"arms": ["class_weight"], "classifiers": heads, "maps": ()}
    table = compare(toy, **options, **quick).table
    moved = table[table["arm"] == "class_weight"].groupby("classifier")["difference"]
    assert (moved.apply(lambda one: one.abs().max()) > 0).all()


def test_balanced_rows_give_both_classes_the_same_weight():
    labels = np.array([1, 0, 0, 0, 0])
    weights = balance_rows(labels)
    assert weights.tolist() == pytest.approx([2.5, 0.625, 0.625, 0.625, 0.625])
    doubled = balance_rows(labels, np.array([2.0, 1, 1, 1, 1]))
    assert doubled[0] == pytest.approx(doubled[1:].sum())


def test_a_row_weighs_as_its_rarest_term():
    y = np.array([[1, 1], [1, 0], [1, 0], [0, 0], [0, 0]])
    # Of five rows three have the first term, one the second: (5 - 1) / 1 is 4, (5 - 3) / 3 is no
    # reason to weigh less than a row without any.
    assert weigh_by_rarest(y).tolist() == [4, 1, 1, 1, 1]


def test_a_term_learns_from_the_rows_that_know_it_alone():
    mask = np.ones(Y.shape, dtype=bool)
    mask[30:, 0] = False
    flipped = Y.copy()
    flipped[30:, 0] = 1 - flipped[30:, 0]
    masked = OneTermAtATime(LogisticRegression()).fit(X, flipped, label_mask=mask)
    clean = OneTermAtATime(LogisticRegression()).fit(X, Y, label_mask=mask)
    np.testing.assert_array_equal(masked.predict_proba(X), clean.predict_proba(X))
    told = OneTermAtATime(LogisticRegression()).fit(X, flipped)
    assert abs(told.predict_proba(X) - clean.predict_proba(X))[:, 0].max() > 0.1


def test_only_columns_that_are_asked_for_are_fitted():
    one = OneTermAtATime(LogisticRegression(), columns=[1]).fit(X, Y)
    every = OneTermAtATime(LogisticRegression()).fit(X, Y)
    np.testing.assert_array_equal(one.predict_proba(X)[:, 1], every.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(one.predict_proba(X)[:, 0], np.full(60, Y[:, 0].mean()))
    assert [type(fitted) is float for fitted in one.estimators_] == [True, False, True, True]
    assert clone(one).columns == [1]


def test_trees_of_one_term_do_not_see_the_others():
    other = Y.copy()
    other[:, 1] = np.roll(Y[:, 1], 7)

    def scores(name, labels):
        head = CLASSIFIERS[name].build()
        seed = "estimator__random_state" if CLASSIFIERS[name].by_term else "random_state"
        return head.set_params(**{seed: 0}).fit(X, labels).predict_proba(X)[:, 0]

    np.testing.assert_array_equal(scores("term_forest", Y), scores("term_forest", other))
    assert not np.array_equal(scores("forest", Y), scores("forest", other))


def test_made_rows_say_only_yes_to_a_term_that_is_fitted_by_itself():
    y = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    made = np.array([False, False, True])
    asked_for = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 0]], dtype=bool)
    assert _known_by_term(Lesson(X, y), made)[2].tolist() == [True, False, True]
    known = _known_by_term(Lesson(X, y, known=asked_for), made)
    assert known.tolist() == [[True] * 3, [True] * 3, [True, False, False]]
    assert _known_by_term(Lesson(X, y), None) is None


def test_a_split_row_is_none_that_was_made(toy, quick, monkeypatch):
    """What is taken from a row that REMEDIAL splits is a no that its halves have to teach."""
    masks = []
    fit = OneTermAtATime.fit

    def spy(self, X, y, sample_weight=None, label_mask=None):
        masks.append(label_mask)
        return fit(self, X, y, sample_weight, label_mask)

    monkeypatch.setattr(OneTermAtATime, "fit", spy)
    options = {"arms": ["remedial", "ros"], "classifiers": ["logistic"], "maps": ()}
    compare(toy, **options, **quick)
    none, remedial, ros = masks
    assert none is remedial is None
    n_real = int(ros.all(axis=1).sum())
    assert ros[:n_real].all()
    assert n_real < len(ros)
    assert (ros[n_real:].sum(axis=1) < ros.shape[1]).all()
    masks.clear()
    compare(toy, synthetic_labels="all", **options, **quick)
    assert masks == [None, None, None]


def test_terms_that_were_cut_are_raised_and_no_others():
    counts = {"n_train": np.array([3, 5, 20, 0]), "bunch": SimpleNamespace(terms=list("abcd"))}
    cut = SimpleNamespace(cut=np.array([0, 2, 3]), **counts)
    # c has as many as are asked for, d nobody to make rows from, and b is not judged.
    assert _strategy(cut, SimpleNamespace(sampling_strategy=20)) == {"a": 20}
    assert _strategy(cut, SimpleNamespace(sampling_strategy="auto")) == "auto"
    whole = SimpleNamespace(cut=None, **counts)
    assert _strategy(whole, SimpleNamespace(sampling_strategy=20)) == 20


def test_a_forest_stays_within_its_memory():
    forest = TermForest(n_estimators=3, random_state=0).fit(X, Y)
    assert forest.forest_.max_leaf_nodes is None  # small data are not bound
    forest._varies = np.ones(10**5, dtype=bool)
    assert forest._most_leaves(10**6) * 2 * 8 * 3 * 10**5 <= 2**31


@pytest.mark.parametrize(
    ("classifier", "by_term"),
    [
        (LogisticRegression(), True),
        (HistGradientBoostingClassifier(), True),
        (CalibratedClassifierCV(LinearSVC()), True),
        (RandomForestClassifier(), False),
        (KNNTermClassifier(), False),
    ],
)
def test_what_takes_one_label_is_fitted_term_by_term(classifier, by_term):
    assert resolve_heads({"mine": classifier})["mine"].by_term is by_term


def test_a_head_of_ones_own_is_seeded_and_not_touched(toy, quick):
    mine = RandomForestClassifier(3)
    heads = {"mine": mine, "bayes": GaussianNB()}
    table = compare(toy, arms=["class_weight"], classifiers=heads, maps=(), **quick)
    assert mine.random_state is None
    # A forest of several labels multiplies the weights of all terms of a row.
    assert table.record["left_out"] == {"class_weight": ["mine"]}
    again = compare(toy, arms=["class_weight"], classifiers=heads, maps=(), **quick)
    assert again.table.equals(table.table)


class Picky(GaussianNB):
    """Wants five of each class, as cross-validation inside a classifier does."""

    def fit(self, X, y):
        if np.bincount(y).min() < 5:
            raise ValueError("five of each class, please")
        return super().fit(X, y)


def test_a_head_that_refuses_a_rare_term_says_so_and_goes_on():
    y = Y.copy()
    y[:, 1] = 0
    y[:2, 1] = 1
    head = resolve_heads({"mine": Picky()})["mine"].build()
    with pytest.warns(TeachingWarning, match="refused 1 terms with few positives"):
        scores = head.fit(X, y).predict_proba(X)
    assert scores[:, 1] == pytest.approx(2 / 60)
    assert np.ptp(scores[:, 0]) > 0.5


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ({"ridge": RidgeClassifier()}, r"no predict_proba.*CalibratedClassifierCV\(RidgeCl"),
        ({"mine": LogisticRegression}, "is the class LogisticRegression; pass an object"),
        ({"mine": 3}, "Head 'mine' is int"),
        ({"mine": "tree"}, "may name mlp"),
        ({"alone": GaussianNB()}, "cannot be called 'alone'"),
        ({"my head": GaussianNB()}, "cannot be called 'my head'"),
        ({}, "may name mlp"),
    ],
)
def test_what_is_no_head_is_named_with_the_cure(toy, heads, message):
    with pytest.raises((TypeError, ValueError), match=message):
        compare(toy, classifiers=heads)


def test_a_head_that_weighs_no_rows_is_left_out_of_arms_that_weigh_some(toy, quick):
    options = {"classifiers": ["mlp", "knn"], "synthetic_weight": 0.5, "maps": ()}
    result = compare(toy, arms=["ros"], **options, **quick)
    assert result.record["left_out"] == {"ros": ["knn"]}
    assert ("none", "knn") in result.evaluations


def test_a_head_may_be_written_out(toy, quick):
    head = Head("half of the neighbours' votes", KNNTermClassifier, mix=lambda own, real: own / 2)
    result = compare(toy, arms=[], classifiers={"half": head}, maps=(), **quick)
    assert list(result.evaluations) == [("none", "half")]


def test_only_the_arm_threshold_moves_cuts():
    assert [name for name, arm in ARMS.items() if arm.tunes_cuts] == ["threshold"]


def test_a_head_gets_the_fields_of_the_data_that_it_reads(toy, quick):
    seen = []

    class Reader(KNNTermClassifier):
        def __init__(self, ontology=None, terms=None):
            super().__init__()
            self.ontology, self.terms = ontology, terms

        def fit(self, X, y):
            seen.append((self.ontology, list(self.terms)))
            return super().fit(X, y)

    heads = {"mine": Head("reads", Reader, reads=("ontology", "terms"))}
    compare(toy, arms=[], classifiers=heads, maps=(), **quick)
    assert seen == [(toy.ontology, list(toy.terms))]


def test_the_network_is_not_built_without_a_comparison():
    with pytest.raises(ValueError, match="which compare builds"):
        CLASSIFIERS["mlp"].build()


class Odd(BaseEstimator):
    """Says nothing of itself, and gives what it is told to."""

    def __init__(self, make=None):
        self.make = make

    def fit(self, X, y):
        self.n_terms = y.shape[1]
        return self

    def predict_proba(self, X):
        return self.make(np.full((len(X), self.n_terms), 0.5))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda half: np.hstack([half, half]), r"shape \(\d+, 24\) for \d+ test .* 12 terms"),
        (lambda half: half[:-1], r"of Odd gave an array of shape"),
        (lambda half: 3 * half, r"no probabilities \(the first is 1.5\)"),
        (lambda half: half - 1, r"no probabilities \(the first is -0.5\)"),
        (lambda half: np.nan * half, r"no probabilities \(the first is nan\)"),
        (lambda half: None, r"shape \(\)"),
        (lambda half: [half, half], r"Odd gave a list, .* no classes_"),
    ],
)
def test_what_a_head_gives_in_place_of_probabilities_is_named(toy, quick, make, problem):
    with pytest.raises(ValueError, match=problem):
        compare(toy, arms=[], classifiers={"odd": Odd(make)}, maps=(), **quick)


@pytest.mark.parametrize("weight", [-1, np.inf, np.nan])
def test_a_weight_of_made_rows_is_checked_before_the_work(toy, quick, weight):
    with pytest.raises(ValueError, match="synthetic_weight is a finite number from 0"):
        compare(toy, arms=[], synthetic_weight=weight, **quick)
