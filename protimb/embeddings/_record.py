"""EncoderRecord: which encoder made some vectors, as JSON that travels beside them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protimb.datasets._beside import beside, find_beside
from protimb.datasets._vectors_h5 import open_h5
from protimb.embeddings._base import BaseEncoder
from protimb.embeddings._concat import ConcatEncoder
from protimb.embeddings._kmer import KmerEncoder
from protimb.embeddings._named import make_encoder
from protimb.embeddings._transformers import TransformersEncoder
from protimb.embeddings._unirep import UniRepEncoder
from protimb.exceptions import EmbeddingFileError, EncoderError
from protimb.utils._description import rebuild
from protimb.utils._files import local_path, read_text
from protimb.utils._new_folder import whole_file
from protimb.utils._rebuilding import by_name

# Classes that a record may name; nothing else is ever built from one.
ENCODERS = by_name(ConcatEncoder, KmerEncoder, TransformersEncoder, UniRepEncoder)

ATTRIBUTE = "encoder"  # of an .h5 file
RECORD = "encoder.json"  # how the name of the file beside vectors ends
_HDF5 = (".h5", ".hdf5")
_FIELDS = ("name", "encoder", "facts", "n_features")


@dataclass(frozen=True)
class EncoderRecord:
    """Which encoder made some vectors: enough to make more of them, and to tell others apart.

    Beside ``X.npy`` it is the file ``X_encoder.json``, beside ``train_embeds.npy`` or
    ``train_embeddings.npy`` of a CAFA folder ``train_encoder.json``, and in an ``.h5`` file the
    attribute ``encoder``::

        {"name": "esm2_t6_8M_UR50D, layer 5",
         "encoder": {"class": "TransformersEncoder",
                     "params": {"model": "facebook/esm2_t6_8M_UR50D", "layer": 5, ...}},
         "facts": {"layer": 5, "window": 1022, "overlap": 256, "weights": "9f0a..."},
         "n_features": 320}

    Parameters
    ----------
    name : str
        For people.
    encoder : dict
        ``class`` and ``params``, by which the encoder is made again; where it runs, keeps a cache
        or may download is not among them. A model in a folder may have moved since.
    facts : dict
        All that vectors depend on, a hash of the weights among them, and nothing else: two
        encoders with the same class and facts give the same vectors, whatever they are called and
        wherever their weights lie.
    n_features : int
        Width of the vectors.

    See Also
    --------
    embed_fasta : Writes one beside the vectors.
    protimb.runs.predict_terms : Embeds new proteins by the record of a model.

    Examples
    --------
    >>> from protimb.embeddings import EncoderRecord, KmerEncoder
    >>> record = EncoderRecord.of(KmerEncoder(k=2))
    >>> record.name, record.n_features
    ('KmerEncoder(k=2)', 400)
    >>> record.build()
    KmerEncoder(k=2)
    >>> record.differences(EncoderRecord.of(KmerEncoder(k=1)))
    ['k is 1, not 2', 'the width is 20, not 400']
    """

    name: str
    encoder: dict[str, Any]
    facts: dict[str, Any]
    n_features: int

    @classmethod
    def of(cls, encoder, name=None):
        """Describe an encoder; its weights are read for their hash.

        Parameters
        ----------
        encoder : BaseEncoder
            Is fitted where it is not.
        name : str, optional
            For people; by default how it is written in Python.

        Returns
        -------
        record : EncoderRecord

        Raises
        ------
        EncoderError
            If its model cannot be loaded.
        """
        if not hasattr(encoder, "n_features_out_"):
            encoder.fit()
        return cls(
            name=_one_line(encoder) if name is None else name,
            encoder=encoder.describe(),
            facts=encoder.facts(),
            n_features=int(encoder.n_features_out_),
        )

    @classmethod
    def from_dict(cls, values, source="record"):
        """Take what ``to_dict`` gave.

        Parameters
        ----------
        values : dict
        source : str
            What messages call it.

        Returns
        -------
        record : EncoderRecord

        Raises
        ------
        EmbeddingFileError
            If it is no such record.
        """
        kinds = {"name": str, "encoder": dict, "facts": dict, "n_features": int}
        whole = isinstance(values, dict) and all(
            isinstance(values.get(field), kind) for field, kind in kinds.items()
        )
        if not whole or not isinstance(values["encoder"].get("class"), str):
            raise EmbeddingFileError(
                f"{source} is no record of an encoder, which holds {', '.join(_FIELDS)}. Remove "
                "it, or embed the proteins again."
            )
        return cls(**{field: values[field] for field in _FIELDS})

    def to_dict(self):
        """Give the record as JSON can hold it.

        Returns
        -------
        values : dict
        """
        return {field: getattr(self, field) for field in _FIELDS}

    @classmethod
    def read(cls, vectors):
        """Read the record that lies beside vectors, or in their file.

        Parameters
        ----------
        vectors : str or path-like
            ``.npy`` or another file with a record beside it, or an ``.h5`` or ``.hdf5`` file.

        Returns
        -------
        record : EncoderRecord or None
            None where there is none.

        Raises
        ------
        EmbeddingFileError
            If it is damaged.
        """
        vectors = Path(vectors)
        if vectors.suffix.lower() in _HDF5:
            text, source = _attribute(vectors), f"{vectors}, attribute {ATTRIBUTE!r},"
        else:
            source, _ = find_beside(vectors, RECORD)
            text = None if source is None else read_text(source, EmbeddingFileError)
        return None if text is None else cls._parse(text, source)

    @classmethod
    def _parse(cls, text, source):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):  # the latter: brackets within brackets within ...
            values = None
        return cls.from_dict(values, source)

    def write(self, path):
        """Write the record as JSON.

        Parameters
        ----------
        path : str or path-like
            Replaced as a whole where it exists.
        """
        with whole_file(path) as draft:
            draft.write_text(self.to_json(), encoding="utf-8")

    def to_json(self):
        """Give the record as text.

        Returns
        -------
        text : str
        """
        return json.dumps(self.to_dict(), indent=1) + "\n"

    def differences(self, other):
        """Say in what the vectors of another encoder differ from those of this one.

        Parameters
        ----------
        other : EncoderRecord

        Returns
        -------
        differences : list of str
            Empty where both give the same vectors.
        """
        pairs = {"the encoder": (self.encoder["class"], other.encoder["class"])}
        facts = _flat(self.facts), _flat(other.facts)
        if self.encoder["class"] == other.encoder["class"]:
            names = dict.fromkeys([*facts[0], *facts[1]])
            pairs |= {name: tuple(one.get(name) for one in facts) for name in names}
        pairs["the width"] = (self.n_features, other.n_features)
        unequal = {what: map(_short, pair) for what, pair in pairs.items() if pair[0] != pair[1]}
        return [f"{what} is {found}, not {own}" for what, (own, found) in unequal.items()]

    def check_same(self, other, source, of="this model"):
        """Refuse the vectors of another encoder.

        Parameters
        ----------
        other : EncoderRecord
            Of the vectors in question.
        source, of : str
            What messages call these, and what belongs to this record.

        Raises
        ------
        EmbeddingFileError
            If the two differ; says in what.
        """
        found = self.differences(other)
        if found:
            raise EmbeddingFileError(
                f"{source} has vectors of {other.name}, and {of} takes those of {self.name}: "
                f"{'; '.join(found)}. Embed the proteins with that encoder."
            )

    def build(self, encoder=None, *, device="auto", cache=None, download=False):
        """Make the encoder again.

        Parameters
        ----------
        encoder : str or BaseEncoder, optional
            Where it is found now: a folder, a name as `make_encoder` takes it, or an object.
        device, cache
            Where networks run, and keep vectors.
        download : bool
            Whether a transformer may be fetched.

        Returns
        -------
        encoder : BaseEncoder

        Raises
        ------
        EncoderError
            If it is of a class of the user's own, and no object was passed.
        """
        where = {"device": device, "cache": cache, "local_files_only": not download}
        if isinstance(encoder, BaseEncoder):
            return encoder
        if encoder is not None:
            return make_encoder(str(encoder), layer=_layer_of(self.encoder), **where)
        return _placed(self._rebuild(), where)

    def _rebuild(self):
        try:
            return rebuild(self.encoder, ENCODERS)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise EncoderError(
                f"{self.name} cannot be made from its record ({error}). Pass the encoder itself."
            ) from error


def record_path(vectors):
    """Name the file of the record beside vectors: X_encoder.json for X.npy."""
    return beside(vectors, RECORD)


def as_record(encoder, **options):
    """Make the record of a name, an encoder or a record; options are those of make_encoder."""
    if encoder is None or isinstance(encoder, EncoderRecord):
        return encoder
    if isinstance(encoder, BaseEncoder):
        return EncoderRecord.of(encoder)
    return EncoderRecord.of(make_encoder(str(encoder), **options))


def _attribute(path):
    """Return the text of an .h5 file's attribute, or None."""
    with open_h5(local_path(path, EmbeddingFileError)) as file:
        text = file.attrs.get(ATTRIBUTE)
    return None if text is None else str(text)


def _placed(encoder, where):
    """Say where an encoder, and each that it joins, runs and keeps vectors."""
    if isinstance(encoder, ConcatEncoder):
        for part in encoder.encoders:
            _placed(part, where)
    known = encoder.get_params(deep=False)
    return encoder.set_params(**{name: value for name, value in where.items() if name in known})


def _layer_of(description):
    """Find the layer that a record asks of a transformer, if any."""
    if not isinstance(description, dict):
        return None
    params = description.get("params", {})
    parts = params.get("encoders") or []
    parts = parts.get("tuple", []) if isinstance(parts, dict) else parts
    layers = [params.get("layer"), *map(_layer_of, parts)]
    return next((layer for layer in layers if layer is not None), None)


def _flat(facts, prefix=""):
    """Give nested facts one name each."""
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        is_parts = isinstance(value, dict)
        flat |= _flat(value, f"{prefix}{name} ") if is_parts else {f"{prefix}{name}": value}
    return flat


def _short(value):
    # A hash is told apart by its first digits.
    return value[:16] if isinstance(value, str) and len(value) == 64 else value


def _one_line(encoder):
    return " ".join(str(encoder).split())
