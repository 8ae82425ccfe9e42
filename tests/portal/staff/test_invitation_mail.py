"""Invitations by e-mail: offered only if e-mails can leave, never the only way, each link good once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.staff.models import Invitation
from quetsach.portal.units.models import Unit

TO = "ha.nguyen@example.org"
LOCMEM = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
NOWHERE = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "127.0.0.1", "port": 9},
    }
}


@pytest.fixture
def mails(settings, db):
    cache.clear()
    settings.MAILERS, settings.CAN_EMAIL = LOCMEM, True
    settings.SITE_ADDRESS = "https://quetsach.example.org"
    settings.DEFAULT_FROM_EMAIL = "quetsach@example.org"
    mail.outbox = []
    return mail.outbox


def invite(client, unit, email=TO):
    return client.post(
        reverse("staff_invite"),
        {"unit": unit.pk, "role": "officer", "until": "", "email": email},
        follow=True,
    )


def link_in(text: str) -> str:
    return re.search(r"/loi-moi/[\w-]{20,}/", text)[0]


def test_without_a_mail_server_nobody_is_asked_for_an_address(cast):
    client = cast.client("A", "coordinator")
    assert 'name="email"' not in client.get(reverse("staff_invite")).content.decode()
    page = invite(client, cast.units["A1"]).content.decode()
    assert Client().get(link_in(page)).status_code == 200 and Invitation.rows.get().email == ""


def test_it_goes_out_in_both_languages_and_opens_the_page(cast, mails):
    client = cast.client("A", "coordinator")
    Unit.rows.filter(pk=cast.units["A1"].pk).update(name="Xã Huổi Luông\r\nBcc: evil@example.org")
    page = invite(client, cast.units["A1"]).content.decode()
    [letter] = mails
    assert letter.to == [TO] and not letter.bcc and "\n" not in letter.subject
    assert letter.from_email == "quetsach@example.org" and letter.content_subtype == "plain"
    vi, en = letter.body.split("---")
    assert "mời anh/chị" in vi and "invites you" in en and "&" not in letter.body
    url = link_in(letter.body)
    address = f"https://quetsach.example.org{url}"
    # On its own line between blank lines: mail programs recognise the link, people the sentence.
    assert address in vi.splitlines() and address in en.splitlines()
    assert len(vi.strip().split("\n\n")) == 4 and not re.search(r"^Bcc", letter.body, re.M)
    # Never the only way: the same link stands on the coordinator's page, and nowhere in the database.
    assert url in page and TO in page
    assert url.split("/")[2] not in repr([*Invitation.rows.values(), *Entry.objects.values()])
    assert TO not in repr(list(Entry.objects.values()))
    assert Client().get(url).status_code == 200 and Invitation.rows.get().sent_at


def test_a_host_that_the_browser_made_up_is_in_no_mail(cast, mails, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client = cast.client("A", "coordinator")
    client.post(
        reverse("staff_invite"),
        {"unit": cast.units["A1"].pk, "role": "officer", "until": "", "email": TO},
        headers={"host": "evil.example"},
    )
    assert "evil.example" not in mails[0].body


@pytest.mark.parametrize(
    "email", ["x", "a@b", "a@example.org\nBcc: b@example.org", "a@example.org, b@example.org"]
)
def test_what_is_no_address_sends_nothing(cast, mails, email):
    answer = invite(cast.client("A", "coordinator"), cast.units["A1"], email)
    assert 'class="err"' in answer.content.decode() and not mails and not Invitation.rows.exists()


def test_a_double_click_is_one_invitation(cast, mails):
    client = cast.client("A", "coordinator")
    for _ in range(2):
        invite(client, cast.units["A1"])
    assert len(mails) == 1 and Invitation.rows.count() == 1


def test_sent_again_the_old_link_is_dead(cast, mails, time_machine):
    client = cast.client("A", "coordinator")
    invite(client, cast.units["A1"])
    row = Invitation.rows.get()
    client.post(reverse("staff_renew", args=[row.pk]))
    assert len(mails) == 1  # the first left a moment ago
    time_machine.move_to(timezone.now() + timedelta(days=8))
    old = link_in(mails[0].body)
    assert Client().get(old).status_code == 410
    client = cast.client("A", "coordinator")
    assert "hết hạn từ" in client.get(reverse("staff")).content.decode()
    client.post(reverse("staff_renew", args=[row.pk]))
    new = link_in(mails[1].body)
    assert Client().get(old).status_code == 404 and Client().get(new).status_code == 200
    assert Invitation.rows.get().expires_at > timezone.now() + timedelta(days=6)


def test_taken_back_it_is_dead_and_not_sent_again(cast, mails):
    client = cast.client("A", "coordinator")
    invite(client, cast.units["A1"])
    row = Invitation.rows.get()
    client.post(reverse("staff_revoke", args=[row.pk]))
    assert Client().get(link_in(mails[0].body)).status_code == 410
    assert client.post(reverse("staff_renew", args=[row.pk])).status_code == 404 and len(mails) == 1


@pytest.mark.parametrize(("unit", "role"), [("B", "coordinator"), ("A1", "coordinator"), ("A", "auditor")])
def test_who_else_may_not_send_it_again(cast, mails, unit, role, time_machine):
    invite(cast.client("A", "coordinator"), cast.units["A2"])
    time_machine.move_to(timezone.now() + timedelta(minutes=5))
    url = reverse("staff_renew", args=[Invitation.rows.get().pk])
    assert cast.client(unit, role).post(url).status_code == 404 and len(mails) == 1


def test_a_mail_server_that_is_down_is_told_and_the_link_is_there(cast, mails, settings):
    settings.MAILERS = NOWHERE
    answer = invite(cast.client("A", "coordinator"), cast.units["A1"])
    page = answer.content.decode()
    assert answer.status_code == 200 and "chưa gửi được" in page
    assert Client().get(link_in(page)).status_code == 200 and Invitation.rows.get().sent_at is None


def test_a_link_given_by_hand_is_made_anew_too(cast):
    client = cast.client("A", "coordinator")
    first = link_in(invite(client, cast.units["A1"]).content.decode())
    second = link_in(client.post(reverse("staff_renew", args=[Invitation.rows.get().pk])).content.decode())
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200
