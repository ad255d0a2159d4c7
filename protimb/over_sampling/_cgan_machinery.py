"""What CGANSampler does behind its public names: read, train, draw, judge."""

import copy

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import gen_batches

from protimb.base import BaseMultilabelOverSampler, warn_about_shortfall
from protimb.budgets._term_range import restrict_totals, terms_in_range
from protimb.budgets._totals import warn_about
from protimb.exceptions import TermVectorError, TrainingDiverged, UntrainedTermError
from protimb.filters import FILTERS
from protimb.gan._scaling import fit_scaling
from protimb.gan._starts import members_a_term, name_known_relatives, representatives
from protimb.ontology import align_term_vectors
from protimb.over_sampling._quality_control import report_quality, warn_about_collapse
from protimb.utils._memory import gather_rows, is_large
from protimb.utils._validation import a_few, check_vectors

# Parameters whose names stand for objects, and the tables in protimb.nn that say for which.
NAMED_OBJECTS = {
    "backbone": "BACKBONES",
    "condition": "CONDITIONS",
    "conditioning": "CONDITIONINGS",
}

# Rows drawn and judged at a time, which bounds what that takes beside the rows themselves.
_BLOCK = 2**16


class CGANMachinery(BaseMultilabelOverSampler):
    """The verbs of CGANSampler; its parameters and its documentation are there."""

    def set_params(self, **params):
        """Set parameters; ``backbone__n_hidden`` also reaches into what is given by name.

        Parameters
        ----------
        **params

        Returns
        -------
        self : CGANSampler
        """
        roots = {name.partition("__")[0] for name in params if "__" in name}
        for root in roots & {*NAMED_OBJECTS, "quality_filter"}:
            value = params.get(root, getattr(self, root))
            if isinstance(value, str):
                params[root] = _object_named(root, value)
        return super().set_params(**params)

    def _read(self, X, y):
        vectors, target = super()._read(X, y)
        self.terms_ = target.terms
        self._fitted_on_classes = target.classes is not None and not target.one_hot
        return vectors, target

    def _read_vectors(self, X):
        # A large half-precision matrix, often a memory map, is not copied in single precision.
        large = getattr(X, "ndim", 0) == 2 and is_large(X.shape, 4)
        return check_vectors(X, keep_half=large)

    def _find_totals(self, target, y):
        check_settings(self)
        totals = super()._find_totals(target, y)
        if self.term_range is not None:
            totals = restrict_totals(totals, self.term_range, target.terms, self.sampling_strategy)
            columns = np.flatnonzero(totals.missing)
            self.sampling_strategy_ = {target.terms[c]: int(totals.missing[c]) for c in columns}
        return totals

    def _train(self, X, y, rng, resume_from=None):
        from protimb.gan._networks import output_range
        from protimb.gan._training import train_gan

        if resume_from is not None:
            rng = copy.deepcopy(rng)  # to be set back, which NumPy's global one must not be
        self._dtype = np.dtype(np.float32) if X.dtype == np.float16 else X.dtype
        self._term_vectors = self._align_vectors()
        self._scaling = fit_scaling(X, output_range(self.backbone))
        counts = np.asarray(y.sum(axis=0)).ravel().astype(np.int64)
        terms = terms_in_range(counts, self.term_range)
        trained = train_gan(
            X,
            y,
            self,
            rng,
            scaling=self._scaling,
            terms=terms,
            term_vectors=self._term_vectors,
            resume_from=resume_from,
        )
        self._bank, self._seen = trained.bank, trained.seen
        self.history_ = pd.DataFrame(trained.history)
        self.quality_filter_ = self._fit_filter(X, y, rng)
        self.generator_, self.critic_ = trained.generator, trained.critic

    def _align_vectors(self):
        from protimb.gan._networks import resolve_condition

        needed = getattr(resolve_condition(self.condition), "needs_term_vectors", False)
        if not needed:
            return None
        if self.term_vectors is None:
            raise TermVectorError(
                f"condition={self.condition!r} describes terms by vectors, and term_vectors is "
                "None. Pass {term: vector} or an array with one row a column of y, such as "
                "TermVectorizer().fit(ontology).vectors(terms)."
            )
        return align_term_vectors(self.term_vectors, self.terms_)

    def _fit_filter(self, X, y, rng):
        if self.quality_filter is None:
            return None
        by_name = isinstance(self.quality_filter, str)
        quality = FILTERS[self.quality_filter]() if by_name else clone(self.quality_filter)
        if quality.get_params().get("random_state", 0) is None:  # else it would draw globally
            quality.set_params(random_state=rng.randint(2**31 - 1))
        if not is_large(X.shape, 4):
            return quality.fit(X, y)
        rows = representatives(y, members_a_term(X.shape[1], y.shape[1]), rng)
        return quality.fit(gather_rows(X, rows).astype(self._dtype, copy=False), y[rows])

    def _draw_again(self, X, y, rng):
        """Do what ``fit_resample`` does, with the networks as they are; give rows and plan."""
        vectors, target = self._read(X, y)
        totals = self._find_totals(target, y)
        warn_about(totals, target.terms)
        ledger = self._open_ledger(vectors, y, target, totals)
        if not hasattr(self, "quality_filter_"):  # saved samplers leave out what holds real rows
            self.quality_filter_ = self._fit_filter(vectors, target.indicator, rng)
        X_new, plan = self._resample(vectors, target.indicator, ledger, rng)
        self._report(plan, target, totals)
        warn_about_shortfall(self.sampling_plan_)
        return X_new, plan

    def _generate(self, X, y, plan, rng):
        """Draw rows until each passes quality control, or has had its rounds."""
        X_new = np.empty((len(plan), X.shape[1]), dtype=self._dtype)
        passed = np.zeros(len(plan), dtype=bool)
        n_draws = np.zeros(len(plan), dtype=np.int64)
        for _ in range(self.max_rounds):
            if passed.all():
                break
            pending = np.flatnonzero(~passed)
            for block in gen_batches(len(pending), _BLOCK):
                rows = pending[block]
                labels = y[plan.rows[rows]]
                X_new[rows] = self._draw(labels, rng, self._planned_seeds(X, plan.take(rows), rng))
                passed[rows] = self._passes(X_new[rows], labels)
            n_draws[pending] += 1
        self.quality_report_ = report_quality(self.terms_, plan, passed, n_draws, X, X_new)
        warn_about_collapse(self.quality_report_)
        return X_new[passed], plan.take(passed)

    def _check_known(self, labels):
        """Refuse label rows with terms that nothing was learned about."""
        known = self._seen
        if self._term_vectors is not None:
            known = known | ~np.isnan(self._term_vectors).all(axis=1)
        unknown = np.setdiff1d(labels.indices, np.flatnonzero(known))
        if len(unknown):
            raise UntrainedTermError(
                f"y_rows carry {len(unknown)} term(s) that no training protein has "
                f"({a_few(self.terms_[column] for column in unknown)}), so the generator knows "
                "nothing of them. Describe terms by vectors (condition='term_vectors' with "
                "term_vectors) to borrow from related ones, or widen term_range if that left "
                "their proteins out."
            )

    def _draw(self, y_rows, rng, seeds=None):
        from protimb.gan._sampling import draw_rows

        if seeds is None and self._bank is not None:
            seeds = self._bank.for_labels(
                name_known_relatives(y_rows, self._seen, self._term_vectors), rng
            )
        rows = draw_rows(self.generator_, y_rows, self.n_latent, rng, seeds)
        rows = self._scaling.inverse(rows, self._dtype)
        self._check_finite(rows)
        return rows

    def _planned_seeds(self, X, plan, rng):
        if self._bank is None:
            return None
        if self._bank.moves is None:
            return self._bank.for_terms(plan.terms, rng)
        # A protein whose labels are known, moved: they need not be guessed from the target term.
        return self._bank.moved(self._scaling.transform(X[plan.rows]), rng)

    def _check_finite(self, rows):
        # The last update comes after the last loss, so no loss tells of it.
        if np.isfinite(rows).all():
            return
        step = int(self.history_["n_steps"].iloc[-1])
        raise TrainingDiverged(
            f"The generator gives NaN or infinite values after step {step}, the last. Lower lr, "
            "or look for outliers in X.",
            step,
        )

    def _passes(self, X_new, y_new):
        if self.quality_filter_ is None:
            return np.ones(len(X_new), dtype=bool)
        return self.quality_filter_.select(X_new, y_new)


def _object_named(parameter, name):
    from protimb import nn
    from protimb.gan._networks import resolve

    table = FILTERS if parameter == "quality_filter" else getattr(nn, NAMED_OBJECTS[parameter])
    return resolve(name, table, parameter)


def check_settings(settings):
    """Refuse parameters that contradict one another.

    Parameters
    ----------
    settings : CGANSampler
    """
    if settings.term_range is not None:
        _check_range(settings.term_range)
    if settings.n_iter_no_change is not None and not settings.validation_fraction:
        raise ValueError(
            f"n_iter_no_change={settings.n_iter_no_change} waits for a better distance from rows "
            "held out, and validation_fraction=0 holds out none. Set validation_fraction=0.1."
        )


def _check_range(term_range):
    is_pair = len(term_range) == 2 and all(isinstance(n, int | np.integer) for n in term_range)
    if not is_pair or not 1 <= term_range[0] <= term_range[1]:
        raise ValueError(
            "term_range must be None or two counts, the fewest and the most members, such as "
            f"(20, 200). Got {term_range!r}."
        )
