"""Days of annotations: read from all layouts, the first of several, propagated day by day."""

import numpy as np
import pandas as pd
import pytest

from protimb.datasets import ProteinData, read_annotations, read_cafa, read_gaf, read_gpad
from protimb.datasets._dated import first_days, learned_since
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.ontology import GeneOntology
from protimb.utils._days import read_day

ROOT, BINDING, RARE = "GO:0003674", "GO:0000001", "GO:0000002"
ONTOLOGY = GeneOntology(
    names={ROOT: "function", BINDING: "binding", RARE: "rare binding"},
    namespaces=dict.fromkeys([ROOT, BINDING, RARE], "molecular_function"),
    parents={RARE: (BINDING,), BINDING: (ROOT,)},
)
# P1 was known to bind in 2018, rarely in 2023; P2 at once rarely; P3 is new, P4 nearly unknown.
TABLE = pd.DataFrame(
    [
        ("P1", BINDING, "2018-05-01"),
        ("P1", RARE, "2023-05-01"),
        ("P2", RARE, "2019-01-31"),
        ("P3", BINDING, "2023-01-31"),
        ("P4", ROOT, "2020-02-29"),
    ],
    columns=["EntryID", "term", "date"],
)


@pytest.fixture
def data():
    ids = ["P1", "P2", "P3", "P4"]
    return ProteinData.from_arrays(
        np.eye(4), TABLE, ONTOLOGY, protein_ids=ids, groups=["a", "a", "b", "b"], min_proteins=1
    )


def days_of(table):
    return [str(one)[:10] for one in table["date"]]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20240131", "2024-01-31"),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:20:30", "2024-01-31"),
        ("2024-01-31 10:20:30+02:00", "2024-01-31"),
        ("2024-01-31 or so", "NaT"),
        (" 2024-02-29 ", "2024-02-29"),
        ("2024-02-30", "NaT"),
        ("2024-0131", "NaT"),
        ("31.1.2024", "NaT"),
        ("2024", "NaT"),
        ("", "NaT"),
    ],
)
def test_a_day_is_read_in_the_spellings_of_gaf_and_gpad(text, day):
    assert str(read_day(text)) == day


@pytest.mark.parametrize("spell", [str, pd.Timestamp.date, lambda day: day.tz_localize("UTC")])
def test_dates_in_memory_are_read_however_they_are_written(data, spell):
    data["dates"] = data.dates.assign(date=[spell(day) for day in data.dates["date"]])
    assert data.as_of("2022-01-01").y.tolist()[:3] == [[1, 0], [1, 1], [0, 0]]
    assert data.split_by_date("2022-01-01")[1].protein_ids.tolist()[0] == "P3"


def test_what_follows_from_known_terms_was_not_learned_later(data):
    """P2 was known to bind rarely in 2019, hence to bind; P1 bound in 2018 and rarely in 2023."""
    said = pd.DataFrame([("P2", BINDING, pd.Timestamp("2023-01-31"))], columns=data.dates.columns)
    data["dates"] = pd.concat([data.dates, said], ignore_index=True)
    assert learned_since(data, "2022-01-01").tolist()[:3] == [True, False, True]


def test_a_gaf_says_when_and_the_first_paper_counts(tmp_path):
    def line(term, day):
        head = ["UniProtKB", "P12345", "X", "enables", term, "PMID:1", "IDA", "", "F", "", ""]
        return "\t".join([*head, "protein", "taxon:9606", day, "UniProt", "", ""])

    days = [(ROOT, "20210101"), (BINDING, "20200101"), (ROOT, "20190607"), (RARE, "someday")]
    path = tmp_path / "a.gaf"
    path.write_text("!gaf-version: 2.2\n" + "\n".join(line(*one) for one in days) + "\n")
    table = read_gaf(path, dates=True)
    assert table["term"].tolist() == [ROOT, BINDING, RARE]
    assert days_of(table) == ["2019-06-07", "2020-01-01", "NaT"]
    assert table.attrs["n_undated"] == 1
    assert read_gaf(path).columns.tolist() == ["EntryID", "term", "aspect"]


@pytest.mark.parametrize(
    ("version", "protein", "day"),
    [("1.2", "UniProtKB\tP1", "20240131"), ("2.0", "UniProtKB:P1\t", "2024-01-31T07")],
)
def test_a_gpad_says_when(tmp_path, version, protein, day):
    relation = ["enables"] if version == "1.2" else ["RO:0002327"]
    fields = [protein, *relation, ROOT, "PMID:1", "ECO:0000314", "", "", day, "UniProt", "", ""]
    path = tmp_path / "a.gpad"
    path.write_text(f"!gpa-version: {version}\n" + "\t".join(fields) + "\n")
    assert days_of(read_gpad(path, dates=True)) == ["2024-01-31"]
    assert "date" not in read_gpad(path)


