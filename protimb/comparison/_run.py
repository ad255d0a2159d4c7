"""One arm in one fold: resample, train, predict, evaluate."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from protimb.classification import GOTermClassifier, ResampledClassifier
from protimb.comparison._arms import CLASSIFIERS
from protimb.comparison._folds import BATCH_SIZE
from protimb.comparison._traces import trace_classifier, trace_maps, trace_sampler
from protimb.metrics import FREQUENCY_BINS, evaluate, term_average_precision
from protimb.ontology import describe_terms
from protimb.plotting._map import METHODS
from protimb.utils._sklearn_compat import HasMethods

# What a generated row teaches the network: the terms that lacked rows, or all of its labels.
SYNTHETIC_LABELS = ("targeted", "all")

# The two rarest bins once more as one: the terms that resampling is for.
BINS = {"<50": (0, 50)} | FREQUENCY_BINS


@dataclass
class Protocol:
    """How all arms of a comparison are run and judged."""

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
        protocol = cls(**{name: parameters[name] for name in cls.__dataclass_fields__})
        protocol.sampler_params = protocol.sampler_params or {}
        protocol.classifier_params = protocol.classifier_params or {}
        _require_known("classifiers", protocol.classifiers, CLASSIFIERS, at_least=1)
        if protocol.n_resamples < 1:
            raise ValueError(
                f"n_resamples must be at least 1, got {protocol.n_resamples}: without resamples "
                "nothing can be said to differ. protimb.metrics.evaluate gives estimates alone."
            )
        _require_known("synthetic_labels", (protocol.synthetic_labels,), SYNTHETIC_LABELS)
        _require_known("maps", protocol.maps, METHODS)
        with_sampler = [name for name, arm in arms.items() if arm.make_sampler]
        _check_sampler_params(protocol.sampler_params, with_sampler, arms)
        return protocol

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


def run_arm(name, arm, fold, protocol, stages):
    """Resample, train and evaluate one arm in one fold; returns an ArmResult."""
    here = {"seed": fold.seed, "arm": name}
    if arm.alone:
        with stages("evaluate", **here):
            return _judge({"alone": fold.predict_neighbours()}, fold, protocol)
    model = _ObservedClassifier(
        _build_sampler(name, arm, fold, protocol),
        _build_classifier(arm, fold, protocol),
        synthetic_labels=protocol.synthetic_labels,
        synthetic_weight=protocol.synthetic_weight,
    ).observe(fold, protocol, lambda stage: stages(stage, **here))
    # With columns, strategies and warnings can name terms rather than number them.
    y = pd.DataFrame(fold.bunch.y[fold.train], columns=fold.bunch.terms)
    model.fit(fold.bunch.X[fold.train], y)
    with stages("evaluate", **here):
        result = _judge(_scores(model, arm, fold, protocol), fold, protocol)
    result.traces = model.traces
    return result


class _ObservedClassifier(ResampledClassifier):
    """The public estimator; times both halves of its fit, and keeps what is drawn of them."""

    # Arms are judged by their scores: a classifier that decides nothing is one, too.
    _parameter_constraints: ClassVar = {
        **ResampledClassifier._parameter_constraints,
        "classifier": [HasMethods(["fit", "predict_proba"])],
    }

    def observe(self, fold, protocol, stage):
        self.fold, self.protocol, self.stage = fold, protocol, stage
        self.traces = {}
        return self

    def _resample(self, X, y, sample_weight):
        if self.sampler is None:
            return super()._resample(X, y, sample_weight)
        with self.stage("resample"):
            lesson = super()._resample(X, y, sample_weight)
        y, y_resampled = np.asarray(y), np.asarray(lesson.y)
        self.traces = trace_sampler(self.sampler_, y, y_resampled)
        if self.fold.is_first and self.protocol.maps:
            with self.stage("map"):
                rows = (X, y, lesson.X, y_resampled)
                self.traces["maps"] = trace_maps(self.sampler_, *rows, self.fold, self.protocol)
        return lesson

    def _teach(self, lesson):
        with self.stage("train"):
            classifier = super()._teach(lesson)
        self.traces |= trace_classifier(classifier)
        return classifier


def _build_sampler(name, arm, fold, protocol):
    sampler = arm.build_sampler(
        protocol.sampler_params.get(name, {}),
        sampling_strategy=protocol.sampling_strategy,
        random_state=fold.seed,
        verbose=protocol.verbose_training,
        ontology=fold.bunch.ontology,
    )
    _give_term_vectors(sampler, fold.bunch)
    return sampler


def _give_term_vectors(sampler, bunch):
    """Describe terms by the ontology to a sampler that wants vectors and was given none."""
    if getattr(sampler, "term_vectors", ()) is not None:
        return
    condition = getattr(sampler, "condition", None)
    by_name = condition in ("term_vectors", "both")
    if by_name or getattr(condition, "needs_term_vectors", False):
        sampler.set_params(term_vectors=describe_terms(bunch.ontology, bunch.terms))


def _build_classifier(arm, fold, protocol):
    """Take the arm's own classifier, or the network that is the same for every other arm."""
    if arm.make_classifier is None:
        return _build_network(arm, fold, protocol)
    classifier = arm.make_classifier()
    wants_seed = classifier.get_params(deep=False).get("random_state", 0) is None
    return classifier.set_params(random_state=fold.seed) if wants_seed else classifier


