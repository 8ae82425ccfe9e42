"""Numbers that no program counts, in each place of each document that a machine sends: they are refused by
name, or stored so that every page that adds them up still opens."""

import json
from importlib import import_module
from io import BytesIO

from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.sources import document as evidence
from quetsach.portal.checks.unit_actions import issue_code
from quetsach.portal.sensors import actions as sensors
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Coverage, CoveredDay, Scan, Sighting
from quetsach.sightings.heartbeat import Heartbeat, WatchedSource, write
from quetsach.victims import document as victims
from tests.portal.checks import results
from tests.portal.checks.test_hostile_results import changed, leaves
from tests.portal.every_route import routes
from tests.portal.hostile import as_strict_as_postgres
from tests.portal.scan_document import (
    alive_of,
    bypass,
    coverage,
    document,
    hours_of,
    noon,
    publish_list,
    sighting,
)

NUMBERS = (2**31, 2**53, 2**63 - 1, 2**63, -1, 1e300)
SUMS = {
    "my_work", "today", "progress", "progress_node", "rollup", "machine_figures", "report", "report_xlsx",
    "scans", "sightings", "cases", "case_gaps", "case_work", "victims", "risks", "checks", "licences",
    "sensors", "register", "evidence", "audit", "incidents", "campaign_page", "nodes",
}  # fmt: skip
"""Pages that add up."""
BEYOND = NUMBERS[2:]
"""No document may tell these of anything."""


def places(value):
    """The places of numbers in a document; of a list of numbers the first."""
    for way in leaves(value):
        one = value
        for key in way:
            one = one[key]
        if type(one) is int and not (way[-1] in range(1, 24) and "hours" in way):
            yield way


def lines_of(data):
    return [json.loads(line) for line in data.splitlines()]


def told(lines):
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def scan_with_numbers():
    run = [12 * 3600 * 1_000_000] * 2 + [1]
    row = sighting("10.1.1.5", noon(3), who="", runs=[run])
    span = noon(3), noon(2)
    logs = [
        coverage(*span, source=name, hours=hours_of(*span), order="kept", errors=["x"],
                 alive={"10.1.1.5": alive_of(*span)})
        for name in ("log-1", "log-2")
    ]  # fmt: skip
    way = bypass("10.1.1.6", noon(3))
    return lines_of(document([row], logs, bypasses=[way], schema=2, asked=["10.1.1.5"]))


def with_number(lines, at, way, value):
    """The document with the value in one place; of coverage in both records, so that one scan adds up."""
    twins = {"coverage"} & {lines[at]["type"]}
    return [
        changed(one, way, value) if number == at or one["type"] in twins else one
        for number, one in enumerate(lines)
    ]


def walk(cast):
    """The answers of pages of A1 and of the unit above it that are faults."""
    keys_of = {"slug": cast.campaign.slug, "node_id": cast.nodes["A1"].pk, "unit_id": cast.units["A1"].pk}
    faults, seen = [], 0
    for unit in ("A1", "A"):
        client = cast.client(unit, "coordinator")
        client.raise_request_exception = False
        urls = [
            reverse(name, kwargs={key: keys_of[key] for key in keys})
            for name, keys in routes()
            if name in SUMS
        ]
        scans = Scan.rows.values_list("pk", flat=True)[:2]
        urls += [reverse("scan", args=[cast.campaign.slug, one]) for one in scans]
        urls += [f"{reverse('cases', args=[cast.campaign.slug])}?rieng=duoi"]
        for url in urls:
            answer = client.get(url)
            list(answer)
            seen += answer.status_code == 200
            if answer.status_code >= 500:
                faults.append((unit, url, repr(answer.exc_info and answer.exc_info[1])[:200]))
    assert faults or seen > 40
    return faults


