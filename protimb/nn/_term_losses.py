"""The losses of terms that have a name, and how one is built for the terms at hand."""

from protimb.nn._term_losses_base import BaseTermLoss, read_counts, read_edges
from protimb.nn._term_losses_counts import (
    ClassBalancedLoss,
    DistributionBalancedLoss,
    LDAMLoss,
    LogitAdjustmentLoss,
)
from protimb.nn._term_losses_isda import ISDALoss
from protimb.nn._term_losses_plain import (
    AsymmetricLoss,
    CrossEntropyLoss,
    FocalLoss,
    HierarchyLoss,
    ZLPRLoss,
)
from protimb.utils._named import resolve

# A string is shorthand for an object: GOTermClassifier(loss="focal") means FocalLoss().
LOSSES: dict[str, type[BaseTermLoss]] = {
    "bce": CrossEntropyLoss,
    "focal": FocalLoss,
    "class_balanced": ClassBalancedLoss,
    "asymmetric": AsymmetricLoss,
    "distribution_balanced": DistributionBalancedLoss,
    "ldam": LDAMLoss,
    "zlpr": ZLPRLoss,
    "logit_adjustment": LogitAdjustmentLoss,
    "hierarchy": HierarchyLoss,
    "isda": ISDALoss,
}


def make_loss(loss, n_positive, n_rows, *, edges=None):
    """Build the criterion of a loss for terms of which so many training rows are members.

    Parameters
    ----------
    loss : str or BaseTermLoss
        A name among ``LOSSES``, or an object such as ``FocalLoss(gamma=1.0)``.
    n_positive : array-like of shape (n_terms,)
        Training rows that have each term; 0 for one that no row has.
    n_rows : float or array-like of shape (n_terms,)
        Training rows, or those that are known to have each term or not.
    edges : array-like of int, shape (n_edges, 2), optional
        Column of a child and column of its parent, for the hierarchy penalty.

    Returns
    -------
    criterion : TermCriterion
        A torch module, on the CPU: ``criterion(logits, labels, known=None)`` gives each row its
        loss, (batch,). Losses that say ``needs_features`` are called with ``features=`` (batch, d)
        and ``weight=`` (n_terms, d) too, and learn from them in training mode.

    Raises
    ------
    ValueError
        If the name is unknown, a parameter or count is out of range, or a hierarchy penalty is
        asked for without edges.
    TypeError
        If ``loss`` is neither a name nor a loss.

    See Also
    --------
    BaseTermLoss : What to subclass for a loss of one's own.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import make_loss
    >>> criterion = make_loss("focal", n_positive=[3, 0, 40], n_rows=100)
    >>> logits = torch.zeros(2, 3, requires_grad=True)
    >>> criterion(logits, torch.tensor([[1, 0, 0], [0, 0, 1]])).shape
    torch.Size([2])
    """
    loss = resolve_loss(loss, "make_loss")
    counts = read_counts(n_positive, n_rows)
    if getattr(loss, "hierarchy", 0) and edges is None:
        raise ValueError(
            f"{loss} asks for a hierarchy penalty, and edges is None: say which columns lie above "
            "which. GOTermClassifier finds them where it is given ontology and terms."
        )
    return loss.build(counts, None if edges is None else read_edges(edges, len(counts.n_positive)))


def resolve_loss(loss, owner):
    """Make the loss that a name stands for; refuse what is no loss."""
    loss = resolve(loss, LOSSES, owner, "loss")
    if not isinstance(loss, BaseTermLoss):
        what = f"the class {loss.__name__}" if isinstance(loss, type) else type(loss).__name__
        raise TypeError(
            f"The 'loss' parameter of {owner} must be one of {', '.join(LOSSES)}, or an object "
            f"of a class derived from protimb.nn.BaseTermLoss. Got {what} instead."
        )
    return loss
