"""Fit any classifier on indicators, and read one score a term from it, whatever form it gives."""

from contextlib import contextmanager

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags

_METHODS = ("predict_proba", "decision_function", "predict")  # asked in this order


def fit_judge(classifier, X, indicator):
    """Fit a clone of a classifier on X, (n_rows, n_features), and a csr (n_rows, n_terms)."""
    # Dense, which every classifier takes; a lone column as one class a row.
    labels = indicator.toarray().view(np.int8)  # signed: some recode 0 as -1
    if labels.shape[1] == 1:
        return clone(classifier).fit(X, labels[:, 0])
    with naming_several_labels(classifier, labels.shape[1]):
        return clone(classifier).fit(X, labels)


@contextmanager
def naming_several_labels(classifier, n_terms):
    """Say so where a classifier fails that, by what it says of itself, takes a single target."""
    try:
        yield
    except ValueError as error:
        tags = get_tags(classifier)
        takes_one = tags.classifier_tags is not None and not tags.classifier_tags.multi_label
        if not takes_one or tags.target_tags.multi_output:
            raise
        name = type(classifier).__name__
        raise ValueError(
            f"{name} learns one target at a time, and y has {n_terms} label columns. Pass "
            f"MultiOutputClassifier({name}()) of sklearn.multioutput. ({error})"
        ) from error


def judge_terms(judge, X, n_terms):
    """Let a fitted classifier score every term of every row: (n_rows, n_terms) float."""
    scores = next(getattr(judge, name) for name in _METHODS if hasattr(judge, name))(X)
    if isinstance(scores, list):  # scikit-learn's multi-output form: (n_rows, n_classes) a term
        scores = np.column_stack([term[:, -1] for term in scores])
    scores = np.asarray(scores).reshape(len(X), -1)
    return scores[:, -n_terms:]  # a lone term comes as two classes, the second of which is it
