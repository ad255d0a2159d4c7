"""A protein's page: its terms with scores, and the training proteins nearest to it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from protimb.runs._model import TermModel
from protimb.utils._page import Page, Section, Table


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
        return self._page().to_html()

    def _page(self):
        terms = Table(_shown(self.terms), "Highest scores", search=True)
        neighbors = Table(_shown(self.neighbors), "Training proteins with the most similar vectors")
        sections = [
            Section("Predicted terms", [terms]),
            Section("Nearest training proteins", [neighbors]),
        ]
        return Page(self.protein_id, _lead(self.terms), sections)

    def save(self, path):
        """Write the page, which needs no other file.

        Parameters
        ----------
        path : str or path-like
            Replaced as a whole where it exists.
        """
        self._page().save(path)


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


def _shown(frame):
    """Put what a row is about first, as the column that names it."""
    first = next((name for name in ("term", "protein") if name in frame), None)
    return frame if first is None else frame.set_index(first)


def _lead(terms):
    if terms.empty:
        return "The model gives no scores for this protein."
    best = terms.loc[terms["score"].idxmax()]
    return f"The highest score, {best['score']:.3f}, is that of {best['name']}."
