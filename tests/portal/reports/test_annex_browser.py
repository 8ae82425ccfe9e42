"""The annex on a phone, in a real browser: saved while typing, and not lost when the session ends."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from quetsach.portal.reports.models import Report, Revision
from tests.portal.cast import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_annex_is_saved_while_typing_and_survives_an_ended_session(window, cast):
    cast.user("A1", "officer")
    phone = window("officer-a1", width=360)
    phone.goto(f"/cd/lam-sach/bao-cao/{cast.nodes['A1'].pk}/")
    for row, count in (("r1", "0"), ("r2", "250"), ("r3", "0"), ("r4", "300")):
        phone.fill(f"#{row}", count)
    phone.fill("#danh-gia", "Đã rà soát toàn bộ máy của đơn vị.")
    expect(phone.locator("#r4-says")).to_contain_text("Lớn hơn dòng 2 (250)")
    expect(phone.locator("#saved")).to_contain_text("officer-a1")
    assert Report.rows.get().draft["r4"] == "300"
    phone.fill("#r4", "200")
    expect(phone.locator("#r4-says")).not_to_contain_text("Lớn hơn")
    Session.objects.all().delete()
    phone.fill("#danh-gia", "Đã rà soát toàn bộ máy, còn hai máy chờ cài lại.")
    expect(phone.locator("#checks")).to_contain_text("Anh/chị đã bị đăng xuất")
    phone.click("#checks a")
    phone.fill("#id_login", "officer-a1")
    phone.fill("#id_password", PASSWORD)
    phone.click("button.btn-main")
    expect(phone.locator("#danh-gia")).to_have_value("Đã rà soát toàn bộ máy, còn hai máy chờ cài lại.")
    expect(phone.locator("#r4")).to_have_value("200")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    phone.click("button[value=submit]")
    expect(phone.locator("main")).to_contain_text("Đã gửi, bản 1")
    assert Revision.rows.get().own == {"r1": 0, "r2": 250, "r3": 0, "r4": 200}


def test_a_tick_made_while_the_answer_to_another_is_on_its_way_is_not_lost(window, cast):
    cast.user("A", "officer")
    phone = window("officer-a", width=360)
    phone.goto(f"/cd/lam-sach/bao-cao/{cast.nodes['A'].pk}/")
    for row, count in (("r1", "2"), ("r2", "30"), ("r3", "0"), ("r4", "20")):
        phone.fill(f"#{row}", count)
    phone.click("button[value=submit]")
    ticks = phone.locator("#checks input[name=ticked]")
    expect(ticks.nth(1)).to_be_visible()
    held = []
    phone.route("**/kiem-tra/", lambda route: held.append(route))
    with phone.expect_request("**/kiem-tra/"):
        ticks.first.check()
    # Without the event that would send it as well: the pending answer knows only the first tick.
    phone.evaluate("document.querySelectorAll('#checks input[name=ticked]')[1].checked = true")
    with phone.expect_response("**/kiem-tra/"):
        held[0].continue_()
    expect(phone.locator("#saved")).to_contain_text("officer-a")
    expect(phone.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    assert [tick.is_checked() for tick in ticks.all()][:2] == [True, True]
    expect(phone.locator("#checks input[name=ticked]:focus")).to_have_count(1)
