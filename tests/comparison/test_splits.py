"""Splits of a comparison: clusters by default, at random to flatter, by date as CAFA does."""

from datetime import date
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from protimb.comparison import Comparison, compare
from protimb.comparison._splits import caveat_of_split, method_of_split
from protimb.datasets import ProteinData, make_longtail_multilabel
from protimb.exceptions import AnnotationError, ArtifactError

QUICK = {"max_steps": 2, "n_resamples": 5, "maps": (), "classifiers": ["mlp"]}
QUICK["classifier_params"] = {"hidden_layer_sizes": (4,)}
DAY = "2022-01-01"


@pytest.fixture(scope="module")
def dated():
    """Of three proteins one is new since the day, and of the others every second learned more."""
    toy = make_longtail_multilabel(n_samples=240, random_state=0)
    rows, columns = np.nonzero(toy.y)
    is_last = np.append(rows[1:] != rows[:-1], True)
    is_new = (rows % 3 == 0) | (is_last & (rows % 2 == 0))
    table = pd.DataFrame({"EntryID": toy.protein_ids[rows], "term": toy.terms[columns]})
    bare = toy.protein_ids[~toy.y.any(axis=1)]
    root = pd.DataFrame({"EntryID": bare, "term": "TOY:0000000"})
    table["date"] = pd.to_datetime(np.where(is_new, "2023-06-30", "2018-01-01"))
    root["date"] = pd.to_datetime("2018-01-01")
    return ProteinData(**toy | {"dates": pd.concat([table, root], ignore_index=True)})


class Spy:
    """Remembers what it is shown."""

    seen: ClassVar = []

    def fit_resample(self, X, y):
        Spy.seen.append((np.array(X), np.array(y)))
        return X, y

    def get_params(self, deep=True):
        return {}

    def set_params(self):
        return self


