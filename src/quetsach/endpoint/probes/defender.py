"""The events of Microsoft Defender Antivirus: threats, protection that was switched off, exclusions.

Numbers and fields after Microsoft Learn, 'Review event logs and error codes to troubleshoot issues with
Microsoft Defender Antivirus': 1006 and 1116 a threat was found; 1007 and 1117 an action was taken; 1008,
1118 and 1119 an action failed; 5000, 5001, 5009 to 5012 protection on or off; 5007 a setting was changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from quetsach.endpoint.fact import Fact
from quetsach.endpoint.probe import Seen

Event = Mapping[str, str]

_STOPPED = frozenset({"1", "2", "3", "10"})
"""Action ID: 1 clean, 2 quarantine, 3 remove, 10 block; 6 allow, 8 left to the user, 9 no action."""
_ALLOWED = "6"
_NO_ERROR = re.compile(r"(?:0x0*)?0*")
_OFF = {5001: "real-time", 5010: "malware", 5012: "viruses"}
_ON = {5000: "real-time", 5009: "malware", 5011: "viruses"}
_SWITCH = re.compile(r"(?:.*\\)?(Disable\w{1,60})", re.I)


def found(event: Event, seen: Seen, when: str) -> None:
    """A threat was found; what became of it stands in later events."""
    _add(event, seen, when, "seen")


def acted(event: Event, seen: Seen, when: str) -> None:
    """Defender acted on a threat, or somebody allowed it."""
    action = event.get("Action ID", "")
    if action == _ALLOWED:
        outcome = "allowed"
    elif action in _STOPPED:
        is_done = _NO_ERROR.fullmatch(event.get("Error Code", "")) is not None
        outcome = "stopped" if is_done else "failed"
    else:
        outcome = "seen"
    _add(event, seen, when, outcome)


def failed(event: Event, seen: Seen, when: str) -> None:
    """Defender could not act on a threat."""
    _add(event, seen, when, "failed")


def _add(event: Event, seen: Seen, when: str, outcome: str) -> None:
    seen.add("threat", name=event.get("Threat Name", ""), path=event.get("Path", ""),
             is_stopped=outcome == "stopped", outcome=outcome, time=when,
             detection=event.get("Detection ID", "")[:64])  # fmt: skip


def switched(number: int) -> tuple[str, bool]:
    """The part of the protection that an event is about, and whether it was switched on."""
    return (_ON[number], True) if number in _ON else (_OFF[number], False)


def turned(number: int, seen: Seen, when: str) -> None:
    """A part of the protection was switched on or off."""
    part, is_on = switched(number)
    seen.add("protection-off", what=part, time=when, is_back=is_on)


def setting(event: Event, seen: Seen, when: str) -> None:
    """A setting was changed: an exclusion, or a part of the protection."""
    key, _, data = event.get("New Value", "").partition(" = ")
    _, is_exclusion, value = key.partition("\\Exclusions\\")
    if is_exclusion:
        seen.add("exclusion-added", value=value.partition("\\")[2], time=when)
    elif (switch := _SWITCH.fullmatch(key.strip())) is not None:
        is_off = data.strip().casefold() in ("1", "0x1")
        seen.add("protection-off", what=switch[1], time=when, is_back=not is_off)


def settled(items: list[Fact]) -> list[Fact]:
    """The last word on each threat and on each part of the protection; all other facts as they are.

    Defender reports a threat when it sees it and again when it acts, with more paths each time: its own
    number of the detection holds these events together. The last event by time counts.
    """
    last: dict[tuple[str, str], Fact] = {}
    others = []
    for one in items:
        if one.kind == "threat":
            about = ("threat", one.fields["detection"] or f"{one.fields['name']}\0{one.fields['path']}")
        elif one.kind == "protection-off":
            about = ("protection", one.fields["what"].casefold())
        else:
            others.append(one)
            continue
        if about not in last or one.fields["time"] >= last[about].fields["time"]:
            last[about] = one
    # A protection that was only ever switched on is no news.
    went_off = {
        one.fields["what"].casefold()
        for one in items
        if one.kind == "protection-off" and one.fields["is_back"] == "no"
    }
    return others + [
        one
        for (kind, about), one in last.items()
        if kind == "threat" or about in went_off
    ]  # fmt: skip


OFF_AND_ON = tuple(sorted({*_OFF, *_ON}))
