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
    assert not lxml.html.fromstring(page.content).xpath("//ol//a"), "nothing there is for this seat to do"
    monkeypatch.setattr(tasks, "PROVIDERS", [])
    text = text_of(cast.client("A1", role).get(url))
    assert "Đơn vị không có việc nào đang chờ. Vai trò của anh/chị chỉ xem" in text
    assert "Hôm nay đã xong việc" not in text


def test_a_seat_with_work_reads_of_its_own_work_alone(cast):
    text = text_of(cast.client("A1", "it").get(reverse("today", args=["lam-sach"])))
    assert "Vai trò của anh/chị chỉ xem" not in text
