"""What a property of generated rows is: a question, and a measure of rows or of a set of them."""

from typing import ClassVar

import numpy as np


class BaseProperty:
    """One question about generated rows, asked of held-out real rows as well.

    A subclass says in words what it asks, and measures rows. The report measures generated rows
    and held-out real ones the same way, against the same real training rows, and derives the
    limit from what the held-out ones meet.

    Attributes
    ----------
    name : str
        Key in ``PROPERTIES`` and in tables.
    title : str
        What a reader of the report calls it.
    asks : str
        One plain sentence: the question.
    unit : str
        Of the score; ``"share"`` for scores of rows that are 0 or 1.
    better : {"higher", "lower"}
        Which side of the limit is good.
    judged_by : {"rows", "terms", "sets"}
        What ``measure`` gives: scores of rows, whose mean is judged; scores of terms, which are
        judged in pairs; or one figure of a set.
    matched : bool
        For sets: whether held-out and generated rows are drawn to the same terms and number. False
        where the figure does not depend on these, so that all generated rows can be used.
    is_rule : bool
        For rows: whether no row may fall short of 1 where all held-out rows reach it.
    fails : str
        What to say of rows that fail; may name ``{score}``, ``{real}``, ``{limit}``, ``{part}``
        (the score in words, such as 3 of 4), ``{real_part}`` and ``{n}``.

    See Also
    --------
    quality_report : Asks all of them.

    Examples
    --------
    How long generated vectors are, against how long real ones are:

    >>> import numpy as np
    >>> from protimb.metrics import BaseProperty
    >>> class Length(BaseProperty):
    ...     name, title, unit = "length", "Length", "standard deviations"
    ...     asks = "Are vectors at least as long as those of real proteins?"
    ...     fails = "Generated vectors are {score} long and real ones {real}: too short."
    ...
    ...     def measure(self, rows):
    ...         return np.linalg.norm(rows.X, axis=1)
    >>> Length().name
    'length'
    """

    name: ClassVar[str]
    title: ClassVar[str]
    asks: ClassVar[str]
    unit: ClassVar[str] = ""
    better: ClassVar[str] = "higher"
    judged_by: ClassVar[str] = "rows"
    matched: ClassVar[bool] = True
    is_rule: bool = False
    fails: ClassVar[str] = "Generated rows reach {score}, real ones {real}; the limit is {limit}."

    def fit(self, real):
        """Learn what it needs of real training rows.

        Parameters
        ----------
        real : object
            ``X``, float32 (n_real, n_features): standardized, along principal components;
            ``y``, csr (n_real, n_terms); ``counts``, int (n_terms,); ``members(term)``, row
            numbers; ``core``, numbers of rows that carry the generated rows' terms.

        Returns
        -------
        self : object
        """
        self.real = real
        return self

    def learn(self, held_out, weights):
        """Learn what it needs of held-out real rows; most properties need nothing.

        Parameters
        ----------
        held_out : object
            As ``rows`` of ``measure``.
        weights : ndarray of shape (n_held_out,)
            By which the terms of generated rows have the same shares; their sum is 1.
        """

    def control(self, rows, rng):
        """Measure rows under the labels of other rows, for comparison; most need none.

        Parameters
        ----------
        rows : object
            As in ``measure``.
        rng : RandomState
            Says whose labels.

        Returns
        -------
        scores : ndarray of shape (n_rows,)
            NaN without a control.
        """
        return np.full(len(rows), np.nan)

    def measure(self, rows):
        """Measure rows, generated or held out.

        Parameters
        ----------
        rows : object
            ``X``, float32 (n_rows, n_features), as those of ``real``; ``y``, csr
            (n_rows, n_terms); ``terms``, int (n_rows,): the column of the rarest term that each
            row is judged by.

        Returns
        -------
        scores : ndarray of shape (n_rows,) or (n_terms,), or float
            By ``judged_by``; NaN for what cannot be measured.
        """
        raise NotImplementedError(f"{type(self).__name__} has no measure(rows).")
