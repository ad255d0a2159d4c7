"""evaluate_predictions: the call behind ``protimb evaluate``."""

from collections.abc import Collection
from typing import NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.datasets import normalise_protein_id
from protimb.datasets._aspects import ONTOLOGIES
from protimb.datasets._cafa3_release import read_names
from protimb.evaluation import _inputs
from protimb.evaluation._cells import (
    PROPAGATIONS,
    count_cells,
    levels_of,
    propagate_cells,
)
from protimb.evaluation._result import PredictionEvaluation, summarise
from protimb.exceptions import AnnotationError, OntologyWarning, PredictionError, UnknownTermError
from protimb.metrics import FREQUENCY_BINS
from protimb.metrics._norms import NORMS, threshold_curve
from protimb.metrics._thresholds import check_thresholds
from protimb.ontology._order import reachable
from protimb.utils._files import local_path, read_text
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

_CHOICES: dict[str, Collection[str]] = {
    "norm": NORMS,
    "prop": PROPAGATIONS,
    "obsolete": ("drop", "map"),
}
KNOWLEDGE = ("none", "limited", "partial")


def evaluate_predictions(
    predictions,
    truth,
    ontology,
    *,
    information_accretion=None,
    known=None,
    training=None,
    min_proteins=None,
    bins=FREQUENCY_BINS,
    norm="cafa",
    prop="max",
    no_orphans=False,
    terms_of_interest=None,
    targets=None,
    thresholds=None,
    obsolete="drop",
):
    r"""Hold predictions against the truth, namespace by namespace, as CAFA does.

    Both are propagated to the roots. At every threshold precision, recall and what is missed and
    wrong are averaged over the proteins that the truth names in a namespace; predictions for
    other proteins are passed over.

    Parameters
    ----------
    predictions : path, sequence of paths, or DataFrame
        Files as :func:`protimb.datasets.read_predictions` takes them, or a frame with ``EntryID``,
        ``term`` and ``score``.
    truth : path, DataFrame or mapping
        What the proteins have: a GAF, a table of annotations or bare lines of a protein and a
        term; a frame with ``EntryID`` and ``term``; or sets of terms by protein. A folder in a
        layout of :func:`protimb.datasets.read_cafa3` has the test proteins of all namespaces, and
        perhaps lists of what was known of them.
    ontology : GeneOntology or path
        A file is read with the edges that hold in some taxa only, as CAFA's evaluator does.
    information_accretion : path, Series or mapping, optional
        Bits of each term, such as CAFA's ``IA.txt``; without it there are no weighted figures and
        no Smin. A term that is not in it has 0 bits.
    known : path, DataFrame or mapping, optional
        What was known when predictions were made, in any form of ``truth``. A protein's known
        terms and their ancestors then count neither as true nor as predicted.
    training : path, DataFrame, mapping or Series, optional
        Annotations of the training proteins, in any form of ``truth``, or how many proteins each
        term has: figures then are also given by ``bins``.
    min_proteins : int, optional
        Give the figures also for terms with so many training proteins alone, and list those that
        this leaves out of the truth.
    bins : dict of str to (low, high)
        Bins of training proteins.
    norm : {"cafa", "pred", "gt"}
        What is averaged over: precision over the proteins with a prediction and the rest over all
        (``"cafa"``), everything over those with a prediction, or over all.
    prop : {"max", "fill"}
        Give a term the highest score among its descendants, or only where it has none of its own.
    no_orphans : bool
        Leave the roots, and other terms without a parent, out of the unweighted figures.
    terms_of_interest : path or collection of str, optional
        Count these terms only; a file has one a line.
    targets : path or collection of str, optional
        Count these proteins of the truth only; a file has one a line, as CAFA's lists have.
    thresholds : array of shape (n_thresholds,), optional
        Increasing; by default 0.01, 0.02, ..., 0.99.
    obsolete : {"drop", "map"}
        What to do about retired terms: leave them out, as CAFA's evaluator does, or read the one
        that takes their place.

    Returns
    -------
    evaluation : PredictionEvaluation

    Raises
    ------
    PredictionError
        If a file of predictions is malformed, or none of its proteins is in the truth.
    AnnotationError
        If the truth or the known annotations are malformed, or no true term or target is left.
    OntologyError
        If the ontology or the information accretion cannot be read.
    UnknownTermError
        If no term of interest is in the ontology.
    ValueError
        If an option is none of those above, or ``min_proteins`` is given without ``training``.

    Warns
    -----
    OntologyWarning
        If lines name terms that the ontology does not have, or true terms have no bits.

    See Also
    --------
    protimb.metrics.fmax_score, protimb.metrics.smin_score : The same of arrays.

    Notes
    -----
    Figures are those of cafaeval 1.3.0, where every protein of a namespace's truth counts. With
    known annotations, terms of interest, bins or ``min_proteins``, which it does not have, a
    protein counts if a true term of it is left. Figures then are those of CAFA-evaluator-PK, but
    that it still counts what is predicted for proteins of which all was known.

    As in cafaeval, the weighted figures count all terms of more than 0 bits, whatever
    ``no_orphans`` says; the roots have 0.

    With known annotations, proteins are also taken apart by what was known of them before: no
    term at all (``none``), terms of other namespaces only (``limited``), or terms of this
    namespace (``partial``). A root alone is no knowledge. Without known annotations, the lists in
    a folder of CAFA-3 say it: type 1 is ``none``, type 2 ``limited``.

    References
    ----------
    .. [1] D. Piovesan et al., "CAFA-evaluator: a Python tool for benchmarking ontological
       classification methods", Bioinformatics Advances 4, 2024. doi:10.1093/bioadv/vbae043

    Examples
    --------
    >>> import pandas as pd
    >>> from protimb.evaluation import evaluate_predictions
    >>> from protimb.ontology import GeneOntology
    >>> ontology = GeneOntology(
    ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "catalysis"},
    ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
    ...     parents={"GO:2": ["GO:1"], "GO:3": ["GO:1"]},
    ... )
    >>> rows = [("P1", "GO:2", 0.9), ("P1", "GO:3", 0.4), ("P2", "GO:2", 0.6)]
    >>> predictions = pd.DataFrame(rows, columns=["EntryID", "term", "score"])
    >>> truth = {"P1": {"GO:2"}, "P2": {"GO:3"}}
    >>> found = evaluate_predictions(predictions, truth, ontology, no_orphans=True)
    >>> found.summary[["n_proteins", "fmax", "micro_fmax", "coverage"]].round(2).iloc[0].to_dict()
    {'n_proteins': 2.0, 'fmax': 0.67, 'micro_fmax': 0.67, 'coverage': 1.0}
    """
    _check_choices(norm=norm, prop=prop, obsolete=obsolete)
    if min_proteins is not None and training is None:
        raise ValueError("min_proteins counts training proteins: pass training too.")
    thresholds = check_thresholds(thresholds)
    ontology = _inputs.load_ontology(ontology)
    pairs, lists = _inputs.load_truth(truth)
    pairs = _of_targets(pairs, targets)
    true, proteins, unknown_true = _closed_truth(pairs, ontology, obsolete)
    places, counts = _places(predictions, proteins, ontology, obsolete)
    known_matrix = None if known is None else _closed_known(known, proteins, ontology, obsolete)
    bits = None
    if information_accretion is not None:
        bits = _inputs.load_bits(information_accretion, ontology)
    n_train = None if training is None else _inputs.count_training(training, ontology, obsolete)
    wanted = _wanted(terms_of_interest, ontology)
    listed = {} if known is not None else _mark_listed(lists, proteins)
    problem = _Problem(ontology, true, places, known_matrix, bits, wanted, thresholds, listed)
    options = _Options(norm, prop, no_orphans, known is not None or terms_of_interest is not None)
    groups = _term_groups(n_train, min_proteins, bins, len(ontology))
    curves, sizes = {}, {}
    for namespace in _namespaces(true, ontology):
        for key, curve, size in _evaluate_namespace(namespace, problem, options, groups):
            curves[key], sizes[key] = curve, size
    return PredictionEvaluation(
        summary=summarise(curves, sizes),
        curves=pd.concat(curves, names=["namespace", "knowledge", "terms"]).sort_index(),
        left_out=_left_out(true, ontology, n_train, min_proteins),
        counts=counts | {"n_unknown_truth": sum(unknown_true.values())},
    )


