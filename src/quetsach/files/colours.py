"""Colours of a terminal inside a log, and control characters as rsyslog spells them, taken out of its lines
before anybody reads them (docs/log-formats.md 9, Signs of a terminal).

The last byte of a colour is a letter, which would join the name behind it. Control sequences with signs from
a blank to `/` are left: no colour has one, and they would take the quote and the blank behind a client's
`ESC [` along. A backslash ends none: an escape of JSON begins there.
"""

from __future__ import annotations

import re

LONGEST = 1 << 10
"""Whether a sequence begins at a place is decided by fewer bytes from there on."""

_ALONE = rb"(?:\\{1,2}|\\{4}|\\{8})"
"""Backslashes before the letter of an escape, with nothing of the text before them."""
_ESC = rb"(?:u001[bB]|x1[bB]|033|e)"
_SHIFT = rb"(?:\x0f|#017|\^O|" + _ALONE + rb"(?:u000[fF]|x0[fF]|017))"
"""What `tput sgr0` writes behind a colour on a console."""
_BELL = rb"(?:\x07|#007|\^G|" + _ALONE + rb"(?:u0007|x07|007|a))"
_STOP = (
    rb"(?:(?:\x1b|#033|\^\[|" + _ALONE + _ESC + rb")"
    rb'(?:\\(?![\\"/bfnrtu])|\\\\(?!\\)|(?:\\{4}|\\{8})(?![\\"]))|\x1b\\(?![\\"]))'
)
"""ESC and a backslash; one that begins an escape of JSON, or keeps a quotation mark in a string, is none. A
string of JSON holds no byte ESC."""
_SEQUENCE = re.compile(
    rb"(?:\x1b|#033|\^\[|(?P<slashes>\\{1,16})" + _ESC + rb")"
    rb"(?:\[[0-?]{0,64}(?P<last>[@-\[\]-~])(?:(?<=m)" + _SHIFT + rb")?"
    rb"|\([0B]"
    rb"|\](?P<said>[!$-&*-;=?-\[\]_-~\x80-\xff]{0,500})(?:" + _BELL + rb"|" + _STOP + rb"))"
    rb"|#(?:033(?![\[\](\\])|0[0-2][0-7]|03[0-24-7])"
)
_JOINING = (b"[K", b"[0K")
"""Ends of erasing the rest of a line: what stands around it is joined, as around a colour."""
_STARTS = (b"\x1b", b"#", b"^[", b"\\")
_TAB = b"#011"
_JSON = re.compile(rb'\{[ \t]*"')
"""In a string of JSON no tab may stand."""


def removed(text: bytes) -> bytes:
    """The text without control sequences. Those that move the cursor, and control characters that are spelled
    as text, become a blank, or the tab that they spell: what stands around them is not shown as one word."""
    if not _may_hold(text):
        return text
    return _SEQUENCE.sub(_left_in_json if _JSON.search(text) else _left, text)


def _may_hold(text: bytes) -> bool:
    return any(start in text for start in _STARTS)


def _left(found: re.Match[bytes]) -> bytes:
    run = len(found["slashes"] or b"")
    # Of six backslashes the first four are two of the text.
    before = b"\\" * (run - (run & -run))
    said = found["said"]
    if said is not None:
        may_name = b"." in said or said.count(b":") > 1 or not said.isascii()
        return before + (b" " + said + b" " if may_name else b"")
    if found["last"] is not None:
        is_joining = found["last"] == b"m" or found[0].endswith(_JOINING)
        return before + (b"" if is_joining else b" ")
    if found[0] == _TAB:
        return b"\t"
    return before if found[0].endswith((b"(0", b"(B")) else b" "


def _left_in_json(found: re.Match[bytes]) -> bytes:
    return b" " if found[0] == _TAB else _left(found)


def stand_in(text: bytes) -> bool:
    """Whether a control sequence stands in the text."""
    return _may_hold(text) and _SEQUENCE.search(text) is not None


def line_without(line: bytes) -> bytes:
    """A line without its line feed and without control sequences; it keeps its length, by zeros at its
    end."""
    found = removed(line)
    if len(found) == len(line):
        return line
    return found.rstrip(b"\0").removesuffix(b"\r").ljust(len(line), b"\0")


class Parts:
    """A text that comes in parts, without control sequences, wherever the parts end."""

    def __init__(self) -> None:
        self._held = b""

    def add(self, part: bytes) -> bytes:
        """What is sure of the text so far: a sequence may go on in the next part."""
        text = self._held + part
        sure = len(text) - LONGEST
        if sure <= 0:
            self._held = text
            return b""
        found: list[bytes] = []
        at = 0
        if _may_hold(text):
            for sequence in _SEQUENCE.finditer(text):
                if sequence.start() >= sure:
                    break
                found += (text[at : sequence.start()], _left(sequence))
                at = sequence.end()
        end = max(at, sure)
        self._held = text[end:]
        return b"".join((*found, text[at:end]))

    def rest(self) -> bytes:
        """What was held back."""
        return _SEQUENCE.sub(_left, self._held)
