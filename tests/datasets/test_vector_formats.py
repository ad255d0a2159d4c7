"""Vectors in archives, HDF5 and tables: joined by id, small when hostile, never of other files."""

import gzip
import io
import multiprocessing
import os
import sys
import zipfile
import zlib

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from protimb.datasets import read_embeddings
from protimb.datasets._parquet_footer import claimed_bytes
from protimb.embeddings import KmerEncoder, embed_fasta
from protimb.exceptions import EmbeddingFileError, EmbeddingWarning, MissingExtraError

IDS = ["P1", "P2", "P3"]
VECTORS = np.array([[0.5, 1], [2, 3], [4, 5]], dtype=np.float16)
ROWS = dict(zip(IDS, VECTORS, strict=True))
TURNED = IDS[::-1], VECTORS[::-1]


def frame(ids=IDS, X=VECTORS, index=False):
    table = pd.DataFrame(np.asarray(X, dtype=np.float32), index=ids, columns=["a", "b"])
    return table if index else table.rename_axis("EntryID").reset_index()


def npz_matrix(path):
    np.savez(path, protein_ids=np.array(TURNED[0]), X=TURNED[1])


def npz_rows(path):
    np.savez_compressed(path, **ROWS)


def h5_rows(path):
    write_h5(path, **ROWS)


def h5_matrix(path):
    write_h5(path, proteins=np.array(TURNED[0], dtype="S"), embeddings=TURNED[1])


def h5_text_ids(path):
    write_h5(path, ids=TURNED[0], vectors=TURNED[1])


def h5_numbered(path):
    with h5py.File(path, "w") as file:
        for number, (one, row) in enumerate(ROWS.items()):
            file.create_dataset(str(number), data=row).attrs["original_id"] = one


def write_h5(path, **datasets):
    with h5py.File(path, "w") as file:
        file.update(datasets)


def parquet_columns(path):
    frame().to_parquet(path)


def parquet_index(path):
    frame(index=True).to_parquet(path)


def parquet_halves(path):
    """Half precision, the proteins not first, and pandas' row numbers as a column."""
    table = {
        "a": VECTORS[:, 0],
        "b": VECTORS[:, 1],
        "accession": IDS,
        "__index_level_0__": [7, 8, 9],
    }
    parquet.write_table(pa.table(table), path)


def parquet_lists(path):
    table = pa.table({"length": [9, 9, 9], "embedding": VECTORS.tolist(), "id": IDS})
    parquet.write_table(table, path, row_group_size=2)


def parquet_fixed_lists(path):
    flat = pa.array(VECTORS.astype(np.float32).ravel())
    column = pa.FixedSizeListArray.from_arrays(flat, 2)
    parquet.write_table(pa.table({"protein": IDS, "x": column}), path)


def csv_header(path):
    frame().to_csv(path, index=False)


def csv_numbered(path):
    """Columns called 0 and 1, in front of which pandas has written row numbers."""
    frame().set_axis(["EntryID", 0, 1], axis=1).to_csv(path)


def csv_quoted(path):
    path.write_text('"","a","b"\n' + "".join(f'"{k}",{a},{b}\n' for k, (a, b) in ROWS.items()))


def csv_bare(path):
    frame().to_csv(path, index=False, header=False)


def csv_windows(path):
    path.write_bytes(b"\xef\xbb\xbf" + frame().to_csv(index=False).replace("\n", "\r\n").encode())


def tsv_turned(path):
    frame(*TURNED)[["a", "EntryID", "b"]].to_csv(path, sep="\t", index=False)


def gzipped(save):
    def saved(path):
        save(path.with_suffix(""))
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))

    return saved