class _Problem(NamedTuple):
    ontology: object
    true: object  # CSR of bool (n_proteins, len(ontology)), propagated
    predicted: tuple  # (protein, term, score) as given
    known: object  # as true, or None
    bits: object  # (len(ontology),) or None
    wanted: np.ndarray  # (len(ontology),) bool: the terms of interest
    thresholds: np.ndarray
    listed: dict  # namespace -> kind of knowledge -> (n_proteins,) bool


class _Options(NamedTuple):
    norm: str
    prop: str
    no_orphans: bool
    drops: bool  # whether proteins without a true term that counts are left out


def _check_choices(**values):
    for name, value in values.items():
        if value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}, got {value!r}.")


def _of_targets(pairs, targets):
    """Keep the annotations of some proteins, all where none were named."""
    if targets is None:
        return pairs
    names = read_names(targets) if _inputs.is_path(targets) else targets
    wanted = {normalise_protein_id(one) for one in names}
    if not wanted:
        raise AnnotationError("targets: no protein in it. Name some, or pass None to count all.")
    kept = pairs[_accessions(pairs["EntryID"]).isin(wanted)]
    if kept.empty:
        raise AnnotationError(
            f"truth: none of its proteins, such as {a_few(pairs['EntryID'].unique())}, is among "
            f"the {len(wanted)} targets, {a_few(sorted(wanted))}. Do both use the same ids?"
        )
    return kept


