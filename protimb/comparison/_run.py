"""One arm in one fold: resample once, teach every head, predict, evaluate."""

import math
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from protimb.classification import GOTermClassifier, ResampledClassifier
from protimb.comparison._cuts import tune_cuts
from protimb.comparison._folds import BATCH_SIZE
from protimb.comparison._heads import Head, resolve_heads, set_head_params
from protimb.comparison._splits import check_split
from protimb.comparison._traces import trace_classifier, trace_maps, trace_sampler
from protimb.exceptions import RareTermWarning, SequenceError
from protimb.metrics import FREQUENCY_BINS, evaluate, term_average_precision
from protimb.over_sampling._told import tell_terms
from protimb.plotting._map import METHODS
from protimb.utils._judge import probabilities_by_term

# What a generated row teaches the network: the terms that lacked rows, or all of its labels.
SYNTHETIC_LABELS = ("targeted", "all")

# The two rarest bins once more as one: the terms that resampling is for.
BINS = {"<50": (0, 50)} | FREQUENCY_BINS

_ROUNDING = 1e-6  # of probabilities in single precision


@dataclass
class Protocol:
    """How all arms of a comparison are run and judged."""

    heads: dict
    arms_tune: bool  # whether any arm decides by cuts of its own, so that all are judged at cuts
    tune_cuts: bool
    sampling_strategy: Any
    epochs: int
    max_steps: int | None
    sampler_params: dict
    classifier_params: dict
    synthetic_weight: float
    synthetic_labels: str
    split: str
    date: Any
    shots: int | None
    max_train: int | None
    n_resamples: int
    maps: tuple
    map_terms: Any
    verbose: int

    @classmethod
    def from_parameters(cls, parameters, arms):
        """Take the fields out of all parameters of ``compare``, and check the names in them."""
        heads, network = set_head_params(
            resolve_heads(parameters["classifiers"]), parameters["head_params"]
        )
        tune = parameters["tune_cuts"]
        found = {"heads": heads, "arms_tune": tune or any(a.tunes_cuts for a in arms.values())}
        named = set(cls.__dataclass_fields__) & set(parameters)
        protocol = cls(**{name: parameters[name] for name in named} | found)
        protocol.sampler_params = protocol.sampler_params or {}
        protocol.classifier_params = (protocol.classifier_params or {}) | network
        if protocol.n_resamples < 1:
            raise ValueError(
                f"n_resamples must be at least 1, got {protocol.n_resamples}: without resamples "
                "nothing can be said to differ. protimb.metrics.evaluate gives estimates alone."
            )
        protocol.date = check_split(protocol.split, protocol.date)
        _check_sizes(protocol)
        if not 0 <= protocol.synthetic_weight < np.inf:
            raise ValueError(
                f"synthetic_weight is a finite number from 0, got {protocol.synthetic_weight}."
            )
        _require_known("synthetic_labels", (protocol.synthetic_labels,), SYNTHETIC_LABELS)
        _require_known("maps", protocol.maps, METHODS)
        with_sampler = [name for name, arm in arms.items() if arm.make_sampler]
        _check_sampler_params(protocol.sampler_params, with_sampler, arms)
        return protocol

    def heads_of(self, arm):
        """Choose the heads that can be trained as an arm asks: {name: Head}."""
        if arm.alone or arm.make_classifier is not None:
            return {"alone": Head(arm.description, arm.make_classifier)}
        weighs_rows = self.synthetic_weight != 1 and arm.make_sampler is not None
        able = {"weighs_rows": weighs_rows}
        if self.needs_sequences:
            able["has_sequences"] = arm.keeps_proteins
        return {n: h for n, h in self.heads.items() if h.can(arm.classifier_params, **able)}

    def left_out(self, arms):
        """Name the heads that cannot be trained as an arm asks: {arm: names}."""
        able = {name: self.heads_of(arm) for name, arm in arms.items()}
        lost = {
            n: [h for h in self.heads if h not in able[n]] for n in arms if "alone" not in able[n]
        }
        return {name: heads for name, heads in lost.items() if heads}

    @property
    def needs_sequences(self):
        """Whether any head is fitted on sequences."""
        return any(head.needs_sequences for head in self.heads.values())

    @property
    def verbose_training(self):
        """Training bars start one level above the bar over all stages."""
        return max(self.verbose - 1, 0)


