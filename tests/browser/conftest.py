"""A browser without a window, and one page of each kind of report with a hostile name in it."""

import shutil

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from sklearn.utils import Bunch

from protimb.comparison import compare, describe_imbalance
from protimb.datasets import make_longtail_multilabel
from protimb.evaluation import evaluate_predictions
from protimb.ontology import GeneOntology
from protimb.runs import audit

HOSTILE = "<script>window.harmed = 1</script> $\\frac{a}{b}$ \"quoted\" & 'more' <img src=x>"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="session")
def hostile():
    """What a term of each page is called."""
    return HOSTILE


@pytest.fixture(scope="session")
def toy():
    toy = make_longtail_multilabel(n_samples=240, random_state=0)
    names = [f"{HOSTILE} {n}" if n % 2 else str(name) for n, name in enumerate(toy.term_names)]
    return Bunch(**toy | {"term_names": names})


@pytest.fixture(scope="session")
def comparison_page(toy, tmp_path_factory):
    comparison = compare(
        toy,
        max_steps=6,
        n_resamples=30,
        classifier_params={"hidden_layer_sizes": (8,)},
        sampler_params={"cgan": {"max_updates": 3, "guard": None}},
        maps=["tsne"],
    )
    return comparison.save(tmp_path_factory.mktemp("comparison")) / "report.html"


@pytest.fixture(scope="session")
def imbalance_page(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imbalance")
    describe_imbalance(toy).save(folder)
    return folder / "report.html"


@pytest.fixture(scope="session")
def evaluation_page(tmp_path_factory):
    names = {"GO:1": "function", "GO:2": HOSTILE, "GO:3": "binding"}
    ontology = GeneOntology(
        names=names,
        namespaces=dict.fromkeys(names, "molecular_function"),
        parents={"GO:2": ["GO:1"], "GO:3": ["GO:1"]},
    )
    columns = ["EntryID", "term", "score"]
    predictions = pd.DataFrame([("P1", "GO:2", 0.9), ("P2", "GO:3", 0.4)], columns=columns)
    found = evaluate_predictions(
        predictions,
        {"P1": {"GO:2"}, "P2": {"GO:3"}},
        ontology,
        training={"P3": {"GO:3"}, "P4": {"GO:3"}},
        min_proteins=2,
    )
    folder = tmp_path_factory.mktemp("evaluation")
    found.save(folder)
    return folder / "report.html"


@pytest.fixture(scope="session")
def audit_page(toy, tmp_path_factory):
    """Copies of real proteins, which their own table calls generated."""
    folder = tmp_path_factory.mktemp("audit")
    numbers = pd.DataFrame(toy.X[:80]).add_prefix("f")
    terms = [" ".join(toy.terms[row > 0]) for row in toy.y[:80]]
    table = numbers.assign(terms=terms, id=[f"{HOSTILE} {n}" for n in range(80)])
    table.to_csv(folder / "rows.csv", index=False)
    found = audit(toy, folder / "rows.csv", folder / "out", min_proteins=1, maps=["pca"])
    return found.folder / "report.html"


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    paths = [shutil.which(name) for name in PROGRAMS]
    if None in paths:
        raise RuntimeError(
            f"These tests need {' and '.join(PROGRAMS)}: apt-get install chromium chromium-driver."
        )
    options = webdriver.ChromeOptions()
    options.binary_location = paths[0]
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(paths[1]))
    yield driver
    driver.quit()


@pytest.fixture
def visit(driver):
    """Open a page at a width, in light or dark, on a screen or on paper."""

    def opened(path, width=1400, scheme="light", media="screen"):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        emulated = {"media": media, "features": features}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
        driver.get_log("browser")
        driver.get(path.as_uri())
        return driver

    return opened
