"""How a comparison parts proteins into those to train on and those to judge on."""

# Nothing that takes long to import: the command line reads this table to print its help.

# Name of a split -> what is held out, as the report says it.
SPLITS = {
    "cluster": "One fifth of the sequence clusters",
    "random": "One fifth of the proteins, taken at random whatever their relatives,",
    "temporal": "What was first annotated on {date} or later",
    "given": "What the data themselves call test proteins",
}
_RELATED = {
    "cluster": "",
    "random": (
        " Proteins were split at random: {share:.0%} of the test proteins share a cluster with a "
        "training protein, which flatters every arm. Split by cluster for figures to believe."
    ),
    "temporal": (
        " Proteins were split by date: {share:.0%} of the test proteins share a cluster with a "
        "training protein, and what was studied lately is no random draw."
    ),
    "given": (
        " Proteins were split as the data say: {share:.0%} of the test proteins share a cluster "
        "with a training protein."
    ),
}
_ONE_BY_ONE = (
    " No two of these proteins share a cluster, so they were split one by one: relatives of "
    "training proteins may be among the test proteins, which flatters every arm."
)
_UNCLUSTERED = _RELATED | {
    "cluster": _ONE_BY_ONE,
    "random": _ONE_BY_ONE,
    "temporal": (
        " Proteins were split by date, and no two of them share a cluster: relatives of training "
        "proteins may be among the test proteins, which flatters every arm."
    ),
    "given": (
        " Proteins were split as the data say, and no two of them share a cluster: relatives of "
        "training proteins may be among the test proteins, which flatters every arm."
    ),
}


def check_split(split, date):
    """Refuse an unknown split, or a date without use; give the date as text, or None."""
    if split not in SPLITS:
        raise ValueError(f"split may be {', '.join(SPLITS)}; got {split!r}.")
    if split != "temporal" and date is not None:
        raise ValueError(f"date={date!r} is for split='temporal'; this one is {split!r}.")
    if split != "temporal":
        return None
    from protimb.utils._days import require_day

    if date is None:
        raise ValueError(
            "split='temporal' needs a date, the first day that is not known to training: "
            "date='2022-01-01' (--date 2022-01-01)."
        )
    return str(require_day(date))


def split_rows(bunch, seed, split="cluster", date=None):
    """Part the rows of proteins: train and test, as row numbers."""
    from protimb.datasets._dated import first_days
    from protimb.model_selection import split_at_random, split_by_cluster, split_by_date

    if split == "temporal":
        return split_by_date(first_days(bunch), date)
    if split == "random":
        return split_at_random(len(bunch.X), random_state=seed)
    if split == "given":
        return _given_rows(bunch)
    return split_by_cluster(bunch.groups, random_state=seed)


def _given_rows(bunch):
    """Part the rows as ``bunch.split``, "train" or "test" a protein, says."""
    import numpy as np

    if bunch.get("split") is None:
        raise ValueError(
            "split='given' needs data that say what they test on, in a field 'split' of 'train' or "
            "'test' a protein. read_cafa3 reads them; ProteinData(**data, split=...) sets them."
        )
    named = np.asarray(bunch.split)
    parts = [np.flatnonzero(named == name) for name in ("train", "test")]
    if named.shape != (len(bunch.X),) or sum(map(len, parts)) < len(named):
        raise ValueError("data.split must be 'train' or 'test' for each protein, and nothing else.")
    if not all(map(len, parts)):
        raise ValueError("data.split names no training protein, or no test protein.")
    return tuple(parts)


def label_as_of(bunch, date):
    """Label the proteins that were known before a day with what was known of them then."""
    train, _ = split_rows(bunch, None, "temporal", date)
    y = bunch.y.copy()
    y[train] = bunch.as_of(date).y[train]
    return type(bunch)(**bunch | {"y": y})


def describe_split(bunch, train, test, date):
    """Count test proteins with a relative in training and, by date, who learned more since."""
    import numpy as np

    from protimb.datasets._dated import learned_since

    groups = np.asarray(bunch.groups)
    counts = {"n_test_with_relatives": int(np.isin(groups[test], groups[train]).sum())}
    if date is None:
        return counts
    # A later annotation that follows from an earlier one tells nothing new.
    return counts | {"n_train_with_later_terms": int(learned_since(bunch, date)[train].sum())}


def caveat_of_split(record):
    """Say what a split flatters, "" for one by clusters."""
    split = record["parameters"].get("split", "cluster")
    if not _has_clusters(record):
        return _UNCLUSTERED[split]
    n_related, n_test = (
        sum(fold.get(name, 0) for fold in record["folds"])
        for name in ("n_test_with_relatives", "n_test")
    )
    return _RELATED[split].format(share=n_related / max(n_test, 1))


def method_of_split(record):
    """Say what is held out."""
    parameters = record["parameters"]
    split = parameters.get("split", "cluster")
    if split == "cluster" and not _has_clusters(record):
        return "One fifth of the proteins, taken one by one, is held out"
    return f"{SPLITS[split].format(date=parameters.get('date'))} is held out"


def _has_clusters(record):
    """Tell whether any two proteins share a cluster: else proteins are split one by one."""
    return record["data"]["n_clusters"] < record["data"]["n_proteins"]
