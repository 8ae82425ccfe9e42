"""Reads of frozen and restated figures of machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import MachineFigures, Revision


@dataclass(frozen=True)
class Chain:
    """The figures of a sent revision: as frozen, every restatement, and the number that holds now."""

    all: list[MachineFigures]

    @property
    def frozen(self) -> MachineFigures:
        """Number 1."""
        return self.all[0]

    @property
    def holds(self) -> MachineFigures:
        """The latest number that nobody took back."""
        return next(one for one in reversed(self.all) if one.withdrawn_at is None)

    def before(self, one: MachineFigures) -> MachineFigures:
        """The number that held when a restatement was made: it says what became known since."""
        return next(
            old
            for old in reversed(self.all)
            if old.number < one.number and (old.withdrawn_at is None or old.withdrawn_at > one.made_at)
        )

    @property
    def under(self) -> MachineFigures | None:
        """What holds after the number that holds now is taken back; None where that is the frozen one."""
        held = self.holds.number
        rest = (one for one in reversed(self.all) if one.number < held and one.withdrawn_at is None)
        return next(rest, None)

    @property
    def seen(self) -> tuple[int, int]:
        """Machines and addresses with signs, as frozen and as they hold."""
        return _seen(self.frozen), _seen(self.holds)

    @property
    def is_restated(self) -> bool:
        """Whether another number than the frozen one holds."""
        return self.holds.number > 1

    @property
    def unread(self) -> int:
        """The number of the latest restatement of the portal that nobody of the unit has read; 0 without
        one."""
        read = ("by_id", "withdrawn_at", "noted_at")
        waiting = (one.number for one in self.all[1:] if not any(getattr(one, name) for name in read))
        return max(waiting, default=0)


def _seen(figures: MachineFigures) -> int:
    return sum(figures.whole[part] for part in ("infected", "shared", "unlocated"))


UNREAD = Q(revision=F("revision__report__current"), number__gt=1, by=None, withdrawn_at=None, noted_at=None)
"""Restatements of the portal of the report last sent that nobody of the unit has read."""


def restated_unread() -> Subquery:
    """An expression over CampaignNode: the number of the latest such restatement of its report; None without
    one."""
    rows = MachineFigures.rows.filter(UNREAD, revision__report__node=OuterRef("pk"))
    return Subquery(rows.order_by("-number").values("number")[:1])


def chain_of(revision: Revision | None) -> Chain | None:
    """The figures of a revision; None for a revision that was sent before figures were frozen."""
    if revision is None:
        return None
    rows = list(revision.machine_figures.select_related("by", "withdrawn_by", "noted_by").order_by("number"))
    return Chain(rows) if rows else None


def latest_of(revision: Revision | None) -> MachineFigures | None:
    """The figures of a revision that hold."""
    if revision is None:
        return None
    return revision.machine_figures.filter(withdrawn_at=None).order_by("-number").first()


@dataclass(frozen=True)
class Restated:
    """A unit directly below that restated its figures after they were frozen above."""

    node_id: UUID
    name: str
    number: int


def restated_below(node: CampaignNode, frozen: MachineFigures) -> list[Restated]:
    """The units directly below whose figures, restated after the report above was sent, differ from those of
    their own report. Counts and names only."""
    rows: Iterable[tuple[UUID, str, int]] = (
        MachineFigures.rows.filter(
            revision__report__node__parent=node, number__gt=1, withdrawn_at=None, made_at__gt=frozen.made_at
        )
        .filter(revision__report__current=F("revision"))
        .order_by("revision__report__node__position", "revision__report__node__name", "number")
        .values_list("revision__report__node", "revision__report__node__name", "number")
    )
    found = {pk: Restated(pk, name, number) for pk, name, number in rows}
    return list(found.values())
