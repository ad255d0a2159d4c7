"""Several processes embed one file, each its share; what they leave is read as one matrix."""

import json
import os
import resource
import shutil
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
from command import invoke
from hypothesis import given, settings
from hypothesis import strategies as st

from protimb.datasets import open_embeddings, read_cafa, read_embeddings
from protimb.embeddings import EncoderRecord, KmerEncoder, embed_fasta
from protimb.embeddings import _parts as parts
from protimb.exceptions import ArtifactWriteError, EmbeddingFileError, EmbeddingWarning
from protimb.utils._new_folder import whole_file
from protimb.utils._ranks import local_rank, take_share

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
IDS = [f"P{number:02d}" for number in range(40)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Cut a toy file into as many parts as a large one."""
    monkeypatch.setattr(parts, "_N_PARTS", 8)
    monkeypatch.setattr(parts, "_LEAST", 1)


@pytest.fixture
def fasta(tmp_path, rng):
    sequences = ["".join(rng.choice(list(LETTERS), rng.integers(3, 60))) for _ in IDS]
    path = tmp_path / "toy.fasta"
    path.write_text("".join(f">{one}\n{s}\n" for one, s in zip(IDS, sequences, strict=True)))
    return path


@pytest.fixture
def whole(fasta):
    """The vectors as one process makes them in memory."""
    return embed_fasta(fasta, "kmer-1")[0]


@pytest.fixture
def made(fasta):
    """An index of eight parts."""
    out = fasta.with_name("x.parts")
    embed_fasta(fasta, "kmer-1", out)
    return out


@pytest.fixture
def encoded(monkeypatch):
    """How many sequences each call of an encoder was given; calls are ended from `stop_at` on."""
    calls = []
    encode = KmerEncoder._encode

    def counted(self, sequences):
        if len(calls) == counted.stop_at:
            raise KeyboardInterrupt
        calls.append(len(sequences))
        return encode(self, sequences)

    counted.stop_at = None
    monkeypatch.setattr(KmerEncoder, "_encode", counted)
    calls.clear()
    return calls, counted


def files_of(out):
    folder = out.with_name(f"{out.stem}_parts")
    return folder, sorted(folder.glob("part-*.npy"))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=60), st.integers(1, 64))
def test_each_protein_is_in_one_part_and_parts_have_as_many_residues(lengths, n_parts):
    lengths = np.array(lengths)
    cut = parts.cut_evenly(lengths, n_parts)
    assert [row for part in cut for row in range(len(lengths))[part]] == list(range(len(lengths)))
    assert len(cut) <= n_parts
    most = max(lengths[part].sum() for part in cut)
    assert most <= lengths.sum() / n_parts + lengths.max()


def test_large_files_are_cut_into_a_power_of_two_and_no_part_is_larger_than_allowed():
    lengths = np.full(400_000, 300)
    n_parts = parts._count_parts(lengths, 1024)
    assert n_parts & (n_parts - 1) == 0
    assert 300 * 400_000 / n_parts <= parts._MOST
    assert 400_000 * 8000 * 4 / parts._count_parts(lengths, 8000) <= parts._MOST_BYTES


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shares_in_any_order_make_the_matrix_that_one_process_makes(fasta, whole, order):
    out = fasta.with_name("x.parts")
    for number in order:
        X, ids = embed_fasta(fasta, "kmer-1", out, share=(number, 3))
        assert (X is None) == (number != order[-1]) == (not out.exists())
    np.testing.assert_array_equal(X, whole)
    np.testing.assert_array_equal(read_embeddings(out)[0], whole)
    assert ids.tolist() == read_embeddings(out)[1].tolist() == IDS
    assert len(files_of(out)[1]) == 8
    assert EncoderRecord.read(out) == EncoderRecord.of(KmerEncoder(1))


def test_a_machine_s_parts_are_copied_to_another_s_and_counted_there(fasta, whole, tmp_path):
    outs = []
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        outs.append(tmp_path / str(number) / "x.parts")
        assert embed_fasta(fasta, "kmer-1", outs[-1], share=(number, 2))[0] is None
    for path in files_of(outs[1])[1]:
        shutil.copy(path, files_of(outs[0])[0])
    np.testing.assert_array_equal(embed_fasta(fasta, "kmer-1", outs[0])[0], whole)


def test_another_number_of_processes_goes_on_with_what_is_there(fasta, whole, encoded):
    calls, _ = encoded
    out = fasta.with_name("x.parts")
    embed_fasta(fasta, "kmer-1", out, share=(2, 4))
    n_before = sum(calls)
    embed_fasta(fasta, "kmer-1", out, share=(1, 3))
    np.testing.assert_array_equal(embed_fasta(fasta, "kmer-1", out)[0], whole)
    assert 0 < n_before < sum(calls) == len(IDS)


@pytest.mark.parametrize("name", ["x.parts", "x.npy", "x.h5"])
def test_a_run_that_was_ended_goes_on_with_the_next_part(fasta, whole, encoded, name):
    calls, counted = encoded
    counted.stop_at = 3
    with pytest.raises(KeyboardInterrupt):
        embed_fasta(fasta, "kmer-1", fasta.with_name(name))
    assert not fasta.with_name(name).exists()
    counted.stop_at = None
    np.testing.assert_array_equal(
        embed_fasta(fasta, "kmer-1", fasta.with_name(name))[0].select(IDS)[0], whole
    )
    assert sum(calls) == len(IDS)
    hidden = [path.name for path in fasta.parent.rglob(".*")]
    assert hidden == []


def test_a_part_is_made_by_one_process_at_a_time(fasta):
    out = fasta.with_name("x.parts")
    embed_fasta(fasta, "kmer-1", out, share=(1, 2))
    first = files_of(out)[1][0]
    first.unlink()
    with whole_file(first) as draft:
        draft.touch()
        with pytest.raises(ArtifactWriteError, match="is writing there"):
            embed_fasta(fasta, "kmer-1", out, share=(1, 4))


OTHERS = {
    "another file": ({}, "the FASTA file holds other proteins"),
    "another encoder": ({"encoder": "kmer-2"}, "k is 1, not 2"),
    "another dtype": ({"dtype": "float16"}, "dtype is float32, not float16"),
}


@pytest.mark.parametrize(("changed", "message"), OTHERS.values(), ids=list(OTHERS))
def test_parts_of_another_run_are_refused_by_name(fasta, changed, message):
    out = fasta.with_name("x.parts")
    embed_fasta(fasta, "kmer-1", out, share=(1, 2))
    before = {path.name: path.read_bytes() for path in files_of(out)[1]}
    if not changed:
        fasta.write_text(fasta.read_text().replace(">P00\n", ">P00\nM"))
    options = {"encoder": "kmer-1", "dtype": "float32", "share": (2, 2)} | changed
    with pytest.raises(EmbeddingFileError, match=f"x_parts holds parts of another run.*{message}"):
        embed_fasta(fasta, out=out, **options)
    assert {path.name: path.read_bytes() for path in files_of(out)[1]} == before


def test_a_part_copied_from_another_run_is_refused_by_name(fasta):
    for encoder in ("kmer-1", "kmer-2"):
        out = fasta.with_name(f"{encoder}.parts")
        embed_fasta(fasta, encoder, out, share=(1, 2))
    stray = files_of(out)[1][0]
    shutil.copy(stray, files_of(fasta.with_name("kmer-1.parts"))[0])
    with pytest.raises(EmbeddingFileError, match=f"{stray.name} is of another FASTA file"):
        embed_fasta(fasta, "kmer-1", fasta.with_name("kmer-1.parts"), share=(2, 2))


def test_a_missing_part_is_named_and_made_again(fasta, whole, made):
    lost = files_of(made)[1][3]
    lost.unlink()
    with pytest.raises(EmbeddingFileError, match=rf"1 of its 8 parts .*x_parts: .*{lost.name}"):
        read_embeddings(made)
    embed_fasta(fasta, "kmer-1", made)
    np.testing.assert_array_equal(read_embeddings(made)[0], whole)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "truncated or damaged"),
        (lambda path: np.save(path, np.zeros((2, 20))), r"of shape \(2, 20\) of float64, where"),
        (lambda path: np.save(path, np.array([{}])), "Python objects"),
    ],
)
def test_a_damaged_part_is_refused(made, damage, message):
    damage(files_of(made)[1][0])
    with pytest.raises(EmbeddingFileError, match=message):
        read_embeddings(made)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index: index["parts"][0].update(file="../../secret.npy"), "called '../../secret"),
        (lambda index: index["parts"].reverse(), "part 0 is called"),
        (lambda index: index["parts"].clear(), "names no part"),
        (lambda index: index["parts"][0].update(rows=-1), "parts.0.rows is -1"),
        (lambda index: index["parts"][0].update(rows=2**50), "of shape"),
        (lambda index: index.update(width=21), r"has \(\d+, 21\)"),
        (lambda index: index.update(format="other"), "format is 'other'"),
        (lambda index: index.pop("dtype"), "lacks dtype"),
    ],
)
def test_an_index_that_was_changed_is_refused(made, change, message):
    index = json.loads(made.read_text())
    change(index)
    made.write_text(json.dumps(index))
    with pytest.raises(EmbeddingFileError, match=message):
        read_embeddings(made)


def test_rows_are_read_across_parts_in_any_order(made, whole):
    embeddings = open_embeddings(made)
    assert (embeddings.shape, len(embeddings)) == (whole.shape, len(IDS))
    for rows in (slice(None), slice(30, 2, -3), [39, 0, 17, 17], np.arange(40) % 3 == 1, []):
        np.testing.assert_array_equal(embeddings[rows], whole[rows])
    np.testing.assert_array_equal(embeddings[-1], whole[-1])
    X, ids = embeddings.select(["P33", "P02"])
    np.testing.assert_array_equal(X, whole[[33, 2]])
    assert ids.tolist() == ["P33", "P02"]
    with pytest.raises(EmbeddingFileError, match="no vector for 1 of 2"):
        embeddings.select(["P33", "Q1"])
    with pytest.raises(IndexError):
        embeddings[40]


@pytest.mark.parametrize("name", ["x.parts", "x.npy", "x.h5"])
def test_blocks_cover_all_rows_of_any_format(fasta, whole, name):
    embed_fasta(fasta, "kmer-1", fasta.with_name(name))
    blocks = list(open_embeddings(fasta.with_name(name)).blocks(7))
    order = [IDS.index(one) for ids, _ in blocks for one in ids]
    assert sorted(order) == list(range(len(IDS)))
    np.testing.assert_array_equal(np.concatenate([X for _, X in blocks]), whole[order])
    assert {len(ids) for ids, _ in blocks} == {7, 5}


def test_a_block_is_read_in_little_more_than_its_memory(made, whole):
    """The whole is eight times the block, in float32."""
    _, files = files_of(made)
    index = json.loads(made.read_text())
    index |= {"dtype": "float16", "width": 512}
    for part, file in zip(index["parts"], files, strict=True):
        part["rows"] = 4096
        np.save(file, np.ones((4096, 512), dtype=np.float16))
    made.write_text(json.dumps(index))
    ids = [f"Q{number}" for number in range(8 * 4096)]
    embeddings = open_embeddings(made, ids)
    tracemalloc.start()
    try:
        n_rows = 0
        for _, X in embeddings.blocks(4096):
            n_rows += len(X)
            del X  # or two would be held while the next is read
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_rows == len(ids)
    assert peak < 1.5 * 4096 * 512 * 4


def test_a_cafa_folder_may_have_its_vectors_in_parts(write_cafa, tmp_path):
    folder = write_cafa(tmp_path / "cafa", ["GO:0000003"] * 40)
    ids = np.load(folder / "train_ids.npy")
    (folder / "train_embeds.npy").unlink()
    (folder / "train_ids.npy").unlink()
    sequences = folder / "train_sequences.fasta"
    sequences.write_text("".join(f">{one}\nMKV{'LW'[n % 2]}\n" for n, one in enumerate(ids)))
    embed_fasta(sequences, "kmer-1", folder / "train_embeds.parts", dtype="float16")
    bunch = read_cafa(folder, "mf", min_proteins=5)
    assert bunch.X.shape == (90, 20)
    assert (folder / "train_ids.npy").exists()
    assert EncoderRecord.read(folder / "train_embeds.parts").n_features == 20


@contextmanager
def small_files(n_bytes):
    """Refuse to let files grow beyond so many bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["x.npy", "x.h5"])
