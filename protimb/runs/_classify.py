"""Train classifiers of several namespaces into one model folder."""

import math
from os import PathLike

import numpy as np
from sklearn.base import clone

from protimb.classification import GOTermClassifier, ResampledClassifier
from protimb.datasets._aspects import ONTOLOGIES
from protimb.datasets._load import load_proteins, require_ontology
from protimb.over_sampling._told import tell_terms
from protimb.runs._encoder import check_reproduces, settle_encoder
from protimb.runs._leave_out import leave_out_proteins, read_left_out
from protimb.runs._model import TermModel
from protimb.runs._processes import from_first, in_each
from protimb.utils._containers import label_frame
from protimb.utils._description import describe
from protimb.utils._new_folder import check_vacant
from protimb.utils._provenance import environment
from protimb.utils._ranks import is_first


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
    leave_out=None,
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
    encoder : str, BaseEncoder or EncoderRecord, optional
        What made the vectors: a name as ``make_encoder`` takes it, an encoder, or its record. It
        is recorded with a hash of its weights, so that `predict_terms` can embed sequences, and
        refuses vectors of another. By default the record beside the vectors of ``data``, if any.
    leave_out : path-like or sequence of str, optional
        Ids of proteins to leave out of the training, or a text file of one a line, such as
        ``test_ids_0.txt`` that `compare` saves. Terms are those of all proteins.
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
    EmbeddingFileError
        If the encoder is not the one that made the vectors: of another record or width, or one
        that gives other numbers for a protein whose sequence the data have.
    InvalidLabelsError
        If fewer than two terms of a namespace have enough proteins.
    ValueError
        If a namespace or parameter does not exist, several namespaces are asked of one
        ProteinData, or ``leave_out`` names no protein of the data, or all.

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
    from_first(check_vacant, out)
    left_out = in_each(read_left_out, leave_out)
    encoder, encoded_by = settle_encoder(encoder, data)
    settings = {
        "data": _name_of(data),
        "ontology": list(namespaces),
        "min_proteins": min_proteins,
        "sampler": describe(sampler),
        "epochs": epochs,
        "n_neighbors": n_neighbors,
        "classifier_params": describe(dict(classifier_params or {})),
        "n_left_out": None if left_out is None else len(left_out),
        "random_state": random_state,
    }
    network = GOTermClassifier(
        early_stopping=False, n_neighbors=n_neighbors, random_state=random_state, verbose=verbose
    ).set_params(**classifier_params or {})
    fitted, fingerprints, voters = {}, {}, {}
    for name in namespaces:
        bunch = require_ontology(in_each(load_proteins, data, name, min_proteins, "auto"))
        _check_namespace(bunch, name)
        check_reproduces(encoder, encoded_by, bunch)
        bunch = leave_out_proteins(bunch, left_out)
        fingerprints[name] = bunch.fingerprint()
        fitted[name], rows = _fit(network, sampler, bunch, epochs, random_state, verbose)
        voters[name] = _names_of(rows, bunch.protein_ids)
    record = {
        "ontology_version": bunch.ontology.version,
        "n_features": int(bunch.X.shape[1]),
        "encoder": encoded_by and encoded_by.to_dict(),
        "data": fingerprints,
        "training_ids": voters,
        "settings": settings,
        "environment": environment(),
    }
    model = TermModel(fitted, record)
    if is_first():  # of several processes, one writes
        model.save(out)
    return model


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
    y = label_frame(bunch.y, bunch.terms)
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
    values = {"random_state": seed} if known.get("random_state", seed) is None else {}
    if "verbose" in known:
        values["verbose"] = verbose
    sampler = sampler.set_params(**values) if values else sampler
    return tell_terms(sampler, bunch.ontology, bunch.terms)
