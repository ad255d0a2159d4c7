"""A set of proteins: cut, split, labelled anew, and written so that it reads the same."""

import hashlib
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from protimb.datasets import (
    ProteinData,
    load_human_go,
    make_longtail_multilabel,
    read_cafa,
    read_fasta,
)
from protimb.exceptions import InvalidLabelsError
from protimb.ontology import GeneOntology, ObsoleteTerm, read_obo
from protimb.ontology._obo_text import obo_text


@pytest.fixture
def toy():
    return make_longtail_multilabel(60, 5, 8, random_state=0)


@pytest.fixture
def cafa(toy, tmp_path):
    toy.write_cafa(tmp_path / "cafa")
    lines = [f">{one}\nMKV{'A' * k}\n" for k, one in enumerate(toy.protein_ids[:-1])]
    (tmp_path / "cafa" / "train_sequences.fasta").write_text("".join(lines))
    return tmp_path / "cafa"


def assert_same(one, other):
    for name in ("X", "y", "protein_ids", "terms", "term_names", "groups"):
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert one.ontology == other.ontology
    assert one.DESCR == other.DESCR
    assert one.fingerprint() == other.fingerprint()


def test_what_is_written_reads_the_same(toy, tmp_path):
    assert (toy.y.sum(axis=1) == 0).any()  # proteins without a term are not lost
    toy.write_cafa(tmp_path / "out")
    assert_same(read_cafa(tmp_path / "out", "mf", min_proteins=1), toy)


def test_sequences_are_written_where_there_are_some(cafa, tmp_path):
    data = read_cafa(cafa, "mf", min_proteins=1)  # the last protein has none
    data.write_cafa(tmp_path / "out")
    written = read_fasta(tmp_path / "out" / "train_sequences.fasta")
    assert written == read_fasta(cafa / "train_sequences.fasta")
    assert_same(read_cafa(tmp_path / "out", "mf", min_proteins=1), data)


def test_real_proteins_are_written_and_read_the_same(tmp_path):
    data = load_human_go("cc", min_proteins=20, max_proteins=2000)
    data = data.take(np.arange(0, len(data.X), 20))
    data = data.with_terms(data.terms[data.y.any(axis=0)])
    data.sequences = {}
    data.write_cafa(tmp_path / "out")
    again = read_cafa(tmp_path / "out", "cc", min_proteins=1)
    assert_same(again.with_terms(data.terms), data)  # frequent ancestors come back too


def test_frames_are_written_like_arrays(cafa, tmp_path):
    frames = read_cafa(cafa, "mf", min_proteins=1, as_frame=True)
    frames.write_cafa(tmp_path / "out")
    assert_same(read_cafa(tmp_path / "out", "mf", min_proteins=1), read_cafa(cafa, min_proteins=1))


