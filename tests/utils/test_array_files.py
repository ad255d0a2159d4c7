"""Arrays in files: whatever was done to them, an array as it was written or the error asked for."""

import io
import resource
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from protimb.utils._array_files import check_npy, map_npy, open_archive, read_npy

GOOD = np.arange(6, dtype=np.float32).reshape(2, 3)


class WrongFileError(ValueError):
    """The error that a caller asked for."""


def npy(array=GOOD):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def with_header(words):
    """Spell an .npy file that claims anything."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words.encode("latin-1")


HEADERS = {
    "40 TB": "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 512), }\n",
    "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }\n",
    "a flag": "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 2), }\n",
    "words without letters": "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000,), }\n",
    "no kind of number": "{'descr': '<z8', 'fortran_order': False, 'shape': (1,), }\n",
    "no dictionary": "[1, 2]\n",
    "a call": "{'descr': exit(), 'fortran_order': False, 'shape': (1,), }\n",
    "nested": "(" * 5000 + "\n",
    "odd letters": "{'descr': '<f8', 'fortran_order': False, 'shape': (\xb2,), }\n",
    "a third key": "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}\n",
}


@pytest.mark.parametrize("words", HEADERS.values(), ids=HEADERS)
def test_a_header_that_lies_is_refused_before_memory_is_taken(tmp_path, words):
    path = tmp_path / "x.npy"
    path.write_bytes(with_header(words))
    with pytest.raises(WrongFileError, match=r"x\.npy: "):
        read_npy(path, WrongFileError)


def test_every_cut_of_a_file_is_refused(tmp_path):
    path = tmp_path / "x.npy"
    for n_bytes in range(len(npy())):
        path.write_bytes(npy()[:n_bytes])
        with pytest.raises(WrongFileError):
            check_npy(path, WrongFileError)
    path.write_bytes(npy() + b"x")
    with pytest.raises(WrongFileError, match=r"its header claims 152 bytes .* the file has 153"):
        check_npy(path, WrongFileError)


def test_what_is_whole_is_read_as_numpy_reads_it(tmp_path):
    path = tmp_path / "x.npy"
    for array in (GOOD, np.asfortranarray(GOOD), GOOD[:0], np.array(3.5), np.array(["a", "bc"])):
        path.write_bytes(npy(array))
        np.testing.assert_array_equal(read_npy(path, WrongFileError), np.load(path))
    path.write_bytes(npy())
    mapped = map_npy(path, WrongFileError)
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, GOOD)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code", [0x110000, 0xD800, 0xFFFFFFFF])
def test_text_that_is_no_unicode_is_refused(tmp_path, order, code):
    names = np.array(["P1", "P\U0010ffff"], dtype=f"{order}U2")
    path = tmp_path / "x.npy"
    path.write_bytes(npy(names))
    np.testing.assert_array_equal(read_npy(path, WrongFileError), names)
    path.write_bytes(npy(names)[:-4] + struct.pack(f"{order}I", code))
    with pytest.raises(WrongFileError, match="1 of its letters are no Unicode"):
        read_npy(path, WrongFileError)
    damaged = archive(tmp_path / "x.npz", a=path.read_bytes())
    with pytest.raises(WrongFileError, match="array 'a': 1 of its letters"):
        read_all(damaged)


def archive(path, **entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return path


def read_all(path, **options):
    with open_archive(path, WrongFileError, **options) as arrays:
        return {name: arrays.read(name) for name in arrays.names}


def test_every_flipped_byte_of_an_archive_is_noticed_or_changes_nothing(tmp_path):
    path = archive(tmp_path / "x.npz", a=npy(), b=npy(np.array(["P1", "P22"])))
    whole, good = path.read_bytes(), read_all(path)
    n_refused = 0
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 0xFF
        path.write_bytes(content)
        try:
            found = read_all(path)
        except WrongFileError:
            n_refused += 1
            continue
        # Dates, versions and the like: nobody reads them. A name is not guarded by the format.
        assert len(found) == len(good)
        for mine, theirs in zip(found.values(), good.values(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert n_refused > len(whole) // 2


def twice(path):
    archive(path, a=npy())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("a.npy", npy())


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes(b"PK"), r"not an \.npz archive"),
        (archive, "empty, it holds no array"),
        (twice, "two of its arrays have one name"),
        (
            lambda path: np.savez(path, a=np.array([{}], dtype=object)),
            "array 'a': holds Python objects",
        ),
    ],
)
def test_what_an_archive_may_not_be(tmp_path, write, message):
    write(tmp_path / "x.npz")
    with pytest.raises(WrongFileError, match=message):
        read_all(tmp_path / "x.npz")


def test_a_missing_array_is_named_and_a_missing_file_is_no_damaged_one(tmp_path):
    path = archive(tmp_path / "x.npz", a=npy())
    with open_archive(path, WrongFileError) as arrays:  # noqa: SIM117
        with pytest.raises(WrongFileError, match="there is no array 'b' in it"):
            arrays.read("b")
    with pytest.raises(FileNotFoundError):
        read_all(tmp_path / "none.npz")


def mark_encrypted(path):
    """Set the flag of encryption in both headers of the one entry."""
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def test_an_encrypted_entry_is_refused_by_name(tmp_path):
    path = archive(tmp_path / "x.npz", a=npy())
    mark_encrypted(path)
    with pytest.raises(WrongFileError, match=r"x\.npz: .*encrypted"):
        read_all(path)


def test_a_bomb_is_refused_before_it_takes_memory_and_a_parameter_lets_it_through(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros(2**25, dtype=np.float32))  # 128 MiB from 130 KiB
    assert path.stat().st_size < 2**18
    script = (
        "import sys, resource\n"
        "from protimb.utils._array_files import open_archive\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    with open_archive(sys.argv[1], ValueError) as arrays:\n"
        "        arrays.read('a')\n"
        "except ValueError as error:\n"
        "    assert 'would unfold from' in str(error), error\n"
        "    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**15\n"
        "    raise SystemExit(3)\n"
    )
    assert resource.RLIMIT_AS  # Linux and macOS
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == 3
    assert read_all(path, max_bytes=2**28)["a"].shape == (2**25,)
