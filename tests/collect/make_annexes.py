"""Forty annex files like those of real units, each with its truth, and the tree of their units.

To look at them, run `python tests/collect/make_annexes.py FOLDER`.
"""

import sys
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from tests.collect import papers_by_hand as by
from tests.collect.papers_by_hand import docx, form, grid, paragraph, xlsx
from tests.collect.truth import TOP, UNITS, Made, Truth, one
from tests.collect.word_annexes import word_files
from tests.packing import zipped


def excel_files() -> list[Made]:
    """Files saved by Excel."""
    shifted = [[None, *row] for row in grid("Phòng Văn hóa & Thông tin", (2, 11.0, 2, "11"))]
    return [
        one(
            "vang ma chai.xlsx",
            xlsx({"Phụ lục": grid("UBND xã Vàng Ma Chải", (("=3+4", 7), ("=SUM(C9:C9)", None), 7, 58.5))}),
            "Xã Vàng Ma Chải",
            (7, None, 7, None),
            ("r1", "formula"),
            ("r2", "formula_without_value"),
            ("r4", "decimal"),
        ),
        one(
            "vhtt.xlsx",
            xlsx({"Sheet1": [["nháp"]], "BC": [[], [], *shifted]}),
            "Phòng Văn hóa và Thông tin",
            (2, 11, 2, 11),
        ),
        Made(
            "nhieu phong.xlsx",
            xlsx(
                {
                    "TNMT": grid("Phòng TN&MT", (1, 14, 1, 13)),
                    "KTHT": grid("Phòng KT&HT", (1, 10, 1, datetime(2022, 5, 12))),
                    "cũ": grid("Phòng Y tế", (9, 9, 9, 9)),
                },
                hidden=["cũ"],
            ),
            (
                Truth(
                    "nhieu phong.xlsx",
                    "Phòng Tài nguyên và Môi trường",
                    (1, 14, 1, 13),
                    frozenset({("file", "hidden_sheet")}),
                ),
                Truth(
                    "nhieu phong.xlsx",
                    "Phòng Kinh tế và Hạ tầng",
                    (1, 10, 1, None),
                    frozenset({("r4", "date")}),
                ),
            ),
        ),
        one(
            "=cmd.xlsx",
            xlsx(
                {
                    "PL": grid(
                        "Phòng LĐ-TB&XH",
                        (1, 16, 1, 15),
                        ("", '=HYPERLINK("http://192.0.2.1")', "", ""),
                        proposals="=1+1 @SUM(A1) đề nghị cấp thêm máy",
                    )
                }
            ),
            "Phòng Lao động - Thương binh và Xã hội",
            (1, 16, 1, 15),
            proposals="=1+1 @SUM(A1) đề nghị cấp thêm máy",
        ),
        one(
            "sai duoi.docx",
            xlsx({"PL": grid("Thanh tra huyện Phong Thổ", (1, 5, 1, 5))}),
            "Thanh tra huyện",
            (1, 5, 1, 5),
        ),
    ]


def pdf_files() -> list[Made]:
    """Files printed by Word, and by a scanner."""
    return [
        one(
            "TCKH.pdf",
            by.pdf_of_table("Phòng TC-KH", ("1", "1.009", "1", "Không"), ("", "", "đạt 100%", "")),
            "Phòng Tài chính - Kế hoạch",
            (1, 1009, 1, 0),
            ("r4", "none_in_words"),
            notes={"r3": "đạt 100%"},
        ),
        Made("scan Phong Nong nghiep va PTNT.pdf", by.pdf_of_picture(), problem="scan"),
    ]


def hostile_files() -> list[Made]:
    """Files that must be refused by name, without harm to the others."""
    entity = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    hostile = zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "word/document.xml": (
                entity
                + f"<w:document {by._W}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
            ).encode(),
        }
    )
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    return [
        Made(
            "thu moi hop.docx",
            docx(paragraph("GIẤY MỜI") + paragraph("Kính mời các đơn vị triển khai chiến dịch dự họp.")),
            problem="not_an_annex",
        ),
        Made("mau trong.docx", docx(form(".....", ("", "", "", ""), assessment="")), problem="blank_form"),
        Made("xxe.docx", hostile, problem="hostile_xml"),
        Made("matkhau.docx", compound + "EncryptedPackage".encode("utf-16-le"), problem="encrypted"),
        Made("cu.doc", compound + "WordDocument".encode("utf-16-le"), problem="old_word"),
        Made("cut.docx", docx(form("UBND xã Mường So", ("1", "1", "1", "1")))[:700], problem="damaged"),
        Made("bom.docx", docx(paragraph("x"), extra={"word/media/x.bin": bytes(101 << 20)}), problem="bomb"),
        Made("rong.xlsx", b"", problem="empty"),
    ]


def mailed(made: Made) -> Made:
    """The file as an attachment of a saved e-mail, inside a ZIP."""
    message = EmailMessage()
    message["Subject"], message["Date"] = "Báo cáo", "Thu, 22 Sep 2022 09:00:00 +0700"
    message.set_content("Kính gửi phụ lục.")
    message.add_attachment(made.data, maintype="application", subtype="octet-stream", filename=made.name)
    name = f"thu.zip/gửi đi/báo cáo.eml/{made.name}"
    truths = tuple(
        Truth(name, t.unit, t.figures, t.doubts, t.state, t.proposals, t.notes) for t in made.truths
    )
    return Made(
        "thu.zip",
        zipped({"gửi đi/báo cáo.eml": message.as_bytes(), "gửi đi/~$bao cao.docx": b"lock"}),
        truths,
    )


def everything() -> list[Made]:
    """All the files; one of them lies in an e-mail in a ZIP."""
    made = [*word_files(), *excel_files(), *pdf_files(), *hostile_files()]
    first = next(each for each in made if each.name == "GDDT.docx")
    return [each for each in made if each is not first] + [mailed(first)]


def write(folder: Path) -> list[Made]:
    """Write the folder, with a mark of an open document in it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = everything()
    for each in made:
        (folder / each.name).write_bytes(each.data)
    (folder / "~$ mo.docx").write_bytes(b"lock")
    return made


def tree() -> bytes:
    """The list of units as a workbook."""
    return xlsx(
        {
            "Đơn vị": [
                ["TT", "Tên đơn vị", "Cấp trên"],
                [1, TOP, ""],
                *([n, name, TOP] for n, name in enumerate(UNITS, 2)),
            ]
        }
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(len(write(target / "annexes")), "files")
    (target / "units.xlsx").write_bytes(tree())
