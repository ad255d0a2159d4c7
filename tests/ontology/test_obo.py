"""Reading OBO files: what is good is read exactly, what is bad is refused with its place."""

import gzip
import re

import fastobo
import pytest

from protimb.datasets._human import HUMAN_GO
from protimb.exceptions import OntologyCycleError, OntologyError
from protimb.ontology import read_obo

TOY = """format-version: 1.2
data-version: releases/2024-01-01

[Term]
id: GO:0000001
name: function
namespace: molecular_function

[Term]
id: GO:0000002
name: binding
namespace: molecular_function
alt_id: GO:0000012
is_a: GO:0000001 ! function

[Term]
id: GO:0000003
name: ion binding \\(any\\, really\\)
namespace: molecular_function
is_a: GO:0000002 {source="somewhere"} ! binding
relationship: part_of GO:0000005 ! process
relationship: regulates GO:0000001 ! function

[Term]
id: GO:0000004
name: obsolete thing
namespace: molecular_function
is_obsolete: true
replaced_by: GO:0000003

[Term]
id: GO:0000005
name: process
namespace: biological_process

[Typedef]
id: part_of
name: part of
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="toy.obo"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def stanza(number, *lines):
    head = f"[Term]\nid: GO:{number:07d}\nname: term {number}\nnamespace: molecular_function\n"
    return head + "".join(f"{line}\n" for line in lines) + "\n"


def test_names_namespaces_and_version_are_those_of_the_file(write):
    ontology = read_obo(write(TOY))
    assert ontology.names["GO:0000003"] == "ion binding (any, really)"
    assert ontology.namespace("GO:0000005") == "biological_process"
    assert ontology.version == "releases/2024-01-01"
    assert set(ontology.terms) == {f"GO:000000{k}" for k in (1, 2, 3, 5)}


def test_gzip_byte_order_mark_and_windows_line_ends_change_nothing(write):
    plain = read_obo(write(TOY))
    windows = b"\xef\xbb\xbf" + TOY.replace("\n", "\r\n").encode()
    assert read_obo(write(gzip.compress(windows), "toy.obo.gz")) == plain


def test_edges_that_leave_the_namespace_are_dropped(write):
    """Case 44."""
    assert read_obo(write(TOY)).parents["GO:0000003"] == ("GO:0000002",)


def test_relations_are_explicit(write):
    """Case 44."""
    only_regulates = read_obo(write(TOY), relations=["regulates"])
    assert only_regulates.parents["GO:0000003"] == ("GO:0000001",)
    assert only_regulates.parents["GO:0000002"] == ()


@pytest.fixture(scope="module")
def go_excerpt():
    """Every 400th term of go-basic with all that it refers to, in the order of the file."""
    with gzip.open(HUMAN_GO / "go-basic.obo.gz", "rt") as file:
        header, *blocks = file.read().split("\n\n[")
    block_of = {block.split("\n")[1]: block for block in blocks if block.startswith("Term")}
    wanted, stack = set(), list(block_of)[::400]
    while stack:
        term = stack.pop()
        if term not in wanted:
            wanted.add(term)
            stack += [f"id: {one}" for one in re.findall(r": (?:\w+ )?(GO:\d+) !", block_of[term])]
    kept = [block for term, block in block_of.items() if term in wanted]
    return "\n\n[".join([header, *kept]) + "\n"


def test_reads_the_same_graph_as_fastobo(write, go_excerpt):
    ontology = read_obo(write(go_excerpt))
    frames = {
        str(f.id): [(c.raw_tag(), c.raw_value()) for c in f] for f in fastobo.loads(go_excerpt)
    }
    live = {term: rows for term, rows in frames.items() if ("is_obsolete", "true") not in rows}
    assert len(live) > 500
    assert {term: dict(rows)["name"] for term, rows in live.items()} == ontology.names
    assert {term: dict(rows)["namespace"] for term, rows in live.items()} == ontology.namespaces
    assert set(frames) - set(live) == set(ontology.obsolete)
    for term, rows in live.items():
        isa = {value for tag, value in rows if tag == "is_a"}
        part = {v.split()[1] for t, v in rows if t == "relationship" and v.startswith("part_of ")}
        inside = {p for p in isa | part if ontology.namespaces[p] == ontology.namespaces[term]}
        assert set(ontology.parents[term]) == inside


def test_dangling_parent_is_refused_with_line_and_terms(write):
    """Case 36."""
    path = write(stanza(1) + stanza(2, "is_a: GO:0000009"))
    with pytest.raises(OntologyError, match=r"line 6.*GO:0000002.*GO:0000009"):
        read_obo(path)


def test_parent_that_is_obsolete_is_refused(write):
    path = write(stanza(1, "is_obsolete: true") + stanza(2, "is_a: GO:0000001"))
    with pytest.raises(OntologyError, match="obsolete"):
        read_obo(path)


def test_cycle_is_refused_with_its_path(write):
    """Case 37."""
    path = write(
        stanza(1, "is_a: GO:0000003")
        + stanza(2, "is_a: GO:0000001")
        + stanza(3, "is_a: GO:0000002")
    )
    with pytest.raises(OntologyCycleError, match=r"toy\.obo.*GO:0000001 -> ") as caught:
        read_obo(path)
    path_shown = str(caught.value).split("ancestors: ")[1].split(" (")[0].split(" -> ")
    assert len(path_shown) == 4
    assert path_shown[0] == path_shown[-1]


@pytest.mark.parametrize("end", ["GO:00", "name: obsol", "namespace: molecular_function"])
def test_last_line_that_does_not_end_is_refused(write, end):
    """Case 38: what is left could pass for a shorter id or name."""
    text = TOY[: TOY.index(end, TOY.index("id: GO:0000004")) + len(end)]
    with pytest.raises(OntologyError, match=r"line 2\d: the last line does not end"):
        read_obo(write(text))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98])
def test_file_cut_short_is_refused(write, go_excerpt, share):
    """Case 38."""
    with pytest.raises(OntologyError, match=r"cut off"):
        read_obo(write(go_excerpt[: int(share * len(go_excerpt))]))


def test_truncated_gzip_is_refused(write):
    """Case 38."""
    with pytest.raises(OntologyError, match="truncated or damaged gzip"):
        read_obo(write(gzip.compress(TOY.encode())[:-20], "toy.obo.gz"))


def test_plain_text_named_gz_is_refused(write):
    with pytest.raises(OntologyError, match="gzip"):
        read_obo(write(TOY, "toy.obo.gz"))


def test_duplicate_id_is_refused_with_both_lines(write):
    """Case 39."""
    with pytest.raises(OntologyError, match=r"lines 1 and 6.*GO:0000001.*twice"):
        read_obo(write(stanza(1) + stanza(1)))


@pytest.mark.parametrize("text", ["", "\n\n", "format-version: 1.2\n"])
def test_file_without_terms_is_refused(write, text):
    """Case 40."""
    with pytest.raises(OntologyError, match=r"no \[Term\]"):
        read_obo(write(text))


def test_term_without_id_is_refused_with_its_line(write):
    """Case 40."""
    with pytest.raises(OntologyError, match=r"line 6.*0 ids"):
        read_obo(write(stanza(1) + "[Term]\nname: nameless\n"))


@pytest.mark.parametrize("content", [b"\x89PNG\0\0\0", b"id: \xff\xfe\n"])
def test_binary_file_is_refused(write, content):
    """Case 40."""
    with pytest.raises(OntologyError, match="binary"):
        read_obo(write(content))


@pytest.mark.parametrize("line", ["just words", "[Term", "two words: x", "is_a:", "is_a: ! gone"])
def test_malformed_line_is_refused_with_its_place(write, line):
    with pytest.raises(OntologyError, match="line"):
        read_obo(write(stanza(1) + stanza(2, line)))


@pytest.mark.parametrize("url", ["http://x.org/go.obo", "https://x.org/go.obo", "FTP://x/go.obo"])
def test_url_is_refused(url):
    """Case 47."""
    with pytest.raises(OntologyError, match="local files only"):
        read_obo(url)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_file_cut_between_two_terms_lacks_parents_and_is_refused(write, go_excerpt, share):
    """Case 38."""
    end = go_excerpt.index("\n\n[", int(share * len(go_excerpt))) + 1
    with pytest.raises(OntologyError, match="Is the file complete"):
        read_obo(write(go_excerpt[:end]))


def test_an_alternative_id_of_two_terms_is_refused(write):
    text = "format-version: 1.2\n\n" + "".join(stanza(k, "alt_id: GO:0000009") for k in (1, 2))
    with pytest.raises(OntologyError, match="alt_id of two terms, GO:0000001 and GO:0000002"):
        read_obo(write(text))
