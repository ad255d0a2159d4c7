"""LabelAttentionClassifier: terms known by their vectors ask the parts of a protein."""

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy.special import expit
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from protimb.classification._balance import ColumnBalance, check_row_weights, hold_out
from protimb.classification._base import BaseTermClassifier
from protimb.classification._label_attention_residues import Residues, is_residues, read_residues
from protimb.classification._label_attention_terms import TermSpace, describe_lost, find_vectors
from protimb.classification._mlp import LabelledRows
from protimb.classification._targets import check_label_mask, dense_labels
from protimb.exceptions import InvalidLabelsError, TermVectorWarning
from protimb.ontology._propagate import nearest_ancestors
from protimb.utils._alignment import check_same_order
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import Interval, StrOptions, validate_data
from protimb.utils._warnings import users_level


class LabelAttentionClassifier(BaseTermClassifier):
    _parameter_constraints: ClassVar = {
        "n_tokens": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "head_size": [Interval(Integral, 1, None, closed="left")],
        "n_hidden": [Interval(Integral, 2, None, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "term_dropout": [Interval(Real, 0, 1, closed="both")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "loss": "no_validation",
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "max_steps": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_residues": [Interval(Integral, 1, None, closed="left")],
        "ontology": "no_validation",
        "terms": ["array-like", None],
        "term_vectors": "no_validation",
        "device": "no_validation",
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_tokens=8,
        n_heads=1,
        head_size=64,
        n_hidden=512,
        n_components=128,
        dropout=0.5,
        term_dropout=0.5,
        input_noise=0.5,
        loss="bce",
        max_epochs=30,
        max_steps=None,
        batch_size="auto",
        lr=2e-3,
        weight_decay=1.0,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=5,
        max_residues=1000,
        ontology=None,
        terms=None,
        term_vectors=None,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.n_tokens = n_tokens
        self.n_heads = n_heads
        self.head_size = head_size
        self.n_hidden = n_hidden
        self.n_components = n_components
        self.dropout = dropout
        self.term_dropout = term_dropout
        self.input_noise = input_noise
        self.loss = loss
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.max_residues = max_residues
        self.ontology = ontology
        self.terms = terms
        self.term_vectors = term_vectors
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, label_mask=None):
        """Standardize proteins, find the vectors of terms, and train the network.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of arrays (n_residues, n_features)
            Protein vectors, or the vectors of the residues of each protein.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row's loss; a row of weight 0 is as if it were not there.
        label_mask : array-like or sparse of bool, shape (n_rows, n_terms), optional
            True where a label is known; all are by default.

        Returns
        -------
        self : LabelAttentionClassifier

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1, names and columns differ in number, or ``label_mask``
            does not fit y.
        TermVectorError
            If term vectors are malformed, or none is that of a column.
        DeviceUnavailableError
            If ``device`` names a device that this machine does not have.
        TrainingDiverged
            If the loss stops being finite; an earlier fit stays as it was.

        Warns
        -----
        TermVectorWarning
            If terms without a member have no vector either.
        """
        self._validate_params()
        check_same_order(X=X, y=y, sample_weight=sample_weight, label_mask=label_mask)
        with unchanged_on_failure(self):
            X, labels = self._read_training(X, y, self.terms)
            self._check_ontology()
            known = check_label_mask(label_mask, labels, self._coding)
            given = check_row_weights(sample_weight, len(X))
            rows = LabelledRows(X, labels, given, given, known).with_weight()
            self._scaler = _fit_scaler(rows.X, rows.weights)
            self._train(rows._replace(X=_scale(self._scaler, rows.X)))
        return self

    def predict_terms(self, X, term_vectors):
        """Give each row the probability of terms that were no columns of y.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of arrays (n_residues, n_features)
            Proteins, as in ``fit``.
        term_vectors : mapping of str to array, DataFrame or array of shape (n_terms, n_dims)
            One vector for each term that is asked for, made as those of ``fit`` were: by
            ``describe_terms(ontology, terms, n_components=...)`` where they came from an ontology.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_terms)
            In the order of ``term_vectors``. Terms are taken to be as rare as one without a member.

        Raises
        ------
        TermVectorError
            If vectors are malformed, or of another width than those of ``fit``.
        """
        from protimb.classification._label_attention_step import attention_logits

        check_is_fitted(self)
        vectors = self._space.align(term_vectors)
        rows = _scale(self._scaler, self._check_rows(X, reset=False))
        return expit(attention_logits(self.network_, rows, vectors, own=False) + self._prior.min())

    def _train(self, rows):
        from protimb.classification._label_attention_step import AttentionData, train_attention
        from protimb.nn import make_loss
        from protimb.training import resolve_device

        rng = check_random_state(self.random_state)
        split_rng = check_random_state(rng.randint(2**31 - 1))
        n_positive, n_rows = self._describe_terms(rows, rng)
        criterion = make_loss(
            self.loss, n_positive[self._taught], n_rows[self._taught], edges=self._edges()
        )
        data = AttentionData(
            _columns(rows, self._taught),
            self._term_vectors[self._taught],
            self._prior[self._taught],
            held_out=hold_out(rows.given_weights, self._held_out_share(len(rows.X)), split_rng),
            device=resolve_device(self.device),
        )
        self.network_, self.history_ = train_attention(data, criterion, self, rng)

    def _describe_terms(self, rows, rng):
        """Find vectors, prior and members of all columns, and which of them can teach."""
        vectors = find_vectors(self, rows.labels.shape[1], rng)
        self._space = TermSpace.of(vectors)
        self._term_vectors = self._space.read(vectors)
        self._prior = ColumnBalance.count(rows.labels, rows.weights, known=rows.known).prior
        n_positive, n_rows = _count(rows)
        self._taught = np.flatnonzero(n_positive) if n_positive.any() else np.arange(len(vectors))
        self._warn_of_lost(vectors, n_positive)
        return n_positive, n_rows

    def _scores(self, X, dtype):
        scores = expit(self._logits(_scale(self._scaler, X)).astype(dtype, copy=False))
        if self.ontology is not None:
            scores = self.ontology.propagate_scores(scores, self.terms_)
        return scores

    def _logits(self, X):
        """Give logits of all columns; those without a member start from how rare they are."""
        from protimb.classification._label_attention_step import attention_logits

        taught, vectors = self._taught, self._term_vectors
        absent = np.setdiff1d(np.arange(len(vectors)), taught)
        logits = np.empty((len(X), len(vectors)), dtype=np.float32)
        logits[:, taught] = attention_logits(self.network_, X, vectors[taught])
        logits[:, absent] = attention_logits(self.network_, X, vectors[absent], own=False)
        logits[:, absent] += self._prior[absent]
        return logits

    def _voters(self, X):
        return None, X

    def _check_rows(self, X, *, reset):
        if not is_residues(X):
            rows = super()._check_rows(X, reset=reset)
        else:
            rows = read_residues(X, self.max_residues)
            validate_data(self, rows.values, reset=reset)
        self._check_kind(isinstance(rows, Residues), reset)
        return rows

    def _check_kind(self, of_residues, reset):
        if reset:
            self._of_residues = of_residues
        elif of_residues != self._of_residues:
            kinds = {True: "residues (a list of arrays)", False: "one vector a protein"}
            raise ValueError(
                f"X holds {kinds[of_residues]}, and the classifier was fitted on "
                f"{kinds[self._of_residues]}."
            )

    def _check_ontology(self):
        if self.ontology is None:
            return
        if self.terms_ is None:
            raise InvalidLabelsError(
                "An ontology needs to know which term each column of y is: "
                "pass terms, or y as a DataFrame whose columns are GO ids."
            )
        # Unknown terms are found here, before training and not after.
        self.ontology.propagate_scores(np.zeros((1, len(self.terms_)), np.float32), self.terms_)

    def _edges(self):
        """Pair taught columns with those of their nearest ancestors, (n_edges, 2), or None."""
        if self.ontology is None:
            return None
        above = nearest_ancestors(self.ontology, self.terms_[self._taught])
        pairs = [(child, parent) for child, parents in above for parent in parents]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def _warn_of_lost(self, vectors, n_positive):
        message = describe_lost(vectors, n_positive == 0, self.terms_)
        if message:
            warnings.warn(message, TermVectorWarning, stacklevel=users_level())

    def _held_out_share(self, n_rows):
        if not self.early_stopping:
            return 0
        if n_rows < 2:
            raise ValueError(
                f"early_stopping holds out rows for validation, and n_samples={n_rows} (of a "
                "weight above 0) leaves none to learn from. Pass early_stopping=False."
            )
        return self.validation_fraction


def _count(rows):
    """Weigh the members of each column, and the rows known to be one or not: two (n_columns,)."""
    if rows.known is None:
        n_rows = np.full(rows.labels.shape[1], rows.weights.sum())
        return rows.weights @ rows.labels, n_rows
    return rows.weights @ rows.labels.multiply(rows.known), rows.weights @ rows.known


def _columns(rows, columns):
    """Keep some label columns, dense."""
    known = None if rows.known is None else rows.known[:, columns]
    return rows._replace(labels=dense_labels(rows.labels[:, columns]), known=known)


def _fit_scaler(X, weights):
    """Learn mean and variance of vectors, or of all residues of all proteins."""
    if isinstance(X, Residues):
        return StandardScaler().fit(X.values, sample_weight=np.repeat(weights, X.lengths))
    return StandardScaler().fit(X, sample_weight=weights)


def _scale(scaler, X):
    """Standardize vectors or residues."""
    if isinstance(X, Residues):
        return replace(X, values=scaler.transform(X.values))
    return scaler.transform(X)
