"""A sign-in by an identity provider proves a person, nothing else; an inconsistent answer stops it."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.accounts import guessing
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.sso.configuration import IdentityProvider
from quetsach.portal.sso.identity import identity_key
from quetsach.portal.units.models import Membership, places_of

PASSWORD = "quet-sach-123"
NUMBER = "012345678901"
NEW = {"full_name": "Lò Văn Pâng", "phone": "", "username": "lo.pang"}
URL = reverse("sso_start")


def english() -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def query_of(answer) -> dict[str, str]:
    """The portal's request to the provider, from the address of the redirect."""
    assert answer.status_code == 200, answer.content.decode()
    assert not answer.has_header("Location")
    address = answer["Refresh"].removeprefix("0;url=")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def come_back(client, fake, answer, *, yes=True):
    fake.asked.append(query_of(answer))
    back = urlsplit(fake.approve(fake.asked[-1], yes=yes))
    return client.get(f"{back.path}?{back.query}")


def sign_in(fake, client=None, **extra):
    client = client or english()
    return client, come_back(client, fake, client.post(URL, extra))


def is_in(client) -> bool:
    return client.get(reverse("usersessions_list")).status_code == 200


def link_account(cast, fake, unit="A1", role="officer"):
    """In the browser: sign in by password, "Link", the password again, the provider, back."""
    user, client = cast.user(unit, role), english()
    client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    asked = client.post(reverse("sso_link"))
    assert asked.url.split("?")[0] == reverse("account_reauthenticate")
    out = client.post(asked.url, {"password": PASSWORD, "next": reverse("sso_link")})
    return client, come_back(client, fake, out)


@pytest.fixture
def linked(cast, fake, trusted):
    client, answer = link_account(cast, fake)
    assert answer.url == reverse("my_account")
    return client


def traces() -> str:
    """All places that could hold the number."""
    sessions = [row.get_decoded() for row in Session.objects.all()]
    rows = [list(model.objects.values()) for model in (SocialAccount, User)] + [list(Entry.objects.values())]
    return repr(sessions) + repr(rows)


def test_nothing_is_offered_where_nothing_is_configured(cast, client):
    assert "dang-nhap-mot-lan" not in client.get(reverse("account_login")).content.decode()
    own = cast.client("A1", "officer")
    assert "lien-ket" not in own.get(reverse("my_account")).content.decode()
    for who, name in ((client, "sso_start"), (own, "sso_link")):
        assert who.post(reverse(name)).status_code in {302, 404}
    assert client.get(reverse("sso_callback"), {"code": "x", "state": "y"}).status_code == 404


def test_linked_once_and_then_signed_in_without_a_password(cast, fake, trusted, linked, caplog):
    fake.claims["sub"] = "u-1"
    page = linked.get(reverse("my_account"), follow=True).content.decode()
    assert "Linked since" in page and "Linked. You can sign in" in page
    other, answer = sign_in(fake)
    assert answer.url == reverse("my_work") and is_in(other)
    assert int(other.session["_auth_user_id"]) == cast.user("A1", "officer").pk
    entry = Entry.objects.get(action="account.link")
    assert (entry.unit_path, entry.actor) == (cast.units["A1"].path, cast.user("A1", "officer"))
    assert first_broken_entry() is None and not SocialToken.objects.exists()


def test_pkce_state_and_nonce_go_out_and_are_new_each_time(trusted, fake):
    client = english()
    first, second = (query_of(client.post(URL)) for _ in range(2))
    for query in (first, second):
        assert query["response_type"] == "code" and query["scope"] == "openid"
        assert query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43
        assert query["redirect_uri"] == "http://testserver" + reverse("sso_callback")
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


def test_no_visitor_can_add_to_what_is_asked(trusted, settings):
    settings.SSO = IdentityProvider(**{**vars(trusted), "acr_values": "LoA3", "extra": (("vnconnect", "1"),)})
    answer = english().post(f"{URL}?scope=admin&auth_params=acr_values%3DLoA0&process=connect")
    query = query_of(answer)
    assert (query["scope"], query["acr_values"], query["vnconnect"]) == ("openid", "LoA3", "1")


def test_only_a_form_of_ours_begins_it(trusted):
    assert english().get(URL).status_code == 405
    assert Client(enforce_csrf_checks=True).post(URL).status_code == 403


