"""What a folder of a benchmark holds of one ontology, however it is laid out."""

from typing import NamedTuple

import pandas as pd


class Benchmark(NamedTuple):
    """Annotations of both parts, sequences, and the ontology that they are of."""

    pairs: pd.DataFrame  # EntryID, term
    split: dict[str, str]  # protein -> "train" or "test", in their order
    sequences: dict[str, str]
    graph: object  # GeneOntology
    knowledge: dict[str, str]  # protein -> "none" or "limited", where lists say it
