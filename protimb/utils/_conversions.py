"""Lines that turn a file which a reader refuses into one that it takes, as errors advise them.

What a pickled file holds is not known before it is read, and reading it runs code. So each shape
that its header tells has lines for all that may be inside, and the user picks.
"""

_LOAD = "old = np.load({old!r}, allow_pickle=True)"
_LOAD_DICT = "old = np.load({old!r}, allow_pickle=True).item()"
_SAVE_IDS = "np.save({ids!r}, np.array(list(old), dtype=str))"

# What a file was to hold, and its number of dimensions or layout -> what may be inside -> lines.
# None of them writes to {old}.
CONVERSIONS: dict[tuple[str, int | str], dict[str, tuple[str, ...]]] = {
    ("ids", 0): {
        "a list or set of names": (_LOAD_DICT, "np.save({new!r}, np.array(list(old), dtype=str))"),
    },
    ("ids", 1): {
        "names": (_LOAD, "np.save({new!r}, old.astype(str))"),
    },
    ("vectors", 0): {
        "a dict of one vector a protein": (
            _LOAD_DICT,
            _SAVE_IDS,
            "np.save({new!r}, np.stack([np.asarray(one) for one in old.values()]))",
        ),
        "a dict of one matrix a protein, a row a residue": (
            _LOAD_DICT,
            _SAVE_IDS,
            "np.save({new!r}, np.stack([np.mean(one, axis=0) for one in old.values()]))",
        ),
    },
    ("vectors", 1): {
        "one vector a protein": (
            _LOAD,
            "np.save({new!r}, np.stack([np.asarray(one) for one in old]))",
        ),
        "one matrix a protein, a row a residue": (
            _LOAD,
            "np.save({new!r}, np.stack([np.mean(one, axis=0) for one in old]))",
        ),
    },
    ("vectors", 2): {
        "a matrix of numbers": (_LOAD, "np.save({new!r}, old.astype(np.float32))"),
    },
    ("vectors .npz", "objects"): {
        "names, vectors or a matrix": (
            _LOAD,
            "np.savez({new!r}, **{{name: np.array(old[name].tolist()) for name in old.files}})",
        ),
    },
    ("vectors .npz", "residues"): {
        "one matrix a protein, a row a residue": (
            "old = np.load({old!r})",
            "np.savez({new!r}, **{{name: old[name].mean(axis=0) for name in old.files}})",
        ),
    },
    ("vectors .h5", "residues"): {
        "one matrix a protein, a row a residue": (
            "import h5py",
            "with h5py.File({old!r}) as old, h5py.File({new!r}, 'w') as new:",
            "    for name in old:",
            "        new[name] = old[name][:].mean(axis=0)",
            "        new[name].attrs.update(old[name].attrs)",
        ),
    },
    ("term vectors", "objects"): {
        "ids and vectors": (
            _LOAD,
            "vectors = np.stack([np.asarray(one, dtype=np.float32) for one in old['vectors']])",
            "np.savez({new!r}, ids=old['ids'].astype(str), vectors=vectors)",
        ),
    },
    ("term vectors", "other arrays"): {
        "one vector a term, each under its name": (
            "old = np.load({old!r})",
            "vectors = np.stack([old[term] for term in old.files])",
            "np.savez({new!r}, ids=np.array(old.files), vectors=vectors)",
        ),
    },
    ("term vectors", "none"): {
        "nothing to be saved, but you have ids and vectors": (
            "np.savez({new!r}, ids=np.array(ids, dtype=str), vectors=vectors)",
        ),
    },
}


def advise(what, layout, path):
    """Say how to convert a file, by lines for all that may be inside; each writes new files."""
    options = CONVERSIONS.get((what, layout), {})
    names = {"old": str(path), "new": _vacant(path, "plain"), "ids": _vacant(path, "ids")}
    blocks = [
        "\n".join([f"  If it holds {content}:", *(f"    {line.format(**names)}" for line in lines)])
        for content, lines in options.items()
    ]
    return "\n".join(["", *blocks, "Then pass the new file."]) if blocks else ""


def _vacant(path, mark):
    """Name a file beside another, such as train_ids_plain.npy, that does not exist."""
    numbers = ["", *range(2, 1000)]
    candidates = (path.with_name(f"{path.stem}_{mark}{number}{path.suffix}") for number in numbers)
    return str(next(one for one in candidates if not one.exists()))
