"""Cells: what one arm reached with one head in one seed, kept on disk as soon as it is known."""

import hashlib
import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from protimb.comparison._run import ArmResult
from protimb.comparison._sequences import hash_sequences
from protimb.exceptions import ArtifactError
from protimb.metrics import Evaluation
from protimb.plotting import EmbeddingMapDisplay
from protimb.utils._array_files import open_archive
from protimb.utils._declared import (
    Anything,
    Array,
    Each,
    Integer,
    Names,
    Record,
    Table,
    Text,
    check_declared,
)
from protimb.utils._folder import read_regular, require_plain
from protimb.utils._json_text import read_json
from protimb.utils._locks import LOCK, let_go, try_to_hold
from protimb.utils._new_folder import drop_stale, refuse_link, whole_file
from protimb.utils._provenance import environment

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
# What arrays and words raise that are not those of a cell.
_DAMAGES = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
_UNSAFE = re.compile(r"[^A-Za-z0-9_+-]+")


class Cells:
    """A folder of cells, or none: then nothing is kept and nothing found."""

    def __init__(self, folder=None):
        self.folder = None if folder is None else Path(folder)

    def load(self, seed, arm, head):
        """Read a cell as an ArmResult; None where it was not finished."""
        if self.folder is None or not _path(self.folder, seed, arm, head).exists():
            return None
        path = _path(self.folder, seed, arm, head)
        try:
            require_plain(path)
            with open_archive(path, ArtifactError) as arrays:
                return _decode({name: arrays.read(name) for name in arrays.names})
        except _DAMAGES as error:
            raise ArtifactError(
                f"{path} is damaged ({error}). Remove it: this part is then computed again."
            ) from error

    def save(self, seed, arm, head, result):
        """Write a cell in one step: it is there as a whole or not at all."""
        if self.folder is not None:
            arrays = _encode(result)
            path = _path(self.folder, seed, arm, head)
            with whole_file(path) as draft, draft.open("wb") as file:
                np.savez(file, **arrays)


def _path(folder, seed, arm, head):
    words = json.dumps([seed, arm, head])
    readable = _UNSAFE.sub("_", f"{seed}-{arm}-{head}")[:80]
    return folder / f"{readable}-{hashlib.sha256(words.encode()).hexdigest()[:12]}.npz"


@contextmanager
def open_cells(out, plan, resume):
    """Open the cells beneath ``out`` for this plan alone, while the block runs."""
    if out is None:
        yield Cells()
        return
    folder = Path(out) / "cells"
    refuse_link(folder, ArtifactError)
    folder.mkdir(parents=True, exist_ok=True)
    held = try_to_hold(folder / LOCK)
    if held is None:
        raise ArtifactError(
            f"Another comparison is writing to {out}. Wait for it, or pass another folder."
        )
    try:
        _settle(folder, plan, resume)
        yield Cells(folder)
    finally:
        let_go(held)


def _settle(folder, plan, resume):
    """Refuse cells of another plan, or remove all; then note the plan."""
    path = folder / "plan.json"
    drop_stale(folder, ".*")
    if not resume:
        for old in [path, *folder.glob("*.npz")]:
            old.unlink(missing_ok=True)
    plan = json.loads(json.dumps(plan, default=_words))
    if path.exists():
        earlier = _read_plan(path)
        _require_equal(earlier, plan, folder)
        for name in ("arms", "heads", "data"):
            plan[name] = earlier[name] | plan[name]
    text = json.dumps(plan, indent=1) + "\n"
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


# What a plan consists of, each part by names; see make_plan.
_SECTIONS = ("parameter", "data", "version of", "arms", "heads")
_MAX_PLAN = 2**26  # bytes


def _read_plan(path):
    try:
        plan = read_json(read_regular(path, max_size=_MAX_PLAN), path, ArtifactError)
        check_declared(plan, Table(Table(Anything())))
        check_declared(plan, Record(dict.fromkeys(_SECTIONS, Anything())))
    except ValueError as error:
        raise ArtifactError(
            f"{path} is damaged ({error}). Pass resume=False (--no-resume) to start over."
        ) from error
    return plan


def _require_equal(earlier, plan, folder):
    differences = [
        f"{section} {name} was {_shown(before[name])}, is {_shown(now[name])}"
        for section, before, now in ((key, earlier.get(key, {}), plan[key]) for key in plan)
        for name in before.keys() & now.keys()
        if before[name] != now[name]
    ]
    if differences:
        raise ArtifactError(
            f"{folder} holds the cells of another comparison: {'; '.join(sorted(differences))}. "
            "Pass another folder, or resume=False (--no-resume) to remove them and start over."
        )


def _shown(value):
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def make_plan(parameters, arms, protocol, bunch):
    """Write down all that a cell depends on; arms and heads by name, as more may join later."""
    names = (
        "sampling_strategy",
        "epochs",
        "max_steps",
        "classifier_params",
        "synthetic_weight",
        "synthetic_labels",
        "tune_cuts",
        "arms_tune",
        "n_resamples",
        "maps",
        "map_terms",
        "split",
        "date",
        "shots",
        "max_train",
    )
    settings = {name: getattr(protocol, name) for name in names}
    known = parameters["known"]
    settings |= {"known": known and known.fingerprint()}
    return {
        "parameter": settings | {"first seed": parameters["seeds"][0]},
        "data": bunch.fingerprint() | hash_sequences(bunch, protocol.heads),
        "version of": environment()["packages"] | {"protimb's code": hash_code()},
        "arms": {name: _arm_words(one, protocol, name) for name, one in arms.items()},
        "heads": {name: _head_words(one) for name, one in protocol.heads.items()},
    }


