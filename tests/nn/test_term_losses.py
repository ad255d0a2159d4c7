"""Losses of terms: identities, values by hand, slopes, and nothing that is not finite."""

import math

import numpy as np
import pytest
import torch
from scipy.special import expit

from protimb.nn import (
    LOSSES,
    AsymmetricLoss,
    BaseTermLoss,
    ClassBalancedLoss,
    CrossEntropyLoss,
    DistributionBalancedLoss,
    FocalLoss,
    HierarchyLoss,
    ISDALoss,
    LDAMLoss,
    LogitAdjustmentLoss,
    make_loss,
)
from protimb.nn._label_losses import mean_label_loss
from protimb.nn._term_losses_isda import against

N_POSITIVE, N_ROWS = np.array([0, 1, 7, 40, 100]), 100
EDGES = np.array([[1, 2], [2, 4], [0, 4]])
WEIGHT = torch.linspace(-1, 1, 15, dtype=torch.float64).reshape(5, 3)
FEATURES = torch.linspace(-2, 3, 18, dtype=torch.float64).reshape(6, 3) ** 2


@pytest.fixture
def cells():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 5, generator=generator, dtype=torch.float64) * 3
    return logits, (torch.rand(6, 5, generator=generator) < 0.4).to(torch.uint8)


def built(loss, n_positive=N_POSITIVE, edges=EDGES):
    return make_loss(loss, n_positive, N_ROWS, edges=edges)


def losses_of(criterion, logits, labels, **options):
    """Call a criterion, with features where it needs them."""
    if criterion.loss.needs_features:
        options |= {"features": FEATURES[: len(logits)], "weight": WEIGHT[: logits.shape[1]]}
    return criterion(logits, labels, **options)


IDEA_OFF = [
    CrossEntropyLoss(),
    FocalLoss(gamma=0),
    ClassBalancedLoss(beta=0),
    AsymmetricLoss(0, 0, clip=0),
    LDAMLoss(max_margin=0),
    LogitAdjustmentLoss(tau=0),
    ISDALoss(strength=0),
    HierarchyLoss(0),
]


@pytest.mark.parametrize("loss", IDEA_OFF, ids=str)
def test_a_loss_whose_idea_is_off_is_cross_entropy(loss, cells):
    torch.testing.assert_close(losses_of(built(loss), *cells), mean_label_loss(*cells))


def test_ldam_without_margin_is_cross_entropy_of_scaled_logits(cells):
    logits, labels = cells
    expected = mean_label_loss(30 * logits, labels)
    torch.testing.assert_close(built(LDAMLoss(0, scale=30))(logits, labels), expected)


def test_distribution_balance_without_its_ideas_is_cross_entropy_of_equal_weights(cells):
    loss = DistributionBalancedLoss(beta=0, kappa=0, negative_scale=1)
    torch.testing.assert_close(built(loss)(*cells), 0.6 * mean_label_loss(*cells))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
def test_the_gradient_is_the_slope_of_the_loss(name, masked, cells):
    criterion, labels = built(name).eval(), cells[1]
    known = torch.arange(30).reshape(6, 5) % 3 > 0 if masked else None

    def of(logits):
        return losses_of(criterion, logits, labels, known=known)

    assert torch.autograd.gradcheck(of, (cells[0].requires_grad_(),))


def test_the_gradient_of_augmentation_is_its_slope_in_the_weights_too(cells):
    criterion = built(ISDALoss(1.0, min_members=1))
    criterion.learn(FEATURES.float(), cells[1])
    criterion.learn(FEATURES.float() + 1, cells[1])
    assert criterion.variances(WEIGHT).max() > 0.1

    def of(weight):
        return mean_label_loss(
            against(FEATURES @ weight.T, cells[1], criterion.variances(weight)), cells[1]
        )

    assert torch.autograd.gradcheck(of, (WEIGHT.clone().requires_grad_(),))