def test_a_disk_that_fills_up_is_said_and_what_was_made_stays(fasta, whole, encoded, name):
    """The parts fit the disk and the whole does not."""
    out = fasta.with_name(name)
    out.write_bytes(b"earlier")
    with (
        small_files(2500),
        pytest.raises(ArtifactWriteError, match=f"{name} could not .*too large"),
    ):
        embed_fasta(fasta, "kmer-1", out)
    assert out.read_bytes() == b"earlier"
    calls, _ = encoded
    n_made = sum(calls)
    X, _ = embed_fasta(fasta, "kmer-1", out)
    assert sum(calls) == n_made == len(IDS)
    np.testing.assert_array_equal(X.select(IDS)[0], whole)


def launched(monkeypatch, number, n_started):
    """Be one of several processes of a launcher."""
    told = {"WORLD_SIZE": n_started, "RANK": number, "LOCAL_RANK": number}
    for name, value in (told | {"LOCAL_WORLD_SIZE": n_started}).items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PROTIMB_RANK_OWNER", str(os.getpid()))


def embed(fasta, out, *words):
    return invoke("embed", fasta, "--encoder", "kmer-1", "--verbose", "0", "--out", out, *words)


def test_processes_of_a_launcher_take_a_share_each(fasta, whole, monkeypatch):
    out = fasta.with_name("x.parts")
    said = []
    for number in (1, 0):
        launched(monkeypatch, number, 2)
        done = embed(fasta, out)
        assert done.exit_code == 0, done.output
        said.append(done.stdout)
    assert said == [
        f"share 2/2 is made; {out} is written by who finds the other shares there too\n",
        f"40 proteins, 20 numbers each, written to {out}\n",
    ]
    np.testing.assert_array_equal(read_embeddings(out)[0], whole)


