"""Ways to damage a file, seeded: bytes, lines and columns, and the insides of known formats."""

import io
import json
import struct
import zipfile

# What files of other people hold, by accident or on purpose.
WORDS = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n\r\n",
        "\0",
        "\ufeff",
        "\u00a0",
        "\u200b",
        "\u2028",
        "\x1b[31m",
    ),
    *("NA", "nan", "NaN", "inf", "-inf", "1e999", "-0", "1_000", "0x10", "\uff11", "True", "None"),
    *("-1", "0", "1", "2147483648", "99999999999999999999", "1" * 400, "1.5", "1e5", "+7"),
    *("GO:0003674", "GO:123", "go:0003674", "GO:9999999", "GO:0000001", "P12345", "sp|P1|X", "|||"),
    *("=1+1", "@SUM(A1)", "../../x", "/etc/passwd", "\\", '"', "'", ">", ";", "#", "!", "<", "&"),
    *("\u00df", "\ufb01", "\u0130", "\U0001f9ec", "e\u0301", "A" * 5000, "NOT", "[Term]", "is_a:"),
)
_LITERALS = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2,
        2**31,
        2**63,
        -(2**63),
        10**30,
        1.5,
        -0.0,
        1e308,
        float("nan"),
    ),
    *(float("inf"), "", "x", "../x", "\0", [], {}, [[]], {"": None}, [0], "1", list(range(50))),
)
_HEADER_NUMBERS = (b"0", b"1", b"2", b"-1", b"10", b"1000000000", b"99999999999999", b"True", b"")


def mutate(rng, content, other):
    """Damage bytes one to four times; ``other`` is a second valid file to splice in."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        kinds = [*_ANY, *(_TEXT * 2 if _is_text(content) else ()), *_insides(content)]
        content = rng.choice(kinds)(rng, content, other)
    return content


def _is_text(content):
    return b"\0" not in content[:400]


def _place(rng, content):
    return rng.randrange(len(content) + 1)


def _flip(rng, content, other):
    if not content:
        return content
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _put(rng, content, other):
    at = _place(rng, content)
    return content[:at] + rng.randbytes(rng.choice((1, 2, 8, 40))) + content[at:]


def _drop(rng, content, other):
    at = _place(rng, content)
    return content[:at] + content[at + rng.choice((1, 2, 8, 64, 1000)) :]


def _cut(rng, content, other):
    return content[: _place(rng, content)]


def _repeat(rng, content, other):
    start, end = sorted((_place(rng, content), _place(rng, content)))
    return content[:end] + content[start:end] * rng.choice((1, 2, 5)) + content[end:]


def _splice(rng, content, other):
    return content[: _place(rng, content)] + other[_place(rng, other) :]


def _put_word(rng, content, other):
    at = _place(rng, content)
    return content[:at] + rng.choice(WORDS).encode() + content[at + rng.choice((0, 0, 1, 5)) :]


def _integer(rng, content, other):
    """Overwrite 2, 4 or 8 bytes with a number that hurts."""
    at = _place(rng, content)
    code = rng.choice(("<H", "<I", "<Q", ">I", "<d", "<f"))
    value = rng.choice((0, 1, 255, 2**15, 2**16 - 1)) if code != "<d" else rng.choice((1e308, -1.0))
    packed = struct.pack(code, value) if rng.random() < 0.6 else b"\xff" * struct.calcsize(code)
    return content[:at] + packed + content[at + len(packed) :]


_ANY = (_flip, _put, _drop, _cut, _repeat, _splice, _put_word, _integer)


def _edit_line(rng, content, other):
    lines = content.split(b"\n")
    row = rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        lines.insert(row, lines[rng.randrange(len(lines))])
    elif how == 1:
        del lines[row]
    elif how == 2:
        lines[row] = rng.choice(WORDS).encode()
    elif how == 3:
        swap = rng.randrange(len(lines))
        lines[row], lines[swap] = lines[swap], lines[row]
    else:
        lines[row] += rng.choice(WORDS).encode()
    return b"\n".join(lines)


def _edit_cell(rng, content, other):
    lines = content.split(b"\n")
    row = rng.randrange(len(lines))
    separator = rng.choice((b"\t", b"\t", b",", b" ", b":", b"|"))
    cells = lines[row].split(separator)
    at = rng.randrange(len(cells))
    how = rng.randrange(4)
    if how == 0:
        del cells[at]
    elif how == 1:
        cells.insert(at, rng.choice(WORDS).encode())
    else:
        cells[at] = rng.choice(WORDS).encode()
    lines[row] = separator.join(cells)
    return b"\n".join(lines)


def _line_ends(rng, content, other):
    return content.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\n ", b" \n", b"\0\n")))


_TEXT = (_edit_line, _edit_cell, _line_ends)


def _insides(content):
    """Name the mutations that know a format, which its first bytes tell."""
    found = []
    if content.startswith(b"PK\x03\x04"):
        found += [_edit_entry, _edit_entry, _rewrite_entry, _rewrite_entry]
    if content.startswith(b"\x93NUMPY"):
        found += [_edit_npy_header] * 3
    if content[:1] in b"{[" and content:
        found += [_edit_json] * 6
    if content[8:9] == b"{" and content[4:8] == b"\0" * 4:
        found += [_edit_safetensors] * 6
    return found


def _edit_npy_header(rng, content, other):
    end = content.find(b"\n") + 1
    head, body = content[:end], content[end:]
    digits = [at for at in range(10, len(head)) if head[at : at + 1].isdigit()]
    if digits and rng.random() < 0.7:
        at = rng.choice(digits)
        head = head[:at] + rng.choice(_HEADER_NUMBERS) + head[at + 1 :]
    else:
        old = rng.choice((b"<f4", b"<f8", b"<U", b"False", b"shape", b"descr"))
        new = rng.choice(
            (b"|O", b">f8", b"<U0", b"<c16", b"<M8[s]", b"True", b"|V4", b"|b1", b"<i8")
        )
        head = head.replace(old, new, 1)
    if rng.random() < 0.7:  # as a writer would say it
        head = head[:8] + struct.pack("<H", max(len(head) - 10, 0)) + head[10:]
    return head + body


def _edit_entry(rng, content, other):
    """Damage what a zip file says of its entries: sizes, methods, flags, names."""
    marks = [
        at for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for at in _all(content, mark)
    ]
    if not marks:
        return content
    at = rng.choice(marks) + rng.randrange(4, 46)
    value = rng.choice((b"\0", b"\x01", b"\xff", b"\xff\xff\xff\xff", b"\x63", b"\x09", b"\x0e"))
    return content[:at] + value + content[at + len(value) :]


def _all(content, mark):
    at = content.find(mark)
    while at >= 0:
        yield at
        at = content.find(mark, at + 1)


def _rewrite_entry(rng, content, other):
    """Write a zip file anew with an entry damaged, renamed, left out or added."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # damaged before
        return content
    if not entries:
        return content
    at = rng.randrange(len(entries))
    name, inside = entries[at]
    how = rng.randrange(6)
    if how == 0:
        del entries[at]
    elif how == 1:
        entries[at] = rng.choice(("x", "../x", "ids.npy", name + "2", "\u00df.npy")), inside
    elif how == 2:
        entries.append((rng.choice(("more.npy", "more")), inside))
    elif how == 3:
        entries[at] = name, entries[rng.randrange(len(entries))][1]
    else:
        kinds = [_edit_npy_header, _edit_npy_header, _flip, _integer, _cut]
        entries[at] = name, rng.choice(kinds)(rng, inside, other)
    buffer = io.BytesIO()
    with zipfile.ZipFile(
        buffer, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    ) as new:
        for name, inside in dict(entries).items():
            new.writestr(name, inside)
    return buffer.getvalue()


