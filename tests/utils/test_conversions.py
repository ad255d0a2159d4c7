"""Every line that an error advises does what it says, and harms no file."""

import re

import h5py
import numpy as np
import pytest

from protimb.datasets import read_embeddings
from protimb.exceptions import ProtimbError
from protimb.ontology import read_term_vectors
from protimb.utils._conversions import CONVERSIONS

IDS = ["P1", "P2", "P3"]
X = np.arange(12.0).reshape(3, 4)
# Proteins of 2, 3 and 4 residues whose mean is the vector above.
RESIDUES = [row + np.linspace(-1, 1, n)[:, None] for n, row in enumerate(X, start=2)]


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def save_as_one(value):
    array = np.empty((), dtype=object)
    array[()] = value
    return lambda path: np.save(path, array)


def save_dict(values):
    return lambda path: np.save(path, dict(zip(IDS, values, strict=True)))


def save_objects(values):
    return lambda path: np.save(path, objects(values))


def save_terms(**arrays):
    return lambda path: np.savez(path, **arrays)


def save_datasets(path):
    with h5py.File(path, "w") as file:
        for number, (one, residues) in enumerate(zip(IDS, RESIDUES, strict=True)):
            file.create_dataset(str(number), data=residues).attrs["original_id"] = one


SUFFIXES = {
    "term vectors": ".npz",
    "vectors .npz": ".npz",
    "vectors .h5": ".h5",
}

# (what, layout) -> what may be inside, in the order of the table -> files that hold it.
FILES = {
    ("ids", 0): [[save_as_one(IDS), save_as_one(dict.fromkeys(IDS))]],
    ("ids", 1): [[save_objects(IDS), save_objects([one.encode() for one in IDS])]],
    ("vectors", 0): [
        [save_dict(list(X)), save_dict(X.tolist())],
        [save_dict(RESIDUES), save_dict([one.tolist() for one in RESIDUES])],
    ],
    ("vectors", 1): [
        [save_objects(list(X)), save_objects(X.tolist())],
        [save_objects(RESIDUES)],
    ],
    ("vectors", 2): [[lambda path: np.save(path, X.astype(object))]],
    ("vectors .npz", "objects"): [
        [
            save_terms(ids=objects(IDS), X=X),
            save_terms(ids=np.array(IDS), X=objects(list(X))),
            save_terms(**{one: row.astype(object) for one, row in zip(IDS, X, strict=True)}),
        ]
    ],
    ("vectors .npz", "residues"): [[save_terms(**dict(zip(IDS, RESIDUES, strict=True)))]],
    ("vectors .h5", "residues"): [[save_datasets]],
    ("term vectors", "objects"): [
        [
            save_terms(ids=objects(IDS), vectors=X),
            save_terms(ids=np.array(IDS), vectors=X.astype(object)),
            save_terms(ids=objects(IDS), vectors=objects(list(X))),
        ]
    ],
    ("term vectors", "other arrays"): [[save_terms(**dict(zip(IDS, X, strict=True)))]],
    ("term vectors", "none"): [[lambda path: path.write_bytes(b"no archive")]],
}
CASES = [
    pytest.param(what, layout, option, save, id=f"{what}-{layout}-{option}-{n}")
    for (what, layout), options in FILES.items()
    for option, files in enumerate(options)
    for n, save in enumerate(files)
]


def read(what, path, ids):
    """Read a file in the role that it has; the others are good."""
    if what == "term vectors":
        found = read_term_vectors(path)
        return list(found), np.stack([*found.values()])
    if what == "ids":
        vectors = path.with_name("good.npy")
        np.save(vectors, X)
        return read_embeddings(vectors, path)[::-1]
    return read_embeddings(path, ids)[::-1]  # those of .h5 and .npz name their rows too


def advised(message):
    """Return the blocks of lines in an error, one for each content that a file may have."""
    blocks = re.split(r"^  If it holds .*:$", message, flags=re.MULTILINE)[1:]
    return [re.findall(r"^    (.*)$", block, flags=re.MULTILINE) for block in blocks]


def test_every_line_that_can_be_advised_is_run_below():
    assert {key: len(options) for key, options in FILES.items()} == {
        key: len(options) for key, options in CONVERSIONS.items()
    }


@pytest.mark.parametrize(("what", "layout", "option", "save"), CASES)
def test_advised_lines_make_a_file_that_is_read_and_leave_the_old_one(
    tmp_path, what, layout, option, save
):
    path = tmp_path / f"old{SUFFIXES.get(what, '.npy')}"
    save(path)
    before = path.read_bytes()
    with pytest.raises(ProtimbError) as caught:
        read(what, path, IDS)
    lines = advised(str(caught.value))[option]
    exec("\n".join(lines), {"np": np, "ids": IDS, "vectors": X})
    assert path.read_bytes() == before
    made = {one.stem: one for one in tmp_path.iterdir()}
    ids_read, vectors = read(what, made["old_plain"], made.get("old_ids", IDS))
    assert list(ids_read) == IDS
    np.testing.assert_allclose(vectors, X, atol=1e-6)


def test_advice_overwrites_no_file_that_is_there_already(tmp_path):
    path = tmp_path / "old.npy"
    save_dict(list(X))(path)
    for name in ("old_plain.npy", "old_plain2.npy", "old_ids.npy"):
        (tmp_path / name).write_bytes(b"of the user")
    with pytest.raises(ProtimbError, match=r"old_ids2\.npy(?s:.*)old_plain3\.npy"):
        read_embeddings(path, IDS)
