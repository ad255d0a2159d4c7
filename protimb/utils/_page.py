"""One page that needs no other file: words, tables that sort and filter, pictures and maps."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from protimb.utils._csv import UTF8
from protimb.utils._new_folder import whole_file

# Every class below but Page has html(), which gives what it holds as escaped HTML.

_ASSETS = Path(__file__).parent
_NUMBER = re.compile(r"[+\-\N{MINUS SIGN}]?(\d[\d,]*)?\.?\d+(e[+-]?\d+)?\s?%?\*?")
_SIDE, _MARGIN = 600, 12  # of a map, in units of its drawing
_TALLEST = 1.2  # height of a map by its width
_SCREEN, _PRINTED = 96, 150  # dots an inch of a page, and of our PNGs
_N_COLOURS = 7  # variables --c0 ... of the style sheet
_KINDS = ("background", "real", "generated")  # in the order in which they are drawn
_MARKS = {
    "background": '<circle r="2" transform="{}">{}</circle>',
    "real": '<circle r="4" transform="{}">{}</circle>',
    "generated": '<path d="M-4-4 4 4M4-4-4 4" transform="{}">{}</path>',
}


@dataclass
class Page:
    """A title, one sentence to act on, and sections: one self-contained file."""

    title: str
    lead: str
    sections: list = field(default_factory=list)

    def to_html(self):
        """Give the page as HTML, all text escaped."""
        sections = [one for one in self.sections if one.parts]
        links = (f'<li><a href="#{_anchor(n)}">{_text(s.title)}</a>' for n, s in _number(sections))
        return _PAGE.substitute(
            title=_text(self.title),
            lead=_text(self.lead),
            links="".join(links),
            sections="\n".join(one.html(_anchor(n)) for n, one in _number(sections)),
            style=_asset("_page.css"),
            script=_asset("_page.js"),
            hash=_hash(_asset("_page.js")),
        )

    def save(self, path):
        """Write the page; a file of that name is replaced as a whole."""
        with whole_file(path) as draft:
            draft.write_text(self.to_html(), **UTF8)


@dataclass
class Section:
    """A heading and what is below it; left out of the page where that is nothing."""

    title: str
    parts: list

    def html(self, anchor):
        """Give it as HTML with an anchor that links lead to."""
        return f'<section id="{anchor}"><h2>{_text(self.title)}</h2>{_parts(self.parts)}</section>'


@dataclass
class Note:
    """A paragraph in smaller print; a plain string is one of usual size."""

    text: str

    def html(self):
        """Give it as HTML."""
        return f'<p class="note">{_text(self.text)}</p>'


@dataclass
class Items:
    """A list with a dot a text."""

    texts: list

    def html(self):
        """Give it as HTML."""
        return "<ul>" + "".join(f"<li>{_text(one)}</li>" for one in self.texts) + "</ul>"


@dataclass
class Words:
    """Words and what they mean, {word: meaning}."""

    meanings: dict

    def html(self):
        """Give it as HTML."""
        pairs = (f"<dt>{_text(w)}</dt><dd>{_text(m)}</dd>" for w, m in self.meanings.items())
        return f"<dl>{''.join(pairs)}</dl>"


@dataclass
class Details:
    """Parts behind a summary, closed until somebody asks."""

    summary: str
    parts: list

    def html(self):
        """Give it as HTML."""
        return f"<details><summary>{_text(self.summary)}</summary>{_parts(self.parts)}</details>"


@dataclass
class Columns:
    """Parts side by side where there is room."""

    parts: list

    def html(self):
        """Give it as HTML."""
        return f'<div class="columns">{_parts(self.parts)}</div>'


@dataclass
class Fragment:
    """HTML of protimb's own that is escaped already."""

    text: str

    def html(self):
        """Give it as it is."""
        return self.text


