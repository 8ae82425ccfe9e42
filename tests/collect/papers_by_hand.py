"""Word, Excel and PDF files written part by part, without the libraries that read them."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

import xlsxwriter

from tests.packing import zipped

ROWS = (
    "Tổng đơn vị thuộc/trực thuộc nhận được thông tin về chiến dịch",
    "Tổng số cá nhân của cơ quan, đơn vị nhận được thông tin về chiến dịch",
    "Tổng số đơn vị triển khai chiến dịch",
    "Tổng số cá nhân của cơ quan, đơn vị đã triển khai thực hiện các nội dung của chiến dịch",
)
HEAD = ("TT", "Nội dung", "Số lượng", "Ghi chú")
ASSESSMENT = "Đã quán triệt đến toàn thể cán bộ, công chức và xử lý các máy có dấu hiệu."
FOOT = (
    "Ghi chú: UBND cấp xã thống kê số liệu của tất cả các cơ quan, đơn vị, doanh nghiệp trên địa bàn quản lý."
)

NO_VALUE = 987_654
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def run(text: str, font: str = "") -> str:
    fonts = f'<w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr>' if font else ""
    return f'<w:r>{fonts}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def inserted(text: str) -> str:
    return f'<w:ins w:id="1" w:author="a" w:date="2022-09-20T00:00:00Z">{run(text)}</w:ins>'


def deleted(text: str) -> str:
    body = f'<w:r><w:delText xml:space="preserve">{escape(text)}</w:delText></w:r>'
    return f'<w:del w:id="2" w:author="a" w:date="2022-09-20T00:00:00Z">{body}</w:del>'


def paragraph(*runs: str) -> str:
    """Runs are XML; plain texts go through `run`."""
    return "<w:p>" + "".join(one if one.startswith("<w:") else run(one) for one in runs) + "</w:p>"


def cell(text: str, *, span: int = 1, merge: str = "") -> str:
    spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    merges = f'<w:vMerge w:val="{merge}"/>' if merge == "restart" else "<w:vMerge/>" if merge else ""
    body = text if text.startswith("<w:p>") else "".join(paragraph(line) for line in text.split("\n"))
    return f"<w:tc><w:tcPr>{spans}{merges}</w:tcPr>{body}</w:tc>"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Cells are XML (`cell`) or plain texts."""
    lines = "".join(
        "<w:tr>" + "".join(one if one.startswith("<w:tc>") else cell(one) for one in row) + "</w:tr>"
        for row in rows
    )
    return f"<w:tbl>{lines}</w:tbl>"


def docx(body: str, *, saved: str = "2022-09-20T08:00:00Z", extra: dict[str, bytes] | None = None) -> bytes:
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dcterms="http://purl.org/dc/terms/">'
        f"<dcterms:created>2022-09-14T01:00:00Z</dcterms:created><dcterms:modified>{saved}</dcterms:modified>"
        "</cp:coreProperties>"
    )
    parts = {
        "[Content_Types].xml": _TYPES.encode(),
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>".encode(),
        "docProps/core.xml": core.encode(),
        **(extra or {}),
    }
    return zipped(parts)


def lines(unit: str, assessment: str = ASSESSMENT, proposals: str = "") -> str:
    """The first part of the form as paragraphs."""
    return "".join(
        (
            paragraph("PHỤ LỤC"),
            paragraph("MẪU THỐNG KÊ, BÁO CÁO KẾT QUẢ TRIỂN KHAI"),
            paragraph("1. Thông tin chung"),
            paragraph(f"- Tên đơn vị: {unit}"),
            paragraph("- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:"),
            paragraph(assessment or "....."),
            paragraph("- Đề xuất, kiến nghị (nếu có):"),
            paragraph(proposals or "....."),
            paragraph("2. Thông tin số liệu"),
        )
    )


def form(
    unit: str,
    counts: Sequence[str],
    notes: Sequence[str] = ("", "", "", ""),
    assessment: str = ASSESSMENT,
    proposals: str = "",
) -> str:
    """The whole form as in the letter."""
    rows = [HEAD, *((str(at), ROWS[at - 1], counts[at - 1], notes[at - 1]) for at in range(1, 5))]
    return lines(unit, assessment, proposals) + table(rows) + paragraph(FOOT)


def xlsx(
    sheets: dict[str, Sequence[Sequence[object]]],
    *,
    saved: datetime | None = None,
    hidden: Sequence[str] = (),
) -> bytes:
    """Cells are texts, numbers, or pairs of `=formula` and its value."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": saved or datetime(2022, 9, 20, 8)})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                match value:
                    case (str(formula), result):
                        sheet.write_formula(at, column, formula, None, NO_VALUE if result is None else result)
                    case datetime():
                        sheet.write_datetime(at, column, value, book.add_format({"num_format": "dd/mm/yyyy"}))
                    case None:
                        pass
                    case _:
                        sheet.write(at, column, value)
    book.close()
    with zipfile.ZipFile(out) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    # Programs that write formulas without computing them leave the value out.
    return zipped({name: data.replace(f"<v>{NO_VALUE}</v>".encode(), b"") for name, data in parts.items()})


def grid(
    unit: str, counts: Sequence[object], notes: Sequence[str] = ("", "", "", ""), proposals: str = ""
) -> list[list[object]]:
    """The form as a sheet."""
    return [
        ["PHỤ LỤC"],
        ["MẪU THỐNG KÊ, BÁO CÁO KẾT QUẢ TRIỂN KHAI"],
        ["1. Thông tin chung"],
        ["- Tên đơn vị:", unit],
        ["- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:", ASSESSMENT],
        ["- Đề xuất, kiến nghị (nếu có):", proposals],
        ["2. Thông tin số liệu"],
        list(HEAD),
        *([at, ROWS[at - 1], counts[at - 1], notes[at - 1]] for at in range(1, 5)),
        [FOOT],
    ]


def pdf_of_picture() -> bytes:
    """One page with a grey square, like a scanner's."""
    picture = zlib.compress(b"\xcc" * 64 * 64)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R>>",
        b"<</Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 8"
        b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(picture), picture),
        b"<</Length 31>>stream\nq 500 0 0 700 40 80 cm /I Do Q \nendstream",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + body + b"endobj\n"
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)


def pdf_of_table(unit: str, counts: Sequence[str], notes: Sequence[str] = ("", "", "", "")) -> bytes:
    """The form as a PDF with a drawn table, set by typst from our own few lines."""
    import typst

    def safe(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    cells = ",".join(
        ",".join(f"[#{safe(text)}]" for text in (str(at), ROWS[at - 1], counts[at - 1], notes[at - 1]))
        for at in range(1, 5)
    )
    source = f"""
#set page(paper: "a4", margin: 25mm)
#align(center)[*PHỤ LỤC*]
1. Thông tin chung

- Tên đơn vị: #{safe(unit)}
- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:
#{safe(ASSESSMENT)}
- Đề xuất, kiến nghị (nếu có): Không

2. Thông tin số liệu
#table(columns: (12mm, 1fr, 25mm, 35mm), [TT], [Nội dung], [Số lượng], [Ghi chú], {cells})
#{safe(FOOT)}
"""
    made = typst.compile(source.encode(), format="pdf")
    assert isinstance(made, bytes)
    return made
