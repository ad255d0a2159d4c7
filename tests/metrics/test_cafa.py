"""Fmax and Smin: hand-worked numbers, and agreement with cafaeval."""

import warnings

import numpy as np
import pandas as pd
import pytest
from cafaeval.evaluation import cafa_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import fmax_curve, fmax_score, smin_curve, smin_score
from protimb.metrics._thresholds import THRESHOLDS, count_reached

# A small ontology: column -> its parents, children after parents.
PARENTS = {0: [], 1: [0], 2: [0], 3: [1, 2], 4: [2], 5: [3], 6: [3, 4]}
N_TERMS = len(PARENTS)
BITS = np.array([0.0, 0.7, 1.2, 2.5, 0.3, 4.0, 1.1])


def close(matrix):
    """Raise each parent to its highest child."""
    closed = matrix.copy()
    for term in reversed(PARENTS):
        for parent in PARENTS[term]:
            closed[:, parent] = np.maximum(closed[:, parent], closed[:, term])
    return closed


def draw_problem(kind, rng, n_proteins=25):
    """Draw annotations with at least one term each, and scores of one kind."""
    truth = close((rng.random((n_proteins, N_TERMS)) < 0.15).astype(np.uint8))
    truth[:, 0] = 1
    score = {
        "continuous": rng.random((n_proteins, N_TERMS)),
        "on thresholds": rng.integers(0, 101, (n_proteins, N_TERMS)) / 100,
        "tied": rng.choice([0.0, 0.3, 0.57, 1.0], (n_proteins, N_TERMS)),
        "informed": np.clip(0.4 * truth + rng.normal(0.3, 0.2, truth.shape), 0, 1).round(3),
    }[kind]
    score[::4] = 0  # proteins without predictions
    return truth, close(score)


