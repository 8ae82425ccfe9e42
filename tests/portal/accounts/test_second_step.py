"""One-time codes, checked by a second reading of RFC 6238, recovery codes, and how long a sign-in lasts."""

import base64
import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.kit.refusals import counting
from tests.portal.totp import totp

LOGIN, PASSWORD = "/tai-khoan/dang-nhap/", "quet-sach-123"


@pytest.fixture(autouse=True)
def _no_old_limits(db):
    cache.clear()


def test_the_oracle_agrees_with_the_vectors_of_the_rfc():
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [totp(secret, at) for at in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


def sign_in(name: str, password: str = PASSWORD) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.post(LOGIN, {"login": name, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("usersessions_list")).status_code == 200


def confirm(client: Client, route: str, answer: dict[str, str] | None = None):
    """Open a page that asks for the password again."""
    asked = client.get(reverse(route))
    assert asked.url.split("?")[0] in {reverse("account_reauthenticate"), reverse("mfa_reauthenticate")}
    return client.post(asked.url, {**(answer or {"password": PASSWORD}), "next": reverse(route)}, follow=True)


@pytest.fixture
def switched_on(cast):
    """An officer who switched codes on in the browser: the client, the key and the recovery codes."""
    user = cast.user("A1", "officer")
    client = sign_in(user.username)
    page = confirm(client, "mfa_activate_totp").content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)[1]
    assert "<svg" in page and "style=" not in page
    assert 'class="err"' in client.post(reverse("mfa_activate_totp"), {"code": "1"}).content.decode()
    kept = client.post(reverse("mfa_activate_totp"), {"code": totp(secret, time.time())}, follow=True)
    codes = re.findall(r"<li><code>([0-9A-Z-]+)</code>", kept.content.decode())
    assert len(codes) == 10
    cache.clear()  # the test itself uses the code of these thirty seconds again
    return client, secret, codes


def test_a_password_alone_no_longer_opens_the_account(cast, switched_on):
    _, secret, codes = switched_on
    other = sign_in("officer-a1")
    assert not is_in(other)
    wrong = other.post(reverse("mfa_authenticate"), {"code": "000000"}).content.decode()
    assert 'class="err"' in wrong and not is_in(other)
    code = totp(secret, time.time())
    other.post(reverse("mfa_authenticate"), {"code": code})
    assert is_in(other)
    # A stranger who saw the code cannot use it again.
    third = sign_in("officer-a1")
    third.post(reverse("mfa_authenticate"), {"code": code})
    assert not is_in(third)
    third.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert is_in(third)
    fourth = sign_in("officer-a1")
    fourth.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert not is_in(fourth)


def test_the_key_is_not_in_the_database_in_clear(switched_on):
    _, secret, codes = switched_on
    stored = repr(list(Authenticator.objects.values()))
    assert secret not in stored and codes[0] not in stored


def test_guessing_codes_is_stopped_and_counted(cast, switched_on):
    counting.forget_waiting()
    other = sign_in("officer-a1")
    for _ in range(6):
        other.post(reverse("mfa_authenticate"), {"code": "000000"})
    other.post(reverse("mfa_authenticate"), {"code": totp(switched_on[1], time.time())})
    assert not is_in(other)
    told = {key[1:]: count for key, count in counting.counted(timezone.localdate()).items()}
    assert told.keys() == {("sign_in", "code"), ("sign_in", "locked")} and sum(told.values()) == 7


def test_switching_off_asks_and_then_the_password_is_enough(cast, switched_on):
    client, _, _ = switched_on
    assert client.get(reverse("mfa_deactivate_totp")).status_code == 200
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert is_in(sign_in("officer-a1"))


def test_who_finds_an_open_browser_cannot_change_the_codes(cast, switched_on, time_machine):
    client = switched_on[0]
    time_machine.move_to(timezone.now() + timedelta(minutes=20))
    for route in ("mfa_deactivate_totp", "mfa_generate_recovery_codes"):
        client.post(reverse(route))
        assert "xac-nhan-lai" in client.get(reverse(route)).url
    assert Authenticator.objects.filter(type="totp").exists()
    assert "xac-nhan-lai" in client.get(reverse("mfa_view_recovery_codes")).url


@pytest.mark.parametrize(("minutes", "stays"), [(119, True), (121, False)])
def test_away_for_too_long(cast, time_machine, minutes, stays):
    cast.user("A1", "officer")
    client = sign_in("officer-a1")
    time_machine.move_to(timezone.now() + timedelta(minutes=minutes))
    assert is_in(client) is stays


def test_here_for_too_long_however_busy(cast, time_machine):
    cast.user("A1", "officer")
    client = sign_in("officer-a1")
    start = timezone.now()
    for hour in range(1, 12):
        time_machine.move_to(start + timedelta(hours=hour))
        assert is_in(client)
    time_machine.move_to(start + timedelta(hours=12, minutes=1))
    assert not is_in(client)


def test_a_new_password_and_the_button_end_other_sign_ins(cast):
    cast.user("A1", "officer")
    here, there = sign_in("officer-a1"), sign_in("officer-a1")
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "In 2 browsers" in page
    here.post(reverse("usersessions_list"))
    assert is_in(here) and not is_in(there)
    there = sign_in("officer-a1")
    new = "bon tu de nho"
    here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert is_in(here) and not is_in(there)
