"""Connection codes: the secret is seen once, and revoking ends it."""

import re

import lxml.html
import pytest
from django.urls import reverse

from quetsach.portal.audit.models import Entry
from quetsach.portal.units.actions import issue_token, token_holder
from quetsach.portal.units.models import ApiToken


@pytest.fixture
def url(cast):
    return reverse("tokens", args=[cast.campaign.slug])


def issue(client, url, name="máy chủ nhật ký"):
    answer = client.post(url, {"act": "issue", "name": name})
    found = re.search(r"qs_[\w-]{43}", answer.content.decode())
    return answer, found[0] if found else None


def test_the_secret_is_shown_once_and_kept_nowhere(cast, url):
    client = cast.client("A1", "it")
    answer, secret = issue(client, url)
    assert "no-store" in answer.headers["Cache-Control"]
    assert token_holder(secret).unit == cast.units["A1"]
    assert secret not in client.get(url).content.decode()
    stored = [*ApiToken.rows.values_list(), *Entry.objects.values_list("data", flat=True)]
    assert secret not in repr(stored)


def test_sending_the_form_again_makes_no_second_code(cast, url):
    client = cast.client("A1", "it")
    issue(client, url)
    answer, secret = issue(client, url, "  máy chủ   nhật ký ")
    assert secret is None and 'id="e-name"' in answer.content.decode()
    assert ApiToken.rows.count() == 1


def test_revoking_ends_it_and_frees_the_name(cast, url):
    client = cast.client("A1", "it")
    _, secret = issue(client, url)
    (button,) = lxml.html.fromstring(client.get(url).content).xpath("//button[@value='revoke']")
    (asks,) = button.iterancestors("details")
    assert "không thể hoàn tác" in asks.text_content() and asks.get("open") is None
    client.post(url, {"act": "revoke", "token": str(ApiToken.rows.get().pk)})
    assert token_holder(secret) is None
    assert issue(client, url)[1]
    actions = Entry.objects.filter(unit_path=cast.units["A1"].path, action__startswith="token")
    assert list(actions.values_list("action", flat=True)) == ["token.issue", "token.revoke", "token.issue"]


@pytest.mark.parametrize("other", ["A2", "A"])
def test_another_units_code_cannot_be_revoked(cast, url, other):
    token, secret = issue_token(cast.user("A1", "it"), cast.units["A1"], "x")
    answer = cast.client(other, "it").post(url, {"act": "revoke", "token": str(token.pk)})
    assert answer.status_code == 404 and token_holder(secret)


def test_the_command_names_this_portal(cast, url):
    page = cast.client("A1", "it").get(url).content.decode()
    assert "--push http://testserver" in page and "--token-file quetsach.token" in page
