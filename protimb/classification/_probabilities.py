"""Probabilities of any classifier as one array, whatever shape it gives them in."""

import numpy as np


def probabilities_by_term(classifier, X, n_terms):
    """Predict one probability a term, (n_rows, n_terms), or votes of a classifier without any.

    Forests and MultiOutputClassifier give a list of (n_rows, n_classes), one a term.
    """
    if not hasattr(classifier, "predict_proba"):
        return np.asarray(classifier.predict(X), dtype=float).reshape(-1, n_terms)
    proba = classifier.predict_proba(X)
    if isinstance(proba, list):
        return np.column_stack(list(map(_positive, proba, classifier.classes_)))
    if (n_terms == 1 and proba.shape[1] != 1) or _is_constant(classifier, proba, n_terms):
        return _positive(proba, classifier.classes_)[:, None]
    return proba


def _positive(proba, classes):
    """Give the probability (n_rows,) of class 1, which may be absent among classes."""
    return proba[:, np.asarray(classes) == 1].sum(axis=1)


def _is_constant(classifier, proba, n_terms):
    """Tell one column of one class, as a tree gives it, from one column of one term."""
    inner = getattr(classifier, "classifier_", classifier)  # of a ResampledClassifier
    return n_terms == 1 and getattr(inner, "n_classes_", None) == 1
