"""Reminders by rule: on the right working day, to units with open work, at most one a day, never twice."""

from __future__ import annotations

import re
import smtplib
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError
from django.urls import reverse
from django.utils import translation

from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.models import Campaign, CampaignNode, Reminder, ReminderRule
from quetsach.portal.campaigns.reminders import actions as remind_actions
from quetsach.portal.campaigns.reminders.actions import add_rule, plan, remind_day, send_emails
from quetsach.portal.campaigns.reminders.queries import waiting
from quetsach.portal.campaigns.reminders.wording import LONGEST, Ways, message
from quetsach.portal.campaigns.workdays import Calendar, calendar_of, national
from quetsach.portal.kit.smtp import MaybeSent

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DUE = datetime(2026, 9, 8, 0, 0, tzinfo=HANOI)  # by the end of Monday 7/9/2026


@pytest.fixture
def boss(cast):
    return cast.user("centre", "coordinator")


@pytest.fixture
def due(cast):
    Campaign.objects.update(due_at=DUE)
    CampaignNode.rows.update(due_at=DUE)
    return Campaign.objects.select_related("issuer").get()


def at(*when):
    return time_machine.travel(datetime(*when, tzinfo=HANOI), tick=False)


def reminded(day=None):
    rows = Reminder.rows.all() if day is None else Reminder.rows.filter(local_date=day)
    return sorted(rows.values_list("node__name", flat=True))


# The days off that the Government announced for its staff, from newspapers of the time.
@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2022, 9, 1), False), (date(2022, 9, 5), True),
        (date(2025, 5, 2), False), (date(2025, 4, 26), True),
        (date(2026, 2, 13), True), (date(2026, 2, 16), False), (date(2026, 2, 20), False),
        (date(2026, 2, 23), True), (date(2026, 4, 27), False), (date(2026, 4, 30), False),
        (date(2026, 8, 22), True), (date(2026, 8, 31), False), (date(2026, 9, 3), True),
        (date(2026, 11, 24), False), (date(2025, 11, 24), True), (date(2030, 9, 2), False),
        (date(2030, 9, 7), False),
    ],
)  # fmt: skip
def test_working_days_of_vietnam(day, works):
    assert Calendar(national()).is_workday(day) is works


def test_over_a_long_holiday_working_days_are_counted():
    calendar = Calendar(national())
    assert calendar.shift(date(2026, 2, 23), -1) == date(2026, 2, 13)  # Tết lies between
    assert calendar.shift(date(2026, 2, 13), 1) == date(2026, 2, 23)
    assert calendar.between(date(2026, 2, 13), date(2026, 2, 23)) == 2


def test_days_before_on_and_after(due):
    calendar = calendar_of(due)
    # 5 and 6/9 are a weekend, 31/8 to 2/9 days off: two working days before Monday 7/9 is Thursday 3/9.
    assert [remind_day(calendar, DUE, n) for n in (-2, -1, 0, 1)] == [
        date(2026, 9, 3), date(2026, 9, 4), date(2026, 9, 7), date(2026, 9, 8),
    ]  # fmt: skip
    sunday = datetime(2026, 9, 7, 0, 0, tzinfo=HANOI)
    assert remind_day(calendar, sunday, 0) == date(2026, 9, 4)


def test_a_campaigns_own_days_off_count(due, boss):
    remind_actions.set_days_off(due, {"2026-09-04": True, "2026-09-05": False}, boss)
    due.refresh_from_db()
    assert remind_day(calendar_of(due), DUE, -1) == date(2026, 9, 5)


def test_who_still_owes_it_is_reminded_once(cast, due, boss):
    add_rule(due, -2, "not_received", "by_hand", "", boss)
    actions.acknowledge(cast.nodes["A1"], None)
    with at(2026, 9, 3, 8):
        for _ in range(3):  # cron runs again, or two servers at once
            plan(due, date(2026, 9, 3), can_email=False)
        assert reminded() == ["Đơn vị A", "Đơn vị A2", "Đơn vị B", "Đơn vị B1"]
    assert plan(due, date(2026, 9, 4), can_email=False) == 0


def test_a_unit_has_at_most_one_reminder_a_day(cast, due, boss):
    add_rule(due, -2, "not_received", "by_hand", "", boss)
    add_rule(due, -2, "not_started", "by_hand", "", boss)
    add_rule(due, -2, "not_reported", "by_hand", "", boss)
    actions.acknowledge(cast.nodes["A1"], None)
    plan(due, date(2026, 9, 3), can_email=False)
    assert Reminder.rows.count() == 5
    assert Reminder.rows.get(node=cast.nodes["A1"]).audience == "not_started"
    assert Reminder.rows.get(node=cast.nodes["A"]).audience == "not_received"
    row = Reminder.rows.first()
    with pytest.raises(IntegrityError):
        Reminder.rows.create(node=row.node, local_date=row.local_date, audience="x", channel="by_hand")


