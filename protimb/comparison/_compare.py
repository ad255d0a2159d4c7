"""compare: run every arm on the same split, with the same network and the same steps."""

from numbers import Integral
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from protimb.comparison._arms import MAIN_ARMS, resolve_arms
from protimb.comparison._beside import check_known, read_known, words_of_known
from protimb.comparison._cells import make_plan, open_cells
from protimb.comparison._comparison import Comparison, average_evaluations
from protimb.comparison._folds import make_fold, require_truth
from protimb.comparison._heads import MAIN_CLASSIFIERS
from protimb.comparison._jobs import run_all
from protimb.comparison._leaks import check_arm
from protimb.comparison._run import Protocol, count_stages
from protimb.comparison._sequences import hash_sequences, require_sequences, require_vectors
from protimb.comparison._splits import label_as_of
from protimb.comparison._stages import Stages
from protimb.comparison._synonyms import find_repeats
from protimb.comparison._traces import map_columns
from protimb.datasets._load import load_proteins, require_ontology, warn_of_generated
from protimb.metrics import draw_proteins
from protimb.ontology import information_accretion
from protimb.utils._arguments import with_defaults
from protimb.utils._provenance import environment
from protimb.utils._validation import a_few

_LARGEST_SEED = 2**32 - 1  # of NumPy's generators
_SEEDS = range(_LARGEST_SEED + 1)
_MOST_SEEDS = 10_000
_DATA = ("data", "ontology", "min_proteins")


