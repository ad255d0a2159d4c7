"""Training rows, cut by index: tensors where they fit, else blocks of what the caller holds."""

import torch

from protimb.utils._memory import gather_rows, is_large


def training_vectors(X, rows, scaling, device):
    """Give scaled vectors (n_rows, n_features) to cut by positions in ``rows`` of X.

    A tensor, or ``CutVectors`` of a matrix that is too large to be held once more.
    """
    vectors = CutVectors(X, rows, scaling, device)
    if is_large((len(rows), X.shape[1]), 4):
        return vectors
    return vectors[slice(None)]


def training_labels(y, rows, device):
    """Give label rows, uint8 (n_rows, n_terms), to cut by positions in ``rows`` of y.

    A tensor, or ``CutLabels`` where that would be too large.
    """
    labels = CutLabels(y, rows, device)
    if is_large((len(rows), y.shape[1]), 1):
        return labels
    return labels[slice(None)]


class CutVectors:
    """Scale the rows of a batch when they are asked for."""

    def __init__(self, X, rows, scaling, device):
        self.X = X
        self.rows = rows
        self.scaling = scaling
        self.device = device

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        """Cut rows by a slice, or by a tensor of positions on any device."""
        picked = gather_rows(self.X, self.rows[_on_host(index)])
        return torch.from_numpy(self.scaling.transform(picked)).to(self.device)


class CutLabels:
    """Make the label rows of a batch dense when they are asked for."""

    def __init__(self, y, rows, device):
        self.y = y
        self.rows = rows
        self.device = device

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        """Cut rows by a slice, or by a tensor of positions on any device."""
        return torch.from_numpy(self.y[self.rows[_on_host(index)]].toarray()).to(self.device)


def _on_host(index):
    return index.cpu().numpy() if isinstance(index, torch.Tensor) else index