# Probabilities 1/2 for a positive, 1/4 for a negative; the term has 1 of 4 rows, the other 3.
Z = math.log(3)
BY_HAND = {
    "bce": (CrossEntropyLoss(), (math.log(2) + math.log(4 / 3)) / 2),
    "focal": (FocalLoss(2, alpha=0.25), (math.log(2) / 16 + 0.75 / 16 * math.log(4 / 3)) / 2),
    # 1 - 0.5 and 1 - 0.5^3 over 0.5 are 1 and 1.75 rows; a positive weighs (1 + 3 / 1.75) / 4
    # at the mean, and one of the first term 1 over that.
    "class_balanced": (
        ClassBalancedLoss(0.5),
        (math.log(2) / ((1 + 3 / 1.75) / 4) + math.log(4 / 3)) / 2,
    ),
    # 0.15 of the negative's 0.25 is left.
    "asymmetric": (
        AsymmetricLoss(2, 1, clip=0.1),
        (math.log(2) / 2 + 0.15**2 * -math.log(0.85)) / 2,
    ),
    # The row carries the first term only: its share is 1, that of the second 1 / 3. The log-odds
    # with half a row on both sides are log(1.5 / 3.5) and its opposite; negatives at twice the
    # logit cost half.
    "distribution_balanced": (
        DistributionBalancedLoss(kappa=1),
        (
            (0.1 + expit(10 * 0.8)) * math.log1p(3.5 / 1.5)
            + (0.1 + expit(10 * (1 / 3 - 0.2))) * math.log1p((3.5 / 1.5 / 3) ** 2) / 2
        )
        / 2,
    ),
    # Sides of one row have margin 1, those of three rows 3^-0.25; the negative of the second term
    # is a side of one.
    "ldam": (LDAMLoss(1, scale=2), (math.log1p(math.e**2) + math.log1p(math.e**2 / 9)) / 2),
    "zlpr": ("zlpr", math.log1p(1) + math.log1p(1 / 3)),
    "logit_adjustment": (
        LogitAdjustmentLoss(),
        (math.log1p(3.5 / 1.5) + math.log1p(3.5 / 1.5 / 3)) / 2,
    ),
    "hierarchy": (HierarchyLoss(2), (math.log(2) + math.log(4 / 3)) / 2 + 2 * (0.5 - 0.25)),
}


@pytest.mark.parametrize(("loss", "expected"), BY_HAND.values(), ids=list(BY_HAND))
def test_a_row_costs_what_it_does_by_hand(loss, expected):
    criterion = make_loss(loss, [1, 3], 4, edges=[[0, 1]])
    found = criterion(torch.tensor([[0.0, -Z]], dtype=torch.float64), torch.tensor([[1, 0]]))
    assert found.item() == pytest.approx(expected, rel=1e-6)


# The papers' formulas in float64 and plain numpy, of logits z and labels y, (n_rows, n_terms);
# defaults are the losses' own.
N_AT_LEAST_ONE = np.maximum(N_POSITIVE, 1)
LOG_ODDS = np.log((N_POSITIVE + 0.5) / (N_ROWS - N_POSITIVE + 0.5))


def log_one_and_exp(x):
    return np.logaddexp(0, x)


def by_effective_number(z, y):
    weight = 0.1 / (1 - 0.9**N_AT_LEAST_ONE)  # Cui et al., equation 3
    weight *= N_POSITIVE.sum() / (weight * N_POSITIVE).sum()
    return np.where(y, weight * log_one_and_exp(-z), log_one_and_exp(z)).mean(axis=1)


def by_distribution(z, y):
    of_row = np.array([(row / N_AT_LEAST_ONE).sum() for row in y])
    ratio = 1 / N_AT_LEAST_ONE / np.maximum(of_row, 1 / N_ROWS)[:, None]  # Wu et al., equation 5
    weight = 0.1 + expit(10 * (ratio - 0.2))
    moved = z + 0.05 * LOG_ODDS  # z - nu
    cells = np.where(y, log_one_and_exp(-moved), log_one_and_exp(2 * moved) / 2)
    return (weight * cells).mean(axis=1)


def by_margin(z, y):
    own_side = np.maximum(np.where(y, N_POSITIVE, N_ROWS - N_POSITIVE), 1)
    # Cao et al., equation 13: a softmax over "has" (z) and "has not" (0), the true one less its
    # margin, which is 0.5 for a side of one row.
    margin = 0.5 * own_side**-0.25
    own, other = np.where(y, z, 0) - margin, np.where(y, 0, z)
    return (np.logaddexp(own, other) - own).mean(axis=1)


