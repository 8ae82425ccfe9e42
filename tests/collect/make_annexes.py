"""Forty annex files as units send them, each with the truth beside it, and the tree that they belong to.

Run it to look at them: `python tests/collect/make_annexes.py FOLDER`.
"""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import tests.collect.papers_by_hand as by
from tests.collect.papers_by_hand import (
    HEAD,
    ROWS,
    cell,
    docx,
    form,
    grid,
    lines,
    paragraph,
    run,
    table,
    xlsx,
)

TOP = "UBND huyện Phong Thổ"
COMMUNES = (
    "Thị trấn Phong Thổ", "Xã Bản Lang", "Xã Dào San", "Xã Hoang Thèn", "Xã Huổi Luông", "Xã Khổng Lào",
    "Xã Lản Nhì Thàng", "Xã Ma Li Pho", "Xã Mồ Sì San", "Xã Mù Sang", "Xã Mường So", "Xã Nậm Xe",
    "Xã Pa Vây Sử", "Xã Sì Lở Lầu", "Xã Sin Suối Hồ", "Xã Tung Qua Lìn", "Xã Vàng Ma Chải",
)  # fmt: skip
OFFICES = (
    "Văn phòng HĐND-UBND huyện", "Phòng Nội vụ", "Phòng Tư pháp", "Phòng Giáo dục và Đào tạo",
    "Phòng Tài chính - Kế hoạch", "Phòng Y tế", "Phòng Dân tộc", "Phòng Văn hóa và Thông tin",
    "Phòng Tài nguyên và Môi trường", "Phòng Kinh tế và Hạ tầng", "Phòng Lao động - Thương binh và Xã hội",
    "Thanh tra huyện", "Phòng Nông nghiệp và Phát triển nông thôn", "Trường THCS Hòa Bình",
    "Trường THPT Hòa Bình",
)  # fmt: skip
UNITS = (*COMMUNES, *OFFICES)

type Four = tuple[int | None, int | None, int | None, int | None]


@dataclass(frozen=True)
class Truth:
    """One annex as a person reads it.

    `doubts` are (field, code) that must be told; `state` is what becomes of it.
    """

    file: str
    unit: str | None
    figures: Four
    doubts: frozenset[tuple[str, str]] = frozenset()
    state: str = "counted"
    proposals: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A file, and either the annexes in it or the reason why there is none."""

    name: str
    data: bytes
    truths: tuple[Truth, ...] = ()
    problem: str = ""


def _one(
    name: str,
    data: bytes,
    unit: str | None,
    figures: Four,
    *doubts: tuple[str, str],
    state: str = "counted",
    **more: object,
) -> Made:
    return Made(name, data, (Truth(name, unit, figures, frozenset(doubts), state, **more),))  # type: ignore[arg-type]


def legacy(text: str) -> str:
    """TCVN3 as Word shows it: its bytes as Western letters; by glibc's iconv where there is one."""
    done = subprocess.run(
        ["iconv", "-f", "UTF-8", "-t", "TCVN5712-1"], input=text.encode(), capture_output=True, check=True
    )
    return done.stdout.decode("latin-1")


# Typed by hand from the layout of the VNI fonts: "UBND xã Pa Vây Sử", "Đã hướng dẫn cán bộ dùng phần mềm".
VNI_UNIT = "UBND xaõ Pa Vaây Söû"
VNI_TEXT = "Ñaõ höôùng daãn caùn boä duøng phaàn meàm"
VNI_ROWS = (
    "Toång ñôn vò thuoäc/tröïc thuoäc nhaän ñöôïc thoâng tin veà chieán dòch",
    "Toång soá caù nhaân cuûa cô quan, ñôn vò nhaän ñöôïc thoâng tin veà chieán dòch",
    "Toång soá ñôn vò trieån khai chieán dòch",
    "Toång soá caù nhaân cuûa cô quan, ñôn vò ñaõ trieån khai thöïc hieän caùc noäi dung cuûa chieán dòch",
)


