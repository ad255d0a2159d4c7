"""A page asks for nothing from elsewhere, shows names as they are written, and runs one script."""

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from protimb.utils._page import (
    Details,
    Items,
    Map,
    Note,
    Page,
    Picture,
    Section,
    Table,
    Words,
)

HOSTILE = [
    "<script>alert(1)</script>",
    r"$\frac{a}{b}$",
    "\"quoted\" & 'single'",
    "a\x1b[31mb\u202ec",
]
VOID = {"meta", "br", "img", "input"}


class Reader(HTMLParser):
    """Read a page as a browser would: its tags in order, and whether they are closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open.pop() != tag:
            assert tag not in VOID

    def handle_data(self, data):
        self.text.append(data)


def build(text):
    table = pd.DataFrame({text: [text], "n": [1200]}, index=pd.Index([text], name=text))
    points = pd.DataFrame(
        {"x": [0.0, 1.0], "y": [0.0, 2.0], "group": ["", text], "kind": ["background", "real"]}
    ).assign(text=text)
    parts = [text, Note(text), Items([text]), Words({text: text}), Details(text, [text])]
    parts += [Table(table, text, search=True, ranges=("n",)), Map(points, text)]
    return Page(text, text, [Section(text, parts)])


@pytest.mark.parametrize("text", HOSTILE)
def test_names_are_text_wherever_they_stand(text):
    page = Reader(build(text).to_html())
    plain = Reader(build("plain").to_html())
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    n_scripts = [tag for tag, _ in page.tags].count("script")
    assert n_scripts == 1
    said = "".join(page.text)
    shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
    assert said.count(shown) == "".join(plain.text).count("plain") > 10
    assert not re.search("[\x1b\u202e]", said)


def test_only_the_one_script_may_run_and_nothing_is_fetched():
    page = build("term").to_html()
    (policy,) = re.findall(r'Content-Security-Policy"\s+content="([^"]*)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    attributes = [attrs for _, attrs in Reader(page).tags]
    links = [attrs[name] for attrs in attributes for name in ("href", "src") if name in attrs]
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_links_lead_to_sections_and_empty_sections_are_left_out():
    page = Page("t", "l", [Section("a", ["x"]), Section("b", []), Section("c", ["y"])]).to_html()
    targets = re.findall(r'href="#(\w+)"', page)
    assert targets == re.findall(r'<section id="(\w+)"', page)
    assert re.findall(r"<h2>(\w)</h2>", page) == ["a", "c"]


def cells(frame, **options):
    html = Table(frame, "caption", **options).html()
    return [unescape(re.sub("<[^>]*>", "", one)) for one in re.findall(r"<t[hd].*?</t[hd]>", html)]


def test_counts_have_commas_and_no_point_and_what_is_missing_is_empty():
    frame = pd.DataFrame({"count": [12345, 2], "share": [0.12345, np.nan], "word": ["x", None]})
    assert cells(frame) == ["count", "share", "word", "12,345", "0.123", "x", "2", "", ""]
    assert cells(frame[["share"]], formats={"share": "{:.1%}"}) == ["share", "12.3%", ""]


def test_columns_of_numbers_are_marked_for_sorting_by_size():
    frame = pd.DataFrame(
        {
            "interval": [".12\n[.1, .2]", "+1.5*\n[1, 2]"],
            "bin": ["<20", "20-49"],
            "n": [1, 2],
            "missing": ["", ""],
        }
    )
    html = Table(frame, "caption").html()
    marked = re.findall(r'<th scope="col" class="n">(\w+)</th>', html)
    assert marked == ["interval", "n"]
    assert "<small>[.1, .2]</small>" in html


def test_a_table_without_rows_says_so():
    assert Table(pd.DataFrame({"a": []}), "Terms").html() == "<p>Terms: nothing to show.</p>"


@pytest.mark.parametrize("n_points", [0, 1, 2, 30])
def test_points_lie_inside_the_drawing_the_first_axis_to_the_right(n_points):
    xy = np.random.RandomState(0).normal(size=(n_points, 2)) * [1, 40]
    points = pd.DataFrame(xy, columns=["x", "y"]).assign(group="a", kind="generated", text="who")
    html = Map(points, "caption").html()
    (height,) = re.findall(r'viewBox="0 0 600 (\d+)"', html)
    places = np.array(re.findall(r"translate\(([\d.-]+) ([\d.-]+)\)", html), dtype=float)
    places = places.reshape(-1, 2)
    assert len(places) == n_points
    assert ((places >= 0) & (places <= [600, int(height)])).all()
    assert int(height) <= 720
    if n_points > 2:
        assert (np.argsort(places[:, 0]) == np.argsort(xy[:, 0])).mean() > 0.8
        assert (np.argsort(-places[:, 1]) == np.argsort(xy[:, 1])).mean() > 0.8


def test_a_picture_is_as_wide_on_a_screen_as_on_paper(tmp_path):
    from matplotlib.figure import Figure

    Figure(figsize=(5, 2)).savefig(tmp_path / "a.png", dpi=150)
    html = Picture(tmp_path / "a.png", "five inches").html()
    assert f'width="{5 * 96}"' in html
    assert base64.b64encode((tmp_path / "a.png").read_bytes()).decode() in html


def test_saving_replaces_a_page_as_a_whole(tmp_path):
    path = tmp_path / "report.html"
    Page("former" * 100, "l").save(path)
    Page("second", "l").save(path)
    assert "former" not in path.read_text()
    assert path.read_text().endswith("</html>\n")
