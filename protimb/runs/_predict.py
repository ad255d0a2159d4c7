"""Predict the terms of new proteins with a model folder, a block of proteins at a time."""

from collections.abc import Callable
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, gen_batches
from tqdm.auto import tqdm

from protimb.datasets import open_embeddings, read_fasta
from protimb.datasets._cafa import FILES, _read_obo_once
from protimb.datasets._embeddings import (
    READERS,
    ids_file,
    names_own_rows,
    read_ids,
    vector_files,
)
from protimb.datasets._folders import find_file
from protimb.datasets._write_predictions import check_printable, predictions_file
from protimb.embeddings import EncoderRecord
from protimb.exceptions import ArtifactError, EmbeddingFileError, EncoderError
from protimb.runs._classify import _namespaces
from protimb.runs._model import TermModel

_BLOCK = 1024  # proteins whose scores are in memory at a time

# Names of files of sequences, possibly with .gz behind.
FASTA = (".fasta", ".fa", ".faa", ".fas", ".fsa")


def predict_terms(
    model,
    new,
    out=None,
    *,
    protein_ids=None,
    ontology=None,
    max_terms=1500,
    min_score=0.001,
    encoder=None,
    device="auto",
    cache=None,
    download=False,
    return_frame=True,
    verbose=0,
):
    """Predict the terms of new proteins with a saved model.

    Parameters
    ----------
    model : path-like or TermModel
        Folder of `train_classifier`, or what ``TermModel.load`` made of it.
    new : path-like, array or DataFrame of shape (n_proteins, width)
        A FASTA file (``.fasta``, ``.fa``, ``.faa``, ``.fas`` or ``.fsa``, plain or gzipped), which
        is embedded as the proteins of the training were. Or vectors of the same embedding: a file
        that ``read_embeddings`` reads; a folder with ``test_embeds`` or ``test_embeddings`` in any
        of its formats, or else with ``train_`` in place of ``test_``; or vectors in memory.
    out : path-like, optional
        File to write, ``.tsv`` in CAFA's format or ``.csv`` with names, see
        ``write_predictions``.
    protein_ids : path-like or sequence of str, optional
        Protein of each row, where ``new`` does not say.
    ontology : str or sequence of str, optional
        Namespaces, of those that the model has; all by default.
    max_terms : int, default=1500
        Highest scores that are written of each protein.
    min_score : float, default=0.001
        Lower scores are not written. 0 writes all, which a term that few proteins have may need:
        its scores are low, and what ranks proteins by them would see ties.
    encoder : str or BaseEncoder, optional
        Where the model's encoder is found by now, such as the folder that its weights were moved
        to. It must make the same vectors as the one in the model's record.
    device : str, default="auto"
        Where the encoder runs.
    cache : path-like, optional
        Folder that keeps vectors of sequences, so that an interrupted run goes on.
    download : bool, default=False
        Whether the encoder's weights may be fetched from the hub.
    return_frame : bool, default=True
        False keeps no scores: blocks of proteins are predicted and written to ``out``, however
        many proteins there are.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    predictions : DataFrame of shape (n_proteins, n_terms)
        Probabilities, indexed by protein, one column a term. All of them, whatever is written.
        With ``return_frame=False`` a Bunch of counts: ``n_proteins``, ``n_terms``, ``n_lines``.

    Raises
    ------
    ArtifactError
        If ``model`` holds no model or a damaged one, or ``new`` is a folder with another release
        of the ontology.
    EmbeddingFileError
        If vectors are of another width or, by the record beside them, of another encoder; do not
        fit their ids; or ids are missing.
    EncoderError
        If sequences are to be embedded and the model does not know its encoder, or that cannot be
        loaded.
    FastaError, SequenceError
        If a FASTA file is malformed, or a protein has no residues.
    AnnotationError
        If ids cannot be written.
    ValueError
        If ``return_frame=False`` and there is no ``out``.

    See Also
    --------
    train_classifier : Makes the folder.
    protimb.embeddings.embed_fasta : Writes vectors to a file, for use more than once.
    protimb.datasets.write_predictions : Writes a frame of predictions.

    Examples
    --------
    >>> from protimb.runs import predict_terms
    >>> predict_terms("missing_model", "new.fasta")
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: missing_model is not a folder; nothing was saved there.
    """
    if out is None and not return_frame:
        raise ValueError("return_frame=False keeps nothing: name the file to write, out.")
    if not isinstance(model, TermModel):
        model = TermModel.load(model)
    chosen = model.choose(None if ontology is None else _namespaces(ontology))
    where = {"encoder": encoder, "device": device, "cache": cache, "download": download}
    proteins = _read_new(new, protein_ids, model, where)
    check_printable(list(map(str, proteins.ids)))
    limits = max_terms, min_score
    written = nullcontext() if out is None else predictions_file(out, model.ontology, *limits)
    with written as file:
        frames = _write_blocks(model, proteins, chosen, file, return_frame, verbose)
    if return_frame:
        return pd.concat(frames)
    n_terms = sum(len(model.classifiers[name].terms_) for name in chosen)
    n_lines = 0 if file is None else file.n_lines
    return Bunch(n_proteins=len(proteins.ids), n_terms=n_terms, n_lines=n_lines)


class NewProteins(NamedTuple):
    """Proteins to predict: their ids, and vectors of some rows, a slice, when asked for."""

    ids: list
    vectors: Callable[[slice], Any]


