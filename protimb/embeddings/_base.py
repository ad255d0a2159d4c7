"""The contract of an encoder: sequences in, float32 vectors out, in the order of the input."""

from abc import ABCMeta, abstractmethod
from os import PathLike
from pathlib import Path
from typing import ClassVar

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from protimb.utils._description import describe
from protimb.utils._sequences import read_sequences
from protimb.utils._sklearn_compat import check_params


class BaseEncoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, metaclass=ABCMeta
):
    """Turn protein sequences into vectors; a subclass says how one is made.

    Sequences are read in any case; a stop at the end is dropped, gaps and inner stops are read as
    ``X``. Equal sequences are encoded once. Subclasses write ``_prepare``, which gives the number
    of features, ``_spell``, which writes a sequence in the letters that the encoder knows, and
    ``_encode``, which makes vectors of distinct spelled sequences.

    Attributes
    ----------
    n_features_out_ : int
        Width of a vector.
    """

    _parameter_constraints: dict = {}  # noqa: RUF012 - scikit-learn's name and form
    _where: ClassVar[frozenset] = frozenset()  # parameters of where and how fast, not of what
    _source: ClassVar[frozenset] = frozenset()  # parameters that name what facts hold a hash of

    def fit(self, sequences=None, y=None):
        """Check the parameters and get ready; nothing is learned from the sequences.

        Parameters
        ----------
        sequences : ignored
        y : None
            Ignored.

        Returns
        -------
        self : BaseEncoder
        """
        check_params(self)
        self.n_features_out_ = self._prepare()
        return self

    def transform(self, sequences):
        """Encode sequences.

        Parameters
        ----------
        sequences : list, array, Series or mapping of str
            Residues of each protein; of a mapping, such as ``bunch.sequences``, the values.

        Returns
        -------
        X : ndarray of float32, shape (n_sequences, n_features)
            In the order of the input.

        Raises
        ------
        SequenceError
            If there is no sequence, or one is not a string, has no residues, or holds characters
            that are no letters; names the protein.
        """
        check_is_fitted(self)
        spelled = [self._spell(sequence) for sequence in read_sequences(sequences)]
        rows = {sequence: row for row, sequence in enumerate(dict.fromkeys(spelled))}
        X = self._encode(list(rows))
        # Without repeats the order is that of the input already.
        return X if len(rows) == len(spelled) else X[[rows[sequence] for sequence in spelled]]

    def describe(self):
        """Describe the class and the parameters that make this encoder again, as JSON holds them.

        Returns
        -------
        description : dict
            ``class`` and ``params``, without device, cache and the like.
        """
        params = self.get_params(deep=False)
        params |= {name: _absolute(params[name]) for name in self._source}
        kept = {name: describe(params[name]) for name in params if name not in self._where}
        return {"class": type(self).__name__, "params": kept}

    def facts(self):
        """Tell all that vectors depend on: what differs between two encoders, differs here.

        Returns
        -------
        facts : dict
            Numbers and text, a hash of the weights in place of where they lie.
        """
        check_is_fitted(self)
        params = self.get_params(deep=False)
        passing = self._where | self._source
        return {name: describe(params[name]) for name in params if name not in passing}

    @property
    def _n_features_out(self):
        return self.n_features_out_  # scikit-learn's name

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags

    @abstractmethod
    def _prepare(self):
        """Return the number of features, once what encoding needs is there."""

    @abstractmethod
    def _spell(self, sequence):
        """Write a sequence in the letters that the encoder knows."""

    @abstractmethod
    def _encode(self, sequences):
        """Make vectors (n_sequences, n_features_out_) of distinct spelled sequences."""


def _absolute(value):
    """Write a path that exists so that it is found from any folder."""
    if isinstance(value, str | PathLike) and Path(value).exists():
        return str(Path(value).absolute())
    return str(value) if isinstance(value, PathLike) else value
