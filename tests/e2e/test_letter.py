"""A district writes its letter in a real browser: filled in, checked for deviations, printed, issued,
signed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from quetsach.documents.document import render_pdf
from quetsach.portal.letters.findings import look
from quetsach.portal.letters.prefill import first_draft
from tests.signing import sign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [360, 1280])
def test_from_the_filled_in_draft_to_the_signed_file(window, cast, tmp_path, width):
    cast.user("A", "officer")
    paper = look(first_draft(cast.nodes["A"])).paper
    assert paper
    pdf: Path = tmp_path / "da-ky.pdf"
    with ThreadPoolExecutor() as pool:  # signing has an event loop of its own
        signed = pool.submit(sign, render_pdf(paper, at=datetime.now(UTC)), "Nguyễn Văn Mẫu")
        pdf.write_bytes(signed.result())
    page = window("officer-a", width=width)

    page.get_by_role("link", name="Soạn công văn").click()
    expect(page.locator("#to")).to_have_value("UBND Đơn vị A1\nUBND Đơn vị A2")
    # Scripts are deferred: text typed before they run is only checked at the next change.
    page.wait_for_load_state()
    page.fill("#cc", "Như kính gửi\nLưu: VT")
    expect(page.locator("#soat")).to_contain_text('"Như kính gửi" phải viết là "Như trên"')
    page.get_by_role("button", name="Sửa giúp và lưu").click()
    expect(page.locator("#cc")).to_have_value("Như trên\nLưu: VT")
    page.get_by_role("button", name="Lưu và xem bản in").click()

    picture = page.get_by_role("img", name="Trang 1 của công văn")
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.fill("#id_number", "7")
    page.fill("#id_day", timezone.localdate().isoformat())
    page.set_input_files("#id_file", str(pdf))
    page.get_by_role("button", name="Công văn đã ban hành").click()
    expect(page.get_by_text("nguyên vẹn")).to_be_visible()
    expect(page.get_by_text("Nguyễn Văn Mẫu · UBND huyện Mẫu")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.refused == []
