"""Leaks: what an arm knows of test proteins that it was not told."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from sklearn.utils import check_random_state

from protimb.comparison._run import Lecture
from protimb.exceptions import LeakError
from protimb.metrics import term_average_precision

_N_SHUFFLES = 3
_N_PERMUTATIONS = 50
_LEAST_GAIN = 0.05  # of macro average precision over chance that is taken for knowledge


def check_arm(name, arm, heads, fold, protocol, stages):
    """Raise LeakError if an arm's rows, or its scores, hold what only test rows could tell."""
    if arm.alone or not heads:
        return
    with stages("check leaks", seed=fold.seed, arm=name):
        shuffled = [_shuffled(fold, number) for number in range(_N_SHUFFLES)]
        lectures = [Lecture(name, arm, one, protocol, _uncounted) for one in shuffled]
        _require_no_test_rows(name, lectures[0].lesson, fold)
        for head_name, head in _each_training(heads):
            excess = [_excess(lecture.teach(head)[0], fold) for lecture in lectures]
            if min(excess) > _LEAST_GAIN:
                raise LeakError(
                    f"Arm {name!r} with {head_name} leaks: trained on labels that were shuffled "
                    f"among the training proteins, it still ranks test proteins {min(excess):.2f} "
                    "of average precision above chance. It knows their labels from elsewhere: make "
                    "sampler and classifier learn from what fit is given, and from nothing else."
                )


def _each_training(heads):
    """Give each training once: (name of the first head that it is for, Head to train)."""
    found: dict = {}
    for name, head in heads.items():
        for one in head.trainings:
            found.setdefault(one.training, (name, one))
    return list(found.values())


def _shuffled(fold, number):
    """Give a fold whose training labels belong to other training proteins."""
    y = np.array(fold.bunch.y)
    rng = check_random_state(fold.seed + number)
    y[fold.train] = y[rng.permutation(fold.train)]
    return replace(
        fold, bunch=type(fold.bunch)(**fold.bunch | {"y": y}), is_first=False, neighbours=None
    )


def _require_no_test_rows(name, lesson, fold):
    X_train, X_test = (fold.inputs("vectors", rows) for rows in (fold.train, fold.test))
    real = {row.tobytes() for row in np.ascontiguousarray(X_train)}
    unseen = {row.tobytes() for row in np.ascontiguousarray(X_test)} - real
    rows = np.ascontiguousarray(np.asarray(lesson.X), dtype=X_train.dtype)
    n_leaked = sum(row.tobytes() in unseen for row in rows)
    if n_leaked:
        raise LeakError(
            f"Arm {name!r} leaks: {n_leaked} of the {len(rows)} rows that it trains on are test "
            "proteins. A sampler may return what it made of the rows it is given, and no others."
        )


def _excess(scores, fold):
    """Macro average precision above the highest of many permutations of the test proteins."""
    y, rng = fold.bunch.y[fold.test], check_random_state(fold.seed)
    chance = [
        np.nanmean(term_average_precision(y[rng.permutation(len(y))], scores))
        for _ in range(_N_PERMUTATIONS)
    ]
    return np.nanmean(term_average_precision(y, scores)) - max(chance)


def _uncounted(stage, **where):
    return nullcontext()
