"""What is fuzzed: for every reader and saved object a small valid input, and how it is read."""

import gzip
import io
import json
import math
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from commands import command_targets

OBO = "format-version: 1.2\ndata-version: releases/2026-01-01\nontology: go\n\n" + "".join(
    f"[Term]\nid: {term}\nname: {name}\nnamespace: {space}\n{more}\n"
    for term, name, space, more in (
        ("GO:0003674", "molecular_function", "molecular_function", ""),
        ("GO:0000001", "toy binding", "molecular_function", "is_a: GO:0003674 ! root\n"),
        (
            "GO:0000002",
            "rare binding",
            "molecular_function",
            "is_a: GO:0000001\nalt_id: GO:0000009\n",
        ),
        ("GO:0000003", "old", "molecular_function", "is_obsolete: true\nreplaced_by: GO:0000002\n"),
        ("GO:0000004", "part", "molecular_function", "relationship: part_of GO:0000001 ! toy\n"),
        ("GO:0005575", "cellular_component", "cellular_component", 'def: "a place" [GOC:x]\n'),
        ("GO:0000006", "membrane", "cellular_component", "is_a: GO:0005575\n"),
    )
)
IDS = [f"P{number:05d}" for number in range(12)]
TERMS = ["GO:0003674", "GO:0000001", "GO:0000002", "GO:0000004"]
_PAIRS = [(one, TERMS[place % 4]) for place, one in enumerate(IDS)]
FASTA = "".join(
    f">sp|{one}|X_HUMAN toy OS=Homo\nMKVLA{'GW' * place}\n" for place, one in enumerate(IDS)
)
ANNOTATIONS = "EntryID\tterm\taspect\n" + "".join(f"{one}\t{term}\tMFO\n" for one, term in _PAIRS)
CLUSTERS = "EntryID\tcluster\n" + "".join(f"{one}\t{IDS[k // 2]}\n" for k, one in enumerate(IDS))
GAF = "!gaf-version: 2.2\n" + "".join(
    f"UniProtKB\t{one}\tX\tenables\t{term}\tPMID:1\tIDA\t\tF\t\t\tprotein\ttaxon:9606\t20240101"
    "\tUniProt\t\t\n"
    for one, term in _PAIRS
)
GPAD = "!gpad-version: 2.0\n" + "".join(
    f"UniProtKB:{one}\t\tRO:0002327\t{term}\tPMID:1\tECO:0000314\t\t\t2024-01-01\tUniProt\t\t\n"
    for one, term in _PAIRS
)
PREDICTIONS = "".join(f"{one}\t{term}\t0.{k + 1}\n" for k, (one, term) in enumerate(_PAIRS[:9]))
CAFA_PREDICTIONS = "AUTHOR toy\nMODEL 1\nKEYWORDS x\n" + PREDICTIONS + "END\n"
ARFF = (
    "@relation 'toy: -C 2'\n@attribute a {0,1}\n@attribute b {0,1}\n@attribute weight numeric\n"
    "@attribute kind {x,y}\n@data\n1,0,0.5,x\n0,1,1.5,y\n1,1,?,x\n"
)
ARFF_XML = '<labels xmlns="http://mulan.sourceforge.net/labels"><label name="a"/></labels>'
ACCRETION = "term\tia\n" + "".join(f"{term}\t{place}.5\n" for place, term in enumerate(TERMS))
VECTORS_TEXT = "4 3\n" + "".join(f"{term} 0.5 {place} 1e-3\n" for place, term in enumerate(TERMS))
TABLE = "EntryID,x0,x1,x2\n" + "".join(f"{one},{k}.5,-1,0\n" for k, one in enumerate(IDS[:6]))
AUDITED = "id,terms,x0,x1,x2,x3\n" + "".join(
    f"g{k},{TERMS[k % 4]};GO:0003674,{k}.5,-1,0,1e-3\n" for k in range(8)
)
CAFA3 = {
    "CAFA3_training_data/uniprot_sprot_exp.fasta": ">P1 one\nMKV\nLA\n>P2\nmla\n>P3\nGGH\n",
    "CAFA3_training_data/uniprot_sprot_exp.txt": "P1\tGO:0000002\tF\nP2\tGO:0000001\tF\n",
    "CAFA3_targets/target.9606.fasta": ">T9606001 A_HUMAN\nMKK\n>T9606002 B_HUMAN\nMWW\n",
    "benchmark20171115/groundtruth/leafonly_MFO.txt": "T9606001\tGO:0000002\n",
    "benchmark20171115/lists/mfo_all_type1.txt": "T9606001\n",
    "go_cafa3.obo": OBO,
}
TALE = {
    "train_seq_mf.fasta": ">P1\nMKV\n>P2\nMLA\n",
    "train_label_mf.txt": "0 1 2\n0 1\n",
    "test_seq_mf.fasta": ">P3\nMWW\n",
    "test_label_mf.txt": "0 2\n",
    "mf_go_1.tsv": "GO:0003674\t0\troot\t\nGO:0000001\t1\tone\tGO:0003674\n"
    "GO:0000002\t2\ttwo\tGO:0000001\n",
}

