"""What is known about checked machines. Counts for a unit and its branches; details for the unit itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Case as MachineCase
from quetsach.portal.cases.models import Device
from quetsach.portal.checks.detections import in_force
from quetsach.portal.checks.models import (
    CheckResult,
    CrackedCopy,
    DetectionFile,
    Pack,
    Replacement,
    UnitPlan,
    UploadCode,
)
from quetsach.portal.checks.phaseout import Tally
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.units.models import Membership, path_segment, subtree

_SEGMENT = len(path_segment(uuid7()))

VERDICTS = ("found", "check", "traces", "clean", "unknown")


@dataclass
class Branch:
    """A unit's own machines, or all of a branch. `computers` is None where nobody below has said how many."""

    node: CampaignNode
    is_own: bool
    computers: int | None = None
    counted: int = 0
    verdicts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    people: int = 0
    found: int = 0
    replaced: int = 0
    replace_by: date | None = None
    units: int = 0
    _by_unit: list[tuple[int | None, int]] = field(default_factory=list)

    @property
    def checked(self) -> int:
        """Machines with at least one result."""
        return sum(self.verdicts.values())

    @property
    def signs(self) -> int:
        """Machines whose latest check found signs, or says that somebody must look."""
        return self.verdicts["found"] + self.verdicts["check"]

    @property
    def unchecked(self) -> int | None:
        """Machines without a result, unit by unit, as far as units said how many they have."""
        said = [max(computers - checked, 0) for computers, checked in self._by_unit if computers is not None]
        return sum(said) if said else None

    @property
    def coverage(self) -> float | None:
        """Share of checked machines, 0 to 1, among the units that said how many they have."""
        computers = sum(number for number, _checked in self._by_unit if number is not None)
        checked = sum(min(checked, number) for number, checked in self._by_unit if number is not None)
        return checked / computers if computers else None

    @property
    def silent_units(self) -> int:
        """Units that have not said how many computers they have."""
        return self.units - self.counted

    @property
    def copies(self) -> Tally:
        """Cracked copies found and replaced."""
        return Tally(self.found, self.replaced)


def own(node: CampaignNode) -> Branch:
    """The node's own machines."""
    branch = Branch(node, True, units=1)
    _fill(node, {node.path: branch}, Q(path=node.path))
    return branch


def branches(node: CampaignNode) -> list[Branch]:
    """The node's own machines first, then each unit directly below with all under it. Five queries."""
    children = CampaignNode.rows.filter(parent=node).order_by("position", "name")
    mine = Branch(node, True)
    by_child = {child.path: Branch(child, False) for child in children}
    length = len(node.path) + _SEGMENT
    under = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
    paths: dict[str, Branch] = {}
    for path in under.values_list("path", flat=True):
        # A node's path may skip a level that took no part; whoever has no branch here stands under the node.
        branch = paths[path] = by_child.get(path[:length], mine)
        branch.units += 1
    _fill(node, paths, subtree(node.path))
    return [mine, *by_child.values()]


def _fill(node: CampaignNode, paths: dict[str, Branch], where: Q) -> None:
    checked = _verdicts(node, paths, where)
    plans = UnitPlan.rows.filter(_at(where, "node__"), node__campaign=node.campaign_id)
    said = dict(plans.exclude(computers=None).values_list("node__path", "computers"))
    for path, branch in paths.items():
        number = said.get(path)
        branch._by_unit.append((number, checked.get(path, 0)))
        if number is not None:
            branch.counted += 1
            branch.computers = (branch.computers or 0) + number
    for path, day in plans.exclude(replace_by=None).values_list("node__path", "replace_by"):
        branch = paths[path]
        branch.replace_by = max(filter(None, (branch.replace_by, day)))
    copies = CrackedCopy.rows.filter(_at(where, "device__owner__"), device__campaign=node.campaign_id)
    for path, found, gone in (
        copies.values("device__owner__path")
        .annotate(found=Count("pk"), gone=Count("gone_at"))
        .values_list("device__owner__path", "found", "gone")
        .order_by()
    ):
        paths[path].found += found
        paths[path].replaced += gone


def _at(where: Q, prefix: str) -> Q:
    """The same condition on `path`, seen from a row that belongs to a node."""
    return Q(*((f"{prefix}{name}", value) for name, value in where.children))  # type: ignore[misc]


def _below(node: CampaignNode) -> Q:
    return subtree(node.path, "device__owner__path")


def _verdicts(node: CampaignNode, paths: dict[str, Branch], where: Q) -> dict[str, int]:
    checked: dict[str, int] = defaultdict(int)
    rows = (
        CheckResult.rows.filter(_at(where, "device__owner__"), campaign=node.campaign_id, is_latest=True)
        .values("device__owner__path", "verdict")
        .annotate(n=Count("pk"), persons=Sum("people"))
        .order_by()
    )
    for row in rows:
        path = row["device__owner__path"]
        paths[path].verdicts[row["verdict"]] += row["n"]
        paths[path].people += row["persons"] or 0
        checked[path] += row["n"]
    return checked


def total(told: Iterable[Branch], node: CampaignNode) -> Branch:
    """All branches together."""
    whole = Branch(node, False)
    for one in told:
        if one.computers is not None:
            whole.computers = (whole.computers or 0) + one.computers
        whole.counted, whole.units = whole.counted + one.counted, whole.units + one.units
        for verdict in VERDICTS:
            whole.verdicts[verdict] += one.verdicts[verdict]
        whole.people += one.people
        whole.found, whole.replaced = whole.found + one.found, whole.replaced + one.replaced
        whole._by_unit += one._by_unit
    return whole


