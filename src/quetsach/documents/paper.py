"""A document on paper: sections of blocks with their final words, from which files are drawn.

Lengths are millimetres, sizes points. A section starts a page and counts its own pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type Align = Literal["left", "center", "right"]

TEXT_WIDTH = 165
"""From margin to margin: 210 less 30 and 15 (annex I, I.2)."""


@dataclass(frozen=True)
class Header:
    """Boxes 1 to 5b: the country on the right, the bodies on the left. `subject` is only for a công văn."""

    superior: tuple[str, ...]
    issuer: tuple[str, ...]
    number: str
    dateline: str
    subject: str = ""


@dataclass(frozen=True)
class Name:
    """Box 5a: the type's name and the subject of the document."""

    type_name: str
    subject: str


@dataclass(frozen=True)
class Addressees:
    """Box 9a. A single addressee stands behind the colon, several below it with their dashes."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text; `lead` is bold before it, `dots` fills the line to be written on."""

    text: str
    lead: str = ""
    size: int = 14
    is_italic: bool = False
    is_indented: bool = True
    has_dots: bool = False


@dataclass(frozen=True)
class Title:
    """A heading within the text, on the same page as the text after it."""

    text: str


@dataclass(frozen=True)
class Dots:
    """Whole lines to write on."""

    lines: int


@dataclass(frozen=True)
class Table:
    """`head` is repeated on every page. Named columns are bold and, when `is_summed`, the last row."""

    widths: tuple[int, ...]
    aligns: tuple[Align, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: tuple[int, ...] = ()
    is_summed: bool = False
    is_whole: bool = False


@dataclass(frozen=True)
class Closing:
    """The last paragraph with boxes 7 and 9b, kept on one page."""

    text: str
    cc: tuple[str, ...]
    authority: tuple[str, ...]
    signer: str


@dataclass(frozen=True)
class AnnexName:
    """The lines above an annex (II.13); `attached` already has its brackets.

    `number` is Roman, and empty where there is only one annex.
    """

    title: tuple[str, ...]
    attached: str = ""
    number: str = ""


type Block = Header | Name | Addressees | Paragraph | Title | Dots | Table | Closing | AnnexName


@dataclass(frozen=True)
class Paper:
    """`title` goes into the file's properties. `mark` stands in the head of every page, within a frame."""

    title: str
    sections: tuple[tuple[Block, ...], ...]
    mark: str = ""
