"""What a property found, said as one would to a biologist."""

import re
from fractions import Fraction


def in_words(asked, finding):
    """Say what a property found, or why nothing could be found."""
    if finding.passed is None:
        return finding.why_not or "Cannot be measured with these rows."
    words = {
        "score": _number(finding.score),
        "real": _number(finding.real),
        "limit": _number(finding.threshold),
        "part": _part(finding.score, finding.n_generated),
        "real_part": _part(finding.real, finding.n_held_out),
        "n": f"{finding.n_generated:,}",
    }
    if finding.passed:
        return f"As real proteins: {words['score']}, where they reach {words['real']}."
    return _mend_shares(asked.fails.format(**words))


def _mend_shares(sentence):
    """Put shares in words into a sentence's grammar.

    >>> _mend_shares("Only none of the rows lie there; of real proteins it is all of the.")
    'None of the rows lie there; of real proteins it is all.'
    """
    sentence = re.sub(r"\b(none|all) of the(?=\W*$|[^\w\s])", r"\1", sentence)
    sentence = re.sub(r"^Only (none|all)\b", r"\1", sentence)
    return sentence[:1].upper() + sentence[1:]


def _number(value):
    return f"{value:.3g}"


def _part(share, n_rows):
    """Say a share of so many rows as people do.

    >>> [_part(share, 2000) for share in (0.752, 0.31, 0.0005, 1.0, 0.0)]
    ['3 of 4', '31 of 100', '1 of 2,000', 'all', 'none of the']
    """
    if not 0 <= share <= 1:
        return _number(share)
    if share in (0, 1):
        return "all" if share else "none of the"
    if not 0.015 < share < 0.985:
        return f"{round(share * n_rows):,} of {n_rows:,}"
    near = Fraction(share).limit_denominator(5)
    if near in (0, 1) or abs(float(near) - share) > 0.01:
        return f"{round(share * 100)} of 100"
    return f"{near.numerator} of {near.denominator}"
