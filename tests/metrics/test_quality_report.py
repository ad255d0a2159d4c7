"""One report on generated rows: planted failures are named, and real proteins pass."""

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from protimb.datasets import load_human_go
from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.metrics import PROPERTIES, BaseProperty, quality_report
from protimb.metrics._quality_judging import judge_means, wilson_interval

N_TERMS, N_FEATURES = 6, 12


def draw(rng, n_a_term=40):
    """Rows of six terms under one root; each term has two clusters."""
    terms = np.repeat(np.arange(N_TERMS), n_a_term)
    centres = 2 * np.random.default_rng(7).normal(size=(2, N_TERMS, N_FEATURES))
    mode = rng.integers(2, size=len(terms))
    X = centres[mode, terms] + rng.normal(size=(len(terms), N_FEATURES))
    y = np.column_stack([np.ones(len(terms)), np.eye(N_TERMS)[terms]]).astype(np.uint8)
    return X.astype(np.float32), y, mode


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return {name: draw(rng) for name in ("real", "held_out", "good")}


@pytest.fixture(scope="module")
def bunch():
    return load_human_go("cc", min_proteins=100)


@pytest.fixture(scope="module")
def good_report(data):
    return report_on(data, *data["good"][:2])


def report_on(data, X_new, y_new, **options):
    X, y, _ = data["real"]
    return quality_report(X, y, X_new, y_new, held_out=data["held_out"][:2], **options)


def copies(data, rng):
    X, y, _ = data["real"]
    return X + 0.01 * rng.normal(size=X.shape), y


def collapsed(data, rng):
    X, y, _ = data["good"]
    five = rng.choice(len(X), 5, replace=False)
    return X[rng.choice(five, len(X))] + 0.01 * rng.normal(size=X.shape), y


def collapsed_by_term(data, rng):
    X, y, _ = data["good"]
    first = y[:, 1:].argmax(axis=1) * (len(X) // N_TERMS)
    return X[first] + 0.01 * rng.normal(size=X.shape), y


def of_wrong_terms(data, rng):
    X, y, _ = data["good"]
    return X, rng.permutation(y)


def noise(data, rng):
    X, y, _ = data["good"]
    root = np.linalg.cholesky(np.cov(data["real"][0].T))
    return data["real"][0].mean(axis=0) + rng.normal(size=X.shape) @ root.T, y


def of_one_mode(data, rng):
    X, y, mode = data["good"]
    return X[mode == 0], y[mode == 0]


def without_ancestors(data, rng):
    X, y, _ = data["good"]
    y = y.copy()
    y[::2, 0] = 0
    return X, y


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (copies, {"copies", "closest_ratio", "authenticity", "membership"}),
        (collapsed, {"collapse"}),
        (collapsed_by_term, {"collapse", "diversity"}),
        (of_wrong_terms, {"label_fidelity", "cosine", "intrusion"}),
        (noise, {"precision", "density"}),
        (of_one_mode, {"term_shift", "coverage", "term_coverage"}),
        (without_ancestors, {"true_path"}),
    ],
)
def test_a_planted_failure_is_caught_by_the_properties_meant_for_it(data, spoil, names):
    report = report_on(data, *spoil(data, np.random.default_rng(1)))
    assert report.passed is False
    assert names <= set(report.failed)


def test_real_proteins_in_place_of_generated_ones_pass(good_report):
    report = good_report
    assert report.passed is True, report
    assert report.failed == []
    assert report.to_frame("term")["passed"].tolist() == [True] * N_TERMS


def test_broken_ancestors_are_all_that_is_wrong_with_good_rows(data):
    report = report_on(data, *without_ancestors(data, None))
    assert report.failed == ["true_path"]
    assert "1 of 2 generated rows have all ancestors" in report.sentences()[1]


@pytest.mark.parametrize(("spoil", "name"), [(copies, "copies"), (collapsed_by_term, "collapse")])
def test_cosine_alone_misses_copies_and_collapse(data, spoil, name):
    X_new, y_new = spoil(data, np.random.default_rng(1))
    assert report_on(data, X_new, y_new, properties=["cosine", name]).failed == [name]


def test_cosine_alone_misses_copies_and_collapse_of_human_proteins(bunch):
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(bunch.X))[:1500]
    X, y = bunch.X[rows], bunch.y[rows]
    real, held_out = slice(0, 800), (X[800:1150], y[800:1150])
    five = 1150 + rng.integers(5, size=350)
    for X_new, y_new, name in [(X[:350], y[:350], "copies"), (X[five], y[five], "collapse")]:
        report = quality_report(
            X[real], y[real], X_new, y_new, held_out=held_out, properties=["cosine", name]
        )
        assert report.failed == [name]


