"""The cells of a table from an office: a workbook, Excel's XML of 2003, or CSV in any encoding.

An encoding is guessed only where the bytes are not UTF-8, and letters that were saved in a wrong one are put
right only where nothing is lost. Both are told, as names may look different afterwards.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from functools import cache
from xml.parsers import expat

from quetsach.files import bounded_process, workbook
from quetsach.files.source import utf16_of
from quetsach.machines.sources.outcome import MachinesError
from quetsach.text import delimited
from quetsach.text.cells import cell_text, unguarded
from quetsach.text.vietnamese import nfc

MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_BYTES = 64 << 20
_MOST = workbook.Most(8_000_000, 256 << 20)
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_EXCEL_XML = b"urn:schemas-microsoft-com:office:spreadsheet"
_GUESSES = ("cp1258", "cp1252")
"""Vietnamese Windows, then western."""
_REFUSED = {
    "no_reader": "no_reader", "bomb": "too_large", "encrypted": "locked", "xlsb": "binary",
    "no_workbook": "unknown",
}  # fmt: skip
_LINE_END = re.compile(r"\r\n?")
_MISREAD = re.compile("á[º»][\u0080-\uffff]|[ÃĂ][\u00a0-\u00bf\u0192-\u2122]|Ä[‘ƒ\u0091\u0083]|Æ[°¡]")
"""UTF-8 that was taken for Windows' encoding: ế as `áº¿`, đ as `Ä‘`, ư as `Æ°`."""


@dataclass
class Sheet:
    """Rows of cells, notes (code, detail) on how they were read, and the name of the sheet. `broken` are the
    numbers of rows without cells, because their quotes do not pair."""

    rows: list[list[str]]
    notes: list[tuple[str, str]] = field(default_factory=list)
    name: str = ""
    broken: list[int] = field(default_factory=list)


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins like this is a workbook of any kind."""
    return head.startswith((_ZIP, _OLE)) or _EXCEL_XML in head[:4096]


def sheets(data: bytes) -> list[Sheet]:
    """The sheets of a table, one for CSV. Rows keep their numbers: empty rows are rows.

    Raises MachinesError: `too_large`, `too_many_rows`, `no_reader`, `damaged`, `locked`, `binary`, `unknown`,
    `limits`, `web_page`.
    """
    if len(data) > MOST_BYTES:
        raise MachinesError("too_large", MOST_BYTES >> 20)
    if data.startswith((_ZIP, _OLE)):
        return [Sheet(rows, [], name) for name, rows in _workbook(data).items()]
    if _EXCEL_XML in data[:4096]:
        return [Sheet(rows, [], name) for name, rows in _excel_xml(data).items()]
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|table)\b", data[:4096], re.IGNORECASE):
        raise MachinesError("web_page")
    text, notes = decoded(data)
    return [_csv(text, notes)]


def decoded(data: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The text, and notes where its encoding was guessed or its letters put right."""
    wide = utf16_of(data[:4096])
    if wide is not None:
        return data.decode(wide, "replace").removeprefix("\ufeff"), []
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        for guess in _GUESSES:
            try:
                return nfc_lines(data.decode(guess)), [("guessed", guess)]
            except UnicodeDecodeError:
                continue
        return data.decode("latin-1"), [("guessed", "latin-1")]
    misread = _MISREAD.search(text)
    if misread is None:
        return text, []
    around = text[max(0, misread.start() - 10) : misread.end() + 10].split("\n")[0].strip()
    for encoding in _GUESSES[::-1]:
        try:
            return text.translate(_bytes_of(encoding)).encode("latin-1").decode("utf-8"), [("mended", around)]
        except UnicodeError:
            continue
    return text, [("misread", around)]


def nfc_lines(text: str) -> str:
    """Composed letters, with line ends and spaces as they are: cp1258 writes a tone behind its letter."""
    from quetsach.text.marks import normalize

    return str(normalize("NFC", text))


