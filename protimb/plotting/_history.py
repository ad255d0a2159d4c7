"""Losses over the epochs of a training run."""

import pandas as pd

from protimb.plotting._style import COLOURS, axes_or_new, literal, tidy

# column of a history -> what a reader calls it
LABELS = {
    "critic_loss": "critic loss",
    "generator_loss": "generator loss",
    "penalty": "gradient penalty",
    "wasserstein": "Wasserstein estimate",
    "loss": "training loss",
    "valid_loss": "validation loss",
}
_COUNTERS = ("epoch", "n_steps")


class TrainingHistoryDisplay:
    """Mean losses of every epoch, one line each.

    For a Wasserstein GAN look at the Wasserstein estimate: it should fall and level off, while
    the penalty stays small. The two losses alone say little, because each network's loss is
    measured by an opponent that also changes.

    Parameters
    ----------
    history : DataFrame or sequence of dict
        One record an epoch: ``epoch`` and any number of losses, such as ``critic_loss``,
        ``generator_loss``, ``penalty`` and ``wasserstein``.

    Attributes
    ----------
    history : DataFrame of shape (n_epochs, n_columns)
    ax_ : matplotlib Axes
        Where it was drawn last.
    figure_ : matplotlib Figure
    lines_ : dict
        The line of each loss.

    See Also
    --------
    EmbeddingMapDisplay : Whether what was learned looks like real proteins.

    Examples
    --------
    >>> from protimb.plotting import TrainingHistoryDisplay
    >>> records = [{"epoch": 1, "loss": 0.7}, {"epoch": 2, "loss": 0.4}]
    >>> TrainingHistoryDisplay(records).losses
    ['loss']
    """

    def __init__(self, history):
        self.history = pd.DataFrame(history)

    @classmethod
    def from_estimator(cls, estimator):
        """Take the history of a fitted sampler or classifier.

        Parameters
        ----------
        estimator : object
            Has ``history_``, as `CGANSampler` and `GOTermClassifier` have after ``fit``.

        Returns
        -------
        display : TrainingHistoryDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If there is no history yet.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(estimator, "history_")
        return cls(estimator.history_)

    @property
    def losses(self):
        """Names of the losses in the history, in its order."""
        return [name for name in self.history.columns if name not in _COUNTERS]

    def plot(self, ax=None, *, losses=None):
        """Draw the losses.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if None.
        losses : sequence of str, optional
            Which columns of the history to draw; all of them if None.

        Returns
        -------
        self : TrainingHistoryDisplay

        Raises
        ------
        ValueError
            If a loss is not in the history.
        """
        losses = self._check(losses)
        self.ax_ = ax = axes_or_new(ax, (6, 4))
        self.figure_ = ax.figure
        self.lines_ = {name: self._draw(ax, name) for name in losses}
        ax.set(xlabel="epoch", ylabel="mean of the epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(frameon=False)
        tidy(ax)
        return self

    def _check(self, losses):
        losses = self.losses if losses is None else list(losses)
        unknown = [name for name in losses if name not in self.history]
        if unknown:
            raise ValueError(f"No loss {unknown} in the history, which has {self.losses}.")
        return losses

    def _draw(self, ax, name):
        epochs = self.history.get("epoch", self.history.index + 1)
        colour = COLOURS[(self.losses.index(name) + 4) % len(COLOURS)]
        (line,) = ax.plot(
            epochs, self.history[name], label=literal(LABELS.get(name, name)), color=colour
        )
        return line
