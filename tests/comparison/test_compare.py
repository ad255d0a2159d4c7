"""A comparison is fair: training rows only, equal steps, paired draws."""

from functools import wraps
from unittest.mock import patch

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from protimb.classification import GOTermClassifier
from protimb.comparison import Arm, compare
from protimb.datasets import ProteinData
from protimb.exceptions import InvalidLabelsError, UnknownTermError
from protimb.metrics import evaluate, fmax_score
from protimb.model_selection import split_by_cluster
from protimb.over_sampling import RandomLabelsetOverSampler

pytestmark = pytest.mark.usefixtures("blank_figures")

SEEN = []


class Spy(BaseEstimator):
    """Copies the first row, and remembers what it was shown."""

    def fit_resample(self, X, y):
        SEEN.append((X.copy(), y.copy()))
        return np.vstack([X, X[:1]]), np.vstack([y, y[:1]])


def test_samplers_see_training_rows_only(toy, quick):
    SEEN.clear()
    compare(toy, arms={"spy": Spy()}, seeds=[3], maps=(), **quick)
    train, _ = split_by_cluster(toy.groups, random_state=3)
    ((X, y),) = SEEN
    np.testing.assert_array_equal(X, toy.X[train])
    np.testing.assert_array_equal(y, toy.y[train])


def test_a_strategy_may_name_terms(toy, quick):
    term = toy.terms[-1]
    options = {"sampling_strategy": {term: 40}, "maps": (), **quick}
    counts = compare(toy, arms=["ros"], **options).traces["ros"]["counts"]
    assert counts["before"].iloc[-1] < 40
    assert counts["after"].iloc[-1] == 40


def test_identical_arms_differ_by_exactly_zero(toy, quick):
    table = compare(toy, arms={"twin": Arm("the rows as they are")}, maps=(), **quick).table
    twin = table[(table["arm"] == "twin") & table["estimate"].notna()]
    assert len(twin) > 0
    assert (twin[["difference", "diff_low", "diff_high"]] == 0).all(axis=None)


def test_every_arm_takes_the_same_number_of_steps(comparison):
    histories = [one["classifier_history"] for one in comparison.traces.values() if one]
    assert len(histories) == 4
    assert {history["n_steps"].iloc[-1] for history in histories} == {6}


def test_bins_count_real_training_proteins_in_every_arm(comparison):
    n_terms = comparison.table.pivot_table("n_terms", "metric", ["arm", "classifier"])
    assert (n_terms.nunique(axis=1) == 1).all()


def test_seeds_are_averaged(toy, quick):
    tables = [compare(toy, arms=["knn"], seeds=s, **quick).table for s in ([0], [1], [0, 1])]
    first, second, both = (table["estimate"].fillna(0).to_numpy() for table in tables)
    present = np.all([table["estimate"].notna() for table in tables], axis=0)
    assert both[present] == pytest.approx((first + second)[present] / 2)


def test_every_seed_keeps_its_own_estimates(toy, quick):
    both = compare(toy, arms=["knn"], seeds=[4, 7], **quick).by_seed.set_index("seed")
    for seed in (4, 7):
        table = compare(toy, arms=["knn"], seeds=[seed], **quick).table
        assert both.loc[seed, "estimate"].tolist() == pytest.approx(
            table["estimate"].tolist(), nan_ok=True
        )


def test_a_protein_in_two_test_sets_is_drawn_alike_for_both(toy, quick):
    with patch("protimb.comparison._run.evaluate", wraps=evaluate) as spy:
        compare(toy, arms=[], classifiers=["mlp"], seeds=2, **quick)
    tests = [split_by_cluster(toy.groups, random_state=seed)[1] for seed in (0, 1)]
    draws = [call.kwargs["draws"] for call in spy.call_args_list]
    drawn = [dict(zip(*pair, strict=True)) for pair in zip(tests, draws, strict=True)]
    shared = drawn[0].keys() & drawn[1].keys()
    assert len(shared) > 3
    assert all((drawn[0][row] == drawn[1][row]).all() for row in shared)


def test_proteins_without_clusters_are_said_to_be_split_one_by_one(toy, quick):
    flat = Bunch(**toy | {"groups": toy.protein_ids})
    assert "split one by one" in compare(flat, arms=[], **quick).render()
    assert "split one by one" not in compare(toy, arms=[], **quick).render()


