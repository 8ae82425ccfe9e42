"""A file that waits on the desk is not "nothing came": every page says so in the same words."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pypdfium2 as pdfium
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.reminders.audiences import AUDIENCES
from quetsach.portal.intake import actions
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.recompute.workbook import compare
from tests.portal.intake.test_desk import drop, only, paper, press, url
from tests.portal.page_text import text_of

SAID = "tệp chờ ở bàn tiếp nhận"


@pytest.fixture
def late(cast):
    """Both units below A are late; a file of A1 lies on A's desk."""
    CampaignNode.rows.exclude(parent=None).update(due_at=timezone.now() - timedelta(days=1))
    drop(cast, a=paper("Đơn vị A1"))
    return cast


def page(cast, route, *more, unit="A", **asked):
    return cast.client("A", "coordinator").get(url(cast, unit, route, *more), asked)


def line_of(answer, name):
    """The line of a unit in a table or list."""
    return text_of(answer).split(name, 1)[1][:220]


def overdue(cast):
    return [node.name for row in page(cast, "chase", thieu="tre").context["groups"] for node in
            (late.node for late in row[1])]  # fmt: skip


def test_whoever_sent_a_file_is_not_chased_for_the_report(late):
    assert overdue(late) == ["Đơn vị A2"]
    today = late.client("A", "coordinator").get(reverse("today", args=["lam-sach"]))
    assert (
        "1 đơn vị chưa có báo cáo · 1 đơn vị gửi báo cáo bằng tệp, đang chờ bàn tiếp nhận đưa vào"
        in text_of(today)
    )
    task = next(task for task in today.context["tasks"] if "thieu=tre" in task.url)
    assert task.text == "Đơn vị A2" and task.counts.n == 1
    audience = AUDIENCES["not_reported"].wanted()
    assert [node.name for node in CampaignNode.rows.filter(audience, parent=late.nodes["A"])] == ["Đơn vị A2"]


@pytest.mark.parametrize("route", ["chase", "progress_node", "rollup"])
def test_every_list_of_units_says_that_a_file_waits(late, route):
    answer = page(late, route)
    table = text_of(answer)
    assert SAID in table.lower()
    if route != "progress_node":  # where A2, which sent nothing, stands first
        assert SAID in line_of(answer, "Đơn vị A1").lower().partition("đơn vị a2")[0]


def test_why_and_the_units_own_page_say_so_too(late):
    assert SAID in line_of(page(late, "why", "r2"), "Đơn vị A1").lower()
    told = text_of(page(late, "report", unit="A1"))
    assert SAID in told and "chưa gửi báo cáo" not in told
    assert SAID not in text_of(page(late, "report", unit="A2"))


def test_paper_and_workbook_say_so_and_the_recomputation_agrees(late):
    report = papers.official_report(late.nodes["A"])
    assert {unit.name: SAID in unit.reason for unit in report.missing} == {
        "Đơn vị A1": True,
        "Đơn vị A2": False,
    }
    file = page(late, "report_xlsx").content
    rows = CalamineWorkbook.from_filelike(BytesIO(file)).get_sheet_by_name("Chưa có trong tổng").to_python()
    assert [SAID in str(row) for row in rows if "Đơn vị A1" in row] == [True]
    assert compare(late.nodes["A"], file)[1] == []


def test_a_file_that_is_set_aside_or_taken_waits_no_more(late):
    press(late, only(), "set_aside")
    assert overdue(late) == ["Đơn vị A1", "Đơn vị A2"] and SAID not in text_of(page(late, "chase"))
    actions.bring_back(late.user("A", "coordinator"), only("set_aside").pk, late.nodes["A"])
    assert overdue(late) == ["Đơn vị A2"]
    press(late, only(), "take")
    assert overdue(late) == ["Đơn vị A2"] and SAID not in text_of(page(late, "rollup"))


def test_a_scan_with_the_units_name_is_no_silence_on_the_desk(cast):
    scan = pdfium.PdfDocument.new()
    scan.new_page(595, 842)
    out = BytesIO()
    scan.save(out)
    file = SimpleUploadedFile("Bao cao Đơn vị A1.pdf", out.getvalue())
    cast.client("A", "coordinator").post(url(cast), {"annexes": file})
    missing = page(cast, "intake").context["desk"].missing
    assert [node.name for node in missing] == ["Đơn vị A2"]
