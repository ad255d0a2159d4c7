"""The heads of a comparison: the classifiers that arms are judged with, each with its own none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

# Nothing that takes long to import: the command line reads this table to print its help.

# What a head may be fitted on, one a row of an arm.
TAKES = ("vectors", "sequences")


@dataclass(frozen=True)
class Head:
    """One classifier that every arm's rows are taught to, as a comparison runs it.

    Parameters
    ----------
    description : str
        What it is, in a few words.
    make : callable, optional
        Returns a new classifier with ``fit(X, y)`` and ``predict_proba``. None takes the network
        of the comparison. Heads of one ``make`` share one training.
    mix : callable, optional
        Turns the probabilities (n_test, n_terms), and a function that gives those of the cosine
        neighbours among real training rows, into what is judged.
    by_term : bool
        ``make`` gives a classifier of one term, which is fitted for each term by itself, on
        standardized vectors and on the rows that know the term. One that takes several labels
        gets all at once.
    learns_all_labels : bool
        Generated rows teach it all of their labels, as it cannot be told which it should learn.
    reads : tuple of str
        Fields of the data that it gets as parameters: ``("ontology", "terms")``.
    cannot : tuple of str
        What an arm may ask for and the classifier knows, but does not mean or bear, as a
        parameter (``"class_weight"``) or with a value (``"loss=isda"``); such arms are left out
        with this head.
    parts : tuple of Head
        Heads whose scores are averaged, in place of ``make``. What is trained for several heads
        is trained once: ``mlp``, ``tale`` and their mean take two trainings.
    takes : {"vectors", "sequences"}
        What the classifier is fitted on: an array (n_rows, width), or an array of str (n_rows,),
        the residues of each row. Arms that make new vectors are left out with a head that takes
        sequences, as nobody knows the sequence of a made protein; copies of a row have its own.
    equal_steps : bool
        The classifier has ``max_epochs``, ``batch_size`` and ``max_steps``, and takes in every arm
        as many steps as its epochs of the real training rows amount to, also where an arm has
        more or fewer rows. A ``batch_size`` that is no number is taken for 256.

    Raises
    ------
    ValueError
        If ``takes`` is neither of both, the network is to take sequences, or a head of parts has
        a classifier of its own.

    See Also
    --------
    CLASSIFIERS : The heads that have a name.
    compare : Runs every arm with every head.

    Examples
    --------
    >>> from protimb.comparison import CLASSIFIERS
    >>> CLASSIFIERS["logistic"].by_term
    True
    >>> CLASSIFIERS["mlp"].make is CLASSIFIERS["mlp+knn"].make  # one training serves both
    True
    """

    description: str
    make: Callable[[], Any] | None = None
    mix: Callable[[Any, Callable[[], Any]], Any] | None = None
    by_term: bool = False
    learns_all_labels: bool = False
    reads: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    parts: tuple["Head", ...] = ()
    takes: str = "vectors"
    equal_steps: bool = False

    def __post_init__(self):
        if self.takes not in TAKES:
            raise ValueError(f"takes may be {' or '.join(TAKES)}; got {self.takes!r}.")
        if self.parts and self.make is not None:
            raise ValueError(
                "A head of parts is their mean and has no classifier of its own: leave out make, "
                "or make it another part."
            )
        if self.takes == "sequences" and self.make is None:
            raise ValueError(
                "The network of a comparison takes vectors. A head that takes sequences needs "
                "make, which gives a classifier of them."
            )

    @property
    def training(self):
        """What heads that share a training have in common."""
        return self.make, self.by_term, self.takes

    @property
    def trainings(self):
        """The heads that are trained for this one: itself, or those of its parts, each once."""
        if not self.parts:
            return (self,)
        found = {one.training: one for part in self.parts for one in part.trainings}
        return tuple(found.values())

    @property
    def needs_sequences(self):
        """Whether anything that is trained for it takes sequences."""
        return any(one.takes == "sequences" for one in self.trainings)

    @property
    def needs_vectors(self):
        """Whether anything that is trained for it takes vectors."""
        return any(one.takes == "vectors" for one in self.trainings)

    def build(self):
        """Make a new classifier of several labels; not for heads that take the network.

        Returns
        -------
        classifier : object

        Raises
        ------
        ValueError
            If the head takes the network of a comparison, or is a mean of others.
        """
        if self.parts:
            raise ValueError("This head is a mean of others, its parts; build these.")
        if self.make is None:
            raise ValueError("This head takes the network of a comparison, which compare builds.")
        if not self.by_term:
            return self.make()
        from protimb.comparison._head_models import OneTermAtATime

        return OneTermAtATime(self.make())

    def can(self, params, *, weighs_rows=False, has_sequences=True):
        """Tell whether it can be trained with an arm's parameters, weights and sequences.

        Parameters
        ----------
        params : dict, or iterable of str
            Parameters that the arm asks of the classifier, or their names.
        weighs_rows : bool
            Whether generated rows weigh other than real ones.
        has_sequences : bool
            Whether each of the arm's rows is a protein with a sequence.

        Returns
        -------
        can : bool
        """
        if self.parts:
            asked_of_rows = {"weighs_rows": weighs_rows, "has_sequences": has_sequences}
            return all(part.can(params, **asked_of_rows) for part in self.parts)
        if self.takes == "sequences" and not has_sequences:
            return False
        if self.make is None:
            return True
        from sklearn.utils.validation import has_fit_parameter

        classifier = self.build()
        known = set(classifier.get_params(deep=False)) if hasattr(classifier, "get_params") else ()
        learner = classifier.estimator if self.by_term else classifier
        weighed = has_fit_parameter(learner, "sample_weight")
        if self.by_term and "class_weight" in params and not weighed:
            return False  # classes of a term are balanced by weights of its rows
        values = params.items() if isinstance(params, Mapping) else ()
        asked = {*params, *(f"{name}={value}" for name, value in values)}
        able = set(params) <= set(known) and not asked & set(self.cannot)
        return able and (weighed or not weighs_rows)


def resolve_heads(classifiers):
    """Turn names, or {name: name, classifier or Head}, into {name: Head}."""
    if not isinstance(classifiers, Mapping):
        _require_names(classifiers)
        return {name: CLASSIFIERS[name] for name in classifiers}
    heads = {name: _as_head(name, head) for name, head in classifiers.items()}
    if not heads:
        _require_names(())
    wrong = [name for name in heads if name == "alone" or name != "".join(str(name).split())]
    if wrong:
        raise ValueError(
            f"A head cannot be called {wrong[0]!r}: tables name arm and head side by side, and "
            "'alone' is what is judged without a head. Choose a word without spaces."
        )
    return heads


def _require_names(names):
    repeats = not isinstance(names, str) and len(set(names)) < len(names)
    if isinstance(names, str) or repeats or not names or set(names) - set(CLASSIFIERS):
        each = ", each once" if repeats else ""
        raise ValueError(
            f"classifiers may name {', '.join(CLASSIFIERS)}{each}; got {names!r}. One of your own "
            "is passed as {'name': classifier}."
        )


def _as_head(name, head):
    if isinstance(head, Head):
        return head
    if isinstance(head, str):
        _require_names((head,))
        return CLASSIFIERS[head]
    if isinstance(head, type):
        raise TypeError(f"Head {name!r} is the class {head.__name__}; pass an object of it.")
    if not hasattr(head, "fit"):
        raise ValueError(
            f"Head {name!r} is {type(head).__name__}; give the name of a head, a Head, or a "
            "classifier with fit(X, y) and predict_proba(X)."
        )
    if not hasattr(head, "predict_proba"):
        raise ValueError(
            f"Head {name!r}: {type(head).__name__} has no predict_proba, and proteins are ranked "
            "by probabilities. Wrap it, CalibratedClassifierCV("
            f"{type(head).__name__}()) of sklearn.calibration, which turns its decision_function "
            "into probabilities, or take a classifier that has them."
        )
    return _own_head(head)


def _own_head(classifier):
    from sklearn.base import clone

    several = _takes_several_labels(classifier)
    # A forest of scikit-learn's multiplies the weights that all terms of a row ask for.
    cannot = ("class_weight",) if several and _is_sklearns(classifier) else ()
    return Head(
        f"{classifier}",
        make=lambda: clone(classifier, safe=False),
        by_term=not several,
        cannot=cannot,
    )


def set_head_params(heads, head_params):
    """Set parameters {name: {parameter: value}} of classifiers: {name: Head}, and the network's."""
    # A training may serve several heads, and its parameters are those of all of them.
    used = {one.training for head in heads.values() for one in head.trainings}
    known = {n: h for n, h in (CLASSIFIERS | heads).items() if not h.parts and h.training in used}
    makers: dict[tuple, Callable] = {}
    network: dict[str, Any] = {}
    for name, params in _by_head(head_params).items():
        _require_trained(name, known, makers)
        head = known[name]
        _check_params(name, head, params)
        if head.make is None:
            network |= params
        makers[head.training] = _with_params(head.make, params)
    return {name: _remade(head, makers) for name, head in heads.items()}, network