@pytest.mark.parametrize("dtype", [bool, float, np.int64])
def test_labels_of_any_binary_dtype_give_the_same_table(toy, quick, comparison, dtype):
    other = Bunch(**toy | {"y": toy.y.astype(dtype)})
    table = compare(other, arms=["smote"], maps=(), **quick).table
    expected = comparison.table[comparison.table["arm"].isin(["none", "smote"])]
    assert table.equals(expected.reset_index(drop=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": lambda toy: 2 * toy.y}, "0 or 1"),
        ({"groups": lambda toy: toy.groups[1:]}, "inconsistent numbers"),
        ({"terms": lambda toy: toy.terms[1:]}, "12 columns, but 11 terms"),
    ],
)
def test_a_bunch_whose_parts_do_not_fit_is_refused(toy, quick, change, message):
    ((name, changed),) = change.items()
    with pytest.raises(ValueError, match=message):
        compare(Bunch(**toy | {name: changed(toy)}), arms=[], **quick)


def test_a_number_of_seeds_counts_from_zero(toy, quick):
    record = compare(toy, arms=[], seeds=2, **quick).record
    assert [fold["seed"] for fold in record["folds"]] == [0, 1]


def test_same_seed_gives_the_same_table(toy, quick, comparison):
    arms = ["class_weight", "ros", "smote", "knn"]
    again = compare(toy, arms=arms, maps=(), **quick)  # which draw nobody else's numbers
    assert again.table.equals(comparison.table)


def test_labels_may_be_sparse_and_frames(toy, quick, comparison):
    import pandas as pd

    other = Bunch(**toy)
    other.X, other.y = pd.DataFrame(toy.X), sparse.csr_array(toy.y)
    table = compare(other, arms=["knn"], **quick).table
    expected = comparison.table[comparison.table["arm"].isin(["none", "knn"])]
    assert table.equals(expected.reset_index(drop=True))


def test_neighbours_learn_from_real_rows_only(toy, quick):
    with patch("protimb.comparison._folds.KNNTermClassifier.fit", autospec=True) as fit:
        fit.return_value.predict_proba.return_value = np.full((1, len(toy.terms)), 0.5)
        sampler = RandomLabelsetOverSampler(sampling_strategy=80)
        compare(toy, arms={"mine": sampler}, maps=(), **quick)
    n_train = len(split_by_cluster(toy.groups, random_state=0)[0])
    assert [len(call.args[1]) for call in fit.call_args_list] == [n_train]


def test_a_folder_that_cannot_be_made_shows_before_any_work(toy, quick, tmp_path):
    SEEN.clear()
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FileExistsError):
        compare(toy, arms={"spy": Spy()}, out=tmp_path / "taken", **quick)
    assert SEEN == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classifiers": ["tail"]}, "classifiers may name mlp, mlp\\+knn, .*tale, .*; got"),
        ({"classifiers": "mlp"}, "classifiers may name"),
        ({"sampler_params": {"none": {}}}, "names none, no arm .* are none, ros, and ros have one"),
        ({"sampler_params": {"cgan": {}}, "arms": []}, "names cgan, .* and none of them has one"),
        ({"classifiers": ["mlp", "mlp"]}, "may name mlp, mlp\\+knn, .*, each once"),
        ({"seeds": [3, 4, 3]}, "seeds are different whole numbers .* got 3, 4, 3"),
        ({"seeds": [10**20]}, "from 0 to 4294967295; got 10000"),
        ({"seeds": [-1]}, "from 0 to 4294967295; got -1"),
        ({"seeds": [0.5]}, "whole numbers"),
        ({"seeds": 10**20}, r"at most 10,000; got seeds=1000000"),
        ({"maps": ["mds"]}, "maps may name pca, tsne, umap"),
        ({"data": 3}, "int without X, y"),
        ({"classifiers": []}, "classifiers may name"),
        ({"seeds": 0}, "at least one seed"),
        ({"seeds": []}, "at least one seed"),
        ({"n_resamples": 0}, "n_resamples must be at least 1"),
    ],
)
def test_unknown_names_are_errors(toy, options, message):
    with pytest.raises(ValueError, match=message):
        compare(**{"data": toy, "arms": ["ros"], **options})


