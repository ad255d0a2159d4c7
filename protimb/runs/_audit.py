"""Audit generated proteins of any generator: whether they can be trusted, and if not, why."""

import json
import re
from pathlib import Path
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from protimb.datasets import normalise_protein_id
from protimb.datasets._load import load_proteins, warn_of_generated
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.runs._audit_page import write_audit
from protimb.runs._config import CONFIG, read_config
from protimb.runs._judged import read_judged
from protimb.runs._quality import judge_rows
from protimb.runs._train import QUALITY_BY_TERM, split
from protimb.utils._arguments import with_defaults
from protimb.utils._files import read_text
from protimb.utils._new_folder import check_new, new_folder
from protimb.utils._provenance import environment
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

_WORD = re.compile(r"[^>\"'\s,;][^\"'\s,;]*|$")  # of an id, without quotes and the next cells
_SHARE_HELD_OUT = 0.2  # of the sequence clusters, where nobody says what the generator did not see


def audit(
    real,
    generated,
    out=None,
    *,
    ontology="mf",
    min_proteins=10,
    held_out=None,
    properties="all",
    level=0.95,
    maps=("pca", "tsne", "umap"),
    random_state=0,
):
    """Hold generated proteins against real ones, property by property, and write a report.

    Parameters
    ----------
    real : str, path-like or ProteinData
        ``"human_go"``, a CAFA folder, or proteins in memory: those that the generator learned from,
        and some that it did not see.
    generated : path-like
        A run of `train_sampler`; a file that ``Generated.save`` wrote; a folder that `resample`
        wrote, or any CAFA folder of generated proteins; or a table (``.csv``, ``.tsv``, gzipped or
        not) with a column ``terms`` that lists GO ids, perhaps one of ids, and one column a number
        of the vector: rows of any generator.
    out : path-like, optional
        Folder for ``report.html``, ``properties.csv``, ``terms.csv``, ``audit.json`` and pictures:
        new, or empty. Nothing is written if None.
    ontology : {"mf", "bp", "cc"}, default="mf"
        Whose terms; a run knows its own.
    min_proteins : int, default=10
        Leave out terms with fewer real proteins; a run knows its own.
    held_out : path-like, optional
        File of one protein id a line, as UniProt writes it or with a version: real proteins that
        the generator did not see. A run knows its own. Without either a fifth of the sequence
        clusters is taken, and the report says that the generator may have seen them.
    properties, level
        As of `protimb.metrics.quality_report`.
    maps : tuple of {"pca", "tsne", "umap"}
        Pictures of real and generated proteins; may be empty.
    random_state : int, default=0
        Of splits, draws and maps.

    Returns
    -------
    audit : Bunch
        ``report`` (QualityReport), ``rows`` (the generated proteins as they were read: ``X``,
        ``y``, ``ids``, ``n_unknown``), ``record`` (dict, what ``audit.json`` holds) and ``folder``
        (Path or None).

    Raises
    ------
    EmbeddingFileError
        If the generated proteins cannot be read, have another width, or claim no term of the
        real ones.
    AnnotationError
        If ``held_out`` names no protein, or all.
    ArtifactError
        If a run, or a file of one, is damaged.
    FileExistsError
        If ``out`` holds something already.

    See Also
    --------
    protimb.metrics.quality_report : The same questions, for arrays.
    train_sampler : Makes a run.
    """
    return _run(dict(locals()))


def audit_and_show(show, **given):
    """Audit as `audit` does, and show what was found before it is saved."""
    return _run(with_defaults(audit, given), show)


def _run(parameters, show=None):
    """Run what the parameters of `audit` ask for, by name, and save it where they say."""
    asked = Bunch(**parameters)
    if asked.out is not None:
        check_new(asked.out)
    settings, fingerprint = _run_of(asked.generated)
    if settings is not None:
        asked.update(ontology=settings.ontology, min_proteins=settings.min_proteins)
    bunch = load_proteins(asked.real, asked.ontology, asked.min_proteins, "auto")
    warn_of_generated(bunch)
    rows = read_judged(asked.generated, bunch, asked.ontology)
    train, judges, seen = _part(bunch, asked, settings, fingerprint)
    options = {"properties": asked.properties, "level": asked.level}
    report = judge_rows(train, judges, rows.X, rows.y, asked.random_state, **options)
    record = _record(asked, train, judges, seen, rows, report)
    record["guard"] = _say_guarded(asked.generated) if settings is not None else ""
    found = Bunch(report=report, rows=rows, record=record, folder=None)
    if show is not None:
        show(found)
    if asked.out is not None:
        with new_folder(asked.out) as draft:
            write_audit(found, train, bunch, draft, asked.maps, asked.random_state)
        found.folder = Path(asked.out)
    return found


