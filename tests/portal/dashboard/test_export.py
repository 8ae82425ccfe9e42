"""Exported files: their numbers are the roll-up's, their text never runs, each leaves an audit entry."""

from __future__ import annotations

import csv
import io
import re

import docx
import pytest
from django.urls import reverse
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.export import heading
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.units.models import Unit
from tests.portal.cast import Cast

BASE = "/cd/lam-sach"
FILES = {
    "report_pdf": "tong-hop/{}/bao-cao.pdf",
    "report_docx": "tong-hop/{}/bao-cao.docx",
    "report_xlsx": "tong-hop/{}/so-lieu.xlsx",
    "report_csv": "tong-hop/{}/so-lieu.csv",
    "annex_pdf": "bao-cao/{}/phu-luc.pdf",
    "annex_docx": "bao-cao/{}/phu-luc.docx",
}
LETTER = {
    "issuer_lines": ["Ủy ban nhân dân", "huyện Phong Thổ"],
    "symbol": "UBND-VP",
    "place": "Phong Thổ",
    "subject": "V/v làm sạch mã độc",
    "recipients": ["Các phòng, ban", "UBND các xã"],
    "paragraphs": [
        {"kind": "text", "text": "Yêu cầu thực hiện:"},
        {"kind": "bullet", "text": "Rà soát máy."},
    ],
    "closing": "Đề nghị triển khai./.",
    "cc": ["Như trên;", "Lưu: VT;"],
    "signature_lines": ["CHỦ TỊCH"],
    "signer": "Nguyễn Văn Mẫu",
    "annex": "Mẫu thống kê, báo cáo kết quả triển khai",
}


def get(cast: Cast, file: str, unit: str, who: tuple[str, str] = ("centre", "coordinator")):
    return cast.client(*who).get(f"{BASE}/{FILES[file].format(cast.nodes[unit].pk)}")


def pdf_text(content: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


@pytest.fixture
def full(cast, plant, machine):
    """A campaign with a letter, reports in several states, machines, and texts."""
    Campaign.objects.filter(pk=cast.campaign.pk).update(letter=LETTER)
    plant("centre", (2, 10, 1, 8), "accepted", narrative="Đã quán triệt.", proposals="Cấp máy mới.")
    plant("A", (2, 1200, 2, 30), "accepted", proposals="Hỗ trợ bản quyền.")
    plant("A1", (0, 17, 0, 11), "accepted", proposals="Hỗ trợ bản quyền.")
    plant("A2", (0, 99, 0, 98), "submitted", proposals="Chưa được tính.")
    plant("B", (1, 7, 1, 6), "returned")
    machine("A1", "new"), machine("A1", "cleaning"), machine("B1", "verified_clean")
    return cast


def test_excel_holds_the_numbers_of_the_roll_up_as_numbers(full):
    rolled = roll_up(full.nodes["centre"])
    book = CalamineWorkbook.from_filelike(io.BytesIO(get(full, "report_xlsx", "centre").content))
    sums = book.get_sheet_by_name("Tổng hợp").to_python(skip_empty_area=False)
    rows = [row for row in sums if isinstance(row[0], float)]
    assert [row[2] for row in rows] == list(rolled.own.values())
    assert [row[3] for row in rows] == list(rolled.children_total.values()) == [2, 1217, 2, 41]
    assert [row[4] for row in rows] == list(rolled.total.values()) == [4, 1227, 3, 49]
    units = {row[0]: row for row in book.get_sheet_by_name("Theo đơn vị").to_python(skip_empty_area=False)}
    assert units["Đơn vị A"][1:] == [2, 1217, 2, 41, "Đã tiếp nhận", 3, 1, 0]
    assert units["Đơn vị B"][1:] == ["", "", "", "", "Đã trả lại để sửa", 2, 2, 0]
    assert units["Tổng các đơn vị bên dưới"][1:5] == list(rolled.children_total.values())
    assert units["Tổng các đơn vị bên dưới"][6:] == [5, 3, 0]
    missing = book.get_sheet_by_name("Chưa có trong tổng").to_python(skip_empty_area=False)
    assert [row[1:4] for row in missing if isinstance(row[0], float)] == [
        ["Đơn vị B", "", "Đã trả lại để sửa"],
        ["Đơn vị A2", "Đơn vị A", "Đã gửi, chờ tiếp nhận"],
        ["Đơn vị B1", "Đơn vị B", "Chưa có báo cáo"],
    ]
    machines = {
        row[0]: row for row in book.get_sheet_by_name("Máy theo tình trạng").to_python(skip_empty_area=False)
    }
    assert machines["Đơn vị A"][1:] == [1, 1, 0, 0, 2] and machines["Tổng số"][1:] == [1, 1, 0, 1, 3]


def test_csv_says_the_same_as_excel(full):
    content = get(full, "report_csv", "centre").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [
        "2",
        "Tổng số cá nhân của cơ quan, đơn vị nhận được thông tin về chiến dịch",
        "10",
        "1217",
        "1227",
        "10",
    ] in rows
    assert ["Đơn vị B", "", "", "", "", "Đã trả lại để sửa", "2", "2", "0"] in rows


def test_csv_speaks_the_language_of_its_page_and_a_workbook_is_always_in_vietnamese(full):
    client = full.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    args = ["lam-sach", full.nodes["centre"].pk]
    told = client.get(reverse("report_csv", args=args)).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(told)))
    assert ["No.", "Content", "Own figure", "The units below", "Sum total", "Entered by the unit"] in rows
    assert ["Đơn vị B", "", "", "", "", "Returned", "2", "2", "0"] in rows
    words = re.sub("Đơn vị|" + re.escape(full.campaign.title), "", told)
    assert not re.search("[ạảấầẩẫậắằẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", words)
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(reverse("report_xlsx", args=args)).content))
    assert book.sheet_names[0] == "Tổng hợp"
    assert "Tổng các đơn vị bên dưới" in str(book.get_sheet_by_name("Theo đơn vị").to_python())


