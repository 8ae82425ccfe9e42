"""Counting people and bodies in a real browser without scripts: a sheet to hang up, a phone, a list."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from quetsach.portal.people.models import Body, MarkLink
from quetsach.portal.people.queries import known_figures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = """STT\tTên doanh nghiệp\tMST\tĐịa chỉ\tĐiện thoại
1\tCông ty TNHH Ví Dụ\t100109106\tSố 1, phố Mẫu\t0213 300 0000
2\tHợp tác xã Bản Chang\t\tBản Chang\t
3\tChi nhánh Công ty Ví Dụ\t0100109106-001\tBản Tả\t
4\tCông ty Sai Số\t0100109107\tBản Mới\t"""


def looked_at(page: Page, name: str) -> None:
    """The page is no wider than its window: the width in a full picture's IHDR shows it."""
    picture = page.screenshot(full_page=True)
    assert int.from_bytes(picture[16:20]) == page.viewport_size["width"], name


@pytest.mark.parametrize("width", [360, 1280])
def test_marks_and_a_list_without_scripts(window, cast, width):
    cast.user("A1", "officer")
    node = cast.nodes["A1"]
    officer = window("officer-a1", width=width, scripts=False)
    people = reverse("people", args=[cast.campaign.slug, node.pk])

    # A sheet for the wall; two colleagues mark, one of them twice.
    officer.goto(people)
    officer.locator("#danh-dau button", has_text="Đếm theo đánh dấu").first.click()
    looked_at(officer, "people-marks")
    officer.click("text=Tờ để dán")
    looked_at(officer, "mark-sheet")
    path = reverse("mark", args=[MarkLink.rows.get().token])
    expect(officer.locator(".poster")).to_contain_text(f"http://testserver{path}")
    phone = window(width=360, scripts=False)
    for person in ("ha@example.org", "HA@example.org", "NV-07"):
        phone.goto(path)
        looked_at(phone, "mark")
        phone.fill("[name=person]", person)
        phone.press("[name=person]", "Enter")
        expect(phone.locator("h1")).to_contain_text("Cảm ơn")
        looked_at(phone, "mark-done")
        assert person not in phone.content()
    assert known_figures(node)["r2"] == 2

    # A number replaces them, after a confirmation.
    officer.goto(people)
    officer.fill("[name=informed]", "5")
    officer.fill("[name=done]", "4")
    officer.click("text=Lưu hai số")
    looked_at(officer, "people-asked")
    officer.click("text=Đúng, tính theo số đã nhập")
    assert known_figures(node)["r2"] == 5

    # The list of the territory: pasted from Excel, one line left out, two marked at once.
    officer.goto(reverse("bodies", args=[cast.campaign.slug, node.pk]))
    looked_at(officer, "bodies-empty")
    officer.click("main >> text=Dán danh sách")
    officer.fill("[name=text]", LIST)
    looked_at(officer, "paste")
    officer.click("text=Đọc và xem trước")
    expect(officer.locator("main")).to_contain_text("chữ số kiểm tra không khớp")
    looked_at(officer, "preview")
    officer.click("text=Đưa vào 3 dòng")
    officer.locator("[name=b]").nth(0).check()
    officer.locator("[name=b]").nth(1).check()
    officer.select_option("[name=channel]", "loudspeaker")
    officer.click("button:has-text('Đã phổ biến')")
    looked_at(officer, "bodies")
    assert Body.rows.exclude(informed_on=None).count() == 2
    officer.click("text=Hợp tác xã Bản Chang")
    looked_at(officer, "body")
    officer.go_back()
    officer.click("button:has-text('Hoàn tác')")
    assert not Body.rows.exclude(informed_on=None).exists()
    officer.goto(reverse("round_sheet", args=[cast.campaign.slug, node.pk]))
    looked_at(officer, "round-sheet")
    officer.goto(reverse("known", args=[cast.campaign.slug, node.pk, "r2"]))
    looked_at(officer, "known")
    expect(officer.locator("h1")).to_contain_text("5")
