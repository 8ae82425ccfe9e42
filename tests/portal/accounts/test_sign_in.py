"""Signing in: our words, limits, and failed attempts in the trail without the typed text."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from quetsach.portal.accounts import guessing
from quetsach.portal.audit.models import Entry

URL = "/tai-khoan/dang-nhap/"


@pytest.fixture(autouse=True)
def _no_old_limits(db):
    cache.clear()


def fill(client, name, password, **extra):
    return client.post(URL, {"login": name, "password": password}, **extra)


def test_signing_in_leads_to_ones_work(cast, client):
    cast.user("A1", "officer")
    assert fill(client, "officer-a1", "quet-sach-123").url == reverse("my_work")
    page = client.get(reverse("today", args=[cast.campaign.slug]))
    assert page.status_code == 200
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get(reverse("today", args=[cast.campaign.slug])).status_code == 404


def test_signing_in_never_leads_to_another_site(cast, client):
    cast.user("A1", "officer")
    wanted = reverse("letter", args=[cast.campaign.slug])
    form = {"login": "officer-a1", "password": "quet-sach-123"}
    assert client.post(URL, {**form, "next": wanted}).url == wanted
    client.post(reverse("account_logout"))
    assert client.post(URL, {**form, "next": "https://evil.example/"}).url == reverse("my_work")


def test_a_failed_sign_in_is_on_the_record_of_the_unit(cast, client):
    cast.user("A1", "officer")
    page = fill(client, "officer-a1", "sai-mat-khau-rat-dai").content.decode()
    entry = Entry.objects.get(action="account.sign_in_failed")
    assert (entry.unit_path, entry.actor_name, entry.ip) == (cast.units["A1"].path, "officer-a1", "127.0.0.1")
    assert "sai-mat-khau" not in repr(Entry.objects.values_list()) and "sai-mat-khau" not in page
    assert 'value="officer-a1"' in page and 'role="alert"' in page


def test_what_is_typed_as_an_unknown_name_is_not_kept(cast, client):
    fill(client, "mat-khau-go-nham", "x")
    entry = Entry.objects.get(action="account.sign_in_failed")
    assert entry.unit_path == "" and "mat-khau-go-nham" not in repr(Entry.objects.values_list())


def test_repeated_failures_are_stopped_by_name(cast, client):
    cast.user("A1", "officer")
    for _ in range(5):
        fill(client, "officer-a1", "sai")
    page = fill(client, "officer-a1", "quet-sach-123").content.decode()
    assert "năm phút" in page
    assert Entry.objects.filter(action="account.sign_in_failed").count() == 5
    assert fill(client, "officer-a2", "sai").status_code == 200


def test_a_flood_from_one_address_gets_a_plain_429(cast, client, monkeypatch):
    monkeypatch.setattr(guessing.SENT, "most", 3)
    answers = [fill(client, f"x{i}", "y") for i in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert 'class="ask"' in answers[-1].content.decode()


def test_nobody_registers(db, client):
    page = client.get(reverse("account_signup"))
    assert page.status_code == 200 and "<form" not in page.content.decode().split("<main")[1]
    client.post(reverse("account_signup"), {"username": "moi", "password1": "mat-khau-dai-123"})
    from quetsach.portal.accounts.models import User

    assert not User.objects.filter(username="moi").exists()


def test_changing_the_password(cast):
    client, user = cast.client("A1", "officer"), cast.user("A1", "officer")
    url = reverse("account_change_password")
    good = "bon tu de nho"
    bad = [("sai", good, good), ("quet-sach-123", good, good + "x"), ("quet-sach-123", "ngan", "ngan")]
    for old, first, second in bad:
        page = client.post(
            url, {"oldpassword": old, "password1": first, "password2": second}
        ).content.decode()
        assert 'class="err"' in page and first not in page
        assert " must " not in page and "Please" not in page
    client.post(url, {"oldpassword": "quet-sach-123", "password1": good, "password2": good})
    user.refresh_from_db()
    assert user.check_password(good)


@pytest.mark.parametrize("route", ["account_login", "account_signup", "account_inactive"])
def test_account_pages_are_ours(db, client, route):
    page = client.get(reverse(route)).content.decode()
    assert 'lang="vi"' in page and 'class="ask"' in page and "Menu:" not in page
