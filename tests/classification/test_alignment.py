"""Alignment neighbours: what hits vote for, by which program, and what happens where it fails."""

import os
import stat
import sys
import tempfile

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from protimb.classification import AlignmentTermClassifier
from protimb.classification._alignment_engines import best_of
from protimb.exceptions import AlignmentError, ArtifactError, InvalidLabelsError, SequenceError
from protimb.training import load_state, save_state

RESIDUES = list("ACDEFGHIKLMNPQRSTVWY")
PROGRAMS = ("diamond", "mmseqs")


def random_sequence(rng, length=120):
    return "".join(rng.choice(RESIDUES, length))


def mutated(sequence, rng, share=0.05):
    letters = np.array(list(sequence))
    hit = rng.random(len(letters)) < share
    return "".join(np.where(hit, rng.choice(RESIDUES, len(letters)), letters))


@pytest.fixture
def families():
    """Ten ancestors with three children each, and who is whose child: (30,), (30, 10)."""
    rng = np.random.default_rng(0)
    ancestors = [random_sequence(rng) for _ in range(10)]
    children = [mutated(one, rng) for one in ancestors for _ in range(3)]
    return children, np.repeat(np.eye(10, dtype=int), 3, axis=0)


@pytest.fixture
def relatives(families):
    """One more child of each ancestor, by way of its first."""
    rng = np.random.default_rng(1)
    return [mutated(one, rng) for one in families[0][::3]]


def of_words(**changes):
    return AlignmentTermClassifier("kmer", **changes)


# Programs to call, such as "diamond,mmseqs": others have no case, so that no run counts it as
# skipped. MMseqs2 takes its time on any set.
HERE = ["kmer", *filter(None, os.environ.get("PROTIMB_ALIGNERS", "").split(","))]


@pytest.mark.parametrize("engine", HERE)
def test_relatives_get_the_terms_of_their_family_and_strangers_the_shares(
    families, relatives, engine
):
    """Case 56 too: sequences are read in any case, with any residue."""
    sequences, _ = families
    odd = sequences[3].lower().replace("a", "x", 2).replace("c", "u", 1) + "BJOZ-X*"
    strangers = [random_sequence(np.random.default_rng(7), 60), "MK", "XXXX"]
    align = AlignmentTermClassifier(engine).fit(*families)
    scores = align.predict_proba([*relatives, odd, *strangers])
    assert_array_equal(scores[:11].argmax(axis=1), [*range(10), 1])
    # of the other families, no hit: all are as likely
    assert (np.sort(scores[:11], axis=1)[:, :-1].std(axis=1) < 1e-12).all()
    assert_allclose(scores[11:], np.full((3, 10), 0.1))


def test_in_one_family_all_are_relatives():
    """What is common because all are related is not taken for chance."""
    rng = np.random.default_rng(0)
    ancestor = random_sequence(rng)
    twins = [mutated(ancestor, rng) for _ in range(4)]
    bits = of_words().fit(twins[:3], [[1, 0]] * 3).bits(twins)
    assert (bits.toarray() > 20).all()


