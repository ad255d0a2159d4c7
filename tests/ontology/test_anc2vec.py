"""anc2vec's network: its published size and first loss, its losses by hand, and what it learns."""

import numpy as np
import pytest
import torch

from protimb.exceptions import OntologyError, TrainingDiverged
from protimb.ontology import Anc2VecVectorizer, GeneOntology, align_term_vectors
from protimb.ontology import _anc2vec_training as training
from protimb.ontology._anc2vec import describe_task


def tree(n_terms, n_roots=3, n_children=3):
    """An ontology of as many trees as namespaces; in each, a term has a few children."""
    names = [f"GO:{number:07}" for number in range(n_terms)]
    parents = {names[k]: [names[(k - n_roots) // n_children]] for k in range(n_roots, n_terms)}
    spaces = {name: f"space {k}" for k, name in enumerate(names[:n_roots])}
    for child, (parent,) in parents.items():
        spaces[child] = spaces[parent]
    return GeneOntology(names=dict.fromkeys(names, ""), namespaces=spaces, parents=parents)


@pytest.fixture(scope="module")
def slim():
    return tree(58)


def network(ontology, n_components=8):
    task = training.Task(*describe_task(ontology))
    rng = torch.Generator().manual_seed(0)
    n_spaces = len(set(ontology.namespaces.values()))
    return task, training.make_tables(len(ontology), n_components, n_spaces, rng)


def test_a_slim_of_58_terms_has_as_many_weights_as_the_original(slim):
    _, tables = network(slim, n_components=200)
    assert sum(table.numel() for table in tables.values()) == 35_519


def test_a_network_that_knows_nothing_finds_all_terms_alike(slim):
    task, tables = network(slim)
    blank = {name: torch.zeros_like(table) for name, table in tables.items()}
    losses = training.batch_losses(blank, task, task.inputs)
    np.testing.assert_allclose(losses, np.log([58, 3, 58]), rtol=1e-5)


def test_the_first_epoch_of_a_slim_costs_what_it_costs_the_original(slim):
    vectorizer = Anc2VecVectorizer(max_epochs=1, batch_size=64, lr=0.001, random_state=0)
    losses = vectorizer.fit(slim).losses_[0]
    np.testing.assert_allclose(losses, [4.0655, 1.1016, 4.0525], atol=0.05)


def by_hand(tables, ontology, terms):
    """The three losses of a batch, term by term in plain NumPy."""
    tables = {name: table.detach().numpy().astype(float) for name, table in tables.items()}
    spaces = sorted(set(ontology.namespaces.values()))
    rank = {term: k for k, term in enumerate(ontology.terms)}

    def log_p(head, term):
        scores = tables[head] @ tables["vectors"][rank[term]] + tables[f"{head}_bias"][:, 0]
        return scores - np.log(np.exp(scores).sum())

    above = [
        log_p("ancestors", term)[rank[up]]
        for term in terms
        for up in ontology.ancestors(term) | {term}
    ]
    space = [log_p("spaces", term)[spaces.index(ontology.namespaces[term])] for term in terms]
    own = [log_p("own", term)[rank[term]] for term in terms]
    return [-np.mean(above), -np.mean(space), -np.mean(own)]


@pytest.mark.parametrize("is_sampled", [False, True])
def test_losses_are_those_worked_out_term_by_term(slim, is_sampled):
    task, tables = network(slim)
    tables = {name: 5 * table.detach() + 0.1 for name, table in tables.items()}
    batch = task.inputs[::4]
    everything = torch.randperm(58, generator=torch.Generator().manual_seed(1))
    losses = training.batch_losses(tables, task, batch, everything if is_sampled else None)
    terms = [slim.terms[k] for k in batch]
    np.testing.assert_allclose(losses, by_hand(tables, slim, terms), rtol=1e-5)


def test_a_sample_estimates_the_sum_over_all_terms_without_bias(slim):
    task, tables = network(slim)
    vectors = 3 * tables["vectors"].detach()[task.inputs]
    weight, bias = 3 * tables["own"].detach(), tables["own_bias"].detach()
    targets = training.Pairs(torch.arange(len(vectors)), torch.from_numpy(task.inputs))
    rng = torch.Generator().manual_seed(0)
    sums = [
        training._log_sum_of_others(vectors, weight, bias, targets, negatives).exp()
        for negatives in (torch.randperm(58, generator=rng)[:20] for _ in range(3000))
    ]
    scores = (vectors @ weight.T).index_put((targets.rows, targets.terms), torch.tensor(-torch.inf))
    np.testing.assert_allclose(torch.stack(sums).mean(0), scores.exp().sum(1), rtol=0.03)


def test_training_on_a_sample_reaches_the_loss_of_training_on_all(slim):
    losses = {}
    for n_negatives in (None, 20):
        vectorizer = Anc2VecVectorizer(
            32, max_epochs=30, batch_size=11, n_negatives=n_negatives, lr=0.03, random_state=0
        )
        losses[n_negatives] = vectorizer.fit(slim).losses_[-1].sum()
    # A term of this tree has 2 to 4 ancestors: -log p of each is at best about 1.2.
    assert 1.1 < losses[None] < 1.5
    assert losses[20] == pytest.approx(losses[None], abs=0.3)


def test_relatives_lie_closer_than_strangers(slim):
    vectors = Anc2VecVectorizer(32, max_epochs=100, random_state=0).fit_transform(slim)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    parents = np.array([slim.parents[term] for term in slim.terms if slim.parents[term]])[:, 0]
    leaves = np.array([k for k, term in enumerate(slim.terms) if slim.parents[term]])
    siblings = (parents[:, None] == parents) & ~np.eye(len(parents), dtype=bool)
    among = cosine[np.ix_(leaves, leaves)]
    assert among[siblings].mean() > among[~siblings & ~np.eye(len(among), dtype=bool)].mean() + 0.2


def test_one_seed_gives_the_same_vectors_and_leaves_the_global_state_alone(slim):
    before = torch.get_rng_state()
    made = [
        Anc2VecVectorizer(4, max_epochs=3, batch_size=16, n_negatives=9, random_state=seed)
        .fit(slim)
        .transform(slim.terms)
        for seed in (0, 0, 1)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_the_vectors_are_those_of_the_best_epoch(slim):
    # Steps this long make the loss go up again, so that the last epoch is not the best.
    wild = {"lr": 3.0, "batch_size": 8, "random_state": 0}
    long = Anc2VecVectorizer(4, max_epochs=8, **wild).fit(slim)
    best = int(long.losses_.sum(1).argmin())
    assert best < 7
    short = Anc2VecVectorizer(4, max_epochs=best + 1, **wild).fit(slim)
    np.testing.assert_array_equal(long.transform(slim.terms), short.transform(slim.terms))


def test_the_mapping_is_what_samplers_take(slim):
    vectorizer = Anc2VecVectorizer(4, max_epochs=1, random_state=0).fit(slim)
    terms = list(slim.terms[:3])
    aligned = align_term_vectors(vectorizer.vectors(terms), terms)
    np.testing.assert_array_equal(aligned, vectorizer.transform(terms))
    assert aligned.dtype == np.float32


def test_an_ontology_without_an_edge_teaches_nothing():
    with pytest.raises(OntologyError, match="None of the 3 terms has a parent"):
        Anc2VecVectorizer().fit(tree(3))


@pytest.mark.parametrize(("name", "value"), [("lr", 0), ("n_negatives", 0), ("max_epochs", 0)])
def test_parameters_that_train_nothing_are_named(slim, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of Anc2VecVectorizer must be"):
        Anc2VecVectorizer(**{name: value}).fit(slim)


def test_steps_that_lead_nowhere_are_said_and_no_vectors_are_given(slim):
    with pytest.raises(TrainingDiverged, match=r"The loss of epoch \d is nan. Lower lr=1e\+30"):
        Anc2VecVectorizer(4, lr=1e30, max_epochs=5, random_state=0).fit(slim)
