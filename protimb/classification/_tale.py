"""TALEClassifier: GO terms from protein sequences, by a transformer that knows the labels."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from protimb.classification._balance import check_row_weights, hold_out
from protimb.classification._label_attention_residues import check_residues, is_residues
from protimb.classification._mlp import LabelledRows
from protimb.classification._network_base import NetworkTermClassifier
from protimb.classification._tale_paths import label_paths
from protimb.classification._targets import check_label_mask, encode_targets
from protimb.ontology._propagate import edges_among
from protimb.utils._alignment import check_same_order
from protimb.utils._named import reached_into, with_objects
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sequences import read_sequences
from protimb.utils._sklearn_compat import (
    HasMethods,
    Interval,
    StrOptions,
    check_params,
    validate_data,
)

_AT_LEAST_ONE = [Interval(Integral, 1, None, closed="left")]
_AT_LEAST_ZERO = [Interval(Real, 0, None, closed="left")]


class TALEClassifier(NetworkTermClassifier):
    """Predict GO terms from protein sequences with a transformer that also knows the labels.

    TALE [1]_ reads a protein's residues by a transformer encoder and describes each term by a
    vector that it shares with the terms above it. Where residues resemble labels, the protein is
    looked at more closely: a convolution over the similarities of neighbouring residues to all
    labels says how much each position counts, and the weighted mean of positions tells the terms.

    Parameters
    ----------
    n_layers : int
        Blocks of the encoder; 0 leaves it out, so that a residue knows its place and no neighbour.
    n_hidden : int
        Width of residues, labels and all layers; even, and a multiple of ``n_heads``.
    n_heads : int
        Attention heads a block.
    dropout : float
        Share of values set to zero while training, in [0, 1).
    max_length : int
        Residues that are seen at a time. Of longer proteins training sees a random stretch in each
        epoch; predictions are averaged over evenly spaced windows.
    read_out : {"attention", "last", "mean"}
        How a protein is read from its residues: by their similarity to labels, from the last one
        alone, or all alike. Only the first uses labels' vectors.
    kernel_sizes : tuple of int
        Widths of the convolutions over similarities, the first over terms, others over filters.
    n_filters : int
        Filters of each convolution.
    label_coding : {"index_lists", "multi_hot", "depth_first", "own"}
        What a label's vector is the sum of: rows of the term and its ancestors, looked up by
        number; the same, by a matrix of zeros and ones; the same, each turned by its place on a
        walk from the root down; the row of the term alone. The first two give the same vectors.
    similarity_scale : float
        Factor of similarities before the softmax over terms. Sums over many ancestors are long, and
        1 leaves one term with nearly all the weight at the start.
    mask_pads : bool
        Whether padding is kept out of the read-out. False pads all proteins to ``max_length`` and
        reads what the encoder makes of it, as the published code does.
    output : {"sigmoid", "softmax"}
        Whether terms are independent or share one unit of probability, for which it takes two
        columns at least: two classes in one column are refused.
    loss : str or BaseTermLoss
        A name among ``protimb.nn.LOSSES``, or an object such as ``FocalLoss(gamma=1.0)``.
    hierarchy_penalty : float
        Weight of how much terms exceed the terms above them; needs an ontology.
    prior_bias : bool
        Whether an untrained network answers each term's frequency, and not one half.
    lr : float
        Learning rate of AdamW.
    lr_schedule : {"constant", "linear", "cosine", "warmup_cosine"}
        See ``protimb.training.build_schedule``.
    weight_decay : float
        Decoupled weight decay of AdamW.
    clip_norm : float, optional
        Longest gradient of an update; longer ones are shortened to it.
    max_epochs : int
        Passes over the training proteins.
    max_steps : int, optional
        Exact number of updates, in place of ``max_epochs``.
    batch_size : int
        Proteins an update, of nearly one length; shrinks where there are fewer.
    early_stopping : bool
        Whether to hold out proteins, stop once their loss no longer falls, and keep the weights of
        the best epoch. With ``max_steps`` all steps are taken and the best weights are kept.
    validation_fraction : float
        Share of proteins held out, in (0, 1).
    n_iter_no_change : int
        Epochs without a lower validation loss before training stops.
    inputs : {"sequences", "vectors"}
        What ``fit`` takes. Vectors stand in for what the encoder makes of residues: one a protein,
        as behind a sampler, or a list of one array of residue vectors a protein.
    n_places : int
        Positions that one vector a protein is read as.
    neighbours : classifier, optional
        Its copy is fitted on the same proteins (rows of weight 0 left out, unknown cells as
        negative) and averaged with the network: TALE+ with an ``AlignmentTermClassifier``. Its
        ``predict_proba`` must give one array, with a column a term.
    network_share : float
        Weight of the network beside ``neighbours``, in [0, 1]. The paper takes .4 for molecular
        functions, .5 for processes and .6 for components.
    ontology : GeneOntology, optional
        Gives each label its ancestors' rows, and lifts each term to at least the score of its
        children in ``predict_proba``. Without it labels have a row of their own alone.
    terms : sequence of str, optional
        GO ids of the columns of y; by default the columns of a DataFrame.
    checkpoint : str or path-like, optional
        Folder in which training is saved after every epoch. Where it holds a state of the same
        data and parameters, ``fit`` goes on from there, to the same bits on a CPU.
    checkpoint_steps : int, optional
        Save after every so many updates too.
    mixed_precision : bool
        Whether training runs the network's products in bfloat16: less memory, and faster on a GPU
        that has it. Losses, validation and predictions are in single precision.
    device : str or torch.device
        Where the network trains and predicts; ``"auto"`` takes CUDA where there is one.
    verbose : int
        1 shows a progress bar.
    random_state : int, RandomState or None
        Source of every draw; the global generators are left alone.

    Attributes
    ----------
    network_ : torch.nn.Module
        From tokens to logits, on the CPU.
    history_ : list of dict
        One record an epoch: ``epoch``, ``n_steps``, ``loss`` and, with early stopping,
        ``valid_loss``.
    neighbours_ : classifier or None
        The fitted copy of ``neighbours``.
    inputs_ : str
        What it was fitted on, ``"sequences"`` or ``"vectors"``.
    classes_ : ndarray
        Classes of a single label; column numbers for multilabel targets.
    terms_ : ndarray of object or None
        GO ids of the columns, where they are known.
    n_outputs_ : int
        Label columns; 1 for a single label.

    See Also
    --------
    GOTermClassifier : A network on vectors of proteins, which trains in seconds.
    protimb.nn.LOSSES : The losses.
    protimb.training.LengthBatches : Proteins of nearly one length make a batch.

    Notes
    -----
    Sequences are read in any case; a stop at the end is dropped; gaps, inner stops and J, which the
    paper has no token for, are read as X.

    Unlike the published code this one masks padding, starts from terms' frequencies, decays
    weights, lowers the learning rate, and draws no dropout inside attention. Defaults are for two
    cores; the paper's are ``n_layers=6``, ``dropout=0.1``, ``max_length=1000``, ``batch_size=32``,
    ``lr=1e-3``, ``lr_schedule="constant"``, ``weight_decay=0``, ``clip_norm=None`` and 100 epochs.

    Same data, seed, device and thread count give the same bits on a CPU. CUDA adds in an order of
    its own.

    References
    ----------
    .. [1] Y. Cao, Y. Shen, "TALE: Transformer-based protein function Annotation with joint
       sequence-Label Embedding", Bioinformatics 37 (2021), doi 10.1093/bioinformatics/btab198.

    Examples
    --------
    >>> from protimb.classification import TALEClassifier
    >>> sequences = ["MKKLLKKM", "MWWGGWWG"] * 10
    >>> y = [[1, 0, 1], [0, 1, 1]] * 10
    >>> model = TALEClassifier(
    ...     n_layers=1, n_hidden=8, max_epochs=20, batch_size=4, early_stopping=False,
    ...     lr=0.02, random_state=0,
    ... ).fit(sequences, y)
    >>> model.predict(["MKKLLKKM", "MWWGGWWG"])
    array([[1, 0, 1],
           [0, 1, 1]])
    """

    _parameter_constraints: ClassVar = {
        "n_layers": [Interval(Integral, 0, None, closed="left")],
        "n_hidden": _AT_LEAST_ONE,
        "n_heads": _AT_LEAST_ONE,
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_length": _AT_LEAST_ONE,
        "read_out": [StrOptions({"attention", "last", "mean"})],
        "kernel_sizes": ["array-like"],
        "n_filters": _AT_LEAST_ONE,
        "label_coding": [StrOptions({"index_lists", "multi_hot", "depth_first", "own"})],
        "similarity_scale": _AT_LEAST_ZERO,
        "mask_pads": ["boolean"],
        "output": [StrOptions({"sigmoid", "softmax"})],
        "loss": "no_validation",
        "hierarchy_penalty": _AT_LEAST_ZERO,
        "prior_bias": ["boolean"],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions({"constant", "linear", "cosine", "warmup_cosine"})],
        "weight_decay": _AT_LEAST_ZERO,
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "max_epochs": _AT_LEAST_ONE,
        "max_steps": [*_AT_LEAST_ONE, None],
        "batch_size": _AT_LEAST_ONE,
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": _AT_LEAST_ONE,
        "inputs": [StrOptions({"sequences", "vectors"})],
        "n_places": _AT_LEAST_ONE,
        "neighbours": [HasMethods(["fit", "predict_proba"]), None],
        "network_share": [Interval(Real, 0, 1, closed="both")],
        "ontology": "no_validation",
        "terms": ["array-like", None],
        "checkpoint": "no_validation",
        "checkpoint_steps": [*_AT_LEAST_ONE, None],
        "mixed_precision": ["boolean"],
        "device": "no_validation",
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    n_features_in_: int

    def __init__(
        self,
        *,
        n_layers=2,
        n_hidden=64,
        n_heads=2,
        dropout=0.0,
        max_length=512,
        read_out="attention",
        kernel_sizes=(10,),
        n_filters=10,
        label_coding="index_lists",
        similarity_scale=1.0,
        mask_pads=True,
        output="sigmoid",
        loss="bce",
        hierarchy_penalty=0.0,
        prior_bias=True,
        lr=4e-3,
        lr_schedule="warmup_cosine",
        weight_decay=0.1,
        clip_norm=1.0,
        max_epochs=30,
        max_steps=None,
        batch_size=128,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=5,
        inputs="sequences",
        n_places=8,
        neighbours=None,
        network_share=0.5,
        ontology=None,
        terms=None,
        checkpoint=None,
        checkpoint_steps=None,
        mixed_precision=False,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.n_layers = n_layers
        self.n_hidden = n_hidden
        self.n_heads = n_heads
        self.dropout = dropout
        self.max_length = max_length
        self.read_out = read_out
        self.kernel_sizes = kernel_sizes
        self.n_filters = n_filters
        self.label_coding = label_coding
        self.similarity_scale = similarity_scale
        self.mask_pads = mask_pads
        self.output = output
        self.loss = loss
        self.hierarchy_penalty = hierarchy_penalty
        self.prior_bias = prior_bias
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.inputs = inputs
        self.n_places = n_places
        self.neighbours = neighbours
        self.network_share = network_share
        self.ontology = ontology
        self.terms = terms
        self.checkpoint = checkpoint
        self.checkpoint_steps = checkpoint_steps
        self.mixed_precision = mixed_precision
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, label_mask=None):
        """Train the network.

        Parameters
        ----------
        X : list, array, Series or mapping of str, shape (n_rows,)
            Residues of each protein. With ``inputs="vectors"``: array-like of shape (n_rows,
            n_features), or of residues, a list of arrays of shape (n_residues, n_features).
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row's loss; a row of weight 0 is as if it were not there.
        label_mask : array-like or sparse of bool, shape (n_rows, n_terms), optional
            True where a label is known; all are by default.

        Returns
        -------
        self : TALEClassifier

        Raises
        ------
        SequenceError
            If a sequence is not a string, has no residues, or holds characters that are none.
        ValueError
            If a parameter is out of range, weights or vectors are not finite, a penalty is asked
            for without an ontology, or softmax over a single column.
        InvalidLabelsError
            If indicators are not 0 or 1, names and columns differ in number, or an ontology is
            given without the terms of the columns.
        ArtifactError
            If ``checkpoint`` holds a state of other data or parameters.
        DeviceUnavailableError
            If ``device`` names a device that this machine does not have.
        TrainingDiverged
            If the loss stops being finite; an earlier fit stays as it was.
        """
        return self._fit(X, y, sample_weight, label_mask, self.inputs)

    def fit_vectors(self, X, y, sample_weight=None, label_mask=None):
        """Train the network on vectors, whatever ``inputs`` says; it then predicts from vectors.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of (n_residues, n_features)
            One vector a protein, or one a residue.
        y, sample_weight, label_mask
            As for ``fit``.

        Returns
        -------
        self : TALEClassifier
        """
        return self._fit(X, y, sample_weight, label_mask, "vectors")

    def set_params(self, **params):
        """Set parameters; ``loss__gamma`` also reaches into a loss that is given by name.

        Parameters
        ----------
        **params

        Returns
        -------
        self : TALEClassifier
        """
        if "loss" in reached_into(params):  # else torch is not asked for
            from protimb.nn import LOSSES

            params = with_objects(params, self, {"loss": LOSSES})
        return super().set_params(**params)

    def _fit(self, X, y, sample_weight, label_mask, inputs):
        self._validate_params()
        self._check_sizes()
        loss = self._read_loss()
        check_same_order(X=X, y=y, sample_weight=sample_weight, label_mask=label_mask)
        with unchanged_on_failure(self):
            self.inputs_ = inputs
            X = self._check_rows(X, reset=True)
            labels, self._coding = encode_targets(y, self.terms)
            check_consistent_length(X, labels)
            self.classes_, self.terms_ = self._coding.classes, self._coding.terms
            self.n_outputs_ = labels.shape[1] if self._coding.multilabel else 1
            self._check_ontology()
            self._check_output(labels.shape[1])
            rows = self._read_rows(X, labels, sample_weight, label_mask)
            self._train(rows, loss)
            self.neighbours_ = self._fit_neighbours(rows)
        return self

    def _read_rows(self, X, labels, sample_weight, label_mask):
        known = check_label_mask(label_mask, labels, self._coding)
        weights = check_row_weights(sample_weight, len(X))
        return LabelledRows(X, labels, weights, weights, known).with_weight()

    def _train(self, rows, loss):
        from protimb.classification import _tale_resuming as resuming
        from protimb.classification._tale_data import warn_if_cut
        from protimb.classification._tale_step import TALEData, TALESizes, build_tale, train_tale
        from protimb.training import resolve_device
        from protimb.training._processes import agree_on_draws

        device = resolve_device(self.device)
        rng = agree_on_draws(check_random_state(self.random_state))
        above = None if self.label_coding == "own" else self.ontology
        paths = label_paths(above, self.terms_, rows.labels.shape[1])
        run, state = None, None
        if self.checkpoint is not None:
            run = resuming.describe_run(rows, paths, self, rng)
            state = resuming.open_checkpoint(self.checkpoint, run, rng)
        split_rng = check_random_state(rng.randint(2**31 - 1))
        self._scaler = self._fit_scaler(rows)
        source = self._source(rows.X, device)
        if self.inputs_ == "sequences":
            warn_if_cut(source.lengths, self.max_length)
        data = TALEData(
            source,
            rows,
            loss=loss,
            edges=None if self.ontology is None else edges_among(self.ontology, self.terms_),
            held_out=hold_out(rows.weights, self._held_out_share(len(rows.X)), split_rng),
            device=device,
        )
        n_features = self.n_features_in_ if self.inputs_ == "vectors" else None
        sizes = TALESizes.of(self)
        if np.ndim(rows.X) == 1:  # residues have places of their own
            sizes = sizes._replace(n_places=1)
        network, noise = build_tale(sizes, paths, n_features, rng, device)
        self.network_, self.history_ = train_tale(
            data, self, network, noise, rng, run=run, state=state
        )

    def _source(self, X, device):
        """Put checked rows on a device, as the network reads them."""
        from protimb.classification._tale_data import ResidueSource, TokenSource, VectorSource

        if self.inputs_ == "vectors" and X.ndim == 2:
            return VectorSource(self._scaler.transform(X), device)
        kind = TokenSource if self.inputs_ == "sequences" else ResidueSource
        full = self.read_out == "attention" and not self.mask_pads
        if self.inputs_ == "vectors":
            X = [self._scaler.transform(residues) for residues in X]
        return kind(X, self.max_length, device, full_width=full)

    def _fit_scaler(self, rows):
        """Learn mean and variance of vectors' features; sequences have none."""
        if self.inputs_ == "sequences":
            return None
        if rows.X.ndim == 2:
            return StandardScaler().fit(rows.X, sample_weight=rows.weights)
        return StandardScaler().fit(np.concatenate(list(rows.X)))

    def _fit_neighbours(self, rows):
        """Fit neighbours on what the network learns from: what is not known, no neighbour has."""
        if self.neighbours is None:
            return None
        labels = rows.labels if rows.known is None else rows.labels.multiply(rows.known)
        return clone(self.neighbours).fit(rows.X, sparse.csr_array(labels))

    def _scores(self, X, dtype):
        from protimb.classification._tale_step import tale_scores
        from protimb.training import resolve_device

        device = resolve_device(self.device)
        scores = tale_scores(self.network_, self._source(X, device), device)
        if self.neighbours_ is not None:
            theirs = self._neighbours_scores(X, scores.shape)
            scores = self.network_share * scores + (1 - self.network_share) * theirs
        scores = scores.astype(dtype, copy=False)
        if self.ontology is not None:
            scores = self.ontology.propagate_scores(scores, self.terms_)
        return scores

    def _neighbours_scores(self, X, shape):
        """Ask the neighbours, whose answers must have a column a term: (n_rows, n_columns)."""
        theirs = self.neighbours_.predict_proba(X)
        if isinstance(theirs, list) or np.shape(theirs) != shape:
            what = "a list" if isinstance(theirs, list) else f"shape {np.shape(theirs)}"
            raise TypeError(
                f"predict_proba of neighbours, {type(self.neighbours_).__name__}, gives {what} and "
                f"not one array of shape {shape}. Pass a classifier of protimb."
            )
        return theirs

    def _voters(self, X):
        return None, X

    def _check_rows(self, X, *, reset):
        """Read sequences (n_rows,) of object, vectors (n_rows, n_features), or a list of arrays."""
        if self.inputs_ == "sequences":
            return _as_objects(read_sequences(X))
        if not is_residues(X):
            return super()._check_rows(X, reset=reset)
        arrays = check_residues(X)
        validate_data(self, arrays[0], reset=reset)
        return _as_objects(arrays)

    def _read_loss(self):
        """Make the loss that a name stands for, and see that it can do with the rest."""
        from protimb.nn._term_losses import resolve_loss

        loss = resolve_loss(self.loss, "TALEClassifier")
        check_params(loss)
        if self.ontology is None and (self.hierarchy_penalty or getattr(loss, "hierarchy", 0)):
            raise ValueError(
                "A hierarchy penalty needs to know which term lies above which: pass ontology, and "
                "terms if y does not name its columns."
            )
        return loss

    def _check_output(self, n_columns):
        if self.output == "softmax" and n_columns == 1:
            raise ValueError(
                "output='softmax' shares one unit of probability among terms, so that a single "
                "term gets all of it for every protein. Use output='sigmoid'."
            )

    def _check_sizes(self):
        widths = list(self.kernel_sizes)
        whole = all(isinstance(width, Integral) and int(width) > 0 for width in widths)
        if not widths or not whole:
            raise ValueError(
                "The 'kernel_sizes' parameter of TALEClassifier must hold one positive integer or "
                f"more. Got {self.kernel_sizes!r} instead."
            )
        if self.n_hidden % 2 or self.n_hidden % self.n_heads:
            raise ValueError(
                f"n_hidden={self.n_hidden} must be even, and a multiple of n_heads={self.n_heads}."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if getattr(self, "inputs_", self.inputs) == "sequences":
            tags.input_tags.two_d_array = False
            tags.input_tags.one_d_array = True
            tags.input_tags.string = True
        return tags


def _as_objects(values):
    """Hold values of any length in an array, (n_rows,) of object, that is cut by row."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
