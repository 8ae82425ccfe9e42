"""Windows event log files (.evtx) as one JSON object a line.

Layout: a file header of 4,096 bytes, then chunks of 64 KiB that can each be read alone ([MS-EVEN6]
2.2.17 names the parts). The chunks are given to the parser one by one: memory stays bounded, and damage
costs one chunk.
"""

from __future__ import annotations

import importlib
import io
import json
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines
from quetsach.files.openers.opened import Opened
from quetsach.files.source import ByteStream

MAGIC = b"ElfFile\0"
_CHUNK_MAGIC = b"ElfChnk\0"
_HEADER_BYTES = 4096
_CHUNK_BYTES = 1 << 16
# A file of one chunk in format 3.1, so that a damaged header costs nothing.
_ONE_CHUNK = struct.pack("<8sQQQIHHHH", MAGIC, 0, 0, 1, 128, 1, 3, _HEADER_BYTES, 1).ljust(
    _HEADER_BYTES, b"\0"
)
_FIRST_NUMBER_AT = 24
_FREE_AT = 48
_EVENTS_AT = 512
_EVENT_MARK = b"**\0\0"
_LEAST_EVENT = 28
_DIRTY = 1
_FAILURES_OF_A_CHUNK = 1000
_FIRST = 100
_TEXT_BYTES = 1 << 16
_SECONDS_TO_1970 = 11_644_473_600
"""Windows counts from 1601 (FILETIME)."""
DAMAGED = "event log damaged"
NO_LOG = "is no Windows event log (.evtx): its header is damaged or cut off"


