"""What was finished is kept: a killed comparison goes on, and its table has the same bits."""

import json
import multiprocessing
import shutil
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils import Bunch

from protimb.comparison import Arm, Comparison, _jobs, compare
from protimb.comparison._cells import Cells, _from_json, _to_json, _words
from protimb.comparison._run import ArmResult
from protimb.exceptions import ArtifactError, TeachingWarning
from protimb.over_sampling import RandomLabelsetOverSampler

HEADS = {"classifiers": ["mlp", "knn"]}


@pytest.fixture(scope="module")
def few(toy):
    """Half of the rows: enough where only their equality is asked for."""
    return Bunch(**toy | {name: toy[name][:120] for name in ("X", "y", "groups", "protein_ids")})


@pytest.fixture(autouse=True)
def no_report(request, monkeypatch):
    """Keep cells, and leave out the report beside them, which takes its time."""
    if "report" not in request.fixturenames:
        monkeypatch.setattr(Comparison, "save", lambda self, folder: folder)


@pytest.fixture
def report(blank_figures):
    """For a test that looks at the report."""


class Interrupts(RandomLabelsetOverSampler):
    """Stops the comparison the first time, as a user's Ctrl-C does."""

    stopped = False

    def fit_resample(self, X, y):
        if not Interrupts.stopped:
            Interrupts.stopped = True
            raise KeyboardInterrupt
        return super().fit_resample(X, y)


class Forbidden(RandomLabelsetOverSampler):
    allowed = True

    def fit_resample(self, X, y):
        assert Forbidden.allowed
        return super().fit_resample(X, y)


@pytest.mark.usefixtures("report")
def test_an_interrupted_comparison_goes_on_and_gives_the_same(few, quick, tmp_path):
    options = {"arms": {"smote": "smote", "mine": Interrupts()}, "maps": ["pca"], **HEADS, **quick}
    Interrupts.stopped = False
    with pytest.raises(KeyboardInterrupt):
        compare(few, out=tmp_path / "cut", **options)
    cells = sorted(path.name.rpartition("-")[0] for path in (tmp_path / "cut/cells").glob("*.npz"))
    assert cells == ["0-none-knn", "0-none-mlp", "0-smote-knn", "0-smote-mlp"]
    cut = compare(few, out=tmp_path / "cut", **options)
    whole = compare(few, **options)
    assert cut.table.equals(whole.table)
    assert cut.terms.equals(whole.terms)
    for name, frame in whole.traces["smote"].items():
        if isinstance(frame, pd.DataFrame):
            pd.testing.assert_frame_equal(cut.traces["smote"][name], frame)
    assert (tmp_path / "cut/figures/map_smote.png").is_file()
    stages = [[one["stage"] for one in c.record["seconds"] if one["arm"]] for c in (cut, whole)]
    assert stages[0] == stages[1]


def test_what_is_finished_is_not_done_again_and_more_may_join(few, quick, tmp_path):
    options = {"arms": {"mine": Forbidden()}, "maps": (), "out": tmp_path, **quick}
    first = compare(few, classifiers=["mlp"], **options)
    Forbidden.allowed = False
    try:
        again = compare(few, classifiers=["mlp"], **options)
        options["arms"] |= {"knn": "knn"}
        more = compare(few, classifiers=["mlp"], **options)
        with pytest.raises(AssertionError):
            compare(few, classifiers=["mlp"], resume=False, **options)
    finally:
        Forbidden.allowed = True
    assert again.table.equals(first.table)
    assert more.table["arm"].unique().tolist() == ["none", "mine", "knn"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_steps": 7}, "parameter max_steps was 6, is 7"),
        ({"n_resamples": 31}, "parameter n_resamples was 30, is 31"),
        ({"seeds": [3]}, "parameter first seed was 0, is 3"),
        ({"arms": {"mine": RandomLabelsetOverSampler(sampling_strategy=30)}}, "arms mine was"),
        ({"arms": {"mine": Arm("nothing")}}, "arms mine was"),
        ({"classifiers": {"mlp": "knn"}}, "heads mlp was"),
        ({"data": "other"}, "data sha256 was"),
    ],
)
def test_cells_of_another_comparison_are_refused_by_name(finished, few, tmp_path, change, message):
    options, folder = finished
    out = shutil.copytree(folder, tmp_path / "copy")
    if "data" in change:
        change = {"data": Bunch(**few | {"X": few.X + 1})}
    with pytest.raises(ArtifactError, match=f"{message}.*resume=False"):
        compare(**options | change, out=out)