def _mark_listed(lists, proteins):
    """Mark the proteins (n_proteins,) of each kind of knowledge that lists of a namespace name."""
    kinds = {space: pd.Series(known).reindex(proteins) for space, known in lists.items() if known}
    return {
        space: {kind: (known == kind).to_numpy() for kind in KNOWLEDGE[:2]}
        for space, known in kinds.items()
    }


def _closed_truth(pairs, ontology, obsolete):
    terms = _inputs.find_terms(pairs["term"], ontology, obsolete)
    _inputs.warn_of_unknown(terms, "truth", ontology)
    rows, proteins = pd.factorize(_accessions(pairs["EntryID"]))
    if not (terms.positions >= 0).any():
        raise AnnotationError(
            f"truth: none of its {len(pairs)} annotations names a term of this ontology; they "
            f"name {a_few(terms.unknown) or 'none'}."
        )
    matrix = _inputs.closed_matrix(rows, terms.positions, len(proteins), ontology)
    return matrix, pd.Index(proteins), terms.unknown


def _accessions(ids):
    names = {one: normalise_protein_id(one) for one in ids.unique()}
    return ids.map(names).astype(str)


def _closed_known(known, proteins, ontology, obsolete):
    pairs = _inputs.load_pairs(known, "known")
    terms = _inputs.find_terms(pairs["term"], ontology, obsolete)
    _inputs.warn_of_unknown(terms, "known", ontology)
    rows = proteins.get_indexer(_accessions(pairs["EntryID"]))
    return _inputs.closed_matrix(rows, terms.positions, len(proteins), ontology)


def _places(predictions, proteins, ontology, obsolete):
    """Return predictions as (protein, term, score) of proteins in the truth, and what was lost."""
    table = _inputs.load_predictions(predictions)
    entries = table["EntryID"].cat
    names = pd.Index([normalise_protein_id(one) for one in entries.categories])
    row_of = proteins.get_indexer(names)
    if not (row_of >= 0).any():
        raise PredictionError(
            f"None of the {len(names)} predicted proteins is in the truth: predictions are for "
            f"{a_few(names)}, the truth is of {a_few(proteins)}. Do both use the same ids?"
        )
    terms = _inputs.find_terms(table["term"], ontology, obsolete)
    _inputs.warn_of_unknown(terms, "predictions", ontology)
    rows, score = row_of[entries.codes], table["score"].to_numpy()
    keep = (rows >= 0) & (terms.positions >= 0) & (score > 0)
    counts = {
        "n_predictions": len(table),
        "n_duplicates": table.attrs["n_duplicates"],
        "n_unknown_predictions": sum(terms.unknown.values()),
        "n_proteins_outside_truth": int((row_of < 0).sum()),
    }
    return (rows[keep], terms.positions[keep], score[keep]), counts


