"""The syntax of OBO: text in, stanzas of tags and values out."""

import re
from typing import NamedTuple

from protimb.exceptions import OntologyError

_STANZA = re.compile(r"\[(\w+)\]")
_TAG = re.compile(r"[A-Za-z][\w-]*")
_ESCAPED = re.compile(r"\\(.)")


class Stanza(NamedTuple):
    """One stanza of an OBO file.

    Parameters
    ----------
    kind : str
        ``"Term"``, ``"Typedef"``, ..., or ``"header"`` for what comes before the first.
    line : int
        Line at which it starts, counted from 1.
    tags : dict of str to list of str
        Tag -> its values as written, in the order of the file.
    """

    kind: str
    line: int
    tags: dict[str, list[str]]


def parse_stanzas(text, path):
    """Cut OBO text into stanzas.

    Parameters
    ----------
    text : str
    path : path-like
        Named in errors.

    Returns
    -------
    stanzas : list of Stanza
        The header first.

    Raises
    ------
    OntologyError
        At a line that is neither ``[Stanza]`` nor ``tag: value``, or that has no end.
    """
    _check_last_line(text, path)
    stanzas = [Stanza("header", 1, {})]
    tags = stanzas[0].tags
    known_tags: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0] == "!" or line.isspace():
            continue
        if line[0] == "[":
            stanzas.append(Stanza(_kind(line, number, path), number, {}))
            tags = stanzas[-1].tags
            continue
        tag, colon, value = line.partition(":")
        if tag not in known_tags:  # a few dozen tags on some 400,000 lines: each is checked once
            _check_tag(tag, line, number, path)
            known_tags.add(tag)
        if not colon:
            raise _malformed(line, number, path)
        tags.setdefault(tag, []).append(value)
    return stanzas


def identifiers(stanza, tag, path, *, position=0):
    """Return the ids that a stanza gives for a tag, without comments and qualifiers.

    Parameters
    ----------
    stanza : Stanza
    tag : str
    path : path-like
        Named in errors.
    position : int
        Word of the value that is the id; 1 where a relation precedes it.

    Returns
    -------
    ids : list of str
    """
    words = [value.split() for value in stanza.tags.get(tag, ())]
    for one in words:
        if len(one) <= position or one[position][0] in "!{":
            raise OntologyError(
                f"{path}, stanza at line {stanza.line}: the tag {tag!r} names no id. "
                "The file is malformed or was cut off here."
            )
    return [one[position] for one in words]


def text_value(stanza, tag, default):
    """Return the last free-text value of a tag, unescaped, or a default."""
    values = stanza.tags.get(tag)
    if not values:
        return default
    value = values[-1].partition(" ! ")[0].strip()
    return _ESCAPED.sub(r"\1", value) if "\\" in value else value


def _check_last_line(text, path):
    # A cut inside a line leaves it without an end, and may look like a shorter id or name.
    if text and not text.endswith("\n"):
        raise OntologyError(
            f"{path}, line {len(text.splitlines())}: the last line does not end. The file was cut "
            "off here; if it is complete, add a line end."
        )


def _kind(line, number, path):
    match = _STANZA.fullmatch(line.strip())
    if match is None:
        raise _malformed(line, number, path)
    return match.group(1)


def _check_tag(tag, line, number, path):
    if not _TAG.fullmatch(tag):
        raise _malformed(line, number, path)


def _malformed(line, number, path):
    return OntologyError(
        f"{path}, line {number}: expected '[Stanza]' or 'tag: value', found {line[:60]!r}. "
        "The file is malformed or was cut off here."
    )
