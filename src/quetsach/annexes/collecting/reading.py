"""Chooses the reader for a file by its content, not by its name; other files get an error with
advice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from quetsach.annexes.collecting import annex, messages
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.files import container, docx, legacy, pdf, xlsx
from quetsach.annexes.collecting.files.office import Office
from quetsach.annexes.collecting.files.picture import can_be_opened, pages_of_tiff
from quetsach.annexes.collecting.folding import storable
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.paper import Cell, FileProblem, Paper, Row
from quetsach.files import bounded_process, workbook

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"BM")
_OF_TELEPHONES = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_PACKERS = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_OUTLOOK = "__substg1.0_".encode("utf-16-le")
_OF_OFFICE = ("doc", "rtf")
_BY_NAME = {"docx": docx.read, "xlsx": xlsx.read, "pdf": pdf.read}


def kind_of(data: bytes) -> str:
    """The kind by the first bytes: `xlsx` (here .xls), `pdf`; `doc`, `rtf`, which need an office program;
    `zip` for a container that must be opened.

    Raises FileProblem for anything else.
    """
    if not data:
        raise FileProblem("empty")
    if data.startswith(b"PK"):
        return "zip"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(_COMPOUND):
        return _compound(data)
    if data.startswith(_PICTURES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        raise FileProblem("scan", pages=pages_of_tiff(data))
    if data[4:8] == b"ftyp" and data[8:12] in _OF_TELEPHONES:
        raise FileProblem("heic")
    if data.startswith(_PACKERS):
        raise FileProblem("other_archive")
    head = data[:2048].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise FileProblem("web_page")
    raise FileProblem("other_kind")


def _packed(data: bytes) -> str:
    """`docx`, `xlsx` (also .ods), or `odt`, which needs an office program."""
    with container.opened(data) as packed:
        names = packed.namelist()
        if docx.BODY in names:
            return "docx"
        if any(name.startswith("xl/") for name in names):
            return "xlsx"
        if "content.xml" in names:
            with packed.open("mimetype") if "mimetype" in names else packed.open("content.xml") as kind:
                if b"spreadsheet" in kind.read(200):
                    return "xlsx"
            return "odt"
    raise FileProblem("other_kind")


def _compound(data: bytes) -> str:
    """OLE files keep the names of their streams in UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise FileProblem("encrypted")
    if _OUTLOOK in data:
        raise FileProblem("outlook")
    kinds = {"WordDocument": "doc", "PowerPoint Document": "", "Workbook": "xlsx", "Book": "xlsx"}
    kind = next((kind for name, kind in kinds.items() if name.encode("utf-16-le") in data), "")
    if not kind:
        raise FileProblem("other_kind")
    return kind


@dataclass(frozen=True, slots=True)
class Told:
    """The result of reading one file: its paper without the rows, its annexes. `convert` is the file's kind
    if an office program must read it first, else empty."""

    convert: Literal["", "odt"] = ""
    paper: Paper = field(default_factory=lambda: Paper(()))
    annexes: list[Annex] = field(default_factory=list)


def read(data: bytes, office: Office | None = None) -> tuple[Paper, list[Annex]]:
    """The annexes of a file, and its paper without the rows.

    Raises FileProblem: the problems of `kind_of`, `office` and the readers, `not_an_annex` for another
    document, `blank_form` for a form that nobody filled in, `limits` for a file that needs too much memory or
    time, `picture` for a picture that cannot be opened.
    """
    try:
        kind = kind_of(data)
    except FileProblem as problem:
        if problem.code == "scan" and not can_be_opened(data):
            raise FileProblem("picture") from None
        raise
    told = Told() if kind in _OF_OFFICE else told_by(data, kind)
    if kind in _OF_OFFICE or told.convert:
        kind = told.convert or kind
        told = told_by((office or Office()).as_docx(data, kind), "docx")
        told = replace(
            told, paper=replace(told.paper, notes={**told.paper.notes, "converted": {"kind": f".{kind}"}})
        )
    codes = [
        *told.paper.notes,
        *(code for one in told.annexes for f in one.figures.values() for code in f.doubts),
    ]
    if not all(map(messages.is_known, codes)) or any(set(one.figures) != set(ROWS) for one in told.annexes):
        # These codes are stored and shown: unknown codes mean that a hostile file had taken over its reader.
        raise FileProblem("limits")
    return told.paper, told.annexes


def _refused(error: bounded_process.NotReadError) -> FileProblem:
    if isinstance(error, bounded_process.SpentError):
        return FileProblem("reading_later")
    return FileProblem("failed", why=error.why) if error.reason == "damaged" else FileProblem("limits")


@bounded_process.bounded(
    seconds=30, raises=(FileProblem,), refused=_refused, imports=("pypdf", "pypdf.filters")
)
def _of_pdf(data: bytes) -> Told:
    return _told("pdf", data)


@bounded_process.bounded(seconds=30, raises=(FileProblem,), refused=_refused, imports=workbook.READING)
def _of_table_or_text(data: bytes, kind: str) -> Told:
    return _told(_packed(data) if kind == "zip" else kind, data)


def told_by(data: bytes, kind: str) -> Told:
    """The result of reading a file of a kind. Raises FileProblem."""
    return _of_pdf(data) if kind == "pdf" else _of_table_or_text(data, kind)


def _told(kind: str, data: bytes) -> Told:
    if kind not in _BY_NAME:
        return Told("odt")
    paper = _in_unicode(_BY_NAME[kind](data))
    found = annex.find(paper)
    if not found:
        raise FileProblem("not_an_annex")
    filled = [one for one in found if not one.is_blank]
    if not filled:
        raise FileProblem("blank_form")
    return Told("", Paper((), paper.saved, paper.notes), filled)


def _in_unicode(paper: Paper) -> Paper:
    """The paper with texts of old fonts in Unicode, and without characters that cannot be stored."""
    encoding = legacy.detect(cell.text for row in paper.rows for cell in row.cells)
    rows = []
    for row in paper.rows:
        # A cell over several columns stays one object: readers recognise it by that.
        once: dict[int, Cell] = {}
        for cell in row.cells:
            text = storable(legacy.repaired(cell.text, encoding))
            once.setdefault(id(cell), Cell(text, cell.place, cell.flags))
        rows.append(Row(tuple(once[id(cell)] for cell in row.cells), row.table))
    notes = {**paper.notes, encoding: {}} if encoding else paper.notes
    return Paper(tuple(rows), paper.saved, notes)
