"""report.html: an evaluation on one page that needs no other file."""

from protimb.utils._page import Details, Items, Note, Page, Picture, Section, Table, Words

_WORDS = {
    "Fmax": "best mean of precision and recall over all cuts of the score, protein by protein: 1 "
    "at best",
    "micro F": "the same, all pairs of protein and term taken together",
    "weighted": "terms count by their information, in bits: a rare term counts for more",
    "Smin": "smallest distance to a perfect prediction, in bits; lower is better",
    "coverage": "largest share of the proteins that have any prediction",
    "at 0.30": "the cut of the score at which the figure above is reached",
    "knowledge": "what was known of the proteins before: nothing, something elsewhere, or a part",
}
_HEADINGS = {"n_proteins": "proteins", "n_terms": "true terms", "fmax": "Fmax", "smin": "Smin"}
_HEADINGS |= {"weighted_fmax": "weighted Fmax"}


def write_report(evaluation, remarks, picture, path):
    """Write the page to ``path``, with the PNG ``picture`` in it."""
    summary = evaluation.summary[evaluation.summary["n_proteins"] > 0]
    caption = "Precision and recall over all cuts of the score, namespace by namespace."
    passed = [Items([line for one in remarks for line in one.splitlines()])] if remarks else []
    sections = [
        Section("The figures", [Table(_shown(summary), "Best figures"), Words(_WORDS), _GUIDE]),
        Section("Precision and recall", [Picture(picture, caption)]),
        Section("What was passed over", passed),
        Section("Terms left out", _left_out(evaluation.left_out)),
    ]
    Page("How good are these predictions?", _lead(summary), sections).save(path)


_GUIDE = Note("The chapter of the same name in protimb's user guide says more.")


def _lead(summary):
    """Say the best F of each namespace in a sentence."""
    plain = [(key[0], row) for key, row in summary.iterrows() if set(key[1:]) == {"all"}]
    if not plain:
        return "No protein of the truth counts, so there is nothing to say of these predictions."
    said = [
        f"{space.replace('_', ' ')} {row['fmax']:.3f} (over {row['n_proteins']:,.0f} proteins, "
        f"where scores are cut at {row['fmax_threshold']:.2f})"
        for space, row in plain
    ]
    return f"At their best, precision and recall together (Fmax, 1 at best) are {'; '.join(said)}."


def _shown(summary):
    """Name columns for reading, the cut below each figure; what never differs goes."""
    table = summary.reset_index()
    cuts = [name for name in table if name.endswith("_threshold")]
    for cut in cuts:
        figure = cut.removesuffix("_threshold")
        pairs = zip(table[figure], table[cut], strict=True)
        table[figure] = [f"{value:.3f}\nat {at:.2f}" for value, at in pairs]
    plain = [name for name in ("knowledge", "terms") if (table[name] == "all").all()]
    return table.drop(columns=[*plain, *cuts]).rename(columns=_heading).set_index("namespace")


def _heading(name):
    return _HEADINGS.get(name, name.replace("_", " ").replace("fmax", "F"))


def _left_out(table):
    if table.empty:
        return []
    shown = table.reset_index().rename(
        columns={"n_train": "training proteins", "n_proteins": "proteins"}
    )
    shown = shown.set_index("term" if "term" in shown else shown.columns[0])
    whole = Table(shown, "Terms with too few training proteins", search=True, n_shown=20)
    return [Details(f"Terms of the truth ({len(table):,})", [whole])]