def _write_blocks(model, proteins, chosen, file, keep, verbose):
    """Predict block after block, write each if there is a file, and return those to keep."""
    kept, n_rows = [], len(proteins.ids)
    with tqdm(total=n_rows, unit="protein", desc="predict", disable=not verbose) as bar:
        for rows in gen_batches(n_rows, _BLOCK):
            X, ids = proteins.vectors(rows), proteins.ids[rows]
            frame = model.predict_frame(X, ids, ontology=chosen)
            if file is not None:
                file.add(frame)
            if keep:
                kept.append(frame)
            bar.update(len(frame))
    return kept


def _read_new(new, protein_ids, model, where):
    """Find out what was given, and refuse what is not of the model's embedding."""
    if not isinstance(new, str | PathLike):
        return _in_memory(new, protein_ids, model)
    path = Path(new)
    if path.name.lower().removesuffix(".gz").endswith(FASTA):
        return _sequences(path, protein_ids, model, where)
    if path.is_file() and not path.name.lower().endswith(tuple(READERS)):
        raise EmbeddingFileError(
            f"{path}: new proteins come as FASTA ({', '.join(FASTA)}, also gzipped) or as vectors "
            f"({', '.join(READERS)}), not as {path.suffix or 'a file without suffix'!r}."
        )
    if path.is_dir():
        _check_release(path, model)
        path = _find_new(path)
    if protein_ids is None and not names_own_rows(path):
        protein_ids = _ids_of(path)
    embeddings = open_embeddings(path, protein_ids)
    X = embeddings if embeddings.can_be_mapped else embeddings[:]
    model.check_vectors(X, path, EncoderRecord.read(path))
    return NewProteins(embeddings.protein_ids.tolist(), X.__getitem__)


def _in_memory(X, protein_ids, model):
    ids = getattr(X, "index", None) if protein_ids is None else protein_ids
    if ids is None:
        raise EmbeddingFileError("Vectors in memory need protein_ids, or a DataFrame's index.")
    ids = read_ids(ids).tolist() if isinstance(ids, str | PathLike) else list(ids)
    _check_ids(ids)
    model.check_width(X)
    take = X.iloc.__getitem__ if hasattr(X, "iloc") else np.asarray(X).__getitem__
    if len(X) != len(ids):
        raise EmbeddingFileError(f"{len(ids)} protein_ids for {len(X)} rows of X. Each needs one.")
    return NewProteins(ids, take)


def _check_ids(ids):
    if not ids:
        raise EmbeddingFileError("There is no protein to predict: X has no rows.")
    missing = [row for row, one in enumerate(ids) if pd.isna(one) or not str(one).strip()]
    if missing:
        raise EmbeddingFileError(
            f"{len(missing)} rows have no protein id, the first is row {missing[0]}, counted from "
            "0. Name every row."
        )


def _sequences(path, protein_ids, model, where):
    if protein_ids is not None:
        raise EmbeddingFileError(f"{path} names its proteins itself; leave out protein_ids, --ids.")
    sequences = read_fasta(path)
    encoder = _model_encoder(model, where, path)
    ids = list(sequences)
    return NewProteins(ids, lambda rows: encoder.transform({i: sequences[i] for i in ids[rows]}))


def _model_encoder(model, where, path):
    """Make the model's encoder, once more, and see that it is the same."""
    record = model.encoder
    if record is None:
        raise EncoderError(
            f"{path} holds sequences, and this model does not know which encoder made its vectors. "
            "Embed them likewise (protimb embed) and pass the vectors; or train on data with a "
            "record of their encoder, or with encoder= (protimb train --encoder)."
        )
    encoder = record.build(**where)
    own = _record_of(encoder, record, where)
    record.check_same(own, f"the encoder {own.name}" if where["encoder"] else "the encoder")
    return encoder


def _record_of(encoder, record, where):
    """Load an encoder for its record; where that fails, say which encoder the model wants."""
    try:
        return EncoderRecord.of(encoder)
    except EncoderError as error:
        if where["encoder"] is not None:
            raise
        raise EncoderError(
            f"This model takes vectors of {record.name}, whose weights are not found. Name the "
            f"folder that they are in now: encoder=, or --encoder FOLDER. {error}"
        ) from error


def _find_new(folder):
    found = find_file(folder, [*vector_files("test"), *vector_files("train")])
    if found is None:
        raise FileNotFoundError(
            f"{folder} has no vectors of new proteins: test_embeds, test_embeddings, train_embeds "
            f"or train_embeddings, with {', '.join(READERS)} behind. Check the path."
        )
    return found


def _ids_of(path):
    found = ids_file(path)
    if found is None and path.is_file():
        raise EmbeddingFileError(
            f"{path} has no names of its rows, and there is no {path.stem}_ids.npy beside it. Name "
            "the ids too: protein_ids, or --ids, is a .npy file of text, one id a row."
        )
    return found


def _check_release(folder, model):
    path = find_file(folder, FILES["ontology"])
    if path is None:
        return
    found, expected = _read_obo_once(path).version, model.record["ontology_version"]
    if found != expected:
        raise ArtifactError(
            f"{path} is release {found!r} of the ontology, and the model was trained on "
            f"{expected!r}. Train on that release; or, for terms of the model's, name the file of "
            "vectors and that of ids in place of the folder."
        )
