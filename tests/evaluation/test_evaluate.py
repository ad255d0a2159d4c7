"""Known annotations, groups of terms, options and bad inputs of evaluate_predictions."""

import tempfile
import warnings

import numpy as np
import pandas as pd
import pytest
from evaluations import problems, write
from hypothesis import given, settings

from protimb.evaluation import evaluate_predictions
from protimb.exceptions import (
    AnnotationError,
    OntologyError,
    OntologyWarning,
    PredictionError,
    ProtimbWarning,
    UnknownTermError,
)
from protimb.ontology import GeneOntology

# root <- binding <- ion binding; root <- catalysis; and a process of its own
TERMS = {"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding", "GO:4": "catalysis"}
PROCESS = {"GO:5": "process", "GO:6": "growth"}
BITS = {"GO:1": 0.0, "GO:2": 1.0, "GO:3": 2.0, "GO:4": 0.5, "GO:5": 0.0, "GO:6": 1.0}
TRUTH = {"P1": {"GO:3"}, "P2": {"GO:4"}, "P3": {"GO:2"}}


@pytest.fixture
def ontology():
    return GeneOntology(
        names=TERMS | PROCESS,
        namespaces=dict.fromkeys(TERMS, "molecular_function")
        | dict.fromkeys(PROCESS, "biological_process"),
        parents={"GO:2": ["GO:1"], "GO:3": ["GO:2"], "GO:4": ["GO:1"], "GO:6": ["GO:5"]},
        alt_ids={"GO:22": "GO:2"},
    )


@pytest.fixture
def predictions():
    rows = [("P1", "GO:3", 0.9), ("P1", "GO:4", 0.35), ("P2", "GO:4", 0.5), ("P2", "GO:3", 0.45)]
    return frame(rows)


def frame(rows):
    return pd.DataFrame(rows, columns=["EntryID", "term", "score"])


def all_figures(found, namespace="molecular_function", knowledge="all", terms="all"):
    return found.summary.loc[(namespace, knowledge, terms)]


def closed(pairs, links, spaces):
    """Add every ancestor in the namespace, one step at a time."""
    pairs = set(pairs)
    while True:
        above = {
            (protein, parent)
            for protein, term in pairs
            for child, parent, _ in links
            if child == term and spaces[parent] == spaces[term]
        }
        if above <= pairs:
            return pairs
        pairs |= above


@settings(max_examples=30)
@given(problem=problems(known=True))
def test_known_terms_count_neither_way_by_sets_of_pairs(problem):
    """Hold one threshold against sets: truth and prediction, both without what was known."""
    tau = 0.3
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        files = write(problem, folder)
        try:
            found = evaluate_predictions(
                files["predictions"], files["truth"], files["obo"], known=files["known"]
            )
        except PredictionError:
            return
    known = closed(problem.known, problem.links, problem.spaces)
    truth = closed(problem.truth, problem.links, problem.spaces) - known
    reached = {(protein, term) for protein, term, score in problem.predictions if score >= tau}
    predicted = closed(reached, problem.links, problem.spaces) - known
    for namespace in dict.fromkeys(found.summary.index.get_level_values(0)):
        inside = {term for term, space in enumerate(problem.spaces) if space == namespace}
        proteins = {protein for protein, term in truth if term in inside}
        recalls, precisions = [], []
        for protein in proteins:
            true = {t for p, t in truth if p == protein} & inside
            said = {t for p, t in predicted if p == protein} & inside
            recalls.append(len(true & said) / len(true))
            precisions += [len(true & said) / len(said)] if said else []
        curve = found.curves.loc[(namespace, "all", "all")]
        at = curve.iloc[np.abs(curve.index - tau).argmin()]
        assert all_figures(found, namespace)["n_proteins"] == len(proteins)
        assert at["recall"] == pytest.approx(np.mean(recalls) if recalls else 0)
        assert at["precision"] == pytest.approx(np.mean(precisions) if precisions else 0)


def test_weighted_fmax_matches_the_hand_worked_example(ontology):
    # GO:2 (1 bit) of GO:2 and GO:3 (2 bits): precision 1, recall 1/3; by terms 1/2 without root.
    found = evaluate_predictions(
        frame([("P1", "GO:2", 0.9)]),
        {"P1": {"GO:3"}},
        ontology,
        information_accretion=BITS,
        no_orphans=True,
    )
    figures = all_figures(found)
    assert figures["weighted_fmax"] == pytest.approx(0.5)
    assert figures["fmax"] == pytest.approx(2 / 3)
    assert figures["smin"] == pytest.approx(2)


