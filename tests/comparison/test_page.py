"""The folder holds one page that needs no other file, the tables, and a picture of each figure."""

import base64
import re
import shutil
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from protimb.comparison import compare
from protimb.comparison._page import list_gains, tally_terms


@pytest.fixture(scope="module")
def folder(comparison, tmp_path_factory):
    return comparison.save(tmp_path_factory.mktemp("report") / "deep" / "folder")


def test_all_files_are_there(folder):
    files = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    assert files == {
        "comparison.json",
        "figures/ap_by_bin.png",
        "figures/difference_by_bin.png",
        "figures/imbalance.png",
        "figures/losses_classifier.png",
        "figures/map_smote.png",
        "heads.csv",
        "pairs.csv",
        "report.html",
        "seeds.csv",
        "table.csv",
        "terms.csv",
        "test_ids_0.txt",
        "verdicts.csv",
    }


def test_files_of_an_earlier_larger_report_do_not_stay(folder, comparison, tmp_path, monkeypatch):
    out = Path(shutil.copytree(folder, tmp_path / "out"))
    (out / "figures" / "mine.png").write_text("mine")
    monkeypatch.setattr("protimb.comparison._figures.draw_figures", lambda *_: {})
    monkeypatch.setattr(
        "protimb.comparison._page.write_report", lambda _, figures, path: path.write_text("new")
    )
    replace(comparison, test_ids={7: ["P1"]}, traces={}).save(out)
    assert [path.name for path in (out / "figures").iterdir()] == ["mine.png"]
    assert [path.name for path in out.glob("test_ids_*")] == ["test_ids_7.txt"]
    assert (out / "report.html").read_text() == "new"


def test_the_page_holds_every_picture(folder):
    page = (folder / "report.html").read_text()
    held = [base64.b64decode(text) for text in re.findall(r"base64,([^\"]+)", page)]
    # Maps are drawn anew, so that a point can say what it is.
    saved = [path.read_bytes() for path in (folder / "figures").glob("[!m]*.png")]
    assert sorted(held) == sorted(saved)
    assert page.count('<figure class="map">') == 1


def test_the_page_asks_for_nothing_from_elsewhere(folder):
    page = (folder / "report.html").read_text()
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page)


def test_the_page_says_what_won_in_escaped_text(folder, comparison):
    page = (folder / "report.html").read_text()
    for sentence in comparison.winners():
        assert sentence.replace("<", "&lt;").replace(">", "&gt;") in page


def test_the_page_shows_every_verdict_and_fits_a_phone(folder, comparison):
    page = (folder / "report.html").read_text()
    assert '<meta name="viewport" content="width=device-width' in page
    # Only what scrolls by itself may be wider than the window.
    assert page.count("<table") == len(re.findall('<div class="wide"[^>]*><table', page))
    for verdict, count in comparison.verdicts()["verdict"].value_counts().items():
        assert page.count(f"<td>{verdict}</td>") == count
    assert comparison.ranks().sentence().replace("<", "&lt;") in page


def test_the_page_begins_with_what_to_do_and_explains_words_before_numbers(folder, comparison):
    page = (folder / "report.html").read_text()
    assert f'<p class="lead">{escape(comparison.advice())}</p>' in page
    first_table = page.index("<table")
    for word in ("average precision: how high", "cosine neighbours", "Fmax", "SMOTE, term by term"):
        assert page.index(word) < first_table


def test_a_point_of_the_map_says_which_protein_and_which_terms(folder, toy):
    page = (folder / "report.html").read_text()
    said = [text.split(": ") for text in re.findall(r"<title>(.*?: .*?)</title>", page)][1:]
    assert {who for who, _ in said} <= {*toy.protein_ids, "generated"}
    assert "generated" in {who for who, _ in said}
    known = dict(zip(toy.protein_ids, toy.y, strict=True))
    for who, terms in said:
        names = set(re.split("; (?:and )?", terms)) & set(toy.term_names)
        if who != "generated":
            carried = {name for name, has in zip(toy.term_names, known[who], strict=True) if has}
            assert names <= carried
            assert len(names) == min(len(carried), 4)


def test_gains_leave_out_terms_with_hardly_a_test_protein_and_say_a_signal_once():
    terms = pd.DataFrame(
        {
            "term": ["GO:1", "GO:2", "GO:3", "GO:4"],
            "name": ["parent", "child", "lucky", "other"],
            "n_train": [4.0, 4.0, 3.0, 6.5],
            "n_test": [3.0, 3.0, 1.0, 5.0],
            "same_as": ["GO:2", "", "", ""],
            "AP none mlp": [0.1, 0.1, 0.0, 0.2],
            "AP ros mlp": [0.3, 0.4, 1.0, 0.1],
        }
    )
    gains = list_gains(terms)
    assert list(gains.index) == ["child\nGO:2 and 1 term with the same proteins", "other\nGO:4"]
    assert gains["mean gain"].round(3).tolist() == [0.3, -0.1]
    assert gains["test proteins"].tolist() == [3, 5]  # whole proteins
    assert gains["training proteins"].dtype.kind == "i"


def test_the_sizes_of_seeds_have_no_number_of_a_row(folder):
    page = (folder / "report.html").read_text()
    (body,) = re.findall(r"Size of each seed</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    first, second = re.findall(r"<t[hd][^>]*>([^<]*)<", body)[:2]
    assert first == "0"  # the seed
    assert int(second) > 0


def test_terms_csv_has_a_row_for_each_term(folder, toy):
    terms = pd.read_csv(folder / "terms.csv")
    assert terms["term"].tolist() == list(toy.terms)
    assert {"name", "n_train", "n_test", "AP none mlp", "AP ros mlp+knn"} <= set(terms)


def test_the_page_speaks_of_clusters_only_where_there_are_some(folder, toy, quick, tmp_path):
    assert "One fifth of the sequence clusters is held out" in (folder / "report.html").read_text()
    flat = Bunch(**toy | {"groups": toy.protein_ids})
    page = compare(flat, arms=[], **quick).save(tmp_path) / "report.html"
    text = " ".join(page.read_text().split())
    assert "One fifth of the proteins, taken one by one, is held out" in text
    assert "sequence clusters" not in text
    assert "were split one by one" in text


def test_saving_again_replaces_the_files_and_ranks_are_drawn_where_they_are_tested(
    folder, comparison, tmp_path
):
    assert not (folder / "figures" / "ranks.png").exists()  # one seed
    again = shutil.copytree(folder, tmp_path / "again")
    (again / "table.csv").write_text("earlier")
    more = [comparison.by_seed.assign(seed=seed) for seed in range(3)]
    assert replace(comparison, by_seed=pd.concat(more)).save(again) == again
    assert (again / "figures" / "ranks.png").stat().st_size > 0
    assert (again / "table.csv").read_bytes() == (folder / "table.csv").read_bytes()


def test_tally_counts_terms_against_none_with_the_same_classifier():
    terms = pd.DataFrame(
        {
            "AP none mlp": [0.1, 0.2, 0.3, np.nan],
            "AP ros mlp": [0.2, 0.2, 0.1, np.nan],
            "AP none mlp+knn": [0.0, 0.0, 0.0, 0.0],
            "AP ros mlp+knn": [0.1, 0.1, 0.3, 0.4],
        }
    )
    tally = tally_terms(terms)
    assert tally.loc["ros mlp", ["higher", "equal", "lower"]].tolist() == [1, 1, 1]
    assert tally.loc["ros mlp+knn", ["higher", "equal", "lower"]].tolist() == [4, 0, 0]
    assert tally.loc["ros mlp+knn", "median difference"] == "+0.2000"
