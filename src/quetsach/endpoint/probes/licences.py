"""The licences of Windows and Office by their own report (WMI SoftwareLicensingProduct), read only."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_COLUMNS = ("Name", "Description", "LicenseStatus", "GracePeriodRemaining", "PartialProductKey")


_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def _look(machine: Machine, seen: Seen) -> None:
    channels = []
    for row in machine.query("SoftwareLicensingProduct", _COLUMNS, filled="PartialProductKey"):
        description = row["Description"]
        # "Windows(R) Operating System, VOLUME_KMSCLIENT channel"
        channel = description.rpartition(",")[2].strip().removesuffix(" channel").strip()
        seen.add(
            "licence", name=row["Name"], description=description, status=row["LicenseStatus"],
            grace=row["GracePeriodRemaining"], key=row["PartialProductKey"], channel=channel,
        )  # fmt: skip
        if row["Name"].casefold().startswith("windows"):
            channels.append(channel)
    with seen.part():
        _firmware(machine, seen, channels[0] if channels else "")


def _firmware(machine: Machine, seen: Seen, channel: str) -> None:
    """The edition that came with the machine ("[4.0] Core OEM:DM") next to the edition that runs."""
    column = "OA3xOriginalProductKeyDescription"
    for row in machine.query("SoftwareLicensingService", (column,)):
        if row[column]:
            running = machine.registry.values(_VERSION).get("EditionID", "")
            seen.add("firmware-licence", edition=row[column], running=running, channel=channel)


PROBE = Probe("licences", _look, systems=frozenset({System.WINDOWS}), needs_running=True)