def test_a_score_of_zero_is_none_and_is_filled(ontology):
    rows = [("P1", "GO:3", 0.9), ("P1", "GO:2", 0.0)]
    found = evaluate_predictions(frame(rows), {"P1": {"GO:3"}}, ontology, prop="fill")
    assert all_figures(found)["fmax"] == 1


def test_fill_keeps_what_was_said_and_max_does_not(ontology):
    rows = [("P1", "GO:3", 0.9), ("P1", "GO:2", 0.2)]
    curves = {
        prop: evaluate_predictions(frame(rows), {"P1": {"GO:3"}}, ontology, prop=prop).curves
        for prop in ("fill", "max")
    }
    assert curves["fill"]["recall"].iloc[49] == pytest.approx(1 / 3)
    assert curves["max"]["recall"].iloc[49] == 1


def test_proteins_are_taken_apart_by_what_was_known(ontology, predictions):
    known = {"P1": {"GO:2"}, "P2": {"GO:6"}, "P3": {"GO:1"}}
    found = evaluate_predictions(predictions, TRUTH, ontology, known=known)
    sizes = found.summary["n_proteins"]["molecular_function"].droplevel("terms")
    # P3's root is no knowledge; but with the root gone it still has GO:2 to be found.
    assert sizes.to_dict() == {"all": 3, "none": 1, "limited": 1, "partial": 1}


def test_a_protein_of_which_all_was_known_does_not_count(ontology, predictions):
    found = evaluate_predictions(predictions, TRUTH, ontology, known={"P1": {"GO:3"}})
    assert all_figures(found)["n_proteins"] == 2
    assert found.curves["n_predicted"].max() == 1


def test_terms_of_interest_leave_the_others_out(ontology, predictions, tmp_path):
    path = tmp_path / "toi.txt"
    path.write_text("GO:3\nGO:4\n")
    found = evaluate_predictions(predictions, TRUTH, ontology, terms_of_interest=path)
    # As CAFA-evaluator-PK: P3 has neither, and at .5 the other two are right.
    assert all_figures(found)["n_proteins"] == 2
    assert all_figures(found)["fmax"] == 1
    assert found.curves["f"].iloc[0] == pytest.approx(2 / 3)


def test_a_terminal_shows_what_counts_and_names_what_does_not(ontology, predictions):
    found = evaluate_predictions(
        predictions,
        TRUTH | {"P4": {"GO:6"}},
        ontology,
        information_accretion=dict.fromkeys(ontology.terms, 1.0),
        terms_of_interest=["GO:2"],
    )
    lines = found.render().splitlines()
    assert "weighted_micro_fmax" in found.render()  # too wide for one line with the others
    assert max(map(len, lines)) <= 80
    assert "no protein of the truth counts in biological_process" in lines
    assert "nan" not in found.render().lower()


def test_rare_terms_are_counted_apart_and_named(ontology, predictions):
    counts = {"GO:1": 99, "GO:2": 60, "GO:3": 30, "GO:4": 5}
    found = evaluate_predictions(predictions, TRUTH, ontology, training=counts, min_proteins=10)
    assert found.left_out.index.tolist() == ["GO:4"]
    assert all_figures(found, terms="<20")["n_proteins"] == 1
    assert all_figures(found, terms="at least 10")["n_terms"] == 3
    assert "Of the truth 1 term has too few training proteins" in found.render()
    assert "catalysis" in found.render()


def test_training_annotations_are_propagated_before_they_are_counted(ontology, predictions):
    training = {f"T{n}": {"GO:3"} for n in range(20)}
    found = evaluate_predictions(predictions, TRUTH, ontology, training=training, min_proteins=1)
    assert found.left_out.index.tolist() == ["GO:4"]


def test_what_is_passed_over_is_counted(ontology):
    rows = [("P1", "GO:22", 0.9), ("P1", "GO:2", 0.4), ("P9", "GO:2", 0.9), ("P1", "GO:999", 0.9)]
    with pytest.warns(OntologyWarning, match="GO:999"):
        found = evaluate_predictions(frame(rows), {"sp|P1|X": {"GO:2"}, "P1": {"GO:1"}}, ontology)
    assert found.counts["n_proteins_outside_truth"] == 1
    assert found.counts["n_unknown_predictions"] == 1
    assert all_figures(found)["fmax_threshold"] <= 0.9
    assert found.curves["recall"].iloc[88] == 1  # the other id of GO:2 counts as GO:2


