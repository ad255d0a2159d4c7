"""CAFA's submission format, and all that files of predictions get wrong."""

import gzip

import pytest

from protimb.datasets import read_predictions
from protimb.datasets._term_pairs import read_term_pairs
from protimb.exceptions import (
    AnnotationError,
    AnnotationWarning,
    PredictionError,
    PredictionWarning,
)


def write(tmp_path, text, name="predictions.tsv"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def rows(table):
    return list(table.astype({"EntryID": str, "term": str}).itertuples(index=False, name=None))


def test_preamble_header_and_end_are_no_predictions(tmp_path):
    text = "AUTHOR\tX\nMODEL 1\nKEYWORDS a, b.\nEntryID\tterm\tscore\nNA\tGO:1\t0.3\nEND\n"
    assert rows(read_predictions(write(tmp_path, text))) == [("NA", "GO:1", 0.3)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ids_stay_what_they_are_whatever_ends_a_line(tmp_path, end):
    text = end.join(["\ufeff1E5\tGO:1\t1", 'a"b\tGO:1\t1e-2', "sp|P12345|X\tGO:2\t.5"])
    found = rows(read_predictions(write(tmp_path, text)))
    assert found == [("1E5", "GO:1", 1), ('a"b', "GO:1", 0.01), ("P12345", "GO:2", 0.5)]


def test_ids_that_are_all_numbers_stay_text(tmp_path):
    found = rows(read_predictions(write(tmp_path, "007\tGO:1\t1\n1E5\tGO:1\t1\n")))
    assert [protein for protein, _, _ in found] == ["007", "1E5"]


def test_several_files_are_one_and_the_highest_score_stays(tmp_path):
    first = write(tmp_path, "P1\tGO:1\t0.2\nP2\tGO:2\t0.4\n")
    second = tmp_path / "more.tsv.gz"
    second.write_bytes(gzip.compress(b"P1\tGO:1\t0.7\n"))
    with pytest.warns(PredictionWarning, match="1 lines repeat"):
        table = read_predictions([first, second])
    assert sorted(rows(table)) == [("P1", "GO:1", 0.7), ("P2", "GO:2", 0.4)]
    assert table.attrs["n_duplicates"] == 1


def test_free_text_is_left_out_and_lines_keep_their_numbers(tmp_path):
    text = "P1\tText\t0.9\tbinds ions\n\nP1\tGO:1\t0.5\n"
    table = read_predictions(write(tmp_path, text))
    assert (len(table), table.attrs["n_text"]) == (1, 1)
    with pytest.raises(PredictionError, match="line 4: the score 'x'"):
        read_predictions(write(tmp_path, text + "P1\tGO:1\tx\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no prediction"),
        ("AUTHOR\tX\nEND\n", "no prediction"),
        ("P1\tGO:1\t1.5\n", r"line 1: the score '1.5' is not a number in \[0, 1\]"),
        ("P1\tGO:1\t0.5\nP1\tGO:2\tnan\n", "line 2: the score 'nan'"),
        ("P1\tGO:1\t-0.1\n", "the score '-0.1'"),
        ("P1\tGO:1\n", "line 1: 2 fields"),
        ("P1\tx\tGO:1\t0.5\nP2\tGO:1\n", "line 1: 4 fields"),
        ("P1 GO:1 0.5\n", "separated by tabs"),
        ("P1\tGO:1\t0.5\n \tGO:1\t0.5\n", "line 2: the field EntryID is empty"),
        ("P1\t\t0.5\n", "line 1: the field term is empty"),
        ("P1\0\tGO:1\t0.5\n", "binary"),
    ],
)
def test_bad_files_are_refused_by_line(tmp_path, text, message):
    with pytest.raises(PredictionError, match=message):
        read_predictions(write(tmp_path, text))


def test_lines_of_a_csv_are_counted_as_they_stand(tmp_path):
    head = "EntryID,term,name,namespace,score\n"
    line = 'P1,GO:1,"binding, tight",molecular_function,{}\n'
    for text, message in (
        (head + line.format(0.5) + line.format(2), "line 3: the score '2'"),
        (head + line.format(0.5) + "P1,GO:1,0.5\n", "line 3: 3 fields"),
    ):
        with pytest.raises(PredictionError, match=message):
            read_predictions(write(tmp_path, text, "predictions.csv"))


def test_folders_addresses_and_cut_files_are_refused(tmp_path):
    cut = tmp_path / "cut.tsv.gz"
    cut.write_bytes(gzip.compress(b"P1\tGO:1\t0.5\n" * 99)[:-9])
    for path, message in [(tmp_path, "is a folder"), ("https://x/p", "local"), (cut, "truncated")]:
        with pytest.raises(PredictionError, match=message):
            read_predictions(path)
    with pytest.raises(PredictionError, match="No file"):
        read_predictions([])


def test_truth_is_read_with_and_without_a_header_or_more_columns(tmp_path):
    for text in (
        "P1\tGO:1\nP2\tGO:2\n",
        "EntryID\tterm\nP1\tGO:1\n\nP2\tGO:2\n",
        "EntryID\tterm\taspect\nP1\tGO:1\tF\nP2\tGO:2\tF\n",
        "P1\tGO:1\tF\nP2\tGO:2\tF\tx\n",
    ):
        found = read_term_pairs(write(tmp_path, text))
        assert found.to_numpy().tolist() == [["P1", "GO:1"], ["P2", "GO:2"]]


def test_truth_of_gaf_leaves_negations_out(tmp_path):
    fields = ["UniProtKB", "P1", "X", "enables", "GO:1", "PMID:1", "IDA", "", "F"]
    fields += ["", "", "protein", "taxon:9606", "20240101", "UniProt", "", ""]
    negated = [*fields[:3], "NOT|enables", "GO:2", *fields[5:]]
    text = "!gaf-version: 2.2\n" + "\t".join(fields) + "\n" + "\t".join(negated) + "\n"
    assert read_term_pairs(write(tmp_path, text)).to_numpy().tolist() == [["P1", "GO:1"]]


def test_truth_that_no_experiment_shows_is_taken_and_counted(tmp_path):
    fields = ["UniProtKB", "P1", "X", "enables", "GO:1", "PMID:1", "IDA", "", "F"]
    fields += ["", "", "protein", "taxon:9606", "20240101", "UniProt", "", ""]
    guessed = [[*fields[:4], f"GO:{n}", "PMID:1", "IEA", *fields[7:]] for n in (2, 3)]
    text = "!gaf-version: 2.2\n" + "".join("\t".join(one) + "\n" for one in [fields, *guessed])
    with pytest.warns(AnnotationWarning, match=r"2 of 3 lines .* not experimental \(IEA: 2\)"):
        pairs = read_term_pairs(write(tmp_path, text))
    assert pairs["term"].tolist() == ["GO:1", "GO:2", "GO:3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        ("EntryID\tterm\n", "no annotation"),
        ("P1\tGO:1\nP2\n", "line 2: .* found 'P2'"),
        ("P1\tGO:1\n\tGO:1\n", "line 2"),
    ],
)
def test_bad_truth_is_refused_by_line(tmp_path, text, message):
    with pytest.raises(AnnotationError, match=message):
        read_term_pairs(write(tmp_path, text))
