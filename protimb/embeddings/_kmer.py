"""KmerEncoder: how often each short word of residues occurs."""

from itertools import product
from numbers import Integral
from warnings import warn

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from protimb.embeddings._base import BaseEncoder
from protimb.exceptions import EmbeddingWarning
from protimb.utils._sklearn_compat import Interval, StrOptions
from protimb.utils._warnings import users_level

# Groups of residues that count as one letter, named after the first of each. The ten are those of
# Murphy, Wallqvist and Levy 2000.
ALPHABETS = {
    "full": tuple("ACDEFGHIKLMNPQRSTVWY"),
    "murphy10": ("LVIM", "C", "A", "G", "ST", "P", "FYW", "EDNQ", "KR", "H"),
}
_MAX_FEATURES = 2**20


class KmerEncoder(BaseEncoder):
    """Count the words of k residues, as shares of all words of the protein.

    The oldest vector of a protein, and one that needs no network, no download and no licence: a
    baseline that any other encoder has to beat. It knows composition and short motifs, but not
    that two residues are alike; the alphabet of ten groups says some of that.

    Parameters
    ----------
    k : int, default=3
        Residues of a word.
    alphabet : {"full", "murphy10"}, default="full"
        Letters of words: twenty residues, or ten groups of similar ones [1]_.
    norm : {"l1", "l2", None}, default="l1"
        Divide counts by their sum, by their length, or not at all.

    Attributes
    ----------
    n_features_out_ : int
        Number of words: 8,000 for three residues of the full alphabet.

    See Also
    --------
    UniRepEncoder, TransformersEncoder : Vectors of networks that have read millions of proteins.

    Notes
    -----
    A word with a residue outside the alphabet (``B J O U X Z``) is not counted. A protein without
    any word, because it is shorter than ``k``, gets zeros and is counted in a warning.

    References
    ----------
    .. [1] L. R. Murphy, A. Wallqvist, R. M. Levy, "Simplified amino acid alphabets for protein
       fold recognition and implications for folding", Protein Engineering 13 (2000),
       doi 10.1093/protein/13.3.149.

    Examples
    --------
    >>> from protimb.embeddings import KmerEncoder
    >>> encoder = KmerEncoder(k=2, norm=None).fit()
    >>> X = encoder.transform(["MKMK"])
    >>> names = encoder.get_feature_names_out()
    >>> {str(names[column]): int(X[0, column]) for column in X[0].nonzero()[0]}
    {'KM': 1, 'MK': 2}
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "k": [Interval(Integral, 1, None, closed="left")],
        "alphabet": [StrOptions(set(ALPHABETS))],
        "norm": [StrOptions({"l1", "l2"}), None],
    }

    def __init__(self, k=3, *, alphabet="full", norm="l1"):
        self.k = k
        self.alphabet = alphabet
        self.norm = norm

    def get_feature_names_out(self, input_features=None):
        """Name each column by its word.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (n_features,)
        """
        check_is_fitted(self)
        letters = [group[0] for group in ALPHABETS[self.alphabet]]
        return np.array(["".join(word) for word in product(letters, repeat=self.k)], dtype=object)

    def _prepare(self):
        n_letters = len(ALPHABETS[self.alphabet])
        if n_letters**self.k > _MAX_FEATURES:
            raise ValueError(
                f"k={self.k} makes {n_letters**self.k:,} words of {n_letters} letters, more than "
                f"{_MAX_FEATURES:,}. Lower k, or pass alphabet='murphy10'."
            )
        return n_letters**self.k

    def _spell(self, sequence):
        return sequence

    def _encode(self, sequences):
        codes = _letter_codes(ALPHABETS[self.alphabet])
        X = np.zeros((len(sequences), self.n_features_out_), dtype=np.float32)
        n_letters = len(ALPHABETS[self.alphabet])
        for row, sequence in enumerate(sequences):
            words = _words(codes[np.frombuffer(sequence.encode(), np.uint8)], self.k, n_letters)
            X[row] = np.bincount(words, minlength=self.n_features_out_)
        _warn_of_empty(X, self.k)
        return normalize(X, self.norm, copy=False) if self.norm else X


def _letter_codes(groups):
    """Give the letter number of each byte (256,), -1 where it is in no group."""
    codes = np.full(256, -1)
    for number, group in enumerate(groups):
        codes[np.frombuffer(group.encode(), np.uint8)] = number
    return codes


def _words(letters, k, n_letters):
    """Give each word of letters (n_residues,) its column; words with unknown letters go."""
    if len(letters) < k:
        return np.zeros(0, dtype=int)
    windows = np.lib.stride_tricks.sliding_window_view(letters, k)  # (n_words, k)
    powers = n_letters ** np.arange(k - 1, -1, -1)
    return windows[(windows >= 0).all(axis=1)] @ powers


def _warn_of_empty(X, k):
    n_empty = int((~X.any(axis=1)).sum())
    if n_empty:
        warn(
            f"{n_empty} sequences have no word of {k} known residues: their vectors are zeros.",
            EmbeddingWarning,
            stacklevel=users_level(),
        )
