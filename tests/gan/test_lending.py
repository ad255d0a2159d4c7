"""A term of few members borrows from its parent what all terms say that it may."""

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from gans import TINY, Silence
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from protimb.exceptions import ArtifactError, InvalidLabelsError
from protimb.gan import ConditionalGAN
from protimb.gan._lending import find_parents, lend_means
from protimb.gan._starts import Relative, find_centres
from protimb.gan._training_starts import MovedStarts
from protimb.ontology import GeneOntology
from protimb.over_sampling import CGANSampler
from protimb.preprocessing import WithinTermWhitening
from protimb.training import Checkpoint

LONE, OTHER = 20, 21  # terms of a single member
MEMBER = 160  # the row of the first
# Members of a term lie one from their mean, on either side; means 2 from that of all; eight
# members know their mean up to 1/8. So means differ by 4 - 1/8, and one member says so much.
KEPT = 3.875 / (3.875 + 1)


@pytest.fixture
def line():
    """20 terms of eight members around 2 and -2, and terms with one at 10 and at -10."""
    means = np.append(np.repeat(np.tile([2.0, -2.0], 10), 8), [10, -10])
    X = means + np.append(np.tile([1.0, -1.0], 80), [0, 0])
    y = np.repeat(np.eye(22, dtype=np.uint8), [8] * 20 + [1, 1], axis=0)
    return X[:, None], y


def lent_means(X, y, parents=None):
    """What terms are lent, and the means of their members: (n_terms + 1, n_features) both."""
    X, y = np.asarray(X, np.float32), sparse.csr_array(y)
    counts = np.asarray(y.sum(axis=0)).ravel().astype(int)
    centres = find_centres((X, y), (X, y))
    parents = np.full(len(counts), -1) if parents is None else parents
    return lend_means(centres, counts, parents, X, y), centres


def test_a_mean_is_drawn_towards_its_parents_as_worked_out_by_hand(line):
    lent, _ = lent_means(*line)
    assert_allclose(lent[[LONE, OTHER], 0], [10 * KEPT, -10 * KEPT], rtol=1e-5)
    # Eight members: 3.875 / (3.875 + 1/8) is .96875.
    assert_allclose(np.abs(lent[:20]), 2 * 0.96875, rtol=1e-5)
    assert_allclose(lent[-1], 0, atol=1e-6)


def test_the_parent_is_where_a_mean_is_drawn_to(line):
    parents = np.full(22, -1)
    parents[LONE] = 1  # whose mean is -2
    lent, _ = lent_means(*line, parents)
    assert_allclose(lent[LONE], -2 + KEPT * 12, rtol=1e-5)
    assert_allclose(lent[OTHER], -10 * KEPT, rtol=1e-5)


@pytest.mark.parametrize("unit", [0.01, 300.0])
def test_units_and_origin_do_not_matter(line, unit):
    X, y = line
    lent, _ = lent_means(unit * (X + 5), y)
    assert_allclose(lent / unit - 5, lent_means(X, y)[0], rtol=1e-3, atol=1e-4)


def test_directions_in_which_terms_do_not_differ_come_from_the_parent():
    # Terms differ in the first feature alone; members as much in one as in the other.
    steps = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]] * 2, float)
    terms = [steps + np.array([2 * (-1) ** term, 0]) for term in range(20)]
    X = np.concatenate([*terms, [[10, 10]], [[-10, -10]]])
    y = np.repeat(np.eye(22, dtype=np.uint8), [8] * 20 + [1, 1], axis=0)
    lent, _ = lent_means(X, y)
    # Half of a step's square falls to each feature.
    between = 4 - 0.5 / 8
    assert_allclose(lent[LONE], [between / (between + 0.5) * 10, 0], atol=1e-3)


def test_the_posterior_is_that_of_the_formula_without_whitening():
    """B (B + W / n)^-1, in any units: features that go together, counts that differ."""
    rng = np.random.RandomState(0)
    counts = rng.choice([3, 6, 12, 24], size=60)
    mixing = np.array([[1, 0.5, 0], [0, 1, -0.7], [0, 0, 0.4]])
    means = 2 * rng.normal(size=(60, 3)) @ mixing.T
    X = np.repeat(means, counts, axis=0) + rng.normal(size=(counts.sum(), 3)) @ mixing
    y = np.repeat(np.eye(60, dtype=np.uint8), counts, axis=0)
    lent, centres = lent_means(X, y)
    within = WithinTermWhitening(normalize=False).fit(X, y).covariance_
    apart = (centres[:-1] - centres[-1]).astype(float)
    between = apart.T @ apart / 60 - within * (1 / counts).mean()
    assert np.linalg.eigvalsh(between).min() > 0  # else directions would be cut off
    for term in (0, 7, 31):
        gain = between @ np.linalg.inv(between + within / counts[term])
        assert_allclose(lent[term], centres[-1] + gain @ apart[term], atol=1e-4)


