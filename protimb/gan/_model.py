"""ConditionalGAN: learn protein vectors under their labels, and generate others."""

import copy
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from protimb.budgets._target import read_target
from protimb.exceptions import InvalidLabelsError, TermVectorError, TrainingDiverged
from protimb.gan._observed import observe
from protimb.gan._parts import find_parts, with_objects
from protimb.gan._rows import (
    TrainingSet,
    check_ancestors,
    check_columns,
    check_known,
    check_terms,
    check_towards,
    read_vectors,
)
from protimb.gan._starts import STARTS, StartOptions, name_known_relatives
from protimb.ontology import align_term_vectors
from protimb.utils._alignment import align_columns, check_same_order
from protimb.utils._foreign import read_table
from protimb.utils._sklearn_compat import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    validate_data,
)
from protimb.utils._validation import check_indicator


class ConditionalGAN(BaseEstimator):
    """Generate protein vectors under labels by a conditional Wasserstein GAN.

    A critic learns to tell real vectors from generated ones under given labels, a generator
    learns to please it [1]_. This is the model that `protimb.over_sampling.CGANSampler` trains:
    it generates what is asked for, and neither plans which rows are missing nor judges them.

    Parameters
    ----------
    backbone, condition, conditioning : str or object, default="mlp", "multihot", "concat"
        The networks, what describes a label row to them, and how that enters: keys of
        ``BACKBONES``, ``CONDITIONS`` and ``CONDITIONINGS`` in ``protimb.nn``, or objects.
    n_latent : int, default=64
        Width of the noise.
    generate_from : {"noise", "member", "relative"}, default="relative"
        What a vector is made from besides labels: noise alone, or noise and a real vector.
    move_scale : float in (0, 1], default=0.4
        Share of a vector's spread around its term's mean that is that of two other relatives.
    borrowing : float in [0, 1], default=0.5
        Share of vectors that lie around a mean drawn towards that of the term's parent.
    n_critic, gradient_penalty, auxiliary_weight : int, float, float, default=5, 10.0, 0.0
        Critic updates for each of the generator; weights of the two additional losses.
    max_updates, min_updates, check_every : int, default=200, 50, 10
        Updates of the generator: most and fewest, and how many there are to an epoch.
    batch_size : int, default=256
        Rows a critic update.
    lr, lr_schedule : float and str, default=3e-4, "constant"
        Learning rate, and how it changes over the run.
    sampling_exponent : float, default=0.5
        How much more often rows of rare terms are shown in training; 0 shows all alike.
    averaging, max_grad_norm : float, float or None, default=0.0, None
        Decay of a running mean of the generator's weights; longest gradient of an update.
    validation_fraction, n_iter_no_change : float or "auto", int or None, default="auto", 5
        Share of rows to judge epochs by, and epochs that gain nothing until training stops.
    clip : {"observed"} or None, default=None
        Whether vectors are kept in each feature's range, and whole numbers whole.
    mixed_precision, callbacks, device, verbose, random_state
        How, where and from which seed to train.

    Attributes
    ----------
    generator_, critic_ : torch.nn.Module
        The trained networks, in eval mode; both work on scaled vectors.
    history_ : DataFrame, one row an epoch
        Its mean losses, and ``frechet`` where rows are held out.
    scaling_, starts_, observed_ : object
        How vectors are scaled, the real ones that generated ones start from, and what real values
        are like, None without ``clip``.
    terms_ : list of length n_terms
        Names of the columns of y.
    held_out_ : ndarray of int, shape (n_held_out,)
        Positions of the rows that ``fit`` held out, which the networks never saw; not saved.
    seen_ : ndarray of bool, shape (n_terms,)
        Terms that a training row carries.
    term_vectors_ : ndarray of shape (n_terms, n_dims) or None
        What the condition knows of terms.
    dtype_ : dtype
        Of generated vectors: float32, or float64 where ``fit`` saw that or integers.
    n_features_in_ : int
        Width of a vector.

    See Also
    --------
    protimb.over_sampling.CGANSampler : Describes each parameter at length; plans and judges rows.

    References
    ----------
    .. [1] I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, "Improved training of
       Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> from protimb.gan import ConditionalGAN
    >>> toy = make_longtail_multilabel(random_state=0)
    >>> gan = ConditionalGAN(max_updates=1, random_state=0).fit(toy.X, toy.y)
    >>> X_new = gan.sample(toy.y[:3], random_state=0)
    >>> X_new.shape == toy.X[:3].shape
    True
    >>> again = ConditionalGAN.from_state(*gan.state(), device="cpu")
    >>> bool((again.sample(toy.y[:3], random_state=0) == X_new).all())
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "backbone": [str, HasMethods(["build_generator", "build_critic"])],
        "condition": [str, HasMethods(["build", "get_params"])],
        "conditioning": [str, HasMethods(["build", "get_params"])],
        "n_latent": [Interval(Integral, 1, None, closed="left")],
        "generate_from": [StrOptions(set(STARTS))],
        "move_scale": [Interval(Real, 0, 1, closed="right")],
        "borrowing": [Interval(Real, 0, 1, closed="both")],
        "n_critic": [Interval(Integral, 1, None, closed="left")],
        "gradient_penalty": [Interval(Real, 0, None, closed="left")],
        "auxiliary_weight": [Interval(Real, 0, None, closed="left")],
        "max_updates": [Interval(Integral, 1, None, closed="left")],
        "min_updates": [Interval(Integral, 0, None, closed="left")],
        "check_every": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [str],
        "sampling_exponent": [Interval(Real, 0, None, closed="left")],
        "averaging": [Interval(Real, 0, 1, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "clip": [StrOptions({"observed"}), None],
        "mixed_precision": ["boolean"],
        "callbacks": [list, tuple, None],
        "device": "no_validation",
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        backbone="mlp",
        condition="multihot",
        conditioning="concat",
        n_latent=64,
        generate_from="relative",
        move_scale=0.4,
        borrowing=0.5,
        n_critic=5,
        gradient_penalty=10.0,
        auxiliary_weight=0.0,
        max_updates=200,
        min_updates=50,
        check_every=10,
        batch_size=256,
        lr=3e-4,
        lr_schedule="constant",
        sampling_exponent=0.5,
        averaging=0.0,
        max_grad_norm=None,
        validation_fraction="auto",
        n_iter_no_change=5,
        clip=None,
        mixed_precision=False,
        callbacks=None,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.backbone = backbone
        self.condition = condition
        self.conditioning = conditioning
        self.n_latent = n_latent
        self.generate_from = generate_from
        self.move_scale = move_scale
        self.borrowing = borrowing
        self.n_critic = n_critic
        self.gradient_penalty = gradient_penalty
        self.auxiliary_weight = auxiliary_weight
        self.max_updates = max_updates
        self.min_updates = min_updates
        self.check_every = check_every
        self.batch_size = batch_size
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.sampling_exponent = sampling_exponent
        self.averaging = averaging
        self.max_grad_norm = max_grad_norm
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.clip = clip
        self.mixed_precision = mixed_precision
        self.callbacks = callbacks
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        return tags

    def set_params(self, **params):
        """Set parameters; ``backbone__n_hidden`` also reaches into what is given by name.

        Parameters
        ----------
        **params

        Returns
        -------
        self : ConditionalGAN
        """
        return super().set_params(**with_objects(params, self))

    @property
    def needs_term_vectors(self):
        """Whether the condition describes terms by vectors."""
        return getattr(find_parts(self)["condition"], "needs_term_vectors", False)

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        *,
        terms=None,
        towards=None,
        term_vectors=None,
        ancestors=None,
        resume_from=None,
        random_state=None,
    ):
        """Train generator and critic.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Real vectors. A large half-precision memory map is read where it lies.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators; or classes, which become one column each.
        terms : list of length n_terms, optional
            Names of the columns; those of a DataFrame, else numbers.
        towards : array of bool, shape (n_terms,), optional
            Terms to train towards: only rows that carry one of them train. All by default.
        term_vectors : dict, array of shape (n_terms, n_dims) or None
            ``{term: vector}``, or one row a column of y, where the condition reads them.
        ancestors : array or sparse of shape (n_terms, n_terms), optional
            Non-zero where the second term is above the first, or the same, such as
            ``GeneOntology.closure`` gives. Without it a term's ancestors are the columns of y that
            all its members carry.
        resume_from : str or path-like, optional
            Folder of a ``protimb.training.Checkpoint`` of the same run.
        random_state : int, RandomState or None
            In place of the parameter: a RandomState goes on from where it is, and is put where
            the first run was if one is resumed.

        Returns
        -------
        self : ConditionalGAN

        Raises
        ------
        InvalidLabelsError
            If y is not binary, or ``terms``, ``towards`` or ``ancestors`` do not fit its columns.
        TermVectorError
            If the condition reads vectors of terms and there are none.
        TrainingDiverged
            If a loss stops being finite; names the step.
        ArtifactError
            If the checkpoint is damaged, or one of other data or parameters.

        Warns
        -----
        UndertrainedWarning
            If the distance from rows held out was still falling when ``max_updates`` were made.
        FidelityWarning
            If a simple classifier tells generated rows from those held out.
        """
        from protimb.gan._training import train_gan

        vectors, target = read_vectors(X), read_target(y)
        check_consistent_length(vectors, target.indicator)
        check_same_order(X=X, y=y)
        terms = target.terms if terms is None else check_terms(terms, target.indicator)
        towards = check_towards(towards, target.indicator, terms)
        described = self._read_term_vectors(term_vectors, terms)
        trained = train_gan(
            vectors,
            target.indicator,
            self,
            self._source_of_draws(random_state, resume_from),
            towards=towards,
            term_vectors=described,
            ancestors=check_ancestors(ancestors, terms),
            resume_from=resume_from,
        )
        validate_data(self, read_table(X, "X"), reset=True, skip_check_array=True)
        self.terms_, self.term_vectors_ = terms, described
        self.dtype_ = np.dtype(np.float32) if vectors.dtype == np.float16 else vectors.dtype
        self.scaling_, self.starts_, self.seen_ = trained.scaling, trained.starts, trained.seen
        self.observed_ = observe(vectors) if self.clip else None
        self.history_, self.held_out_ = pd.DataFrame(trained.history), trained.held_out
        self.generator_, self.critic_ = trained.generator, trained.critic
        return self

    def sample(self, labels, *, random_state=None):
        """Generate one vector for each label row.

        Parameters
        ----------
        labels : array-like or sparse of shape (n_rows, n_terms)
            Binary indicators with the columns that ``fit`` saw, found by name in a DataFrame.
        random_state : int, RandomState or None, default=None
            Seed of the noise; the same seed gives the same vectors.

        Returns
        -------
        X_new : ndarray of shape (n_rows, n_features)
            In the units that ``fit`` saw.

        Raises
        ------
        InvalidLabelsError
            If there are more or fewer columns, or a table has other terms.
        UntrainedTermError
            If a term has neither a training row nor a vector.
        TrainingDiverged
            If the generator gives NaN or infinite values.
        """
        labels = self._read_labels(labels)
        check_known(labels, self._known(), self.terms_)
        rng = check_random_state(random_state)
        named = name_known_relatives(labels, self.seen_, self.term_vectors_)
        return self._draw(labels, self.starts_.of_labels(named, rng), rng)

    def vary(self, X, labels, terms, *, random_state=None):
        """Generate one vector for each of some real rows, under its labels.

        What is started from depends on ``generate_from``: nothing, a training member of the term,
        or the row itself.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Real rows.
        labels : array-like or sparse of shape (n_rows, n_terms)
            Their labels.
        terms : ndarray of int, shape (n_rows,)
            The column of ``labels`` that each vector is wanted for.
        random_state : int, RandomState or None, default=None
            Seed of the draws.

        Returns
        -------
        X_new : ndarray of shape (n_rows, n_features)

        Raises
        ------
        InvalidLabelsError
            If tables differ in the ids of their rows or from ``fit`` in their terms, or ``terms``
            are no columns.
        ValueError
            If the arguments differ in length, or from ``fit`` in width or names of features.
        TrainingDiverged
            If the generator gives NaN or infinite values.
        """
        check_is_fitted(self, "generator_")
        check_same_order(X=X, labels=labels, terms=terms)
        validate_data(self, read_table(X, "X"), reset=False, skip_check_array=True)
        X, labels = read_vectors(X), self._read_labels(labels)
        terms = check_columns(terms, len(self.terms_))
        check_consistent_length(X, labels, terms)
        rng = check_random_state(random_state)
        starts = self.starts_.of_rows(X, terms, self.scaling_, rng)
        del X  # a block of rows is large, and some of its size are made of it
        return self._draw(labels, starts, rng)

    def with_starts_of(self, X, y, ancestors, rng):
        """Give a model with these networks that starts from other rows alone.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            The rows, as ``fit`` takes them.
        y : csr_array of shape (n_rows, n_terms)
            Their labels.
        ancestors : csr_array of shape (n_terms, n_terms) or None
            Which columns lie above each, where terms of few members borrow from them.
        rng : RandomState
            Source of draws.

        Returns
        -------
        model : ConditionalGAN
            Shares its networks with this one, which stays as it was.
        """
        rows, everything = np.arange(len(X)), np.ones(y.shape[1], dtype=bool)
        data = TrainingSet(X, y, self.scaling_, everything, rows, rows[:0])
        options = StartOptions(self.move_scale, self.borrowing, ancestors)
        model = copy.copy(self)
        model.starts_ = STARTS[self.generate_from].learn(data, options, rng)
        return model

    def state(self):
        """Give all that ``sample`` and ``vary`` need, for ``protimb.training.save_state``.

        Returns
        -------
        state : dict
            Tensors and arrays.
        manifest : dict
            The rest as JSON: parameters, names of terms, history.

        Raises
        ------
        TypeError
            If a term, or a part of a parameter, is nothing that JSON can name.
        """
        from protimb.gan._saving import describe_model

        check_is_fitted(self, "generator_")
        return describe_model(self)

    @classmethod
    def from_state(cls, state, manifest, *, device="auto", classes=(), source="The state"):
        """Undo ``state``; no code from it is run.

        Parameters
        ----------
        state, manifest : dict
            As ``state`` gives them, or ``protimb.training.load_state``.
        device : str or torch.device, default="auto"
            Where it will generate, whatever it was trained on.
        classes : iterable of class
            Backbones and conditions of your own that the model uses.
        source : str
            Where the state comes from, as messages begin.

        Returns
        -------
        model : ConditionalGAN

        Raises
        ------
        ArtifactError
            If the state is incomplete or does not fit together.
        """
        from protimb.gan._saving import rebuild_model

        return rebuild_model(cls, state, manifest, device, classes, source)

    def _source_of_draws(self, random_state, resume_from):
        if random_state is not None:
            return check_random_state(random_state)
        rng = check_random_state(self.random_state)
        # To be set back, which NumPy's global one must not be.
        return rng if resume_from is None else copy.deepcopy(rng)

    def _read_term_vectors(self, term_vectors, terms):
        if not self.needs_term_vectors:
            return None
        if term_vectors is None:
            raise TermVectorError(
                f"condition={self.condition!r} describes terms by vectors, and term_vectors is "
                "None. Pass {term: vector} or an array with one row a column of y, such as "
                "TermVectorizer().fit(ontology).vectors(terms)."
            )
        return align_term_vectors(term_vectors, terms)

    def _read_labels(self, labels):
        check_is_fitted(self, "generator_")
        labels = check_indicator(align_columns(labels, self.terms_, "labels"), "labels")[0]
        if labels.shape[1] != len(self.terms_):
            raise InvalidLabelsError(
                f"labels has {labels.shape[1]} columns, but the model was fitted with "
                f"{len(self.terms_)} terms."
            )
        return labels

    def _known(self):
        """Tell which terms something was learned about: bool (n_terms,)."""
        if self.term_vectors_ is None:
            return self.seen_
        return self.seen_ | ~np.isnan(self.term_vectors_).all(axis=1)

    def _draw(self, labels, starts, rng):
        from protimb.gan._sampling import draw_rows

        rows = draw_rows(self.generator_, labels, self.n_latent, rng, starts)
        rows = self.scaling_.inverse(rows, self.dtype_)
        # The last update comes after the last loss, so no loss tells of it.
        if not np.isfinite(rows).all():
            step = int(self.history_["n_steps"].iloc[-1])
            raise TrainingDiverged(
                f"The generator gives NaN or infinite values after step {step}, the last. Lower "
                "lr, or look for outliers in X.",
                step,
            )
        return rows if self.observed_ is None else self.observed_.clip(rows)
