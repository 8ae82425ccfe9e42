"""The whole campaign in a real browser: down the tree, four ways back up, one late, the same total above.

A district passes its letter on; one commune reports on the page, one in the Excel form, one sends a Word
file, one must be chased. The district's export and the province's total equal the figures that were counted
here by hand.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import docx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.actions import create_unit
from tests.collect import papers_by_hand as by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLUG = "quy-bon"
SAID = "Đã rà soát toàn bộ máy của đơn vị."
OWN = {
    "A": ("4", "31", "4", "29"),
    "A1": ("0", "12", "0", "9"),
    "A2": ("0", "1.204", "0", "1.100"),
    "A3": ("0", "15", "0", "15"),
    "A4": ("0", "7", "0", "6"),
}
BELOW, TOTAL = (0, 1238, 0, 1130), (4, 1269, 4, 1159)


class Office:
    """One person's window, without scripts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.nodes = {node.unit.name.removeprefix("Đơn vị "): node for node in _nodes()}

    def go(self, path: str) -> Page:
        self.page.goto(f"/cd/{SLUG}/{path}")
        return self.page

    def send(self, unit: str) -> None:
        """Fill in the annex on its page and send it; ticks the page's questions."""
        page = self.go(f"bao-cao/{self.nodes[unit].pk}/")
        for row, count in enumerate(OWN[unit], start=1):
            page.fill(f"#r{row}", count)
        page.fill("#danh-gia", SAID)
        self.press_submit()

    def press_submit(self) -> None:
        self.page.click("button[value=submit]")
        for tick in self.page.locator("input[name=ticked]").all():
            tick.check()
        if self.page.locator("#phu-luc button[value=submit]").count():
            self.page.click("button[value=submit]")
        expect(self.page.locator("main")).to_contain_text("bản 1")


def _nodes():
    return CampaignNode.rows.filter(campaign__slug=SLUG).select_related("unit")


def filled(template: Path, answers: dict[str, str]) -> bytes:
    """The workbook with values put into its cells as XML, not by any program of ours."""
    out = io.BytesIO()
    with zipfile.ZipFile(template) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = part.decode()
                for cell, value in answers.items():
                    inside = f"<v>{value}</v>" if value.isdigit() else f"<is><t>{value}</t></is>"
                    kind = "" if value.isdigit() else ' t="inlineStr"'
                    text, found = re.subn(
                        rf'<c r="{cell}"( s="\d+")[^>]*?(/>|>.*?</c>)',
                        rf'<c r="{cell}"\1{kind}>{inside}</c>',
                        text,
                    )
                    assert found == 1, cell
                part = text.encode()
            after.writestr(name, part)
    return out.getvalue()


def saved(page: Page, link: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name=link, exact=True).first.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def thousands(*counts: int) -> list[str]:
    return [f"{n:,}".replace(",", ".") for n in counts]


