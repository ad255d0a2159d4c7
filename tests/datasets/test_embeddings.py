"""Protein vectors: sizes are checked before memory is taken, rows are joined by id."""

import numpy as np
import pytest

from protimb.datasets import read_embeddings
from protimb.datasets._embeddings import READERS
from protimb.exceptions import EmbeddingFileError, EmbeddingWarning

IDS = ["P1", "P2", "P3"]
VECTORS = np.arange(6, dtype=np.float16).reshape(3, 2)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "train_embeds.npy"
    np.save(path, VECTORS)
    return path


def npy_header(tmp_path, shape):
    """A file that claims a shape and holds no data."""
    path = tmp_path / "claims.npy"
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
    return path


def test_all_rows_come_as_float32_in_the_order_of_the_file(path):
    X, ids = read_embeddings(path, IDS)
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, VECTORS)
    assert ids.tolist() == IDS


@pytest.mark.parametrize("ids", [IDS[:2], [*IDS, "P4"]])
def test_more_or_fewer_ids_than_rows_are_refused(path, ids):
    """Case 59."""
    with pytest.raises(EmbeddingFileError, match=f"3 vectors but {len(ids)} ids"):
        read_embeddings(path, ids)


def test_selected_proteins_come_in_the_order_asked_for(path):
    """Case 59: the same set in another order is aligned by id."""
    X, ids = read_embeddings(path, IDS, select=["P3", "P1", "P2"])
    assert X.tolist() == [[4, 5], [0, 1], [2, 3]]
    assert ids.tolist() == ["P3", "P1", "P2"]


def test_id_of_two_rows_is_refused(path):
    """Case 60."""
    with pytest.raises(EmbeddingFileError, match="1 ids name more than one vector: P1"):
        read_embeddings(path, ["P1", "P2", "P1"])


def test_protein_without_vector_is_refused(path):
    """Case 60."""
    with pytest.raises(EmbeddingFileError, match=r"no vector for 1 of 2.*P9.*missing='drop'"):
        read_embeddings(path, IDS, select=["P2", "P9"])


def test_protein_without_vector_can_be_dropped_with_the_coverage(path):
    """Case 60."""
    with pytest.warns(EmbeddingWarning, match=r"coverage 50\.0%"):
        X, ids = read_embeddings(path, IDS, select=["P9", "P2"], missing="drop")
    assert X.tolist() == [[2, 3]]
    assert ids.tolist() == ["P2"]


def test_no_vector_for_any_protein_is_refused_even_if_they_may_be_dropped(path):
    """Case 60."""
    with pytest.raises(EmbeddingFileError, match="another database"):
        read_embeddings(path, IDS, select=["X1", "X2"], missing="drop")


def test_policy_for_missing_proteins_is_checked(path):
    with pytest.raises(ValueError, match="'raise' or 'drop', got 'skip'"):
        read_embeddings(path, IDS, select=["P1"], missing="skip")


def test_ids_of_python_objects_are_refused_with_a_safe_way_out(path, tmp_path):
    """Case 61."""
    ids = tmp_path / "train_ids.npy"
    np.save(ids, np.array(IDS, dtype=object))
    with pytest.raises(EmbeddingFileError, match=r"(?s)unpickling runs code.*astype\(str\)"):
        read_embeddings(path, ids)


@pytest.mark.parametrize("missing", [None, np.nan, "", " "])
def test_row_without_an_id_is_refused_with_its_number(path, missing):
    """Case 60."""
    with pytest.raises(EmbeddingFileError, match="Row 1"):
        read_embeddings(path, ["P1", missing, "P3"])


def test_one_string_is_no_list_of_selected_proteins(path):
    with pytest.raises(EmbeddingFileError, match="one-dimensional"):
        read_embeddings(path, IDS, select="P1")


def test_bytes_ids_are_decoded(path, tmp_path):
    """Case 61."""
    ids = tmp_path / "train_ids.npy"
    np.save(ids, np.array([b"P1", b"sp|P2|X_HUMAN", b"P3"]))
    assert read_embeddings(path, ids)[1].tolist() == IDS


@pytest.mark.parametrize("n_cut", [1, 8, 100])
def test_truncated_matrix_is_refused(path, n_cut):
    """Case 62."""
    path.write_bytes(path.read_bytes()[:-n_cut])
    with pytest.raises(EmbeddingFileError, match=r"truncated|cut off"):
        read_embeddings(path, IDS)


def test_empty_file_is_refused(path):
    """Case 62."""
    path.write_bytes(b"")
    with pytest.raises(EmbeddingFileError, match=r"not an \.npy file"):
        read_embeddings(path, IDS)


def test_header_that_claims_40_terabytes_is_refused_before_allocation(tmp_path):
    """Case 62."""
    with pytest.raises(
        EmbeddingFileError, match=r"claims 40,000,000,000,128 bytes.*the file has 128"
    ):
        read_embeddings(npy_header(tmp_path, (10**10, 10**3)), IDS)