def test_scores_are_bits_of_hits_with_the_term_over_bits_of_all_hits(families, monkeypatch):
    """Worked by hand: 60 bits for rows of the first two terms, 20 for one of the third."""
    align = of_words(prior_bits=20).fit(
        ["A" * 20] * 4, [[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    )
    monkeypatch.setattr(align, "_search", lambda *_: sparse.csr_array([[40.0, 20, 20, 0]]))
    prior = np.array([2, 1, 1]) / 4
    assert_allclose(align.predict_proba(["M"])[0], (np.array([60, 40, 20]) + 20 * prior) / 100)
    align.set_params(prior_bits=0)
    assert_allclose(align.predict_proba(["M"])[0], [0.75, 0.5, 0.25])


def test_without_a_prior_a_protein_without_hits_gets_zeros(families):
    assert not of_words(prior_bits=0).fit(*families).predict_proba(["MKV"]).any()


def test_a_training_sequence_finds_itself_and_its_family_first(families):
    bits = of_words(n_neighbors=3).fit(*families).bits(families[0]).toarray()
    assert_array_equal(bits.argmax(axis=1), np.arange(30))
    assert_array_equal(bits > 0, np.kron(np.eye(10), np.ones((3, 3))))


def test_only_the_best_hits_vote(families, relatives):
    bits = of_words(n_neighbors=2).fit(*families).bits(relatives).toarray()
    every = of_words(n_neighbors=3).fit(*families).bits(relatives).toarray()
    assert ((bits > 0).sum(axis=1) == 2).all()
    assert_allclose(bits.sum(axis=1), np.sort(every, axis=1)[:, -2:].sum(axis=1))


def test_the_better_of_two_alignments_of_a_pair_counts_once():
    found = best_of(
        *map(np.array, ([1, 0, 0, 0, 0], [2, 1, 1, 0, 2], [5.0, 7.0, 9.0, 3.0, 4.0])), (2, 3), 2
    )
    assert_array_equal(found.toarray(), [[0, 9, 4], [0, 0, 5]])


def test_a_row_has_the_same_scores_in_any_company(families, relatives, monkeypatch):
    align = of_words().fit(*families)
    together = align.predict_proba([*relatives, relatives[0]])
    monkeypatch.setattr("protimb.classification._alignment_engines._BLOCK", 3)
    assert_array_equal(align.predict_proba([*relatives, relatives[0]]), together)
    assert_array_equal(np.vstack([align.predict_proba([one]) for one in relatives]), together[:-1])
    assert_array_equal(together[0], together[-1])


def test_long_sequences_are_no_neighbours_of_everything(families, relatives):
    """What two sequences share by chance grows with their lengths, and is taken off."""
    sequences, y = families
    long = random_sequence(np.random.default_rng(3), 35_000)
    align = of_words().fit([*sequences, long], np.vstack([y, y[0]]))
    assert not align.bits(relatives).toarray()[:, -1].any()
    assert_array_equal(align.predict(relatives), np.eye(10))


@pytest.mark.parametrize(
    "container",
    [list, np.array, pd.Series, lambda s: dict(enumerate(s)), lambda s: np.array(s, object)],
)
@pytest.mark.parametrize("target", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_any_container_gives_the_same_scores(families, relatives, container, target):
    expected = of_words().fit(*families).predict_proba(relatives)
    sequences, y = families
    align = of_words().fit(container(sequences), target(y))
    assert_array_equal(align.predict_proba(container(relatives)), expected)


def test_one_class_a_row_is_decided_by_the_family(families, relatives):
    sequences, y = families
    names = np.array([f"family {n}" for n in y.argmax(axis=1)])
    assert_array_equal(of_words().fit(sequences, names).predict(relatives), names[::3])
    odd = np.where(y.argmax(axis=1) % 2, "odd", "even")
    assert_array_equal(of_words().fit(sequences, odd).predict(relatives), odd[::3])


def test_a_frame_names_proteins_and_terms(families, relatives):
    sequences, y = families
    ids = [f"P{n:05d}" for n in range(30)]
    labels = pd.DataFrame(y, index=ids, columns=[f"GO:{n:07d}" for n in range(10)])
    align = of_words().fit(pd.Series(sequences, index=ids), labels)
    found = align.predict_frame(pd.Series(relatives, index=[f"Q{n}" for n in range(10)]))
    assert found.columns.tolist() == labels.columns.tolist()
    assert found.index.tolist() == [f"Q{n}" for n in range(10)]
    assert align.score(relatives, np.eye(10, dtype=int)) == 1


def test_labels_of_other_proteins_are_refused(families):
    sequences, y = families
    labels = pd.DataFrame(y, index=range(100, 130))
    with pytest.raises(InvalidLabelsError, match="paired by position"):
        of_words().fit(pd.Series(sequences, index=range(200, 230)), labels)


def test_terms_of_all_rows_and_of_none_stay_so(families, relatives):
    """Cases 7 and 9."""
    sequences, y = families
    y = np.column_stack([y, np.zeros(30, int), np.ones(30, int)])
    scores = of_words().fit(sequences, y).predict_proba(relatives)
    assert_allclose(scores[:, -2:], [[0, 1]] * 10)
    assert not of_words().fit(sequences, 0 * y).predict_proba(relatives).any()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"MKVLA", r"Sequence 1, .* is not a string but b'MKVLA'"),
        (None, "is not a string but None"),
        (np.nan, "is not a string but nan"),
        ("P12345", "no residues: '1' '2' '3' '4' '5'"),
        ("sp|P12345|X_HUMAN", "no residues"),
        ("", "has no residues"),
        (" * ", "has no residues"),
        ("MKVÄ", "no residues: 'Ä'"),
    ],
)
def test_what_is_no_sequence_is_refused_with_its_place(families, bad, message):
    """Cases 54 and 56."""
    with pytest.raises(SequenceError, match=message):
        of_words().fit(["MKV", bad], [[1, 0], [0, 1]])
    with pytest.raises(SequenceError, match=message):
        of_words().fit(*families).predict_proba(["MKV", bad])


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ("MKV", "one string|got the string"),
        ([], "no sequence"),
        (np.eye(3), "one string a protein"),
    ],
)
def test_what_is_no_list_of_sequences_is_refused(families, sequences, message):
    with pytest.raises(SequenceError, match=message):
        of_words().fit(*families).predict_proba(sequences)


def test_rows_and_labels_must_agree_in_number(families):
    with pytest.raises(ValueError, match="inconsistent numbers"):
        of_words().fit(families[0][1:], families[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "blast"}, "engine"),
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"prior_bits": -1.0}, "prior_bits"),
    ],
)
def test_parameters_out_of_range_are_named(families, changes, message):
    with pytest.raises(ValueError, match=message):
        of_words().set_params(**changes).fit(*families)


