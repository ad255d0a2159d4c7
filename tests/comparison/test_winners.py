"""The sentence of a bin says what the paired intervals say, and nothing more."""

from protimb.comparison._winners import winner_sentences


def sentence(evaluations):
    return winner_sentences(evaluations)["AP <20"]


def test_an_arm_whose_whole_interval_is_above_zero_beats_none(evaluation):
    text = sentence({("none", "mlp"): evaluation(0.2), ("ros", "mlp"): evaluation(0.3, seed=1)})
    assert text.startswith("Terms with <20 training proteins (5 terms): with mlp, ros beats none")
    assert "+0.100 [+0.09" in text


def test_an_interval_with_zero_is_no_win(evaluation):
    arms = {"none": evaluation(0.2, 0.1), "ros": evaluation(0.21, 0.1, seed=1)}
    text = sentence({(name, "mlp"): one for name, one in arms.items()})
    assert "with mlp, no arm differs from none with confidence (ros, +0.010 [-0." in text


def test_the_highest_of_several_is_said_to_be_picked(evaluation):
    values = {"none": 0.2, "ros": 0.21, "smote": 0.22}
    arms = {(n, "mlp"): evaluation(v, 0.1, seed=i) for i, (n, v) in enumerate(values.items())}
    text = sentence(arms)
    assert "no arm differs from none with confidence (highest of 2: smote, +0.020" in text


def test_none_wins_when_every_arm_is_below_it(evaluation):
    values = {"none": 0.5, "ros": 0.3, "smote": 0.2}
    arms = {(n, "mlp"): evaluation(v, seed=i) for i, (n, v) in enumerate(values.items())}
    assert "none wins: ros and smote are below it with confidence" in sentence(arms)


def test_an_arm_below_none_is_named_when_none_beats_it(evaluation):
    arms = {
        ("none", "mlp"): evaluation(0.3, 0.01),
        ("ros", "mlp"): evaluation(0.301, 0.01, seed=1),
        ("cgan", "mlp"): evaluation(0.1, 0.01, seed=2),
    }
    text = sentence(arms)
    assert "no arm beats none with confidence (highest of 2: ros" in text
    assert "and cgan is below it with confidence" in text


def test_a_winner_names_the_arms_that_it_cannot_be_told_from(evaluation):
    arms = {
        ("none", "mlp"): evaluation(0.1, 0.005),
        ("ros", "mlp"): evaluation(0.3, 0.005, seed=1),
        ("smote", "mlp"): evaluation(0.301, 0.005, seed=2),
        ("cgan", "mlp"): evaluation(0.2, 0.005, seed=3),
    }
    text = sentence(arms)
    assert "smote beats none" in text
    assert text.endswith("but cannot be told from ros.")


def test_a_sure_winner_goes_before_a_higher_but_unsure_arm(evaluation):
    arms = {
        ("none", "mlp"): evaluation(0.1, 0.001),
        ("sure", "mlp"): evaluation(0.2, 0.001, seed=1),
        ("unsure", "mlp"): evaluation(0.25, 0.5, seed=2),
    }
    assert "sure beats none" in sentence(arms)
    assert "cannot be told from unsure" in sentence(arms)


def test_neighbours_alone_are_held_against_the_first_classifier(evaluation):
    arms = {
        ("none", "mlp"): evaluation(0.1),
        ("none", "mlp+knn"): evaluation(0.4, seed=1),
        ("knn", "alone"): evaluation(0.3, seed=2),
    }
    text = sentence(arms)
    assert "knn by itself beats none with mlp (+0.200" in text
    assert "with mlp+knn, only none was run" in text


def test_equal_arms_do_not_differ(evaluation):
    arms = {("none", "mlp"): evaluation(0.2), ("copy", "mlp"): evaluation(0.2)}
    text = sentence(arms)
    assert "no arm differs from none with confidence (copy, +0.000 [+0.000, +0.000])" in text


def test_bins_without_terms_get_no_sentence(evaluation):
    one = evaluation(0.2)
    one.n_terms["<20"] = 0
    assert list(winner_sentences({("none", "mlp"): one})) == ["AP all"]
