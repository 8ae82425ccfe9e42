"""No request to any address, by any person, makes the portal fail (500).

From the URL table: a new route is tested on the day it is added, and fails until `every_route` has a row for
each key in its address.
"""

import logging
import traceback
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from quetsach.portal.accounts.models import User
from quetsach.portal.bundles import making
from quetsach.portal.cases.views import DEEDS
from quetsach.portal.reports.review.views import ACTS as ACTS_OF_REPORTS
from quetsach.portal.units.views_change import ACTS as ACTS_OF_UNITS
from tests.portal.every_route import all_ways, routes
from tests.portal.hostile import LONG, TAKEN, WRONG, Stranger, Whatever, as_strict_as_postgres, forms_of


@pytest.fixture
def cast(db, stage, settings, tmp_path, monkeypatch, quick_pages):
    monkeypatch.setattr(making, "begin", lambda _bundle: None)  # a thread would outlive its data
    logging.disable(logging.CRITICAL)
    yield stage.enter(settings, tmp_path)
    logging.disable(logging.NOTSET)


@pytest.fixture
def things(stage):
    return stage.things


@pytest.fixture(scope="module")
def tried():
    """The forms that somebody could send, and has sent with every kind of wrong value; and the addresses that
    somebody could open, and has asked with all kinds."""
    return set()


SEATS = {
    "coordinator": ("A1", "coordinator"),
    "issuer": ("centre", "coordinator"),
    "superior": ("A", "officer"),
    "officer": ("A1", "officer"),
    "IT staff": ("A1", "it"),
    "auditor": ("A1", "auditor"),
    "nobody's": None,
    "visitor": None,
}
THOROUGH = {"coordinator", "issuer"}
"""Seats that send nearly every form; the other seats send each form once, filled in, and visitors also with
long text. A form that one of them sent with every kind of wrong value is sent once by the next, too."""
BUTTONS = ("act", "do", "verb", "language")
WORDS = {*DEEDS, *ACTS_OF_UNITS, *ACTS_OF_REPORTS}


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
        self.client, self.faults, self.answers = client, {}, Counter()

    def ask(self, kind, name, url, **how):
        answer = self.client.ask(url, **how)
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            error = traceback.TracebackException(*answer.exc_info) if answer.exc_info else None
            said = "".join(error.format_exception_only())[:300] if error else ""
            ours = [f"{one.filename}:{one.lineno}" for one in error.stack if "/src/" in one.filename]
            self.faults.setdefault((name, said.strip(), *ours[-1:]), set()).add(kind)
        return answer


def addresses(things):
    for name, keys in routes():
        for known in all_ways(things, name, keys):
            yield name, reverse(name, kwargs=known)


@pytest.mark.parametrize("seat", SEATS)
def test_no_request_is_answered_by_a_fault(cast, things, tried, seat):
    walk, is_thorough, forms = Walk(client_of(cast, seat)), seat in THOROUGH, {}
    far = {"node_id": cast.nodes["B1"].pk, "unit_id": cast.units["B1"].pk}
    wrong = {**WRONG, "another's": str(cast.nodes["B1"].pk)} if is_thorough else {}
    with as_strict_as_postgres():
        for name, url in addresses(things):
            page = walk.ask("get", name, url)
            is_new = is_thorough and url not in tried
            takes = walk.ask("empty form", name, url, form=Whatever("", {})).status_code
            if page.status_code < 400:
                walk.ask("query", name, url, query=Whatever(LONG if is_thorough else TAKEN, {}))
                for kind in ("number", "first day") if is_new else ():
                    walk.ask(f"query {kind}", name, url, query=Whatever(wrong[kind], {}))
            if is_new and takes not in {404, 405}:
                for kind, value in (("taken", TAKEN), ("number", wrong["number"])):
                    walk.ask(f"form {kind}", name, url, form=Whatever(value, {}))
            if is_thorough and page.status_code < 400:
                tried.add(url)
            if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
                forms.update(ways_of(page.body, name, url))
        for name, url in addresses(things | far) if is_thorough else ():
            if any(str(pk) in url for pk in far.values()):
                walk.ask("another's", name, url)
                walk.ask("another's form", name, url, form=Whatever("1", {"do": "submit"}))
        for way, (to, form, sent) in forms.items():
            name, is_tried = way[0], not is_thorough or way in tried
            said = set()
            for value in (TAKEN,) if is_tried and seat != "visitor" else (LONG, TAKEN):
                known = {**form.others, **dict.fromkeys(form.texts, value), **sent}
                answer = walk.ask(f"filled in, {value[:9]}", name, to, form=Whatever("", known))
                said.add(answer.status_code)
            if is_tried:
                continue
            for kind, value in wrong.items():
                known = {**dict.fromkeys([*form.others, *form.texts], value), **sent}
                walk.ask(f"filled in, {kind}", name, to, form=Whatever(value, known))
            if not said & {403, 404}:
                tried.add(way)
    assert walk.faults == {}
    # The walk reaches its aims: pages open, forms are taken and refused.
    assert walk.answers[200] > (40 if SEATS[seat] else 10)
    assert walk.client.followed > (100 if is_thorough else 0)


def ways_of(body, name, url):
    """Each form of a page and each of its buttons; of forms that differ only in the row, one."""
    for form in forms_of(body):
        to = urlsplit(urljoin(url, form.action)).path
        try:
            match = resolve(to)
        except Resolver404:
            raise AssertionError(f"{name}: a form that leads nowhere, {to}") from None
        for sent in form.ways():
            words = tuple(value for value in match.kwargs.values() if value in WORDS)
            fields = (*sorted(sent), *sorted(form.texts), *sorted(form.others))
            acts = tuple(sent.get(button, "") for button in BUTTONS)
            yield (match.view_name, words, acts, fields), (to, form, sent)
