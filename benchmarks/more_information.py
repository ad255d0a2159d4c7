"""Ask whether rare terms gain from information that resampling does not have.

    python benchmarks/more_information.py known --ontology mf --seeds 0 1 2 3 4
    python benchmarks/more_information.py weights --ontology mf --seeds 0 1 2 3 4
    python benchmarks/more_information.py distil --ontology mf --seeds 0 1 2 3 4
    python benchmarks/more_information.py correct --ontology mf --seeds 0 1 2 3 4

Each prints, after every seed for all so far: macro average precision on held-out sequence clusters,
mean over the seeds' splits, and differences to the same head without the idea, with 95 % intervals:
a bootstrap draws proteins once for all splits.

known: annotations of the other two namespaces as features, for all test proteins or for half.
weights: generated rows whose weights keep the prevalence of each term, in calibration and order.
distil: neighbours in the whitened space, asked out of fold, as soft targets of rare terms.
correct: generated rows, less their bias, which is measured on frequent terms that show few members.
"""

import argparse
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from borrowed_covariance import difference, kernel_ridge, over_seeds, print_table, z_score
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler, normalize
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.comparison._sizes import choose_terms_to_cut, keep_few
from protimb.datasets import load_human_go
from protimb.metrics import draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.over_sampling import CGANSampler, LabelwiseSampler, RandomLabelsetOverSampler
from protimb.preprocessing import AnnotationVectorizer, WithinTermWhitening

RARE = 50  # training proteins
BINS = {"<50": (0, RARE), "<20": (0, 20)}
FIGURES = ("AP <50", "AP <20", "AP all")

RIDGE_ALPHA = 3000.0
N_COMPONENTS = 128  # of the other namespaces' annotations
MIN_MEMBERS = 5  # training proteins of a term that is a feature
N_SMALL = 1500  # training proteins where generated rows are weighed
N_TERMS = 40  # of 5 to 49 of these, at most
N_SHOWN = 10  # members of a frequent term that its generated rows are made of
N_MADE = 100  # rows of a term in which generated and hidden ones are compared

SAMPLERS = {
    "copies": RandomLabelsetOverSampler,
    "SMOTE": lambda **options: LabelwiseSampler(**options),
    "CGAN": CGANSampler,
}