def run_cafaeval(folder, truth, score):
    """Write the arrays as files and evaluate them with cafaeval."""
    name = "GO:{:07d}".format
    stanzas = [
        f"[Term]\nid: {name(term)}\nname: t\nnamespace: molecular_function\n"
        + "".join(f"is_a: {name(parent)} ! t\n" for parent in parents)
        for term, parents in PARENTS.items()
    ]
    files = {
        "terms.obo": stanzas,
        "truth.tsv": [f"P{p}\t{name(t)}\n" for p, t in np.argwhere(truth)],
        "bits.tsv": [f"{name(t)}\t{bits!r}\n" for t, bits in enumerate(BITS.tolist())],
        "out/scores.tsv": [
            f"P{p}\t{name(t)}\t{score[p, t].item()!r}\n" for p, t in np.argwhere(score > 0)
        ],
    }
    (folder / "out").mkdir()
    for path, lines in files.items():
        (folder / path).write_text("".join(lines))
    paths = [str(folder / path) for path in ("terms.obo", "out", "truth.tsv", "bits.tsv")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its use of pandas, not ours
        return cafa_eval(*paths)[0]


@pytest.mark.parametrize("kind", ["continuous", "on thresholds", "tied", "informed"])
def test_fmax_and_smin_equal_cafaeval(kind, tmp_path, rng):
    truth, score = draw_problem(kind, rng)
    theirs = run_cafaeval(tmp_path, truth, score)
    assert fmax_score(truth, score) == pytest.approx(theirs["f"].max(), abs=1e-9)
    assert smin_score(truth, score, BITS) == pytest.approx(theirs["s_w"].min(), abs=1e-9)


def test_whole_curves_equal_cafaeval(tmp_path, rng):
    truth, score = draw_problem("on thresholds", rng)
    theirs = run_cafaeval(tmp_path, truth, score).droplevel(["filename", "ns"])
    fmax, smin = fmax_curve(truth, score), smin_curve(truth, score, BITS)
    assert len(theirs) == len(THRESHOLDS)
    np.testing.assert_allclose(fmax[["precision", "recall"]], theirs[["pr", "rc"]])
    np.testing.assert_allclose(fmax["coverage"], theirs["cov"])
    np.testing.assert_allclose(
        smin[["remaining_uncertainty", "misinformation"]], theirs[["ru_w", "mi_w"]]
    )


def test_scores_at_thresholds_in_single_precision_equal_cafaeval(tmp_path, rng):
    truth, score = draw_problem("on thresholds", rng)
    score = score.astype(np.float32)
    theirs = run_cafaeval(tmp_path, truth, score)
    assert fmax_score(truth, score) == pytest.approx(theirs["f"].max(), abs=1e-9)


def test_silence_is_no_candidate_for_smin(tmp_path):
    truth, score = close(np.eye(2, N_TERMS, dtype=np.uint8)), np.zeros((2, N_TERMS))
    score[:, 5] = 0.4  # 4 bits of nonsense, more than all that is true
    theirs = run_cafaeval(tmp_path, truth, close(score))
    ours = smin_score(truth, close(score), BITS)
    assert ours == pytest.approx(theirs["s_w"].min())
    assert ours > (truth @ BITS).mean()


def test_fmax_matches_the_hand_worked_example():
    # At 0.5: precision (1/1 + 1/2) / 2, recall (1/2 + 1/1) / 2.
    truth = [[1, 1, 0], [0, 1, 0]]
    score = [[0.9, 0.0, 0.0], [0.0, 0.6, 0.6]]
    assert fmax_score(truth, score) == 0.75


def test_precision_ignores_and_recall_counts_proteins_without_prediction():
    curve = fmax_curve([[1], [1], [1], [1]], [[0.9], [0.0], [0.0], [0.0]])
    assert curve["precision"].iloc[0] == 1
    assert curve["recall"].iloc[0] == 0.25
    assert curve["coverage"].iloc[0] == 0.25


def test_smin_matches_the_hand_worked_example():
    # Both proteins predicted alike: misses 3 bits and adds 4 in the mean, so 5 in all.
    truth = [[1, 0], [1, 0]]
    score = [[0.0, 0.8], [0.0, 0.8]]
    assert smin_score(truth, score, [3.0, 4.0]) == 5


def test_perfect_scores_are_perfect(rng):
    truth = draw_problem("tied", rng)[0]
    assert fmax_score(truth, truth.astype(float)) == 1
    assert smin_score(truth, truth.astype(float), BITS) == 0


def test_no_prediction_at_all_is_worth_nothing():
    truth, silent = [[1, 1], [1, 0]], np.zeros((2, 2))
    assert fmax_score(truth, silent) == 0
    assert smin_score(truth, silent, [2.0, 1.0]) == 2.5  # the mean content of the truth


def test_proteins_without_true_terms_are_left_out(rng):
    truth, score = draw_problem("informed", rng)
    more_truth = np.vstack([truth, np.zeros((5, N_TERMS))])
    more_score = np.vstack([score, np.ones((5, N_TERMS))])
    assert fmax_score(more_truth, more_score) == fmax_score(truth, score)
    assert smin_score(more_truth, more_score, BITS) == smin_score(truth, score, BITS)


def test_a_weight_of_two_is_a_protein_seen_twice(rng):
    truth, score = draw_problem("informed", rng)
    weight = rng.integers(0, 4, len(truth))
    repeated = np.repeat(np.arange(len(truth)), weight)
    assert fmax_score(truth, score, sample_weight=weight) == pytest.approx(
        fmax_score(truth[repeated], score[repeated])
    )
    assert smin_score(truth, score, BITS, sample_weight=weight) == pytest.approx(
        smin_score(truth[repeated], score[repeated], BITS)
    )


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, pd.DataFrame, list])
def test_any_container_of_truth_gives_the_same_figure(container, rng):
    truth, score = draw_problem("informed", rng)
    wrapped = truth.tolist() if container is list else container(truth)
    assert fmax_score(wrapped, score) == fmax_score(truth, score)


def test_many_proteins_are_counted_in_blocks_with_the_same_result(monkeypatch, rng):
    truth, score = draw_problem("informed", rng)
    whole = smin_curve(truth, score, BITS)
    monkeypatch.setattr("protimb.metrics._thresholds.CELLS_A_BLOCK", 3 * N_TERMS)
    pd.testing.assert_frame_equal(smin_curve(truth, score, BITS), whole)


