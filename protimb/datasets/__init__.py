"""Proteins with GO annotations: the packaged data, CAFA folders, files, toys; other sets."""

from protimb.datasets._annotations import read_annotations
from protimb.datasets._cafa import read_cafa
from protimb.datasets._cafa3 import read_cafa3
from protimb.datasets._embedding_rows import Embeddings
from protimb.datasets._embeddings import open_embeddings, read_embeddings
from protimb.datasets._fasta import read_fasta
from protimb.datasets._gaf import read_gaf
from protimb.datasets._gpad import read_gpad
from protimb.datasets._human import load_human_go
from protimb.datasets._ids import normalise_protein_id
from protimb.datasets._longtail import make_longtail_multilabel
from protimb.datasets._mulan import read_mulan
from protimb.datasets._protein_table import load_protein_table
from protimb.datasets._proteins import ProteinData
from protimb.datasets._read_predictions import read_predictions
from protimb.datasets._term_names import load_term_names
from protimb.datasets._write_predictions import write_predictions

__all__ = [
    "Embeddings",
    "ProteinData",
    "load_human_go",
    "load_protein_table",
    "load_term_names",
    "make_longtail_multilabel",
    "normalise_protein_id",
    "open_embeddings",
    "read_annotations",
    "read_cafa",
    "read_cafa3",
    "read_embeddings",
    "read_fasta",
    "read_gaf",
    "read_gpad",
    "read_mulan",
    "read_predictions",
    "write_predictions",
]
