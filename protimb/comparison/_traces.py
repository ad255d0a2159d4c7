"""What is kept of a sampler once its rows are gone: parameters, counts, losses, maps."""

import numpy as np
import pandas as pd

from protimb.exceptions import UnknownTermError
from protimb.plotting import EmbeddingMapDisplay

N_MAP_TERMS = 4
_FEWEST = 8  # real, and new, rows that make a term worth a colour
_N_SAID = 4  # of a point's terms, the rarest first
_OVERLAP = 0.2  # terms that share more of their proteins are drawn as one


def trace_sampler(sampler, y, y_resampled):
    """Keep what a fitted sampler was set to, counts of y (n_rows, n_terms), and its own reports."""
    counts = pd.DataFrame({"before": _totals(y), "after": _totals(y_resampled)})
    traces: dict = {"counts": counts, "n_synthetic": len(y_resampled) - len(y)}
    if hasattr(sampler, "get_params"):
        params = sampler.get_params()
        # As many numbers as there are terms: they follow from the ontology or are the user's.
        params.pop("term_vectors", None)
        traces["sampler_params"] = params
    if hasattr(sampler, "history_"):
        traces["history"] = pd.DataFrame(sampler.history_)
    if hasattr(sampler, "quality_report_"):
        traces["quality"] = sampler.quality_report_
        traces["quality_control"] = traces["quality"].filter(regex="^n_").sum().to_dict()
    return traces


def trace_classifier(classifier):
    """Keep what a classifier was set to, and the losses of its epochs where it has them."""
    params = classifier.get_params(deep=False)
    kept = {name: value for name, value in params.items() if name not in ("ontology", "terms")}
    history = getattr(classifier, "history_", None)
    losses = {} if history is None else {"classifier_history": pd.DataFrame(history)}
    return {"classifier_params": kept, **losses}


def trace_maps(sampler, X, y, X_resampled, y_resampled, fold, protocol):
    """Lay real and new rows of a few terms out on a plane: {method: EmbeddingMapDisplay}."""
    X_new, y_new = X_resampled[len(X) :], y_resampled[len(y) :]  # real rows come first
    if protocol.map_terms is None:
        columns = choose_terms(y, y_new)
    else:
        columns = map_columns(protocol.map_terms, fold.bunch)
    # Nothing new to see: the sampler knows which row each new one copies, or made too few.
    if hasattr(sampler, "sample_indices_") or not len(columns):
        return {}
    terms = {int(column): str(fold.bunch.term_names[column]) for column in columns}
    displays = {
        method: EmbeddingMapDisplay.from_vectors(
            X, y, X_new, y_new, terms=terms, method=method, random_state=fold.seed
        )
        for method in protocol.maps
    }
    for display in displays.values():
        display.points = display.points.assign(
            text=_say_points(display.points, y, y_new, fold.bunch, fold.train)
        )
    return displays


def _say_points(points, y, y_new, bunch, train):
    """Say of each point which protein it is, and its rarest terms: list of str."""
    rarest = np.argsort(_totals(y), kind="stable")
    ids = np.asarray(bunch.protein_ids)[train]
    said = []
    for kind, row in zip(points["kind"], points["row"], strict=True):
        is_new = kind == "generated"
        who = "generated" if is_new else str(ids[row])
        said.append(f"{who}: {_say_terms((y_new if is_new else y)[row], rarest, bunch)}")
    return said


def _say_terms(labels, rarest, bunch):
    carried = rarest[labels[rarest] > 0]
    names = "; ".join(str(bunch.term_names[column]) for column in carried[:_N_SAID])
    n_more = len(carried) - _N_SAID
    return f"{names}; and {n_more} more" if n_more > 0 else names or "none of the terms"


def map_columns(map_terms, bunch):
    """Find the columns of the GO ids that a map is to show."""
    known = {term: column for column, term in enumerate(bunch.terms)}
    missing = [term for term in map_terms if term not in known]
    if missing:
        raise UnknownTermError(
            f"map_terms names {', '.join(missing)}, which this comparison has no column for; "
            "look at Bunch.terms, or lower min_proteins."
        )
    return [known[term] for term in map_terms]


def choose_terms(y, y_new, n_terms=N_MAP_TERMS):
    """Choose up to n_terms columns of y to show, the same for every arm that raises them."""
    n_real, n_new = _totals(y), _totals(y_new)
    # The rarest of all arms' common training rows: where resampling is to help.
    common = _take_apart(y, np.where(n_real >= _FEWEST, 1 / np.maximum(n_real, 1), 0), n_terms)
    if (n_new[common] >= _FEWEST).any():
        return common
    # This arm was told to raise others: those with most new rows for each real one.
    is_raised = (n_real >= _FEWEST) & (n_new >= _FEWEST)
    return _take_apart(y, np.where(is_raised, n_new / np.maximum(n_real, 1), 0), n_terms)


def _take_apart(y, worth, n_terms):
    """Take the columns of most worth (n_terms,), above 0, that have few proteins in common."""
    chosen: list[int] = []
    for column in np.argsort(-worth, kind="stable"):
        if worth[column] == 0 or len(chosen) == n_terms:
            break
        if not any(_share(y, column, other) > _OVERLAP for other in chosen):
            chosen.append(int(column))
    return chosen


def _share(y, first, second):
    both = (y[:, first] & y[:, second]).sum()
    return both / min(y[:, first].sum(), y[:, second].sum())


def _totals(y):
    return np.asarray(y.sum(axis=0, dtype=np.int64)).ravel()
