"""Logs that are written anew with lines that were read before: without the oldest, or behind new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from quetsach.watching.content import Fingerprint, Handle

PREPENDED = (
    "was written anew with new lines in front of those that were read before, so the older lines count once"
    " more; let the program append to its log"
)
_MOST_BYTES = 8 << 20
_MOST_LINES = 20_000


def place_of_last(found: Fingerprint, handle: Handle, size: int) -> int:
    """Where the last bytes that were read of a content end in a file that lacks its oldest lines; 0 where
    they are not there."""
    many, begin = found.head_size, max(0, size - _MOST_BYTES)
    if found.place <= many or handle.encoding:
        # A content of so few bytes is known only as a whole.
        return 0
    data = handle.read(begin, size - begin)
    for number, end in enumerate(_line_ends(data)):
        if end < many or number == _MOST_LINES:
            break
        if begin + end < found.place and hashlib.sha256(data[end - many : end]).hexdigest() == found.tail:
            return begin + end
    return 0


def is_prepended(found: Fingerprint, handle: Handle, size: int) -> bool:
    """Whether the first bytes of a content stand behind other lines in a file."""
    many = found.head_size
    data = handle.read(0, min(size, _MOST_BYTES))
    at = data.find(b"\n") + 1
    for _number in range(_MOST_LINES):
        if not at or at + many > len(data):
            break
        if hashlib.sha256(data[at : at + many]).hexdigest() == found.head:
            return True
        at = data.find(b"\n", at) + 1
    return False


def _line_ends(data: bytes) -> Iterator[int]:
    """From the last to the first."""
    at = len(data)
    while (at := data.rfind(b"\n", 0, at)) >= 0:
        yield at + 1