def by_adjusted_logits(z, y):
    share = (N_POSITIVE + 0.5) / (N_ROWS + 1)
    with_prior = np.stack([z + np.log(share), np.zeros_like(z) + np.log(1 - share)])
    right = np.where(y, with_prior[0], with_prior[1])  # Menon et al., equation 10
    return (np.logaddexp(*with_prior) - right).mean(axis=1)


PAPERS = {
    "class_balanced": by_effective_number,
    "distribution_balanced": by_distribution,
    "ldam": by_margin,
    "logit_adjustment": by_adjusted_logits,
}


@pytest.mark.parametrize("name", PAPERS)
def test_rows_cost_what_the_papers_formula_says(name, cells):
    logits, labels = cells[0], cells[1].clone()
    labels[0], labels[1] = 0, 1
    expected = PAPERS[name](logits.numpy(), labels.numpy())
    np.testing.assert_allclose(built(name, edges=None)(logits, labels), expected, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "isda"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_close_to_the_whole(name, dtype, cells):
    logits, labels = cells[0].to(dtype).requires_grad_(), cells[1]
    found = built(name)(logits, labels)
    found.float().sum().backward()
    expected = built(name)(logits.detach().double(), labels)
    torch.testing.assert_close(found.double(), expected, rtol=0.03, atol=1e-3)
    assert torch.isfinite(logits.grad).all()


def test_augmentation_moves_the_logits_of_wrong_classes_as_in_its_paper():
    rng = np.random.default_rng(0)
    features, weight = rng.normal(size=(6, 3)), rng.normal(size=(5, 3))
    labels = rng.integers(0, 2, size=(6, 5))
    criterion = built(ISDALoss(0.7, min_members=1))
    criterion.learn(*(torch.from_numpy(array) for array in (np.float32(features), labels)))
    criterion.learn(*(torch.from_numpy(array) for array in (np.float32(features + 1), labels)))
    share = criterion.n_seen.item() / (criterion.n_seen.item() + N_ROWS)
    covariance = 0.7 * share * criterion.covariance.double().numpy()
    expected = np.empty((6, 5))
    for row, term in np.ndindex(6, 5):
        of = {1: weight[term], 0: np.zeros(3)}  # "has" and "has not"
        own = of[labels[row, term]]
        wrong = [
            other @ features[row] + (other - own) @ covariance @ (other - own) / 2
            for other in of.values()
        ]
        expected[row, term] = np.log(np.exp(wrong).sum()) - own @ features[row]
    logits, w = torch.from_numpy(features @ weight.T), torch.from_numpy(weight)
    moved = against(logits, torch.from_numpy(labels), 0.7 * criterion.variances(w))
    assert criterion.variances(w).max() > 0.01
    np.testing.assert_allclose(
        mean_label_loss(moved, torch.from_numpy(labels)), expected.mean(axis=1), rtol=1e-5
    )


def test_row_by_row_augmentation_learns_the_pooled_covariance_within_terms():
    rng = np.random.default_rng(0)
    terms = rng.integers(0, 3, size=40)
    features = rng.normal(size=(40, 2)) @ [[2.0, 0.5], [0.0, 1.0]] + 5 * terms[:, None]
    criterion = make_loss(ISDALoss(min_members=1), np.bincount(terms), 40)
    for row, term in zip(features.astype(np.float32), np.eye(3)[terms], strict=True):
        criterion.learn(torch.from_numpy(row[None]), torch.from_numpy(term[None]))
    scatter = sum(np.cov(features[terms == t].T, bias=True) * (terms == t).sum() for t in range(3))
    np.testing.assert_allclose(criterion.covariance, scatter / (40 - 3), rtol=1e-4)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("n_positive", [[0, 0, 0], [100, 100, 100], [0, 50, 100], [7]], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_sure_answers_right_or_wrong_leave_loss_and_slope_finite(name, n_positive, dtype):
    criterion = built(name, n_positive, edges=[[0, len(n_positive) - 1]])
    n_terms = len(n_positive)
    sure = torch.tensor([1e4, -1e4, 0, 40, -40, 1e4], dtype=dtype)[:, None].repeat(1, n_terms)
    for labels in (torch.zeros_like(sure), torch.ones_like(sure), (sure > 0).to(torch.uint8)):
        logits = sure.clone().requires_grad_()
        losses = losses_of(criterion, logits, labels, pos_weight=torch.ones(n_terms))
        losses.mean().backward()
        assert torch.isfinite(losses).all()
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.5])
@pytest.mark.parametrize("clip", [0.0, 1e-9, 0.05])
def test_powers_below_one_have_no_pole(gamma, clip):
    for loss in (FocalLoss(gamma), AsymmetricLoss(gamma, gamma, clip=clip)):
        logits = torch.tensor([[1e4, -1e4, 120.0, -120.0, 0.0]], requires_grad=True)
        for labels in (torch.zeros(1, 5), torch.ones(1, 5)):
            built(loss)(logits, labels).sum().backward()
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_not_known_costs_nothing_whatever_stands_there(name, cells):
    logits, labels = cells
    known = torch.arange(30).reshape(6, 5) % 4 > 0
    lie = torch.where(known, labels, 1 - labels)
    wild = torch.where(known, logits, 50.0)
    found, other = (
        losses_of(built(name, edges=np.empty((0, 2), int)), *pair, known=known)
        for pair in ((logits, labels), (wild, lie))
    )
    torch.testing.assert_close(found, other)
    nothing = losses_of(built(name), logits, labels, known=torch.zeros_like(known))
    assert (nothing == 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_positive_of_weight_two_costs_more_and_a_negative_row_the_same(name, cells):
    logits, labels = cells[0], cells[1].clone()
    labels[0], labels[1] = 0, 1
    plain, weighed = (
        losses_of(built(name), logits, labels, pos_weight=weight)
        for weight in (torch.ones(5), torch.full((5,), 2.0))
    )
    torch.testing.assert_close(weighed[0], plain[0])
    assert weighed[1] > plain[1]


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "hierarchy"])
def test_right_answers_cost_less_the_surer_they_are(name):
    labels = torch.tensor([[1, 0, 1, 0, 1]])
    sureness = torch.tensor([[-6.0], [-3.0], [3.0], [6.0]])
    criterion = built(name).eval()
    logits = sureness * (2 * labels - 1)
    costs = losses_of(criterion, logits.double(), labels.repeat(4, 1))
    assert (costs.diff() < 0).all()


