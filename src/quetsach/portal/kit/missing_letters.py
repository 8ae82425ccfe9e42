"""Characters that a PDF of this server prints as boxes, for the page from which the file is downloaded."""

from __future__ import annotations

from collections.abc import Iterable

from quetsach.documents import pdf
from quetsach.documents.document import Document, missing_characters
from quetsach.errors import DocumentError
from quetsach.text.marks import normalize


def missing_letters(texts: Iterable[str]) -> str:
    """The characters of these texts by code point and name; empty if every character can be printed."""
    try:
        return pdf.names(pdf.missing(normalize("NFC", " ".join(texts))))
    except DocumentError:
        return ""  # nothing can be drawn here, and the download says why


def missing_letters_of(document: Document) -> str:
    """The same for all texts of a document."""
    try:
        return pdf.names(missing_characters(document))
    except DocumentError:
        return ""