def test_unknown_map_terms_are_named(toy):
    with pytest.raises(UnknownTermError, match="GO:9999999"):
        compare(toy, map_terms=["GO:9999999"])


def test_one_term_alone_says_what_to_lower(toy):
    one = Bunch(**toy) | {"y": toy.y[:, :1], "terms": toy.terms[:1]}
    with pytest.raises(InvalidLabelsError, match=r"1 terms of mf.*Lower min_proteins"):
        compare(Bunch(**one))


def test_data_without_an_ontology_are_refused_with_what_to_pass(toy):
    with pytest.raises(ValueError, match=r"data\.ontology is NoneType.*read_obo"):
        compare(ProteinData(**toy | {"ontology": None}), arms=[])


def test_fmax_of_all_terms_counts_those_left_out_as_missed(toy, quick):
    """Of twelve terms four are left out: as if they had columns that score 0."""
    whole = ProteinData(**toy | {"n_terms_left_out": np.zeros(len(toy.X), dtype=int)})
    part = whole.with_terms(toy.terms[:8])
    with patch("protimb.comparison._run.evaluate", wraps=evaluate) as spy:
        found = compare(part, arms=[], classifiers=["mlp"], **quick)
    y, score = spy.call_args.args
    y_whole = toy.y[split_by_cluster(toy.groups, random_state=0)[1]]
    np.testing.assert_array_equal(y_whole[:, :8], y)
    expected = fmax_score(y_whole, np.hstack([score, np.zeros((len(score), 4))]))
    estimate = found.table.set_index("metric")["estimate"]
    assert estimate["fmax_all"] == pytest.approx(expected)
    assert estimate["fmax"] == pytest.approx(fmax_score(y, score))
    assert estimate["fmax_all"] < estimate["fmax"]
    share = y_whole[:, 8:].sum() / y_whole.sum()
    text = found.render()
    assert f"({share:.0%} of their true terms), which every arm misses" in text
    assert "Fmax, all terms" in text
    folds = found.record["folds"][0]
    assert (folds["n_true"], folds["n_true_left_out"]) == (y.sum(), y_whole[:, 8:].sum())


def test_where_nobody_knows_what_was_left_out_there_is_one_fmax(comparison):
    assert "fmax_all" not in set(comparison.table["metric"])
    assert "all terms, also" not in comparison.render()


@pytest.fixture
def teaching():
    """Collect what the network of each arm is told of its rows."""
    seen, fit = [], GOTermClassifier.fit

    @wraps(fit)  # the signature says what a classifier can be told
    def spy(self, X, y, **options):
        seen.append((len(X), options))
        return fit(self, X, y, **options)

    with patch.object(GOTermClassifier, "fit", spy):
        yield seen


def test_generated_rows_may_weigh_less_than_real_ones(toy, quick, teaching):
    compare(toy, arms=["ros"], maps=(), synthetic_weight=0.25, synthetic_labels="all", **quick)
    (n_real, plain), (n_all, options) = teaching
    assert plain == {}  # the arm none has nothing to weigh
    assert list(options) == ["sample_weight"]
    np.testing.assert_array_equal(
        options["sample_weight"], [1.0] * n_real + [0.25] * (n_all - n_real)
    )


def test_generated_rows_teach_only_the_terms_that_lacked_rows(toy, quick, teaching):
    comparison = compare(toy, arms=["ros", "remedial"], maps=(), **quick)
    (n_real, plain), (_, options), (_, split) = teaching
    assert plain == split == {}  # REMEDIAL splits rows: none of them is new
    known = options["label_mask"]
    lacking = (
        comparison.terms["n_train"].to_numpy()
        < comparison.record["parameters"]["sampling_strategy"]
    )
    assert lacking.any()
    assert not lacking.all()
    assert known[:n_real].all()
    np.testing.assert_array_equal(known[n_real:], np.tile(lacking, (len(known) - n_real, 1)))


def test_what_generated_rows_teach_is_one_of_two_things(toy, quick):
    with pytest.raises(ValueError, match="synthetic_labels may name targeted, all"):
        compare(toy, arms=["ros"], synthetic_labels="own", **quick)
