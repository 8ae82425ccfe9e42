"""Reads: counts of a unit's people, its bodies, and the portal's figures for the rows of its annex."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDay
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns import queries as campaign_queries
from quetsach.portal.campaigns.models import Acknowledgement, CampaignNode, Headcount, Participation
from quetsach.portal.campaigns.queries import Figure, OnBehalfProof, people_and_marks, proof_of, with_proof
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.people.models import (
    DAYS_TO_PUT_BACK,
    Body,
    BodyChange,
    Kind,
    Mark,
    MarkLink,
    SecondMark,
    SignSheet,
    TaxCodeClaim,
)
from quetsach.text.vietnamese import search_key

SHEETS_AT_MOST = 20
COUNTS_AT_MOST = 20
"""The page shows the latest counts of people of one kind, at most so many."""
ROWS = {"r1": "received", "r2": "informed", "r3": "deployed", "r4": "done"}
"""Key of a known figure: the thing that it counts, as forms of the annex name it."""


@dataclass(frozen=True)
class Counting:
    """The count of one kind: the number that holds, whether it comes from marks, and the stored marks."""

    kind: str
    label: str
    count: Figure
    is_by_marks: bool
    marks: int
    link: MarkLink | None
    seconds: tuple[tuple[str, int], ...]
    """Earlier units of the people marked here, each with a number of people."""


@dataclass(frozen=True)
class BodySums:
    """Numbers of a node's bodies: all, informed, carried out, and their persons."""

    bodies: int
    informed: int
    deployed: int
    persons_informed: int
    persons_done: int

    def of(self, row: str) -> int:
        """The bodies' part of a row of the annex, by the key of a known figure."""
        return {
            "r1": self.informed,
            "r2": self.persons_informed,
            "r3": self.deployed,
            "r4": self.persons_done,
        }[row]


def body_sums(node: CampaignNode) -> BodySums:
    """The sums over a node's bodies. One query."""
    for n, informed, deployed, persons_informed, persons_done in _body_sums(node.pk):
        return BodySums(n, informed, deployed, persons_informed or 0, persons_done or 0)
    return BodySums(0, 0, 0, 0, 0)


@compiled
def _body_sums(node_id: UUID) -> QuerySet[Body, tuple[int, int, int, int | None, int | None]]:
    """One row; no row if there is no body."""
    sums = (
        Count("pk"),
        Count("pk", filter=Q(informed_on__isnull=False)),
        Count("pk", filter=Q(deployed_on__isnull=False)),
        Sum("persons_informed"),
        Sum("persons_done"),
    )
    named = dict(zip("nidpq", sums, strict=True))
    return Body.rows.filter(node=node_id).order_by().values("node").annotate(**named).values_list(*named)


@dataclass(frozen=True)
class Known:
    """The portal's figures for a node's own annex, and the sums over its bodies, which they include."""

    figures: dict[str, Figure]
    bodies: BodySums


def known_of(node: CampaignNode) -> Known:
    """The portal's figures for the four rows of a node's own annex, without those of units below.

    r1: units directly below that acknowledged + bodies informed; r3: units and bodies that carried it out;
    r2, r4: the holding count of the node's people + the persons of its bodies. None without any count.
    """
    figures, sums = campaign_queries.known_figures(node), body_sums(node)
    if sums.bodies:
        figures = {
            row: sums.of(row) + (count or 0) if count is not None or sums.of(row) else None
            for row, count in figures.items()
        }
    return Known(figures, sums)


def known_figures(node: CampaignNode) -> dict[str, Figure]:
    """The figures of `known_of` alone."""
    return known_of(node).figures