def _arm_words(arm, protocol, name):
    made = [_spell(make()) for make in (arm.make_sampler, arm.make_classifier) if make]
    flags = [arm.alone, arm.takes_strategy, arm.tunes_cuts]
    words = [arm.description, made, flags, dict(arm.classifier_params)]
    return _words([*words, protocol.sampler_params.get(name, {})])


def _head_words(head):
    """Spell all that the scores of a head depend on."""
    made = None if head.make is None else _spell(head.build())
    flags = [
        head.by_term,
        head.learns_all_labels,
        head.takes,
        head.equal_steps,
        list(head.cannot),
        list(head.reads),
        head.mix is not None,
    ]
    return _words([head.description, made, flags, [_head_words(one) for one in head.parts]])


def _spell(estimator):
    params = estimator.get_params() if hasattr(estimator, "get_params") else vars(estimator)
    return [type(estimator).__qualname__, sorted((name, _words(v)) for name, v in params.items())]


def _words(value):
    """Spell any value in words that are the same in another process."""
    # Whole arrays: an ellipsis would hide in what they differ.
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return _ADDRESS.sub("", repr(value))


def hash_code():
    """Hash protimb's own source: cells of other code are no part of this comparison."""
    digest, root = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _encode(result):
    """Turn the ArmResult of one head into arrays by name; words go as JSON."""
    ((head, evaluation),) = result.evaluations.items()
    facts = {
        "head": head,
        "figures": list(evaluation.point.index),
        "dtypes": [str(one) for one in evaluation.resamples.dtypes],
        "bins": list(evaluation.n_terms.index),
        "fingerprint": evaluation.fingerprint,
        "traces": _to_json(result.traces),
        "seconds": result.seconds,
    }
    cuts = {"cuts": result.cuts[head]} if head in result.cuts else {}
    return {
        "facts": np.array(json.dumps(facts)),
        "point": evaluation.point.to_numpy(),
        "resamples": evaluation.resamples.to_numpy(dtype=float),
        "n_terms": evaluation.n_terms.to_numpy(),
        "n_left_out": evaluation.n_left_out.to_numpy(),
        "term_scores": result.term_scores[head],
        **cuts,
    }


def _decode(arrays):
    facts = _read_facts(arrays)
    figures, bins, head = facts["figures"], facts["bins"], facts["head"]
    dtypes = dict(zip(figures, facts["dtypes"], strict=True))
    evaluation = Evaluation(
        point=pd.Series(arrays["point"], index=figures, name="point"),
        resamples=pd.DataFrame(arrays["resamples"], columns=figures).astype(dtypes),
        n_terms=pd.Series(arrays["n_terms"], index=bins, name="n_terms"),
        n_left_out=pd.Series(arrays["n_left_out"], index=bins, name="n_left_out"),
        fingerprint=facts["fingerprint"],
    )
    cuts = {head: arrays["cuts"]} if "cuts" in arrays else {}
    scores, traces = {head: arrays["term_scores"]}, _from_json(facts["traces"])
    return ArmResult({head: evaluation}, scores, cuts, traces, facts["seconds"])


def _read_facts(arrays):
    """Read the words of a cell, whose arrays have the sizes that they tell."""
    facts = read_json(str(arrays["facts"]).encode(), "facts", ValueError)
    check_declared(facts, _FACTS)
    sizes = {"n_figures": len(facts["figures"]), "n_bins": len(facts["bins"])}
    declared = {name: kind for name, kind in _ARRAYS.items() if name != "cuts" or name in arrays}
    check_declared(arrays, declared, sizes)
    return facts


_FACTS = {
    "head": Text(),
    "figures": Names("n_figures", text=True),
    "dtypes": Each(Text(("float16", "float32", "float64", "int32", "int64")), "n_figures"),
    "bins": Names("n_bins"),
    "fingerprint": Integer(),
    "traces": Anything(),
    "seconds": Anything(),
}
_ARRAYS = {
    "facts": Anything(),
    "point": Array("f", "n_figures", nan=True),
    "resamples": Array("f8", "n_resamples", "n_figures", nan=True),
    "n_terms": Array("i", "n_bins"),
    "n_left_out": Array("i", "n_bins"),
    "term_scores": Array("f", "n_terms", nan=True),
    "cuts": Array("f", "n_terms", nan=True),
}


def _to_json(value):
    if isinstance(value, EmbeddingMapDisplay):
        return {"__map__": value.method, "points": _to_json(value.points)}
    if isinstance(value, pd.DataFrame):
        columns = {name: value[name].tolist() for name in value}
        dtypes = {name: str(value[name].dtype) for name in value}
        index = {"name": value.index.name, "values": value.index.tolist()}
        return {"__frame__": columns, "dtypes": dtypes, "index": index}
    if isinstance(value, dict):
        return {str(name): _to_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(one) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _from_json(value):
    if isinstance(value, list):
        return [_from_json(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "__map__" in value:
        return EmbeddingMapDisplay(_from_json(value["points"]), method=value["__map__"])
    if "__frame__" in value:
        index = pd.Index(value["index"]["values"], name=value["index"]["name"])
        return pd.DataFrame(value["__frame__"], index=index).astype(value["dtypes"])
    return {name: _from_json(one) for name, one in value.items()}