def _wanted(terms_of_interest, ontology):
    """Mark the terms of interest, all where none were named."""
    if terms_of_interest is None:
        return np.ones(len(ontology), dtype=bool)
    names = _names(terms_of_interest)
    found = {name: ontology._find(name) for name in names}
    unknown = [name for name, term in found.items() if term is None]
    if len(unknown) == len(found):
        raise UnknownTermError(
            f"None of the {len(found)} terms of interest is in this ontology (version "
            f"{ontology.version or 'unknown'}): {a_few(unknown)}."
        )
    if unknown:
        warn(
            f"{len(unknown)} terms of interest are not in this ontology: {a_few(unknown)}.",
            OntologyWarning,
            stacklevel=users_level(),
        )
    wanted = np.zeros(len(ontology), dtype=bool)
    wanted[[ontology._rank[term] for term in found.values() if term]] = True
    return wanted


def _names(terms_of_interest):
    if not _inputs.is_path(terms_of_interest):
        return list(terms_of_interest)
    path = local_path(terms_of_interest, AnnotationError)
    names = [
        line.split()[0] for line in read_text(path, AnnotationError).split("\n") if line.strip()
    ]
    if not names:
        raise AnnotationError(f"{path}: no term in this file. It needs one a line.")
    return names


def _term_groups(n_train, min_proteins, bins, n_terms):
    """Mark the terms of each group of terms, {name: (n_terms,) bool}; all come first."""
    groups = {"all": np.ones(n_terms, dtype=bool)}
    if min_proteins is not None:
        groups[f"at least {min_proteins}"] = n_train >= min_proteins
    if n_train is not None:
        groups |= {name: (n_train >= low) & (n_train < high) for name, (low, high) in bins.items()}
    return groups


def _namespaces(true, ontology):
    """List the namespaces of the truth, GO's own in their usual order."""
    there = np.flatnonzero(np.bincount(true.indices, minlength=len(ontology)))
    found = dict.fromkeys(ontology.namespaces[ontology.terms[n]] for n in there)
    usual = [space for space in ONTOLOGIES.values() if space in found]
    return [*usual, *sorted(set(found) - set(usual))]


def _evaluate_namespace(namespace, problem, options, groups):
    """Yield (key, curve, sizes) of each group of proteins and of terms in one namespace."""
    terms = problem.ontology.terms
    inside = np.array([problem.ontology.namespaces[term] == namespace for term in terms])
    true = problem.true[:, inside]
    rows = np.flatnonzero(np.diff(true.indptr))
    columns, predicted, links = _involved(inside, rows, problem)
    true_here = problem.true[rows][:, columns]
    known = _cut_known(problem.known, rows, columns)
    shape = true_here.shape
    cells = propagate_cells(
        predicted,
        _inputs.without(true_here, known).nonzero(),
        known.nonzero(),
        links,
        shape,
        options.prop,
    )
    members = _knowledge(problem, namespace, rows)
    roots = np.array([not problem.ontology.parents[terms[n]] for n in columns])
    if problem.bits is not None:
        is_true = np.diff(true_here.tocsc().indptr) > 0
        _warn_of_unweighed(problem, columns[~roots & is_true & problem.wanted[columns]])
    for name, group in groups.items():
        counted = (group & problem.wanted)[columns]
        units = (counted & ~roots) if options.no_orphans else counted
        weights = {"": units.astype(float)}
        if problem.bits is not None:
            weights["weighted_"] = np.nan_to_num(problem.bits[columns]) * counted
        drops = options.drops or name != "all"
        sums = {
            prefix: count_cells(cells[0], cells[1], bits, problem.thresholds, len(rows))
            for prefix, bits in weights.items()
        }
        for knowledge, chosen in members.items():
            curve, n_proteins = _curve(sums, chosen, drops or knowledge != "all", options.norm)
            n_terms = np.unique(cells[1].term[units[cells[1].term] & chosen[cells[1].protein]])
            sizes = {"n_proteins": n_proteins, "n_terms": len(n_terms)}
            yield (namespace, knowledge, name), curve, sizes