def test_a_table_says_when_where_it_has_a_column(tmp_path):
    path = tmp_path / "terms.tsv"
    path.write_text(f"EntryID\tterm\tDate\nP1\t{ROOT}\t20240131\nP2\t{ROOT}; {RARE}\t2020-01-01\n")
    table = read_annotations(path, dates=True)
    assert days_of(table) == ["2024-01-31", "2020-01-01", "2020-01-01"]
    assert read_annotations(path).columns.tolist() == ["EntryID", "term"]
    path.write_text(f"EntryID\tterm\nP1\t{ROOT}\n")
    assert "date" not in read_annotations(path, dates=True)


def test_labels_as_of_a_day_are_those_of_annotations_before_it_propagated(data):
    assert data.terms.tolist() == [BINDING, RARE]
    then = data.as_of("2022-01-01")
    assert then.y.tolist() == [[1, 0], [1, 1], [0, 0], [0, 0]]
    # Annotations of the day itself are not known before it.
    assert data.as_of("2019-01-31").y.tolist() == [[1, 0], [0, 0], [0, 0], [0, 0]]
    assert data.as_of("2019-02-01").y.tolist() == [[1, 0], [1, 1], [0, 0], [0, 0]]
    assert data.y.tolist() == [[1, 1], [1, 1], [1, 0], [0, 0]]
    assert data.as_of("2024-01-01").y.tolist() == data.y.tolist()
    assert then.protein_ids.tolist() == data.protein_ids.tolist()


def test_terms_left_out_are_counted_as_of_the_day(data):
    part = ProteinData.from_arrays(
        np.eye(4), TABLE, ONTOLOGY, protein_ids=["P1", "P2", "P3", "P4"], min_proteins=3
    )
    assert part.terms.tolist() == [BINDING]
    assert part.n_terms_left_out.tolist() == [1, 1, 0, 0]
    assert part.as_of("2022-01-01").n_terms_left_out.tolist() == [0, 1, 0, 0]


def test_old_proteins_train_as_they_were_known_and_new_ones_test_as_they_are(data):
    train, test = data.split_by_date("2022-01-01")
    assert train.protein_ids.tolist() == ["P1", "P2", "P4"]
    assert test.protein_ids.tolist() == ["P3"]
    assert train.y.tolist() == [[1, 0], [1, 1], [0, 0]]
    assert test.y.tolist() == [[1, 0]]
    assert set(train.dates["EntryID"]) == {"P1", "P2", "P4"}
    assert set(test.dates["EntryID"]) == {"P3"}


def test_other_terms_keep_their_days(data):
    wider = data.with_terms([RARE, "GO:7777777"])
    assert wider.as_of("2022-01-01").y.tolist() == [[0, 0], [1, 0], [0, 0], [0, 0]]


def test_what_is_undated_cannot_be_split(data):
    data["dates"] = data.dates.assign(date=data.dates["date"].where(data.dates["term"] != RARE))
    with pytest.raises(AnnotationError, match=r"2 of 5 annotations have no date, .* of P1"):
        data.split_by_date("2022-01-01")
    data["dates"] = data.dates[data.dates["EntryID"].isin(["P3", "P4"])]
    with pytest.raises(AnnotationError, match="2 of 4 proteins have no dated annotation: P1, P2"):
        first_days(data)


def test_days_may_be_text_and_what_is_no_table_is_refused(data):
    text = ProteinData(**data | {"dates": TABLE})
    assert text.as_of("2022-01-01").y.tolist() == data.as_of("2022-01-01").y.tolist()
    for wrong in ([1, 2], TABLE[["EntryID", "term"]]):
        with pytest.raises(AnnotationError, match=r"without .*date\. Pass a DataFrame of EntryID"):
            ProteinData(**data | {"dates": wrong}).as_of("2022-01-01")


def test_dates_are_part_of_what_tells_data_apart(data):
    earlier = ProteinData(**data | {"dates": data.dates.assign(date=pd.Timestamp("2001-01-01"))})
    assert data.fingerprint() != earlier.fingerprint()


def test_a_folder_keeps_days(data, tmp_path):
    data.write_cafa(tmp_path / "out")
    back = read_cafa(tmp_path / "out", min_proteins=1)
    for day in ("2018-01-01", "2019-02-01", "2022-01-01", "2024-01-01"):
        np.testing.assert_array_equal(back.as_of(day).y, data.as_of(day).y)
    np.testing.assert_array_equal(first_days(back), first_days(data))


def test_a_day_that_is_yet_to_come_is_named_by_its_line_and_parts_nothing(tmp_path, data):
    path = tmp_path / "terms.tsv"
    rows = [f"P1\t{BINDING}\t2018-05-01", "", f"P2\t{BINDING}; {RARE}\t2999-01-31 "]
    path.write_text("\n".join(["EntryID\tterm\tdate", *rows]) + "\n")
    with pytest.warns(AnnotationWarning, match="line 4: 2999-01-31 is in the future.* 2 annot"):
        read_annotations(path, dates=True)
    assert len(read_annotations(path)) == 3
    data.dates.loc[0, "date"] = pd.Timestamp("2999-01-31")
    with pytest.raises(AnnotationError, match="1 annotations are dated in the future"):
        first_days(data)
