"""Judge a generator during training by real rows that it never saw."""

import math
import warnings
from functools import cached_property
from typing import ClassVar

import numpy as np
from sklearn.decomposition import PCA

from protimb.exceptions import FidelityWarning, UndertrainedWarning
from protimb.gan._sampling import draw_noise, run_generator
from protimb.gan._step import AdversarialStep
from protimb.metrics import two_sample_score
from protimb.metrics._fidelity import fit_gaussian, gaussian_distance
from protimb.training import EarlyStopping, from_first
from protimb.utils._declared import Anything, Each, Integer, Real, check_declared
from protimb.utils._warnings import users_level

# Held-out rows that are compared: more would cost time at every check, and change little.
MAX_ROWS = 2048

# What the distance is called in the records of checks.
MONITOR = "frechet"

# Wider vectors are compared in the directions in which real ones vary most, and by what is left.
N_DIRECTIONS = 32

# Samples of the held-out rows, drawn with replacement, that tell how sure a distance is.
N_RESAMPLES = 20

# A gain of so many standard errors is one.
N_ERRORS = 1.0

# Fewer held-out rows than these tell too little to warn by.
MIN_TOLD = 100

# Rows that a simple classifier tells from real ones this well are reported.
TOLD_APART = 0.9

# A distance that has fallen by this share in the last checks was still falling.
STILL_FALLING = 0.1


class HeldOutRows:
    """Scaled real rows X, their labels y, and the noise and starts that are turned into as many.

    The noise is drawn once, so that checks are compared under equal luck; so are the resamples.
    ``near``, scaled training rows, show the directions in which wide vectors are compared.
    """

    def __init__(self, X, y, n_latent, rng, starts=None, near=None):
        self.X = X
        self.y = y
        self.noise = draw_noise(len(X), n_latent, rng)
        self.starts = starts
        own = np.random.RandomState(rng.randint(2**31 - 1))
        self.resamples = own.randint(len(X), size=(N_RESAMPLES, len(X)))
        self.directions = _directions(X if near is None else near, len(X), own)
        self.distances = np.full(1 + N_RESAMPLES, np.inf)

    def distance(self, generator):
        """Measure how far generated rows are from the real ones that carry the same labels.

        Frechet distance with shrinkage, in squared units of scaled features; infinite where the
        generator gives values that are not finite. ``distances`` then holds it and those of
        resampled rows, the same rows at every check.
        """
        X_new = self.generate(generator)
        if not np.isfinite(X_new).all():
            self.distances = np.full(1 + N_RESAMPLES, np.inf)
        else:
            pairs = zip(self._real, self._gaussians(X_new), strict=True)
            self.distances = np.array([gaussian_distance(*pair) for pair in pairs])
        return float(self.distances[0])

    @cached_property
    def _real(self):
        return self._gaussians(self.X)

    def _gaussians(self, X):
        """Read rows X, and then each resample of them, as Gaussians."""
        seen = self.project(X).astype(np.float64)
        return [fit_gaussian(rows) for rows in (seen, *(seen[rows] for rows in self.resamples))]

    def generate(self, generator):
        """Generate a scaled row for the labels of each held-out row: (n_held_out, n_features)."""
        was_training = generator.training
        X_new = run_generator(generator.eval(), self.y, self.noise, self.starts)
        generator.train(was_training)
        return X_new

    def project(self, X):
        """Give rows X in the directions compared, and how far they are from all of these."""
        if self.directions is None:
            return X
        seen = self.directions.transform(X)
        left = X - self.directions.inverse_transform(seen)
        return np.column_stack([seen, np.linalg.norm(left, axis=1)])

    def told_apart(self, generator):
        """Measure how well a simple classifier tells generated rows from real ones: an AUC."""
        real, new = self.project(self.X), self.project(self.generate(generator))
        return max(two_sample_score(real, new, classifier=by).auc for by in ("logistic", "knn"))