def test_header_that_overflows_64_bits_is_refused(tmp_path):
    """Case 62."""
    with pytest.raises(EmbeddingFileError, match="claims"):
        read_embeddings(npy_header(tmp_path, (2**62, 2**62)), IDS)


def test_header_with_an_open_bracket_is_refused(path):
    """Case 62: numpy's parser leaves it to Python's tokenizer, which raises an error of its own."""
    path.write_bytes(path.read_bytes().replace(b"), }", b" , }"))
    with pytest.raises(EmbeddingFileError, match=r"not an \.npy file"):
        read_embeddings(path, IDS)


@pytest.mark.parametrize("shape", [(0, 5), (3, 0)])
def test_matrix_without_rows_or_columns_is_refused(tmp_path, shape):
    """Case 62."""
    with pytest.raises(EmbeddingFileError, match="empty"):
        read_embeddings(npy_header(tmp_path, shape), IDS)


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((3, 4, 2)), np.full((3, 2), "x")])
def test_array_that_is_no_matrix_of_numbers_is_refused(path, array):
    np.save(path, array)
    with pytest.raises(EmbeddingFileError, match="expected a matrix of numbers"):
        read_embeddings(path, IDS)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vector_that_is_not_finite_is_refused_with_its_protein(path, value):
    vectors = VECTORS.copy()
    vectors[1, 0] = value
    np.save(path, vectors)
    with pytest.raises(EmbeddingFileError, match="1 vectors hold NaN or infinity: P2"):
        read_embeddings(path, IDS)


def test_suffix_names_the_formats_there_are(tmp_path):
    with pytest.raises(EmbeddingFileError, match=r"read from \.npy, .*, not from '\.pkl'"):
        read_embeddings(tmp_path / "vectors.pkl", IDS)


@pytest.mark.parametrize(
    ("vectors", "ids"),
    [
        ("X.npy", "X_ids.npy"),
        ("train_embeds.npy", "train_ids.npy"),
        ("train_embeddings.npy", "train_ids.npy"),
        ("train_embeddings.npy", "train_embeddings_ids.npy"),
    ],
)
def test_ids_are_found_beside_a_matrix(tmp_path, vectors, ids):
    np.save(tmp_path / vectors, VECTORS)
    np.save(tmp_path / ids, np.array(IDS))
    X, found = read_embeddings(tmp_path / vectors, select=["P3"])
    assert (X.tolist(), found.tolist()) == ([[4, 5]], ["P3"])


def test_a_matrix_without_ids_names_the_files_that_were_looked_for(path):
    looked_for = r"no train_embeds_ids\.npy or train_ids\.npy beside it"
    with pytest.raises(EmbeddingFileError, match=looked_for):
        read_embeddings(path)


def test_a_folder_stands_for_the_vectors_in_it(path, tmp_path):
    np.save(tmp_path / "train_ids.npy", np.array(IDS))
    assert read_embeddings(tmp_path)[1].tolist() == IDS


def test_a_folder_without_vectors_is_refused(tmp_path):
    with pytest.raises(EmbeddingFileError, match="Name a file in it; none is called train_embeds"):
        read_embeddings(tmp_path)


def test_a_missing_file_is_not_found_rather_than_damaged(tmp_path):
    for suffix in READERS:
        with pytest.raises(FileNotFoundError):
            read_embeddings(tmp_path / f"none{suffix}", IDS)


def test_file_is_left_as_it_was(path):
    before = path.read_bytes()
    X, _ = read_embeddings(path, IDS)
    X[:] = 0
    assert path.read_bytes() == before


def test_ids_in_another_encoding_are_refused_with_their_row(path):
    with pytest.raises(EmbeddingFileError, match=r"Row 1, .*xe9.*latin-1"):
        read_embeddings(path, np.array([b"P1", b"P\xe9", b"P3"]))


@pytest.mark.parametrize("descr", ["<U0", "|S0"])
def test_ids_of_no_width_are_refused_before_any_memory_is_taken(path, tmp_path, descr):
    """A header of 128 bytes may claim any number of them."""
    header = {"descr": descr, "fortran_order": False, "shape": (10**15,)}
    with (tmp_path / "ids.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(EmbeddingFileError, match="are all empty"):
        read_embeddings(path, tmp_path / "ids.npy")


def test_numbers_that_float32_cannot_hold_are_refused(path):
    np.save(path, np.array([[1.0], [1e300], [2.0]]))
    with pytest.raises(EmbeddingFileError, match=r"infinity: P2.*above 3e38"):
        read_embeddings(path, IDS)


@pytest.mark.parametrize("shape", [(-3, -2), (True, 2)])
def test_a_shape_that_no_array_has_is_refused(tmp_path, shape):
    with pytest.raises(EmbeddingFileError, match="damaged, its header claims shape"):
        read_embeddings(npy_header(tmp_path, shape), IDS)
