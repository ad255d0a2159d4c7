"""One training loop for every network: epochs, batches, and one step of maths.

The loop knows neither GANs nor classifiers. It drives any *step*: an object with
``train_batch(rows) -> dict`` of zero-dimensional tensors, and optionally
``valid_batch()``, ``state_dict()`` and ``load_state_dict(state)``.
"""

from protimb.training._batches import ShuffledBatches, WeightedBatches
from protimb.training._callbacks import Callback, EarlyStopping, ProgressBar
from protimb.training._loop import TrainingLoop
from protimb.training._seed import resolve_device, torch_generator

__all__ = [
    "Callback",
    "EarlyStopping",
    "ProgressBar",
    "ShuffledBatches",
    "TrainingLoop",
    "WeightedBatches",
    "resolve_device",
    "torch_generator",
]
