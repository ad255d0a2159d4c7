"""Train a conditional Wasserstein GAN on label rows: data, players, step and loop put together."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import nn

from protimb.gan._auxiliary import AuxiliaryHead
from protimb.gan._networks import build_networks
from protimb.gan._resuming import (
    check_epochs,
    describe_run,
    open_checkpoint,
    rng_state,
    warn_if_ended,
)
from protimb.gan._rows import (
    hold_out,
    row_weights,
    rows_with,
    take_rows,
)
from protimb.gan._scaling import Scaling
from protimb.gan._starts import MemberBank, make_bank
from protimb.gan._step import AdversarialStep
from protimb.gan._training_rows import (
    MemberSeeds,
    MovedSeeds,
    training_labels,
    training_vectors,
)
from protimb.gan._validation import MAX_ROWS, MONITOR, HeldOutRows, JudgedStep
from protimb.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    PenaltyGuard,
    ProgressBar,
    TrainingLoop,
    WeightedBatches,
    build_schedule,
    resolve_device,
    torch_generator,
)
from protimb.utils._labelsets import group_positions, rarest_terms
from protimb.utils._memory import gather_rows


@dataclass(frozen=True)
class TrainedGan:
    """What training leaves.

    Attributes
    ----------
    generator, critic : torch.nn.Module
        In eval mode; the generator is the averaged one where weights were averaged.
    history : list of dict
        One record an epoch.
    bank : MemberBank or None
        Members to start from, where the generator does.
    seen : ndarray of bool, shape (n_terms,)
        Terms that a training row carries.
    """

    generator: nn.Module
    critic: nn.Module
    history: list
    bank: MemberBank | None
    seen: np.ndarray


def train_gan(X, y, settings, rng, *, scaling, terms, term_vectors=None, resume_from=None):
    """Train generator and critic on vectors and their label rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Real vectors, as they are.
    y : CSR array of shape (n_rows, n_terms), uint8
        Label rows.
    settings : CGANSampler
        Read for its hyper-parameters; not changed.
    rng : numpy.random.RandomState
        Source of every draw.
    scaling : Scaling
        How the networks see vectors.
    terms : ndarray of bool, shape (n_terms,)
        Terms to train towards: rows that carry one of them make the training set.
    term_vectors : ndarray of shape (n_terms, n_dims) or None
        What the condition knows of terms.
    resume_from : path-like or None
        A checkpoint to go on from.

    Returns
    -------
    trained : TrainedGan
    """
    run, state = {}, None
    if resume_from is not None or _saves_checkpoints(settings):
        run = describe_run(X, y, settings, term_vectors, rng)
    if resume_from is not None:
        state = open_checkpoint(resume_from, run, rng)
        check_epochs(len(state["history"]), settings.max_epochs)
        warn_if_ended(state, settings.max_epochs)
        run["rng"] = rng_state(rng)  # a second resume starts where the first run did, too
    data = _split(X, y, settings, rng, scaling, terms)
    device = resolve_device(settings.device)
    init = torch_generator(rng)
    generator, critic = build_networks(settings, X.shape[1], y.shape[1], init, device, term_vectors)
    step = _build_step(data, generator, critic, settings, init, device, rng)
    loop = TrainingLoop(
        step,
        _batches(data, settings, rng),
        max_epochs=settings.max_epochs,
        callbacks=_callbacks(settings),
        manifest=run,
    )
    if state is not None:
        loop.load_state_dict(state)
    loop.run()
    return TrainedGan(
        step.sampling_generator.eval(), critic.eval(), loop.history, data.bank, data.seen
    )


@dataclass(frozen=True)
class _Data:
    """Rows to train on and rows to judge by, with what both are drawn by."""

    X: np.ndarray
    y: sparse.csr_array
    scaling: Scaling
    terms: np.ndarray
    rows: np.ndarray
    held_out: np.ndarray
    rarest: np.ndarray  # of every row of y, by its training members
    bank: MemberBank | None

    @property
    def seen(self):
        return np.asarray(take_rows(self.y, self.rows).sum(axis=0)).ravel() > 0


def _split(X, y, settings, rng, scaling, terms):
    rows = rows_with(y, terms)
    held_out = rows[:0]
    if settings.validation_fraction:
        kept, apart = hold_out(y[rows], settings.validation_fraction, rng)
        rows, held_out = rows[kept], rows[apart]
        if len(held_out) > MAX_ROWS:
            held_out = np.sort(rng.choice(held_out, MAX_ROWS, replace=False))
    counts = np.asarray(take_rows(y, rows).sum(axis=0)).ravel().astype(np.int64)
    rarest, bank = np.full(y.shape[0], -1), None
    if settings.generate_from != "noise":
        rarest = rarest_terms(y, counts, terms)
        move_scale = settings.move_scale if settings.generate_from == "relative" else 0.0
        bank = make_bank(X, y, rows, rarest, scaling, rng, move_scale=move_scale)
    return _Data(X, y, scaling, terms, rows, held_out, rarest, bank)


def _build_step(data, generator, critic, settings, init, device, rng):
    vectors = training_vectors(data.X, data.rows, data.scaling, device)
    labels = training_labels(data.y, data.rows, device)
    options = {
        "n_latent": settings.n_latent,
        "n_critic": settings.n_critic,
        "penalty_weight": settings.gradient_penalty,
        "lr": settings.lr,
        "rng": torch_generator(rng, device),
        "averaging": settings.averaging,
        "max_grad_norm": settings.max_grad_norm,
        "mixed_precision": settings.mixed_precision,
    }
    if settings.lr_schedule != "constant":
        n_steps = settings.max_epochs * _batches_an_epoch(data, settings)[0]
        options["schedule"] = functools.partial(
            build_schedule, settings.lr_schedule, n_steps=n_steps
        )
    if data.bank is not None:
        options["seeds"] = _training_seeds(data, vectors, device)
    if settings.auxiliary_weight:
        options["auxiliary_weight"] = settings.auxiliary_weight
        options["auxiliary"] = AuxiliaryHead(
            data.X.shape[1], data.y.shape[1], lr=settings.lr, init=init, device=device
        )
    players = (vectors, labels, generator, critic)
    if not len(data.held_out):
        return AdversarialStep(*players, **options)
    return JudgedStep(*players, held_out=_held_out_rows(data, settings, rng), **options)


def _training_seeds(data, vectors, device):
    if data.bank.moves is not None:
        return MovedSeeds(vectors, data.bank.moves, device)
    rarest = data.rarest[data.rows]
    by_term = take_rows(data.y, data.rows).tocsc()
    members = {
        term: by_term.indices[by_term.indptr[term] : by_term.indptr[term + 1]]
        if term >= 0
        else without_term
        for term, without_term in group_positions(rarest).items()
    }
    return MemberSeeds(vectors, rarest, members, device)


def _held_out_rows(data, settings, rng):
    rows = data.held_out
    # A source of their own: how much they draw depends on the members kept, training must not.
    seeds = _held_out_seeds(data, rows, np.random.RandomState(rng.randint(2**31 - 1)))
    X = data.scaling.transform(gather_rows(data.X, rows))
    return HeldOutRows(X, data.y[rows], settings.n_latent, rng, seeds)


def _held_out_seeds(data, rows, rng):
    if data.bank is None:
        return None
    if data.bank.moves is not None:  # a held-out row is no seed: what ``sample`` starts from is
        return data.bank.for_labels(data.y[rows], rng)
    return data.bank.for_terms(data.rarest[rows], rng)


def _saves_checkpoints(settings):
    return any(isinstance(callback, Checkpoint) for callback in settings.callbacks or ())


def _callbacks(settings):
    own = list(settings.callbacks or ())
    # The guard first: the best epoch's weights, put back later, are good ones.
    is_guarded = any(isinstance(callback, PenaltyGuard) for callback in own)
    keepers: list[Callback] = [] if is_guarded else [PenaltyGuard()]
    if settings.validation_fraction:
        patience = settings.n_iter_no_change or math.inf
        keepers.append(EarlyStopping(MONITOR, patience=patience))
    bars = [ProgressBar("CGAN")] if settings.verbose else []
    return [*keepers, *own, *bars]


def _batches(data, settings, rng):
    n_batches, rows_an_update = _batches_an_epoch(data, settings)
    weights = row_weights(take_rows(data.y, data.rows), settings.sampling_exponent, data.terms)
    generator = torch_generator(rng)
    return WeightedBatches(torch.from_numpy(weights), rows_an_update, n_batches, generator)


def _batches_an_epoch(data, settings):
    n_rows = len(data.rows)
    rows_an_update = min(settings.batch_size, n_rows) * settings.n_critic
    return max(1, round(n_rows / rows_an_update)), rows_an_update
