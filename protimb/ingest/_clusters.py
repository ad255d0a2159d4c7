"""Sequence clusters: by MMseqs2 where it is installed, else by shared words."""

from collections.abc import Mapping
from numbers import Real

from protimb.exceptions import ClusteringError, SequenceError
from protimb.ingest._minhash import link_by_words
from protimb.ingest._mmseqs import cluster_with_mmseqs
from protimb.utils._programs import is_installed


def cluster_sequences(sequences, *, method="auto", identity=0.3, coverage=0.8):
    """Put proteins whose sequences are alike into one group.

    A split that parts relatives lets a classifier look up what it should have learned; with whole
    groups held out, no test protein has a near relative in training.

    Parameters
    ----------
    sequences : mapping of str to str
        Protein -> residues, as ``read_fasta`` returns them.
    method : {"auto", "mmseqs", "minhash"}
        ``"mmseqs"`` calls MMseqs2's ``easy-cluster`` [1]_, ``"minhash"`` compares hashed words of
        residues and needs no other program. ``"auto"`` takes MMseqs2 where it is installed.
    identity : float in (0, 1]
        Share of equal residues from which two sequences are relatives. MMseqs2 aligns and counts;
        ``"minhash"`` takes it for how many words they share, which comes near at .3.
    coverage : float in (0, 1]
        Share of both sequences that an alignment must cover. For ``"minhash"``, the least ratio of
        their lengths.

    Returns
    -------
    clusters : dict of str to str
        Protein -> name of its cluster, which is one of the proteins in it, in the order given.

    Raises
    ------
    ClusteringError
        If MMseqs2 is asked for and not installed, or fails; says what it printed.
    SequenceError
        If there is no sequence, or one is no string of residues.
    ValueError
        If a number is not in (0, 1], or there is no such method.

    See Also
    --------
    protimb.model_selection.split_by_cluster : Holds out whole clusters.

    Notes
    -----
    ``"minhash"`` marks in each sequence the words of six among nine residues, spelt in an
    alphabet of fifteen in which residues that replace one another are one letter. Words of more
    than thirty proteins say nothing of kinship and go; of large sets, a share of the words chosen
    by hash is used. Two proteins are linked if they share two words or more, which have the wanted
    share of the weight of all words of either, rare words weighing more; whoever is linked, also
    through others, is one group. A group of more than 2 % of all proteins, and of a hundred, is
    linked anew with a higher share, until it falls apart.

    It leans towards groups that are too large: that costs variety among groups, while a relative
    in another group costs honesty. The guide has the comparison with MMseqs2.

    References
    ----------
    .. [1] M. Steinegger, J. Söding, "Clustering huge protein sequence sets in linear time", Nature
       Communications 9 (2018), doi 10.1038/s41467-018-04964-5.

    Examples
    --------
    >>> from protimb.ingest import cluster_sequences
    >>> family = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQ"
    >>> sequences = {"A": family, "B": family[:-1] + "E", "C": "GPWCHEDNRM" * 5}
    >>> cluster_sequences(sequences, method="minhash")
    {'A': 'A', 'B': 'A', 'C': 'C'}
    """
    check_share(identity, "identity")
    check_share(coverage, "coverage")
    _check_sequences(sequences)
    method = choose_method(method)
    return METHODS[method](dict(sequences), identity, coverage)


METHODS = {"mmseqs": cluster_with_mmseqs, "minhash": link_by_words}


def choose_method(method):
    """Return the method that a word stands for; MMseqs2 must be there if it is asked for."""
    if method not in ("auto", *METHODS):
        raise ValueError(f"method must be one of auto, {', '.join(METHODS)}; got {method!r}.")
    has_mmseqs = is_installed("mmseqs")
    if method == "mmseqs" and not has_mmseqs:
        raise ClusteringError(
            "There is no program mmseqs on the path. Install MMseqs2 (Debian and conda-forge have "
            "it), or pass method='minhash'."
        )
    return ("mmseqs" if has_mmseqs else "minhash") if method == "auto" else method


def check_share(value, name):
    """Refuse what is no share in (0, 1]."""
    if not isinstance(value, Real) or not 0 < float(value) <= 1:
        raise ValueError(f"{name} is a share in (0, 1], got {value!r}.")


def _check_sequences(sequences):
    if not isinstance(sequences, Mapping):
        raise SequenceError(
            f"sequences is {type(sequences).__name__}; pass {{protein: residues}}, as read_fasta "
            "returns it."
        )
    if not sequences:
        raise SequenceError("There is no sequence to cluster.")
    for protein, residues in sequences.items():
        if not (isinstance(residues, str) and residues.isascii() and residues.isalpha()):
            raise SequenceError(
                f"Protein {str(protein)!r} has {str(residues)[:20]!r}, which are no residues. "
                "read_fasta cleans sequences."
            )