def test_a_flood_is_stopped_before_it_reaches_the_provider(trusted, monkeypatch):
    cache.clear()
    monkeypatch.setattr(guessing.SENT, "most", 3)
    assert [english().post(URL).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_stranger_gets_no_account_and_is_told_what_to_do(cast, fake, trusted):
    before = User.objects.count()
    fake.claims["sub"] = NUMBER
    client, answer = sign_in(fake)
    page = answer.content.decode()
    assert answer.status_code == 403 and "No account here is linked" in page and "invitation" in page
    assert User.objects.count() == before and not SocialAccount.objects.exists() and not is_in(client)
    entry = Entry.objects.get(action="account.sso_stopped")
    assert entry.data["code"] == "unknown" and entry.actor is None
    assert NUMBER not in traces() and NUMBER not in page


def test_the_number_is_kept_nowhere(cast, fake, trusted, settings, caplog):
    caplog.set_level("DEBUG")
    settings.SSO = IdentityProvider(**{**vars(trusted), "claim": "cccd"})
    fake.claims |= {"cccd": NUMBER, "name": "Tên Ở Nơi Khác", "email": "noi-khac@example.org"}
    link_account(cast, fake)
    assert SocialAccount.objects.get().uid == identity_key(settings.SSO, NUMBER)
    other, _ = sign_in(fake)
    assert is_in(other)
    for told in (NUMBER, "Tên Ở Nơi Khác", "noi-khac@example.org"):
        assert told not in traces() and told not in caplog.text
    assert SocialAccount.objects.get().extra_data == {}
    assert User.objects.get(pk=cast.user("A1", "officer").pk).email == ""


def test_the_key_differs_by_issuer_claim_and_person():
    base = {"name": "x", "client_id": "c", "claim": "sub"}
    one = IdentityProvider(issuer="https://a.example", **base)
    two = IdentityProvider(issuer="https://b.example", **base)
    three = IdentityProvider(issuer="https://a.example", **{**base, "claim": "cccd"})
    keys = {identity_key(p, v) for p in (one, two, three) for v in ("1", "2")}
    assert len(keys) == 6 and all(len(key) == 64 for key in keys)


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "somebody"}, {"iss": "https://evil.example"},
        {"exp": 1}, {"exp": None}, {"sub": None}, {"iat": None}, {"iat": 9_999_999_999},
        {"aud": ["quetsach", "other"]}, {"azp": "other"},
    ],
    ids=repr,
)  # fmt: skip
def test_an_id_token_that_does_not_fit_signs_nobody_in(cast, fake, trusted, linked, lies, caplog):
    fake.lies = lies
    fake.claims["cccd"] = NUMBER
    client, answer = sign_in(fake)
    assert answer.status_code == 403 and "The proof does not hold" in answer.content.decode()
    assert not is_in(client)
    assert Entry.objects.filter(action="account.sso_stopped", data__code="mistrusted").count() == 1
    # The people who run the portal read the reason, and nothing about the person.
    assert "ID token: " in caplog.text and NUMBER not in caplog.text and "u-1" not in caplog.text


@pytest.mark.parametrize("how", ["other key", "unknown kid", "none", "hmac", "missing", "broken"])
def test_a_signature_that_does_not_hold_signs_nobody_in(cast, fake, trusted, linked, monkeypatch, how):
    if how == "other key":
        fake.signing_key = fake.other_key
    elif how == "unknown kid":
        fake.kid = "k9"
    elif how == "none":
        fake.algorithm = "none"
    elif how == "hmac":
        fake.algorithm, fake.signing_key = "HS256", "s3cret" * 10
    elif how == "missing":
        fake.signs = False
    else:
        right = fake._id_token
        monkeypatch.setattr(fake, "_id_token", lambda asked: right(asked)[:-4] + "AAAA")
    client, answer = sign_in(fake)
    assert answer.status_code == 403 and not is_in(client)


def test_a_key_that_the_provider_changed_is_fetched_anew(cast, fake, trusted, linked):
    fake.key = fake.signing_key = fake.other_key  # the same name, another key: refused until it expires
    assert not is_in(sign_in(fake)[0])
    fake.kid, published = "k2", fake.jwks()
    published["keys"][0]["kid"] = "k2"
    fake.jwks = lambda: published
    assert is_in(sign_in(fake)[0])


