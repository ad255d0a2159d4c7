"""Cuts of terms: where a probability becomes a decision, tuned for F1 on proteins held out."""

import numpy as np
from scipy.special import expit, logit

_N_PRIOR = 10  # positives at which a term's own cut weighs as much as the pooled one
_EDGE = 1e-6  # probabilities nearer to 0 or 1 are as near


def tune_cuts(y, scores):
    """Choose the cut of each term (n_terms,) that gives the highest F1; few positives borrow."""
    # y, scores: (n_rows, n_terms). The fewer positives, the nearer a cut is to the pooled one,
    # on the scale of log-odds: a cut chosen on two proteins fits these two.
    y, scores = np.asarray(y) == 1, np.asarray(scores, dtype=float)
    n_positive = y.sum(axis=0)
    pooled = _pooled_cut(y, scores, n_positive)
    own = [_best_cut(*one) if one[0].any() else pooled for one in zip(y.T, scores.T, strict=True)]
    share = n_positive / (n_positive + _N_PRIOR)
    return expit(share * _log_odds(own) + (1 - share) * _log_odds(pooled))


def _pooled_cut(y, scores, n_positive):
    """Choose one cut for all terms, each counting alike; 0.5 where nothing is positive."""
    some = n_positive > 0
    if not some.any():
        return 0.5
    weights = np.broadcast_to(1 / n_positive[some], y[:, some].shape)
    return _best_cut(y[:, some].ravel(), scores[:, some].ravel(), weights.ravel())


def _best_cut(positive, scores, weights=None):
    """Choose the cut of highest F1, midway between the scores (n,) that it parts."""
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    hits = np.cumsum(np.where(positive, weights, 0)[order])
    f1 = 2 * hits / (np.cumsum(weights[order]) + hits[-1])
    # Equal scores go to one side of a cut.
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    best = ends[np.argmax(f1[ends])]
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return (ranked[best] + below) / 2


def _log_odds(cuts):
    return logit(np.clip(cuts, _EDGE, 1 - _EDGE))