def main():
    """Run one experiment on all splits and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101])
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--sources", nargs="+", default=["mf", "bp", "cc"], help="of known")
    parser.add_argument("--heads", nargs="+", default=["ridge"], choices=HEADS | STUDENTS)
    parser.add_argument("--samplers", nargs="+", default=list(SAMPLERS), choices=SAMPLERS)
    parser.add_argument("--penalty", type=float, default=100.0, help="of weights' regression")
    words = parser.parse_args()
    data = load_human_go(words.ontology)
    predict, figures = EXPERIMENTS[words.experiment]
    draws = draw_proteins(len(data.X), words.resamples)
    found = defaultdict(list)
    for seed in words.seeds:
        split = Split(data, words.ontology, seed, *split_by_cluster(data.groups, random_state=seed))
        for arm, scores in predict(split, words):
            found[arm].append(split.judge(scores, draws))
        print(f"\nafter {seed=}")
        report(found, figures)


@dataclass
class Split:
    """Training and test rows of one seed."""

    data: Any
    ontology: str
    seed: int
    train: np.ndarray
    test: np.ndarray
    terms: Any = field(default_factory=lambda: slice(None))

    def take_rare_terms(self, n_rows):
        """Keep n_rows training rows, and N_TERMS of 5 to 49 of them that a test row has."""
        rng = np.random.default_rng(self.seed)
        self.train = np.sort(rng.choice(self.train, n_rows, replace=False))
        n_test = self.data.y[self.test].sum(axis=0, dtype=np.int64)
        counts = self.counts
        terms = np.flatnonzero((counts >= 5) & (counts < RARE) & (n_test > 0))
        self.terms = np.sort(rng.permutation(terms)[:N_TERMS])

    @property
    def y(self):
        """Labels of the training rows."""
        return self.data.y[self.train][:, self.terms]

    @property
    def counts(self):
        """Training proteins of each term."""
        return self.y.sum(axis=0, dtype=np.int64)

    def vectors(self):
        """Give standardised training and test vectors of length 1."""
        X = self.data.X
        scaler = StandardScaler().fit(X[self.train])
        return tuple(normalize(scaler.transform(X[rows])) for rows in (self.train, self.test))

    def judge(self, scores, draws):
        """Evaluate scores (n_test, n_terms)."""
        truth, own = self.data.y[self.test][:, self.terms], draws[self.test]
        return evaluate(truth, scores, n_train=self.counts, bins=BINS, draws=own)


def report(found, figures):
    """Print means over splits, and differences to the first arm of the same head."""
    means = {arm: over_seeds(evaluations) for arm, evaluations in found.items()}
    points = {", ".join(arm): one.point[list(figures)] for arm, one in means.items()}
    print_table(pd.DataFrame(points).T.map("{:.4f}".format), "head, arm")
    first = {}
    for head, arm in means:
        first.setdefault(head, arm)
    rows = {
        f"{head}, {arm} - {first[head]}": difference(
            paired_difference(one, means[head, first[head]]), list(figures)
        )
        for (head, arm), one in means.items()
        if arm != first[head]
    }
    print_table(pd.DataFrame(rows).T, "head, difference")


def fit_ridge(known, y, asked, seed):
    """Regress all terms at once; scores keep their order in (0, 1)."""
    scaler = StandardScaler().fit(known)
    model = Ridge(RIDGE_ALPHA).fit(scaler.transform(known), y.astype(np.float32))
    return squashed(model.predict(scaler.transform(asked)))


def fit_kernel_ridge(known, y, asked, seed):
    """Regress all terms on the exponential kernel of cosines."""
    return squashed(kernel_ridge(normalize(known), normalize(asked), y))


def fit_neighbours(known, y, asked, seed):
    """Let cosine neighbours vote."""
    model = KNNTermClassifier(temperature=0.08, standardize=False)
    return model.fit(known, y).predict_proba(asked)


def fit_network(known, y, asked, seed):
    """Train the network for a few steps."""
    model = GOTermClassifier(max_epochs=15, early_stopping=False, random_state=seed)
    return model.fit(known, y).predict_proba(asked)


HEADS = {
    "ridge": fit_ridge,
    "kernel ridge": fit_kernel_ridge,
    "neighbours": fit_neighbours,
    "network": fit_network,
}


def squashed(scores):
    """Bring regressed indicators into (0, 1), in the same order."""
    return 1 / (1 + np.exp(-4 * (scores.astype(np.float64) - 0.5)))


def predict_known(split, words):
    """Yield scores with the other namespaces' annotations for no, all or half of test proteins."""
    inside, outside = split.vectors()
    facts, asked = other_namespaces(split, words.sources)
    hidden = np.random.default_rng(split.seed).random(len(asked)) < 0.5
    half = np.where(hidden[:, None], 0, asked)
    print(f"seed {split.seed}: {(np.abs(asked).sum(axis=1) > 0).mean():.0%} have any", flush=True)
    both = np.hstack([inside, facts])
    for head in words.heads:
        fit = HEADS[head]
        without = fit(inside, split.y, outside, split.seed)
        yield (head, "vectors"), without
        tests = np.vstack([np.hstack([outside, one]) for one in (asked, half)])
        scores = fit(both, split.y, tests, split.seed)
        with_all, with_half = np.split(scores, 2)
        yield (head, "vectors and annotations"), with_all
        yield (head, "the same, half have none"), with_half
        chosen = np.where(hidden[:, None], without, with_all)
        yield (head, "half have none: vectors for them"), chosen
        yield (head, "annotations alone"), fit(facts, split.y, asked, split.seed)


def other_namespaces(split, sources):
    """Reduce other namespaces' labels: training and test rows, (n, N_COMPONENTS), length 1."""
    others = [load_human_go(name) for name in sources if name != split.ontology]
    known = split.data.labels_in(*others)
    reduce = AnnotationVectorizer(
        N_COMPONENTS, min_members=MIN_MEMBERS, random_state=split.seed
    ).fit(known[split.train])
    return reduce.transform(known[split.train]), reduce.transform(known[split.test])


