"""Predictions in CAFA's submission format: few lines, short scores, ancestors never below."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.datasets import make_longtail_multilabel, read_predictions, write_predictions
from protimb.exceptions import AnnotationError, UnknownTermError
from protimb.ontology import GeneOntology

TOY = make_longtail_multilabel(4, 3, 30, random_state=1)


def table(scores, ids=None):
    index = [f"P{row}" for row in range(len(scores))] if ids is None else ids
    return pd.DataFrame(scores, index=index, columns=TOY.terms)


def read(path):
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return {(protein, term): score for protein, term, score in lines}


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_any_scores_give_a_file_that_keeps_the_rules(tmp_path_factory, seed, max_terms):
    path = tmp_path_factory.mktemp("predictions") / "p.tsv"
    scores = np.random.RandomState(seed).uniform(size=(4, 30)) ** 6
    n_lines = write_predictions(table(scores), path, TOY.ontology, max_terms=max_terms)
    found = read(path)
    assert n_lines == len(found)
    for protein in ("P0", "P1", "P2", "P3"):
        mine = {term: text for (who, term), text in found.items() if who == protein}
        assert 1 <= len(mine) <= max_terms
        for term, text in mine.items():
            assert 0 < float(text) <= 1
            assert len(text.replace(".", "").lstrip("0")) <= 3
            assert "e" not in text
            for ancestor in TOY.ontology.ancestors(term) - set(TOY.ontology.roots):
                assert float(mine[ancestor]) >= float(text)


def test_rounding_is_to_the_nearest_and_zero_is_left_out(tmp_path):
    # Worked by hand; the first three terms are no relatives of one another's children.
    flat = GeneOntology(
        names={term: term for term in "abcdef"},
        namespaces=dict.fromkeys("abcdef", "molecular_function"),
        parents={},
    )
    scores = pd.DataFrame([[0.12345, 0.9996, 1.0, 0.0, 0.00123456, 0.0009]], ["P1"], list("abcdef"))
    write_predictions(scores, tmp_path / "p.tsv", flat)
    assert (tmp_path / "p.tsv").read_text().splitlines() == [
        *sorted(["P1\tb\t1", "P1\tc\t1"], key=lambda line: -flat.terms.index(line[3])),
        "P1\ta\t0.123",
        "P1\te\t0.00123",
    ]
    assert write_predictions(scores, tmp_path / "p.tsv", flat, min_score=0) == 5
    assert read(tmp_path / "p.tsv")["P1", "f"] == "0.0009"


def test_at_most_1500_terms_of_a_protein_are_written(tmp_path):
    terms = [f"GO:{number:07d}" for number in range(1, 4001)]
    ontology = GeneOntology(
        names=dict.fromkeys(terms, "a name"),
        namespaces=dict.fromkeys(terms, "biological_process"),
        parents={terms[number]: [terms[number // 7]] for number in range(1, 4000)},
    )
    scores = np.random.RandomState(0).uniform(size=(2, 4000))
    write_predictions(scores, tmp_path / "p.tsv", ontology, protein_ids=["P1", "P2"], terms=terms)
    proteins = [who for who, _ in read(tmp_path / "p.tsv")]
    assert [proteins.count(one) for one in ("P1", "P2")] == [1500, 1500]


def test_csv_names_each_term(tmp_path):
    ontology = GeneOntology(
        names={"GO:1": "function", "GO:2": 'binding, "tight" <b>'},
        namespaces=dict.fromkeys(["GO:1", "GO:2"], "molecular_function"),
        parents={"GO:2": ["GO:1"]},
        alt_ids={"GO:9": "GO:2"},
    )
    scores = pd.DataFrame({"GO:9": [0.25]}, index=["P1"])
    write_predictions(scores, tmp_path / "p.csv", ontology)
    with (tmp_path / "p.csv").open(newline="") as file:
        header, line = csv.reader(file)
    assert header == ["EntryID", "term", "name", "namespace", "score"]
    assert line == ["P1", "GO:2", 'binding, "tight" <b>', "molecular_function", "0.25"]
    assert read_predictions(tmp_path / "p.csv").to_numpy().tolist() == [["P1", "GO:2", 0.25]]


@pytest.mark.parametrize("name", ["", "P\t1", "P\n1", "P 1", "\x1b[31mP", "P\u202e1", "P\x00"])
def test_ids_that_break_a_line_or_steer_a_terminal_are_refused(tmp_path, name):
    with pytest.raises(AnnotationError, match=r"Row 1, .*control characters") as caught:
        write_predictions(table(np.ones((2, 30)), ["P1", name]), tmp_path / "p.tsv", TOY.ontology)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_ids_with_slashes_dots_and_tags_are_written_as_they_are(tmp_path):
    ids = ["../../etc", "<b>P1</b>"]
    write_predictions(table(np.ones((2, 30)), ids), tmp_path / "p.tsv", TOY.ontology)
    assert {who for who, _ in read(tmp_path / "p.tsv")} == set(ids)
    assert [path.name for path in tmp_path.iterdir()] == ["p.tsv"]


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.5, np.inf])
def test_scores_that_are_no_probabilities_are_refused_with_their_place(tmp_path, bad):
    scores = np.full((2, 30), 0.5)
    scores[1, 2] = bad
    with pytest.raises(ValueError, match=f"1 scores are .*{TOY.terms[2]} of P1"):
        write_predictions(table(scores), tmp_path / "p.tsv", TOY.ontology)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"path": "p.txt"}, ValueError, "to .tsv or .csv, not to '.txt'"),
        ({"max_terms": 0}, ValueError, "max_terms is at least 1"),
        ({"terms": ["GO:1"] * 30}, UnknownTermError, "GO:1"),
        ({"terms": [TOY.terms[0]] * 30}, ValueError, "named twice"),
        ({"protein_ids": ["P1"]}, ValueError, "1 protein_ids and 30 terms"),
        ({"protein_ids": ["P1", "P1"]}, AnnotationError, "P1"),
        ({"predictions": np.ones((2, 30))}, ValueError, "has no names"),
    ],
)
def test_what_does_not_fit_is_refused_and_a_file_that_is_there_stays(
    tmp_path, changes, error, message
):
    (tmp_path / "p.tsv").write_text("before")
    given = {"predictions": table(np.ones((2, 30))), "path": "p.tsv", "ontology": TOY.ontology}
    given |= changes
    with pytest.raises(error, match=message):
        write_predictions(**given | {"path": tmp_path / given["path"]})
    assert (tmp_path / "p.tsv").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failure_while_writing_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    (tmp_path / "p.tsv").write_text("before")
    monkeypatch.setattr("protimb.datasets._write_predictions._three_digits", lambda score: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_predictions(table(np.ones((2, 30))), tmp_path / "p.tsv", TOY.ontology)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
