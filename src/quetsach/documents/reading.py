"""Reads finished documents, Word or PDF, into lines with their letters and places, for checks.

Nothing in a file is run or fetched; its size is checked before it is unpacked.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quetsach.errors import DocumentError
from quetsach.files import bounded_process

MOST_BYTES = 30_000_000
MOST_UNPACKED = 200_000_000
MOST_PAGES = 300
_MM = 25.4 / 72
_EMU = 36_000


@dataclass(frozen=True)
class Line:
    """One line (a paragraph in a Word file). `cell` is its cell in Word, by table, row and column, None
    outside of tables; places are millimetres from the top left, 0 in a Word file."""

    text: str
    size: float
    is_bold: bool
    is_italic: bool
    page: int = 1
    cell: tuple[int, int, int] | None = None
    left: float = 0
    right: float = 0
    top: float = 0


@dataclass(frozen=True)
class Reading:
    """A file as lines. `page` is width and height, `margins` top, bottom, left, right in millimetres, None
    in a PDF; `typefaces` counts characters; `has_numbers` is None where there is no second page."""

    form: str
    lines: tuple[Line, ...]
    page: tuple[float, float]
    margins: tuple[float, float, float, float] | None
    typefaces: Counter[str]
    has_numbers: bool | None


@bounded_process.bounded(
    seconds=60,
    raises=(DocumentError,),
    refused=lambda _error: DocumentError(
        "the file cannot be opened within the limits of memory and time;"
        " save it anew from the program it came from"
    ),
    imports=("docx", "pdfminer.high_level"),
)
def read(raw: bytes) -> Reading:
    """A .docx or .pdf file, recognised by its content. Raises DocumentError for any other or damaged file."""
    if len(raw) > MOST_BYTES:
        raise DocumentError("larger than 30 MB; this is no letter")
    if raw[:1024].lstrip().startswith(b"%PDF-"):
        reader = _read_pdf
    elif raw.startswith(b"PK\x03\x04"):
        reader = _read_docx
    else:
        raise DocumentError("neither a Word file (.docx) nor a PDF; save it as one of these")
    try:
        reading = reader(raw)
    except DocumentError:
        raise
    except ImportError as error:
        raise DocumentError("reading documents needs more: install quetsach[documents]") from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can make the readers raise anything
        raise DocumentError(
            "the file is damaged or encrypted; save it anew from the program it came from"
        ) from error
    if not any(line.text for line in reading.lines):
        raise DocumentError("there is no text in the file, only pictures; a scan cannot be looked at")
    return reading


def _read_docx(raw: bytes) -> Reading:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
            raise DocumentError("unpacks to more than 200 MB; this is no letter")
        if "word/document.xml" not in archive.namelist():
            raise DocumentError("neither a Word file (.docx) nor a PDF; save it as one of these")
    from docx import Document

    file = Document(io.BytesIO(raw))
    section = file.sections[0]
    typefaces: Counter[str] = Counter()
    lines = tuple(_word_lines(file, typefaces))
    length = sum(len(line.text) for line in lines)
    header = section.header._element.xml
    return Reading(
        form="docx",
        lines=lines,
        page=((section.page_width or 0) / _EMU, (section.page_height or 0) / _EMU),
        margins=(
            (section.top_margin or 0) / _EMU,
            (section.bottom_margin or 0) / _EMU,
            (section.left_margin or 0) / _EMU,
            (section.right_margin or 0) / _EMU,
        ),
        typefaces=typefaces,
        has_numbers=bool(re.search(r"\bPAGE\b", header)) if length > 3_000 else None,
    )


def _word_lines(file: Any, typefaces: Counter[str]) -> Iterator[Line]:
    from docx.table import Table

    seen: set[Any] = set()
    for at, part in enumerate(file.iter_inner_content()):
        if not isinstance(part, Table):
            yield from _paragraph(file, part, None, typefaces)
            continue
        for row_at, row in enumerate(part.rows):
            for column, cell in enumerate(row.cells):
                if cell._tc in seen:
                    continue
                seen.add(cell._tc)
                for paragraph in cell.paragraphs:
                    yield from _paragraph(file, paragraph, (at, row_at, column), typefaces)


def _paragraph(
    file: Any, made: Any, cell: tuple[int, int, int] | None, typefaces: Counter[str]
) -> Iterator[Line]:
    mark = "- " if made._p.pPr is not None and made._p.pPr.numPr is not None else ""
    weights: Counter[tuple[float, bool, bool]] = Counter()
    for run in made.runs:
        length = len(run.text.strip())
        name, size, is_bold, is_italic = (_effective(file, made, run, what) for what in _FONT_PARTS)
        weights[(size.pt if size else 10.0, bool(is_bold), bool(is_italic))] += length
        typefaces[name or "?"] += length
    (size, is_bold, is_italic), _ = weights.most_common(1)[0] if weights else ((14.0, False, False), 0)
    for text in made.text.split("\n"):
        if text.strip():
            yield Line(mark + text.strip(), size, is_bold, is_italic, cell=cell)


_FONT_PARTS = ("name", "size", "bold", "italic")


def _effective(file: Any, paragraph: Any, run: Any, what: str) -> Any:
    """A property of the letters: the run's own, else its styles', else the file's default."""
    value = getattr(run.font, what)
    for style in (run.style, paragraph.style):
        while value is None and style is not None:
            value = getattr(style.font, what)
            style = style.base_style
    return _default(file, what) if value is None else value


