"""The parts of a Word file: pages, paragraphs, grids, rules. Lengths are millimetres, sizes and gaps points.

Elements stand in the order of the schema (ISO/IEC 29500-1, 17.3, 17.4, 17.6): Word offers to repair a file
with elements in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from docx import Document as open_template
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph as TextParagraph

from quetsach.documents import paper
from quetsach.documents.paper import TEXT_WIDTH

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

FONT = "Times New Roman"
_STYLES_OF_WORD_2010 = "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects"
"""A second copy of the styles in python-docx's template; where both differ, Word may offer a repair."""
_INDENT = 12.7
_TWIPS = 1440 / 25.4
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_AFTER_BORDERS = (
    "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct",
    "w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi", "w:adjustRightInd", "w:snapToGrid",
    "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents", "w:suppressOverlap", "w:jc",
    "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle",
    "w:rPr", "w:sectPr", "w:pPrChange",
)  # fmt: skip

_AFTER_COMPAT = (
    "w:docVars", "w:rsids", "m:mathPr", "w:attachedSchema", "w:themeFontLang", "w:clrSchemeMapping",
    "w:doNotIncludeSubdocsInStats", "w:doNotAutoCompressPictures", "w:forceUpgrade", "w:captions",
    "w:readModeInkLockDown", "w:smartTagType", "w:shapeDefaults", "w:doNotEmbedSmartTags",
    "w:decimalSymbol", "w:listSeparator",
)  # fmt: skip


def new_file(title: str, at: datetime) -> Document:
    """An empty file with our page and letters, without the properties of python-docx's template."""
    file = open_template()
    package = file.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
            package.rels.pop(key)
    for key, relation in list(file.part.rels.items()):
        if relation.reltype == _STYLES_OF_WORD_2010:
            file.part.rels.pop(key)
    properties = file.core_properties
    properties.title, properties.author, properties.comments, properties.language = (
        title[:255],
        "",
        "",
        "vi-VN",
    )
    properties.last_modified_by, properties.revision = "", 1
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(14)
    spacing = normal.paragraph_format
    spacing.space_before = spacing.space_after = Pt(0)
    spacing.line_spacing = 1.0
    for run in file.styles.element.iter(qn("w:rPr")):
        _plain_letters(run)
    _as_word_2013(file)
    for language in file.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "vi-VN")
    return file


def _plain_letters(properties: Any) -> None:
    """Name the typeface itself for all scripts, instead of the template's theme."""
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        return
    fonts.attrib.clear()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FONT)


def _as_word_2013(file: Document) -> None:
    """Without this Word shows "Compatibility Mode" and moves tables out of the margin by their padding."""
    settings = file.settings.element
    for zoom in settings.findall(qn("w:zoom")):
        zoom.set(qn("w:percent"), "100")  # required by the schema, missing in the template
    for old in settings.findall(qn("w:compat")):
        settings.remove(old)
    compat = _element("w:compat")
    compat.append(
        _element(
            "w:compatSetting",
            name="compatibilityMode",
            uri="http://schemas.microsoft.com/office/word",
            val=15,
        )
    )
    settings.insert_element_before(compat, *_AFTER_COMPAT)


def _element(tag: str, **values: object) -> Any:
    made = OxmlElement(tag)
    for name, value in values.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