def test_the_hierarchy_costs_by_how_much_children_exceed_their_parents():
    criterion = make_loss(FocalLoss(hierarchy=4.0), [1, 2, 3], 10, edges=[[0, 1], [1, 2]])
    plain = make_loss("focal", [1, 2, 3], 10)
    logits = torch.logit(torch.tensor([[0.9, 0.5, 0.6], [0.1, 0.2, 0.3]]))
    labels = torch.zeros(2, 3)
    excess = criterion(logits, labels) - plain(logits, labels)
    torch.testing.assert_close(excess, torch.tensor([4 * 0.4 / 2, 0.0]))


def test_logits_are_adjusted_in_training_only():
    criterion = make_loss(LogitAdjustmentLoss(tau=0.5), [10, 50], 100)
    log_odds = np.log(np.array([10.5 / 90.5, 1.0]))
    np.testing.assert_allclose(criterion.columns()["shift"], 0.5 * log_odds, rtol=1e-6)
    np.testing.assert_allclose(criterion.loss.start(log_odds), 0.5 * log_odds)


def test_augmentation_is_an_upper_bound_that_monte_carlo_comes_close_to():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3)) / 2
    covariance, weight = root @ root.T, rng.normal(size=(4, 3))
    features, labels = rng.normal(size=(5, 3)), rng.integers(0, 2, size=(5, 4))
    drawn = features + rng.normal(size=(20_000, 1, 3)) @ root.T
    sampled = np.logaddexp(0, -(2 * labels - 1) * (drawn @ weight.T)).mean(axis=(0, 2))
    variances = np.einsum("td,de,te->t", weight, covariance, weight)
    tensors = (torch.from_numpy(array) for array in (features @ weight.T, labels, variances))
    logits, labels, variances = tensors
    bound = mean_label_loss(against(logits, labels, variances), labels)
    assert (bound.numpy() > sampled).all()
    assert (bound.numpy() < sampled + variances.mean().item() / 2).all()
    small = mean_label_loss(against(logits, labels, variances / 1000), labels)
    drawn = features + (drawn - features) / 1000**0.5
    sampled = np.logaddexp(0, -(2 * labels.numpy() - 1) * (drawn @ weight.T)).mean(axis=(0, 2))
    np.testing.assert_allclose(small, sampled, rtol=5e-3)


