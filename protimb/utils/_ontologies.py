"""What protimb calls the three ontologies of GO, and their namespaces."""

# Nothing to import: the command line checks names before all else.

ONTOLOGIES = {
    "mf": "molecular_function",
    "bp": "biological_process",
    "cc": "cellular_component",
}