def _by_head(head_params):
    """Refuse what is not {name: {parameter: value}}."""
    by_head = {} if head_params is None else head_params
    maps = [by_head, *by_head.values()] if isinstance(by_head, Mapping) else [by_head]
    wrong = [one for one in maps if not isinstance(one, Mapping)]
    if wrong:
        raise ValueError(
            "head_params names heads and their parameters, {'tale': {'max_epochs': 20}}; got "
            f"{wrong[0]!r} of type {type(wrong[0]).__name__}."
        )
    return by_head


def _require_trained(name, known, makers):
    if name not in known:
        raise ValueError(
            f"head_params names {name!r}, and no classifier of that name is trained here. Trained "
            f"are {', '.join(known)}; a mean of others takes the parameters of its parts."
        )
    if known[name].training in makers:
        same = [n for n, head in known.items() if head.training == known[name].training]
        raise ValueError(
            f"head_params names {', '.join(same)}, which share one training. Set its parameters "
            "under one name."
        )


def _check_params(name, head, params):
    """Refuse names and values that a classifier would refuse after the data were read."""
    read = [one for one in params if one in head.reads]
    if read:
        raise ValueError(
            f"head_params of {name!r}: {', '.join(read)} is read from the data of the comparison, "
            "and not set. Leave it out."
        )
    try:
        made = _network() if head.make is None else head.make()
        made.set_params(**params)
        if hasattr(made, "_parameter_constraints"):
            made._validate_params()
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"head_params of {name!r}: {error}") from error


