"""Windows' own antivirus and its logs are witnesses: each event counts, and a missing log is named."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.probe import Seen
from quetsach.endpoint.probes import events
from quetsach.endpoint.reporting import wording
from tests.endpoint import world

DEFENDER = "Microsoft-Windows-Windows Defender"
LOG = f"{DEFENDER}%4Operational.evtx"
THREAT = "Trojan:Win32/Emotet.A"
PATH = r"file:_C:\Users\an\a.exe"
ALL_LOGS: dict[str, list[Any]] = {log: [] for log in events.LOGS}


def event(number: int, at: str = "01:00:00", provider: str = DEFENDER, **data: str) -> dict[str, Any]:
    """One event as the reader of logs gives it; `_` in a name of a field stands for a blank."""
    return {
        "System": {
            "Provider": {"#attributes": {"Name": provider}},
            "EventID": number,
            "TimeCreated": {"#attributes": {"SystemTime": f"2026-11-02T{at}.000000Z"}},
        },
        "EventData": {name.replace("_", " "): value for name, value in data.items()},
    }


def threat(number: int, action: str = "", at: str = "01:00:00", name: str = THREAT, **more: str) -> Any:
    return event(number, at, Threat_Name=name, Path=PATH, Action_ID=action, **more)


def checked(*told: dict[str, Any], log: str = LOG, **more: Any) -> Any:
    return world.look_at_recording(world.planted({"events": {**ALL_LOGS, log: list(told)}, **more}))


def confidences(done: Any, sign: str) -> list[str]:
    return [str(one.confidence) for one in done.findings if one.sign == sign]


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("told", "verdict", "outcome"),
    [
        ([threat(1116, "9")], "check", "seen, nothing done"),
        ([threat(1006)], "check", "seen, nothing done"),
        ([threat(1116, "9"), threat(1117, "2", "01:00:05", Error_Code="0x00000000")], "traces", "stopped"),
        ([threat(1117, "2", "01:00:05", Error_Code="0x80508023")], "check", "not stopped"),
        ([threat(1117, "6")], "check", "allowed by a person"),
        ([threat(1117, "2"), threat(1119, "2", "02:00:00")], "check", "not stopped"),
        # A log that began anew has its newest events before older ones.
        ([threat(1117, "3", "02:00:00"), threat(1116, "9")], "traces", "stopped"),
        ([threat(1116, "9", name="PUA:Win32/InstallCore")], "traces", "seen, nothing done"),
        ([threat(1117, "2", name="PUA:Win32/InstallCore")], "clean", "stopped"),
        ([threat(1116, "9", name="Virus:DOS/EICAR_Test_File")], "clean", "seen, nothing done"),
    ],
)
def test_a_threat_that_defender_saw_tells_for_itself_recorded(
    told: list[Any], verdict: str, outcome: str
) -> None:
    done = checked(*told)
    assert str(done.verdict) == verdict
    (found,) = (one for one in done.findings if one.sign == "AV-08")
    assert outcome in wording.evidence(found.evidence[0])
    assert "02/11/2026" in wording.finding(found, done)


@pytest.mark.recorded
def test_events_of_one_detection_belong_together_whatever_path_they_name_recorded() -> None:
    """As a public log of Windows 10 has them: the second event names the archive around the file."""
    seen = threat(1116, "9", Detection_ID="{37522D93-EBDD-4A5B-93B6-E984C9E3FD38}")
    acted = threat(
        1117, "2", "01:12:00", Error_Code="0x00000000", Detection_ID="{37522D93-EBDD-4A5B-93B6-E984C9E3FD38}"
    )
    acted["EventData"]["Path"] = f"containerfile:_C:\\a.zip; {PATH}"
    assert confidences(checked(seen, acted), "AV-08") == ["D3"]
    acted["EventData"]["Detection ID"] = "{CEF4D8DA-15D6-4667-8E4C-12D19AB4EFED}"
    assert confidences(checked(seen, acted), "AV-08") == ["D2"]


@pytest.mark.recorded
@pytest.mark.parametrize("number", [5001, 5010, 5012])
def test_protection_that_was_switched_off_is_told_until_it_is_back_recorded(number: int) -> None:
    back = {5001: 5000, 5010: 5009, 5012: 5011}[number]
    assert confidences(checked(event(number)), "AV-09") == ["D3"]
    assert confidences(checked(event(number), event(back, "02:00:00")), "AV-09") == ["D4"]
    assert confidences(checked(event(back), event(number, "02:00:00")), "AV-09") == ["D3"]
    assert confidences(checked(event(back)), "AV-09") == []


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("value", "sign", "sure"),
    [
        (r"Exclusions\Paths\C:\Users = 0x0", "AV-10", "D3"),
        (r"Exclusions\Extensions\exe = 0x0", "AV-10", "D3"),
        (r"Exclusions\Paths\D:\CSDL\ketoan.mdf = 0x0", "AV-10", "D4"),
        (r"Real-Time Protection\DisableRealtimeMonitoring = 0x1", "AV-09", "D3"),
        (r"Features\TamperProtection = 0x5", "", ""),
    ],
)
def test_a_changed_setting_of_defender_recorded(value: str, sign: str, sure: str) -> None:
    done = checked(event(5007, New_Value=rf"{world.DEFENDER}\{value}"))
    assert {(one.sign, str(one.confidence)) for one in done.findings} == ({(sign, sure)} if sign else set())


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("log", "number", "installed", "sure"),
    [
        ("Security.evtx", 1102, "", "D3"),
        ("System.evtx", 104, "1700000000", "D3"),
        # Two hours before: setup itself cleared the log.
        ("System.evtx", 104, str(int(datetime(2026, 11, 1, 23, tzinfo=UTC).timestamp())), "D4"),
    ],
)
def test_a_log_that_was_cleared_recorded(log: str, number: int, installed: str, sure: str) -> None:
    told = event(number, provider="Microsoft-Windows-Eventlog")
    told["UserData"] = {"LogFileCleared": {"Channel": "System"}} if number == 104 else {}
    told["EventData"] = None
    done = checked(told, log=log, registry={world.NT: {"InstallDate": installed}})
    assert confidences(done, "LOG-01") == [sure]


@pytest.mark.recorded
def test_a_missing_log_is_a_gap_and_an_empty_one_is_not_recorded() -> None:
    whole = events.PROBE.run(Recording(world.CLEAN | {"events": ALL_LOGS}))
    assert (str(whole.state), list(whole.gaps)) == ("empty", [])
    for log in ALL_LOGS:
        left = {name: told for name, told in ALL_LOGS.items() if name != log}
        seen = events.PROBE.run(Recording(world.CLEAN | {"events": left}))
        is_needed = not log.startswith(("Microsoft-Windows-Sysmon", "Microsoft-Windows-DNS-Client"))
        assert [(gap.reason, gap.detail) for gap in seen.gaps] == ([("missing", log)] if is_needed else [])


def test_of_a_start_that_is_logged_a_thousand_times_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_MANY", 50)
    sysmon = "Microsoft-Windows-Sysmon"
    told = [
        event(1, f"{n // 60:02}:{n % 60:02}:00", sysmon, Image=r"C:\a.exe", CommandLine=f"a.exe {n % 3}")
        for n in range(1_000)
    ]
    seen = events.PROBE.run(Recording(world.CLEAN | {"events": {f"{sysmon}%4Operational.evtx": told}}))
    assert len(seen.items) < 60
    assert max(one.fields["time"] for one in seen.items).startswith("2026-11-02T16:39")


def test_events_of_any_shape_break_nothing() -> None:
    chance = random.Random(7)
    values: list[Any] = [None, "", "0x", "9" * 400, [], {}, {"#text": None}, 1e300, "\ud800", ["a", 3]]
    names = ["Threat Name", "Action ID", "Error Code", "New Value", "Hashes", "CommandLine", "url", "Data"]
    for log, providers in events.LOGS.items():
        for provider, readers in providers.items():
            for number in readers:
                for _round in range(5):
                    told = event(number, provider=provider)
                    told["EventData"] = {name: chance.choice(values) for name in names}
                    told["System"]["TimeCreated"] = chance.choice([told["System"]["TimeCreated"], None, {}])
                    seen = events.PROBE.run(Recording(world.CLEAN | {"events": {log: [told]}}))
                    assert not [gap for gap in seen.gaps if gap.reason == "failed"], (log, number, told)
    assert Seen().items == []
