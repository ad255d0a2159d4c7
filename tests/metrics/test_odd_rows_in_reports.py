"""Odd rows and odd properties get a word of their own from a quality report."""

import json

import numpy as np
import pytest

from protimb.metrics import PROPERTIES, BaseProperty, quality_report
from protimb.metrics._quality_judging import judge_means


def draw(seed):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.eye(2, dtype=int), 30, axis=0)
    return 3 * y @ np.eye(2, 4) + rng.normal(size=(60, 4)), y


REAL, HELD_OUT, NEW = draw(0), draw(1), draw(2)
QUICK = ("cosine", "precision", "closest_ratio")


def report_on(X_new, y_new=NEW[1], held_out=HELD_OUT, properties=QUICK, **options):
    options |= {"held_out": held_out, "properties": properties}
    return quality_report(*REAL, X_new, y_new, **options)


def strictly(text):
    def refuse(token):
        raise ValueError(token)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(("n_new", "n_held_out"), [(0, 60), (60, 0), (1, 60)])
def test_no_rows_and_one_are_too_few_to_judge(n_new, n_held_out):
    held_out = [part[:n_held_out] for part in HELD_OUT]
    report = report_on(NEW[0][:n_new], NEW[1][:n_new], held_out)
    assert report.passed is None
    words = "1 generated row and" if n_new == 1 else f"{n_new} generated rows and"
    assert report.sentences()[0].startswith(f"Too few to judge: {words}")
    assert strictly(report.to_json())["passed"] is None
    assert report.to_frame("term").empty
    assert "Too few to judge" in report.to_html()


def test_no_real_rows_are_refused():
    with pytest.raises(ValueError, match="X holds no rows"):
        quality_report(REAL[0][:0], REAL[1][:0], *NEW)


def test_too_few_training_rows_are_what_is_said():
    few = [part[[0, 1, 30, 31]] for part in REAL]
    report = quality_report(*few, *NEW, held_out=HELD_OUT, properties=["cosine"])
    assert "There are 4 training rows of these terms." in report.sentences()[0]


@pytest.mark.parametrize("value", [1e30, -1e37])
def test_values_that_square_to_infinity_fail_rather_than_drop_out(value):
    report = report_on(np.full((60, 4), value), properties="all")
    assert {"precision", "frechet", "term_coverage"} <= set(report.failed)
    strictly(report.to_json())


def test_one_row_far_away_is_named_though_means_hide_it():
    X_new = NEW[0].copy()
    X_new[59, 1] = 1e30
    notes = " ".join(report_on(X_new).notes)
    assert "1 generated row lies more than 1,000 standard deviations" in notes
    assert "row 59" in notes
    assert report_on(NEW[0]).notes == []


def test_what_single_precision_cannot_hold_is_named_by_row():
    X_new = NEW[0].copy()
    X_new[7, 2] = 1e300
    with pytest.raises(ValueError, match=r"1 of 60 rows, the first in row 7 .*column 2"):
        report_on(X_new)


def test_rows_that_vary_where_real_rows_never_do_fail():
    """A constant feature tells them apart at a glance."""

    def with_feature(X, values):
        return np.column_stack([X, values])

    constant = np.full(60, 7.1)
    real, held_out = (with_feature(X, constant) for X, _ in (REAL, HELD_OUT))
    options = {"held_out": (held_out, HELD_OUT[1]), "properties": QUICK}
    same = quality_report(real, REAL[1], with_feature(NEW[0], constant), NEW[1], **options)
    assert same.passed
    rounded = with_feature(NEW[0], constant.astype(np.float32))
    assert quality_report(real, REAL[1], rounded, NEW[1], **options).passed
    other = with_feature(NEW[0], np.random.default_rng(3).normal(size=60))
    assert "precision" in quality_report(real, REAL[1], other, NEW[1], **options).failed


def test_lengths_that_differ_are_named():
    with pytest.raises(ValueError, match="X_new has 50 rows and y_new 60"):
        report_on(NEW[0][:50])


