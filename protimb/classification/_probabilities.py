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
        pairs = zip(proba, _classes_of(classifier), strict=True)
        return np.column_stack([_positive(*pair) for pair in pairs])
    if np.ndim(proba) != 2:
        return proba  # nothing that can be told apart into terms
    if (n_terms == 1 and proba.shape[1] != 1) or _is_constant(classifier, proba, n_terms):
        return _positive(proba, classifier.classes_)[:, None]
    return proba


def _classes_of(classifier):
    """Give the classes of each term, by which the columns of its probabilities are known."""
    if not hasattr(classifier, "classes_"):
        raise ValueError(
            f"predict_proba of {type(classifier).__name__} gave a list, one a term, and no "
            "classes_ say which of their columns is 1. Set classes_, or give one probability a "
            "term."
        )
    return classifier.classes_


def _positive(proba, classes):
    """Give the probability (n_rows,) of class 1, which may be absent among classes."""
    return proba[:, np.asarray(classes) == 1].sum(axis=1)


def _is_constant(classifier, proba, n_terms):
    """Tell one column of one class, as a tree gives it, from one column of one term."""
    inner = getattr(classifier, "classifier_", classifier)  # of a ResampledClassifier
    return n_terms == 1 and getattr(inner, "n_classes_", None) == 1
