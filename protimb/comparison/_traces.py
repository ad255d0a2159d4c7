"""What is kept of a sampler once its rows are gone: parameters, counts, losses, maps."""

import numpy as np
import pandas as pd

from protimb.exceptions import UnknownTermError
from protimb.plotting import EmbeddingMapDisplay

N_MAP_TERMS = 4
_FEWEST = 8  # real, and new, rows that make a term worth a colour
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
    terms = {int(column): _label(fold.bunch, column) for column in columns}
    return {
        method: EmbeddingMapDisplay.from_vectors(
            X, y, X_new, y_new, terms=terms, method=method, random_state=fold.seed
        )
        for method in protocol.maps
    }


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
    """Choose up to n_terms columns of y with many new rows and few proteins in common."""
    n_real, n_new = _totals(y), _totals(y_new)
    # New rows for each real one: high for the rare terms that resampling is about.
    gain = np.where((n_real >= _FEWEST) & (n_new >= _FEWEST), n_new / np.maximum(n_real, 1), 0)
    chosen: list[int] = []
    for column in np.argsort(-gain, kind="stable"):
        if gain[column] == 0 or len(chosen) == n_terms:
            break
        if not any(_share(y, column, other) > _OVERLAP for other in chosen):
            chosen.append(int(column))
    return chosen


def _share(y, first, second):
    both = (y[:, first] & y[:, second]).sum()
    return both / min(y[:, first].sum(), y[:, second].sum())


def _label(bunch, column):
    name = str(bunch.term_names[column])
    return name if len(name) <= 40 else f"{name[:37]}..."


def _totals(y):
    return np.asarray(y.sum(axis=0, dtype=np.int64)).ravel()
