"""Refusals are counted for the people who run the portal, and the counting cannot be misused."""

import ast
import gzip
import io
import threading
from collections import Counter
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse
from django.utils import timezone
from PIL import Image

from quetsach.portal import privacy
from quetsach.portal.intake.models import ReceivedFile
from quetsach.portal.kit import refusals, write_behind
from quetsach.portal.kit.busy import busy_page
from quetsach.portal.kit.refusals import counting
from quetsach.portal.kit.refusals.middleware import RefusalsAreCounted
from quetsach.portal.kit.refusals.words import DOORS, REASONS, ROUTES
from quetsach.portal.people import views_list
from quetsach.portal.privacy.actions import retain
from quetsach.portal.units import views_import
from quetsach.portal.units.actions import issue_token
from tests.collect import papers_by_hand as by
from tests.portal.scan_document import document

LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
PORTAL = Path(privacy.__file__).parents[1]


def by_door(first=None):
    found = Counter()
    for (_day, door, reason), count in counting.counted(first or timezone.localdate()).items():
        found[door, reason] += count
    return dict(found)


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT door, reason, count FROM kit_refusal ORDER BY door, reason")
        return cursor.fetchall()


def test_a_request_that_is_rolled_back_takes_no_count_with_it(db):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        refusals.note("push", "token")
        raise ZeroDivisionError
    counting.write()
    assert stored() == [("push", "token", 1)]


def test_a_thousand_refusals_are_one_row_and_one_writing(db, django_assert_num_queries):
    for _ in range(1000):
        refusals.note("hand_in", "code")
    counting.write()
    refusals.note("hand_in", "code")
    with django_assert_num_queries(3):  # a savepoint, the row, and its end
        counting.write()
    with django_assert_num_queries(0):
        counting.write()
    assert stored() == [("hand_in", "code", 1001)]


def test_what_strangers_send_makes_no_rows(db):
    for number in range(100):
        refusals.note(f"door{number}", f"reason{number}")
    counting.write()
    assert stored() == [("other", "other", 100)]


def test_what_cannot_be_written_now_is_written_later(db, monkeypatch):
    refusals.note("push", "token")

    def broken():
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(counting.connection, "cursor", broken)
        counting.write()
    refusals.note("push", "token")
    counting.write()
    assert stored() == [("push", "token", 2)]


def test_a_disk_that_is_away_for_long_is_told_of_once(db, monkeypatch, caplog):
    refusals.note("push", "token")

    def broken():
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(counting.connection, "cursor", broken)
        for _ in range(5):
            counting.write()
    assert len(caplog.records) == 1
    counting.write()
    assert stored() == [("push", "token", 1)] and len(caplog.records) == 2


def test_days_are_those_of_the_portal_and_old_ones_end(db):
    with time_machine.travel("2026-08-01T16:59:00Z", tick=False) as clock:
        refusals.note("push", "token")
        clock.shift(120)  # after midnight in Hà Nội
        refusals.note("push", "token")
        counting.write()
        days = sorted(day.isoformat() for day, _door, _reason in counting.counted(timezone.localdate()))
        assert days == ["2026-08-02"]
        clock.shift(90 * 86_400)
        retain()
        assert stored() == [("push", "token", 1)]


def test_a_process_that_serves_writes_behind_on_a_thread_of_its_own(db, monkeypatch):
    written = threading.Event()
    monkeypatch.setattr(counting.COUNTS, "_is_serving", True)
    monkeypatch.setattr(write_behind, "EVERY", 0.01)
    monkeypatch.setattr(counting.COUNTS, "write", lambda: (counting.forget_waiting(), written.set()))
    refusals.note("push", "token")
    assert written.wait(10)


@pytest.fixture
def visitor(db):
    return Client(enforce_csrf_checks=True)


def test_every_door_counts_by_the_status_of_its_answer(visitor, settings):
    visitor.post(reverse("api_sightings"), b"{}", content_type="application/json")
    visitor.post(reverse("account_login"), {"login": "x"})
    visitor.get("/", headers={"host": "elsewhere.example"})
    visitor.get("/healthz")
    visitor.get("/khong-co/")
    assert by_door() == {("push", "token"): 1, ("sign_in", "expired"): 1, ("other", "malformed"): 1}


def test_a_refused_scan_is_counted_by_its_door(cast, settings):
    token = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[1]
    headers = {"Authorization": f"Bearer {token}"}
    for body in (b"no scan", document([], end=False)):
        Client().post(reverse("api_sightings"), body, content_type="application/x-ndjson", headers=headers)
    officer, url = cast.client("A1", "officer"), reverse("scans", args=["lam-sach"])
    officer.post(url, {"file": SimpleUploadedFile("a.jsonl", b"no scan")})
    settings.MAX_UPLOAD_BYTES = 3
    officer.post(url, {"file": SimpleUploadedFile("a.jsonl", b"no scan")})
    assert by_door() == {
        ("push", "unknown_kind"): 1,
        ("push", "damaged"): 1,
        ("scans", "unknown_kind"): 1,
        ("scans", "too_large"): 1,
    }