class DamagedError(SourceError):
    """Some of an event log cannot be read; `places` are all of it, of which the text names three."""

    def __init__(self, places: list[str]) -> None:
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        super().__init__(
            f"{DAMAGED} ({', '.join(places[:3])}{more}); "
            "the other events were scanned, export the log again from its machine"
        )
        self.places = places


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the events."""
    yield jsonlines.opened(file, named(lines(file.stream)))


def named(events: Iterator[bytes]) -> Iterator[bytes]:
    """The events, behind a line that names their computer and channel: a full log drops its oldest events.

    Windows counts events on when a log is cleared, and nothing in the file tells for good that it was: the
    line stays the same. A log of events that other computers forwarded has no such line.
    """
    first: list[bytes] = []
    problem: SourceError | None = None
    try:
        first += islice(events, _FIRST)
    except SourceError as error:
        problem = error
    found = {_origin(event) for event in first}
    if len(found) == 1 and (origin := found.pop()) is not None:
        yield jsonlines.store("evtx", *origin)
    yield from first
    if problem is not None:
        raise problem
    yield from events


def _origin(event: bytes) -> tuple[str, str] | None:
    """Computer and channel; None of an event that was forwarded, which carries its text."""
    try:
        record = json.loads(event)["Event"]
        system = record["System"]
        return (
            None if "RenderingInfo" in record else (str(system["Computer"]).lower(), str(system["Channel"]))
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def lines(stream: ByteStream) -> Iterator[bytes]:
    """Every event as one line of JSON, in the order of the file. Raises SourceError as `numbered` does."""
    return (line for _number, _moment, line in numbered(stream))


def begin_of(stream: ByteStream) -> tuple[bytes, bytes]:
    """The line that names the log, and its first 64 KiB as text with that line; no bytes where no line names
    it. Raises SourceError where the file is no event log."""
    text = b""
    for line in named(lines(stream)):
        text += line
        if len(text) >= _TEXT_BYTES:
            break
    name, _feed, _rest = text.partition(b"\n")
    return (name + b"\n", text) if jsonlines.is_store(name) else (b"", text)


def smallest(stream: ByteStream) -> int:
    """The smallest number of its events, by the heads of its chunks; 0 where there is none."""
    jsonlines.exactly(stream, _HEADER_BYTES)
    found: list[int] = []
    while chunk := jsonlines.exactly(stream, _CHUNK_BYTES):
        if chunk.startswith(_CHUNK_MAGIC) and len(chunk) >= _FIRST_NUMBER_AT + 8:
            found += struct.unpack_from("<Q", chunk, _FIRST_NUMBER_AT)
    return min(filter(None, found), default=0)


def whole_chunks(header: bytes, end: int) -> int:
    """The bytes of a log up to the end of the chunk in which its bytes in use end; of one that was cut off,
    as many as its header says."""
    chunks = struct.unpack_from("<H", header.ljust(44, b"\0"), 42)[0]
    return _HEADER_BYTES + max(int(chunks), -(-max(0, end - _HEADER_BYTES) // _CHUNK_BYTES)) * _CHUNK_BYTES


def numbered(
    stream: ByteStream, behind: tuple[int, float] | None = None
) -> Iterator[tuple[int, float, bytes]]:
    """The same lines with the numbers of their events, which Windows gives in order, and the times when they
    were written in seconds since 1970 UTC; with `behind` those of a higher number or a later time.

    Raises:
        DamagedError: after all that could be read, some of it was damaged.
        SourceError: the package `evtx` is missing, or the file is no event log.
    """
    parser = _parser()
    header = jsonlines.exactly(stream, _HEADER_BYTES)
    if len(header) < 128 or not header.startswith(MAGIC):
        raise SourceError(NO_LOG)
    damaged: list[str] = []
    # Chunks behind the last used one hold whatever the disk held before; a log in use counts too few.
    unread: list[int] = []
    doubtful: list[int] = []
    at = 0
    # Chunks without their mark that were in use all the same.
    used: set[int] = set()
    is_full = False
    while chunk := jsonlines.exactly(stream, _CHUNK_BYTES):
        if not chunk.startswith(_CHUNK_MAGIC):
            unread.append(at)
            follows_full = is_full and len(unread) == 1 and chunk.count(0) < len(chunk)
            if follows_full or _CHUNK_MAGIC.startswith(chunk) or _holds_event(chunk):
                used.add(at)
        else:
            damaged += (f"chunk {number} has no header" for number in unread)
            unread.clear()
            failures = 0
            sound, is_whole, is_full, moments = _sound(chunk)
            is_new = behind is None or any(_is_behind(one, behind) for one in moments.items())
            if not is_whole:
                damaged.append(f"chunk {at} from its byte {len(sound)} on")
            elif not _matches(chunk):
                doubtful.append(at)
            for record in _records(parser, sound.ljust(_CHUNK_BYTES, b"\0")) if is_new else ():
                if record is None:
                    failures += 1
                    continue
                number, line = record
                moment = moments.get(number, 0.0)
                if behind is None or _is_behind((number, moment), behind):
                    yield number, moment, line
            if failures:
                damaged.append(f"{failures} events of chunk {at}")
        at += 1
    if len(unread) == at:
        # Even a log without an event has a chunk.
        raise SourceError(NO_LOG)
    flags, chunks = struct.unpack_from("<I", header, 120)[0], struct.unpack_from("<H", header, 42)[0]
    if flags & _DIRTY and doubtful[-1:] == [at - len(unread) - 1]:
        # Windows was writing to the file while it was copied: the checksum of the last chunk comes later.
        doubtful.pop()
    damaged += (f"chunk {number} does not match its checksum" for number in doubtful)
    # A log that is being written may have more chunks than its header says, never fewer.
    damaged += (f"chunk {number} has no header" for number in unread if number < chunks or number in used)
    if at < chunks:
        damaged.append(f"{chunks - at} chunks are missing at the end")
    if damaged:
        raise DamagedError(damaged)


def _parser() -> Any:
    try:
        return importlib.import_module("evtx").PyEvtxParser
    except ImportError:
        raise SourceError(
            "is a Windows event log (.evtx), which needs the package evtx (quetsach[evtx]); or "
            "export it as XML: "
            "wevtutil query-events FILE /logfile:true /format:xml"
        ) from None


def _is_behind(one: tuple[int, float], other: tuple[int, float]) -> bool:
    return one[0] > other[0] or one[1] > other[1]


def _sound(chunk: bytes) -> tuple[bytes, bool, bool, dict[int, float]]:
    """The chunk up to the first badly framed event, whether that is the whole chunk, whether it is full, and
    the times of its events by their numbers.

    An event starts with a mark and its size, and ends with its size. The parser needs a chunk that ends with
    a whole event. A chunk is full where its largest event would not fit in what is left: Windows begins the
    next one then.
    """
    end = min(struct.unpack_from("<I", chunk, _FREE_AT)[0], _CHUNK_BYTES) if len(chunk) >= _EVENTS_AT else 0
    at, largest = _EVENTS_AT, 0
    moments: dict[int, float] = {}
    while at < end:
        size = _framed(chunk, at)
        if not size:
            break
        number, written = struct.unpack_from("<QQ", chunk, at + 8)
        moments[number] = written / 1e7 - _SECONDS_TO_1970
        at, largest = at + size, max(largest, size)
    whole = bytearray(chunk[:at])
    if len(whole) >= _EVENTS_AT:
        struct.pack_into("<I", whole, _FREE_AT, at)
    is_whole = at >= end and end > 0
    return bytes(whole), is_whole, is_whole and _CHUNK_BYTES - at < largest, moments


def _framed(chunk: bytes, at: int) -> int:
    """The size of the event at a place; 0 where none stands there whole."""
    mark, size = struct.unpack_from("<4sI", chunk.ljust(at + 8, b"\0"), at)
    after = at + size
    if mark != _EVENT_MARK or size < _LEAST_EVENT or after > len(chunk):
        return 0
    return size if chunk[after - 4 : after] == chunk[at + 4 : at + 8] else 0


def _holds_event(chunk: bytes) -> bool:
    """Whether an event stands anywhere in a chunk, also where its head is gone."""
    at = chunk.find(_EVENT_MARK)
    while at >= 0 and not _framed(chunk, at):
        at = chunk.find(_EVENT_MARK, at + 1)
    return at >= 0


def _matches(chunk: bytes) -> bool:
    free, checksum = struct.unpack_from("<II", chunk, _FREE_AT)
    return bool(zlib.crc32(chunk[_EVENTS_AT:free]) == checksum)


def _records(parser: Any, chunk: bytes) -> Iterator[tuple[int, bytes] | None]:
    """The events of one chunk, with their numbers; None for one that cannot be read."""
    try:
        records = parser(io.BytesIO(_ONE_CHUNK + chunk), number_of_threads=1).records_json()
    except (RuntimeError, OSError):
        yield None
        return
    failures = 0
    while failures < _FAILURES_OF_A_CHUNK:
        try:
            record = next(records)
        except StopIteration:
            return
        except RuntimeError:
            failures += 1
            yield None
        else:
            line = record["data"].replace("\n", "").encode("utf-8", "surrogatepass") + b"\n"
            yield record["event_record_id"], line
