"""Train classifiers of several namespaces into one model folder, and predict with it."""

import math
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from tqdm.auto import tqdm

from protimb.classification import GOTermClassifier, ResampledClassifier
from protimb.datasets import read_embeddings, write_predictions
from protimb.datasets._aspects import ONTOLOGIES
from protimb.datasets._cafa import FILES, _find, _read_obo_once
from protimb.datasets._load import load_proteins
from protimb.datasets._write_predictions import check_printable
from protimb.exceptions import ArtifactError, EmbeddingFileError
from protimb.ontology import describe_terms
from protimb.runs._model import TermModel
from protimb.utils._description import describe
from protimb.utils._new_folder import check_vacant
from protimb.utils._provenance import environment

_BLOCK = 1024  # proteins between two steps of the progress bar

# Vectors of new proteins in a folder -> their ids; the first that exists is taken.
NEW_VECTORS = {
    "test_embeds.npy": "test_ids.npy",
    "test_embeddings.npy": "test_ids.npy",
    "train_embeds.npy": "train_ids.npy",
    "train_embeddings.npy": "train_ids.npy",
}


def train_classifier(
    out,
    data="human_go",
    ontology=("mf", "bp", "cc"),
    *,
    min_proteins=10,
    sampler=None,
    epochs=30,
    n_neighbors=100,
    classifier_params=None,
    encoder=None,
    random_state=0,
    verbose=0,
):
    """Train a classifier of each namespace on all proteins, and save them as one model folder.

    Parameters
    ----------
    out : path-like
        The folder of the model: new, or empty. It appears whole or not at all.
    data : str, path-like or ProteinData, default="human_go"
        The bundled proteins, a CAFA training folder, or proteins of one namespace.
    ontology : str or sequence of str, default=("mf", "bp", "cc")
        Whose terms.
    min_proteins : int, default=10
        Leave out terms with fewer proteins.
    sampler : object with ``fit_resample(X, y)``, optional
        Resamples the training proteins, a copy for each namespace. Where it has parameters
        ``ontology``, ``term_vectors`` or ``random_state`` that are None, it is given those at
        hand.
    epochs : int, default=30
        Passes over the real proteins: a sampler changes the rows and not the number of updates.
    n_neighbors : int or None, default=100
        Average the network with so many cosine neighbours; None leaves the network alone.
    classifier_params : dict, optional
        Other parameters of GOTermClassifier.
    encoder : str, optional
        What made the vectors, in words. It is recorded, and named where vectors do not fit.
    random_state : int, default=0
        Seed of everything.
    verbose : int, default=0
        1 shows a progress bar of each training.

    Returns
    -------
    model : TermModel

    Raises
    ------
    FileExistsError
        If ``out`` holds something already.
    InvalidLabelsError
        If fewer than two terms of a namespace have enough proteins.
    ValueError
        If a namespace or parameter does not exist, or several namespaces are asked of one
        ProteinData.

    See Also
    --------
    predict_terms : Predicts with the folder.
    protimb.comparison.compare : Says first which treatment helps, on proteins held out.

    Notes
    -----
    With ``n_neighbors=None`` the network is that of the arms of `compare`, trained on all
    proteins.

    Examples
    --------
    >>> from protimb.runs import train_classifier
    >>> train_classifier("model", "missing_folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: missing_folder has no go-basic.obo or go-basic.obo.gz, ...
    """
    namespaces = _namespaces(ontology)
    _check_data(data, namespaces)
    check_vacant(out)
    settings = {
        "data": _name_of(data),
        "ontology": list(namespaces),
        "min_proteins": min_proteins,
        "sampler": describe(sampler),
        "epochs": epochs,
        "n_neighbors": n_neighbors,
        "classifier_params": describe(dict(classifier_params or {})),
        "random_state": random_state,
    }
    network = GOTermClassifier(
        early_stopping=False, n_neighbors=n_neighbors, random_state=random_state, verbose=verbose
    ).set_params(**classifier_params or {})
    fitted, fingerprints, voters = {}, {}, {}
    for name in namespaces:
        bunch = load_proteins(data, name, min_proteins)
        _check_namespace(bunch, name)
        fingerprints[name] = bunch.fingerprint()
        fitted[name], rows = _fit(network, sampler, bunch, epochs, random_state, verbose)
        voters[name] = _names_of(rows, bunch.protein_ids)
    record = {
        "ontology_version": bunch.ontology.version,
        "n_features": int(bunch.X.shape[1]),
        "encoder": encoder,
        "data": fingerprints,
        "training_ids": voters,
        "settings": settings,
        "environment": environment(),
    }
    model = TermModel(fitted, record)
    model.save(out)
    return model


