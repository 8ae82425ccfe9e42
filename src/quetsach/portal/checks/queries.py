"""Reads about checked machines: counts for a unit and its branches, details for the unit itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.expressions import Combinable
from django.utils import timezone

from quetsach.machines.counting.computers import NONE, Computers, computers_of
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.cases.lists import REAL
from quetsach.portal.cases.models import Case as MachineCase
from quetsach.portal.cases.models import Device
from quetsach.portal.checks.detections.contents import in_force
from quetsach.portal.checks.licences.phaseout import Tally
from quetsach.portal.checks.models import (
    CheckResult,
    CrackedCopy,
    DetectionFile,
    Pack,
    Replacement,
    UnitPlan,
    UploadCode,
)
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.machines.register.queries import waits_at
from quetsach.portal.units.models import SEGMENT, Membership, Unit, subtree
from quetsach.portal.units.roles import Verb, people_who_may

VERDICTS = ("found", "check", "traces", "clean", "unknown")
SIGNS = ("found", "check")


class Place(NamedTuple):
    """A unit directly below, with the columns that a table shows."""

    pk: UUID
    name: str


class Copy(NamedTuple):
    """A cracked copy: the path of its unit, its product, and the days on which it was found and gone."""

    path: str
    product: str
    found: date
    gone: date | None


@dataclass
class Branch:
    """A unit's own machines, or those of a branch; `whole` of the checked machines were seen completely.
    `cracked` of those with signs show tampered software.
    `stated`, the number of computers that the unit gave, and `own_checked` are of the unit itself."""

    node: CampaignNode | Place
    is_own: bool
    stated: int | None = None
    own_checked: int = 0
    computers: Computers = NONE
    verdicts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    people: int = 0
    whole: int = 0
    cracked: int = 0
    found: int = 0
    replaced: int = 0
    replace_by: date | None = None

    @property
    def checked(self) -> int:
        """Machines with at least one result."""
        return sum(self.verdicts.values())

    @property
    def is_heard_of(self) -> bool:
        """Whether the branch has any check, or any number of computers is known."""
        return self.checked > 0 or self.computers.known is not None

    @property
    def signs(self) -> int:
        """Machines whose latest check found signs of malware or of tampered software, or asks a person to
        look."""
        return sum(self.verdicts[verdict] for verdict in SIGNS)

    @property
    def unchecked(self) -> int | None:
        """Computers without a check, at least; None where no unit has a number."""
        return None if self.computers.unchecked is None else self.computers.unchecked[0]

    @property
    def unchecked_most(self) -> int | None:
        """The same at most, without the units of which no number is known."""
        return None if self.computers.unchecked is None else self.computers.unchecked[1]

    @property
    def silent_units(self) -> int:
        """Units that have neither a register nor given their number of computers."""
        return self.computers.unknown

    @property
    def is_open(self) -> bool:
        """Nothing is surely unchecked, and something may be: whether all machines are checked is not
        known."""
        return self.unchecked == 0 and bool(self.unchecked_most or self.silent_units)

    @property
    def is_at_least(self) -> bool:
        """More computers than `unchecked` may have no check."""
        return self.unchecked != self.unchecked_most or self.silent_units > 0

    @property
    def copies(self) -> Tally:
        """Cracked copies found and replaced."""
        return Tally(self.found, self.replaced)


@dataclass(frozen=True)
class Owed:
    """The open work on the unit's own machines."""

    computers: Computers
    is_begun: bool
    """The unit gave a number of computers, or checked one: shares are compared."""
    copies: Tally
    replace_by: date | None
    unconfirmed: int = 0
    """Machines in its register that were seen on too few days to count, and that nobody confirmed."""
    is_added_up: bool = True
    """All files about machines are in the register: its number stays."""


def _copies() -> QuerySet[CrackedCopy]:
    return CrackedCopy.rows.filter(device__campaign=OuterRef("campaign"), device__owner=OuterRef("pk"))


def _latest() -> QuerySet[CheckResult]:
    ours = CheckResult.rows.filter(campaign=OuterRef("campaign"), device__owner=OuterRef("pk"))
    return ours.filter(is_latest=True)


FACTS: dict[str, Callable[[], Combinable]] = {
    "computers": lambda: F("plan__computers"),
    "register_least": lambda: F("unit__register_figures__least"),
    "register_most": lambda: F("unit__register_figures__most"),
    "register_visitors": lambda: F("unit__register_figures__visitors"),
    "replace_by": lambda: F("plan__replace_by"),
    "register_waits": waits_at,
    "checked": lambda: number_of(_latest(), "device__owner"),
    "copies": lambda: number_of(_copies(), "device__owner"),
    "copies_gone": lambda: number_of(_copies().exclude(gone_at=None), "device__owner"),
}
"""The expressions over a node that `owed` needs."""


