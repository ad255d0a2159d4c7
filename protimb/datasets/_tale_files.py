"""The files of TALE's authors, of which most are pickled, and are read once they are converted."""

import pandas as pd

from protimb.datasets._aspects import ONTOLOGIES
from protimb.datasets._benchmark import Benchmark
from protimb.datasets._fasta import read_fasta
from protimb.exceptions import AnnotationError
from protimb.ontology import GeneOntology
from protimb.utils._files import is_there, read_text
from protimb.utils._spelling import check_names, is_number
from protimb.utils._validation import a_few

_PARTS = ("train", "test")
_READ = "import pickle; data = pickle.load(open('{name}', 'rb'))"

# What makes the file that is read here of a pickled one, by what the latter holds.
_SEQUENCES = "'>' + protein['ID'] + '\\n' + protein['seq'] for protein in data"
_LABELS = "' '.join(map(str, labels)) for labels in data"
_TERMS = (
    "'\\t'.join([term, str(it['ind']), it['name'], ';'.join(it['father'])]) "
    "for term, it in data.items()"
)


def is_laid_out(folder):
    """Tell whether a folder holds labels as TALE lays them out, pickled or converted."""
    names = [f"test_label_{one}{end}" for one in ONTOLOGIES for end in ("", ".txt")]
    return any(is_there(folder / name) for name in names)


def read(folder, ontology, max_bytes=None):
    """Read both parts of one ontology: a Benchmark."""
    graph, terms = _read_terms(folder, ontology, max_bytes)
    sequences: dict[str, str] = {}
    split: dict[str, str] = {}
    pairs = []
    for part in _PARTS:
        found, its_pairs = _read_part(folder, part, ontology, terms, max_bytes)
        both = sorted(found.keys() & sequences.keys())
        if both:
            raise AnnotationError(
                f"{folder}: {len(both)} proteins are in both parts, which a split must not: "
                f"{a_few(both)}."
            )
        sequences |= found
        split |= dict.fromkeys(found, part)
        pairs.append(its_pairs)
    return Benchmark(pd.concat(pairs, ignore_index=True), split, sequences, graph, {})


def read_truth(folder):
    """Read the labels of test proteins of all ontologies that are there."""
    tables = []
    for ontology in ONTOLOGIES:
        if any(is_there(folder / f"test_label_{ontology}{end}") for end in ("", ".txt")):
            _, terms = _read_terms(folder, ontology)
            tables.append(_read_part(folder, "test", ontology, terms)[1])
    return pd.concat(tables, ignore_index=True), {}


def _read_part(folder, part, ontology, terms, max_bytes=None):
    """Return {protein: residues}, and EntryID and term of a part, joined by position."""
    path = _converted(folder, f"{part}_seq_{ontology}", "fasta", _SEQUENCES)
    sequences = read_fasta(path, max_bytes=max_bytes)
    path = _converted(folder, f"{part}_label_{ontology}", "txt", _LABELS)
    labels = read_text(path, AnnotationError, max_bytes=max_bytes).removesuffix("\n").split("\n")
    if len(labels) != len(sequences):
        raise AnnotationError(
            f"{path}: {len(labels)} lines of labels, but {len(sequences)} sequences in "
            f"{part}_seq_{ontology}.fasta. A line is a protein, in the order of the sequences."
        )
    lines = enumerate(zip(sequences, labels, strict=True), 1)
    pairs = [
        (protein, term)
        for number, (protein, line) in lines
        for term in _terms_of(line, terms, f"{path}, line {number}")
    ]
    return sequences, pd.DataFrame(pairs, columns=["EntryID", "term"], dtype=str)


def _terms_of(line, terms, place):
    """Return the terms that a line of numbers stands for."""
    numbers = line.split()
    unknown = [one for one in numbers if one not in terms]
    if unknown:
        raise AnnotationError(
            f"{place}: {a_few(unknown)} is the number of no term; there are {len(terms)}, counted "
            "from 0."
        )
    return [terms[one] for one in numbers]


def _read_terms(folder, ontology, max_bytes=None):
    """Return the GeneOntology, and {number: term}, both of one table."""
    names = [f"{ontology}_go_1", f"{ontology}_go"]
    name = next((one for one in names if _any_form(folder, one)), names[0])
    path = _converted(folder, name, "tsv", _TERMS, ending=".pickle")
    rows = [
        _four_fields(line, f"{path}, line {number}")
        for number, line in enumerate(
            read_text(path, AnnotationError, max_bytes=max_bytes).split("\n"), 1
        )
        if line.strip()
    ]
    terms = {number: term for term, number, _, _ in rows}
    if len(terms) != len(rows) or len(set(terms.values())) != len(rows):
        raise AnnotationError(f"{path}: two lines have one term, or one number.")
    known = set(terms.values())
    graph = GeneOntology(
        names={term: called for term, _, called, _ in rows},
        namespaces=dict.fromkeys(known, ONTOLOGIES[ontology]),
        parents={term: tuple(one for one in above if one in known) for term, _, _, above in rows},
    )
    return graph, terms


def _any_form(folder, name):
    return any(is_there(folder / f"{name}{end}") for end in (".pickle", ".tsv"))


def _four_fields(line, place):
    fields = line.split("\t")
    if len(fields) != 4 or not fields[0].strip() or not is_number(fields[1]):
        raise AnnotationError(
            f"{place}: expected a term, its number, its name and its parents between tabs, found "
            f"{line[:60]!r}."
        )
    check_names(fields[:1], "term", lambda _: place, AnnotationError)
    return fields[0], str(int(fields[1])), fields[2], [one for one in fields[3].split(";") if one]


def _converted(folder, name, kind, made_of, ending=""):
    """Return the path of a converted file; refuse the pickled one with the line that converts."""
    path = folder / f"{name}.{kind}"
    if is_there(path):
        return path
    pickled = folder / f"{name}{ending}"
    if not is_there(pickled):
        raise FileNotFoundError(
            f"{folder} has neither {path.name} nor {pickled.name}, which TALE's files are."
        )
    write = f"open('{path.name}', 'w').write('\\n'.join({made_of}))"
    raise AnnotationError(
        f"{pickled} is pickled, and unpickling runs what the file says. If you trust who made it, "
        f'convert it in its folder, once: python -c "{_READ.format(name=pickled.name)}; {write}"'
    )
