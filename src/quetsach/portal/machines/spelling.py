"""Keys that count within one unit, as the database keeps them: before the value stands the last part of the
unit's path, which stays when the tree is reorganised. `quetsach.machines.identity.keys.within` writes the
whole path of today."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from quetsach.machines.evidence import Key
from quetsach.portal.units.models import SEGMENT, Unit


def stored(key: Key) -> Key:
    """The key as the database keeps it."""
    path, space, value = key.value.rpartition(" ")
    if not space or not path.endswith("/") or len(path) % SEGMENT:
        return key
    return Key(key.kind, f"{path[-SEGMENT:]} {value}")


def of_today(keys: Iterable[Key]) -> dict[Key, Key]:
    """Each stored key as the evidence of today spells it. A unit that is no more leaves its key as it is."""
    wanted = list(keys)
    ends = {one.value[:SEGMENT] for one in wanted if _is_within(one)}
    paths: dict[str, str] = {}
    if ends:
        where = Q()
        for end in ends:
            where |= Q(path__endswith=end)
        paths = {path[-SEGMENT:]: path for path in Unit.rows.filter(where).values_list("path", flat=True)}
    return {
        one: Key(one.kind, paths.get(one.value[:SEGMENT], one.value[:SEGMENT]) + one.value[SEGMENT:])
        if _is_within(one)
        else one
        for one in wanted
    }


def _is_within(key: Key) -> bool:
    return key.value[SEGMENT - 1 : SEGMENT + 1] == "/ "
