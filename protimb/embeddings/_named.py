"""Encoders by name, as the command line says them."""

import re
from pathlib import Path

from protimb.embeddings._concat import ConcatEncoder
from protimb.embeddings._kmer import KmerEncoder
from protimb.embeddings._transformers import TransformersEncoder
from protimb.embeddings._unirep import SIZES, UniRepEncoder

NAMES = ("kmer", "kmer-K", *(f"unirep-{size}" for size in SIZES))
_NAMED = re.compile(r"(kmer|unirep)(?:-(\d+))?")


def make_encoder(
    name, *, layer=None, device="auto", cache=None, local_files_only=True, verbose=False
):
    """Make an encoder by its name.

    Parameters
    ----------
    name : str
        ``kmer`` (words of three residues), ``kmer-2``, ``unirep-64``, ``unirep-256``,
        ``unirep-1900``; anything else is a folder or a name of the Hugging Face hub, such as
        ``facebook/esm2_t6_8M_UR50D``. Several joined by ``+`` are put side by side.
    layer : int, optional
        Of a transformer; the last by default.
    device : str, default="auto"
        Where networks run.
    cache : str, path-like or None, default=None
        Folder that keeps vectors of networks.
    local_files_only : bool, default=True
        False downloads a transformer if needed.
    verbose : bool or int, default=False
        Show a progress bar.

    Returns
    -------
    encoder : BaseEncoder
        Not yet fitted.

    Raises
    ------
    ValueError
        If there is no encoder of this name, or a layer is asked of one without layers to choose.

    Examples
    --------
    >>> from protimb.embeddings import make_encoder
    >>> make_encoder("kmer-2")
    KmerEncoder(k=2)
    >>> make_encoder("kmer-1+facebook/esm2_t6_8M_UR50D", layer=5).encoders[1].layer
    5
    """
    shared = {"device": device, "cache": cache, "verbose": verbose}
    single = Path(name).exists() or "+" not in name
    parts = [
        _make(part, layer, local_files_only, shared)
        for part in ([name] if single else name.split("+"))
    ]
    if layer is not None and not any(isinstance(part, TransformersEncoder) for part in parts):
        raise ValueError(f"layer={layer}: {name} has no layers to choose from.")
    return parts[0] if single else ConcatEncoder(parts)


def _make(name, layer, local_files_only, shared):
    if not name.strip():
        raise ValueError(f"An encoder's name is empty. Known are {', '.join(NAMES)}, and models.")
    named = _NAMED.fullmatch(name)
    if named is None or Path(name).exists():
        chosen = {} if layer is None else {"layer": layer}
        return TransformersEncoder(name, local_files_only=local_files_only, **chosen, **shared)
    kind, number = named.groups()
    if kind == "kmer":
        return KmerEncoder(int(number or 3))
    if number is None or int(number) not in SIZES:
        raise ValueError(f"There is no encoder {name!r}. Known are {', '.join(NAMES)}.")
    return UniRepEncoder(int(number), **shared)
