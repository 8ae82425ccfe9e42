"""The people who run the portal see its refusals by door, reason and day; nobody else does."""

import re

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.kit import refusals
from quetsach.portal.kit.refusals import counting

AT = "2026-11-29T03:00:00Z"


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode().partition("<main")[2]))


@pytest.fixture
def told(cast):
    with time_machine.travel(AT, tick=False) as clock:
        for days, count in ((20, 300), (3, 40), (0, 5)):
            clock.move_to(AT)
            clock.shift(-86_400 * days)
            for _ in range(count):
                refusals.note("hand_in", "code")
        clock.move_to(AT)
        refusals.note("push", "token")
        yield cast


def test_sums_by_door_and_reason_with_what_to_do(told):
    counting.write()  # as another process would have written them
    refusals.note("hand_in", "code")
    client = told.client("centre", "auditor")
    page = text_of(client.get(reverse("staff_refusals"), headers={"accept-language": "vi"}))
    assert "Hôm nay 7 lần, trong 30 ngày qua 347 lần" in page
    assert re.search(r"Mã không đúng.*có người dò mã.*Nộp kết quả bằng mã 6 46 346", page)
    assert re.search(r"mã kết nối.*Thiết bị gửi kết quả rà nhật ký 1 1 1", page)
    assert page.index("Mã không đúng") < page.index("Không có mã kết nối"), "the most frequent first"
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("staff_refusals")))
    assert "in the last 30 days 347" in page and "Handing results in with a code 6 46 346" in page


def test_advice_names_the_bound_in_force_and_the_page_by_its_name(cast, settings):
    settings.MAX_UPLOAD_BYTES = 77 << 20
    refusals.note("scans", "too_large")
    refusals.note("sign_in", "password")
    client = cast.client("centre", "auditor")
    page = text_of(client.get(reverse("staff_refusals"), headers={"accept-language": "vi"}))
    assert "QUETSACH_MAX_UPLOAD_MB (77)" in page
    link = f'<a class="btn" href="{reverse("staff_trail")}">Sổ thao tác</a>'
    assert "“Sổ thao tác”" in page and link in client.get(reverse("staff")).content.decode()
    assert f"{timezone.localtime():%d/%m/%Y}" in page, "printed, it says of when it is"


def test_advice_says_what_is_true(cast):
    for door, reason in (("reports", "busy"), ("sign_in", "locked")):
        refusals.note(door, reason)
    client = cast.client("centre", "auditor")
    page = text_of(client.get(reverse("staff_refusals"), headers={"accept-language": "vi"}))
    assert "QUETSACH_READERS" in page and "Không có tài khoản nào bị khóa" in page
    assert "không được lưu" not in page and "giữ lại tệp không đọc được" in page
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("staff_refusals")))
    assert "QUETSACH_READERS" in page and "No account is locked" in page and "was stored" not in page


def test_one_day_alone(told):
    client = told.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("staff_refusals"), {"ngay": "2026-11-26"}))
    assert "Why, on 26/11/2026" in page and "Handing results in with a code 40" in page
    assert "connection code" not in page
    for odd in ("2026-11-25", "26/11/2026", "9999-99-99", "x" * 9999):
        assert client.get(reverse("staff_refusals"), {"ngay": odd}).status_code == 200
    assert "Nothing was refused on that day" in text_of(
        client.get(reverse("staff_refusals"), {"ngay": "2026-11-25"})
    )


def test_a_quiet_portal_says_so(cast):
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = "en"
    page = text_of(client.get(reverse("staff_refusals")))
    assert "Nothing was refused in the last 30 days" in page and "Nothing to report" in page
    assert timezone.localdate() and not counting.counted(timezone.localdate())


@pytest.mark.parametrize(
    ("unit", "role", "status"),
    [
        ("centre", "coordinator", 200), ("centre", "auditor", 200), ("centre", "officer", 404),
        ("centre", "it", 404), ("A", "coordinator", 404), ("A", "auditor", 404), ("A1", "coordinator", 404),
    ],
)  # fmt: skip
def test_it_is_for_the_office_on_top(cast, unit, role, status):
    client = cast.client(unit, role)
    assert client.get(reverse("staff_refusals")).status_code == status
    page = client.get(reverse("staff")).content.decode()
    assert (reverse("staff_refusals") in page) == (status == 200)
