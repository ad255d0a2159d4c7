"""Files of vectors that appear whole or not at all, from parts that lie on the disk."""

import json
from pathlib import Path

import numpy as np

from protimb.datasets._beside import beside
from protimb.datasets._vectors_parts import DTYPES, parts_folder
from protimb.embeddings._record import ATTRIBUTE, record_path
from protimb.utils._locks import LOCK, hold
from protimb.utils._memory import release_pages
from protimb.utils._new_folder import renewed_folder, whole_file
from protimb.utils._optional import import_optional

PARTS = ".parts"
_PATIENCE = 60  # seconds that the last processes of several wait for each other


def check_target(out, dtype, share):
    """Refuse what could not be written, before anything is embedded."""
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be 'float32' or 'float16', got {dtype!r}.")
    if out is None:
        if share is not None:
            raise ValueError("A share is of parts: name a file X.parts to write, out=.")
        return
    suffix = Path(out).suffix
    if suffix not in WRITERS:
        raise ValueError(f"{out}: vectors are written to {_SUFFIXES}, not {suffix!r}.")
    if share is not None:
        check_share(share, suffix)
    if suffix == ".h5":
        import_optional("h5py")
    if not Path(out).absolute().parent.is_dir():
        raise FileNotFoundError(
            f"{Path(out).parent} is no folder; make it before {out} is written."
        )


def check_share(share, suffix):
    """Refuse a share that is none, or of what is no matrix in parts."""
    number, n_shares = share
    if not 1 <= number <= n_shares:
        raise ValueError(f"share must be a number from 1 and of how many, got {share!r}.")
    if suffix != PARTS:
        raise ValueError(f"A share is of a matrix in parts: write to X{PARTS}, not to X{suffix}.")


def folder_of_parts(out):
    """Name the folder that holds the parts of a file to come; but of .parts, they go with it."""
    return parts_folder(out) if out.suffix == PARTS else out.with_name(f".{out.name}.partial")


def write_vectors(out, plan, parts, protein_ids, record):
    """Write vectors, of which ``parts`` yields blocks of rows, in the format of the suffix."""
    WRITERS[out.suffix](out, plan, parts, protein_ids, record)


def ids_path(out):
    """Name the file of ids beside a matrix: X_ids.npy, or train_ids.npy for train_embeds.npy."""
    return beside(out, "ids.npy")


def _write_index(out, plan, parts, protein_ids, record):
    # Processes that end together write the same.
    with (
        hold(out.with_name(f".{out.name}{LOCK}"), out, _PATIENCE),
        renewed_folder(out.parent, held=True, stem=f"{out.name}.") as draft,
    ):
        (draft / out.name).write_text(json.dumps(plan.index, indent=1) + "\n", encoding="utf-8")
        _write_beside(draft / out.name, protein_ids, record)


def _write_npy(out, plan, parts, protein_ids, record):
    # Together: vectors with the ids of others would be read without a word.
    with renewed_folder(out.parent, stem=f"{out.name}.") as draft:
        _join(draft / out.name, plan, parts)
        _write_beside(draft / out.name, protein_ids, record)


def _write_beside(path, protein_ids, record):
    with ids_path(path).open("wb") as file:  # np.save would add a suffix to a name
        np.save(file, protein_ids, allow_pickle=False)
    record_path(path).write_text(record.to_json(), encoding="utf-8")


def _join(path, plan, parts):
    """Write blocks of rows below one header, as np.save would write all of them."""
    descr = np.lib.format.dtype_to_descr(np.dtype(plan.index["dtype"]))
    header = {"descr": descr, "fortran_order": False, "shape": plan.shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for X in parts:
            file.write(X.data)
            release_pages(X)


def _write_h5(out, plan, parts, protein_ids, record):
    h5py = import_optional("h5py")
    names = iter(zip(_dataset_names(protein_ids), map(str, protein_ids), strict=True))
    with whole_file(out) as draft, draft.open("w+b", buffering=0) as raw:
        patient = PatientFile(raw)
        try:
            with h5py.File(patient, "w") as file:
                file.attrs[ATTRIBUTE] = record.to_json()
                add = _adder(h5py, file, plan)
                for X in parts:
                    for vector, named in zip(X, names, strict=False):
                        add(vector, *named)
                    release_pages(X)
                    patient.check()
        finally:  # also of what went wrong because of it
            patient.check()


def _adder(h5py, file, plan):
    """Give a function that adds a vector's dataset, in half the time of ``create_dataset``."""
    h5d, h5a, whole = h5py.h5d, h5py.h5a, h5py.h5s.ALL
    numbers = h5py.h5t.py_create(np.dtype(plan.index["dtype"]), logical=True)
    text = h5py.h5t.py_create(h5py.string_dtype(), logical=True)
    row, one = h5py.h5s.create_simple((plan.index["width"],)), h5py.h5s.create(h5py.h5s.SCALAR)
    untimed = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    untimed.set_obj_track_times(False)  # equal vectors make equal files
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_char_encoding(h5py.h5t.CSET_UTF8)

    def add(vector, name, protein_id):
        dataset = h5d.create(file.id, name.encode(), numbers, row, untimed, links)
        dataset.write(whole, whole, vector)
        h5a.create(dataset, b"original_id", text, one).write(np.array(protein_id, dtype=object))

    return add


class PatientFile:
    """A file for HDF5, which where the disk fills up below it ends the process at a bad address.

    What the system refuses is kept for ``check`` to raise; the library is told that all is well.
    """

    def __init__(self, raw):
        self._raw = raw
        self._error = None

    def check(self):
        """Raise what the system said, if it refused anything."""
        if self._error is not None:
            raise self._error

    def seek(self, place, whence=0):
        """Go to a place."""
        return self._raw.seek(place, whence)

    def tell(self):
        """Say at which place it is."""
        return self._raw.tell()

    def read(self, n_bytes=-1):
        """Read bytes; h5py knows a file by this name, and calls the next."""
        return self._raw.read(n_bytes)

    def readinto(self, buffer):
        """Fill a buffer."""
        return self._raw.readinto(buffer)

    def write(self, content):
        """Write all of the bytes, or none that counts."""
        written = 0
        while written < len(content) and self._error is None:
            written += self._try(self._raw.write, memoryview(content)[written:]) or 0
        return len(content)

    def truncate(self, size):
        """Make the file so long."""
        self._try(self._raw.truncate, size)
        return size

    def flush(self):
        """Hand over what waits, which is nothing: the file has no buffer."""

    def _try(self, act, *args):
        try:
            return None if self._error is not None else act(*args)
        except OSError as error:
            self._error = error
            return None


WRITERS = {".npy": _write_npy, PARTS: _write_index, ".h5": _write_h5}
_SUFFIXES = " or ".join([", ".join([*WRITERS][:-1]), [*WRITERS][-1]])


def _dataset_names(protein_ids):
    """Name datasets by id, or by number where some id would be a path."""
    names = [str(one) for one in protein_ids]
    is_path = any("/" in name or name in (".", "..") or "\0" in name for name in names)
    return [str(number) for number in range(len(names))] if is_path else names
