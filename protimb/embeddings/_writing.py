"""Files of vectors that appear whole or not at all."""

from pathlib import Path

import numpy as np

from protimb.datasets._beside import beside
from protimb.embeddings._record import ATTRIBUTE, record_path
from protimb.exceptions import ArtifactWriteError
from protimb.utils._new_folder import renewed_folder, whole_file
from protimb.utils._optional import import_optional


def check_target(out, dtype):
    """Refuse what could not be written, before anything is embedded."""
    if dtype not in ("float32", "float16"):
        raise ValueError(f"dtype must be 'float32' or 'float16', got {dtype!r}.")
    if out is None:
        return
    suffix = Path(out).suffix
    if suffix not in WRITERS:
        raise ValueError(f"{out}: vectors are written to {' or '.join(WRITERS)}, not {suffix!r}.")
    if suffix == ".h5":
        import_optional("h5py")
    if not Path(out).absolute().parent.is_dir():
        raise FileNotFoundError(
            f"{Path(out).parent} is no folder; make it before {out} is written."
        )


def write_vectors(out, X, protein_ids, dtype, record):
    """Write X (n_proteins, width), its ids and its EncoderRecord in the format of the suffix."""
    with np.errstate(over="ignore"):  # said below, and in words
        narrow = X.astype(dtype)
    if not np.isfinite(narrow).all():
        raise ValueError(f"The vectors do not fit {dtype}: the largest is {np.abs(X).max():.4g}.")
    try:
        WRITERS[Path(out).suffix](Path(out), narrow, protein_ids, record)
    except OSError as error:
        raise ArtifactWriteError(
            f"{out} could not be written ({error}). Look for space, quota and permissions."
        ) from error


def ids_path(out):
    """Name the file of ids beside a matrix: X_ids.npy, or train_ids.npy for train_embeds.npy."""
    return beside(out, "ids.npy")


def _write_npy(out, X, protein_ids, record):
    # Together: vectors with the ids of others would be read without a word.
    with renewed_folder(out.parent, stem=f"{out.name}.") as draft:
        _save(draft / out.name, X)
        _save(draft / ids_path(out).name, protein_ids)
        (draft / record_path(out).name).write_text(record.to_json(), encoding="utf-8")


def _save(path, values):
    with path.open("wb") as file:  # np.save would add a suffix to a name
        np.save(file, values, allow_pickle=False)


def _write_h5(out, X, protein_ids, record):
    h5py = import_optional("h5py")
    names = _dataset_names(protein_ids)
    with whole_file(out) as draft, h5py.File(draft, "w") as file:
        file.attrs[ATTRIBUTE] = record.to_json()
        for name, protein_id, vector in zip(names, protein_ids, X, strict=True):
            file.create_dataset(name, data=vector).attrs["original_id"] = str(protein_id)


WRITERS = {".h5": _write_h5, ".npy": _write_npy}


def _dataset_names(protein_ids):
    """Name datasets by id, or by number where some id would be a path."""
    names = [str(one) for one in protein_ids]
    is_path = any("/" in name or name in (".", "..") or "\0" in name for name in names)
    return [str(number) for number in range(len(names))] if is_path else names