def test_no_number_in_a_document_of_a_machine_is_a_fault_then_or_on_a_page(cast, tmp_path, quick_pages):
    publish_list(cast, tmp_path)
    _sensor, code = sensors.add(cast.user("A1", "coordinator"), cast.units["A1"], "x")
    secret = sensors.enrol(code).secret
    machine = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    faults, unnamed = [], []

    def push(name, body, way, value, *, is_named=True):
        answer = machine.generic("POST", reverse(name), body, content_type="application/x-ndjson")
        if answer.status_code >= 500:
            faults.append((name, way, value, repr(answer.exc_info and answer.exc_info[1])[:200]))
        elif is_named and value in BEYOND:
            is_refused = answer.status_code == 422 or answer.json()["rejected"]
            text = answer.content.decode()
            if not (is_refused and any(one in text for one in way if isinstance(one, str))):
                unnamed.append((name, way, value, answer.content))

    lines, now = scan_with_numbers(), timezone.now()
    beat = json.loads(write(Heartbeat(
        "quetsach 0.1.0", now, now, "0" * 64, 3, 1, now, 1,
        (WatchedSource("/log", "dns", last_line=now, pause=60),),
    )))  # fmt: skip
    out = BytesIO()
    key, span = Key("mac", "00-00-5e-00-53-01"), (490_000 * 3_600_000_000, 490_001 * 3_600_000_000)
    nat = Binding("203.0.113.9", Key("address", "10.1.0.1"), *span, "dns", "nat", "", "tcp", 4000)
    evidence.write(out, "dns", [Claim((key,), *span, "dns")], [nat])
    proof = lines_of(out.getvalue())
    reports = [
        {"type": "victims", "schema": victims.SCHEMA, "file": "x.csv", "digest": "0" * 64,
         "publisher": "shadowserver", "kind": "x", "tool": "t"},
        {"type": "report", "address": "10.1.1.7", "first": "2026-03-01T00:00:00Z",
         "last": "2026-03-01T00:00:00Z", "meaning": "infection", "publisher": "shadowserver", "port": 80,
         "events": 1},
        {"type": "leftover", "line": 3, "code": "address", "value": "x"},
        {"type": "end", "reports": 1, "leftovers": 1, "whole": {"lines": 2, "left": {"address": 1}}},
    ]  # fmt: skip
    assert machine.generic("POST", reverse("api_sightings"), told(lines)).json()["rejected"] == []
    assert machine.generic("POST", reverse("api_heartbeat"), json.dumps(beat)).status_code == 200
    assert machine.generic("POST", reverse("api_machines"), told(proof)).status_code == 200
    assert machine.generic("POST", reverse("api_victims"), told(reports)).json()["rejected"] == []
    with as_strict_as_postgres():
        for value in NUMBERS:
            for at, line in enumerate(lines):
                for way in places(line):
                    odd = with_number(lines, at, way, value)
                    name = f"{at} {way} {value}"
                    push("api_sightings", told([{**odd[0], "source_name": name}, *odd[1:]]), way, value)
            for way in places(beat):
                push("api_heartbeat", json.dumps(changed(beat, way, value)).encode(), way, value)
            for name, rows in (("api_machines", proof), ("api_victims", reports)):
                for at, line in enumerate(rows):
                    for way in places(line):
                        body = told(with_number(rows, at, way, value))
                        push(name, body, way, value, is_named=False)
        _hand_in(cast, faults)
        assert (faults, unnamed) == ([], [])
        assert Sighting.rows.exists() and Coverage.rows.count() > 10
        assert walk(cast) == []


def _hand_in(cast, faults):
    """The same numbers in results of checks."""
    table = results.document(findings=[results.listed()], unseen=["tasks"], set_id="0" * 64)
    _row, code = issue_code(cast.nodes["A1"], cast.user("A1", "officer"))
    files = []
    for way in places(table):
        for value in NUMBERS:
            file = BytesIO(json.dumps(changed(table, way, value) | {"machine": f"PC-{len(files)}"}).encode())
            file.name = f"{len(files)}.json"
            files.append(file)
    stick = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {code}"})
    answer = stick.post(reverse("api_check_results"), {"results": files})
    if answer.status_code >= 500 or not answer.json()["taken"]:
        faults.append(("checks", answer.content))


def test_numbers_of_before_are_mended(cast, quick_pages):
    logs = [coverage(noon(3), noon(2), source=one, errors=["x"]) for one in ("log-1", "log-2")]
    sender = Sender(Scan.Door.UPLOAD, user=cast.user("A1", "it"))

    def upload(name, **more):
        body = document([], [{**one, **more} for one in logs], name=name)
        receive_file(BytesIO(body), cast.nodes["A1"], sender)

    upload("a")
    upload("b", lines=11)
    is_sqlite, most = connection.vendor == "sqlite", 2**63 - 1
    Scan.rows.update(errors=most if is_sqlite else 2**31 - 1)
    Coverage.rows.update(lines=most, not_understood=most, long_lines=most, inbound=most, bytes=most)
    CoveredDay.rows.update(bytes=most)
    assert bool(walk(cast)) is is_sqlite, "PostgreSQL adds up beyond 63 bits"
    import_module("quetsach.portal.sightings.migrations.0010_numbers_that_add_up").clamp(apps)
    assert walk(cast) == []
    assert set(Scan.rows.values_list("errors", flat=True)) == {2}
    assert set(Coverage.rows.values_list("lines", "bytes")) == {(10**12, 10**13)}
