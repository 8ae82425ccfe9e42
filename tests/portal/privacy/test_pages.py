"""The page of the table, and requests for deletion."""

from html import escape

import pytest
from django.core.cache import cache
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.privacy.table import table
from tests.portal.page_text import text_of


@pytest.fixture(autouse=True)
def _no_old_limits(db):
    cache.clear()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_is_the_table(client, language):
    client.cookies["django_language"] = language
    page = client.get(reverse("privacy")).content.decode()
    for row in table().rows:
        assert escape(row.texts["what"][language]) in page.replace("&#39;", "&#x27;")
    assert "{days}" not in page and "365" in page


FORM = {"name": "Nguyễn Văn An", "contact": "0912 345 678", "kind": "delete", "text": "Xóa tên máy của tôi."}


def test_a_visitor_asks_the_office_that_issued_the_campaign(cast, client):
    assert client.post(reverse("ask_erasure"), {**FORM, "name": ""}).status_code == 200
    assert client.post(reverse("ask_erasure"), {**FORM, "kind": ""}).status_code == 200
    assert not ErasureRequest.rows.exists()
    assert client.post(reverse("ask_erasure"), FORM).url == reverse("privacy")
    row = ErasureRequest.rows.get()
    assert row.unit == cast.units["centre"]
    # The trail is never emptied, so it must not hold the request's text.
    trail = repr(list(Entry.objects.values()))
    assert "Văn An" not in trail and FORM["contact"] not in trail
    coordinator = cast.client("centre", "coordinator")
    assert "Xóa tên máy" in coordinator.get(reverse("erasure_requests")).content.decode()
    for other in (cast.client("A", "coordinator"), cast.client("centre", "officer")):
        assert "Xóa tên máy" not in other.get(reverse("erasure_requests")).content.decode()
        assert other.post(reverse("erasure_answer", args=[row.pk]), {"answer": "x"}).status_code == 404
    coordinator.post(reverse("erasure_answer", args=[row.pk]), {"answer": ""})
    coordinator.post(reverse("erasure_answer", args=[row.pk]), {"answer": "Đã xóa."})
    coordinator.post(reverse("erasure_answer", args=[row.pk]), {"answer": "Lần hai."})
    row.refresh_from_db()
    assert row.answer == "Đã xóa." and row.answered_by == cast.user("centre", "coordinator")


def test_staff_ask_their_own_unit(cast):
    """A commune without a coordinator: its officer answers, with the same number on Today and on the page."""
    officer, above = cast.client("A1", "officer"), cast.client("A", "coordinator")
    officer.post(reverse("ask_erasure"), FORM)
    above.post(reverse("ask_erasure"), {**FORM, "text": "Xem tên của tôi."})
    row = ErasureRequest.rows.get(unit=cast.units["A1"])
    assert row.user == cast.user("A1", "officer")
    pages = {who: text_of(who.get(reverse("erasure_requests"))) for who in (officer, above)}
    assert "1 yêu cầu gửi Đơn vị A1 đang chờ trả lời" in pages[officer] and "Xóa tên máy" in pages[officer]
    assert "Xem tên của tôi" not in pages[officer]
    assert "1 yêu cầu gửi Đơn vị A đang chờ trả lời" in pages[above] and "Xóa tên máy" in pages[above]
    assert "1 yêu cầu nữa đang chờ ở các đơn vị bên dưới" in pages[above]
    for who in (officer, above):
        assert "Trả lời 1 yêu cầu về dữ liệu cá nhân" in text_of(who.get(reverse("today", args=["lam-sach"])))
    for other in (cast.client("A2", "officer"), cast.client("A1", "it"), cast.client("B", "coordinator")):
        assert other.post(reverse("erasure_answer", args=[row.pk]), {"answer": "x"}).status_code == 404

    cast.user("A1", "coordinator")
    assert officer.get(reverse("erasure_requests")).status_code == 404, "now its coordinator answers"
    officer.force_login(
        cast.user("A1", "coordinator"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    officer.post(reverse("erasure_answer", args=[row.pk]), {"answer": "Đã xóa."})
    row.refresh_from_db()
    assert row.answered_by == cast.user("A1", "coordinator")


def test_a_unit_in_which_nobody_can_answer_asks_the_next_above(cast):
    cast.user("A", "coordinator")
    cast.client("A1", "it").post(reverse("ask_erasure"), FORM)
    assert ErasureRequest.rows.get().unit == cast.units["A"]


def test_a_flood_of_requests_is_stopped(cast, client):
    answers = [client.post(reverse("ask_erasure"), FORM).status_code for _ in range(31)]
    assert answers[-1] == 429 and ErasureRequest.rows.count() == 30


def test_before_any_campaign_there_is_nobody_to_ask(db, client):
    assert client.get(reverse("ask_erasure")).status_code == 404