@cache
def _bytes_of(encoding: str) -> dict[int, int]:
    """The byte that was taken for each letter; control characters stand for bytes without a letter."""
    letters = {byte: bytes([byte]).decode(encoding, "ignore") for byte in range(128, 256)}
    return {ord(letter): byte for byte, letter in letters.items() if letter}


def _csv(text: str, notes: list[tuple[str, str]]) -> Sheet:
    lines = _LINE_END.sub("\n", text).split("\n")
    if len(lines) > MOST_ROWS:
        raise MachinesError("too_many_rows", MOST_ROWS)
    separator = max(";,\t|", key="\n".join(lines[:30]).count)
    sheet = Sheet([], notes)
    numbered = ((number, f"{line}\n") for number, line in enumerate(lines, 1))
    for number, cells, wrong in delimited.rows(numbered, separator):
        # A quoted cell with line ends takes several lines: rows count as the file's lines do.
        sheet.rows.extend([] for _ in range(number - len(sheet.rows) - 1))
        sheet.rows.append([clean(cell) for cell in cells[:MOST_COLUMNS]])
        if wrong:
            sheet.broken.append(number)
    return sheet


def clean(cell: str) -> str:
    """A cell without the mark that guards it from being a formula."""
    return nfc(unguarded(cell.strip()))


@bounded_process.bounded(
    seconds=30,
    raises=(MachinesError,),
    refused=lambda _error: MachinesError("limits"),
    imports=workbook.READING,
)
def _workbook(data: bytes) -> dict[str, list[list[str]]]:
    try:
        with workbook.opened(data, _MOST, _judge) as (book, _parts):
            return {
                name: [
                    [clean(cell_text(cell)) for cell in row[:MOST_COLUMNS]]
                    for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                ]
                for name in book.sheet_names
            }
    except workbook.WorkbookRefusedError as error:
        raise MachinesError(_REFUSED.get(error.what, "damaged"), error.where) from error


def _judge(parts: dict[str, workbook.Part]) -> None:
    if max((part.height for part in parts.values()), default=0) > MOST_ROWS:
        raise MachinesError("too_many_rows", MOST_ROWS)


@bounded_process.bounded(seconds=30, raises=(MachinesError,), refused=lambda _error: MachinesError("limits"))
def _excel_xml(data: bytes) -> dict[str, list[list[str]]]:
    """Excel's XML of 2003, which Kaspersky Security Center writes as "Excel (XML)"."""
    reading = _ExcelXml()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reading.start, reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = reading.doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise MachinesError("damaged", str(error)[:100]) from error
    return reading.sheets


class _ExcelXml:
    def __init__(self) -> None:
        self.sheets: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._said: list[str] | None = None

    def start(self, name: str, given: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        about = {key.rpartition(" ")[2]: value for key, value in given.items()}
        if tag == "Worksheet":
            self._rows = self.sheets.setdefault(about.get("Name", ""), [])
        elif tag == "Row":
            for _ in range(_skipped(about.get("Index"), len(self._rows), MOST_ROWS)):
                self._rows.append([])
            self._rows.append([])
        elif tag == "Cell" and self._rows:
            for _ in range(_skipped(about.get("Index"), len(self._rows[-1]), MOST_COLUMNS)):
                self._rows[-1].append("")
            self._rows[-1].append("")
        elif tag == "Data" and self._rows and self._rows[-1]:
            self._said = []

    def end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "Data" and self._said is not None:
            self._rows[-1][-1] = clean("".join(self._said))
            self._said = None

    def text(self, said: str) -> None:
        if self._said is not None:
            self._said.append(said)

    def doctype(self, *_what: object) -> None:
        raise MachinesError("damaged", "DOCTYPE")


def _skipped(index: str | None, count: int, most: int) -> int:
    """How many rows or cells the file leaves out before the place that it names, counted from 1.

    Raises MachinesError for a place that no table has.
    """
    if index is not None and not re.fullmatch("[0-9]{1,7}", index):
        raise MachinesError("damaged", index[:30])
    place = count + 1 if index is None else int(index)
    if place > most:
        raise MachinesError("too_many_rows", most)
    return max(0, place - count - 1)
