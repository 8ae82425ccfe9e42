"""Keeps how far the clocks of logs and of tables of translations lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from quetsach.machines.evidence import Binding, Sign
from quetsach.machines.identity.clocks import REACH, differences
from quetsach.portal.machines.models import ClockDifference, StoredBinding
from quetsach.portal.machines.queries import bindings_of
from quetsach.portal.units.models import Unit

_ENDS = 50
"""Connections in one question."""


def measure(unit_id: UUID, log: str, signs: Sequence[Sign]) -> bool:
    """Compare the clock of a unit's log, by these signs of it at translated addresses, with all tables that
    tell the same connections; whether a difference is another one now."""
    found = differences(signs, _told(signs))
    paths = {pair.table_scope for pair in found}
    units = dict(Unit.rows.filter(path__in=paths).values_list("path", "pk")) if paths else {}
    now = {
        (units[pair.table_scope], pair.table): told
        for pair, told in found.items()
        if pair.table_scope in units
    }
    changed = False
    for row in ClockDifference.rows.filter(unit=unit_id, log=log):
        told = now.pop((row.table_unit_id, row.table), None)
        if told is None:
            changed = True
            row.delete()
        elif (row.add, row.pairs) != told:
            changed |= row.add != told.add
            row.add, row.pairs, row.at = told.add, told.pairs, timezone.now()
            row.save(update_fields=["add", "pairs", "at"])
    for (table_unit, table), told in now.items():
        changed = True
        ClockDifference.rows.create(
            unit_id=unit_id, log=log, table_unit_id=table_unit, table=table, add=told.add, pairs=told.pairs,
            at=timezone.now(),
        )  # fmt: skip
    return changed


def _told(signs: Sequence[Sign]) -> set[Binding]:
    """Translations of the same addresses and ports around the times of signs."""
    found: set[Binding] = set()
    lent = StoredBinding.rows.filter(kind="nat")
    for some in batched(signs, _ENDS):
        near = Q(pk__in=[])
        for one in some:
            around = Q(begin__gte=one.first - REACH, begin__lte=one.first + REACH)
            near |= around & Q(address=one.address, port=one.port)
        found.update(bindings_of(lent.filter(near)))
    return found
