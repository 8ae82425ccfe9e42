"""A coordinator invites, hands over and switches one-time codes on; a visitor asks: without JavaScript."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from quetsach.portal.units.models import Membership
from tests.portal.totp import totp

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[1280, 360])
def page(request, window, cast):
    cache.clear()
    for unit, role in (("A", "coordinator"), ("A1", "officer"), ("A2", "reader")):
        cast.user(unit, role)
    page = window("coordinator-a", width=request.param, scripts=False)
    yield page
    assert not page.refused


def fits(page: Page) -> None:
    """No page is wider than its window, and none is heavier than 100 KB."""
    assert page.locator("main").bounding_box()["x"] >= 0
    width = page.viewport_size["width"]
    for name in ("main h1", "main table", "main form", "main ul"):
        for element in page.locator(name).all():
            box = element.bounding_box()
            assert box is None or box["x"] + box["width"] <= width + 1, name
    assert len(page.content().encode()) < 100_000


def test_who_serves_where(page, window):
    page.goto("/quan-tri/")
    expect(page.locator("h1")).to_have_text("Ai được làm gì?")
    fits(page)
    page.click("text=Mời người")
    fits(page)
    page.select_option("#unit", label="Đơn vị A1")
    page.select_option("#id_role", "it")
    page.press("#id_until", "Enter")
    address = page.input_value("#address")
    expect(page.locator("svg.qr")).to_be_visible()
    fits(page)
    guest = window(width=page.viewport_size["width"], scripts=False)
    guest.goto(address.removeprefix("http://testserver"))
    fits(guest)
    guest.fill("#id_full_name", "Lò Văn Pâng")
    guest.fill("#id_username", "lo.pang")
    guest.fill("#id_password", "bon tu de nho")
    guest.press("#id_password", "Enter")
    expect(guest.locator("[role=status]")).to_contain_text("Đơn vị A1")
    fits(guest)
    page.goto("/quan-tri/?tim=Pâng")
    page.click("text=Lò Văn Pâng")
    fits(page)
    page.click("text=Bàn giao tất cả cho người khác")
    page.select_option("#taker", label="reader-a2 (reader-a2, Đơn vị A2)")
    page.fill("#id_reason", "Chuyển công tác")
    fits(page)
    page.press("#id_reason", "Enter")
    expect(page.locator("[role=status]")).to_contain_text("Đã bàn giao")
    guest.goto("/tai-khoan/")
    expect(guest.locator("main")).to_contain_text("Chuyển công tác")
    assert Membership.ever.get(user__username="reader-a2", role="it").unit.name == "Đơn vị A1"


def test_one_time_codes(page):
    page.goto("/tai-khoan/hai-buoc/")
    fits(page)
    page.click("text=Bật mã dùng một lần >> nth=-1")
    page.fill("#id_password", "quet-sach-123")
    page.press("#id_password", "Enter")
    fits(page)
    page.click("main summary")
    key = page.locator("main code").inner_text()
    page.fill("#id_code", totp(key, time.time()))
    page.press("#id_code", "Enter")
    expect(page.locator("main code")).to_have_count(10)
    fits(page)
    page.goto("/tai-khoan/phien/")
    expect(page.locator("main")).to_contain_text("đang dùng")
    fits(page)


def test_privacy(page):
    page.goto("/rieng-tu/")
    fits(page)
    page.click("main .btn-main")
    fits(page)
    page.select_option("#id_kind", "delete")
    page.fill("#id_contact", "0912 345 678")
    page.fill("#id_text", "Xóa tên máy của tôi.")
    page.click("main .btn-main")
    expect(page.locator("[role=status]")).to_contain_text("Đơn vị A")
    page.goto("/rieng-tu/so-yeu-cau/")
    expect(page.locator("main")).to_contain_text("Xóa tên máy của tôi.")
    fits(page)
