"""A run leaves a folder from which everything about it can be read."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from protimb.comparison import compare
from protimb.datasets import make_longtail_multilabel, read_cafa
from protimb.exceptions import ArtifactError, MemoryEstimateError, ProtimbWarning, ShortfallWarning
from protimb.ontology import TermVectorizer
from protimb.over_sampling import CGANSampler
from protimb.runs import Generated

pytestmark = pytest.mark.usefixtures("blank_figures")


def test_the_folder_tells_what_was_done(run, cafa):
    names = {path.name for path in run.folder.iterdir()}
    assert names >= {"checkpoints", "losses.png", "quality.csv", "quality_by_term.csv"}
    config = json.loads((run.folder / "config.json").read_text())
    assert config["settings"]["data"] == str(cafa)
    assert config["parameters"]["backbone__n_hidden"] == 8
    assert config["parameters"]["lr"] == run.sampler.lr  # also what nobody asked for
    assert config["data"]["n_proteins"] == 90
    assert config["environment"]["packages"]["torch"]
    history = pd.read_csv(run.folder / "history.csv")
    assert history["epoch"].tolist() == [1, 2]


def test_generated_proteins_fill_the_plan_under_labels_of_real_ones(run, cafa):
    generated = run.generated
    bunch = read_cafa(cafa, "mf", min_proteins=5)
    y = pd.DataFrame(bunch.y, index=bunch.protein_ids, columns=bunch.terms)
    assert generated.terms.tolist() == ["GO:0000001", "GO:0000002"]
    np.testing.assert_array_equal(generated.y.toarray(), y.loc[generated.conditioned_on])
    carries_target = y.to_numpy()[
        y.index.get_indexer(generated.conditioned_on),
        y.columns.get_indexer(generated.target_terms),
    ]
    assert carries_target.all()
    n_real = run.sampler.sampling_plan_["n_before"]
    assert (n_real + generated.y.sum(axis=0) >= 30).all()
    assert generated.X.shape == (len(generated.ids), 8)


def test_no_generated_protein_learns_from_one_that_was_held_out(run, train, tmp_path):
    held_out = run.quality.n_rows["held_out"]
    n_used = run.sampler.sampling_plan_["n_before"]
    everything = train(tmp_path / "all", hold_out=0.0)
    n_all = everything.sampler.sampling_plan_["n_before"]
    assert held_out + run.quality.n_rows["X"] == 90
    assert 0 < (n_all - n_used).min() < held_out


def test_quality_is_told_in_figures_and_words_beside_that_of_real_proteins(run):
    written = pd.read_csv(run.folder / "quality.csv", index_col="property")
    table = run.quality.to_frame()
    np.testing.assert_allclose(written["score"], table["score"])
    assert written["asks"].tolist() == table["asks"].tolist()
    assert set(written.columns) >= {"score", "real", "threshold", "passed", "reason"}
    assert run.quality.n_rows["X_new"] == len(run.generated.ids)


def test_a_guard_that_takes_copies_is_told_of_in_the_folder(train, params, cafa, tmp_path):
    run = train(tmp_path / "run", sampler_params=params | {"guard": "ridge"})
    by_term = pd.read_csv(run.folder / "quality_by_term.csv", index_col="term")
    # Two checks of a tiny network, a single held-out member: nothing is surely better than copies.
    assert by_term.loc["GO:0000002", "made_by"] == "copied"
    real = {row.tobytes() for row in read_cafa(cafa, "mf", min_proteins=5).X}
    assert {row.tobytes() for row in run.generated.X.astype(np.float32)} <= real


def test_what_was_generated_is_read_back_whole(run):
    read = Generated.load(run.folder / "generated.npz")
    for name, value in vars(run.generated).items():
        np.testing.assert_array_equal(getattr(read, name), value)
    assert read.provenance()["seed"].unique().tolist() == [0]


def test_names_of_several_filters_make_a_chain(train, params, tmp_path):
    chained = {"quality_filter": ["cosine", "fidelity"], "max_rounds": 1, "generate_from": "noise"}
    with pytest.warns(ShortfallWarning, match="fewer members than planned"):
        run = train(tmp_path / "run", sampler_params=params | chained)
    assert list(run.sampler.quality_filter_.filters_) == ["cosine", "fidelity"]


def test_the_seed_decides_what_is_generated(run, train, tmp_path):
    again, other = (train(tmp_path / str(s), random_state=s).generated for s in (0, 1))
    np.testing.assert_array_equal(again.X, run.generated.X)
    np.testing.assert_array_equal(again.conditioned_on, run.generated.conditioned_on)
    assert not np.array_equal(other.X, run.generated.X)


def test_a_folder_that_holds_something_is_left_alone(train, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not an empty folder"):
        train(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"backbone": "mlq"}, "'backbone' parameter of CGANSampler must be one of mlp"),
        ({"n_latentt": 4}, "Invalid parameter 'n_latentt'"),
        ({"n_latent": 0}, "The 'n_latent' parameter"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_is_written(train, tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run", sampler_params=wrong)
    assert not (tmp_path / "run").exists()


def test_more_rows_than_memory_holds_are_refused_before_training_and_leave_no_run(
    train, params, tmp_path
):
    too_many = {**params, "sampling_strategy": 10**12}
    with pytest.raises(MemoryEstimateError, match="synthetic rows would take at least"):
        train(tmp_path / "run", sampler_params=too_many)
    train(tmp_path / "run", sampler_params=params)  # the name is free


def test_a_file_that_is_no_archive_is_named(tmp_path):
    """Cases 69 and 70."""
    path = tmp_path / "generated.npz"
    for content in (b"", b"PK\x03\x04 cut", b"\x80\x04N."):
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match="no file of generated proteins"):
            Generated.load(path)
    with pytest.raises(FileNotFoundError):
        Generated.load(tmp_path / "missing.npz")


@pytest.mark.parametrize("condition", ["term_vectors", "both"])
def test_a_comparison_and_a_run_describe_terms_by_the_same_vectors(
    train, cafa, params, tmp_path, monkeypatch, condition
):
    given = []
    fit_resample = CGANSampler.fit_resample

    def spy(self, X, y):
        given.append(self.term_vectors)
        return fit_resample(self, X, y)

    monkeypatch.setattr(CGANSampler, "fit_resample", spy)
    asked = {**params, "condition": condition}
    run = train(tmp_path / "run", sampler_params=asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # two epochs: little of it is good
        compare(
            cafa,
            min_proteins=5,
            arms=["cgan"],
            sampling_strategy=30,
            sampler_params={"cgan": asked},
            max_steps=1,
            n_resamples=2,
        )
    vectors = run.sampler.model_.term_vectors_
    np.testing.assert_array_equal(vectors, [given[0][term] for term in run.sampler.terms_])
    alone = TermVectorizer(namespace="molecular_function").fit(read_cafa(cafa, "mf").ontology)
    np.testing.assert_array_equal(vectors, [alone.vectors([t])[t] for t in run.sampler.terms_])


def test_data_that_no_later_run_could_find_are_refused_with_a_way_to_write_them(train, tmp_path):
    toy = make_longtail_multilabel(60, 4, 5, random_state=0)
    with pytest.raises(TypeError, match=r"data is ProteinData.*write_cafa\('proteins'\)"):
        train(tmp_path / "run", data=toy)
    assert not (tmp_path / "run").exists()


def test_a_run_tells_its_sampler_what_the_ontology_is(run, cafa):
    told, read = run.sampler.ontology, read_cafa(cafa, "mf", min_proteins=5).ontology
    assert (told.terms, told.version) == (read.terms, read.version)