def test_each_unit_by_its_own_deadline(cast, due, boss):
    add_rule(due, 0, "not_received", "by_hand", "", boss)
    CampaignNode.rows.filter(pk=cast.nodes["B1"].pk).update(due_at=datetime(2026, 9, 5, tzinfo=HANOI))
    plan(due, date(2026, 9, 4), can_email=False)
    assert reminded() == ["Đơn vị B1"]


def test_who_takes_no_part_is_not_reminded(cast, due, boss):
    add_rule(due, 0, "not_reported", "by_hand", "", boss)
    CampaignNode.rows.filter(pk=cast.nodes["B1"].pk).update(state="void")
    CampaignNode.rows.filter(pk=cast.nodes["A2"].pk).update(expected=False)
    plan(due, date(2026, 9, 7), can_email=False)
    assert reminded() == ["Đơn vị A", "Đơn vị A1", "Đơn vị B"]


def test_a_run_killed_half_way_goes_on(cast, due, boss, monkeypatch):
    add_rule(due, 0, "not_received", "by_hand", "", boss)
    monkeypatch.setattr(remind_actions, "AT_ONCE", 2)
    real, calls = remind_actions._write_down, []

    def dies(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(remind_actions, "_write_down", dies)
    with pytest.raises(KeyboardInterrupt):
        plan(due, date(2026, 9, 7), can_email=False)
    assert Reminder.rows.count() == 2
    plan(due, date(2026, 9, 7), can_email=False)
    assert len(reminded()) == len(set(reminded())) == 5


def test_the_superior_finds_them_among_todays_tasks_and_ticks_them_off(cast, due, boss):
    add_rule(due, 0, "not_received", "by_hand", "Xin xác nhận <b>ngay</b>", boss)
    with at(2026, 9, 7, 8):
        plan(due, date(2026, 9, 7), can_email=False)
        client = cast.client("A", "officer")
        assert (
            reverse("reminders", args=[due.slug])
            in client.get(reverse("today", args=[due.slug])).content.decode()
        )
        page = client.get(reverse("reminders", args=[due.slug])).content.decode()
        assert "Đơn vị A1" in page and "Đơn vị B1" not in page and "&lt;b&gt;ngay" in page
        rows = {r.node.name: r for r in Reminder.rows.select_related("node")}
        mine, other = rows["Đơn vị A1"], rows["Đơn vị B1"]
        client.post(reverse("reminders", args=[due.slug]), {"reminder": [mine.pk, other.pk]})
        mine.refresh_from_db(), other.refresh_from_db()
        assert mine.sent_at is not None and mine.by == cast.user("A", "officer")
        assert other.sent_at is None
        assert [r.node.name for r in waiting(cast.nodes["A"])] == ["Đơn vị A2"]
        actions.acknowledge(cast.nodes["A2"], None)  # no act is open any more
        assert waiting(cast.nodes["A"]) == []


LOCMEM = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def test_e_mails_leave_once_and_who_has_no_address_is_left_to_a_person(cast, due, boss, settings):
    settings.MAILERS, settings.CAN_EMAIL = LOCMEM, True
    settings.SITE_ADDRESS = "https://quetsach.example.org"
    officer = cast.user("A1", "officer")
    officer.email = "xa-a1@example.org"
    officer.save()
    add_rule(due, 0, "not_received", "email", "", boss)
    with at(2026, 9, 7, 8):
        for _ in range(2):
            call_command("remind", verbosity=0)
        assert [m.to for m in mail.outbox] == [["xa-a1@example.org"]]
        assert "https://quetsach.example.org/cd/lam-sach/cong-van/" in mail.outbox[0].body
        assert [r.node.name for r in waiting(cast.nodes["A"])] == ["Đơn vị A2"]
        client = cast.client("A", "officer")
        page = reverse("reminders", args=[due.slug])
        client.post(page, {"reminder": [waiting(cast.nodes["A"])[0].pk]})
        sent = client.get(page).content.decode().split("Đã gửi trong 30 ngày qua")[1]
        told = ("07/09/2026 · 2 đơn vị", "Đơn vị A1 ", "qua thư điện tử", "Đơn vị A2 ", "officer-a ghi")
        assert re.search(".*".join(told), sent, re.S)
        other = cast.client("A1", "officer").get(page).content.decode()
        assert "Đã gửi trong 30 ngày qua" not in other


def test_an_interrupted_e_mail_is_never_sent_again_by_itself(cast, due, boss, settings):
    settings.MAILERS, settings.CAN_EMAIL = LOCMEM, True
    officer = cast.user("A1", "officer")
    officer.email = "xa-a1@example.org"
    officer.save()
    add_rule(due, 0, "not_received", "email", "", boss)

    def dies(_reminder, _contact):
        raise KeyboardInterrupt

    with at(2026, 9, 7, 8):
        plan(due, date(2026, 9, 7), can_email=True)
        with pytest.raises(KeyboardInterrupt):
            send_emails(date(2026, 9, 7), dies)
        assert send_emails(date(2026, 9, 7), lambda _r, _c: ("a", "b")) == (0, 0)
    with at(2026, 9, 7, 9):
        page = cast.client("A", "officer").get(reverse("reminders", args=[due.slug])).content.decode()
        assert "st-unsure" in page and "Đơn vị A1" in page


@pytest.mark.parametrize(
    ("error", "tries", "unsure"),
    [
        (ConnectionRefusedError(), 1, 0),
        (smtplib.SMTPAuthenticationError(535, b"no"), 1, 0),
        (smtplib.SMTPRecipientsRefused({"x": (550, b"no such user")}), 2, 0),
        (MaybeSent("no answer"), 1, 1),
    ],
)
def test_a_server_that_refuses_leaves_it_to_a_person(
    cast, due, boss, settings, monkeypatch, error, tries, unsure
):
    """If the server refuses one address, it is tried for the next; if it takes nothing, it is not tried
    again.

    An untried e-mail is not shown as one that may have left.
    """
    settings.MAILERS = LOCMEM
    for unit in ("A1", "A2"):
        officer = cast.user(unit, "officer")
        officer.email = f"{unit}@example.org"
        officer.save()
    add_rule(due, 0, "not_received", "email", "", boss)
    asked = []

    def refuses(*args):
        asked.append(args)
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuses)
    with at(2026, 9, 7, 8):
        plan(due, date(2026, 9, 7), can_email=True)
        assert send_emails(date(2026, 9, 7), lambda _r, _c: ("a", "b")) == (0, 2)
        assert send_emails(date(2026, 9, 7), lambda _r, _c: ("a", "b")) == (0, 0)
        assert {"Đơn vị A1", "Đơn vị A2"} <= {r.node.name for r in waiting(cast.nodes["A"])}
    with at(2026, 9, 7, 9):
        page = cast.client("A", "officer").get(reverse("reminders", args=[due.slug])).content.decode()
    assert len(asked) == tries and page.count("st-unsure") == unsure


