"""The address for machines: rights, refusals, and that a repeated push changes nothing."""

import gzip
import json
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns import arrivals
from quetsach.portal.cases.models import Case
from quetsach.portal.sightings import coverage_actions, listing_actions
from quetsach.portal.sightings.models import Coverage, Scan, Sighting
from quetsach.portal.units.actions import issue_token, revoke_token
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

URL = "/api/v1/sightings"


@pytest.fixture
def token(cast):
    return issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")


def push(client, body, secret, **more):
    return client.post(
        URL, body, content_type="application/x-ndjson", headers={"Authorization": f"Bearer {secret}"}, **more
    )


def rows_now():
    return sorted(Sighting.rows.values_list("indicator", "device", "day", "count", "node"))


def test_a_chunk_is_counted_and_repeating_it_changes_nothing(cast, client, token, tmp_path):
    listed = publish_list(cast, tmp_path)
    rows = [sighting("10.1.1.5", noon(3), count=4), sighting("10.1.1.6", noon(3), count=2)]
    body = document(rows, [coverage(noon(4), noon(2))], set_id=listed.set_id)
    first = push(client, body, token[1]).json()
    assert (first["new"], first["updated"], first["unchanged"], first["rejected"]) == (2, 0, 0, [])
    before, audit = rows_now(), Entry.objects.count()
    second = push(client, body, token[1]).json()
    assert (second["new"], second["updated"], second["unchanged"]) == (0, 0, 2)
    assert rows_now() == before
    assert Scan.rows.count() == 1 and Coverage.rows.count() == 1
    assert Entry.objects.count() == audit


def test_of_equal_keys_the_larger_count_stays_whatever_the_order(cast, client, token):
    at = noon(3)
    for count, expected in ((3, 3), (5, 5), (4, 5)):
        push(client, document([sighting("10.1.1.5", at, count=count)]), token[1])
        assert [row.count for row in Sighting.rows.all()] == [expected]


def test_equal_keys_inside_one_document_are_not_added_up(cast, client, token):
    at = noon(3)
    answer = push(client, document([sighting("d", at, count=2), sighting("d", at, count=7)]), token[1]).json()
    assert (answer["new"], answer["unchanged"]) == (1, 1)
    assert Sighting.rows.get().count == 7


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer qs_nobody"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer "},
    ],
)
def test_without_a_live_token_it_is_401(cast, client, header):
    answer = client.post(URL, document([]), content_type="application/x-ndjson", headers=header)
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_gets_the_same_answer_as_an_unknown_one(cast, client, token):
    unknown = push(client, document([]), "qs_unknown")
    revoke_token(cast.user("A1", "it"), token[0])
    revoked = push(client, document([]), token[1])
    assert (revoked.status_code, revoked.content) == (unknown.status_code, unknown.content)


def test_a_chunk_over_8_mib_is_413_and_stores_nothing(cast, client, token):
    body = document([sighting("d", noon(1))]) + b" " * (8 << 20)
    assert push(client, body, token[1]).status_code == 413
    assert push(client, b" " * (10 << 20), token[1]).status_code == 413
    assert not Sighting.rows.exists()


def test_a_packed_body_is_not_unpacked(cast, client, token):
    bomb = gzip.compress(bytes(4 << 20))
    answer = push(client, bomb, token[1], HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding")


def test_a_document_without_its_end_is_refused_with_the_line(cast, client, token):
    answer = push(client, document([sighting("d", noon(1))], end=False), token[1])
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["line"]) == ("incomplete", 2)
    assert not Sighting.rows.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"count": 0}, "malformed"),
        ({"count": 10**13}, "count"),
        ({"count": 10**400}, "malformed"),
        ({"count": True}, "malformed"),
        ({"count": "3"}, "malformed"),
        ({"kind": "hash"}, "malformed"),
        ({"device": "x" * 256}, "too_long"),
        ({"device": "a\0b"}, "malformed"),
        ({"indicator": "x" * 3000}, "too_long"),
        ({"indicator": ""}, "malformed"),
        ({"evidence": "x" * 2001}, "too_long"),
        ({"identity": {f"k{n}": "v" for n in range(20)}}, "too_long"),
        ({"identity": {"host": "\ud800"}}, "malformed"),
        ({"day": "2024-13-01"}, "malformed"),
        (
            {
                "day": "1900-01-01",
                "first_seen": "1900-01-01T00:00:00.000000Z",
                "last_seen": "1900-01-01T00:00:00.000000Z",
            },
            "date",
        ),
        ({"action": "eaten"}, "malformed"),
        ({"source": "short"}, "malformed"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(cast, client, token, change, code):
    rows = [sighting("good", noon(2)), {**sighting("bad", noon(2)), **change}, sighting("also good", noon(2))]
    body = b"\n".join(json.dumps(json.loads(line)).encode() for line in document([]).splitlines()[:1])
    body += b"\n" + b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    body += b'{"type":"end","sightings":3,"sources":0,"errors":0}\n'
    answer = push(client, body, token[1])
    assert answer.status_code == 200
    assert [(r["line"], r["code"]) for r in answer.json()["rejected"]] == [(3, code)]
    assert sorted(Sighting.rows.values_list("device", flat=True)) == ["also good", "good"]


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\xff\xfe{", b"[]", b"nonsense", b"{" * 100_000, b'{"type":"scan"}', b"1" * 5000]
)
def test_what_is_no_document_is_422_never_500(cast, client, token, body):
    assert push(client, body, token[1]).status_code == 422


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mangled_document_is_never_500(cast, client, token, data):
    whole = document([sighting("d", noon(2))], [coverage(noon(3), noon(1))])
    at = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=12))
    mangled = whole[:at] + junk + whole[at + data.draw(st.integers(0, 20)) :]
    assert push(client, mangled, token[1]).status_code in (200, 422)


