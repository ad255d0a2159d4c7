"""Annotations of human genes, out of Bioconductor's org.Hs.eg.db, given to their proteins."""

from protimb.datasets.recipes._sqlite import opened

_ASPECTS = {"mf": "MFO", "bp": "BPO", "cc": "CCO"}
_QUERY = """
SELECT DISTINCT uniprot.uniprot_id, go.go_id FROM go_{namespace} AS go JOIN uniprot USING (_id)
WHERE go.evidence IN ({places})
"""


def read_gene_annotations(path, codes):
    """Read (accession, term, aspect) of annotations with these evidence codes, sorted."""
    places = ", ".join("?" * len(codes))
    with opened(path) as database:
        return sorted(
            (accession, term, aspect)
            for namespace, aspect in _ASPECTS.items()
            for accession, term in database.execute(
                _QUERY.format(namespace=namespace, places=places), codes
            )
        )
