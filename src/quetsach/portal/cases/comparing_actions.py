"""Compares the clocks of logs whose lines name only a translated address with those of the translations."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from quetsach.portal.cases.parts import signs_of
from quetsach.portal.machines.clock_actions import measure
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.storing_actions import mark_waiting

_MOST = 400
"""The latest rows of a log that are compared: some dozen connections make a difference certain."""

type Compared = set[tuple[UUID, str]]
"""Units with the names of their logs."""


def compare_clocks(rows: Iterable[Sighting], compared: Compared) -> None:
    """Measure the clocks of the logs of these rows that `compared` does not hold yet. Where one is another
    now, the log's earlier signs at translated addresses wait again. Each row's `node.unit` is at hand."""
    rows = list(rows)
    logs = {(row.node.unit_id, row.source_name) for row in rows if row.nat and not row.device}
    for unit, name in sorted(logs - compared, key=str):
        compared.add((unit, name))
        told = Sighting.rows.filter(node__unit=unit, source_name=name, device="", nat__isnull=False)
        latest = told.select_related("node__unit").order_by("-first_seen", "key", "pk")[:_MOST]
        signs = {sign for row in latest for _run, sign in signs_of(row) if sign.port and sign.first}
        if measure(unit, name, sorted(signs)):
            earlier = told.filter(is_pulled=True, is_listed=True)
            mark_waiting(earlier.exclude(pk__in=[row.pk for row in rows]))
