"""The syntax of OBO: text in, stanzas of tags and values out."""

import re
from typing import NamedTuple

from protimb.exceptions import OntologyError

_STANZA = re.compile(r"\[(\w+)\]")
_TAG = re.compile(r"[A-Za-z][\w-]*")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}  # any other character stands for itself
_MARKS = re.compile(r"[{!\\]")
_ID = re.compile(r"(?:[^\\{!]|\\.)*")  # an id ends where a block or a comment begins

# A block at the end of a value, {id="quoted", id=bare}; other braces belong to the text.
# Written so that no blank can be read in two ways: else long runs of them take for ever.
_QUALIFIER = r"""([^\s=,{}"]+)\s*=(\s*"(?:[^"\\]|\\.)*"\s*|[^",{}]*)"""
_BLOCK = re.compile(rf"\{{\s*{_QUALIFIER}(?:,\s*{_QUALIFIER})*\}}")
_MARK = re.compile(r"\\.|[{!]")


class Stanza(NamedTuple):
    """One stanza: "Term", "Typedef" or "header", its first line, and tag -> values as written."""

    kind: str
    line: int  # counted from 1
    tags: dict[str, list[str]]


def parse_stanzas(text, path):
    """Cut OBO text into a list of Stanza, the header first; errors name the path and the line."""
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
    """List the ids that a tag gives; 1 is the position where a relation precedes the id."""
    found = []
    for value in stanza.tags.get(tag, ()):
        words = value.split()
        word = words[position] if len(words) > position else ""
        found.append(_unescaped(_ID.findall(word)[0]) if _MARKS.search(word) else word)
    if not all(found):
        raise OntologyError(
            f"{path}, stanza at line {stanza.line}: the tag {tag!r} names no id. "
            "The file is malformed or was cut off here."
        )
    return found


def flag(stanza, tag, path):
    """Return whether a tag says true; what is neither true nor false is refused."""
    text = text_value(stanza, tag, "false")
    if text not in ("true", "false"):
        raise OntologyError(
            f"{path}, stanza at line {stanza.line}: the tag {tag!r} is true or false, found "
            f"{text!r}."
        )
    return text == "true"


def text_value(stanza, tag, default):
    """Return the last free-text value of a tag, unescaped, or a default."""
    values = stanza.tags.get(tag)
    return _text(values[-1]) if values else default


def qualifiers(value):
    """Return the qualifiers at the end of a value as {name: value as written}."""
    pairs = re.findall(_QUALIFIER, _parted(value)[1])
    return {name: written.strip() for name, written in pairs}


def _text(value):
    """Return a value without qualifiers and comment, unescaped."""
    return _unescaped((_parted(value)[0] if _MARKS.search(value) else value).strip())


def _parted(value):
    """Part a value into its text and the block of qualifiers behind it, which may be empty."""
    for mark in _MARK.finditer(value):
        if mark[0] == "!":
            return value[: mark.start()], ""
        block = _BLOCK.match(value, mark.start()) if mark[0] == "{" else None
        if block and value[block.end() :].lstrip()[:1] in ("", "!"):
            return value[: mark.start()], block[0]
    return value, ""


def _unescaped(text):
    return _ESCAPED.sub(lambda it: _ESCAPES.get(it[1], it[1]), text) if "\\" in text else text


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
