"""The link targets of a workbook's cells: hyperlinks, and HYPERLINK formulas, whose value may be unsaved."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zipfile import ZipFile

# Matches in linear time: a hostile sheet has a million openings without an end.
_FORMULA = re.compile(
    rb'<(?:\w{1,9}:)?c\b[^<>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^<>]*>\s*'
    rb"<(?:\w{1,9}:)?f\b[^<>]*>\s*HYPERLINK\(([^<>]*)</",
    re.IGNORECASE,
)
_ARGUMENTS = re.compile(r'\s*"((?:[^"]|"")*)"(?:\s*,\s*(?:"((?:[^"]|"")*)")?[^"]*)?\)\s*')
_ELEMENT = re.compile(rb"<(?:\w{1,9}:)?(sheet|hyperlink|Relationship)\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb'(?:\w{1,9}:)?(\w{1,40})\s*=\s*(?:"([^"<>]*)"|\'([^\'<>]*)\')')
_MOST_BYTES = 1 << 20
"""Bytes of a part that only names other parts."""


class Link(NamedTuple):
    """The target of a cell's link, and the text that its formula shows; "" for a hyperlink."""

    target: str
    shown: str = ""


def links_of(packed: ZipFile) -> dict[str, dict[tuple[int, int], Link]]:
    """The links of a workbook by sheet, then by row and column from 0."""
    names = {name.lower(): name for name in packed.namelist()}
    book = "xl/workbook.xml"
    targets = _relations(packed, names, book)
    parts = {
        unescape(found.get("name", "")): targets.get(found.get("id", ""), "")
        for found in _elements(packed, names, book, b"sheet")
    }
    return {sheet: dict(_links(packed, names, part)) for sheet, part in parts.items() if part}


def _links(packed: ZipFile, names: dict[str, str], part: str) -> Iterator[tuple[tuple[int, int], Link]]:
    if part.lower() not in names:
        return
    name = names[part.lower()]
    with packed.open(name) as member:
        text = member.read(packed.getinfo(name).file_size)
    if b"<hyperlink" in text or b":hyperlink" in text:
        targets = _relations(packed, names, part)
        for found in _attributes(text, b"hyperlink"):
            place = _place(found.get("ref", "").partition(":")[0])
            if place is not None and (target := targets.get(found.get("id", ""))):
                yield place, Link(target)
    if b"HYPERLINK(" in text.upper():
        for column, row, arguments in _FORMULA.findall(text):
            read = _ARGUMENTS.fullmatch(unescape(arguments.decode("utf-8", "replace")))
            place = _place((column + row).decode())
            if read is not None and place is not None:
                target, shown = ((word or "").replace('""', '"') for word in read.groups())
                yield place, Link(target, shown or target)


def _relations(packed: ZipFile, names: dict[str, str], part: str) -> dict[str, str]:
    """The targets of a part's relations: addresses as they are, parts by their name in the package."""
    folder, name = posixpath.split(part)
    found = {}
    for one in _elements(packed, names, f"{folder}/_rels/{name}.rels", b"Relationship"):
        target = unescape(one.get("Target", ""))
        if one.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join(f"/{folder}", target)).lstrip("/")
        found[one.get("Id", "")] = target
    return found


def _elements(packed: ZipFile, names: dict[str, str], part: str, tag: bytes) -> list[dict[str, str]]:
    if part.lower() not in names:
        return []
    with packed.open(names[part.lower()]) as member:
        return list(_attributes(member.read(_MOST_BYTES), tag))


def _attributes(text: bytes, tag: bytes) -> Iterator[dict[str, str]]:
    for name, rest in _ELEMENT.findall(text):
        if name == tag:
            yield {
                key.decode(): (one or other).decode("utf-8", "replace")
                for key, one, other in _ATTRIBUTE.findall(rest)
            }


def _place(cell: str) -> tuple[int, int] | None:
    """`B2` as row 1 and column 1."""
    letters = cell.rstrip("0123456789")
    digits = cell[len(letters) :]
    if not (letters.isascii() and letters.isalpha() and 0 < len(letters) <= 3 and 0 < len(digits) <= 7):
        return None
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1, column - 1
