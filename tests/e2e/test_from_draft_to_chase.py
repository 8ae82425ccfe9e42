"""An office's campaign, in a real browser without scripts: from the draft to the late units.

Create, check, publish, print codes, join by code, acknowledge, pass on with an own deadline, late, chased.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from quetsach.portal.campaigns.models import CampaignNode

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def day(days: int) -> str:
    return f"{timezone.localdate() + timedelta(days=days):%d/%m/%Y}"


def test_from_draft_to_chase(window, cast):
    cast.user("centre", "coordinator")
    boss = window("coordinator-centre", scripts=False)

    # The coordinator writes a draft, looks through the checks and publishes.
    boss.click("nav summary >> text=Đơn vị và tài khoản")
    boss.click("nav >> text=Các chiến dịch")
    boss.click("text=Bắt đầu chiến dịch mới")
    boss.fill("[name=title]", "Làm sạch mã độc quý IV")
    boss.fill("[name=summary]", "Mỗi đơn vị rà soát máy tính và báo cáo.")
    boss.select_option("[name=due_rule]", "by_end_of")
    boss.fill("[name=due_day]", day(20))
    boss.fill("[name=contact_name]", "Phòng Văn hóa")
    boss.fill("[name=contact_phone]", "0213 300 0000")
    boss.click("main button.btn-main")
    expect(boss.locator("h1")).to_have_text("Sẵn sàng phát hành chưa?")
    assert window().goto("/cd/lam-sach-ma-doc-quy-iv/").status == 404
    boss.click("button[value=publish]")
    expect(boss.locator("main")).to_contain_text("Công văn chưa được chuyển tiếp")
    expect(boss.locator("#buoc-dau .st-ok")).to_have_count(3)  # units, campaign, publishing
    assert window().goto("/cd/lam-sach-ma-doc-quy-iv/").status == 200

    # The letter goes on to both districts, with a deadline; codes are printed for every unit below.
    boss.goto("/cd/lam-sach-ma-doc-quy-iv/cong-van/")
    boss.fill("#id_day", day(15))
    boss.click("button[value=pass_on]")
    boss.goto("/cd/lam-sach-ma-doc-quy-iv/ma-tham-gia/?cap=moi-cap")
    boss.click("button[value=issue]")
    slip = boss.locator(".slip", has_text="Đơn vị A").first
    expect(slip.locator("svg.qr")).to_be_visible()
    code = slip.locator(".slip-code").inner_text()
    slip.locator("summary").click()
    expect(slip.locator("textarea")).to_contain_text(f"/ma/ và gõ mã {code}")

    # An officer of the district opens the address of the square on a phone and joins.
    officer = window(width=360, scripts=False)
    officer.goto(f"/ma/{code}/")
    expect(officer.locator("h1")).to_contain_text("Đơn vị A")
    officer.fill("[name=full_name]", "Lò Thị Hà")
    officer.fill("[name=username]", "ha.lo")
    officer.fill("[name=password]", "bon tu rat de nho")
    officer.click("main button.btn-main")
    expect(officer.locator("h1")).to_have_text("Hôm nay cần làm gì?")

    # Opening is not acknowledging; one tap is.
    node = CampaignNode.rows.get(campaign__slug="lam-sach-ma-doc-quy-iv", unit=cast.units["A"])
    officer.click("main .btn-main")
    assert not hasattr(CampaignNode.rows.get(pk=node.pk), "acknowledgement")
    officer.click("button[value=acknowledge]")
    assert CampaignNode.rows.get(pk=node.pk).acknowledgement.by.username == "ha.lo"

    # The letter goes on with an own deadline; a later one than the district's is refused in words.
    officer.fill("#id_day", day(16))
    officer.click("button[value=pass_on]")
    expect(officer.locator(".note.is-bad")).to_contain_text("không thể có hạn muộn hơn")
    officer.fill("#id_day", day(10))
    officer.click("button[value=pass_on]")
    below = CampaignNode.rows.filter(parent=node)
    assert {timezone.localdate(n.due_at) for n in below} == {timezone.localdate() + timedelta(days=11)}

    # Days later a commune is late: the district finds it, and has a message to copy.
    CampaignNode.rows.filter(pk=below.get(unit=cast.units["A1"]).pk).update(
        due_at=timezone.now() - timedelta(days=2)
    )
    officer.goto("/cd/lam-sach-ma-doc-quy-iv/tien-do/")
    officer.click("main a[href$='/don-doc/']")
    officer.click("text=báo cáo quá hạn")
    expect(officer.locator(".late tbody label")).to_have_text(["Đơn vị A1"])
    officer.check("[name=codes]")
    officer.click("main form button.btn-main")
    text = officer.locator("textarea").input_value()
    assert len(text) <= 500 and re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", text) and "Đơn vị A1" in text


def test_the_doors_of_every_day_take_two_rows_on_a_phone(window, cast):
    cast.user("centre", "coordinator")
    page = window("coordinator-centre", width=360, scripts=False)
    page.goto("/cd/lam-sach/viec-hom-nay/")
    doors = page.locator("nav.nav > ul a, nav.nav > details > summary")
    tops = {round(box["y"] / 10) for box in (doors.nth(n).bounding_box() for n in range(doors.count()))}
    assert doors.count() == 7 and len(tops) == 2
    page.click("nav.nav summary")
    expect(page.locator("nav.nav details a", has_text="Mã tham gia")).to_be_visible()
