"""Going around outside the engines: the list of providers, the wire format, leases and the outputs."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import quetsach
from quetsach.bypass import listed, providers
from quetsach.bypass.providers import ProviderError
from quetsach.indicators.indicator import Kind
from quetsach.machines.leases.leaseformat import Event
from quetsach.machines.leases.naming import Leases
from quetsach.scanning.engine import SourceResult
from quetsach.scanning.result import Bypasses
from quetsach.scanning.transfer import to_outcomes, to_rows
from quetsach.sightings.cutting import Whole
from quetsach.sightings.scanfile import ScanFileError, read
from quetsach.sightings.sighting import Bypass, Coverage, End, Scan, Sighting, write

DAY = "2026-11-01"
SCAN = Scan("quetsach 0.1.0", "a" * 64, 2, "fw-hq", "Asia/Ho_Chi_Minh", ("log",))
COVERAGE = Coverage("b" * 64, "log", "fw-hq", 10, 2, 0, 0, 1, None, None, "none", "", {}, [])
ONE = Bypass(
    source="b" * 64,
    provider="Google Public DNS",
    kind="doh",
    matched="dns.google",
    field="query",
    device="10.0.0.5",
    identity={},
    who="",
    day=DAY,
    first_seen=f"{DAY}T08:00:00.000000Z",
    last_seen=f"{DAY}T10:00:00.000000Z",
    count=3,
    runs=[[28_800_000_000, 28_800_000_000, 1], [36_000_000_000, 36_000_000_000, 2]],
    action="unknown",
    logformat="dnsmasq",
)
SIGHTING = Sighting(
    indicator="evil.example",
    family="",
    evidence="a line",
    **{name: value for name, value in (ONE._asdict() | {"kind": "domain"}).items() if name != "provider"},
)
LOG = """\
2026-11-01T15:00:00+07:00 gw dnsmasq[612]: query[A] dns.google from 192.168.1.20
2026-11-01T16:05:00+07:00 gw dnsmasq[612]: query[A] mask.icloud.com from 192.168.1.21
2026-11-01T16:05:10+07:00 gw dnsmasq[612]: query[A] api.nordvpn.com from 192.168.1.20
2026-11-01T16:06:00+07:00 gw dnsmasq[612]: query[A] www.quetsach-test.xyz from 192.168.1.22
"""


def document(*bypasses: Bypass, sightings: list[Sighting] | None = None) -> bytes:
    out = io.BytesIO()
    write(out, SCAN, sightings or [], [COVERAGE], bypasses=bypasses)
    return out.getvalue()


def test_each_provider_has_a_source_that_was_read() -> None:
    table = tomllib.loads(providers.FILE.read_text(encoding="utf-8"))
    names = {one["name"] for one in table["provider"]}
    assert len(names) >= 40
    assert {one["source"] for one in table["provider"]} == table["source"].keys()
    for source in table["source"].values():
        assert source["page"].startswith("https://")
        assert date(2026, 1, 1) <= source["checked"]


def test_the_native_engine_reads_the_same_list() -> None:
    assert listed.read() == providers.load().listed, "run: .venv/bin/python tools/providers.py"


def test_entries_are_names_and_endpoints_of_known_kinds() -> None:
    entries = providers.load().entries
    assert {entry.kind for entry in entries} == {Kind.DOMAIN, Kind.IP_PORT}
    ports = {entry.value.rpartition(":")[2] for entry in entries if entry.kind is Kind.IP_PORT}
    assert ports == {"443", "853"}
    assert {providers.of(entry).kind for entry in entries} == {"doh", "dot", "relay", "vpn", "proxy"}
    # Resolvers of the country, and the question whether DoH may be used, lead nowhere around.
    assert not [e.value for e in entries if e.value.endswith((".vn", "use-application-dns.net"))]


@pytest.mark.parametrize(
    "wrong",
    [
        'doh = ["DNS.Example"]',
        'doh = ["dns"]',
        'addresses = ["192.0.2.1:443"]',
        'addresses = ["2001:DB8::1"]',
        'smoke = ["a.example"]',
        'doh = ["a.example"]\nvpn = ["a.example"]',
    ],
)
def test_a_list_that_breaks_its_rules_is_refused(wrong: str) -> None:
    text = f'[source.a]\npage = "https://a.example"\n[[provider]]\nname = "A"\nsource = "a"\n{wrong}\n'
    with pytest.raises(ProviderError):
        providers.parse(text)


def test_port_853_is_doq_where_there_is_no_dot() -> None:
    text = (
        '[source.a]\n[[provider]]\nname = "A"\nsource = "a"\ndoq = ["a.example"]\naddresses = ["192.0.2.1"]\n'
    )
    found = {entry.value: providers.of(entry).kind for entry in providers.parse(text).entries}
    assert found == {"a.example": "doq", "192.0.2.1:443": "doh", "192.0.2.1:853": "doq"}


def test_a_document_is_read_as_it_was_written() -> None:
    other = ONE._replace(provider="NordVPN", kind="vpn")
    records = [record for _, record in read(io.BytesIO(document(ONE, other, sightings=[SIGHTING])))]
    assert records == [SCAN, SIGHTING, ONE, other, COVERAGE._replace(unattributed=()), End(1, 1, 0, 2)]


def test_absent_is_none() -> None:
    whole = document()
    assert b"bypasses" not in whole
    assert [r for _, r in read(io.BytesIO(whole))][-1] == End(0, 1, 0, 0)
    (chunk,) = Whole(io.BytesIO(whole)).chunks()
    assert chunk.data == whole


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "malformed"),
        (lambda lines: [*lines[:2], lines[3], lines[2], lines[4]], "malformed"),
        (lambda lines: [*lines[:2], *lines[3:]], "incomplete"),
        (lambda lines: [line.replace(b'"doh"', b'"smoke"') for line in lines], "malformed"),
        (
            lambda lines: [
                line.replace(b'"count":3,"runs":[[28', b'"count":4,"runs":[[28') for line in lines
            ],
            "",
        ),
        (lambda lines: [line.replace(b'"bypasses":1', b'"bypasses":2') for line in lines], "incomplete"),
    ],
)
def test_a_document_that_breaks_the_rules_is_refused(change: object, code: str) -> None:
    lines = document(ONE, sightings=[SIGHTING]).splitlines(keepends=True)
    with pytest.raises(ScanFileError) as refused:
        list(read(io.BytesIO(b"".join(change(lines)))))  # type: ignore[operator]
    assert refused.value.code == (code or "malformed")


@pytest.mark.parametrize("most", [1500, 2500, 4000, 8 << 20])
def test_cut_documents_hold_all_rows_once(most: int) -> None:
    ways = [ONE._replace(device=f"10.0.0.{n}") for n in range(10, 40)]
    whole = document(*ways, sightings=[SIGHTING._replace(device=f"10.0.1.{n}") for n in range(10, 30)])
    found = []
    for chunk in Whole(io.BytesIO(whole)).chunks(most):
        assert len(chunk.data) <= most
        for number, record in read(io.BytesIO(chunk.data)):
            if isinstance(record, Sighting | Bypass):
                assert (
                    whole.splitlines()[chunk.original_line(number) - 1] == chunk.data.splitlines()[number - 1]
                )
                found.append(record)
    assert found == [r for _, r in read(io.BytesIO(whole)) if isinstance(r, Sighting | Bypass)]


def test_outcomes_travel_with_their_ways() -> None:
    ways = [ONE._replace(device=f"10.0.{n // 200}.{n % 200}") for n in range(5_000)]
    (back,) = to_outcomes(to_rows(SourceResult([SIGHTING], COVERAGE, ways)))
    assert isinstance(back, SourceResult)
    assert list(back.bypasses) == ways
    assert list(back.sightings) == [SIGHTING]


def test_leases_bind_ways_by_their_runs() -> None:
    def at(hour: int) -> int:
        return int(datetime(2026, 11, 1, hour, tzinfo=UTC).timestamp()) * 1_000_000

    leases = Leases()
    leases.add(
        [
            Event(address="10.0.0.5", at=at(7), mac="00:00:5e:00:53:0a", host="pc-a", until=at(9)),
            Event(address="10.0.0.5", at=at(9), mac="00:00:5e:00:53:0b", host="pc-b", until=at(12)),
        ]
    )
    found = [(one.who, one.count, one.identity.get("host")) for one in leases.name_bypasses([ONE])]
    assert found == [("mac:00:00:5e:00:53:0a", 1, "pc-a"), ("mac:00:00:5e:00:53:0b", 2, "pc-b")]
    assert leases.named == 0


def test_machines_are_summed_over_sources_and_providers() -> None:
    found = Bypasses()
    found.put("c" * 64, [ONE._replace(source="c" * 64, first_seen=f"{DAY}T07:00:00.000000Z")])
    found.put("b" * 64, [ONE, ONE._replace(device=None, who="host:pc-9", identity={"host": "pc-9"})])
    found.put("b" * 64, [ONE, ONE._replace(provider="Hola", kind="proxy", count=9)])
    assert len(found) == 3
    (machine,) = found.machines
    assert (machine.device, machine.lines) == ("10.0.0.5", 15)
    assert machine.ways == {("doh", "Google Public DNS"): 6, ("proxy", "Hola"): 9}
    assert (machine.first, machine.last) == (f"{DAY}T07:00:00.000000Z", f"{DAY}T10:00:00.000000Z")


def test_a_result_tells_them_apart_from_sightings(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG, encoding="utf-8")
    result = quetsach.scan(log, ["quetsach-test.xyz"])
    assert [one.device for one in result.sightings] == ["192.168.1.22"]
    ways = [(one.device, one.kind, one.provider) for one in result.bypasses]
    assert ways == [
        ("192.168.1.20", "doh", "Google Public DNS"),
        ("192.168.1.20", "vpn", "NordVPN"),
        ("192.168.1.21", "relay", "iCloud Private Relay"),
    ]
    for name in ("r.csv", "r.html", "r.jsonl", "r.xlsx"):
        result.save(tmp_path / name)
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    told = [(row["indicator"], row["provider"], row["kind"], row["device"]) for row in rows]
    assert told == [
        ("quetsach-test.xyz", "", "domain", "192.168.1.22"),
        *(("", provider, kind, device) for device, kind, provider in ways),
    ]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("192.168.1.20</th>") == 1
    with (tmp_path / "r.jsonl").open("rb") as file:
        records = [record for _, record in read(file)]
    assert records[-1] == End(1, 1, 0, 3)
    assert [r for r in records if isinstance(r, Bypass)] == list(result.bypasses)
