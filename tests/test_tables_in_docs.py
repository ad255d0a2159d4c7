"""Pages and help texts that list the names of a table list all of them."""

import re
from pathlib import Path
from typing import get_type_hints

import pytest
from command import invoke

from protimb import over_sampling, under_sampling
from protimb.cli._compare import compare
from protimb.cli._runs import train_sampler
from protimb.comparison import ARMS, CLASSIFIERS, MAIN_ARMS
from protimb.filters import FILTERS
from protimb.metrics import PROPERTIES
from protimb.nn import BACKBONES, CONDITIONINGS, CONDITIONS, LOSSES
from protimb.over_sampling import CGANSampler
from protimb.training import LR_SCHEDULES, build_schedule

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "user_guide"
NUMBERS = dict(
    enumerate(["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
)
NUMBERS |= dict(
    enumerate(["eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"], 11)
)
NUMBERS |= {18: "eighteen", 19: "nineteen", 20: "twenty"}
NUMBERS |= {20 + ones: f"twenty-{NUMBERS[ones]}" for ones in range(1, 10)}
UNDER_SAMPLERS = [name for name in under_sampling.__all__ if not name.startswith("Base")]
(STARTS,) = CGANSampler._parameter_constraints["generate_from"]


def page(path):
    return path.read_text(encoding="utf-8")


def row_of(path, start):
    """The one line of a page that starts so: a row of a table."""
    (line,) = [line for line in page(path).splitlines() if line.startswith(start)]
    return line


def section(path, title):
    """What stands on a page below a heading, down to the next one."""
    return page(path).split(f"\n## {title}\n")[1].split("\n## ")[0]


def help_of(command, option):
    return get_type_hints(command, include_extras=True)[option].__metadata__[0].help


def parameter(doc, name):
    """The words of one parameter in a numpydoc docstring."""
    return re.search(rf"\n( *){name} : .*(\n\1    .*)*", doc)[0]


NETWORKS, SAMPLERS = GUIDE / "networks.md", GUIDE / "resamplers.md"
LISTS = {
    "backbones in the guide": (row_of(NETWORKS, "| `backbone`"), BACKBONES),
    "conditions in the guide": (row_of(NETWORKS, "| `condition`"), CONDITIONS),
    "conditions described": (section(NETWORKS, "Condition"), CONDITIONS),
    "conditionings in the guide": (row_of(NETWORKS, "| `conditioning`"), CONDITIONINGS),
    "conditionings described": (section(NETWORKS, "Conditioning"), CONDITIONINGS),
    "backbones on the command line": (help_of(train_sampler, "backbone"), BACKBONES),
    "conditions on the command line": (help_of(train_sampler, "condition"), CONDITIONS),
    "conditionings on the command line": (help_of(train_sampler, "conditioning"), CONDITIONINGS),
    "arms on the command line": (invoke("compare", "--list-arms").stdout, ARMS),
    "heads on the command line": (help_of(compare, "heads"), CLASSIFIERS),
    "arms in the guide": (section(SAMPLERS, "In a comparison"), ARMS),
    "heads in the guide": (section(GUIDE / "honest_comparison.md", "Heads"), CLASSIFIERS),
    "losses in the guide": (section(GUIDE / "losses.md", "Which there are"), LOSSES),
    "schedules in the guide": (section(GUIDE / "training.md", "Learning rates"), LR_SCHEDULES),
    "schedules in the reference": (parameter(build_schedule.__doc__, "name"), LR_SCHEDULES),
    "starts in the guide": (
        section(GUIDE / "generating.md", "Starting from a member"),
        STARTS.options,
    ),
    "starts in the reference": (parameter(CGANSampler.__doc__, "generate_from"), STARTS.options),
    "over-samplers in the guide": (page(SAMPLERS), over_sampling.__all__),
    "under-samplers in the guide": (page(SAMPLERS), UNDER_SAMPLERS),
    "over-samplers in the README": (
        row_of(ROOT / "README.md", "| `protimb.over_sampling`"),
        over_sampling.__all__,
    ),
    "under-samplers in the README": (
        row_of(ROOT / "README.md", "| `protimb.under_sampling`"),
        UNDER_SAMPLERS,
    ),
    "filters in the README": (
        row_of(ROOT / "README.md", "| `protimb.filters`"),
        [Filter.__name__ for Filter in FILTERS.values()],
    ),
    "properties in the guide": (page(GUIDE / "trust.md"), PROPERTIES),
    "filters in the guide": (
        page(GUIDE / "quality_control.md"),
        [Filter.__name__ for Filter in FILTERS.values()],
    ),
}


@pytest.mark.parametrize(("text", "names"), LISTS.values(), ids=list(LISTS))
def test_a_list_of_names_is_complete(text, names):
    words = set(re.findall(r"[\w+]+", text))
    assert [name for name in names if name not in words] == []


@pytest.mark.parametrize(
    ("pattern", "table"),
    [
        (r"(\w+) backbones", BACKBONES),
        (r"(\w+)\s+ways to describe labels", CONDITIONS),
        (r"(\w+)\s+ways in for them", CONDITIONINGS),
        (r"of its\s+([\w-]+) arms", ARMS),
    ],
)
def test_numbers_in_the_readme_are_those_of_the_tables(pattern, table):
    (counted,) = re.findall(pattern, page(ROOT / "README.md"))
    assert counted == NUMBERS[len(table)]


def test_main_arms_of_the_help_text_are_those_that_run():
    main = re.search(r"main \(([^)]*)\)", help_of(compare, "arms"))[1]
    assert main.split(", ") == list(MAIN_ARMS)


def test_files_that_the_contributing_guide_sends_authors_to_hold_the_tables():
    text = " ".join(page(ROOT / "docs" / "contributing.md").split())
    sent = re.findall(r"`([A-Z_]{4,})` in `(protimb/[\w/]+\.py)`", text)
    assert {table for table, _ in sent} >= {"ARMS", "BACKBONES", "FILTERS"}
    for table, path in sent:
        assert re.search(rf"^{table}\b.* = ", page(ROOT / path), re.M), f"{path} has no {table}"