def owed(facts: Mapping[str, Any]) -> Owed:
    """The open work on the node's own machines, from the values of FACTS."""
    register = _register(facts["register_least"], facts["register_most"])
    computers = computers_of(register, facts["computers"], facts["checked"] or 0)
    is_begun = facts["computers"] is not None or bool(facts["checked"])
    return Owed(
        computers,
        is_begun,
        Tally(facts["copies"] or 0, facts["copies_gone"] or 0),
        facts["replace_by"],
        facts["register_visitors"] or 0,
        not facts["register_waits"],
    )


def _register(least: int | None, most: int | None) -> tuple[int, int] | None:
    return None if least is None or most is None else (least, most)


def branches(node: CampaignNode, copies: Iterable[Copy] = ()) -> list[Branch]:
    """The node's own machines first, then each unit directly below with all under it. Two queries.

    `copies` is the result of `copies_below` for the node.
    """
    length = len(node.path) + SEGMENT
    under = list(
        CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
        .order_by("position", "name")
        # Only children need their id: for a whole country, ids would be most of the data read.
        .annotate(child=Case(When(parent=node, then="pk")))
        .values_list(
            "path", "child", "name", "plan__computers", "plan__replace_by",
            "unit__register_figures__least", "unit__register_figures__most",
        )
    )  # fmt: skip
    mine = Branch(node, True)
    by_child = {path: Branch(Place(pk, name), False) for path, pk, name, *_said in under if pk}
    # The path of a node may skip a level that took no part; a node outside all branches counts with `node`.
    paths = {path: by_child.get(path[:length], mine) for path, *_rest in under}
    checked = _verdicts(node, paths)
    for path, _pk, _name, stated, replace_by, *register in under:
        branch = paths[path]
        branch.computers += computers_of(_register(*register), stated, checked.get(path, 0))
        if path == node.path:
            branch.stated, branch.own_checked = stated, checked.get(path, 0)
        if replace_by is not None:
            branch.replace_by = max(branch.replace_by or replace_by, replace_by)
    for copy in copies:
        paths[copy.path].found += 1
        paths[copy.path].replaced += copy.gone is not None
    return [mine, *by_child.values()]


def _below(node: CampaignNode) -> Q:
    return subtree(node.path, "device__owner__path")


def _verdicts(node: CampaignNode, paths: dict[str, Branch]) -> dict[str, int]:
    checked: dict[str, int] = defaultdict(int)
    rows = (
        CheckResult.rows.filter(_below(node), campaign=node.campaign_id, is_latest=True)
        .values("device__owner__path", "verdict")
        .annotate(
            n=Count("pk"),
            persons=Sum("people"),
            whole=Count("pk", filter=Q(unseen=[])),
            cracked=Count("pk", filter=~Q(software=[])),
        )
        .order_by()
    )
    for row in rows:
        path = row["device__owner__path"]
        paths[path].verdicts[row["verdict"]] += row["n"]
        paths[path].people += row["persons"] or 0
        paths[path].whole += row["whole"]
        paths[path].cracked += row["cracked"] if row["verdict"] in SIGNS else 0
        checked[path] += row["n"]
    return checked


def total(parts: Iterable[Branch], node: CampaignNode) -> Branch:
    """The sum of all branches."""
    whole = Branch(node, False)
    for one in parts:
        whole.computers += one.computers
        for verdict in VERDICTS:
            whole.verdicts[verdict] += one.verdicts[verdict]
        whole.people, whole.whole = whole.people + one.people, whole.whole + one.whole
        whole.cracked += one.cracked
        whole.found, whole.replaced = whole.found + one.found, whole.replaced + one.replaced
    return whole


def serves_in(user: User, node: CampaignNode) -> bool:
    """Whether the person serves in this unit itself, and so may see the content of its checks."""
    return Membership.in_force.filter(user=user, unit=node.unit_id).exists()


def latest_of(node: CampaignNode) -> QuerySet[CheckResult]:
    """The latest check of each machine of the unit; machines that need an act come first."""
    order = {"found": 0, "check": 1, "unknown": 2, "traces": 3, "clean": 4}
    ranks = [When(verdict=verdict, then=Value(rank)) for verdict, rank in order.items()]
    return (
        CheckResult.rows.filter(device__owner=node, campaign=node.campaign_id, is_latest=True)
        .select_related("device", "indicator_set")
        .annotate(rank=Case(*ranks, default=Value(9), output_field=IntegerField()))
        .order_by("rank", "-finished", "pk")
    )


