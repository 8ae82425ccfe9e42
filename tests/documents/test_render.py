"""The PDF for its reader: pages, places on the paper, words, and the archive format."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from pdfminer.high_level import extract_pages
from pdfminer.layout import LTLine
from pypdf import PdfReader

from quetsach.documents.document import (
    Annex,
    AnnexRow,
    CountRow,
    Document,
    FigureRow,
    Heading,
    Letter,
    MissingUnit,
    OfficialReport,
    Proposal,
    Report,
    Signature,
    SoftwareRow,
    draw_pdf,
    render_pdf,
)
from quetsach.errors import DocumentError

AT = datetime(2022, 9, 14, 1, 0, tzinfo=UTC)
MM = 72 / 25.4
ROWS = tuple(AnnexRow(n, f"Nội dung dòng {n}") for n in (1, 2, 3, 4))
LETTER = Letter(
    heading=Heading(
        "Ủy ban nhân dân\nhuyện Phong Thổ", "UBND-VP", "Phong Thổ", number="5", day=date(2022, 9, 5)
    ),
    subject="triển khai chiến dịch làm sạch mã độc",
    addressees=("Các phòng, ban, ngành huyện", "UBND các xã, thị trấn;"),
    paragraphs=(
        "Sau khi xem xét, Ủy ban nhân dân huyện yêu cầu các đơn vị thực hiện.",
        "- Kiểm tra máy tính.",
        "Hết.",
    ),
    signature=Signature(("TL. Chủ tịch", "Chánh Văn phòng"), "Nguyễn Văn Mẫu"),
    cc=("Như trên", "Lưu: VT, CV1;"),
    annex=Annex(ROWS, footnote="UBND cấp xã thống kê."),
)
REPORT = OfficialReport(
    heading=Heading("UBND huyện Phong Thổ", "BC-UBND", "Phong Thổ", superior="UBND tỉnh Lai Châu", year=2022),
    subject="Kết quả triển khai chiến dịch làm sạch mã độc",
    addressees=("Sở Thông tin và Truyền thông",),
    opening="Thực hiện Công văn số 05/UBND-VP, đơn vị báo cáo như sau",
    narrative=("Đã quán triệt đầy đủ.",),
    figures=tuple(FigureRow(n, f"Nội dung dòng {n}", n * 1000, n * 111, n * 1111) for n in (1, 2, 3, 4)),
    accepted=10,
    expected=17,
    missing=(
        MissingUnit("Xã Mù Sang", "Đã gửi, chờ tiếp nhận"),
        MissingUnit("Xã Pa Vây Sử", "Chưa có báo cáo"),
    ),
    machines=(CountRow("Có dấu hiệu", 3), CountRow("Đã sạch", 1200)),
    software=(SoftwareRow("Microsoft Office", 1500, 300), SoftwareRow("WinRAR", 1, 1)),
    software_examined="Đã kiểm tra 90 máy tính.",
    proposals=(Proposal("Xã Bản Lang", "Hỗ trợ bản quyền."),),
    as_of="đến 15 giờ 00 phút ngày 21/9/2022",
    signature=Signature(("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"), "Nguyễn Văn Mẫu"),
    cc=("Như trên", "Lưu: VT"),
    annex=replace(LETTER.annex, unit="UBND huyện Phong Thổ") if LETTER.annex else None,
)


def pages(document: Document) -> list[str]:
    """The text of each page, spaces folded."""
    reader = PdfReader(io.BytesIO(render_pdf(document, at=AT)))
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


def words(document: Document, page: int = 1) -> list[tuple[float, float, float, float, str]]:
    """(x0, y0, x1, y1, word) of one page in millimetres from the top left, according to poppler."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed: apt-get install poppler-utils")
    out = subprocess.run(
        ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), "-", "-"],
        input=render_pdf(document, at=AT), capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    found = re.findall(
        r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>', out
    )
    return [(float(a) / MM, float(b) / MM, float(c) / MM, float(d) / MM, w) for a, b, c, d, w in found]


def line_of(placed: list[tuple[float, float, float, float, str]], *said: str) -> tuple[float, float, float]:
    """Left, right and top of the words `said`, where they follow each other."""
    for start in range(len(placed)):
        run = placed[start : start + len(said)]
        if [w[4] for w in run] == list(said):
            return run[0][0], run[-1][2], run[0][1]
    raise AssertionError(f"not on the page: {said}")


