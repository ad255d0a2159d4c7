"""A comparison as plain text: advice, tables, verdicts and what to keep in mind."""

from protimb.comparison._known import about_known
from protimb.comparison._layouts import show_verdicts
from protimb.comparison._text import short_zeros, show_table
from protimb.comparison._verdict import ABOUT_VERDICTS
from protimb.comparison._winners import LEGEND

ABOUT_DECISIONS = (
    "Macro F1, precision and recall at 0.5 (at the tuned cut, where there is one); Brier skill, 1 "
    "at best and 0 for the term's share; calibration error (ECE), of the size of the terms' share; "
    "predicted over true positives. * differs from none with confidence"
)


def render(comparison, width=None):
    """Write the tables, the winners and their caveat, with lines of at most ``width``."""
    known = about_known(comparison.record)
    parts = [
        *([known] if known else []),
        comparison.advice(),
        *_number_blocks(comparison.wide(), width),
        LEGEND,
        *comparison.about_fmax(),
        *_render_rare(comparison),
        *_render_heads(comparison, width),
        "\n".join(comparison.winners()),
        comparison.ranks().sentence(),
        comparison.caveat,
    ]
    return "\n\n".join(parts)


def _render_rare(comparison):
    """Write verdicts and decisions on the rare terms, a block a classifier: list of str."""
    name = comparison.rare_bin
    found = comparison.verdicts()
    verdicts = _blocks(show_verdicts(found[found["bin"] == name]), f"Verdicts, bin {name}")
    decisions = _blocks(comparison.decisions(), f"Decisions, bin {name}")
    return [*verdicts, *([ABOUT_VERDICTS] if verdicts else []), *decisions, ABOUT_DECISIONS]


def _render_heads(comparison, width):
    """Write what the heads reach without resampling, if there are several: list of str."""
    if sum(arm == "none" for arm, _ in comparison.evaluations) < 2:
        return []
    return [f"Heads without resampling:\n{show_table(_stacked(comparison.heads()), width)}"]


def _number_blocks(wide, width):
    """Write the wide table as one text a classifier."""
    return [
        f"{_judged(name, 'Each arm')}:\n{show_table(_stacked(rows.droplevel(0)), width)}"
        for name, rows in wide.groupby(level=0, sort=False)
    ]


def _stacked(table):
    """Label the second row of each pair by what it is, below the arm or head of the first."""
    labels = [f"  {row}" if row else name for name, row in table.index]
    return table.map(short_zeros).set_axis(labels)


def _judged(name, title):
    return f"{title}, {'by itself' if name == 'alone' else f'with {name}'}"


def _blocks(table, title):
    """Write a table indexed by classifier and arm as one text a classifier."""
    return [
        f"{_judged(name, title)}:\n{_plain(rows)}"
        for name, rows in table.groupby(level=0, sort=False)
    ]


def _plain(rows):
    text = rows.droplevel(0).rename_axis(None).rename_axis(columns=None).to_string()
    return "\n".join(line.rstrip() for line in text.splitlines())
