"""REMEDIAL splits rows in which frequent and rare terms concur."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb.exceptions import InvalidLabelsError, UnknownTermError
from protimb.metrics import scumble_score
from protimb.ontology import GeneOntology
from protimb.over_sampling import REMEDIAL

TERMS = ["GO:1", "GO:2", "GO:3", "GO:4"]


@pytest.fixture
def ontology():
    """GO:1 is above GO:2, GO:2 above GO:3; GO:4 stands alone."""
    return GeneOntology(
        names={term: term for term in TERMS},
        namespaces=dict.fromkeys(TERMS, "molecular_function"),
        parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
    )


@pytest.fixture
def y():
    """12 rows; counts 9, 8, 1, 9: IRLbl 1, 1.125, 9 and 1; MeanIR 3.03, so GO:3 is rare."""
    y = np.zeros((12, 4), dtype=np.int8)
    y[:9, 0] = y[:8, 1] = 1
    y[0, 2] = 1
    y[[0, 1, 2, 3, 4, 5, 6, 9, 10], 3] = 1
    return y


@pytest.fixture
def X():
    return np.random.RandomState(0).normal(size=(12, 3))


def published(y):
    """Split rows as the paper's pseudo-code does, in plain loops."""
    counts = [sum(column) for column in y.T.tolist()]
    most = max(counts)
    ratios = [most / count if count else None for count in counts]
    mean_ir = np.mean([ratio for ratio in ratios if ratio])

    def scumble(row):
        own = [ratios[term] for term in range(len(row)) if row[term]]
        return 1 - np.prod(own) ** (1 / len(own)) / np.mean(own) if own else 0.0

    scores = [scumble(row) for row in y.tolist()]
    kept, added = y.copy(), []
    for number, row in enumerate(y):
        rare = [t for t in range(len(row)) if row[t] and ratios[t] > mean_ir * (1 + 1e-12)]
        frequent = [t for t in range(len(row)) if row[t] and t not in rare]
        if scores[number] > np.mean(scores) + 1e-13 and rare and frequent:
            half = np.zeros_like(row)
            half[rare] = 1
            kept[number, rare] = 0
            added.append(half)
    return np.vstack([kept, *added])


def test_the_hand_worked_row_is_split(X, y):
    sampler = REMEDIAL()
    X_res, y_res = sampler.fit_resample(X, y)
    assert_array_equal(X_res, np.vstack([X, X[:1]]))
    assert y_res[0].tolist() == [1, 1, 0, 1]
    assert y_res[12].tolist() == [0, 0, 1, 0]
    assert_array_equal(y_res[1:12], y[1:])
    assert sampler.sampling_strategy_ == {2: 1}
    assert sampler.sample_indices_.tolist() == [*range(12), 0]
    assert sampler.conditioning_indices_.tolist() == [0]
    assert sampler.n_synthetic_ == sampler.synthetic_mask_.sum() == 1


def test_with_the_ontology_the_rare_term_keeps_its_ancestors(X, y, ontology):
    sampler = REMEDIAL(ontology=ontology)
    _, y_res = sampler.fit_resample(X, pd.DataFrame(y, columns=TERMS))
    assert y_res.iloc[0].tolist() == [1, 1, 0, 1]
    assert y_res.iloc[12].tolist() == [1, 1, 1, 0]  # GO:4, no ancestor of GO:3, is gone
    assert sampler.n_closed_ == 1
    assert sampler.sampling_plan_["n_after"].tolist() == [10, 9, 1, 9]


def test_terms_may_be_named_for_a_target_without_columns(X, y, ontology):
    named = REMEDIAL(ontology=ontology, terms=TERMS).fit_resample(X, y)[1]
    framed = REMEDIAL(ontology=ontology).fit_resample(X, pd.DataFrame(y, columns=TERMS))[1]
    assert_array_equal(named, framed)


@pytest.mark.parametrize(
    ("terms", "error", "message"),
    [
        (None, InvalidLabelsError, "needs the names of the terms"),
        (TERMS[:3], InvalidLabelsError, "names 3 columns, but y has 4"),
        ([*TERMS[:3], "GO:9"], UnknownTermError, "GO:9"),
    ],
)
def test_columns_that_the_ontology_cannot_place_are_an_error(X, y, ontology, terms, error, message):
    with pytest.raises(error, match=message):
        REMEDIAL(ontology=ontology, terms=terms).fit_resample(X, y)


