"""GOTermClassifier: a network that gives protein vectors a probability for every term."""

from numbers import Integral, Real
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import expit
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from protimb.classification._balance import (
    ColumnBalance,
    check_row_weights,
    count_cells,
    hold_out,
    weigh_classes,
)
from protimb.classification._knn import CosineVote
from protimb.classification._network_base import NetworkTermClassifier
from protimb.classification._targets import check_label_mask
from protimb.exceptions import InvalidLabelsError
from protimb.neighbors._search import NEIGHBORS
from protimb.ontology._propagate import edges_among, propagate_scores
from protimb.utils._alignment import check_same_order
from protimb.utils._memory import release_pages
from protimb.utils._named import reached_into, with_objects
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import Interval, StrOptions, check_params
from protimb.utils._standardizing import Standardized, fit_standardizer, standardize

# Rows scored at a time, a multiple of those that the network answers at a time.
_BLOCK = 4096


class GOTermClassifier(NetworkTermClassifier):
    """Predict GO terms from protein vectors with a fully connected network.

    One network answers for all terms at once, so that rare terms borrow the hidden features
    that frequent ones shape. Two cheap helpers matter for rare terms: averaging with the
    cosine neighbours of the training rows (``n_neighbors=100``), and an ontology, which lifts
    a parent to the score of its best child.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int
        Width of each hidden layer (layer norm, GELU, dropout), at least 2; ``()`` is logistic
        regression.
    dropout : float
        Share of hidden units set to zero while training, in [0, 1).
    input_noise : float
        Standard deviation of the noise added to the standardized features while training: a
        protein's neighbourhood then shares its terms.
    max_epochs : int
        Passes over the training rows.
    max_steps : int, optional
        Exact number of updates, in place of ``max_epochs``. Gives data sets of different size,
        say before and after resampling, the same amount of training.
    batch_size : int
        Rows an update; shrinks to the number of rows where there are fewer.
    lr : float
        Learning rate of AdamW at the start; it falls to zero along a half cosine.
    weight_decay : float
        Decoupled weight decay of AdamW: each update shrinks the weights by ``lr * weight_decay``
        of themselves.
    early_stopping : bool
        Whether to hold out rows, stop once their loss no longer falls, and keep the weights of
        the best epoch. With ``max_steps`` all steps are taken and the best weights are kept.
    validation_fraction : float
        Share of rows held out, in (0, 1); of their weight, where rows have weights.
    n_iter_no_change : int
        Epochs without a lower validation loss before training stops.
    loss : str or BaseTermLoss
        What is minimised: a name among ``protimb.nn.LOSSES``, or an object such as
        ``FocalLoss(gamma=1.0)``. Rare terms gain by some and calibration suffers by most: see
        the guide on losses. A hierarchy penalty needs ``ontology`` and ``terms``.
    class_weight : {None, "balanced"} or dict
        ``"balanced"`` makes the positive and the negative cells of each term weigh the same,
        up to ``max_pos_weight``. With a single label it means what it means in scikit-learn,
        and a dict {class: weight} is allowed. Not for losses that balance by themselves
        (``class_balanced``, ``distribution_balanced``, ``logit_adjustment``).
    max_pos_weight : float
        Largest weight of a positive cell; also that of a term without any.
    ontology : GeneOntology, optional
        Lifts each term to at least the score of its children in ``predict_proba``.
    terms : sequence of str, optional
        GO ids of the columns of y; by default the columns of a DataFrame.
    n_neighbors : int or object, optional
        Average the network's probabilities with those of this many cosine neighbours, or of those
        that an object finds, as in :class:`KNNTermClassifier`.
    mixed_precision : bool
        Whether training runs the network's products in bfloat16: less memory, and faster on a GPU
        that has it. Losses, validation and predictions are in single precision.
    device : str or torch.device
        Where the network trains: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``; ``"auto"`` takes
        CUDA where there is one.
    verbose : int
        1 shows a progress bar.
    random_state : int, RandomState or None
        Source of every draw; the global generators are left alone.

    Attributes
    ----------
    network_ : torch.nn.Module
        From standardized vectors to logits, on the CPU.
    history_ : list of dict
        One record an epoch: ``epoch``, ``n_steps``, ``loss`` and, with early stopping,
        ``valid_loss``.
    classes_ : ndarray
        Classes of a single label; column numbers for multilabel targets.
    terms_ : ndarray of object or None
        GO ids of the columns, where they are known.
    n_outputs_ : int
        Label columns; 1 for a single label.
    n_features_in_ : int
        Features seen in ``fit``.

    See Also
    --------
    KNNTermClassifier : The neighbours alone, without training.
    protimb.nn.make_loss : The losses, and how to write one.
    protimb.over_sampling.CGANSampler : Gives rare terms more rows to learn from.

    Notes
    -----
    Early stopping holds out rows at random. Rows that a sampler made resemble their parents,
    so behind a sampler the held-out loss flatters: fix ``max_steps`` and pass
    ``early_stopping=False`` when samplers are compared.

    A weight of 2 counts in means, class shares, loss and held-out share as two rows would. It is
    not the same as two rows: batches, held-out rows, input noise and dropout are drawn by row, so
    that two rows are seen twice an epoch, with other noise, and one may be held out while the other
    trains. A neighbour has one vote whatever its weight.

    Same data, seed, device and thread count give the same bits.

    References
    ----------
    Loshchilov and Hutter, Decoupled weight decay regularization. ICLR (2019).
    https://doi.org/10.48550/arXiv.1711.05101

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.classification import GOTermClassifier
    >>> X = np.repeat([[-1.0, 0.0], [1.0, 0.0]], 20, axis=0)
    >>> y = np.repeat([[1, 0, 1], [0, 1, 1]], 20, axis=0)
    >>> model = GOTermClassifier(hidden_layer_sizes=(8,), lr=0.05, random_state=0).fit(X, y)
    >>> model.predict([[-1.0, 0.0], [1.0, 0.0]])
    array([[1, 0, 1],
           [0, 1, 1]])
    """

    _parameter_constraints: ClassVar = {
        "hidden_layer_sizes": ["array-like"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "max_steps": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "loss": "no_validation",
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "max_pos_weight": [Interval(Real, 0, None, closed="neither")],
        "ontology": "no_validation",
        "terms": ["array-like", None],
        "n_neighbors": [*NEIGHBORS, None],
        "mixed_precision": ["boolean"],
        "device": "no_validation",
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes=(512,),
        dropout=0.5,
        input_noise=0.5,
        max_epochs=30,
        max_steps=None,
        batch_size=256,
        lr=2e-3,
        weight_decay=1.0,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=5,
        loss="bce",
        class_weight=None,
        max_pos_weight=100.0,
        ontology=None,
        terms=None,
        n_neighbors=None,
        mixed_precision=False,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.dropout = dropout
        self.input_noise = input_noise
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.loss = loss
        self.class_weight = class_weight
        self.max_pos_weight = max_pos_weight
        self.ontology = ontology
        self.terms = terms
        self.n_neighbors = n_neighbors
        self.mixed_precision = mixed_precision
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, label_mask=None):
        """Standardize the vectors and train the network.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row's loss; a row of weight 0 is as if it were not there.
        label_mask : array-like or sparse of bool, shape (n_rows, n_terms), optional
            True where a label is known; all are by default. An unknown one teaches the network
            nothing, whatever y holds there, and a row that has any is nobody's neighbour. See
            ``label_mask`` of over-samplers: generated rows can be kept to the terms that lack rows.

        Returns
        -------
        self : GOTermClassifier

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1, names and columns differ in number, or ``label_mask``
            does not fit y.
        DeviceUnavailableError
            If ``device`` names a device that this machine does not have.
        TrainingDiverged
            If the loss stops being finite; an earlier fit stays as it was.
        TypeError
            If ``loss`` is neither a name nor a loss.
        ValueError
            If a parameter is out of range, or the loss cannot do with the others.
        """
        self._validate_params()
        self._check_layers()
        loss = self._read_loss()
        check_same_order(X=X, y=y, sample_weight=sample_weight, label_mask=label_mask)
        with unchanged_on_failure(self):
            X, labels = self._read_training(X, y, self.terms)
            self._check_ontology()
            rows = self._read_rows(X, y, labels, sample_weight, label_mask)
            self._scaler = fit_standardizer(rows.X, rows.weights)
            self._train(rows, loss)
            self._neighbors = self._fit_neighbors(rows)
        return self

    def decision_function(self, X):
        """Give each row the network's logits, before neighbours and ontology.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.

        Returns
        -------
        logits : ndarray of float32, shape (n_rows, n_columns)
            Or (n_rows,) for two classes.
        """
        check_is_fitted(self)
        logits = self._logits(standardize(self._scaler, self._check_rows(X, reset=False)))
        single_column = not self._coding.multilabel and logits.shape[1] == 1
        return logits[:, 0] if single_column else logits

    def set_params(self, **params):
        """Set parameters; ``loss__gamma`` also reaches into a loss that is given by name.

        Parameters
        ----------
        **params

        Returns
        -------
        self : GOTermClassifier
        """
        if "loss" in reached_into(params):  # else torch is not asked for
            from protimb.nn import LOSSES

            params = with_objects(params, self, {"loss": LOSSES})
        return super().set_params(**params)

    _widens_blocks = True

    def _train(self, rows, loss):
        from protimb.classification._step import TrainingData, train_network
        from protimb.nn import make_loss
        from protimb.training import resolve_device
        from protimb.training._processes import agree_on_draws

        rng = agree_on_draws(check_random_state(self.random_state))
        # One draw, however many rows: weighted and repeated rows start from one network.
        split_rng = check_random_state(rng.randint(2**31 - 1))
        # Weights of classes are left out: what a loss makes of rarity is meant for rows.
        counts = count_cells(rows.labels, rows.given_weights, rows.known)
        criterion = make_loss(loss, *counts, edges=self._edges(loss))
        data = TrainingData(
            rows,
            self._balance(rows),
            scaling=Standardized(self._scaler),
            held_out=hold_out(rows.given_weights, self._held_out_share(len(rows.X)), split_rng),
            device=resolve_device(self.device),
        )
        self.network_, self.history_ = train_network(data, criterion, self, rng)

    def _scores(self, X, dtype):
        scores = np.empty((len(X), self._coding.n_columns), dtype=dtype)
        for rows in gen_batches(len(X), _BLOCK):
            scores[rows] = self._score_block(standardize(self._scaler, X[rows]), dtype)
            release_pages(X)
        if self.ontology is not None:
            propagate_scores(self.ontology, scores, self.terms_, out=scores)
        return scores

    def _score_block(self, X, dtype):
        scores = expit(self._logits(X).astype(dtype, copy=False))
        return scores if self._neighbors is None else (scores + self._neighbors.scores(X)) / 2

    def _voters(self, X):
        return self._neighbors, standardize(self._scaler, X)

    def _logits(self, X):
        from protimb.classification._network import network_logits

        return network_logits(self.network_, X)

    def _fit_neighbors(self, rows):
        if self.n_neighbors is None:
            return None
        seen = slice(None) if rows.known is None else rows.known.all(axis=1)
        if not rows.labels[seen].shape[0]:
            raise InvalidLabelsError(
                "label_mask leaves no row with all of its labels, so no neighbour can vote. Pass "
                "n_neighbors=None."
            )
        X = standardize(self._scaler, rows.X[seen])
        return CosineVote(self.n_neighbors).fit(X, rows.labels[seen], own=True)

    def _edges(self, loss):
        """Pair columns with those of nearest ancestors, (n_edges, 2), for a loss that asks."""
        asked = getattr(loss, "hierarchy", 0)
        return edges_among(self.ontology, self.terms_) if asked else None

    def _read_loss(self):
        """Make the loss that a name stands for, and see that it can do with the rest."""
        from protimb.nn._term_losses import resolve_loss

        loss = resolve_loss(self.loss, "GOTermClassifier")
        check_params(loss)
        if getattr(loss, "hierarchy", 0) and self.ontology is None:
            raise ValueError(
                f"loss={self.loss!r} prices terms above their parents and needs to know these: "
                "pass ontology, and terms if y does not name its columns."
            )
        if loss.balances and self.class_weight is not None:
            raise ValueError(
                f"class_weight={self.class_weight!r} and loss={self.loss!r} each make up for rare "
                "positives; both would do it twice. Pass class_weight=None, or loss='bce'."
            )
        return loss

    def _read_rows(self, X, y, labels, sample_weight, label_mask):
        """Gather what training needs of each row that weighs anything."""
        known = check_label_mask(label_mask, labels, self._coding)
        weights = given = check_row_weights(sample_weight, len(X))
        if self.class_weight is not None and not self._coding.multilabel:
            weights = weigh_classes(self.class_weight, np.ravel(y), given)
        return LabelledRows(X, labels, weights, given, known).with_weight()

    def _balance(self, rows):
        balanced = self.class_weight == "balanced" and self._coding.multilabel
        if self.class_weight is not None and self._coding.multilabel and not balanced:
            raise InvalidLabelsError(
                "class_weight as a dict names single-label classes; y is multilabel. "
                "Pass class_weight='balanced' or sample_weight."
            )
        max_weight = self.max_pos_weight if balanced else None
        return ColumnBalance.count(rows.labels, rows.weights, max_weight, known=rows.known)

    def _check_layers(self):
        if not all(
            isinstance(n_hidden, Integral) and int(n_hidden) > 1
            for n_hidden in self.hidden_layer_sizes
        ):
            raise ValueError(
                "The 'hidden_layer_sizes' parameter of GOTermClassifier must hold integers of at "
                f"least 2. Got {self.hidden_layer_sizes!r} instead."
            )


class LabelledRows(NamedTuple):
    """What training needs of each row: vectors, labels, weights, and which labels are known."""

    X: np.ndarray  # (n_rows, n_features)
    labels: sparse.csr_array | np.ndarray  # (n_rows, n_columns)
    weights: np.ndarray  # (n_rows,), of the loss
    given_weights: np.ndarray  # (n_rows,), as passed: without those of classes
    known: np.ndarray | None  # (n_rows, n_columns); None for all

    def with_weight(self):
        """Leave out rows of weight 0, before anything is drawn: they are as if not there."""
        seen = self.weights > 0
        if seen.all():
            return self
        X, labels, weights, given, known = self
        kept = None if known is None else known[seen]
        return LabelledRows(X[seen], labels[seen], weights[seen], given[seen], kept)
