"""Every sampler passes imbalanced-learn's and protimb's own checks."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.pipeline import make_pipeline
from imblearn.utils import estimator_checks as imblearn_checks
from samplers import SAMPLERS as GUARDED
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from protimb.classification import KNNTermClassifier
from protimb.exceptions import ProtimbWarning
from protimb.over_sampling import REMEDIAL
from protimb.utils import estimator_checks as protimb_checks
from protimb.utils.estimator_checks import expected_failed_checks

# A guard judges vectors that were read already, and takes more time than all else: it is left out
# where containers and classes come and go, and kept where the contract is checked.
SAMPLERS = [
    clone(sampler).set_params(**({"guard": None} if hasattr(sampler, "guard") else {}))
    for sampler in GUARDED
]
# The reading under which one-hot columns are what imbalanced-learn takes them for.
AS_CLASSES = [
    clone(sampler).set_params(**({"target": "classes"} if hasattr(sampler, "target") else {}))
    for sampler in SAMPLERS
]


def listed(mark):
    # imbalanced-learn 0.14 hands pytest a generator, which pytest is about to refuse.
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), **mark.kwargs)


@listed(
    imblearn_checks.parametrize_with_checks(
        AS_CLASSES, expected_failed_checks=expected_failed_checks
    )
)
def test_imbalanced_learn_accepts_the_sampler(estimator, check):
    check(estimator)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_wrong_parameters_are_named_in_the_error(sampler):
    imblearn_checks.check_param_validation(type(sampler).__name__, sampler)


WITH_QUALITY_CONTROL = [
    clone(sampler).set_params(quality_filter="cosine", max_rounds=2)
    for sampler in GUARDED
    if hasattr(sampler, "quality_filter")
]


@protimb_checks.parametrize_with_checks([*SAMPLERS, *WITH_QUALITY_CONTROL])
def test_the_multilabel_contract_holds(sampler, check):
    check(sampler)


VECTORS = np.random.RandomState(0).normal(size=(30, 3))
LABELS = (np.random.RandomState(1).rand(30, 3) < [0.7, 0.4, 0.3]).astype(int)
LABELS[:2] = [[1, 1, 1], [0, 0, 0]]
IDS = pd.Index([f"P{number}" for number in range(30)], name="protein")
NAMES = ["GO:1", "GO:2", "GO:3"]


def in_order(*dtypes):
    return dict(zip(NAMES, dtypes, strict=True))


def framed(values, **dtypes):
    return pd.DataFrame(values, index=IDS, columns=NAMES).astype(dtypes)


def in_polars(values, *dtypes):
    return pl.DataFrame(values, schema=NAMES).cast(in_order(*dtypes))


# Small whole numbers, which every dtype holds.
WHOLE = np.abs(np.rint(VECTORS * 3))
MATRICES = {
    "float16": VECTORS.astype(np.float16),
    "int8": WHOLE.astype(np.int8),
    "uint64": WHOLE.astype(np.uint64),
    "objects": VECTORS.astype(object),
    "lists": VECTORS.tolist(),
    "tuples": tuple(map(tuple, VECTORS.tolist())),
    "arrays in a list": list(VECTORS.astype(np.float32)),
    "frame": framed(VECTORS),
    "frame of dtypes": framed(WHOLE, **in_order("float16", "int8", "uint64")),
    "nullable": framed(WHOLE, **in_order("Int64", "Float64", "UInt8")),
    "booleans": framed(WHOLE > 1, **in_order("bool", "boolean", "category")),
    "category": framed(WHOLE, **{"GO:2": "category"}),
    "sparse columns": framed(WHOLE, **{"GO:1": pd.SparseDtype(float, 0), "GO:2": "float32"}),
    "object column": framed(WHOLE, **{"GO:3": object}),
    "polars": in_polars(VECTORS, pl.Float64, pl.Float32, pl.Float64),
    "polars of dtypes": in_polars(WHOLE, pl.Int8, pl.Float32, pl.UInt64),
}
TARGETS = {
    "bool": LABELS.astype(bool),
    "float16": LABELS.astype(np.float16),
    "lists": LABELS.tolist(),
    "tuples": tuple(map(tuple, LABELS.tolist())),
    "arrays in a list": list(LABELS),
    "sparse": sparse.lil_array(LABELS),
    "nullable": framed(LABELS, **in_order("Int64", "Float64", "UInt8")),
    "mixed": framed(LABELS, **in_order("bool", "boolean", "float32")),
    "category": framed(LABELS).astype("category"),
    "sparse columns": framed(LABELS).astype(pd.SparseDtype(int, 0)),
    "polars": in_polars(LABELS, pl.Int64, pl.UInt8, pl.Boolean),
}
CLASSES = np.array(["common", "common", "rare"] * 10)
SINGLE = {
    "array": CLASSES,
    "list": CLASSES.tolist(),
    "tuple": tuple(CLASSES.tolist()),
    "series": pd.Series(CLASSES, IDS, "string"),
    "category": pd.Series(CLASSES, IDS, "category"),
    "Categorical": pd.Categorical(CLASSES),
    "index": pd.Index(CLASSES),
    "nullable": pd.array(np.repeat([0, 0, 1], 10), dtype="Int8"),
    "polars": pl.Series("class", CLASSES),
    "polars enum": pl.Series("class", CLASSES, dtype=pl.Enum(["common", "rare"])),
}


def form(table):
    """Say what a container is: its type, dtypes, names, and what its rows are."""
    rows = [type(row) for row in table[:1]] if isinstance(table, list | tuple) else None
    dtypes = getattr(table, "dtypes", getattr(table, "dtype", None))
    names = list(getattr(table, "columns", [getattr(table, "name", None)]))
    return type(table), str(dtypes), names, rows


def plain(table):
    return table.toarray() if sparse.issparse(table) else np.asarray(table)


def assert_comes_back(given, back, sampler):
    assert form(back) == form(given)
    kept = getattr(sampler, "sample_indices_", np.arange(30))
    kept = kept[:30] if hasattr(sampler, "synthetic_mask_") else kept
    if type(sampler) is not REMEDIAL or plain(given).ndim != 2:
        np.testing.assert_array_equal(plain(back)[: len(kept)], plain(given)[kept])
    assert not pd.isna(plain(back)).any()
    if hasattr(given, "iloc"):
        assert back.index[: len(kept)].equals(given.index[kept])
        assert back.index.is_unique


def resample(sampler, X, y):
    sampler = clone(sampler)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        return sampler, *sampler.fit_resample(X, y)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize("X", MATRICES.values(), ids=MATRICES)
def test_vectors_come_back_in_the_container_they_came_in(sampler, X):
    sampler, X_res, _ = resample(sampler, X, LABELS)
    assert_comes_back(X, X_res, sampler)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_labels_come_back_in_the_container_they_came_in(sampler, y):
    sampler, _, y_res = resample(sampler, VECTORS, y)
    assert_comes_back(y, y_res, sampler)
    np.testing.assert_array_equal(plain(y_res), labels_of_arrays(type(sampler)))


@cache
def labels_of_arrays(kind):
    (sampler,) = (one for one in SAMPLERS if type(one) is kind)
    return resample(sampler, VECTORS, LABELS)[2]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize("y", SINGLE.values(), ids=SINGLE)
def test_classes_come_back_in_the_container_they_came_in(sampler, y):
    sampler, _, y_res = resample(sampler, VECTORS, y)
    assert_comes_back(y, y_res, sampler)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_a_pipeline_may_hand_on_frames(sampler, container):
    steps = StandardScaler(), sampler, KNNTermClassifier(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        framed = clone(make_pipeline(*steps)).set_output(transform=container).fit(VECTORS, LABELS)
        bare = clone(make_pipeline(*steps)).fit(VECTORS, LABELS)
    np.testing.assert_array_equal(framed.predict_proba(VECTORS), bare.predict_proba(VECTORS))


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (pd.Series(list(VECTORS)), LABELS, r"np\.stack\(X\)"),
        (VECTORS, pd.Series(LABELS.tolist()), r"np\.vstack\(y\)"),
        (torch.tensor(VECTORS), LABELS, r"X\.numpy\(force=True\)"),
        (VECTORS, torch.tensor(LABELS), r"y\.numpy\(force=True\)"),
        (framed(VECTORS), framed(LABELS).iloc[::-1], r"y\.loc\[X\.index\]"),
        (framed(VECTORS), framed(LABELS).add_prefix("x", axis=0), "Only 0 of 30 ids"),
        (VECTORS, framed(LABELS, **{"GO:1": "Int64"}).replace(1, pd.NA), "row P0, column GO:1"),
    ],
    ids=["stack", "vstack", "X torch", "y torch", "order", "other ids", "missing"],
)
def test_what_cannot_be_read_is_refused_by_the_cell_or_the_call(sampler, X, y, message):
    with pytest.raises((TypeError, ValueError), match=message):
        resample(sampler, X, y)
