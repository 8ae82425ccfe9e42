"""From annexes to one row for each unit: finds each annex's unit, the counted version, missing units, the
sum."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from quetsach.annexes.collecting import rules
from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.heads import author_in
from quetsach.annexes.collecting.names import Directory, Unit
from quetsach.annexes.collecting.period import judged_by_date
from quetsach.annexes.collecting.readings import Doubt, Reading, Unread, base_of, with_doubt
from quetsach.annexes.collecting.versions import content_of, is_guessed, newest
from quetsach.annexes.form.rules import Problem
from quetsach.text.vietnamese import nfc


@dataclass(frozen=True, slots=True)
class Total:
    """One row over all units: the sum, the number of units in it, and how many of them have a doubt."""

    value: int
    units: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class Collection:
    """All results of a folder. `counted` has one reading for each unit; `repeated` are copies and older
    versions; `unplaced` have no unit yet and are in no sum."""

    counted: tuple[Reading, ...]
    repeated: tuple[Reading, ...]
    unplaced: tuple[Reading, ...]
    unread: tuple[Unread, ...]
    missing: tuple[Unit, ...]
    expected: int | None

    @property
    def totals(self) -> dict[str, Total]:
        """The sum of each row. An unusable figure adds nothing and lowers `units`."""
        return {row: self._total(row) for row in ROWS}

    @property
    def broken(self) -> list[Problem]:
        """The rules between rows of the form that the sums break."""
        totals = self.totals
        sums = {row: total.value for row, total in totals.items() if total.units}
        return rules.broken_by_sum(sums, max(total.units for total in totals.values()))

    def _total(self, row: str) -> Total:
        there = [one for one in self.counted if one.values[row] is not None]
        doubtful = sum(any(doubt.level != "info" for doubt in one.doubts_of(row)) for one in there)
        return Total(sum(one.values[row] or 0 for one in there), len(there), doubtful)


def placed(reading: Reading, directory: Directory | None) -> Reading:
    """The reading with its unit: by the name in the annex, else by the file's name or a letter's head."""
    typed = reading.annex.unit
    name = base_of(reading.file)
    if directory is None:
        written = nfc(typed) or nfc(re.sub(r"[_\-]+", " ", name))
        doubts = () if typed else (Doubt("unit_from_file_blank", "unit", {"unit": written}),)
        return replace(reading, unit=Unit(key(written), written), doubts=(*reading.doubts, *doubts))
    found = directory.match(typed)
    by_file = directory.inside(name) if reading.parts == 1 else directory.inside("")
    if found.unit is not None:
        told: tuple[Doubt, ...] = ()
        if found.doubt:
            told += (Doubt(found.doubt, "unit", {"typed": typed, "unit": found.unit.name}),)
        other = by_file.unit
        if other is not None and other != found.unit and not _names_its_place(other, found.unit):
            facts: dict[str, str | int] = {"unit": found.unit.name, "other": other.name}
            told += (Doubt("unit_file_differs", "unit", facts),)
        return replace(reading, unit=found.unit, doubts=(*reading.doubts, *told))
    by_head = author_in(reading.annex.heads, directory)
    for code, hint in (("unit_from_file", by_file), ("unit_from_head", by_head)):
        if hint is None or hint.unit is None or (found.candidates and hint.unit not in found.candidates):
            continue
        doubt = Doubt(code if typed else f"{code}_blank", "unit", {"typed": typed, "unit": hint.unit.name})
        return replace(reading, unit=hint.unit, doubts=(*reading.doubts, doubt))
    candidates = found.candidates or by_file.candidates
    names = "; ".join(unit.path for unit in candidates[:5])
    doubt = Doubt(
        "unit_several" if candidates else found.doubt, "unit", {"typed": typed or name, "candidates": names}
    )
    return replace(reading, candidates=candidates, doubts=(*reading.doubts, doubt))


def _names_its_place(place: Unit, unit: Unit) -> bool:
    """Whether a file's name names the place of the unit: "TH Muong So" of Trường Tiểu học xã Mường So."""
    return f" {key(place.name)} " in f" {key(unit.name)} "


def judged(readings: Sequence[Reading]) -> list[Reading]:
    """The readings, each with the rules of the form that it breaks in comparison with the others."""
    found = []
    for at, one in enumerate(readings):
        others = [other.values for number, other in enumerate(readings) if number != at]
        told = {(doubt.name, doubt.field) for doubt in one.doubts}
        doubts = [
            Doubt(f"rule_{problem.level}", field, {"rule": problem.rule, **problem.text})
            for problem in rules.broken(one.annex, one.values, others)
            if (problem.rule, field := "file" if problem.row == "figures" else problem.row) not in told
        ]
        found.append(replace(one, doubts=(*one.doubts, *doubts)))
    return found


def merge(
    readings: Iterable[Reading],
    unread: Iterable[Unread],
    directory: Directory | None,
    *,
    since: datetime | None = None,
    is_in_order: bool = False,
) -> Collection:
    """One reading for each unit. `since` is the moment at which the campaign began, if it is known;
    `is_in_order` says that the readings come in the order in which they arrived.

    A guess of a unit never takes the place of an annex that names its unit: it stays open, with the unit as a
    candidate.
    """
    by_unit: defaultdict[str, list[Reading]] = defaultdict(list)
    unplaced: dict[tuple[str, int], Reading] = {}
    repeated: list[Reading] = []
    for one in judged_by_date(readings, since):
        if one.unit is not None:
            by_unit[one.unit.key].append(one)
        elif first := unplaced.get((one.sha256, one.part)):
            repeated.append(with_doubt(one, "duplicate", file=first.label))
        else:
            unplaced[one.sha256, one.part] = one
    counted: list[Reading] = []
    for group in by_unit.values():
        kept, strays = _without_strays(group)
        unplaced |= {(one.sha256, one.part): one for one in strays}
        if kept:
            chosen, others = newest(kept, is_in_order=is_in_order)
            counted.append(chosen)
            repeated += others
    order = {unit.key: at for at, unit in enumerate(directory.units)} if directory else {}
    counted.sort(key=lambda one: (order.get(one.unit.key, 0) if one.unit else 0, one.file, one.part))
    there = {one.unit.key for one in counted if one.unit}
    missing = tuple(unit for unit in directory.units if unit.key not in there) if directory else ()
    return Collection(
        counted=tuple(judged(counted)),
        repeated=tuple(repeated),
        unplaced=tuple(unplaced.values()),
        unread=tuple(unread),
        missing=missing,
        expected=len(directory.units) if directory else None,
    )


def _without_strays(group: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The annexes of a unit that may count, and the guesses that stay open.

    A guess with other figures than a certain annex, or than another guess, is probably of another unit.
    """
    certain = [one for one in group if not is_guessed(one)]
    contents = {content_of(one) for one in certain or group}
    if not certain and len(contents) == 1:
        return list(group), []
    kept = [one for one in group if certain and content_of(one) in contents]
    strays = []
    for one in group:
        if not any(one is other for other in kept):
            beside = next(other for other in certain or group if content_of(other) != content_of(one))
            strays.append(_opened(one, beside))
    return kept, strays


def _opened(one: Reading, beside: Reading) -> Reading:
    """The reading without its guessed unit, which stays as a candidate."""
    assert one.unit is not None
    told = with_doubt(one, "unit_taken", "unit", unit=one.unit.name, file=beside.label)
    return replace(told, unit=None, candidates=(one.unit,))
