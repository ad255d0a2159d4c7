"""Heads on sequences: fitted on the residues of the arm's rows, alone or averaged with others."""

from unittest.mock import patch

import cloudpickle
import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge

from protimb.comparison import ARMS, CLASSIFIERS, Arm, Comparison, Head, compare
from protimb.comparison._heads import resolve_heads, set_head_params
from protimb.comparison._run import _trainings
from protimb.datasets import ProteinData, make_longtail_multilabel
from protimb.exceptions import ArtifactError, FastaError, LeakError, SequenceError
from protimb.metrics import evaluate

QUICK = {"max_steps": 2, "n_resamples": 5, "maps": ()}
QUICK["classifier_params"] = {"hidden_layer_sizes": (4,)}
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
FITTED = []


class Composition(BaseEstimator):
    """Ridge regression on the share of each residue; remembers what it was fitted on."""

    def __init__(self, alpha=0.001, max_epochs=3, batch_size=50, max_steps=None):
        self.alpha = alpha
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.max_steps = max_steps

    def fit(self, sequences, y):
        FITTED.append((self.get_params(), list(sequences), np.asarray(y)))
        self.ridge_ = Ridge(self.alpha).fit(_shares(sequences), y)
        return self

    def predict_proba(self, sequences):
        return expit(9 * (self.ridge_.predict(_shares(sequences)) - 0.5))


def _shares(sequences):
    return np.array([[one.count(letter) / len(one) for letter in RESIDUES] for one in sequences])


LETTERS = Head("composition", Composition, takes="sequences", learns_all_labels=True)
HEADS = {"letters": LETTERS, "mlp": "mlp"}
HEADS["both"] = Head("their mean", parts=(LETTERS, CLASSIFIERS["mlp"]))


@pytest.fixture(scope="module")
def toy():
    """Proteins whose terms are written into their sequences, a residue a term, and nowhere else."""
    toy = make_longtail_multilabel(n_samples=240, random_state=0)
    rng = np.random.RandomState(0)
    letters = np.array(list(RESIDUES))
    sequences = {
        one: "".join([*rng.choice(letters, 10), *np.repeat(letters[:12][row == 1], 3)])
        for one, row in zip(toy.protein_ids.tolist(), toy.y, strict=True)
    }
    X = rng.normal(size=(240, 4)).astype(np.float32)
    return ProteinData(**toy | {"sequences": sequences, "X": X})


@pytest.fixture(autouse=True)
def nothing_fitted():
    FITTED.clear()


def test_a_head_on_sequences_reads_what_vectors_do_not_tell(toy):
    result = compare(toy, arms=[], classifiers=HEADS, **QUICK)
    precision = result.table.set_index(["classifier", "metric"])["estimate"]
    assert precision["letters", "AP all"] > 0.6
    assert precision["mlp", "AP all"] < 0.4


def test_it_is_fitted_on_training_rows_and_the_copies_that_an_arm_made(toy):
    result = compare(toy, arms=["ros", "mlrus"], classifiers={"letters": LETTERS}, **QUICK)
    (_, plain, y), (_, copied, y_copied), (_, fewer, _) = FITTED
    assert len(copied) == len(plain) + result.record["n_synthetic"]["ros"] > len(plain)
    assert len(fewer) < len(plain)
    labels = dict(zip(plain, y.tolist(), strict=True))
    assert copied[: len(plain)] == plain
    assert [labels[one] for one in copied] == y_copied.tolist()
    assert set(fewer) < set(plain)
    held_out = {toy.sequences[one] for one in result.test_ids[0]}
    assert not held_out & set(plain)


def test_arms_that_make_vectors_go_without_it_and_the_record_says_so(toy):
    result = compare(toy, arms=["smote", "class_weight"], classifiers=HEADS, **QUICK)
    lost = ["letters", "both"]
    assert result.record["left_out"] == {"smote": lost, "class_weight": lost}
    assert [key for key in result.evaluations if key[0] == "smote"] == [("smote", "mlp")]


