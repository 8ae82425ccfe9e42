"""Reads of a campaign: receipts, dispatches, participation, and counts of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, JSONObject, RowNumber
from django.utils import timezone

from quetsach.portal.campaigns.models import (
    Acknowledgement,
    Campaign,
    CampaignNode,
    Dispatch,
    Headcount,
    KeyedAct,
    NodeQuerySet,
    Participation,
)
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.units.models import SEGMENT, subtree

type Figure = int | None
"""A count; None where nobody has counted, which is not zero."""


@dataclass(frozen=True)
class NodeStatus:
    """The state of one node. Times are UTC; `informed` and `done` count the node's own people.

    `is_by_file` says that the report that counts was taken from a file, and nobody has counted people here
    since: their numbers stand in the report alone. `has_reported` says that a report was sent or counts.
    """

    node: CampaignNode
    dispatched_at: datetime | None
    acknowledged_at: datetime | None
    participated_at: datetime | None
    informed: Figure
    done: Figure
    is_by_file: bool = False
    has_reported: bool = False

    @property
    def dispatched_today(self) -> bool:
        """Whether the dispatch to this node can still be taken back."""
        return (
            self.dispatched_at is not None and timezone.localdate(self.dispatched_at) == timezone.localdate()
        )

    @property
    def lacks_letter(self) -> bool:
        """Whether the node lacks the letter: not passed on or sent back, and not confirmed by itself."""
        return self.dispatched_at is None and self.acknowledged_at is None

    @property
    def days_silent(self) -> int:
        """Whole days since the campaign was passed on to a node that has not acknowledged; 0 otherwise."""
        if self.dispatched_at is None or self.acknowledged_at is not None:
            return 0
        return (timezone.localdate() - timezone.localdate(self.dispatched_at)).days


@dataclass(frozen=True)
class Progress:
    """The figures of all units below a node, each with its denominator; the node is in none of them.

    `by_file` counts the units that `informed` and `done` leave out, because only their reports, which came
    as files, have their numbers.
    """

    units: int
    acknowledged: int
    deployed: int
    staff: int
    informed: Figure
    done: Figure
    counted: int
    by_file: int
    as_of: datetime


_BY_FILE = "report__accepted__on_behalf"
_SENT = ("in_review", "submitted", "accepted", "amend_asked")
"""States of a report that the unit has sent; the app of the reports defines them."""


_SENT_OR_COUNTS = Q(report__state__in=_SENT) | Q(report__accepted__isnull=False)


def overtaken() -> Q:
    """Headcounts that are older than the report from a file that counts now: the unit's people are known from
    the file alone."""
    return Q(**{f"node__{_BY_FILE}": True, "node__report__accepted__at__gte": F("at")})


def known_by_file() -> Q:
    """Nodes whose report was taken from a file, and nobody has counted their people in the portal since."""
    newer = Headcount.rows.filter(node=OuterRef("pk"), at__gt=OuterRef("report__accepted__at"))
    return Q(~Exists(newer), **{_BY_FILE: True})


def active_nodes(campaign: Campaign, path: str) -> NodeQuerySet:
    """The nodes at `path` and below that count: the base of every sum and every list of missing units."""
    return CampaignNode.rows.active().filter(subtree(path), campaign=campaign)


def known_figures(node: CampaignNode) -> dict[str, Figure]:
    """The system's figures for the four rows of a node's own annex, without those of units below.

    r1: active nodes directly below that acknowledged; r3: those that deployed; r2, r4: the node's latest
    headcounts.
    """
    return dict(zip(("r1", "r2", "r3", "r4"), *_known(node.pk, has_below=node.has_below), strict=True))


@compiled
def _known(node_id: UUID, *, has_below: bool) -> QuerySet[CampaignNode, Any]:
    below = CampaignNode.rows.active().filter(parent=OuterRef("pk")).order_by().values("parent")
    acts = {
        row: Coalesce(Subquery(below.annotate(n=Count(act)).values("n")), 0) if has_below else Value(0)
        for row, act in (("received", "acknowledgement"), ("deployed", "participation"))
    }
    nodes: Any = CampaignNode.rows.filter(pk=node_id).annotate(**_headcounts_now(), **acts).order_by()
    found: QuerySet[CampaignNode, Any] = nodes.values_list("received", "informed_now", "deployed", "done_now")
    return found


def people_of(node: CampaignNode) -> dict[str, int]:
    """The latest headcount of each kind of one node."""
    return people_and_marks(node)[0]


def counted_by_marks(node: CampaignNode) -> set[str]:
    """The kinds whose latest count comes from people's own marks; nobody typed it."""
    return people_and_marks(node)[1]


