"""Random ontologies, truths and predictions, as values and as files."""

from pathlib import Path
from types import SimpleNamespace

from hypothesis import strategies as st

NAMESPACES = ("molecular_function", "biological_process")
BITS = [0.0, 0.5, 1.25, 3.0]
# cafaeval's columns, which are CAFA-evaluator-PK's too -> protimb's
COLUMNS = {
    "n": "n_predicted",
    "pr": "precision",
    "rc": "recall",
    "f": "f",
    "cov": "coverage",
    "mi": "misinformation",
    "ru": "remaining_uncertainty",
    "s": "s",
    "pr_micro": "micro_precision",
    "rc_micro": "micro_recall",
    "f_micro": "micro_f",
}
COLUMNS |= {f"{theirs}_w": f"weighted_{ours}" for theirs, ours in COLUMNS.items()}
BEST = {"f": "fmax", "f_micro": "micro_fmax", "f_w": "weighted_fmax", "s_w": "smin"}
BEST |= {"f_micro_w": "weighted_micro_fmax"}


def name(term):
    return f"GO:{term:07d}"


@st.composite
def problems(draw, *, known=False):
    """Draw everything that an evaluation takes; scores lie on thresholds and between."""
    n_terms = draw(st.integers(4, 12))
    # cafaeval fails on a namespace without a link: terms 2 and 3 are children of 0 and 1.
    spaces = [NAMESPACES[term % 2] for term in range(n_terms)]
    links = [(2, 0, "is_a"), (3, 1, "is_a")] + [
        (child, parent, draw(st.sampled_from(["is_a", "part_of"])))
        for child in range(4, n_terms)
        for parent in draw(st.sets(st.integers(0, child - 1), max_size=3))
    ]
    terms = st.integers(0, n_terms - 1)
    proteins = st.integers(0, 5)
    pairs = st.tuples(proteins, terms)
    # No 0: cafaeval fails on predictions that hold nothing else.
    score = st.one_of(st.sampled_from([0.01, 0.3, 0.57, 1.0]), st.floats(1e-6, 1))
    return SimpleNamespace(
        n_terms=n_terms,
        spaces=spaces,
        links=links,
        truth=draw(st.lists(pairs, min_size=1, max_size=12, unique=True)),
        predictions=draw(st.lists(st.tuples(proteins, terms, score), min_size=1, max_size=25)),
        bits=draw(
            st.lists(st.sampled_from([0.0, 0.5, 1.25, 3.0]), min_size=n_terms, max_size=n_terms)
        ),
        known=draw(st.lists(pairs, min_size=1, max_size=10, unique=True)) if known else [],
    )


def write(problem, folder):
    """Write a problem as the files that cafaeval and protimb read: {kind: path}."""
    folder = Path(folder)
    files = {kind: folder / f"{kind}.tsv" for kind in ("truth", "bits", "known")}
    files |= {"obo": folder / "terms.obo", "predictions": folder / "methods" / "one.tsv"}
    files["predictions"].parent.mkdir(parents=True, exist_ok=True)
    stanzas = [
        f"[Term]\nid: {name(term)}\nname: t\nnamespace: {space}\n" + _links(term, problem.links)
        for term, space in enumerate(problem.spaces)
    ]
    files["obo"].write_text("format-version: 1.2\n\n" + "\n".join(stanzas))
    for kind in ("truth", "known"):
        lines = [f"P{protein}\t{name(term)}\n" for protein, term in getattr(problem, kind)]
        files[kind].write_text("".join(lines))
    scores = [f"P{protein}\t{name(t)}\t{score!r}\n" for protein, t, score in problem.predictions]
    files["predictions"].write_text("".join(scores))
    bits = [f"{name(term)}\t{bits!r}\n" for term, bits in enumerate(problem.bits)]
    files["bits"].write_text("".join(bits))
    return files


def _links(term, links):
    lines = {"is_a": "is_a: {}\n", "part_of": "relationship: part_of {}\n"}
    return "".join(lines[kind].format(name(p)) for child, p, kind in links if child == term)
