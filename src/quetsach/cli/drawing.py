"""Draws a document for a command, and tells on stderr how the PDF differs from what was meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.documents.document import Document


def drawn(document: Document, suffix: str) -> bytes:
    """The document as PDF or Word file, by the suffix of its name.

    Raises DocumentError as `render_pdf` does.
    """
    from quetsach.documents import pdf
    from quetsach.documents.document import draw_pdf, render_docx

    now = datetime.now(UTC)
    if suffix.lower() != ".pdf":
        return render_docx(document, at=now)
    made = draw_pdf(document, at=now)
    if made.missing:
        click.echo(
            _(
                "No font of this machine has %(characters)s: each is a box in the PDF, and a notice on its "
                "first page says so. Replace them and write it again, or write a .docx."
            )
            % {"characters": pdf.names(made.missing)},
            err=True,
        )
    if not pdf.is_in_times():
        click.echo(
            _(
                "This machine has neither Times New Roman nor Liberation Serif 2, so the PDF is in another "
                "typeface than the Decree asks for. Install fonts-liberation2, or put times*.ttf into the "
                "folder that QUETSACH_FONTS names, and write it again."
            ),
            err=True,
        )
    return made.content