def test_by_date_training_knows_what_was_known_then_and_tests_are_new(dated):
    Spy.seen.clear()
    result = compare(dated, arms={"spy": Spy()}, split="temporal", date=DAY, **QUICK)
    ((X, y),) = Spy.seen
    first = dated.dates.groupby("EntryID")["date"].min()
    new = first[first >= DAY].index
    assert sorted(result.test_ids[0]) == sorted(new)
    train = ~np.isin(dated.protein_ids, new)
    np.testing.assert_array_equal(X, dated.X[train])
    np.testing.assert_array_equal(y, dated.as_of(DAY).y[train])
    assert y.sum() < dated.y[train].sum()
    (fold,) = result.record["folds"]
    learned = (dated.y != dated.as_of(DAY).y).any(axis=1)
    assert fold["n_train_with_later_terms"] == learned[train].sum() > 0
    related = np.isin(dated.groups[~train], dated.groups[train]).sum()
    assert fold["n_test_with_relatives"] == related
    # Test proteins are judged by all that is known now.
    assert fold["n_true"] == dated.y[~train].sum()
    share = f"{related / (~train).sum():.0%} of the test proteins share a cluster"
    assert share in result.render()
    assert result.record["parameters"]["date"] == DAY


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Keep cells, and leave out the report, whose figures take their time."""
    monkeypatch.setattr(Comparison, "save", lambda self, folder: folder)


def test_at_random_relatives_are_parted_and_the_report_says_so(dated, tmp_path):
    options = {"arms": [], "out": tmp_path, **QUICK}
    result = compare(dated, split="random", seeds=[3], **options)
    (fold,) = result.record["folds"]
    assert fold["n_test"] == 48
    assert fold["n_test_with_relatives"] > 30  # clusters of two: four of five have theirs there
    assert "split at random" in result.render()
    method = "One fifth of the proteins, taken at random whatever their relatives, is held out"
    assert method_of_split(result.record) == method
    with pytest.raises(ArtifactError, match=r"parameter split was .*random.*, is .*cluster"):
        compare(dated, seeds=[3], **options)
    by_cluster = compare(dated, seeds=[3], resume=False, **options)
    assert "n_test_with_relatives" not in by_cluster.record["folds"][0]


def test_cells_of_another_day_are_refused(dated, tmp_path):
    options = {"arms": [], "out": tmp_path, "split": "temporal", **QUICK}
    first = compare(dated, date=DAY, **options)
    again = compare(dated, date=date(2022, 1, 1), **options)
    assert again.table.equals(first.table)
    with pytest.raises(ArtifactError, match=r"parameter date was .2022-01-01., is .2021"):
        compare(dated, date="2021-01-01", **options)


def test_cuts_are_tuned_within_what_was_known(dated):
    for split in ({"split": "random"}, {"split": "temporal", "date": DAY}):
        result = compare(dated, arms=["threshold"], **split, **QUICK)
        assert result.table["metric"].str.startswith("F1@cut").any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "time"}, "split may be cluster, random, temporal, given; got 'time'"),
        ({"date": DAY}, "for split='temporal'; this one is 'cluster'"),
        ({"split": "temporal"}, "needs a date, .*--date 2022-01-01"),
        ({"split": "temporal", "date": "2022-02-30"}, "a day such as '2022-01-31'; got '2022-02"),
        ({"split": "temporal", "date": "last year"}, "a day such as"),
        ({"split": "temporal", "date": 2022}, "a day such as"),
        ({"split": "temporal", "date": "2999-01-01"}, "date=2999-01-01 is in the future"),
    ],
)
def test_a_split_that_cannot_be_is_refused_before_the_data_are_read(options, message):
    with pytest.raises(ValueError, match=message):
        compare("missing", **options)


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2018-01-01", "all were first annotated .* nothing to train on: .* Pass a date that is l"),
        ("2023-07-01", "none were first annotated .* nothing to test: .* Pass a date that is earl"),
    ],
)
def test_a_day_that_leaves_one_side_empty_names_the_span(dated, day, message):
    with pytest.raises(ValueError, match=f"{message}.*") as error:
        compare(dated, arms=[], split="temporal", date=day, **QUICK)
    assert "from 2018-01-01 to 2023-06-30" in str(error.value)


def test_data_without_dates_are_refused_with_the_cure(dated):
    bare = ProteinData(**{name: value for name, value in dated.items() if name != "dates"})
    with pytest.raises(AnnotationError, match=r"column 'date', as protimb ingest .* by cluster"):
        compare(bare, arms=[], split="temporal", date=DAY, **QUICK)


def test_proteins_without_known_clusters_are_said_to_be(dated):
    record = {
        "parameters": {"split": "temporal", "date": DAY},
        "data": {"n_clusters": 9, "n_proteins": 9},
        "folds": [{"n_test": 3, "n_test_with_relatives": 0}],
    }
    assert "no two of them share a cluster" in caveat_of_split(record)
    assert method_of_split(record) == "What was first annotated on 2022-01-01 or later is held out"


def test_a_given_split_is_that_of_the_data(dated):
    part = np.where(np.arange(len(dated.X)) % 4 == 0, "test", "train")
    given = ProteinData(**dated | {"split": part})
    result = compare(given, arms=["ros"], split="given", seeds=[0, 1], **QUICK)
    for seed in (0, 1):
        assert sorted(result.test_ids[seed]) == sorted(dated.protein_ids[::4])
    n_related = np.isin(dated.groups[::4], dated.groups[part == "train"]).sum()
    assert result.record["folds"][0]["n_test_with_relatives"] == n_related
    assert "Proteins were split as the data say" in result.render()
    assert method_of_split(result.record).startswith("What the data themselves call test proteins")
    assert given.fingerprint() != ProteinData(**given | {"split": part[::-1]}).fingerprint()


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (None, "needs data that say what they test on"),
        (["test", "valid"], "must be 'train' or 'test' for each protein"),
        (["test"], "names no training protein"),
    ],
)
def test_a_given_split_must_be_there_and_whole(dated, part, message):
    data = ProteinData(**dated | ({} if part is None else {"split": np.resize(part, len(dated.X))}))
    with pytest.raises(ValueError, match=message):
        compare(data, arms=[], split="given", **QUICK)