UNIT = st.floats(0, 1)
THRESHOLD_LISTS = st.lists(UNIT, min_size=1, max_size=8, unique=True).map(sorted)


@settings(max_examples=60)
@given(hnp.arrays(float, (2, 5), elements=UNIT), THRESHOLD_LISTS)
def test_thresholds_reached_are_counted_as_a_search_would(score, thresholds):
    score[0, : len(thresholds)] = thresholds[:5]  # scores equal to thresholds
    expected = (score[..., None] >= thresholds).sum(axis=-1)
    np.testing.assert_array_equal(count_reached(score, np.array(thresholds)), expected)


@settings(max_examples=40)
@given(
    hnp.arrays(np.uint8, (4, 3), elements=st.integers(0, 1)),
    hnp.arrays(float, (4, 3), elements=UNIT),
)
def test_fmax_lies_between_zero_and_one(truth, score):
    truth[0, 0] = 1
    assert 0 <= fmax_score(truth, score) <= 1


def test_every_step_of_the_threshold_table_is_reached_by_its_own_value():
    counts = count_reached(THRESHOLDS[None, :], THRESHOLDS)
    np.testing.assert_array_equal(counts[0], np.arange(1, 100))


def test_nan_scores_are_located():
    score = np.full((3, 2), 0.5)
    score[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"1 NaN or infinite values.*\(2, 1\)"):
        fmax_score(np.ones((3, 2)), score)


def test_logits_are_refused():
    with pytest.raises(ValueError, match=r"1 of its cells.*-2\.5 in row 0, column 1"):
        fmax_score([[1, 1]], [[0.5, -2.5]])


@pytest.mark.parametrize("wrong", [-1, 2, 0.5, np.nan])
def test_truth_must_be_binary(wrong):
    with pytest.raises(InvalidLabelsError, match=r"binary indicators.*row 1, column 0"):
        fmax_score([[1.0], [wrong]], [[0.5], [0.5]])


def test_truth_without_a_single_term_has_no_fmax():
    with pytest.raises(InvalidLabelsError, match="None of the 2 proteins"):
        fmax_score(np.zeros((2, 3)), np.ones((2, 3)))


def test_shapes_must_match():
    with pytest.raises(ValueError, match=r"\(1, 2\) but y_score has shape \(1, 3\)"):
        fmax_score([[1, 0]], [[0.1, 0.2, 0.3]])


@pytest.mark.parametrize("bits", [[1.0, np.inf], [1.0, -1.0], [1.0, np.nan], [1.0]])
def test_information_accretion_must_be_one_finite_number_a_term(bits):
    with pytest.raises(ValueError, match="information_accretion"):
        smin_score([[1, 0]], [[0.5, 0.5]], bits)


@pytest.mark.parametrize("thresholds", [[], [0.5, 0.4], [0.5, 0.5], 0.5, [np.nan], [0.5, np.inf]])
def test_thresholds_must_increase(thresholds):
    with pytest.raises(ValueError, match="increasing"):
        fmax_score([[1]], [[0.5]], thresholds=thresholds)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, np.nan]])
def test_weights_must_be_one_number_a_protein(weights):
    with pytest.raises(ValueError, match="sample_weight"):
        fmax_score([[1], [1]], [[0.5], [0.5]], sample_weight=weights)


def test_weighted_fmax_matches_the_hand_worked_example():
    # 1 of 4 bits found, nothing wrong: precision 1, recall 1/4.
    assert fmax_score([[1, 1]], [[0.9, 0]], information_accretion=[1, 3]) == pytest.approx(0.4)


def test_weighted_fmax_equals_cafaeval(tmp_path, rng):
    truth, score = draw_problem("tied", rng)
    theirs = run_cafaeval(tmp_path, truth, score)
    ours = fmax_curve(truth, score, information_accretion=BITS)
    assert ours["f"].max() == pytest.approx(theirs["f_w"].max(), abs=1e-9)
    spoken = ours[ours["coverage"] > 0]
    theirs = theirs.droplevel(["filename", "ns"])[["pr_w", "rc_w", "cov_w"]].iloc[: len(spoken)]
    np.testing.assert_allclose(spoken[["precision", "recall", "coverage"]], theirs)
