"""Words of residues that relatives share: in place of alignments, and fast."""

import numpy as np

# Residues that often replace one another are one letter: fifteen are left (Murphy et al. 2000).
_LETTERS = ("LVIM", "C", "A", "G", "S", "T", "P", "FY", "W", "E", "D", "N", "Q", "KR", "H")
# Positions of a word: gaps make neighbouring words less dependent than those in a row.
_PLACES = (0, 1, 3, 4, 6, 8)  # 110110101
_MAX_WORDS = 30_000_000  # of all proteins together; of more, a share chosen by hash


def words_of(sequences, n_words=None):
    """Return protein (n_occurrences,) and number (n_occurrences,) of each word, and their count.

    Of a large set, a share of the words is returned: ``n_words`` asks for that of another set.
    """
    width = _PLACES[-1] + 1
    text = "".join(one.upper() + "-" * width for one in sequences).encode("ascii")
    letters = _letter_numbers()[np.frombuffer(text, np.uint8)]
    n_places = len(letters) - width + 1
    words, whole = np.zeros(n_places, np.int64), np.ones(n_places, bool)
    for place in _PLACES:
        at = letters[place : place + n_places]
        words = words * len(_LETTERS) + at
        whole &= at >= 0
    lengths = np.array([len(one) + width for one in sequences])
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)[:n_places]
    n_words = int(whole.sum()) if n_words is None else n_words
    chosen = whole & _chosen(words, n_words)
    return rows[chosen], words[chosen], n_words


def words_once(sequences, n_words=None):
    """Return what `words_of` does, a repeat within a protein once, sorted by word and protein."""
    rows, words, n_words = words_of(sequences, n_words)
    once = np.unique(words * len(sequences) + rows)
    return once % len(sequences), once // len(sequences), n_words


def chance_of_a_word(sequences, n_words):
    """Say how likely the words at two places are equal, and chosen, if no sequences are related."""
    letters = _letter_numbers()[np.frombuffer("".join(sequences).upper().encode("ascii"), np.uint8)]
    shares = np.bincount(letters[letters >= 0], minlength=1) / len(letters)
    equal = float((shares**2).sum()) ** len(_PLACES)
    return equal * min(1.0, _MAX_WORDS / max(1, n_words))


def _letter_numbers():
    numbers = np.full(256, -1)
    for number, group in enumerate(_LETTERS):
        numbers[np.frombuffer(group.encode("ascii"), np.uint8)] = number
    return numbers


def _chosen(words, n_words):
    """Keep the same share of words of every protein: those of the lowest hashes."""
    if n_words <= _MAX_WORDS:
        return True
    # Fibonacci hashing, modulo 2^64
    mixed = words.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(32)) < np.uint64(2**32 * _MAX_WORDS / n_words)
