"""Windows events as XML (wevtutil, Get-WinEvent, exports of the Event Viewer) as one JSON object a line.

Each `<Event>` is read by itself, whatever stands between two events: a root element, line breaks or
nothing. So a damaged event costs only itself. Field names are those of an event log file (.evtx):
`#attributes` holds an element's attributes, and `#text` its text beside them. An event with a DOCTYPE counts
as damaged, so there are no entities beyond the five of XML.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines
from quetsach.files.openers.opened import Opened
from quetsach.files.source import ByteStream, utf16_of

_BLOCK_BYTES = 1 << 16
_MOST_EVENT = 1 << 20
"""Bytes that are held of an event whose end has not been read yet."""
_MOST_DEPTH = 32
_SAMPLE_BYTES = 4096
"""Bytes at the start of a file that show whether it is UTF-16."""
_TAG_BYTES = 8
"""Bytes kept between two events: a start tag cut by the end of a block is at most so long."""
_BEGIN = re.compile(rb"<Event[\s>]")
_END = b"</Event>"
_SCHEMA = b"schemas.microsoft.com/win/2004/08/events/event"


def begins(start: bytes) -> bool:
    """Whether a file begins as XML that holds Windows events."""
    if encoding := utf16_of(start):
        start = start.decode(encoding, "replace").encode("utf-8", "replace")
    head = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if not head.startswith((b"<?xml", b"<Events", b"<Event ", b"<Event>")):
        return False
    return bool(_BEGIN.search(head)) and (_SCHEMA in head or b"<System>" in head)


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the events."""
    yield jsonlines.opened(file, lines(file.stream))


def lines(stream: ByteStream) -> Iterator[bytes]:
    """Every event as one line of JSON.

    Raises:
        SourceError: after the last line, if some events could not be read.
    """
    damaged = 0
    for event in _events(stream):
        found = _object(event) if event is not None else None
        if found is None:
            damaged += 1
        else:
            yield jsonlines.line({"Event": found})
    if damaged:
        raise SourceError(
            f"{damaged} events of the XML are damaged, cut off or larger than {_MOST_EVENT} bytes;"
            " the others were scanned, export the log again from its machine"
        )


def _events(stream: ByteStream) -> Iterator[bytes | None]:
    """The text of each event; None for an event that does not end or is too large."""
    decoder: codecs.IncrementalDecoder | None = None
    is_first = True
    held = b""
    while block := stream.read(_BLOCK_BYTES):
        if is_first:
            while len(block) < _SAMPLE_BYTES and (more := stream.read(_BLOCK_BYTES)):
                block += more
            is_first = False
            if encoding := utf16_of(block[:_SAMPLE_BYTES]):
                decoder = codecs.getincrementaldecoder(encoding)("replace")
        held += decoder.decode(block).encode("utf-8", "replace") if decoder else block
        at = 0
        while begin := _BEGIN.search(held, at):
            end = held.find(_END, begin.start())
            if end < 0:
                break
            # Events do not nest: of several starts before one end, only the last start belongs to that end.
            *unended, last = _BEGIN.finditer(held, begin.start(), end)
            yield from (None for _ in unended)
            yield held[last.start() : end + len(_END)]
            at = end + len(_END)
        held = held[begin.start() :] if begin else held[max(at, len(held) - _TAG_BYTES) :]
        if len(held) > _MOST_EVENT:
            yield None
            held = b""
    if _BEGIN.search(held):
        yield None


class _Refused(Exception):
    pass


def _object(event: bytes) -> dict[str, Any] | None:
    """The content of `<Event>` as nested fields, named as in an event log file.

    None if the XML is damaged, nested too deeply, or has a DOCTYPE.
    """
    parser = expat.ParserCreate("utf-8")
    root: dict[str, Any] = {}
    nodes: list[dict[str, Any]] = [root]
    names: list[str] = []
    texts: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(nodes) > _MOST_DEPTH:
            raise _Refused
        node: dict[str, Any] = {}
        if name == "Data" and "Name" in attributes:
            name = attributes.pop("Name")
        if attributes:
            node["#attributes"] = attributes
        nodes.append(node)
        names.append(name)
        texts.append("")

    def end(_name: str) -> None:
        node, name, text = nodes.pop(), names.pop(), texts.pop().strip()
        value: Any = text
        if node:
            value = {**node, "#text": text} if text else node
        old = nodes[-1].get(name)
        if old is None:
            nodes[-1][name] = value
        elif isinstance(old, list):
            old.append(value)
        else:
            nodes[-1][name] = [old, value]

    def characters(text: str) -> None:
        if texts:
            texts[-1] += text

    def refuse(*_arguments: object) -> None:
        raise _Refused

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(event, True)
    except (expat.ExpatError, _Refused, ValueError):
        return None
    found = root.get("Event")
    return found if isinstance(found, dict) else None