def unchecked_of(node: CampaignNode, most: int) -> tuple[list[Device], int]:
    """The first machines in which signs were seen, by logs or reports of others, and that were never checked,
    and how many there are. False alarms are none of them. One query."""
    rows = Device.rows.filter(REAL, owner=node, campaign=node.campaign_id, checks=None, merged_into=None)
    # A machine that was checked while only its address was known was checked.
    rows = rows.exclude(merged__checks__isnull=False).order_by("key")
    found: list[Any] = list(rows.annotate(of=Window(Count("pk")))[:most])
    return found, found[0].of if found else 0


def codes_of(node: CampaignNode) -> tuple[list[UploadCode], list[UploadCode]]:
    """The codes that still open, and the ten that were used last. One query."""
    rows = UploadCode.rows.filter(node=node)
    live = Q(taken=0, revoked_at=None, expires_at__gt=timezone.now())
    live &= Q(people_who_may(Verb.UPLOAD_SCAN, "node__path", "created_by"))
    last = rows.exclude(taken=0).order_by("-used_at").values("pk")[:10]
    found = list(rows.filter(live | Q(pk__in=last)).select_related("created_by"))
    used = [(code.used_at, code) for code in found if code.taken and code.used_at is not None]
    used.sort(key=lambda one: one[0], reverse=True)
    return [code for code in found if not code.taken], [code for _at, code in used]


def plan_of(node: CampaignNode) -> UnitPlan | None:
    """The unit's own statements; None if it made none."""
    return UnitPlan.rows.filter(node=node).first()


def stated_computers(unit: Unit) -> int | None:
    """The unit's latest word on its number of computers; None if it said none."""
    rows = UnitPlan.rows.filter(node__unit=unit, computers__isnull=False).order_by("-at")
    return rows.values_list("computers", flat=True).first()


def copies_below(node: CampaignNode) -> list[Copy]:
    """Each cracked copy of the unit and those below. One query."""
    rows = CrackedCopy.rows.filter(_below(node), device__campaign=node.campaign_id)
    return [
        Copy(path, product, timezone.localdate(found), timezone.localdate(gone) if gone else None)
        for path, product, found, gone in rows.values_list(
            "device__owner__path", "product", "found_at", "gone_at"
        )
    ]


def by_product(copies: Iterable[Copy]) -> list[tuple[str, Tally]]:
    """Found and replaced by product, the most remaining first."""
    found: dict[str, list[bool]] = defaultdict(list)
    for copy in copies:
        found[copy.product].append(copy.gone is not None)
    tallies = [(product, Tally(len(gone), sum(gone))) for product, gone in found.items()]
    return sorted(tallies, key=lambda one: (-one[1].remaining, -one[1].found, one[0]))


def copies_of(node: CampaignNode) -> list[CrackedCopy]:
    """The unit's own copies that remain, for its own people."""
    rows = CrackedCopy.rows.filter(device__owner=node, device__campaign=node.campaign_id, gone_at=None)
    return list(rows.select_related("device").order_by("device__key", "product"))


def replacements(campaign_id: UUID) -> list[Replacement]:
    """The campaign's list of replacements, by product."""
    return list(Replacement.rows.filter(campaign=campaign_id).select_related("campaign"))


def history_of(result: CheckResult) -> list[CheckResult]:
    """All checks of the same machine, the latest first."""
    return list(CheckResult.rows.filter(device=result.device_id).order_by("-finished", "-pk")[:50])


def others_of(result: CheckResult) -> QuerySet[Device]:
    """Other machines of the unit that the checked machine could be."""
    device = result.device
    return Device.rows.filter(owner=device.owner_id, merged_into=None).exclude(pk=device.pk).order_by("key")


def cases_of(result: CheckResult) -> list[MachineCase]:
    """The current cases of the machine."""
    return list(MachineCase.rows.filter(device=result.device_id, is_current=True).order_by("family"))


def detection_files(campaign: Campaign) -> list[DetectionFile]:
    """All files of hashes and rules ever brought, the latest first."""
    return list(DetectionFile.rows.filter(campaign=campaign).select_related("by", "removed_by"))


def listed_hashes(campaign: Campaign) -> IndicatorSet | None:
    """The list in force if it came with hashes of files; else None."""
    listed = lists.current(campaign)
    return listed if listed is not None and listed.hash_count else None


def latest_pack(node: CampaignNode) -> tuple[Pack | None, bool]:
    """The unit's latest pack, and whether the list, hashes or rules have changed since. Two queries."""
    listed = Subquery(lists.versions(OuterRef("campaign")).values("pk")[:1])
    rows = Pack.rows.filter(node=node).select_related("indicator_set", "signed_with", "campaign")
    pack: Any = rows.annotate(listed=listed).order_by("-version").first()
    if pack is None or pack.lost_at is not None:
        return pack, False
    is_same = pack.indicator_set_id == pack.listed
    return pack, not is_same or pack.contents != in_force(pack.campaign, pack.indicator_set).digest