@pytest.mark.parametrize("knows_ontology", [True, False])
def test_one_row_without_an_ancestor_breaks_a_rule_of_the_ontology(bunch, knows_ontology):
    terms = list(bunch.terms)
    nucleus = terms.index("GO:0005634")
    organelle = terms.index("GO:0043226")
    y_new = bunch.y[2000:3000].copy()
    y_new[np.flatnonzero(y_new[:, nucleus])[0], organelle] = 0
    options = {"ontology": bunch.ontology, "terms": bunch.terms} if knows_ontology else {}
    report = quality_report(
        bunch.X[:1000, :8],
        bunch.y[:1000],
        bunch.X[2000:3000, :8],
        y_new,
        held_out=(bunch.X[1000:2000, :8], bunch.y[1000:2000]),
        properties=["true_path"],
        **options,
    )
    # Read off other proteins it is a habit, of which one row is allowed to differ.
    assert report.passed is not knows_ontology
    assert report.findings["true_path"].score < 1
    if knows_ontology:
        assert "Only 999 of 1,000 generated rows have all ancestors" in report.reason("true_path")


def test_copies_are_called_copies_in_words_that_count(data):
    X, y, _ = data["good"]
    X = X.copy()
    X[::4] = data["real"][0][::4]
    y = y.copy()
    y[::4] = data["real"][1][::4]
    report = report_on(data, X, y)
    assert "copies" in report.failed
    assert "generated rows lie nearer to a real training protein" in report.reason("copies")
    assert report.reason("copies").endswith("copies.")


def test_the_score_of_copies_is_the_share_below_a_twentieth_of_held_out_distances(data):
    X = data["real"][0]
    held = data["held_out"][0]
    scale = X.astype(float).std(axis=0)
    finder = NearestNeighbors(n_neighbors=1).fit(X / scale)
    gaps = {
        name: finder.kneighbors(rows / scale)[0].ravel()
        for name, rows in [("held", held), ("new", data["good"][0])]
    }
    limit = np.sort(gaps["held"])[11]  # the twelfth of 240
    report = report_on(data, *data["good"][:2], properties=["copies"])
    assert report.findings["copies"].score == pytest.approx((gaps["new"] <= limit).mean())


def test_wilson_interval_matches_the_hand_worked_example():
    # 3 of 10, z = 2: (0.3 + 0.2 -+ 2 sqrt(0.021 + 0.01)) / 1.4
    lower, upper = wilson_interval(0.3, 10, 2)
    assert lower == pytest.approx((0.5 - 2 * np.sqrt(0.031)) / 1.4)
    assert upper == pytest.approx((0.5 + 2 * np.sqrt(0.031)) / 1.4)
    assert wilson_interval(0.0, 10, 2)[0] == 0.0


def test_reciprocal_ranks_match_the_hand_worked_example():
    from protimb.metrics._properties_of_rows import _rank_of_own

    scores = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.2, 0.2, 0.1]])
    carried = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 0]])
    # First of three; behind none but a term it carries too: beaten by nothing; a tie.
    assert _rank_of_own(scores, np.array([0, 2, 0]), carried).tolist() == [1, 2, 1.5]


@pytest.mark.parametrize("side", ["held_out", "generated"])
def test_rows_of_one_cluster_count_as_one(side):
    """Ten clusters of ten equal scores tell as much as ten rows."""
    scores, weights, apart = np.repeat(np.arange(10.0), 10), np.full(100, 0.01), np.arange(100)
    clusters = np.repeat(np.arange(10), 10)
    cosine = PROPERTIES["cosine"]()
    alone = judge_means(cosine, scores, scores, weights, [apart], apart, 0.05)
    if side == "held_out":
        together = judge_means(cosine, scores, scores, weights, [apart, clusters], apart, 0.05)
    else:
        together = judge_means(cosine, scores, scores, weights, [apart], clusters, 0.05)
    ratio = (together.real - together.threshold) / (alone.real - alone.threshold)
    assert ratio > (3 if side == "held_out" else 2.2)  # of one side: sqrt((1 + 10) / 2) is 2.3
    assert together.real == alone.real == 4.5


def test_held_out_rows_are_weighted_to_the_terms_of_generated_rows(data):
    """Rows of one term alone are compared with real rows of that term alone."""
    X, y, _ = data["good"]
    report = report_on(data, X[:40], y[:40], properties=["cosine"])
    one = report.findings["cosine"]
    _, held_y, _ = data["held_out"]
    assert one.n_held_out == 40 == held_y[:, 1].sum()
    assert one.passed


