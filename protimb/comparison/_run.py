"""One arm in one fold: resample, train, predict, evaluate."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from protimb.classification import GOTermClassifier
from protimb.comparison._folds import BATCH_SIZE
from protimb.comparison._traces import trace_maps, trace_sampler
from protimb.metrics import FREQUENCY_BINS, evaluate, term_average_precision
from protimb.ontology import TermVectorizer
from protimb.plotting._map import METHODS

# What turns the network's probabilities, and the cosine neighbours', into those that are judged.
CLASSIFIERS = {
    "mlp": lambda network, neighbours: network,
    "mlp+knn": lambda network, neighbours: (network + neighbours()) / 2,
}

# What a generated row teaches the network: the terms that lacked rows, or all of its labels.
SYNTHETIC_LABELS = ("targeted", "all")

# The two rarest bins once more as one: the terms that resampling is for.
BINS = {"<50": (0, 50)} | FREQUENCY_BINS


@dataclass
class Settings:
    """What all arms of a comparison share."""

    classifiers: tuple
    sampling_strategy: Any
    epochs: int
    max_steps: int | None
    sampler_params: dict
    classifier_params: dict
    synthetic_weight: float
    synthetic_labels: str
    n_resamples: int
    maps: tuple
    map_terms: Any
    verbose: int

    @classmethod
    def from_parameters(cls, parameters, arms):
        """Take the fields out of all parameters of ``compare``, and check the names in them."""
        settings = cls(**{name: parameters[name] for name in cls.__dataclass_fields__})
        settings.sampler_params = settings.sampler_params or {}
        settings.classifier_params = settings.classifier_params or {}
        _require_known("classifiers", settings.classifiers, CLASSIFIERS, at_least=1)
        if settings.n_resamples < 1:
            raise ValueError(
                f"n_resamples must be at least 1, got {settings.n_resamples}: without resamples "
                "nothing can be said to differ. protimb.metrics.evaluate gives estimates alone."
            )
        _require_known("synthetic_labels", (settings.synthetic_labels,), SYNTHETIC_LABELS)
        _require_known("maps", settings.maps, METHODS)
        with_sampler = [name for name, arm in arms.items() if arm.make_sampler]
        _require_known("sampler_params", settings.sampler_params, with_sampler)
        return settings

    @property
    def verbose_training(self):
        """Training bars start one level above the bar over all stages."""
        return max(self.verbose - 1, 0)


@dataclass
class ArmResult:
    """What one arm reached in one seed, and what is left to draw of it."""

    evaluations: dict  # classifier -> Evaluation
    term_scores: dict  # classifier -> average precision of each term
    traces: dict = field(default_factory=dict)  # counts, histories, maps


def run_arm(name, arm, fold, settings, stages):
    """Resample, train and evaluate one arm in one fold.

    Parameters
    ----------
    name : str
    arm : Arm
    fold : Fold
    settings : Settings
    stages : Stages
        Times what is done.

    Returns
    -------
    result : ArmResult
    """
    here = {"seed": fold.seed, "arm": name}
    if arm.alone:
        with stages("evaluate", **here):
            return _judge({"alone": fold.predict_neighbours()}, fold, settings)
    X, y, teaching, traces = fold.bunch.X[fold.train], fold.bunch.y[fold.train], {}, {}
    if arm.make_sampler:
        X, y, teaching, traces = _resample(name, arm, X, y, fold, settings, stages)
    with stages("train", **here):
        network = _network(arm, fold, settings).fit(X, y, **teaching)
    with stages("evaluate", **here):
        result = _judge(_scores(network, fold, settings), fold, settings)
    result.traces = {**traces, **_trace_network(network)}
    return result


def _resample(name, arm, X, y, fold, settings, stages):
    sampler = arm.build_sampler(
        settings.sampler_params.get(name, {}),
        sampling_strategy=settings.sampling_strategy,
        random_state=fold.seed,
        verbose=settings.verbose_training,
        ontology=fold.bunch.ontology,
    )
    _give_term_vectors(sampler, fold.bunch)
    here = {"seed": fold.seed, "arm": name}
    with stages("resample", **here):
        # With columns, strategies and warnings can name terms rather than number them.
        X_resampled, y_named = sampler.fit_resample(X, pd.DataFrame(y, columns=fold.bunch.terms))
    y_resampled = np.asarray(y_named)
    traces = trace_sampler(sampler, y, y_resampled)
    if fold.is_first and settings.maps:
        with stages("map", **here):
            traces["maps"] = trace_maps(sampler, X, y, X_resampled, y_resampled, fold, settings)
    return X_resampled, y_resampled, _teaching(sampler, settings), traces


def _give_term_vectors(sampler, bunch):
    """Describe terms by the ontology to a sampler that wants vectors and was given none."""
    if getattr(sampler, "term_vectors", ()) is not None:
        return
    condition = getattr(sampler, "condition", None)
    by_name = condition in ("term_vectors", "both")
    if by_name or getattr(condition, "needs_term_vectors", False):
        namespace = bunch.ontology.namespace(bunch.terms[0])
        vectors = TermVectorizer(namespace=namespace).fit(bunch.ontology).vectors(bunch.terms)
        sampler.set_params(term_vectors=vectors)


def _teaching(sampler, settings):
    """Say what generated rows teach, and how much; a sampler that does not tell them apart cannot.

    Returns
    -------
    options : dict
        Of the network's ``fit``.
    """
    mask = getattr(sampler, "synthetic_mask_", None)
    options = {}
    if settings.synthetic_weight != 1 and mask is not None:
        options["sample_weight"] = np.where(mask, settings.synthetic_weight, 1.0)
    if settings.synthetic_labels == "targeted" and hasattr(sampler, "label_mask"):
        options["label_mask"] = sampler.label_mask()
    return options


def _network(arm, fold, settings):
    """Build the same network for every arm: same sizes, same steps, same random weights."""
    return GOTermClassifier(
        max_steps=fold.max_steps,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        ontology=fold.bunch.ontology,
        terms=fold.bunch.terms,
        random_state=fold.seed,
        verbose=settings.verbose_training,
    ).set_params(**settings.classifier_params | dict(arm.classifier_params))


def _trace_network(network):
    params = network.get_params(deep=False)
    kept = {name: value for name, value in params.items() if name not in ("ontology", "terms")}
    return {"classifier_history": pd.DataFrame(network.history_), "classifier_params": kept}


def _scores(network, fold, settings):
    proba = network.predict_proba(fold.bunch.X[fold.test])
    return {
        name: CLASSIFIERS[name](proba, fold.predict_neighbours) for name in settings.classifiers
    }


def _judge(scores, fold, settings):
    y_test = fold.bunch.y[fold.test]
    evaluations = {
        classifier: evaluate(
            y_test,
            score,
            n_train=fold.n_train,
            bins=BINS,
            information_accretion=fold.information_accretion,
            draws=fold.draws,  # the same resampled proteins for every arm: paired
        )
        for classifier, score in scores.items()
    }
    by_term = {name: term_average_precision(y_test, score) for name, score in scores.items()}
    return ArmResult(evaluations, by_term)


def _require_known(what, names, known, at_least=0):
    unknown = [name for name in names if name not in known]
    if unknown or isinstance(names, str) or len(names) < at_least:
        raise ValueError(f"{what} may name {', '.join(known)}; got {names!r}.")
