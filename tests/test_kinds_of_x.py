"""What X may hold, by sampler: sparse rows, names and dates, whole numbers, hardly anything."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC, RandomOverSampler
from imblearn.pipeline import Pipeline
from samplers import SAMPLERS
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from protimb.classification import ResampledClassifier
from protimb.exceptions import ProtimbWarning
from protimb.over_sampling import (
    LPROS,
    MLROS,
    REMEDIAL,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.under_sampling import LPRUS, MLRUS

N_ROWS = 60
RNG = np.random.RandomState(0)
Y = (RNG.rand(N_ROWS, 4) < [0.8, 0.4, 0.3, 0.2]).astype(int)
KINGDOMS = np.array(["Fungi", "Plants", "Animals"])[RNG.randint(3, size=N_ROWS)]
FRAME = pd.DataFrame(
    {
        "length": RNG.randint(50, 900, N_ROWS).astype(np.int16),
        "mass": RNG.normal(size=N_ROWS).astype(np.float32),
        "kingdom": pd.Categorical(
            KINGDOMS, categories=["Plants", "Fungi", "Animals", "none seen"], ordered=True
        ),
        "organ": pd.array(RNG.choice(["leaf", "root"], N_ROWS), dtype="string"),
        "note": np.array(["reviewed", None], dtype=object)[RNG.randint(2, size=N_ROWS)],
        "secreted": RNG.rand(N_ROWS) > 0.5,
        "membrane": pd.array(RNG.rand(N_ROWS) > 0.5, dtype="boolean"),
        "domains": pd.array(RNG.randint(9, size=N_ROWS), dtype="Int8"),
        "level": pd.Categorical(RNG.randint(1, 4, N_ROWS)),
        "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(RNG.randint(99, size=N_ROWS), "D"),
    },
    index=[f"P{number}" for number in range(N_ROWS)],
)
MOVERS = [
    RandomLabelsetOverSampler(random_state=0),
    MLROS(random_state=0),
    LPROS(random_state=0),
    REMEDIAL(),
    MLRUS(random_state=0),
    LPRUS(random_state=0),
]
LIFTED_COPIES = LabelwiseSampler(RandomOverSampler(), random_state=0)


def name_of(sampler):
    return type(sampler).__name__


def resample(sampler, X, y=Y):
    sampler = clone(sampler)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        return sampler, *sampler.fit_resample(X, y)


def takes(sampler, X):
    try:
        resample(sampler, X)
    except (TypeError, ValueError):
        return False
    return True


# One row in the table of the guide, and what stands for it; the rest have their own names.
BY_ROW = {
    "`LabelwiseSampler()`, with `SMOTE`": LabelwiseSampler(random_state=0),
    "`LabelwiseSampler(SMOTENC(...))`": LabelwiseSampler(
        SMOTENC(["kingdom", "organ", "secreted"]), random_state=0
    ),
}
FITTING = {
    "sparse": sparse.csr_array(FRAME[["length", "mass"]].to_numpy(dtype=float)),
    "text, categories": FRAME[["length", "mass", "kingdom", "organ", "secreted"]],
    "dates": FRAME[["length", "mass", "kingdom", "organ", "secreted", "seen"]],
}


def rows_of_the_guide():
    guide = Path(__file__).parents[1] / "docs" / "user_guide" / "sampler_contract.md"
    section = guide.read_text().split("## What `X` can be")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    header, _, *body = [[cell.strip() for cell in row] for row in rows]
    return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in body}


def rows_by_sampler():
    for row, cells in rows_of_the_guide().items():
        names = [row] if row in BY_ROW else re.findall(r"`(\w+)`", row)
        yield from ((name, cells) for name in names)


def test_the_guide_says_of_every_sampler_what_X_may_be():
    assert {name.strip("`").partition("Sampler()")[0] for name, _ in rows_by_sampler()} >= {
        name_of(sampler) for sampler in SAMPLERS if not isinstance(sampler, LabelwiseSampler)
    }
    assert BY_ROW.keys() <= rows_of_the_guide().keys()


@pytest.mark.parametrize("kind", FITTING)
@pytest.mark.parametrize(("name", "cells"), list(rows_by_sampler()))
def test_the_guide_tells_what_X_may_be(name, cells, kind):
    by_name = {name_of(sampler): sampler for sampler in SAMPLERS}
    assert takes(BY_ROW.get(name) or by_name[name], FITTING[kind]) == (cells[kind] == "yes")


FORMS = [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.csc_matrix, sparse.coo_array]
N_COUNTS = 10  # in each row of what would take 2.4 GB, were it dense
WIDE = sparse.csr_array(
    (
        RNG.rand(N_ROWS * N_COUNTS),
        RNG.randint(5_000_000, size=N_ROWS * N_COUNTS),
        np.arange(0, N_ROWS * N_COUNTS + 1, N_COUNTS),
    ),
    shape=(N_ROWS, 5_000_000),
)
TAKE_SPARSE = [
    sampler for sampler in SAMPLERS if clone(sampler).__sklearn_tags__().input_tags.sparse
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("sampler", [*TAKE_SPARSE, LIFTED_COPIES], ids=name_of)
def test_sparse_rows_that_would_not_fit_in_memory_stay_sparse(sampler, form):
    X = form(WIDE.astype(np.float32))
    sampler, X_res, y_res = resample(sampler, X)
    assert type(X_res) is form
    assert X_res.dtype == np.float32
    assert X_res.shape == (len(y_res), 5_000_000)
    kept = getattr(sampler, "sample_indices_", np.arange(N_ROWS))
    assert not (X_res.tocsr()[: len(kept)] != X.tocsr()[kept]).nnz


@pytest.mark.parametrize("sampler", TAKE_SPARSE, ids=name_of)
@pytest.mark.parametrize("dtype", [np.int16, bool, np.float64])
def test_sparse_rows_become_those_of_the_dense_table(sampler, dtype):
    dense = (RNG.poisson(0.4, size=(N_ROWS, 30)) * RNG.randint(1, 4, (N_ROWS, 30))).astype(dtype)
    if dtype is np.float64:  # whole numbers are equally far from many, which may fall either way
        dense *= RNG.rand(*dense.shape)
    _, X_sparse, y_sparse = resample(sampler, sparse.csr_array(dense))
    _, X_dense, y_dense = resample(sampler, dense)
    assert X_sparse.dtype == dtype
    if dtype is np.float64 or name_of(sampler) in map(name_of, MOVERS):
        np.testing.assert_array_equal(y_sparse, y_dense)
        np.testing.assert_allclose(X_sparse.toarray(), X_dense, rtol=1e-5)


def test_more_sparse_members_than_fit_a_block_are_lifted_as_smote_does():
    X = sparse.random(40, 200, density=0.1, format="csr", random_state=0)
    y = np.repeat([0, 1], [28, 12])
    X_res, y_res = LabelwiseSampler(SMOTE(random_state=3)).fit_resample(X, y)
    X_own, y_own = SMOTE(random_state=3).fit_resample(X, y)
    np.testing.assert_array_equal(X_res.toarray(), X_own.toarray())
    np.testing.assert_array_equal(y_res, y_own)


@pytest.mark.parametrize("sampler", TAKE_SPARSE, ids=name_of)
def test_missing_sparse_values_are_located(sampler):
    X = sparse.lil_array((N_ROWS, 9))
    X[0, 1], X[7, 2], X[9, 2] = 1.0, np.nan, np.nan
    with pytest.raises(ValueError, match=r"NaN in 1 column\(s\) \(2\), first in row 7"):
        sampler.fit_resample(X.tocsr(), Y)


@pytest.mark.parametrize("quality_filter", ["cosine"])
def test_a_filter_of_vectors_refuses_what_it_cannot_judge(quality_filter):
    sampler = LabelwiseSampler(quality_filter=quality_filter, random_state=0)
    with pytest.raises(ValueError, match="quality_filter=None"):
        sampler.fit_resample(FITTING["sparse"], Y)


@pytest.mark.parametrize("sampler", [*MOVERS, LIFTED_COPIES], ids=name_of)
def test_rows_of_names_and_dates_are_moved_as_they_are(sampler):
    sampler, X_res, y_res = resample(sampler, FRAME)
    assert X_res.dtypes.equals(FRAME.dtypes)
    rows = _behind(sampler)
    assert len(rows) == len(y_res)
    pd.testing.assert_frame_equal(
        X_res.reset_index(drop=True), FRAME.iloc[rows].reset_index(drop=True)
    )
    n_kept = N_ROWS if hasattr(sampler, "synthetic_mask_") else len(rows)
    assert X_res.index[:n_kept].equals(FRAME.index[rows[:n_kept]])
    assert X_res.index.is_unique


def _behind(sampler):
    if hasattr(sampler, "sample_indices_"):
        return sampler.sample_indices_
    return np.concatenate([np.arange(N_ROWS), sampler.conditioning_indices_])


CELLS = FRAME[["length", "organ", "note"]].astype(object).where(FRAME["note"].notna(), None)
CELLS[["length", "organ"]] = FRAME[["length", "organ"]].astype(object)
OTHERS = {
    "objects": CELLS.to_numpy(),
    "texts": FRAME[["organ", "secreted"]].to_numpy(dtype=str),
    "dates": FRAME[["seen", "seen"]].to_numpy(),
    "lists": CELLS.to_numpy().tolist(),
    "polars": pl.DataFrame(
        {
            "organ": FRAME["organ"].tolist(),
            "note": CELLS["note"].tolist(),
            "kingdom": pl.Series(KINGDOMS, dtype=pl.Enum(["Animals", "Fungi", "Plants"])),
            "seen": FRAME["seen"].to_numpy(),
            "length": FRAME["length"].to_numpy(),
        }
    ),
}


def cells_of(table):
    rows = table.rows() if hasattr(table, "rows") else table
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("sampler", MOVERS, ids=name_of)
@pytest.mark.parametrize("X", OTHERS.values(), ids=OTHERS)
def test_other_containers_of_text_are_moved_as_they_are(sampler, X):
    sampler, X_res, _ = resample(sampler, X)
    assert type(X_res) is type(X)
    assert getattr(X_res, "dtype", None) == getattr(X, "dtype", None)
    assert getattr(X_res, "schema", None) == getattr(X, "schema", None)
    given = cells_of(X)
    assert cells_of(X_res) == [given[row] for row in _behind(sampler)]


@pytest.mark.parametrize("sampler", MOVERS, ids=name_of)
def test_cells_that_are_tables_are_refused_by_column(sampler):
    for cell, message in [
        ([1.0, 2.0], r"np\.stack\(X\['odd'\]\)"),
        ({1: 2}, "Leave the column out"),
    ]:
        X = FRAME.assign(odd=pd.Series([cell] * N_ROWS, FRAME.index))
        with pytest.raises((TypeError, ValueError), match=message):
            sampler.fit_resample(X, Y)


def test_members_that_share_text_and_numbers_are_known_for_copies():
    X = FRAME[["kingdom", "length"]].copy()
    X.loc[Y[:, 3] == 1] = X.iloc[0].to_list()
    sampler = RandomLabelsetOverSampler(sampling_strategy={3: 50})
    lifted = LabelwiseSampler(RandomOverSampler(), sampling_strategy={3: 50})
    for one in (sampler, lifted):
        with pytest.warns(ProtimbWarning, match="mostly of members with identical vectors"):
            one.fit_resample(X, Y)
    with pytest.warns(ProtimbWarning, match="mostly of members with identical vectors"):
        sampler.fit_resample(sparse.csr_array(np.where(Y[:, [3]] == 1, 2.0, np.c_[1:61])), Y)


def test_rows_of_names_alone_may_be_equal():
    X = FRAME[["organ", "kingdom"]]
    sampler = RandomLabelsetOverSampler(sampling_strategy={3: 50})
    assert len(sampler.fit_resample(X, Y)[0]) > N_ROWS  # without a warning


OTHER_SAMPLERS = [
    sampler for sampler in SAMPLERS if name_of(sampler) not in {name_of(one) for one in MOVERS}
]


@pytest.mark.parametrize("sampler", OTHER_SAMPLERS, ids=name_of)
def test_samplers_that_compute_refuse_names_by_column_and_say_what_helps(sampler):
    with pytest.raises(ValueError, match=r"'kingdom' of X holds .* OneHotEncoder"):
        sampler.fit_resample(FRAME[["mass", "kingdom"]], Y)
    with pytest.raises(ValueError, match=r"convert string to float.* OneHotEncoder"):
        sampler.fit_resample(OTHERS["texts"], Y)


NOMINAL = ["kingdom", "organ", "secreted", "membrane", "level"]


@pytest.mark.parametrize(
    ("lifted", "columns"),
    [
        (SMOTENC(NOMINAL), ["length", "mass", *NOMINAL, "domains"]),
        (SMOTENC("auto"), ["mass", "kingdom", "domains", "level"]),
        (SMOTENC([1]), ["mass", "organ"]),
        (SMOTEN(), ["kingdom", "organ", "secreted"]),
    ],
    ids=["names", "auto", "number", "SMOTEN"],
)
@pytest.mark.parametrize("target", ["multilabel", "classes"])
def test_samplers_of_categories_are_lifted(lifted, columns, target):
    X, y = FRAME[columns], Y if target == "multilabel" else np.where(Y[:, 1], "rare", "common")
    sampler = LabelwiseSampler(lifted, target=target, random_state=0)
    sampler, X_res, y_res = resample(sampler, X, y)
    assert sampler.n_synthetic_ > 0
    assert len(X_res) == len(y_res)
    pd.testing.assert_frame_equal(X_res[:N_ROWS], X)
    assert X_res.dtypes.equals(X.dtypes)
    new = X_res[sampler.synthetic_mask_]
    assert not new.isna().any(axis=None)
    for name in set(columns) & {*NOMINAL}:  # each new cell is one that was seen
        assert new[name].isin(X[name]).all()


def test_classes_get_the_rows_that_smotenc_gives_by_itself():
    X = FRAME[["mass", "kingdom", "organ"]].assign(length=FRAME["length"].astype(float))
    y = np.repeat(["common", "rare"], [45, 15])
    own, _ = SMOTENC(["kingdom", "organ"], random_state=4).fit_resample(X, y)
    lifted = LabelwiseSampler(SMOTENC(["kingdom", "organ"]), random_state=4)
    pd.testing.assert_frame_equal(
        lifted.fit_resample(X, y)[0].reset_index(drop=True), own.reset_index(drop=True)
    )


def test_a_row_of_another_category_is_as_far_as_the_median_deviation():
    """Two members with numbers 0 and 2 deviate by 1: .9 apart is nearer than another kingdom."""
    from protimb.over_sampling._mixed import nearest_members

    members = pd.DataFrame({"mass": [0.0, 2.0], "kingdom": ["Fungi", "Plants"]})
    new = pd.DataFrame({"mass": [1.2, 1.3, 0.7], "kingdom": ["Fungi", "Fungi", "Plants"]})
    # Squared: .64 + 1 against 1.44; .49 + 1 against 1.69; 1.69 against .49 + 1.
    assert nearest_members(new, members).tolist() == [0, 1, 0]


def test_a_pipeline_resamples_text_and_encodes_it_afterwards():
    X = FRAME[["length", "organ", "kingdom"]]
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["organ", "kingdom"]), remainder="passthrough"
    )
    forest = RandomForestClassifier(5, random_state=0)
    model = Pipeline(
        [
            ("resample", RandomLabelsetOverSampler(sampling_strategy=30, random_state=0)),
            ("encode", encode),
            ("forest", forest),
        ]
    ).fit(X, Y)
    assert (model.predict(X) == Y).mean() > 0.8
    assert "cat__" not in model[1].get_feature_names_out()[-1]
    behind = ResampledClassifier(model[0], make_pipeline(clone(encode), clone(forest)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # a forest learns from all labels
        np.testing.assert_array_equal(behind.fit(X, Y).predict(X), model.predict(X))


def test_a_resampled_classifier_takes_sparse_rows_if_its_sampler_does():
    X = sparse.random(N_ROWS, 40, density=0.2, format="csr", random_state=0)
    forest = RandomForestClassifier(5, random_state=0)
    model = ResampledClassifier(RandomLabelsetOverSampler(random_state=0), forest)
    assert model.__sklearn_tags__().input_tags.sparse
    assert not ResampledClassifier(SAMPLERS[3], forest).__sklearn_tags__().input_tags.sparse
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        assert model.fit(X, Y).predict(X).shape == Y.shape


# 30 rows, and what is odd about them.
FEW = 30
NUMBERS = np.random.RandomState(2).randint(0, 9, (FEW, 3))
FEW_Y = (np.random.RandomState(3).rand(FEW, 3) < [0.8, 0.4, 0.3]).astype(int)
BUT_ONE = FEW_Y.copy()
BUT_ONE[:, 0] = np.arange(FEW) > 0
ONE_EACH = np.eye(3, dtype=int)[np.repeat([0, 1, 2], [18, 8, 4])]
WITH_FLAG = pd.DataFrame(NUMBERS, columns=["a", "b", "c"]).assign(flag=NUMBERS[:, 0] > 3)
ODD = {
    "integers": (NUMBERS, FEW_Y),
    "unsigned bytes": (NUMBERS.astype(np.uint8), FEW_Y),
    "booleans": (NUMBERS > 3, FEW_Y),
    "a frame of both": (WITH_FLAG, FEW_Y),
    "one feature": (NUMBERS[:, :1].astype(float), FEW_Y),
    "one boolean feature": (NUMBERS[:, :1] > 3, FEW_Y),
    "constant features": (np.full((FEW, 3), 2.5), FEW_Y),
    "constant integers": (np.full((FEW, 3), 7), FEW_Y),
    "a term with all rows but one": (NUMBERS.astype(float), BUT_ONE),
    "one label in every row": (NUMBERS.astype(float), ONE_EACH),
    "one row with a label": (NUMBERS.astype(float), np.eye(FEW, 3, dtype=int)),
}


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
@pytest.mark.parametrize(("X", "y"), ODD.values(), ids=ODD)
def test_thirty_odd_rows_come_back_whole(sampler, X, y):
    sampler, X_res, y_res = resample(sampler, X, y)
    assert len(X_res) == len(y_res)
    assert y_res.dtype == y.dtype
    kinds = (X_res.dtypes.equals(X.dtypes)) if hasattr(X, "dtypes") else X_res.dtype == X.dtype
    assert kinds
    kept = getattr(sampler, "sample_indices_", np.arange(FEW))
    np.testing.assert_array_equal(np.asarray(X_res)[: len(kept)], np.asarray(X)[kept])
    if np.ptp(np.asarray(X, dtype=float)) == 0:
        assert (np.asarray(X_res) == np.asarray(X).ravel()[0]).all()
