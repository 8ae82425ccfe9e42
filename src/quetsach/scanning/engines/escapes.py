"""The texts of a line in which a listed name may stand: as it is, peeled, and with its escapes undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from quetsach.files import colours
from quetsach.scanning.engines.index import Hits
from quetsach.scanning.engines.wrappers import Reading

_ESCAPE = re.compile(
    rb"(\\+)(?:u([Dd][89ABab][0-9A-Fa-f]{2})\\+u([Dd][C-Fc-f][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([/bfnrt]))"
)


def best(line: bytes, readings: Iterable[Reading], find: Callable[[bytes], Hits]) -> tuple[Hits, bytes]:
    """What `find` finds in the text of the line that holds most of it, and that text.

    The texts are the line and what its layers held with escapes, each with its own escapes undone where that
    holds no fewer. Of texts that hold as many the first counts.
    """
    hits: Hits = {}
    said = line
    for text in _texts(line, readings):
        found = find(text)
        shown = undone(text)
        found_in_shown = find(shown) if shown != text else {}
        if found_in_shown and len(found_in_shown) >= len(found):
            text, found = shown, found_in_shown
        if len(found) > len(hits):
            hits, said = found, text
    return hits, said


def _texts(line: bytes, readings: Iterable[Reading]) -> Iterator[bytes]:
    yield line
    for reading in readings:
        if reading.wrapper is not None and reading.text not in line:
            yield reading.text


def undone(text: bytes, *, is_inside: bool = False) -> bytes:
    """The text with the escapes of JSON undone, from its first quotation mark on; `is_inside`: from its
    beginning, as the text may begin inside a string.

    Escapes of JSON in JSON are undone, too: two, four or eight backslashes stand before their letter. An
    escaped quotation mark or backslash stays escaped, so that no value ends earlier. Other control characters
    become blanks. Colours that appear are taken out.
    """
    quote = 0 if is_inside else text.find(b'"')
    if quote < 0 or text.find(b"\\", quote) < 0:
        return text
    found, count = _ESCAPE.subn(_shown, text[quote:])
    return colours.removed(text[:quote] + found) if count else text


def _shown(found: re.Match[bytes]) -> bytes:
    run = len(found[1])
    # Of six backslashes the first four are two of the text.
    return b"\\" * (run - (run & -run)) + _character(found)


def _character(found: re.Match[bytes]) -> bytes:
    if found[5] is not None:
        return b"/" if found[5] == b"/" else b" "
    if found[4] is not None:
        return _character_of(int(found[4], 16))
    high, low = int(found[2], 16), int(found[3], 16)
    return chr(0x10000 + (high - 0xD800 << 10) + low - 0xDC00).encode()


def _character_of(code: int) -> bytes:
    if 0xD800 <= code < 0xE000:
        return "\ufffd".encode()
    found = chr(code).encode()
    if found in (b'"', b"\\"):
        return b"\\" + found
    return found if (code >= 0x20 and code != 0x7F) or code == 0x1B else b" "
