"""Clusters: relatives are together, strangers are not, and MMseqs2 is called without a shell."""

import os
import stat
import sys

import numpy as np
import pytest

from protimb.exceptions import ClusteringError, SequenceError
from protimb.ingest import cluster_sequences

RESIDUES = np.array(list("ACDEFGHIKLMNPQRSTVWY"))


def random_sequence(rng, length=300):
    return "".join(rng.choice(RESIDUES, length))


def mutated(sequence, rng, share):
    letters = np.array(list(sequence))
    hit = rng.random(len(letters)) < share
    return "".join(np.where(hit, rng.choice(RESIDUES, len(letters)), letters))


@pytest.fixture
def families(rng):
    """Twenty ancestors, each with three children that keep four fifths of its residues."""
    sequences = {}
    for number in range(20):
        ancestor = random_sequence(rng)
        sequences |= {f"F{number}_{child}": mutated(ancestor, rng, 0.2) for child in range(3)}
    return sequences


def test_relatives_share_a_cluster_and_strangers_do_not(families):
    clusters = cluster_sequences(families, method="minhash")
    groups = {}
    for protein, cluster in clusters.items():
        groups.setdefault(cluster, set()).add(protein.split("_")[0])
    assert list(clusters) == list(families)
    assert sorted(groups.values(), key=sorted) == sorted(
        ({f"F{number}"} for number in range(20)), key=sorted
    )


def test_clusters_are_the_same_whatever_the_order_of_proteins(families):
    def members(clusters):
        found = {}
        for protein, cluster in clusters.items():
            found.setdefault(cluster, set()).add(protein)
        return sorted(map(sorted, found.values()))

    forward = cluster_sequences(families, method="minhash")
    backward = cluster_sequences(dict(reversed(families.items())), method="minhash")
    assert members(forward) == members(backward)


@pytest.mark.parametrize("n", [2, 5])
def test_where_all_are_relatives_there_is_one_cluster(rng, n):
    ancestor = random_sequence(rng)
    sequences = {f"P{number}": mutated(ancestor, rng, 0.1) for number in range(n)}
    assert set(cluster_sequences(sequences, method="minhash").values()) == {"P0"}


def test_a_fragment_is_a_relative_only_where_so_little_coverage_is_asked_for(rng):
    whole = random_sequence(rng, 400)
    sequences = {"whole": whole, "half": whole[:200], "other": random_sequence(rng)}
    assert len(set(cluster_sequences(sequences, method="minhash").values())) == 3
    clusters = cluster_sequences(sequences, method="minhash", coverage=0.4)
    assert clusters == {"whole": "whole", "half": "whole", "other": "other"}


def test_a_higher_identity_parts_distant_relatives(rng):
    ancestor = random_sequence(rng)
    sequences = {"a": ancestor, "b": mutated(ancestor, rng, 0.3), "c": ancestor[:-1] + "A"}
    assert len(set(cluster_sequences(sequences, method="minhash").values())) == 1
    strict = cluster_sequences(sequences, method="minhash", identity=0.95)
    assert strict == {"a": "a", "b": "b", "c": "a"}


def test_a_chain_of_neighbours_does_not_become_one_giant_group(rng):
    """Each is like the next, the first is nothing like the last."""
    sequences, current = {}, random_sequence(rng)
    for number in range(300):
        sequences[f"P{number}"] = current
        current = mutated(current, rng, 0.15)
    clusters = list(cluster_sequences(sequences, method="minhash").values())
    assert max(map(clusters.count, set(clusters))) <= 100


@pytest.mark.parametrize("residues", ["M", "MKV", "X" * 50, "mkvla"])
def test_what_has_no_words_is_a_cluster_of_its_own(residues):
    sequences = {"a": residues, "b": residues}
    assert cluster_sequences(sequences, method="minhash") == {"a": "a", "b": "b"}