def compare(
    data="human_go",
    *,
    ontology="mf",
    min_proteins=10,
    known=None,
    arms=MAIN_ARMS,
    classifiers=MAIN_CLASSIFIERS,
    seeds=1,
    sampling_strategy=20,
    epochs=30,
    max_steps=None,
    sampler_params=None,
    classifier_params=None,
    head_params=None,
    synthetic_weight=1.0,
    synthetic_labels="targeted",
    tune_cuts=False,
    split="cluster",
    date=None,
    shots=None,
    max_train=None,
    check_leaks=False,
    n_resamples=1000,
    maps=("tsne",),
    map_terms=None,
    out=None,
    resume=True,
    jobs=None,
    verbose=0,
):
    """Compare ways of treating imbalance, and say honestly which one helped whom.

    For each seed one fifth of the sequence clusters is held out (see ``split``). Each arm's
    sampler sees the training rows only. Then the same network, from the same random weights, is
    trained for the same number of steps on what the arm made of them, and judged on the held-out
    proteins.

    Parameters
    ----------
    data : {"human_go"}, path or Bunch
        The bundled human proteins, a CAFA training folder, or what `read_cafa` returns; then
        ``ontology`` and ``min_proteins`` are not looked at.
    ontology : {"mf", "bp", "cc"}
        Namespace of the terms.
    min_proteins : int
        Terms with fewer proteins are left out.
    known : list of {"mf", "bp", "cc"} or of ProteinData, optional
        Other namespaces whose annotations of the same proteins stand beside the vectors, as
        `AnnotationVectorizer` makes numbers of them: names where ``data`` is a name or a folder,
        data of the same proteins (looked up by id) in any case. See Notes.
    arms : sequence of str, or dict of str -> str, sampler, classifier or Arm
        Names from ``ARMS``, or samplers and classifiers of your own: ``{"ros": "ros", "mine":
        MySampler(), "forest": RandomForestClassifier()}``; a classifier is trained in place of the
        network and judged by itself. Those of ``MAIN_ARMS`` if left out. ``none`` is always
        run, because differences are taken to it.
    classifiers : sequence of str, or dict of str -> str, classifier or Head
        Heads that every arm's rows are taught to, names from ``CLASSIFIERS`` or classifiers of
        your own: ``{"mlp": "mlp", "mine": LogisticRegression()}``. ``"mlp"``, the network, and
        ``"mlp+knn"``, its mean with the cosine neighbours of the real training rows, share one
        training. Each head has its own ``none``, and differences are taken within a head.
    seeds : int or sequence of int
        How many seeds, counted from 0, or which, each once.
    sampling_strategy : int, dict, callable or "auto"
        What the named samplers raise terms to; your own samplers keep theirs.
    epochs : int
        Passes over the real training rows that the steps amount to, at 256 rows a step.
    max_steps : int, optional
        Training steps of every arm; overrides ``epochs``.
    sampler_params : dict of str -> dict, optional
        Parameters of an arm's sampler: ``{"cgan": {"max_updates": 500}}``.
    classifier_params : dict, optional
        Parameters of `GOTermClassifier`, alike for all arms.
    head_params : dict of str -> dict, optional
        Parameters of the classifiers of heads, alike for all arms: ``{"tale": {"max_epochs":
        20}}``. What is trained once for several heads, as for ``tale`` and ``tale+mlp``, is set
        once, for all of them.
    synthetic_weight : float
        Weight of a generated row in the network's loss, where a real one weighs 1.
    synthetic_labels : {"targeted", "all"}
        What generated rows teach the network: only the terms that lacked rows, see
        ``BaseMultilabelOverSampler.label_mask``, or all of their labels.
    tune_cuts : bool
        Let every arm decide by a cut of each term's own, as the arm ``threshold`` always does:
        sampler and head are fitted once more on four fifths of the training clusters, and the
        cuts of highest F1 are taken on the rest. Otherwise decisions are made at 0.5.
    split : {"cluster", "random", "temporal", "given"}
        What is held out: whole sequence clusters; single proteins at random, to show how that
        flatters; what was first annotated from ``date`` on, where the annotations carry dates; or
        what the data call test proteins, in a field ``split`` such as that of ``read_cafa3``.
    date : str or date, optional
        Of a temporal split, the first day that training does not know, such as ``"2022-01-01"``.
    shots : int, optional
        Cut frequent terms to this many training proteins, and judge these terms alone: whoever
        learns from few is then held against a truth known on many. See Notes.
    max_train : int, optional
        Train on at most so many proteins, whole clusters of them, the same for every arm; on one
        cluster at least, however large.
    check_leaks : bool
        Before all else, have every arm learn from shuffled training labels: one that then ranks
        test proteins right, or trains on test proteins, is refused. Takes three trainings an arm.
    n_resamples : int
        Bootstrap resamples of the test proteins.
    maps : sequence of {"pca", "tsne", "umap"}
        Maps of real against generated vectors to lay out in the first seed.
    map_terms : sequence of str, optional
        Terms that the maps show; chosen among those with many generated rows if None.
    out : path, optional
        Folder to save to, see `Comparison.save`. What each arm reached with each head is kept in
        its folder ``cells`` as soon as it is known, see Notes.
    resume : bool
        Take the cells that an earlier run left in ``out``; False removes them and starts over.
    jobs : int, optional
        Processes that share the arms, each computing in one thread, so that figures have the same
        bits whatever the number. None computes in this process, with the threads that it has.
    verbose : int
        1 shows a bar over all stages and a line for each arm once it is done, 2 the training bars
        beneath as well.

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    ValueError
        If an arm, a classifier or a parameter's arm or head is unknown, there is no seed or no
        resample, one is named twice, or the Bunch lacks a field, an ontology or vectors that an
        arm or head takes. Or if the split is unknown, or its date is none, in the future, or
        leaves one side empty. Or if ``known`` names the namespace that is predicted.
    TypeError
        If ``known`` is no list, or tuple.
    SequenceError
        If a head takes sequences and a protein has none.
    AnnotationError
        If the split is temporal, and annotations, of the proteins or of what is ``known``, carry
        no dates.
    LeakError
        If ``check_leaks`` and an arm knows of test proteins what it was not told.
    ArtifactError
        If ``out`` holds cells of another comparison (the message names what differs) or damaged
        ones, or another comparison writes there.
    ProtimbError
        What reading the data, a sampler or training raises, unchanged.

    See Also
    --------
    Comparison : What comes back.
    protimb.classification.ResampledClassifier : What an arm with a sampler trains.
    protimb.metrics.evaluate : The figures and their intervals.

    Notes
    -----
    Bins count real training proteins, also for arms that add rows. Information accretion, the
    weight of a term in Smin, is counted on all proteins and is the same for every arm. The
    network's output biases start at each term's share of positives among the arm's rows. Terms
    without a training protein stay in the table's rarest bin, terms without a test protein are
    left out of it; the record counts both.

    Fmax counts the terms that ``min_proteins`` keeps, which are those that can be learned. Where
    the data say how many they left out (``n_terms_left_out``), "Fmax, all terms" counts these as
    true and missed by every arm: it is lower, and the one to hold against figures of others, such
    as those of cafaeval with ``-no_orphans``.

    A run that was interrupted or killed goes on where it was once it is started again with the
    same data, settings and versions: finished cells are read. More arms, heads and seeds may join
    in, as long as the first seed stays, from which the bootstrap is drawn.

    A temporal split trains on proteins with an annotation of this namespace before the date, with
    the terms known then, propagated; it judges on all others, with all that is known now: CAFA's
    no-knowledge and limited-knowledge targets together. Proteins that had terms and gained more
    (partial knowledge) are not judged. Relatives are not kept apart, as in CAFA; the record counts
    the test proteins that have some in training. The split is the same for all seeds. Terms are
    those with ``min_proteins`` now, and information accretion is counted on all that is known now.
    What is tuned is tuned on held-out training clusters, in a random split on held-out proteins.

    With ``shots``, terms that have ten test proteins and twenty training proteins or more are
    taken, rarest first, as long as few of their training proteins have another such term and no
    more than half of all training proteins have any. Proteins beyond the first ``shots`` of a term
    are left out of training with all their labels: were the label alone hidden, they would teach
    that they lack the term. A protein of two such terms may be left out for one and missed by the
    other, so that ``mean_shots`` of the record may be a little lower. Training proteins of few
    shots, and of a small ``max_train``, are among those of more; test proteins are always the same.

    With ``known``, every fold learns on its training proteins alone how features are standardized
    and what `AnnotationVectorizer`, by its defaults, makes of the annotations. A row is then the
    standardized vector at length 1 and beside it those numbers, of length 1 or, where nothing is
    known, 0. Samplers are shown both parts; the network, neighbours and logistic regression
    standardize columns once more. Named namespaces are read with ``min_proteins``. Heads on
    sequences see no annotations. A temporal split takes, of training and test proteins, what was
    known before its date; any other takes what is known now, so that scores are an upper bound of
    what proteins can expect that are annotated elsewhere and not here.

    Examples
    --------
    >>> from protimb.comparison import compare
    >>> from protimb.datasets import make_longtail_multilabel
    >>> toy = make_longtail_multilabel(n_samples=120, random_state=0)
    >>> comparison = compare(toy, arms=["ros", "knn"], max_steps=5, n_resamples=20)
    >>> comparison.table["arm"].unique().tolist()
    ['none', 'ros', 'knn']
    """
    return _run(dict(locals()))


