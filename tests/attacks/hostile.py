"""Attackers' files, each made by a few lines; and good files to damage. Nothing here is kept."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Iterator

import xlsxwriter

from tests.packing import zipped

KINDS = ("xlsx", "xlsm", "xls", "xlsb")
_CELLS = [["Tên đơn vị", "indicator", "r1"], ["Xã A", "evil.example", 1], ["Xã B", "bad.example", 2]]


def good(kind: str) -> bytes:
    """A small workbook that programs of today or of 1997 would open."""
    return {"xlsx": xlsx, "xlsm": xlsm, "xls": xls, "xlsb": xlsb}[kind]()


def xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Đơn vị")
        for number, row in enumerate(_CELLS):
            sheet.write_row(number, 0, row)
        sheet.merge_range("A6:B7", "gộp")
        sheet.write_formula("C5", "=SUM(C2:C3)", None, 3)
        sheet.write_url("B4", "http://evil.example/a", string="xem")
    return out.getvalue()


def xlsm() -> bytes:
    """A workbook with a part for macros."""
    return repacked(xlsx(), {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(500)})


def repacked(data: bytes, changed: dict[str, bytes]) -> bytes:
    """The same package with some parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return zipped({name: packed.read(name) for name in packed.namelist()} | changed)


def sheet(cells: str) -> bytes:
    """A workbook with this XML in its only sheet."""
    return repacked(
        xlsx(),
        {
            "xl/worksheets/sheet1.xml": b'<?xml version="1.0"?><worksheet xmlns='
            b'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            + cells.encode()
            + b"</sheetData></worksheet>"
        },
    )


def unseen_reference() -> bytes:
    """The cell that crashed a portal: no pattern of the guard saw it, and calamine made room up to it."""
    return sheet('<row r="1"><c r="A1"><v>1</v></c><c r="ZZZZZZZ4000000000"><v>1</v></c></row>')


def far_corners() -> bytes:
    return sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )


def far_by_counting() -> bytes:
    """Cells without a place, behind a row that claims to be the last row."""
    return sheet('<row r="1"><c><v>1</v></c></row><row r="1048576">' + "<c><v>1</v></c>" * 9_000 + "</row>")


def far_in_a_comment() -> bytes:
    """A link to a far cell in a comment: a pattern sees it, a reader of XML does not."""
    return sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<!-- <c r="ZZZ9999999"><f>HYPERLINK("http://evil.example")</f></c> -->'
    )


def strings(megabytes: int = 150) -> bytes:
    """Shared strings that pack into some hundred KB and unpack to `megabytes`."""
    item = "<si><t></t></si>"
    head = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    text = head + item * ((megabytes << 20) // len(item)) + "</sst>"
    return repacked(xlsx(), {"xl/sharedStrings.xml": text.encode()})


def ods(cells: str) -> bytes:
    """An OpenDocument table with this XML as its rows."""
    ns = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{ns}:office:1.0" xmlns:table="{ns}:table:1.0"'
        f' xmlns:text="{ns}:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">{cells}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{ns}:manifest:1.0"><manifest:file-entry manifest:full-path="/"'
        f' manifest:media-type="{kind.decode()}"/></manifest:manifest>'
    )
    parts = {"mimetype": kind, "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()}
    return zipped(parts, zipfile.ZIP_STORED)


def ods_repeated() -> bytes:
    cell = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{}"/>'
    return ods(
        '<table:table-row table:number-rows-repeated="900000">' + cell.format(16_000) + "</table:table-row>"
    )


def xls(column: int = 2) -> bytes:
    """A workbook of Excel 97 ([MS-XLS]) with a number at A1 and a number in column `column`, in a compound
    file ([MS-CFB])."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    bof = struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 0x07CC, 0x41, 6)
    name = b"Sheet1"
    begin = record(0x0809, bof) + record(0x0042, struct.pack("<H", 1200))
    bound = record(0x0085, struct.pack("<IHBB", 0, 0, len(name), 0) + name)
    start = len(begin) + len(bound) + 4
    bound = record(0x0085, struct.pack("<IHBB", start, 0, len(name), 0) + name)
    row = 9 if column == 2 else 65_535
    cells = record(0x0203, struct.pack("<HHHd", 0, 0, 0, 1.0)) + record(
        0x0203, struct.pack("<HHHd", row, column, 0, 2.0)
    )
    book = begin + bound + record(0x000A, b"")
    book += record(0x0809, struct.pack("<HHHHII", 0x0600, 16, 0x0DBB, 0x07CC, 0x41, 6)) + cells
    return _compound("Workbook", book + record(0x000A, b""))


def _compound(name: str, stream: bytes) -> bytes:
    """One stream in a compound file of sectors of 512 bytes."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def entry(title: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = title.encode("utf-16-le") + b"\0\0"
        return (
            text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, free, child)
            + bytes(36) + struct.pack("<IQ", first, size)
        )  # fmt: skip

    directory = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 2, len(stream)) + bytes(256)
    table = [fat, end, *range(3, count + 2), end]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHHHIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, 1, 0, 4096, end, 0, end)
    head += struct.pack("<I", 0) + struct.pack("<I", 0) + struct.pack("<I", free) * 108
    return head[:512] + struct.pack("<128I", *(table + [free] * (128 - len(table)))) + directory + stream