@dataclass
class ArmResult:
    """What one arm reached in one seed with its heads, and what is left to draw of it."""

    evaluations: dict  # head -> Evaluation
    term_scores: dict  # head -> average precision (n_terms,), NaN where a term is not judged
    cuts: dict = field(default_factory=dict)  # head -> cut of each term (n_terms,), where tuned
    traces: dict = field(default_factory=dict)  # counts, histories, maps
    seconds: list = field(default_factory=list)  # of every stage, as Stages keeps them


def run_arm(name, arm, fold, protocol, stages, cells):
    """Resample, train and evaluate one arm in one fold, head by head; returns an ArmResult."""
    # What an earlier run left in cells is taken from there; each head is kept once it is known.
    heads = protocol.heads_of(arm)
    found = {head: cells.load(fold.seed, name, head) for head in heads}
    stages.take([one for result in found.values() if result for one in result.seconds])
    missing = {head: heads[head] for head, result in found.items() if result is None}
    n_before = len(stages.seconds)
    for result in run_heads(name, arm, missing, fold, protocol, stages):
        (head,) = result.evaluations
        result.seconds, n_before = stages.seconds[n_before:], len(stages.seconds)
        cells.save(fold.seed, name, head, result)
        found[head] = result
    return merge_heads(found.values())


def run_heads(name, arm, heads, fold, protocol, stages):
    """Yield an ArmResult for each of some heads {name: Head}: all learn from one resampling."""
    here = {"seed": fold.seed, "arm": name}
    if not heads:
        return
    tunes = arm.tunes_cuts or protocol.tune_cuts
    if arm.alone:
        with stages("evaluate", **here):
            yield _judge_neighbours(fold, protocol, tunes)
        return
    outer = Lecture(name, arm, fold, protocol, stages)
    inner = Lecture(name, arm, fold.inner(), protocol, stages) if tunes else None
    lectures = [outer, *([inner] if inner else [])]
    for number, (head_name, head) in enumerate(heads.items()):
        for lecture in lectures:
            lecture.prepare(head)
        with stages("evaluate", **here):
            cuts = _tune_judged(inner.fold, inner.scores(head)) if inner else None
            result = _judge(head_name, outer.scores(head), fold, protocol, cuts)
        result.traces = outer.traces_of(head)
        yield result
        later = _trainings([*heads.values()][number + 1 :])
        for lecture in lectures:
            lecture.keep(later)


def _judge_neighbours(fold, protocol, tunes):
    inner = fold.inner() if tunes else None
    cuts = _tune_judged(inner, inner.predict_neighbours()) if inner else None
    return _judge("alone", fold.predict_neighbours(), fold, protocol, cuts)


def merge_heads(results):
    """Join the ArmResults of one arm's heads."""
    merged = ArmResult({}, {})
    for one in results:
        merged.evaluations |= one.evaluations
        merged.term_scores |= one.term_scores
        merged.cuts |= one.cuts
        heads = merged.traces.get("heads", {}) | one.traces.get("heads", {})
        merged.traces = one.traces | merged.traces | ({"heads": heads} if heads else {})
    return merged


def _trainings(heads):
    """Collect what has to be trained for some heads: {training: Head}."""
    return {one.training: one for head in heads for one in head.trainings}


