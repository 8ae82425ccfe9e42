"""The output of `nfdump -o json`: one object over many lines, which an engine would read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines, linewise
from quetsach.files.openers.opened import Opened
from quetsach.files.source import ByteStream

_FIRST = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\[?\s*\{\s*"type"\s*:\s*"(?:FLOW|EVENT)"\s*,\s*"(?:sampled|export_sysid)"'
)


def begins(start: bytes) -> bool:
    """Whether the first object is a flow."""
    return bool(_FIRST.match(start))


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the flows."""
    yield jsonlines.opened(file, lines(file.stream), format="ipfix")


def lines(stream: ByteStream) -> Iterator[bytes]:
    """Every flow as one line of JSON; its times are local to the machine that printed it.

    Raises:
        SourceError: some of it is no flow, or its end is missing; after all flows that could be read.
    """
    # Imported here: few scans meet such a file, and all scans import this module.
    from quetsach.files.openers.nfdump import flow, records

    said: list[str] = []
    text = (line.decode("utf-8", "replace") for line in linewise.lines(stream, bytes))
    for record in records(text, said):
        yield jsonlines.line(flow(record, zone=""))
    if said:
        raise SourceError(f"nfdump: {' '.join(said)[:200]}; what came before was scanned")
