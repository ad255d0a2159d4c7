"""Train a conditional Wasserstein GAN on label rows: data, players, step and loop put together."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from protimb.gan._auxiliary import AuxiliaryHead
from protimb.gan._networks import build_networks, output_range
from protimb.gan._parts import find_parts
from protimb.gan._resuming import describe_run, open_checkpoint, warn_if_ended
from protimb.gan._rows import row_weights, split_rows
from protimb.gan._scaling import Scaling, fit_scaling
from protimb.gan._starts import STARTS, Noise, StartOptions
from protimb.gan._step import AdversarialStep
from protimb.gan._validation import (
    MAX_ROWS,
    HeldOutRows,
    JudgedStep,
    Plateau,
    warn_if_told_apart,
)
from protimb.training import (
    Callback,
    Checkpoint,
    PenaltyGuard,
    ProgressBar,
    TrainingLoop,
    WeightedBatches,
    build_schedule,
    check_updates,
    resolve_device,
    torch_generator,
)
from protimb.training._cut_rows import training_labels, training_vectors
from protimb.training._processes import agree_on_draws
from protimb.utils._memory import gather_rows
from protimb.utils._rebuilding import rebuilding
from protimb.utils._same_run import rng_state


@dataclass
class TrainedGan:
    """What training leaves.

    Networks are in eval mode, the generator is the averaged one where weights were averaged;
    ``history`` has one record an epoch of ``check_every`` updates; ``held_out`` are positions of
    rows that no network saw; ``seen`` marks the terms that a training row carries.
    """

    generator: nn.Module
    critic: nn.Module
    history: list
    scaling: Scaling
    starts: Noise
    seen: np.ndarray
    held_out: np.ndarray


def train_gan(X, y, model, rng, *, towards, term_vectors=None, ancestors=None, resume_from=None):
    """Train generator and critic on vectors X (n_rows, n_features) and label rows y, csr of uint8.

    ``model`` is a ConditionalGAN, read for its parameters and not changed; ``towards`` marks the
    terms whose rows make the training set; ``ancestors`` csr (n_terms, n_terms) those above each
    term; ``rng`` is the source of every draw.
    """
    agree_on_draws(rng)
    run, state = {}, None
    if resume_from is not None or _saves_checkpoints(model):
        run = describe_run(X, y, model, towards, (term_vectors, ancestors), rng)
    if resume_from is not None:
        state = open_checkpoint(resume_from, run, rng)
        check_updates(state["n_steps"], model.max_updates)
        warn_if_ended(state, model.max_updates)
        run["rng"] = rng_state(rng)  # a second resume starts where the first run did, too
    parts = find_parts(model)
    data = split_rows(
        X,
        y,
        fit_scaling(X, output_range(parts["backbone"])),
        towards,
        validation_fraction=model.validation_fraction,
        max_held_out=MAX_ROWS,
        rng=rng,
    )
    options = StartOptions(model.move_scale, model.borrowing, ancestors)
    starts = STARTS[model.generate_from].learn(data, options, rng)
    device = resolve_device(model.device)
    init = torch_generator(rng)
    players = build_networks(
        parts,
        (X.shape[1], y.shape[1]),
        n_latent=model.n_latent,
        start_width=starts.width(X.shape[1]),
        term_vectors=term_vectors,
        init=init,
        device=device,
    )
    step = _build_step(data, starts, players, model, init, device, rng)
    loop = TrainingLoop(
        step,
        _batches(data, model, rng),
        max_steps=model.max_updates,
        callbacks=_callbacks(model, getattr(step, "held_out", None)),
        manifest=run,
    )
    if state is not None:
        with rebuilding("ConditionalGAN", resume_from):
            loop.load_state_dict(state)
    loop.run()
    networks = step.sampling_generator.eval(), step.critic.eval()
    warn_if_told_apart(getattr(step, "held_out", None), networks[0])
    seen = data.counts > 0
    return TrainedGan(*networks, loop.history, data.scaling, starts, seen, data.held_out)


def _build_step(data, starts, players, model, init, device, rng):
    vectors = training_vectors(data.X, data.rows, data.scaling, device)
    labels = training_labels(data.y, data.rows, device)
    options = {
        "n_latent": model.n_latent,
        "n_critic": model.n_critic,
        "penalty_weight": model.gradient_penalty,
        "lr": model.lr,
        "rng": torch_generator(rng, device),
        "starts": starts.in_training(data, vectors, device),
        "averaging": model.averaging,
        "max_grad_norm": model.max_grad_norm,
        "mixed_precision": model.mixed_precision,
    }
    if model.lr_schedule != "constant":
        options["schedule"] = functools.partial(
            build_schedule, model.lr_schedule, n_steps=model.max_updates
        )
    if model.auxiliary_weight:
        options["auxiliary_weight"] = model.auxiliary_weight
        options["auxiliary"] = AuxiliaryHead(
            data.X.shape[1], data.y.shape[1], lr=model.lr, init=init, device=device
        )
    if not len(data.held_out):
        return AdversarialStep(vectors, labels, *players, **options)
    held_out = _held_out_rows(data, starts, model, rng)
    return JudgedStep(vectors, labels, *players, held_out=held_out, **options)


def _held_out_rows(data, starts, model, rng):
    # A source of their own: how much they draw depends on the members kept, training must not.
    of_their_own = np.random.RandomState(rng.randint(2**31 - 1))
    X, near = (data.scaling.transform(gather_rows(data.X, rows)) for rows in _compared(data))
    starts = starts.of_held_out(data, of_their_own)
    return HeldOutRows(X, data.y[data.held_out], model.n_latent, rng, starts, near)


def _compared(data):
    """Give positions of the rows held out, and of training rows that show where vectors vary."""
    return data.held_out, data.rows[:: math.ceil(len(data.rows) / MAX_ROWS)]


def _saves_checkpoints(model):
    return any(isinstance(callback, Checkpoint) for callback in model.callbacks or ())


def _callbacks(model, held_out):
    own = list(model.callbacks or ())
    # The guard first: the best epoch's weights, put back later, are good ones.
    is_guarded = any(isinstance(callback, PenaltyGuard) for callback in own)
    keepers: list[Callback] = [] if is_guarded else [PenaltyGuard()]
    if held_out is not None:
        patience = model.n_iter_no_change or math.inf
        keepers.append(Plateau(held_out, patience=patience, min_updates=model.min_updates))
    bars = [ProgressBar("CGAN")] if model.verbose else []
    return [*keepers, *own, *bars]


def _batches(data, model, rng):
    # As many rows to a small table as to a large one: they are drawn with replacement.
    rows_an_update = min(model.batch_size, len(data.rows)) * model.n_critic
    weights = row_weights(data.labels, model.sampling_exponent, data.towards)
    generator = torch_generator(rng)
    return WeightedBatches(torch.from_numpy(weights), rows_an_update, model.check_every, generator)
