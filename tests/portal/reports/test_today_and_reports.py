"""Today says where the reports stand: one's own with its date, and those that are missing below."""

from __future__ import annotations

from uuid import uuid4

from django.urls import reverse

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.actions import submit
from quetsach.portal.reports.models import Revision
from quetsach.portal.reports.review.actions import send_back
from tests.portal.addresses import url
from tests.portal.page_text import text_of
from tests.portal.reports.test_review import DATA, TICKS, taken


def today(cast, unit, role="officer"):
    return cast.client(unit, role).get(reverse("today", args=["lam-sach"]))


def test_an_officer_sees_that_the_report_was_sent_and_when(cast):
    before = text_of(today(cast, "A1"))
    assert "Báo cáo của đơn vị Chưa có Mở báo cáo" in before
    submit(cast.user("A1", "officer"), cast.nodes["A1"], DATA, 0, uuid4(), ticked=TICKS)
    told = today(cast, "A1")
    at = Revision.rows.get().submitted_at.astimezone().strftime("%H:%M")
    line = text_of(told).split("Báo cáo của đơn vị")[1]
    assert line.startswith(" Chờ tiếp nhận gửi lúc ") and at in line[:60]
    assert f'href="{url(cast, "report", "A1")}"' in told.content.decode()
    assert "Gửi báo cáo" not in [str(task.title) for task in told.context["tasks"]]


def test_a_coordinator_sees_how_many_reports_are_missing_with_the_way_to_them(cast):
    told = today(cast, "A", "coordinator")
    assert "Báo cáo của đơn vị trực thuộc 2 đơn vị chưa có báo cáo Đơn vị nào?" in text_of(told)
    assert f'href="{url(cast, "chase", "A")}?thieu=bao-cao"' in told.content.decode()
    submit(cast.user("A1", "officer"), cast.nodes["A1"], DATA, 0, uuid4(), ticked=TICKS)
    assert "1 đơn vị chưa có báo cáo" in text_of(today(cast, "A", "coordinator"))
    taken(cast, "A2")
    assert "Mọi đơn vị phải báo cáo đều đã gửi." in text_of(today(cast, "A", "coordinator"))


def test_a_unit_that_need_not_report_has_no_line_about_a_report(cast):
    CampaignNode.rows.filter(pk=cast.nodes["A1"].pk).update(expected=False)
    assert "Báo cáo của đơn vị" not in text_of(today(cast, "A1"))


def test_the_annex_page_says_how_many_reports_its_sums_hold_and_on_which_levels(cast):
    taken(cast, "A1")
    told = text_of(cast.client("centre", "coordinator").get(url(cast, "report", "centre")))
    # A1 counts in the sums of the centre, although A above it has no accepted report.
    assert "cộng 1 báo cáo đã tiếp nhận trong 5 đơn vị ở mọi cấp bên dưới" in told
    assert "Trong 2 đơn vị trực thuộc, 0 đơn vị đã có báo cáo được tiếp nhận." in told


def test_a_returned_report_is_named_as_one_that_waits_for_its_unit(cast):
    sent = submit(cast.user("A1", "officer"), cast.nodes["A1"], DATA, 0, uuid4(), ticked=TICKS)
    send_back(cast.user("A", "coordinator"), cast.nodes["A1"], sent.number, "Sai dòng 2.")
    said = text_of(today(cast, "A", "coordinator"))
    assert "2 đơn vị chưa có báo cáo · trong đó 1 báo cáo bị trả lại, chờ đơn vị sửa" in said
    desk = text_of(cast.client("A", "coordinator").get(url(cast, "intake", "A")))
    assert "2 đơn vị chưa có báo cáo" in desk and "Trong đó 1 báo cáo bị trả lại" in desk
    assert "Đơn vị A1 bị trả lại, chờ đơn vị sửa" in desk and "Đơn vị A2 bị trả lại" not in desk
