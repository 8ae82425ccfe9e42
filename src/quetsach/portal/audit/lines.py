"""Entries of the trail as a page lists them: by day, in words, with the unit's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import sentence


@dataclass(frozen=True)
class Line:
    """One entry; `unit` is empty where the reader may not see the unit or it is gone."""

    entry: Entry
    text: str
    unit: str

    @property
    def day(self) -> date:
        """The entry's day on the portal's calendar."""
        return timezone.localdate(self.entry.at)


def lines(entries: Iterable[Entry], names: Mapping[str, str]) -> list[Line]:
    """Entries as lines of a page; `names` maps a unit's path to its name."""
    return [Line(entry, sentence(entry), names.get(entry.unit_path, "")) for entry in entries]