def test_a_code_is_good_in_the_browser_that_asked_only_and_once(cast, fake, trusted, linked):
    mine, other = english(), english()
    back = urlsplit(fake.approve(query_of(mine.post(URL))))
    stolen = other.get(f"{back.path}?{back.query}")
    assert stolen.status_code == 400 and "too old or was used" in stolen.content.decode()
    assert is_in(other) is False and fake.token_calls == 1  # the call for linking
    mine.get(f"{back.path}?{back.query}")
    assert is_in(mine)
    assert mine.get(f"{back.path}?{back.query}").status_code == 400
    made_up = mine.get(back.path, {"code": "x", "state": "made-up"})
    assert made_up.status_code == 400
    assert english().get(back.path).status_code == 400


def test_a_code_of_another_sign_in_is_of_no_use(cast, fake, trusted, linked):
    """A stranger's code in one's own return address: PKCE and nonce belong to the stranger's sign-in."""
    theirs, mine = english(), english()
    code = parse_qs(urlsplit(fake.approve(query_of(theirs.post(URL)))).query)["code"][0]
    state = query_of(mine.post(URL))["state"]
    answer = mine.get(reverse("sso_callback"), {"code": code, "state": state})
    assert answer.status_code == 403 and not is_in(mine)


def test_it_waits_ten_minutes(cast, fake, trusted, linked, time_machine):
    client = english()
    back = urlsplit(fake.approve(query_of(client.post(URL))))
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    assert client.get(f"{back.path}?{back.query}").status_code == 400


def test_breaking_off_is_no_error(fake, trusted):
    client = english()
    answer = come_back(client, fake, client.post(URL), yes=False)
    assert answer.status_code == 200 and "You cancelled the sign-in" in answer.content.decode()
    assert not Entry.objects.filter(action="account.sso_stopped").exists()
    state = query_of(client.post(URL))["state"]
    refused = client.get(reverse("sso_callback"), {"state": state, "error": "login_required"})
    assert refused.status_code == 403 and "did not let you in" in refused.content.decode()


def test_a_provider_that_is_down_is_named(fake, trusted, settings):
    settings.SSO = IdentityProvider(**{**vars(trusted), "token": "http://127.0.0.1:9/token"})
    client, answer = sign_in(fake)
    assert answer.status_code == 502 and "does not answer" in answer.content.decode()
    settings.SSO = IdentityProvider(
        **{**vars(trusted), "authorize": "", "discovery": "http://127.0.0.1:9/.well-known/x"}
    )
    assert client.post(URL).status_code == 502


def test_messages_are_vietnamese_first(fake, trusted):
    client = Client()
    page = come_back(client, fake, client.post(URL)).content.decode()
    assert 'lang="vi"' in page and "Chưa có tài khoản nào ở đây được liên kết" in page


def test_a_portal_without_keys_and_discovery_is_asked_for_the_person(cast, fake, trusted, settings):
    """As the national portal: endpoints by name, `acr_values`, no keys; userinfo names the person."""
    fake.signs, fake.userinfo = False, {"sub": "s", "cccd": int(NUMBER[1:])}
    settings.SSO = IdentityProvider(
        **{**vars(trusted), "keys": "", "claim": "cccd", "acr_values": "LoA1", "strong_acr": ("LoA1",),
           "token_auth": "client_secret_post"}
    )  # fmt: skip
    link_account(cast, fake)
    client, _ = sign_in(fake)
    assert is_in(client) and fake.asked[-1]["acr_values"] == "LoA1"
    fake.userinfo = {"sub": "s"}
    _, answer = sign_in(fake)
    assert answer.status_code == 403 and "does not name you" in answer.content.decode()


def test_discovery_fills_what_is_not_named(cast, fake, trusted, settings):
    bare = {"authorize": "", "token": "", "userinfo": "", "keys": "",
            "discovery": f"{fake.url}/.well-known/openid-configuration"}  # fmt: skip
    settings.SSO = IdentityProvider(**{**vars(trusted), **bare})
    link_account(cast, fake)
    assert is_in(sign_in(fake)[0])
    cache.clear()
    settings.SSO = IdentityProvider(**{**vars(trusted), **bare, "issuer": "https://other.example"})
    assert english().post(URL).status_code == 403


