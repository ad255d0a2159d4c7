"""One answer to one question: whether generated rows can be trusted, and if not, why."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.utils import check_random_state

from protimb.metrics._properties_of_rows import (
    Authenticity,
    ClosestRatio,
    Copies,
    CosineSimilarity,
    Density,
    Intrusion,
    LabelFidelity,
    Precision,
    Silhouette,
    TruePath,
)
from protimb.metrics._properties_of_sets import (
    AlphaPrecision,
    BetaRecall,
    Collapse,
    Coverage,
    Diversity,
    Frechet,
    LinearJudge,
    MeanDiscrepancy,
    Membership,
    NeighborJudge,
    RandIndex,
    Recall,
    TermCoverage,
    TermShift,
)
from protimb.metrics._property_base import BaseProperty
from protimb.metrics._quality_frame import build_frame, counted
from protimb.metrics._quality_judging import JUDGES, Draws, Finding
from protimb.metrics._quality_result import QualityReport
from protimb.metrics._quality_words import in_words
from protimb.utils._sklearn_compat import num_samples

# The properties that a report asks for, in its order.
PROPERTIES = {
    kind.name: kind
    for kind in (
        CosineSimilarity,
        LabelFidelity,
        Intrusion,
        Copies,
        ClosestRatio,
        Authenticity,
        Precision,
        Recall,
        Density,
        Coverage,
        TermCoverage,
        TermShift,
        AlphaPrecision,
        BetaRecall,
        Diversity,
        Collapse,
        Frechet,
        LinearJudge,
        NeighborJudge,
        MeanDiscrepancy,
        TruePath,
        Silhouette,
        RandIndex,
        Membership,
    )
}

# The worst score of a unit, by which side is better.
_WORST = {
    **{(unit, "higher"): 0.0 for unit in ("share", "reciprocal rank", "ratio", "neighbourhoods")},
    **{(unit, "higher"): -1.0 for unit in ("cosine", "silhouette", "0 to 1")},
    **{(unit, "lower"): 1.0 for unit in ("share", "AUC", "cosine")},
}
_FEWEST = 10  # rows of each kind, to judge anything
_FEWEST_NEW, _FEWEST_HELD_OUT = 4, 3  # rows of a term that is judged by itself


def quality_report(
    X,
    y,
    X_new,
    y_new,
    *,
    held_out=None,
    groups=None,
    ontology=None,
    terms=None,
    properties="all",
    level=0.95,
    random_state=0,
):
    """Judge generated rows by everything that can be asked of them, and say what is wrong.

    Each property measures generated rows, and real rows that the generator has not seen, in the
    same way against the same real training rows. No limit is typed in: a property passes if a
    second sample of held-out real rows might well have scored as the generated rows do.

    Parameters
    ----------
    X : array or DataFrame of shape (n_real, n_features)
        Real rows that the generator was trained on.
    y : array, sparse or DataFrame of shape (n_real, n_terms)
        Their binary indicators.
    X_new : array or DataFrame of shape (n_new, n_features)
        Generated rows, of whatever generator. Data frames are matched by column names.
    y_new : array, sparse or DataFrame of shape (n_new, n_terms)
        What they claim.
    held_out : (X, y) or (X, y, groups), optional
        Real rows that the generator has not seen. If None, a fifth of ``X`` is held out here,
        which the generator has seen: the report says so.
    groups : array of shape (n_real,), optional
        Sequence clusters of the real rows. Rows of one cluster count as dependent, and go to one
        side where rows are held out.
    ontology : GeneOntology, optional
        For the true-path rule. Without it the rule is read off ``y``: what all of five or more
        members of a term have.
    terms : list of n_terms str, optional
        Names of the label columns; those of ``y`` where it is a DataFrame. Needed with
        ``ontology``.
    properties : "all" or list of str and BaseProperty, default="all"
        Which to ask: names in ``PROPERTIES``, or objects of your own.
    level : float, default=0.95
        Chance that a perfect generator passes all properties together.
    random_state : int, RandomState instance or None, default=0
        Splits and draws.

    Returns
    -------
    report : QualityReport
        ``passed``, ``failed``, ``sentences()``, ``to_frame()``, ``to_json()``, ``to_html()``.

    Raises
    ------
    InvalidLabelsError
        If labels are not binary, or terms differ.
    ValueError
        If vectors hold NaN or infinite values (the row is named), widths or lengths differ, or a
        parameter is out of range.

    See Also
    --------
    label_consistency : One question, on its own.
    protimb.filters.FilterChain : Rejects single rows.

    Notes
    -----
    Generated rows are often made for rare terms. Held-out rows are weighted, or drawn, so that
    the rarest terms of generated rows have the same shares among them. For a term without a
    held-out row a cluster of training rows is left out to stand in, and the report says so.

    Limits hold for all properties together: each is judged at ``(1 - level) / n_properties``.
    Means of row scores carry the errors of both means, widened where rows of one cluster agree
    (shares by Wilson's intervals [1]_). Figures of sets are taken of 20 random halves of the
    held-out rows and of as many generated rows of the same terms; how they vary among held-out
    halves sets the limit [2]_.

    A report cannot show that rows are useful to a classifier; :func:`protimb.compare` does.

    References
    ----------
    .. [1] R. G. Newcombe, "Interval estimation for the difference between independent
       proportions", Statistics in Medicine 17, 873-890, 1998.
       https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    .. [2] J. Shao, C. F. J. Wu, "A general theory for jackknife variance estimation", Annals of
       Statistics 17, 1176-1197, 1989. https://doi.org/10.1214/aos/1176347263

    Examples
    --------
    Copies of training rows look like their term, and the report is not deceived.

    >>> import numpy as np
    >>> from protimb.metrics import quality_report
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=int), 60, axis=0)
    >>> X, held_out = (2 * y @ np.ones((2, 4)) * [1, -1, 1, -1] + rng.normal(size=(120, 4))
    ...                for _ in range(2))
    >>> report = quality_report(X, y, X + 0.01, y, held_out=(held_out, y))
    >>> report.passed, "copies" in report.failed, "cosine" in report.failed
    (False, True, False)
    """
    rng = check_random_state(random_state)
    asked = _resolve(properties)
    _check_options(level, ontology, terms, y)
    n_rows = {"X": num_samples(X), "X_new": num_samples(X_new), "held_out": _n_held_out(held_out)}
    if not n_rows["X"]:
        raise ValueError("X holds no rows, and real ones are needed to compare with.")
    if not n_rows["X_new"] or n_rows["held_out"] == 0:
        return _report_on_none(asked, level, n_rows)
    frame = build_frame(X, y, X_new, y_new, held_out, groups, ontology, terms, rng)
    findings = _judge(asked, frame, (1 - level) / len(asked), rng)
    by_term = _judge_terms(asked, findings, frame, 1 - level)
    return QualityReport(asked, findings, by_term, level, frame.n_given, frame.notes)


def _resolve(properties):
    chosen = list(PROPERTIES) if isinstance(properties, str) and properties == "all" else properties
    if isinstance(chosen, str) or not isinstance(chosen, Iterable) or not len(list(chosen)):
        raise ValueError(
            f"properties must be 'all' or a list of names in PROPERTIES, got {properties!r}."
        )
    unknown = [one for one in chosen if isinstance(one, str) and one not in PROPERTIES]
    if unknown:
        raise ValueError(f"Unknown properties {unknown}; there are {', '.join(PROPERTIES)}.")
    asked = [PROPERTIES[one]() if isinstance(one, str) else one for one in chosen]
    odd = [one for one in asked if not isinstance(one, BaseProperty)]
    if odd:
        raise ValueError(
            f"A property is a name in PROPERTIES or an object of a class derived from "
            f"BaseProperty, got {odd[0]!r}."
        )
    for one in asked:
        _check_property(one)
    repeated = [name for name, n in Counter(one.name for one in asked).items() if n > 1]
    if repeated:
        raise ValueError(f"Two properties are called {repeated[0]!r}; each needs its own name.")
    return asked


def _check_property(asked):
    """Refuse a property of the user's that could be judged only by accident."""
    kind = type(asked).__name__
    missing = [name for name in ("name", "title", "asks") if not hasattr(asked, name)]
    if missing:
        raise ValueError(f"{kind} has no {missing[0]}, which the report writes.")
    for name, known in {"judged_by": tuple(JUDGES), "better": ("higher", "lower")}.items():
        if getattr(asked, name) not in known:
            raise ValueError(
                f"{kind}.{name} must be one of {', '.join(known)}, got {getattr(asked, name)!r}."
            )


