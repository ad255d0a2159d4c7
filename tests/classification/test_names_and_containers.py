"""Tables with names are paired by name; every container gives the same classifier."""

import array

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.pipeline import make_pipeline
from scipy import sparse

from protimb.classification import KNNTermClassifier
from protimb.exceptions import InvalidLabelsError
from protimb.over_sampling import MLROS


@pytest.fixture(params=["neighbours", "network"])
def classifier(request, small):
    return KNNTermClassifier(3) if request.param == "neighbours" else small()


@pytest.fixture
def X(data):
    return pd.DataFrame(data.X, index=data.protein_ids).add_prefix("x")


@pytest.fixture
def y(data):
    return pd.DataFrame(data.y, index=data.protein_ids, columns=data.terms)


def test_rows_in_another_order_are_refused_by_fit_and_score(classifier, X, y):
    shuffled = y.sample(frac=1, random_state=0)
    with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
        classifier.fit(X, shuffled)
    classifier.fit(X, y)
    with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
        classifier.score(X, shuffled)
    with pytest.raises(InvalidLabelsError, match="Only 0 of 120 ids of X"):
        classifier.score(X, y.add_prefix("x", axis=0))


def test_a_class_a_row_is_paired_by_its_id_too(classifier, X, y):
    classes = y.iloc[:, 1].map({0: "no", 1: "yes"})
    classifier.fit(X, classes)
    for call in (classifier.fit, classifier.score):
        with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
            call(X, classes[::-1])


def test_weights_and_masks_in_another_order_are_refused(small, X, y):
    weights, known = pd.Series(1.0, X.index[::-1]), y.iloc[::-1] >= 0
    with pytest.raises(InvalidLabelsError, match="X and sample_weight have the same ids"):
        small().fit(X, y, sample_weight=weights)
    with pytest.raises(InvalidLabelsError, match="X and label_mask have the same ids"):
        small().fit(X, y, label_mask=known)
    with pytest.raises(InvalidLabelsError, match="X and sample_weight have the same ids"):
        small().fit(X, y).score(X, y, sample_weight=weights)


def test_terms_in_another_order_are_scored_by_name(classifier, X, y):
    classifier.fit(X, y)
    turned = y[y.columns[::-1]]
    assert classifier.score(X, turned) == classifier.score(X, y)
    # Without names there is nothing but the position.
    assert classifier.score(X, turned.to_numpy()) < classifier.score(X, y)


def test_terms_that_fit_did_not_see_cannot_be_scored(classifier, X, y):
    classifier.fit(X, y)
    with pytest.raises(InvalidLabelsError, match=r"1 missing \(.*\) and 1 unknown \(GO:x\)"):
        classifier.score(X, y.rename(columns={y.columns[0]: "GO:x"}))


def test_a_mask_is_put_into_the_order_of_the_terms(small, X, y):
    known = y.copy().astype(bool)
    known.iloc[:, 0] = True
    turned = known[known.columns[::-1]]
    expected = small().fit(X, y, label_mask=known).predict_proba(X)
    np.testing.assert_array_equal(small().fit(X, y, label_mask=turned).predict_proba(X), expected)


def test_terms_given_by_name_order_the_columns(small, X, y):
    terms = list(y.columns[::-1])
    model = small(terms=terms).fit(X, y)
    assert list(model.terms_) == terms
    expected = small().fit(X, y[terms]).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    names = [f"function {number}" for number in range(6)]
    assert list(small(terms=names).fit(X, y).terms_) == names