class Story:
    """The content from the start of a page on, with its own page numbers."""

    def __init__(self, file: Document, *, is_first: bool, mark: str = "") -> None:
        self._file = file
        section = file.sections[0] if is_first else file.add_section(WD_SECTION.NEW_PAGE)
        if not is_first:
            # The break stands in a paragraph: as high as a line it would open a blank page below a full one.
            for made in _last_empty(file):
                _as_low_as_possible(made)
        _page(section)
        if is_first:
            _number_pages(section, mark)

    def grid(self, widths: Sequence[float], rows: int, *, has_borders: bool = False) -> Table:
        """A table of fixed columns; without borders also without any padding."""
        table: Table = self._file.add_table(rows, len(widths))
        table.alignment = WD_TABLE_ALIGNMENT.LEFT
        _table_properties(table, widths, has_borders=has_borders)
        for column, mm in zip(table.columns, widths, strict=True):
            column.width = Mm(mm)
        for row in table.rows:
            row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
            for cell, mm in zip(row.cells, widths, strict=True):
                cell.width = Mm(mm)
                if has_borders:
                    cell._tc.get_or_add_tcPr().append(_element("w:vAlign", val="center"))
        return table

    def repeat_head(self, table: Table) -> None:
        """Show the first row on every page that the table reaches."""
        table.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader"))

    def line(
        self,
        cell: _Cell | None,
        text: str,
        *,
        size: float = 14,
        is_bold: bool = False,
        is_italic: bool = False,
        align: paper.Align = "center",
        before: float = 0,
        after: float = 0,
        left: float = 0,
        right: float = 0,
        keeps_next: bool = False,
    ) -> None:
        """A line of an element, in a cell or across the page."""
        made = self._new(cell)
        made.alignment = _ALIGN[align]
        form = made.paragraph_format
        form.space_before, form.space_after = Pt(before), Pt(after)
        form.keep_with_next = keeps_next or None
        if left or right:
            form.left_indent, form.right_indent = Mm(left), Mm(right)
        _write(made, text, size, is_bold, is_italic)

    def item(
        self, cell: _Cell | None, text: str, *, size: float = 14, left: float = 0, after: float = 0
    ) -> None:
        """A line with a dash; its further lines are indented to the text behind the dash."""
        made = self._new(cell)
        form = made.paragraph_format
        hanging = Pt(size * 0.58)
        form.left_indent, form.first_line_indent = Mm(left) + hanging, -hanging
        form.space_after = Pt(after)
        _write(made, text, size, False, False)

    def paragraph(
        self,
        text: str,
        *,
        lead: str = "",
        size: float = 14,
        is_bold: bool = False,
        is_italic: bool = False,
        is_indented: bool = True,
        has_dots: bool = False,
        before: float = 0,
        keeps_next: bool = False,
    ) -> None:
        """Running text from margin to margin."""
        made = self._new(None)
        made.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        form = made.paragraph_format
        form.space_before, form.space_after = Pt(before), Pt(6)
        form.keep_with_next = keeps_next or None
        if is_indented:
            form.first_line_indent = Mm(_INDENT)
        if lead:
            _write(made, lead, size, True, False)
        _write(made, text, size, is_bold, is_italic)
        if has_dots:
            made.alignment = WD_ALIGN_PARAGRAPH.LEFT
            form.tab_stops.add_tab_stop(Mm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
            _write(made, "\t", size, False, False)

    def rule(self, cell: _Cell | None, length: float, room: float) -> None:
        """A rule of `length` in the middle of `room`."""
        made = self._new(cell)
        margin = max(0.0, (room - length) / 2)
        form = made.paragraph_format
        form.left_indent = form.right_indent = Mm(margin)
        form.space_before, form.line_spacing = Pt(2), Pt(2)
        borders = _element("w:pBdr")
        borders.append(_element("w:top", val="single", sz=6, space=0, color="auto"))
        made._p.get_or_add_pPr().insert_element_before(borders, *_AFTER_BORDERS)
        _write(made, "", 1, False, False)

    def end(self) -> None:
        """Close the file with the lowest paragraph; Word adds a high one of its own below a table."""
        if self._file.element.body[-2].tag == qn("w:tbl"):  # the last element of a body is its section
            self._new(None)
        for made in _last_empty(self._file):
            _as_low_as_possible(made)

    def keep_last(self) -> None:
        """Keep the last block, or the last line or row of it, on the page of the next block."""
        for element in reversed(self._file.element.body):
            if element.tag == qn("w:tbl"):
                row = element.findall(qn("w:tr"))[-1]
                for made in row.iter(qn("w:p")):
                    made.get_or_add_pPr().keepNext_val = True
                return
            if element.tag == qn("w:p"):
                element.get_or_add_pPr().keepNext_val = True
                if "".join(element.itertext()).strip():
                    return

    def gap(self, height: float) -> None:
        """An empty line of a height; without it two adjacent tables would become one."""
        form = self._new(None).paragraph_format
        form.line_spacing = Pt(height)

    def _new(self, cell: _Cell | None) -> Paragraph:
        made: Paragraph = (self._file if cell is None else cell).add_paragraph()
        if cell is not None and cell.paragraphs[0]._p.pPr is None and not cell.paragraphs[0].runs:
            cell._tc.remove(cell.paragraphs[0]._p)  # a new cell comes with a paragraph
        return made


def _last_empty(file: Document) -> list[Paragraph]:
    """The paragraphs without text at the end of the file."""
    found: list[Paragraph] = []
    for element in reversed(file.element.body[:-1]):  # the last element is the section
        if element.tag == qn("w:tbl") or (made := TextParagraph(element, file._body)).text:
            break
        found.append(made)
    return found


def _as_low_as_possible(made: Paragraph) -> None:
    form = made.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing = Pt(1)


def _write(made: Paragraph, text: str, size: float, is_bold: bool, is_italic: bool) -> None:
    run = made.add_run(text)
    run.font.size = Pt(size)
    run.font.name = FONT
    run.font.bold = is_bold or None
    run.font.italic = is_italic or None


def _page(section: Section) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    for old in section._sectPr.findall(qn("w:pgNumType")):
        section._sectPr.remove(old)
    section._sectPr.insert_element_before(
        _element("w:pgNumType", start=1),
        "w:cols", "w:formProt", "w:vAlign", "w:noEndnote", "w:titlePg", "w:textDirection", "w:bidi",
        "w:rtlGutter", "w:docGrid", "w:printerSettings", "w:sectPrChange",
    )  # fmt: skip


def _number_pages(section: Section, mark: str) -> None:
    """The number in the middle of the top margin; the first page shows none. A mark stands left of it, on all
    pages. Later sections inherit both."""
    section.first_page_header.is_linked_to_previous = False
    made = section.header.paragraphs[0]
    made.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if mark:
        _mark(section.first_page_header.paragraphs[0], mark)
        made.alignment = WD_ALIGN_PARAGRAPH.LEFT
        made.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_WIDTH / 2), WD_TAB_ALIGNMENT.CENTER)
        _mark(made, mark)
        _write(made, "\t", 13, False, False)
    for kind, code in (("begin", ""), ("", "PAGE"), ("separate", ""), ("text", "2"), ("end", "")):
        run = made.add_run("2" if kind == "text" else "")
        run.font.size, run.font.name = Pt(13), FONT
        if code:
            instruction = _element("w:instrText")
            instruction.text = code
            run._r.append(instruction)
        elif kind != "text":
            run._r.append(_element("w:fldChar", fldCharType=kind))