def compare_and_show(show, **given):
    """Compare as `compare` does, and show the Comparison before it is saved."""
    return _run(with_defaults(compare, given), show)


def _run(parameters, show=None):
    """Run what the parameters of `compare` ask for, by name, and save it where they say."""
    arms, seeds = resolve_arms(parameters["arms"]), _as_list(parameters["seeds"])
    out, split = parameters["out"], parameters["split"]
    _check_jobs(parameters["jobs"])
    parameters["known"] = check_known(*(parameters[name] for name in ("known", *_DATA[:2])))
    protocol = Protocol.from_parameters(parameters, arms)
    parameters["date"] = protocol.date
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)  # fails now rather than after the work
    with Stages(_count_stages(arms, seeds, protocol), parameters["verbose"]) as stages:
        with stages("load"):
            bunch = require_ontology(load_proteins(*(parameters[name] for name in _DATA)))
            bunch = require_sequences(warn_of_generated(bunch), protocol.heads)
            require_vectors(bunch, arms, protocol.heads)
            # An unknown term shows now, not after the work.
            map_columns(parameters["map_terms"] or (), bunch)
            accretion = information_accretion(bunch.y, bunch.ontology, bunch.terms)
            known = read_known(parameters, bunch)
            bunch = label_as_of(bunch, protocol.date) if split == "temporal" else bunch
        # Test sets of several seeds share proteins, hence one bootstrap over all proteins.
        draws = draw_proteins(len(bunch.X), parameters["n_resamples"], seeds[0])
        made = [make_fold(bunch, seed, accretion, draws, protocol, known) for seed in seeds]
        folds = [require_truth(fold) for fold in made]
        folds[0].is_first = True
        for name, arm in arms.items() if parameters["check_leaks"] else ():
            check_arm(name, arm, protocol.heads_of(arm), folds[0], protocol, stages)
        kept = parameters | {"seeds": seeds, "known": known}
        plan = None if out is None else make_plan(kept, arms, protocol, bunch)
        with open_cells(out, plan, parameters["resume"]) as cells:
            results = run_all(arms, folds, protocol, stages, cells, parameters["jobs"])
            stages.close()
            record = _record(parameters, arms, bunch, folds, stages) | _record_of_arms(results[0])
            record |= _record_of_heads(protocol, arms)
            record |= {"known": known.describe(protocol.heads)} if known else {}
            record["data"] |= hash_sequences(bunch, protocol.heads)
            comparison = _collect(results, folds, bunch, record)
            # While the cells are held: a second comparison would else find the report half-way.
            if show is not None:
                show(comparison)
            if out is not None:
                comparison.save(out)
    return comparison