def test_a_folder_that_holds_something_is_left_alone(toy, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not an empty folder"):
        toy.write_cafa(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_terms_outside_go_are_refused_and_nothing_is_left(toy, tmp_path):
    names = dict.fromkeys(toy.ontology.names, "a name")
    spaces = dict.fromkeys(names, "phenotype")
    toy.ontology = GeneOntology(names, spaces, toy.ontology.parents)
    with pytest.raises(ValueError, match="these are of 'phenotype'"):
        toy.write_cafa(tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rows", [[5, 0, 3], np.array([5, 0, 3]), []])
def test_proteins_are_taken_in_the_order_asked_for(cafa, rows):
    data = read_cafa(cafa, "mf", min_proteins=1)
    part = data.take(rows)
    wanted = list(rows)
    np.testing.assert_array_equal(part.X, data.X[wanted] if wanted else data.X[:0])
    assert part.protein_ids.tolist() == [data.protein_ids[row] for row in wanted]
    assert part.groups.tolist() == [data.groups[row] for row in wanted]
    assert dict(part.sequences) == {one: data.sequences[one] for one in part.protein_ids}
    assert part.y.shape == (len(wanted), data.y.shape[1])
    assert part.terms is data.terms


def test_a_mask_takes_the_rows_that_it_marks(toy):
    mask = toy.y[:, 0] == 1
    assert toy.take(mask).protein_ids.tolist() == toy.protein_ids[mask].tolist()


def test_sequences_that_are_a_dict_follow(toy):
    toy.sequences = dict.fromkeys(toy.protein_ids[:2].tolist(), "MKV")
    assert toy.take([1, 2]).sequences == {str(toy.protein_ids[1]): "MKV"}


def test_frames_stay_frames(cafa):
    frames = read_cafa(cafa, "mf", min_proteins=1, as_frame=True)
    part = frames.take([2, 0]).with_terms(frames.terms[[1, 0]])
    pd.testing.assert_frame_equal(part.X, frames.X.iloc[[2, 0]])
    pd.testing.assert_frame_equal(part.y, frames.y.iloc[[2, 0], [1, 0]], check_names=False)


def test_the_original_is_left_as_it_was(toy):
    before = toy.fingerprint()
    toy.take([0]).X[:] = 0
    toy.with_terms(toy.terms[:2]).y[:] = 0
    toy.split_by_cluster(random_state=0)
    assert toy.fingerprint() == before


def test_other_terms_come_in_their_order_and_those_without_protein_are_zero(toy):
    absent = "TOY:0000000"  # the root has no column
    part = toy.with_terms([toy.terms[3], absent, toy.terms[0], "TOY:9"])
    np.testing.assert_array_equal(part.y[:, [0, 2]], toy.y[:, [3, 0]])
    assert not part.y[:, [1, 3]].any()
    assert part.y.dtype == toy.y.dtype
    assert part.term_names.tolist() == ["toy term 4", "toy term 0", "toy term 1", "TOY:9"]
    assert part.terms.tolist() == [toy.terms[3], absent, toy.terms[0], "TOY:9"]


def test_a_string_in_place_of_terms_is_refused(toy):
    with pytest.raises(ValueError, match="terms is a collection, got the string 'TOY:0000001'"):
        toy.with_terms("TOY:0000001")


def test_a_split_parts_no_cluster_and_loses_no_protein(toy):
    train, test = toy.split_by_cluster(random_state=1, test_size=0.3)
    assert not set(train.groups) & set(test.groups)
    assert len(set(test.groups)) == round(0.3 * len(set(toy.groups)))
    assert sorted([*train.protein_ids, *test.protein_ids]) == toy.protein_ids.tolist()
    for part in (train, test):
        assert part.protein_ids.tolist() == sorted(part.protein_ids)


def test_the_fingerprint_is_the_hash_of_all_parts_one_after_another(toy):
    names = ["\n".join(toy[name]) for name in ("protein_ids", "terms", "groups")]
    content = toy.X.tobytes() + toy.y.tobytes() + "".join(names).encode()
    assert toy.fingerprint() == {
        "n_proteins": 60,
        "n_features": 5,
        "n_terms": 8,
        "n_clusters": 30,
        "ontology_version": "toy",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@pytest.mark.parametrize("name", ["X", "y", "protein_ids", "terms", "groups"])
def test_every_part_of_the_data_is_in_the_fingerprint(toy, name):
    other = ProteinData(**toy)
    other[name] = toy[name][::-1]
    assert other.fingerprint()["sha256"] != toy.fingerprint()["sha256"]
    other[name] = toy[name].copy()
    assert other.fingerprint() == toy.fingerprint()


def test_methods_are_listed_beside_fields_and_the_object_is_a_bunch(toy):
    assert {"X", "groups", "take", "write_cafa"} <= set(dir(toy))
    assert isinstance(toy, Bunch)
    again = pickle.loads(pickle.dumps(toy))
    assert isinstance(again, ProteinData)
    assert_same(again, toy)


def test_a_bunch_of_the_same_fields_becomes_proteins(toy):
    frame = pd.DataFrame(toy.y, columns=toy.terms)
    made = ProteinData.from_fields(Bunch(**toy | {"y": frame, "extra": 1}))
    assert_same(made, toy)
    assert isinstance(made.y, np.ndarray)


def test_a_bunch_that_lacks_something_or_does_not_fit_is_refused(toy):
    with pytest.raises(ValueError, match="Bunch without groups"):
        ProteinData.from_fields(Bunch(**{k: v for k, v in toy.items() if k != "groups"}))
    with pytest.raises(ValueError, match="inconsistent"):
        ProteinData.from_fields(Bunch(**toy | {"groups": toy.groups[:-1]}))
    with pytest.raises(InvalidLabelsError, match="8 columns, but 7 terms"):
        ProteinData.from_fields(Bunch(**toy | {"terms": toy.terms[:-1]}))


def test_an_ontology_written_as_text_reads_the_same(tmp_path):
    names = {"GO:1": r"a {b=c} ! \d", "GO:2": "two\nlines", "GO:3": "x", "GO:9": "alone"}
    ontology = GeneOntology(
        names=names,
        namespaces=dict.fromkeys(names, "biological_process") | {"GO:9": "other"},
        parents={"GO:3": ("GO:2", "GO:1"), "GO:2": ("GO:1",)},
        alt_ids={"GO:33": "GO:3", "GO:34": "GO:3"},
        obsolete={"GO:4": ObsoleteTerm(("GO:3",)), "GO:5": ObsoleteTerm((), ("GO:1", "GO:2"))},
        version="releases/2026-01-01",
    )
    path = tmp_path / "toy.obo"
    path.write_text(obo_text(ontology), encoding="utf-8")
    assert read_obo(path) == ontology


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\rb", "a\0b", "", " "])
@pytest.mark.parametrize("field", ["protein_ids", "groups"])
def test_names_that_no_table_can_hold_are_refused_and_nothing_is_left(toy, tmp_path, field, name):
    names = toy[field].astype(object)
    names[3] = name
    toy[field] = names.astype(str) if name != "a\0b" else names
    with pytest.raises(ValueError, match="1 names cannot be a"):
        toy.write_cafa(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_proteins_of_one_id_and_vectors_without_value_are_not_written(toy, tmp_path):
    twice = np.array([f"sp|{toy.protein_ids[1]}|X", *toy.protein_ids[1:]])
    with pytest.raises(ValueError, match="1 ids name more than one protein: TOY00001"):
        ProteinData(**{**toy, "protein_ids": twice}).write_cafa(tmp_path / "out")
    with pytest.raises(ValueError, match="contains NaN"):
        ProteinData(**{**toy, "X": toy.X * np.nan}).write_cafa(tmp_path / "out")


@pytest.mark.parametrize("rows", [[True, False], [True] * 61, [1.7], ["TOY00001"], [[1, 2]], 3])
def test_rows_that_are_no_row_numbers_are_refused(toy, rows):
    with pytest.raises(ValueError, match=r"whole numbers, or a mask of shape \(60,\)"):
        toy.take(rows)


def test_terms_may_come_from_an_iterator(toy):
    assert toy.with_terms(iter(toy.terms[:2])).terms.tolist() == toy.terms[:2].tolist()


def test_the_folder_one_is_in_is_not_replaced(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileExistsError, match=r"'\.' is the folder you are in"):
        toy.write_cafa(".")


def test_a_link_to_a_folder_yet_to_be_made_is_followed(toy, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    toy.write_cafa(tmp_path / "link")
    assert (tmp_path / "target" / "clusters.tsv").is_file()
    assert (tmp_path / "link").is_symlink()


def test_terms_that_repeat_are_refused(toy):
    toy.terms = np.array([toy.terms[0], *toy.terms[:-1]])
    with pytest.raises(InvalidLabelsError, match=f"share a term: {toy.terms[0]}"):
        ProteinData.from_fields(toy)


@pytest.fixture
def frames(toy):
    """The same proteins in frames, the columns of y turned."""
    X = pd.DataFrame(toy.X, index=toy.protein_ids)
    y = pd.DataFrame(toy.y, index=toy.protein_ids, columns=toy.terms)
    return ProteinData(**{**toy, "X": X, "y": y.iloc[:, ::-1]})


def test_columns_of_a_frame_are_found_by_name(toy, frames, tmp_path):
    np.testing.assert_array_equal(ProteinData.from_fields(frames).y, toy.y)
    np.testing.assert_array_equal(frames.with_terms(toy.terms).y.to_numpy(), toy.y)
    assert frames.fingerprint() == toy.fingerprint()
    frames.write_cafa(tmp_path / "out")
    assert_same(read_cafa(tmp_path / "out", "mf", min_proteins=1), toy)


@pytest.mark.parametrize("name", ["X", "y"])
def test_a_frame_whose_rows_are_other_proteins_is_refused(frames, name):
    turned = ProteinData(**{**frames, name: frames[name].iloc[::-1]})
    with pytest.raises(InvalidLabelsError, match=f"protein_ids and {name} have the same ids in a"):
        ProteinData.from_fields(turned)


def test_no_rows_and_rows_from_the_end_can_be_taken(toy):
    assert toy.take([]).X.shape == (0, 5)
    assert toy.take([-1]).protein_ids.tolist() == [toy.protein_ids[59]]


def test_a_term_is_asked_for_once(toy):
    first = toy.terms[0]
    with pytest.raises(ValueError, match=f"terms names {first} twice"):
        toy.with_terms([first, first])


def test_terms_that_are_left_out_are_counted_protein_by_protein(write_cafa, tmp_path):
    """Six proteins a cycle: the root, four times without more, a binder, a rare binder."""
    folder = write_cafa(tmp_path / "cafa", [])
    few = read_cafa(folder, "mf", min_proteins=16)  # 15 bind in the rare way, 30 bind
    assert few.terms.tolist() == ["GO:0000001"]
    assert few.n_terms_left_out.tolist() == [0, 0, 0, 0, 0, 1] * 15
    every = read_cafa(folder, "mf", min_proteins=1)
    assert not every.n_terms_left_out.any()
    assert every.take([5, 4]).with_terms(["GO:0000001"]).n_terms_left_out.tolist() == [1, 0]
    binder = {"GO:0000001"}
    again = ProteinData.from_arrays(
        few.X,
        {one: {"GO:0000002"} for one in few.protein_ids[5::6]} | {few.protein_ids[4]: binder},
        few.ontology,
        protein_ids=few.protein_ids,
        min_proteins=16,
    )
    assert again.n_terms_left_out.tolist() == [0] + [1] * 15


@pytest.mark.parametrize("container", ["toy", "frames"])
def test_what_other_data_know_is_found_by_protein_id(toy, container, request):
    """The other data turn the order around, and know nothing of the first two proteins."""
    n_rows = len(toy.protein_ids)
    other = request.getfixturevalue(container).take(range(n_rows - 1, 0, -1))
    ids = np.array([*other.protein_ids[:-1], "elsewhere"])
    if container == "frames":
        others_terms = {f"X{term}": term for term in toy.terms}
        y = other.y.set_axis([f"X{term}" for term in other.y.columns], axis=1)
        other = ProteinData(**{**other, "y": y, "terms": list(others_terms)})
    else:
        other = ProteinData(**{**other, "terms": [f"X{term}" for term in toy.terms]})
    other["protein_ids"] = ids
    more = ProteinData(**{**toy, "terms": [f"Z{term}" for term in toy.terms]})
    known = toy.labels_in(other, more)
    expected = toy.y.copy()
    expected[:2] = 0
    np.testing.assert_array_equal(known.toarray(), np.hstack([expected, toy.y]))
    assert known.dtype == np.uint8


@pytest.mark.parametrize(
    ("n_others", "said"), [(0, "Name the data that know more"), (1, "Pass data of other")]
)
def test_labels_of_the_same_terms_are_refused_as_what_is_known(toy, n_others, said):
    with pytest.raises(ValueError, match=said):
        toy.labels_in(*[toy] * n_others)


def test_a_protein_that_other_data_name_twice_is_named(toy):
    other = ProteinData(**{**toy, "terms": [f"X{term}" for term in toy.terms]})
    twice = other.take([0, 1, 1])
    with pytest.raises(ValueError, match=f"{toy.protein_ids[1]} are several rows. Merge them"):
        toy.labels_in(twice)
