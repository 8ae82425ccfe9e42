"""The legal clock of requests: two working days to reply, then 10 to 20 days, by the kind of request."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.privacy.clock import clock
from quetsach.portal.privacy.models import ErasureRequest
from tests.portal.page_text import text_of

# 24/11 is a day off from 2026 on; 16/02 to 20/02/2026 is Tết; 10/01/2026 is a Saturday worked.
TERMS = [
    # kind, arrived, reply by, act by
    ("see", date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 12)),
    ("correct", date(2026, 11, 6), date(2026, 11, 10), date(2026, 11, 16)),  # Friday; 16/11 is a Monday
    ("copy", date(2026, 11, 4), date(2026, 11, 6), date(2026, 11, 16)),  # the 14th is a Saturday
    ("stop", date(2026, 11, 23), date(2026, 11, 26), date(2026, 12, 8)),  # the 24th is off
    ("delete", date(2026, 11, 7), date(2026, 11, 10), date(2026, 11, 27)),  # arrived on a Saturday
    (
        "delete",
        date(2026, 1, 30),
        date(2026, 2, 3),
        date(2026, 2, 23),
    ),  # ends within Tết: the next working day
    (
        "see",
        date(2026, 1, 8),
        date(2026, 1, 10),
        date(2026, 1, 19),
    ),  # a Saturday worked; the 18th is a Sunday
    ("", date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 12)),
]


@pytest.mark.parametrize(("kind", "arrived", "reply", "act"), TERMS)
def test_terms_follow_the_decree_and_the_calendar(kind, arrived, reply, act):
    told = clock(kind, arrived, None, None)
    assert (told.reply.by, told.act.by) == (reply, act)
    assert not told.is_overdue(reply) and told.is_overdue(reply + timedelta(days=1))
    replied = clock(kind, arrived, reply, None)
    assert not replied.is_overdue(act) and replied.is_overdue(act + timedelta(days=1))
    done = clock(kind, arrived, None, act + timedelta(days=3))
    assert done.next is None and done.act.days_late(date(2027, 1, 1)) == 3
    assert done.reply.done == act + timedelta(days=3), "an answer is a reply as well"


@pytest.fixture
def request_of(cast):
    def make(kind, arrived, **more):
        row = ErasureRequest.rows.create(
            unit=cast.units["centre"], name=f"Người {kind}", contact="0912", kind=kind, text="…", **more
        )
        ErasureRequest.rows.filter(pk=row.pk).update(at=arrived)
        return row

    return make


def test_the_office_sees_what_is_overdue_first_and_notes_that_it_told_the_person(
    cast, request_of, time_machine
):
    time_machine.move_to(datetime(2026, 11, 12, 3, tzinfo=UTC), tick=False)
    request_of("delete", datetime(2026, 11, 11, 3, tzinfo=UTC))
    late = request_of("see", datetime(2026, 11, 2, 3, tzinfo=UTC))
    office, url = cast.client("centre", "coordinator"), reverse("erasure_requests")
    text = text_of(office.get(url))
    assert "Trong tất cả, 1 yêu cầu đã quá hạn." in text
    assert text.index("Người see") < text.index("Người delete")
    assert "quá hạn hạn ngày 04/11/2026, quá 8 ngày" in text and "hôm nay chậm nhất ngày 12/11/2026" in text
    assert "đang chờ chậm nhất ngày 13/11/2026" in text and "chậm nhất ngày 01/12/2026" in text

    noted = reverse("erasure_received", args=[late.pk])
    for other in (cast.client("A", "coordinator"), cast.client("centre", "officer")):
        assert other.post(noted).status_code == 404
    office.post(noted)
    late.refresh_from_db()
    assert late.received_by == cast.user("centre", "coordinator")
    assert "đã quá hạn." not in text_of(office.get(url)), "the other term ends today"
    office.post(noted, {"back": "1"})
    late.refresh_from_db()
    assert late.received_at is None and late.received_by is None
    told = list(Entry.objects.filter(action__startswith="privacy.").values_list("action", flat=True))
    assert sorted(told) == ["privacy.not_received", "privacy.received"]

    office.post(reverse("erasure_answer", args=[late.pk]), {"answer": "Đã gửi."})
    office.post(noted)
    late.refresh_from_db()
    assert late.received_at is None, "an answer is enough"
    assert "chậm 8 ngày" in text_of(office.get(url))


def test_who_asks_learns_both_days(client, cast, time_machine):
    time_machine.move_to(datetime(2026, 11, 2, 3, tzinfo=UTC), tick=False)
    form = {"name": "An", "contact": "0912", "kind": "correct", "text": "Sửa tên máy."}
    page = text_of(client.post(reverse("ask_erasure"), form, follow=True))
    assert "chậm nhất ngày 04/11/2026" in page and "chậm nhất ngày 12/11/2026" in page


def test_today_of_the_office_names_what_is_overdue(cast, request_of):
    url = reverse("today", args=["lam-sach"])
    assert "dữ liệu cá nhân" not in text_of(cast.client("centre", "coordinator").get(url))
    request_of("see", datetime.now(UTC) - timedelta(days=40))
    text = text_of(cast.client("centre", "coordinator").get(url))
    assert "Trả lời 1 yêu cầu về dữ liệu cá nhân" in text and "1 yêu cầu đã quá hạn theo luật." in text
    for other in (cast.client("centre", "officer"), cast.client("A", "coordinator")):
        assert "yêu cầu về dữ liệu cá nhân" not in text_of(other.get(url))
