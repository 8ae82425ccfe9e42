"""Windows event logs: events of Sysmon, Security, Defender, PowerShell, services and licensing.

The fields of each event are those of Microsoft's documentation of its provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Fact, Unavailable, fact
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import defender
from quetsach.text import canonical

_MANY = 20_000
"""Facts between two looks for repeated ones."""
_TIMES = ("time", "state")
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_DIGESTS = ("md5", "sha1", "sha256")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"

Event = Mapping[str, str]


def _connection(event: Event, seen: Seen, when: str) -> None:
    address = canonical.address(event.get("DestinationIp") or event.get("DestAddress") or "")
    port = event.get("DestinationPort") or event.get("DestPort") or "0"
    program = event.get("Image") or event.get("Application") or ""
    # 5156: %%14592 inbound, %%14593 outbound.
    is_outbound = event.get("Direction", "%%14593") == "%%14593"
    if not is_outbound or event.get("Initiated", "true").casefold() == "false":
        return
    if address:
        name = windowspath.basename(program)
        seen.add("connection", address=address, port=port, program=program, process=name, state=f"LOG {when}")
    host = event.get("DestinationHostname", "-")
    if host not in ("", "-"):
        seen.add("name-seen", name=canonical.name(host), where="event_log", time=when)


def _query(event: Event, seen: Seen, when: str) -> None:
    if event.get("QueryName"):
        seen.add("name-seen", name=canonical.name(event["QueryName"]), where="event_log", time=when)


def _service(event: Event, seen: Seen, when: str) -> None:
    image = windowspath.program_of(event.get("ImagePath") or event.get("ServiceFileName") or "")
    seen.add("service-added", name=event.get("ServiceName", ""), image=image, time=when)


def _script(event: Event, seen: Seen, when: str) -> None:
    text = event.get("ScriptBlockText", "")
    for line in dict.fromkeys(text.splitlines()):
        if line.strip():
            seen.add("script-line", text=line, where="powershell_log", time=when)


def _started(event: Event, seen: Seen, when: str) -> None:
    """Sysmon 1 and Security 4688: a program was started."""
    program = event.get("Image") or event.get("NewProcessName") or ""
    command = event.get("CommandLine", "").strip()
    if command and command.casefold() != program.casefold():
        seen.add("command-run", command=command, program=program, where="event_log", time=when)
    for part in event.get("Hashes", "").split(","):
        name, _equals, digest = part.strip().lower().partition("=")
        if name in _DIGESTS and _HASH.fullmatch(digest):
            seen.add("hash-seen", hash=digest, path=program, where="event_log", time=when)


def _task(event: Event, seen: Seen, when: str) -> None:
    from quetsach.endpoint.probes.tasks import actions

    try:
        runs = actions(event.get("TaskContent", "").encode("utf-8", "replace"))
    except ValueError:
        runs = []
    for command, _arguments in runs:
        seen.add("executed", name=windowspath.basename(command), path=windowspath.program_of(command),
                 where="task_log", time=when)  # fmt: skip


def _cleared(event: Event, seen: Seen, when: str) -> None:
    # 1102 is about the log in which it stands; 104 names its log in `Channel`.
    seen.add("log-cleared", log=event.get("Channel", "") or "Security", time=when)


def _transfer(event: Event, seen: Seen, when: str) -> None:
    if event.get("url"):
        seen.add("transfer", url=event["url"], name=event.get("name", ""), time=when)


def _activation(event: Event, seen: Seen, when: str) -> None:
    # Third of the fields that commas separate: host:port (Microsoft, "Troubleshoot KMS", event 12288).
    for text in event.values():
        fields = [part.strip() for part in text.split(",")]
        if len(fields) > 2 and (host := fields[2]) and not host.isdecimal() and "0x" not in host.casefold():
            seen.add("kms-request", host=host, time=when)
            return


_Reader = Callable[[Event, Seen, str], None]


def _turned(number: int) -> _Reader:
    return lambda _event, seen, when: defender.turned(number, seen, when)


_CLEARED = "Microsoft-Windows-Eventlog"
_SPP = dict.fromkeys((12288, 12289, 12290, 8198), _activation)
LOGS: Mapping[str, Mapping[str, Mapping[int, _Reader]]] = {
    "Microsoft-Windows-Sysmon%4Operational.evtx": {
        "Microsoft-Windows-Sysmon": {1: _started, 3: _connection, 22: _query},
    },
    "Microsoft-Windows-DNS-Client%4Operational.evtx": {
        "Microsoft-Windows-DNS-Client": {3006: _query, 3008: _query, 3020: _query},
    },
    "Security.evtx": {
        "Microsoft-Windows-Security-Auditing": {
            4688: _started, 4697: _service, 4698: _task, 5156: _connection,
        },
        _CLEARED: {1102: _cleared},
    },
    "System.evtx": {
        "Service Control Manager": {7045: _service},
        "Microsoft-Windows-DNS-Client": {1014: _query},
        _CLEARED: {104: _cleared},
    },
    "Microsoft-Windows-Bits-Client%4Operational.evtx": {
        "Microsoft-Windows-Bits-Client": dict.fromkeys((59, 60, 61), _transfer),
    },
    "Microsoft-Windows-Windows Defender%4Operational.evtx": {
        "Microsoft-Windows-Windows Defender": {
            1006: defender.found, 1116: defender.found, 1007: defender.acted, 1117: defender.acted,
            **dict.fromkeys((1008, 1118, 1119), defender.failed), 5007: defender.setting,
            **{number: _turned(number) for number in defender.OFF_AND_ON},
        },
    },
    "Microsoft-Windows-PowerShell%4Operational.evtx": {
        "Microsoft-Windows-PowerShell": {4104: _script},
    },
    "Application.evtx": {
        "Microsoft-Windows-Security-SPP": _SPP,
        "Software Protection Platform Service": _SPP,
        "Security-Licensing-SLC": _SPP,
        "Office Software Protection Platform Service": _SPP,
    },
}  # fmt: skip
"""Log file → provider → event id → reader."""
_OPTIONAL = frozenset({"Microsoft-Windows-Sysmon%4Operational.evtx",
                       "Microsoft-Windows-DNS-Client%4Operational.evtx"})  # fmt: skip
"""Logs that a Windows need not have; where another log is missing, somebody took it away."""


def _look(machine: Machine, seen: Seen) -> None:
    most = _MANY
    for log, providers in LOGS.items():
        try:
            for line in machine.events(log):
                read(line, providers, seen)
                if len(seen.items) > most:
                    _thin(seen)
                    most = len(seen.items) + _MANY
        except Unavailable as error:
            if error.reason != "missing" or log not in _OPTIONAL:
                seen.lack(error.reason, error.detail)
    seen.items[:] = [_with_setup(one, _installed(machine)) for one in defender.settled(seen.items)]


def _thin(seen: Seen) -> None:
    """Of the same start of a program, the last event is kept: a log holds thousands of them."""
    last = {
        (one.kind, *(value for name, value in one.fields.items() if name not in _TIMES)): one
        for one in seen.items
    }
    seen.items[:] = last.values()


def _installed(machine: Machine) -> datetime | None:
    """When this Windows was installed; None where that is unknown."""
    try:
        told = machine.registry.values(_VERSION).get("InstallDate", "")
        return _EPOCH + timedelta(seconds=int(told)) if told.isdecimal() else None
    except (Unavailable, OverflowError, ValueError):
        return None


def _with_setup(one: Fact, installed: datetime | None) -> Fact:
    """A cleared log, with whether that was up to the day after Windows was installed: setup clears its
    logs."""
    if one.kind != "log-cleared" or installed is None:
        return one
    try:
        is_setup = datetime.fromisoformat(one.fields["time"]) <= installed + timedelta(days=1)
    except (ValueError, TypeError, OverflowError):
        return one
    return fact(one.kind, **{**one.fields, "is_setup": is_setup})


def read(line: bytes, providers: Mapping[str, Mapping[int, _Reader]], seen: Seen) -> None:
    """Read one event as JSON; other text, and events that no reader wants, are passed over."""
    try:
        event = json.loads(line)["Event"]
        system = event["System"]
        provider = system["Provider"]["#attributes"]["Name"]
        number = system["EventID"]
        number = number["#text"] if isinstance(number, dict) else number
        reader = providers[provider][int(number)]
        when = str(system["TimeCreated"]["#attributes"]["SystemTime"])
        data = _flat(event.get("EventData") or event.get("UserData") or {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    reader(data, seen, when)


def _flat(data: Any) -> dict[str, str]:
    """The data of an event as name → text; the unnamed `Data` of old providers by number."""
    found: dict[str, str] = {}
    if not isinstance(data, dict):
        return found
    for name, value in data.items():
        if name == "Data":
            texts = value.get("#text", []) if isinstance(value, dict) else value
            for number, one in enumerate(texts if isinstance(texts, list) else [texts]):
                found[str(number)] = str(one)
        elif isinstance(value, dict):
            found.update(_flat(value))
        elif value is not None:
            found[str(name)] = str(value)
    return found


PROBE = Probe("event_logs", _look, systems=frozenset({System.WINDOWS}))
