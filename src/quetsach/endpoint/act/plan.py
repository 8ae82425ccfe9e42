"""The plan: the steps for one machine, which a person reads before anything happens.

    {"type": "plan", "schema": 1, "tool", "machine": {"name", "system", "identity", "root"}, "made",
     "expires", "verdict", "warnings": [codes],
     "steps": [{"number", "phase", "act", "target", "before", "after", "why",
     "what", "backup", "check", "undo"}], "advice": [{"reason", "subject", "why"}], "hash"}

`hash` is the SHA-256 of all other fields in canonical spelling. It reveals a change; it is no signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from quetsach import __version__
from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.ground import Ground
from quetsach.endpoint.act.journal import canonical
from quetsach.endpoint.act.step import PHASES, Advice, Step

SCHEMA = 1
LASTS = timedelta(days=7)
_EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)
"""An earlier clock is wrong: this program did not exist."""
_AHEAD = timedelta(minutes=10)
_SHORTEST = 12
"""A person must give at least this many digits of the hash."""
_LARGEST = 64 << 20
_TARGETS: Mapping[str, Mapping[str, type]] = {
    "block": {"name": str, "address": str},
    "stop": {"program": str, "pids": list},
    "value": {"key": str, "name": str},
    "edit": {"path": str, "content": str, "lines": list},
    "quarantine": {"path": str, "is_certain": bool},
    "folder": {"path": str},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """See the module. `warnings` are codes: `licence` (a licence may show as not activated), `restart`."""

    name: str
    system: str
    identity: str
    root: str
    made: datetime
    expires: datetime
    verdict: str
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]
    advice: tuple[Advice, ...]
    hash: str = ""

    @property
    def code(self) -> str:
        """The first digits of the hash, which a person types."""
        return self.hash[:_SHORTEST]


def document(plan: Plan) -> dict[str, Any]:
    """The plan as a table (dict), with its hash."""
    told: dict[str, Any] = {
        "type": "plan",
        "schema": SCHEMA,
        "tool": f"quetsach {__version__}",
        "machine": {"name": plan.name, "system": plan.system, "identity": plan.identity, "root": plan.root},
        "made": _text(plan.made),
        "expires": _text(plan.expires),
        "verdict": plan.verdict,
        "warnings": list(plan.warnings),
        "steps": [step.as_table() for step in plan.steps],
        "advice": [asdict(one) for one in plan.advice],
    }
    return told | {"hash": sha256(canonical(told)).hexdigest()}


def make(
    ground: Ground,
    verdict: str,
    warnings: Sequence[str],
    steps: Sequence[Step],
    advice: Sequence[Advice],
    root: str = "",
) -> Plan:
    """A plan for this machine, made now; raises `ActError("clock")` where the clock is impossible."""
    now = datetime.now(UTC).replace(microsecond=0)
    if now < _EARLIEST:
        raise ActError("clock")
    machine = ground.machine
    plan = Plan(
        machine.name, str(machine.system), ground.identity, root, now, now + LASTS, verdict, tuple(warnings),
        tuple(steps), tuple(advice),
    )  # fmt: skip
    return replace(plan, hash=document(plan)["hash"])


def read(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        ActError: the file cannot be read, is no plan, or was changed.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise of(error, str(path)) from error
    try:
        if len(content) > _LARGEST:
            raise ValueError("too large")
        parsed = json.loads(content)
        if parsed["type"] != "plan" or parsed["schema"] != SCHEMA:
            raise ValueError("no plan of this version")
        rest = {name: value for name, value in parsed.items() if name != "hash"}
        found = sha256(canonical(rest)).hexdigest()
        plan = _plan(parsed)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise ActError("no_plan", str(path)) from error
    if found != parsed["hash"]:
        raise ActError("tampered", str(path))
    return replace(plan, hash=found)


def admit(plan: Plan, ground: Ground, given: str) -> None:
    """Check that the plan is for this machine, not too old, and has the hash that the reader typed.

    Raises:
        ActError: `wrong_hash`, `clock`, `expired`, `other_machine`.
    """
    digits = "".join(given.split()).casefold().replace("-", "")
    if len(digits) < _SHORTEST or not plan.hash.startswith(digits):
        raise ActError("wrong_hash")
    now = datetime.now(UTC)
    if now < max(_EARLIEST, plan.made - _AHEAD):
        raise ActError("clock")
    if now >= plan.expires or plan.expires - plan.made > LASTS:
        raise ActError("expired")
    machine = ground.machine
    if (plan.name, plan.system, plan.identity) != (machine.name, str(machine.system), ground.identity):
        raise ActError("other_machine", plan.name)


def _plan(told: dict[str, Any]) -> Plan:
    machine = told["machine"]
    texts = (machine["name"], machine["system"], machine["identity"], machine["root"], told["verdict"])
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("a text is missing")
    return Plan(
        machine["name"], machine["system"], machine["identity"], machine["root"], _time(told["made"]),
        _time(told["expires"]), told["verdict"], tuple(map(str, told["warnings"])),
        tuple(_step(number, one) for number, one in enumerate(told["steps"], 1)),
        tuple(Advice(str(one["reason"]), str(one["subject"]), str(one["why"])) for one in told["advice"]),
    )  # fmt: skip


def _step(number: int, told: dict[str, Any]) -> Step:
    if told["number"] != number or told["act"] not in ACTS or told["phase"] not in PHASES:
        raise ValueError(f"step {number}")
    wanted = _TARGETS[told["act"]]
    target = told["target"]
    if target.keys() != wanted.keys() or not all(
        isinstance(target[one], kind) for one, kind in wanted.items()
    ):
        raise ValueError(f"target of step {number}")
    return Step(number, told["phase"], told["act"], target, told["before"], told["after"], tuple(told["why"]))


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without zone")
    return found
