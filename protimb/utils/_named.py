"""Names that stand for objects, and seeds for objects that have none."""

from sklearn.base import clone


def resolve(value, table, owner, parameter):
    """Make the object that a name in ``table`` stands for; an object stays what it is."""
    if not isinstance(value, str):
        return value
    if value not in table:
        example = type(next(iter(table.values()))()).__name__
        raise ValueError(
            f"The {parameter!r} parameter of {owner} must be one of {', '.join(table)}, or an "
            f"object like {example}(). Got {value!r} instead."
        )
    return table[value]()


def seeded(estimator, rng):
    """Copy an estimator unfitted; one without a seed gets its own from ``rng``."""
    own = clone(estimator)
    if own.get_params().get("random_state", 0) is None:  # else it would draw globally
        own.set_params(random_state=rng.randint(2**31 - 1))
    return own