def test_another_comparison_may_take_the_place_of_the_first(finished, tmp_path):
    options, folder = finished
    out = shutil.copytree(folder, tmp_path / "copy")
    other = options | {"max_steps": 3, "out": out}
    compare(**other, resume=False)
    assert compare(**other).table.notna().any(axis=None)


@pytest.fixture(scope="module")
def finished(few, quick, tmp_path_factory):
    """Options of a comparison, and the folder with all of its cells."""
    arms = {"mine": RandomLabelsetOverSampler()}
    options = {"data": few, "arms": arms, "classifiers": ["mlp"], "maps": (), **quick}
    folder = tmp_path_factory.mktemp("finished")
    compare(**options, out=folder)
    return options, folder


def test_a_damaged_cell_is_named(few, quick, tmp_path):
    options = {"arms": [], "classifiers": ["mlp"], "maps": (), "out": tmp_path, **quick}
    compare(few, **options)
    (cell,) = (tmp_path / "cells").glob("*.npz")
    cell.write_bytes(cell.read_bytes()[:100])
    with pytest.raises(ArtifactError, match=f"{cell.name} is damaged .* Remove it"):
        compare(few, **options)
    cell.unlink()
    compare(few, **options)


class Endless(RandomLabelsetOverSampler):
    """Says that it was called, and never comes back."""

    begun = multiprocessing.get_context("fork").Event()

    def fit_resample(self, X, y):
        Endless.begun.set()
        time.sleep(600)


def test_a_killed_comparison_goes_on(few, quick, tmp_path):
    # One thread, and no GPU: what torch keeps of either does not survive a fork.
    options = {"maps": (), "jobs": 1, **quick}
    options["classifier_params"] = options["classifier_params"] | {"device": "cpu"}
    arms = {"ros": "ros", "endless": Endless()}
    process = multiprocessing.get_context("fork").Process(
        target=compare, args=(few,), kwargs={"arms": arms, "out": tmp_path, **options}
    )
    process.start()
    assert Endless.begun.wait(300)
    with pytest.raises(ArtifactError, match="Another comparison is writing"):
        compare(few, arms=["ros"], out=tmp_path, **options)
    process.kill()
    process.join()
    begun = time.time()
    result = compare(few, arms=["ros"], out=tmp_path, **options)
    assert all(path.stat().st_mtime < begun for path in (tmp_path / "cells").glob("*.npz"))
    assert result.table.equals(compare(few, arms=["ros"], **options).table)


def test_several_jobs_give_the_bits_of_one_and_say_what_it_says(few, quick, tmp_path):
    heads = {"mlp": "mlp", "mine": RandomForestClassifier(2)}  # which cannot be told what to learn
    options = {"arms": ["ros", "knn"], "seeds": 2, "maps": (), "classifiers": heads, **quick}
    with pytest.warns(TeachingWarning) as here:
        one = compare(few, jobs=1, **options)
    with pytest.warns(TeachingWarning) as there:
        two = compare(few, jobs=2, out=tmp_path, **options)
    assert two.table.equals(one.table)
    assert two.by_seed.equals(one.by_seed)
    assert two.terms.equals(one.terms)
    assert len(list((tmp_path / "cells").glob("*.npz"))) == 2 * (2 * 2 + 1)
    assert len(two.record["seconds"]) == len(one.record["seconds"])
    said = [{str(one.message) for one in caught} for caught in (here, there)]
    assert said[0] == said[1]


def test_no_more_processes_are_started_than_there_is_work_for(monkeypatch):
    @dataclass
    class Protocol:
        verbose: int = 0

    asked = []
    monkeypatch.setattr(_jobs, "Parallel", lambda jobs, **_: asked.append(jobs) or list)
    arms, folds = {"none": None, "ros": None}, [SimpleNamespace(seed=seed) for seed in (0, 1, 2)]
    monkeypatch.setattr(
        _jobs, "delayed", lambda _: lambda number, *_: (number, "none", None, [], [])
    )
    stages = SimpleNamespace(take=lambda seconds: None)
    assert len(list(_jobs._run_in_processes(arms, folds, Protocol(), stages, None, 10**9))) == 6
    assert asked == [6]


@pytest.mark.parametrize("jobs", [0, -1, 1.5])
def test_jobs_are_counted_from_one(toy, jobs):
    with pytest.raises(ValueError, match="number of processes from 1"):
        compare(toy, jobs=jobs)


