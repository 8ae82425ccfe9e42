"""Without JavaScript, on a narrow screen: drop files, correct the amber cell, take both, see the total."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.collect import papers_by_hand as by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAVED = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
SAID = "Đã rà soát toàn bộ máy của đơn vị."


def test_two_files_become_two_reports_and_the_total(window, cast):
    cast.user("A", "coordinator")
    page = window("coordinator-a", width=360, scripts=False)
    page.goto(f"/cd/lam-sach/tong-hop/{cast.nodes['A'].pk}/")
    page.click("text=Phụ lục gửi bằng tệp")
    files = {
        "A1.docx": by.docx(by.form("Đơn vị A1", ("0", "12", "0", "9"), assessment=SAID), saved=SAVED),
        "A2.docx": by.docx(by.form("Đơn vị A2", ("0", "khoảng 30", "0", "-"), assessment=SAID), saved=SAVED),
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