def test_a_term_of_many_members_keeps_its_mean(line):
    X, y = line
    X = np.concatenate([X, np.full((201, 1), 3.0) + np.tile([1.0, -1.0], 101)[:201, None]])
    many = np.zeros((201, 23), np.uint8)
    many[:, 22] = 1
    lent, centres = lent_means(X, np.concatenate([np.pad(y, [(0, 0), (0, 1)]), many]))
    assert lent[22] == centres[22]
    assert lent[LONE] != centres[LONE]


def test_too_few_terms_say_nothing_of_how_terms_differ(line):
    X, y = line
    lent, centres = lent_means(X[8 * 11 :], y[8 * 11 :, 11:])  # nine terms of eight members
    assert_array_equal(lent, centres)


# Root 0; 1 and 2 under it; 3 under both; 4 under 3, with the same members; 5 under the root.
DAG = [[0], [0, 1], [0, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 5]]


@pytest.fixture
def closed():
    """Rows of the terms of ``DAG``: 40, 14, 12, 5, 5 and 2 members, the last two also of 2."""
    y = np.zeros((40, 6), np.uint8)
    y[:, 0] = y[:14, 1] = y[:5, 2] = y[20:27, 2] = y[:5, 3] = y[:5, 4] = y[20:22, 5] = 1
    return sparse.csr_array(y)


def closure(dag):
    above = np.zeros((len(dag), len(dag)), np.uint8)
    for term, ancestors in enumerate(dag):
        above[term, ancestors] = 1
    return above


def test_a_parent_is_the_smallest_ancestor_that_knows_more(closed):
    # 3 and 4 have the same members, so 4 learns nothing from 3; 2 is smaller than 1.
    assert find_parents(closed, closure(DAG)).tolist() == [-1, 0, 0, 2, 2, 0]
    assert find_parents(closed, sparse.csr_array(closure(DAG))).tolist() == [-1, 0, 0, 2, 2, 0]


def test_without_an_ontology_what_all_members_carry_is_above(closed):
    # Both members of 5 happen to carry 2.
    assert find_parents(closed).tolist() == [-1, 0, 0, 2, 2, 2]


def test_terms_without_members_or_with_many_have_no_parent():
    y = np.zeros((300, 4), np.uint8)
    y[:, 0] = y[:201, 1] = y[:200, 2] = 1
    assert find_parents(sparse.csr_array(y)).tolist() == [-1, -1, 0, -1]


def test_four_members_more_are_too_few_to_lean_on():
    y = np.zeros((9, 3), np.uint8)
    y[:8, 0] = y[:4, 1] = y[:3, 2] = 1
    assert find_parents(sparse.csr_array(y)).tolist() == [-1, -1, 0]


def drawn(gan, line, n=2000):
    """Rows made of the only member of a term."""
    X, y = line
    return gan.vary(X[[MEMBER] * n], y[[MEMBER] * n], np.full(n, LONE), random_state=0)


@pytest.fixture
def silent(tiny):
    def fit(X, y, ancestors=None, **params):
        gan = tiny(validation_fraction=0, callbacks=[Silence()], **params)
        return gan.fit(X, y, ancestors=ancestors)

    return fit


@pytest.mark.parametrize(("borrowing", "mean"), [(0.0, 10), (1.0, 10 * KEPT), (0.5, None)])
def test_rows_lie_around_the_member_or_around_what_is_lent(silent, line, borrowing, mean):
    new = drawn(silent(*line, borrowing=borrowing), line)
    share = (new < 10 * (1 + KEPT) / 2).mean()  # nearer to what is lent
    assert share == pytest.approx(borrowing, abs=0.05)
    if mean is not None:
        assert_allclose(new.mean(), mean, atol=0.06)


def test_ancestors_tell_whose_mean_is_lent(silent, line):
    X, y = line
    under = np.eye(22)
    under[LONE, 1] = 1  # a term around -2, although the member does not carry it
    gan = silent(X, y, ancestors=under, borrowing=1.0)
    assert_allclose(drawn(gan, line).mean(), -2 + KEPT * 12, atol=0.06)


def test_training_starts_from_what_is_drawn_later():
    rng = np.random.RandomState(0)
    X, centres, lent = (rng.normal(size=(3, 2)).astype(np.float32) for _ in range(3))
    terms = np.array([1, -1, 0])
    for borrowing, means in [(0.0, centres), (1.0, lent)]:
        still = Relative(None, None, np.zeros((1, 2), np.float32), centres, lent, 0.8, borrowing)
        expected = means[terms] + 0.8 * (X - centres[terms])
        training = MovedStarts(torch.from_numpy(X), still, terms, "cpu")
        starts = training(torch.arange(3), torch.Generator()).numpy()
        assert_allclose(starts, expected, atol=1e-6)
        later = still.of_rows(X, terms, _AsIs(), rng)
        assert_allclose(later, expected, atol=1e-6)