def xlsb(row: int = 9, column: int = 2) -> bytes:
    """A binary workbook ([MS-XLSB]) with a number at A1 and a number at `row` and `column`."""

    def record(kind: int, body: bytes = b"") -> bytes:
        out = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return out + bytes([len(body)]) + body

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    def number(at: int, value: float) -> bytes:
        return record(5, struct.pack("<II", at, 0) + struct.pack("<d", value))

    def line(at: int) -> bytes:
        return record(0, struct.pack("<IIHHBI", at, 0, 300, 0, 0, 0))

    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + text("rId1") + text("A"))
    book += record(144) + record(132)
    cells = record(129) + record(148, struct.pack("<IIII", 0, row, 0, column)) + record(145)
    cells += line(0) + number(0, 1.0) + line(row) + number(column, 2.0) + record(146) + record(130)
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    one = '<Relationship Id="rId1" Type="{}/{}" Target="{}"/>'
    return zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "_rels/.rels": rels.format(one.format(relation, "officeDocument", "xl/workbook.bin")).encode(),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": rels.format(
                one.format(relation, "worksheet", "worksheets/sheet1.bin")
            ).encode(),
            "xl/worksheets/sheet1.bin": cells,
        }
    )


def nested_mail(levels: int = 3_000) -> bytes:
    """Nested multiparts."""
    lines = ["Subject: a", "MIME-Version: 1.0"]
    for level in range(levels):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    lines += ["Content-Type: text/plain", "", "x"]
    lines += [f"--b{level}--" for level in reversed(range(levels))]
    return "\r\n".join(lines).encode()


def mail_of_parts(megabytes: float = 8.9) -> bytes:
    part = "--b\r\nContent-Type: text/plain; name=a\r\n\r\n\r\n"
    head = 'Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return (head + part * int(megabytes * (1 << 20) / len(part)) + "--b--\r\n").encode()


def zip_of_members(count: int = 60_000) -> bytes:
    return zipped({f"{n}": b"" for n in range(count)}, zipfile.ZIP_STORED)


def ending_the_reader() -> dict[str, bytes]:
    """Each of these killed the process that opened it, or held it for most of a minute."""
    return {
        "unseen.xlsx": unseen_reference(),
        "far.xlsx": far_corners(),
        "counting.xlsx": far_by_counting(),
        "comment.xlsx": far_in_a_comment(),
        "column.xls": xls(0xFFFF),
        "corners.xlsb": xlsb(1_048_575, 16_383),
        "repeated.ods": ods_repeated(),
        "strings.xlsx": strings(),
    }


def damaged(kind: str, count: int, seed: int = 21) -> Iterator[tuple[str, bytes]]:
    """`count` damaged files of a kind: cut, bits turned, pieces doubled, anywhere; for a package also in its
    parts."""
    random_ = random.Random(f"{kind} {seed}")
    base = good(kind)
    for number in range(count):
        yield f"{kind}-{seed}-{number}.{kind}", _damaged(base, random_)


def _damaged(base: bytes, random_: random.Random) -> bytes:
    if base.startswith(b"PK") and random_.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(base)) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        for _ in range(random_.randint(1, 3)):
            name = random_.choice([one for one in parts if parts[one]])
            parts[name] = _broken(parts[name], random_)
        return zipped(parts)
    return _broken(base, random_)


def _broken(data: bytes, random_: random.Random) -> bytes:
    raw = bytearray(data)
    for _ in range(random_.randint(1, 8)):
        at = random_.randrange(len(raw))
        match random_.randrange(5):
            case 0:
                del raw[max(1, at) :]
            case 1:
                raw[at] ^= 1 << random_.randrange(8)
            case 2:
                raw[at : at + random_.randint(1, 8)] = random_.randbytes(random_.randint(0, 8))
            case 3:
                raw[at:at] = raw[at : at + random_.randint(1, 200)]
            case _:
                # Numbers of all lengths, as large as possible.
                raw[at : at + 4] = random_.choice(
                    [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"9999", b"ZZZZ"]
                )
        if len(raw) < 2:
            break
    return bytes(raw)