@pytest.mark.parametrize(
    ("sequences", "options", "error", "message"),
    [
        ({}, {}, SequenceError, "no sequence to cluster"),
        ({"a": "MK-V"}, {}, SequenceError, "'a' has 'MK-V'"),
        ({"a": None}, {}, SequenceError, "'a' has 'None'"),
        (["MKV"], {}, SequenceError, "sequences is list"),
        ({"a": "MKV"}, {"identity": 0}, ValueError, "identity is a share"),
        ({"a": "MKV"}, {"coverage": 80}, ValueError, "coverage is a share.*80"),
        (
            {"a": "MKV"},
            {"method": "blast"},
            ValueError,
            "one of auto, mmseqs, minhash; got",
        ),
    ],
)
def test_what_cannot_be_clustered_is_refused(sequences, options, error, message):
    with pytest.raises(error, match=message):
        cluster_sequences(sequences, **{"method": "minhash"} | options)


FAKE = """#!{python}
import pathlib, sys
words = sys.argv[1:]
pathlib.Path({log!r}).write_text("\\n".join(words))
{body}
"""
# Puts all sequences of one length together, named after the first.
GROUPS_BY_LENGTH = """
lines = pathlib.Path(words[1]).read_text().splitlines()
first, rows = {}, []
for name, residues in zip(lines[::2], lines[1::2]):
    rows.append(first.setdefault(len(residues), name[1:]) + "\\t" + name[1:])
pathlib.Path(words[2] + "_cluster.tsv").write_text("\\n".join(rows) + "\\n")
"""


@pytest.fixture
def fake_mmseqs(tmp_path, monkeypatch):
    """Put a program called mmseqs, and no other, on the path; it writes down its words."""

    def put(body):
        folder = tmp_path / "bin"
        folder.mkdir()
        log = tmp_path / "words.txt"
        program = folder / "mmseqs"
        program.write_text(FAKE.format(python=sys.executable, log=str(log), body=body))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))
        return log

    return put


HOSTILE = ["a/b", "../../etc", "$(touch x)", "`x`; rm", "\x1b[31m", "<b>", "-v"]


def test_mmseqs_gets_numbers_in_place_of_ids_and_options_as_words(fake_mmseqs, tmp_path):
    log = fake_mmseqs(GROUPS_BY_LENGTH)
    sequences = {one: "ACDEFGHIKLMNPQRS"[: 14 + number % 2] for number, one in enumerate(HOSTILE)}
    clusters = cluster_sequences(sequences, identity=0.4, coverage=0.7)
    assert clusters == {one: HOSTILE[number % 2] for number, one in enumerate(HOSTILE)}
    words = log.read_text().split("\n")
    assert words[0] == "easy-cluster"
    assert words[4:] == ["--min-seq-id", "0.4", "-c", "0.7"]
    assert not os.path.exists(words[1])  # nothing is left behind
    assert not any(one in " ".join(words) for one in HOSTILE[:4])


def test_what_is_too_short_for_mmseqs_is_a_cluster_of_its_own(fake_mmseqs):
    log = fake_mmseqs(GROUPS_BY_LENGTH)
    assert cluster_sequences({"a": "MKV", "b": "MKV"}) == {"a": "a", "b": "b"}
    assert not log.exists()
    clusters = cluster_sequences({"a": "MKV", "b": "A" * 20, "c": "A" * 20, "d": "MKV"})
    assert clusters == {"a": "a", "b": "b", "c": "b", "d": "d"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('no space left'); sys.exit(3)", "failed with code 3: no space left. Pass"),
        ("sys.exit(1)", "it said nothing"),
        ("pass", "without a table of clusters"),
        ("pathlib.Path(words[2] + '_cluster.tsv').write_text('x\\ty\\n')", "without a table"),
        ("pathlib.Path(words[2] + '_cluster.tsv').write_text('0\\t7\\n')", "was not given"),
    ],
)
def test_a_failure_of_mmseqs_says_what_it_printed(fake_mmseqs, body, message):
    fake_mmseqs(body)
    with pytest.raises(ClusteringError, match=message):
        cluster_sequences({"a": "A" * 20, "b": "C" * 20}, method="mmseqs")


def test_without_mmseqs_words_are_compared_unless_it_is_asked_for(families, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert cluster_sequences(families) == cluster_sequences(families, method="minhash")
    with pytest.raises(ClusteringError, match=r"no program mmseqs.*method='minhash'"):
        cluster_sequences(families, method="mmseqs")
