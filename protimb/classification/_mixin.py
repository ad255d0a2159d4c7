"""What all classifiers can do once fitted: be saved, be loaded, answer in a table."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from protimb.classification._label_attention_residues import is_residues
from protimb.utils._foreign import read_table
from protimb.utils._validation import a_few


class FittedClassifierMixin:
    """Save and load of fitted classifiers, and predictions with the names of rows and columns."""

    def predict_frame(self, X, protein_ids=None):
        """Give each protein the probability of each term, in a table with ids and terms.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        protein_ids : sequence of str, shape (n_rows,), optional
            Names of the rows. By default those of a DataFrame's index, else row numbers.

        Returns
        -------
        predictions : DataFrame of shape (n_rows, n_terms)
            What ``predict_proba`` gives. The index, ``EntryID``, holds the ids; the columns are
            ``terms_`` where terms have names, else ``classes_``.

        Raises
        ------
        TypeError
            If ``predict_proba`` gives a list, as forests of scikit-learn do.
        ValueError
            If there are not as many ids as rows, or two rows have one id.

        See Also
        --------
        protimb.datasets.write_predictions : Writes such a table as CAFA takes it.

        Notes
        -----
        scikit-learn's ``set_output`` shapes what transformers return; ``predict_proba`` of a
        classifier is an array in all of scikit-learn, whose tools count on that.
        """
        return _frame(self, X, protein_ids)

    def save(self, folder):
        """Write the fitted classifier to a folder, for ``load``.

        Parameters
        ----------
        folder : str or path-like
            Made where it is missing; what was saved there before is replaced as a whole.

        Raises
        ------
        ArtifactWriteError
            If the folder cannot be written; what was there is intact.
        TypeError
            If a part has no form but pickle: a classifier of scikit-learn's, terms that are
            neither text nor numbers.

        Notes
        -----
        Weights, scale and neighbours are kept as tensors, the rest as JSON, with hashes. Of an
        ontology, the terms at hand and their ancestors are kept, which is what scores need. Left
        out are ``device`` and a ``RandomState``, and of a sampler what it reported (``sampler_``)
        and parameters that are no numbers, words or objects of these.
        """
        from protimb.classification._saving import save_classifier

        check_is_fitted(self)
        save_classifier(self, folder)

    @classmethod
    def load(cls, folder, *, device="auto", classes=()):
        """Read a classifier that ``save`` wrote; no saved code is run.

        Parameters
        ----------
        folder : str or path-like
        device : str or torch.device, default="auto"
            Where it will train if it is fitted again; it predicts on the CPU.
        classes : iterable of class
            Of what the parameters hold, such as the class of a ``sampler``.

        Returns
        -------
        classifier : object of this class
            Its predictions have the bits of the one that was saved.

        Raises
        ------
        ArtifactError
            If the folder is damaged, comes from a newer protimb, holds something else, or needs a
            class that was not passed.
        DeviceUnavailableError
            If ``device`` names one that this machine lacks.
        """
        from protimb.classification._saving import load_classifier

        return load_classifier(cls, folder, device, classes)


def _frame(classifier, X, protein_ids):
    """Give a fitted classifier's probabilities names of rows and columns."""
    probabilities = classifier.predict_proba(X)
    if isinstance(probabilities, list):
        raise TypeError(
            "This classifier's predict_proba gives a list of arrays, one a term, which make no "
            "table. Use one of protimb's classifiers."
        )
    ids = _row_names(X, protein_ids, len(probabilities))
    terms = getattr(classifier, "terms_", None)
    columns = pd.Index(classifier.classes_ if terms is None else terms)
    return pd.DataFrame(probabilities, index=ids, columns=columns)


def _own_names(X, n_rows):
    """Give the names that a table, or sequences by id, bring along; else row numbers."""
    if isinstance(X, pd.DataFrame | pd.Series):
        return X.index
    return list(X) if isinstance(X, Mapping) else range(n_rows)


def _row_names(X, protein_ids, n_rows):
    if protein_ids is None:
        X = X if is_residues(X) else read_table(X, "X")
        protein_ids = _own_names(X, n_rows)
    names = protein_ids.tolist() if hasattr(protein_ids, "tolist") else list(protein_ids)
    ids = pd.Index(names, name="EntryID")
    if len(ids) != n_rows:
        raise ValueError(f"{len(ids)} protein_ids for {n_rows} rows of X. Each row needs one id.")
    repeated = np.unique(ids[ids.duplicated()].astype(str))
    if len(repeated):
        raise ValueError(
            f"{len(repeated)} ids name more than one row: {a_few(repeated.tolist())}. Keep one of "
            "each."
        )
    return ids
