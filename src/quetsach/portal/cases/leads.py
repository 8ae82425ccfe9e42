"""What a machine keeps of its current cases, so that lists of very many machines need not look at each case.

The columns `lead…`, `current_cases` and `open_cases` of a machine follow from its cases alone. They are
written here, by one statement, whenever `Case` is written; nothing else writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import batched
from uuid import UUID

from django.db import connection

from quetsach.portal.cases.rules import RANK

KEPT = frozenset({"device", "device_id", "state", "is_current", "relapses", "last_seen", "claimed_at"})
"""The fields of a case that a machine keeps something of."""
NO_RANK = 9
"""The rank of a state that has none: behind all others."""
_AT_ONCE = 2000
_RANKS = " ".join(f"WHEN '{state.value}' THEN {rank}" for state, rank in RANK.items())
_SQL = f"""
UPDATE cases_device SET
    (lead_id, lead_rank, lead_relapses, lead_seen, lead_claimed_at) = (
        SELECT one.id, CASE one.state {_RANKS} ELSE {NO_RANK} END AS worth,
            one.relapses, one.last_seen, one.claimed_at
        FROM cases_case one WHERE one.device_id = cases_device.id AND one.is_current
        ORDER BY worth, one.id LIMIT 1
    ),
    (current_cases, open_cases) = (
        SELECT COUNT(*), COUNT(CASE WHEN one.to_do THEN 1 END)
        FROM cases_case one WHERE one.device_id = cases_device.id AND one.is_current
    )
WHERE id IN """  # noqa: S608  (the names are constants)
_AMONG = {"sqlite": "(SELECT value FROM json_each(%s))", "postgresql": "(SELECT unnest(%s::uuid[]))"}


def keep(devices: Iterable[UUID]) -> None:
    """Write anew what these machines keep of their cases."""
    for some in batched(sorted(set(devices)), _AT_ONCE):
        is_sqlite = connection.vendor == "sqlite"
        given = json.dumps([one.hex for one in some]) if is_sqlite else list(some)
        with connection.cursor() as cursor:
            cursor.execute(_SQL + _AMONG[connection.vendor], [given])