def test_a_line_is_shown_as_soon_as_an_arm_is_done(toy, quick, capsys):
    result = compare(toy, arms=["ros"], classifiers=["mlp"], maps=(), verbose=1, **quick)
    lines = [line for line in capsys.readouterr().err.splitlines() if ": mlp: Fmax" in line]
    fmax = result.table.set_index(["metric", "arm"])["estimate"]["fmax"]
    assert (lines[0].rpartition("\r")[2]).startswith(
        f"seed 0, none: mlp: Fmax {fmax['none']:.3f}, AP "
    )
    assert (lines[1].rpartition("\r")[2]).startswith(
        f"seed 0, ros: mlp: Fmax {fmax['ros']:.3f}, AP "
    )


def test_a_cell_comes_back_as_it_was(comparison, tmp_path, evaluation):
    cells = Cells(tmp_path)
    one = evaluation(1 / 3)
    one.resamples["AP <20"] = one.resamples["AP <20"].astype(np.float32)
    one.resamples.iloc[0, 0] = np.nan
    scores = np.array([0.1, np.nan])
    traces = comparison.traces["smote"]
    cells.save(3, "a/b", "mlp", ArmResult({"mlp": one}, {"mlp": scores}, {"mlp": scores}, traces))
    back = cells.load(3, "a/b", "mlp")
    pd.testing.assert_series_equal(back.evaluations["mlp"].point, one.point)
    pd.testing.assert_frame_equal(back.evaluations["mlp"].resamples, one.resamples)
    pd.testing.assert_series_equal(back.evaluations["mlp"].n_terms, one.n_terms, check_names=False)
    assert back.evaluations["mlp"].fingerprint == one.fingerprint
    np.testing.assert_array_equal(back.cuts["mlp"], scores)
    np.testing.assert_array_equal(back.term_scores["mlp"], scores)
    points = traces["maps"]["tsne"].points
    pd.testing.assert_frame_equal(back.traces["maps"]["tsne"].points, points)
    assert cells.load(3, "a", "mlp") is None
    assert Cells().load(3, "a/b", "mlp") is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"point": np.ones(1)}, "point"),
        ({"n_terms": np.array(["a"])}, "n_terms"),
        ({"resamples": np.ones(3)}, "resamples"),
        ({"facts": np.array("[" * 9999)}, "facts is damaged"),
        ({"facts": np.array("{}")}, "lacks"),
        ({"more": np.ones(1)}, "more"),
    ],
)
def test_a_cell_whose_parts_do_not_belong_together_is_named(finished, tmp_path, change, named):
    _, folder = finished
    cell = sorted((folder / "cells").glob("0-none-*.npz"))[0]
    with np.load(cell) as arrays:
        forged = dict(arrays) | change
    copy = tmp_path / cell.name
    np.savez(copy, **forged)
    with pytest.raises(ArtifactError, match=rf"is damaged .*{named}.* Remove it"):
        Cells(tmp_path).load(0, "none", "mlp")


def test_a_cell_is_not_read_through_a_link(finished, tmp_path):
    _, folder = finished
    cell = sorted((folder / "cells").glob("0-none-*.npz"))[0]
    (tmp_path / cell.name).symlink_to(cell)
    with pytest.raises(ArtifactError, match=rf"{cell.name} is not a plain file.* Remove it"):
        Cells(tmp_path).load(0, "none", "mlp")


@pytest.mark.parametrize("plan", ["[]", "{}", '{"arms": 3}', "nonsense", "[" * 9999])
def test_a_plan_that_is_none_is_named(finished, tmp_path, plan):
    options, folder = finished
    out = shutil.copytree(folder, tmp_path / "copy")
    (out / "cells" / "plan.json").write_text(plan)
    with pytest.raises(ArtifactError, match=r"plan\.json is damaged .*resume=False"):
        compare(**options, out=out)


def test_what_is_kept_is_plain_json():
    kept = _to_json({"n": np.int64(3), 1: (np.float32(0.5), None), "object": ArmResult})
    assert _from_json(json.loads(json.dumps(kept))) == {
        "n": 3,
        "1": [0.5, None],
        "object": str(ArmResult),
    }


def test_arrays_that_differ_in_the_middle_are_other_parameters():
    one, other = np.zeros(5000), np.zeros(5000)
    other[2500] = 1e-9
    assert _words({"vectors": one}) == _words({"vectors": np.zeros(5000)})
    assert _words({"vectors": one}) != _words({"vectors": other})


def test_a_link_in_the_place_of_the_cells_is_not_written_through(few, quick, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cells").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="cells is a link in the place of a folder"):
        compare(few, arms=[], out=tmp_path / "out", maps=(), **quick)
    assert not [*(tmp_path / "elsewhere").iterdir()]