def test_files_that_are_too_large_or_empty_are_counted_by_their_doors(cast, monkeypatch):
    centre, officer = cast.client("centre", "coordinator"), cast.client("A1", "officer")
    node = cast.nodes["A1"].pk
    table = reverse("unit_upload", args=[cast.units["centre"].pk])
    bodies = reverse("body_paste", args=["lam-sach", node])
    monkeypatch.setattr(views_import, "MOST_BYTES", 3)
    monkeypatch.setattr(views_list, "MOST_BYTES", 3)
    for content in (b"name;kind", b""):
        assert centre.post(table, {"table": SimpleUploadedFile("a.csv", content)}).status_code == 422
        assert officer.post(bodies, {"file": SimpleUploadedFile("a.csv", content)}).status_code == 422
    sheet = {"do": "headcount", "sheet": SimpleUploadedFile("a.pdf", b"")}
    officer.post(reverse("people", args=["lam-sach", node]), sheet)
    assert by_door() == {
        ("units", "too_large"): 1, ("units", "damaged"): 1, ("bodies", "too_large"): 1,
        ("bodies", "damaged"): 1, ("people", "damaged"): 1,
    }  # fmt: skip


def test_a_proof_is_counted_at_the_door_that_it_was_sent_to(cast):
    node, broken = cast.nodes["A1"].pk, b"\x89PNG\r\n\x1a\n" + bytes(90)
    numbers = {"do": "headcount", "informed": "1", "done": "1"}
    sheet = {**numbers, "sheet": SimpleUploadedFile("a.png", broken)}
    cast.client("A1", "officer").post(reverse("people", args=["lam-sach", node]), sheet)
    assert by_door() == {("people", "damaged"): 1}
    told = {
        "act": "acknowledge",
        "channel": "phone",
        "day": f"{timezone.localdate():%d/%m/%Y}",
        "reason": "x",
    }
    proof = {**told, "file": SimpleUploadedFile("a.png", broken)}
    cast.client("A", "coordinator").post(reverse("keyed", args=["lam-sach", node]), proof)
    assert by_door() == {("people", "damaged"): 1, ("keyed", "damaged"): 1}


def test_a_photograph_of_an_annex_is_no_refusal_and_looking_at_the_desk_counts_nothing(cast):
    client, out = cast.client("A", "coordinator"), io.BytesIO()
    desk = reverse("intake", args=["lam-sach", cast.nodes["A"].pk])
    Image.new("L", (90, 120), 255).save(out, "JPEG")
    client.post(desk, {"annexes": SimpleUploadedFile("anh.jpg", out.getvalue())})
    assert by_door() == {}
    client.post(desk, {"annexes": SimpleUploadedFile("hong.jpg", out.getvalue()[:-300])})
    assert by_door() == {("intake", "damaged"): 1}
    ReceivedFile.rows.update(problem="scan")  # as one kept before pictures were opened when they came
    drawn = [
        client.get(reverse("intake_picture", args=["lam-sach", cast.nodes["A"].pk, row.pk])).status_code
        for row in ReceivedFile.rows.order_by("name")
    ]
    assert drawn == [200, 422] and client.get(desk).status_code == 200
    assert by_door() == {("intake", "damaged"): 1}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", LOCKED, "unknown_kind"),
        ("a.docx", by.docx(by.form(".....", ("",) * 4, assessment="")), "content"),
    ],
)
def test_an_annex_that_is_whole_is_not_counted_as_damaged(cast, name, content, reason):
    desk = reverse("intake", args=["lam-sach", cast.nodes["A"].pk])
    cast.client("A", "coordinator").post(desk, {"annexes": SimpleUploadedFile(name, content)})
    assert by_door() == {("intake", reason): 1}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"<!doctype html><html><body>evil.example</body></html>", "unknown_kind"),
        ("a.pdf", b"%PDF-1.7\nevil.example\n", "unknown_kind"),
        ("a.xlsx", LOCKED, "unknown_kind"),
        ("a.csv.gz", gzip.compress(b"evil.example\n" * 99, mtime=0)[:-9], "damaged"),
    ],
)
def test_a_list_that_is_not_taken_is_counted_by_what_is_wrong_with_it(cast, name, content, reason):
    url = reverse("indicators", args=["lam-sach"])
    answer = cast.client("centre", "coordinator").post(url, {"lists": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422 and by_door() == {("lists", reason): 1}


def test_codes_and_links_that_open_nothing_are_counted_by_their_doors(cast, client):
    cache.clear()
    client.get(reverse("staff_link", args=["nobody"]))
    client.get(reverse("mark", args=["nobody"]))
    client.get(reverse("join", args=["7K3FM-Q2XWB"]))
    assert by_door() == {("links", "code"): 1, ("marks", "code"): 1, ("join", "code"): 1}


def test_a_wrong_password_is_counted_once(db, client):
    client.post(reverse("account_login"), {"login": "nobody", "password": "wrong"})
    assert by_door() == {("sign_in", "password"): 1}


def test_a_busy_portal_says_so_to_whoever_runs_it(db):
    assert RefusalsAreCounted(busy_page)(RequestFactory().get(reverse("self_check"))).status_code == 503
    assert by_door() == {("self_check", "busy"): 1}


def test_each_door_and_reason_that_the_code_names_is_known():
    named = []
    for file in PORTAL.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                words = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if name in ("refused", "note_refused") and words and len(node.args) > 1:
                    named.append((words[0], "other"))
                if name == "note" and len(words) == 2:
                    named.append((words[0], words[1]))
                if name == "note_request" and words:
                    named.append(("other", words[0]))
    assert ("sign_in", "password") in named and ("other", "expired") in named
    assert [pair for pair in named if pair[0] not in DOORS or pair[1] not in REASONS] == []


def test_each_address_named_as_a_door_exists():
    known = set(get_resolver().reverse_dict)
    for space, (_prefix, resolver) in get_resolver().namespace_dict.items():
        known |= {f"{space}:{name}" for name in resolver.reverse_dict}
    assert set(ROUTES) - known == set()
    assert set(ROUTES.values()) <= set(DOORS)
