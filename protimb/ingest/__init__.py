"""From files as databases publish them to a clean folder: sequences, annotations, clusters."""

from protimb.ingest._clusters import cluster_sequences
from protimb.ingest._ingest import ingest
from protimb.ingest._report import IngestReport

__all__ = ["IngestReport", "cluster_sequences", "ingest"]