def _mark(made: Paragraph, mark: str) -> None:
    """Bold letters within a frame."""
    _write(made, mark, 13, True, False)
    made.runs[-1]._r.get_or_add_rPr().append(_element("w:bdr", val="single", sz=6, space=0, color="auto"))


def _table_properties(table: Table, widths: Sequence[float], *, has_borders: bool) -> None:
    """Written anew: python-docx appends elements that it does not know, but their order is fixed."""
    properties = table._tbl.tblPr
    for child in list(properties):
        properties.remove(child)
    properties.append(_element("w:tblW", w=round(sum(widths) * _TWIPS), type="dxa"))
    properties.append(_element("w:jc", val="left"))
    properties.append(_element("w:tblInd", w=0, type="dxa"))
    if has_borders:
        borders = _element("w:tblBorders")
        for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
            borders.append(_element(f"w:{side}", val="single", sz=4, space=0, color="auto"))
        properties.append(borders)
    properties.append(_element("w:tblLayout", type="fixed"))
    margins = _element("w:tblCellMar")
    sides = (80, 100) if has_borders else (0, 0)
    for side, twips in zip(("top", "left", "bottom", "right"), sides * 2, strict=True):
        margins.append(_element(f"w:{side}", w=twips, type="dxa"))
    properties.append(margins)
    properties.append(_element("w:tblLook", val="0000"))
