"""The Word file for its reader: nothing that opens a blank page, and a closing that is never alone."""

from __future__ import annotations

import io
from dataclasses import replace

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph

from quetsach.documents.document import Document, render_docx
from tests.documents.test_render import AT, LETTER, REPORT, MissingUnit


def body(document: Document) -> list:
    """The blocks of the file, without the section at its end."""
    *blocks, section = docx.Document(io.BytesIO(render_docx(document, at=AT))).element.body
    assert section.tag == qn("w:sectPr")
    return blocks


def text_of(block) -> str:
    return "".join(part.text or "" for part in block.iter(qn("w:t")))


MANY = replace(REPORT, missing=tuple(MissingUnit(f"Xã {n}") for n in range(40)))


@pytest.mark.parametrize(
    "document",
    [LETTER, replace(LETTER, annex=None), REPORT, MANY, LETTER.annex],
    ids=["letter", "letter alone", "report", "report with two annexes", "annex"],
)
def test_behind_the_table_that_ends_a_section_nothing_is_high_enough_for_a_page_of_its_own(document) -> None:
    blocks = body(document)
    ends = [n for n, block in enumerate(blocks) if block.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None]
    for end in [*ends, len(blocks) - 1]:
        while blocks[end].tag == qn("w:p") and not (last := Paragraph(blocks[end], None)).text:
            form = last.paragraph_format
            assert form.line_spacing <= Pt(1) and not form.space_before and not form.space_after
            end -= 1
        assert blocks[end].tag == qn("w:tbl") or Paragraph(blocks[end], None).text


@pytest.mark.parametrize("document", [LETTER, REPORT], ids=["letter", "report"])
def test_the_block_before_the_closing_stays_with_it(document) -> None:
    blocks = body(document)
    tables = [n for n, block in enumerate(blocks) if block.tag == qn("w:tbl")]
    closing = next(n for n in tables if "Nơi nhận" in text_of(blocks[n]))
    before = [Paragraph(block, None) for block in blocks[closing - 2 : closing]]
    assert all(one.text and one.paragraph_format.keep_with_next for one in before)


def test_the_rows_of_the_form_stay_together() -> None:
    (table,) = [block for block in body(LETTER.annex) if block.tag == qn("w:tbl")]
    *rows, _last = table.findall(qn("w:tr"))
    for row in rows:
        assert all(Paragraph(one, None).paragraph_format.keep_with_next for one in row.iter(qn("w:p")))


def test_both_annexes_bear_their_numbers() -> None:
    texts = list(map(text_of, body(MANY)))
    assert "Phụ lục I" in texts and "Phụ lục II" in texts and "Phụ lục" not in texts
    assert "Phụ lục" in map(text_of, body(REPORT))


def test_a_draft_carries_its_mark_in_the_head_of_every_page():
    for is_draft in (True, False):
        letter = replace(LETTER, is_draft=is_draft)
        section = docx.Document(io.BytesIO(render_docx(letter, at=AT))).sections[0]
        heads = [section.first_page_header.paragraphs[0], section.header.paragraphs[0]]
        assert [head.text.startswith("DỰ THẢO") for head in heads] == [is_draft, is_draft]
        assert [bool(head._p.xpath(".//w:rPr/w:bdr")) for head in heads] == [is_draft, is_draft]
        assert "PAGE" in "".join(heads[1]._p.itertext()), "pages are still numbered"