def test_a_namespace_without_a_prediction_has_no_coverage(ontology, predictions):
    found = evaluate_predictions(predictions, TRUTH | {"P4": {"GO:6"}}, ontology)
    assert all_figures(found, "biological_process")["coverage"] == 0
    assert all_figures(found, "biological_process")["fmax"] == 0


def test_true_terms_without_bits_are_warned_of(ontology, predictions):
    with pytest.warns(OntologyWarning, match="no information accretion"):
        evaluate_predictions(predictions, TRUTH, ontology, information_accretion={"GO:3": 2.0})


def test_terms_of_no_interest_may_lack_bits(ontology, predictions):
    bits = {"GO:2": 1.0}
    evaluate_predictions(
        predictions, TRUTH, ontology, information_accretion=bits, terms_of_interest=["GO:2"]
    )


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"predictions": frame([("P1", "GO:2", 1.5)])}, PredictionError, "row 0"),
        ({"predictions": frame([("P1", "GO:2", np.nan)])}, PredictionError, "nan in row 0"),
        ({"predictions": frame([("X", "GO:2", 0.5)])}, PredictionError, "None of the 1 predicted"),
        ({"truth": {"P1": {"GO:77"}}}, AnnotationError, "none of its 1 annotations"),
        ({"truth": pd.DataFrame({"EntryID": ["P1"]})}, AnnotationError, "no column term"),
        ({"norm": "mean"}, ValueError, "norm must be one of cafa, pred, gt"),
        ({"prop": "min"}, ValueError, "prop must be one of"),
        ({"min_proteins": 5}, ValueError, "pass training too"),
        ({"terms_of_interest": ["GO:77"]}, UnknownTermError, "terms of interest"),
        ({"information_accretion": {"GO:2": -1}}, OntologyError, "'GO:2': -1"),
        ({"ontology": 3}, TypeError, "ontology is int"),
    ],
)
@pytest.mark.filterwarnings("ignore:truth. left out")
def test_what_cannot_be_meant_is_refused(change, error, message, ontology, predictions):
    given = {"predictions": predictions, "truth": TRUTH, "ontology": ontology} | change
    with pytest.raises(error, match=message):
        evaluate_predictions(**given)


def test_a_folder_of_tables_and_a_figure_is_written(ontology, predictions, tmp_path):
    found = evaluate_predictions(predictions, TRUTH, ontology, information_accretion=BITS)
    found.save(tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out" / "summary.csv", index_col=[0, 1, 2])
    pd.testing.assert_frame_equal(summary, found.summary, check_dtype=False)
    assert (tmp_path / "out" / "precision_recall.png").stat().st_size > 5000
    curves = found.displays()["molecular_function"].curves
    assert list(curves) == ["terms alike", "terms by information"]


def test_small_blocks_of_proteins_give_the_same(ontology, predictions, monkeypatch):
    whole = evaluate_predictions(predictions, TRUTH, ontology, known={"P1": {"GO:2"}})
    monkeypatch.setattr("protimb.evaluation._cells.BYTES_A_BLOCK", 1)
    parts = evaluate_predictions(predictions, TRUTH, ontology, known={"P1": {"GO:2"}})
    pd.testing.assert_frame_equal(whole.curves, parts.curves)


@pytest.mark.parametrize("odd", ["a/../b", "<b>x</b>", "x\x1b[31m", "P 1", "../../etc"])
def test_ids_are_text_whatever_they_hold(odd, ontology, predictions, tmp_path):
    """Two proteins under odd ids are evaluated as under plain ones, from files too."""
    plain = evaluate_predictions(predictions, TRUTH, ontology).summary
    path = tmp_path / "predictions.tsv"
    lines = predictions.replace({"EntryID": {"P1": odd}}).to_csv(
        sep="\t", index=False, header=False
    )
    path.write_text(lines)
    truth = {odd if protein == "P1" else protein: terms for protein, terms in TRUTH.items()}
    pd.testing.assert_frame_equal(evaluate_predictions(path, truth, ontology).summary, plain)


def test_a_chain_of_5_000_levels_is_evaluated():
    n = 5000
    ontology = GeneOntology(
        names={f"GO:{term}": "t" for term in range(n)},
        namespaces={f"GO:{term}": "molecular_function" for term in range(n)},
        parents={f"GO:{term}": [f"GO:{term - 1}"] for term in range(1, n)},
    )
    deepest = f"GO:{n - 1}"
    found = evaluate_predictions(frame([("P1", deepest, 0.5)]), {"P1": {deepest}}, ontology)
    assert all_figures(found)["fmax"] == 1
    assert all_figures(found)["n_terms"] == n
