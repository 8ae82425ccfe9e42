"""The texts of a line in which a listed name may stand: as it is, peeled, and with its escapes undone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from quetsach.files import colours
from quetsach.scanning.engines.wrappers import Reading

_ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})(?:\\u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?|([\"\\/bfnrt]))")
_SHOWN = {b"/": b"/", **dict.fromkeys([b"b", b"f", b"n", b"r", b"t"], b" ")}


def texts(line: bytes, readings: Iterable[Reading]) -> Iterator[bytes]:
    """The line; the texts that its layers held with escapes; then each of these with its own escapes
    undone."""
    known = [line]
    yield line
    for reading in readings:
        if reading.wrapper is not None and reading.text not in line:
            known.append(reading.text)
            yield reading.text
    for text in known if b"\\" in line else ():
        found = undone(text)
        if found != text:
            yield found


def undone(text: bytes, *, is_inside: bool = False) -> bytes:
    """The text with the escapes of JSON undone, from its first quotation mark on; `is_inside`: from its
    beginning, as the text may begin inside a string.

    An escaped quotation mark or backslash stays escaped, so that no value ends earlier. Other control
    characters become blanks. Colours that appear are taken out.
    """
    quote = 0 if is_inside else text.find(b'"')
    if quote < 0 or text.find(b"\\", quote) < 0:
        return text
    found, count = _ESCAPE.subn(_character, text[quote:])
    return colours.removed(text[:quote] + found) if count else text


def _character(found: re.Match[bytes]) -> bytes:
    if found[3] is not None:
        return _SHOWN.get(found[3], found[0])
    code = int(found[1], 16)
    if found[2] is not None and 0xD800 <= code < 0xDC00:
        code = 0x10000 + (code - 0xD800 << 10) + int(found[2], 16) - 0xDC00
        return chr(code).encode()
    low = _character_of(int(found[2], 16)) if found[2] is not None else b""
    return _character_of(code) + low


def _character_of(code: int) -> bytes:
    if 0xD800 <= code < 0xE000:
        return "\ufffd".encode()
    found = chr(code).encode()
    if found in (b'"', b"\\"):
        return b"\\" + found
    return found if (code >= 0x20 and code != 0x7F) or code == 0x1B else b" "
