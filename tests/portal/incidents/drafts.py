"""Incidents that are opened, and the text of their papers."""

import io
from uuid import uuid4

import docx
from django.urls import reverse
from pypdf import PdfReader

from quetsach.portal.incidents import actions


def url(name, *more):
    return reverse(name, args=["lam-sach", *more])


def opened(cast, cases, unit="A"):
    return actions.open_incident(cast.user(unit, "officer"), cast.nodes[unit], uuid4(), cases)


def words(answer):
    """The text of a PDF or Word file, its lines joined."""
    content = answer.content if hasattr(answer, "content") else answer
    if content.startswith(b"%PDF"):
        text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    else:
        file = docx.Document(io.BytesIO(content))
        cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
        text = "\n".join([*(one.text for one in file.paragraphs), *cells])
    return " ".join(text.split())


def in_draft(cast, made, kind="report"):
    return words(cast.client("A", "officer").get(url("incident_draft", made.pk, kind, "docx")))