SAVED = "saved "  # begins the names of targets that have to be trained first


class Target(NamedTuple):
    """A small valid input, how it is read, and what is never to come of it."""

    files: dict[str, bytes]  # path in a folder -> content
    read: Callable[[Path], Any]  # the folder -> what was read
    check: Callable[[Any], None] = lambda found: None  # AssertionError where it is no sane result
    vary: Callable[[Any], dict] | None = None  # random.Random -> damaged files, if not of any bytes


def collect(part=""):
    """Make every target whose name has a part: {name: Target}. Saved objects take seconds."""
    found = {**_texts(), **_vectors(), **_folders(), **_records(), **_saved(part)}
    found |= command_targets(Target, part)
    return {name: target for name, target in found.items() if part in name}


def _encoded(files):
    return {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}


def _text(name, content, read, check=Target._field_defaults["check"]):
    """A reader of one text file, plain and gzipped."""
    plain = Target(_encoded({name: content}), lambda folder: read(folder / name), check)
    packed = gzip.compress(content.encode(), mtime=0)
    gz = Target({f"{name}.gz": packed}, lambda folder: read(folder / f"{name}.gz"), check)
    return plain, gz


def _texts():
    from protimb.datasets import (
        read_annotations,
        read_fasta,
        read_gaf,
        read_gpad,
        read_mulan,
        read_predictions,
    )
    from protimb.ontology import read_information_accretion, read_obo, read_term_vectors
    from protimb.runs._leave_out import read_left_out

    made = {
        "obo": _text("go.obo", OBO, read_obo, _sane_graph),
        "fasta": _text("x.fasta", FASTA, read_fasta, _sane_sequences),
        "annotations": _text("x.tsv", ANNOTATIONS, read_annotations, _sane_pairs),
        "gaf": _text("x.gaf", GAF, read_gaf, _sane_pairs),
        "gpad": _text("x.gpad", GPAD, read_gpad, _sane_pairs),
        "predictions": _text("p.tsv", PREDICTIONS, read_predictions),
        "predictions of CAFA": _text("q.txt", CAFA_PREDICTIONS, read_predictions),
        "accretion": _text("ia.txt", ACCRETION, read_information_accretion, _sane_bits),
        "term vectors": _text("v.txt", VECTORS_TEXT, read_term_vectors, _sane_term_vectors),
        "left out": _text("ids.txt", "\n".join(IDS), read_left_out),
        "arff": _text("x.arff", ARFF, read_mulan),
    }
    found = {name: plain for name, (plain, _) in made.items()}
    found |= {f"{name}, gzipped": gz for name, (_, gz) in made.items()}
    xml = _encoded({"x.arff": ARFF.replace(": -C 2", ""), "x.xml": ARFF_XML})
    found["arff and xml"] = Target(
        xml, lambda folder: read_mulan(folder / "x.arff", labels=folder / "x.xml")
    )
    return found


def _saved_bytes(save, *arrays, **named):
    buffer = io.BytesIO()
    save(buffer, *arrays, **named)
    return buffer.getvalue()


X = np.arange(48, dtype=np.float32).reshape(12, 4) / 7


def _vectors():
    from protimb.datasets import read_embeddings
    from protimb.ontology import read_term_vectors

    ids = np.array(IDS)
    npy = {"x.npy": _saved_bytes(np.save, X), "x_ids.npy": _saved_bytes(np.save, ids)}
    one_each = _saved_bytes(np.savez, **{one: X[k] for k, one in enumerate(IDS)})
    term_vectors = _saved_bytes(np.savez, ids=np.array(TERMS), vectors=X[:4])
    by_term = _saved_bytes(np.savez, **{term: X[k] for k, term in enumerate(TERMS)})
    files = {
        "vectors npy": npy,
        "vectors npz": {"x.npz": _saved_bytes(np.savez, embeddings=X, ids=ids)},
        "vectors npz, compressed": {"x.npz": _saved_bytes(np.savez_compressed, X=X, ids=ids)},
        "vectors npz, one each": {"x.npz": one_each},
        "vectors h5": {"x.h5": _h5()},
        "vectors h5, a matrix": {"x.h5": _h5_matrix()},
        "vectors h5, ids in chunks": {"x.h5": _h5_chunks()},
        "vectors parquet": {"x.parquet": _parquet()},
        "vectors parquet, lists": {"x.parquet": _parquet_lists()},
        "vectors csv": {"x.csv": TABLE},
        "vectors tsv.gz": {"x.tsv.gz": gzip.compress(TABLE.replace(",", "\t").encode(), mtime=0)},
    }
    found = {
        name: Target(
            _encoded(content),
            partial(_read_in, read_embeddings, min(content)),
            _sane_vectors,
        )
        for name, content in files.items()
    }
    for name, content in (
        ("term vectors npz", term_vectors),
        ("term vectors npz by term", by_term),
    ):
        found[name] = Target(
            {"v.npz": content},
            lambda folder: read_term_vectors(folder / "v.npz"),
            _sane_term_vectors,
        )
    return found