class Lecture:
    """The rows that one arm made of one fold's training rows, taught to one head after another."""

    def __init__(self, name, arm, fold, protocol, stages):
        self.name, self.arm, self.fold, self.protocol = name, arm, fold, protocol
        self._stages, self.traces = stages, {}
        self._synthetic = None  # which rows of the lesson are made, bool (n_rows,)
        self._origins = None  # the training row that each row of the lesson is, or copies
        self._taught = {}  # training -> probabilities (n_test, n_terms) and traces

    def stage(self, stage):
        return self._stages(stage, seed=self.fold.seed, arm=self.name)

    @cached_property
    def lesson(self):
        """Rows, labels, weights and known labels; the sampler runs once, whatever the heads."""
        # With columns, strategies and warnings can name terms rather than number them.
        X = self.fold.inputs("vectors", self.fold.train)
        y = self.fold.bunch.y[self.fold.train]
        resampling = _Resampling(
            _build_sampler(self.name, self.arm, self.fold, self.protocol),
            None,
            synthetic_labels=self.protocol.synthetic_labels,
            synthetic_weight=self.protocol.synthetic_weight,
        )
        frame = pd.DataFrame(y, columns=self.fold.bunch.terms)
        self._origins = np.arange(len(X))
        if resampling.sampler is None:
            return resampling.make_lesson(X, frame)
        with self.stage("resample"), warnings.catch_warnings():
            if self.fold.cut is not None:  # few members are what was asked for
                warnings.simplefilter("ignore", RareTermWarning)
            lesson = resampling.make_lesson(X, frame)
        if hasattr(resampling.sampler_, "label_mask"):  # what splits rows makes none
            self._synthetic = resampling.sampler_.synthetic_mask_
        self._origins = getattr(resampling.sampler_, "sample_indices_", None)
        self.traces = self._trace(resampling.sampler_, X, np.asarray(y), lesson)
        return lesson

    def _trace(self, sampler, X, y, lesson):
        y_resampled = np.asarray(lesson.y)
        traces = trace_sampler(sampler, y, y_resampled)
        if self.fold.is_first and self.protocol.maps:
            with self.stage("map"):
                rows = (X, y, lesson.X, y_resampled)
                traces["maps"] = trace_maps(sampler, *rows, self.fold, self.protocol)
        return traces

    @cached_property
    def sequences(self):
        """Residues of each row of the lesson, str (n_rows,): copies have those of their protein."""
        n_rows = len(self.lesson.y)
        if self._origins is None or len(self._origins) != n_rows:
            raise SequenceError(
                f"The sampler of arm {self.name!r} does not say which protein each of its "
                f"{n_rows} rows is (sample_indices_), so heads cannot be taught their sequences. "
                "Leave out the arm, or the heads that take sequences."
            )
        return self.fold.inputs("sequences", self.fold.train)[self._origins]

    def prepare(self, head):
        """Train what a head needs and was not trained before."""
        for one in head.trainings:
            if one.training not in self._taught:
                self._taught[one.training] = self.teach(one)

    def scores(self, head):
        """Give the scores (n_test, n_terms) of a head that was prepared, mixed as it says."""
        if head.parts:
            own = np.mean([self.scores(part) for part in head.parts], axis=0)
        else:
            own, _ = self._taught[head.training]
        return own if head.mix is None else head.mix(own, self.fold.predict_neighbours)

    def traces_of(self, head):
        """Give what is left to draw of the first training of a head that was prepared."""
        return self._taught[head.trainings[0].training][1]

    def keep(self, trainings):
        """Forget what was trained for no other head than those done."""
        self._taught = {key: one for key, one in self._taught.items() if key in trainings}

    def teach(self, head):
        """Train a head without parts on the lesson: probabilities on test rows, and traces."""
        lesson = self.lesson
        if head.takes == "sequences":
            lesson = replace(lesson, X=self.sequences)
        if head.learns_all_labels:
            lesson = replace(lesson, known=None)
        elif head.by_term and self.protocol.synthetic_labels == "targeted":
            lesson = replace(lesson, known=_known_by_term(lesson, self._synthetic))
        classifier = _build_classifier(head, self.arm, self.fold, self.protocol)
        with self.stage("train"):
            # A copy: teaching may turn sparse labels into dense ones.
            classifier = replace(lesson).teach(classifier)
        shape = len(self.fold.test), len(self.fold.bunch.terms)
        X_test = self.fold.inputs(head.takes, self.fold.test)
        proba = probabilities_by_term(classifier, X_test, shape[1])
        proba = _require_probabilities(proba, shape, type(classifier).__name__)
        return proba, self.traces | trace_classifier(classifier)


def _known_by_term(lesson, synthetic):
    """Let made rows teach a single term only that they carry it: real rows say no often enough."""
    if synthetic is None:
        return lesson.known
    known = ~synthetic[:, None] | (np.asarray(lesson.y) == 1)
    return known if lesson.known is None else known & lesson.known


class _Resampling(ResampledClassifier):
    """The public estimator's first half, for any number of classifiers."""

    _parameter_constraints: ClassVar[dict] = {
        **ResampledClassifier._parameter_constraints,
        "classifier": "no_validation",
    }

    def make_lesson(self, X, y):
        self._validate_params()
        return self._resample(X, y, None)


def count_stages(arm, protocol):
    """Count the stages that one arm goes through in a fold, maps aside."""
    heads = protocol.heads_of(arm)
    if arm.alone:
        return 1
    n_fits = (arm.make_sampler is not None) + len(_trainings(heads.values()))
    return len(heads) + n_fits * (1 + (arm.tunes_cuts or protocol.tune_cuts))


