"""Results of our own check of a machine (`quetsach check`): its hardware and network addresses, so that the
machine meets the logs. A result without `network` was made by an older version and tells only the name."""

from __future__ import annotations

import json
from typing import Any

from quetsach.logs import times
from quetsach.machines import keys
from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.sources.neighbours import is_of_no_machine, span_around
from quetsach.machines.sources.outcome import SECOND, Asked, MachinesError, Outcome
from quetsach.text.canonical import address
from quetsach.text.json_limits import TooManyError, few

KIND = "check of a machine"
_MOST = 64


def is_check(head: bytes) -> bool:
    """Whether a file that begins like this is the result of a check."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].replace(b" ", b"").replace(b"\n", b"")
    return start.startswith(b'{"type":"check",')


def read(data: bytes, asked: Asked, outcome: Outcome) -> None:
    """Add the claim and the bindings of one result. Raises MachinesError: `damaged`."""
    try:
        told = json.loads(few(data.decode("utf-8-sig"), groups=500_000, items=2_000_000))
    except (ValueError, TooManyError, RecursionError) as error:
        raise MachinesError("damaged", str(error)[:100]) from error
    begin, end = _time(told.get("started"), asked), _time(told.get("finished"), asked)
    if told.get("schema") != 1 or begin is None or end is None or end < begin:
        raise MachinesError("damaged", "check")
    network = told.get("network")
    network = network if isinstance(network, dict) else {}
    if not network:
        outcome.notes.append(("old_check", ""))
    found = [keys.hardware(one) for one in _texts([network.get("hardware")])]
    found += [keys.mac(one) for one in _texts(network.get("macs"))]
    found.append(keys.host(str(told.get("machine", ""))))
    named = tuple(dict.fromkeys(key for key in found if key is not None))
    outcome.kinds[KIND] += 1
    if not named:
        outcome.leave(1, "no_key", str(told.get("machine", "")))
        return
    end = max(end, begin + SECOND)
    outcome.claims.append(Claim(named, begin, end, asked.source, asked.scope))
    strong = _strongest(named)
    for one in _texts(network.get("addresses")):
        ip = address(one) if one else None
        if ip is None:
            outcome.leave(1, "bad_address", one)
        elif strong is not None and not is_of_no_machine(ip):
            span = (span_around(ip, begin)[0], span_around(ip, end)[1])
            outcome.bindings.append(Binding(ip, strong, *span, asked.source, "neighbour", asked.scope))


def _strongest(named: tuple[Key, ...]) -> Key | None:
    """The key for the machine's addresses; a host name alone would name another office's machine as well."""
    return next((key for kind in ("hardware", "mac", "randommac") for key in named if key.kind == kind), None)


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)][:_MOST] if isinstance(value, list) else []


def _time(value: object, asked: Asked) -> int | None:
    found = times.parse(value, ("iso8601",), asked.zone) if isinstance(value, str) else None
    return found.value if found is not None and isinstance(found.value, int) else None