def _run_of(generated):
    """Read what the run that made the rows was asked for; None, None where no run did."""
    folder = _folder_of(generated)
    if Path(generated).suffix not in ("", ".npz") or not (folder / CONFIG).is_file():
        return None, None
    return read_config(folder)


def _folder_of(generated):
    path = Path(generated)
    return path if path.is_dir() else path.parent


def _say_guarded(generated):
    """Say which rows of a run its guard made, "" where it made none."""
    path = _folder_of(generated) / QUALITY_BY_TERM
    table = pd.read_csv(path) if path.is_file() else pd.DataFrame()
    if "made_by" not in table:
        return ""
    n_rows = table.groupby("made_by")["n_planned"].sum().drop("generated", errors="ignore")
    made = " and ".join(f"{n:,} {how}" for how, n in n_rows.items() if n)
    if not made:
        return ""
    return (
        f"Of {table['n_planned'].sum():,} rows the run's guard had {made}, where generated ones "
        "were not surely better for a classifier; guard=None generates all."
    )


def _part(bunch, asked, settings, fingerprint):
    """Part the real proteins: to learn from, to judge by, and what is known of the latter."""
    if asked.held_out is not None:
        return *_by_name(bunch, asked.held_out), "named by the user as unseen by the generator"
    if settings is not None and settings.hold_out and bunch.fingerprint() == fingerprint:
        return *split(bunch, settings), "held out by the run, unseen by the generator"
    parts = bunch.split_by_cluster(random_state=asked.random_state, test_size=_SHARE_HELD_OUT)
    has_clusters = len(np.unique(bunch.groups)) < len(bunch.groups)
    what = "sequence clusters" if has_clusters else "proteins, without clusters of relatives"
    return *parts, f"a fifth of the {what}, which the generator may have seen"


def _by_name(bunch, path):
    """Part the proteins whose ids a file lists from the others: (train, held_out)."""
    named = _read_names(path)
    known = {str(one) for one in bunch.protein_ids}
    found = {one: _id_among(known, one) for one in named}
    held_out = np.isin(np.asarray(bunch.protein_ids, dtype=object), [*found.values()])
    strange = [one for one, known_as in found.items() if known_as is None]
    if held_out.all() or not held_out.any():
        raise AnnotationError(
            f"{path} names {held_out.sum()} of {len(held_out)} real proteins"
            + (f"; {a_few(strange)} are not among them." if strange else ".")
            + " It has to name some, and leave some that the generator learned from."
        )
    if len(strange) > 1:  # one may be a header
        warn(
            f"{path}: {len(strange)} of {len(named)} names are those of no real protein here "
            f"({a_few(strange)}), and are passed over.",
            AnnotationWarning,
            stacklevel=users_level(),
        )
    return bunch.take(~held_out), bunch.take(held_out)


def _read_names(path):
    """Read the first cell of each line, each once."""
    lines = read_text(path, AnnotationError).split("\n")
    names = (line.split("\t")[0].strip() for line in lines)
    return [*dict.fromkeys(name for name in names if name)]


def _id_among(known, name):
    """Find the id among those known that a name stands for: quoted, of UniProt, with a version."""
    word = _WORD.findall(name)[0]
    ways = (name, word, *(normalise_protein_id(word, canonical=one) for one in (False, True)))
    return next((one for one in ways if one in known), None)


def _record(asked, train, judges, seen, rows, report):
    """Say what was held against what: plain values, which audit.json can hold."""
    real = asked.real
    return {
        "real": real if isinstance(real, str) else str(getattr(real, "name", type(real).__name__)),
        "generated": str(asked.generated),
        "ontology": asked.ontology,
        "min_proteins": asked.min_proteins,
        "n_training": len(train.X),
        "n_held_out": len(judges.X),
        "held_out": seen,
        "n_generated": len(rows.X),
        "n_unknown_terms": len(rows.n_unknown),
        "n_unknown_claims": int(sum(rows.n_unknown.values())),
        "passed": report.passed,
        "properties": json.loads(report.to_json()),
        "environment": environment(),
    }
