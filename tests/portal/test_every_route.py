"""Every address there is, walked from the URL table itself: a new route is tested the day it is added."""

from datetime import date
from io import BytesIO
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns import proofs
from quetsach.portal.campaigns.keyed_actions import Told, key_for
from quetsach.portal.cases.models import Case
from quetsach.portal.checks.actions import Sender as Results
from quetsach.portal.checks.actions import receive
from quetsach.portal.checks.detection_actions import bring
from quetsach.portal.checks.opening import Opened
from quetsach.portal.checks.pack_actions import build_pack
from quetsach.portal.checks.unit_actions import propose
from quetsach.portal.indicators.actions import Upload, prepare
from quetsach.portal.letters import actions as letter_actions
from quetsach.portal.letters.prefill import first_draft
from quetsach.portal.people.actions import count_by_marks, enter_headcount
from quetsach.portal.people.body_actions import apply_draft, keep_draft
from quetsach.portal.people.models import Body, SignSheet
from quetsach.portal.privacy.actions import ask
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Scan
from quetsach.portal.staff.actions import invite
from quetsach.portal.staff.models import Invitation
from quetsach.portal.tools.actions import vouch
from quetsach.portal.units import import_actions
from quetsach.portal.units.actions import set_sector
from quetsach.portal.units.models import Membership, ReorgLink
from quetsach.portal.units.reorg_actions import merge
from quetsach.registry.table import Table
from tests.portal.checks.conftest import content
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

# What anybody may read; every other address is an inner one.
PUBLIC = {
    "account_login", "account_logout", "account_change_password", "account_signup", "account_inactive",
    "home", "campaign_page", "campaign_letter", "self_check", "indicator_list", "indicator_sums",
    "indicator_file", "set_language", "privacy", "healthz", "my_work", "api_sightings", "api_indicators",
    "api_check_results",
    "letter_pdf", "join_start", "join", "mark", "hand_in", "tools", "tools_sheet", "tools_sums",
    "stick_file", "tool_file",
    "ask_erasure", "staff_link", "my_account",
    # One's own account: a visitor is sent to the sign-in.
    "account_reauthenticate", "account_set_password", "usersessions_list", "mfa_index",
    "mfa_authenticate", "mfa_reauthenticate",
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
}  # fmt: skip


