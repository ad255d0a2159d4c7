"""What is known elsewhere stands beside the vectors, learned from training proteins alone."""

import json
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler, normalize

from protimb.comparison import Comparison, compare
from protimb.comparison._beside import Beside, Known
from protimb.comparison._folds import make_fold
from protimb.comparison._known import about_known, caveat_of_known, check_namespaces
from protimb.comparison._report_files import write_json
from protimb.datasets import ProteinData
from protimb.exceptions import AnnotationError, ArtifactError, InvalidLabelsError
from protimb.model_selection import split_by_cluster
from protimb.ontology import GeneOntology
from protimb.preprocessing import AnnotationVectorizer

QUICK = {"max_steps": 2, "n_resamples": 5, "maps": (), "classifiers": ["mlp"]}
QUICK["classifier_params"] = {"hidden_layer_sizes": (4,)}
DAY = "2022-01-01"


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    """Keep cells, and leave out the report, whose figures take their time."""
    monkeypatch.setattr(Comparison, "save", lambda self, folder: folder)


@pytest.fixture(scope="module")
def process(toy):
    """Six processes of some of the toy's proteins, in another order; a fifth have none."""
    rng = np.random.default_rng(0)
    terms = [f"BP:{number}" for number in range(6)]
    root = {"BP:root": "process"}
    ontology = GeneOntology(
        names=root | {term: f"process {term}" for term in terms},
        namespaces=dict.fromkeys([*root, *terms], "biological_process"),
        parents=dict.fromkeys(terms, ("BP:root",)),
    )
    rows = rng.permutation(len(toy.X))[: len(toy.X) * 4 // 5]
    y = (rng.random((len(rows), 6)) < 0.3).astype(np.uint8)
    y[:, 5] = 0
    y[:3, 5] = 1  # fewer proteins than the vectorizer learns from
    fields = {"y": y, "terms": np.array(terms), "term_names": np.array(terms)}
    return ProteinData(**toy.take(rows) | fields | {"ontology": ontology})


class Spy:
    """Remembers the rows that a sampler is shown."""

    seen = ()

    def fit_resample(self, X, y):
        Spy.seen = X.copy()
        return X, y

    def get_params(self, deep=True):
        return {}

    def set_params(self):
        return self


def by_hand(toy, labels, train, rows, seed):
    """Either part at length 1: vectors standardized, annotations as numbers, of training rows."""
    scaler = StandardScaler().fit(toy.X[train])
    vectorizer = AnnotationVectorizer(random_state=seed).fit(labels[train])
    vectors = normalize(scaler.transform(toy.X[rows]))
    return np.hstack([vectors, vectorizer.transform(labels[rows])])


def protocol(**settings):
    names = ("epochs", "date", "shots", "max_train")
    known = {"max_steps": 1, "split": "cluster"}
    return SimpleNamespace(**dict.fromkeys(names) | known | settings)


def fold_of(data, labels, seed=3, **settings):
    known = Known(labels, ["process"], None)
    return make_fold(data, seed, None, np.ones((len(data.X), 1)), protocol(**settings), known)


def test_a_fold_shows_both_parts_as_made_by_hand(toy, process):
    compare(toy, known=[process], arms={"spy": Spy()}, seeds=[3], **QUICK)
    train, test = split_by_cluster(toy.groups, random_state=3)
    labels = toy.labels_in(process)
    assert Spy.seen.dtype == np.float32
    np.testing.assert_allclose(Spy.seen, by_hand(toy, labels, train, train, 3), atol=1e-5)
    fold = fold_of(toy, labels)
    np.testing.assert_array_equal(fold.inputs("vectors", fold.train), Spy.seen)
    expected = by_hand(toy, labels, train, test, 3)
    np.testing.assert_allclose(fold.inputs("vectors", test), expected, atol=1e-5)
    lengths = np.linalg.norm(expected[:, toy.X.shape[1] :], axis=1)
    assert set(lengths.round(4)) == {0, 1}


def test_rows_in_blocks_are_those_at_once(toy, process, monkeypatch):
    fold = fold_of(toy, toy.labels_in(process))
    whole = fold.inputs("vectors", fold.test)
    monkeypatch.setattr("protimb.comparison._beside.rows_a_block", lambda X: 7)
    np.testing.assert_allclose(fold.inputs("vectors", fold.test), whole, atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"max_train": 100}, {"split": "random"}])
