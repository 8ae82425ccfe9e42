"""Without JavaScript, on a narrow screen: drop files, correct the amber cell, take both, see the total."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.collect import papers_by_hand as by
from tests.portal.conftest import Cast, _plain_settings, cast  # noqa: F401

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.django_db(transaction=True),
]
SAID = "Đã rà soát toàn bộ máy của đơn vị."


@pytest.fixture
def page(
    live_server: object,
    cast: Cast,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Page]:
    """The coordinator's window at the roll-up of A, 360 px wide, without JavaScript."""
    address = str(live_server)
    cast.user("A", "coordinator")
    # Playwright keeps an event loop in this thread, which Django would take for an asynchronous caller.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(
            locale="vi-VN", java_script_enabled=False, viewport={"width": 360, "height": 740}
        )
        page = context.new_page()
        page.goto(f"{address}/tai-khoan/dang-nhap/")
        page.fill("[name=login]", "coordinator-a")
        page.fill("[name=password]", "quet-sach-123")
        page.click("main button[type=submit]")
        page.goto(f"{address}/cd/lam-sach/tong-hop/{cast.nodes['A'].pk}/")
        yield page
        browser.close()


def test_two_files_become_two_reports_and_the_total(page: Page) -> None:
    page.click("text=Phụ lục gửi bằng tệp")
    files = {
        "A1.docx": by.docx(by.form("Đơn vị A1", ("0", "12", "0", "9"), assessment=SAID)),
        "A2.docx": by.docx(by.form("Đơn vị A2", ("0", "khoảng 30", "0", "-"), assessment=SAID)),
    }
    page.set_input_files(
        "[name=annexes]",
        [
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
            for name, data in files.items()
        ],
    )
    page.click("text=Đọc các tệp")
    amber = page.locator("#can-xem .amber")
    assert amber.count() == 2
    page.click("text=Tiếp nhận 1 phụ lục rõ ràng")
    page.locator("#can-xem").get_by_label("Dòng 2").fill("31")
    page.locator("#can-xem").get_by_label("Dòng 4").fill("29")
    page.locator("#can-xem").get_by_role("button", name="Tiếp nhận").click()
    assert "Đã tiếp nhận: Đơn vị A2" in page.inner_text("main")
    assert "Đơn vị nào cũng đã gửi" in page.inner_text("#chua-gui")
    page.click("text=Tổng hợp")
    total = page.inner_text("main")
    assert "43" in total and "38" in total
