"""What an audit leaves: a page, tables, a record, and pictures."""

import json

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import check_random_state

from protimb.plotting import ComparisonMapDisplay, EmbeddingMapDisplay, QualityDisplay
from protimb.plotting._map import METHODS
from protimb.plotting._map_words import choose_terms, say_points
from protimb.plotting._style import for_files
from protimb.utils._csv import write_csv
from protimb.utils._page import Details, Items, Map, Note, Page, Picture, Section, Table, Words
from protimb.utils._provenance import spell_packages
from protimb.utils._representatives import members_a_term, representatives

_N_SHOWN = 20  # terms shown at first
_JUDGED = {True: "passed", False: "failed", None: "not judged"}
# What the page shows of a term; terms.csv has all.
_BY_TERM = (
    "n_real",
    "n_held_out",
    "n_generated",
    "cosine",
    "label_fidelity",
    "intrusion",
    "copies",
    "authenticity",
    "passed",
)
_WORDS = {
    "generated": "mean score of the generated rows, or the figure of the set of them",
    "real": "the same of held-out real proteins, measured against the same training proteins",
    "limit": "what another sample of real proteins might still have scored; nobody typed it in",
    "held-out": "real proteins that the generator did not learn from",
}


def write_audit(found, train, bunch, folder, maps, random_state):
    """Write report.html, properties.csv, terms.csv and audit.json into a folder."""
    train = _few_enough(train, random_state)
    report, rows = found.report, found.rows
    write_csv(report.to_frame(), folder / "properties.csv")
    write_csv(report.to_frame(by="term"), folder / "terms.csv")
    text = json.dumps(found.record, indent=1) + "\n"
    (folder / "audit.json").write_text(text, encoding="utf-8")
    said = [*report.sentences(), *filter(None, [found.record["guard"]])]
    lead, words = said[0], said[1:]
    sections = [
        Section("Why", [Items(words)] if words else []),
        Section("Property by property", [_by_property(report), Details("Words", [Words(_WORDS)])]),
        Section("Term by term", _by_term(report, bunch)),
        Section("Scores of rows", _scores(report, folder)),
        Section("Side by side", _side_by_side(train, rows, maps, folder, random_state)),
        Section("Maps of real and generated proteins", _maps(train, rows, maps, random_state)),
        Section("How it was judged", _how(found.record)),
    ]
    Page(_title(found.record), lead, sections).save(folder / "report.html")


def _title(record):
    return f"Can these {record['n_generated']:,} generated proteins be trusted?"


def _by_property(report):
    table = report.to_frame()
    table = table.iloc[np.argsort(table["passed"].map(_worst_first), kind="stable")]
    shown = pd.DataFrame(
        {
            "property": table["title"] + "\n" + table["asks"],
            "judged": table["passed"].map(lambda value: _JUDGED[value]),
            "generated": table["score"],
            "real": table["real"],
            "limit": table["threshold"],
            "better": table["better"],
        }
    )
    return Table(shown.set_index("property"), "Generated against held-out real proteins")


def _worst_first(passed):
    return {False: 0, True: 1}.get(passed, 2)


def _by_term(report, bunch):
    table = report.to_frame(by="term")
    if table.empty:
        return []
    names = dict(zip(map(str, bunch.terms), bunch.term_names, strict=True))
    kept = [name for name in _BY_TERM if name in table]
    shown = table[kept].assign(passed=table["passed"].map(lambda value: _JUDGED[value]))
    shown.insert(0, "judged", shown.pop("passed"))
    shown.insert(0, "term", [f"{names.get(str(one), one)}\n{one}" for one in table.index])
    shown = shown.rename(columns=lambda name: name.replace("n_", "").replace("_", " "))
    note = Note(
        "Means of the scores of a term's generated rows; more of them, and reasons, are in "
        "terms.csv."
    )
    table = Table(
        shown.set_index("term"),
        "Terms with four or more generated rows",
        search=True,
        ranges=("real", "generated"),
        n_shown=_N_SHOWN,
    )
    return [table, note]


def _scores(report, folder):
    if not report.scores_:
        return []
    caption = "Scores of held-out real and of generated rows, with the limit of their mean."
    return [_picture(QualityDisplay.from_report(report), folder / "scores.png", caption)]


def _side_by_side(train, rows, maps, folder, random_state):
    if not len(maps):
        return []
    display = ComparisonMapDisplay.from_vectors(
        train.X, rows.X, methods=maps, random_state=random_state
    )
    caption = (
        "Real and generated proteins by each method. Trustworthiness says how far neighbours on "
        "the map are neighbours in truth; where rows are mixed as real ones are, neighbours of a "
        "generated row are real as often as there are real rows."
    )
    return [_picture(display, folder / "maps.png", caption)]


def _picture(display, path, caption):
    with for_files():
        figure = display.plot().figure_
    figure.savefig(path, dpi=120, bbox_inches="tight")
    return Picture(path, caption)


def _maps(train, rows, maps, random_state):
    y_new = rows.y.toarray()
    columns = choose_terms(train.y, y_new) if len(maps) else []
    if not len(columns):
        return []
    terms = {column: str(train.term_names[column]) for column in columns}
    displays = [
        EmbeddingMapDisplay.from_vectors(
            train.X, train.y, rows.X, y_new, terms=terms, method=method, random_state=random_state
        )
        for method in maps
    ]
    return [_map(one, train, rows, y_new) for one in displays]


def _few_enough(train, random_state):
    """Keep some proteins of each term, where all are too many for labels that are not sparse."""
    if not sparse.issparse(train.y):
        return train
    n_a_term = members_a_term(train.X.shape[1], len(train.terms))
    part = train.take(representatives(train.y, n_a_term, check_random_state(random_state)))
    return type(part)(**part | {"y": part.y.toarray()})


def _map(display, train, rows, y_new):
    said = say_points(display.points, train.y, y_new, train.protein_ids, train.term_names, rows.ids)
    points = display.points.rename(columns={"term": "group"}).assign(text=said)
    return Map(points, f"{METHODS[display.method][0]}: real and generated proteins of rare terms")


def _how(record):
    lines = [
        f"Generated: {record['generated']}, {record['n_generated']:,} rows.",
        f"Real: {record['real']}, {record['ontology']}, terms of {record['min_proteins']} proteins "
        f"and more; {record['n_training']:,} proteins to compare with, {record['n_held_out']:,} "
        f"held out: {record['held_out']}.",
    ]
    if record["n_unknown_claims"]:
        lines.append(
            f"{record['n_unknown_claims']:,} claims of {record['n_unknown_terms']:,} terms that "
            "the real proteins do not have were left out."
        )
    versions = ", ".join(spell_packages(record["environment"]))
    return [Items(lines), Note(f"{versions}. All figures are in audit.json.")]
