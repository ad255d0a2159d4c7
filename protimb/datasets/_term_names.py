"""Text with many labels: names of GO terms, and what the ontology says they are."""

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Bunch

from protimb.datasets._aspects import ONTOLOGIES
from protimb.datasets._human import HUMAN_GO
from protimb.ontology import read_obo

WORD = r"(?u)\b[a-zA-Z][a-zA-Z-]+\b"


def load_term_names(ontology="cc", *, min_members=20, max_share=0.5):
    """Load names of GO terms as texts, to be sorted under their ancestors.

    A small real set of texts: each row is the name of a term, such as "mitochondrial outer
    membrane", in words; its labels are the terms above it. A few labels have many names, most have
    few.

    Parameters
    ----------
    ontology : {"mf", "bp", "cc"}
        Namespace whose names are read.
    min_members : int
        Leave out labels with fewer names below them.
    max_share : float
        Leave out labels with a larger share of all names below them.

    Returns
    -------
    data : Bunch
        ``X`` : csr_array of int64, shape (n_names, n_words), how often each word is in a name.
        ``y`` : csr_array of uint8, shape (n_names, n_terms), the ancestors of each name's term.
        ``texts``, ``term_ids`` : of the rows; ``feature_names`` : the words; ``terms``,
        ``term_names`` : of the labels; arrays of str. ``DESCR`` : str.

    Raises
    ------
    ValueError
        If ``ontology`` is none of the three, or no label is left.

    See Also
    --------
    load_protein_table : Numbers and truth values in columns.
    read_mulan : Reads classic multilabel sets.

    Notes
    -----
    Labels are proper ancestors, so a name does not have itself as a label; the root and obsolete
    terms are left out. Names are made by rules ("regulation of" another name), so random folds have
    near copies on both sides. The words are counted and not weighed: inverse document
    frequencies belong to the training rows, for example by ``TfidfTransformer`` in a pipeline.

    Names and ancestors are from the bundled release of the Gene Ontology [1]_, CC BY 4.0.

    References
    ----------
    .. [1] The Gene Ontology Consortium, "The Gene Ontology knowledgebase in 2023", Genetics 224
       (2023), doi 10.1093/genetics/iyad031.

    Examples
    --------
    >>> from protimb.datasets import load_term_names
    >>> data = load_term_names("cc", min_members=50)
    >>> data.X.shape[0] == data.y.shape[0] == len(data.texts)
    True
    """
    if ontology not in ONTOLOGIES:
        raise ValueError(f"ontology is one of {', '.join(ONTOLOGIES)}; got {ontology!r}.")
    graph = read_obo(HUMAN_GO / "go-basic.obo.gz")
    namespace = ONTOLOGIES[ontology]
    rows = sorted(term for term in graph.names if graph.namespaces[term] == namespace)
    rows = [term for term in rows if graph.parents.get(term)]
    indicator, terms = _ancestors(graph, rows, min_members, max_share)
    vectorizer = CountVectorizer(token_pattern=WORD)
    texts = [graph.names[term] for term in rows]
    words = vectorizer.fit_transform(texts)
    return Bunch(
        X=sparse.csr_array(words),
        y=indicator,
        texts=np.array(texts, dtype=str),
        term_ids=np.array(rows, dtype=str),
        feature_names=vectorizer.get_feature_names_out().astype(str),
        terms=np.array(terms, dtype=str),
        term_names=np.array([graph.names[term] for term in terms], dtype=str),
        DESCR=(
            f"{len(rows):,} names of {namespace} terms of the Gene Ontology ({graph.version}, "
            f"CC BY 4.0), labelled with {len(terms)} of their ancestors."
        ),
    )


def _ancestors(graph, rows, min_members, max_share):
    """Give the ancestors of each row as csr (n_rows, n_terms), and the terms that are kept."""
    place = {term: number for number, term in enumerate(rows)}  # the root has no place
    above = [[place[a] for a in graph.ancestors(term) if a in place and a != term] for term in rows]
    indptr = np.cumsum([0, *map(len, above)])
    indices = np.concatenate([np.array(one, dtype=int) for one in above])
    ones = np.ones(len(indices), np.uint8)
    full = sparse.csr_array((ones, indices, indptr), shape=(len(rows), len(rows)))
    n_members = full.sum(axis=0, dtype=np.int64)
    kept = np.flatnonzero((n_members >= min_members) & (n_members <= max_share * len(rows)))
    if not len(kept):
        raise ValueError(
            f"No term has between {min_members} and {max_share:.0%} of {len(rows)} names below it. "
            "Pass a smaller min_members or a larger max_share."
        )
    return sparse.csr_array(full[:, kept]), [rows[n] for n in kept]
