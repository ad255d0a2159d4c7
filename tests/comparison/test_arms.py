"""An arm is a name, a sampler or classifier of one's own, or an Arm; none is among them."""

import re
import subprocess
import sys
import warnings
from inspect import signature
from typing import get_type_hints

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier

from protimb.classification import KNNTermClassifier
from protimb.cli._compare import compare as command
from protimb.comparison import ARMS, MAIN_ARMS, Arm, compare
from protimb.comparison._arms import LOSS_ARMS, resolve_arms
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import ProtimbWarning
from protimb.nn import LOSSES
from protimb.ontology import GeneOntology
from protimb.over_sampling import MLSOL, CGANSampler, LabelwiseSampler, RandomLabelsetOverSampler
from protimb.over_sampling._told import tell_terms
from protimb.utils._judge import probabilities_by_term

pytestmark = pytest.mark.usefixtures("blank_figures")

ONTOLOGY = GeneOntology({"GO:1": "binding"}, {"GO:1": "molecular_function"}, {})
SETTINGS = {"sampling_strategy": 33, "random_state": 5, "verbose": 0}


def test_none_comes_first_even_if_not_asked_for():
    assert list(resolve_arms(["ros"])) == ["none", "ros"]
    assert list(resolve_arms(["ros", "none"])) == ["none", "ros"]


def test_one_name_is_one_arm():
    assert list(resolve_arms("knn")) == ["none", "knn"]


SAMPLERS = [name for name, arm in ARMS.items() if arm.make_sampler]


REMOVERS = ["mlrus", "lprus", "mlenn", "mltl"]


@pytest.mark.parametrize("name", [n for n in SAMPLERS if n not in ("remedial", *REMOVERS)])
def test_named_samplers_take_the_strategy_and_seed_of_the_comparison(name):
    sampler = ARMS[name].build_sampler({}, **SETTINGS)
    assert sampler.sampling_strategy == 33
    assert sampler.random_state == 5


@pytest.mark.parametrize("name", REMOVERS)
def test_samplers_that_remove_rows_keep_their_own_strategy(name):
    sampler = ARMS[name].build_sampler({}, **SETTINGS)
    assert sampler.sampling_strategy == "auto"
    assert getattr(sampler, "random_state", 5) == 5
    asked = ARMS[name].build_sampler({"sampling_strategy": "all"}, **SETTINGS)
    assert asked.sampling_strategy == "all"


def test_samplers_that_break_the_true_path_rule_get_the_ontology():
    made = {name: ARMS[name].build_sampler({}, **SETTINGS) for name in SAMPLERS}
    given = {name: tell_terms(sampler, ONTOLOGY, []) for name, sampler in made.items()}
    needy = {name for name, sampler in given.items() if hasattr(sampler, "ontology")}
    assert {"mlsol", "remedial", "cgan"} <= needy
    assert all(given[name].ontology is ONTOLOGY for name in needy)


def test_an_ontology_of_ones_own_stays():
    mine = MLSOL(ontology=ONTOLOGY)
    assert tell_terms(mine, object(), []).ontology is ONTOLOGY


def test_the_main_arms_are_some_of_all():
    assert set(MAIN_ARMS) < set(ARMS)
    assert signature(compare).parameters["arms"].default == MAIN_ARMS


def test_parameters_asked_for_by_name_come_last():
    sampler = ARMS["ros"].build_sampler({"sampling_strategy": 7}, **SETTINGS)
    assert sampler.sampling_strategy == 7


def test_parameters_of_the_lifted_sampler_are_within_reach():
    sampler = ARMS["smote"].build_sampler({"sampler__k_neighbors": 3}, **SETTINGS)
    assert sampler.sampler.k_neighbors == 3


def test_own_sampler_keeps_its_strategy_and_is_not_touched():
    mine = LabelwiseSampler(SMOTE(), sampling_strategy=12)
    built = resolve_arms({"mine": mine})["mine"].build_sampler({}, **SETTINGS)
    assert (built.sampling_strategy, built.random_state) == (12, 5)
    assert mine.random_state is None


def test_own_seed_of_an_own_sampler_stays():
    mine = RandomLabelsetOverSampler(random_state=9)
    built = resolve_arms({"mine": mine})["mine"].build_sampler({}, **SETTINGS)
    assert built.random_state == 9


def test_an_arm_without_sampler_builds_none():
    assert ARMS["class_weight"].build_sampler({}, **SETTINGS) is None
    assert ARMS["class_weight"].stages == ("train", "evaluate")
    assert ARMS["knn"].stages == ("evaluate",)


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        (["rose"], "Unknown arm 'rose'.*none, class_weight, .*ros"),
        ({"mine": 3}, "Arm 'mine' is int"),
        ({"mine": RandomForestClassifier}, "is the class RandomForestClassifier; pass an object"),
        ({"mine": SMOTE}, "is the class SMOTE; pass an object"),
        ({"none": SMOTE()}, "name yours otherwise"),
    ],
)
def test_what_is_no_arm_is_named(arms, message):
    with pytest.raises((TypeError, ValueError), match=message):
        resolve_arms(arms)


def test_an_arm_may_be_written_out():
    arm = Arm("weights only", classifier_params={"class_weight": "balanced"})
    assert resolve_arms({"weights": arm})["weights"] is arm


