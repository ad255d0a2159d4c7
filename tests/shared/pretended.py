"""A CUDA device for machines without one: the CPU computes, tensors know where they would lie.

To Python such a tensor is on "cuda:0". To torch's C++ it is on the meta device, which needs no
driver. What CUDA would refuse of mixed devices is refused; all else gives the numbers of the CPU.
"""

import hashlib
import re
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing

CPU, META, CUDA = torch.device("cpu"), torch.device("meta"), torch.device("cuda", 0)
ATEN = torch.ops.aten
MOVES = {ATEN._to_copy, ATEN.copy_}
CUTS = {ATEN.index, ATEN.index_put, ATEN.index_put_, ATEN._index_put_impl_}


@contextmanager
def pretended_cuda():
    """Have torch see one CUDA device within this context."""
    seen = {
        "torch.cuda.is_available": lambda: True,
        "torch.cuda.device_count": lambda: 1,
        "torch.cuda.is_bf16_supported": lambda *_, **__: True,
        "torch.cuda.empty_cache": lambda: None,
        "torch.Generator": Generator,
        # As on a real device, a parameter stays the same object when it moves.
        "torch.__future__._swap_module_params_on_conversion": True,
    }
    with ExitStack() as stack:
        for name, value in seen.items():
            stack.enter_context(patch(name, value))
        stack.enter_context(_Calls())
        stack.enter_context(_Operations())
        yield


class OnCUDA(torch.Tensor):
    """A tensor of the pretended device, around one that the CPU computes with."""

    device, is_cuda, is_meta = CUDA, True, False
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        wrapper = torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=META,
        )
        wrapper.held = held
        return wrapper

    def __repr__(self):
        return f"OnCUDA({self.held})"

    def numpy(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")

    __array__ = numpy

    def tolist(self):
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class Generator(torch.Generator):
    """A source of draws that says where it draws; as on CUDA, its state there has 16 bytes."""

    _states: dict = {}  # noqa: RUF012 - of all generators, by the 16 bytes that stand for them

    def __new__(cls, device="cpu"):
        made = super().__new__(cls)
        made.lies_on = CUDA if torch.device(device).type == "cuda" else CPU
        return made

    @property
    def device(self):
        return self.lies_on

    def get_state(self):
        state = super().get_state()
        if self.lies_on == CPU:
            return state
        name = hashlib.md5(state.numpy().tobytes()).digest()
        self._states[name] = state
        return torch.tensor(list(name), dtype=torch.uint8)

    def set_state(self, state):
        if self.lies_on == CUDA:
            state = self._states[bytes(state.tolist())]
        return super().set_state(state)


class _Calls(TorchFunctionMode):
    """Read "cuda" as the device that stands for it, and cast as autocast does there."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is not torch.device:
            _check_generator(args, **kwargs)
            args = [META if _is_cuda(value) else value for value in args]
            kwargs |= {"device": META} if _is_cuda(kwargs.get("device")) else {}
        if torch.is_autocast_enabled("cuda"):
            args, kwargs = _cast(func.__name__, (args, kwargs))
        return func(*args, **kwargs)


def _check_generator(args, generator=None, device=None, **_):
    if not isinstance(generator, Generator):
        return
    tensor = args[0] if args and isinstance(args[0], torch.Tensor) else None
    wanted = device or (CPU if tensor is None else tensor.device)
    if _is_cuda(wanted) != _is_cuda(generator.device):
        raise RuntimeError(f"Expected a generator of {wanted}, not of {generator.device}")


def _is_cuda(value):
    name = str(value) if isinstance(value, str | torch.device) else ""
    return name.partition(":")[0] == "cuda"


def _cast(name, values):
    rule = _rules().get(re.sub("^__r?(.*)__$|(.*)_nd$", r"\1\2", name))
    floats = {leaf.dtype for leaf in _leaves(values) if _is_single(leaf)}
    if rule is None or (rule == "PROMOTE" and len(floats) < 2):
        return values
    half = rule == "LOWER_PRECISION_FP"
    dtype = torch.get_autocast_dtype("cuda") if half else torch.float32
    return _change(OnCUDA, lambda leaf: leaf.to(dtype) if _is_single(leaf) else leaf, values)


def _is_single(leaf):
    return isinstance(leaf, OnCUDA) and leaf.dtype in (torch.float32, torch.bfloat16)


@cache
def _rules():
    """Read from torch's own header how CUDA's autocast treats a function: {name: rule}."""
    header = Path(torch.__file__).parent / "include/ATen/autocast_mode.h"
    lists = re.findall(r"#define AT_FORALL_(\w+)\(_\)((?:.*\\\n)+.*)", header.read_text())
    return {
        name: rule
        for rule, functions in lists
        for name in re.findall(r" _\((?:ADD_NS\()?(\w+)", functions)
    }


class _Operations(TorchDispatchMode):
    """Have factories and copies make tensors of the pretended device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


def _run(func, args, kwargs):
    """Do an operation on the CPU, if its tensors lie on one device, and place its result."""
    if func.overloadpacket is ATEN.to:  # seen in inference mode alone
        with _Operations():
            return func.decompose(*args, **kwargs)
    if not torch.is_inference_mode_enabled():
        return _compute(func, args, kwargs)
    with torch.inference_mode(False), torch._C._AutoDispatchBelowAutograd():
        return _compute(func, args, kwargs)  # tensors of inference mode cannot be wrapped


def _compute(func, args, kwargs):
    _check_devices(func, args, kwargs)
    on_cuda = _lies_on_cuda(func.overloadpacket, args, kwargs)
    if kwargs.get("device") is not None:
        kwargs = kwargs | {"device": CPU}
    args_held, kwargs_held = _change(OnCUDA, lambda tensor: tensor.held, (args, kwargs))
    result = func(*args_held, **kwargs_held)
    if not on_cuda:
        return args[0] if func.overloadpacket is ATEN.copy_ else result
    result = _change(torch.Tensor, OnCUDA, result)
    return return_and_correct_aliasing(func, args, kwargs, result)


def _lies_on_cuda(packet, args, kwargs):
    if kwargs.get("device") is not None:
        return kwargs["device"].type == "meta"
    asked = args[0] if packet is ATEN.copy_ else (args, kwargs)
    return any(isinstance(leaf, OnCUDA) for leaf in _leaves(asked))


def _check_devices(func, args, kwargs):
    packet = func.overloadpacket
    if packet in CUTS:
        cut, indices, *more = args
        if not isinstance(cut, OnCUDA) and any(isinstance(one, OnCUDA) for one in indices):
            raise RuntimeError(f"{func}: the indices of a CPU tensor should be on the CPU")
        args = [cut, *more]  # CUDA takes indices of the CPU, too
    # A number is no matter of place, in a tensor or not.
    tensors = [leaf for leaf in _leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    places = {leaf.device for leaf in tensors if isinstance(leaf, OnCUDA) or leaf.dim()}
    if packet not in MOVES and len(places) > 1:
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, not {places}")


def _leaves(value):
    """Yield what nested arguments hold; torch's own pytrees take three times as long."""
    if isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


def _change(kind, change, value):
    """Replace what is of a kind in nested arguments."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {name: _change(kind, change, part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_change(kind, change, part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return value
