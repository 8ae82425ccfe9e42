"""Windows event logs: events of Sysmon, Security, Defender, PowerShell, services and licensing.

The fields of each event are those of Microsoft's documentation of its provider.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Fact
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.text import canonical

_LONGEST = 4_000

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
        seen.add("name-seen", name=canonical.name(host), where="sysmon", time=when)


def _query(event: Event, seen: Seen, when: str) -> None:
    if event.get("QueryName"):
        seen.add("name-seen", name=canonical.name(event["QueryName"]), where="event_log", time=when)


def _service(event: Event, seen: Seen, when: str) -> None:
    image = windowspath.program_of(event.get("ImagePath") or event.get("ServiceFileName") or "")
    seen.add("service-added", name=event.get("ServiceName", ""), image=image, time=when)


def _threat(event: Event, seen: Seen, when: str) -> None:
    # 1117: Action ID 2 quarantine, 3 remove, 1 clean; 1116 and 1006 only report the discovery.
    is_stopped = event.get("Action ID", "") in {"1", "2", "3"}
    seen.add("threat", name=event.get("Threat Name", ""), path=event.get("Path", ""), is_stopped=is_stopped,
             time=when)  # fmt: skip


def _setting(event: Event, seen: Seen, when: str) -> None:
    key, _, _data = event.get("New Value", "").partition(" = ")
    _, is_exclusion, value = key.partition("\\Exclusions\\")
    if is_exclusion:
        seen.add("exclusion-added", value=value.partition("\\")[2], time=when)


def _script(event: Event, seen: Seen, when: str) -> None:
    text = event.get("ScriptBlockText", "")
    for line in dict.fromkeys(text.splitlines()[:2_000]):
        if line.strip():
            seen.add("script-line", text=line[:_LONGEST], where="PowerShell 4104", time=when)


def _task(event: Event, seen: Seen, when: str) -> None:
    from quetsach.endpoint.probes.tasks import actions

    path = event.get("TaskName", "")
    try:
        runs = actions(event.get("TaskContent", "").encode("utf-8", "replace"))
    except ValueError:
        runs = []
    for command, _arguments in runs:
        seen.add("executed", name=windowspath.basename(command), path=windowspath.program_of(command),
                 where=f"task {path}", time=when)  # fmt: skip


def _activation(event: Event, seen: Seen, when: str) -> None:
    # Third of the fields that commas separate: host:port (Microsoft, "Troubleshoot KMS", event 12288).
    for text in event.values():
        fields = [part.strip() for part in text.split(",")]
        if len(fields) > 2 and (host := fields[2]) and not host.isdecimal() and "0x" not in host.casefold():
            seen.add("kms-request", host=host, time=when)
            return


_Reader = Callable[[Event, Seen, str], None]
_SPP = dict.fromkeys((12288, 12289, 12290, 8198), _activation)
LOGS: Mapping[str, Mapping[str, Mapping[int, _Reader]]] = {
    "Microsoft-Windows-Sysmon%4Operational.evtx": {
        "Microsoft-Windows-Sysmon": {3: _connection, 22: _query},
    },
    "Microsoft-Windows-DNS-Client%4Operational.evtx": {
        "Microsoft-Windows-DNS-Client": {3006: _query, 3008: _query, 3020: _query},
    },
    "Security.evtx": {
        "Microsoft-Windows-Security-Auditing": {5156: _connection, 4697: _service, 4698: _task},
    },
    "System.evtx": {"Service Control Manager": {7045: _service}},
    "Microsoft-Windows-Windows Defender%4Operational.evtx": {
        "Microsoft-Windows-Windows Defender": {
            1006: _threat, 1007: _threat, 1116: _threat, 1117: _threat, 5007: _setting,
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


def _look(machine: Machine, seen: Seen) -> None:
    for log, providers in LOGS.items():
        with seen.part():
            for line in machine.events(log):
                read(line, providers, seen)
    seen.items[:] = _last_of_each(seen.items)


def _last_of_each(items: list[Fact]) -> list[Fact]:
    """Defender reports a threat when it sees it and again when it stops it: the last report counts."""
    last = {one.fields["name"] + one.fields["path"]: one for one in items if one.kind == "threat"}
    return [one for one in items if one.kind != "threat"] + list(last.values())


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