def test_a_term_without_held_out_rows_borrows_training_rows_and_says_so(data):
    X, y, _ = data["good"]
    held_X, held_y, _ = data["held_out"]
    other = held_y[:, 1] == 0
    report = quality_report(
        *data["real"][:2], X, y, held_out=(held_X[other], held_y[other]), properties=["cosine"]
    )
    assert any("1 training protein was left out" in note for note in report.notes)
    assert report.to_frame("term").loc[1, "n_held_out"] == 1
    assert report.to_frame("term").loc[1, "n_real"] == 39


def test_without_held_out_rows_a_fifth_is_held_out_by_cluster(data):
    X, y, _ = data["real"]
    report = quality_report(X, y, *data["good"][:2], groups=np.arange(len(X)) // 2)
    assert report.passed is True, report
    assert any("No held-out rows were given" in note for note in report.notes)
    assert report.findings["membership"].passed is None


def test_a_property_of_ones_own_is_asked_with_the_others(data):
    class Length(BaseProperty):
        name, title, unit = "length", "Length", "standard deviations"
        asks = "Are vectors as long as real ones?"
        fails = "Vectors are {score} long, real ones {real}."

        def measure(self, rows):
            return np.linalg.norm(rows.X, axis=1)

    X, y, _ = data["good"]
    report = report_on(data, 0.5 * X, y, properties=["true_path", Length()])
    assert report.failed == ["length"]
    assert report.sentences()[1].startswith("Vectors are")
    assert list(report.to_frame().index) == ["true_path", "length"]


def test_tables_scores_json_and_html_tell_the_same(data):
    X, y, _ = data["good"]
    columns = ["root", *(f"<script>{number}" for number in range(N_TERMS))]
    report = quality_report(
        data["real"][0],
        pd.DataFrame(data["real"][1], columns=columns),
        X,
        pd.DataFrame(y, columns=columns)[columns[::-1]],
        held_out=(data["held_out"][0], pd.DataFrame(data["held_out"][1], columns=columns)),
    )
    assert report.passed
    table, record = report.to_frame(), json.loads(report.to_json())
    assert [row["property"] for row in record["properties"]] == list(table.index)
    assert list(table.index) == list(PROPERTIES)
    assert record["properties"][0]["score"] == table["score"].iloc[0]
    assert [row["term"] for row in record["terms"]] == columns[1:]
    held, new, limit = report.scores_["cosine"]
    assert len(held) == len(new) == 240
    assert limit == table.loc["cosine", "threshold"]
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)
    parser.feed(report.to_html())
    assert "script" not in tags
    assert "table" in tags


def test_sparse_labels_give_the_same_report(data, good_report):
    X, y, _ = data["real"]
    as_sparse = quality_report(
        X,
        sparse.csr_matrix(y),
        data["good"][0],
        sparse.coo_array(data["good"][1]),
        held_out=(data["held_out"][0], sparse.csr_array(data["held_out"][1])),
    )
    pd.testing.assert_frame_equal(good_report.to_frame(), as_sparse.to_frame())


def test_the_same_seed_gives_the_same_report(data, good_report):
    again = report_on(data, *data["good"][:2])
    assert again.to_json() == good_report.to_json()
    assert report_on(data, *data["good"][:2], random_state=3).to_json() != again.to_json()


def test_few_rows_are_neither_passed_nor_failed(data):
    X, y, _ = data["good"]
    report = report_on(data, X[:7], y[:7])
    assert report.passed is None
    assert report.failed == []
    assert "Too few to judge: 7 generated rows" in report.sentences()[0]


def test_rows_of_terms_without_another_real_protein_are_left_out(data):
    """The one protein of a term cannot be compared with a fellow: its root term judges the row."""
    X, y, _ = data["real"]
    lone = np.zeros((len(y), 1), dtype=np.uint8)
    lone[0] = 1
    new_X, new_y, _ = data["good"]
    widths = [np.hstack([y, lone]), np.hstack([new_y, np.ones_like(lone)])]
    held_y = np.hstack([data["held_out"][1], 0 * lone])
    report = quality_report(
        X,
        widths[0],
        new_X,
        widths[1],
        held_out=(data["held_out"][0], held_y),
        properties=["cosine", "label_fidelity"],
    )
    assert report.passed is True
    assert 7 not in report.to_frame("term").index


def test_no_shared_term_is_too_few_to_judge(data):
    _, y, _ = data["good"]
    report = report_on(data, data["good"][0], np.zeros_like(y))
    assert report.passed is None
    assert any("carry no term" in note for note in report.notes)


def test_zero_vectors_count_as_unlike_their_term_and_are_warned_of(data):
    X, y, _ = data["good"]
    X = X.copy()
    X[:3] = 0
    with pytest.warns(UndefinedSimilarityWarning, match="3 of 240"):
        report = report_on(data, X, y, properties=["cosine"])
    assert (report.scores_["cosine"][1][:3] == 0).all()


