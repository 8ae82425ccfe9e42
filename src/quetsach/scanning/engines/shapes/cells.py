"""The cells of one line of separated values, quoted as RFC 4180 says."""

from __future__ import annotations

_SPACE = b" \t"


def cells(line: bytes, separator: bytes) -> list[bytes]:
    """Cells without white space around them.

    A cell that starts with `"` goes on to the next single `"`, or to the end of the line; two stand for one.
    Text behind the closing quote belongs to the cell.
    """
    if b'"' not in line:
        return [cell.strip(_SPACE) for cell in line.split(separator)]
    found = []
    at = 0
    while True:
        while line[at : at + 1] in (b" ", b"\t") and line[at : at + 1] != separator:
            at += 1
        quoted = b""
        if line[at : at + 1] == b'"':
            quoted, at = _quoted(line, at + 1)
        end = line.find(separator, at)
        rest = line[at : end if end >= 0 else len(line)]
        found.append(quoted + rest.rstrip(_SPACE) if quoted else rest.strip(_SPACE))
        if end < 0:
            return found
        at = end + 1


def _quoted(line: bytes, at: int) -> tuple[bytes, int]:
    """The text up to the closing quote, and the place behind that quote."""
    parts: list[bytes] = []
    while True:
        end = line.find(b'"', at)
        if end < 0:
            return b'"'.join([*parts, line[at:]]), len(line)
        parts.append(line[at:end])
        if line[end + 1 : end + 2] != b'"':
            return b'"'.join(parts), end + 1
        at = end + 2
