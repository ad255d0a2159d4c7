"""Vectors or residues on a device, cut into batches, which residues fill up with padding."""

import torch

from protimb.classification._label_attention_residues import Residues
from protimb.training._processes import hash_rows


class VectorRows:
    """One vector a protein, on a device."""

    longest = 1

    def __init__(self, X, device):
        self.x = torch.from_numpy(X).to(device)
        self.n_features = X.shape[1]

    def __getitem__(self, rows):
        """Give x (batch, n_features), and no padding."""
        return self.x[rows], None

    def hashed(self):
        """Hash the vectors."""
        return hash_rows(self.x)


class ResidueRows:
    """Residues on a device, cut by row into a batch that is as long as its longest protein."""

    def __init__(self, residues, device):
        self.values = torch.from_numpy(residues.values).to(device)
        self.starts = torch.from_numpy(residues.starts).to(device)
        self.lengths = torch.from_numpy(residues.lengths).to(device)
        self.longest = int(residues.lengths.max())
        self.n_features = residues.values.shape[1]

    def __getitem__(self, rows):
        """Give x (batch, n_residues, n_features) and padding, bool (batch, n_residues)."""
        lengths = self.lengths[rows]
        places = torch.arange(int(lengths.max()), device=lengths.device)
        padding = places >= lengths[:, None]
        # Padding reads the protein's first residue, and is left out of what is made of it.
        x = self.values[self.starts[rows][:, None] + places.masked_fill(padding, 0)]
        return x, padding

    def hashed(self):
        """Hash the residues, and how many each protein has."""
        return hash_rows(self.values) + hash_rows(self.lengths)


def rows_on(device, X):
    """Put checked vectors or residues where the network is."""
    return (ResidueRows if isinstance(X, Residues) else VectorRows)(X, device)
