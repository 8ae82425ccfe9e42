"""Nobody can lock another person's account, because a known browser has its own counter of wrong tries.
Guessing stays as slow as docs/en/administration.md says."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts import guessing
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.staff.actions import set_password
from quetsach.portal.staff.links import digest, new_token
from quetsach.portal.staff.models import Invitation
from tests.portal.totp import totp

URL, RIGHT, NEW = "/tai-khoan/dang-nhap/", "quet-sach-123", "bon tu de nho"


@pytest.fixture(autouse=True)
def _no_old_limits(db):
    cache.clear()


def sign_in(client, name="officer-a1", password=RIGHT, **extra):
    return client.post(URL, {"login": name, "password": password}, **extra)


def is_in(client):
    return client.get(reverse("usersessions_list")).status_code == 200


@pytest.fixture
def known(cast):
    """A browser in which an officer signed in once, and out again."""
    cast.user("A1", "officer")
    client = Client()
    sign_in(client)
    assert is_in(client)
    client.post(reverse("account_logout"))
    assert not is_in(client)
    return client


def strangers(count, name="officer-a1", password="sai"):
    for number in range(count):
        yield sign_in(Client(REMOTE_ADDR=f"198.51.{number // 250}.{number % 250 + 1}"), name, password)


def failed():
    return Entry.objects.filter(action="account.sign_in_failed").count()


def test_strangers_who_try_a_name_do_not_keep_its_owner_out(known):
    list(strangers(40))
    assert not is_in(late := Client(REMOTE_ADDR="203.0.113.9")) and sign_in(late).status_code == 200
    assert not is_in(late), "a browser that nobody knows is slowed"
    sign_in(known)
    assert is_in(known)


def test_nor_does_who_sits_behind_the_same_address(known, monkeypatch):
    for limit in (guessing.ADDRESS, guessing.SENT):
        monkeypatch.setattr(limit, "most", 20)
    for number in range(30):
        sign_in(Client(), f"nguoi-{number}", "sai")
    sign_in(known)
    assert is_in(known)


def test_sixty_wrong_passwords_lock_no_office_out(cast):
    cast.user("A2", "officer")
    for number in range(70):
        sign_in(Client(), f"nguoi-{number % 12}", "sai")
    sign_in(first := Client(), "officer-a2")
    assert is_in(first)


def test_a_known_browser_guesses_no_quicker(known, time_machine):
    time_machine.move_to(start := timezone.now(), tick=False)
    for _try in range(8):
        sign_in(known, password="sai")
    assert failed() == 5
    sign_in(known)
    assert not is_in(known)
    sign_in(other := Client())
    assert is_in(other), "its failures are its own"
    time_machine.move_to(start + timedelta(seconds=301), tick=False)
    sign_in(known)
    assert is_in(known)


def test_of_one_name_no_more_an_hour_are_tried_from_everywhere(cast, time_machine, monkeypatch):
    cast.user("A1", "officer")
    monkeypatch.setattr(guessing.NAME, "most", 6)
    time_machine.move_to(start := timezone.now(), tick=False)
    list(strangers(12))
    assert failed() == 6
    time_machine.move_to(start + timedelta(seconds=3601), tick=False)
    list(strangers(12))
    assert failed() == 12


def test_from_one_address_five_of_a_name_in_five_minutes_and_no_more_of_all_names(cast, monkeypatch):
    cast.user("A1", "officer")
    for _try in range(7):
        sign_in(Client(), password="sai")
    assert failed() == 5
    monkeypatch.setattr(guessing.ADDRESS, "most", 12)
    for number in range(20):
        sign_in(Client(), f"nguoi-{number}", "sai")
    assert failed() == 12


def test_the_numbers_are_those_of_the_guide():
    """The number and time in each row of the guide's table equal the code's limits."""
    seconds = {"5 minutes": 300, "5 phút": 300, "hour": 3600, "giờ": 3600, "minute": 60, "phút": 60}
    limits = (guessing.KNOWN, guessing.NAME_HERE, guessing.NAME, guessing.ADDRESS, guessing.CODE_KNOWN,
              guessing.CODE, guessing.CODE_SLOW, guessing.SENT)  # fmt: skip
    for page in ("docs/en/administration.md", "docs/vi/quan-tri.md"):
        rows = re.findall(
            r"^\|[^|]+\| (\d+) (?:in|an|a|trong|mỗi) ([^|]+?) \|$", Path(page).read_text(), re.M
        )
        assert [(int(most), seconds[time]) for most, time in rows] == [
            (one.most, one.seconds) for one in limits
        ]


def test_a_flood_of_forms_from_one_address_is_stopped_but_not_for_a_known_browser(known, monkeypatch):
    cache.clear()
    monkeypatch.setattr(guessing.SENT, "most", 3)
    assert [sign_in(Client(), f"x{n}", "y").status_code for n in range(4)] == [200, 200, 200, 429]
    sign_in(known)
    assert is_in(known)


def test_the_cookie_is_signed_closed_to_scripts_and_names_no_secret(cast, known, settings):
    user = cast.user("A1", "officer")
    morsel = known.cookies["known"]
    assert (morsel["httponly"], morsel["samesite"], morsel["max-age"]) == (True, "Lax", 180 * 86_400)
    told = repr(signing.loads(morsel.value, salt="accounts.known_browser"))
    for secret in (user.password, user.password.rpartition("$")[2], RIGHT, "officer-a1"):
        assert secret not in told
    settings.HTTPS, settings.KNOWN_BROWSER_COOKIE_NAME = True, "__Host-known"
    secure = Client()
    sign_in(secure)
    assert secure.cookies["__Host-known"]["secure"] and secure.cookies["__Host-known"]["path"] == "/"


def test_the_cookie_opens_nothing(known):
    only = Client()
    only.cookies["known"] = known.cookies["known"].value
    assert not is_in(only)
    sign_in(only, password="sai")
    assert not is_in(only)


@pytest.mark.parametrize(
    "change", [lambda text: text[:-2] + ("AA" if text[-2:] != "AA" else "BB"), lambda _: "x", lambda _: ""]
)
def test_an_altered_cookie_is_a_stranger(known, change):
    list(strangers(40))
    known.cookies["known"] = change(known.cookies["known"].value)
    sign_in(known)
    assert not is_in(known)


def test_a_cookie_is_known_for_its_own_account_only(cast, known):
    cast.user("A2", "officer")
    list(strangers(40, "officer-a2"))
    sign_in(known, "officer-a2")
    assert not is_in(known)


def test_a_new_password_makes_other_browsers_strangers(cast, known):
    sign_in(there := Client())
    form = {"oldpassword": RIGHT, "password1": NEW, "password2": NEW}
    there.post(reverse("account_change_password"), form)
    there.post(reverse("account_logout"))
    list(strangers(40))
    sign_in(known, password=NEW)
    assert not is_in(known)
    sign_in(there, password=NEW)
    assert is_in(there)


def test_a_password_chosen_by_a_link_makes_all_browsers_strangers(cast, known):
    user, token = cast.user("A1", "officer"), new_token()
    above = cast.user("A", "coordinator")
    Invitation.rows.create(digest=digest(token), unit=cast.units["A1"], person=user, issued_by=above,
                           expires_at=timezone.now() + timedelta(days=1))  # fmt: skip
    set_password(token, NEW)
    list(strangers(40))
    sign_in(known, password=NEW)
    assert not is_in(known)


def test_who_may_not_sign_in_any_more_has_no_counter_of_their_own(cast, known):
    User.objects.filter(username="officer-a1").update(is_active=False)
    request = known.get(reverse("home")).wsgi_request
    assert request.known_browser.account is None


# One-time codes.


@pytest.fixture
def coded(cast):
    """A browser in which an officer switched codes on, and the key of the app."""
    cast.user("A1", "officer")
    client = Client()
    sign_in(client)
    again = client.get(reverse("mfa_activate_totp")).url
    page = client.post(again, {"password": RIGHT, "next": reverse("mfa_activate_totp")}, follow=True)
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.content.decode())[1]
    first = totp(secret, time.time())
    client.post(reverse("mfa_activate_totp"), {"code": first})
    assert Authenticator.objects.filter(type="totp").exists()
    return client, secret, first


def second_step(client, code):
    sign_in(client)
    return client.post(reverse("mfa_authenticate"), {"code": code})


def test_the_code_that_switched_codes_on_signs_nobody_in(coded):
    _client, _secret, first = coded
    second_step(other := Client(), f"{first[:3]} {first[3:]}")
    assert not is_in(other)


def test_a_code_that_confirmed_something_signs_nobody_in_and_the_other_way_round(coded, time_machine):
    client, secret, _first = coded
    time_machine.move_to(timezone.now() + timedelta(minutes=20), tick=False)
    code = totp(secret, time.time())
    again = reverse("mfa_reauthenticate")
    client.get(reverse("mfa_deactivate_totp"))
    assert client.post(again, {"code": code}).status_code == 302
    second_step(other := Client(), code)
    assert not is_in(other)
    time_machine.move_to(timezone.now() + timedelta(minutes=20), tick=False)
    code = totp(secret, time.time())
    second_step(other, code)
    assert is_in(other)
    client.get(reverse("mfa_deactivate_totp"))
    assert 'class="err"' in client.post(again, {"code": code}).content.decode()


def test_a_code_stays_used_up_for_as_long_as_it_is_good(coded, settings, time_machine):
    """The clocks of phones differ; if a code may be a minute early or late, it is valid for minutes."""
    settings.MFA_TOTP_TOLERANCE = 2
    _client, secret, _first = coded
    time_machine.move_to(start := timezone.now() + timedelta(minutes=20), tick=False)
    code = totp(secret, time.time() + 60)
    second_step(first := Client(), code)
    assert is_in(first)
    time_machine.move_to(start + timedelta(seconds=59), tick=False)
    second_step(other := Client(), code)
    assert not is_in(other)


def test_who_knows_the_password_does_not_lock_the_codes_of_a_known_browser(coded, time_machine):
    client, secret, _first = coded
    client.post(reverse("account_logout"))
    time_machine.move_to(start := timezone.now() + timedelta(minutes=20), tick=False)
    for _try in range(8):
        second_step(Client(), "000000")
    second_step(stranger := Client(), totp(secret, time.time()))
    assert not is_in(stranger)
    second_step(client, totp(secret, time.time()))
    assert is_in(client)
    for minute in range(6, 30, 6):
        time_machine.move_to(start + timedelta(minutes=minute), tick=False)
        for _try in range(5):
            second_step(Client(), "000000")
    time_machine.move_to(start + timedelta(minutes=30), tick=False)  # the last five are forgotten
    second_step(stranger, totp(secret, time.time()))
    assert not is_in(stranger), "twenty an hour, however slowly"


@pytest.mark.usefixtures("coded")
def test_others_codes_typed_wrong_stop_nobody_at_the_same_address(cast):
    cast.user("A2", "officer")
    sign_in(guesser := Client())
    for _try in range(40):
        guesser.post(reverse("mfa_authenticate"), {"code": "000000"})
    sign_in(plain := Client(), "officer-a2")
    assert is_in(plain)