def test_what_is_known_of_test_proteins_and_their_vectors_teach_nothing(toy, process, settings):
    fold = fold_of(toy, toy.labels_in(process), **settings)
    labels, X = fold.beside.labels.copy().tolil(), toy.X.copy()
    others = np.setdiff1d(np.arange(len(X)), fold.train)
    labels[others] = 1 - labels[others].toarray()
    X[others] = 1e3
    other = fold_of(ProteinData(**toy | {"X": X}), labels.tocsr(), **settings)
    shown = [one.inputs("vectors", fold.train) for one in (fold, other)]
    np.testing.assert_array_equal(*shown)
    assert (fold.inputs("vectors", others) != other.inputs("vectors", others)).any()


def test_cuts_are_tuned_on_rows_that_taught_nothing(toy, process):
    labels = toy.labels_in(process)
    inner = fold_of(toy, labels).inner()
    expected = by_hand(toy, labels, inner.train, inner.test, 3)
    np.testing.assert_allclose(inner.inputs("vectors", inner.test), expected, atol=1e-5)
    result = compare(toy, known=[process], arms=["threshold", "knn"], **QUICK)
    assert result.table["metric"].str.startswith("F1@cut").any()


def test_a_map_of_vectors_is_read_in_blocks_and_says_the_same(toy, process, tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, toy.X)
    mapped = ProteinData(**toy | {"X": np.load(path, mmap_mode="r")})
    options = {"known": [process], "arms": ["ros"], **QUICK}
    assert compare(mapped, **options).table.equals(compare(toy, **options).table)


def test_what_was_known_is_said_and_how_much(toy, process, tmp_path):
    result = compare(toy, known=[process], arms=[], **QUICK)
    n_with_any = (toy.labels_in(process).sum(axis=1) > 0).sum()
    known = result.record["known"]
    assert known == {
        "namespaces": ["biological_process"],
        "as_of": None,
        "n_terms": 6,
        "n_proteins_with_any": n_with_any,
        "not_shown_to": [],
    }
    (fold,) = result.record["folds"]
    assert fold["n_known_terms"] == 5
    assert fold["n_train_with_known"] + fold["n_test_with_known"] == n_with_any
    said = f"annotations of biological process: 6 terms, and {n_with_any / 240:.0%} of the proteins"
    assert said in result.render()
    assert "upper bound" in result.caveat
    write_json(result, tmp_path / "comparison.json")
    written = json.loads((tmp_path / "comparison.json").read_text())
    assert written["parameters"]["known"] == "data of the caller"
    assert "upper bound" in written["caveat"]


def test_nothing_is_said_where_nothing_was_known(toy):
    result = compare(toy, arms=[], known=[], **QUICK)
    assert "known" not in result.record
    assert about_known(result.record) == caveat_of_known(result.record) == ""


def test_heads_on_sequences_see_none_and_the_record_says_so(toy, process):
    sequences = {one: "MKVLAAGHPCW" * (1 + i % 3) for i, one in enumerate(toy.protein_ids)}
    data = ProteinData(**toy | {"sequences": sequences})
    options = {"arms": ["knn"], **QUICK, "classifiers": ["alignment"]}
    with_known, without = (compare(data, known=one, **options) for one in ([process], None))
    assert with_known.record["known"]["not_shown_to"] == ["alignment"]
    assert "from sequences alone see none: alignment." in with_known.render()
    rows = [one.table[one.table["classifier"] == "alignment"] for one in (with_known, without)]
    assert rows[0].equals(rows[1])
    alone = [one.table[one.table["classifier"] == "alone"] for one in (with_known, without)]
    assert not alone[0].equals(alone[1])


@pytest.mark.parametrize("options", [{"shots": 2}, {"max_train": 120}, {"check_leaks": True}])
def test_known_goes_with_every_way_to_train_on_less_and_with_the_check(toy, process, options):
    result = compare(toy, known=[process], arms=["smote"], **QUICK | options)
    assert result.record["folds"][0]["n_known_terms"] == 5


def test_a_fold_shows_another_process_the_same_bits(toy, process):
    fold = fold_of(toy, toy.labels_in(process))
    sent = pickle.loads(pickle.dumps(fold))
    shown = [one.inputs("vectors", fold.train).tobytes() for one in (fold, sent)]
    assert shown[0] == shown[1]


def test_cells_of_another_knowledge_are_refused(toy, process, tmp_path):
    options = {"arms": ["ros"], "out": tmp_path, **QUICK}
    first = compare(toy, known=[process], **options)
    assert compare(toy, known=[process], **options).table.equals(first.table)
    fewer = process.with_terms(process.terms[1:])
    for other in (None, [fewer]):
        with pytest.raises(ArtifactError, match=r"parameter known was .*resume=False"):
            compare(toy, known=other, **options)


