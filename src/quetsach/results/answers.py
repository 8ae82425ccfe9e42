"""What logs say of each machine that a scan was asked about: seen and when, not seen, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from quetsach.results.output import Report
from quetsach.sightings import hours
from quetsach.sightings.sighting import Coverage
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

TEXT = "text"
"""The name of the format of lines that no format reads."""


class Machine(NamedTuple):
    """A machine that was asked about. `days` are the local days on which it was seen, with their hours."""

    name: str
    days: dict[date, list[int]]

    @property
    def is_seen(self) -> bool:
        """Whether a line names it."""
        return bool(self.days)


class Answers(NamedTuple):
    """The machines that were seen come first, then the others. Of `silent` logs, each with its reason, nobody
    could be asked about; `can_answer` is whether any log could tell of a machine and an hour."""

    machines: list[Machine]
    silent: list[tuple[str, str]]
    can_answer: bool

    @property
    def seen(self) -> int:
        """Machines that some line names."""
        return sum(one.is_seen for one in self.machines)


def of(report: Report) -> Answers:
    """The answers; no machines where nobody was asked about."""
    result = report.result
    masks: dict[str, dict[str, int]] = defaultdict(dict)
    for source in result.coverage:
        for name, days in (source.alive or {}).items():
            for day, mask in days.items():
                masks[name][day] = masks[name].get(day, 0) | mask
    machines = [
        Machine(name, hours.seen_by_local_day(masks.get(name, {}), report.zone)) for name in result.scan.asked
    ]
    machines.sort(key=lambda one: not one.is_seen)
    silent = [(source.path, why) for source in result.coverage for why in _why_silent(source, report.zone)]
    if unknown := report.formats.get(TEXT, 0):
        silent.append((words.files(unknown), _("no log format reads them, so no line names a machine")))
    is_read = not report.formats or set(report.formats) != {TEXT}
    return Answers(machines, silent, is_read and any(map(_answers, result.coverage)))


def _answers(source: Coverage) -> bool:
    """Whether a line of the source could have named a machine at a known hour."""
    return source.alive is not None and bool(source.hours)


def _why_silent(source: Coverage, zone: ZoneInfo) -> Iterator[str]:
    """Why a source, or a part of it, says nothing of any machine."""
    if source.errors:
        yield _("not all of it could be read")
    if source.lines and not source.hours:
        yield _("no time could be read in it")
    elif source.lines and source.alive is None:
        yield _("this scan did not ask it")
    for first, last in source.gaps:
        yield _("lines are lost: %(span)s") % {"span": words.span(first, last, zone)}


def sentence(found: Answers) -> str:
    """How many were asked about, and what became of them."""
    asked = words.machines(len(found.machines))
    if not found.can_answer and not found.seen:
        return _("Asked about: %(machines)s. These logs could not be asked: nothing is known of them.") % {
            "machines": asked
        }
    unseen = len(found.machines) - found.seen
    return _("Asked about: %(machines)s; seen: %(seen)s; not seen: %(unseen)s.") % {
        "machines": asked,
        "seen": words.number(found.seen),
        "unseen": words.number(unseen),
    }


def state(machine: Machine, found: Answers) -> str:
    """What became of the machine, in words."""
    if machine.is_seen:
        return _("seen")
    return _("not seen") if found.can_answer else _("could not be asked")


def spelled(machine: Machine, most: int) -> list[str]:
    """The local days and their hours, at most so many entries, the latest ones."""
    told = [f"{days} {hours_of_day}" for days, hours_of_day in hours.by_days(machine.days)]
    more = len(told) - most
    if more > 0:
        earlier = ngettext("%(n)s earlier entry", "%(n)s earlier entries", more)
        told = [earlier % {"n": words.number(more)}, *told[-most:]]
    return told