def test_the_report_prints_the_roll_up_and_names_who_is_missing(full):
    text = pdf_text(get(full, "report_pdf", "centre").content)
    assert "chiến dịch 2 2 4" in text and "10 1.217 1.227" in text and "8 41 49" in text
    assert "2 trên 5 đơn vị bên dưới" in text and "Có 3 đơn vị chưa có" in text
    for said in ("Đơn vị A2 Đã gửi, chờ tiếp nhận", "Đơn vị B1 Chưa có báo cáo", "Có dấu hiệu 1", "Tổng số 3",
                 "- Hỗ trợ bản quyền (Đơn vị A, Đơn vị A1).", "Đã quán triệt."):  # fmt: skip
        assert said in text
    assert "Chưa được tính" not in text


def test_the_word_file_carries_the_same_figures(full):
    file = docx.Document(io.BytesIO(get(full, "report_docx", "centre").content))
    cells = [[cell.text for cell in row.cells] for table in file.tables for row in table.rows]
    content = "Tổng số cá nhân của cơ quan, đơn vị nhận được thông tin về chiến dịch"
    assert ["2", content, "10", "1.217", "1.227"] in cells
    assert ["2", content, "1.227", ""] in cells  # the annex
    annex = docx.Document(io.BytesIO(get(full, "annex_docx", "A2").content))
    assert "99" in [row.cells[2].text for row in annex.tables[0].rows]


def test_a_unit_below_cites_the_order_and_reports_to_its_superior(full):
    text = pdf_text(get(full, "report_pdf", "A1").content)
    assert "Kính gửi: UBND đơn vị A" in text.replace("UBND Đơn vị A", "UBND đơn vị A")
    assert re.search(r"Công văn số \.{6}/UBND-VP ngày / ?/\d{4} của Ủy ban nhân dân huyện Phong Thổ", text)
    assert "0 trên 0" not in text


def test_own_figures_not_accepted_yet_are_printed_and_said_to_be_so(full):
    text = pdf_text(get(full, "report_pdf", "A2").content)
    assert "99 0 99" in text and "chưa được cấp trên tiếp nhận" in text


def test_the_annex_holds_what_was_sent(full):
    text = pdf_text(get(full, "annex_pdf", "A2").content)
    assert "Tên đơn vị: Ủy ban nhân dân" in text and "chiến dịch 99" in text and "chiến dịch 98" in text
    assert "Bản 1, gửi" in text and "đã gửi, chờ tiếp nhận" in text


def test_the_annex_of_a_draft_leaves_blank_what_is_blank(cast, plant):
    report = plant("A1", (5, 6, 7, 8), "draft")
    report.draft = {"r1": "5", "r2": "", "r3": "7,5", "r4": "0"}
    report.save()
    text = pdf_text(get(cast, "annex_pdf", "A1").content)
    assert re.search(
        r"chiến dịch 5 2 Tổng số cá nhân .*? chiến dịch 3 Tổng số đơn vị triển khai chiến dịch 4 ", text
    )
    assert "của chiến dịch 0 Ghi chú" in text and "chưa gửi" in text


