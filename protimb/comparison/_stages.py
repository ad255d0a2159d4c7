"""Where numbers come from: seconds of every stage."""

import time
from contextlib import contextmanager

from tqdm.auto import tqdm


class Stages:
    """One progress bar over ``n_stages`` stages, and the seconds that each took."""

    def __init__(self, n_stages, verbose):
        self.seconds = []  # dicts of seed, arm, stage and seconds, in the order of the run
        self._bar = tqdm(total=n_stages, unit="stage", disable=not verbose, dynamic_ncols=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Take the bar away, before something else is shown."""
        self._bar.close()

    def take(self, seconds):
        """Count stages that another run or another process went through."""
        self.seconds.extend(seconds)
        self._bar.update(len(seconds))

    @contextmanager
    def __call__(self, stage, *, seed=None, arm=None):
        """Time what happens inside the ``with`` block, and move the bar on at its end."""
        where = [] if seed is None else [f"seed {seed}"]
        self._bar.set_description(", ".join([*where, *([arm] if arm else []), stage]))
        start = time.perf_counter()
        yield
        spent = round(time.perf_counter() - start, 3)
        self.seconds.append({"seed": seed, "arm": arm, "stage": stage, "seconds": spent})
        self._bar.update()
