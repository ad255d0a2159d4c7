"""Write an ontology as OBO text."""

_ESCAPES = str.maketrans({one: f"\\{one}" for one in "\\{}!"} | {"\n": r"\n", "\r": r"\W"})


def obo_text(ontology):
    """Return OBO text that `read_obo` reads as the same ontology; every edge becomes an is_a."""
    merged: dict[str, list[str]] = {}
    for alternative, term in ontology.alt_ids.items():
        merged.setdefault(term, []).append(alternative)
    live = [_live_term(term, ontology, merged.get(term, ())) for term in ontology.names]
    retired = [_retired_term(term, one) for term, one in ontology.obsolete.items()]
    header = _lines({"format-version": ["1.4"], "data-version": [ontology.version]})
    return "\n".join([header, *live, *retired])


def _live_term(term, ontology, alternatives):
    tags = {
        "id": [term],
        "name": [ontology.names[term]],
        "namespace": [ontology.namespaces[term]],
        "alt_id": alternatives,
        "is_a": ontology.parents[term],
    }
    return "[Term]\n" + _lines(tags)


def _retired_term(term, obsolete):
    tags = {"id": [term], "is_obsolete": ["true"], **obsolete._asdict()}
    return "[Term]\n" + _lines(tags)


def _lines(tags):
    return "".join(
        f"{tag}: {value.translate(_ESCAPES)}\n" for tag, values in tags.items() for value in values
    )
