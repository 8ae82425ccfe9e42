"""The output of `nfdump -o line`, `long` or `extended`: unchanged, but shortened addresses raise an error.

These forms cut the middle out of a long IPv6 address (`2001:db..:5555:9`), and many addresses share both
ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.errors import SourceError
from quetsach.files.openers.opened import Blocks, Opened
from quetsach.files.source import ByteStream

_FIRST = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:"
    rb"Date (?:first seen|flow start) +Duration +Proto +Src IP Addr:Port +Dst IP Addr:Port"
    rb" +(?:Flags +Tos +)?Packets "
    rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +[\d:.]+ +[A-Za-z0-9-]+ +\S+ +-> +\S+"
    rb" +(?:[.A-Z]{6,8} +)?[\d. KMGT]+\r?$)",
    re.M,
)
_SHORT = re.compile(rb"^.*[0-9a-f:]\.\.[0-9a-f:].*$", re.M)
_BLOCK_BYTES = 1 << 18


def begins(start: bytes) -> bool:
    """Whether it starts with the heading of one of these forms or, without a heading, with such a flow."""
    return bool(_FIRST.match(start))


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the flows. Raises SourceError at the end where addresses were shortened."""
    yield file.inner("", Blocks(_counted(file.stream)), format="nfdump")


def _counted(stream: ByteStream) -> Iterator[bytes]:
    short, held = 0, b""
    while block := stream.read(_BLOCK_BYTES):
        yield block
        whole, _, held = (held + block).rpartition(b"\n")
        short += len(_SHORT.findall(whole)) if b".." in whole else 0
        if len(held) > _BLOCK_BYTES:
            held = b""
    short += bool(_SHORT.search(held))
    if short:
        raise SourceError(
            f"{short} flows show IPv6 addresses that nfdump shortened, which cannot be compared; print them"
            " in full: nfdump -6 (or -o line6, long6), -o csv or -o json"
        )
