"""Stores the gaps that stand between machines and their proofs. The judgement calls it for each case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from quetsach.machines.proof.gaps import Closing, Gap, to_do
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.gaps.queries import HOLDS
from quetsach.portal.cases.gaps.spans import joined
from quetsach.portal.cases.models import Case, CaseGap, Device

AT_THE_MACHINE = {Closing.STOP_AROUND, Closing.TRANSLATIONS, Closing.CHECK, Closing.CLAIM}
"""Acts that the owner of the machine does; no log is scanned."""
MOST = 6
"""Rows that one case keeps: the first gaps. When they are closed, the next ones are stored."""
_AT_ONCE = 400
_uuid = lru_cache(maxsize=4096)(UUID)
"""The id of a unit's node, which many machines share."""


class Row(NamedTuple):
    """A stored gap without its case."""

    node: UUID
    closing: str
    place: str
    first_day: date
    last_day: date


def rows_of(gaps: Iterable[Gap], owner: UUID) -> list[Row]:
    """The rows of a case. Times of one log that are closed alike and adjoin each other are one row; what is
    done at the machine itself is one row, whenever it was."""
    times: dict[tuple[UUID, str, str], list[tuple[date, date]]] = defaultdict(list)
    for gap in to_do(gaps):
        node, _slash, place = gap.place.partition("/")
        if gap.closing in AT_THE_MACHINE:
            place = ""
        days = _local(gap.first), _local(max(gap.first, gap.end - timedelta(microseconds=1)))
        try:
            # The task is that of the unit whose log it is: for it the log is its own.
            closing = Closing.SCAN if gap.closing is Closing.SCAN_OUTSIDE else gap.closing
            key = (_uuid(node), closing.value, place) if place else (owner, closing.value, "")
        except ValueError:
            continue  # a publisher of reports has no log
        times[key].append(days)
    found = []
    for (unit, kind, place), spans in times.items():
        if not place:
            spans = [(min(first for first, _last in spans), max(last for _first, last in spans))]
        found += [Row(unit, kind, place, first, last) for first, last in joined(spans)]
    return found[:MOST]


def _local(moment: datetime) -> date:
    return _day_in(timezone.get_current_timezone(), moment)


@lru_cache(maxsize=1 << 14)
def _day_in(zone: tzinfo, moment: datetime) -> date:
    """The machines of a place share the hours of its gaps."""
    return moment.astimezone(zone).date()


class Keeper:
    """Takes the gaps of judged cases and writes those that changed, a few hundred cases at a time."""

    def __init__(self) -> None:
        self._taken: dict[UUID, tuple[datetime, list[Row]]] = {}

    def take(self, case: Case, gaps: Iterable[Gap]) -> None:
        """The gaps of a claim, as it was judged."""
        assert case.claimed_at is not None
        self._taken[case.pk] = case.claimed_at, rows_of(gaps, case.device.owner_id)
        if len(self._taken) >= _AT_ONCE:
            self.write()

    def write(self) -> None:
        """Write what was taken. A case whose gaps are those that are stored costs no writing."""
        taken, self._taken = self._taken, {}
        if not taken:
            return
        stored: dict[UUID, list[tuple[datetime, Row]]] = defaultdict(list)
        values = ("case", "claimed_at", *Row._fields)
        for case, claimed, *row in CaseGap.rows.filter(case__id__among=list(taken)).values_list(*values):
            stored[case].append((claimed, Row(*row)))
        changed = {
            case: (claimed, rows)
            for case, (claimed, rows) in taken.items()
            if sorted(stored.get(case, ())) != sorted((claimed, row) for row in rows)
        }
        if not changed:
            return
        with transaction.atomic():
            cases = Case.rows.select_for_update(no_key=True).filter(pk__in=list(changed)).order_by("pk")
            list(cases.values_list("pk", flat=True))  # of two judgements at once, the later one replaces
            CaseGap.rows.filter(case__in=list(changed)).delete()
            CaseGap.rows.bulk_create(
                CaseGap(
                    case_id=case, node_id=row.node, closing=row.closing, place=row.place,
                    first_day=row.first_day, last_day=row.last_day, claimed_at=claimed,
                )
                for case, (claimed, rows) in changed.items()
                for row in rows
            )  # fmt: skip


def follow_owner(device: Device, node: CampaignNode) -> None:
    """What is done at the machine itself is the task of its new unit."""
    CaseGap.rows.filter(case__device=device, place="").update(node=node)


def forget_over() -> int:
    """Delete the rows of cases that wait for no proof any more; their number."""
    over = CaseGap.rows.exclude(HOLDS).values_list("pk", flat=True)
    gone = 0
    for some in batched(list(over), _AT_ONCE):
        gone += CaseGap.rows.filter(pk__in=some).delete()[0]
    return gone
