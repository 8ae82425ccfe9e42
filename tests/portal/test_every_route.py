"""Every address of the URL table: a new route is tested on the day it is added."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.tasks import READABLE
from tests.portal.every_route import PUBLIC, of_route, routes


@pytest.fixture
def cast(db, stage, settings, tmp_path, quick_pages):
    return stage.enter(settings, tmp_path)


@pytest.fixture
def things(stage):
    return stage.things


def outsiders(cast):
    """A person of another branch, a person of no unit, and a visitor."""
    User.objects.create_user("stranger")
    stranger = Client(raise_request_exception=False)
    stranger.force_login(
        User.objects.get(username="stranger"), "allauth.account.auth_backends.AuthenticationBackend"
    )
    sibling = cast.client("B1", "coordinator")
    sibling.raise_request_exception = False
    return {"sibling": sibling, "stranger": stranger, "visitor": Client(raise_request_exception=False)}


def let_in(client, things, wanted, refused):
    """The routes at which that person gets an answer other than `refused`."""
    found = {}
    for name, keys in wanted:
        url = reverse(name, kwargs={key: of_route(things, name, key) for key in keys})
        told = client.get(url).status_code, client.post(url, {"do": "submit"}).status_code
        if not refused.issuperset(told):
            found[name] = told
    return found


INNER = [(name, keys) for name, keys in routes() if name not in PUBLIC and set(keys) - {"slug"}]


@pytest.mark.parametrize("who", ["sibling", "stranger", "visitor"])
def test_what_belongs_to_a_unit_is_nowhere_for_others(cast, things, who):
    assert len(INNER) > 80
    assert let_in(outsiders(cast)[who], things, INNER, {404, 405}) == {}


@pytest.mark.parametrize("who", ["stranger", "visitor"])
def test_a_visitor_is_let_into_no_inner_page(cast, things, who):
    wanted = [(name, keys) for name, keys in routes() if name not in PUBLIC and name]
    assert let_in(outsiders(cast)[who], things, wanted, {302, 404, 405}) == {}


def test_no_address_fails_on_keys_of_nothing(cast):
    nothing = {
        "slug": "khong-co",
        "act": "x",
        "row": "x",
        "name": "x",
        "code": "AAAAA-AAAAA",
        "number": 1,
        "form": "x",
        "kind": "x",
        "token": "x",
        "body_id": 1,
        "link_id": 1,
        "range_id": 1_000_000,
        "deed": "x",
        "version": "x",
        "person_id": 1_000_000,
        "seat_id": 1_000_000,
        "row_id": 1_000_000,
    }
    visitor = Client(raise_request_exception=False)
    for name, keys in routes():
        url = reverse(name, kwargs={key: nothing.get(key, uuid4()) for key in keys})
        for answer in (visitor.get(url), visitor.post(url, {"x": "x"}), visitor.post(url, {"x": "\x00"})):
            assert answer.status_code < 500, name


def test_every_public_name_is_a_route():
    assert {name for name, _ in routes()} >= PUBLIC


def test_a_form_sent_after_the_session_ended_says_so(cast):
    visitor = Client()
    visitor.cookies["django_language"] = "en"
    answer = visitor.post(reverse("report", args=[cast.campaign.slug, cast.nodes["A1"].pk]), {"r1": "5"})
    assert answer.status_code == 404
    assert "You are signed out" in answer.content.decode()
    assert reverse("account_login") in answer.content.decode()


def everything():
    """All rows of the portal, except those that signing in and reading leave behind."""
    left = {"sessions.Session", "contenttypes.ContentType", "audit.Entry"}
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values()))
        for model in apps.get_models()
        if model._meta.label not in left
    }


OWN_ACCOUNT = {n for n in PUBLIC if n.startswith(("account_", "mfa_", "usersessions"))} | {
    "join", "staff_link", "ask_erasure", "set_language", "api_sightings",
}  # fmt: skip


def test_an_auditor_reads_all_and_changes_nothing(cast, things):
    auditor = cast.client("centre", "auditor")
    auditor.raise_request_exception = False
    seen, before, entries = set(), everything(), Entry.objects.count()
    for name, keys in routes():
        if name in OWN_ACCOUNT or not name:
            continue
        url = reverse(name, kwargs={key: of_route(things, name, key) for key in keys})
        read = auditor.get(url)
        # Read to the end: that closes a file which is sent.
        b"".join(read)
        if read.status_code == 200:
            seen.add(name)
        for do in ("submit", "lock"):
            answer = auditor.post(url, {"do": do, "reason": "x", "r1": "1", "name": "x", "answer": "x"})
            assert answer.status_code < 500, name
    assert everything() == before
    # Downloading a file is reading, and makes an audit entry.
    assert {entry.action for entry in Entry.objects.order_by("pk")[entries:]} <= {
        "report.export",
        "audit.export",
    }
    assert {"today", "letter", "progress", "audit", "case", "scan", "unit", "staff", "staff_person"} <= seen


def test_a_reader_may_open_every_page_to_which_today_leads_readers(cast, things):
    keys_of, client = dict(routes()), cast.client("A1", "reader")
    things = things | {"topic": "quan-tri"}
    told = {
        name: client.get(reverse(name, kwargs={key: of_route(things, name, key) for key in keys_of[name]}))
        for name in READABLE
    }
    assert {name: page.status_code for name, page in told.items()} == dict.fromkeys(READABLE, 200)
