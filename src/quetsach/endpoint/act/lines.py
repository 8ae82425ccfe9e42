"""Turns lines of a settings file into remarks, byte by byte; all other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable

from quetsach.endpoint.probes import hosts

_MARK = b"# quetsach: "
_ENDS = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|$)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"

Wanted = Callable[[bytes], bool]


def remark(content: bytes, is_wanted: Wanted) -> bytes:
    """The content, with the wanted lines turned into remarks.

    Raises:
        ValueError: it is UTF-16, whose lines are not bytes.
    """
    if content.startswith(_UTF16):
        raise ValueError("UTF-16")
    head = _BOM if content.startswith(_BOM) else b""
    told = _ENDS.findall(content[len(head) :])
    return head + b"".join(_MARK + line if line and is_wanted(line) else line for line in told)


def naming(pairs: set[tuple[str, str]]) -> Wanted:
    """Matches lines of a hosts file with one of the (name, address) pairs."""
    return lambda line: any((name, address) in pairs for name, address, _n, _m in hosts.entries(line))


def saying(texts: set[str], most: int) -> Wanted:
    """Matches lines equal to one of the texts, cut as probes cut them."""

    def is_wanted(line: bytes) -> bool:
        return line.decode("utf-8", "replace").strip()[:most] in texts

    return is_wanted


def loading(libraries: set[str]) -> Wanted:
    """Matches lines that name one of the libraries and are no remarks."""

    def is_wanted(line: bytes) -> bool:
        text = line.decode("utf-8", "replace").partition("#")[0]
        return any(library in re.split(r"[\s:=\"']+", text) for library in libraries)

    return is_wanted
