"""What was known of proteins on a day: annotations with dates, propagated day by day."""

import numpy as np
import pandas as pd

from protimb.exceptions import AnnotationError
from protimb.ontology._lookup import look_up
from protimb.ontology._propagate import (
    count_left_out,
    cut_columns,
    indicator,
    propagate_indicators,
)
from protimb.utils._days import days_of, in_future
from protimb.utils._validation import a_few

DATED_COLUMNS = ["EntryID", "term", "date"]


def dated_annotations(annotations, columns, ontology, protein_ids):
    """Keep direct annotations of some proteins, by present ids of terms; None without dates."""
    if "date" not in annotations:
        return None
    terms = np.array(ontology.terms, dtype=object)[columns]
    table = annotations[["EntryID", "date"]].assign(term=terms)[DATED_COLUMNS]
    return table[table["EntryID"].isin(set(protein_ids.tolist()))].reset_index(drop=True)


def require_dates(data):
    """Give the dated annotations of proteins, or say who has none and what to do."""
    table = data.get("dates")
    if table is None:
        raise AnnotationError(
            "These data do not say when annotations were made, so they cannot be parted by date "
            "(the bundled proteins are of one release without dates). A folder says it where "
            "train_terms.tsv has a column 'date', as protimb ingest writes it of a GAF or GPAD "
            "file. Or split by cluster."
        )
    table = _checked(table)
    undated = table["date"].isna()
    if undated.any():
        first = table[undated].iloc[0]
        raise AnnotationError(
            f"{undated.sum()} of {len(table)} annotations have no date, such as {first['term']} of "
            f"{first['EntryID']}, and cannot be parted by one. Complete the column 'date', or "
            "remove these lines."
        )
    _refuse_future(table[in_future(table["date"])])
    return table


def _refuse_future(table):
    """Refuse annotations (n_annotations, 3) of days that are yet to come."""
    if len(table):
        first = table.iloc[0]
        raise AnnotationError(
            f"{len(table)} annotations are dated in the future, such as {first['term']} of "
            f"{first['EntryID']}, {first['date']:%Y-%m-%d}. Correct the column 'date'."
        )


def _checked(table):
    """Refuse what is no table of annotations; read days that are text."""
    missing = [name for name in DATED_COLUMNS if name not in getattr(table, "columns", ())]
    if missing:
        raise AnnotationError(
            f"dates is {type(table).__name__} without {', '.join(missing)}. Pass a DataFrame of "
            f"{', '.join(DATED_COLUMNS)}, as read_cafa gives it."
        )
    return table.assign(date=days_of(table["date"]))


def first_days(data):
    """Give the day (n_proteins,) of each protein's first annotation, datetime64[D]."""
    table = require_dates(data)
    first = table.groupby("EntryID")["date"].min()
    days = first.reindex([str(one) for one in data.protein_ids])
    missing = days.index[days.isna()]
    if len(missing):
        raise AnnotationError(
            f"{len(missing)} of {len(days)} proteins have no dated annotation: {a_few(missing)}. "
            "Add one to data.dates, or take the others."
        )
    return days.to_numpy().astype("datetime64[D]")


def labels_as_of(data, day):
    """Propagate what was annotated before a day: y (n_proteins, n_terms) and terms left out."""
    table = require_dates(data)
    return _propagated_labels(data, table[table["date"] < pd.Timestamp(day)])


def learned_since(data, day):
    """Mark the proteins (n_proteins,) with a term that followed from none before the day."""
    then, now = labels_as_of(data, day), _propagated_labels(data, require_dates(data))
    n_then, n_now = (y.sum(axis=1, dtype=np.int64) + n_others for y, n_others in (then, now))
    return n_now > n_then


def _propagated_labels(data, table):
    """Propagate annotations: y (n_proteins, n_terms), and how many terms have no column."""
    ontology, ids = data.ontology, pd.Index([str(one) for one in data.protein_ids])
    columns = look_up(table["term"].tolist(), ontology, unknown="ignore").columns
    rows = ids.get_indexer(table["EntryID"])
    here = (rows >= 0) & (columns >= 0)
    direct = indicator(rows[here], columns[here], (len(ids), len(ontology)))
    propagated = propagate_indicators(direct, ontology)
    known = [term in ontology.names for term in data.terms]
    there = [term for term, is_known in zip(data.terms, known, strict=True) if is_known]
    y = np.zeros((len(ids), len(known)), dtype=np.uint8)
    y[:, known] = cut_columns(propagated, ontology, there).toarray()
    return y, count_left_out(propagated, ontology, there)


def days_of_labels(data):
    """Give the first day of each label, propagated: {(protein, term): day}."""
    table = _checked(data["dates"]).dropna(subset="date")
    table = table.sort_values("date", ascending=False, kind="stable")
    above = {term: data.ontology.ancestors(term) | {term} for term in table["term"].unique()}
    days = {}
    # The latest first, so that the earliest is what remains.
    for protein, term, day in table[DATED_COLUMNS].itertuples(index=False):
        days.update(dict.fromkeys(((protein, one) for one in above[term]), day))
    return days
