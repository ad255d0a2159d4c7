"""The arms of a comparison: what each does to the training rows and to the classifier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

# Nothing that takes long to import: the command line reads this table to print its help.


@dataclass(frozen=True)
class Arm:
    """One way to treat imbalance, as a comparison runs it.

    Parameters
    ----------
    description : str
        What the arm does, in a few words; shown in the report.
    make_sampler : callable, optional
        Returns a new sampler, an object with ``fit_resample(X, y)``; None leaves the rows alone.
    make_classifier : callable, optional
        Returns a new classifier with ``predict_proba``, which is trained in place of the network
        and judged by itself. None trains the heads that all arms share.
    classifier_params : dict
        What this arm asks of every head, such as ``class_weight``; heads that do not know it are
        left out of this arm, and the record names them.
    alone : bool
        The arm trains nothing: the cosine neighbours of all arms are judged by themselves.
    takes_strategy : bool
        Whether the sampler gets the comparison's ``sampling_strategy`` or keeps its own.
    tunes_cuts : bool
        Decide by a cut of each term's own, tuned on held-out training clusters, instead of at 0.5.

    See Also
    --------
    ARMS : The arms that have a name.
    MAIN_ARMS : Those that are run unless asked otherwise.
    compare : Runs them.

    Examples
    --------
    >>> from protimb.comparison import ARMS
    >>> ARMS["ros"].stages
    ('resample', 'train', 'evaluate')
    """

    description: str
    make_sampler: Callable[[], Any] | None = None
    make_classifier: Callable[[], Any] | None = None
    classifier_params: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False
    takes_strategy: bool = True
    tunes_cuts: bool = False

    @property
    def keeps_proteins(self):
        """Whether each of its rows is a real protein, or a copy of one, that has a sequence."""
        if self.make_sampler is None:
            return True
        sampler = self.make_sampler()
        removes = getattr(sampler, "_sampling_type", None) in ("under-sampling", "clean-sampling")
        return removes or getattr(sampler, "_moves_rows", False)

    @property
    def stages(self):
        """Names of the stages that the arm goes through, in order."""
        work = ("resample",) if self.make_sampler else ()
        return (*work, *(() if self.alone else ("train",)), "evaluate")

    def build_sampler(self, params, *, sampling_strategy, random_state, verbose):
        """Make the sampler, with as many of the comparison's settings as it knows.

        Parameters
        ----------
        params : dict
            Parameters that were asked for by name; they come last.
        sampling_strategy : int, dict, callable or str
        random_state : int
        verbose : int

        Returns
        -------
        sampler : object or None
            None for an arm without one.
        """
        if self.make_sampler is None:
            return None
        sampler = self.make_sampler()
        known = sampler.get_params(deep=False) if hasattr(sampler, "get_params") else {}
        common = {"random_state": random_state, "verbose": verbose}
        if self.takes_strategy:
            common["sampling_strategy"] = sampling_strategy
        elif known.get("random_state") is not None:
            del common["random_state"]  # a user's own seed stays
        values = {name: value for name, value in common.items() if name in known} | params
        return sampler.set_params(**values) if values else sampler


def resolve_arms(arms):
    """Turn names, or {name: sampler, classifier or Arm}, into {name: Arm}, ``none`` first."""
    if isinstance(arms, str):
        arms = (arms,)
    given = dict(arms) if isinstance(arms, Mapping) else {name: name for name in arms}
    if given.setdefault("none", "none") != "none":
        raise ValueError(
            "The arm 'none' is what all others are held against; name yours otherwise."
        )
    return {"none": ARMS["none"]} | {name: _as_arm(name, arm) for name, arm in given.items()}


def _as_arm(name, arm):
    if isinstance(arm, Arm):
        return arm
    if isinstance(arm, str):
        return _named_arm(arm)
    if isinstance(arm, type):
        raise TypeError(f"Arm {name!r} is the class {arm.__name__}; pass an object of it.")
    if hasattr(arm, "fit_resample"):
        return Arm(f"{arm}", make_sampler=_copies_of(arm), takes_strategy=False)
    if hasattr(arm, "fit") and hasattr(arm, "predict_proba"):
        return Arm(f"{arm}", make_classifier=_copies_of(arm))
    raise ValueError(
        f"Arm {name!r} is {type(arm).__name__}; give the name of an arm, an Arm, a sampler "
        "with fit_resample(X, y), or a classifier with fit(X, y) and predict_proba(X)."
    )


def _copies_of(estimator):
    from sklearn.base import clone

    return lambda: clone(estimator, safe=False)


def _named_arm(name):
    if name not in ARMS:
        raise ValueError(
            f"Unknown arm {name!r}. Arms with a name are {', '.join(ARMS)}; pass "
            "{'name': sampler or classifier} for one of your own."
        )
    return ARMS[name]


def _sampler(name, package="over_sampling"):
    """Say how to make a sampler of ours; it is imported when it is made."""

    def make():
        return getattr(import_module(f"protimb.{package}"), name)()

    return make


def _smote_by_term():
    from imblearn.over_sampling import SMOTE

    from protimb.over_sampling import LabelwiseSampler

    return LabelwiseSampler(SMOTE())  # an object, so that its parameters are within reach


def _unguarded():
    from protimb.over_sampling import CGANSampler

    return CGANSampler(guard=None)


def _remover(description, name):
    # A count that rare terms are raised to would leave frequent ones with next to nothing.
    return Arm(description, _sampler(name, "under_sampling"), takes_strategy=False)


def _loss(name, description):
    return Arm(f"{description}, rows as they are", classifier_params={"loss": name})


# An arm is one entry, and needs no other edit. Its name shows in help texts and reports.
ARMS = {
    "none": Arm("training rows as they are"),
    "class_weight": Arm(
        "losses weighted by term, rows as they are",
        classifier_params={"class_weight": "balanced"},
    ),
    "threshold": Arm(
        "rows as they are, each term's cut moved on held-out training clusters", tunes_cuts=True
    ),
    "ros": Arm("random over-sampling of labelsets", _sampler("RandomLabelsetOverSampler")),
    "smote": Arm("SMOTE, term by term", _smote_by_term),
    "cgan": Arm("vectors from a conditional WGAN-GP", _sampler("CGANSampler")),
    "cgan_unguarded": Arm("the same, whatever its guard says of them", _unguarded),
    "knn": Arm("cosine neighbours of the real training rows, no training", alone=True),
    "mlros": Arm("copies of rows of rare terms, in rounds", _sampler("MLROS")),
    "lpros": Arm("copies of rows of rare labelsets", _sampler("LPROS")),
    "mlsmote": Arm("rows between members of a term, labels by vote", _sampler("MLSMOTE")),
    "mlsol": Arm("rows where a term is locally rare, labels by vote", _sampler("MLSOL")),
    "remedial": Arm("rows split where frequent and rare terms concur", _sampler("REMEDIAL")),
    "mlrus": _remover("a quarter of the rows removed, of frequent terms in turn", "MLRUS"),
    "lprus": _remover("a quarter of the rows removed, of frequent labelsets in turn", "LPRUS"),
    "mlenn": _remover("frequent rows removed that their neighbours contradict", "MLeNN"),
    "mltl": _remover("frequent rows removed that form a Tomek link", "MLTL"),
    "loss_focal": _loss("focal", "cells that are right already fade from the loss"),
    "loss_class_balanced": _loss("class_balanced", "positives weighed by effective numbers"),
    "loss_asymmetric": _loss("asymmetric", "easy negatives fade fast and are clipped"),
    "loss_distribution_balanced": _loss("distribution_balanced", "cells weighed by company"),
    "loss_ldam": _loss("ldam", "wider margins for rare terms"),
    "loss_zlpr": _loss("zlpr", "a row's terms ranked above its others"),
    "loss_logit_adjustment": _loss("logit_adjustment", "log-odds added while training"),
    "loss_hierarchy": _loss("hierarchy", "a price on terms above their parents"),
    "loss_isda": _loss("isda", "Gaussian neighbours of rows in closed form"),
}

# What is run unless asked otherwise: one of each kind.
MAIN_ARMS = ("none", "class_weight", "ros", "smote", "cgan", "knn")

# One for every loss; "none" has cross-entropy.
LOSS_ARMS = ("none", *(name for name in ARMS if name.startswith("loss_")))
