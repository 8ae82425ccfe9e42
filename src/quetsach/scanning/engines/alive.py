"""The devices that were alive on each day."""

from __future__ import annotations

from datetime import tzinfo

from quetsach.logs import times
from quetsach.logs.times import Yearless


class Alive:
    """Devices by UTC day; while the year is not known, by the day in the log's time zone.

    A local day overlaps two UTC days at most; the first and the last time of a device tell which of them.
    """

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()
        self._yearless: dict[tuple[str, int, int], tuple[Yearless, Yearless]] = {}

    def __len__(self) -> int:
        """How many devices and days there are."""
        return len(self._known) + len(self._yearless)

    def note(self, device: str, value: int | Yearless) -> None:
        """A line of the device with this time."""
        if isinstance(value, int):
            self._known.add((device, times.day(value)))
            return
        key = (device, value.month, value.day)
        first, last = self._yearless.get(key, (value, value))
        self._yearless[key] = (min(first, value), max(last, value))

    def days(self, latest: int | None, zone: tzinfo) -> dict[str, list[str]]:
        """The devices of each UTC day, times without a year no later than `latest`."""
        found: dict[str, set[str]] = {}
        for device, day in self._known:
            found.setdefault(day, set()).add(device)
        for (device, _, _), seen in self._yearless.items():
            for value in seen:
                moment = value.resolve(latest, zone) if latest is not None else None
                if moment is not None:
                    found.setdefault(times.day(moment), set()).add(device)
        return {day: sorted(devices) for day, devices in sorted(found.items())}
