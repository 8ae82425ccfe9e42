"""The query log of AdGuard Home (querylog.json); its answers are DNS messages in Base64.

Each line comes out unchanged, but with `Answers` (names and addresses) and `Rcode` in place of `Answer`.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator

from quetsach.files.openers import jsonlines, linewise
from quetsach.files.openers.dnsmessage import read_answers
from quetsach.files.openers.opened import Opened
from quetsach.files.source import ByteStream

_FIRST = re.compile(rb'\s*\{"(?:T|IP)":"[^"]{2,64}","')
_KEYS = (b'"QH":', b'"QT":', b'"Result":')


def begins(start: bytes) -> bool:
    """Whether the first line is an entry of a query log."""
    first = start.partition(b"\n")[0]
    return bool(_FIRST.match(first)) and all(key in first for key in _KEYS)


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the queries."""
    yield jsonlines.opened(file, lines(file.stream), format="adguardhome")


def lines(stream: ByteStream) -> Iterator[bytes]:
    """Every line; a line that is no entry stays as it is."""
    return linewise.lines(stream, _line)


def _line(line: bytes) -> bytes:
    if b'"Answer":"' not in line:
        return line
    try:
        entry = json.loads(line)
        message = binascii.a2b_base64(entry.pop("Answer"))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return line
    entry.pop("OrigAnswer", None)
    rcode, entry["Answers"] = read_answers(message)
    entry["Rcode"] = rcode
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
