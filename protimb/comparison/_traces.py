"""What is kept of a sampler once its rows are gone: parameters, counts, losses, maps."""

import numpy as np
import pandas as pd

from protimb.exceptions import UnknownTermError
from protimb.plotting import EmbeddingMapDisplay
from protimb.plotting._map_words import choose_terms, say_points
from protimb.utils._labelsets import count_members


def trace_sampler(sampler, y, y_resampled):
    """Keep what a fitted sampler was set to, counts of y (n_rows, n_terms), and its own reports."""
    counts = pd.DataFrame({"before": count_members(y), "after": count_members(y_resampled)})
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
    ids = np.asarray(fold.bunch.protein_ids)[fold.train]
    for display in displays.values():
        display.points = display.points.assign(
            text=say_points(display.points, y, y_new, ids, fold.bunch.term_names)
        )
    return displays


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
