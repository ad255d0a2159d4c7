"""One training loop for every network: epochs, batches, and one step of maths.

The loop knows neither GANs nor classifiers. It drives any *step*: an object with
``train_batch(rows) -> dict`` of zero-dimensional tensors, and optionally
``valid_batch()``, ``state_dict()`` and ``load_state_dict(state)``. A step with a state makes
training resumable: see `Checkpoint`.
"""

from protimb.training._batches import LengthBatches, ShuffledBatches, WeightedBatches
from protimb.training._callbacks import Callback, EarlyStopping, PenaltyGuard, ProgressBar
from protimb.training._checkpoint import Checkpoint, check_updates, load_state, save_state
from protimb.training._loop import TrainingLoop
from protimb.training._processes import from_first, in_each
from protimb.training._schedules import LR_SCHEDULES, build_schedule
from protimb.training._seed import resolve_device, torch_generator
from protimb.training._shares import draw_rows, share_batch
from protimb.training._tensorboard import TensorBoard

__all__ = [
    "LR_SCHEDULES",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "LengthBatches",
    "PenaltyGuard",
    "ProgressBar",
    "ShuffledBatches",
    "TensorBoard",
    "TrainingLoop",
    "WeightedBatches",
    "build_schedule",
    "check_updates",
    "draw_rows",
    "from_first",
    "in_each",
    "load_state",
    "resolve_device",
    "save_state",
    "share_batch",
    "torch_generator",
]