def test_a_classifier_of_ones_own_is_trained_seeded_and_judged_by_itself(toy, quick):
    forest = RandomForestClassifier(3)
    result = compare(toy, arms={"forest": forest}, maps=(), **quick)
    rows = result.table[result.table["arm"] == "forest"]
    assert set(rows["classifier"]) == {"alone"}
    assert rows["estimate"].notna().any()
    assert result.record["networks"]["forest"]["random_state"] == 0
    assert forest.random_state is None  # the user's own object stays as it was
    assert [one["stage"] for one in result.record["seconds"] if one["arm"] == "forest"] == [
        "train",
        "evaluate",
    ]


class Frequencies(BaseEstimator):
    """Scores every protein by how frequent its terms are, and decides nothing."""

    def fit(self, X, y):
        self.frequencies_ = y.mean(axis=0)
        return self

    def predict_proba(self, X):
        return np.tile(self.frequencies_, (len(X), 1))


def test_a_classifier_is_judged_by_its_scores_and_needs_no_predict(toy, quick):
    result = compare(toy, arms={"frequencies": Frequencies()}, maps=(), **quick)
    table = result.table[result.table["arm"] == "frequencies"].set_index("metric")["estimate"]
    assert 0 < table["fmax"] < 1


def test_an_arm_may_bring_a_sampler_and_a_classifier(toy, quick):
    arm = Arm(
        "neighbours of copied rows",
        make_sampler=lambda: RandomLabelsetOverSampler(),
        make_classifier=lambda: KNNTermClassifier(5),
    )
    options = {"synthetic_labels": "all", "maps": (), **quick}
    result = compare(toy, arms={"mine": arm, "knn": "knn"}, **options)
    assert result.record["samplers"]["mine"]["sampling_strategy"] == 20
    assert result.record["n_synthetic"]["mine"] > 0
    assert {("mine", "alone"), ("knn", "alone")} <= set(result.evaluations)


def test_probabilities_of_a_forest_are_those_of_carrying_the_term(toy):
    forest = RandomForestClassifier(3, random_state=0).fit(toy.X[:100], toy.y[:100])
    scores = probabilities_by_term(forest, toy.X, toy.y.shape[1])
    assert scores.shape == toy.y.shape
    for term, classes in enumerate(forest.classes_):
        if list(classes) == [0, 1]:
            assert_array_equal(scores[:, term], forest.predict_proba(toy.X)[term][:, 1])
        else:  # no row of the training part carries it
            assert (scores[:, term] == classes[0]).all()


def test_the_help_text_names_the_main_arms_and_waits_for_nothing():
    code = (
        "import sys\n"
        "from protimb.cli._compare import compare\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)
    option = get_type_hints(command, include_extras=True)["arms"].__metadata__[0]
    assert set(re.findall(r"[a-z_]+", option.help)) >= set(MAIN_ARMS)


def test_every_resampler_can_be_compared():
    toy = make_longtail_multilabel(n_samples=120, random_state=0)
    arms = ["mlros", "lpros", "mlsmote", "mlsol", "remedial"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # toy terms have few members
        comparison = compare(toy, arms=arms, max_steps=2, n_resamples=10, maps=())
    assert comparison.table["arm"].unique().tolist() == ["none", *arms]
    assert all(comparison.record["n_synthetic"][arm] > 0 for arm in arms)


def test_a_sampler_that_reads_term_vectors_gets_those_of_the_ontology(toy, quick):
    seen = []

    class Spy(CGANSampler):
        def fit_resample(self, X, y):
            seen.append(self.term_vectors)
            return super().fit_resample(X, y)

    sampler = Spy(
        condition="term_vectors",
        max_updates=1,
        quality_filter=None,
        sampling_strategy=15,
        n_critic=1,
    )
    result = compare(toy, arms={"mine": sampler}, maps=(), **quick)
    assert set(seen[0]) == set(toy.terms)
    assert sampler.term_vectors is None  # the user's own object stays as it was
    assert "term_vectors" not in result.record["samplers"]["mine"]


def test_samplers_that_remove_rows_can_be_compared(tmp_path):
    toy = make_longtail_multilabel(n_samples=120, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # toy terms have few members
        comparison = compare(
            toy, arms=["mlrus", "mltl"], max_steps=2, n_resamples=10, maps=("pca",), out=tmp_path
        )
    assert comparison.table["arm"].unique().tolist() == ["none", "mlrus", "mltl"]
    assert comparison.record["n_synthetic"]["mlrus"] < 0
    assert (tmp_path / "report.html").is_file()


def test_every_loss_but_cross_entropy_is_an_arm_and_one_word_stands_for_all():
    asked = {name: ARMS[name].classifier_params["loss"] for name in LOSS_ARMS if name != "none"}
    assert [*asked.values()] == [name for name in LOSSES if name != "bce"]
    assert all(name == f"loss_{loss}" for name, loss in asked.items())
    assert LOSS_ARMS[0] == "none"
    assert not set(LOSS_ARMS[1:]) & set(MAIN_ARMS)


def test_heads_without_a_loss_are_left_out_of_its_arm(toy, quick):
    options = quick | {"classifiers": ("mlp", "knn"), "maps": ()}
    table = compare(toy, arms=["loss_hierarchy"], **options).table
    heads = table.groupby("arm")["classifier"].unique().map(set).to_dict()
    assert heads.pop("none") == {"mlp", "knn"}
    assert set(map(frozenset, heads.values())) == {frozenset({"mlp"})}
