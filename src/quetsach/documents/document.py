"""Official documents of a campaign, laid out by Decree 30/2020/NĐ-CP, annex I: letter, report, annex.

Data only. An empty field is printed as a blank to be filled in by hand, never as an invented value.
`render_pdf` and `render_docx` give the same bytes for the same document and moment. The program sets list
marks, capitals and end punctuation (`quetsach.documents.wording`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from quetsach.errors import DocumentError
from quetsach.text.marks import normalize

if TYPE_CHECKING:
    from quetsach.documents.pdf import Drawn

LONGEST_TEXT = 10_000
"""Characters that one paragraph may hold."""
MOST_MISSING_IN_TEXT = 10
"""A longer list of missing units goes to an annex of the report."""


@dataclass(frozen=True)
class Heading:
    """The head above the text. `superior` is empty for a People's Committee; names may hold line breaks.

    `symbol` is the text behind the number's slash, such as `UBND-VP`; `day` None prints a blank date of
    `year`.
    """

    issuer: str
    symbol: str
    place: str
    superior: str = ""
    number: str = ""
    day: date | None = None
    year: int | None = None


@dataclass(frozen=True)
class Signature:
    """`lines` as in article 13 (`TL. CHỦ TỊCH`, `CHÁNH VĂN PHÒNG`); `name` without academic titles."""

    lines: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class AnnexRow:
    """One row of the annex; `count` None prints a blank, not a zero."""

    number: int
    content: str
    count: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Annex:
    """The statistics form that units send back. Empty texts print dotted lines.

    `attached_to` is the line in brackets under the title, such as `Kèm theo Công văn số …`. `prepared` are
    the lines at its end about its moment.
    """

    rows: tuple[AnnexRow, ...]
    unit: str = ""
    assessment: str = ""
    proposals: str = ""
    footnote: str = ""
    title: str = "Mẫu thống kê, báo cáo kết quả triển khai"
    attached_to: str = ""
    prepared: str = ""


@dataclass(frozen=True)
class Letter:
    """A công văn: no type name, the subject under the number. Paragraphs with "- " before them are a list.

    `is_draft`: every page carries the mark of a draft in its head, for a letter without number and date.
    """

    heading: Heading
    subject: str
    addressees: tuple[str, ...]
    paragraphs: tuple[str, ...]
    signature: Signature
    cc: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    annex: Annex | None = None
    is_draft: bool = False


@dataclass(frozen=True)
class Report:
    """A báo cáo in its author's own words: the type's name above the subject, `figures` as a table below.

    A paragraph that starts with a Roman number is the title of a part.
    """

    heading: Heading
    subject: str
    addressees: tuple[str, ...]
    paragraphs: tuple[str, ...]
    signature: Signature
    figures: tuple[AnnexRow, ...] = ()
    cc: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    annex: Annex | None = None


@dataclass(frozen=True)
class FigureRow:
    """One of the four figures: the unit's own, the accepted figures of the units below, and their sum."""

    number: int
    content: str
    own: int | None
    below: int | None
    total: int


@dataclass(frozen=True)
class CountRow:
    """A named count, such as machines in one state."""

    name: str
    count: int


@dataclass(frozen=True)
class MachineRow:
    """A figure of machines: now, as frozen with the report that was sent, and as restated since."""

    name: str
    now: int
    frozen: int | None = None
    restated: int | None = None


@dataclass(frozen=True)
class SoftwareRow:
    """A cracked product: copies found and replaced; a copy is one product on one machine."""

    name: str
    found: int
    replaced: int


@dataclass(frozen=True)
class MissingUnit:
    """A unit that is not in the sum, and why."""

    name: str
    reason: str = ""


@dataclass(frozen=True)
class Proposal:
    """A proposal of a unit, in its own words."""

    unit: str
    text: str


@dataclass(frozen=True)
class OfficialReport:
    """A báo cáo on a campaign. `accepted` of `expected` units below are in the sum; the others are `missing`.

    `as_of` gives the date of the figures, in words. `opening` is the first sentence, unfinished.
    `remark` stands under the four figures, for example that some are not accepted yet; `examined` names the
    logs that were looked at. `moments` are lines under the narrative, for example that some of its sentences
    rest on older figures. Without logs and machines the report says that nothing can be concluded.
    `machine_figures` stand below the table of `machines`, and `machine_notes` under them: what was frozen,
    and why it was restated. `software` are the cracked products that were found, `software_examined` says
    what was looked at for them.
    More than MOST_MISSING_IN_TEXT missing units stand in an annex of their own, headed like `annex`.
    """

    heading: Heading
    subject: str
    addressees: tuple[str, ...]
    opening: str
    narrative: tuple[str, ...]
    figures: tuple[FigureRow, ...]
    accepted: int
    expected: int
    missing: tuple[MissingUnit, ...]
    machines: tuple[CountRow, ...]
    proposals: tuple[Proposal, ...]
    as_of: str
    signature: Signature
    moments: tuple[str, ...] = ()
    remark: str = ""
    examined: str = ""
    machine_figures: tuple[MachineRow, ...] = ()
    machine_notes: tuple[str, ...] = ()
    software: tuple[SoftwareRow, ...] = ()
    software_examined: str = ""
    cc: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    annex: Annex | None = None