def _build_network(arm, fold, protocol):
    """Build the same network for every arm: same sizes, same steps, same random weights."""
    return GOTermClassifier(
        max_steps=fold.max_steps,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        ontology=fold.bunch.ontology,
        terms=fold.bunch.terms,
        random_state=fold.seed,
        verbose=protocol.verbose_training,
    ).set_params(**protocol.classifier_params | dict(arm.classifier_params))


def _scores(model, arm, fold, protocol):
    """Give what is judged: {classifier: probabilities (n_test, n_terms)}."""
    proba = by_term(model, fold.bunch.X[fold.test])
    if arm.make_classifier is not None:
        return {"alone": proba}
    return {
        name: CLASSIFIERS[name](proba, fold.predict_neighbours) for name in protocol.classifiers
    }


def by_term(model, X):
    """Predict one probability a term, (n_rows, n_terms); forests give two, in an array a term."""
    proba = model.predict_proba(X)
    if not isinstance(proba, list):
        return proba
    pairs = zip(proba, model.classes_, strict=True)
    return np.column_stack([one[:, classes == 1].sum(axis=1) for one, classes in pairs])


def _judge(scores, fold, protocol):
    y_test = fold.bunch.y[fold.test]
    evaluations = {
        classifier: evaluate(
            y_test,
            score,
            n_train=fold.n_train,
            bins=BINS,
            information_accretion=fold.information_accretion,
            draws=fold.draws,  # the same resampled proteins for every arm: paired
            n_unpredicted=fold.n_unpredicted,
        )
        for classifier, score in scores.items()
    }
    by_term = {name: term_average_precision(y_test, score) for name, score in scores.items()}
    return ArmResult(evaluations, by_term)


def _check_sampler_params(params, with_sampler, arms):
    idle = [name for name in params if name not in with_sampler]
    if idle:
        has = f"{', '.join(with_sampler)} have one" if with_sampler else "none of them has one"
        raise ValueError(
            f"sampler_params names {', '.join(idle)}, no arm with a sampler here: the arms are "
            f"{', '.join(arms)}, and {has}. Add the arm, or leave out its parameters."
        )


def _require_known(what, names, known, at_least=0):
    unknown = [name for name in names if name not in known]
    repeats = len(set(names)) < len(names)
    if unknown or repeats or isinstance(names, str) or len(names) < at_least:
        each = ", each once" if repeats else ""
        raise ValueError(f"{what} may name {', '.join(known) or 'nothing'}{each}; got {names!r}.")