def test_the_borrowed_covariance_is_that_of_members_about_their_rarest_term():
    rng = np.random.default_rng(0)
    covariance = np.array([[4.0, 1.0], [1.0, 0.5]])
    centres = rng.normal(size=(4, 2)) * 20
    criterion = make_loss(ISDALoss(min_members=5, max_members=300), [300, 300, 300, 1200], 1200)
    for _ in range(60):
        terms = rng.integers(0, 3, size=64)  # the fourth is on all rows, and too frequent
        labels = np.eye(4, dtype=np.uint8)[terms]
        labels[:, 3] = 1
        noise = rng.multivariate_normal([0, 0], covariance, size=64)
        features = torch.from_numpy(centres[terms] + noise).float()
        criterion.learn(features, torch.from_numpy(labels))
    np.testing.assert_allclose(criterion.means[:3], centres[:3], atol=0.5)
    np.testing.assert_allclose(criterion.covariance, covariance, atol=0.4)
    share = criterion.n_seen / (criterion.n_seen + 1200)
    expected = share * torch.tensor([4.0, 0.5])
    torch.testing.assert_close(criterion.variances(torch.eye(2)), expected, atol=0.4, rtol=0)


def test_what_augmentation_learned_goes_with_its_state(cells):
    first, second = (built(ISDALoss(min_members=1)) for _ in range(2))
    losses_of(first, *cells)
    losses_of(first, *cells)
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(losses_of(first, *cells), losses_of(second, *cells))
    second.load_state_dict(built(ISDALoss(min_members=1)).state_dict())
    assert second.means.numel() == 0


def test_augmentation_leaves_evaluation_alone(cells):
    criterion = built(ISDALoss(strength=5.0, min_members=1))
    losses_of(criterion, *cells)
    assert (losses_of(criterion, *cells) > mean_label_loss(*cells)).any()
    torch.testing.assert_close(losses_of(criterion.eval(), *cells), mean_label_loss(*cells))


@pytest.mark.parametrize(
    ("loss", "counts", "edges", "error", "message"),
    [
        ("focus", [1], None, ValueError, "must be one of bce, focal"),
        (FocalLoss, [1], None, TypeError, "the class FocalLoss"),
        (torch.nn.BCELoss(), [1], None, TypeError, "BCELoss instead"),
        (FocalLoss(gamma=-1), [1], None, ValueError, "'gamma' parameter of FocalLoss"),
        (FocalLoss(hierarchy=1), [1], None, ValueError, "say which columns"),
        ("bce", [1, 101], None, ValueError, r"n_positive\[1\] is 101 of 100 rows"),
        ("bce", [1, -1], None, ValueError, r"n_positive\[1\] is -1"),
        ("bce", [1, np.nan], None, ValueError, r"n_positive\[1\] is nan"),
        ("bce", [[1]], None, ValueError, "one count of training rows a term"),
        ("bce", [1, 2], [[0, 2]], ValueError, "names column 2"),
        ("bce", [1, 2], [[-1, 0]], ValueError, "names column -1"),
        ("bce", [1, 2], [[0.0, 1.0]], ValueError, "give integers"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(loss, counts, edges, error, message):
    with pytest.raises(error, match=message):
        make_loss(loss, counts, 100, edges=edges)


def test_augmentation_says_that_it_wants_features(cells):
    with pytest.raises(ValueError, match="features= and weight="):
        built("isda")(*cells)


def test_every_name_stands_for_a_loss_of_defaults_with_a_hierarchy():
    for name, cls in LOSSES.items():
        assert issubclass(cls, BaseTermLoss), name
        assert "hierarchy" in cls().get_params(), name
