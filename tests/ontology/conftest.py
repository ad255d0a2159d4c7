"""A toy ontology, small enough to draw.

 function (GO:1)
  |        |
binding  catalysis
(GO:2)    (GO:3)
  |    \\  /
 ion    kinase (GO:5)
(GO:4)     |
         MAP kinase (GO:6)
"""

import pytest

from protimb.ontology import GeneOntology, ObsoleteTerm

NAMES = {
    "GO:1": "function",
    "GO:2": "binding",
    "GO:3": "catalysis",
    "GO:4": "ion binding",
    "GO:5": "kinase",
    "GO:6": "MAP kinase",
}


@pytest.fixture(scope="session")
def ontology():
    return GeneOntology(
        names=NAMES,
        namespaces=dict.fromkeys(NAMES, "molecular_function"),
        parents={
            "GO:2": ["GO:1"],
            "GO:3": ["GO:1"],
            "GO:4": ["GO:2"],
            "GO:5": ["GO:2", "GO:3"],
            "GO:6": ["GO:5"],
        },
        alt_ids={"GO:55": "GO:5"},
        obsolete={
            "GO:7": ObsoleteTerm(replaced_by=("GO:55",)),
            "GO:8": ObsoleteTerm(consider=("GO:4", "GO:5")),
            "GO:9": ObsoleteTerm(replaced_by=("GO:10",)),
            "GO:10": ObsoleteTerm(replaced_by=("GO:9",)),
        },
        version="toy",
    )
