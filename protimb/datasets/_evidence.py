"""Evidence codes of GO: which there are, presets of them, and what ECO's terms are called."""

from collections.abc import Mapping
from warnings import warn

import pandas as pd

from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._files import read_text
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# https://geneontology.org/docs/guide-go-evidence-codes/
EVIDENCE_CODES = {
    "experiment": ("EXP", "IDA", "IPI", "IMP", "IGI", "IEP"),
    "high throughput": ("HTP", "HDA", "HMP", "HGI", "HEP"),
    "phylogeny": ("IBA", "IBD", "IKR", "IRD"),
    "computation": ("ISS", "ISO", "ISA", "ISM", "IGC", "RCA"),
    "statement": ("TAS", "IC"),
    "opinion": ("NAS",),
    "no data": ("ND",),
    "electronic": ("IEA",),
    "retired": ("IMR", "NR"),
}
CODES = tuple(code for codes in EVIDENCE_CODES.values() for code in codes)

_EXPERIMENTAL = ("experiment", "high throughput", "statement")
# Name -> codes; "experimental" is what CAFA takes for known.
PRESETS = {
    "experimental": tuple(code for kind in _EXPERIMENTAL for code in EVIDENCE_CODES[kind]),
    "curated": tuple(
        code
        for kind in (*_EXPERIMENTAL, "phylogeny", "computation", "opinion")
        for code in EVIDENCE_CODES[kind]
    ),
    "all": None,
}

# http://purl.obolibrary.org/obo/eco/gaf-eco-mapping.txt: the defaults, and what GO_REFs stand for.
ECO_CODES = {
    "ECO:0000269": "EXP",
    "ECO:0000314": "IDA",
    "ECO:0000353": "IPI",
    "ECO:0000315": "IMP",
    "ECO:0000316": "IGI",
    "ECO:0000270": "IEP",
    "ECO:0006056": "HTP",
    "ECO:0007005": "HDA",
    "ECO:0007001": "HMP",
    "ECO:0007003": "HGI",
    "ECO:0007007": "HEP",
    "ECO:0000318": "IBA",
    "ECO:0000319": "IBD",
    "ECO:0000320": "IKR",
    "ECO:0000321": "IRD",
    "ECO:0000250": "ISS",
    "ECO:0000031": "ISS",
    "ECO:0000266": "ISO",
    "ECO:0000247": "ISA",
    "ECO:0000255": "ISM",
    "ECO:0000317": "IGC",
    "ECO:0000354": "IGC",
    "ECO:0000245": "RCA",
    "ECO:0000304": "TAS",
    "ECO:0000305": "IC",
    "ECO:0000303": "NAS",
    "ECO:0000307": "ND",
} | dict.fromkeys(
    (
        "ECO:0007669",
        "ECO:0000501",
        "ECO:0000256",
        "ECO:0000259",
        "ECO:0000265",
        "ECO:0000322",
        "ECO:0000323",
        "ECO:0000363",
        "ECO:0000366",
        "ECO:0007322",
    ),
    "IEA",
)

ECO_ADVICE = (
    " To have narrower terms of ECO read, pass eco= the file gaf-eco-mapping-derived.txt from "
    "http://purl.obolibrary.org/obo/eco/."
)


def wanted_codes(evidence):
    """Return the codes that a preset or a collection stands for, or None for all."""
    if evidence is None:
        raise AnnotationError("evidence is None. Pass 'all' to take annotations of any evidence.")
    if isinstance(evidence, str):
        if evidence not in PRESETS:
            hint = f" For codes, pass a collection: [{evidence!r}]." if evidence in CODES else ""
            raise AnnotationError(
                f"evidence must be {', '.join(map(repr, PRESETS))} or a collection of codes, got "
                f"{evidence!r}.{hint}"
            )
        preset = PRESETS[evidence]
        return None if preset is None else set(preset)
    codes = set(evidence)
    if not codes:
        raise AnnotationError("An empty evidence keeps no line. Pass 'all' to keep all.")
    _check_codes(codes)
    return codes


def _check_codes(codes):
    unknown = sorted(str(code) for code in codes if code not in CODES)
    if unknown:
        meant = [code.upper() for code in unknown if code.upper() in CODES]
        hint = f"Did you mean {a_few(meant)}? " if meant else ""
        presets = [code for code in unknown if code in PRESETS]
        hint = f"A preset is named alone: evidence={presets[0]!r}. " if presets else hint
        raise AnnotationError(
            f"There is no evidence code {a_few(map(repr, unknown))}. {hint}Codes are "
            f"{', '.join(CODES)}."
        )


def read_eco_codes(eco):
    """Return {ECO term: evidence code}: what is known, and what a mapping or ECO's file adds."""
    if eco is None:
        return ECO_CODES
    if isinstance(eco, Mapping):
        _check_codes(set(eco.values()))
        return ECO_CODES | dict(eco)
    lines = read_text(eco, AnnotationError).split("\n")
    rows = [line.split("\t") for line in lines if line and line[0] != "#"]
    added = {row[0].strip(): row[1].strip() for row in rows if len(row) > 1}
    if not any(term.startswith("ECO:") and code in CODES for term, code in added.items()):
        raise AnnotationError(
            f"{eco}: no line has a term of ECO, a tab and an evidence code, as those of "
            "gaf-eco-mapping-derived.txt have."
        )
    return ECO_CODES | added


def judge_evidence(table, codes, evidence, path):
    """Mark in ``fails`` the lines of other evidence; count kept and dropped lines by code.

    Lines that failed before stay as they are. Codes that do not exist are warned of.
    """
    asked = table.loc[table["fails"] == "", "evidence"]
    has = pd.Series(True, index=asked.index) if codes is None else asked.isin(codes)
    if isinstance(evidence, str) and len(asked) and not has.any():
        raise AnnotationError(_message_if_none(asked, evidence, path))
    table.loc[asked.index[~has], "fails"] = "evidence"
    if codes is not None:
        _warn_of_unknown(asked, path)
    return {
        "evidence_kept": asked[has].value_counts().to_dict(),
        "evidence_dropped": asked[~has].value_counts().to_dict(),
    }


def _message_if_none(codes, evidence, path):
    found = ", ".join(f"{code or 'none'} ({n:,})" for code, n in codes.value_counts().items())
    return (
        f"{path}: none of {len(codes):,} annotations is {evidence}; codes found: {found}. Pass "
        "evidence='all', or a collection of the codes to take."
    )


def _warn_of_unknown(codes, path):
    unknown = codes[~codes.isin(CODES)]
    if len(unknown):
        advice = ECO_ADVICE if unknown.str.startswith("ECO:").any() else ""
        warn(
            f"{path}: left out {len(unknown)} lines whose evidence code does not exist: "
            f"{a_few(map(repr, unknown.unique()))}.{advice}",
            AnnotationWarning,
            stacklevel=users_level(),
        )
