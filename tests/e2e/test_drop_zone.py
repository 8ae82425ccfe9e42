"""Without JavaScript, on a narrow screen: drop files, correct the amber cell, take both, see the total."""

from __future__ import annotations

import base64
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


DROP = """([selector, files]) => {
  const held = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    held.items.add(new File([bytes], name));
  }
  const at = document.querySelector(selector);
  const seen = [];
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: held, bubbles: true, cancelable: true });
    at.dispatchEvent(event);
    seen.push(event.defaultPrevented);
  }
  return seen;
}"""


def test_files_are_dropped_on_the_zone_taken_at_once_and_taken_back(window, cast):
    cast.user("A", "coordinator")
    page = window("coordinator-a", width=1280)
    page.goto(f"/cd/lam-sach/tiep-nhan/{cast.nodes['A'].pk}/")
    made = {
        f"{unit}.docx": by.docx(
            by.form(f"Đơn vị {unit}", ("0", count, "0", "9"), assessment=SAID), saved=SAVED
        )
        for unit, count in (("A1", "12"), ("A2", "30"))
    }
    for name, data in made.items():
        sent = [[name, base64.b64encode(data).decode()]]
        assert page.evaluate(DROP, ["[data-drop]", sent]) == [True, True, True]
    zone = page.locator("[data-drop]")
    assert "A1.docx" in zone.inner_text() and "A2.docx" in zone.inner_text(), "what was dropped first stays"
    missed = page.evaluate(DROP, ["h1", [["x.docx", "AA=="]]])
    assert missed[1:] == [True, True], "a file beside the zone does not replace the page"
    assert page.evaluate("document.activeElement.type") == "submit"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Tiếp nhận 2 phụ lục rõ ràng").click()
    assert "Đã nhận 2 báo cáo" in page.inner_text("#vua-xong")
    page.locator("#vua-xong").get_by_role("button", name="Hoàn tác").click()
    assert "2 phụ lục trở lại bàn tiếp nhận" in page.inner_text("main")
