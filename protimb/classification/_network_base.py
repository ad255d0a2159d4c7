"""NetworkTermClassifier: what classifiers that train a network have in common."""

import numpy as np

from protimb.classification._base import BaseTermClassifier, check_is_ontology
from protimb.exceptions import InvalidLabelsError


class NetworkTermClassifier(BaseTermClassifier):
    """Base of classifiers with ``ontology``, ``early_stopping`` and ``validation_fraction``."""

    def _check_ontology(self):
        """See that the ontology knows the term of every column."""
        if self.ontology is None:
            return
        check_is_ontology(self)
        if self.terms_ is None:
            raise InvalidLabelsError(
                "An ontology needs to know which term each column of y is: "
                "pass terms, or y as a DataFrame whose columns are GO ids."
            )
        # Unknown terms are found here, before training and not after.
        self.ontology.propagate_scores(np.zeros((1, len(self.terms_)), np.float32), self.terms_)

    def _held_out_share(self, n_rows):
        """Say which share of the rows is held out, and refuse to hold out one of one."""
        if not self.early_stopping:
            return 0
        if n_rows < 2:
            raise ValueError(
                f"early_stopping holds out rows for validation, and n_samples={n_rows} (of a "
                "weight above 0) leaves none to learn from. Pass early_stopping=False."
            )
        return self.validation_fraction
