"""Vectors of terms: read strictly, aligned by name, and made so that relatives lie close."""

import gzip
import io
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest

from protimb.exceptions import OntologyError, TermVectorError, TermVectorWarning
from protimb.ontology import (
    GeneOntology,
    TermVectorizer,
    align_term_vectors,
    describe_terms,
    read_term_vectors,
)

TEXT = "2 3\nGO:0005488 0.5 0 1\nGO:0043167 0.25 0 1\n"

# function -> binding -> (ion -> zinc, copper), (protein -> antibody); function -> kinase
NAMES = {
    "GO:1": "function",
    "GO:2": "binding",
    "GO:3": "ion binding",
    "GO:4": "zinc ion binding",
    "GO:5": "copper ion binding",
    "GO:6": "protein binding",
    "GO:7": "antibody binding",
    "GO:8": "kinase activity",
}
PARENTS = {
    "GO:2": ["GO:1"],
    "GO:3": ["GO:2"],
    "GO:4": ["GO:3"],
    "GO:5": ["GO:3"],
    "GO:6": ["GO:2"],
    "GO:7": ["GO:6"],
    "GO:8": ["GO:1"],
}


@pytest.fixture(scope="module")
def ontology():
    return GeneOntology(
        names=NAMES,
        namespaces=dict.fromkeys(NAMES, "molecular_function"),
        parents=PARENTS,
        alt_ids={"GO:44": "GO:4"},
    )


def write(folder, name, text=TEXT):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.tsv"])
def test_a_term_and_its_numbers_a_line(tmp_path, name):
    text = TEXT.replace(" ", "\t") if name == "v.tsv" else TEXT
    vectors = read_term_vectors(write(tmp_path, name, text))
    assert list(vectors) == ["GO:0005488", "GO:0043167"]
    assert vectors["GO:0043167"].tolist() == [0.25, 0, 1]
    assert vectors["GO:0043167"].dtype == np.float32


def test_the_line_of_sizes_may_be_missing(tmp_path):
    assert len(read_term_vectors(write(tmp_path, "v.txt", TEXT.split("\n", 1)[1]))) == 2


def test_a_gzipped_file_is_read_and_a_cut_one_refused(tmp_path):
    content = gzip.compress(TEXT.encode())
    path = tmp_path / "v.txt.gz"
    path.write_bytes(content)
    assert len(read_term_vectors(path)) == 2
    path.write_bytes(content[:-6])
    with pytest.raises(TermVectorError, match="truncated"):
        read_term_vectors(path)


def test_an_archive_of_ids_and_vectors(tmp_path):
    path = tmp_path / "v.npz"
    np.savez_compressed(path, ids=["GO:1", "GO:2"], vectors=np.eye(2))
    assert read_term_vectors(path)["GO:2"].tolist() == [0, 1]


def test_ids_may_be_bytes(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, ids=np.array([b"GO:1"]), vectors=np.ones((1, 2)))
    assert list(read_term_vectors(path)) == ["GO:1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("GO:1 1 2\nGO:2 1\n", "line 2: 1 numbers after the term, expected 2"),
        ("GO:1 1 2\nGO:2 1 x\n", "line 2: not a number"),
        ("GO:1 1 2\nGO:1 1 3\n", "1 terms have more than one vector: GO:1"),
        ("GO:1 1 nan\nGO:2 1 3\n", "vectors of 1 terms hold NaN or infinity: GO:1"),
        ("GO:1 1 inf\n", "hold NaN or infinity: GO:1"),
        ("3 2\nGO:1 1 2\nGO:2 1 3\n", "promises 3 terms, the file has 2"),
        ("2 3\nGO:1 1 2\nGO:2 1 3\n", "line 2: 2 numbers after the term, expected 3"),
        ("GO:1\n", "line 1: 0 numbers"),
        ("", "no term vectors"),
        ("2 3\n", "no term vectors"),
    ],
)
def test_a_text_file_that_cannot_be_trusted_is_refused(tmp_path, text, message):
    with pytest.raises(TermVectorError, match=message):
        read_term_vectors(write(tmp_path, "v.txt", text))


def test_a_truncated_archive_is_refused(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, ids=["GO:1", "GO:2"], vectors=np.eye(2))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(TermVectorError, match="truncated"):
        read_term_vectors(path)


PUBLISHED = {"GO:0000001": [1.0, 2.0], "GO:0000002": [3.0, 4.0], "GO:0000003": [3.0, 4.0]}