def people_and_marks(node: CampaignNode) -> tuple[dict[str, int], set[str]]:
    """The results of `people_of` and `counted_by_marks` in one query."""
    latest = {kind: (count, by) for kind, count, by in _headcounts(node.pk)}
    counts = {kind: count for kind, (count, _by) in latest.items()}
    return counts, {kind for kind, (_count, by) in latest.items() if by is None}


@compiled
def _headcounts(node_id: UUID) -> QuerySet[Headcount, tuple[str, int, int | None]]:
    rows = Headcount.rows.filter(node=node_id).order_by("at", "pk")
    return rows.values_list("kind", "count", "by")


def _with_acts(nodes: QuerySet[CampaignNode]) -> QuerySet[CampaignNode]:
    found: Any = nodes.select_related("dispatch", "acknowledgement", "participation").annotate(
        by_file=Case(When(known_by_file(), then=True), default=False),
        has_reported=Case(When(_SENT_OR_COUNTS, then=True), default=False),
        **_headcounts_now(Headcount.rows.exclude(overtaken())),
    )
    return found  # type: ignore[no-any-return]


def _headcounts_now(rows: QuerySet[Headcount] | None = None) -> dict[str, Subquery]:
    kept = Headcount.rows.all() if rows is None else rows
    counts = kept.filter(node=OuterRef("pk")).order_by("-at", "-pk").values("count")
    return {
        "informed_now": Subquery(counts.filter(kind=Headcount.Kind.INFORMED)[:1]),
        "done_now": Subquery(counts.filter(kind=Headcount.Kind.DONE)[:1]),
    }


def _statuses(rows: Iterable[Any]) -> list[NodeStatus]:
    return [
        NodeStatus(
            node=node,
            dispatched_at=_dispatched(node),
            acknowledged_at=_at(node, "acknowledgement"),
            participated_at=_at(node, "participation"),
            informed=node.informed_now,
            done=node.done_now,
            is_by_file=node.by_file,
            has_reported=node.has_reported,
        )
        for node in rows
    ]


def statuses(node: CampaignNode) -> tuple[NodeStatus, list[NodeStatus]]:
    """The state of the node itself, and of the active nodes directly below, least done first. One query."""
    own, *below = _statuses(_at_and_below(node.pk, has_below=node.has_below))
    below.sort(key=lambda s: (s.acknowledged_at is not None, s.participated_at is not None))
    return replace(own, node=node), below


@compiled
def _at_and_below(node_id: UUID, *, has_below: bool) -> QuerySet[CampaignNode]:
    wanted = Q(pk=node_id)
    if has_below:
        wanted |= Q(parent=node_id, state=CampaignNode.State.ACTIVE)
    return _with_acts(CampaignNode.rows.filter(wanted).order_by("depth", "position", "name"))


def _at(node: CampaignNode, name: str) -> datetime | None:
    row: Acknowledgement | Participation | None = getattr(node, name, None)
    return row.at if row is not None else None


def _dispatched(node: CampaignNode) -> datetime | None:
    row: Dispatch | None = getattr(node, "dispatch", None)
    return row.at if row is not None and row.returned_at is None else None


def _latest_headcounts(nodes: QuerySet[CampaignNode]) -> QuerySet[Headcount]:
    newest = Window(
        RowNumber(), partition_by=[F("node"), F("kind")], order_by=[F("at").desc(), F("pk").desc()]
    )
    return Headcount.rows.filter(node__in=nodes).annotate(age=newest).filter(age=1).order_by()


