"""The syntax of OBO: text in, stanzas and the values of their tags out."""

import re

import numpy as np

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


class Document:
    """The tags of all stanzas, a column a tag: a list a stanza would take five times as long."""

    def __init__(self, path):
        self.path = path
        self.kinds = ["header"]  # of each stanza: "Term", "Typedef" or what else is in brackets
        self.lines = [1]  # its first line, counted from 1
        self._values: dict[str, list[str]] = {}
        self._numbers: dict[str, list[int]] = {}  # the line of each value

    def values(self, tag):
        """List (stanza, value as written), in the order of the file."""
        numbers = self._numbers.get(tag, [])
        stanzas = np.searchsorted(self.lines, numbers, side="right") - 1
        return zip(stanzas.tolist(), self._values.get(tag, ()), strict=True)

    def texts(self, tag):
        """Map stanzas to the last free-text value of a tag, unescaped."""
        return {stanza: _text(value) for stanza, value in dict(self.values(tag)).items()}

    def flags(self, tag):
        """Map stanzas to whether a tag says true; what is neither true nor false is refused."""
        texts = self.texts(tag)
        for stanza, text in texts.items():
            if text not in ("true", "false"):
                raise OntologyError(
                    f"{self.place(stanza)}: the tag {tag!r} is true or false, found {text!r}."
                )
        return {stanza: text == "true" for stanza, text in texts.items()}

    def identifier(self, stanza, tag, value, position=0):
        """Return the id that a value gives; 1 is the position where a relation precedes the id."""
        words = value.split(None, position + 1)
        word = words[position] if len(words) > position else ""
        if "{" in word or "!" in word or "\\" in word:
            word = _unescaped(_ID.findall(word)[0])
        if not word:
            raise OntologyError(
                f"{self.place(stanza)}: the tag {tag!r} names no id. "
                "The file is malformed or was cut off here."
            )
        return word

    def place(self, stanza):
        """Say where a stanza is."""
        return f"{self.path}, stanza at line {self.lines[stanza]}"

    def _open(self, tags):
        """Return {tag: (add a value, add its line)}."""
        self._values = {tag: [] for tag in tags}
        self._numbers = {tag: [] for tag in tags}
        return {tag: (self._values[tag].append, self._numbers[tag].append) for tag in tags}


def parse_document(text, path, tags):
    """Cut OBO text into a Document of some tags; all lines are checked, errors name their place."""
    _check_last_line(text, path)
    document = Document(path)
    columns = document._open(tags)
    kinds: dict[str, str] = {}
    passed_over: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        tag, colon, value = line.partition(":")
        if colon and tag in columns:
            add_value, add_number = columns[tag]
            add_value(value)
            add_number(number)
        elif colon and tag in passed_over:  # some 500,000 lines with a few dozen tags
            continue
        elif line[:1] == "[":
            if line not in kinds:
                kinds[line] = _kind(line, number, path)
            document.kinds.append(kinds[line])
            document.lines.append(number)
        elif line and line[0] != "!" and not line.isspace():
            _check_tag(tag, colon, line, number, path)
            passed_over.add(tag)
    return document


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


def _check_tag(tag, colon, line, number, path):
    if not (colon and _TAG.fullmatch(tag)):
        raise _malformed(line, number, path)


def _malformed(line, number, path):
    return OntologyError(
        f"{path}, line {number}: expected '[Stanza]' or 'tag: value', found {line[:60]!r}. "
        "The file is malformed or was cut off here."
    )
