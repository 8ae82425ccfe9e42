"""Any value in any place of a pushed document is refused or stored, and never a fault."""

import json

from django.test import Client
from django.urls import reverse

from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.units.actions import issue_token
from tests.portal.checks.test_hostile_results import HOSTILE, changed, leaves
from tests.portal.hostile import as_strict_as_postgres
from tests.portal.scan_document import coverage, days_alive, document, noon, publish_list, sighting

MORE = HOSTILE | {"last day": "9999-12-31T23:59:59.999999Z"}


def test_no_value_in_any_place_of_a_document_is_a_fault(cast, tmp_path):
    publish_list(cast, tmp_path)
    _token, secret = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")
    machine = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    row = sighting("10.1.1.5", noon(3), identity={"host": "PC-1", "nat": "203.0.113.9:1"})
    seen = coverage(noon(3), noon(2), devices=days_alive("10.1.1.5", noon(3), noon(2)), errors=["x"])
    lines = [json.loads(line) for line in document([row], [seen]).splitlines()]
    faults, answers = [], set()

    def push(body, kind):
        answer = machine.generic("POST", reverse("api_sightings"), body, content_type="application/x-ndjson")
        answers.add(answer.status_code)
        if answer.status_code >= 500:
            faults.append((kind, repr(answer.exc_info and answer.exc_info[1])[:200]))

    with as_strict_as_postgres():
        for number, line in enumerate(lines):
            for way in leaves(line):
                for kind, value in MORE.items() if way else ():
                    odd = [*lines[:number], changed(line, way, value), *lines[number + 1 :]]
                    push(b"".join(json.dumps(one).encode() + b"\n" for one in odd), (number, way, kind))
        whole = document([row], [seen])
        digits = whole + b'{"a": ' + b"9" * 5_000 + b"}\n"
        for body in (b"[" * 200_000, b'{"type": NaN}', b"\0", b"\xff\xfe", digits):
            push(body, body[:9])
        assert faults == []
    assert answers == {200, 422} and Scan.rows.exists() and Sighting.rows.exists()
    for name in ("scans", "sightings"):
        page = cast.client("A1", "it").get(reverse(name, args=[cast.campaign.slug]))
        assert page.status_code == 200