def _involved(inside, rows, problem):
    """Return the terms that matter, predictions as (protein, term, level), and who gets whose."""
    ontology = problem.ontology
    here = np.full(problem.true.shape[0], -1)
    here[rows] = np.arange(len(rows))
    protein, term, score = problem.predicted
    keep = inside[term] & (here[protein] >= 0)
    protein, term, score = here[protein[keep]], term[keep], score[keep]
    is_involved = np.zeros(len(ontology), dtype=bool)
    is_involved[problem.true[rows].indices] = True
    is_involved[term] = True
    above = reachable([ontology.terms[n] for n in np.unique(term)], ontology.parents)
    is_involved[[ontology._rank[one] for one in above]] = True
    columns = np.flatnonzero(is_involved & inside)  # in ontology order: children first
    position = np.full(len(ontology), -1)
    position[columns] = np.arange(len(columns))
    levels = levels_of(score, problem.thresholds)
    return columns, (protein, position[term], levels), _links(columns, position, ontology)


def _links(columns, position, ontology):
    """List (term, its children) by their positions, children first."""
    links = []
    for column in columns:
        below = ontology.children[ontology.terms[column]]
        children = [position[ontology._rank[child]] for child in below]
        children = [child for child in children if child >= 0]
        if children:
            links.append((position[column], children))
    return links


def _cut_known(known, rows, columns):
    if known is None:
        return sparse.csr_matrix((len(rows), len(columns)), dtype=bool)
    return known[rows][:, columns]


def _knowledge(problem, namespace, rows):
    """Mark the proteins (n_rows,) of each kind of prior knowledge; all come first."""
    members = {"all": np.ones(len(rows), dtype=bool)}
    if problem.known is None:
        listed = problem.listed.get(namespace, {})
        return members | {kind: which[rows] for kind, which in listed.items()}
    ontology = problem.ontology
    tells = np.array([bool(ontology.parents[term]) for term in ontology.terms])
    inside = np.array([ontology.namespaces[term] == namespace for term in ontology.terms])
    known = problem.known[rows]
    any_term = np.diff(known[:, tells].indptr) > 0
    here = np.diff(known[:, tells & inside].indptr) > 0
    kinds = (~any_term, any_term & ~here, here)
    return members | dict(zip(KNOWLEDGE, kinds, strict=True))


def _warn_of_unweighed(problem, columns):
    missing = columns[np.isnan(problem.bits[columns])]
    if len(missing):
        some = a_few([problem.ontology.terms[n] for n in missing])
        warn(
            f"{len(missing)} of {len(columns)} true terms have no information accretion and weigh "
            f"nothing, such as {some}. Was it made with this ontology?",
            OntologyWarning,
            stacklevel=users_level(),
        )


def _curve(sums, chosen, drops, norm):
    """Average the counts of some proteins: a frame by threshold, and how many count."""
    columns: dict[str, np.ndarray] = {}
    n_proteins = 0
    for prefix, counts in sums.items():
        kept = chosen & (counts.true[:, 0] > 0) if drops else chosen
        part = counts.take(kept)
        n_proteins = n_proteins if prefix else int(kept.sum())
        columns |= {prefix + name: one for name, one in threshold_curve(part, norm).items()}
    index = pd.Index(next(iter(sums.values())).thresholds, name="threshold")
    return pd.DataFrame(columns, index=index), n_proteins


def _left_out(true, ontology, n_train, min_proteins):
    """List the terms of the truth with too few training proteins, the commonest first."""
    columns = ["term", "name", "namespace", "n_train", "n_proteins"]
    if min_proteins is None:
        return pd.DataFrame(columns=columns).set_index("term")
    n_true = true.sum(axis=0, dtype=np.int64).A1
    here = np.flatnonzero((n_true > 0) & (n_train < min_proteins))
    rows = [
        (term, ontology.names[term], ontology.namespaces[term], int(n_train[n]), int(n_true[n]))
        for n, term in ((n, ontology.terms[n]) for n in here)
    ]
    table = pd.DataFrame(rows, columns=columns).set_index("term")
    return table.sort_values(["n_proteins", "term"], ascending=[False, True], kind="stable")
