"""The cast and settings of the portal's tests, and a process in which no stranger's file may be opened."""

from __future__ import annotations

import email.feedparser
import zipfile
from collections.abc import Iterator

import docx
import pdfminer.high_level
import PIL.Image
import pyhanko.pdf_utils.reader
import pypdf
import pypdfium2
import pytest
import python_calamine

from tests.portal.conftest import _plain_settings, cast  # noqa: F401


def _opened(*_what: object, **_more: object) -> None:
    raise AssertionError("a stranger's file was opened in the process of who asked")


@pytest.fixture
def opened_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every library that opens a file fails in this process. The reading process is fresh and has its own."""
    for module, name in (
        (python_calamine, "CalamineWorkbook"),
        (pypdf, "PdfReader"),
        (pypdfium2, "PdfDocument"),
        (PIL.Image, "open"),
        (docx, "Document"),
        (pdfminer.high_level, "extract_pages"),
        (pyhanko.pdf_utils.reader, "PdfFileReader"),
        (zipfile.ZipFile, "_RealGetContents"),
        (email.feedparser.BytesFeedParser, "feed"),
    ):
        monkeypatch.setattr(module, name, _opened)
    yield
