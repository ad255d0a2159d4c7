"""Training rows, cut by index: tensors where they fit, else blocks of what the caller holds."""

import torch

from protimb.utils._memory import gather_rows, is_large


def training_vectors(X, rows, scaling, device):
    """Give scaled vectors (n_rows, n_features) to cut by positions in ``rows`` of X.

    A tensor, or ``CutVectors`` of a matrix that is too large to be held once more.
    """
    return _held_if_small(CutVectors(X, rows, scaling, device), X.shape[1], 4)


def training_labels(y, rows, device):
    """Give label rows, uint8 (n_rows, n_terms), to cut by positions in ``rows`` of y.

    A tensor, or ``CutLabels`` where that would be too large.
    """
    return _held_if_small(CutLabels(y, rows, device), y.shape[1], 1)


def _held_if_small(cut, width, n_bytes):
    return cut if is_large((len(cut), width), n_bytes) else cut[slice(None)]


class _CutRows:
    """Some rows of what the caller holds; a subclass cuts those of a batch, as an array."""

    def __init__(self, rows, device):
        self.rows = rows
        self.device = device

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        """Cut rows by a slice, or by a tensor of positions on any device."""
        return torch.from_numpy(self._cut(self.rows[_on_host(index)])).to(self.device)

    def _cut(self, rows):
        raise NotImplementedError


class CutVectors(_CutRows):
    """Scale the rows of a batch when they are asked for."""

    def __init__(self, X, rows, scaling, device):
        super().__init__(rows, device)
        self.X = X
        self.scaling = scaling

    def _cut(self, rows):
        return self.scaling.transform(gather_rows(self.X, rows))


class CutLabels(_CutRows):
    """Make the label rows of a batch dense when they are asked for."""

    def __init__(self, y, rows, device):
        super().__init__(rows, device)
        self.y = y

    def _cut(self, rows):
        return self.y[rows].toarray()


def _on_host(index):
    return index.cpu().numpy() if isinstance(index, torch.Tensor) else index