@given(
    y=hnp.arrays(
        np.uint8, st.tuples(st.integers(2, 15), st.integers(2, 6)), elements=st.integers(0, 1)
    )
)
@settings(max_examples=80)
def test_labels_are_those_of_the_published_pseudo_code(y):
    assume(not (y == y[0]).all())
    assume((y.sum(axis=1) != 1).any())
    _, y_res = REMEDIAL().fit_resample(np.eye(len(y)), y)
    assert_array_equal(y_res, published(y))
    assert_array_equal(y_res.sum(axis=0), y.sum(axis=0))  # every label is in one half


def test_splitting_lowers_the_concurrence_and_keeps_the_counts():
    rng = np.random.RandomState(0)
    y = (rng.random_sample((300, 6)) < [0.8, 0.7, 0.5, 0.1, 0.05, 0.03]).astype(int)
    _, y_res = REMEDIAL().fit_resample(rng.normal(size=(300, 2)), y)
    assert scumble_score(y_res) < scumble_score(y) / 2


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_array, sparse.csc_matrix])
def test_sparse_labels_come_back_sparse(X, y, form):
    _, y_res = REMEDIAL().fit_resample(X, form(y))
    assert type(y_res) is form
    assert y_res.dtype == y.dtype
    assert_array_equal(y_res.toarray(), REMEDIAL().fit_resample(X, y)[1])


def test_frames_and_lists_come_back_as_they_were(X, y):
    ids = [f"P{number}" for number in range(12)]
    frame = pd.DataFrame(y, index=ids, columns=TERMS).astype({"GO:4": bool})
    X_res, y_res = REMEDIAL().fit_resample(pd.DataFrame(X, index=ids).add_prefix("x"), frame)
    assert y_res.dtypes.equals(frame.dtypes)
    assert X_res.index.tolist() == y_res.index.tolist() == [*ids, "synthetic-0"]
    X_list, y_list = REMEDIAL().fit_resample(X.tolist(), y.tolist())
    assert y_list == y_res.astype(int).to_numpy().tolist()
    assert X_list == X_res.to_numpy().tolist()


def test_one_label_a_row_leaves_nothing_to_split(X):
    classes = np.repeat(["rare", "common"], [2, 10])
    X_res, y_res = REMEDIAL().fit_resample(X, classes)
    assert_array_equal(X_res, X)
    assert_array_equal(y_res, classes)
    hot = np.eye(3, dtype=int)[[0, 1, 2] * 4]
    assert_array_equal(REMEDIAL().fit_resample(X, hot)[1], hot)


def test_a_row_of_rare_terms_only_is_not_split_from_nothing(X):
    y = np.zeros((12, 4), dtype=int)
    y[:10, 0] = y[:10, 1] = 1
    y[10:, 2] = y[10, 3] = 1  # IRLbl 5 and 10 together: SCUMBLE above its mean, but all rare
    _, y_res = REMEDIAL().fit_resample(X, y)
    assert_array_equal(y_res, y)


@pytest.mark.parametrize("wrong", ["probabilities", "missing", "other values", "one labelset"])
def test_bad_targets_are_refused(X, y, wrong):
    y = {
        "probabilities": 0.7 * y,
        "missing": np.where(y, np.nan, 0),
        "other values": 2 * y - 1,
        "one labelset": np.tile(y[:1], (12, 1)),
    }[wrong]
    match = "one class" if wrong == "one labelset" else "binary indicators"
    with pytest.raises(InvalidLabelsError, match=match):
        REMEDIAL().fit_resample(X, y)


def test_bad_vectors_are_refused(X, y):
    with pytest.raises(ValueError, match="inconsistent numbers"):
        REMEDIAL().fit_resample(X[:-1], y)
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        REMEDIAL().fit_resample(X, y)


def test_inputs_may_be_read_only_and_stay_as_they_were(X, y):
    X.flags.writeable = y.flags.writeable = False
    X_res, y_res = REMEDIAL().fit_resample(X, y)
    assert not np.shares_memory(y_res, y)
    assert not np.shares_memory(X_res, X)


def test_a_failed_refit_leaves_nothing_of_the_fit_before(X, y):
    sampler = REMEDIAL().fit(X, y)
    assert sampler.sampling_strategy_ == {2: 1}
    with pytest.raises(InvalidLabelsError):
        sampler.fit(X, 0 * y)
    assert not hasattr(sampler, "sampling_strategy_")