def _check_options(level, ontology, terms, y):
    if not isinstance(level, int | float | np.floating) or not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level!r}.")
    if ontology is not None and terms is None and not hasattr(y, "columns"):
        raise ValueError("ontology needs terms=, the GO id of each column of y, or a DataFrame y.")
    if ontology is not None and not hasattr(ontology, "closure"):
        raise ValueError(
            "ontology must be a GeneOntology, such as protimb.ontology.read_obo gives, got "
            f"{type(ontology).__name__}."
        )


def _n_held_out(held_out):
    """Count rows; None where there are none to count."""
    is_pair = isinstance(held_out, tuple | list) and len(held_out) in (2, 3)
    return num_samples(held_out[0]) if is_pair else None


def _report_on_none(asked, level, n_rows):
    """Say of no rows that they are too few, rather than refuse what a generator may well give."""
    n_rows = n_rows | {"held_out": n_rows["held_out"] or 0}
    findings = {one.name: _unjudged(n_rows["X_new"], n_rows["held_out"]) for one in asked}
    columns = ["n_real", "n_held_out", "n_generated", "passed", "reason"]
    no_term = pd.DataFrame(columns=columns, index=pd.Index([], name="term"))
    return QualityReport(asked, findings, no_term, level, n_rows, [])


def _unjudged(n_new, n_held_out, n_real=_FEWEST):
    few = (
        f" There are {counted(n_real, 'training row')} of these terms." if n_real < _FEWEST else ""
    )
    return Finding(
        why_not=f"Too few to judge: {counted(n_new, 'generated row')} and "
        f"{counted(n_held_out, 'held-out real row')} of their terms, where {_FEWEST} of each are "
        f"needed.{few}"
    )


