"""Names of proteins: what is one protein gets one name, and nothing else does."""

import pytest

from protimb.datasets import normalise_protein_id


@pytest.mark.parametrize(
    ("name", "accession"),
    [
        ("sp|P12345|X_HUMAN", "P12345"),
        ("tr|A0A023GPI8|A0A023GPI8_CANBO", "A0A023GPI8"),
        ("sp|Q9Z2D6-2|MECP2_MOUSE", "Q9Z2D6-2"),
        ("UniProtKB:P12345", "P12345"),
        ("uniprotkb:p12345", "P12345"),
        ("PR:Q9Z2D6-2", "Q9Z2D6-2"),
        (" P12345 ", "P12345"),
        ("PR:000012345", "PR:000012345"),  # not of UniProt
        ("UniProtKB:P12345:PRO_0000012345", "UniProtKB:P12345:PRO_0000012345"),  # a chain
        ("WB:WBGene00000001", "WB:WBGene00000001"),
        ("sp|", "sp|"),
        ("NA", "NA"),
    ],
)
def test_names_of_uniprot_become_accessions_and_others_stay(name, accession):
    assert normalise_protein_id(name) == accession


@pytest.mark.parametrize(
    ("name", "protein"),
    [
        ("Q9Z2D6-2", "Q9Z2D6"),
        ("UniProtKB:A0A023GPI8-12", "A0A023GPI8"),
        ("sp|Q9Z2D6-2|MECP2_MOUSE", "Q9Z2D6"),
        ("P12345", "P12345"),
        ("CPX-1", "CPX-1"),
        ("gene-2", "gene-2"),
    ],
)
def test_only_isoforms_of_uniprot_are_named_by_their_protein(name, protein):
    assert normalise_protein_id(name, canonical=True) == protein


@pytest.mark.parametrize("name", ["sp||X_HUMAN", "tr| |X", "sp|"])
def test_a_name_without_accession_stays_and_is_never_empty(name):
    assert normalise_protein_id(name) == name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("P12345.2", "P12345"),
        ("sp|P12345.2|X_HUMAN", "P12345"),
        ("A0A0C5B5G6.1", "A0A0C5B5G6"),
        ("P12345-2.1", "P12345-2"),
        ("NP_000001.1", "NP_000001.1"),
        ("P1.2", "P1.2"),
        ("P12345.x", "P12345.x"),
    ],
)
def test_the_version_of_a_sequence_is_no_part_of_an_accession(name, plain):
    assert normalise_protein_id(name) == plain
