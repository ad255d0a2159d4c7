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


def with_objects(params, estimator, tables):
    """Put objects beside parameters like ``backbone__n_hidden`` that reach into a name.

    ``tables`` are {parameter: {name: class}}.
    """
    owner = type(estimator).__name__
    roots = reached_into(params) & {*tables}
    given = {root: params.get(root, getattr(estimator, root)) for root in roots}
    return params | {root: resolve(v, tables[root], owner, root) for root, v in given.items()}


def reached_into(params):
    """Give the parameters that nested ones like ``backbone__n_hidden`` reach into."""
    return {name.partition("__")[0] for name in params if "__" in name}


def seeded(estimator, rng):
    """Copy an estimator unfitted; one without a seed gets its own from ``rng``."""
    own = clone(estimator)
    if own.get_params().get("random_state", 0) is None:  # else it would draw globally
        own.set_params(random_state=rng.randint(2**31 - 1))
    return own
