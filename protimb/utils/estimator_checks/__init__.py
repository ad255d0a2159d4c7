"""Checks that any sampler for multilabel targets should pass, yours included."""

import re

from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler

from protimb.utils.estimator_checks import _any, _over, _under

__all__ = [
    "CHECKS",
    "check_sampler",
    "checks_for",
    "expected_failed_checks",
    "parametrize_with_checks",
]


# kind of sampler -> its checks
CHECKS = {
    "without a budget": _any.CHECKS,
    "over-sampling": (*_any.CHECKS, *_over.CHECKS),
    "under-sampling": (
        *_any.CHECKS,
        *_under.CHECKS,
        *_under.BUDGET_CHECKS,
    ),
    "cleaning": (
        *_any.CHECKS,
        *_under.CHECKS,
        *_under.CLEANING_CHECKS,
    ),
}


def parametrize_with_checks(samplers, *, expected_failed_checks=None):
    """Make one pytest case of each multilabel check for each sampler.

    Parameters
    ----------
    samplers : list of sampler instances
        Seeded (``random_state=0``) and fast: each one is fitted about twenty times.
    expected_failed_checks : callable, optional
        Gets a sampler, returns ``{name of check: reason}``; those cases are marked xfail.

    Returns
    -------
    decorator : pytest.MarkDecorator
        For a test with the arguments ``sampler`` and ``check``.

    See Also
    --------
    checks_for : Which checks a sampler gets.
    imblearn.utils.estimator_checks.parametrize_with_checks : Checks for one label a row.

    Examples
    --------
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> @parametrize_with_checks([RandomLabelsetOverSampler(random_state=0)])
    ... def test_multilabel_contract(sampler, check):
    ...     check(sampler)
    """
    import pytest

    cases = []
    for sampler in samplers:
        reasons = expected_failed_checks(sampler) if expected_failed_checks else {}
        for check in checks_for(sampler):
            name = check.__name__
            marks = [pytest.mark.xfail(reason=reasons[name])] if name in reasons else []
            label = re.sub(r"\s", "", repr(sampler))
            cases.append(pytest.param(sampler, check, marks=marks, id=f"{label}-{name}"))
    return pytest.mark.parametrize(("sampler", "check"), cases)


def check_sampler(sampler):
    """Run every multilabel check on one sampler.

    Parameters
    ----------
    sampler : sampler instance
        Is cloned, not fitted.

    Raises
    ------
    AssertionError
        From the first check that fails; says what was expected.

    Examples
    --------
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> check_sampler(RandomLabelsetOverSampler(random_state=0))
    """
    for check in checks_for(sampler):
        check(sampler)


def checks_for(sampler):
    """Give the checks that suit a sampler.

    Parameters
    ----------
    sampler : sampler instance
        One derived from imbalanced-learn's ``BaseUnderSampler`` removes rows to a budget, one
        from its ``BaseCleaningSampler`` removes rows by a rule; one without a parameter
        ``sampling_strategy`` edits rows, and little is promised; any other adds rows.

    Returns
    -------
    checks : tuple of functions
        Each takes a sampler, which it clones, and raises AssertionError.

    Examples
    --------
    >>> from protimb.under_sampling import MLRUS
    >>> checks_for(MLRUS()) is CHECKS["under-sampling"]
    True
    """
    if isinstance(sampler, BaseUnderSampler):
        return CHECKS["under-sampling"]
    if "sampling_strategy" not in sampler.get_params(deep=False):
        return CHECKS["without a budget"]
    return CHECKS["cleaning" if isinstance(sampler, BaseCleaningSampler) else "over-sampling"]


def expected_failed_checks(sampler):
    """Name the checks of imbalanced-learn that a multilabel sampler must fail.

    One asserts that several labels a row are refused, another takes columns for one-hot classes.
    With ``target="classes"`` protimb's samplers do both, and none fails.

    Parameters
    ----------
    sampler : sampler instance

    Returns
    -------
    reasons : dict
        ``{name of check: reason}``, for imbalanced-learn's ``parametrize_with_checks``.
    """
    name, target = type(sampler).__name__, getattr(sampler, "target", None)
    if target == "classes":
        return {}
    takes_them = f"asserts that multilabel targets are refused; {name} takes them"
    if target is None:
        return {"check_target_type": takes_them}
    are_terms = f"takes columns for one-hot classes; for {name} they are terms by default"
    return {"check_target_type": takes_them, "check_samplers_multiclass_ova": are_terms}
