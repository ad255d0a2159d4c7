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

from protimb.classification._balance import ColumnBalance, check_row_weights, count_cells, hold_out
from protimb.classification._base import require_scores
from protimb.classification._label_attention_residues import Residues, is_residues, read_residues
from protimb.classification._label_attention_terms import TermSpace, describe_lost, find_vectors
from protimb.classification._mlp import LabelledRows
from protimb.classification._network_base import NetworkTermClassifier
from protimb.classification._targets import check_label_mask
from protimb.exceptions import InvalidLabelsError, TermVectorWarning
from protimb.ontology._propagate import nearest_ancestors
from protimb.utils._alignment import check_same_order
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import Interval, StrOptions, validate_data
from protimb.utils._warnings import users_level

# Smallest probability that float32 holds to full precision: it has a logarithm.
_LEAST = np.finfo(np.float32).tiny


class LabelAttentionClassifier(NetworkTermClassifier):
    """Predict GO terms by letting each term, known by a vector, ask the parts of a protein.

    A term's vector, made of what the ontology says of it, becomes a query and a direction: where
    in the protein to look, and what to find there. All terms share the weights that make them, so
    that a term which no training protein has is asked about like any other. Parts are residues
    where X holds them, or ``n_tokens`` readings of one vector a protein. A term with members adds
    weights of its own.

    Parameters
    ----------
    n_tokens : int
        Parts that one vector a protein is read as; 1 is no attention but a product of protein and
        term. Residues are parts already.
    n_heads : int
        Queries of each term.
    head_size : int
        Width of queries and directions.
    n_hidden : int
        Width of the hidden layer (layer norm, GELU, dropout), at least 2.
    n_components : int
        Width of the term vectors that are made from ``ontology``.
    dropout : float
        Share of hidden units set to zero while training, in [0, 1).
    term_dropout : float
        Share of terms whose own weights are left out of an update, in [0, 1], so that the shared
        ones learn to do without. 1 leaves terms nothing of their own but a bias.
    input_noise : float
        Standard deviation of the noise added to the standardized features while training.
    parent_weight : float
        Share of its parents in the score of a term without a member, in [0, 1]: a geometric mean
        of theirs and of what the network says. Needs ``ontology``.
    loss : str or BaseTermLoss
        What is minimised: a name among ``protimb.nn.LOSSES``, or an object. Those that need
        features, or more of a network than logits, are refused.
    max_epochs : int
        Passes over the training rows.
    max_steps : int, optional
        Exact number of updates, in place of ``max_epochs``.
    batch_size : int or "auto"
        Rows an update; ``"auto"`` is 256 vectors, or 32 proteins of residues.
    lr : float
        Learning rate of AdamW at the start; it falls to zero along a half cosine.
    weight_decay : float
        Decoupled weight decay of AdamW.
    early_stopping : bool
        Whether to hold out rows, stop once their loss no longer falls, and keep the weights of
        the best epoch. With ``max_steps`` all steps are taken and the best weights are kept.
    validation_fraction : float
        Share of rows held out, in (0, 1).
    n_iter_no_change : int
        Epochs without a lower validation loss before training stops.
    max_residues : int
        Runs of neighbouring residues of a longer protein are averaged, so that no more are left.
    ontology : GeneOntology, optional
        Describes terms, tells their parents, and lifts each term to the score of its children.
    terms : sequence of str, optional
        GO ids of the columns of y; by default the columns of a DataFrame.
    term_vectors : dict, DataFrame or array of shape (n_terms, n_dims), optional
        One vector a term, see ``protimb.ontology.align_term_vectors``. By default they are made
        from the ontology by ``describe_terms``; without one terms get random vectors, which say
        nothing of terms without a member. A term that lacks a vector keeps its place, in the
        middle of all.
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
    network_ : protimb.nn.LabelAttention
        On the CPU.
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
        Features of a protein, or of a residue.

    See Also
    --------
    GOTermClassifier : Knows terms by their members alone.
    PrototypeTermClassifier : Makes a prototype from the vector of a term without a member.
    protimb.ontology.describe_terms : Makes the vectors of terms.

    Notes
    -----
    Only terms with a member teach: that no training protein has a term says nothing about the
    directions that tell its members from others, and would teach the shared weights that all such
    terms are answered with no.

    Unlike PFresGO there is no autoencoder and no decoder that mixes terms, and a term's answer is
    linear in what it found: scores cost two matrix products.

    Proteins given as residues are scored in blocks of similar length, whose padding may move the
    last digits; vectors have the same bits in any company.

    References
    ----------
    Pan et al., PFresGO: an attention mechanism-based deep-learning approach for protein annotation
    by integrating gene ontology inter-relationships. Bioinformatics 39 (2023) btad094.
    https://doi.org/10.1093/bioinformatics/btad094

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.classification import LabelAttentionClassifier
    >>> X = np.repeat([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], 10, axis=0)
    >>> left, low = X[:, 0] < 0, X[:, 1] < 0
    >>> y = np.column_stack([left, low, ~left]).astype(int)
    >>> vectors = [[-1.0, 0.0], [0.0, -1.0], [1.0, 0.0]]
    >>> model = LabelAttentionClassifier(
    ...     n_hidden=16, head_size=8, term_vectors=vectors, lr=0.02, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[::10])[:, 0]
    array([1, 1, 0, 0])

    A term that was not among the columns, asked by its vector:

    >>> low, high = model.predict_terms(X[[0, 10]], [[0.0, 1.0]])[:, 0]
    >>> bool(low < high)
    True
    """

    _parameter_constraints: ClassVar = {
        "n_tokens": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "head_size": [Interval(Integral, 1, None, closed="left")],
        "n_hidden": [Interval(Integral, 2, None, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "term_dropout": [Interval(Real, 0, 1, closed="both")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "parent_weight": [Interval(Real, 0, 1, closed="both")],
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
        "mixed_precision": ["boolean"],
        "device": "no_validation",
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_tokens=1,
        n_heads=1,
        head_size=64,
        n_hidden=512,
        n_components=128,
        dropout=0.5,
        term_dropout=0.0,
        input_noise=0.5,
        parent_weight=0.5,
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
        mixed_precision=False,
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
        self.parent_weight = parent_weight
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
        self.mixed_precision = mixed_precision
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
        loss = self._read_loss()
        check_same_order(X=X, y=y, sample_weight=sample_weight, label_mask=label_mask)
        with unchanged_on_failure(self):
            X, labels = self._read_training(X, y, self.terms)
            self._check_ontology()
            known = check_label_mask(label_mask, labels, self._coding)
            given = check_row_weights(sample_weight, len(X))
            rows = LabelledRows(X, labels, given, given, known).with_weight()
            self._scaler = _fit_scaler(rows.X, rows.weights)
            self._train(rows._replace(X=_scale(self._scaler, rows.X)), loss)
        return self

    def predict_terms(self, X, term_vectors, *, ontology=None):
        """Give each row the probability of terms that were no columns of y.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of arrays (n_residues, n_features)
            Proteins, as in ``fit``.
        term_vectors : mapping of str to array, DataFrame or array of shape (n_terms, n_dims)
            One vector for each term that is asked for, made as those of ``fit`` were: by
            ``describe_terms(ontology, terms, n_components=...)`` where they came from an ontology.
        ontology : GeneOntology, optional
            Tells which columns lie above these terms: parents then share in scores by
            ``parent_weight``, as in those of a column without a member. By default they do not,
            as a saved classifier knows the ontology of its columns alone.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_terms)
            In the order of ``term_vectors``. Terms are taken to be as rare as one without a member.

        Raises
        ------
        TermVectorError
            If vectors are malformed, or of another width than those of ``fit``.
        InvalidLabelsError
            If an ontology is given, and columns or vectors have no names to find in it.
        UnknownTermError
            If the ontology does not have the term of a column, or of a vector.
        TrainingDiverged
            If a probability is NaN, as weights of a changed folder may make it.
        """
        from protimb.classification._label_attention_step import attention_logits

        check_is_fitted(self)
        vectors = self._space.align(term_vectors)
        rows = _scale(self._scaler, self._check_rows(X, reset=False))
        logits = attention_logits(self.network_, rows, vectors, own=False)
        scores = expit(logits + self._prior.min())
        if ontology is None:
            return require_scores(scores, self)
        taught = expit(self._logits(rows))
        for number, above in self._columns_above(term_vectors, ontology):
            parts = np.column_stack([scores[:, number], taught[:, above]])
            scores[:, number] = _under_parents(parts, 0, slice(1, None), self.parent_weight)
        return require_scores(scores, self)

    def _columns_above(self, term_vectors, ontology):
        """List (number of a new term, columns of its nearest ancestors that have a member)."""
        if self.terms_ is None or not hasattr(term_vectors, "keys"):
            raise InvalidLabelsError(
                "An ontology needs to know which terms these are: fit with terms, and pass "
                "term_vectors as a mapping or DataFrame of GO ids."
            )
        column = {ontology.resolve(term): n for n, term in enumerate(self.terms_)}
        asked = [ontology.resolve(term) for term in getattr(term_vectors, "index", term_vectors)]
        new = [term for term in dict.fromkeys(asked) if term not in column]
        column |= {term: len(column) + n for n, term in enumerate(new)}
        above = dict(self._absent_below(ontology, [*self.terms_, *new]))
        return [(n, above[column[one]]) for n, one in enumerate(asked) if column[one] in above]

    def _train(self, rows, loss):
        from protimb.classification._label_attention_step import AttentionData, train_attention
        from protimb.nn import make_loss
        from protimb.training import resolve_device
        from protimb.training._processes import agree_on_draws

        rng = agree_on_draws(check_random_state(self.random_state))
        # Draws of their own: what rows and vectors need changes no weight of the network.
        split_rng, vector_rng = (check_random_state(rng.randint(2**31 - 1)) for _ in range(2))
        n_positive, n_rows = self._describe_terms(rows, vector_rng)
        criterion = make_loss(
            loss, n_positive[self._taught], n_rows[self._taught], edges=self._edges()
        )
        data = AttentionData(
            _columns(rows, self._taught),
            self._space.read(self._vectors[self._taught]),
            self._prior[self._taught],
            held_out=hold_out(rows.given_weights, self._held_out_share(len(rows.X)), split_rng),
            device=resolve_device(self.device),
        )
        self.network_, self.history_ = train_attention(data, criterion, self, rng)

    def _describe_terms(self, rows, rng):
        """Find vectors, prior and members of all columns, and which of them can teach."""
        vectors = self._vectors = find_vectors(self, rows.labels.shape[1], rng)
        self._space = TermSpace.of(vectors)
        self._prior = ColumnBalance.count(rows.labels, rows.weights, known=rows.known).prior
        n_positive, n_rows = count_cells(rows.labels, rows.weights, rows.known)
        self._taught = np.flatnonzero(n_positive) if n_positive.any() else np.arange(len(vectors))
        self._warn_of_lost(vectors, n_positive)
        return n_positive, n_rows

    def _scores(self, X, dtype):
        scores = expit(self._logits(_scale(self._scaler, X)).astype(dtype, copy=False))
        if self.ontology is None:
            return scores
        for column, above in self._absent_below(self.ontology, self.terms_):
            scores[:, column] = _under_parents(scores, column, above, self.parent_weight)
        return self.ontology.propagate_scores(scores, self.terms_)

    def _absent_below(self, ontology, terms):
        """List (column without a member, columns of its nearest ancestors that have some)."""
        taught = set(self._taught.tolist())
        above: dict[int, list[int]] = {}
        # Children come first, so that in reverse an absent parent has been seen to.
        for column, parents in reversed(nearest_ancestors(ontology, terms)):
            found = {one for parent in parents for one in above.get(parent, [parent])}
            if column not in taught:
                above[column] = sorted(found & taught)
        return [(column, found) for column, found in above.items() if found]

    def _logits(self, X):
        """Give logits of all columns; those without a member start from how rare they are."""
        from protimb.classification._label_attention_step import attention_logits

        taught, vectors = self._taught, self._space.read(self._vectors)
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

    def _read_loss(self):
        """Make the loss that a name stands for, and see that it asks for logits alone."""
        from protimb.nn._term_losses import resolve_loss

        loss = resolve_loss(self.loss, type(self).__name__)
        if loss.needs_features:
            raise ValueError(
                f"loss={self.loss!r} moves the features that a last linear layer reads, and label "
                "attention has no such layer. Use it in GOTermClassifier, or choose another."
            )
        return loss

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


def _under_parents(scores, column, above, weight):
    """Weigh what the network says of a term against its parents: a geometric mean (n_rows,)."""
    own, parents = (np.log(np.maximum(scores[:, part], _LEAST)) for part in ([column], above))
    return np.exp((1 - weight) * own.mean(axis=1) + weight * parents.mean(axis=1))


def _columns(rows, columns):
    """Keep some label columns."""
    known = None if rows.known is None else rows.known[:, columns]
    return rows._replace(labels=rows.labels[:, columns], known=known)


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