def progress(campaign: Campaign, path: str) -> Progress:
    """The figures of all units below the node at `path`, in four queries; a missing count adds nothing."""
    below = active_nodes(campaign, path).exclude(path=path)
    sums: dict[str, int] = {}
    counted = set()
    latest = _latest_headcounts(below).exclude(overtaken())
    for node, kind, count in latest.values_list("node", "kind", "count"):
        sums[kind] = sums.get(kind, 0) + count
        counted.add(node)
    whose = below.order_by().annotate(by_file=Case(When(known_by_file(), then=True), default=False))
    staff, by_file = [], 0
    for people, is_by_file in whose.values_list("staff_count", "by_file"):
        staff.append(people or 0)
        by_file += is_by_file
    return Progress(
        units=len(staff),
        acknowledged=Acknowledgement.rows.filter(node__in=below).count(),
        deployed=Participation.rows.filter(node__in=below).count(),
        staff=sum(staff),
        informed=sums.get(Headcount.Kind.INFORMED),
        done=sums.get(Headcount.Kind.DONE),
        counted=len(counted),
        by_file=by_file,
        as_of=timezone.now(),
    )


def issuer_node(campaign: Campaign) -> CampaignNode | None:
    """The node on top of the frozen tree."""
    return CampaignNode.rows.filter(campaign=campaign, parent=None).order_by("depth").first()


def not_passed_on(node: CampaignNode) -> list[CampaignNode]:
    """The nodes directly below that lack the letter: not passed on to, and not confirmed by themselves."""
    if not node.has_below:
        return []
    return list(
        CampaignNode.rows.active()
        .filter(Q(dispatch=None) | Q(dispatch__returned_at__isnull=False), parent=node, acknowledgement=None)
        .order_by("position", "name")
    )


def returned(statuses: Iterable[NodeStatus]) -> list[Dispatch]:
    """The dispatches that these nodes returned and nobody has passed on anew."""
    sent = [getattr(status.node, "dispatch", None) for status in statuses if not status.acknowledged_at]
    return [dispatch for dispatch in sent if dispatch is not None and dispatch.returned_at is not None]


@dataclass(frozen=True)
class OnBehalfProof:
    """The proof of an act that a superior entered in a unit's name; `file_name` is empty without a file."""

    pk: UUID
    channel: str
    reason: str
    file_name: str


_KEYED_AS: dict[type[Any], str] = {
    Acknowledgement: KeyedAct.Act.ACKNOWLEDGE,
    Participation: KeyedAct.Act.DEPLOY,
}


def with_proof[Row: Acknowledgement | Participation](acts: QuerySet[Row]) -> QuerySet[Row]:
    """Acts with the proof of each act that a superior entered, in the same query."""
    act = _KEYED_AS[acts.model]
    keyed = KeyedAct.rows.filter(node=OuterRef("node"), act=act, withdrawn_at=None).order_by("-at")
    proof = JSONObject(pk="pk", channel="channel", reason="reason", file_name="file_name")
    found: QuerySet[Row] = acts.annotate(keyed=Subquery(keyed.values_list(proof)[:1]))
    return found


def proof_of(act: Any) -> OnBehalfProof | None:
    """The proof that `with_proof` loaded; None if the unit acted itself."""
    if act.keyed is None:
        return None
    channel = str(KeyedAct.Channel(act.keyed["channel"]).label)
    return OnBehalfProof(UUID(act.keyed["pk"]), channel, act.keyed["reason"], act.keyed["file_name"])


def status_of(node: CampaignNode) -> NodeStatus:
    """The state of the node itself."""
    (found,) = _statuses(_at_and_below(node.pk, has_below=False))
    return replace(found, node=node)


class HasPlace(Protocol):
    """An object with a place in the tree."""

    @property
    def pk(self) -> UUID: ...
    @property
    def path(self) -> str: ...


def trails(nodes: Iterable[HasPlace], campaign: Campaign, *, below: str = "") -> dict[UUID, str]:
    """The names above each node, from the issuer down, to distinguish units of the same name. One query.

    With `below`, only names below that path.
    """
    nodes = list(nodes)
    first = len(below) + SEGMENT
    above = {node.path[:end] for node in nodes for end in range(first, len(node.path), SEGMENT)}
    names = dict(CampaignNode.rows.filter(campaign=campaign, path__in=above).values_list("path", "name"))
    return {
        node.pk: " › ".join(
            names[node.path[:end]]
            for end in range(first, len(node.path), SEGMENT)
            if node.path[:end] in names
        )
        for node in nodes
    }
