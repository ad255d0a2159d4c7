"""A protein's page: its terms with scores, and the training proteins nearest to it."""

from dataclasses import dataclass
from html import escape
from string import Template

import numpy as np
import pandas as pd

from protimb.runs._model import TermModel
from protimb.utils._new_folder import whole_file


@dataclass(frozen=True)
class ProteinPage:
    """What a model says of one protein, and which training proteins lie near it.

    Parameters
    ----------
    protein_id : str
    terms : DataFrame
        The highest scores: ``namespace``, ``term``, ``name``, ``score``.
    neighbors : DataFrame
        ``namespace``, ``protein`` (empty where it was generated, or its name is not known),
        ``cosine``, and ``shared``: which of ``terms`` it carries, separated by blanks.

    See Also
    --------
    explain_protein : Makes one.

    Examples
    --------
    >>> import pandas as pd
    >>> from protimb.runs import ProteinPage
    >>> terms = pd.DataFrame({"term": ["GO:1"], "name": ["<i>binding</i>"], "score": [0.5]})
    >>> page = ProteinPage("P1", terms, pd.DataFrame({"protein": ["P2"]}))
    >>> "&lt;i&gt;binding" in page.to_html()
    True
    """

    protein_id: str
    terms: pd.DataFrame
    neighbors: pd.DataFrame

    def to_html(self):
        """Give the page as HTML, with every name escaped.

        Returns
        -------
        page : str
        """
        parts = {
            "protein": escape(_visible(self.protein_id)),
            "terms": _table(self.terms),
            "neighbors": _table(self.neighbors),
        }
        return _PAGE.substitute(parts)

    def save(self, path):
        """Write the page, which needs no other file.

        Parameters
        ----------
        path : str or path-like
            Replaced as a whole where it exists.
        """
        with whole_file(path) as draft:
            draft.write_text(self.to_html(), encoding="utf-8")


def explain_protein(model, x, protein_id="protein", *, n_terms=20, n_neighbors=5):
    """Say what a model predicts for one protein, and which training proteins it resembles.

    Parameters
    ----------
    model : path-like or TermModel
        Trained with neighbours.
    x : array-like of shape (n_features,)
        The protein's vector.
    protein_id : str
    n_terms : int
        Terms with the highest scores, of each namespace.
    n_neighbors : int
        Training proteins, of each namespace.

    Returns
    -------
    page : ProteinPage

    Raises
    ------
    ArtifactError
        If ``model`` holds no model.
    EmbeddingFileError
        If the vector has another width.
    ValueError
        If the model was trained without neighbours.

    See Also
    --------
    predict_terms : Scores of many proteins.

    Notes
    -----
    The neighbours are half of the score, by their votes, of a model that averages with them. The
    network's half has learned from all proteins, and these are those it resembles most.

    Examples
    --------
    >>> from protimb.runs import explain_protein
    >>> explain_protein("missing_model", [0.0, 1.0])
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: missing_model is not a folder; nothing was saved there.
    """
    if not isinstance(model, TermModel):
        model = TermModel.load(model)
    X = np.asarray(x, dtype=np.float32).reshape(1, -1)
    model.check_width(X, "x")
    tables = [_explain(model, name, X, n_terms, n_neighbors) for name in model.classifiers]
    terms, neighbors = (pd.concat(part, ignore_index=True) for part in zip(*tables, strict=True))
    return ProteinPage(str(protein_id), terms, neighbors)


def _explain(model, namespace, X, n_terms, n_neighbors):
    classifier = model.classifiers[namespace]
    scores = classifier.predict_frame(X).iloc[0].sort_values(ascending=False, kind="stable")
    best = scores.iloc[:n_terms]
    names = classifier.ontology.names
    terms = pd.DataFrame(
        {
            "namespace": namespace,
            "term": best.index,
            "name": [names[classifier.ontology.resolve(term)] for term in best.index],
            "score": best.to_numpy(),
        }
    )
    cosines, positions, labels = classifier.nearest(X, n_neighbors)
    columns = {term: column for column, term in enumerate(classifier.terms_)}
    carried = labels[positions[0]][:, [columns[term] for term in best.index]].toarray()
    neighbors = pd.DataFrame(
        {
            "namespace": namespace,
            "protein": _names(model.record["training_ids"][namespace], positions[0]),
            "cosine": cosines[0],
            "shared": [" ".join(best.index[row > 0]) for row in carried],
        }
    )
    return terms, neighbors


def _names(ids, positions):
    # Generated rows follow the real ones and have no name.
    known = [] if ids is None else ids
    return [known[row] if row < len(known) else "" for row in positions]


def _visible(text):
    """Write what a terminal or a browser would obey as its escape."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _table(frame):
    shown = frame.map(lambda cell: _visible(cell) if isinstance(cell, str) else cell)
    return shown.to_html(index=False, escape=True, border=0, float_format="{:.3f}".format)


_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$protein</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.2em 1em 0.2em 0; border-bottom: 1px solid #ddd; }
</style>
</head>
<body>
<h1>$protein</h1>
<h2>Predicted terms</h2>
$terms
<h2>Nearest training proteins</h2>
$neighbors
</body>
</html>
""")