@pytest.mark.parametrize("document", [LETTER, REPORT, LETTER.annex], ids=["letter", "report", "annex"])
def test_it_is_an_archive_pdf_with_embedded_fonts_on_a4(document: Document) -> None:
    pdf = render_pdf(document, at=AT)
    reader = PdfReader(io.BytesIO(pdf))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert re.search(r'pdfaid:part(?:>|=")2', metadata) and re.search(
        r'pdfaid:conformance(?:>|=")B', metadata
    )
    for page in reader.pages:
        assert [round(float(side) / MM) for side in page.mediabox[2:]] == [210, 297]
        for font in page["/Resources"]["/Font"].values():
            below = font["/DescendantFonts"][0]["/FontDescriptor"]
            assert "/FontFile2" in below or "/FontFile3" in below


def test_the_same_document_and_moment_give_the_same_bytes() -> None:
    assert render_pdf(REPORT, at=AT) == render_pdf(REPORT, at=AT)
    assert render_pdf(REPORT, at=AT) != render_pdf(REPORT, at=datetime(2022, 9, 14, 1, 1, tzinfo=UTC))


def test_the_letter_says_everything_in_the_decrees_forms() -> None:
    text = pages(LETTER)[0]
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "HUYỆN PHONG THỔ",
        "Số: 05/UBND-VP",
        "Phong Thổ, ngày 05 tháng 9 năm 2022", "V/v triển khai chiến dịch", "- Các phòng, ban, ngành huyện;",
        "- UBND các xã, thị trấn.", "- Kiểm tra máy tính.", "Hết./.", "Nơi nhận:", "- Như trên;",
        "- Lưu: VT, CV1.",
        "TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG", "Nguyễn Văn Mẫu",
    ):  # fmt: skip
        assert said in text


def test_text_of_the_pdf_is_composed_even_if_the_input_was_not() -> None:
    loose = replace(LETTER, subject=unicodedata.normalize("NFD", LETTER.subject))
    text = " ".join(pages(loose))
    assert unicodedata.is_normalized("NFC", text)
    assert "triển khai chiến dịch" in text


def test_blanks_stay_blank() -> None:
    blank = replace(LETTER, heading=replace(LETTER.heading, number="", day=None, year=2022))
    text = pages(blank)[0]
    assert re.search(r"Số: ?/UBND-VP", text)
    assert re.search(r"Phong Thổ, ngày tháng năm 2022", text)
    form = pages(LETTER)[-1]
    assert re.search(r"Tên đơn vị: ?\.{20,}", form)
    assert re.search(r"dòng 1 2 Nội dung dòng 2 3", form)  # no figure between the rows: blank is not zero


def test_a_zero_is_printed() -> None:
    form = replace(ROWS[0], count=0), replace(ROWS[1], count=1234567)
    assert re.search(r"dòng 1 0 2 Nội dung dòng 2 1\.234\.567", pages(Annex(form))[0])


def test_the_header_stands_where_the_decree_puts_it() -> None:
    placed = words(LETTER)
    country = line_of(placed, "CỘNG", "HÒA", "XÃ", "HỘI", "CHỦ", "NGHĨA", "VIỆT", "NAM")
    motto = line_of(placed, "Độc", "lập", "-", "Tự", "do", "-", "Hạnh", "phúc")
    issuer = line_of(placed, "HUYỆN", "PHONG", "THỔ")
    signer = line_of(placed, "Nguyễn", "Văn", "Mẫu")
    assert (country[0] + country[1]) / 2 == pytest.approx(30 + 66 + 99 / 2, abs=0.6)
    assert (motto[0] + motto[1]) / 2 == pytest.approx(30 + 66 + 99 / 2, abs=0.6)
    assert (issuer[0] + issuer[1]) / 2 == pytest.approx(30 + 66 / 2, abs=0.6)
    assert country[1] <= 195 and min(w[0] for w in placed) >= 29.9 and max(w[2] for w in placed) <= 195.4
    assert signer[0] > 105
    dashes = [line_of(placed, "-", "Các")[0], line_of(placed, "-", "UBND")[0]]
    assert dashes[0] == pytest.approx(dashes[1], abs=0.1)
    assert line_of(placed, "Sau", "khi")[0] == pytest.approx(30 + 12.7, abs=0.3)


def test_recipients_stand_level_with_the_signers_authority() -> None:
    placed = words(LETTER)
    assert line_of(placed, "Nơi", "nhận:")[2] == pytest.approx(line_of(placed, "TL.", "CHỦ")[2], abs=1.5)


