"""Draws papers as Word files with python-docx, in the layout of Decree 30/2020/NĐ-CP, annex I.

The files name Times New Roman; Word and LibreOffice use the reader's font. Rules under a line are borders of
empty paragraphs, not drawings: LibreOffice and phones place drawings each in their own way.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from quetsach.documents import paper, times_roman, wording
from quetsach.errors import DocumentError

if TYPE_CHECKING:
    from docx.document import Document

    from quetsach.documents.wordparts import Story

KINH_GUI = "Kính gửi:"
HEADER_WIDTHS = (66, 99)
SUBJECT_WIDTH = 56
NAME_WIDTH = 140
SIGNATURE_WIDTH = 85
SIGNATURE_GAP = 71
"""25 mm between title and name for the signature and the seal."""
_SHORT_RULE = 0.42
"""A rule is between a third and half of the line above it."""


def draw(document: paper.Paper, at: datetime) -> bytes:
    """One .docx file. Raises DocumentError when python-docx is not installed."""
    try:
        from quetsach.documents.wordparts import Story, new_file
    except ImportError as error:
        raise DocumentError("writing Word files needs python-docx; install quetsach[documents]") from error
    file = new_file(document.title, at)
    for index, section in enumerate(document.sections):
        story = Story(file, is_first=index == 0, mark=document.mark)
        for block in section:
            _DRAWN[type(block)](story, block)
    story.end()
    return _packed(file, at)


def _packed(file: Document, at: datetime) -> bytes:
    """The file's bytes with `at` as the time of every part, so the same document gives the same bytes."""
    raw, out = io.BytesIO(), io.BytesIO()
    file.save(raw)
    moment = at.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, (max(moment[0], 1980), *moment[1:]))
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return out.getvalue()


def _header(story: Story, block: paper.Header) -> None:
    rows = 3 if block.subject else 2
    table = story.grid(HEADER_WIDTHS, rows)
    left, right = table.cell(0, 0), table.cell(0, 1)
    for line in block.superior:
        story.line(left, line, size=12)
    for line in block.issuer:
        story.line(left, line, size=12, is_bold=True)
    longest = max((times_roman.width(line, 12, is_bold=True) for line in block.issuer), default=0)
    story.rule(left, min(longest, HEADER_WIDTHS[0]) * _SHORT_RULE, HEADER_WIDTHS[0])
    story.line(right, wording.COUNTRY, size=12, is_bold=True)
    story.line(right, wording.MOTTO, size=13, is_bold=True)
    story.rule(right, times_roman.width(wording.MOTTO, 13, is_bold=True), HEADER_WIDTHS[1])
    story.line(table.cell(1, 0), block.number, size=13, before=6)
    story.line(table.cell(1, 1), block.dateline, size=13, is_italic=True, before=6)
    if block.subject:
        margin = (HEADER_WIDTHS[0] - SUBJECT_WIDTH) / 2
        story.line(table.cell(2, 0), block.subject, size=12, before=6, left=margin, right=margin)


def _name(story: Story, block: paper.Name) -> None:
    margin = (paper.TEXT_WIDTH - NAME_WIDTH) / 2
    story.line(None, block.type_name, is_bold=True, before=14)
    story.line(None, block.subject, is_bold=True, left=margin, right=margin)
    longest = min(times_roman.width(block.subject, 14, is_bold=True), NAME_WIDTH)
    story.rule(None, longest * _SHORT_RULE, paper.TEXT_WIDTH)


def _addressees(story: Story, block: paper.Addressees) -> None:
    if len(block.names) == 1:
        story.line(None, f"{KINH_GUI} {block.names[0]}", before=8, after=8)
    elif block.names:
        # The dashes stand under the colon (annex I, II.9.a), and the whole block is in the middle.
        colon = times_roman.width(KINH_GUI[:-1], 14)
        longest = max(times_roman.width(name, 14) for name in block.names)
        left = max(0, (paper.TEXT_WIDTH - colon - longest) / 2)
        story.line(None, KINH_GUI, align="left", left=left, before=8)
        for name in block.names:
            last = name is block.names[-1]
            story.item(None, name, left=left + colon, after=8 if last else 0)


def _paragraph(story: Story, block: paper.Paragraph) -> None:
    story.paragraph(
        block.text,
        lead=block.lead,
        size=block.size,
        is_italic=block.is_italic,
        is_indented=block.is_indented,
        has_dots=block.has_dots,
    )


def _title(story: Story, block: paper.Title) -> None:
    story.paragraph(block.text, is_bold=True, before=8, keeps_next=True)


def _dots(story: Story, block: paper.Dots) -> None:
    for _ in range(block.lines):
        story.paragraph("", is_indented=False, has_dots=True)


def _table(story: Story, block: paper.Table) -> None:
    rows = [block.head, *block.rows]
    table = story.grid(block.widths, len(rows), has_borders=True)
    # table.cell(row, column) lays out the whole table for each cell: half a minute for hundreds of units.
    for row, (drawn, cells) in enumerate(zip(table.rows, rows, strict=True)):
        is_sum = block.is_summed and row == len(rows) - 1
        for column, (cell, words) in enumerate(zip(drawn.cells, cells, strict=True)):
            story.line(
                cell,
                words,
                size=13,
                is_bold=row == 0 or is_sum or column in block.bold,
                align="center" if row == 0 else block.aligns[column],
                keeps_next=(block.is_whole or row == 0) and row < len(rows) - 1,
            )
    story.repeat_head(table)
    story.gap(6)


def _closing(story: Story, block: paper.Closing) -> None:
    story.keep_last()
    story.paragraph(block.text, keeps_next=True)
    table = story.grid((paper.TEXT_WIDTH - SIGNATURE_WIDTH, SIGNATURE_WIDTH), 1)
    left, right = table.cell(0, 0), table.cell(0, 1)
    if block.cc:
        story.line(left, "Nơi nhận:", size=12, is_bold=True, is_italic=True, align="left", before=10)
    for name in block.cc:
        story.item(left, name, size=11)
    for index, line in enumerate(block.authority):
        story.line(right, line, is_bold=True, before=0 if index else 10)
    story.line(right, block.signer, is_bold=True, before=SIGNATURE_GAP)


def _annex_name(story: Story, block: paper.AnnexName) -> None:
    story.line(None, f"Phụ lục {block.number}".rstrip(), is_bold=True)
    for line in block.title:
        story.line(None, line, is_bold=True)
    if block.attached:
        story.line(None, block.attached, is_italic=True)
    story.rule(None, 40, paper.TEXT_WIDTH)
    story.gap(8)


_DRAWN: dict[type, Callable[[Story, Any], None]] = {
    paper.Header: _header,
    paper.Name: _name,
    paper.Addressees: _addressees,
    paper.Paragraph: _paragraph,
    paper.Title: _title,
    paper.Dots: _dots,
    paper.Table: _table,
    paper.Closing: _closing,
    paper.AnnexName: _annex_name,
}