def _judge(asked, frame, alpha, rng):
    n_rows = len(frame.new), len(frame.held_out), len(frame.real.core)
    if min(n_rows) < _FEWEST:
        return {one.name: _unjudged(*n_rows) for one in asked}
    draws = Draws(frame, rng) if any(one.judged_by == "sets" for one in asked) else None
    findings = {}
    for one in asked:
        one.fit(frame.real)
        one.learn(frame.held_out, frame.weights)
        finding = JUDGES[one.judged_by](one, frame, draws, alpha, rng)
        findings[one.name] = _unless_nothing_fails(one, finding)
    return findings


def _unless_nothing_fails(asked, finding):
    """Take back a verdict under a limit that no score can miss: few rows made it so wide."""
    worst = _WORST.get((asked.unit, asked.better))
    sign = 1 if asked.better == "lower" else -1
    if finding.passed and worst is not None and sign * (worst - finding.threshold) <= 0:
        finding.passed = None
        finding.why_not = (
            f"Too few to judge: with {counted(finding.n_generated, 'generated row')} and "
            f"{counted(finding.n_held_out, 'held-out real row')} any score would pass."
        )
    return finding


def _judge_terms(asked, findings, frame, alpha):
    """Tabulate means by term, and judge those with a few rows on both sides."""
    scored = {
        one.name: findings[one.name].scores
        for one in asked
        if findings[one.name].scores and findings[one.name].n_held_out
    }
    terms, n_new = np.unique(frame.new.terms, return_counts=True)
    terms = terms[n_new >= _FEWEST_NEW] if scored else terms[:0]
    alpha /= max(len(terms) * len(scored), 1)
    asked = [one for one in asked if one.name in scored]
    # Of all held-out rows: those of one term are too few to have a variance of their own.
    variances = {name: float(np.nanvar(scores[0])) for name, scores in scored.items()}
    rows = [_term_row(asked, scored, variances, frame, term, alpha) for term in terms]
    index = pd.Index([frame.terms[term] for term in terms], name="term")
    columns = ["n_real", "n_held_out", "n_generated", *scored, "passed", "reason"]
    return pd.DataFrame(rows, index=index, columns=columns).astype({"passed": object})


def _term_row(asked, scored, variances, frame, term, alpha):
    new, held = frame.new.terms == term, frame.held_out.terms == term
    row = {
        "n_real": int(frame.real.counts[term]),
        "n_held_out": int(held.sum()),
        "n_generated": int(new.sum()),
    }
    row |= {name: float(scores[1][new].mean()) for name, scores in scored.items()}
    if held.sum() < _FEWEST_HELD_OUT:
        few = f"Too few to judge: {held.sum()} held-out real proteins."
        return row | {"passed": None, "reason": few}
    n_held, n_new = int(held.sum()), int(new.sum())
    width = student.isf(alpha, n_held + n_new - 2) * np.sqrt(1 / n_held + 1 / n_new)
    failures = []
    for one in asked:
        of_held, of_new = scored[one.name]
        pair = of_held[held], of_new[new]
        found = _term_finding(one, *pair, variances[one.name], width)
        if found.passed is False:
            failures.append(in_words(one, found))
    return row | {"passed": not failures, "reason": " ".join(failures)}


def _term_finding(asked, real, ours, variance, width):
    """Judge scores of one term (n_new,) by those of its own held-out rows (n_held_out,)."""
    sign = 1 if asked.better == "lower" else -1
    limit = real.mean() + sign * width * np.sqrt(max(variance, real.var(), ours.var()))
    finding = Finding(float(ours.mean()), float(real.mean()), float(limit))
    finding.n_generated, finding.n_held_out = len(ours), len(real)
    if np.isfinite(limit) and np.isfinite(finding.score):
        finding.passed = bool(sign * (finding.score - limit) <= 1e-9)
    return finding
