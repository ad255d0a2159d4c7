"""Draw vectors from a trained generator."""

import numpy as np
import torch

from protimb.exceptions import DeviceMemoryError
from protimb.training import torch_generator

# Rows a call of the generator: large enough to keep the cores busy, small enough for any memory.
_CHUNK = 4096


def draw_rows(generator, y, n_latent, rng, seeds=None):
    """Draw one scaled vector for each label row.

    Parameters
    ----------
    generator : torch.nn.Module
        In eval mode.
    y : CSR array of shape (n_rows, n_terms)
        Label rows to condition on.
    n_latent : int
        Width of the noise.
    rng : numpy.random.RandomState
        Source of the noise.
    seeds : ndarray of shape (n_rows, n_features), float32, optional
        Real vectors to start from, where the generator does.

    Returns
    -------
    X_new : ndarray of shape (n_rows, n_features), float32
    """
    return run_generator(generator, y, draw_noise(y.shape[0], n_latent, rng), seeds)


def draw_noise(n_rows, n_latent, rng):
    """Draw all noise at once, on the CPU: it depends neither on chunks nor on the device.

    Parameters
    ----------
    n_rows, n_latent : int
    rng : numpy.random.RandomState

    Returns
    -------
    noise : Tensor of shape (n_rows, n_latent)
    """
    return torch.randn(n_rows, n_latent, generator=torch_generator(rng))


def run_generator(generator, y, noise, seeds=None):
    """Turn noise into scaled vectors, a chunk of rows at a time.

    Parameters
    ----------
    generator : torch.nn.Module
        In eval mode.
    y : CSR array of shape (n_rows, n_terms)
    noise : Tensor of shape (n_rows, n_latent)
    seeds : ndarray of shape (n_rows, n_features), float32, optional

    Returns
    -------
    X_new : ndarray of shape (n_rows, n_features), float32

    Raises
    ------
    DeviceMemoryError
        If the device has no room for one chunk.
    """
    chunks = (slice(start, start + _CHUNK) for start in range(0, max(len(noise), 1), _CHUNK))
    try:
        parts = [_run_chunk(generator, y, noise, seeds, part) for part in chunks]
    except torch.OutOfMemoryError as error:
        raise DeviceMemoryError(
            f"The device ran out of memory while generating {_CHUNK:,} rows at a time: {error} "
            "Lower the widths of the backbone, or generate on the CPU: save the sampler, then "
            "CGANSampler.load(folder, device='cpu')."
        ) from None
    return np.concatenate(parts)


@torch.inference_mode()
def _run_chunk(generator, y, noise, seeds, part):
    device = next(generator.parameters()).device
    latent = noise[part]
    if seeds is not None:
        latent = torch.cat([latent, torch.from_numpy(seeds[part])], dim=1)
    labels = torch.from_numpy(y[part].toarray()).to(device)
    return generator(latent.to(device), labels).cpu().numpy()