def test_a_unit_outside_every_campaign_is_told_so(cast, client):
    from quetsach.portal.units.actions import create_unit

    alone = create_unit(None, None, "Đơn vị ngoài", kind="other")
    secret = issue_token(cast.user("A1", "it"), alone, "x")[1]
    answer = push(client, document([sighting("d", noon(1))]), secret)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_campaign")


def test_of_two_open_campaigns_the_one_that_published_the_list_is_meant(cast, client, token, tmp_path):
    from django.utils import timezone

    from quetsach.portal.campaigns.cascade.actions import publish
    from quetsach.portal.campaigns.models import Campaign

    listed = publish_list(cast, tmp_path)
    other = Campaign.objects.create(
        slug="khac", issuer=cast.units["centre"], title="Khác", due_at=timezone.now() + timedelta(days=3)
    )
    publish(other, cast.user("centre", "coordinator"))
    assert push(client, document([sighting("d", noon(1))]), token[1]).json()["code"] == "no_campaign"
    answer = push(client, document([sighting("d", noon(1))], set_id=listed.set_id), token[1]).json()
    assert answer["campaign"] == cast.campaign.slug


def test_what_is_on_no_list_is_kept_and_counts_once_the_list_has_it(cast, client, token, tmp_path):
    publish_list(cast, tmp_path)
    push(client, document([sighting("d", noon(1), indicator="late.example")], set_id="f" * 64), token[1])
    assert not Sighting.rows.get().is_listed
    publish_list(cast, tmp_path, "evil.example\n=late.example\n")
    assert listing_actions.relist(cast.campaign) == 1
    assert Sighting.rows.get().is_listed


def test_a_listener_that_fails_costs_the_sender_nothing(cast, client, token, monkeypatch, caplog):
    def fail(campaign, _arrived):
        raise RuntimeError("no disk")

    monkeypatch.setattr(arrivals, "LISTENERS", [fail])
    answer = push(client, document([sighting("d", noon(1))]), token[1])
    assert answer.status_code == 200 and answer.json()["new"] == 1
    assert not Sighting.rows.get().is_pulled


def test_killed_between_chunks_nothing_confirmed_is_lost_and_nothing_doubles(
    cast, client, token, monkeypatch
):
    first = document([sighting("d1", noon(2))])
    second = document([sighting("d2", noon(2))], [coverage(noon(3), noon(1))])
    assert push(client, first, token[1]).json()["accepted"] is False
    whole = coverage_actions.accept

    def die(*args):
        whole(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(coverage_actions, "accept", die)
    with pytest.raises(KeyboardInterrupt):
        push(client, second, token[1])
    assert list(Sighting.rows.values_list("device", flat=True)) == ["d1"]
    assert not Scan.rows.exists()
    monkeypatch.setattr(coverage_actions, "accept", whole)
    assert push(client, first, token[1]).json()["unchanged"] == 1
    answer = push(client, second, token[1]).json()
    assert answer.items() >= {"new": 1, "updated": 0, "unchanged": 0, "accepted": True}.items()
    assert answer["campaign"] == cast.campaign.slug and answer["rejected"] == []


def test_the_answer_is_in_machines_and_leads_to_the_case(cast, client, token, tmp_path):
    listed = publish_list(cast, tmp_path)
    twice = [sighting("10.1.1.7", noon(day), count=3) for day in (3, 2)]
    body = document(twice, [coverage(noon(3), noon(1))], set_id=listed.set_id)
    answer = push(client, body, token[1]).json()
    assert (answer["machines"], answer["new_cases"], answer["machines_unlisted"]) == (1, 1, 0)
    case = Case.rows.get()
    assert answer["url"] == f"http://testserver{reverse('case', args=[cast.campaign.slug, case.pk])}"
    more = [
        sighting(device, noon(2), indicator="never.listed.example") for device in ("10.1.1.7", "10.1.1.8")
    ]
    answer = push(client, document([*more, *twice], set_id=listed.set_id), token[1]).json()
    assert (answer["new"], answer["machines"], answer["new_cases"]) == (2, 2, 0)
    assert answer["machines_unlisted"] == 1 and reverse("cases", args=[cast.campaign.slug]) in answer["url"]


def test_machines_are_not_told_while_the_cases_wait(cast, client, token, monkeypatch):
    def fail(_campaign, _arrived):
        raise RuntimeError

    monkeypatch.setattr(arrivals, "LISTENERS", [fail])
    answer = push(client, document([sighting("d1", noon(2))]), token[1]).json()
    assert answer["new"] == 1 and "machines" not in answer and "new_cases" not in answer


@pytest.mark.django_db(transaction=True)
def test_two_pushes_of_the_same_at_once_count_once(cast, token, tmp_path):
    from django.test import Client

    listed = publish_list(cast, tmp_path)
    rows = [sighting(f"10.1.1.{n}", noon(2), count=n + 1) for n in range(40)]
    body = document(rows, [coverage(noon(3), noon(1))], set_id=listed.set_id)
    answers = []

    def run():
        try:
            answers.append(push(Client(), body, token[1]).json())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(a["new"] for a in answers) == 40
    assert sum(a["unchanged"] for a in answers) == 120
    assert Sighting.rows.count() == 40 and Scan.rows.count() == 1


def test_a_full_disk_is_507_and_stores_nothing(cast, client, token, monkeypatch):
    def fill(*_args):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("quetsach.portal.sightings.storing_actions.store", fill)
    answer = push(client, document([sighting("10.1.1.5", noon(1))]), token[1])
    assert answer.status_code == 507
    assert answer.json()["code"] == "disk_full"
    assert rows_now() == []
