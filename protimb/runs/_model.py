"""TermModel: the classifiers of several namespaces as one saved model, with what they belong to."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from protimb.classification import GOTermClassifier
from protimb.datasets._aspects import ONTOLOGIES
from protimb.embeddings import EncoderRecord
from protimb.exceptions import ArtifactError, EmbeddingFileError
from protimb.ontology import GeneOntology
from protimb.utils._declared import (
    Anything,
    Each,
    Integer,
    Maybe,
    Record,
    Table,
    Text,
    check_declared,
)
from protimb.utils._folder import read_folder, write_folder
from protimb.utils._new_folder import new_folder
from protimb.utils._rebuilding import check_kind, rebuilding

KIND = "TermModel"
_MANIFEST = "manifest.json"
_RECORD = {
    "n_features": Integer(1),
    "ontology_version": Text(),
    "encoder": Maybe(Table(Anything())),
    "data": Table(Anything()),  # by namespace, as are the ids
    "training_ids": Table(Maybe(Each(Text()))),
    "settings": Table(Anything()),
}


@dataclass(frozen=True)
class TermModel:
    """Classifiers of one or several namespaces that were trained on vectors of one embedding.

    Parameters
    ----------
    classifiers : dict of str -> GOTermClassifier
        By namespace, ``"mf"``, ``"bp"`` or ``"cc"``.
    record : dict
        ``ontology_version``, ``n_features`` (width of vectors), ``encoder`` (what made them, see
        ``EncoderRecord``, or None), ``data`` (fingerprint by namespace), ``training_ids`` (names
        of the proteins that vote, by namespace, or None) and ``settings`` of the training.

    See Also
    --------
    train_classifier : Trains and saves one.
    predict_terms : Predicts with a saved one.
    explain_protein : Says why a protein gets its terms.

    Examples
    --------
    >>> from protimb.runs import TermModel
    >>> TermModel.load("missing_model")
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: missing_model is not a folder; nothing was saved there.
    """

    classifiers: dict[str, GOTermClassifier]
    record: dict[str, Any]

    @property
    def n_features(self):
        """Width of the vectors that the model takes."""
        return self.record["n_features"]

    @property
    def encoder(self):
        """What made the vectors, as EncoderRecord, or None where that is not known."""
        return _encoder_of(self.record)

    @property
    def ontology(self):
        """The terms of all classifiers and their ancestors, as GeneOntology."""
        parts = [classifier.ontology for classifier in self.classifiers.values()]
        merged = {
            name: {key: one for part in parts for key, one in getattr(part, name).items()}
            for name in ("names", "namespaces", "parents", "alt_ids", "obsolete")
        }
        return GeneOntology(**merged, version=self.record["ontology_version"])

    def predict_frame(self, X, protein_ids=None, *, ontology=None):
        """Give each protein the probability of each term of all namespaces.

        Parameters
        ----------
        X : array-like of shape (n_proteins, n_features)
            Vectors of the same embedding as those of the training.
        protein_ids : sequence of str, shape (n_proteins,), optional
            By default the index of a DataFrame, else row numbers.
        ontology : sequence of str, optional
            Namespaces to predict, of those that the model has; all by default.

        Returns
        -------
        predictions : DataFrame of shape (n_proteins, n_terms)
            Indexed by id, one column a term, namespaces side by side.

        Raises
        ------
        EmbeddingFileError
            If the vectors have another width.
        ValueError
            If the model lacks a namespace that was asked for.
        """
        self.check_width(X)
        chosen = self.choose(ontology)
        frames = [self.classifiers[name].predict_frame(X, protein_ids) for name in chosen]
        return pd.concat(frames, axis=1)

    def check_width(self, X, source="X"):
        """Refuse vectors of another width than those of the training.

        Parameters
        ----------
        X : array-like of shape (n_proteins, width)
        source : str
            What messages call it.

        Raises
        ------
        EmbeddingFileError
            If the widths differ.
        """
        shape = getattr(X, "shape", None)
        if shape is not None and len(shape) == 2 and shape[1] != self.n_features:
            made_by = self.encoder.name if self.encoder else "an encoder that was not recorded"
            raise EmbeddingFileError(
                f"{source} has vectors of width {shape[1]}, and this model was trained on width "
                f"{self.n_features}, made by {made_by}. Embed the proteins likewise."
            )

    def check_vectors(self, X, source="X", encoder=None):
        """Refuse vectors of another width, or of another encoder than those of the training.

        Parameters
        ----------
        X : array-like of shape (n_proteins, width)
        source : str
            What messages call it.
        encoder : EncoderRecord, optional
            What made them, if that is known.

        Raises
        ------
        EmbeddingFileError
            If they do not fit; says in what they differ.
        """
        if self.encoder is not None and encoder is not None:
            self.encoder.check_same(encoder, source)
        self.check_width(X, source)

    def save(self, folder):
        """Write the model to a new folder, whole or not at all.

        Parameters
        ----------
        folder : str or path-like
            Must not hold anything yet.

        Raises
        ------
        FileExistsError
            If it does.
        """
        with new_folder(folder) as draft:
            hashes = {}
            for name, classifier in self.classifiers.items():
                classifier.save(draft / name)
                hashes[name] = _hash_of(draft / name)
            write_folder(draft, {}, {"kind": KIND, "parts": hashes, "record": self.record})

    @classmethod
    def load(cls, folder, *, device="auto"):
        """Read a model that ``save`` wrote; no saved code is run.

        Parameters
        ----------
        folder : str or path-like
        device : str or torch.device, default="auto"
            Where classifiers train if they are fitted again.

        Returns
        -------
        model : TermModel

        Raises
        ------
        ArtifactError
            If the folder is damaged or holds something else, or one of its classifiers is of
            another model: other data, another width, another release of the ontology.
        """
        folder = Path(folder)
        manifest = read_folder(folder).manifest
        check_kind(manifest, KIND, folder, " protimb train makes such a folder.")
        with rebuilding(KIND, folder):
            record, hashes = manifest["record"], manifest["parts"]
            _check_record(record, hashes)
            parts = {name: _load_part(folder / name, device, record) for name in hashes}
        for name, expected in hashes.items():
            if _hash_of(folder / name) != expected:
                raise ArtifactError(
                    f"{folder / name} is not the classifier that was trained with this model: it "
                    "was replaced by one of other data or another training. Restore it, or train "
                    "again."
                )
        return cls(parts, record)

    def choose(self, namespaces=None):
        """Check names of namespaces.

        Parameters
        ----------
        namespaces : sequence of str, optional
            All that the model has by default.

        Returns
        -------
        names : tuple of str

        Raises
        ------
        ValueError
            If the model lacks one.
        """
        names = tuple(self.classifiers) if namespaces is None else tuple(namespaces)
        missing = [name for name in names if name not in self.classifiers]
        if missing or not names:
            raise ValueError(
                f"This model has {', '.join(self.classifiers)}; got {namespaces!r}. Train one "
                "with the others, or leave them out."
            )
        return names


def _check_record(record, hashes):
    check_declared(hashes, Table(Text()), place="parts")
    if not hashes or not set(hashes) <= set(ONTOLOGIES):
        raise ValueError(f"classifiers of {sorted(hashes)}, which are no namespaces")
    check_declared(record, Record(_RECORD, more=True), place="record")
    for part in ("data", "training_ids"):
        if set(record[part]) != set(hashes):
            raise ValueError(f"record.{part} is of other namespaces than the classifiers")
    _encoder_of(record)


def _encoder_of(record):
    encoder = record["encoder"]
    return None if encoder is None else EncoderRecord.from_dict(encoder, "The model's encoder")


def _load_part(folder, device, record):
    if folder.is_symlink():
        raise ArtifactError(f"{folder} is a symbolic link, which could lead out of the folder.")
    classifier = GOTermClassifier.load(folder, device=device)
    release = None if classifier.ontology is None else classifier.ontology.version
    for what, found, expected in (
        ("width of vectors", classifier.n_features_in_, record["n_features"]),
        ("release of the ontology", release, record["ontology_version"]),
    ):
        if found != expected:
            raise ArtifactError(
                f"{folder} is of another model than its folder: its {what} is {found!r}, and that "
                f"of the model {expected!r}. Restore it, or train again."
            )
    _check_terms(classifier, record["training_ids"][folder.name], folder)
    return classifier


def _check_terms(classifier, ids, folder):
    """Refuse terms that the ontology lacks, and names of more proteins than vote."""
    if classifier.ontology is None or classifier.terms_ is None:
        raise ArtifactError(f"{folder} names no terms of an ontology. Restore it, or train again.")
    for term in classifier.terms_:
        classifier.ontology.resolve(term)
    votes = getattr(classifier, "_neighbors", None)
    if ids is not None and votes is not None and len(ids) > len(votes.directions):
        raise ArtifactError(
            f"{folder} remembers {len(votes.directions)} proteins, and the model names {len(ids)}."
        )


def _hash_of(folder):
    """Hash what a saved classifier is: its manifest, which holds the hashes of its files."""
    record = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(record["files"], sort_keys=True).encode()).hexdigest()