def _default(file: Any, what: str) -> Any:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    found = file.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    if found is None or what not in {"name", "size"}:
        return None
    if what == "size":
        size = found.find(qn("w:sz"))
        return None if size is None else Pt(int(size.get(qn("w:val"))) / 2)
    fonts = found.find(qn("w:rFonts"))
    return None if fonts is None else fonts.get(qn("w:ascii"))


def _read_pdf(raw: bytes) -> Reading:
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTTextContainer, LTTextLine

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # it reports every oddity of the file
    lines: list[Line] = []
    typefaces: Counter[str] = Counter()
    size = (0.0, 0.0)
    pages = 0
    for page in extract_pages(io.BytesIO(raw), maxpages=MOST_PAGES):
        pages += 1
        size = size if pages > 1 else (page.width * _MM, page.height * _MM)
        found = [
            _pdf_line(line, page.height, pages, typefaces)
            for box in page
            if isinstance(box, LTTextContainer)
            for line in box
            if isinstance(line, LTTextLine) and line.get_text().strip()
        ]
        lines += sorted(found, key=lambda line: (round(line.top), line.left))
    numbered = {line.page for line in lines if line.text.isdecimal() and line.top < 20}
    annexes = {
        line.page for line in lines if line.top < 40 and re.match(r"phụ lục\b", line.text, re.IGNORECASE)
    }
    needed = set(range(2, pages + 1)) - annexes
    return Reading("pdf", tuple(lines), size, None, typefaces, needed <= numbered if needed else None)


def _pdf_line(line: Any, height: float, page: int, typefaces: Counter[str]) -> Line:
    from pdfminer.layout import LTChar

    letters: Counter[tuple[float, bool, bool]] = Counter()
    for char in line:
        if isinstance(char, LTChar) and char.get_text().strip():
            name = char.fontname.split("+")[-1]
            typefaces[re.split(r"[-,]", name)[0]] += 1
            letters[(round(char.size, 1), "Bold" in name, "Italic" in name or "Oblique" in name)] += 1
    (size, is_bold, is_italic), _ = letters.most_common(1)[0] if letters else ((0.0, False, False), 0)
    return Line(
        text=" ".join(line.get_text().split()),
        size=size,
        is_bold=is_bold,
        is_italic=is_italic,
        page=page,
        left=line.x0 * _MM,
        right=line.x1 * _MM,
        top=(height - line.y1) * _MM,
    )
