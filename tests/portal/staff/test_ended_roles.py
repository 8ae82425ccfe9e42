"""A person without a role in force reads why; a coordinator finds that person and gives the role again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.staff.models import HandOver
from quetsach.portal.units.models import Membership
from quetsach.portal.units.roles import places_of
from tests.portal.page_text import text_of

DAY = timedelta(days=1)


def day(days=0):
    return f"{timezone.localdate() + days * DAY:%d/%m/%Y}"


def end(cast, unit="A1", role="officer", by="A", reason="Chuyển công tác"):
    seat = Membership.ever.get(user=cast.user(unit, role))
    url = reverse("staff_seat", args=[seat.pk])
    cast.client(by, "coordinator").post(url, {"do": "end", "reason": reason})
    return seat


def said(client, url, language="vi"):
    client.cookies["django_language"] = language
    answer = client.get(url)
    return answer.status_code, text_of(answer)


def pages(cast):
    return [reverse("today", args=[cast.campaign.slug]), reverse("my_work"), reverse("my_account")]


@pytest.mark.parametrize(
    ("language", "ended", "ask"),
    [
        (
            "vi",
            "Vai trò của anh/chị ở Đơn vị A1 đã kết thúc ngày {}. Lý do: “Chuyển công tác”.",
            "hỏi cán bộ đầu mối của Đơn vị A1",
        ),
        (
            "en",
            "Your role at Đơn vị A1 ended on {}. Reason: “Chuyển công tác”.",
            "ask a coordinator of Đơn vị A1",
        ),
    ],
)
def test_whose_role_was_ended_reads_when_why_and_whom_to_ask(cast, language, ended, ask):
    client = cast.client("A1", "officer")
    cast.user("A1", "coordinator")
    assert client.get(pages(cast)[0]).status_code == 200
    end(cast)
    for url, status in zip(pages(cast), (404, 200, 200), strict=True):
        code, text = said(client, url, language)
        assert code == status and ended.format(day()) in text and ask in text, url


def test_a_role_whose_last_day_is_over_and_nobody_left_to_ask_in_the_unit(cast):
    cast.user("A", "coordinator")
    Membership.ever.filter(user=cast.user("A1", "officer")).update(until=timezone.localdate() - DAY)
    for url in pages(cast):
        text = said(cast.client("A1", "officer"), url)[1]
        assert f"ở Đơn vị A1 đã kết thúc; ngày cuối là {day(-1)}" in text, url
        assert "hỏi cán bộ đầu mối của Đơn vị A." in text


def test_a_role_that_begins_later_says_from_which_day(cast):
    Membership.ever.filter(user=cast.user("A1", "officer")).update(since=timezone.localdate() + 3 * DAY)
    client = cast.client("A1", "officer")
    for url in pages(cast):
        assert f"ở Đơn vị A1 bắt đầu từ ngày {day(3)}." in said(client, url)[1], url
    assert f"Your role at Đơn vị A1 begins on {day(3)}." in said(client, reverse("my_work"), "en")[1]


@pytest.mark.parametrize(("language", "advice"), [("vi", "thử đăng nhập"), ("en", "Signing in may help")])
def test_only_a_visitor_is_advised_to_sign_in(cast, language, advice):
    newcomer = Client()
    newcomer.force_login(
        User.objects.create_user("moi"), "allauth.account.auth_backends.AuthenticationBackend"
    )
    address = reverse("today", args=["khong-co"])
    assert advice in said(Client(), address, language)[1]
    for client in (cast.client("A1", "officer"), newcomer):
        code, text = said(client, address, language)
        assert code == 404 and advice not in text and ("vai trò" in text or "no role" in text)


def test_who_gave_the_last_role_finds_the_person_and_gives_it_again(cast):
    person, coordinator = cast.user("A1", "officer"), cast.client("A", "coordinator")
    seat = Membership.ever.get(user=person)
    before = said(coordinator, reverse("staff_seat", args=[seat.pk]))[1]
    assert "Vai trò kết thúc ngay" in before and "giao lại vai trò" in before
    live = Membership.in_force.filter(unit__path__startswith=cast.units["A"].path).count()
    assert f"{live} vai trò ở" in said(coordinator, reverse("staff"))[1]
    end(cast)
    text = said(coordinator, reverse("staff"))[1]
    assert f"{live - 1} vai trò ở" in text and "1 vai trò đã kết thúc." in text
    for search in ({}, {"tim": person.username}):
        row = text_of(coordinator.get(reverse("staff"), search))
        assert f"đã kết thúc ngày {day()}: Chuyển công tác" in row and "hiện không có vai trò" in row
    url = reverse("staff_person", args=[person.pk])
    assert "Giao lại vai trò" in said(coordinator, url)[1]
    for stranger in (cast.client("B", "coordinator"), cast.client("A1", "officer")):
        assert stranger.get(url).status_code == 404
        assert stranger.post(reverse("staff_seat", args=[seat.pk]), {"role": "officer"}).status_code == 404
    again = coordinator.get(reverse("staff_seat", args=[seat.pk])).content.decode()
    assert 'value="end"' not in again
    coordinator.post(reverse("staff_seat", args=[seat.pk]), {"role": "officer", "until": ""})
    seat.refresh_from_db()
    assert seat.is_in_force and (seat.ended_on, seat.end_reason, seat.until) == (None, "", None)
    assert cast.client("A1", "officer").get(pages(cast)[0]).status_code == 200
    entry = Entry.objects.get(action="account.give_again")
    assert entry.data == {"person": person.get_full_name(), "unit": "Đơn vị A1", "role": "officer"}


def test_ending_twice_is_told_once_and_keeps_the_first_reason(cast):
    seat = end(cast)
    end(cast, reason="Lần hai")
    seat.refresh_from_db()
    assert seat.end_reason == "Chuyển công tác"
    assert Entry.objects.filter(action="account.end_seat").count() == 1


def test_a_role_that_was_ended_comes_back_by_a_link_or_a_hand_over_as_a_new_one(cast):
    person = cast.user("A1", "officer")
    seat = end(cast)
    giver = User.objects.create_user("nguoi-giao")
    Membership.ever.create(user=giver, unit=cast.units["A1"], role="officer")
    form = {"taker": cast.user("A1", "officer").pk, "on": day(), "reason": "Nghỉ"}
    url = reverse("staff_hand_over", args=[giver.pk])
    assert cast.client("A", "coordinator").post(url, form).status_code == 404  # they serve nowhere now
    Membership.ever.create(user=person, unit=cast.units["A2"], role="officer")
    cast.client("A", "coordinator").post(url, form)
    assert HandOver.rows.count() == 1
    seat.refresh_from_db()
    assert ("officer", seat.unit.path) in places_of(User.objects.get(pk=person.pk))
    assert (seat.ended_on, seat.end_reason) == (None, "")


def test_whoever_moved_is_their_new_units_and_nobody_elses(cast):
    """A role that somebody ended gives no say about the account, unless no other is left."""
    person = cast.user("A1", "officer")
    url = reverse("staff_person", args=[person.pk])
    end(cast)
    old = cast.client("A1", "coordinator")
    assert 'value="lock"' in old.get(url).content.decode()
    Membership.ever.create(user=person, unit=cast.units["B1"], role="officer")
    assert old.get(url).status_code == 200 and 'value="lock"' not in old.get(url).content.decode()
    assert old.post(url, {"do": "lock", "reason": "x"}).status_code == 404
    assert 'value="lock"' in cast.client("B1", "coordinator").get(url).content.decode()