def published(protocol):
    """What anc2vec's functions return: a dictionary of float32 vectors."""
    vectors = {term: np.array(row, dtype=np.float32) for term, row in PUBLISHED.items()}
    return boxed(vectors, protocol)


def boxed(thing, protocol=4):
    """The bytes of an .npy file of one object; NumPy has used the pickle protocols 3 and 4."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
    return file.getvalue() + pickle.dumps(np.array(thing, dtype=object), protocol=protocol)


def write_archive(path, **members):
    """Write bytes and arrays as members of an archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if not isinstance(content, bytes):
                file = io.BytesIO()
                np.save(file, content)
                content = file.getvalue()
            archive.writestr(f"{name}.npy", content)
    return path


@pytest.fixture
def no_unpickling(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_published_dictionary_of_vectors_is_read_and_not_unpickled(
    tmp_path, protocol, no_unpickling
):
    path = write_archive(tmp_path / "v.npz", embds=published(protocol))
    vectors = read_term_vectors(path)
    assert {term: vector.tolist() for term, vector in vectors.items()} == PUBLISHED


@pytest.mark.parametrize("protocol", [3, 4])
def test_published_rows_are_found_by_their_numbers(tmp_path, protocol, no_unpickling):
    rows = {f"GO:{number:07}": (number + 1) % 700 for number in range(700)}  # beyond one byte
    path = write_archive(
        tmp_path / "v.npz",
        term2index=boxed(rows, protocol),
        embeds=np.arange(1400, dtype=np.float32).reshape(700, 2),
    )
    vectors = read_term_vectors(path)
    assert len(vectors) == 700
    assert vectors["GO:0000000"].tolist() == [2, 3]
    assert vectors["GO:0000699"].tolist() == [0, 1]


class Malicious:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (Malicious(), "names 'builtins', which is no term"),
        ({"GO:0000001": Malicious()}, "names 'builtins', which is no term"),
        ({"GO:0000001": np.ones(2)}, "names 'f8'"),
        ({"GO:0000001": np.ones(2, dtype=">f4")}, "names '>'"),
        ({"GO:0000001": np.ones(2, "f4"), "GO:0000002": np.ones(3, "f4")}, "differ in length"),
        ({"GO:0000001": None}, "no dictionary of terms"),
        ({"GO:0000001": 1.5}, "needs the step BINFLOAT"),
        ({}, "no dictionary of terms"),
        (["GO:0000001"], "no dictionary of terms"),
    ],
)
def test_an_object_that_is_no_dictionary_of_vectors_is_refused_unread(
    tmp_path, thing, message, no_unpickling, capsys
):
    path = write_archive(tmp_path / "v.npz", embds=boxed(thing))
    with pytest.raises(TermVectorError, match=message):
        read_term_vectors(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("rows", [{"GO:1": 0}, {"GO:1": 0, "GO:2": 0}, {"GO:1": 1, "GO:2": 2}])
def test_published_rows_are_named_once_each(tmp_path, rows):
    path = write_archive(tmp_path / "v.npz", term2index=boxed(rows), embeds=np.eye(2))
    with pytest.raises(TermVectorError, match="do not name each of 2 rows once"):
        read_term_vectors(path)


def test_a_cut_dictionary_is_refused(tmp_path):
    path = write_archive(tmp_path / "v.npz", embds=published(4)[:-60])
    with pytest.raises(TermVectorError, match="damaged archive"):
        read_term_vectors(path)


def test_one_array_a_term_under_its_id(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, **{term: np.array(row) for term, row in PUBLISHED.items()})
    vectors = read_term_vectors(path)
    assert {term: vector.tolist() for term, vector in vectors.items()} == PUBLISHED


@pytest.mark.parametrize("array", ["ids", "vectors"])
def test_arrays_of_python_objects_are_refused_because_reading_them_runs_code(tmp_path, array):
    path = tmp_path / "v.npz"
    arrays = {"ids": np.array(["GO:1"]), "vectors": np.ones((1, 2))}
    np.savez(path, **{**arrays, array: arrays[array].astype(object)})
    with pytest.raises(TermVectorError, match="holds Python objects"):
        read_term_vectors(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"ids": ["GO:1"]}, "expected the arrays 'ids' and 'vectors'"),
        ({"ids": ["GO:1"], "vectors": np.eye(2)}, "1 ids, but 2 vectors"),
        ({"ids": [1, 2], "vectors": np.eye(2)}, "expected ids as text"),
        ({"ids": ["GO:1"], "vectors": np.ones(2)}, "expected ids as text"),
    ],
)
def test_an_archive_of_other_arrays_is_refused(tmp_path, arrays, message):
    path = tmp_path / "v.npz"
    np.savez(path, **arrays)
    with pytest.raises(TermVectorError, match=message):
        read_term_vectors(path)


