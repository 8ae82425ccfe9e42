"""PDF files: their text line by line. A scan holds only pictures; it is recognised and not read."""

from __future__ import annotations

import io
import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from quetsach.annexes.collecting.paper import MOST_ROWS, MOST_TEXT, Cell, FileProblem, Paper, Place, Row
from quetsach.text.marks import normalize

if TYPE_CHECKING:
    from pypdf import DocumentInformation

MOST_PAGES = 60
_DATE = re.compile(r"D:([0-9]{14})Z$")
"""The spelling of UTC by LibreOffice and others."""
_FEWEST_LETTERS = 40
"""A document with fewer letters is a picture with its scanner's stamp."""


def read(data: bytes) -> Paper:
    """The lines of all pages. Raises FileProblem: `scan`, `encrypted`, `damaged`."""
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise FileProblem("needs_pypdf") from error
    # pypdf reports every oddity that it mends.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    rows: list[Row] = []
    notes: dict[str, dict[str, str | int]] = {}
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileProblem("encrypted")
        for number, page in enumerate(reader.pages, 1):
            if number > MOST_PAGES or len(rows) >= MOST_ROWS:
                notes["too_long"] = {"most": MOST_PAGES}
                break
            for line in normalize("NFC", page.extract_text() or "").splitlines():
                if text := " ".join(line.split())[:MOST_TEXT]:
                    rows.append(Row((Cell(text, Place(page=number)),)))
        pages = len(reader.pages)
        saved = _saved(reader.metadata)
    except FileProblem:
        raise
    except Exception as error:
        # pypdf's own errors, packages that it lacks for AES, and any other fault on a hostile file.
        raise FileProblem("damaged") from error
    if sum(sum(map(str.isalpha, row.text)) for row in rows) < _FEWEST_LETTERS:
        raise FileProblem("scan", pages=pages)
    return Paper(tuple(rows), _utc(saved), notes)


def _saved(about: DocumentInformation | None) -> datetime | None:
    """The time of the last save. A date that cannot be read counts as missing; the paper is still good."""
    try:
        return (about.modification_date or about.creation_date) if about else None
    except ValueError:
        written = about.modification_date_raw or about.creation_date_raw if about else None
        found = _DATE.match(str(written))
        return datetime.strptime(found[1] + "+0000", "%Y%m%d%H%M%S%z") if found else None


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
