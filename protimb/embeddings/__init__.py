"""Encoders: protein sequences in, one vector a protein out, as scikit-learn transformers."""

from protimb.embeddings._base import BaseEncoder
from protimb.embeddings._concat import ConcatEncoder
from protimb.embeddings._fasta import embed_fasta
from protimb.embeddings._kmer import KmerEncoder
from protimb.embeddings._named import make_encoder
from protimb.embeddings._record import EncoderRecord
from protimb.embeddings._transformers import TransformersEncoder
from protimb.embeddings._unirep import UniRepEncoder

__all__ = [
    "BaseEncoder",
    "ConcatEncoder",
    "EncoderRecord",
    "KmerEncoder",
    "TransformersEncoder",
    "UniRepEncoder",
    "embed_fasta",
    "make_encoder",
]
