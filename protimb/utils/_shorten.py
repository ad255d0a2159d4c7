"""Text of any length, cut to what a message can hold; loads nothing."""


def shorten(value, limit=120):
    """Give a name as text that a message can hold: a file may have one of a million letters.

    >>> shorten("P12345"), shorten("abcdefgh", 4)
    ('P12345', 'abcd...')
    """
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]}..."
