"""Files that lie beside vectors: the ids of their rows, and the record of their encoder."""

from pathlib import Path

from protimb.utils._files import is_there

# What vectors are called in a CAFA folder: train_embeds.npy, train_embeddings.npy.
STEMS = ("embeds", "embeddings")


def beside(vectors, ending):
    """Name a file beside X.npy: X_ending; train_ending for train_embeds.npy."""
    return _names_beside(Path(vectors), ending)[-1]


def find_beside(vectors, ending):
    """Return the file beside vectors that exists, or None, and the names that it may have."""
    names = _names_beside(Path(vectors), ending)
    return next((path for path in names if is_there(path)), None), names


def _names_beside(vectors, ending):
    full = vectors.name.removesuffix(".gz").removesuffix(".GZ").rpartition(".")
    stem = full[0] or full[2]
    short = next((stem.removesuffix(f"_{one}") for one in STEMS if stem.endswith(f"_{one}")), stem)
    return [vectors.with_name(f"{one}_{ending}") for one in dict.fromkeys([stem, short])]
