"""The format of a file by its first lines."""

from __future__ import annotations

from collections.abc import Mapping

from quetsach.logs import logformat
from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engines.lines import clean
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


def formats_of(forced: str | None) -> Mapping[str, LogFormat]:
    """The formats that lines are tried by: all, or only the format that the scan asks for."""
    if forced is None:
        return logformat.load_all()
    return {} if forced == TEXT else {forced: logformat.get(forced)}