def predict_weights(split, words):
    """Yield scores of rare terms behind samplers, with rows that weigh 1 or keep prevalences."""
    split.take_rare_terms(N_SMALL)
    inside, outside = split.vectors()
    y = split.y.astype(np.uint8)
    fit = partial(fit_logistic, penalty=words.penalty)
    yield ("logistic", "none"), fit(inside, y, outside)
    for name in words.samplers:
        sampler = SAMPLERS[name](sampling_strategy=len(y) // 10, random_state=split.seed)
        rows, labels = sampler.fit_resample(inside, y)
        labels = np.asarray(labels)
        known = np.ones(labels.shape, dtype=bool)
        if hasattr(sampler, "label_mask"):
            known = sampler.label_mask()
        for chi in (None, 0.5, 0.2):
            cells = known if chi is None else preserve_prevalence(labels, known, len(y), chi)
            arm = f"{name}, weight 1" if chi is None else f"{name}, chi {chi}"
            yield ("logistic", arm), fit(rows, labels, outside, cells, n_real=len(y))


def preserve_prevalence(labels, known, n_real, chi):
    """Weigh cells (n_rows, n_terms): real positives chi, m new ones together (1 - chi) n."""
    weights = np.ones(labels.shape, dtype=np.float32)
    made = labels[n_real:] * known[n_real:]
    n, m = labels[:n_real].sum(axis=0, dtype=float), made.sum(axis=0, dtype=float)
    weights[:n_real] = np.where((labels[:n_real] == 1) & (m > 0), chi, 1)
    weights[n_real:] = made * ((1 - chi) * n / np.maximum(m, 1))
    return weights


def fit_logistic(known, y, asked, cells=None, *, n_real=None, penalty=100.0):
    """Fit a logistic regression a term, all at once, on weighed cells and targets in [0, 1]."""
    scaler = StandardScaler().fit(known[:n_real])  # generated rows change no penalty
    known, asked = (torch.from_numpy(scaler.transform(one)).float() for one in (known, asked))
    y = torch.from_numpy(np.asarray(y, dtype=np.float32))
    cells = None if cells is None else torch.from_numpy(np.asarray(cells, dtype=np.float32))
    weights = torch.zeros(known.shape[1], y.shape[1], requires_grad=True)
    prior = torch.logit(y.mean(axis=0).clamp(1e-4, 1 - 1e-4)).requires_grad_()
    solver = torch.optim.LBFGS(
        [weights, prior], max_iter=40, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss():
        solver.zero_grad()
        total = (
            binary_cross_entropy_with_logits(
                known @ weights + prior, y, weight=cells, reduction="sum"
            )
            + penalty / 2 * (weights**2).sum()
        )
        total.backward()
        return total

    solver.step(loss)
    return torch.sigmoid(asked @ weights + prior).detach().numpy().astype(np.float64)


def predict_distil(split, words):
    """Yield scores of students of hard and of soft targets, of the teacher, and of both."""
    inside, outside = split.vectors()
    X, y = split.data.X, split.y
    teacher = teach(X[split.train], y, X[split.test])
    rare = split.counts < RARE
    soft = ask_out_of_fold(split)
    for head in words.heads:
        student = STUDENTS[head]
        hard = student(inside, y.astype(np.float32), outside, split.seed)
        yield (head, "hard targets"), hard
        for share in (0.3, 0.6):
            mixed = np.where(rare, (1 - share) * y + share * soft, y).astype(np.float32)
            yield (head, f"soft by {share}"), student(inside, mixed, outside, split.seed)
        yield (head, "teacher alone"), teacher
        yield (head, "mean of z-scores of both"), squashed((z_score(hard) + z_score(teacher)) / 8)


def teach(known, y, asked):
    """Let neighbours in the whitened space vote."""
    space = WithinTermWhitening().fit(known, y)
    return fit_neighbours(space.transform(known), y, space.transform(asked), None)


def ask_out_of_fold(split):
    """Ask the teacher about each training row without its cluster's rows."""
    X, y = split.data.X[split.train], split.y
    soft = np.empty(y.shape, dtype=np.float32)
    groups = np.asarray(split.data.groups)[split.train]
    for known, asked in GroupKFold(5).split(X, groups=groups):
        soft[asked] = teach(X[known], y[known], X[asked])
    return soft


def fit_soft_network(known, y, asked, seed):
    """Train a network as GOTermClassifier's, which takes no soft targets, for 30 epochs."""
    torch.manual_seed(seed)
    scaler = StandardScaler().fit(known)
    known, asked = (torch.from_numpy(scaler.transform(one)).float() for one in (known, asked))
    y = torch.from_numpy(y)
    layers = (nn.Linear(known.shape[1], 512), nn.LayerNorm(512), nn.GELU(), nn.Dropout(0.5))
    last = nn.Linear(512, y.shape[1])
    with torch.no_grad():  # the prior has the first word
        last.weight.mul_(0.1)
        last.bias.copy_(torch.logit(y.mean(axis=0).clamp(1e-5, 1 - 1e-5)))
    network = nn.Sequential(*layers, last)
    n_steps = 30 * len(known) // 256
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_steps)
    for _ in range(n_steps):
        rows = torch.randint(len(known), (256,))
        noisy = known[rows] + 0.5 * torch.randn(256, known.shape[1])
        optimiser.zero_grad()
        binary_cross_entropy_with_logits(network(noisy), y[rows]).backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        return torch.sigmoid(network.eval()(asked)).numpy().astype(np.float64)


def predict_correct(split, words):
    """Yield scores of rare terms behind generated rows, with their bias and without it."""
    split.take_rare_terms(N_SMALL)
    inside, outside = split.vectors()
    y = split.y.astype(np.uint8)
    fit = partial(fit_logistic, penalty=words.penalty)
    yield ("logistic", "none"), fit(inside, y, outside)
    for name in words.samplers:
        made, of_term = make_rows(name, inside, y, split.seed)
        yield ("logistic", name), fit(*with_rows(inside, y, outside, made, of_term), n_real=len(y))
        bias = measure_bias(name, split, inside)
        arms = {"hidden rows about the members": (0, 1), "corrected": (1, 1), "half": (1, 0.5)}
        for arm, (own, share) in arms.items():
            rows = correct(inside, y, made, of_term, bias, own=own, share=share, seed=split.seed)
            scores = fit(*with_rows(inside, y, outside, *rows), n_real=len(y))
            yield ("logistic", f"{name}, {arm}"), scores


def make_rows(name, X, y, seed, n_made=N_MADE):
    """Raise each term to n_made rows: generated rows (n_new, n_features) and the term of each."""
    sampler = SAMPLERS[name](sampling_strategy=n_made, random_state=seed)
    rows, labels = sampler.fit_resample(X, y)
    rows, labels = np.asarray(rows)[len(X) :], np.asarray(labels)[len(X) :]
    known = sampler.label_mask()[len(X) :] if hasattr(sampler, "label_mask") else labels == 1
    which, of_term = np.nonzero((labels == 1) & known)
    return rows[which], of_term


def measure_bias(name, split, X):
    """Hide most members of frequent terms: residuals of hidden and of generated rows, as pairs."""
    y = split.data.y[split.train]
    terms = choose_terms_to_cut(y, split.data.y[split.train], N_SHOWN)
    kept = keep_few(y[:, terms], N_SHOWN, split.seed)
    shown = y[kept][:, terms].astype(np.uint8)
    made, of_term = make_rows(name, X[kept], shown, split.seed)
    pairs = []
    for place, term in enumerate(terms):
        centre = X[kept][shown[:, place] == 1].mean(axis=0)
        hidden = X[~kept & (y[:, term] == 1)]
        if len(hidden) and (of_term == place).any():
            pairs.append((hidden - centre, made[of_term == place] - centre))
    print(f"seed {split.seed}: {name}, bias of {len(pairs)} frequent terms", flush=True)
    return pairs


def correct(X, y, made, of_term, bias, *, own, share, seed):
    """Add hidden residuals about each rare term's centre, and take generated ones away again."""
    rng = np.random.default_rng(seed)
    rows, terms, weights = [made], [of_term], [np.full(len(made), float(own))]
    for term in np.unique(of_term):
        centre = X[y[:, term] == 1].mean(axis=0)
        n_each = max((of_term == term).sum() // len(bias), 1)
        for hidden, generated in bias:
            for residuals, sign in ((hidden, share), (generated, -share * own)):
                chosen = rng.integers(len(residuals), size=n_each)
                rows.append(centre + residuals[chosen])
                terms.append(np.full(n_each, term))
                weights.append(np.full(n_each, float(sign)))
    return tuple(np.concatenate(parts) for parts in (rows, terms, weights))


def with_rows(X, y, asked, made, of_term, weights=None):
    """Put made rows under the real ones, each to be known of its own term alone."""
    labels = np.zeros((len(made), y.shape[1]), dtype=y.dtype)
    labels[np.arange(len(made)), of_term] = 1
    cells = labels * (np.ones(len(made)) if weights is None else weights)[:, None]
    cells = np.vstack([np.ones(y.shape), cells])
    return np.vstack([X, made]), np.vstack([y, labels]), asked, cells


STUDENTS = {
    "ridge": fit_ridge,
    "kernel ridge": fit_kernel_ridge,
    "logistic": lambda known, y, asked, seed: fit_logistic(known, y, asked),
    "network": fit_soft_network,
}

CALIBRATION = ("AP <50", "Brier skill <50", "ECE <50", "prevalence ratio <50", "F1@.5 <50")
EXPERIMENTS = {
    "known": (predict_known, FIGURES),
    "weights": (predict_weights, CALIBRATION),
    "distil": (predict_distil, FIGURES),
    "correct": (predict_correct, ("AP <50", "AP <20", "F1@.5 <50", "Brier skill <50")),
}


if __name__ == "__main__":
    started = time.process_time()
    warnings.simplefilter("ignore")
    main()
    print(f"\n{time.process_time() - started:.0f} CPU seconds")
