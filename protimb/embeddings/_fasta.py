"""From a FASTA file to a file of vectors."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np

from protimb.datasets import open_embeddings, read_fasta
from protimb.embeddings._base import BaseEncoder
from protimb.embeddings._named import make_encoder
from protimb.embeddings._parts import (
    cache_of,
    find_missing,
    kept_in,
    make_part,
    map_parts,
    plan_parts,
    working_in,
)
from protimb.embeddings._record import EncoderRecord
from protimb.embeddings._writing import PARTS, check_target, folder_of_parts, write_vectors
from protimb.exceptions import ArtifactWriteError, ProtimbError
from protimb.utils._locks import hold


def embed_fasta(
    fasta,
    encoder,
    out=None,
    *,
    dtype="float32",
    share=None,
    layer=None,
    device="auto",
    cache=None,
    local_files_only=True,
    verbose=False,
):
    r"""Embed the proteins of a FASTA file, and write their vectors.

    Vectors are made and written in parts of nearly as many residues each, so that memory holds one
    of them, and a run that was killed goes on where it was when it is called again likewise.

    Parameters
    ----------
    fasta : str or path-like
        Sequences, plain or gzipped.
    encoder : str or BaseEncoder
        A name as `make_encoder` takes it, or an encoder, whose own device and cache are used.
    out : str, path-like or None, default=None
        ``X.npy`` holds a matrix, with ids in ``X_ids.npy`` and the `EncoderRecord` in
        ``X_encoder.json`` beside it; ``train_embeds.npy`` gets ``train_ids.npy`` and
        ``train_encoder.json``, as a CAFA folder has them. ``X.parts`` is a small index of a matrix
        in parts, which lie in the folder ``X_parts``, with the same files beside it. ``X.h5`` holds
        one dataset a protein, as UniProt's embeddings do, and the record as attribute ``encoder``.
        None writes nothing.
    dtype : {"float32", "float16"}, default="float32"
        Of the file.
    share : tuple of two int, optional
        ``(2, 8)`` makes the second of eight shares of ``X.parts``, and no other. Shares may be made
        in any order, at the same time, and on machines that know nothing of each other, whose parts
        are then copied into one folder; who finds all parts there writes the index.
    layer, device, cache, local_files_only, verbose
        As for `make_encoder`, where the encoder is a name. Without a cache, vectors of a part lie
        beside it until it is whole, so that a killed run goes on within a part.

    Returns
    -------
    X : ndarray of float32, Embeddings or None, shape (n_proteins, width)
        With ``out`` the Embeddings that were written, of which rows are read when they are asked
        for; None while parts of other shares are missing.
    protein_ids : ndarray of str, shape (n_proteins,)
        Protein of each row, in the order of the file.

    Raises
    ------
    FastaError
        If the file is malformed.
    EncoderError
        If a model cannot be loaded, or gives NaN or infinity.
    EmbeddingFileError
        If parts are there that are of another FASTA file, encoder or dtype; says in what they
        differ.
    ArtifactWriteError
        If a file cannot be written; one that was there before is intact. If another process is
        making the same share.
    ValueError
        If ``out`` has another suffix, ``share`` is none or of another format than ``.parts``, or a
        number does not fit float16.

    See Also
    --------
    protimb.datasets.read_embeddings : Reads the vectors back, by id.
    protimb.datasets.open_embeddings : Reads rows of them when they are asked for.

    Notes
    -----
    Which protein is in which part follows from the lengths of the sequences and the width of the
    vectors, and from nothing else: any number of processes goes on with the parts of another
    number. Equal sequences of a part are encoded once.

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
    ...     X.shape, ids.tolist()
    ['toy.fasta', 'toy.npy', 'toy_encoder.json', 'toy_ids.npy']
    ((2, 20), ['P12345', 'P2'])
    """
    check_target(out, dtype, share)
    keeps_own = isinstance(encoder, BaseEncoder) or cache is not None
    if not isinstance(encoder, BaseEncoder):
        encoder = make_encoder(
            encoder,
            layer=layer,
            device=device,
            cache=cache,
            local_files_only=local_files_only,
            verbose=verbose,
        )
    sequences = read_fasta(fasta)
    protein_ids = np.array(list(sequences), dtype=str)
    encoder.fit()
    if out is None:
        return np.asarray(encoder.transform(sequences)), protein_ids
    record = EncoderRecord.of(encoder)
    plan = plan_parts(sequences, record, dtype)
    encode = partial(_encode_part, encoder, list(sequences.values()), keeps_own)
    try:
        is_whole = _write_parts(Path(out), plan, encode, share or (1, 1), protein_ids, record)
    except OSError as error:
        if isinstance(error, ProtimbError):
            raise
        raise ArtifactWriteError(
            f"{out} could not be written ({error}). Look for space, quota and permissions; the "
            f"parts that are whole stay in {folder_of_parts(Path(out))}, for the same call to go "
            "on from."
        ) from error
    return open_embeddings(out) if is_whole else None, protein_ids


def _encode_part(encoder, sequences, keeps_own, part, path):
    """Make the vectors (n_rows, width) of a part; what is made lies near its path meanwhile."""
    with nullcontext() if keeps_own else kept_in(encoder, cache_of(path)):
        return np.asarray(encoder.transform(sequences[part]))


def _write_parts(out, plan, encode, share, protein_ids, record):
    """Make the parts of a share, and of all parts the file; tell whether all were there."""
    number, n_shares = share
    folder = folder_of_parts(out)
    lock = out.with_name(f".{out.name}.share-{number}-of-{n_shares}.lock")
    with hold(lock, out), working_in(folder, plan, keep=out.suffix == PARTS):
        for one in plan.share(*share):
            path = folder / plan.names[one]
            make_part(path, partial(encode, plan.parts[one], path), plan.index["dtype"])
        is_whole = not find_missing(folder, plan)
        if is_whole:
            write_vectors(out, plan, map_parts(folder, plan), protein_ids, record)
    return is_whole
