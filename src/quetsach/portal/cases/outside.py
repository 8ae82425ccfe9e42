"""Signs in the log of another unit that the machine's own unit gave to another machine afterwards.

Such a unit knew the signs when it handed its table in. The sign follows the table, as late knowledge does,
and the history says so. The machine that lost the sign is not proven without the place that saw it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from quetsach.machines.proof.facts import Hit
from quetsach.portal.cases.models import Case
from quetsach.portal.machines.models import StoredBinding
from quetsach.portal.sightings.models import Sighting

PART = "part"
"""The act of an event: signs went to another machine, or came back from it."""
AWAY = "away"
"""In the data of an event: the signs that went, as node, place, time of the sign, time of its arrival."""
_AT_ONCE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 50


def given_away(lost: Iterable[tuple[Case, Sighting]]) -> dict[UUID, dict[str, Any]]:
    """What an event says of signs that a case lost, by case: signs in logs of other units than that of the
    machine, unless a table of the log's own unit, or of one above it, moved them. Each case has its
    `device__owner`, each row its `node__unit`."""
    outer = [(case, row) for case, row in lost if row.node_id != case.device.owner_id]
    tables = _tables([row for _case, row in outer])
    found: dict[UUID, list[tuple[Sighting, list[_Table]]]] = defaultdict(list)
    for case, row in outer:
        its = tables[row.pk]
        if not any(row.node.unit.path.startswith(path) for path, _name, _at in its):
            found[case.pk].append((row, its))
    return {pk: _told(signs) for pk, signs in found.items()}


def moved_hits(data: Mapping[str, Any]) -> Iterable[tuple[UUID, str, datetime, datetime]]:
    """The signs that the data of an event say were given away: node, place, time of the sign and of its
    arrival."""
    for node, name, seen, told in data.get(AWAY, ()):
        at, arrived = parse_datetime(seen), parse_datetime(told)
        if at is not None and arrived is not None:
            yield UUID(node), name, at, arrived


def hit(place: str, seen: datetime | None, told: datetime) -> Hit:
    """Such a sign as the judgement takes it; `seen` is None where its clock is in the future."""
    return Hit(place, seen, told, is_outside=True, is_moved=True)


type _Table = tuple[str, str, datetime | None]
"""The path and the name of the unit that told a binding, and when it handed it in."""


def _tables(rows: Sequence[Sighting]) -> dict[int, list[_Table]]:
    """The tables that speak of the addresses of signs at their time."""
    found: dict[int, list[_Table]] = {row.pk: [] for row in rows}
    for some in batched(rows, _AT_ONCE):
        covering = Q(pk__in=[])
        for row in some:
            first, last = _span(row)
            covering |= Q(address=row.called, begin__lte=last, end__gte=first)
        told = StoredBinding.rows.filter(covering, is_gone=False)
        fields = ("address", "begin", "end", "unit__path", "unit__name", "file__created_at")
        for address, begin, end, path, name, at in told.values_list(*fields):
            for row in some:
                first, last = _span(row)
                if row.called == address and begin <= last and end >= first:
                    found[row.pk].append((path, name, at))
    return found


def _span(row: Sighting) -> tuple[int, int]:
    first, last = row.first_seen or row.received_at, row.last_seen or row.received_at
    return _micro(first), _micro(last)


def _micro(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds()) * 1_000_000


def _told(signs: Sequence[tuple[Sighting, Sequence[_Table]]]) -> dict[str, Any]:
    away = {
        (
            str(row.node_id), row.source_name, (row.last_seen or row.received_at).isoformat(),
            row.received_at.isoformat(),
        )
        for row, _its in signs
    }  # fmt: skip
    names = sorted({name for _row, its in signs for _path, name, _at in its})
    dates = sorted(at for _row, its in signs for _path, _name, at in its if at is not None)
    found: dict[str, Any] = {AWAY: [list(one) for one in sorted(away, key=lambda one: one[2])[-_MOST:]]}
    if names:
        found["teller"] = names[0]
    if dates:
        found["handed_in"] = dates[-1].isoformat()
    return found
