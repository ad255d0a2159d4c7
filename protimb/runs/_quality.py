"""How good generated proteins are, next to what real ones reach on the same measures."""

import numpy as np
import pandas as pd

from protimb.exceptions import InvalidLabelsError
from protimb.filters import MemorisationFilter
from protimb.metrics import frechet_distance, label_consistency, two_sample_score

MEASURES = (
    "n_rows",
    "n_compared_with",
    "frechet_distance",
    "two_sample_auc_logistic",
    "two_sample_auc_knn",
    "label_consistency_score",
    "label_consistency_control",
    "label_consistency_difference",
    "label_consistency_lower",
    "label_consistency_upper",
    "copies",
)


def measure_quality(generated, train, held_out):
    """Measure generated and real training proteins, by column, against the same held-out ones."""
    # Real ones with a term that rows were made for: others would differ because they are others.
    columns = np.isin(train.terms, generated.target_terms)
    spread = np.where(train.X.std(axis=0) > 0, train.X.std(axis=0), 1)
    model, judge = _members(train, columns), _members(held_out, columns)
    judged_by = (judge.X / spread, held_out.X, held_out.y)
    quality = {
        "generated": _measure(generated.X, generated.y, spread, *judged_by),
        "real": _measure(model.X, model.y, spread, *judged_by),
    }
    quality["generated"]["copies"] = _share_of_copies(generated, train)
    return pd.DataFrame(quality).rename_axis("measure")


def _members(bunch, columns):
    return bunch.take(bunch.y[:, columns].any(axis=1))


def _measure(X, y, spread, X_like, X_judge, y_judge):
    scaled = X / spread
    quality = dict.fromkeys(MEASURES, np.nan) | {"n_rows": len(X), "n_compared_with": len(X_like)}
    if min(len(X), len(X_like)) >= 2:
        quality["frechet_distance"] = frechet_distance(X_like, scaled)
        for judge in ("logistic", "knn"):
            score = two_sample_score(X_like, scaled, classifier=judge)
            quality[f"two_sample_auc_{judge}"] = score.auc
    return quality | _consistency(X, y, X_judge, y_judge)


def _consistency(X, y, X_judge, y_judge):
    if not len(X):
        return {}
    try:
        found = label_consistency(X, y, X_judge, y_judge)
    except InvalidLabelsError:  # no held-out protein has a term that rows were generated for
        return {}
    figures = ("score", "control", "difference", "lower", "upper")
    return {f"label_consistency_{figure}": getattr(found, figure) for figure in figures}


def _share_of_copies(generated, train):
    if not len(generated.ids):
        return np.nan
    kept = MemorisationFilter().fit(train.X, train.y).select(generated.X, generated.y)
    return 1 - kept.mean()