@dataclass
class Table:
    """A table that sorts by each column and, where asked, filters.

    Rows are those of ``frame``, its index included unless it only counts. A line break in a cell
    parts the figure from smaller print, and one in a heading breaks it. ``formats`` maps a column
    to a format such as ``"{:.1%}"`` (otherwise ``"{:.3f}"``, or ``"{:,}"`` for integers).
    ``search`` adds a box for words, ``ranges`` boxes from and to for some columns. ``n_shown``
    rows are shown at first.
    """

    frame: pd.DataFrame
    caption: str
    formats: dict = field(default_factory=dict)
    search: bool = False
    ranges: tuple = ()
    n_shown: int | None = None

    def html(self):
        """Give it as HTML; one without rows says so."""
        if self.frame.empty:
            return f"<p>{_text(self.caption)}: nothing to show.</p>"
        columns = self._columns()
        is_number = [all(map(_is_number, cells)) and any(cells) for _, cells in columns]
        names = [name for name, _ in columns]
        head = "".join(map(_heading, names, is_number))
        rows = zip(*(cells for _, cells in columns), strict=True)
        body = "\n".join(f"<tr>{_row(row, is_number)}</tr>" for row in rows)
        label = _text(self.caption)
        return (
            f'<div class="table"{self._asks(names)}><div class="wide" tabindex="0" role="region" '
            f'aria-label="{label}"><table><caption>{label}</caption><thead><tr>{head}</tr></thead>'
            f"\n<tbody>\n{body}\n</tbody></table></div></div>"
        )

    def _asks(self, names):
        """Say what the script is to add, as attributes."""
        columns = " ".join(str(names.index(str(name))) for name in self.ranges)
        asks = {"search": "1" if self.search else "", "ranges": columns, "shown": self.n_shown}
        return "".join(f' data-{name}="{value}"' for name, value in asks.items() if value)

    def _columns(self):
        """Columns as [(name, cells)], those of the index first."""
        frame = self.frame
        index = [] if isinstance(frame.index, pd.RangeIndex) else range(frame.index.nlevels)
        keys = [_column(frame.index.get_level_values(n).to_series(), None) for n in index]
        return keys + [
            _column(frame.iloc[:, n], self.formats.get(name)) for n, name in enumerate(frame)
        ]


@dataclass
class Picture:
    """A PNG with its caption."""

    path: Path
    caption: str

    def html(self):
        """Give it as HTML that holds the file."""
        data, text = Path(self.path).read_bytes(), _text(self.caption)
        source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        width = round(int.from_bytes(data[16:20]) * _SCREEN / _PRINTED)
        return (
            f'<figure><img alt="{text}" width="{width}" src="{source}">'
            f"<figcaption>{text}</figcaption></figure>"
        )


@dataclass
class Map:
    """Points on a plane that say what they are, to a pointer, a finger and arrow keys.

    ``points`` has ``x``, ``y``, ``group`` (a colour each; empty for grey), ``kind`` (background,
    real or generated: a small dot, a dot, a cross) and ``text``, which a point says.
    """

    points: pd.DataFrame
    caption: str

    def html(self):
        """Give it as HTML with an SVG."""
        places, height = _places(self.points[["x", "y"]].to_numpy(dtype=float))
        points = self.points.assign(place=places)
        groups = [name for name in points["group"].unique() if name]
        colours = {name: f"c{n % _N_COLOURS}" for n, name in enumerate(groups)} | {"": "grey"}
        drawn = "".join(
            _marks(points[(points["kind"] == kind) & (points["group"] == name)], kind, colour)
            for kind in _KINDS
            for name, colour in colours.items()
        )
        text = _text(self.caption)
        legend = "".join(_entry(name, colours[name]) for name in groups)
        present = [kind for kind in _KINDS if (points["kind"] == kind).any()]
        kinds = "".join(f'<li class="kind {kind}">{_KIND_WORDS[kind]}</li>' for kind in present)
        return (
            f'<figure class="map"><figcaption>{text}</figcaption>'
            f'<ul class="legend">{kinds}{legend}</ul>'
            f'<div class="plane" tabindex="0" role="group" aria-label="{text}">'
            f'<svg viewBox="0 0 {_SIDE} {height:.0f}" role="img" aria-label="{text}">{drawn}</svg>'
            '</div><p class="said" role="status"></p></figure>'
        )


