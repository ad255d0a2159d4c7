"""From a FASTA file to a file of vectors."""

import shutil
from pathlib import Path

import numpy as np

from protimb.datasets import read_fasta
from protimb.embeddings._base import BaseEncoder
from protimb.embeddings._named import make_encoder
from protimb.embeddings._record import EncoderRecord
from protimb.embeddings._writing import check_target, write_vectors


def embed_fasta(
    fasta,
    encoder,
    out=None,
    *,
    dtype="float32",
    layer=None,
    device="auto",
    cache=None,
    local_files_only=True,
    verbose=False,
):
    r"""Embed the proteins of a FASTA file, and write their vectors.

    Parameters
    ----------
    fasta : str or path-like
        Sequences, plain or gzipped.
    encoder : str or BaseEncoder
        A name as `make_encoder` takes it, or an encoder, whose own device and cache are used.
    out : str, path-like or None, default=None
        ``X.h5`` holds one dataset a protein, as UniProt's embeddings do. ``X.npy`` holds a matrix,
        with ids in ``X_ids.npy`` and the `EncoderRecord` in ``X_encoder.json`` beside it;
        ``train_embeds.npy`` gets ``train_ids.npy`` and ``train_encoder.json``, as a CAFA folder
        has them. An ``.h5`` file holds the record as attribute ``encoder``. None writes nothing.
    dtype : {"float32", "float16"}, default="float32"
        Of the file.
    layer, device, cache, local_files_only, verbose
        As for `make_encoder`, where the encoder is a name. Without a cache, one beside ``out``
        lives as long as the run does, so that a killed run goes on where it was.

    Returns
    -------
    X : ndarray of float32, shape (n_proteins, width)
    protein_ids : ndarray of str, shape (n_proteins,)
        Protein of each row, in the order of the file.

    Raises
    ------
    FastaError
        If the file is malformed.
    EncoderError
        If a model cannot be loaded, or gives NaN or infinity.
    ArtifactWriteError
        If a file cannot be written; one that was there before is intact.
    ValueError
        If ``out`` has another suffix, or a number does not fit float16.

    See Also
    --------
    protimb.datasets.read_embeddings : Reads the vectors back, by id.

    Notes
    -----
    Where an id cannot be the name of an HDF5 dataset, because it holds a ``/`` or is ``.`` or
    ``..``, datasets are numbered and carry ids in the attribute ``original_id``, as those of
    bio_embeddings do.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.embeddings import embed_fasta
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "toy.fasta")
    ...     _ = path.write_text(">sp|P12345|X_HUMAN\nMKVLA\n>P2\nGHPC\n")
    ...     X, ids = embed_fasta(path, "kmer-1", pathlib.Path(folder, "toy.npy"))
    ...     sorted(path.name for path in pathlib.Path(folder).iterdir())
    ['toy.fasta', 'toy.npy', 'toy_encoder.json', 'toy_ids.npy']
    >>> X.shape, ids.tolist()
    ((2, 20), ['P12345', 'P2'])
    """
    check_target(out, dtype)
    partial = _partial_cache(out) if out is not None and cache is None else None
    if not isinstance(encoder, BaseEncoder):
        encoder = make_encoder(
            encoder,
            layer=layer,
            device=device,
            cache=cache if partial is None else partial,
            local_files_only=local_files_only,
            verbose=verbose,
        )
    sequences = read_fasta(fasta)
    protein_ids = np.array(list(sequences), dtype=str)
    X = np.asarray(encoder.fit().transform(sequences))
    if out is not None:
        write_vectors(out, X, protein_ids, dtype, EncoderRecord.of(encoder))
    if partial is not None:
        shutil.rmtree(partial, ignore_errors=True)
    return X, protein_ids


def _partial_cache(out):
    """Name the folder in which a run that was killed finds what it had made."""
    out = Path(out)
    return out.with_name(f".{out.name}.partial")
