"""The parts of a GAN that are given by name or as an object: which name stands for what."""

from protimb.utils._named import resolve

# Parameters, and the tables of protimb.nn that hold their names.
PARTS = {"backbone": "BACKBONES", "condition": "CONDITIONS", "conditioning": "CONDITIONINGS"}


def find_parts(estimator):
    """Give an estimator's parts as {parameter: object}; what names stand for is made anew."""
    owner = type(estimator).__name__
    return {
        part: resolve(getattr(estimator, part), table, owner, part)
        for part, table in _tables().items()
    }


def with_objects(params, estimator, tables=None):
    """Put objects beside parameters like ``backbone__n_hidden`` that reach into a name.

    ``tables`` of other parameters than the parts are {parameter: {name: class}}.
    """
    tables, owner = tables or {}, type(estimator).__name__
    roots = {name.partition("__")[0] for name in params if "__" in name} & {*PARTS, *tables}
    if roots:
        tables = tables | _tables()
    given = {root: params.get(root, getattr(estimator, root)) for root in roots}
    return params | {root: resolve(v, tables[root], owner, root) for root, v in given.items()}


def known_parts():
    """Gather the classes of all parts that a name stands for."""
    return [entry for table in _tables().values() for entry in table.values()]


def _tables():
    from protimb import nn

    return {part: getattr(nn, table) for part, table in PARTS.items()}