class Own(BaseProperty):
    name, title, asks = "own", "<b>Own</b>", "Is it <script>so</script>?"
    measured: object = None

    def measure(self, rows):
        return self.measured if self.measured is not None else rows.X[:, 0]


def own(**attributes):
    one = Own()
    for name, value in attributes.items():
        setattr(one, name, value)
    return one


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"measured": 1.0}, r"Own.measure has to give numbers of shape \(60,\)"),
        ({"measured": np.ones(3)}, r"gave ndarray of shape \(3,\)"),
        ({"measured": ["a"] * 60}, r"shape \(60,\) and <U1"),
        ({"measured": np.ones(2), "judged_by": "sets"}, r"numbers of shape \(\)"),
        ({"judged_by": "luck"}, "judged_by must be one of rows, terms, sets"),
        ({"better": "more"}, "better must be one of higher, lower"),
        ({"name": "cosine"}, "Two properties are called 'cosine'"),
    ],
)
def test_a_property_of_ones_own_that_cannot_be_judged_is_refused_by_name(attributes, said):
    with pytest.raises(ValueError, match=said):
        report_on(NEW[0], properties=["cosine", own(**attributes)])


def test_scores_that_are_not_numbers_are_not_judged():
    report = report_on(NEW[0], properties=["cosine", own(measured=np.full(60, np.nan))])
    assert report.passed is True
    assert report.sentences()[0].endswith("as in real proteins. 1 more could not be judged.")
    assert strictly(report.to_json())["properties"][1]["score"] is None


def test_a_property_and_a_term_are_escaped_on_the_page():
    names = ["<script>alert(1)</script>", "a&b"]
    page = report_on(NEW[0], properties=[own()], terms=names).to_html()
    assert "<script" not in page
    assert "<b>Own" not in page
    assert "a&amp;b" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"properties": None}, "properties must be 'all' or a list"),
        ({"level": "high"}, "level must lie between 0 and 1, got 'high'"),
        ({"ontology": "go.obo", "terms": ["a", "b"]}, "must be a GeneOntology"),
        ({"held_out": np.ones((3, 4))}, "held_out must be"),
    ],
)
def test_odd_options_are_refused_by_name(options, said):
    with pytest.raises(ValueError, match=said):
        report_on(NEW[0], **options)


def test_a_question_that_was_not_asked_has_no_reason():
    with pytest.raises(ValueError, match="'copies' was not asked; there are cosine"):
        report_on(NEW[0]).reason("copies")


def test_shares_read_as_sentences():
    report = report_on(np.full((60, 4), 50.0), properties=["precision"])
    said = report.reason("precision")
    assert said.startswith("None of the generated rows lie where")
    assert " of the." not in said
    assert report.sentences()[0].endswith("1 of 1 property is not as in real proteins.")


def test_a_share_that_all_real_rows_reach_can_be_missed():
    """Weights sum to 1 but for a rounding, which must not become a variance."""
    share = PROPERTIES["precision"]()
    weights = np.random.default_rng(0).random(60)
    weights /= weights.sum()
    held, new, apart = np.ones(60), np.zeros(60), np.arange(60)
    for groups in (apart, apart // 10):
        found = judge_means(share, held, new, weights, [groups], apart, 0.002)
        assert found.real == 1
        assert 0.6 < found.threshold < 0.9
        assert found.passed is False


def test_a_limit_that_nothing_can_miss_is_no_verdict():
    """Ten rows a term: even if none were authentic they would pass, so it tells nothing."""
    some = slice(20, 40)
    held_out = [part[some] for part in HELD_OUT]
    options = {"properties": ["cosine", "authenticity"], "level": 0.999}
    report = report_on(NEW[0][some], NEW[1][some], held_out, **options)
    found = report.to_frame().loc["authenticity"]
    assert found["threshold"] < 0 < found["score"]
    assert found["passed"] is None
    assert "any score would pass" in found["reason"]
    assert "1 more could not be judged" in report.sentences()[0]