def routes(resolver=None, space=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", tuple(entry.pattern.converters)


def outsiders(cast):
    """Somebody of another branch, somebody of no unit, and a visitor."""
    User.objects.create_user("stranger")
    stranger = Client(raise_request_exception=False)
    stranger.force_login(
        User.objects.get(username="stranger"), "allauth.account.auth_backends.AuthenticationBackend"
    )
    sibling = cast.client("B1", "coordinator")
    sibling.raise_request_exception = False
    return sibling, stranger, Client(raise_request_exception=False)


@pytest.fixture
def things(cast, tmp_path):
    """One row of A1's for every kind of key in an address, so that a 404 is about the person."""
    listed = publish_list(cast, tmp_path)
    text = tmp_path / "next.txt"
    text.write_text("evil.example\n", encoding="utf-8")
    draft = prepare(
        cast.campaign, [Upload("next.txt", text, text.stat().st_size)], cast.user("centre", "coordinator")
    )
    body = document([sighting("10.1.1.5", noon(2))], [coverage(noon(3), noon(1))], set_id=listed.set_id)
    sender = Sender(Scan.Door.UPLOAD, user=cast.user("A1", "officer"))
    scan = receive_file(BytesIO(body), cast.nodes["A1"], sender).scan
    case = Case.rows.get()
    officer, fields = cast.user("A1", "officer"), first_draft(cast.nodes["A1"])
    letter = letter_actions.save(officer, cast.nodes["A1"], uuid4(), fields, 0)
    pack = build_pack(cast.nodes["A1"], officer, "https://portal.example/")
    result, _ = receive(Opened(content()), cast.nodes["A1"], Results(user=officer))
    issuer = cast.user("centre", "coordinator")
    chosen = {"product": "office", "name": "LibreOffice", "terms": "free", "link": "", "note": ""}
    named = {"family": "ramnit", "name": "tool", "vendor": "maker", "version": "1", "sha256": "0" * 64,
             "link": "https://example.org/", "note": ""}  # fmt: skip
    proof = proofs.keep(SimpleUploadedFile("giay.pdf", b"%PDF-1.7 x"))
    told = Told(timezone.localdate(), "paper", "Giấy biên nhận", proof)
    keyed = key_for(cast.nodes["A1"], "acknowledge", told, cast.user("A", "officer"))
    enter_headcount(cast.nodes["A1"], {"informed": 3}, officer, sheet=proof)
    count_by_marks(cast.nodes["A1"], "informed", officer)
    sheet = SignSheet.rows.get()
    apply_draft(keep_draft(cast.nodes["A1"], "Hợp tác xã Ví Dụ", "", officer), officer)
    listed_body, pasted = Body.rows.get(), keep_draft(cast.nodes["A1"], "Công ty Mẫu", "", officer)
    event = merge(None, [cast.units["A2"]], into=cast.units["A1"], on=date(2022, 9, 5))
    kept = import_actions.keep(cast.user("A1", "coordinator"), cast.units["A1"], "t.csv", Table((), {}, ()))
    # A guided unit, so that the page of the line of work is there for A1's own people.
    set_sector(None, cast.units["B1"], cast.units["A1"], on=date(2022, 9, 5))
    seat = Membership.rows.get(user=cast.user("A1", "officer"))
    invite(cast.units["A1"], "officer", None, cast.user("A", "coordinator"))
    hashes = tmp_path / "hashes.txt"
    hashes.write_text("0" * 64, encoding="utf-8")
    (detection,) = bring(cast.campaign, [Upload("hashes.txt", hashes, 64)], "x", issuer)
    return {
        "pack_id": pack.pk, "detection_id": detection.pk,
        "result_id": result.pk, "tool_id": vouch(cast.campaign, issuer, None, **named).pk,
        "replacement_id": propose(cast.campaign, issuer, **chosen).pk,
        "slug": cast.campaign.slug, "node_id": cast.nodes["A1"].pk, "set_id": draft.pk, "scan_id": scan.pk,
        "case_id": case.pk, "act": "receive", "row": "r1", "name": "indicators.csv", "deed": "accept",
        "version": "annex-2022",
        "letter_id": letter.pk, "number": 1, "keyed_id": keyed.pk,
        "unit_id": cast.units["A1"].pk, "event_id": event.pk, "import_id": kept.pk,
        "link_id": ReorgLink.rows.get().pk, "annex_id": uuid4(), "file_id": uuid4(),
        "kind": "informed", "sheet_id": sheet.pk, "body_id": listed_body.pk, "draft_id": pasted.pk,
        "person_id": cast.user("A1", "officer").pk, "seat_id": seat.pk, "token": "x",
        "invitation_id": Invitation.rows.get().pk,
        "request_id": ask(cast.units["A1"], "An", "0912 345 678", "x", None, ip=None).pk,
    }  # fmt: skip


def of_route(things, name, key):
    """The key's row; a file's form is one that this very address knows."""
    return ("xlsx" if name == "unit_table" else "pdf") if key == "form" else things[key]


INNER = [
    pytest.param(name, keys, id=name)
    for name, keys in routes()
    if name not in PUBLIC and set(keys) - {"slug"}
]


@pytest.mark.parametrize(("name", "keys"), INNER)
def test_what_belongs_to_a_unit_is_nowhere_for_others(cast, things, name, keys):
    url = reverse(name, kwargs={key: of_route(things, name, key) for key in keys})
    for client in outsiders(cast):
        assert client.get(url).status_code in {404, 405}, name
        assert client.post(url, {"do": "submit"}).status_code in {404, 405}, name


@pytest.mark.parametrize(
    ("name", "keys"), [pytest.param(n, k, id=n) for n, k in routes() if n not in PUBLIC and n]
)
def test_a_visitor_is_let_into_no_inner_page(cast, things, name, keys):
    url = reverse(name, kwargs={key: of_route(things, name, key) for key in keys})
    _, stranger, visitor = outsiders(cast)
    for client in (stranger, visitor):
        assert client.get(url).status_code in {302, 404, 405}, name
        assert client.post(url, {"do": "submit"}).status_code in {302, 404, 405}, name


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
        "deed": "x",
        "version": "x",
        "person_id": 1_000_000,
        "seat_id": 1_000_000,
    }
    visitor = Client(raise_request_exception=False)
    for name, keys in routes():
        url = reverse(name, kwargs={key: nothing.get(key, uuid4()) for key in keys})
        for answer in (visitor.get(url), visitor.post(url, {"x": "\x00"})):
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
    """All rows of the portal, but for what signing in and reading leaves behind."""
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
        # To the end, for a file that is sent is closed there.
        b"".join(read)
        if read.status_code == 200:
            seen.add(name)
        for do in ("submit", "lock"):
            answer = auditor.post(url, {"do": do, "reason": "x", "r1": "1", "name": "x", "answer": "x"})
            assert answer.status_code < 500, name
    assert everything() == before
    # Taking a file out is reading, and is on the record.
    assert {entry.action for entry in Entry.objects.order_by("pk")[entries:]} <= {
        "report.export",
        "audit.export",
    }
    assert {"today", "letter", "progress", "audit", "case", "scan", "unit", "staff", "staff_person"} <= seen