def test_the_letter_is_public_once_published_and_carries_the_blank_form(full, client):
    answer = client.get(f"{BASE}/cong-van.pdf")
    text = pdf_text(answer.content)
    assert answer.status_code == 200
    for said in ("HUYỆN PHONG THỔ", "V/v làm sạch mã độc", "- Rà soát máy.", "Đề nghị triển khai./.",
                 "Phụ lục", "MẪU THỐNG KÊ, BÁO CÁO KẾT QUẢ TRIỂN KHAI", "- Lưu: VT."):  # fmt: skip
        assert said in text
    Campaign.objects.filter(pk=full.campaign.pk).update(status="draft")
    assert client.get(f"{BASE}/cong-van.pdf").status_code == 404


@pytest.mark.parametrize("file", FILES)
def test_others_and_strangers_get_404(full, client, file):
    for unit, role in (("A2", "officer"), ("B", "coordinator"), ("A1", "officer")):
        assert get(full, file, "A", (unit, role)).status_code == 404
    assert client.get(f"{BASE}/{FILES[file].format(full.nodes['A'].pk)}").status_code == 404
    assert get(full, file, "A", ("A", "reader")).status_code == 200


@pytest.mark.parametrize("file", FILES)
def test_every_export_is_noted_once_and_named_in_both_ways(full, file):
    answer = get(full, file, "A1")
    entry = Entry.objects.get(action="report.export")
    assert entry.unit_path == full.nodes["A1"].path and entry.actor == full.user("centre", "coordinator")
    plain = re.match(
        r'attachment; filename="([a-z0-9-]+\.(?:pdf|docx|xlsx|csv))"', answer["Content-Disposition"]
    )
    assert plain and "don-vi-a1" in plain[1]
    assert re.search(r"filename\*=UTF-8''[A-Za-z0-9%._-]+%C6%A1n", answer["Content-Disposition"])  # ơ
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"]
)
def test_a_name_is_never_a_formula(full, name):
    CampaignNode.rows.filter(pk=full.nodes["A"].pk).update(name=name)
    book = get(full, "report_xlsx", "centre").content
    assert b"<f>" not in b"".join(_parts(book))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("Theo đơn vị").to_python()
    assert name.strip() in [str(row[0]).strip() for row in sheet]
    rows = csv.reader(io.StringIO(get(full, "report_csv", "centre").content.decode("utf-8-sig")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def _parts(book: bytes) -> list[bytes]:
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(book)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_a_report_with_picture_signs_still_prints(full, plant):
    from quetsach.portal.reports.models import Revision

    Revision.rows.filter(report__node=full.nodes["A"]).update(proposals="Cần hỗ trợ \U00050000 sớm")
    assert "Cần hỗ trợ □ sớm" in pdf_text(get(full, "report_pdf", "centre").content)


@pytest.mark.parametrize(
    ("kind", "name", "full_name", "place"),
    [
        ("ubnd_commune", "Xã Mường So", "Ủy ban nhân dân xã Mường So", "Mường So"),
        ("ubnd_commune", "Thị trấn Phong Thổ", "Ủy ban nhân dân thị trấn Phong Thổ", "Phong Thổ"),
        ("ubnd_district", "UBND huyện Phong Thổ", "Ủy ban nhân dân huyện Phong Thổ", "Phong Thổ"),
        ("ubnd_district", "UBND quận 1", "Ủy ban nhân dân quận 1", "Quận 1"),
        ("phong", "Phòng Nội vụ", "Phòng Nội vụ", "Phong Thổ"),
    ],
)
def test_units_are_named_as_on_paper(kind, name, full_name, place):
    above = Unit(name="Huyện Phong Thổ", kind="ubnd_district")
    unit = Unit(name=name, kind=kind, parent=above)
    assert heading.full_name(unit) == full_name
    assert heading.place(unit) == place


@pytest.mark.parametrize(
    ("kind", "abbreviation", "symbol"),
    [("ubnd_commune", "", "BC-UBND"), ("ubnd_commune", "UBND-VP", "BC-UBND-VP"), ("school", "", "BC")],
)
def test_a_unit_without_an_abbreviation_has_a_whole_symbol(cast, kind, abbreviation, symbol):
    node = cast.nodes["A1"]
    node.kind, node.doc_abbr = kind, abbreviation
    assert heading.heading(node, "BC", 2022).symbol == symbol
