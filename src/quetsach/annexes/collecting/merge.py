"""From annexes to one row for each unit: finds each annex's unit, the counted version, missing units, the
sum."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from quetsach.annexes.collecting import messages, rules
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.folding import folded, key
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.names import Directory, Unit
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.annexes.form.rules import Problem
from quetsach.text.vietnamese import nfc

_REVISED = re.compile(r"\b(?:sua|chinh sua|dinh chinh|bo sung|thay the|cap nhat|chot|final|moi)\b")
_NUMBERED = re.compile(r"\b(?:lan|ban|v|ver)\s*(\d{1,2})\b|\((\d{1,2})\)")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt to look at. `field` is `r1` to `r4`, `unit`, a text of the form, or `file` for the whole
    file."""

    code: str
    field: str
    facts: dict[str, str | int]

    @property
    def level(self) -> str:
        """`block`, `doubt` or `info`."""
        return messages.level(self.code)

    @property
    def name(self) -> str:
        """The code; for a rule of the form its number, such as H02."""
        return str(self.facts.get("rule", self.code))


@dataclass(frozen=True, slots=True)
class Reading:
    """One annex of one file and the unit it belongs to. `part` counts from 1 where a file holds `parts`.

    `saved` is the file's own record of its last save, `changed` the time on disk, in the archive or e-mail.
    """

    file: str
    sha256: str
    annex: Annex
    part: int = 1
    parts: int = 1
    path: Path | None = None
    saved: datetime | None = None
    changed: datetime | None = None
    unit: Unit | None = None
    candidates: tuple[Unit, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def values(self) -> dict[str, int | None]:
        """The four figures."""
        return {row: self.annex.figures[row].value for row in ROWS}

    @property
    def label(self) -> str:
        """The file, with the annex's number in it where it holds several."""
        return self.file if self.parts == 1 else f"{self.file} [{self.part}]"

    def doubts_of(self, name: str) -> tuple[Doubt, ...]:
        """The doubts about one field."""
        return tuple(one for one in self.doubts if one.field == name)

    @property
    def is_clear(self) -> bool:
        """Whether a person need not look at it before it counts."""
        return all(one.level == "info" for one in self.doubts)


@dataclass(frozen=True, slots=True)
class Unread:
    """A file without an annex, and why. `unit` is the unit that its name shows, if it shows one."""

    file: str
    path: Path | None
    problem: FileProblem
    sha256: str = ""
    unit: Unit | None = None


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
    name = _base(reading.file)
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
    by_head = next((hit for line in reading.annex.heads if (hit := directory.inside(line)).unit), None)
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
        doubts = [
            Doubt(
                f"rule_{problem.level}",
                "file" if problem.row == "figures" else problem.row,
                {"rule": problem.rule, **problem.text},
            )
            for problem in rules.broken(one.annex, one.values, others)
        ]
        found.append(replace(one, doubts=(*one.doubts, *doubts)))
    return found


def merge(readings: Iterable[Reading], unread: Iterable[Unread], directory: Directory | None) -> Collection:
    """One reading for each unit."""
    by_unit: defaultdict[str, list[Reading]] = defaultdict(list)
    unplaced: dict[tuple[str, int], Reading] = {}
    repeated: list[Reading] = []
    for one in readings:
        if one.unit is not None:
            by_unit[one.unit.key].append(one)
        elif first := unplaced.get((one.sha256, one.part)):
            repeated.append(_told(one, "duplicate", first))
        else:
            unplaced[one.sha256, one.part] = one
    counted: list[Reading] = []
    for group in by_unit.values():
        chosen, others = newest(group)
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


def newest(group: Sequence[Reading]) -> tuple[Reading, list[Reading]]:
    """The reading of a unit that counts, and the others with the reason why they do not count."""
    versions: dict[object, list[Reading]] = {}
    for one in group:
        versions.setdefault(_content(one), []).append(one)
    ranked = [min(same, key=_preference) for same in versions.values()]
    latest, is_sure = _latest(ranked)
    others: list[Reading] = []
    told = latest
    for same in versions.values():
        for one in same:
            if one is latest:
                continue
            is_copy = _content(one) == _content(latest)
            others.append(_told(one, "duplicate" if is_copy else "older", latest))
    for one in ranked:
        if one is not latest:
            told = _told(told, "newer_version" if is_sure else "version_unsure", one)
    return told, others


def _preference(one: Reading) -> tuple[int, int, str, int]:
    """The sort key of copies: fewest doubts first, and the plain name before "name (1)"."""
    return len(one.doubts), len(one.file), one.file, one.part


def _latest(ranked: Sequence[Reading]) -> tuple[Reading, bool]:
    """The latest of different versions, and whether file times and names agree on it."""
    if len(ranked) == 1:
        return ranked[0], True
    times = [one.saved for one in ranked]
    if None in times or len(set(times)) < len(times):
        times = [one.changed for one in ranked]
    known = [at for at in times if at is not None]
    by_time = None
    if len(known) == len(ranked) and known.count(max(known)) == 1:
        by_time = ranked[known.index(max(known))]
    ranks = [_revision(_base(one.file)) for one in ranked]
    by_name = ranked[ranks.index(max(ranks))] if ranks.count(max(ranks)) == 1 else None
    if by_time is not None:
        return by_time, by_name in (None, by_time)
    return (by_name, True) if by_name is not None else (ranked[-1], False)


def _revision(name: str) -> int:
    """The version number in its name: "(2)", "lần 3", "_sửa"; 0 when the name has none."""
    small = folded(nfc(name)).replace("_", " ").replace("-", " ")
    numbers = [int(a or b) for a, b in _NUMBERED.findall(small)]
    return max([2 if _REVISED.search(small) else 0, *numbers])


def _content(one: Reading) -> object:
    return tuple(one.values.items()), key(one.annex.assessment), key(one.annex.proposals)


def _told(one: Reading, code: str, other: Reading) -> Reading:
    return replace(one, doubts=(*one.doubts, Doubt(code, "file", {"file": other.label})))


def _base(file: str) -> str:
    last = file.rpartition("/")[2]
    return last.rpartition(".")[0] or last