def test_pages_are_numbered_from_the_second_and_the_annex_counts_its_own() -> None:
    missing = tuple(MissingUnit(f"Xã Thứ {n}", "Chưa có báo cáo") for n in range(120))
    long_annex = Annex(ROWS, assessment="\n".join(f"Ý kiến {n}." for n in range(90)))
    document = replace(REPORT, missing=missing, annex=long_annex)
    texts = pages(document)
    heads = [re.match(r"(\d+) ", text) for text in texts]
    start = next(i for i, text in enumerate(texts) if text.startswith("Phụ lục"))
    assert [int(h[1]) if h else None for h in heads[:start]] == [None, *range(2, start + 1)]
    second = next(i for i, text in enumerate(texts) if text.startswith("Phụ lục II "))
    assert texts[start].startswith("Phụ lục I MẪU THỐNG KÊ") and second > start + 1
    assert [int(h[1]) if h else None for h in heads[start:second]] == [None, *range(2, second - start + 1)]
    assert [int(h[1]) if h else None for h in heads[second:]] == [None, *range(2, len(texts) - second + 1)]
    number = next(w for w in words(document, 2) if w[4] == "2")
    assert (number[0] + number[2]) / 2 == pytest.approx(30 + 165 / 2, abs=0.6) and number[3] < 20


def test_a_long_table_repeats_its_head_and_loses_no_row() -> None:
    missing = tuple(MissingUnit(f"Xã Thứ {n}", "Chưa có báo cáo") for n in range(120))
    texts = pages(replace(REPORT, missing=missing))
    assert sum("Tình trạng báo cáo" in text for text in texts) >= 3
    found = re.findall(r"Xã Thứ (\d+)", " ".join(texts))
    assert [int(n) for n in found] == list(range(120))


def test_the_report_carries_every_figure_and_names_who_is_missing() -> None:
    text = " ".join(pages(REPORT))
    for row in REPORT.figures:
        own, below, total = (f"{n:,}".replace(",", ".") for n in (row.own, row.below, row.total))
        assert f"{row.content} {own} {below} {total}" in text
    for said in (
        "10 trên 17", "Có 2 đơn vị chưa có", "Xã Mù Sang Đã gửi, chờ tiếp nhận", "Xã Pa Vây Sử",
        "Đã sạch 1.200", "Tổng số 1.203", "Microsoft Office 1.500 300 1.200",
        "Tổng số 1.501 301 1.200", "- Hỗ trợ bản quyền (Xã Bản Lang).",
        "đến 15 giờ 00 phút ngày 21/9/2022",
    ):  # fmt: skip
        assert said in text


def test_nothing_looked_at_is_not_called_clean() -> None:
    text = " ".join(pages(replace(REPORT, machines=(), software=(), software_examined="")))
    assert "chưa đủ căn cứ" in text
    unseen = "gửi về; chưa đủ căn cứ để kết luận không có "
    assert f"{unseen}máy nhiễm" in text and f"{unseen}phần mềm bẻ khóa" in text
    looked = " ".join(pages(replace(REPORT, machines=(), examined="Đã rà soát 3 lượt nhật ký.")))
    assert "Đã rà soát 3 lượt nhật ký." in looked and f"{unseen}máy nhiễm" not in looked
    checked = " ".join(pages(replace(REPORT, software_examined="Đã kiểm tra 3 máy tính.")))
    assert "Đã kiểm tra 3 máy tính." in checked and f"{unseen}phần mềm" not in checked


def test_a_unit_with_nothing_below_is_not_asked_who_is_missing() -> None:
    text = " ".join(pages(replace(REPORT, accepted=0, expected=0, missing=())))
    assert "đơn vị bên dưới;" not in text and "4. Đơn vị" not in text


@pytest.mark.parametrize(
    "hostile",
    [
        '#import "x.typ"',
        "#panic()",
        "$x$ *đậm* _nghiêng_",
        "<script>alert(1)</script>",
        "= Tiêu đề",
        "- a\n+ b",
        "\\u{41} [x] ]",
    ],
)
def test_hostile_text_is_printed_not_run(hostile: str) -> None:
    text = pages(replace(REPORT, narrative=(f"Đầu {hostile} cuối",), annex=Annex(ROWS, unit=hostile)))
    expected = re.sub(r"\s+", " ", f"Đầu {hostile} cuối")
    assert expected in " ".join(text)


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x85", "\ud800"])
def test_a_character_that_cannot_be_printed_is_refused_with_its_field(char: str) -> None:
    with pytest.raises(DocumentError, match=r"OfficialReport\.proposals\[0\]\.text.*U\+"):
        render_pdf(replace(REPORT, proposals=(Proposal("Xã A", f"ab{char}c"),)), at=AT)


