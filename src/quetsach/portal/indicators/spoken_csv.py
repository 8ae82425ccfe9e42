"""The stored CSV files of a list in the language of the page: headings and words; codes and kinds stay.

The files are stored once, with English keys. Words are put in while the file is sent, line by line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.http import StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.indicators.words import CODES
from quetsach.text.cells import guarded

HEADS: dict[str, str | Promise] = {
    "what": _("What happened"),
    "file": _("File"),
    "line": _("Line"),
    "value": _("Entry"),
    "code": _("Code of the reason"),
    "reason": _("Reason"),
    "change": _("Change"),
    "entry": _("Entry"),
    "kind": _("Kind (code)"),
    "family": _("Family"),
    "source": _("Source"),
}
WORDS: dict[str, str | Promise] = {
    "rejected": _("could not be read"),
    "stopped": _("left out"),
    "warned": _("doubtful"),
    "changed": _("taken with a change"),
    "added": _("added"),
    "removed": _("removed"),
}
_MARK = b"\xef\xbb\xbf"
"""The byte order mark, by which Excel recognises UTF-8."""


def notes(file: Path, name: str) -> StreamingHttpResponse:
    """Every note, with the reason in words."""
    words, reasons = _said(WORDS), _said(CODES)
    return _sent(_notes(file, _said(HEADS), words, reasons), name)


def changes(file: Path, name: str) -> StreamingHttpResponse:
    """Every change. A million lines go through untouched but for their first word."""
    return _sent(_changes(file, _said(HEADS), _said(WORDS)), name)


def _said(words: dict[str, str | Promise]) -> dict[str, str]:
    """The words now: a stream is read when the request, and its language, may be gone."""
    return {key: str(word) for key, word in words.items()}


def _sent(lines: Iterator[bytes], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _notes(
    file: Path, heads: dict[str, str], words: dict[str, str], reasons: dict[str, str]
) -> Iterator[bytes]:
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        columns = rows.fieldnames or ()
        yield _MARK + _line([heads.get(column, column) for column in columns])
        for row in rows:
            row["what"] = words.get(row["what"], row["what"])
            row["reason"] = reasons.get(row["code"], row["reason"])
            yield _line([row[column] or "" for column in columns])


def _changes(file: Path, heads: dict[str, str], words: dict[str, str]) -> Iterator[bytes]:
    starts = {f"{key},".encode(): f"{words[key]},".encode() for key in ("added", "removed")}
    with file.open("rb") as lines:
        columns = next(lines, b"").decode().strip().split(",")
        yield _MARK + _line([heads.get(column, column) for column in columns])
        for line in lines:
            key, comma, rest = line.partition(b",")
            yield starts.get(key + comma, key + comma) + rest


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(map(guarded, cells))
    return out.getvalue().encode()
