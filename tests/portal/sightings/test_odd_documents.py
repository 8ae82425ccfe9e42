"""Documents that no scanner writes, and names in logs that must not open a machine."""

import pytest

from quetsach.portal.sightings.models import CoveredDay, Scan, Sighting
from quetsach.portal.units.actions import issue_token
from tests.portal.scan_document import coverage, document, hours_of, noon, sighting, stamp

URL = "/api/v1/sightings"


@pytest.fixture
def secret(cast):
    return issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[1]


def push(client, body, secret):
    headers = {"Authorization": f"Bearer {secret}"}
    return client.post(URL, body, content_type="application/x-ndjson", headers=headers)


NO_MACHINES = (
    "::ffff:10.0.0.1", "2001:DB8::1", "[2001:db8::1]", "010.0.0.1", "10.0.0.256", "10.0.0.0/24",
    "10.1.1.5%eth0",
    "10.0.0.1:443", "localhost", "LOCALHOST.", "localhost.localdomain", "web.localhost", "127.0.0.1",
    "127.8.8.8", "::1", "0.0.0.0", "::", "224.0.0.251", "255.255.255.255", "ff02::1", "PC\u202egnp",
    "PC\u200b07", "PC\n07", "PC\\x0707", "PC\\u{202e}07",
    "a" + "\u0301" * 31, "<img src=x>", "=cmd|' /C calc'!A0", "=1+1", "@SUM(A1)",
    "../../etc", "-", "?", " PC", "PC ", "…", "0.1.2.3", "240.0.0.1", "8.8.8.8", "1.1.1.1",
    "2001:4860:4860::8888",
)  # fmt: skip
"""By RFC 5952, 4291, 6890, RFC 6943 3.1.1, RFC 6761 6.3, what Windows lets nobody call a computer, and public
resolvers."""
MACHINES = (
    "10.0.0.1", "192.0.2.7", "2001:db8::1", "fe80::1", "169.254.7.7", "PC-07", "pc_07.ubnd.example", "$pc",
    "Máy văn thư", "CORP\\PC-07", "Lan's MacBook (2)", "7",
)  # fmt: skip


@pytest.mark.parametrize("device", NO_MACHINES, ids=ascii)
def test_what_is_no_machine_is_left_out_with_its_line(cast, client, secret, device):
    rows = [sighting("10.0.0.1", noon(2)), sighting(device, noon(2)), sighting("10.0.0.2", noon(2))]
    answer = push(client, document(rows), secret).json()
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [(3, "machine")]
    assert set(Sighting.rows.values_list("device", flat=True)) == {"10.0.0.1", "10.0.0.2"}


@pytest.mark.parametrize(
    ("device", "indicator", "matched"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.0/24", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7:80", "203.0.113.7:80"),
        ("2001:db8::7", "[2001:db8::7]:80", "[2001:db8::7]:80"),
    ],
)
def test_the_listed_address_itself_is_no_machine_that_called_it(
    cast, client, secret, device, indicator, matched
):
    rows = [sighting(one, noon(2), indicator=indicator, matched=matched) for one in (device, "10.0.0.1")]
    answer = push(client, document(rows), secret).json()
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [(2, "machine")]
    assert [row.device for row in Sighting.rows.all()] == ["10.0.0.1"]


def test_a_machine_whose_address_begins_like_the_listed_one_is_taken(cast, client, secret):
    row = sighting("2001:db8::7", noon(2), indicator="2001:db8::7:80", matched="2001:db8::7:80")
    assert push(client, document([row]), secret).json()["rejected"] == []


def test_a_name_that_nobody_sees_in_identity_is_left_out(cast, client, secret):
    row = sighting("10.0.0.1", noon(2), identity={"host": "PC\u202e70"})
    answer = push(client, document([row]), secret).json()
    assert [one["code"] for one in answer["rejected"]] == ["machine"] and not Sighting.rows.exists()


@pytest.mark.parametrize("device", MACHINES)
def test_a_row_of_a_machine_is_taken(cast, client, secret, device):
    answer = push(client, document([sighting(device, noon(2))]), secret).json()
    assert (answer["rejected"], Sighting.rows.get().device) == ([], device)


@pytest.mark.parametrize(
    "who", ["PC-07", "mac:", "name:PC-07", "host:PC\u202e07", "host:PC\x0707"], ids=lambda who: ascii(who)
)
def test_a_row_tells_machines_apart_by_what_the_contract_names(cast, client, secret, who):
    at = noon(2)
    micros = ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000
    row = sighting("10.0.0.1", at, who=who, runs=[[micros, micros, 1]])
    answer = push(client, document([row], schema=2), secret).json()
    assert [one["code"] for one in answer["rejected"]] == ["machine"] and not Sighting.rows.exists()


@pytest.mark.parametrize(
    ("asked", "change", "reason"),
    [
        ([], {"first": stamp(noon(1)), "last": stamp(noon(2))}, "first is later than last"),
        ([], {"lines": 0, "hours": hours_of(noon(2), noon(1))}, "hours have lines, and the log has none"),
        ([], {"bytes": 0, "hours": hours_of(noon(2), noon(1))}, "hours have lines, and the log has none"),
        ([], {"first": None}, "first and last are given together"),
        ([], {"last": None}, "first and last are given together"),
        ([], {"alive": {"10.0.0.1": {"2026-01-01": 1}}}, "not asked about"),
        (["10.0.0.2"], {"alive": {"10.0.0.1": {"2026-01-01": 1}}}, "not asked about"),
        (
            [],
            {"last": stamp(noon(3)), "time": "assumed_year", "hours": hours_of(noon(3), noon(1))},
            "first and last are one moment",
        ),
        (
            [],
            {"first": stamp(noon(5)), "last": stamp(noon(4)), "hours": hours_of(noon(3), noon(1))},
            "first and last do not reach it",
        ),
        ([], {"hours": hours_of(noon(9), noon(8))}, "first and last do not reach it"),
    ],
)
def test_coverage_that_contradicts_itself_refuses_the_document(cast, client, secret, asked, change, reason):
    body = document(
        [sighting("10.0.0.2", noon(2))], [{**coverage(noon(3), noon(1)), **change}], asked=asked, schema=1
    )
    answer = push(client, body, secret)
    told = answer.json()
    assert (answer.status_code, told["code"], told["line"]) == (422, "malformed", 3)
    assert reason in told["reason"]
    assert not Sighting.rows.exists() and not Scan.rows.exists() and not CoveredDay.rows.exists()
