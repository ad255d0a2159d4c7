"""Values as they were seen: within the range of each feature, whole where all of them are."""

import numpy as np
import pandas as pd
import pytest
from devices import DEVICE
from numpy.testing import assert_array_equal

from protimb.exceptions import ArtifactError
from protimb.gan import ConditionalGAN
from protimb.gan._observed import observe
from protimb.over_sampling import CGANSampler


@pytest.fixture(scope="module")
def table(toy):
    """Counts, a flag, a constant and a measure beside each other."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "count": rng.poisson(3, 200),
            "flag": rng.random(200) < 0.2,
            "constant": 7,
            "measure": np.abs(toy.X[:, 0]),
        }
    )


def test_ranges_and_whole_numbers_are_seen_in_all_blocks(monkeypatch):
    monkeypatch.setattr("protimb.utils._memory._BLOCK_BYTES", 8)
    X = np.array([[1, 0.5], [2, 1], [-3, 2]])  # a row a block
    seen = observe(X)
    assert_array_equal([seen.low, seen.high], [[-3, 0.5], [2, 2]])
    assert seen.whole.tolist() == [True, False]
    assert_array_equal(seen.clip(np.array([[1.6, 0.7], [9, -9]])), [[2, 0.7], [2, 0.5]])


@pytest.mark.parametrize("start", ["noise", "relative"])
def test_generated_values_stay_in_range_and_whole(tiny, toy, table, start):
    gan = tiny(generate_from=start, clip="observed").fit(table, toy.y)
    drawn = gan.sample(toy.y, random_state=0)
    low, high = table.astype(float).min().to_numpy(), table.astype(float).max().to_numpy()
    assert ((drawn >= low) & (drawn <= high)).all()
    assert_array_equal(drawn[:, :3], drawn[:, :3].round())
    assert set(np.unique(drawn[:, 1])) <= {0.0, 1.0}
    assert (drawn[:, 2] == 7).all()
    assert (drawn[:, 3] % 1 != 0).any()


def test_without_clipping_values_leave_the_range(tiny, toy, table):
    drawn = tiny().fit(table, toy.y).sample(toy.y, random_state=0)
    assert (drawn[:, 0] % 1 != 0).any()


def test_ranges_are_saved_and_those_of_other_features_refused(tiny, toy, table):
    gan = tiny(clip="observed").fit(table, toy.y)
    state, manifest = gan.state()
    again = ConditionalGAN.from_state(state, manifest, device=DEVICE)
    assert_array_equal(again.sample(toy.y, random_state=0), gan.sample(toy.y, random_state=0))
    state["observed"] = {name: part[:2] for name, part in state["observed"].items()}
    with pytest.raises(ArtifactError, match=r"observed\.low is 2, where n_features"):
        ConditionalGAN.from_state(state, manifest)


BAD = {
    "30 rows": (slice(0, 30), slice(None)),
    "one feature": (slice(None), slice(3, 4)),
    "constant features": (slice(None), slice(2, 3)),
}


@pytest.mark.filterwarnings("ignore::protimb.exceptions.RareTermWarning")
@pytest.mark.filterwarnings("ignore::protimb.exceptions.DuplicateRowsWarning")
@pytest.mark.parametrize("case", BAD)
def test_odd_tables_are_enlarged(toy, table, case):
    rows, columns = BAD[case]
    X, y = table.to_numpy(float)[rows, columns], toy.y[rows]
    y = y[:, y.any(axis=0)]
    sampler = CGANSampler(
        sampling_strategy=20, max_updates=2, clip="observed", quality_filter=None, random_state=0
    )
    X_res, y_res = sampler.fit_resample(X, y)
    assert len(X_res) == len(y_res) > len(X)
    assert np.isfinite(X_res).all()
    assert (X_res[: len(X)] == X).all()


def test_a_term_of_all_rows_but_one_is_left_as_it_is(tiny, toy):
    y = toy.y.copy()
    y[:, 0] = 1
    y[3] = 0
    sampler = CGANSampler(sampling_strategy=20, max_updates=2, quality_filter=None, random_state=0)
    X_res, _ = sampler.fit_resample(toy.X, y)
    assert np.isfinite(X_res).all()
    assert sampler.sampling_plan_["n_drawn"].iloc[0] == 0
