"""Judge a generator during training by real rows that it never saw."""

import numpy as np

from protimb.gan._sampling import draw_noise, run_generator
from protimb.gan._step import AdversarialStep
from protimb.metrics import frechet_distance

# Held-out rows that are compared: more would cost time in every epoch, and change little.
MAX_ROWS = 4096

# What the distance is called in the records of epochs.
MONITOR = "frechet"


class HeldOutRows:
    """Real rows, their labels, and the noise that is turned into rows to compare with them.

    The noise is drawn once, so that epochs are compared under equal luck.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32
        Scaled.
    y : csr_array of shape (n_rows, n_terms), uint8
    n_latent : int
    rng : numpy.random.RandomState
    seeds : ndarray of shape (n_rows, n_features), float32, optional
        Real training vectors to start from.
    """

    def __init__(self, X, y, n_latent, rng, seeds=None):
        self.X = X
        self.y = y
        self.noise = draw_noise(len(X), n_latent, rng)
        self.seeds = seeds

    def distance(self, generator):
        """Measure how far generated rows are from the real ones that carry the same labels.

        Parameters
        ----------
        generator : torch.nn.Module

        Returns
        -------
        distance : float
            Frechet distance with shrinkage, in squared units of scaled features; infinite where
            the generator gives values that are not finite.
        """
        was_training = generator.training
        X_new = run_generator(generator.eval(), self.y, self.noise, self.seeds)
        generator.train(was_training)
        return frechet_distance(self.X, X_new) if np.isfinite(X_new).all() else np.inf


class JudgedStep(AdversarialStep):
    """An adversarial step whose generator is judged after each epoch.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`AdversarialStep`.
    held_out : HeldOutRows
    """

    def __init__(self, *args, held_out, **kwargs):
        super().__init__(*args, **kwargs)
        self.held_out = held_out

    def valid_batch(self):
        """Return the distance of generated rows from held-out ones, as ``frechet``."""
        return {MONITOR: self.held_out.distance(self.sampling_generator)}