FORMATS = {
    "npz-matrix": (".npz", npz_matrix),
    "npz-rows": (".npz", npz_rows),
    "h5-rows": (".h5", h5_rows),
    "h5-matrix": (".hdf5", h5_matrix),
    "h5-text-ids": (".H5", h5_text_ids),
    "h5-numbered": (".h5", h5_numbered),
    "parquet-columns": (".parquet", parquet_columns),
    "parquet-index": (".parquet", parquet_index),
    "parquet-halves": (".parquet", parquet_halves),
    "parquet-lists": (".parquet", parquet_lists),
    "parquet-fixed": (".parquet", parquet_fixed_lists),
    "csv-header": (".csv", csv_header),
    "csv-numbered": (".csv", csv_numbered),
    "csv-quoted": (".csv", csv_quoted),
    "csv-bare": (".csv", csv_bare),
    "csv-windows": (".csv", csv_windows),
    "csv-gz": (".csv.gz", gzipped(csv_header)),
    "tsv-turned": (".tsv", tsv_turned),
}


@pytest.fixture(params=FORMATS)
def path(request, tmp_path):
    suffix, save = FORMATS[request.param]
    save(tmp_path / f"x{suffix}")
    return tmp_path / f"x{suffix}"


def test_each_format_gives_the_vector_of_each_protein_in_float32(path):
    X, ids = read_embeddings(path)
    assert sorted(ids) == IDS
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, [ROWS[one] for one in ids])


def test_of_no_protein_each_format_gives_no_row_of_its_width(path):
    X, ids = read_embeddings(path, select=[])
    assert (X.shape, X.dtype, ids.tolist()) == ((0, 2), np.float32, [])


def test_each_format_picks_proteins_by_id_with_their_coverage(path):
    """Cases 59 and 60."""
    with pytest.warns(EmbeddingWarning, match=r"no vector for 1 of 3 .*66\.7%.*P9"):
        X, ids = read_embeddings(path, select=["P3", "P9", "sp|P1|A_HUMAN"], missing="drop")
    assert ids.tolist() == ["P3", "P1"]
    np.testing.assert_array_equal(X, VECTORS[[2, 0]])


def test_ids_beside_a_file_that_names_its_rows_say_their_order_or_are_refused(path):
    """Case 59."""
    X, ids = read_embeddings(path, ["P2", "P1", "P3"])
    assert ids.tolist() == ["P2", "P1", "P3"]
    np.testing.assert_array_equal(X, VECTORS[[1, 0, 2]])
    with pytest.raises(EmbeddingFileError, match="ids name others: P3, P9"):
        read_embeddings(path, ["P1", "P2", "P9"])
    with pytest.raises(EmbeddingFileError, match="3 vectors but 2 ids"):
        read_embeddings(path, ["P1", "P2"])


