"""A commune reports without a mouse: from signing in to the sent annex by Tab, Enter and typing alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from quetsach.portal.campaigns.cascade.actions import acknowledge, count_people, deploy
from quetsach.portal.reports.models import Revision

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RING = """() => {
  const style = getComputedStyle(document.activeElement), box = document.activeElement.getBoundingClientRect()
  return {width: parseFloat(style.outlineWidth), style: style.outlineStyle, area: box.width * box.height,
          seen: box.bottom > 0 && box.top < innerHeight}
}"""
MOST_STOPS = 80


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus; every stop on the way must be visible and have a focus
    ring."""
    wanted = page.locator(selector).first
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        ring = page.evaluate(RING)
        at = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        assert ring["style"] == "solid" and ring["width"] >= 2, f"no ring around {at}"
        assert ring["seen"] and ring["area"] > 0, f"out of sight: {at}"
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{selector} is out of reach of the keyboard")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_signing_in_to_the_sent_annex_without_a_mouse(window, cast):
    page = window(scripts=False)
    officer, node = cast.user("A1", "officer"), cast.nodes["A1"]
    acknowledge(node, officer), deploy(node, officer), count_people(node, 12, 9, officer)
    page.goto("/tai-khoan/dang-nhap/")
    if not page.locator("#id_login").evaluate("element => element === document.activeElement"):
        tab_to(page, "#id_login")
    page.keyboard.type("officer-a1")
    tab_to(page, "#id_password")
    page.keyboard.type("quet-sach-123")
    enter(page)
    expect(page.locator("h1")).to_have_text("Hôm nay cần làm gì?")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#noi-dung", "past the navigation"
    page.keyboard.press("Enter")
    tab_to(page, "main .task a[href*='/bao-cao/']")
    enter(page)
    expect(page.locator("h1")).to_contain_text("con số của đơn vị")
    tab_to(page, "#danh-gia")
    page.keyboard.type("Đã rà soát toàn bộ máy của đơn vị.")
    for row, count in (("r1", "0"), ("r2", "12"), ("r3", "0"), ("r4", "9")):
        tab_to(page, f"#{row}")
        page.keyboard.press("Control+A")
        page.keyboard.type(count)
    tab_to(page, "button[value=submit]")
    enter(page)
    expect(page.locator("main")).to_contain_text("Đã gửi, bản 1")
    assert Revision.rows.get().own == {"r1": 0, "r2": 12, "r3": 0, "r4": 9}