def test_an_archive_that_unfolds_beyond_reason_is_refused(tmp_path):
    path = tmp_path / "v.npz"
    np.savez_compressed(path, ids=["GO:1"], vectors=np.zeros((1, 20_000_000), dtype=np.float32))
    with pytest.raises(TermVectorError, match="would unfold"):
        read_term_vectors(path)


def test_an_archive_with_one_flipped_byte_is_refused(tmp_path):
    path = tmp_path / "v.npz"
    vectors = np.array([[1.5, 2.5]])
    np.savez(path, ids=["GO:1"], vectors=vectors)
    content = bytearray(path.read_bytes())
    content[content.index(vectors.tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(TermVectorError, match="damaged"):
        read_term_vectors(path)


def test_other_formats_and_addresses_are_refused(tmp_path):
    with pytest.raises(TermVectorError, match=r"read from .npz, .tsv, .txt, .vec"):
        read_term_vectors(tmp_path / "v.pkl")
    with pytest.raises(TermVectorError, match="local files only"):
        read_term_vectors("https://example.org/v.txt")


def test_vectors_follow_the_columns_and_gaps_are_nan():
    with pytest.warns(TermVectorWarning, match=r"1 of 3 terms have no vector \(GO:9\)"):
        vectors = align_term_vectors({"GO:1": [1, 2], "GO:2": [3, 4]}, ["GO:2", "GO:9", "GO:1"])
    np.testing.assert_array_equal(vectors, [[3, 4], [np.nan, np.nan], [1, 2]])
    assert vectors.dtype == np.float32


def test_a_data_frame_is_read_by_its_index():
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["GO:1", "GO:2"])
    assert align_term_vectors(frame, ["GO:2"]).tolist() == [[3, 4]]


def test_an_array_is_taken_row_by_row():
    rows = np.array([[1.0, 2.0], [np.nan, np.nan]])
    with pytest.warns(TermVectorWarning, match="1 of 2 terms"):
        np.testing.assert_array_equal(align_term_vectors(rows, ["a", "b"]), rows)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ({"a": [1, 2], "b": [1, 2], "c": [1]}, r"most have 2 numbers, 1 another number .*\(c\)"),
        ({"a": [1, 2], "b": [1, np.nan], "c": [1, 2]}, "vectors of 1 terms hold NaN.*: b"),
        ({"a": [1, np.inf], "b": [1, 2], "c": [1, 2]}, "hold NaN or infinity: a"),
        ({"a": "text", "b": [1, 2], "c": [1, 2]}, "must be numbers"),
        ({"a": 1.0, "b": 2.0, "c": 3.0}, "one row of numbers"),
        ({"x": [1, 2]}, "None of the 3 terms has a vector.*a, b, c, vectors like x"),
        ({}, "None of the 3 terms"),
        (np.ones((2, 4)), "2 rows, but there are 3 terms"),
        (np.full((3, 2), np.nan), "None of the 3 terms has a vector"),
        ([[1, 2], [1, np.nan], [1, 2]], "hold NaN or infinity: b"),
    ],
)
def test_vectors_that_fit_no_table_are_refused(vectors, message):
    with pytest.raises(TermVectorError, match=message):
        align_term_vectors(vectors, ["a", "b", "c"])


def test_relatives_lie_closer_than_strangers(ontology):
    vectorizer = TermVectorizer(6).fit(ontology)
    zinc, copper, antibody, kinase = vectorizer.transform(["GO:4", "GO:5", "GO:7", "GO:8"])
    assert zinc @ copper > zinc @ antibody > zinc @ kinase


@pytest.mark.parametrize("weight", [0, 1])
def test_ancestors_alone_and_names_alone_make_vectors_too(ontology, weight):
    zinc, copper, kinase = (
        TermVectorizer(6, name_weight=weight).fit(ontology).transform(["GO:4", "GO:5", "GO:8"])
    )
    assert zinc @ copper > zinc @ kinase


