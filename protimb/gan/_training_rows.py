"""Training rows, cut by index: tensors where they fit, else blocks of what the caller holds."""

import numpy as np
import torch

from protimb.utils._memory import gather_rows, is_large


def training_vectors(X, rows, scaling, device):
    """Give scaled training vectors that can be cut by positions in ``rows``.

    Parameters
    ----------
    X : ndarray of shape (n_all, n_features)
        A memory map is read where it is cut, never as a whole.
    rows : ndarray of int64, shape (n_rows,)
        Rows of ``X`` to train on.
    scaling : Scaling
    device : torch.device

    Returns
    -------
    vectors : Tensor of shape (n_rows, n_features), or CutVectors
    """
    vectors = CutVectors(X, rows, scaling, device)
    if is_large((len(rows), X.shape[1]), 4):
        return vectors
    return vectors[slice(None)]


def training_labels(y, rows, device):
    """Give label rows that can be cut by positions in ``rows``.

    Parameters
    ----------
    y : CSR array of shape (n_all, n_terms), uint8
    rows : ndarray of int64, shape (n_rows,)
        Rows of ``y`` to train on.
    device : torch.device

    Returns
    -------
    labels : Tensor of shape (n_rows, n_terms), uint8, or CutLabels
    """
    labels = CutLabels(y, rows, device)
    if is_large((len(rows), y.shape[1]), 1):
        return labels
    return labels[slice(None)]


class CutVectors:
    """Scale the rows of a batch when they are asked for.

    Parameters
    ----------
    X : ndarray of shape (n_all, n_features)
    rows : ndarray of int64, shape (n_rows,)
    scaling : Scaling
    device : torch.device
    """

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
    """Make the label rows of a batch dense when they are asked for.

    Parameters
    ----------
    y : CSR array of shape (n_all, n_terms), uint8
    rows : ndarray of int64, shape (n_rows,)
    device : torch.device
    """

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


class MemberSeeds:
    """Give each row a random member of its rarest term to start from.

    Parameters
    ----------
    vectors : Tensor or CutVectors of shape (n_rows, n_features)
        Scaled training vectors.
    rarest : ndarray of int64, shape (n_rows,)
        Each row's rarest term; rows without any (-1) start from one another.
    by_term : dict of ndarray
        Members of each term that is some row's rarest, positions in ``vectors``.
    device : torch.device
    """

    def __init__(self, vectors, rarest, by_term, device):
        terms = sorted(by_term)
        counts = np.array([len(by_term[term]) for term in terms])
        place = np.searchsorted(terms, rarest)
        self.vectors = vectors
        members = np.concatenate([by_term[term] for term in terms]).astype(np.int64)
        self.members = torch.from_numpy(members).to(device)
        self.starts = torch.from_numpy((np.cumsum(counts) - counts)[place]).to(device)
        self.counts = torch.from_numpy(counts[place]).to(device)

    def __call__(self, rows, rng):
        """Draw one seed a row, shape (batch, n_features)."""
        point = torch.rand(len(rows), generator=rng, device=rng.device)
        within = (point * self.counts[rows]).long().clamp_(max=self.counts[rows] - 1)
        return self.vectors[self.members[self.starts[rows] + within]]


class MovedSeeds:
    """Give each training row itself, moved by the difference between two relatives.

    Parameters
    ----------
    vectors : Tensor or CutVectors of shape (n_rows, n_features)
        Scaled training vectors.
    moves : ndarray of shape (n_moves, n_features), float32
    device : torch.device
    """

    def __init__(self, vectors, moves, device):
        self.vectors = vectors
        self.moves = torch.from_numpy(moves).to(device)

    def __call__(self, rows, rng):
        """Draw one seed a row, shape (batch, n_features)."""
        device = rng.device
        picked = torch.randint(len(self.moves), (len(rows),), generator=rng, device=device)
        sign = 2 * torch.randint(2, (len(rows), 1), generator=rng, device=device) - 1
        return self.vectors[rows] + sign * self.moves[picked]