def predict_terms(
    model, new, out=None, *, protein_ids=None, ontology=None, max_terms=1500, verbose=0
):
    """Predict the terms of new proteins with a saved model.

    Parameters
    ----------
    model : path-like or TermModel
        Folder of `train_classifier`, or what ``TermModel.load`` made of it.
    new : path-like, array or DataFrame of shape (n_proteins, width)
        Vectors of the same embedding as those of the training: a file that ``read_embeddings``
        reads; a folder with ``test_embeds.npy`` and ``test_ids.npy``, or ``train_`` in place of
        ``test_``; or vectors in memory.
    out : path-like, optional
        File to write, ``.tsv`` in CAFA's format or ``.csv`` with names, see
        ``write_predictions``.
    protein_ids : path-like or sequence of str, optional
        Protein of each row, where ``new`` does not say.
    ontology : str or sequence of str, optional
        Namespaces, of those that the model has; all by default.
    max_terms : int, default=1500
        Highest scores that are written of each protein.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    predictions : DataFrame of shape (n_proteins, n_terms)
        Probabilities, indexed by protein, one column a term. All of them, whatever is written.

    Raises
    ------
    ArtifactError
        If ``model`` holds no model or a damaged one, or ``new`` is a folder with another release
        of the ontology.
    EmbeddingFileError
        If vectors are of another width or do not fit their ids, or ids are missing.
    AnnotationError
        If ids cannot be written.

    See Also
    --------
    train_classifier : Makes the folder.
    protimb.datasets.write_predictions : Writes the file.

    Examples
    --------
    >>> from protimb.runs import predict_terms
    >>> predict_terms("missing_model", "new.npy", protein_ids="new_ids.npy")
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: missing_model is not a folder; nothing was saved there.
    """
    if not isinstance(model, TermModel):
        model = TermModel.load(model)
    X, ids = _read_new(new, protein_ids, model)
    check_printable(list(map(str, ids)))
    chosen = None if ontology is None else _namespaces(ontology)
    predictions = _predict(model, X, ids, chosen, verbose)
    if out is not None:
        write_predictions(predictions, out, model.ontology, max_terms=max_terms)
    return predictions


def _name_of(data):
    return str(data) if isinstance(data, str | PathLike) else type(data).__name__


def _namespaces(ontology):
    names = tuple(ontology.split(",") if isinstance(ontology, str) else ontology)
    if not names or not set(names) <= set(ONTOLOGIES) or len(set(names)) < len(names):
        raise ValueError(f"ontology names some of {', '.join(ONTOLOGIES)}, each once; got {names}.")
    return names


def _check_data(data, namespaces):
    if not isinstance(data, str | PathLike) and len(namespaces) > 1:
        raise ValueError(
            f"data is {type(data).__name__}, which holds the terms of one namespace: name it, "
            "ontology='mf'. A folder has all three; write_cafa makes one."
        )


def _check_namespace(bunch, name):
    found = bunch.ontology.namespace(bunch.terms[0])
    if found != ONTOLOGIES[name]:
        raise ValueError(f"data has terms of {found!r}, and ontology={name!r} was asked for.")


