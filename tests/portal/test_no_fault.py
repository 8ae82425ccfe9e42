"""Whatever is asked of any address, by whomever: never a fault of the portal (500)."""

import logging
import time
import traceback
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from quetsach.portal.accounts.models import User
from quetsach.portal.cases.views import DEEDS
from quetsach.portal.kit import compiled
from quetsach.portal.reports.review.views import ACTS as ACTS_OF_REPORTS
from quetsach.portal.units.views_change import ACTS as ACTS_OF_UNITS
from tests.portal.every_route import all_ways, routes
from tests.portal.hostile import TEXTS, WRONG, Stranger, Whatever, as_strict_as_postgres, forms_of


@pytest.fixture
def cast(db, stage, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "is_checked", False)  # every page's own tests do
    logging.disable(logging.CRITICAL)
    yield stage.enter(settings, tmp_path)
    logging.disable(logging.NOTSET)


@pytest.fixture
def things(stage):
    return stage.things


SEATS = {
    "coordinator of the unit": ("A1", "coordinator"),
    "officer of the unit": ("A1", "officer"),
    "IT staff of the unit": ("A1", "it"),
    "reader of the unit": ("A1", "reader"),
    "auditor of the unit": ("A1", "auditor"),
    "coordinator above": ("A", "coordinator"),
    "coordinator of the issuer": ("centre", "coordinator"),
    "sibling": ("B1", "coordinator"),
    "nobody's": None,
    "visitor": None,
}
WORDS = {*DEEDS, *ACTS_OF_UNITS, *ACTS_OF_REPORTS}
MIGHTY = {"coordinator of the unit", "coordinator above", "coordinator of the issuer"}


def client_of(cast, seat):
    if SEATS[seat] is not None:
        return Stranger(cast.client(*SEATS[seat]))
    client = Client()
    if seat != "visitor":
        client.force_login(
            User.objects.create_user("nobody"), "allauth.account.auth_backends.AuthenticationBackend"
        )
    return Stranger(client)


class Walk:
    def __init__(self, client):
        self.client, self.faults, self.asked = client, {}, Counter()

    def ask(self, kind, name, url, **how):
        self.asked[kind] += 1
        answer = self.client.ask(url, **how)
        if answer.status_code >= 500:
            said = (
                ""
                if not answer.exc_info
                else "".join(traceback.format_exception_only(*answer.exc_info[:2])).strip()[:200]
                + " at "
                + str(
                    [
                        f"{f.filename.rpartition('/')[2]}:{f.lineno}"
                        for f in traceback.extract_tb(answer.exc_info[2])
                        if "/src/" in f.filename
                    ][-2:]
                )
            )
            self.faults.setdefault((name, said), []).append(kind)
        return answer


def told(value):
    return value if len(value) < 30 else "long"


def addresses(things):
    for name, keys in routes():
        for known in all_ways(things, name, keys):
            yield name, reverse(name, kwargs=known)


@pytest.mark.parametrize("seat", SEATS)
def test_no_request_is_answered_by_a_fault(cast, things, seat):
    walk = Walk(client_of(cast, seat))
    others = {**things, "node_id": cast.nodes["B1"].pk, "unit_id": cast.units["B1"].pk}
    is_mighty = seat in MIGHTY
    texts, wrong = (TEXTS, (*WRONG, str(cast.nodes["B1"].pk))) if is_mighty else (TEXTS[:1], ())
    forms = {}
    t0 = time.process_time()
    with as_strict_as_postgres():
        for name, url in addresses(things):
            page = walk.ask("get", name, url)
            takes = walk.ask("empty", name, url, form=Whatever("", {})).status_code
            for value in (*texts, *wrong) if page.status_code < 400 else ():
                walk.ask(f"query {told(value)!r}", name, url, query=Whatever(value, {}))
            for value in (
                (*texts, *wrong[:3]) if takes not in {302, 404, 405} or is_mighty and takes == 302 else ()
            ):
                walk.ask(f"form {told(value)!r}", name, url, form=Whatever(value, {}))
            if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
                forms.update(ways_of(page.body, name, url))
        for name, url in addresses(others):
            if "B1" in seat or any(str(pk) in url for pk in (others["node_id"], others["unit_id"])):
                walk.ask("another's", name, url)
                walk.ask("another's post", name, url, form=Whatever("1", {"do": "submit"}))
        for (name, *_way), (to, form, sent) in forms.items():
            for value in texts:
                known = {**form.others, **dict.fromkeys(form.texts, value), **sent}
                walk.ask(f"texts {told(value)!r}", name, to, form=Whatever("", known))
            for value in (*texts, *wrong):
                known = {**dict.fromkeys([*form.others, *form.texts], value), **sent}
                walk.ask(f"all {told(value)!r}", name, to, form=Whatever(value, known))
    print(seat, sum(walk.asked.values()), len(forms), time.process_time() - t0)
    for key, kinds in walk.faults.items():
        print("FAULT", seat, key, sorted(set(kinds)))
    assert walk.faults == {}


def ways_of(body, name, url):
    """Each form of a page and each of its buttons: one of a kind, whatever row it is about."""
    for form in forms_of(body):
        to = urlsplit(urljoin(url, form.action)).path
        try:
            match = resolve(to)
        except Resolver404:
            raise AssertionError(f"{name}: a form that leads nowhere, {to}") from None
        for sent in form.ways():
            words = tuple(value for value in match.kwargs.values() if value in WORDS)
            fields = (*sorted(sent), *sorted(form.texts), *sorted(form.others))
            yield (match.view_name, words, sent.get("do", ""), fields), (to, form, sent)