def _edit_json(rng, content, other):
    """Replace, remove or add one value, however deep; now and then nest beyond reason."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return content
    if rng.random() < 0.02:
        depth = 10**5
        return b"[" * depth + b"]" * depth
    return json.dumps(edit_value(rng, value)).encode()


def edit_value(rng, value):
    """Change one place of what JSON can hold."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(list(value))
        how = rng.random()
        if how < 0.12:
            return {key: one for key, one in value.items() if key != name}
        if how < 0.2:
            return value | {rng.choice(("more", "", name + "_", "0")): rng.choice(_LITERALS)}
        return value | {name: edit_value(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        how = rng.random()
        if how < 0.15:
            return value[:at] + value[at + 1 :]
        if how < 0.3:
            return value[:at] + [value[at]] * rng.choice((2, 3)) + value[at + 1 :]
        return [*value[:at], edit_value(rng, value[at]), *value[at + 1 :]]
    if type(value) in (int, float) and rng.random() < 0.5:
        return rng.choice((value + 1, value - 1, -value, value * 1000, value / 2, str(value)))
    return rng.choice(_LITERALS)


def _edit_safetensors(rng, content, other):
    (length,) = struct.unpack("<Q", content[:8])
    try:
        header = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError):
        return content
    if rng.random() < 0.4:  # numbers in the tensors themselves
        start, body = 8 + length, bytearray(content)
        if len(body) - start < 8:
            return content
        at = rng.randrange(start, len(body) - 7)
        value = rng.choice((2**30, 2**62, -1, -(2**63)))
        packed = rng.choice(
            (
                struct.pack("<q", value),
                struct.pack("<d", float("nan")),
                struct.pack("<2f", 1e38, -1e38),
            )
        )
        body[at : at + 8] = packed
        return bytes(body)
    spelled = json.dumps(edit_value(rng, header)).encode()
    return struct.pack("<Q", len(spelled)) + spelled + content[8 + length :]
