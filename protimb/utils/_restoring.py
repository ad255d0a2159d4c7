"""A fit that fails leaves what an estimator knew before."""

from contextlib import contextmanager


@contextmanager
def unchanged_on_failure(estimator):
    """Put an estimator's attributes back if fitting fails or is interrupted."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