def _network():
    return _ours("classification", "GOTermClassifier")()


def _with_params(make, params):
    return lambda: make().set_params(**params)


def _remade(head, makers):
    """Give a head whose classifiers are made as asked; what was shared stays shared."""
    if head.parts:
        return replace(head, parts=tuple(_remade(part, makers) for part in head.parts))
    known = head.make is not None and head.training in makers
    return replace(head, make=makers[head.training]) if known else head


def _takes_several_labels(classifier):
    if not hasattr(classifier, "__sklearn_tags__"):
        return True  # it says nothing of itself, and gets what all arms make
    tags = classifier.__sklearn_tags__()
    if tags.classifier_tags is None:  # no ClassifierMixin: it says nothing either
        return True
    return bool(tags.classifier_tags.multi_label or tags.target_tags.multi_output)


def _is_sklearns(classifier):
    return type(classifier).__module__.startswith("sklearn.")


def _ours(module, name, **params):
    """Say how to make a classifier of ours; it is imported when it is made."""

    def make():
        return getattr(import_module(f"protimb.{module}"), name)(**params)

    return make


def _logistic():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=300)


def _forest():
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(random_state=None)


def _boosting():
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=50, max_leaf_nodes=15, early_stopping=False, random_state=None
    )


def _mean(network, neighbours):
    return (network + neighbours()) / 2


# Parts of means, too: a training serves every head that names it.
_NETWORK = Head("the network")
_TALE = Head(
    "TALE: a transformer over residues, joined with labels",
    _ours("classification", "TALEClassifier"),
    takes="sequences",
    reads=("ontology", "terms"),
    equal_steps=True,
)
_ALIGNMENT = Head(
    "neighbours by alignment of sequences among the arm's rows",
    _ours("classification", "AlignmentTermClassifier"),
    takes="sequences",
    learns_all_labels=True,
)

# A head is one entry, and needs no other edit. Its name shows in help texts and reports.
CLASSIFIERS = {
    "mlp": _NETWORK,
    "mlp+knn": Head("mean of network and cosine neighbours of real training rows", mix=_mean),
    "knn": Head(
        "cosine neighbours among the arm's rows",
        _ours("classification", "KNNTermClassifier", n_neighbors=100),
        learns_all_labels=True,
    ),
    "logistic": Head("logistic regression, term by term", _logistic, by_term=True),
    "forest": Head(
        "a hundred trees, all terms at once",
        _ours("comparison._head_models", "TermForest"),
        learns_all_labels=True,
    ),
    "term_forest": Head("a hundred trees for each term by itself", _forest, by_term=True),
    "prototype": Head(
        "whitened prototypes of terms",
        _ours("classification", "PrototypeTermClassifier"),
        learns_all_labels=True,
        reads=("ontology", "terms"),
    ),
    "gbm": Head("boosted trees, term by term; for small data", _boosting, by_term=True),
    "label_attention": Head(
        "vectors of terms that attend to the protein's vector",
        _ours("classification", "LabelAttentionClassifier"),
        reads=("ontology", "terms"),
        cannot=("loss=isda",),  # no last layer whose features could be moved
        equal_steps=True,
    ),
    "tale": _TALE,
    "alignment": _ALIGNMENT,
    "mlp+alignment": Head(
        "mean of the network and neighbours by alignment", parts=(_NETWORK, _ALIGNMENT)
    ),
    "tale+mlp": Head("mean of TALE and the network", parts=(_TALE, _NETWORK)),
    "tale+alignment": Head(
        "mean of TALE and neighbours by alignment (TALE+)", parts=(_TALE, _ALIGNMENT)
    ),
}

# What arms are judged with unless asked otherwise: one training serves both.
MAIN_CLASSIFIERS = ("mlp", "mlp+knn")
