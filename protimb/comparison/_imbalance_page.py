"""report.html of `describe_imbalance`: one page that needs no other file."""

import pandas as pd

from protimb.metrics import FREQUENCY_BINS
from protimb.utils._page import Note, Page, Picture, Section, Table, Words

_N_SHOWN = 20  # terms shown at first
_FEW = 20  # proteins below which a term is called rare
_WORDS = {
    "IRLbl": "how many times more proteins the most frequent term has; MeanIR is its mean and "
    "CVIR its standard deviation by that mean",
    "SCUMBLE": "how much rare and frequent terms sit on the same proteins, from 0 to 1: where it "
    "is high, copies of rare proteins raise frequent terms too",
    "labelset": "all terms of one protein together",
    "cardinality": "terms a protein, on average; density is that as a share of all terms",
}
_FORMATS = {"share": "{:.2%}", "IRLbl": "{:,.1f}", "SCUMBLE": "{:.3f}"}


def write_report(imbalance, picture, path):
    """Write the page to ``path``, with the PNG ``picture`` in it."""
    counts = imbalance.terms["count"]
    sections = [
        Section(
            "How rare terms are",
            [Table(_bins(counts), "Terms by proteins"), Picture(picture, "Proteins of each term.")],
        ),
        Section("What the words mean", [Words(_WORDS), _GUIDE]),
        Section("The whole set", [Table(_measures(imbalance.summary), "Measures")]),
        Section("Term by term", [_terms(imbalance.terms)]),
    ]
    Page("How imbalanced are these terms?", _lead(imbalance), sections).save(path)


_GUIDE = Note(
    'The chapter "Which resampler when" of protimb\'s user guide says what can be done about it.'
)


def _lead(imbalance):
    counts = imbalance.terms["count"]
    n_rare = int((counts < _FEW).sum())
    return (
        f"Of {len(counts):,} terms, {n_rare:,} have fewer than {_FEW} proteins: the rarest has "
        f"{counts.min():,}, and the most frequent, {imbalance.terms['name'].iloc[0]}, "
        f"{counts.max():,} of {imbalance.summary['rows']:,.0f}."
    )


def _bins(counts):
    n_terms = {
        f"{name} proteins": int(counts.between(low, high - 1).sum())
        for name, (low, high) in FREQUENCY_BINS.items()
    }
    return pd.Series(n_terms, name="terms").rename_axis("bin").to_frame()


def _measures(summary):
    digits = {True: "{:,.0f}", False: "{:,.3f}"}
    shown = [digits[float(value).is_integer()].format(value) for value in summary]
    return pd.DataFrame({"value": shown}, index=summary.index.rename("measure"))


def _terms(terms):
    names = [f"{name}\n{term}" for term, name in terms["name"].items()]
    shown = terms.drop(columns="name").set_index(pd.Index(names, name="term"))
    shown = shown.rename(columns={"count": "proteins", "frequency": "share"})
    return Table(
        shown,
        "Each term, most frequent first",
        _FORMATS,
        search=True,
        ranges=("proteins",),
        n_shown=_N_SHOWN,
    )
