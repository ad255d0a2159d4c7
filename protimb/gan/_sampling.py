"""Draw vectors from a trained generator."""

import numpy as np
import torch

from protimb.exceptions import DeviceMemoryError
from protimb.training import torch_generator
from protimb.training._room import Room

# Rows a call of the generator: large enough to keep the cores busy, small enough for any memory.
_CHUNK = 4096


def draw_rows(generator, y, n_latent, rng, starts=None):
    """Draw one scaled vector for each label row: y csr (n_rows, n_terms), (n_rows, n_features)."""
    return run_generator(generator, y, draw_noise(y.shape[0], n_latent, rng), starts)


def draw_noise(n_rows, n_latent, rng):
    """Draw all noise at once, on the CPU: it depends neither on chunks nor on the device."""
    return torch.randn(n_rows, n_latent, generator=torch_generator(rng))


def run_generator(generator, y, noise, starts=None):
    """Turn noise (n_rows, n_latent) and starts into scaled vectors, a chunk of rows at a time."""
    room = Room(_CHUNK, "rows to generate")
    try:
        parts = room.blocks(len(noise), lambda part: _run_chunk(generator, y, noise, starts, part))
    except torch.OutOfMemoryError as error:
        raise DeviceMemoryError(
            f"The device ran out of memory while generating: {error} "
            "Lower the widths of the backbone, or generate on the CPU: save the sampler, then "
            "CGANSampler.load(folder, device='cpu')."
        ) from None
    return np.concatenate(parts)


@torch.inference_mode()
def _run_chunk(generator, y, noise, starts, part):
    device = next(generator.parameters()).device
    latent = noise[part]
    if starts is not None:
        latent = torch.cat([latent, torch.from_numpy(starts[part])], dim=1)
    labels = torch.from_numpy(y[part].toarray()).to(device)
    return generator(latent.to(device), labels).cpu().numpy()