@dataclass(frozen=True)
class Facts:
    """A table of named facts, a row each. Its head is `title` over the names and `subject` over the facts."""

    title: str
    subject: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Listing:
    """A table of its own head and rows; `widths` in millimetres, 165 together."""

    head: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """A part of a notice: its title, its paragraphs, and its tables below them."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Facts | Listing, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A notice in parts, with its evidence as an annex.

    `type_name` is printed above the subject, such as `Báo cáo`; without it the notice is a công văn.
    `opening` stands before the parts, `closing` is the last sentence. `is_draft` as of a letter.
    """

    heading: Heading
    subject: str
    addressees: tuple[str, ...]
    opening: tuple[str, ...]
    parts: tuple[Part, ...]
    closing: str
    signature: Signature
    type_name: str = ""
    basis: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    evidence: tuple[Part, ...] = ()
    evidence_title: str = ""
    is_draft: bool = False


type Document = Letter | Report | OfficialReport | Annex | Notice


def render_pdf(document: Document, *, at: datetime) -> bytes:
    """The document as PDF/A-2b (ISO 19005-2). `at` (with a zone) is written into it as its creation time.

    A character that no font of the machine can draw (such as an emoji) is printed as a box, and a notice on
    the first page names it.

    Raises DocumentError when a text cannot be printed or the drawing fails.
    """
    return draw_pdf(document, at=at).content


def draw_pdf(document: Document, *, at: datetime) -> Drawn:
    """The file of `render_pdf`, and the characters that it lacks."""
    from quetsach.documents import composition, pdf

    return pdf.draw(composition.compose(printable(document, at)), at)


def missing_characters(document: Document) -> tuple[str, ...]:
    """The characters that the PDF prints as boxes, because no font of this machine has them."""
    from quetsach.documents import pdf

    return pdf.missing(" ".join(_texts(document)))


def render_pages(document: Document, *, at: datetime, dpi: int = 84) -> list[bytes]:
    """The pages as PNG images, for a screen. Raises DocumentError as `render_pdf` does."""
    from quetsach.documents import composition, pdf

    return pdf.images(composition.compose(printable(document, at)), dpi)


def render_docx(document: Document, *, at: datetime) -> bytes:
    """The document as a Word file (ISO/IEC 29500 transitional) in Times New Roman; `at` as in `render_pdf`.

    Raises DocumentError when a text cannot be printed or python-docx is not installed.
    """
    from quetsach.documents import composition, word

    return word.draw(composition.compose(printable(document, at)), at)


def printable[D: Document](document: D, at: datetime) -> D:
    """The document in composed Unicode, without invisible marks. Raises DocumentError that names a bad
    field."""
    if at.tzinfo is None:
        raise DocumentError("the moment of a document needs a time zone")
    clean: D = _clean(document, type(document).__name__)
    return clean


def _clean(value: Any, where: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        texts = {f.name: _clean(getattr(value, f.name), f"{where}.{f.name}") for f in fields(value)}
        return replace(value, **texts)
    if isinstance(value, tuple):
        return tuple(_clean(item, f"{where}[{index}]") for index, item in enumerate(value))
    if isinstance(value, str):
        return clean_text(value, where)
    return value


def _texts(value: Any) -> Iterator[str]:
    """All texts of a document."""
    if is_dataclass(value):
        value = tuple(getattr(value, one.name) for one in fields(value))
    if isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield normalize("NFC", value)


def clean_text(value: str, where: str) -> str:
    """A text fit for printing. Raises DocumentError when it is too long or holds control characters."""
    if len(value) > LONGEST_TEXT:
        raise DocumentError(
            f"{where}: longer than {LONGEST_TEXT} characters; shorten it or attach it as a file"
        )
    text = normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")).strip()
    if strange := unprintable(text):
        raise DocumentError(f"{where}: the character U+{ord(strange):04X} cannot be printed; delete it")
    # Pasted text brings invisible marks; a direction override would reverse the printed line.
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def unprintable(text: str) -> str:
    """The first character that no XML file may hold, such as a control or half of a pair; empty if none."""
    for char in text:
        if char in "\n\r\t":
            continue
        if unicodedata.category(char) in {"Cc", "Cs"} or ord(char) & 0xFFFE == 0xFFFE:
            return char
    return ""
