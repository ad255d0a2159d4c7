"""Comparison: the result, as tables, sentences and files."""

from dataclasses import dataclass, field, replace
from functools import cached_property, reduce

import pandas as pd

from protimb.comparison._advice import advise
from protimb.comparison._known import caveat_of_known
from protimb.comparison._layouts import lay_out, lay_out_decisions, lay_out_heads
from protimb.comparison._ranks import rank_arms
from protimb.comparison._rendering import render
from protimb.comparison._report_files import save, write_json
from protimb.comparison._splits import caveat_of_split
from protimb.comparison._verdict import judge_arms, rare_bins
from protimb.comparison._winners import (
    ABOUT_FMAX,
    CAVEAT,
    baseline_of,
    shared_differences,
    winner_sentences,
)
from protimb.utils._csv import write_csv

COLUMNS = [
    "arm",
    "classifier",
    "metric",
    "estimate",
    "low",
    "high",
    "difference",
    "diff_low",
    "diff_high",
    "n_terms",
]
HEAD_COLUMNS = ["arm", "classifier", "other", "metric", "difference", "low", "high"]
PAIR_COLUMNS = ["arm", "other", "classifier", "metric", "difference", "low", "high"]


@dataclass
class Comparison:
    """How every arm did, with 95 % intervals, and what won in each bin.

    Attributes
    ----------
    evaluations : dict of (arm, classifier) -> Evaluation
        Averaged over seeds. An arm without a network has the classifier ``"alone"``.
    terms : DataFrame of shape (n_terms, n_columns)
        One row a term: ``term``, ``name``, ``n_train``, ``n_test`` and the average precision of
        each arm and classifier, averaged over seeds; NaN without a positive test protein.
    record : dict
        All parameters, seeds, versions, the data's fingerprint, the size of every fold and the
        seconds of every stage.
    traces : dict of str -> dict
        What figures are drawn from, by arm, from the first seed.
    by_seed : DataFrame
        ``estimate`` of each ``seed``, ``arm``, ``classifier`` and ``metric``: their spread is
        what another split and another training change, which the intervals leave out.
    test_ids : dict of int -> array of str
        The proteins that each seed held out.

    See Also
    --------
    compare : Makes one.

    Notes
    -----
    Differences are taken to the arm ``none`` with the same classifier; those of an arm that is
    judged alone to ``none`` with the first classifier. With several seeds, resample number i of
    all seeds is averaged before quantiles are taken; it draws a protein equally often in each.

    Examples
    --------
    >>> from protimb.comparison import compare
    >>> from protimb.datasets import make_longtail_multilabel
    >>> toy = make_longtail_multilabel(n_samples=120, random_state=0)
    >>> comparison = compare(toy, arms=["knn"], max_steps=5, n_resamples=20)
    >>> print(comparison.winners()[0])
    All terms (... terms): with mlp, only none was run; with mlp+knn, only none was run; knn ...
    """

    evaluations: dict
    terms: pd.DataFrame
    record: dict
    traces: dict = field(default_factory=dict)
    by_seed: pd.DataFrame = field(default_factory=pd.DataFrame)
    test_ids: dict = field(default_factory=dict)

    @cached_property
    def table(self):
        """One row for each arm, classifier and metric; see Notes for the differences."""
        parts = [self._rows(arm, classifier) for arm, classifier in self.evaluations]
        return pd.concat(parts, ignore_index=True)[COLUMNS]

    def _rows(self, arm, classifier):
        own = self.evaluations[arm, classifier]
        base = self.evaluations[baseline_of(self.evaluations, arm, classifier)]
        bounds = {"lower": "low", "upper": "high"}
        rows = own.interval().rename(columns=bounds).assign(estimate=own.point)
        difference = shared_differences(own, base).rename(columns={"estimate": "difference"})
        rows = rows.join(difference.rename(columns={"lower": "diff_low", "upper": "diff_high"}))
        n_terms = own.n_terms.reindex(rows.index.str.rpartition(" ").get_level_values(2))
        rows = rows.assign(arm=arm, classifier=classifier, n_terms=n_terms.to_numpy())
        return rows.rename_axis("metric").reset_index()

    def wide(self):
        """Lay the table out for reading: an arm's figures, and below them its differences.

        Returns
        -------
        wide : DataFrame of str
            Two rows for each classifier and arm, a column for Fmax, Smin and the average
            precision of each bin that has terms. A star marks differences whose interval leaves
            zero out.
        """
        return lay_out(self.table, self._keys())

    def _keys(self):
        """Order (arm, classifier) for reading: by classifier, in the order of each."""
        classifiers = list(dict.fromkeys(classifier for _, classifier in self.evaluations))
        return sorted(self.evaluations, key=lambda key: classifiers.index(key[1]))

    @property
    def rare_bin(self):
        """The bin of rare terms that is looked at first, ``"<50"`` where it has terms."""
        return rare_bins(self.evaluations)[0]

    def verdicts(self):
        """Give the verdict on each arm in each bin of rare terms.

        Returns
        -------
        verdicts : DataFrame
            A row for each ``arm`` but none, ``classifier`` and ``bin``: its ``verdict``, one of
            *ranks better*, *ranks worse*, *only moves the threshold*, *neither* and *undecided at
            this size*; the ``difference`` in average precision to none, with ``low`` and
            ``high``; ``detectable``, the difference that this table would have shown four times
            of five; ``p`` of the difference, and ``p_holm``, corrected for the number of arms of
            the classifier and bin; ``decided``, the difference in macro F1 at 0.5 (at the arm's
            own cut, where none has no tuned one), with ``decided_low`` and ``decided_high``.

        Notes
        -----
        ``detectable`` is 2.8 (1.96 + 0.84) standard deviations of the paired resamples: with a
        true difference of that size, 80 % of test sets like this one give an interval clear of
        zero. Like the intervals it knows nothing of other splits and training seeds.
        """
        return self._verdicts.copy()

    @cached_property
    def _verdicts(self):
        return judge_arms(self.evaluations)

    @cached_property
    def _winners(self):
        return list(winner_sentences(self.evaluations).values())

    def decisions(self, name=None):
        """Lay decisions and probabilities of a bin out for reading.

        Parameters
        ----------
        name : str, optional
            A bin of training proteins; the rare terms (``"<50"``) if left out.

        Returns
        -------
        decisions : DataFrame of str
            A row for each classifier and arm. A star marks differences to none whose interval
            leaves zero out.
        """
        name = self.rare_bin if name is None else name
        return lay_out_decisions(self.table, self._keys(), name)

    def ranks(self, metric=None):
        """Rank the arms in every seed and classifier, and test whether ranks differ.

        Parameters
        ----------
        metric : str, optional
            What arms are ranked by, higher is better; the average precision of rare terms
            (``"AP <50"``) if left out.

        Returns
        -------
        ranks : RankTest
            Mean ranks, Friedman's test and Nemenyi's critical difference, or why there is none;
            ``sentence()`` says it.
        """
        metric = f"AP {self.rare_bin}" if metric is None else metric
        return rank_arms(self.by_seed, metric)

    def pairwise(self):
        """Take the paired difference of every two arms, not of each to ``none`` alone.

        Returns
        -------
        pairs : DataFrame
            Columns ``arm``, ``other``, ``classifier``, ``metric``, ``difference`` (arm minus
            other), ``low`` and ``high``: each pair once in each direction. An arm that is judged
            alone is held against the others with every classifier.
        """
        pairs = [
            self._pair(arm, other)
            for arm in self.evaluations
            for other in self.evaluations
            if arm[0] != other[0] and (arm[1] == other[1] or "alone" in (arm[1], other[1]))
        ]
        return _joined(pairs, PAIR_COLUMNS)

    def _pair(self, arm, other):
        names = {"estimate": "difference", "lower": "low", "upper": "high"}
        rows = shared_differences(self.evaluations[arm], self.evaluations[other])
        classifier = next((name for name in (arm[1], other[1]) if name != "alone"), "alone")
        rows = rows.rename(columns=names).rename_axis("metric").reset_index()
        return rows.assign(arm=arm[0], other=other[0], classifier=classifier)[PAIR_COLUMNS]

    def between_heads(self):
        """Take the paired difference of every two heads, within each arm.

        Returns
        -------
        pairs : DataFrame
            Columns ``arm``, ``classifier``, ``other``, ``metric``, ``difference`` (classifier
            minus other), ``low`` and ``high``: each pair once in each direction.

        See Also
        --------
        pairwise : Differences of arms, within each head.
        """
        keys = [
            (own, base)
            for own in self.evaluations
            for base in self.evaluations
            if own[0] == base[0] and own[1] != base[1]
        ]
        return self._pair_heads(keys)

    def _pair_heads(self, keys):
        """Take the differences of some pairs of (arm, classifier)."""
        pairs = [
            self._pair(own, base).assign(classifier=own[1], other=base[1]) for own, base in keys
        ]
        return _joined(pairs, HEAD_COLUMNS)

    def heads(self, arm="none"):
        """Lay the heads of an arm out for reading: average precision by bin, against the first.

        Parameters
        ----------
        arm : str

        Returns
        -------
        heads : DataFrame of str
            Two rows for each head: its average precision in each bin that has terms, and that
            minus the first head's. A star marks differences whose interval leaves zero out.

        Raises
        ------
        ValueError
            If no such arm was run.
        """
        names = self._heads_of(arm)
        pairs = self._pair_heads([((arm, name), (arm, names[0])) for name in names[1:]])
        return lay_out_heads(self.table[self.table["arm"] == arm], pairs, names)

    def _heads_of(self, arm):
        names = [classifier for one, classifier in self.evaluations if one == arm]
        if not names:
            arms = dict.fromkeys(one for one, _ in self.evaluations)
            raise ValueError(f"arm may be {', '.join(map(repr, arms))}; got {arm!r}.")
        return names

    def winners(self):
        """Say in one sentence for each bin what won, or that no arm differs with confidence.

        Returns
        -------
        sentences : list of str
        """
        return list(self._winners)

    def advice(self):
        """Say in a plain sentence or two what to use for the rare terms, or that nothing helped.

        Returns
        -------
        sentence : str

        Notes
        -----
        All arms and classifiers are held, protein by protein, against the classifier that does
        best without resampling. Where none is above it with confidence, it is what to use.
        """
        return advise(self.evaluations)

    @property
    def caveat(self):
        """What to keep in mind with the winners."""
        return CAVEAT + caveat_of_split(self.record) + caveat_of_known(self.record)

    def __str__(self):
        return self.render()

    def render(self, width=None):
        """Write the table, the winners and their caveat as plain text.

        Parameters
        ----------
        width : int, optional
            Characters a line of a table may have; what does not fit goes on below.

        Returns
        -------
        text : str
        """
        return render(self, width)

    def about_fmax(self):
        """Say what both kinds of Fmax count, where there are two.

        Returns
        -------
        sentences : list of str
        """
        folds = self.record["folds"]
        if not all("n_true_left_out" in fold for fold in folds):
            return []
        n_left_out, n_true = (sum(f[name] for f in folds) for name in ("n_true_left_out", "n_true"))
        share = n_left_out / max(n_left_out + n_true, 1)
        return [ABOUT_FMAX.format(n_terms=self.record["data"]["n_terms"], share=share)]

    def to_csv(self, path):
        """Write the table.

        Parameters
        ----------
        path : str or Path
            Floats keep every digit, so that reading it gives the same numbers; pandas before 3.1
            needs ``float_precision="round_trip"`` for that.
        """
        write_csv(self.table, path, index=False)

    def to_json(self, path):
        """Write the table, winners, verdicts, ranks, and everything needed to make them again.

        Parameters
        ----------
        path : str or Path
        """
        write_json(self, path)

    def save(self, folder):
        """Write the page, the tables and the figures.

        ``report.html`` holds everything that a reader wants; ``table.csv``, ``terms.csv`` (a row
        a term), ``seeds.csv`` (the estimates of each seed), ``pairs.csv`` (every two arms),
        ``heads.csv`` (every two heads), ``verdicts.csv`` (each arm on rare terms),
        ``comparison.json`` (with every parameter),
        ``quality_<arm>.csv`` (rows planned, rejected and missing, by term),
        ``test_ids_<seed>.txt`` (the proteins held out, one a line, for
        ``protimb train --leave-out``) and ``figures/*.png`` are for further work.

        Parameters
        ----------
        folder : str or Path
            Made if missing; files of these names in it are replaced, all of them once all are
            written, or none. Those of an earlier comparison's arms, seeds and figures that this
            one has not are removed, as far as its ``comparison.json`` lists them. Links in their
            places are replaced, not followed.

        Returns
        -------
        folder : Path

        Raises
        ------
        ArtifactWriteError
            If another process writes there, or something that is no file has the name of one.
        OSError
            If the folder cannot be written; an earlier report in it is as it was.

        Notes
        -----
        In all ``.csv`` files text that a spreadsheet would take for a formula, as it begins with
        ``=``, ``+``, ``-`` or ``@``, has an apostrophe before it.
        """
        return save(self, folder)


def average_evaluations(evaluations):
    """Average the figures of several Evaluations, one a seed, resample by resample."""
    # A bin that is empty in one seed is averaged over the others: means leave NaN out.
    points = pd.DataFrame([one.point for one in evaluations])
    stacked = pd.concat([one.resamples for one in evaluations])
    return replace(
        evaluations[0],
        point=points.mean().rename("point"),
        resamples=stacked.groupby(level=0).mean(),
        n_terms=sum(one.n_terms for one in evaluations) / len(evaluations),
        n_left_out=sum(one.n_left_out for one in evaluations) / len(evaluations),
        # Averages can be paired if each seed's evaluations can.
        fingerprint=reduce(lambda a, b: hash((a, b)), (one.fingerprint for one in evaluations)),
    )


def _joined(pairs, columns):
    """Put tables of pairs below one another; an empty one where there are none."""
    empty = pd.DataFrame([], columns=columns)
    return pd.concat(pairs, ignore_index=True)[columns] if pairs else empty
