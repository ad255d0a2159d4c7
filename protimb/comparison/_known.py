"""What stands beside the vectors: annotations of other namespaces, as names and in words."""

# Nothing that takes long to import: the command line checks names before all else.
from protimb.utils._ontologies import ONTOLOGIES


def check_namespaces(known, ontology):
    """Refuse what names no other namespace; give the names in one order, whatever that of known."""
    words = [one if isinstance(one, str) else type(one).__name__ for one in known]
    if len(set(words) & set(ONTOLOGIES)) < len(words):
        raise ValueError(
            f"known may name {', '.join(ONTOLOGIES)}, each once, or hold ProteinData of other "
            f"namespaces; got {', '.join(words)}."
        )
    if ontology in known:
        others = [name for name in ONTOLOGIES if name != ontology]
        raise ValueError(
            f"known names {ontology}, which is predicted: that would be the answer. Name "
            f"{' or '.join(others)} instead (--known {','.join(others)}); several ontologies, each "
            "with the others known, take a run each."
        )
    return tuple(name for name in ONTOLOGIES if name in known)


def about_known(record):
    """Say what stood beside the vectors, "" where nothing did."""
    known = record.get("known")
    if known is None:
        return ""
    share = known["n_proteins_with_any"] / max(record["data"]["n_proteins"], 1)
    then = f" as known before {known['as_of']}" if known["as_of"] else ""
    blind = ", ".join(known["not_shown_to"])
    return (
        f"Beside the vectors stand annotations of {_and(known['namespaces'])}{then}: "
        f"{known['n_terms']:,} terms, and {share:.0%} of the proteins have any."
        + (f" Heads that learn from sequences alone see none: {blind}." if blind else "")
    )


def _and(namespaces):
    return " and ".join(one.replace("_", " ") for one in namespaces)


def caveat_of_known(record):
    """Say that what is known today flatters, "" where it was as of a day, or there is nothing."""
    known = record.get("known")
    if known is None or known["as_of"] is not None:
        return ""
    return (
        " Annotations of other namespaces are those of today, of test proteins too, and one paper "
        "often annotates several namespaces at once: take the scores for an upper bound of what "
        "proteins without annotations in this one can expect. A temporal split (annotations with "
        "dates) takes what was known on the day."
    )