def dated(data, share_new, day_of_first="2018-01-01"):
    """Date each protein's annotations, and those of its root; of a share of proteins, as new."""
    rows, columns = np.nonzero(data.y)
    is_new = rows % round(1 / share_new) == 0
    table = pd.DataFrame({"EntryID": data.protein_ids[rows], "term": data.terms[columns]})
    table["date"] = pd.to_datetime(np.where(is_new, "2023-06-30", day_of_first))
    bare = data.protein_ids[~data.y.any(axis=1)]
    root = next(term for term in data.ontology.names if not data.ontology.ancestors(term))
    bare = pd.DataFrame({"EntryID": bare, "term": root, "date": pd.Timestamp(day_of_first)})
    return ProteinData(**data | {"dates": pd.concat([table, bare], ignore_index=True)})


def test_by_date_all_proteins_have_what_was_known_on_the_day(toy, process):
    data, others = dated(toy, 1 / 3), dated(process, 1 / 2)
    options = {"split": "temporal", "date": DAY, "arms": {"spy": Spy()}, **QUICK}
    result = compare(data, known=[others], **options)
    test = np.isin(toy.protein_ids, result.test_ids[0])
    then = toy.labels_in(others.as_of(DAY))
    now = toy.labels_in(others)
    for side in (test, ~test):
        assert 0 < then[side].sum() < now[side].sum()
    expected = by_hand(toy, then, np.flatnonzero(~test), np.flatnonzero(~test), 0)
    np.testing.assert_allclose(Spy.seen, expected, atol=1e-5)
    assert result.record["known"]["as_of"] == DAY
    assert result.record["folds"][0]["n_test_with_known"] == (then[test].sum(axis=1) > 0).sum()
    assert f"biological process as known before {DAY}: 6 terms" in result.render()
    assert "upper bound" not in result.caveat


def test_by_date_what_is_known_without_dates_is_refused_with_the_cure(toy, process):
    options = {"split": "temporal", "date": DAY, "arms": [], **QUICK}
    with pytest.raises(AnnotationError, match=r"known .* before 2022-01-01, too.*split by cluster"):
        compare(dated(toy, 1 / 3), known=[process], **options)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (["mf"], "known names mf, which is predicted.* Name bp or cc instead"),
        (["bp", "mf", "cc"], "known names mf, which is predicted"),
        (["bp", "bp"], "known may name mf, bp, cc, each once, .*got bp, bp"),
        (["xx"], "known may name mf, bp, cc, .*got xx"),
        (["bp", 3], "got bp, int"),
        ([np.eye(2)], "got ndarray"),
    ],
)
def test_names_that_are_no_other_namespaces_are_refused_before_data_are_read(known, message):
    with pytest.raises(ValueError, match=message):
        compare("missing", known=known)


@pytest.mark.parametrize("known", ["bp", np.eye(2), {"bp"}])
def test_what_is_no_list_is_refused(known):
    with pytest.raises(TypeError, match="known is a list of namespaces or of ProteinData; got"):
        compare("missing", known=known)


def test_names_stand_in_one_order():
    assert check_namespaces(["cc", "mf"], "bp") == ("mf", "cc")


def test_data_in_memory_take_data_and_no_names(toy):
    with pytest.raises(
        ValueError, match=r"cannot be read again .* known=\[processes, components\]"
    ):
        compare(toy, known=["mf"], **QUICK)


def test_rarer_terms_of_the_same_namespace_are_the_answer_too(toy):
    frequent, rare = toy.with_terms(toy.terms[:6]), toy.with_terms(toy.terms[6:])
    with pytest.raises(ValueError, match="which is predicted: that would be the answer"):
        compare(frequent, known=[rare], **QUICK)


def test_proteins_without_vectors_have_nothing_to_stand_beside(toy, process):
    sequences = dict.fromkeys(toy.protein_ids, "MKV")
    bare = ProteinData(**toy | {"X": toy.X[:, :0], "sequences": sequences})
    with pytest.raises(ValueError, match=r"known stands beside vectors, and these .* have none"):
        compare(bare, known=[process], arms=[], **QUICK | {"classifiers": ["alignment"]})


def test_too_little_is_known_says_so(toy, process):
    labels = toy.labels_in(process.with_terms(process.terms[5:]))
    with pytest.raises(InvalidLabelsError, match="too little to learn from in seed 3: no term"):
        Beside.fit(toy.X, labels, np.arange(100), 3)