def _build_sampler(name, arm, fold, protocol):
    sampler = arm.build_sampler(
        protocol.sampler_params.get(name, {}),
        sampling_strategy=_strategy(fold, protocol),
        random_state=fold.seed,
        verbose=protocol.verbose_training,
    )
    return None if sampler is None else tell_terms(sampler, fold.bunch.ontology, fold.bunch.terms)


def _strategy(fold, protocol):
    """Raise only terms that are judged, where a number says up to what; larger ones stay."""
    total = protocol.sampling_strategy
    if fold.cut is None or not isinstance(total, Integral):
        return total
    few = [term for term in fold.cut if 0 < fold.n_train[term] < total]
    return {fold.bunch.terms[term]: total for term in few}


def _build_classifier(head, arm, fold, protocol):
    """Make the head's classifier as the arm asks for it, with the fold's seed where it has none."""
    if head.make is None:
        return _build_network(arm, fold, protocol)
    classifier = head.build()
    params = classifier.get_params() if hasattr(classifier, "get_params") else {}
    seeds = [n for n, v in params.items() if v is None and n.split("__")[-1] == "random_state"]
    read = {name: getattr(fold.bunch, name) for name in head.reads}
    asked = dict.fromkeys(seeds, fold.seed) | read | dict(arm.classifier_params)
    if head.by_term:
        asked["columns"] = fold.judged
    if head.equal_steps:
        asked |= _equal_steps(fold, params | asked, protocol)
    return classifier.set_params(**asked) if asked else classifier


def _equal_steps(fold, params, protocol):
    """Ask for the steps that a classifier's epochs of the real training rows amount to."""
    batch = params["batch_size"]
    batch = int(batch) if isinstance(batch, Integral) else BATCH_SIZE
    n_steps = params["max_epochs"] * math.ceil(len(fold.train) / batch)
    told = {"verbose": protocol.verbose_training} if "verbose" in params else {}
    return {"max_steps": params["max_steps"] or n_steps, **told}


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


def _tune_judged(fold, scores):
    """Tune cuts of terms that are judged, from scores (n_test, n_terms); 0.5 for the others."""
    # A head may have learned nothing of the others, and terms lend one another their cuts.
    cuts = np.full(scores.shape[1], 0.5)
    judged = fold.judged
    cuts[judged] = tune_cuts(fold.bunch.y[fold.test][:, judged], scores[:, judged])
    return cuts


def _require_probabilities(proba, shape, name):
    """Refuse what is no probability a test protein and term, as shape (n_test, n_terms) has."""
    proba = np.asarray(proba, dtype=float)
    if proba.shape != shape:
        raise ValueError(
            f"predict_proba of {name} gave an array of shape {proba.shape} for {shape[0]} test "
            f"proteins and {shape[1]} terms. It has to give one probability each, {shape}, or a "
            "list of (n_rows, n_classes), one a term, with classes_ that name them."
        )
    wrong = ~((proba >= -_ROUNDING) & (proba <= 1 + _ROUNDING))
    if wrong.any():
        raise ValueError(
            f"predict_proba of {name} gave {wrong.sum()} of {wrong.size} figures that are no "
            f"probabilities (the first is {proba[wrong][0]}). CalibratedClassifierCV of "
            "sklearn.calibration turns scores into probabilities; NaN has to be mended where it "
            "comes from."
        )
    return np.clip(proba, 0, 1)


def _judge(head, scores, fold, protocol, cuts=None):
    """Evaluate one head's scores (n_test, n_terms); an arm that tunes nothing decides at 0.5."""
    judged = fold.judged
    y_test = fold.bunch.y[fold.test][:, judged]
    at = {}
    if protocol.arms_tune:
        at["cuts"] = np.full(y_test.shape[1], 0.5) if cuts is None else cuts[judged]
    evaluation = evaluate(
        y_test,
        scores[:, judged],
        n_train=fold.n_train[judged],
        bins=BINS,
        information_accretion=fold.information_accretion[judged],
        draws=fold.draws,  # the same resampled proteins for every arm: paired
        n_unpredicted=fold.n_unpredicted,
        **at,
    )
    tuned = {} if cuts is None else {head: cuts}
    precision = np.full(scores.shape[1], np.nan)
    precision[judged] = term_average_precision(y_test, scores[:, judged])
    return ArmResult({head: evaluation}, {head: precision}, tuned)


def _check_sizes(protocol):
    for name in ("shots", "max_train"):
        value = getattr(protocol, name)
        is_number = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
        if value is not None and (not is_number or value < 1):
            raise ValueError(f"{name} must be a whole number from 1, or None; got {value!r}.")


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