def test_each_format_that_is_cut_off_is_refused(path):
    """Cases 62, 64 and 65. A table of text shows it by a line that is too short."""
    content = path.read_bytes()
    ends = [0, 20, len(content) // 2, len(content) - 1]
    if path.suffix in (".csv", ".tsv"):
        ends = [0, content.rindex(b"\t" if path.suffix == ".tsv" else b",")]
    for end in ends:
        path.write_bytes(content[:end])
        with pytest.raises(EmbeddingFileError):
            read_embeddings(path)


def test_garbage_is_refused_with_the_name_of_the_file(path):
    """Cases 64 and 65."""
    path.write_bytes(b"\x00garbage" * 40)
    with pytest.raises(EmbeddingFileError, match=path.name):
        read_embeddings(path)


@pytest.mark.parametrize("name", ["x.npz", "x.h5", "x.csv", "x.parquet"])
def test_a_vector_with_infinity_is_refused_with_its_protein(tmp_path, name):
    path = tmp_path / name
    bad = np.array([[1, 2], [np.inf, 0], [3, 4]])
    save = {
        ".npz": lambda: np.savez(path, ids=IDS, X=bad),
        ".h5": lambda: write_h5(path, ids=IDS, X=bad),
        ".csv": lambda: frame(X=bad).to_csv(path, index=False),
        ".parquet": lambda: frame(X=bad).to_parquet(path),
    }
    save[path.suffix]()
    with pytest.raises(EmbeddingFileError, match="NaN or infinity: P2"):
        read_embeddings(path)


# HDF5


def test_uniprot_names_and_versions_are_reduced_to_accessions(tmp_path):
    """Case 55."""
    rows = {"sp|P12345|X_HUMAN": [1.0], "Q67890.2": [2.0], "A0A0C5B5G6": [3.0]}
    write_h5(tmp_path / "x.h5", **rows)
    X, ids = read_embeddings(tmp_path / "x.h5", select=["A0A0C5B5G6", "P12345", "Q67890"])
    assert ids.tolist() == ["A0A0C5B5G6", "P12345", "Q67890"]
    assert X.tolist() == [[3], [1], [2]]


def test_two_names_of_one_protein_are_refused(tmp_path):
    """Case 60."""
    write_h5(tmp_path / "x.h5", **{"sp|P12345|X_HUMAN": [1.0], "P12345": [2.0]})
    with pytest.raises(EmbeddingFileError, match="1 ids name more than one vector: P12345"):
        read_embeddings(tmp_path / "x.h5")


@pytest.mark.parametrize(
    "odd", ["../../etc/passwd", "a/b", "..", "\x1b[31mred", "<img>", "é", "007"]
)
@pytest.mark.parametrize("name", ["x.h5", "x.npy"])
def test_what_embed_fasta_writes_is_read_back_whatever_the_ids_hold(tmp_path, odd, name):
    fasta = tmp_path / "odd.fasta"
    fasta.write_text(f">P1\nMKV\n>{odd}\nGHPC\n")
    embed_fasta(fasta, "kmer-1", tmp_path / name, dtype="float16")
    X, ids = read_embeddings(tmp_path / name, select=[odd, "P1"])
    assert ids.tolist() == [odd, "P1"]
    expected = KmerEncoder(k=1).fit_transform(["GHPC", "MKV"])
    np.testing.assert_array_equal(X, expected.astype(np.float16))


LINKS = {
    "soft": h5py.SoftLink("/P1"),
    "external": h5py.ExternalLink("secret.h5", "/P9"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_of_hdf5_is_refused_and_not_followed(tmp_path, kind):
    """Case 65."""
    write_h5(tmp_path / "secret.h5", P9=[6.0, 6.0])
    write_h5(tmp_path / "x.h5", P1=[1.0, 2.0], P9=LINKS[kind])
    with pytest.raises(EmbeddingFileError, match=r"1 of its names are soft or ext.*'P9'"):
        read_embeddings(tmp_path / "x.h5", select=["P1"])


def test_numbers_in_another_file_are_refused(tmp_path):
    """Case 65: external storage needs no link."""
    (tmp_path / "secret.bin").write_bytes(np.array([6.0, 6.0]).tobytes())
    with h5py.File(tmp_path / "x.h5", "w") as file:
        external = [(tmp_path / "secret.bin", 0, 16)]
        file.create_dataset("P1", shape=(2,), dtype="f8", external=external)
    with pytest.raises(EmbeddingFileError, match="dataset 'P1': its numbers are in other files"):
        read_embeddings(tmp_path / "x.h5")


def test_a_virtual_dataset_is_refused(tmp_path):
    """Case 65."""
    write_h5(tmp_path / "secret.h5", P9=[6.0, 6.0])
    layout = h5py.VirtualLayout(shape=(2,), dtype="f8")
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "P9", shape=(2,))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_virtual_dataset("P1", layout)
    with pytest.raises(EmbeddingFileError, match="dataset 'P1': its numbers are in other files"):
        read_embeddings(tmp_path / "x.h5")


def test_a_group_is_refused_with_what_it_holds(tmp_path):
    write_h5(tmp_path / "x.h5", **{"P1/embeddings": [1.0], "P2": [1.0]})
    with pytest.raises(EmbeddingFileError, match=r"'P1' is a group, which holds 'embeddings'"):
        read_embeddings(tmp_path / "x.h5")


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_vectors_of_another_width_are_refused_with_their_protein(tmp_path, suffix):
    """Case 65."""
    rows = {"P1": np.ones(3), "P2": np.ones(3), "P3": np.ones(4)}
    path = tmp_path / f"x{suffix}"
    write_h5(path, **rows) if suffix == ".h5" else np.savez(path, **rows)
    with pytest.raises(EmbeddingFileError, match="of protein 'P3' has 4 numbers, others have 3"):
        read_embeddings(path)
    assert read_embeddings(path, select=["P2", "P1"])[0].shape == (2, 3)


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_a_matrix_a_protein_is_refused_with_a_way_to_average(tmp_path, suffix):
    """Case 65; the lines that are advised are run in tests/utils/test_conversions.py."""
    rows = {"P1": np.ones((5, 3)), "P2": np.ones((7, 3))}
    path = tmp_path / f"x{suffix}"
    write_h5(path, **rows) if suffix == ".h5" else np.savez(path, **rows)
    with pytest.raises(EmbeddingFileError, match=r"(?s)'P1' has .* row a residue.*mean\(axis=0\)"):
        read_embeddings(path)


@pytest.mark.parametrize("value", ["text", [], [True, False], 1.0])
def test_a_dataset_that_is_no_vector_is_refused(tmp_path, value):
    write_h5(tmp_path / "x.h5", P1=value)
    with pytest.raises(EmbeddingFileError, match="P1"):
        read_embeddings(tmp_path / "x.h5")


def test_ids_that_are_no_text_are_refused(tmp_path):
    write_h5(tmp_path / "x.h5", ids=[1, 2], X=[[1.0], [2.0]])
    with pytest.raises(EmbeddingFileError, match="'ids': expected ids as text"):
        read_embeddings(tmp_path / "x.h5")
    h5_numbered(tmp_path / "y.h5")
    with h5py.File(tmp_path / "y.h5", "r+") as file:
        file["0"].attrs["original_id"] = 5
    with pytest.raises(EmbeddingFileError, match="'0': its original_id is no text"):
        read_embeddings(tmp_path / "y.h5")


def test_a_dataset_of_nothing_but_its_fill_value_is_refused_before_allocation(tmp_path):
    """Case 63: the file has kilobytes, the shape claims terabytes."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("P1", shape=(10**12,), dtype="f4", chunks=(1000,))
    with pytest.raises(EmbeddingFileError, match="'P1': nothing was written to it"):
        read_embeddings(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["P1"][:10] = 1
    with pytest.raises(EmbeddingFileError, match=r"would unfold from 4,000 to 4,000,000,000,000"):
        read_embeddings(tmp_path / "x.h5")


def test_one_dataset_under_many_names_is_refused_before_allocation(tmp_path):
    """Case 63."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["P0"] = np.random.default_rng(0).random(300_000, dtype=np.float32)
        for number in range(1, 60):
            file[f"P{number}"] = file["P0"]
    with pytest.raises(EmbeddingFileError, match="would unfold"):
        read_embeddings(tmp_path / "x.h5")


def test_no_file_stays_open(path):
    """Case 66: a handle that forked workers share gives them each other's bytes."""
    read_embeddings(path)
    opened = {os.path.realpath(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")}
    assert str(path.resolve()) not in opened


def test_forked_workers_read_what_their_parent_has_read(tmp_path):
    """Case 66."""
    h5_rows(tmp_path / "x.h5")
    expected = read_embeddings(tmp_path / "x.h5")[0].tolist()

    def read_again():
        for _ in range(20):
            assert read_embeddings(tmp_path / "x.h5")[0].tolist() == expected

    child = multiprocessing.get_context("fork").Process(target=read_again)
    child.start()
    read_again()
    child.join()
    assert child.exitcode == 0


@pytest.mark.parametrize(
    ("module", "name", "extra"), [("h5py", "x.h5", "h5"), ("pyarrow", "x.parquet", "parquet")]
)
def test_a_format_whose_package_is_missing_says_what_to_install(
    tmp_path, monkeypatch, module, name, extra
):
    """Case 78."""
    (tmp_path / name).write_bytes(b"any")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'protimb\[{extra}\]'"):
        read_embeddings(tmp_path / name)


# Archives


def test_a_matrix_in_an_archive_may_have_its_ids_beside(tmp_path):
    np.savez(tmp_path / "train_embeds.npz", VECTORS)
    np.save(tmp_path / "train_ids.npy", np.array(IDS))
    X, ids = read_embeddings(tmp_path / "train_embeds.npz")
    assert ids.tolist() == IDS
    np.testing.assert_array_equal(X, VECTORS)


def test_an_archive_that_unfolds_to_far_more_is_refused(tmp_path):
    """Case 63."""
    np.savez_compressed(tmp_path / "x.npz", ids=np.array(IDS), X=np.zeros((3, 3_000_000)))
    assert (tmp_path / "x.npz").stat().st_size < 2**20
    with pytest.raises(EmbeddingFileError, match=r"would unfold from .* to 72,000,\d+ bytes"):
        read_embeddings(tmp_path / "x.npz")


def test_an_array_whose_header_claims_more_than_its_entry_is_refused(tmp_path):
    """Cases 62 and 63."""
    content = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**10, 10**3)}
    np.lib.format.write_array_header_1_0(content, header)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("X.npy", content.getvalue())
    with pytest.raises(EmbeddingFileError, match="array 'X': its header claims 40,000,000,000,128"):
        read_embeddings(tmp_path / "x.npz", IDS)


def test_an_archive_of_objects_is_refused_and_runs_nothing(tmp_path):
    """Cases 61 and 70."""

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    np.savez(tmp_path / "x.npz", ids=np.array([Evil(), "P2"], dtype=object), X=np.zeros((2, 2)))
    with pytest.raises(EmbeddingFileError, match=r"(?s)array 'ids'.*unpickling runs code.*tolist"):
        read_embeddings(tmp_path / "x.npz")
    assert not (tmp_path / "ran").exists()


def test_several_arrays_that_may_be_the_ids_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", ids=np.array(IDS), proteins=np.array(IDS), X=VECTORS)
    with pytest.raises(EmbeddingFileError, match="ids, proteins may name proteins"):
        read_embeddings(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [{}, {"a.npy": b""}, {"a.txt": b"text"}])
def test_an_archive_without_arrays_is_refused(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(EmbeddingFileError, match=r"x\.npz"):
        read_embeddings(tmp_path / "x.npz")


# Tables


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_ids_of_tables_stay_what_is_written(tmp_path, suffix):
    """Case 48."""
    ids = ["NA", "1E5", "007"]
    path = tmp_path / f"x{suffix}"
    if suffix == ".parquet":
        frame(ids).to_parquet(path)
    else:
        frame(ids).to_csv(path, sep="," if suffix == ".csv" else "\t", index=False)
    assert read_embeddings(path)[1].tolist() == ids


def test_a_stray_quote_in_a_table_of_tabs_is_a_character(tmp_path):
    """Case 49."""
    (tmp_path / "x.tsv").write_text('EntryID\ta\n"P1\t1\nP"2\t2\n')
    X, ids = read_embeddings(tmp_path / "x.tsv")
    assert (X.tolist(), ids.tolist()) == ([[1], [2]], ['"P1', 'P"2'])


@pytest.mark.parametrize("line", ["P2,1", "P2,1,2,3", "P2"])
def test_a_line_of_another_length_is_refused_with_its_number(tmp_path, line):
    """Case 50."""
    (tmp_path / "x.csv").write_text(f"EntryID,a,b\nP1,1,2\n{line}\n")
    with pytest.raises(EmbeddingFileError, match=r"x\.csv, line 3: \d fields, but .* has 3"):
        read_embeddings(tmp_path / "x.csv")


@pytest.mark.parametrize("cell", ["", "NA", "MKV", "0x1"])
def test_a_cell_that_is_no_number_is_refused_with_its_protein(tmp_path, cell):
    (tmp_path / "x.csv").write_text(f"EntryID,a,b\nP1,1,2\nP2,3,{cell}\n")
    with pytest.raises(EmbeddingFileError, match=f"record 2: column 3 of protein 'P2' is '{cell}'"):
        read_embeddings(tmp_path / "x.csv")


def test_a_first_line_that_may_be_a_header_or_a_vector_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("name,0,1\nP1,3,4\n")
    with pytest.raises(EmbeddingFileError, match="line 1: names of columns, or the vector of"):
        read_embeddings(tmp_path / "x.csv")


@pytest.mark.parametrize("text", ["", "EntryID,a\n", "EntryID\nP1\n"])
def test_a_table_without_vectors_is_refused(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(EmbeddingFileError, match="no vectors in it"):
        read_embeddings(tmp_path / "x.csv")


PARQUETS = {
    "no column of text": {"a": [1.0], "b": [2.0]},
    "columns a, b all hold lists": {"id": ["P1"], "a": [[1.0]], "b": [[2.0]]},
    "not so in sequence": {"id": ["P1"], "a": [1.0], "sequence": ["MKV"]},
    "none missing; not so in a": {"id": ["P1", "P2"], "a": [1.0, None]},
    "no other column": {"id": ["P1"]},
    "'P2' has 1 numbers, others have 2": {"id": ["P1", "P2"], "x": [[1.0, 2.0], [1.0]]},
    "'P2' has 0 numbers": {"id": ["P1", "P2"], "x": [[1.0, 2.0], None]},
    "lists are empty": {"id": ["P1"], "x": pa.array([[]], pa.list_(pa.float32()))},
    "NaN or infinity: P1": {"id": ["P1"], "x": [[None, 1.0]]},
    "Row 1, counted from 0, has no protein id": {"id": ["P1", None], "a": [1.0, 2.0]},
}


@pytest.mark.parametrize("message", PARQUETS)
def test_a_parquet_table_that_is_no_vectors_is_refused(tmp_path, message):
    parquet.write_table(pa.table(PARQUETS[message]), tmp_path / "x.parquet")
    with pytest.raises(EmbeddingFileError, match=message):
        read_embeddings(tmp_path / "x.parquet")


def test_a_parquet_table_that_unfolds_to_far_more_is_refused(tmp_path):
    """Case 63."""
    ids = [f"P{number}" for number in range(100)]
    column = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(17_000_000, "f4")), 170_000)
    parquet.write_table(pa.table({"id": ids, "x": column}), tmp_path / "x.parquet")
    with pytest.raises(EmbeddingFileError, match="would unfold from"):
        read_embeddings(tmp_path / "x.parquet")


@pytest.mark.parametrize("byte", [0, 0x7F])
def test_a_parquet_footer_with_a_byte_wrong_ends_no_process(tmp_path, byte):
    """The objects in which pyarrow 26 tells of some such footers end it, uncaught."""
    path = tmp_path / "x.parquet"
    table = pa.table({"EntryID": ["P1", "P2"], "a": [0.5, 1.5]})
    parquet.write_table(table, path, store_schema=False)
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    refused = []
    for place in range(footer, footer + 64):
        path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        try:
            read_embeddings(path)
        except EmbeddingFileError as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all("x.parquet" in one for one in refused)


@pytest.mark.parametrize("make", [parquet_columns, parquet_lists, parquet_fixed_lists])
def test_the_bytes_that_a_parquet_footer_claims_are_those_that_pyarrow_reads(tmp_path, make):
    make(tmp_path / "x.parquet")
    facts = parquet.read_metadata(tmp_path / "x.parquet")
    groups = [facts.row_group(n) for n in range(facts.num_row_groups)]
    columns = [group.column(n) for group in groups for n in range(group.num_columns)]
    expected = sum(max(4 * one.num_values, one.total_uncompressed_size) for one in columns)
    assert claimed_bytes(tmp_path / "x.parquet") == expected


@pytest.mark.parametrize(
    "content",
    [
        b"PAR1" + b"\x19\xff" + b"\xff" * 8 + b"\x0f" + (11).to_bytes(4, "little") + b"PAR1",
        b"PAR1" + b"\x19" * 5000 + (5000).to_bytes(4, "little") + b"PAR1",  # list in list in ...
        b"PAR1" + b"\x1c" * 5000 + (5000).to_bytes(4, "little") + b"PAR1",
        b"PAR1" + b"\x16" + b"\xff" * 99 + (100).to_bytes(4, "little") + b"PAR1",
        b"PAR1" + b"\x00" + (2**31).to_bytes(4, "little") + b"PAR1",
        b"PAR1\x00" + (1).to_bytes(4, "little") + b"PAR1",
        b"PAR1",
    ],
)
def test_a_footer_made_to_hurt_is_refused(tmp_path, content):
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(EmbeddingFileError, match="its footer is damaged"):
        read_embeddings(tmp_path / "x.parquet")


def test_a_heap_of_text_whose_objects_take_no_bytes_is_not_walked_for_ever(tmp_path):
    """HDF5 2.0 goes round in circles in it."""
    path = tmp_path / "x.h5"
    write_h5(path, ids=IDS, vectors=VECTORS)
    content = path.read_bytes()
    start = content.index(b"GCOL") + 16
    for place in (start, start + 24):  # the first object, and the next
        path.write_bytes(content[:place] + bytes(16) + content[place + 16 :])
        with pytest.raises(EmbeddingFileError, match="its heap at byte"):
            read_embeddings(path)


def test_an_id_that_claims_gigabytes_takes_none(tmp_path):
    path = tmp_path / "x.h5"
    write_h5(path, ids=IDS, vectors=VECTORS)
    with h5py.File(path) as file:
        place = file["ids"].id.get_offset()
    content = path.read_bytes()
    path.write_bytes(content[:place] + b"\xff\xff\xff\x7f" + content[place + 4 :])
    with pytest.raises(EmbeddingFileError, match="claims 2,147,483,647 bytes"):
        read_embeddings(path)


def test_ids_of_a_parquet_table_that_are_no_unicode_are_refused(tmp_path):
    ids = pa.array([b"P1", b"P\xff"]).view(pa.string())
    parquet.write_table(pa.table({"EntryID": ids, "a": [0.5, 1.5]}), tmp_path / "x.parquet")
    with pytest.raises(EmbeddingFileError, match="'EntryID' holds text that is not UTF-8"):
        read_embeddings(tmp_path / "x.parquet")


CHUNKED = {
    "chunks": {"chunks": (2,)},
    "gzip": {"compression": "gzip"},
    "shuffled": {"compression": "gzip", "shuffle": True, "chunks": (2,)},
}


@pytest.mark.parametrize("name", CHUNKED)
def test_an_id_within_a_chunk_that_claims_gigabytes_takes_none(tmp_path, name):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("ids", data=IDS, dtype=h5py.string_dtype(), **CHUNKED[name])
        file["vectors"] = VECTORS
    assert read_embeddings(path)[1].tolist() == IDS
    with h5py.File(path, "a") as file:  # the longest text that a reference can claim
        chunk = file["ids"].chunks[0]
        content = np.frombuffer(b"\xff" * 4 + bytes(12), np.uint8).reshape(1, 16).repeat(chunk, 0)
        content = (content.T if name == "shuffled" else content).tobytes()
        content = content if name == "chunks" else zlib.compress(content)
        file["ids"].id.write_direct_chunk((0,), content)
    with pytest.raises(EmbeddingFileError, match="a text in it claims 4,294,967,295 bytes"):
        read_embeddings(path)


def test_ids_whose_lengths_a_filter_hides_are_refused(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("ids", data=IDS, dtype=h5py.string_dtype(), compression="lzf")
        file["vectors"] = VECTORS
    with pytest.raises(EmbeddingFileError, match="compressed by filter 32000, which hides"):
        read_embeddings(path)