def test_invisible_marks_are_dropped_and_direction_is_never_turned() -> None:
    text = pages(Annex(ROWS, assessment="\ufeffTốt\u200b, \u202eđã xong\u2066"))[0]
    assert "Tốt, đã xong" in text


def test_signs_without_a_font_become_boxes_and_the_first_page_names_them() -> None:
    text = pages(Annex(ROWS, assessment="Tốt \U00050000 \U00011f50 xong", proposals="\U00050000"))[0]
    assert "Tốt □ □ xong" in text
    assert "phông chữ của máy không có: U+50000, U+11F50 KAWI DIGIT ZERO; mỗi chỗ thiếu in thành □." in text


def test_a_notice_stands_in_the_margin_of_the_first_page_only_and_moves_nothing() -> None:
    plain = replace(REPORT, narrative=("Tốt □ rồi.",))
    strange = replace(REPORT, narrative=("Tốt \U00050000 rồi.",))
    before, after = pages(plain), pages(strange)
    assert len(before) == len(after) > 1 and before[1:] == after[1:]
    assert "phông chữ" not in before[0] and "phông chữ" in after[0]
    notice = [word for word in words(strange) if word[4] == "phông"]
    assert notice and all(top > 277 and bottom < 297 for _left, top, _right, bottom, _word in notice)


def test_the_caller_learns_which_characters_are_missing() -> None:
    assert draw_pdf(Annex(ROWS, assessment="Tốt \U00011f50"), at=AT).missing == ("\U00011f50",)
    assert draw_pdf(Annex(ROWS, assessment="Tốt"), at=AT).missing == ()


def test_more_missing_characters_than_a_notice_names_are_counted() -> None:
    many = "".join(chr(0x50000 + n) for n in range(8))
    text = pages(Annex(ROWS, assessment=" ".join(many)))[0]
    assert "U+50004 (+3); mỗi chỗ thiếu" in text


def test_a_text_too_long_is_refused_with_its_field() -> None:
    with pytest.raises(DocumentError, match=r"Annex\.assessment"):
        render_pdf(Annex(ROWS, assessment="a" * 10_001), at=AT)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(DocumentError, match="zone"):
        render_pdf(LETTER, at=datetime(2022, 9, 14))


def test_the_signature_never_stands_alone_on_a_page() -> None:
    for filler in range(20, 33, 2):
        texts = pages(replace(LETTER, annex=None, paragraphs=(*["Một dòng."] * filler, "Áp chót.", "Cuối.")))
        page = next(text for text in texts if "Nguyễn Văn Mẫu" in text)
        assert "Áp chót. Cuối./." in page and "Nơi nhận:" in page


@pytest.mark.parametrize("length", [300, 1800])
def test_the_last_lines_of_a_long_paragraph_stay_with_the_closing_and_the_others_flow(length: int) -> None:
    for filler in (8, 20, 30):
        long = " ".join(f"w{n}" for n in range(length))
        texts = pages(replace(LETTER, annex=None, paragraphs=(*["Một dòng."] * filler, long, "Cuối.")))
        page = next(text for text in texts if "Nguyễn Văn Mẫu" in text)
        assert f"w{length - 1}. Cuối./." in page
        assert re.findall(r"w(\d+)", " ".join(texts)) == [str(n) for n in range(length)]


@pytest.mark.parametrize("rows", [4, 28, 60])
def test_the_last_rows_of_a_table_stay_with_the_closing_and_no_row_is_lost(rows: int) -> None:
    figures = tuple(AnnexRow(n, f"Nội dung dòng {n}.", n) for n in range(1, rows + 1))
    report = Report(
        REPORT.heading, "Kết quả", REPORT.addressees, ("Một.", "Cuối."), REPORT.signature, figures, REPORT.cc
    )
    texts = pages(report)
    page = next(text for text in texts if "Nguyễn Văn Mẫu" in text)
    assert f"dòng {rows}." in page
    found = re.findall(r"Nội dung dòng (\d+)\.", " ".join(texts))
    assert [int(n) for n in found] == list(range(1, rows + 1))


