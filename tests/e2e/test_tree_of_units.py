"""A coordinator finds, renames, takes back and imports units in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, expect

from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Unit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLE = "Tên đơn vị,Loại,Thuộc đơn vị\nXã Ba,UBND cấp xã,Đơn vị A\nTrường Xã Ba,Trường học,Xã Ba\n"


@pytest.fixture(params=[1280, 360])
def page(request, window, cast):
    cast.user("A", "coordinator")
    page = window("coordinator-a", width=request.param)
    page.goto("/don-vi/")
    yield page
    assert page.refused == []


def fits(page):
    """No page is wider than its window. A page that a click just left is asked again."""
    wide = "document.documentElement.scrollWidth <= innerWidth"
    try:
        assert page.evaluate(wide), page.url
    except Error:
        page.wait_for_load_state()
        assert page.evaluate(wide), page.url


def test_find_rename_take_back_and_bring_in(page, tmp_path):
    page.fill("#q", "don vi a1")
    page.keyboard.press("Enter")
    expect(page.locator(".rows li")).to_have_count(1)
    expect(page.locator(".rows li")).to_contain_text("Đơn vị centre › Đơn vị A")
    fits(page)
    page.click(".rows a")
    fits(page)
    page.click("summary:has-text('Đổi tên')")
    page.click("a:text-is('Đổi tên')")
    fits(page)
    page.fill("#id_name", "Xã Dào San")
    page.press("#id_legal_basis", "Enter")
    expect(page.locator("h1")).to_have_text("Xã Dào San")
    expect(page.locator("#lich-su")).to_contain_text("Đổi tên từ Đơn vị A1 thành Xã Dào San.")
    fits(page)
    page.click("#lich-su button")
    expect(page.locator("h1")).to_have_text("Đơn vị A1")

    page.click("nav[aria-label='Đường dẫn'] a:has-text('Đơn vị A')")
    page.click("a:has-text('Nhập từ bảng')")
    fits(page)
    file = tmp_path / "bang.csv"
    file.write_text(TABLE, encoding="utf-8-sig")
    page.set_input_files("#id_table", file)
    page.click("main button.btn-main")
    expect(page.locator("main")).to_contain_text("Trường Xã Ba")
    assert not Unit.rows.filter(name="Xã Ba").exists()
    fits(page)
    page.click("button:has-text('Áp dụng')")
    expect(page.locator("[role=status]")).to_contain_text("Đã áp dụng: 2 đơn vị mới")
    assert Unit.rows.get(name="Trường Xã Ba").parent.name == "Xã Ba"


def test_the_widest_province_can_be_overlooked(page, cast):
    """168 names, more than any real superior has directly below it."""
    for n in range(166):
        create_unit(None, cast.units["A"], f"Xã Số {n}", kind="ubnd_commune")
    page.goto(f"/don-vi/{cast.units['A'].pk}/")
    fits(page)
    names = page.locator(".names li")
    expect(names).to_have_count(168)
    if page.viewport_size["width"] == 1280:
        top, bottom = names.first.bounding_box(), names.last.bounding_box()
        columns = {round(names.nth(n).bounding_box()["x"]) for n in range(0, 168, 8)}
        assert len(columns) >= 4
        assert page.locator(".names").bounding_box()["height"] < 2 * 900, (top, bottom)