def _fit(network, sampler, bunch, epochs, seed, verbose):
    """Fit a copy of the network; also give the real row behind each row, or None if unknown."""
    n_steps = epochs * math.ceil(len(bunch.X) / network.batch_size)
    classifier = clone(network).set_params(
        max_steps=n_steps, ontology=bunch.ontology, terms=bunch.terms
    )
    y = pd.DataFrame(bunch.y, columns=bunch.terms)
    if sampler is None:
        return classifier.fit(bunch.X, y), np.arange(len(bunch.X))
    own = _prepare(sampler, bunch, seed, verbose)
    fitted = ResampledClassifier(own, classifier).fit(bunch.X, y)
    return fitted.classifier_, _real_rows(fitted.sampler_, len(bunch.X))


def _real_rows(sampler, n_rows):
    """Return the real row behind each leading row of a sampler's, or None if it does not say."""
    if hasattr(sampler, "synthetic_mask_"):
        return np.arange(n_rows)  # the new ones follow, without a name
    return getattr(sampler, "sample_indices_", None)


def _names_of(rows, ids):
    return None if rows is None else np.asarray(ids)[rows].tolist()


def _prepare(sampler, bunch, seed, verbose):
    """Copy a sampler, and give it what it was left without."""
    sampler = clone(sampler, safe=False)
    known = sampler.get_params(deep=False) if hasattr(sampler, "get_params") else {}
    at_hand = {"random_state": seed, "ontology": bunch.ontology}
    values = {name: one for name, one in at_hand.items() if known.get(name, one) is None}
    if "verbose" in known:
        values["verbose"] = verbose
    if known.get("term_vectors", 0) is None and getattr(sampler, "needs_term_vectors", False):
        values["term_vectors"] = describe_terms(bunch.ontology, bunch.terms)
    return sampler.set_params(**values) if values else sampler


def _read_new(new, protein_ids, model):
    """Return vectors of the model's width, and their ids."""
    if not isinstance(new, str | PathLike):
        return _in_memory(new, protein_ids, model)
    path = Path(new)
    if path.is_dir():
        _check_release(path, model)
        path, found = _find_new(path)
        protein_ids = found if protein_ids is None else protein_ids
    if protein_ids is None and path.suffix == ".npy":
        raise EmbeddingFileError(
            f"{path} has no names of its rows. Name the ids too: protein_ids, or --ids, is a .npy "
            "file of text, one id a row."
        )
    X, ids = read_embeddings(path, protein_ids)
    model.check_width(X, path)
    return X, ids


def _in_memory(X, protein_ids, model):
    ids = getattr(X, "index", None) if protein_ids is None else protein_ids
    if ids is None:
        raise EmbeddingFileError("Vectors in memory need protein_ids, or a DataFrame's index.")
    model.check_width(X)
    return X, list(ids)


def _find_new(folder):
    for vectors, ids in NEW_VECTORS.items():
        paths = _find(folder, [vectors]), _find(folder, [ids])
        if all(paths):
            return paths
    known = ", ".join(f"{vectors} with {ids}" for vectors, ids in NEW_VECTORS.items())
    raise FileNotFoundError(f"{folder} has no vectors of new proteins: {known}. Check the path.")


def _check_release(folder, model):
    path = _find(folder, FILES["ontology"])
    if path is None:
        return
    found, expected = _read_obo_once(path).version, model.record["ontology_version"]
    if found != expected:
        raise ArtifactError(
            f"{path} is release {found!r} of the ontology, and the model was trained on "
            f"{expected!r}. Train on that release; or, for terms of the model's, name the file of "
            "vectors and that of ids in place of the folder."
        )


def _predict(model, X, ids, namespaces, verbose):
    n_rows = len(X)
    take = X.iloc.__getitem__ if hasattr(X, "iloc") else X.__getitem__
    with tqdm(total=n_rows, unit="protein", desc="predict", disable=not verbose) as bar:
        frames = []
        for start in range(0, n_rows, _BLOCK):
            rows = slice(start, start + _BLOCK)
            frames.append(model.predict_frame(take(rows), ids[rows], ontology=namespaces))
            bar.update(len(frames[-1]))
    return pd.concat(frames)