def _read_in(read, name, folder):
    return read(folder / name)


def _h5():
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for place, one in enumerate(IDS[:5]):
            file[one] = X[place].astype(np.float16)
    return buffer.getvalue()


def _h5_matrix():
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["ids"] = IDS
        file.create_dataset("embeddings", data=X, compression="gzip")
    return buffer.getvalue()


def _h5_chunks():
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        packed = {"chunks": (5,), "compression": "gzip", "shuffle": True}
        file.create_dataset("ids", data=IDS, dtype=h5py.string_dtype(), **packed)
        file.create_dataset("embeddings", data=X)
    return buffer.getvalue()


def _parquet():
    buffer = io.BytesIO()
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(4)])
    frame.insert(0, "EntryID", IDS)
    frame.to_parquet(buffer)
    return buffer.getvalue()


def _parquet_lists():
    buffer = io.BytesIO()
    pd.DataFrame({"EntryID": IDS, "vectors": list(X)}).to_parquet(buffer)
    return buffer.getvalue()


def _cafa_files():
    return _encoded(
        {
            "go-basic.obo": OBO,
            "train_terms.tsv": ANNOTATIONS,
            "clusters.tsv": CLUSTERS,
            "train_sequences.fasta": FASTA,
            "train_ids.npy": _saved_bytes(np.save, np.array(IDS)),
            "train_embeds.npy": _saved_bytes(np.save, X),
        }
    )


def _folders():
    from protimb.datasets import read_cafa, read_cafa3
    from protimb.datasets._terms_only import read_terms
    from protimb.evaluation import evaluate_predictions
    from protimb.ingest import ingest

    def cafa(folder):
        return read_cafa(folder, "mf", min_proteins=1)

    def terms(folder):
        return read_terms(folder, "mf", 1)

    def cafa3(folder):
        return read_cafa3(folder, "mf", min_proteins=1)

    def evaluation(folder):
        return evaluate_predictions(folder / "p.tsv", folder / "truth.tsv", folder / "go.obo")

    def ingested(folder):
        out = folder / "out"
        try:
            return ingest(
                folder / "x.fasta", folder / "x.gaf", folder / "go.obo", out, clusters="minhash"
            )
        finally:
            _remove(out)

    truth = {"p.tsv": PREDICTIONS, "truth.tsv": ANNOTATIONS, "go.obo": OBO}
    return {
        "cafa folder": Target(_cafa_files(), cafa, _sane_proteins),
        "cafa folder, terms": Target(
            _encoded({k: v for k, v in _cafa_files().items() if "embeds" not in k}), terms
        ),
        "cafa-3 release": Target(_encoded(CAFA3), cafa3, _sane_labels),
        "cafa-3 of TALE": Target(_encoded(TALE), cafa3, _sane_labels),
        "evaluation": Target(_encoded(truth), evaluation),
        "ingest": Target(_encoded({"x.fasta": FASTA, "x.gaf": GAF, "go.obo": OBO}), ingested),
    }


def _remove(folder):
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _records():
    from protimb.embeddings import EncoderRecord
    from protimb.runs import Generated
    from protimb.runs._config import read_config
    from protimb.runs._judged import read_judged

    generated = Generated(
        X=X[:3],
        indptr=np.array([0, 2, 3, 4]),
        indices=np.array([0, 1, 0, 2]),
        terms=np.array(TERMS),
        ids=np.array([f"synthetic_mf_{k:06d}" for k in range(3)]),
        conditioned_on=np.array(IDS[:3]),
        target_terms=np.array(["GO:0000001"] * 3),
        seed=np.array(0),
    )
    with tempfile.TemporaryDirectory() as name:
        generated.save(Path(name, "generated.npz"))
        saved = Path(name, "generated.npz").read_bytes()
    settings = {"data": "human_go", "ontology": "mf", "min_proteins": 3, "sampler": {"n_latent": 4}}
    config = {"settings": settings, "data": {"sha256": "0" * 64}, "environment": {}}
    real = _real()

    def config_of(folder):
        return read_config(folder, to_train=True)

    def load(folder):
        return Generated.load(folder / "generated.npz")

    found = {
        "generated": Target({"generated.npz": saved}, load, _sane_generated),
        "config of a run": Target({"config.json": json.dumps(config).encode()}, config_of),
        "audited csv": Target(
            {"rows.csv": AUDITED.encode()},
            lambda folder: read_judged(folder / "rows.csv", real, "mf"),
            _sane_judged,
        ),
        "audited npz": Target(
            {"rows.npz": saved},
            lambda folder: read_judged(folder / "rows.npz", real, "mf"),
            _sane_judged,
        ),
    }
    record = _encoder_record()
    found["encoder record"] = Target(
        {"x_encoder.json": record}, lambda folder: EncoderRecord.read(folder / "x.npy")
    )
    return found | _unirep()