def _directions(X, n_compared, rng):
    """Find the directions in which rows X vary most; None where these are few or none."""
    n_directions = min(N_DIRECTIONS, max(1, n_compared // 4), len(X) - 1)
    if X.shape[1] <= max(n_directions, 1) or n_directions < 1 or not np.ptp(X, axis=0).any():
        return None
    return PCA(n_directions, random_state=rng).fit(X)


class JudgedStep(AdversarialStep):
    """An adversarial step whose generator is judged after each epoch, by ``HeldOutRows``."""

    def __init__(self, *args, held_out, **kwargs):
        super().__init__(*args, **kwargs)
        self.held_out = held_out

    def valid_batch(self):
        """Return the distance of generated rows from held-out ones, as ``frechet``."""
        # Measured once: all processes must decide alike.
        self.held_out.distances = from_first(self._measure)
        return {MONITOR: float(self.held_out.distances[0])}

    def _measure(self):
        self.held_out.distance(self.sampling_generator)
        return self.held_out.distances


class Plateau(EarlyStopping):
    """Keep the weights of the least distance, and stop where it falls by no more than its error.

    A check gains on an earlier one where its distance is less by more than the standard error of
    that difference, which rows drawn again tell. Training stops after ``patience`` checks that
    gain nothing, but not before ``min_updates``.
    """

    _counted: tuple[str, ...] = ("best_score_", "best_epoch_", "gains_")
    _declared: ClassVar = {**EarlyStopping._declared, "gains_": Each(Anything())}

    def __init__(self, held_out, *, patience, min_updates):
        super().__init__(MONITOR, patience=patience)
        self.held_out = held_out
        self.min_updates = min_updates

    def check_state(self, state, place):
        """Refuse gains that are no epochs with their distances."""
        kept = super().check_state(state, place)
        for number, gain in enumerate(state["gains_"]):
            check_declared(gain, Each(Anything(), 2), place=f"{place}.gains_.{number}")
            for part, kind in zip(gain, (Integer(), Each(Real(), 1 + N_RESAMPLES)), strict=True):
                check_declared(part, kind, place=f"{place}.gains_.{number}")
        return kept

    def on_train_begin(self, loop):
        """Forget any earlier run."""
        super().on_train_begin(loop)
        self.gains_: list = []  # (epoch, its distances): each better than the one before

    def on_epoch_end(self, loop, record):
        """Keep the weights if this is the best check so far; stop if none gained for long."""
        if record[MONITOR] < self.best_score_:
            self.best_score_, self.best_epoch_ = record[MONITOR], record["epoch"]
            self._kept = loop.snapshot
        if self._gains(self.held_out.distances):
            self.gains_.append([record["epoch"], self.held_out.distances.tolist()])
        since = record["epoch"] - (self.gains_[-1][0] if self.gains_ else 0)
        if since >= self.patience and record["n_steps"] >= self.min_updates:
            loop.stop_requested = True

    def on_train_end(self, loop):
        """Put the best weights back; warn if they are far from what training could give."""
        super().on_train_end(loop)
        if self._kept is not None and not loop.stop_requested and loop.finished():
            self._warn_if_still_falling(loop)

    def _gains(self, distances):
        if not self.gains_:
            return np.isfinite(distances).all()
        gain = np.array(self.gains_[-1][1]) - distances
        return np.isfinite(gain).all() and gain[0] > N_ERRORS * gain[1:].std()

    def _tells(self):
        return len(self.held_out.X) >= MIN_TOLD

    def _warn_if_still_falling(self, loop):
        """Compare the best check with the last one before ``patience`` checks ago."""
        n_checks = len(loop.history)
        earlier = [d[0] for epoch, d in self.gains_ if epoch <= n_checks - self.patience]
        fallen = 1 - self.best_score_ / earlier[-1] if earlier and earlier[-1] else 0.0
        if math.isfinite(self.patience) and fallen > STILL_FALLING and self._tells():
            warnings.warn(
                f"Training ended after {loop.n_steps} updates of the generator while its distance "
                f"from real rows was still falling: by {fallen:.0%} in the last {self.patience} "
                "checks. Raise max_updates, or lr.",
                UndertrainedWarning,
                stacklevel=users_level(),
            )


def warn_if_told_apart(held_out, generator):
    """Warn if generated rows are easily told from the real ones held out, where these suffice."""
    if held_out is None or len(held_out.X) < MIN_TOLD:
        return
    auc = held_out.told_apart(generator)
    if auc > TOLD_APART:
        warnings.warn(
            f"A simple classifier tells generated rows from {len(held_out.X)} real ones that "
            f"were held out (AUC {auc:.3f}; 0.5 is chance, {TOLD_APART} the limit): they are not "
            "like them. Start from real rows (generate_from='relative'), or train for longer "
            "(max_updates) or in larger steps (lr).",
            FidelityWarning,
            stacklevel=users_level(),
        )
