"""What encoders with a network share: device, batches by length, a bar, and a cache on disk."""

from abc import abstractmethod
from numbers import Integral

import numpy as np
from tqdm import tqdm

from protimb.embeddings._base import BaseEncoder
from protimb.embeddings._cache import open_cache
from protimb.utils._sklearn_compat import Interval


class BaseNetworkEncoder(BaseEncoder):
    """Encode by a network that is loaded by ``fit``, and again after unpickling."""

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "device": "no_validation",  # resolve_device says more than a list of types
        "cache": "no_validation",  # any path
        "batch_tokens": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
    }

    _where = frozenset({"device", "cache", "batch_tokens", "verbose"})

    def facts(self):
        """Tell all that vectors depend on: parameters as the network resolved them, and a hash.

        Returns
        -------
        facts : dict
        """
        return super().facts() | self._network().facts()

    def __getstate__(self):
        # A network is read from its own files and never pickled.
        return {name: value for name, value in super().__getstate__().items() if name != "_loaded"}

    def _prepare(self):
        self._loaded = self._load()
        return self._loaded.width

    def _network(self):
        if not hasattr(self, "_loaded"):
            self._loaded = self._load()
        return self._loaded

    @abstractmethod
    def _load(self):
        """Read it: with ``width``, ``cut``, ``pool``, ``name``, ``identity`` and ``facts``."""

    def _encode(self, sequences):
        from protimb.embeddings._pooling import pool_by_length

        network = self._network()
        X = np.empty((len(sequences), self.n_features_out_), dtype=np.float32)
        identity = network.identity() if self.cache is not None else None
        cache = open_cache(self.cache, network.name, identity, self.n_features_out_)
        found = cache.fill(sequences, X)
        todo = np.flatnonzero(~found)
        with self._bar(sequences, todo) as bar:
            try:
                wanted = [sequences[row] for row in todo]
                size = network.batch_tokens if self.batch_tokens == "auto" else self.batch_tokens
                for number, vector in pool_by_length(network, wanted, size, bar):
                    X[todo[number]] = vector
                    cache.add(wanted[number], vector)
            finally:  # what was made before an interruption is kept
                cache.flush()
        return X

    def _bar(self, sequences, todo):
        n_residues = sum(map(len, sequences))
        n_todo = sum(len(sequences[row]) for row in todo)
        return tqdm(
            total=n_residues,
            initial=n_residues - n_todo,
            desc=f"embedding {len(sequences):,} sequences",
            unit=" residues",
            unit_scale=True,
            dynamic_ncols=True,
            disable=not self.verbose,
        )