@pytest.mark.filterwarnings("always::protimb.exceptions.EmbeddingWarning")
def test_a_file_that_one_process_writes_is_left_to_the_first(fasta, monkeypatch):
    out = fasta.with_name("x.npy")
    launched(monkeypatch, 1, 2)
    assert embed(fasta, out).output == ""
    assert not out.exists()
    launched(monkeypatch, 0, 2)
    done = embed(fasta, out)
    assert "The first of 2 processes embeds alone" in done.stderr
    assert out.exists()


def test_a_process_that_takes_a_share_keeps_its_place_among_devices(monkeypatch):
    launched(monkeypatch, 1, 2)
    assert take_share() == (2, 2)
    assert local_rank() == (1, 2)
    assert take_share() == (1, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--share", "3/2"], "share must be"),
        (["--share", "1"], "write 2/8"),
        (["--share", "0/2"], "write 2/8"),
    ],
)
def test_a_share_that_is_none_is_refused(fasta, words, message):
    done = embed(fasta, fasta.with_name("x.parts"), *words)
    assert done.exit_code == 2
    assert message in done.output


def test_a_share_is_of_a_matrix_in_parts(fasta):
    assert (
        "write to X.parts, not to X.npy"
        in embed(fasta, fasta.with_name("x.npy"), "--share", "1/2").output
    )
    with pytest.raises(ValueError, match=r"name a file X\.parts"):
        embed_fasta(fasta, "kmer-1", share=(1, 2))


def test_warnings_of_parts_are_those_of_the_whole(fasta):
    fasta.write_text(">A\nMK\n>B\nMKVLA\n")
    with pytest.warns(EmbeddingWarning, match="no word of 3"):
        embed_fasta(fasta, "kmer-3", fasta.with_name("x.parts"))
