"""Logs that are written anew with lines that were read before: without the oldest, or behind new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import NamedTuple

from quetsach.watching.content import HEAD_BYTES, Fingerprint, Handle

PREPENDED = (
    "was written anew with new lines in front of those that were read before, so the older lines count once"
    " more; let the program append to its log"
)
REPEATED = (
    "was written anew, and nobody can see where its new lines begin, so lines may count once more; let the"
    " program append to its log"
)
TWICE = (PREPENDED, REPEATED)
_BLOCK = 8 << 20
_MOST_BYTES = 64 << 20
"""So many of the last bytes are searched."""
_MOST_LINES = 100_000
"""At so many line ends a hash is made, where nobody knows the bytes themselves."""
_MOST_BEGINNINGS = 20_000
_KNOWN_LINES = 8
_LEAST_LINE = 16
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_FEEDS = {"UTF-16LE": b"\n\0", "UTF-16BE": b"\0\n"}


class Rewritten(NamedTuple):
    """Where what was read of a content ends now; `is_sure` where it ends nowhere else."""

    place: int
    is_sure: bool


def find(found: Fingerprint, tail: bytes, handle: Handle, size: int) -> Rewritten | None:
    """Where the last lines that were read of a content stand in a file that lacks its oldest ones; None where
    they are not there. `tail` are the last bytes that were read, as far as they are known."""
    if hashlib.sha256(tail).hexdigest() != found.tail:
        tail = b""
    if found.place > HEAD_BYTES and (place := _tail_end(found, tail, handle, size)):
        tail = tail or handle.read(place - found.head_size, found.head_size)
        return Rewritten(place, not _is_elsewhere(tail, place, handle, size))
    return _begun(tail, handle) if tail else None


def _tail_end(found: Fingerprint, tail: bytes, handle: Handle, size: int) -> int:
    """Where the last 4,096 bytes that were read end, as near to the end as may be; 0 where they do not."""
    lines = 0
    for begin, data in _blocks(handle, size):
        if tail:
            at = data.rfind(tail, 0, max(0, found.place - begin - 1))
            if at >= 0:
                return begin + at + len(tail)
            continue
        for end in _line_ends(data, is_wide=handle.encoding == "UTF-16LE"):
            if end < found.head_size or lines > _MOST_LINES:
                break
            lines += 1
            piece = data[end - found.head_size : end]
            if begin + end < found.place and hashlib.sha256(piece).hexdigest() == found.tail:
                return begin + end
    return 0


def _is_elsewhere(tail: bytes, place: int, handle: Handle, size: int) -> bool:
    """Whether these bytes end at another place, too: many lines are equal."""
    for begin, data in _blocks(handle, size):
        at = data.find(tail)
        while at >= 0:
            if begin + at + len(tail) != place:
                return True
            at = data.find(tail, at + 1)
    return False


def _begun(tail: bytes, handle: Handle) -> Rewritten | None:
    """Where the last lines that were read end in a file that begins with some of them."""
    feed = _FEEDS.get(handle.encoding, b"\n")
    start = handle.read(0, len(tail) + len(_MARKS[-1]))
    mark = next((mark for mark in _MARKS if start.startswith(mark)), b"")
    ends = []
    at = tail.find(feed) + len(feed)
    while feed in tail[at - len(feed) : at] and at < len(tail):
        if start.startswith(tail[at:], len(mark)):
            ends.append((len(mark) + len(tail) - at, tail.count(feed, at)))
        at = tail.find(feed, at) + len(feed)
    if not ends:
        return None
    (place, lines), *others = ends
    return Rewritten(place, lines > 1 and not others)


def last_lines(tail: bytes, encoding: str) -> tuple[str, ...]:
    """The last lines among the last bytes that were read, as their lengths and hashes: a state keeps these,
    and no line that names nothing listed."""
    return tuple(map(_spelled, _last_lines(tail, encoding)))


def repeats(tail: bytes, known: Collection[str], handle: Handle, size: int) -> bool:
    """Whether one of the last lines that were read stands in a file. `tail` are the last bytes, `known` the
    lines as `last_lines` has them where nobody knows the bytes."""
    if tail:
        lines = _last_lines(tail, handle.encoding)
        return any(line in data for _begin, data in _blocks(handle, size) for line in lines)
    feed, lengths = _FEEDS.get(handle.encoding, b"\n"), {int(one.split()[0]) for one in known}
    return any(
        len(line) in lengths and _spelled(line) in known
        for _begin, data in (_blocks(handle, size) if known else ())
        for line in data.split(feed)
    )


def _last_lines(tail: bytes, encoding: str) -> list[bytes]:
    """The last lines that prove something where they stand again: long ones that stand there once."""
    lines = tail.rsplit(_FEEDS.get(encoding, b"\n"), _KNOWN_LINES + 1)[1:]
    return [line for line in lines if len(line) >= _LEAST_LINE and tail.count(line) == 1]


def _spelled(line: bytes) -> str:
    return f"{len(line)} {hashlib.sha256(line).hexdigest()[:32]}"


def has_old(last_of_old: str, times: tuple[str | None, str | None], size: int, *, knows_lines: bool) -> bool:
    """Whether lines of another content stand in so many bytes of a new one, by its last time and their first
    and last. With `knows_lines` its last lines are known, and are not here. Then all must be as old: lines of
    a log that was emptied may be out of order."""
    first, last = times
    if not first or not last or first >= last_of_old:
        return False
    return not knows_lines or (size >= HEAD_BYTES and last <= last_of_old)


def are_equal(tail: bytes) -> bool:
    """Whether the last lines that were read are all equal, and more than a few."""
    first, feed, _rest = tail[::-1][1:].partition(b"\n")
    line = len(first) + len(feed)
    return 0 < 4 * line <= len(tail) and tail[line:] == tail[:-line]


def is_prepended(found: Fingerprint, handle: Handle, size: int) -> bool:
    """Whether the first bytes of a content stand behind other lines in a file."""
    many = found.head_size
    data = handle.read(0, min(size, _BLOCK))
    at = data.find(b"\n") + 1
    for _number in range(_MOST_BEGINNINGS):
        if not at or at + many > len(data):
            break
        if hashlib.sha256(data[at : at + many]).hexdigest() == found.head:
            return True
        at = data.find(b"\n", at) + 1
    return False


def _blocks(handle: Handle, size: int) -> Iterator[tuple[int, bytes]]:
    """The last bytes of a file in blocks, from its end on, with the place of each. Two blocks share bytes, so
    that the last lines that were read stand in one of them."""
    least, end = max(0, size - _MOST_BYTES), size
    while True:
        begin = max(least, end - _BLOCK)
        yield begin, handle.read(begin, end - begin)
        if begin == least:
            return
        end = begin + HEAD_BYTES


def _line_ends(data: bytes, *, is_wide: bool) -> Iterator[int]:
    """From the last to the first."""
    at = len(data)
    while (at := data.rfind(b"\n", 0, at)) >= 0:
        if is_wide and at + 2 <= len(data):
            yield at + 2
        yield at + 1
