"""Train a conditional Wasserstein GAN on label rows, and draw vectors from its generator."""

import numpy as np
import torch

from protimb.nn import BACKBONES, MultiHotCondition
from protimb.over_sampling._gan_step import AdversarialStep
from protimb.training import (
    ProgressBar,
    TrainingLoop,
    WeightedBatches,
    resolve_device,
    torch_generator,
)
from protimb.utils._imbalance import irlbl

# Rows a call of the generator: large enough to keep the cores busy, small enough for any memory.
_CHUNK = 4096


def train_gan(X, y, settings, rng):
    """Train generator and critic on standardised vectors and their label rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32
        Standardised vectors.
    y : CSR array of shape (n_rows, n_terms), uint8
        Label rows.
    settings : CGANSampler
        Read for its hyper-parameters; not changed.
    rng : numpy.random.RandomState
        Source of every draw.

    Returns
    -------
    generator, critic : ConditionalNetwork
        In eval mode.
    history : list of dict
        One record an epoch.
    """
    device = resolve_device(settings.device)
    generator, critic = _build_networks(settings, X.shape[1], y.shape[1], rng, device)
    step = AdversarialStep(
        torch.from_numpy(X).to(device),
        torch.from_numpy(y.toarray()).to(device),
        generator,
        critic,
        n_latent=settings.n_latent,
        n_critic=settings.n_critic,
        penalty_weight=settings.gradient_penalty,
        lr=settings.lr,
        rng=torch_generator(rng, device),
    )
    loop = TrainingLoop(
        step,
        _batches(y, settings, rng),
        max_epochs=settings.max_epochs,
        callbacks=_callbacks(settings),
    )
    loop.run()
    return generator.eval(), critic.eval(), loop.history


def draw_rows(generator, y, n_latent, rng):
    """Draw one standardised vector for each label row.

    Parameters
    ----------
    generator : ConditionalNetwork
        In eval mode.
    y : CSR array of shape (n_rows, n_terms)
        Label rows to condition on.
    n_latent : int
        Width of the noise.
    rng : numpy.random.RandomState
        Source of the noise.

    Returns
    -------
    X_new : ndarray of shape (n_rows, n_features), float32
    """
    device = next(generator.parameters()).device
    # All noise at once, on the CPU: the rows depend neither on the chunk size nor on the device.
    noise = torch.randn(y.shape[0], n_latent, generator=torch_generator(rng))
    parts = []
    with torch.inference_mode():
        for start in range(0, max(len(noise), 1), _CHUNK):
            part = slice(start, start + _CHUNK)
            labels = torch.from_numpy(y[part].toarray()).to(device)
            parts.append(generator(noise[part].to(device), labels).cpu().numpy())
    return np.concatenate(parts)


def row_weights(y, exponent):
    """Weigh rows so that rare terms are seen: IRLbl of the row's rarest term, to a power.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms)
        Label rows.
    exponent : float
        0 draws rows as they come; 1 would show every term about equally often.

    Returns
    -------
    weights : ndarray of shape (n_rows,)
        At least 1; rows without a label get 1.
    """
    counts = np.asarray(y.sum(axis=0)).ravel()
    rarest = y.multiply(irlbl(counts)).max(axis=1).toarray().ravel()
    return np.maximum(rarest, 1.0) ** exponent


def _callbacks(settings):
    bars = [ProgressBar("CGAN")] if settings.verbose else []
    return [*(settings.callbacks or ()), *bars]


def _build_networks(settings, n_features, n_terms, rng, device):
    backbone = _resolve_backbone(settings.backbone)
    init = torch_generator(rng)
    condition = MultiHotCondition()
    generator = backbone.build_generator(
        settings.n_latent, n_features, condition.build(n_terms, init), init
    )
    critic = backbone.build_critic(n_features, condition.build(n_terms, init), init)
    return generator.to(device), critic.to(device)


def _resolve_backbone(backbone):
    if not isinstance(backbone, str):
        return backbone
    if backbone not in BACKBONES:
        raise ValueError(
            f"The 'backbone' parameter of CGANSampler must be one of {sorted(BACKBONES)} or an "
            f"object like MLPBackbone(). Got {backbone!r} instead."
        )
    return BACKBONES[backbone]()


def _batches(y, settings, rng):
    n_rows = y.shape[0]
    batch_size = min(settings.batch_size, n_rows)
    rows_an_update = batch_size * settings.n_critic
    return WeightedBatches(
        torch.from_numpy(row_weights(y, settings.sampling_exponent)),
        rows_an_update,
        n_batches=max(1, round(n_rows / rows_an_update)),
        generator=torch_generator(rng),
    )
