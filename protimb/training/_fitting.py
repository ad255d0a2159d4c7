"""States of networks and optimizers, looked at before they are put in: what fits, and nothing else.

Torch compares shapes of weights, and neither their types nor anything of an optimizer, whose fused
kernels then write beyond the ends of what they were given.
"""

import math
from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode

from protimb.utils._declared import Anything, Real, check_declared

# Networks are built once more for each loading, and init may need numbers of its own.
_TIMES, _SPARE = 4, 2**20
_TENSORS_TIMES, _TENSORS_SPARE = 8, 64

_FACTORIES = {
    getattr(torch, name)
    for name in ("empty", "zeros", "ones", "full", "rand", "randn", "arange", "eye", "linspace")
}
_LIKE = {getattr(torch, name) for name in ("empty_like", "zeros_like", "ones_like", "full_like")}


@contextmanager
def no_heavier_than(state):
    """Let tensors be made in the block that weigh what those of a state do, and no more.

    What a manifest asks for is so refused before memory is taken for it.
    """
    with _Scales(count_numbers(state), sum(1 for _ in _tensors(state))):
        yield


def count_numbers(state):
    """Count the numbers in all tensors of a nested state."""
    return sum(tensor.numel() for tensor in _tensors(state))


class _Scales(TorchFunctionMode):
    def __init__(self, n_numbers, n_tensors):
        super().__init__()
        self.n_numbers = _TIMES * n_numbers + _SPARE
        self.n_tensors = _TENSORS_TIMES * n_tensors + _TENSORS_SPARE

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _FACTORIES or func in _LIKE:
            self._weigh(args[0].numel() if func in _LIKE else _numel(args, kwargs))
        return func(*args, **kwargs)

    def _weigh(self, n_numbers):
        self.n_numbers -= n_numbers
        self.n_tensors -= 1
        if self.n_numbers < 0 or self.n_tensors < 0:
            raise ValueError(
                "its parameters ask for a larger network than the one whose weights are there"
            )


def _numel(args, kwargs):
    """Count the numbers that a factory is asked for; an upper bound where it takes a range."""
    sizes = kwargs.get("size", args)
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list | torch.Size):
        sizes = sizes[0]
    whole = [size for size in sizes if isinstance(size, int) and not isinstance(size, bool)]
    return math.prod(whole)


def _tensors(state):
    """Yield the tensors of a nested state."""
    if isinstance(state, torch.Tensor):
        yield state
    elif isinstance(state, dict | list | tuple):
        for part in state.values() if isinstance(state, dict) else state:
            yield from _tensors(part)


def put_weights(network, state, place):
    """Give a network weights of the names, shapes and types of its own, all finite."""
    check_weights(network, state, place)
    for name, tensor in state.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{place}.{name} holds NaN or infinite values")
    network.load_state_dict(state)


def check_weights(network, state, place):
    """Refuse weights of other names, shapes or types than a network's own."""
    _check_like(state, dict(network.state_dict()), place)


def put_back(part, state, place):
    """Put the state of a network, an optimizer, a schedule or a source of draws back, if it fits.

    Other parts look at their states themselves.
    """
    for kind, check in _CHECKS.items():
        if isinstance(part, kind):
            check(part, state, place)
    if isinstance(part, torch.Generator):
        part.set_state(state.cpu())
    else:
        part.load_state_dict(state)


def _check_generator(generator, state, place):
    _check_like(state, generator.get_state(), place)


def _check_schedule(schedule, state, place):
    _check_like(state, schedule.state_dict(), place)


def _check_optimizer(optimizer, state, place):
    """Compare groups with those at hand, and each parameter's moments with the parameter."""
    own = optimizer.state_dict()
    if not isinstance(state, dict) or set(state) != set(own):
        raise ValueError(f"{place} is no state of an optimizer")
    _check_groups(state["param_groups"], own["param_groups"], f"{place}.param_groups")
    numbers = [number for group in own["param_groups"] for number in group["params"]]
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    moments = state["state"]
    known = dict(zip(numbers, parameters, strict=True))
    if not isinstance(moments, dict) or not set(moments) <= set(known):
        raise ValueError(f"{place}.state speaks of other parameters than {numbers}")
    wanted = _moments_of(optimizer)
    for number, kept in moments.items():
        where = f"{place}.state.{number}"
        if not isinstance(kept, dict) or (wanted is not None and set(kept) != wanted):
            raise ValueError(f"{where} does not hold {', '.join(sorted(wanted or {'moments'}))}")
        for name, moment in kept.items():
            _check_moment(name, moment, known[number], f"{where}.{name}")