def test_arms_that_move_rows_are_those_that_hand_sequences_over():
    kept = [name for name, arm in ARMS.items() if arm.make_sampler and arm.keeps_proteins]
    assert kept == ["ros", "mlros", "lpros", "remedial", "mlrus", "lprus", "mlenn", "mltl"]


def test_a_mean_of_heads_takes_their_trainings_and_none_of_its_own(toy):
    # Whatever comes between them: a training is kept for as long as a head needs it.
    heads = {"both": HEADS["both"], "knn": "knn", **HEADS}
    with patch("protimb.comparison._run.evaluate", wraps=evaluate) as spy:
        result = compare(toy, arms=[], classifiers=heads, **QUICK)
    stages = [one["stage"] for one in result.record["seconds"]]
    assert (len(FITTED), stages.count("train")) == (1, 3)
    both, _, letters, mlp = (call.args[1] for call in spy.call_args_list)
    np.testing.assert_allclose(both, (letters + mlp) / 2)


def test_a_mean_may_be_mixed_and_have_means_for_parts(toy):
    half = Head("half", parts=(HEADS["both"], LETTERS), mix=lambda own, neighbours: own / 2)
    heads = {**HEADS, "half": half}
    with patch("protimb.comparison._run.evaluate", wraps=evaluate) as spy:
        compare(toy, arms=["threshold"], classifiers=heads, **QUICK)
    letters, _, both, half = (call.args[1] for call in spy.call_args_list[-4:])
    np.testing.assert_allclose(half, (both + letters) / 4)


class Stand(Composition):
    """Stands in for a network of sequences or vectors, with the parameters of all."""

    def __init__(
        self, ontology=None, terms=None, max_epochs=2, batch_size=50, max_steps=None, dropout=0.5
    ):
        super().__init__(max_epochs=max_epochs, batch_size=batch_size, max_steps=max_steps)
        self.ontology = ontology
        self.terms = terms
        self.dropout = dropout


class Vectors(Stand):
    def fit(self, X, y):
        return super().fit(["".join(RESIDUES) for _ in X], y)

    def predict_proba(self, X):
        return super().predict_proba(["".join(RESIDUES) for _ in X])


def test_named_heads_get_what_they_take_and_share_what_they_can(toy, monkeypatch):
    made = {"TALEClassifier": Stand, "AlignmentTermClassifier": Composition}
    for name, stand in (made | {"LabelAttentionClassifier": Vectors}).items():
        monkeypatch.setattr(f"protimb.classification.{name}", stand, raising=False)
    heads = [name for name, head in CLASSIFIERS.items() if head.needs_sequences or head.equal_steps]
    assert heads[:3] == ["label_attention", "tale", "alignment"]
    assert heads[3:] == ["mlp+alignment", "tale+mlp", "tale+alignment"]
    arms = {"none": "none", "calm": Arm("no dropout", classifier_params={"dropout": 0})}
    result = compare(toy, arms=arms, classifiers=heads, **QUICK)
    # With none: attention, TALE and alignment, each once; dropout is nothing to alignment.
    dropouts = [params.get("dropout") for params, _, _ in FITTED]
    assert dropouts == [0.5, 0.5, None, 0, 0]
    assert [params.get("terms") is not None for params, _, _ in FITTED[:3]] == [True, True, False]
    assert result.record["left_out"] == {"calm": ["alignment", "mlp+alignment", "tale+alignment"]}
    assert [one["stage"] for one in result.record["seconds"]].count("train") == 7


