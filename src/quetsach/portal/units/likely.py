"""Units that a written name may mean: by its path, without marks or kind, by a former name.

Nothing is decided here: the units are offered, and a person chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from quetsach.annexes.collecting.names import Directory
from quetsach.annexes.collecting.names import Unit as Named
from quetsach.portal.units.models import ReorgLink, Unit, UnitVersion, subtree
from quetsach.portal.units.queries import above, stands_below
from quetsach.text.vietnamese import nfc
from quetsach.units.columns import NEAREST_FIRST

MOST = 10
"""Units that are offered for one name."""


def directory(units: Iterable[Unit]) -> Directory:
    """The living units by present and former names, with the names above them. Three queries."""
    units = list(units)
    outer = above(units)
    former: dict[UUID, list[str]] = defaultdict(list)
    for unit, name in UnitVersion.rows.values_list("unit", "name").order_by("valid_to"):
        former[unit].append(name)
    links = ReorgLink.rows.filter(event__undone_at=None).order_by("pk")
    for unit, name in links.values_list("to_unit", "from_unit__name"):
        former[unit].append(name)
    return Directory(
        Named(
            str(unit.pk),
            unit.name,
            tuple(one.name for one in outer[unit.pk]),
            tuple(dict.fromkeys((*former[unit.pk], *filter(None, (unit.short_name,))))),
        )
        for unit in units
    )


def offered(known: Directory, text: str) -> list[Named]:
    """The units that the text may mean, the likely ones first; none if no name is near it."""
    match = known.match(_with_place(text))
    found = [match.unit] if match.unit is not None else list(match.candidates)
    return found[:MOST]


def written(unit: Named) -> str:
    """The unit's name with its superiors, as people may type it: Xã B / Huyện A / Tỉnh X."""
    return NEAREST_FIRST.join((unit.name, *reversed(unit.above)))


def named(text: str) -> list[Unit]:
    """The living units of that very name, or of that path: each name after the first is a superior's.

    A path may leave superiors out. Two queries.
    """
    name, *outer = [nfc(part) for part in text.split(NEAREST_FIRST.strip())]
    whole = list(Unit.rows.filter(name=nfc(text), retired_at=None))
    if whole or not outer:
        return whole
    units = list(Unit.rows.filter(name=name, retired_at=None))
    superiors = above(units)
    return [unit for unit in units if stands_below(superiors[unit.pk], outer)]


def everywhere() -> Directory:
    """The directory of all living units."""
    return directory(Unit.rows.filter(retired_at=None))


def below(top: Unit) -> Directory:
    """The directory of the living units at and below `top`."""
    return directory(Unit.rows.filter(subtree(top.path), retired_at=None))


def _with_place(text: str) -> str:
    """A path as a name with its places behind it, which is how people write it in a sentence."""
    if ">" in text:
        return ", ".join(part.strip() for part in reversed(text.split(">")))
    return text.replace(NEAREST_FIRST, ", ")
