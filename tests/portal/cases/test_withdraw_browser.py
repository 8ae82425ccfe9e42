"""A coordinator withdraws a list that names a busy site, and takes it back, in a real browser."""

from io import BytesIO

import pytest
from playwright.sync_api import expect

from quetsach.portal.cases.models import Case
from quetsach.portal.indicators import queries
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.scan_document import document, noon, publish_list, sighting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GOOD = "indicator,type,family\nevil.example,domain,ramnit\n"


@pytest.mark.parametrize("width", [360, 1366])
def test_a_dangerous_version_is_found_withdrawn_and_published_again(window, cast, tmp_path, width):
    publish_list(cast, tmp_path, GOOD)
    bad = publish_list(cast, tmp_path, GOOD + "busy.example,domain,mirai\n")
    body = document([sighting("10.1.1.5", noon(3), indicator="busy.example", family="mirai"),
                     sighting("10.1.1.6", noon(3))], set_id=bad.set_id)  # fmt: skip
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    cast.user("centre", "coordinator")
    page = window("coordinator-centre", width=width)
    page.goto("/cd/lam-sach/chi-dau/")
    page.fill("#tim", "WWW[.]busy.example")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Có: dòng nhật ký chứa www.busy.example sẽ bị báo.")
    page.locator("main .kicker a").click()
    page.get_by_role("link", name="Thu hồi bản này").click()
    expect(page.locator("main")).to_contain_text("1 hồ sơ máy đang mở chỉ dựa vào chỉ dấu của riêng bản này")
    button = page.get_by_role("button", name="Thu hồi bản 2")
    button.click()
    expect(page.locator("main .err")).to_be_visible()
    assert queries.current(cast.campaign).version == 2, "nothing happens without a reason"
    page.fill("textarea", "busy.example là tên miền sạch")
    button.click()
    expect(page.locator("main")).to_contain_text(
        "Đã thu hồi bản 2. Hiện đang dùng bản 3. Đã đóng 1 hồ sơ máy."
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Các máy bị báo nhầm").click()
    expect(page.locator("tbody")).to_contain_text("10.1.1.5")
    expect(page.locator("tbody")).not_to_contain_text("10.1.1.6")
    page.goto("/cd/lam-sach/chi-dau/")
    page.get_by_role("button", name="Phát hành lại bản 2").click()
    expect(page.locator("main")).to_contain_text("busy.example")
    page.get_by_label("Lý do phát hành lại").fill("busy.example lại phát tán mã độc")
    page.get_by_role("button", name="Phát hành danh sách này").click()
    expect(page.locator("main")).to_contain_text("Bản 4: 2 chỉ dấu")
    assert set(Case.rows.values_list("state", flat=True)) == {"assigned"}
