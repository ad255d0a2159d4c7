"""ConcatEncoder: the vectors of several encoders side by side."""

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from protimb.embeddings._base import BaseEncoder


class ConcatEncoder(BaseEncoder):
    """Put the vectors of several encoders side by side.

    Parameters
    ----------
    encoders : sequence of BaseEncoder
        They are cloned; each keeps its own device and cache.

    Attributes
    ----------
    encoders_ : list of BaseEncoder
        The fitted clones.
    n_features_out_ : int
        Sum of their widths.

    See Also
    --------
    sklearn.pipeline.FeatureUnion : The same with names and weights, for transformers of any kind.

    Notes
    -----
    Widths and lengths of the parts differ: a part with long vectors decides cosines. Scale the
    columns (``StandardScaler``) where that is not meant.

    Examples
    --------
    >>> from protimb.embeddings import ConcatEncoder, KmerEncoder
    >>> encoder = ConcatEncoder([KmerEncoder(k=1), KmerEncoder(k=2)])
    >>> encoder.fit_transform(["MKVLAW", "GHPC"]).shape
    (2, 420)
    """

    _parameter_constraints: dict = {"encoders": [list, tuple]}  # noqa: RUF012 - scikit-learn's form

    def __init__(self, encoders):
        self.encoders = encoders

    def get_feature_names_out(self, input_features=None):
        """Name each column by the number of its encoder and that one's own name.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (n_features,)
        """
        check_is_fitted(self)
        return np.array(
            [
                f"{number}__{name}"
                for number, encoder in enumerate(self.encoders_)
                for name in encoder.get_feature_names_out()
            ],
            dtype=object,
        )

    def describe(self):
        """Describe the parts, as ``BaseEncoder.describe`` has it.

        Returns
        -------
        description : dict
        """
        parts = [encoder.describe() for encoder in self.encoders]
        return {"class": type(self).__name__, "params": {"encoders": parts}}

    def facts(self):
        """Tell the class and facts of each part, by its number.

        Returns
        -------
        facts : dict
        """
        check_is_fitted(self)
        return {
            str(number): {"encoder": type(encoder).__name__, **encoder.facts()}
            for number, encoder in enumerate(self.encoders_)
        }

    def _prepare(self):
        strange = [one for one in self.encoders if not isinstance(one, BaseEncoder)]
        if strange or not self.encoders:
            raise TypeError(
                "encoders must be one or more encoders of sequences, got "
                f"{strange[0] if strange else self.encoders!r}."
            )
        self.encoders_ = [clone(encoder).fit() for encoder in self.encoders]
        return sum(encoder.n_features_out_ for encoder in self.encoders_)

    def _spell(self, sequence):
        return sequence

    def _encode(self, sequences):
        parts = [encoder.transform(sequences) for encoder in self.encoders_]
        return np.hstack([np.asarray(part) for part in parts])