def test_the_classifiers_themselves_take_equal_steps_in_every_arm(toy):
    tiny = {"n_hidden": 8, "max_epochs": 1}
    tale = tiny | {"n_layers": 1, "max_length": 40, "batch_size": 32}
    params = {"tale": tale, "label_attention": tiny}
    params["alignment"] = {"engine": "kmer"}
    heads = ["tale+alignment", "label_attention"]
    options = {"arms": ["ros", "loss_focal"], "classifiers": heads, "head_params": params}
    result = compare(toy, **options, **QUICK)
    assert result.record["left_out"] == {"loss_focal": ["tale+alignment"]}
    (fold,) = result.record["folds"]
    taken = {arm: params["max_steps"] for arm, params in result.record["networks"].items()}
    assert taken == {
        "none": -(-fold["n_train"] // 32),
        "ros": -(-fold["n_train"] // 32),
        "loss_focal": 1,
    }
    estimates = result.table.set_index(["arm", "classifier", "metric"])["estimate"]
    assert estimates.xs("AP all", level="metric").between(0.02, 1).all()


class ByHeart(Composition):
    """Looks the labels of a sequence up, wherever it comes from."""

    def __init__(self, known=None):
        self.known = known

    def fit(self, sequences, y):
        return self

    def predict_proba(self, sequences):
        return np.array([self.known[one] for one in sequences], dtype=float)


def test_a_part_that_knows_test_sequences_by_heart_is_refused(toy):
    known = {toy.sequences[one]: row for one, row in zip(toy.protein_ids, toy.y, strict=True)}
    knower = Head("by heart", lambda: ByHeart(known), takes="sequences")
    heads = {"mine": Head("mean", parts=(LETTERS, knower))}
    with pytest.raises(LeakError, match="'none' with mine leaks"):
        compare(toy, arms=[], classifiers=heads, check_leaks=True, **QUICK)


@pytest.mark.parametrize("field", [{}, {"sequences": {}}, {"sequences": {"TOY00001": "MKV"}}])
def test_proteins_without_a_sequence_are_named_before_the_work(toy, field):
    bare = {name: value for name, value in toy.items() if name != "sequences"} | field
    n_missing = 240 - len(field.get("sequences", {}))
    message = rf"{n_missing} of 240 proteins have no sequence: TOY00000.*letters.*train_sequences"
    with pytest.raises(SequenceError, match=message):
        compare(ProteinData(**bare), arms=[], classifiers=HEADS, **QUICK)
    assert not FITTED
    compare(ProteinData(**bare), arms=[], classifiers=["mlp"], **QUICK)


def test_sequences_are_read_from_the_folder(toy, tmp_path):
    # In the layout of CAFA, where toy terms have no place: only the FASTA file is looked at here.
    from protimb.datasets._fasta import LazySequences

    path = tmp_path / "train_sequences.fasta"
    path.write_text("".join(f">{one}\n{text}\n" for one, text in toy.sequences.items()))
    lazy = ProteinData(**toy | {"sequences": LazySequences(path, toy.protein_ids)})
    table, expected = (
        compare(data, arms=[], classifiers={"letters": LETTERS}, **QUICK).table
        for data in (lazy, toy)
    )
    assert table.equals(expected)
    path.write_text(">TOY00000\n")
    damaged = ProteinData(**toy | {"sequences": LazySequences(path, toy.protein_ids)})
    with pytest.raises(FastaError, match="empty sequence"):
        compare(damaged, arms=[], classifiers={"letters": LETTERS}, **QUICK)


def test_cells_of_other_sequences_are_refused(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(Comparison, "save", lambda self, folder: folder)  # figures take their time
    options = {"arms": [], "out": tmp_path, **QUICK}
    first = compare(toy, classifiers={"letters": LETTERS}, **options)
    assert len(first.record["data"]["sequences"]) == 64
    compare(toy, classifiers=["mlp"], **options)  # which reads none, and may join
    other = ProteinData(**toy | {"sequences": toy.sequences | {"TOY00003": "MKV"}})
    with pytest.raises(ArtifactError, match="data sequences was"):
        compare(other, classifiers={"letters": LETTERS}, **options)
    again = compare(toy, classifiers={"letters": LETTERS}, **options)
    assert len(FITTED) == 1
    assert again.table.equals(first.table)
    with pytest.raises(ArtifactError, match="heads letters was"):
        compare(
            toy,
            classifiers={"letters": LETTERS},
            head_params={"letters": {"alpha": 1.0}},
            **options,
        )


def test_every_arm_takes_the_steps_of_the_real_rows(toy):
    steady = {"letters": Head("c", Composition, takes="sequences", equal_steps=True)}
    compare(toy, arms=["ros"], classifiers=steady, synthetic_labels="all", **QUICK)
    n_real = len(FITTED[0][1])
    assert [params["max_steps"] for params, _, _ in FITTED] == [3 * -(-n_real // 50)] * 2
    FITTED.clear()
    asked = {"letters": {"max_epochs": 2, "batch_size": 10}}
    compare(toy, arms=[], classifiers=steady, head_params=asked, **QUICK)
    asked["letters"]["max_steps"] = 7
    compare(toy, arms=[], classifiers=steady, head_params=asked, **QUICK)
    assert [params["max_steps"] for params, _, _ in FITTED] == [2 * -(-n_real // 10), 7]


def test_parameters_of_a_head_reach_its_training_whomever_it_serves():
    heads = resolve_heads({**HEADS, "logistic": "logistic", "mlp+knn": "mlp+knn"})
    asked = {"letters": {"alpha": 3}, "mlp": {"dropout": 0.1}, "logistic": {"C": 0.5}}
    heads, network = set_head_params(heads, asked)
    assert network == {"dropout": 0.1}
    assert heads["letters"].build().alpha == heads["both"].parts[0].build().alpha == 3
    assert heads["logistic"].build().estimator.C == 0.5
    assert len(_trainings(heads.values())) == 3
    # In a process of its own, too, one training serves all.
    assert len(_trainings(cloudpickle.loads(cloudpickle.dumps(heads)).values())) == 3
    assert LETTERS.build().alpha == 0.001
    assert isinstance(CLASSIFIERS["logistic"].make(), LogisticRegression)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"gbm": {"max_iter": 3}}, r"names 'gbm', and no .* Trained are mlp, mlp\+knn, .*letters"),
        ({"both": {"alpha": 3}}, "takes the parameters of its parts"),
        ({"letters": {"beta": 3}}, "head_params of 'letters': Invalid parameter 'beta'"),
        ({"mlp": {"dropout": 2}}, "head_params of 'mlp': .*dropout"),
        ({"label_attention": {"terms": ["GO:1"]}}, "terms is read from the data"),
        ({"mlp": None}, "names heads and their parameters, .*; got None"),
        (["mlp"], r"names heads and their parameters, .*; got \['mlp'\]"),
        ({"mlp": {}, "mlp+knn": {}}, r"names mlp, mlp\+knn, which share one training"),
    ],
)
def test_parameters_of_nobody_are_refused_before_the_data_are_read(asked, message):
    with pytest.raises(ValueError, match=message):
        compare(
            "missing", classifiers=HEADS | {"label_attention": "label_attention"}, head_params=asked
        )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"takes": "images"}, "takes may be vectors or sequences; got 'images'"),
        ({"takes": "sequences"}, "The network of a comparison takes vectors"),
        ({"parts": (LETTERS,), "make": Composition}, "no classifier of its own"),
    ],
)
def test_what_cannot_be_a_head_says_why(fields, message):
    with pytest.raises(ValueError, match=message):
        Head("odd", **fields)


def test_a_head_may_bear_a_parameter_but_not_every_value_of_it():
    picky = Head("picky", Composition, takes="sequences", cannot=("alpha=2", "batch_size"))
    assert picky.can({"alpha": 1})
    assert not picky.can({"alpha": 2})
    assert not picky.can(["batch_size"])
    assert not Head("mean", parts=(picky, LETTERS)).can({"alpha": 2})


def test_a_mean_is_not_built():
    with pytest.raises(ValueError, match="build these"):
        HEADS["both"].build()
