"""Text of any length and any signs, made fit for a message; loads nothing."""


def shorten(value, limit=120):
    """Give a name as text that a message can hold: a file may have one of a million letters.

    >>> shorten("P12345"), shorten("abcdefgh", 4)
    ('P12345', 'abcd...')
    """
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


def spell_out(text):
    """Spell out what would steer a terminal: names in a user's files may hold anything."""
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)