def word_files() -> list[Made]:
    """As Word saves them."""
    nfd = __import__("unicodedata").normalize("NFD", form("UBND xã Bản Lang", ("8", "64", "8", "60")))
    made = [
        _one(
            "phu luc Muong So.docx",
            docx(form("UBND xã Mường So", ("12", "1.234", "12", "1.200"))),
            "Xã Mường So",
            (12, 1234, 12, 1200),
        ),
        _one("BC.docx", docx(nfd), "Xã Bản Lang", (8, 64, 8, 60)),
        _one(
            "Dao San_phu luc.docx",
            docx(
                form(
                    "UBND xã Dào San",
                    ("12 đơn vị", "150 người", "10 đơn vị", "140 cá nhân"),
                    ("", "gồm cả trường học", "", ""),
                )
            ),
            "Xã Dào San",
            (12, 150, 10, 140),
            notes={"r2": "gồm cả trường học"},
        ),
        _one(
            "hoangthen.docx",
            docx(form("UBND xã Hoang Thèn", ("mười hai", "Không", "-", ""))),
            "Xã Hoang Thèn",
            (12, 0, None, None),
            ("r1", "words"),
            ("r2", "none_in_words"),
            ("r3", "dash"),
            ("r4", "blank"),
        ),
        _one(
            "Huoi Luong theo doi sua.docx",
            docx(
                lines("UBND xã Huổi Luông")
                + table(
                    [
                        HEAD,
                        ("1", ROWS[0], cell(paragraph(by.deleted("10"), by.inserted("15"))), ""),
                        ("2", ROWS[1], cell(paragraph("2", by.deleted("00"), by.inserted("50"))), ""),
                        ("3", ROWS[2], "14", ""),
                        ("4", ROWS[3], "240", cell(paragraph(by.deleted("nháp")))),
                    ]
                )
            ),
            "Xã Huổi Luông",
            (15, 250, 14, 240),
            ("r1", "changed"),
            ("r2", "changed"),
        ),
        _one(
            "KL.docx",
            docx(
                lines("UBND xã Khổng Lào", proposals="Cấp bản quyền phần mềm diệt vi rút cho máy của xã.")
                + table(
                    [
                        ("STT", "Nội dung", "ĐVT", "Kế hoạch giao", "Số lượng", "Tỷ lệ", "Ghi chú"),
                        ("1", ROWS[0], "đơn vị", "9", "9", "100%", ""),
                        ("2", ROWS[1], "người", "80", "77", "96%", "3 người nghỉ phép"),
                        ("3", ROWS[2], "đơn vị", "9", "9", "100%", ""),
                        ("4", ROWS[3], "người", "80", "70", "87%", ""),
                    ]
                )
            ),
            "Xã Khổng Lào",
            (9, 77, 9, 70),
            proposals="Cấp bản quyền phần mềm diệt vi rút cho máy của xã.",
            notes={"r2": "3 người nghỉ phép"},
        ),
        _one(
            "Lan Nhi Thang.docx",
            docx(
                lines("UBND xã Lản Nhì Thàng")
                + table([HEAD, ("1", ROWS[0], "7", ""), ("2", ROWS[1], "51", "")])
                + table([HEAD, ("3", ROWS[2], "6", ""), HEAD, ("4", ROWS[3], "50", "")])
            ),
            "Xã Lản Nhì Thàng",
            (7, 51, 6, 50),
        ),
        _one(
            "Ma Li Pho (lan 1).docx",
            docx(
                lines("UBND xã Ma Li Pho")
                + table(
                    [
                        HEAD,
                        ("1", cell(ROWS[0] + ": 6", span=2), ""),
                        ("2", ROWS[1], "", "45 người"),
                        ("3", ROWS[2], "6", ""),
                        ("4", ROWS[3], "khoảng 40", ""),
                    ]
                )
            ),
            "Xã Ma Li Pho",
            (6, 45, 6, 40),
            ("r1", "number_in_label"),
            ("r2", "number_in_note"),
            ("r4", "about"),
        ),
        _one(
            "mo si san.docx",
            docx(
                lines("UBND xã Mồ Sì San")
                + table([HEAD, *((str(n), ROWS[n - 1], c, "") for n, c in ((2, "33"), (1, "5"), (4, "30")))])
            ),
            "Xã Mồ Sì San",
            (5, 33, None, 30),
            ("r3", "row_missing"),
        ),
        _one(
            "bao cao kem phu luc.docx",
            docx(
                table(
                    [
                        (
                            "ỦY BAN NHÂN DÂN\nXÃ MÙ SANG",
                            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc",
                        ),
                        ("Số: 45/BC-UBND", "Mù Sang, ngày 22 tháng 9 năm 2022"),
                    ]
                )
                + paragraph("BÁO CÁO")
                + paragraph("Kết quả triển khai chiến dịch làm sạch mã độc năm 2022")
                + paragraph("Kính gửi: UBND huyện Phong Thổ")
                + paragraph("Thực hiện công văn của UBND huyện, xã đã triển khai với 41 người tham gia.")
                + form(".....", ("4", "44", "4", "41"), assessment="Tốt, các máy đã được quét.")
            ),
            "Xã Mù Sang",
            (4, 44, 4, 41),
            ("unit", "unit_from_head_blank"),
        ),
        _one(
            "Pa Vay Su.docx",
            docx(
                paragraph(run("PHUÏ LUÏC", "VNI-Times"))
                + paragraph(run(f"- Teân ñôn vò: {VNI_UNIT}", "VNI-Times"))
                + paragraph(
                    run(
                        "- Ñaùnh giaù keát quaû thöïc hieän chieán dòch trong phaïm vi trieån khai:",
                        "VNI-Times",
                    )
                )
                + paragraph(run(VNI_TEXT, "VNI-Times"))
                + table(
                    [
                        tuple(
                            cell(paragraph(run(t, "VNI-Times")))
                            for t in ("TT", "Noäi dung", "Soá löôïng", "Ghi chuù")
                        )
                    ]
                    + [
                        (str(n), cell(paragraph(run(VNI_ROWS[n - 1], "VNI-Times"))), c, "")
                        for n, c in enumerate(("3", "29", "3", "25"), 1)
                    ]
                )
            ),
            "Xã Pa Vây Sử",
            (3, 29, 3, 25),
        ),
        _one(
            "si lo lau.docx",
            docx(
                lines("Xã Sì Lở Lầu, huyện Phong Thổ")
                + table(
                    [
                        HEAD,
                        ("I", "Trong đó các đơn vị triển khai chiến dịch thuộc xã", "99", ""),
                        ("1", "Số đơn vị nhận được thông tin", "5", ""),
                        ("1.1", "Trong đó: số đơn vị sự nghiệp nhận được thông tin", "2", ""),
                        ("2", "Số cán bộ, công chức nhận được thông tin", "1,234", ""),
                        ("3", "Số đơn vị đã thực hiện", "5", ""),
                        ("4", "Số cá nhân đã thực hiện", "12/15", ""),
                    ]
                )
            ),
            "Xã Sì Lở Lầu",
            (5, 1234, 5, None),
            ("r2", "comma"),
            ("r4", "several"),
        ),
        Made(
            "tong hop 2 xa.docx",
            docx(
                form("UBND xã Sin Suối Hồ", ("6", "66", "6", "60"))
                + form("UBND xã Tung Qua Lìn", ("5", "55", "5", "50"))
            ),
            (
                Truth("tong hop 2 xa.docx", "Xã Sin Suối Hồ", (6, 66, 6, 60)),
                Truth("tong hop 2 xa.docx", "Xã Tung Qua Lìn", (5, 55, 5, 50)),
            ),
        ),
        _one(
            "T.Tran.docx",
            docx(form("TT Phong Thổ", ("20", "300", "22", "310"))),
            "Thị trấn Phong Thổ",
            (20, 300, 22, 310),
            ("r3", "H02"),
            ("r4", "H03"),
        ),
        _one(
            "phong noi vu.docx",
            docx(form("Phòng nội vụ huyện Phong Thổ", ("0", "12", "1", "12"), assessment="")),
            "Phòng Nội vụ",
            (0, 12, 1, 12),
            ("r3", "H02_self"),
            ("assessment", "W09"),
        ),
        _one(
            "phong noi vu (1).docx",
            docx(form("Phòng nội vụ huyện Phong Thổ", ("0", "12", "1", "12"), assessment="")),
            "Phòng Nội vụ",
            (0, 12, 1, 12),
            state="duplicate",
        ),
        _one(
            "Tu phap.docx",
            docx(form("Phòng Tư pháp", ("1", "8", "1", "8")), saved="2022-09-18T08:00:00Z"),
            "Phòng Tư pháp",
            (1, 8, 1, 8),
            state="older",
        ),
        _one(
            "Tu phap_sua.docx",
            docx(form("Phòng Tư pháp", ("1", "9", "1", "9")), saved="2022-09-21T08:00:00Z"),
            "Phòng Tư pháp",
            (1, 9, 1, 9),
        ),
        _one(
            "GDDT.docx",
            docx(form("Phòng GD&ĐT", ("41", "1 105", "41", "1100"))),
            "Phòng Giáo dục và Đào tạo",
            (41, 1105, 41, 1100),
        ),
        _one(
            "HoaBinh.docx",
            docx(form("Trường Hoà Bình", ("1", "25", "1", "24"))),
            None,
            (1, 25, 1, 24),
            ("unit", "unit_several"),
            state="unplaced",
        ),
        _one(
            "thcs.docx",
            docx(form("Trường THCS Hoà Bình", ("1", "31", "1", "30"))),
            "Trường THCS Hòa Bình",
            (1, 31, 1, 30),
        ),
        _one(
            "VP.docx",
            docx(form("VP HĐND - UBND huyện", ("1", "18", "1", "17"))),
            "Văn phòng HĐND-UBND huyện",
            (1, 18, 1, 17),
        ),
        _one(
            "Phong Y te.docx",
            docx(form("", ("1", "7", "1", "7"))),
            "Phòng Y tế",
            (1, 7, 1, 7),
            ("unit", "unit_from_file_blank"),
        ),
        _one(
            "macro.docx",
            docx(form("Phòng Dân tộc", ("1", "6", "1", "6 (sáu)")), extra={"word/vbaProject.bin": b"x"}),
            "Phòng Dân tộc",
            (1, 6, 1, 6),
            ("file", "macros"),
        ),
    ]
    tcvn = by.zipped({})
    try:
        rows = [
            tuple(map(legacy, HEAD)),
            *((str(n), legacy(ROWS[n - 1]), c, "") for n, c in enumerate(("10", "90", "9", "80"), 1)),
        ]
        body = (
            paragraph(legacy("- Tên đơn vị: UBND xã Nậm Xe"))
            + paragraph(legacy("- Đề xuất, kiến nghị (nếu có): Cấp máy tính mới cho bộ phận một cửa"))
            + table(rows)
        )
        tcvn = docx(body)
    except (OSError, subprocess.CalledProcessError):
        return made
    made.append(
        _one(
            "nam xe TCVN3.docx",
            tcvn,
            "Xã Nậm Xe",
            (10, 90, 9, 80),
            ("file", "tcvn3"),
            proposals="Cấp máy tính mới cho bộ phận một cửa",
        )
    )
    return made


