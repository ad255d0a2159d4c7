"""Learning-rate schedules: the share of the full rate at each step, as plain functions."""

import functools
import math

from torch.optim.lr_scheduler import LambdaLR

# Share of a run that a warm-up takes.
_WARM_UP = 0.05


def _constant(step, n_steps):
    return 1.0


def _linear(step, n_steps):
    return 1 - step / n_steps


def _cosine(step, n_steps):
    return (1 + math.cos(math.pi * step / n_steps)) / 2


def _warmup_cosine(step, n_steps):
    n_warm = max(1, round(_WARM_UP * n_steps))
    # One more than the step: a first update at rate zero would be lost.
    return min(1.0, (step + 1) / n_warm) * _cosine(step, n_steps)


LR_SCHEDULES = {
    "constant": _constant,
    "linear": _linear,
    "cosine": _cosine,
    "warmup_cosine": _warmup_cosine,
}


def build_schedule(name, optimizer, n_steps):
    """Let an optimizer's learning rate follow a schedule over a run.

    Parameters
    ----------
    name : str
        Key of ``LR_SCHEDULES``: ``"constant"``; ``"linear"`` or ``"cosine"`` fall to zero at the
        end; ``"warmup_cosine"`` first rises for a twentieth of the run.
    optimizer : torch.optim.Optimizer
        Its present learning rate is the full one.
    n_steps : int
        Updates planned; the rate stays at the end's value after them.

    Returns
    -------
    schedule : torch.optim.lr_scheduler.LambdaLR
        Call its ``step()`` after each ``optimizer.step()``. Its state is two numbers and a list,
        and is part of a training state.

    Raises
    ------
    ValueError
        If there is no such schedule, or no step.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
       ICLR 2017, arXiv:1608.03983.

    Examples
    --------
    >>> import torch
    >>> from protimb.training import build_schedule
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)
    >>> schedule = build_schedule("linear", optimizer, n_steps=4)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)
    0.2
    """
    if name not in LR_SCHEDULES:
        raise ValueError(f"lr_schedule must be one of {sorted(LR_SCHEDULES)}. Got {name!r}.")
    if n_steps < 1:
        raise ValueError(f"A schedule needs at least one step; got n_steps={n_steps}.")
    return LambdaLR(optimizer, functools.partial(_share, LR_SCHEDULES[name], n_steps))


def _share(schedule, n_steps, step):
    return schedule(min(step, n_steps), n_steps)