def test_the_rows_of_the_form_and_their_title_are_never_split_over_pages() -> None:
    for filler in range(22, 40, 4):
        for text in pages(Annex(ROWS, assessment="\n".join(["Một dòng."] * filler))):
            there = [f"Nội dung dòng {n}" in text for n in (1, 2, 3, 4)]
            assert there in ([True] * 4, [False] * 4) and ("2. Thông tin số liệu" in text) == there[0]


def test_rows_that_no_page_could_hold_are_printed_over_several() -> None:
    rows = tuple(AnnexRow(n, f"Nội dung dòng {n}", n, "ghi chú " * 900) for n in (1, 2, 3, 4))
    text = " ".join(pages(Annex(rows)))
    assert text.count("ghi chú") == 3600 and all(f"Nội dung dòng {n}" in text for n in (1, 2, 3, 4))


@pytest.mark.parametrize(("missing", "annexes"), [(0, 1), (3, 1), (10, 1), (11, 2), (40, 2)])
def test_more_than_ten_missing_units_are_listed_in_an_annex(missing: int, annexes: int) -> None:
    units = tuple(MissingUnit(f"Xã Thứ {n}.", "Chưa có báo cáo") for n in range(missing))
    texts = pages(replace(REPORT, missing=units))
    whole = " ".join(texts)
    assert re.findall(r"Xã Thứ (\d+)\.", whole) == [str(n) for n in range(missing)]
    heads = [text for text in texts if text.startswith("Phụ lục")]
    assert len(heads) == annexes
    if annexes == 2:
        assert "(danh sách tại Phụ lục II)" in whole
        assert heads[1].startswith("Phụ lục II DANH SÁCH ĐƠN VỊ CHƯA CÓ SỐ LIỆU") and "Xã Thứ 10." in heads[1]
        alone = pages(replace(REPORT, missing=units, annex=None))
        assert "(danh sách tại Phụ lục)" in " ".join(alone) and any(
            text.startswith("Phụ lục DANH SÁCH") for text in alone
        )
    else:
        assert heads[0].startswith("Phụ lục MẪU")


def test_addressees_lines_do_not_overlap() -> None:
    placed = words(LETTER)
    tops = [
        line_of(placed, "Kính", "gửi:")[2],
        line_of(placed, "-", "Các")[2],
        line_of(placed, "-", "UBND")[2],
    ]
    assert all(lower - upper > 4 for upper, lower in pairwise(tops))


def test_more_recipients_than_a_page_holds_go_on_over_the_next_one() -> None:
    offices = tuple(f"Phòng thứ {n}" for n in range(60))
    texts = pages(replace(LETTER, annex=None, cc=offices))
    assert all(any(f"- Phòng thứ {n}" in text for text in texts) for n in range(60))
    placed = words(replace(LETTER, annex=None, cc=offices))
    tops = [line_of(placed, "-", "Phòng", "thứ", f"{n};")[2] for n in range(20)]
    assert all(lower - upper > 3 for upper, lower in pairwise(tops))


def test_the_rule_below_a_long_name_stays_within_its_column() -> None:
    issuer = "Văn phòng Hội đồng nhân dân và Ủy ban nhân dân huyện Phong Thổ, tỉnh Lai Châu"
    letter = replace(LETTER, heading=replace(LETTER.heading, issuer=issuer))
    (first, *_more) = extract_pages(io.BytesIO(render_pdf(letter, at=AT)))
    rule = min((one for one in first if isinstance(one, LTLine)), key=lambda line: line.x0)
    assert rule.x0 / MM >= 30
    assert 66 / 3 - 0.5 <= rule.width / MM <= 66 / 2


def test_a_draft_carries_its_mark_on_every_page_and_an_issued_letter_none():
    long = replace(LETTER, paragraphs=("Nội dung. " * 200,) * 6, is_draft=True)
    pages = PdfReader(io.BytesIO(render_pdf(long, at=AT))).pages
    assert len(pages) > 2 and all(page.extract_text().count("DỰ THẢO") == 1 for page in pages)
    # Above the text: within the top margin of 20 mm.
    first = next(iter(extract_pages(io.BytesIO(render_pdf(long, at=AT)))))
    mark = next(box for box in first if "DỰ THẢO" in getattr(box, "get_text", str)())
    assert mark.y0 > first.height - 20 * MM and mark.x0 >= 30 * MM - 1
    issued = PdfReader(io.BytesIO(render_pdf(replace(long, is_draft=False), at=AT))).pages
    assert len(issued) == len(pages) and not any("DỰ THẢO" in page.extract_text() for page in issued)