def test_it_is_saved_loaded_and_cloned(families, relatives, tmp_path):
    sequences, y = families
    labels = pd.DataFrame(y, columns=[f"GO:{n:07d}" for n in range(10)])
    align = of_words(n_neighbors=2, prior_bits=50).fit(sequences, labels)
    align.save(tmp_path)
    loaded = AlignmentTermClassifier.load(tmp_path)
    assert_array_equal(loaded.predict_proba(relatives), align.predict_proba(relatives))
    assert loaded.get_params() == align.get_params() == clone(align).get_params()
    assert (loaded.engine_, *loaded.terms_) == (align.engine_, *align.terms_)


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "rm"},
        {"sequences": ["MKV"]},
        {"sequences": ["12"] * 30},
        {"n_columns": 3},
        {"sequences": "MKV"},
    ],
)
def test_a_folder_that_was_changed_is_refused(families, tmp_path, change):
    of_words().fit(*families).save(tmp_path / "a")
    state, manifest = load_state(tmp_path / "a")
    state["sequences"] |= change
    save_state(tmp_path / "b", state, manifest)
    with pytest.raises(ArtifactError):
        AlignmentTermClassifier.load(tmp_path / "b")


FAKE = """#!{python}
import os, pathlib, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write("\\t".join(words) + "\\n")
def answer(lines):
    name = words[words.index("--out") + 1] if "--out" in words else words[3]
    pathlib.Path(name).write_text("".join(line + "\\n" for line in lines))
if words[0] in ("blastp", "easy-search"):
    {body}
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Put a program of a name, and no other, on the path; it writes down its words."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def put(name, body):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        log = tmp_path / "words.txt"
        (folder / name).write_text(FAKE.format(python=sys.executable, log=str(log), body=body))
        (folder / name).chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", str(folder))
        return log

    yield put
    assert not os.listdir(scratch)  # whatever happened, nothing is left behind


@pytest.mark.parametrize("program", PROGRAMS)
def test_bits_of_a_program_are_the_votes(fake, families, program):
    log = fake(program, 'answer(["0\\t0\\t75.5", "0\\t3\\t24.5", "0\\t0\\t9"])')
    align = AlignmentTermClassifier(prior_bits=0).fit(*families)
    assert align.engine_ == program
    scores = align.predict_proba([families[0][0], "MKV"])
    assert_allclose(scores, [[0.755, 0.245] + [0] * 8, [0] * 10])
    words = log.read_text().split()
    assert not any(one in words for one in families[0])
    assert "0.001" in words


def test_diamond_comes_before_mmseqs_and_words_come_last(fake, families, monkeypatch):
    for name in reversed(PROGRAMS):
        fake(name, "answer([])")
    assert AlignmentTermClassifier().fit(*families).engine_ == "diamond"
    monkeypatch.setenv("PATH", "")
    assert AlignmentTermClassifier().fit(*families).engine_ == "kmer"


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit('Error: Invalid option: more-sensitive')", "failed with code 1: Error: Invalid"),
        ("sys.exit(3)", "failed with code 3: it said nothing. Fit with engine='kmer'"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("pass", "without a table of hits"),
        ("answer(['no such command'])", "without a table of hits"),
        ("answer(['0\\t0'])", "without a table of hits"),
        ("answer(['0\\t30\\t50'])", "was not given"),
        ("answer(['-1\\t0\\t50'])", "was not given"),
        ("answer(['0\\t0\\tnan'])", "bits that are none"),
    ],
)
def test_a_failure_of_a_program_says_what_it_printed(fake, families, program, body, message):
    fake(program, body)
    align = AlignmentTermClassifier(program).fit(*families)
    with pytest.raises(AlignmentError, match=message):
        align.predict_proba(families[0][:1])


def test_a_program_that_cannot_be_started_is_named(fake, families, tmp_path):
    fake("diamond", "pass")
    (tmp_path / "bin" / "diamond").write_text("#!/no/such/interpreter\n")
    with pytest.raises(AlignmentError, match="diamond could not be started"):
        AlignmentTermClassifier("diamond").fit(*families).predict_proba(families[0][:1])


def test_short_sequences_alone_need_no_program(fake):
    log = fake("mmseqs", "answer([])")
    align = AlignmentTermClassifier("mmseqs").fit(["MKV", "MKL"], [[1, 0], [0, 1]])
    assert_allclose(align.predict_proba(["MKV"]), [[0.5, 0.5]])
    assert not log.exists()


def test_a_program_that_is_not_there_is_asked_for_by_name(families, monkeypatch, fake, tmp_path):
    fake("mmseqs", "answer([])")
    align = AlignmentTermClassifier("mmseqs").fit(*families)
    align.save(tmp_path / "model")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AlignmentError, match=r"no program diamond.*diamond-aligner"):
        AlignmentTermClassifier("diamond").fit(*families)
    with pytest.raises(AlignmentError, match=r"no program mmseqs.*engine='kmer'"):
        AlignmentTermClassifier.load(tmp_path / "model").predict_proba(families[0])


def test_sequences_by_id_name_the_rows_of_a_table(families):
    sequences, y = families
    by_id = {f"P{n:05d}": one for n, one in enumerate(sequences)}
    assert of_words().fit(by_id, y).predict_frame(by_id).index.tolist() == list(by_id)
