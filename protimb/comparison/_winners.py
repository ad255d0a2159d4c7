"""What won in each bin, in one sentence, whatever that is."""

from dataclasses import replace

from protimb.metrics import paired_difference

LEGEND = "[95 % interval]; * the interval of the paired difference leaves zero out"
ABOUT_FMAX = (
    "Fmax counts the {n_terms:,} terms with enough proteins to be compared. Fmax, all terms, also "
    "counts what the test proteins have of rarer ones ({share:.0%} of their true terms), which "
    "every arm misses: hold this one against figures from elsewhere."
)
CAVEAT = (
    "A leader is picked after the scores are seen, so its lead is likely a little overstated. "
    "Intervals are for one figure each: of twenty arms that change nothing, about one would leave "
    "zero out by chance. They tell what another draw of test proteins would change, not what "
    "another split or training seed would: run several seeds, and compare them in seeds.csv."
)


def winner_sentences(evaluations):
    """Say of each bin that has terms which arm won, or that none did: {"AP <bin>": sentence}."""
    # {(arm, classifier): Evaluation}, averaged over seeds; each classifier has an arm "none".
    some = next(iter(evaluations.values()))
    metrics = [f"AP {name}" for name, n_terms in some.n_terms.items() if n_terms > 0]
    return {metric: _sentence(evaluations, metric) for metric in metrics}


def _sentence(evaluations, metric):
    name = metric.removeprefix("AP ")
    n_terms = next(iter(evaluations.values())).n_terms[name]
    where = "All terms" if name == "all" else f"Terms with {name} training proteins"
    classifiers = dict.fromkeys(classifier for _, classifier in evaluations)
    clauses = [_clause(evaluations, classifier, metric) for classifier in classifiers]
    return f"{where} ({n_terms:.0f} terms): {'; '.join(clauses)}."


def _clause(evaluations, classifier, metric):
    arms = {arm: one for (arm, name), one in evaluations.items() if name == classifier}
    if classifier == "alone":
        return "; ".join(_alone(evaluations, arm, metric) for arm in arms)
    none = arms.pop("none")
    if not arms:
        return f"with {classifier}, only none was run"
    leads = {arm: difference(one, none, metric) for arm, one in arms.items()}
    return f"with {classifier}, {_verdict(arms, leads, metric)}"


def _alone(evaluations, arm, metric):
    classifier = baseline_of(evaluations, arm, "alone")[1]
    lead = difference(evaluations[arm, "alone"], evaluations["none", classifier], metric)
    words = {1: "beats", 0: "does not differ with confidence from", -1: "is below"}
    return f"{arm} by itself {words[_sign(lead)]} none with {classifier} ({_show(lead)})"


def _verdict(arms, leads, metric):
    better = [arm for arm, lead in leads.items() if _sign(lead) > 0]
    worse = [arm for arm, lead in leads.items() if _sign(lead) < 0]
    best = max(better or leads, key=lambda arm: leads[arm]["estimate"])
    if better:
        return f"{best} beats none ({_show(leads[best])}){_ties(best, arms, metric)}"
    highest = f"highest of {len(leads)}: " if len(leads) > 1 else ""
    highest += f"{best}, {_show(leads[best])}"
    if len(worse) == len(leads):
        return f"none wins: {_and(worse)} {_are(worse)} below it with confidence ({highest})"
    if worse:
        return (
            f"no arm beats none with confidence ({highest}), and {_and(worse)} "
            f"{_are(worse)} below it with confidence"
        )
    return f"no arm differs from none with confidence ({highest})"


def _ties(best, arms, metric):
    others = (arm for arm in arms if arm != best)
    ties = [arm for arm in others if _sign(difference(arms[best], arms[arm], metric)) == 0]
    return f", but cannot be told from {_and(ties)}" if ties else ""


def baseline_of(evaluations, arm, classifier):
    """Name the evaluation that an arm's difference is taken to: none with the same classifier.

    An arm that is judged alone has no classifier, and is held against the first one.
    """
    if classifier != "alone":
        return "none", classifier
    return next(key for key in evaluations if key[0] == "none")


def difference(first, second, metric, other=None):
    """Take the paired difference in one metric, or of it to another metric of the second."""
    first, second = _keep(first, metric, metric), _keep(second, other or metric, metric)
    return paired_difference(first, second).loc[metric]


def shared_differences(first, second):
    """Take the paired differences, (n_figures, 3), in all figures that two evaluations share."""
    shared = [name for name in first.point.index if name in second.point.index]
    return paired_difference(_keep(first, shared, shared), _keep(second, shared, shared))


def _keep(evaluation, figures, names):
    """Keep one or some figures of an Evaluation, called by ``names``."""
    figures, names = ([one] if isinstance(one, str) else one for one in (figures, names))
    resamples = evaluation.resamples[figures].set_axis(names, axis=1)
    return replace(evaluation, point=evaluation.point[figures].set_axis(names), resamples=resamples)


def _sign(lead):
    """1 if the whole interval is above zero, -1 if below, 0 if zero is inside."""
    return int(lead["lower"] > 0) - int(lead["upper"] < 0)


def _show(lead):
    return f"{lead['estimate']:+.3f} [{lead['lower']:+.3f}, {lead['upper']:+.3f}]"


def _and(names):
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _are(names):
    return "are" if len(names) > 1 else "is"
