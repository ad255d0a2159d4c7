"""Term probabilities from the training sequences that a sequence aligns with; no training."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import sparse

from protimb.classification._alignment_engines import ENGINES, choose_engine
from protimb.classification._base import BaseTermClassifier
from protimb.utils._foreign import read_table
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sequences import read_sequences
from protimb.utils._sklearn_compat import Interval, StrOptions


class AlignmentTermClassifier(BaseTermClassifier):
    """Give a protein the terms of the training proteins whose sequences align with its own.

    Homology is what annotators themselves go by, and the baseline that every model of sequences
    is held against. Each hit votes with the bits of its alignment; a term's probability is the
    share of the votes that carry it [1]_. The share of training proteins with the term votes too,
    with ``prior_bits``: a single faint hit is then no certainty.

    Parameters
    ----------
    engine : {"auto", "diamond", "mmseqs", "kmer"}
        What finds the hits. ``"diamond"`` [2]_ and ``"mmseqs"`` are programs that are called;
        ``"kmer"`` counts words of residues that two sequences share, and needs neither.
        ``"auto"`` takes the first that is installed, in this order.
    n_neighbors : int
        Hits that vote, those of the most bits; fewer where fewer align.
    prior_bits : float
        Bits with which the terms' shares of the training proteins vote. 0 gives the score of
        DeepGOPlus and TALE+, where any hit alone is certain, and a protein without one gets zeros.

    Attributes
    ----------
    engine_ : str
        The engine that ``"auto"`` stands for where ``fit`` ran; ``predict_proba`` needs it too.
    classes_ : ndarray
        Classes of a single label; column numbers for multilabel targets.
    terms_ : ndarray of object or None
        Names of the label columns, where y is a DataFrame.
    n_outputs_ : int
        Label columns; 1 for a single label.

    See Also
    --------
    KNNTermClassifier : Neighbours by the cosine of vectors.

    Notes
    -----
    A sequence that is also in training is a hit like any other, since identical proteins are
    known to exist. To judge on training proteins, leave each out of its own fit.

    Hits have an E-value of at most 0.001. The bits of ``"kmer"`` are the information in words of
    six among nine residues, in an alphabet of fifteen, less twice what strangers of these
    lengths share by chance. It finds close relatives as the programs do, and fewer of the distant
    ones. A parent never scores below its child where training labels respect the true-path rule.

    References
    ----------
    .. [1] M. Kulmanov, R. Hoehndorf, "DeepGOPlus: improved protein function prediction from
       sequence", Bioinformatics 36 (2020), doi 10.1093/bioinformatics/btz595.
    .. [2] B. Buchfink, K. Reuter, H.-G. Drost, "Sensitive protein alignments at tree-of-life scale
       using DIAMOND", Nature Methods 18 (2021), doi 10.1038/s41592-021-01101-x.

    Examples
    --------
    >>> from protimb.classification import AlignmentTermClassifier
    >>> kinase = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQ"
    >>> other = "GPWCHEDNRMTTYKAWSLLPQEVGHCNDIYRFMAWKPECSGHTDNVLYQRIFE"
    >>> align = AlignmentTermClassifier("kmer", prior_bits=0).fit([kinase, other], [[1, 0], [0, 1]])
    >>> align.predict_proba([kinase[:-1] + "E", "MKV"])
    array([[1., 0.],
           [0., 0.]])
    """

    _parameter_constraints: ClassVar = {
        "engine": [StrOptions({"auto", *ENGINES})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "prior_bits": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, engine="auto", *, n_neighbors=25, prior_bits=100.0):
        self.engine = engine
        self.n_neighbors = n_neighbors
        self.prior_bits = prior_bits

    def fit(self, X, y):
        """Remember the training sequences and their terms.

        Parameters
        ----------
        X : list, array, Series or mapping of str, shape (n_rows,)
            Residues of each protein, in any case. A stop at the end is dropped, gaps and inner
            stops are read as ``X``.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.

        Returns
        -------
        self : AlignmentTermClassifier

        Raises
        ------
        SequenceError
            If there is no sequence, or one is not a string, has no residues, or holds characters
            that are no letters, as ids do; names the protein.
        InvalidLabelsError
            If indicators are not 0 or 1.
        AlignmentError
            If the engine is a program that is not installed.
        """
        self._validate_params()
        with unchanged_on_failure(self):
            engine = choose_engine(self.engine)
            sequences, labels = self._read_training(X, y)
            self.engine_ = engine
            self._remember(sequences, labels)
        return self

    def bits(self, X):
        """Find the training sequences that given ones align with, and how well.

        Parameters
        ----------
        X : list, array, Series or mapping of str, shape (n_rows,)
            Residues of each protein.

        Returns
        -------
        bits : csr_array of shape (n_rows, n_training_rows)
            Bits of the best ``n_neighbors`` hits of each row.

        Raises
        ------
        SequenceError
            If a sequence cannot be read.
        AlignmentError
            If the program is not installed, or fails; says what it printed.
        """
        sequences = self._check_rows(X, reset=False)
        rows = {sequence: row for row, sequence in enumerate(dict.fromkeys(sequences))}
        found = self._search(list(rows), self.n_neighbors)
        return found[[rows[sequence] for sequence in sequences]]

    def _remember(self, sequences, labels):
        self._sequences = sequences
        self._labels = sparse.csr_array(labels, dtype=np.float64)
        self._prior = self._labels.mean(axis=0)
        self._search = ENGINES[self.engine_](sequences)

    def _scores(self, X, dtype):
        votes = self.bits(X)
        carried = (votes @ self._labels).toarray() + self.prior_bits * self._prior
        cast = votes.sum(axis=1) + self.prior_bits
        scores = np.divide(carried, cast[:, None], out=carried, where=cast[:, None] > 0)
        # Sums of votes may exceed 1 by a rounding error.
        return np.minimum(scores, 1).astype(dtype, copy=False)

    def _voters(self, X):
        return None, X

    def _check_rows(self, X, *, reset):
        return read_sequences(read_table(X, "X"))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags
