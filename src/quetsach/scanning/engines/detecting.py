"""The format of a file by its first lines, and lines without what is around them."""

from __future__ import annotations

from collections.abc import Mapping

from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engines.records import LineReader

TEXT = "text"
"""The name of the fallback format, which has no file."""
DETECT_BYTES = 1 << 16
DETECT_LINES = 100


def detect(
    reader_formats: Mapping[str, LogFormat], start: bytes, size: int = DETECT_BYTES, lines: int = DETECT_LINES
) -> str:
    """The format of a file by its first bytes (docs/log-formats.md 7)."""
    reader = LineReader(reader_formats)
    parsed = dict.fromkeys(reader.readers, 0)
    tried = 0
    for number, raw in enumerate(start[:size].split(b"\n")):
        line = clean(raw, number == 0)
        if not line or reader.is_directive(line):
            continue
        tried += 1
        record = reader.read(line, parsed)
        if record is not None:
            parsed[record.log_format] += 1
        if tried == lines:
            break
    best = max(parsed, key=parsed.__getitem__, default=TEXT)
    return best if best != TEXT and tried and parsed[best] * 2 >= tried else TEXT


def clean(raw: bytes, is_first: bool) -> bytes:
    """A line without its carriage return and zeros at its ends, the first one without a byte order mark."""
    line = raw[:-1] if raw.endswith(b"\r") else raw
    if line.startswith(b"\0") or line.endswith(b"\0"):
        line = _without_zeros(line)
    return line.removeprefix(b"\xef\xbb\xbf") if is_first else line


def _without_zeros(line: bytes) -> bytes:
    """Without the zeros of a power cut before it or of a sender behind it; a directive must start its
    line."""
    line = line.rstrip(b"\0")
    rest = line.lstrip(b"\0")
    return line if rest.startswith(b"#") else rest


def complete(start: bytes, size: int) -> bytes:
    """The complete lines of a start longer than `size`, or all of a shorter one."""
    return start if len(start) < size else start[: start.rfind(b"\n", 0, size) + 1]
