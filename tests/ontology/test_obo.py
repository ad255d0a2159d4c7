"""Reading OBO files: what is good is read exactly, what is bad is refused with its place."""

import gzip
import re
from itertools import product

import fastobo
import pytest

from protimb.datasets._human import HUMAN_GO
from protimb.exceptions import OntologyCycleError, OntologyError, OntologyWarning
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


BLOCKS = [
    "",
    ' {source="X:1"}',
    ' {a="b", c="d, e"}',
    '{a="b"}',
    ' {a="! no comment"}',
    ' {a="braces {} and a \\"quote\\""}',
]
LINES = [
    "name: plain",
    "name: escaped \\{x=y\\}, \\! and \\:",
    'name: open "quote',
    "name: tail}",
    "namespace: biological_process",
    "is_a: GO:0000001",
    "is_a: GO\\:0000001",
    "relationship: part_of GO:0000001",
    "is_obsolete: true",
    "is_obsolete: false",
    "alt_id: GO:0000009",
    "replaced_by: GO:0000001",
    "consider: GO:0000001",
]


@pytest.mark.parametrize("line", LINES)
def test_qualifiers_and_comments_are_read_as_fastobo_reads_them(write, line):
    for block, comment in product(BLOCKS, ["", " ! comment", "!{no block}"]):
        check_against_fastobo(write, line.split(":")[0], line + block + comment)


def check_against_fastobo(write, tag, line):
    tags = {"name": "name: two", "namespace": "namespace: biological_process", tag: line}
    term = "GO:0000002"
    text = f"[Term]\nid: {term}\n" + "\n".join(tags.values()) + "\n\n"
    text += stanza(1).replace("molecular_function", "biological_process")
    said = {c.raw_tag(): c for c in fastobo.loads(text)[0]}
    ontology = read_obo(write(text))
    if "is_obsolete" in said and said["is_obsolete"].obsolete:
        assert list(ontology.obsolete) == [term], line
        return
    assert ontology.names[term] == said["name"].name.strip(), line
    assert ontology.namespaces[term] == str(said["namespace"].namespace), line
    if "alt_id" in said:
        assert ontology.resolve(str(said["alt_id"].alt_id)) == term, line
    edge = said.get("is_a", said.get("relationship"))
    assert ontology.parents[term] == ((str(edge.term),) if edge else ()), line


def test_the_qualifiers_of_every_tag_are_no_part_of_its_value(write):
    text = (
        'data-version: toy {a="b"}\ndefault-namespace: process {a="b"}\n\n'
        '[Term]\nid: GO:1 {a="b"}\nname: root {a="b"}\nalt_id: GO:9 {a="b"} ! merged\n\n'
        '[Term]\nid: GO:2\nnamespace: process {a="b"}\nis_a: GO:1 {source="X:1"} ! root\n\n'
        '[Term]\nid: GO:3\nis_obsolete: true {date="2024-01-01"}\nreplaced_by: GO:2 {a="b"}\n\n'
        '[Term]\nid: GO:4\nis_obsolete: true\nconsider: GO:1{a="b"}\n'
    )
    ontology = read_obo(write(text))
    assert ontology.version == "toy"
    assert dict(ontology.namespaces) == {"GO:1": "process", "GO:2": "process"}
    assert ontology.names["GO:1"] == "root"
    assert ontology.ancestors("GO:2") == {"GO:1"}
    assert ontology.resolve("GO:9") == "GO:1"
    assert ontology.resolve("GO:3") == "GO:2"
    assert ontology.obsolete["GO:4"].consider == ("GO:1",)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("set {a,b}", "set {a,b}"),  # braces without '=' are no qualifiers, though fastobo refuses
        ("set {a,b} of {c}", "set {a,b} of {c}"),
        ("set {a=b} of c", "set {a=b} of c"),  # not at the end
        ('{1} {a="b"}', "{1}"),
        ("x {a=b, c=d e}", "x"),  # OBO 1.2 writes values without quotes
        (r"x \{a=b\}", "x {a=b}"),
        (r"two\nlines", "two\nlines"),
    ],
)
def test_braces_that_are_no_qualifiers_belong_to_the_name(write, written, read):
    text = f"[Term]\nid: GO:1\nnamespace: process\nname: {written}\n"
    assert read_obo(write(text)).names["GO:1"] == read


@pytest.mark.parametrize("value", ["True", "yes", 'tru {a="b"}', ""])
def test_a_term_that_may_or_may_not_be_obsolete_is_refused_with_its_place(write, value):
    with pytest.raises(OntologyError, match=r"line 6: the tag 'is_obsolete' is true or false"):
        read_obo(write(stanza(1) + stanza(2, f"is_obsolete: {value}")))


IN_YEAST = '{gci_relation="part_of", gci_filler="NCBITaxon:4896"}'
CONDITIONAL = (
    stanza(1)
    + stanza(2)
    + stanza(3, "is_a: GO:0000001", f"relationship: part_of GO:0000002 {IN_YEAST} ! b")
    + stanza(4, f"is_a: GO:0000002 {IN_YEAST}", "relationship: part_of GO:0000002")
    + stanza(5, f"is_a: GO:0000002 {IN_YEAST}", 'is_a: GO:0000001 {comment="gci_filler=x"}')
)