def test_vectors_have_unit_length_or_none_and_are_the_same_each_time(ontology):
    first, second = (TermVectorizer(4).fit_transform(ontology) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    lengths = dict(zip(ontology.terms, np.linalg.norm(first, axis=1), strict=True))
    # Four components keep nothing of the root: its one word is its own.
    assert lengths.pop("GO:1") == 0
    np.testing.assert_allclose(list(lengths.values()), 1, rtol=1e-5)


def test_information_runs_from_root_to_leaf(ontology):
    information = dict(
        zip(ontology.terms, TermVectorizer(2).fit(ontology).information_, strict=True)
    )
    assert information["GO:1"] == 0
    assert information["GO:4"] == 1
    # GO:3 has three terms below it, itself included, of eight.
    assert information["GO:3"] == pytest.approx(1 - np.log(3) / np.log(8))


def test_alternative_ids_are_resolved_and_unknown_ones_counted(ontology):
    vectorizer = TermVectorizer(4).fit(ontology)
    with pytest.warns(TermVectorWarning, match=r"2 terms are not in this ontology .*GO:98, GO:99"):
        vectors = vectorizer.transform(["GO:44", "GO:98", "GO:4", "GO:99"])
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert np.isnan(vectors[[1, 3]]).all()


def test_the_mapping_leaves_unknown_terms_out_and_aligns_again(ontology):
    vectorizer = TermVectorizer(4).fit(ontology)
    with pytest.warns(TermVectorWarning, match="1 terms"):
        assert list(vectorizer.vectors(["GO:4", "GO:99"])) == ["GO:4"]
    aligned = align_term_vectors(vectorizer.vectors(), ["GO:8", "GO:2"])
    np.testing.assert_array_equal(aligned, vectorizer.transform(["GO:8", "GO:2"]))


def test_vectors_are_narrower_where_the_ontology_is_small(ontology):
    assert TermVectorizer(64).fit_transform(ontology).shape == (8, 7)


def test_a_namespace_that_is_not_there_is_named_with_those_that_are(ontology):
    with pytest.raises(OntologyError, match=r"namespace='function'.*molecular_function"):
        TermVectorizer(namespace="function").fit(ontology)


@pytest.mark.parametrize(("name", "value"), [("n_components", 0), ("name_weight", 1.5)])
def test_sizes_that_make_no_vectors_are_named(ontology, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TermVectorizer must be"):
        TermVectorizer(**{name: value}).fit(ontology)


@pytest.fixture(scope="module")
def two_namespaces(ontology):
    processes = {f"GO:10{k}": f"process of kind {k}" for k in range(9)}
    return GeneOntology(
        names=NAMES | processes,
        namespaces=dict(ontology.namespaces) | dict.fromkeys(processes, "biological_process"),
        parents=PARENTS | {child: ["GO:100"] for child in list(processes)[1:]},
    )


def test_terms_of_one_namespace_are_described_as_if_there_were_no_other(two_namespaces):
    terms = ["GO:4", "GO:5", "GO:8"]
    described = describe_terms(two_namespaces, terms, n_components=3)
    alone = TermVectorizer(3, namespace="molecular_function").fit(two_namespaces).vectors(terms)
    assert list(described) == terms
    np.testing.assert_array_equal([*described.values()], [*alone.values()])
    # Three components that also have to tell nine processes apart keep less of the functions.
    shared = TermVectorizer(3).fit(two_namespaces)
    within = TermVectorizer(3, namespace="molecular_function").fit(two_namespaces)
    assert within.explained_variance_ratio_ > shared.explained_variance_ratio_


def test_terms_of_two_namespaces_share_the_components(two_namespaces):
    terms = ["GO:4", "GO:103"]
    described = describe_terms(two_namespaces, terms, n_components=3)
    shared = TermVectorizer(3).fit(two_namespaces).vectors(terms)
    np.testing.assert_array_equal([*described.values()], [*shared.values()])


def test_ids_that_no_term_answers_to_are_counted_and_not_described(two_namespaces):
    with pytest.warns(TermVectorWarning, match="1 terms are not in this ontology"):
        described = describe_terms(two_namespaces, ["GO:99", "GO:4"])
    assert list(described) == ["GO:4"]


def test_a_string_in_place_of_terms_is_refused(ontology):
    for describe in (
        TermVectorizer(3).fit(ontology).transform,
        TermVectorizer(3).fit(ontology).vectors,
        lambda terms: describe_terms(ontology, terms),
    ):
        with pytest.raises(ValueError, match=r"terms is a collection.*Pass \['GO:4'\]"):
            describe("GO:4")