def _as_list(seeds):
    if isinstance(seeds, Integral):
        _check_count(seeds)
        return list(range(seeds))
    seeds = list(seeds)
    if not seeds:
        raise ValueError("A comparison needs at least one seed.")
    wrong = [one for one in seeds if not isinstance(one, Integral) or int(one) not in _SEEDS]
    if wrong or len(set(seeds)) < len(seeds):
        raise ValueError(
            f"seeds are different whole numbers from 0 to {_LARGEST_SEED}; got "
            f"{a_few(map(repr, wrong or seeds))}."
        )
    return seeds


def _check_count(n_seeds):
    if not 1 <= n_seeds <= _MOST_SEEDS:
        raise ValueError(
            f"A comparison needs at least one seed and takes at most {_MOST_SEEDS:,}; got "
            f"seeds={n_seeds}. One seed of that number is [{n_seeds}]."
        )


def _check_jobs(jobs):
    if jobs is not None and (not isinstance(jobs, Integral) or jobs < 1):
        raise ValueError(f"jobs must be a number of processes from 1, or None; got {jobs!r}.")


def _count_stages(arms, seeds, protocol):
    n_maps = sum(arm.make_sampler is not None for arm in arms.values()) if protocol.maps else 0
    return 1 + n_maps + len(seeds) * sum(count_stages(arm, protocol) for arm in arms.values())


def _collect(results, folds, bunch, record):
    keys = [(arm, name) for arm, one in results[0].items() for name in one.evaluations]
    evaluations = {
        (arm, name): average_evaluations([fold[arm].evaluations[name] for fold in results])
        for arm, name in keys
    }
    scores = {
        f"AP {arm} {name}": _mean([fold[arm].term_scores[name] for fold in results])
        for arm, name in keys
    }
    terms = _describe_terms(bunch, folds).assign(**scores)
    traces = {arm: one.traces for arm, one in results[0].items()}
    test_ids = {fold.seed: fold.test_ids for fold in folds}
    return Comparison(evaluations, terms, record, traces, _by_seed(results, folds), test_ids)


def _by_seed(results, folds):
    points = {
        (fold.seed, arm, classifier): evaluation.point
        for fold, result in zip(folds, results, strict=True)
        for arm, one in result.items()
        for classifier, evaluation in one.evaluations.items()
    }
    table = pd.concat(points, names=["seed", "arm", "classifier", "metric"])
    return table.rename("estimate").reset_index()


def _describe_terms(bunch, folds):
    used = np.sort(np.concatenate([folds[0].train, folds[0].test]))
    return pd.DataFrame(
        {
            "term": list(bunch.terms),
            "name": list(bunch.term_names),
            "n_train": _mean([fold.n_train for fold in folds]),
            "n_test": _mean([fold.n_test for fold in folds]),
            "same_as": find_repeats(bunch.y[used], bunch.terms, bunch.ontology),
        }
    )


def _mean(columns):
    # pandas leaves NaN out without a word: a term may lack test proteins in some seeds only.
    return pd.DataFrame(np.stack(columns)).mean().to_numpy()


def _record(parameters, arms, bunch, folds, stages):
    data = parameters["data"]
    named = isinstance(data, (str, PathLike))
    # A Bunch knows nothing of ontology and min_proteins, so these would be no more than defaults.
    given = {"data": str(data)} if named else dict.fromkeys(_DATA)
    given |= {"known": words_of_known(parameters["known"])}
    name = f"{data}, {parameters['ontology']}" if named else "data of the caller"
    return {
        "parameters": parameters | given | {"seeds": [fold.seed for fold in folds]},
        "arms": {name: arm.description for name, arm in arms.items()},
        "data": {"name": name, **bunch.fingerprint()},
        "folds": [fold.describe() for fold in folds],
        "environment": environment(),
        "seconds": stages.seconds,
    }


def _record_of_heads(protocol, arms):
    """Describe the heads, and name those that an arm had to do without."""
    return {
        "heads": {name: head.description for name, head in protocol.heads.items()},
        "left_out": protocol.left_out(arms),
    }


def _record_of_arms(results):
    """Collect what every estimator was set to and how many rows it added, in the first seed."""
    kept = {
        "samplers": "sampler_params",
        "networks": "classifier_params",
        "n_synthetic": "n_synthetic",
        "quality_control": "quality_control",
    }
    return {
        name: {arm: one.traces[key] for arm, one in results.items() if key in one.traces}
        for name, key in kept.items()
    }
