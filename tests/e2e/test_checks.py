"""A commune hands sealed results in and sets a date, its district sees counts; in a real browser."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from quetsach.endpoint import pack as packs
from quetsach.endpoint import sealing
from quetsach.portal.checks.actions import Sender, receive
from quetsach.portal.checks.arriving.opening import Opened
from quetsach.portal.checks.models import Pack
from quetsach.portal.checks.packs.actions import content_of
from quetsach.portal.checks.unit_actions import propose, say_computers
from quetsach.portal.tools.actions import vouch
from tests.portal.checks.results import ago, document, listed, sign
from tests.portal.scan_document import publish_list

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("QUETSACH_PICTURES")


def looks_right(page, name, width):
    """Check that no part is wider than the window and the policy blocked nothing; keeps a picture to look
    at."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert page.refused == [], name
    assert page.locator(".btn-main:visible").count() <= 1, name
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("width", [360, 1280])
def test_from_the_pack_to_the_figures_of_the_district(window, cast, tmp_path, width):
    published = publish_list(cast, tmp_path)
    officer, issuer = cast.user("A1", "officer"), cast.user("centre", "coordinator")
    cast.user("A", "officer")
    propose(cast.campaign, issuer, product="windows_office", name="LibreOffice", terms="free",
            link="https://example.org/office", note="Đủ cho văn bản, bảng tính, trình chiếu.")  # fmt: skip
    vouch(cast.campaign, issuer, [b"MZ"], "cong-cu.exe", family="ramnit", name="RamnitRemover",
          vendor="Phòng thí nghiệm Mẫu", version="1.2", link="https://example.org/tool",
          sha256=hashlib.sha256(b"MZ").hexdigest(), note="")  # fmt: skip
    for days, number in ((9, 4), (6, 6), (2, 3)):
        for count in range(number):
            findings = [sign(), sign("IDM-01", "idm")] if days > 4 else []
            told = document(f"KE-TOAN-{count}", ago(days=days), findings)
            receive(Opened(json.dumps(told).encode()), cast.nodes["A1"], Sender(user=officer))
    told = document("A2-01", ago(days=3), [sign()])
    receive(Opened(json.dumps(told).encode()), cast.nodes["A2"], Sender(user=cast.user("A2", "officer")))
    say_computers(cast.nodes["A1"], 20, officer)

    page = window("officer-a1", width=width)
    page.goto("/cd/lam-sach/kiem-tra/")
    page.get_by_role("button", name="Tạo gói kiểm tra").click()
    row = Pack.rows.get()
    told = packs.read(content_of(row), [bytes.fromhex(row.signed_with.public)])
    folder: Path = tmp_path / "ket-qua"
    folder.mkdir()
    found = document("VAN-THU", findings=[listed()], at=ago(seconds=1), set_id=published.set_id)
    (folder / "VAN-THU.qsresult").write_bytes(sealing.seal(found, told, "0a" * 16))
    (folder / "VAN-THU.html").write_text("<p>báo cáo")
    (folder / "hong.json").write_text("{")
    page.set_input_files("#id_folder", str(folder))
    page.get_by_role("button", name="Nộp kết quả", exact=True).click()
    page.get_by_text("Đã nhận 1 kết quả").wait_for()
    looks_right(page, "checks", width)
    page.get_by_role("link", name="VAN-THU").click()
    page.get_by_text("Kết quả được niêm phong").wait_for()
    page.get_by_text("mã độc · chắc chắn · ramnit").wait_for()
    looks_right(page, "result", width)
    page.get_by_role("link", name="ramnit").click()
    page.get_by_text("Kiểm tra máy thấy dấu hiệu mã độc").wait_for()
    looks_right(page, "case", width)

    page.goto("/cd/lam-sach/ban-quyen/")
    page.fill("#id_replace_by", f"{ago(days=-30):%Y-%m-%d}")
    page.locator("#ngay button[value=set]").click()
    page.get_by_text("Đã đặt hạn").wait_for()
    looks_right(page, "licences", width)

    above = window("officer-a", width=width)
    above.goto("/cd/lam-sach/kiem-tra/")
    looks_right(above, "checks-above", width)
    assert above.get_by_text("VAN-THU").count() == 0
    above.goto("/cd/lam-sach/ban-quyen/")
    looks_right(above, "licences-above", width)

    page.goto("/cd/lam-sach/kiem-tra/")
    page.get_by_role("button", name="Cấp mã dùng một lần").click()
    code = page.locator("#ma-moi .copy").inner_text().split()[0]
    looks_right(page, "code", width)
    visitor = window(width=width)
    visitor.goto("/nop-ket-qua/")
    looks_right(visitor, "hand-in", width)
    visitor.fill("#id_code", code.lower())
    other = sealing.seal(document("MAY-KHACH", at=ago(seconds=1)), told, "0b" * 16)
    visitor.set_input_files(
        "#id_results", {"name": "m.qsresult", "mimeType": "application/octet-stream", "buffer": other}
    )
    visitor.get_by_role("button", name="Nộp kết quả").click()
    visitor.get_by_text("Đã nhận 1 kết quả").wait_for()
    looks_right(visitor, "handed-in", width)
    visitor.goto("/cong-cu/")
    looks_right(visitor, "tools", width)
    visitor.goto("/cong-cu/to-huong-dan/")
    looks_right(visitor, "sheet", width)
    issuer_page = window("coordinator-centre", width=width)
    issuer_page.goto("/cd/lam-sach/kiem-tra/ma-bam-luat/")
    issuer_page.set_input_files(
        "#id_brought", {"name": "ma.txt", "mimeType": "text/plain", "buffer": b"5e" * 32 + b" Ramnit"}
    )
    issuer_page.fill("#id_source", "Công văn 12")
    issuer_page.get_by_role("button", name="Kiểm tra và đưa vào").click()
    issuer_page.get_by_text("Đã đưa vào: ma.txt").wait_for()
    looks_right(issuer_page, "detections", width)
    issuer_page.get_by_role("link", name="ma.txt").click()
    looks_right(issuer_page, "detection", width)
    issuer_page.goto("/cd/lam-sach/cong-cu/")
    issuer_page.get_by_role("button", name="Bỏ khỏi danh sách").click()
    issuer_page.get_by_text("RamnitRemover không còn trong danh sách").wait_for()
    looks_right(issuer_page, "tools-edit-off", width)
    issuer_page.get_by_role("button", name="Đưa lại vào danh sách").click()
    issuer_page.get_by_text("RamnitRemover đã trở lại danh sách").wait_for()
    looks_right(issuer_page, "tools-edit", width)
    issuer_page.goto("/cd/lam-sach/ban-quyen/thay-the/")
    looks_right(issuer_page, "replacements", width)