def test_from_the_letter_to_the_same_total_twice(window, cast, tmp_path):
    for name in ("A3", "A4"):
        cast.units[name] = create_unit(
            None, cast.units["A"], f"Đơn vị {name}", kind="ubnd_commune", doc_abbr="UBND"
        )
    Campaign.objects.create(
        slug=SLUG,
        issuer=cast.units["centre"],
        title="Làm sạch mã độc quý IV",
        summary="Mỗi đơn vị rà soát máy tính và báo cáo.",
        due_at=timezone.now() + timedelta(days=20),
        contact={"name": "Phòng Văn hóa", "phone": "0213 300 0000"},
    )

    def office(unit: str, role: str) -> Office:
        cast.user(unit, role)
        return Office(window(f"{role}-{unit.lower()}", scripts=False))

    # The province publishes and passes on; the district confirms and passes on to its communes.
    office("centre", "coordinator").go("chien-dich/").click("button[value=publish]")
    province, district = office("centre", "coordinator"), office("A", "coordinator")
    nodes = district.nodes
    assert len(nodes) == 8
    province.go("cong-van/").click("button[value=pass_on]")
    page = district.go("cong-van/")
    page.click("button[value=acknowledge]")
    page.fill("#id_day", f"{timezone.localdate() + timedelta(days=10):%d/%m/%Y}")
    page.click("button[value=pass_on]")
    assert not CampaignNode.rows.filter(pk=nodes["A4"].pk, due_at=nodes["A"].due_at).exists()

    # One commune reports on the page.
    web = office("A1", "officer")
    web.go("viec-hom-nay/")
    expect(web.page.locator("main .task").first).to_contain_text("công văn")
    web.go("cong-van/").click("button[value=acknowledge]")
    web.send("A1")

    # One fills in the Excel form offline and brings it back.
    excel = office("A2", "officer")
    page = excel.go(f"bao-cao/{nodes['A2'].pk}/")
    page.click("main a[href$='/tep/']")
    form = saved(page, "Mẫu Excel của đơn vị này", tmp_path)
    counts = {f"C{line}": n.replace(".", "") for line, n in enumerate(OWN["A2"], start=6)}
    (tmp_path / "da-dien.xlsx").write_bytes(filled(form, {**counts, "B13": SAID}))
    page.set_input_files("[name=file]", tmp_path / "da-dien.xlsx")
    page.click("main button.btn-main")
    expect(page.locator("#r2")).to_have_value("1.204")
    excel.press_submit()

    # One sent a Word file; the district drops it, looks, and takes it.
    page = district.go(f"tong-hop/{nodes['A'].pk}/")
    page.click("main a[href*='/tiep-nhan/']")
    word = by.docx(
        by.form("Đơn vị A3", OWN["A3"], assessment=SAID), saved=f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    )
    page.set_input_files(
        "[name=annexes]", {"name": "a3.docx", "mimeType": "application/msword", "buffer": word}
    )
    page.click("text=Đọc các tệp")
    page.click("#ro-rang button.btn-main")
    expect(page.locator("#da-xong")).to_contain_text("Đơn vị A3")

    # One is late: found, chased by a message to copy; then it reports, marked as late.
    CampaignNode.rows.filter(pk=nodes["A4"].pk).update(due_at=timezone.now() - timedelta(days=1))
    page = district.go(f"tien-do/{nodes['A'].pk}/don-doc/")
    page.click("text=báo cáo quá hạn")
    expect(page.locator(".late tbody label")).to_have_text(["Đơn vị A4"])
    page.click("main form button.btn-main")
    expect(page.locator("textarea")).to_have_value(re.compile("Đơn vị A4"))
    page = district.go(f"tong-hop/{nodes['A'].pk}/")
    expect(page.locator("main")).to_contain_text("Đơn vị A4")
    office("A4", "officer").send("A4")

    # The district accepts and adds its own part, and the province accepts the district's report.
    page = district.go(f"tong-hop/{nodes['A'].pk}/")
    waiting = page.locator("#cho-tiep-nhan li")
    expect(waiting).to_have_count(3)
    expect(waiting.filter(has_text="Đơn vị A4")).to_contain_text("muộn")
    for _ in range(3):
        district.go(f"tong-hop/{nodes['A'].pk}/")
        page.locator("#cho-tiep-nhan form button").first.click()
    expect(page.locator("#cho-tiep-nhan")).to_have_count(0)
    district.send("A")
    province.go(f"tong-hop/{nodes['centre'].pk}/").locator("#cho-tiep-nhan form button").first.click()

    # The district's export holds the figures counted by hand.
    page = district.go(f"tong-hop/{nodes['A'].pk}/")
    expect(page.locator("main .answer")).to_contain_text("4 đơn vị")
    pdf, word_file, sheet = (
        saved(page, link, tmp_path) for link in ("Tải báo cáo PDF", "Báo cáo dạng Word", "Số liệu Excel")
    )
    text = re.sub(r"\s+", " ", " ".join(p.extract_text() for p in PdfReader(pdf).pages))
    cells = [
        [c.text for c in row.cells] for table in docx.Document(str(word_file)).tables for row in table.rows
    ]
    own = [int(n) for n in OWN["A"]]
    for mine, below, total in zip(own, BELOW, TOTAL, strict=True):
        assert " ".join(thousands(mine, below, total)) in text
        assert any(row[2:5] == thousands(mine, below, total) for row in cells), (mine, below, total)
    book = CalamineWorkbook.from_path(str(sheet)).get_sheet_by_name("Tổng hợp")
    rows = [row for row in book.to_python(skip_empty_area=False) if isinstance(row[0], float)]
    assert [tuple(row[2:5]) for row in rows] == list(zip(own, BELOW, TOTAL, strict=True))

    # The province sees the very same figures.
    page = province.go(f"tong-hop/{nodes['centre'].pk}/")
    figures = page.locator("main table.stack").first.locator("tbody tr")
    for row, total in enumerate(thousands(*TOTAL)):
        expect(figures.nth(row).locator("td").nth(2)).to_have_text(total)
