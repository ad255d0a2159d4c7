"""Fit any classifier on indicators, and read one score a term from it, whatever form it gives."""

from contextlib import contextmanager

import numpy as np
from sklearn.base import clone
from sklearn.multiclass import OneVsRestClassifier
from sklearn.utils import get_tags


def fit_judge(classifier, X, indicator, *, takes_sparse=False, own=False):
    """Fit a clone of a classifier on X, (n_rows, n_features), and a csr (n_rows, n_terms).

    ``own`` rows, which nobody else needs, are changed by a classifier that can do without a copy.
    """
    if takes_sparse and indicator.shape[1] > 1:
        judge = clone(classifier)
        fit = getattr(judge, "_fit_own", judge.fit) if own else judge.fit
        return fit(X, indicator)
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
    if _has_probabilities(judge):
        return np.asarray(probabilities_by_term(judge, X, n_terms))
    score = getattr(judge, "decision_function", judge.predict)
    return np.asarray(score(X), dtype=float).reshape(len(X), n_terms)


def probabilities_by_term(classifier, X, n_terms):
    """Predict one probability a term, (n_rows, n_terms), or votes of a classifier without any.

    Forests and MultiOutputClassifier give a list of (n_rows, n_classes), one a term.
    """
    if not _has_probabilities(classifier):
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


def _has_probabilities(classifier):
    """Tell a classifier with probabilities of every term.

    One-versus-rest says it has them where its first term's constant has, and then fails at others.
    """
    inner = getattr(classifier, "classifier_", classifier)  # of a ResampledClassifier
    of_terms = inner.estimators_ if isinstance(inner, OneVsRestClassifier) else [classifier]
    return all(hasattr(one, "predict_proba") for one in [classifier, *of_terms])


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
