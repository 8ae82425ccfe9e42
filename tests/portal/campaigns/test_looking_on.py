"""Seats that only read: Today tells them what waits in the unit, and that none of it is theirs."""

import lxml.html
import pytest
from django.urls import reverse

from quetsach.portal.campaigns import tasks
from tests.portal.page_text import text_of


def titles(page):
    return [one.text_content().strip() for one in lxml.html.fromstring(page.content).xpath("//ol//h3")]


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_a_seat_that_only_reads_sees_what_waits_in_the_unit(cast, role, monkeypatch):
    url = reverse("today", args=["lam-sach"])
    page = cast.client("A1", role).get(url)
    waiting = titles(cast.client("A1", "coordinator").get(url))
    assert titles(page) == waiting != []
    assert "Không còn việc nào đang chờ" not in text_of(page)
    assert f"Đơn vị còn {len(waiting)} việc đang chờ" in text_of(page)
    assert "người khác trong đơn vị làm" in text_of(page)
    links = lxml.html.fromstring(page.content).xpath("//ol//a")
    assert {one.text_content() for one in links} == {"Xem"}, "nothing there is for this seat to do"
    for one in links:
        assert cast.client("A1", role).get(one.get("href")).status_code == 200
    monkeypatch.setattr(tasks, "PROVIDERS", [])
    text = text_of(cast.client("A1", role).get(url))
    assert "Đơn vị không có việc nào đang chờ. Vai trò của anh/chị chỉ xem" in text
    assert "Hôm nay đã xong việc" not in text


def test_an_auditor_finds_trail_and_frozen_figures(cast):
    url = reverse("today", args=["lam-sach"])
    trail, figures = (
        reverse("audit", args=["lam-sach"]),
        reverse("machine_figures", args=["lam-sach", cast.nodes["A1"].pk]),
    )
    pages = {
        role: lxml.html.fromstring(cast.client("A1", role).get(url).content) for role in ("auditor", "reader")
    }
    shown = {role: set(page.xpath("//section[1]/ul//a/@href")) for role, page in pages.items()}
    assert shown == {"auditor": {trail, figures}, "reader": set()}
    assert all(cast.client("A1", "auditor").get(one).status_code == 200 for one in shown["auditor"])


def test_a_seat_with_work_reads_of_its_own_work_alone(cast):
    text = text_of(cast.client("A1", "it").get(reverse("today", args=["lam-sach"])))
    assert "Vai trò của anh/chị chỉ xem" not in text