@pytest.mark.parametrize(
    "form",
    [
        list,
        np.ndarray.tolist,
        lambda X: tuple(map(tuple, X.tolist())),
        memoryview,
        torch.tensor,
        pl.DataFrame,
        pd.DataFrame,
        lambda X: pd.DataFrame(X).astype("Float64"),
        lambda X: pd.DataFrame(X).astype(object),
        lambda X: pd.DataFrame(X).astype(pd.SparseDtype(float, 0)),
    ],
    ids=range(10),
)
def test_vectors_are_read_from_any_container(classifier, data, form):
    vectors = data.X.astype(np.float64)
    read = form(vectors)
    if isinstance(read, pd.DataFrame):
        read.columns = read.columns.astype(str)
    expected = classifier.fit(vectors, data.y).predict_proba(vectors)
    # Columns of a table lie apart in memory, so sums round differently.
    actual = classifier.fit(read, data.y).predict_proba(read)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "form",
    [
        list,
        np.ndarray.tolist,
        torch.tensor,
        sparse.coo_array,
        pl.DataFrame,
        lambda y: pl.DataFrame(y.astype(bool)),
        lambda y: pd.DataFrame(y).astype("category"),
        lambda y: pd.DataFrame(y).astype("boolean"),
        lambda y: pd.DataFrame(y).astype({0: "Int64", 1: bool}),
        lambda y: pd.DataFrame(y).astype(pd.SparseDtype(int, 0)),
    ],
    ids=range(10),
)
def test_labels_are_read_from_any_container(classifier, data, form):
    expected = classifier.fit(data.X, data.y).predict_proba(data.X)
    fitted = classifier.fit(data.X, form(data.y))
    np.testing.assert_array_equal(fitted.predict_proba(data.X), expected)
    assert fitted.score(data.X, form(data.y)) == fitted.score(data.X, data.y)


@pytest.mark.parametrize(
    "form",
    [
        list,
        lambda y: array.array("q", y),
        pl.Series,
        pd.Index,
        pd.Categorical,
        lambda y: pd.Series(y, dtype="Int64"),
        lambda y: pd.Series(y, dtype="category"),
    ],
    ids=range(7),
)
def test_classes_are_read_from_any_container(classifier, data, form):
    classes = data.y[:, 1].astype(int)
    expected = classifier.fit(data.X, classes).predict(data.X)
    fitted = classifier.fit(data.X, form(classes))
    np.testing.assert_array_equal(fitted.predict(data.X), expected)
    assert fitted.score(data.X, form(classes)) == (expected == classes).mean()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (pd.Series(list(X)), y), r"np\.stack\(X\)"),
        (lambda X, y: (X, pd.Series(y.tolist())), r"np\.vstack\(y\)"),
        (lambda X, y: (pd.DataFrame(X).assign(kingdom="Fungi").rename(columns=str), y), "kingdom"),
        (lambda X, y: (X, pd.DataFrame(y).astype("Int64").replace(1, pd.NA)), "missing"),
        (lambda X, y: (X, np.ma.masked_equal(y, 1)), "masked"),
    ],
    ids=["stack", "vstack", "text", "missing", "masked"],
)
def test_what_cannot_be_read_is_refused_by_the_cell_or_the_call(classifier, data, change, message):
    X, y = change(data.X, data.y.astype(int))
    with pytest.raises(ValueError, match=message):
        classifier.fit(X, y)


def test_a_sampler_before_is_suspected_where_lengths_differ(small, data):
    model = make_pipeline(MLROS(random_state=0), small())
    for extra in ({"sample_weight": np.ones(120)}, {"label_mask": np.ones((120, 6), bool)}):
        with pytest.raises(ValueError, match=r"sampler.*pipeline.*ResampledClassifier"):
            model.fit(data.X, data.y, **{f"gotermclassifier__{k}": v for k, v in extra.items()})


def test_rows_stored_column_by_column_give_the_same_bits(small):
    # 64 features and 300 rows: enough terms of a sum for its order to show.
    rng = np.random.RandomState(0)
    X = rng.normal(size=(300, 64)).astype(np.float32)
    y = (X[:, :3] > 0).astype(int)
    for model in (KNNTermClassifier(5), small(n_neighbors=5)):
        expected = model.fit(X, y).predict_proba(X)
        np.testing.assert_array_equal(model.predict_proba(np.asfortranarray(X)), expected)
        again = model.fit(np.asfortranarray(X), y).predict_proba(X)
        np.testing.assert_array_equal(again, expected)
