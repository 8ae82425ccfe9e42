"""Twenty-five Word files like those of real units, each with its truth."""

import subprocess
import unicodedata

from tests.collect import papers_by_hand as by
from tests.collect.papers_by_hand import HEAD, ROWS, cell, docx, form, lines, paragraph, run, table
from tests.collect.truth import Made, Truth, one


def legacy(text: str) -> str:
    """TCVN3 as Word shows it, its bytes as Western letters; by glibc's iconv where it is installed."""
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
    """Files saved by Word."""
    nfd = unicodedata.normalize("NFD", form("UBND xã Bản Lang", ("8", "64", "8", "60")))
    made = [
        one(
            "phu luc Muong So.docx",
            docx(form("UBND xã Mường So", ("12", "1.234", "12", "1.200"))),
            "Xã Mường So",
            (12, 1234, 12, 1200),
        ),
        one("BC.docx", docx(nfd), "Xã Bản Lang", (8, 64, 8, 60)),
        one(
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
        one(
            "hoangthen.docx",
            docx(form("UBND xã Hoang Thèn", ("mười hai", "Không", "-", ""))),
            "Xã Hoang Thèn",
            (12, 0, None, None),
            ("r1", "words"),
            ("r2", "none_in_words"),
            ("r3", "dash"),
            ("r4", "blank"),
        ),
        one(
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
        one(
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
        one(
            "Lan Nhi Thang.docx",
            docx(
                lines("UBND xã Lản Nhì Thàng")
                + table([HEAD, ("1", ROWS[0], "7", ""), ("2", ROWS[1], "51", "")])
                + table([HEAD, ("3", ROWS[2], "6", ""), HEAD, ("4", ROWS[3], "50", "")])
            ),
            "Xã Lản Nhì Thàng",
            (7, 51, 6, 50),
        ),
        one(
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
        one(
            "mo si san.docx",
            docx(
                lines("UBND xã Mồ Sì San")
                + table([HEAD, *((str(n), ROWS[n - 1], c, "") for n, c in ((2, "33"), (1, "5"), (4, "30")))])
            ),
            "Xã Mồ Sì San",
            (5, 33, None, 30),
            ("r3", "row_missing"),
        ),
        one(
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
        one(
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
        one(
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
        one(
            "T.Tran.docx",
            docx(form("TT Phong Thổ", ("20", "300", "22", "310"))),
            "Thị trấn Phong Thổ",
            (20, 300, 22, 310),
            ("r3", "H02"),
            ("r4", "H03"),
        ),
        one(
            "phong noi vu.docx",
            docx(form("Phòng nội vụ huyện Phong Thổ", ("0", "12", "1", "12"), assessment="")),
            "Phòng Nội vụ",
            (0, 12, 1, 12),
            ("r3", "H02"),
            ("narrative", "W09"),
        ),
        one(
            "phong noi vu (1).docx",
            docx(form("Phòng nội vụ huyện Phong Thổ", ("0", "12", "1", "12"), assessment="")),
            "Phòng Nội vụ",
            (0, 12, 1, 12),
            state="duplicate",
        ),
        one(
            "Tu phap.docx",
            docx(form("Phòng Tư pháp", ("1", "8", "1", "8")), saved="2022-09-18T08:00:00Z"),
            "Phòng Tư pháp",
            (1, 8, 1, 8),
            state="older",
        ),
        one(
            "Tu phap_sua.docx",
            docx(form("Phòng Tư pháp", ("1", "9", "1", "9")), saved="2022-09-21T08:00:00Z"),
            "Phòng Tư pháp",
            (1, 9, 1, 9),
        ),
        one(
            "GDDT.docx",
            docx(form("Phòng GD&ĐT", ("41", "1 105", "41", "1100"))),
            "Phòng Giáo dục và Đào tạo",
            (41, 1105, 41, 1100),
        ),
        one(
            "HoaBinh.docx",
            docx(form("Trường Hoà Bình", ("1", "25", "1", "24"))),
            None,
            (1, 25, 1, 24),
            ("unit", "unit_several"),
            state="unplaced",
        ),
        one(
            "thcs.docx",
            docx(form("Trường THCS Hoà Bình", ("1", "31", "1", "30"))),
            "Trường THCS Hòa Bình",
            (1, 31, 1, 30),
        ),
        one(
            "VP.docx",
            docx(form("VP HĐND - UBND huyện", ("1", "18", "1", "17"))),
            "Văn phòng HĐND-UBND huyện",
            (1, 18, 1, 17),
        ),
        one(
            "Phong Y te.docx",
            docx(form("", ("1", "7", "1", "7"))),
            "Phòng Y tế",
            (1, 7, 1, 7),
            ("unit", "unit_from_file_blank"),
        ),
        one(
            "macro.docx",
            docx(form("Phòng Dân tộc", ("1", "6", "1", "6 (sáu)")), extra={"word/vbaProject.bin": b"x"}),
            "Phòng Dân tộc",
            (1, 6, 1, 6),
            ("file", "macros"),
        ),
    ]
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
        one(
            "nam xe TCVN3.docx",
            tcvn,
            "Xã Nậm Xe",
            (10, 90, 9, 80),
            ("file", "tcvn3"),
            proposals="Cấp máy tính mới cho bộ phận một cửa",
        )
    )
    return made
