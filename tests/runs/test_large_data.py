"""Whole runs on vectors that are mapped and labels that stay sparse."""

import numpy as np
import pytest
from gans import no_room
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb.datasets import Embeddings, read_cafa, read_embeddings
from protimb.runs import audit, predict_terms, resample, train_classifier
from protimb.runs._predict import _read_new

__all__ = ["no_room"]


def test_mapped_proteins_are_those_that_are_read(cafa):
    read, mapped = (read_cafa(cafa, "mf", min_proteins=5, memory_map=one) for one in (False, True))
    assert isinstance(mapped.X, np.memmap)
    assert sparse.issparse(mapped.y)
    assert_array_equal(mapped.X, read.X)
    assert mapped.fingerprint() == read.fingerprint()
    rows, terms = [5, 3, 60], ["GO:0000002", "GO:9999999", "GO:0000001"]
    part, same = (one.take(rows).with_terms(terms) for one in (mapped, read))
    assert_array_equal(part.X, same.X)
    assert_array_equal(part.y.toarray(), same.y)
    assert_array_equal(part.n_terms_left_out, same.n_terms_left_out)


def test_a_folder_of_mapped_proteins_is_that_of_those_read(cafa, tmp_path):
    for kind in (False, True):
        read_cafa(cafa, "mf", memory_map=kind).write_cafa(tmp_path / str(kind))
    for path in (tmp_path / "False").iterdir():
        assert path.read_bytes() == (tmp_path / "True" / path.name).read_bytes()


@pytest.mark.usefixtures("no_room")
def test_many_rows_of_a_map_are_mapped_again_and_their_file_is_gone(cafa, tmp_path):
    vectors = np.load(cafa / "train_embeds.npy").astype(np.float16)
    np.save(tmp_path / "X.npy", vectors)
    ids = np.load(cafa / "train_ids.npy")
    X, _ = read_embeddings(tmp_path / "X.npy", ids, select=ids[::-2], memory_map=True)
    assert isinstance(X, np.memmap)
    assert (X.dtype, X.flags.writeable) == (np.float16, False)
    assert_array_equal(X, vectors[::-2])
    assert [path.name for path in tmp_path.iterdir()] == ["X.npy"]


@pytest.mark.usefixtures("no_room")
def test_a_run_on_mapped_proteins_goes_its_whole_way(cafa, train, tmp_path):
    run = train(tmp_path / "run")
    resample(tmp_path / "run", tmp_path / "enlarged")
    X = np.load(tmp_path / "enlarged" / "train_embeddings.npy")
    assert_array_equal(X, np.concatenate([np.load(cafa / "train_embeds.npy"), run.generated.X]))
    report = tmp_path / "report"
    judged = audit(cafa, tmp_path / "run", report, properties=["copies"], maps=("pca",))
    assert (report / "report.html").is_file()
    assert len(judged.rows.X) == len(run.generated.X)
    small = {"hidden_layer_sizes": (4,)}
    train_classifier(tmp_path / "model", cafa, "mf", epochs=1, classifier_params=small)
    model = tmp_path / "model"
    whole = predict_terms(model, cafa)
    in_memory = predict_terms(model, np.load(cafa / "train_embeds.npy"), protein_ids=whole.index)
    assert_array_equal(whole, in_memory)


def test_vectors_to_predict_are_read_where_they_lie(cafa, tmp_path):
    class Model:
        def check_vectors(self, X, path, encoder):
            assert isinstance(X, Embeddings)

    proteins = _read_new(cafa / "train_embeds.npy", None, Model(), {})
    assert_array_equal(proteins.vectors(slice(3, 5)), np.load(cafa / "train_embeds.npy")[3:5])
