"""Annotations closed under their ancestors, against goatools: the same terms, and how much faster.

Run by hand: ``OMP_NUM_THREADS=1 PYTHONPATH=FOLDER python benchmarks/bench_propagate.py``, after
``pip install --no-deps --target FOLDER goatools``. Both get the bundled annotations as sets of
terms and the bundled ontology in a file that calls every edge is_a, so that goatools, which
follows is_a by default, and protimb walk the same graph and must answer alike.

goatools has two ways: a method of ``GODag`` that walks up from every annotation anew, and a
function that collects the ancestors of each term once. protimb is timed with sets out
(``GeneOntology.propagate``) and with the sparse matrix that the rest of the package works on.
"""

import argparse
import contextlib
import io
import tempfile
from pathlib import Path
from time import process_time

from goatools.obo_parser import GODag

from protimb.datasets import read_annotations
from protimb.datasets._human import HUMAN_GO
from protimb.ontology import read_obo
from protimb.ontology._obo_text import obo_text
from protimb.ontology._propagate import direct_indicators, propagate_indicators

TARGET = 10  # times the speed of the faster way of goatools, sets out


def main():
    """Time all ways in turns and compare what they say of each protein."""
    args = parse_arguments()
    ontology, dag, seconds = load_ontologies()
    direct = load_annotations(ontology)
    n_pairs = sum(map(len, direct.values()))
    print(f"{len(direct):,} proteins, {n_pairs:,} annotations, {len(ontology):,} terms")
    print(f"reading the OBO file: protimb {seconds[0]:.2f} s, goatools {seconds[1]:.2f} s")
    ways = {
        "GeneOntology.propagate": lambda: ontology.propagate(direct),
        "sparse matrix out": lambda: to_matrix(direct, ontology),
        "goatools GODag": lambda: by_method(direct, dag),
    }
    ways |= {"goatools function": lambda: by_function(direct, dag)} if import_function() else {}
    best, answers = {}, {}
    for _ in range(args.rounds):
        for name, way in ways.items():
            answers[name], spent = timed(way)
            best[name] = min(spent, best.get(name, spent))
    theirs = min(spent for name, spent in best.items() if name.startswith("goatools"))
    for name, spent in best.items():
        check_equal(name, answers[name], answers["GeneOntology.propagate"])
        print(f"{name:24}{spent:8.3f} s{theirs / spent:8.1f} times the faster goatools")
    ratio = theirs / best["GeneOntology.propagate"]
    if ratio < TARGET:
        raise SystemExit(f"Only {ratio:.1f} times as fast; target {TARGET}.")


def load_ontologies():
    """Write the bundled ontology with is_a alone and read it twice, with CPU seconds."""
    bundled = read_obo(HUMAN_GO / "go-basic.obo.gz")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "go.obo")
        path.write_text(obo_text(bundled))
        ontology, ours = timed(lambda: read_obo(path))
        dag, theirs = timed(lambda: GODag(str(path), prt=None))
    return ontology, dag, (ours, theirs)


def load_annotations(ontology):
    """Read the bundled annotations: {protein: set of terms}, under the ids of today."""
    table = read_annotations(HUMAN_GO / "train_terms.tsv.gz")
    known = table[table["term"].isin(ontology.names)]
    return known.groupby("EntryID", observed=True)["term"].agg(set).to_dict()


def to_matrix(direct, ontology):
    """Propagate to CSR."""
    return propagate_indicators(direct_indicators(direct, ontology)[0], ontology)


def by_method(direct, dag):
    """Propagate copies in place, walking up from each annotation."""
    copies = {protein: set(terms) for protein, terms in direct.items()}
    dag.update_association(copies)
    return copies


def import_function():
    """Return goatools' function, or None where what it needs besides is not installed."""
    try:
        from goatools.anno.update_association import update_association
    except ImportError as error:
        print(f"goatools' function is not timed: {error}")
        return None
    return update_association


def by_function(direct, dag):
    """Propagate copies in place, with the ancestors of each term collected once."""
    copies = {protein: set(terms) for protein, terms in direct.items()}
    with contextlib.redirect_stdout(io.StringIO()) as nowhere:
        import_function()(copies, dag, prt=nowhere)
    return copies


def check_equal(name, found, expected):
    """Refuse an answer that differs."""
    if not isinstance(found, dict):
        same = found.nnz == sum(map(len, expected.values()))
    else:
        same = all(found[protein] == terms for protein, terms in expected.items())
    if not same:
        raise SystemExit(f"{name} says other terms.")


def timed(call):
    """Return answer and CPU seconds."""
    started = process_time()
    answer = call()
    return answer, process_time() - started


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
