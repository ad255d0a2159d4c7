"""Choose how much generated rows of a term of few proteins borrow from its parent.

``OMP_NUM_THREADS=1 python benchmarks/choose_borrowing.py --ontology cc --shots 1`` compares shares
of rows around a borrowed mean (``borrowing``) and widths of moves (``move_scale``), the networks
left untrained, with a forest for each term that was cut to a few proteins. Seeds that choose, 100
unless asked otherwise, are not those that ``protimb compare`` reports.
"""

import argparse
import warnings

from protimb import CGANSampler
from protimb.comparison import Arm, compare
from protimb.exceptions import ProtimbWarning

SETTINGS = [(0, 0.4), (0, 0.7), (0, 1.0), (0.5, 0.4), (1, 0.4), (1, 0.7), (1, 1.0)]


def main():
    """Print average precision of the cut terms by arm, with differences to no resampling."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "bp", "cc"])
    parser.add_argument("--shots", type=int, default=1)
    parser.add_argument("--max-train", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[100])
    args = parser.parse_args()
    warnings.simplefilter("ignore", ProtimbWarning)  # untrained networks are what is asked for
    comparison = compare(
        ontology=args.ontology,
        shots=args.shots,
        max_train=args.max_train,
        sampling_strategy=100,
        arms={name: name for name in ("none", "class_weight", "smote")} | arms(),
        classifiers=["term_forest"],
        seeds=args.seeds,
        maps=(),
    )
    table = comparison.table.query("metric == 'AP all'").set_index("arm")
    print(table[["estimate", "difference", "diff_low", "diff_high"]].round(3).to_string())


def arms():
    """Give an arm for each setting."""
    return {
        f"borrowing {borrowing}, move_scale {move_scale}": Arm(
            "untrained", make_sampler=lambda b=borrowing, m=move_scale: untrained(b, m)
        )
        for borrowing, move_scale in SETTINGS
    }


def untrained(borrowing, move_scale):
    """Make a sampler whose rows are the moves alone."""
    return CGANSampler(
        borrowing=borrowing, move_scale=move_scale, max_updates=1, min_updates=1, guard=None
    )


if __name__ == "__main__":
    main()
