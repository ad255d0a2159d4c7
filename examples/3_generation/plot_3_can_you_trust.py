"""
Can you trust generated proteins?
=================================

A filter that looks at one row at a time passes copies, and a good row as often as it is made. A
quality report asks a set of rows everything that is asked of generative models, and asks the same
of real proteins that the generator did not see: no limit is typed in. This page shows it three bad
generators and a perfect one, and then the CGAN.
"""

# %%
# Real proteins, in three parts
# -----------------------------
# Whole sequence clusters go to the proteins that generators learn from, to those that judge, and
# to those that play the perfect generator.

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from protimb import CGANSampler, CosineFilter, load_human_go
from protimb.metrics import quality_report

bunch = load_human_go("mf", min_proteins=100, max_proteins=600)
bunch = bunch.take(bunch.y.any(axis=1))
rest, perfect = bunch.split_by_cluster(random_state=0, test_size=0.15)
train, held_out = rest.split_by_cluster(random_state=0, test_size=0.25)
rng = np.random.RandomState(0)
drawn = rng.choice(len(train.X), len(perfect.X), replace=False)
spread = train.X.std(axis=0)
print(f"{len(train.X)} proteins to learn from, {len(held_out.X)} that judge, {len(perfect.X)} rows")

# %%
# Four generators
# ---------------
# Copies with a little noise; five proteins over and over; rows of the right terms from a Gaussian
# that has the covariance of all proteins; and real proteins that nobody has seen.

noise = rng.multivariate_normal(train.X.mean(axis=0), np.cov(train.X.T), len(drawn))
five = train.X[rng.choice(drawn, 5)]
generators = {
    "copies": (train.X[drawn] + 0.02 * spread * rng.normal(size=(len(drawn), len(spread)))),
    "collapsed": five[rng.randint(5, size=len(drawn))] + 1e-3 * spread,
    "Gaussian": noise,
}
rows = {name: (X.astype(np.float32), train.y[drawn]) for name, X in generators.items()}
rows["unseen real proteins"] = perfect.X, perfect.y

# %%
# What one filter says, and what the report says
# ----------------------------------------------
# The cosine filter keeps every copy, about half of the collapsed rows, and some of the noise. The
# report names what is wrong with each, and passes the proteins that are real.

cosine = CosineFilter(random_state=0).fit(train.X, train.y)


def judge(X_new, y_new):
    return quality_report(
        train.X,
        train.y,
        X_new,
        y_new,
        held_out=(held_out.X, held_out.y, held_out.groups),
        groups=train.groups,
        ontology=bunch.ontology,
        terms=bunch.terms,
        random_state=0,
    )


reports = {name: judge(*pair) for name, pair in rows.items()}
table = pd.DataFrame(
    {
        "kept by the cosine filter": {n: cosine.select(*pair).mean() for n, pair in rows.items()},
        "passed": {name: report.passed for name, report in reports.items()},
        "failed first": {name: ", ".join(one.failed[:3]) for name, one in reports.items()},
    }
)
table.round(2)

# %%
# And the CGAN?
# -------------
# Without its guard, which would put copies where generated rows are not surely better.

sampler = CGANSampler(guard=None, max_updates=100, random_state=0).fit(train.X, train.y)
X_new = sampler.sample(train.y[drawn], random_state=0)
reports["CGAN"] = judge(X_new, train.y[drawn])
print("\n".join(textwrap.fill(one, 84) for one in reports["CGAN"].sentences()))

# %%
# Property by property
# --------------------
# How far each generator is from real held-out proteins, as a share of the way to the limit: to the
# right of the line it fails.


def distance(report):
    found = report.to_frame()
    return ((found["score"] - found["real"]) / (found["threshold"] - found["real"])).clip(-3, 8)


apart = pd.DataFrame({name: distance(report) for name, report in reports.items()})
apart.index = reports["CGAN"].to_frame()["title"]
fig, ax = plt.subplots(figsize=(8, 7), layout="constrained")
for name, marker in zip(apart, "ox^sD", strict=True):
    ax.plot(apart[name], apart.index, marker, label=name, alpha=0.8)
ax.axvline(1, color="black", linewidth=1)
ax.invert_yaxis()
ax.set_xlabel("distance to real proteins, the limit is 1 (cut at -3 and 8)")
ax.legend(frameon=False, loc="lower right")

# %%
# What was seen
# -------------

caught = [name for name, report in reports.items() if report.passed is False]
passed = [name for name, report in reports.items() if report.passed]
print(
    f"Of five generators fail: {', '.join(caught)}.\nPasses: {', '.join(passed) or 'none'}.\n"
    f"The cosine filter alone keeps {table.iloc[0, 0]:.0%} of the copies and "
    f"{table.iloc[1, 0]:.0%} of the collapsed rows.\n"
    f"What speaks most against the CGAN: {', '.join(reports['CGAN'].failed[:3]) or 'nothing'}."
)
plt.show()
