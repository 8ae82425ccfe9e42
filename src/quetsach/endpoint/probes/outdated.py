"""Whether the operating system still gets security updates, by its maker's published dates."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_KEY = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_LONGER = ("enterprise", "education", "iotenterprise")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("quetsach.endpoint").joinpath("signs/systems.toml").read_text("utf-8"))


def _look(machine: Machine, seen: Seen) -> None:
    if machine.system is System.WINDOWS:
        values = machine.registry.values(_KEY)
        build = values.get("CurrentBuildNumber", "") or values.get("CurrentBuild", "")
        if not build:
            return
        until = windows_until(build, values.get("EditionID", ""))
        name = f"{values.get('ProductName', 'Windows')} {values.get('DisplayVersion', '')}".strip()
        version = build
    else:
        told = dict(
            line.partition("=")[::2]
            for line in machine.files.read("/etc/os-release", 1 << 16).decode("utf-8", "replace").splitlines()
        )
        told = {key: value.strip().strip("\"'") for key, value in told.items()}
        name, version = told.get("PRETTY_NAME", "Linux"), told.get("VERSION_ID", "")
        until = _date(_table()["linux"].get(told.get("ID", ""), {}).get(version))
    is_supported = "" if until is None else ("yes" if datetime.now(UTC).date() <= until else "no")
    seen.add("system", name=name, version=version, supported_until=until or "", is_supported=is_supported)


def windows_until(build: str, edition: str) -> date | None:
    """The last day of updates for a build; None where it is unknown, as for a build newer than the table."""
    table = _table()["windows"]
    row, kind = table.get(build), _kind(edition.casefold())
    if row is None and kind in ("enterprise", "until"):
        older = [int(one) for one in table if build.isdecimal() and len(build) < 10 and int(one) > int(build)]
        # Support for a build between two known builds ended no later than for the newer of them.
        row = table[str(min(older))] if older else None
    if row is None:
        return None
    return _date(row.get(kind, row["until"] if kind == "enterprise" else None))


def _kind(edition: str) -> str:
    """The column of the table for an edition; servers and LTSC have longer support."""
    if edition.startswith("server"):
        return "server"
    if edition.startswith(_LONGER):
        return "ltsc" if edition.endswith("s") else "enterprise"
    return "until"


def _date(value: Any) -> date | None:
    return value if isinstance(value, date) else None


PROBE = Probe("system", _look)