def _check_groups(groups, own, place):
    """Only the learning rate changes in the course of a run."""
    _check_like(groups, own, place)
    for number, (group, ours) in enumerate(zip(groups, own, strict=True)):
        changed = [name for name in ours if name != "lr" and group[name] != ours[name]]
        if changed:
            raise ValueError(f"{place}.{number} differs from this run's in {', '.join(changed)}")
        check_declared(group["lr"], Real(0), place=f"{place}.{number}.lr")


def _moments_of(optimizer):
    """Name what Adam keeps of each parameter; None for optimizers that are not known."""
    if not isinstance(optimizer, torch.optim.Adam):  # AdamW is one, too
        return None
    names = {"step", "exp_avg", "exp_avg_sq"}
    amsgrad = any(group.get("amsgrad") for group in optimizer.param_groups)
    return names | {"max_exp_avg_sq"} if amsgrad else names


def _check_moment(name, moment, parameter, place):
    if name == "step":
        is_count = isinstance(moment, torch.Tensor) and moment.numel() == 1
        if not is_count or moment.ndim or moment.dtype != torch.float32:
            raise ValueError(f"{place} is no count of steps")
        if not 0 <= float(moment) < 2**53:
            raise ValueError(f"{place} counts {float(moment)} steps")
    elif moment is not None:
        _check_like(moment, parameter.detach(), place)
        if name.endswith("_sq") and bool((moment < 0).any()):
            raise ValueError(f"{place} holds squares below zero")


def _check_like(value, own, place):
    """Refuse a value of another type or size than our own, part by part."""
    if isinstance(own, torch.Tensor):
        _check_tensor(value, own, place)
    elif isinstance(own, dict):
        check_declared(value, dict.fromkeys(own, Anything()), place=place)
        for name, part in own.items():
            _check_like(value[name], part, f"{place}.{name}")
    elif isinstance(own, list | tuple):
        if type(value) is not type(own) or len(value) != len(own):
            raise ValueError(f"{place} is {value!r:.60}, where {len(own)} parts belong")
        for number, part in enumerate(own):
            _check_like(value[number], part, f"{place}.{number}")
    elif isinstance(own, bool | str | None):
        if value is not own and value != own:
            raise ValueError(f"{place} is {value!r:.60}, where {own!r} belongs")
    elif isinstance(own, int | float):
        check_declared(value, Real(), place=place)


def _check_tensor(value, own, place):
    wanted = f"{own.dtype}, {tuple(own.shape)}"
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{place} is a {type(value).__name__}, where a tensor of {wanted} belongs")
    grows = not own.numel() and value.ndim == own.ndim  # its module looks at its size
    if value.dtype != own.dtype or not (grows or value.shape == own.shape):
        found = f"{value.dtype}, {tuple(value.shape)}"
        raise ValueError(f"{place} is a tensor of {found}, where {wanted} belongs")


_CHECKS = {
    torch.nn.Module: check_weights,
    torch.optim.Optimizer: _check_optimizer,
    torch.optim.lr_scheduler.LRScheduler: _check_schedule,
    torch.Generator: _check_generator,
}


def check_order(epoch, shape, n_rows, place):
    """Refuse an order of rows that is none: every number below n_rows once, the rest -1."""
    _check_tensor(epoch, torch.empty(shape, dtype=torch.int64, device="meta"), place)
    if int(epoch.min()) < -1 or not torch.equal(
        epoch[epoch >= 0].sort().values, torch.arange(n_rows)
    ):
        raise ValueError(f"{place} does not name each of {n_rows} rows once")