def test_rules_are_set_changed_and_removed_by_the_issuer_only(cast, due):
    url = reverse("reminder_rules", args=[due.slug])
    client = cast.client("centre", "coordinator")
    rule = {"act": "add", "days": "2", "side": "before", "audience": "not_started", "channel": "by_hand"}
    client.post(url, rule | {"text": "Lời cũ"})
    client.post(url, rule | {"text": "Lời mới"})
    row = ReminderRule.rows.get()
    assert (row.offset, row.text) == (-2, "Lời mới")
    assert "03/09/2026" in client.get(url).content.decode()
    for unit, role in (("centre", "officer"), ("A", "coordinator")):
        assert cast.client(unit, role).get(url).status_code == 404
    client.post(url, {"act": "remove", "rule": str(row.pk)})
    assert not ReminderRule.rows.exists()


def test_removing_a_rule_keeps_what_was_sent(cast, due, boss):
    rule = add_rule(due, 0, "not_received", "by_hand", "", boss)
    plan(due, date(2026, 9, 7), can_email=False)
    sent = Reminder.rows.first()
    remind_actions.mark_sent([sent], boss, due.issuer.path)
    remind_actions.remove_rule(rule, boss)
    assert [r.pk for r in Reminder.rows.all()] == [sent.pk]
    assert plan(due, date(2026, 9, 7), can_email=False) == 0


@pytest.mark.parametrize(
    ("language", "told"), [("vi", "Dòng 2: hãy ghi ngày"), ("en", "Line 2: write a day")]
)
@pytest.mark.parametrize("line", ["31/02/2026", "4/9/2026 có thể", "mai"])
def test_a_day_that_cannot_be_read_names_its_line(cast, due, line, language, told):
    url = reverse("reminder_rules", args=[due.slug])
    client = cast.client("centre", "coordinator")
    client.cookies["django_language"] = language
    page = client.post(url, {"act": "days", "days": f"04/09/2026 nghỉ\n{line}"}).content.decode()
    assert told in page
    due.refresh_from_db()
    assert due.days_off == {}
    client.post(url, {"act": "days", "days": "04/09/2026\n\n5/9/2026 làm"})
    due.refresh_from_db()
    assert due.days_off == {"2026-09-04": True, "2026-09-05": False}


def test_a_message_never_exceeds_five_hundred_characters():
    todo = ["làm sạch máy tính " * 40, "gửi báo cáo"]
    ways = Ways("https://x.example/", "https://quetsach.example.org/ma/")
    text = message("Ủy ban " * 50, "Xã " * 90, todo, DUE, ways, has_account=False, code="7K3FM-Q2XWB")
    assert len(text) <= LONGEST == 500
    assert "07/09/2026" in text and "7K3FM-Q2XWB" in text and "https://quetsach.example.org/ma/" in text
    with translation.override("vi"):
        own = message("A", "B", [], DUE, ways, has_account=True, own_words="x" * 900)
    without = message("A", "B", ["x"], DUE, ways, has_account=False)
    assert "sign in" not in without and "đăng nhập" not in without and ways.join in without
    assert (
        len(own) == 500
        and own.startswith("A gửi B: xxx")
        and own.endswith("https://x.example/ và đăng nhập.")
    )