def test_constant_features_do_no_harm(data):
    def widen(X):
        return np.hstack([X, np.full((len(X), 2), 0.1, dtype=np.float32)])

    (X, y, _), (X_new, y_new, _), (X_held, y_held, _) = (
        data[name] for name in ("real", "good", "held_out")
    )
    report = quality_report(widen(X), y, widen(X_new), y_new, held_out=(widen(X_held), y_held))
    assert report.passed is True, report


def test_more_features_than_rows_are_reduced_and_the_report_says_so(data):
    rng = np.random.default_rng(0)
    turn = rng.normal(size=(N_FEATURES, 400)).astype(np.float32)
    (X, y, _), (X_new, y_new, _), (X_held, y_held, _) = (
        data[name] for name in ("real", "good", "held_out")
    )
    report = quality_report(X @ turn, y, X_new @ turn, y_new, held_out=(X_held @ turn, y_held))
    assert report.passed is True, report
    assert any("first 24 principal components" in note for note in report.notes)


def test_nan_in_generated_rows_is_an_error_that_names_the_row(data):
    X, y, _ = data["good"]
    X = X.copy()
    X[17, 3] = np.nan
    with pytest.raises(ValueError, match=r"X_new holds NaN .* 1 of 240 rows.* row 17 .*column 3"):
        report_on(data, X, y)


def test_another_width_or_other_terms_are_refused(data):
    X, y, _ = data["good"]
    with pytest.raises(ValueError, match="X_new has 11 features and X 12"):
        report_on(data, X[:, 1:], y)
    with pytest.raises(InvalidLabelsError, match="y_new has 6 terms but y has 7"):
        report_on(data, X, y[:, 1:])
    names = [f"GO:{number}" for number in range(7)]
    real = pd.DataFrame(data["real"][1], columns=names)
    with pytest.raises(InvalidLabelsError, match=r"1 missing .GO:6. and 1 unknown .other."):
        quality_report(data["real"][0], real, X, pd.DataFrame(y, columns=[*names[:-1], "other"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"properties": ["beauty"]}, "Unknown properties .'beauty'."),
        ({"properties": "cosine"}, "'all' or a list"),
        ({"properties": [PROPERTIES["cosine"]]}, "derived from BaseProperty"),
        ({"level": 1.0}, "level must lie between 0 and 1"),
        ({"ontology": object()}, "ontology needs terms="),
        ({"held_out": 3}, "held_out must be"),
    ],
)
def test_odd_parameters_are_refused(data, options, message):
    options = {"held_out": data["held_out"][:2]} | options
    with pytest.raises(ValueError, match=message):
        quality_report(*data["real"][:2], *data["good"][:2], **options)


def test_rows_that_repeat_training_rows_or_each_other_are_counted(data):
    X, y, _ = data["good"]
    X = X.astype(float)
    X[:3] = data["real"][0][:3]
    X[10:15] = X[15]
    notes = " ".join(report_on(data, X, y, properties=["true_path"]).notes)
    assert "3 generated rows are equal to a training protein" in notes
    assert "5 are equal to another generated row" in notes


def test_exact_copies_are_found_where_real_proteins_repeat_each_other(data):
    X, y, _ = data["real"]
    held_X, held_y, _ = data["held_out"]
    held_X = np.concatenate([held_X, X[::4]])
    held_y = np.concatenate([held_y, y[::4]])
    report = quality_report(X, y, X, y, held_out=(held_X, held_y), properties=["copies"])
    assert report.findings["copies"].real == pytest.approx(0.2)
    assert report.failed == ["copies"]


def test_equal_generated_rows_are_a_collapse_and_no_division_by_zero(data):
    X, y, _ = data["good"]
    report = report_on(data, np.repeat(X[:1], len(X), axis=0), y)
    assert {"collapse", "diversity"} <= set(report.failed)
    assert report.findings["collapse"].score == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda X, y: (X[:, :1], y),
        lambda X, y: (np.ones_like(X), y),
        lambda X, y: (np.repeat(X[::2], 2, axis=0), y),
        lambda X, y: (X, np.ones_like(y[:, :1])),
        lambda X, y: (X[::20], y[::20]),
        lambda X, y: (X.astype(np.float16), y.astype(bool)),
        lambda X, y: ((10 * X).astype(int), y),
        lambda X, y: (1e15 * X, y),
    ],
    ids=["1 feature", "all equal", "in pairs", "1 term", "12 rows", "half", "integers", "large"],
)
def test_odd_rows_that_are_as_real_ones_pass(data, change):
    (X, y), (X_new, y_new), held_out = (
        change(*data[name][:2]) for name in ("real", "good", "held_out")
    )
    assert quality_report(X, y, X_new, y_new, held_out=held_out).passed is True
