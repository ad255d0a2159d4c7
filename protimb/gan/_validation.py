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
    """Scaled real rows X, their labels y, and the noise and starts that are turned into as many.

    The noise is drawn once, so that epochs are compared under equal luck.
    """

    def __init__(self, X, y, n_latent, rng, starts=None):
        self.X = X
        self.y = y
        self.noise = draw_noise(len(X), n_latent, rng)
        self.starts = starts

    def distance(self, generator):
        """Measure how far generated rows are from the real ones that carry the same labels.

        Frechet distance with shrinkage, in squared units of scaled features; infinite where the
        generator gives values that are not finite.
        """
        was_training = generator.training
        X_new = run_generator(generator.eval(), self.y, self.noise, self.starts)
        generator.train(was_training)
        return frechet_distance(self.X, X_new) if np.isfinite(X_new).all() else np.inf


class JudgedStep(AdversarialStep):
    """An adversarial step whose generator is judged after each epoch, by ``HeldOutRows``."""

    def __init__(self, *args, held_out, **kwargs):
        super().__init__(*args, **kwargs)
        self.held_out = held_out

    def valid_batch(self):
        """Return the distance of generated rows from held-out ones, as ``frechet``."""
        return {MONITOR: self.held_out.distance(self.sampling_generator)}
