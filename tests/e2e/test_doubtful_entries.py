"""A coordinator uploads a list, keeps one doubtful address with a reason, and publishes: without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "\n".join(
    ("google.com", "windowsupdate.com", "12.34.56.78", "evil.vn", *(f"c{n}.pages.dev" for n in range(60)))
)


@pytest.mark.parametrize("width", [1280, 360])
def test_one_doubtful_address_is_kept_and_the_rest_stays_out(width, window, cast, tmp_path):
    cast.user("centre", "coordinator")
    (tmp_path / "list.txt").write_text(LIST)
    page = window("coordinator-centre", width=width, scripts=False)
    page.goto("/cd/lam-sach/chi-dau/")
    page.set_input_files("#id_lists", tmp_path / "list.txt")
    page.click("text=Đọc và xem trước")
    expect(page.locator(".answer")).to_contain_text("3 địa chỉ đáng ngờ bị bỏ ra")
    page.click("#nghi-ngo >> text=Nhiều người dùng")
    row = page.locator("tbody tr", has_text="google.com")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    row.get_by_label("Lý do").fill("x")
    page.keyboard.press("Enter")
    expect(row.locator(".err")).not_to_be_empty()
    row.get_by_label("Lý do").fill("tìm máy nhận lệnh qua đó")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("tìm máy nhận lệnh qua đó")
    expect(page.locator(".answer")).to_have_text("Giữ 1, bỏ ra 1.")
    for group in ("many", "rented"):
        page.goto(page.url.rpartition("/nghi-ngo/")[0] + f"/nghi-ngo/{group}/")
        for name in ("main h1", "main table", "main form"):
            for box in filter(None, (one.bounding_box() for one in page.locator(name).all())):
                assert box["x"] + box["width"] <= width + 1, name
        assert len(page.content().encode()) < 100_000
    page.click("nav[aria-label] >> text=Sau")
    assert page.locator("tbody tr").count() == 10