def serves_in(user: User, node: CampaignNode) -> bool:
    """Whether the person serves in this very unit, and so may see what its checks saw."""
    return Membership.rows.filter(user=user, unit=node.unit_id).exists()


def latest_of(node: CampaignNode) -> QuerySet[CheckResult]:
    """The latest check of each machine of the unit; what needs a hand first."""
    order = {"found": 0, "check": 1, "unknown": 2, "traces": 3, "clean": 4}
    ranks = [When(verdict=verdict, then=Value(rank)) for verdict, rank in order.items()]
    return (
        CheckResult.rows.filter(device__owner=node, campaign=node.campaign_id, is_latest=True)
        .select_related("device", "indicator_set")
        .annotate(rank=Case(*ranks, default=Value(9), output_field=IntegerField()))
        .order_by("rank", "-finished", "pk")
    )


def unchecked_of(node: CampaignNode) -> QuerySet[Device]:
    """Machines that logs know and nobody has checked."""
    return Device.rows.filter(owner=node, campaign=node.campaign_id, checks=None).order_by("key")


def live_codes(node: CampaignNode) -> list[UploadCode]:
    """Codes that still open something."""
    rows = UploadCode.rows.filter(node=node, used_at=None, revoked_at=None, expires_at__gt=timezone.now())
    return list(rows.select_related("created_by"))


def used_codes(node: CampaignNode) -> list[UploadCode]:
    """The codes that were used last."""
    return list(UploadCode.rows.filter(node=node).exclude(used_at=None).order_by("-used_at")[:10])


def plan_of(node: CampaignNode) -> UnitPlan | None:
    """What the unit said of itself."""
    return UnitPlan.rows.filter(node=node).first()


def copy_dates(node: CampaignNode) -> list[tuple[date, date | None]]:
    """For each cracked copy of the unit and those below: the day it was found, and gone."""
    rows = CrackedCopy.rows.filter(_below(node), device__campaign=node.campaign_id)
    return [
        (timezone.localdate(found), timezone.localdate(gone) if gone else None)
        for found, gone in rows.values_list("found_at", "gone_at")
    ]


def copies_by_product(node: CampaignNode) -> list[tuple[str, Tally]]:
    """Found and replaced by product, the most remaining first; the unit and those below."""
    rows = (
        CrackedCopy.rows.filter(_below(node), device__campaign=node.campaign_id)
        .values("product")
        .annotate(found=Count("pk"), gone=Count("gone_at"))
        .order_by()
    )
    told = [(row["product"], Tally(row["found"], row["gone"])) for row in rows]
    return sorted(told, key=lambda one: (-one[1].remaining, -one[1].found, one[0]))


def copies_of(node: CampaignNode) -> list[CrackedCopy]:
    """The unit's own copies that remain, for its own people."""
    rows = CrackedCopy.rows.filter(device__owner=node, device__campaign=node.campaign_id, gone_at=None)
    return list(rows.select_related("device").order_by("device__key", "product"))


def replacements(campaign_id: UUID) -> list[Replacement]:
    """What the campaign proposes, by product."""
    return list(Replacement.rows.filter(campaign=campaign_id).select_related("campaign"))


def history_of(result: CheckResult) -> list[CheckResult]:
    """All checks of the same machine, the latest first."""
    return list(CheckResult.rows.filter(device=result.device_id).order_by("-finished", "-pk")[:50])


def others_of(result: CheckResult) -> QuerySet[Device]:
    """Other machines of the unit that this could be."""
    device = result.device
    return Device.rows.filter(owner=device.owner_id).exclude(pk=device.pk).order_by("key")


def last_received(node: CampaignNode) -> datetime | None:
    """When a result of the unit's machines came in last."""
    return (
        CheckResult.rows.filter(device__owner=node, campaign=node.campaign_id)
        .order_by("-received_at")
        .values_list("received_at", flat=True)
        .first()
    )


def cases_of(result: CheckResult) -> list[MachineCase]:
    """The current cases of the machine."""
    return list(MachineCase.rows.filter(device=result.device_id, is_current=True).order_by("family"))


def detection_files(campaign: Campaign) -> list[DetectionFile]:
    """All hashes and rules that were ever brought, the latest first."""
    return list(DetectionFile.rows.filter(campaign=campaign).select_related("by", "removed_by"))


def listed_hashes(campaign: Campaign) -> IndicatorSet | None:
    """The list in force, where hashes of files came with it."""
    listed = lists.current(campaign)
    return listed if listed is not None and listed.hash_count else None


def is_pack_behind(pack: Pack) -> bool:
    """Whether the campaign's list, hashes or rules changed since the pack was made."""
    listed = lists.current(pack.campaign)
    is_same = listed is not None and pack.indicator_set_id == listed.pk
    return not is_same or pack.contents != in_force(pack.campaign, listed).digest


def latest_pack(node: CampaignNode) -> Pack | None:
    """The unit's pack of the highest version."""
    rows = Pack.rows.filter(node=node).select_related("indicator_set", "signed_with", "campaign")
    return rows.order_by("-version").first()