def excel_files() -> list[Made]:
    """As Excel saves them."""
    shifted = [[None, *row] for row in grid("Phòng Văn hóa & Thông tin", (2, 11.0, 2, "11"))]
    return [
        _one(
            "vang ma chai.xlsx",
            xlsx({"Phụ lục": grid("UBND xã Vàng Ma Chải", (("=3+4", 7), ("=SUM(C9:C9)", None), 7, 58.5))}),
            "Xã Vàng Ma Chải",
            (7, None, 7, None),
            ("r1", "formula"),
            ("r2", "formula_without_value"),
            ("r4", "decimal"),
        ),
        _one(
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
        _one(
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
        _one(
            "sai duoi.docx",
            xlsx({"PL": grid("Thanh tra huyện Phong Thổ", (1, 5, 1, 5))}),
            "Thanh tra huyện",
            (1, 5, 1, 5),
        ),
    ]


def pdf_files() -> list[Made]:
    """As Word prints them, and as a scanner does."""
    return [
        _one(
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
    """What must be refused by name, and cost the others nothing."""
    entity = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    hostile = by.zipped(
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
        by.zipped({"gửi đi/báo cáo.eml": message.as_bytes(), "gửi đi/~$bao cao.docx": b"lock"}),
        truths,
    )


def everything() -> list[Made]:
    """All the files; one of them comes by e-mail in a ZIP."""
    made = [*word_files(), *excel_files(), *pdf_files(), *hostile_files()]
    first = next(one for one in made if one.name == "GDDT.docx")
    return [one for one in made if one is not first] + [mailed(first)]


def write(folder: Path) -> list[Made]:
    """Make the folder; a mark of an open document lies in it too."""
    folder.mkdir(parents=True, exist_ok=True)
    made = everything()
    for one in made:
        (folder / one.name).write_bytes(one.data)
    (folder / "~$ mo.docx").write_bytes(b"lock")
    return made


def tree() -> bytes:
    """The list of units as a workbook."""
    return xlsx(
        {
            "Đơn vị": [
                ["TT", "Tên đơn vị", "Cấp trên"],
                [1, TOP, ""],
                *([n, one, TOP] for n, one in enumerate(UNITS, 2)),
            ]
        }
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(len(write(target / "annexes")), "files")
    (target / "units.xlsx").write_bytes(tree())