def test_edges_that_hold_in_some_taxa_only_are_left_out_and_counted(write):
    told = r"left out 2 edges.*GO:0000003 -> GO:0000002, GO:0000005 -> GO:0000002"
    with pytest.warns(OntologyWarning, match=told):
        ontology = read_obo(write(CONDITIONAL))
    assert ontology.parents["GO:0000003"] == ("GO:0000001",)
    assert ontology.parents["GO:0000004"] == ("GO:0000002",)  # one of the two edges always holds
    assert ontology.parents["GO:0000005"] == ("GO:0000001",)


def test_edges_that_hold_in_some_taxa_only_can_be_kept(write):
    ontology = read_obo(write(CONDITIONAL), conditional="keep")
    assert ontology.parents["GO:0000003"] == ("GO:0000001", "GO:0000002")
    with pytest.raises(ValueError, match="conditional must be 'drop' or 'keep'"):
        read_obo(write(CONDITIONAL), conditional=True)


def test_text_in_another_encoding_is_read_where_it_is_named(write):
    path = write(stanza(1).replace("term 1", "\xe9").encode("latin-1"))
    with pytest.raises(OntologyError, match=r"line 3: not valid UTF-8.*encoding='latin-1'"):
        read_obo(path)
    assert read_obo(path, encoding="latin-1").names["GO:0000001"] == "\xe9"
    with pytest.raises(ValueError, match="'latin-99' is none that Python knows"):
        read_obo(path, encoding="latin-99")


def test_a_string_in_place_of_relations_is_refused(write):
    with pytest.raises(ValueError, match=r"relations is a collection.*Pass \['part_of'\]"):
        read_obo(write(TOY), relations="part_of")


def obo_of(*stanzas):
    head = "format-version: 1.2\n\n"
    return head + "".join(f"[Term]\n{one}namespace: molecular_function\n\n" for one in stanzas)


def test_an_escaped_blank_is_a_blank(tmp_path):
    path = tmp_path / "a.obo"
    path.write_text(obo_of("id: GO:1\nname: ion\\Wbinding\n"))
    assert read_obo(path).names["GO:1"] == "ion binding"


@pytest.mark.parametrize("start", ["a {", "a {k=", 'a {k="v"', 'a {k="v",', "a {k", "a {k=v"])
def test_long_runs_of_blanks_are_read_at_once(tmp_path, start):
    path = tmp_path / "a.obo"
    name = start + " " * 30_000 + "z"
    path.write_text(obo_of(f"id: GO:1\nname: {name}\n"))
    assert read_obo(path).names["GO:1"] == name


def test_a_long_cycle_is_shown_by_its_ends(tmp_path):
    path = tmp_path / "a.obo"
    path.write_text(obo_of(*(f"id: GO:{k}\nis_a: GO:{(k + 1) % 5000}\n" for k in range(5000))))
    with pytest.raises(OntologyCycleError, match=r"\.\.\. 4991 more \.\.\. ") as caught:
        read_obo(path)
    assert len(str(caught.value)) < 500


def test_a_cycle_of_conditional_edges_says_how_to_leave_them_out(tmp_path):
    path = tmp_path / "a.obo"
    edge = 'relationship: part_of GO:2 {gci_relation="part_of", gci_filler="NCBITaxon:1"}\n'
    path.write_text(obo_of(f"id: GO:1\n{edge}", "id: GO:2\nis_a: GO:1\n"))
    with pytest.raises(OntologyCycleError, match="conditional='drop'"):
        read_obo(path, conditional="keep")


def test_a_relation_that_no_term_has_is_refused(tmp_path):
    path = tmp_path / "a.obo"
    path.write_text(obo_of("id: GO:1\n", "id: GO:2\nrelationship: part_of GO:1\n"))
    with pytest.raises(OntologyError, match=r"the relation partof\. There are is_a, part_of"):
        read_obo(path, relations=("is_a", "partof"))


def test_replacements_are_read_in_the_spelling_of_obo_1_0_too(tmp_path):
    path = tmp_path / "a.obo"
    old = "id: GO:2\nis_obsolete: true\nuse_term: GO:1\nconsider: GO:3\n"
    path.write_text(obo_of("id: GO:1\n", "id: GO:3\n", old))
    ontology = read_obo(path)
    assert ontology.obsolete["GO:2"] == (("GO:1",), ("GO:3",))
    assert ontology.resolve("GO:2") == "GO:1"


def test_a_chain_of_5_000_levels_is_read_and_walked(tmp_path):
    path = tmp_path / "a.obo"
    n = 5000
    below = [f"id: GO:{term}\nis_a: GO:{term - 1}\n" for term in range(1, n)]
    path.write_text(obo_of("id: GO:0\n", *below))
    ontology = read_obo(path)
    deepest = f"GO:{n - 1}"
    assert ontology.depth(deepest) == n - 1
    assert len(ontology.ancestors(deepest)) == n - 1
    assert len(ontology.propagate({"P1": {deepest}})["P1"]) == n
    scores = ontology.propagate_scores([[0.0, 0.7]], ["GO:0", deepest])
    assert scores.tolist() == [[0.7, 0.7]]