def _encoder_record():
    from protimb.embeddings import EncoderRecord, KmerEncoder

    return EncoderRecord.of(KmerEncoder(k=1).fit(["MKV", "MLA"])).to_json().encode()


def _unirep():
    from protimb.embeddings._mlstm import read_weights

    rng = np.random.default_rng(0)
    shapes = {"b": (8,), "gh": (8,), "gmh": (2,), "gmx": (2,), "gx": (8,), "wh": (2, 8)}
    shapes |= {"wmh": (2, 2), "wmx": (10, 2), "wx": (10, 8)}
    arrays = {f"mlstm.0.{name}": rng.normal(size=shape) for name, shape in shapes.items()}
    content = _saved_bytes(np.savez, embedding=rng.normal(size=(26, 10)), **arrays)
    return {
        "unirep weights": Target({"w.npz": content}, lambda folder: read_weights(folder / "w.npz"))
    }


def _real():
    from protimb.datasets import read_cafa

    with tempfile.TemporaryDirectory() as name:
        write(Path(name), _cafa_files())
        return read_cafa(name, "mf", min_proteins=1)


def write(folder, files):
    """Lay files out below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _saved(part):
    """Every kind of saved folder, and that what is loaded can be used."""
    import saved_objects

    names = [f"{SAVED}{name}" for name in saved_objects.MAKERS]
    found = {}
    for name in (one for one in [*names, f"{SAVED}checkpoint"] if part in one):
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            here = Path(folder)
            read = _saved_object(saved_objects, name.removeprefix(SAVED), here)
            files = (path for path in here.rglob("*") if path.is_file())
            found[name] = Target({str(p.relative_to(here)): p.read_bytes() for p in files}, read)
    return found


def _saved_object(saved_objects, name, folder):
    """Make one in a folder; gives what loads it from any other and uses it."""
    if name == "checkpoint":
        return saved_objects.make_checkpoint(folder)
    load, use = saved_objects.make(name, folder)
    return lambda place: use(load(place))


def _sane_graph(graph):
    assert len(graph) >= 1
    assert set(graph.terms) == set(graph.names)


def _sane_sequences(found):
    assert all(one.strip() and one == one.strip() and "\0" not in one for one in found)
    assert all(one and set(one) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-*") for one in found.values())


def _sane_pairs(table):
    assert len(table)
    for column in ("EntryID", "term"):
        assert table[column].map(lambda one: isinstance(one, str) and bool(one.strip())).all()


def _sane_bits(found):
    values = list(found.values()) if isinstance(found, dict) else list(found)
    assert all(math.isfinite(one) and one >= 0 for one in values)


def _sane_term_vectors(found):
    assert found
    assert all(name.strip() and np.isfinite(one).all() for name, one in found.items())
    assert len({one.shape for one in found.values()}) == 1


def _sane_vectors(found):
    vectors, ids = found
    assert len(vectors) == len(ids) == len(set(ids.tolist())) > 0
    assert np.isfinite(vectors).all()
    assert all(one.strip() for one in ids)


def _sane_labels(data):
    assert len(data.X) == len(data.y) == len(data.protein_ids) == len(data.groups)
    assert len(set(data.protein_ids.tolist())) == len(data.protein_ids)
    assert set(np.unique(data.y)) <= {0, 1}
    assert all(str(group).strip() for group in data.groups)


def _sane_proteins(data):
    _sane_labels(data)
    assert np.isfinite(data.X).all()


def _sane_generated(found):
    assert np.isfinite(found.X).all()
    assert len(set(found.ids.tolist())) == len(found.ids)
    found.y.check_format(full_check=True)
    assert found.y.toarray().max(initial=0) <= 1
    found.provenance(), found.annotations("MFO")


def _sane_judged(found):
    assert np.isfinite(found.X).all()
    assert len(found.X) == found.y.shape[0]