def test_userinfo_of_somebody_else_is_refused(cast, fake, trusted, settings):
    settings.SSO = IdentityProvider(**{**vars(trusted), "claim": "cccd"})
    fake.userinfo = {"sub": "u-1", "cccd": NUMBER}
    link_account(cast, fake)
    assert is_in(sign_in(fake)[0])
    fake.userinfo = {"sub": "u-2", "cccd": NUMBER}
    client, answer = sign_in(fake)
    assert answer.status_code == 403 and not is_in(client)


def with_codes(user) -> None:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": ""})


def test_the_second_step_holds_unless_a_signed_acr_says_it_was_taken(cast, fake, trusted, linked):
    with_codes(cast.user("A1", "officer"))
    fake.acr = "LoA1"
    client, answer = sign_in(fake)
    assert answer.url == reverse("mfa_authenticate") and not is_in(client)
    fake.acr = "LoA3"
    client, _ = sign_in(fake)
    assert is_in(client)


def test_an_unsigned_acr_counts_for_nothing(cast, fake, trusted, settings):
    fake.acr = "LoA3"
    settings.SSO = IdentityProvider(**{**vars(trusted), "keys": ""})
    fake.userinfo = {"sub": "u-1", "acr": "LoA3"}
    link_account(cast, fake)
    with_codes(cast.user("A1", "officer"))
    client, answer = sign_in(fake)
    assert answer.url == reverse("mfa_authenticate") and not is_in(client)


def test_a_role_that_asks_for_codes_is_content_with_a_strong_proof(cast, fake, trusted, settings):
    settings.SECOND_STEP_ROLES, settings.SECOND_STEP_DAYS = ["coordinator"], 0
    user = cast.user("A", "coordinator")
    SocialAccount.objects.create(user=user, provider="sso", uid=identity_key(trusted, "u-1"))
    page = reverse("staff")
    fake.acr = ""
    client, _ = sign_in(fake)
    assert client.get(page).url == reverse("mfa_index")
    fake.acr = "LoA3"
    client, _ = sign_in(fake)
    assert client.get(page).status_code == 200
    # The rule holds again for the next sign-in of the same browser, by password alone.
    client.post(reverse("account_logout"))
    client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert client.get(page).url == reverse("mfa_index")


def test_a_locked_account_stays_locked(cast, fake, trusted, linked):
    User.objects.filter(pk=cast.user("A1", "officer").pk).update(is_active=False)
    client, answer = sign_in(fake)
    assert answer.url == reverse("account_inactive") and not is_in(client)


def test_one_person_is_linked_with_one_account(cast, fake, trusted, linked):
    client, answer = link_account(cast, fake, "B1", "coordinator")
    page = client.get(answer.url).content.decode()
    assert "linked with another account" in page
    assert SocialAccount.objects.get().user == cast.user("A1", "officer")
    # And one account has one person.
    fake.claims["sub"] = "u-2"
    answer = come_back(linked, fake, linked.post(reverse("sso_link")))
    assert answer.status_code == 403 and SocialAccount.objects.count() == 1


def test_linking_asks_for_the_password_again(cast, fake, trusted, time_machine):
    client = cast.client("A1", "officer")
    assert client.post(reverse("sso_link")).url.startswith(reverse("account_reauthenticate"))
    assert "sso" not in client.post(reverse("sso_unlink")).url
    assert Client().post(reverse("sso_link")).url.startswith(reverse("account_login"))
    assert client.get(reverse("sso_link")).status_code == 405


def test_the_owner_takes_the_link_off(cast, fake, trusted, linked):
    linked.post(reverse("sso_unlink"))
    assert not SocialAccount.objects.exists()
    assert Entry.objects.filter(action="account.unlink").count() == 1
    assert sign_in(fake)[1].status_code == 403


def test_the_coordinator_takes_the_link_off_and_nobody_else(cast, fake, trusted, linked):
    person = cast.user("A1", "officer")
    url = reverse("staff_person", args=[person.pk])
    for unit, role in (("B", "coordinator"), ("A", "auditor"), ("A", "officer")):
        assert cast.client(unit, role).post(url, {"do": "unlink"}).status_code == 404
    assert SocialAccount.objects.exists() and is_in(linked)
    cast.client("A", "coordinator").post(url, {"do": "unlink"})
    assert not is_in(linked)
    assert not SocialAccount.objects.exists()
    assert Entry.objects.get(action="account.unlink").actor == cast.user("A", "coordinator")


