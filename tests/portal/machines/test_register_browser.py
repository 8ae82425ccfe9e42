"""IT staff of a commune add leases and a list, and put their register right, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.portal.machines.test_register_pages import kea

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLE = """Tên máy;Địa chỉ MAC;Phòng;Mã tài sản
pc-00;00:25:90:00:00:00;Phòng 1;TS-01
in-01;00:25:90:bb:00:01;Sảnh;TS-02
"""


@pytest.mark.parametrize("width", [360, 1366])
def test_a_week_of_leases_becomes_a_register(window, cast, width, tmp_path):
    (tmp_path / "kea-leases4.csv").write_bytes(kea(6))
    (tmp_path / "so-may.csv").write_text(TABLE, encoding="utf-8")
    cast.user("A1", "it")
    page = window("it-a1", width=width)
    page.goto("/so-may/")
    expect(page.locator("main")).to_contain_text("Chưa ai biết")
    page.get_by_role("link", name="Thêm tệp").click()
    page.set_input_files("[name=file]", str(tmp_path / "kea-leases4.csv"))
    page.fill("[name=source]", "bộ định tuyến trụ sở")
    page.get_by_role("button", name="Đọc và xem trước").click()
    expect(page.locator("main")).to_contain_text("Chưa lưu gì cả")
    page.get_by_role("button", name="Nhận", exact=True).click()
    page.get_by_role("link", name="Xem các máy").click()
    expect(page.locator("main")).to_contain_text("pc-05")
    page.goto("/so-may/")
    page.get_by_role("link", name="Tệp và nguồn").click()
    page.set_input_files("[name=file]", str(tmp_path / "so-may.csv"))
    page.fill("[name=source]", "sổ máy")
    page.get_by_role("button", name="Đọc và xem trước").click()
    expect(page.locator("#cot-3")).to_have_value("asset")
    page.get_by_role("button", name="Nhận", exact=True).click()
    page.goto("/so-may/")
    expect(page.locator("main")).to_contain_text("Phòng 1")
    page.get_by_label("Chọn pc-01").check()
    page.get_by_label("Chọn pc-02").check()
    page.get_by_role("button", name="Xác nhận các máy đã chọn").click()
    expect(page.locator("main")).to_contain_text("Vừa xác nhận 2 máy.")
    page.get_by_role("button", name="Rút lại tất cả").click()
    expect(page.locator("main")).to_contain_text("Đã rút lại")
    page.goto("/so-may/")
    page.get_by_role("link", name="pc-00").click()
    expect(page.locator("main")).to_contain_text("TS-01")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
