"""The format of a file by its first lines."""

from __future__ import annotations

from collections.abc import Mapping

from quetsach.files.plain_lines import read_lines
from quetsach.logs import logformat
from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engine import Judged
from quetsach.scanning.engines import clocks
from quetsach.scanning.engines.limits import LIMITS, Limits
from quetsach.scanning.engines.lines import clean
from quetsach.scanning.engines.records import LineReader

TEXT = "text"
"""The name of the fallback format, which has no file."""


def detect(formats: Mapping[str, LogFormat], start: bytes) -> str:
    """The format of a file by its first bytes (docs/log-formats.md 7)."""
    return Judging(formats, None, LIMITS).add(start).format


class Judging:
    """Judges a file by its first lines; `forced` is a format that is asked for."""

    def __init__(self, formats: Mapping[str, LogFormat], forced: str | None, limits: Limits) -> None:
        self._forced, self._limits = forced, limits
        self._reader = LineReader(formats)
        self._parsed = dict.fromkeys(self._reader.readers, 0)
        self._tried = self._given = 0
        self._is_settled = False
        self._orders: set[str] = set()

    def add(self, text: bytes) -> Judged:
        """See `quetsach.scanning.engine.Judging`."""
        is_first, most = not self._given, self._limits.detect_bytes
        room = max(0, most - self._given)
        self._given += len(text)
        has_all = self._given >= most
        if has_all:
            text = text[: text.rfind(b"\n", 0, room) + 1]
        text = read_lines(text)
        if self._forced is None:
            self._try(text, is_first=is_first)
        name = self._forced or self._most()
        self._orders |= clocks.date_orders(text)
        if name != TEXT:
            return Judged(name, "", has_all or self._is_settled or self._forced is not None)
        # Any of the first lines may show the order of dates.
        return Judged(name, clocks.date_order(self._orders), has_all)

    def _try(self, text: bytes, *, is_first: bool) -> None:
        lines = text.split(b"\n")
        for number, raw in enumerate(lines):
            if self._is_settled:
                return
            line = clean(raw, is_first and number == 0)
            if not line or self._reader.is_directive(line):
                continue
            self._tried += 1
            record = self._reader.read(line, self._parsed)
            if record is not None:
                self._parsed[record.log_format] += 1
            if self._tried == self._limits.detect_lines:
                # A last line without its end may still grow.
                self._is_settled = number + 1 < len(lines)
                return

    def _most(self) -> str:
        best = max(self._parsed, key=self._parsed.__getitem__, default=TEXT)
        is_one = best != TEXT and self._tried and self._parsed[best] * 2 >= self._tried
        return best if is_one else TEXT


def formats_of(forced: str | None) -> Mapping[str, LogFormat]:
    """The formats that lines are tried by: all, or only the format that the scan asks for."""
    if forced is None:
        return logformat.load_all()
    return {} if forced == TEXT else {forced: logformat.get(forced)}