class _AsIs:
    def transform(self, X):
        return X


def test_a_saved_model_lends_what_it_lent(tiny, line):
    gan = tiny(borrowing=1.0, validation_fraction=0).fit(*line)
    again = ConditionalGAN.from_state(*gan.state(), device=DEVICE)
    assert again.starts_.borrowing == 1
    assert_array_equal(again.starts_.lent, gan.starts_.lent)
    assert_array_equal(drawn(again, line, 5), drawn(gan, line, 5))


@pytest.mark.parametrize("shape", [(21, 22), (3, 3), (22, 1)])
def test_ancestors_of_another_shape_are_refused(tiny, line, shape):
    with pytest.raises(InvalidLabelsError, match=r"ancestors is of shape .*there are 22 terms"):
        tiny().fit(*line, ancestors=np.ones(shape))


def test_a_run_is_not_resumed_with_another_ontology(tiny, line, tmp_path):
    X, y = line
    under = np.eye(22)
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(X, y, ancestors=under)
    other = under.copy()
    other[LONE, 1] = 1
    for given in (other, None):
        with pytest.raises(ArtifactError, match="differ: ontology"):
            tiny(max_updates=3).fit(X, y, ancestors=given, resume_from=tmp_path)
    tiny(max_updates=3).fit(X, y, ancestors=sparse.csr_array(under), resume_from=tmp_path)


@pytest.mark.parametrize("borrowing", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "X",
    [
        np.random.RandomState(0).normal(size=(2, 60)),
        np.random.RandomState(0).normal(size=(30, 3)),
        np.random.RandomState(0).normal(size=(30, 1)),
        np.ones((30, 4)),
        np.ones((200, 2)) * np.arange(200)[:, None] // 20,  # members of a term are all alike
    ],
    ids=["two rows", "thirty rows", "one feature", "constant", "members alike"],
)
def test_little_to_learn_from_is_enough(tiny, X, borrowing):
    n_terms = min(12, len(X))
    y = np.eye(n_terms, dtype=np.uint8)[np.arange(len(X)) * n_terms // len(X)]
    gan = tiny(borrowing=borrowing).fit(X, y)
    assert np.isfinite(gan.starts_.lent).all()
    new = gan.vary(X, y, y.argmax(axis=1), random_state=0)
    assert new.shape == X.shape
    assert np.isfinite(new).all()


@pytest.mark.parametrize("borrowing", [-0.1, 1.1, None])
def test_a_share_beyond_all_rows_is_refused(tiny, line, borrowing):
    with pytest.raises(ValueError, match="The 'borrowing' parameter"):
        tiny(borrowing=borrowing).fit(*line)


@pytest.fixture
def ontology():
    """GO:5 is under GO:0, like GO:2, which its members carry, too."""
    names = [f"GO:{term}" for term in range(6)]
    return GeneOntology(
        names=dict(zip(names, names, strict=True)),
        namespaces=dict.fromkeys(names, "molecular_function"),
        parents={names[max(above)]: [names[a] for a in above[:-1]] for above in DAG[1:]},
    )


def test_a_sampler_hands_on_what_its_ontology_says(closed, ontology, monkeypatch):
    given = []
    fit = ConditionalGAN.fit

    def spy(self, X, y, **known):
        given.append(known["ancestors"])
        return fit(self, X, y, **known)

    monkeypatch.setattr(ConditionalGAN, "fit", spy)
    y = pd.DataFrame(closed.toarray(), columns=list(ontology.names))
    X = np.random.RandomState(0).normal(size=(40, 3))
    quick = CGANSampler(**TINY, sampling_strategy={"GO:5": 4}, quality_filter=None, guard=None)
    for asked in (ontology, None):
        clone(quick).set_params(ontology=asked).fit(X, y)
    assert_array_equal(given[0].toarray(), closure(DAG))
    assert given[1] is None


def test_an_ontology_needs_the_names_of_the_terms(closed, ontology):
    X = np.random.RandomState(0).normal(size=(40, 3))
    with pytest.raises(InvalidLabelsError, match="ontology= needs the names of the terms"):
        CGANSampler(**TINY, ontology=ontology).fit(X, closed.toarray())


def test_a_saved_sampler_lends_what_its_ontology_said(closed, ontology, tmp_path):
    y = pd.DataFrame(closed.toarray(), columns=list(ontology.names))
    X = np.random.RandomState(0).normal(size=(40, 3))
    sampler = CGANSampler(**TINY, ontology=ontology, borrowing=1.0, guard=None)
    sampler.fit(X, y).save(tmp_path / "sampler")
    again = CGANSampler.load(tmp_path / "sampler", device=DEVICE)
    assert again.borrowing == 1
    assert again.ontology is None
    rows = y.iloc[[0, 20]]
    assert_array_equal(again.sample(rows, random_state=0), sampler.sample(rows, random_state=0))