def countings(node: CampaignNode) -> list[Counting]:
    """The counts of both kinds, informed first."""
    people, running = people_and_marks(node)
    links = {link.kind: link for link in MarkLink.rows.filter(node=node)}
    marks = dict(Mark.rows.filter(node=node).values_list("kind").annotate(n=Count("pk")).order_by())
    seconds: dict[str, list[tuple[str, int]]] = {}
    second_marks = SecondMark.rows.filter(node=node).values_list("mark__kind", "mark__node__name")
    for kind, name, n in second_marks.annotate(n=Count("pk")).order_by(
        "mark__node__position", "mark__node__name"
    ):
        seconds.setdefault(kind, []).append((name, n))
    return [
        Counting(
            kind=kind.value,
            label=str(kind.label),
            count=people.get(kind.value),
            is_by_marks=kind.value in running and kind.value in links,
            marks=marks.get(kind.value, 0),
            link=links.get(kind.value),
            seconds=tuple(seconds.get(kind.value, ())),
        )
        for kind in Kind
    ]


def sheets_of(user: User, node: CampaignNode) -> list[SignSheet]:
    """The node's sheets, the newest first, with removed ones that can still be put back."""
    after = timezone.now() - timedelta(days=DAYS_TO_PUT_BACK)
    rows = SignSheet.objects.visible_to(user).filter(node=node)
    rows = rows.filter(Q(removed_at=None) | Q(removed_at__gt=after))
    return list(rows.select_related("by", "removed_by")[:SHEETS_AT_MOST])


def link_by(token: str) -> MarkLink | None:
    """The link with this address."""
    return MarkLink.rows.select_related("node__campaign").filter(token=token.strip().lower()).first()


def bodies_of(user: User, node: CampaignNode, *, text: str = "", state: str = "") -> QuerySet[Body]:
    """A node's bodies that the person may see and whose name, code or address holds every word."""
    found = Body.objects.visible_to(user).filter(node=node)
    for word in search_key(text).split():
        found = found.filter(search_key__contains=word)
    return found.filter(STATES[state]) if state in STATES else found


STATES = {
    "chua": Q(informed_on=None),
    "da-bao": Q(informed_on__isnull=False),
    "chua-xong": Q(informed_on__isnull=False, deployed_on=None),
    "xong": Q(deployed_on__isnull=False),
}
"""Value in the address: the filter of bodies."""


def last_change(node: CampaignNode) -> BodyChange | None:
    """The last act, which can be undone."""
    return BodyChange.rows.filter(node=node, undone_at=None).select_related("by").first()


def claimed_elsewhere(node: CampaignNode, codes: tuple[str, ...]) -> int:
    """How many of the tax codes another node of the campaign counts (H09)."""
    claims = TaxCodeClaim.rows.filter(campaign=node.campaign_id, code__in=codes)
    return claims.exclude(node=node).count()


@dataclass(frozen=True)
class Ground:
    """One dated fact that a figure counts: a unit's own act (`count` is 1), or a count of people.

    `by` is blank if people marked themselves. Of counts of people only the latest `holds`.
    """

    name: str
    count: int
    at: datetime
    by: str
    holds: bool = True
    proof: OnBehalfProof | None = None


_ACTS: dict[str, type[Acknowledgement | Participation]] = {
    "received": Acknowledgement,
    "deployed": Participation,
}


def grounds(node: CampaignNode, what: str) -> list[Ground]:
    """The facts that a node's own known figure counts; `what` is a value of ROWS, others give nothing.

    Units directly below that count, in the order of the tree; or counts of people, the holding one first.
    """
    if what in _ACTS:
        below = CampaignNode.rows.active().filter(parent=node)
        acts = _ACTS[what].rows.filter(node__in=below).select_related("node", "by")
        return [
            Ground(act.node.name, 1, act.at, str(act.by or ""), proof=proof_of(act))
            for act in with_proof(acts.order_by("node__position", "node__name", "at"))
        ]
    counts = Headcount.rows.filter(node=node, kind=what).select_related("by").order_by("-at", "-pk")
    return [
        Ground(node.name, one.count, one.at, str(one.by or ""), holds=n == 0)
        for n, one in enumerate(counts[:COUNTS_AT_MOST])
    ]


def marks_by_day(node: CampaignNode, kind: str) -> list[tuple[datetime, int]]:
    """The number of marks on each day of the portal's calendar, without the persons."""
    rows = Mark.rows.filter(node=node, kind=kind).annotate(day=TruncDay("at")).values_list("day")
    return list(rows.annotate(n=Count("pk")).order_by("day"))