def invited(cast, unit="A1") -> str:
    answer = cast.client("A", "coordinator").post(
        reverse("staff_invite"), {"unit": cast.units[unit].pk, "role": "officer", "until": ""}
    )
    return answer.content.decode().split("/loi-moi/")[1].split("/")[0]


def test_an_invitation_is_taken_by_proof_alone(cast, fake, trusted):
    token, client = invited(cast), english()
    page = reverse("staff_link", args=[token])
    assert trusted.name in client.get(page).content.decode()
    fake.claims["sub"] = NUMBER
    answer = come_back(client, fake, client.post(page, {"do": "sso"}))
    assert answer.url == reverse("staff_link_proven")
    assert token not in traces() and NUMBER not in traces()
    assert 'name="password"' not in client.get(answer.url).content.decode()
    assert client.post(answer.url, NEW).url == reverse("my_work")
    user = User.objects.get(username="lo.pang")
    assert not user.has_usable_password() and places_of(user) == [("officer", cast.units["A1"].path)]
    assert is_in(sign_in(fake)[0])
    # Their only way in cannot be removed; after a password was chosen, it can.
    client.post(reverse("sso_unlink"))
    assert SocialAccount.objects.filter(user=user).exists()
    assert client.get(reverse("account_change_password")).url == reverse("account_set_password")
    good = "bon tu de nho"
    client.post(reverse("account_set_password"), {"password1": good, "password2": good})
    user.refresh_from_db()
    assert user.check_password(good)


def test_an_old_proof_chooses_no_password(cast, fake, trusted, time_machine):
    client, page = english(), reverse("staff_link", args=[invited(cast)])
    come_back(client, fake, client.post(page, {"do": "sso"}))
    client.post(reverse("staff_link_proven"), NEW)
    time_machine.move_to(timezone.now() + timedelta(minutes=16))
    good = "bon tu de nho"
    client.post(reverse("account_set_password"), {"password1": good, "password2": good})
    assert not User.objects.get(username="lo.pang").has_usable_password()


def test_who_is_linked_already_takes_the_role_with_their_account(cast, fake, trusted, linked):
    client = english()
    answer = come_back(
        client, fake, client.post(reverse("staff_link", args=[invited(cast, "A2")]), {"do": "sso"})
    )
    assert answer.url == reverse("staff_link_proven")
    client.post(answer.url)
    user = cast.user("A1", "officer")
    assert Membership.ever.filter(user=user).count() == 2


def test_a_proof_without_an_invitation_opens_nothing(cast, fake, trusted):
    client, page = english(), reverse("staff_link_proven")
    assert client.get(page).status_code == 404
    token = invited(cast)
    come_back(client, fake, client.post(reverse("staff_link", args=[token]), {"do": "sso"}))
    Client().post(
        reverse("staff_link", args=[token]), {**NEW, "username": "quicker", "password": "bon tu de nho"}
    )
    assert client.post(page, NEW).status_code == 410
    assert not User.objects.filter(username="lo.pang").exists() and not SocialAccount.objects.exists()


def test_a_proof_grows_old_on_the_way_to_an_account(cast, fake, trusted, time_machine):
    client = english()
    come_back(client, fake, client.post(reverse("staff_link", args=[invited(cast)]), {"do": "sso"}))
    time_machine.move_to(timezone.now() + timedelta(seconds=601))
    assert client.post(reverse("staff_link_proven"), NEW).status_code == 400
    assert not User.objects.filter(username="lo.pang").exists()


def test_signing_in_leads_to_no_other_site(cast, fake, trusted, linked):
    assert sign_in(fake, next="https://evil.example/")[1].url == reverse("my_work")
    assert sign_in(fake, next=reverse("my_account"))[1].url == reverse("my_account")


def test_the_clock_of_a_sign_in_starts(cast, fake, trusted, linked):
    client, _ = sign_in(fake)
    assert abs(client.session["since"] - time.time()) < 60