_KIND_WORDS = {
    "background": "other real proteins",
    "real": "real proteins",
    "generated": "generated",
}


def _places(xy):
    """Scale places (n_points, 2) into the drawing, y upwards: texts, and the drawing's height."""
    spans = np.ptp(xy, axis=0) if len(xy) else np.zeros(2)
    # Points that all share one place have no span to scale.
    scale = (_SIDE - 2 * _MARGIN) / (max(spans[0], spans[1] / _TALLEST) or 1)
    width, height = spans * scale + 2 * _MARGIN
    x, y = ((xy - xy.min(axis=0, initial=np.inf)) * scale + _MARGIN).T
    x += (_SIDE - width) / 2
    places = zip(x, height - y, strict=True)
    return [f"translate({right:.1f} {down:.1f})" for right, down in places], height


def _marks(points, kind, colour):
    """Draw points of one kind and colour as a group, "" if there are none."""
    marks = (
        _MARKS[kind].format(place, f"<title>{_text(text)}</title>")
        for place, text in zip(points["place"], points["text"], strict=True)
    )
    return f'<g class="{kind} {colour}">{"".join(marks)}</g>' if len(points) else ""


def _entry(name, colour):
    return f'<li class="term {colour}" data-colour="{colour}">{_text(name)}</li>'


def _column(values, form):
    """Write a column's values as (name, texts)."""
    name = values.name if values.name is not None else ""
    if form is None and pd.api.types.is_float_dtype(values):
        form = "{:.3f}"
    return str(name), [_cell(value, form) for value in values]


def _cell(value: Any, form):
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if form is not None and not isinstance(value, str):
        return form.format(value)
    is_count = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    return f"{value:,}" if is_count else str(value)


def _is_number(cell):
    """Tell whether a cell's first line is a number, or nothing."""
    return not cell or bool(_NUMBER.fullmatch(cell.split("\n")[0]))


def _heading(name, is_number):
    lines = "<br>".join(map(_text, name.split("\n")))
    return f'<th scope="col"{_CLASS[is_number]}>{lines}</th>'


def _row(cells, is_number):
    first, *rest = zip(cells, is_number, strict=True)
    others = "".join(f"<td{_CLASS[number]}>{_lines(cell)}</td>" for cell, number in rest)
    return f'<th scope="row"{_CLASS[first[1]]}>{_lines(first[0])}</th>{others}'


_CLASS = {True: ' class="n"', False: ""}


def _lines(cell):
    """Write a cell's first line, and those below it in smaller print."""
    first, *below = cell.split("\n")
    small = "".join(f"<br><small>{_text(one)}</small>" for one in below)
    return f"{_text(first)}{small}"


def _parts(parts):
    return "\n".join(
        f"<p>{_text(one)}</p>" if isinstance(one, str) else one.html() for one in parts
    )


def _text(value):
    """Escape text; what a browser would obey unseen is spelled out."""
    plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in str(value))
    return escape(plain)


def _number(sections):
    return enumerate(sections, start=1)


def _anchor(number):
    return f"s{number}"


@cache
def _asset(name):
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(script):
    """Name the one script that a browser may run: whatever else got in, it stays text."""
    # The script stands between line breaks, which count.
    digest = hashlib.sha256(f"\n{script}\n".encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '$hash'">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<header><h1>$title</h1>
<p class="lead">$lead</p>
<nav aria-label="Sections"><ul>$links</ul></nav></header>
<main>
$sections
</main>
<script>
$script
</script>
</body>
</html>
""")
