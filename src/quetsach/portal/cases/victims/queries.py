"""Reads about victims' reports: what a draft would change, the files, risks and addresses of no unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import Count, Exists, IntegerField, Max, Min, OuterRef, Q, QuerySet, Value
from django.db.models import When as Then

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases import relapses, reopenings
from quetsach.portal.cases.episodes import same_file
from quetsach.portal.cases.models import (
    Case,
    CaseEvent,
    CaseSighting,
    VictimFile,
    VictimReport,
    VictimTelling,
)
from quetsach.portal.cases.owning import owners_below
from quetsach.portal.cases.rules import FILE_BACK, KEPT, Act, State
from quetsach.portal.cases.rules import OPEN as UNIT_ACTS
from quetsach.portal.cases.victims.forecast import Forecast
from quetsach.portal.cases.victims.storing import Places
from quetsach.portal.cases.withdrawing.queries import OPEN, standing_again
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.units.models import subtree
from quetsach.victims.reading import ReportFile
from quetsach.victims.report import SEVERITIES, Leftover, Report

MOST_LEFT = 200
AT_ONCE = 2_000
"""Reports whose machines are looked up together."""


@dataclass
class Preview:
    """What a file holds and would change. `machines` are pairs of address and malware with an owner,
    `forecast` what their reports would do to cases; `nobody` and `several` are addresses."""

    lines: int = 0
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    machines: int = 0
    forecast: Forecast | None = None
    units: list[tuple[CampaignNode, int]] = field(default_factory=list)
    risks: int = 0
    nobody: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    leftovers: list[Leftover] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    is_repeat: bool = False
    gone: VictimFile | None = None
    """The same file, which was taken back."""
    same: list[VictimFile | EvidenceFile] = field(default_factory=list)
    """The same bytes, as they were handed in before as something else."""

    @property
    def reports(self) -> int:
        """Lines that became a report."""
        return sum(self.kinds.values())


def preview(draft: VictimFile, file: ReportFile) -> Preview:
    """Read the file and compare it with ranges and cases; nothing is written. Raises ReportFileError."""
    found = Preview()
    node = CampaignNode.rows.select_related("unit").get(pk=draft.node_id)
    below = owners_below(node)
    places = Places(below[0])
    found.forecast = forecast = Forecast(node, {node.pk: below}, places, same_file(str(draft.pk)))
    waiting: list[Report] = []
    machines: dict[tuple[str, str], UUID] = {}
    risks: set[tuple[str, str, int | None]] = set()
    for one in file.rows():
        if isinstance(one, Leftover):
            told = one.value if one.code in ("kind", "unknown_kind") else ""
            found.left[one.code, told] += 1
            if len(found.leftovers) < MOST_LEFT:
                found.leftovers.append(one)
            continue
        _count(found, one)
        owner, why = places.of(one.address, one.last)
        if owner is None:
            (found.several if why == "several" else found.nobody).add(one.address)
        elif one.meaning.is_case:
            machines[one.address, one.family] = owner
            waiting.append(one)
            if len(waiting) == AT_ONCE:
                forecast.add(waiting)
                waiting = []
        else:
            risks.add((one.address, one.kind, one.port))
    found.lines = file.lines
    found.machines, found.risks = len(machines), len(risks)
    forecast.add(waiting)
    each = Counter(machines.values())
    nodes = CampaignNode.rows.in_bulk(list(each)) if len(each) < 1_000 else {}
    found.units = sorted(((nodes[pk], n) for pk, n in each.items() if pk in nodes), key=lambda one: -one[1])
    found.is_repeat = VictimFile.rows.filter(
        node=draft.node, digest=draft.digest, kind=draft.kind, accepted_at__isnull=False, gone_at=None
    ).exists()
    found.same = same_content(draft)
    found.gone = taken_back(draft.node, draft.digest, draft.kind)
    return found


def opened_by(file: VictimFile) -> Q:
    """Rows of `Case` that an accepted file opened, or opened again: reports of it are in them, and they are
    no older; or it told signs after the handling, or of a false alarm."""
    own = VictimReport.rows.filter(file=file, case__opened_at__gte=file.accepted_at)
    return Q(pk__in=own.order_by().values("case")) | _with_event(file, Act.RELAPSE, Act.EVIDENCE, Act.RETURN)


def changed_with(file: VictimFile) -> Q:
    """Rows of `Case` that were closed, or are as before, because the file was taken back."""
    return _with_event(file, Act.RETRACT, Act.UNDO)


def _with_event(file: VictimFile, *acts: Act) -> Q:
    events = CaseEvent.rows.filter(act__in=[act.value for act in acts], data__victims=str(file.pk))
    return Q(pk__in=events.order_by().values("case"))


def number_as_before(file: VictimFile) -> int:
    """How many cases stand as before the file, which was taken back: see `standing_again`."""
    closed = Case.rows.filter(_with_event(file, Act.RETRACT), state=State.FALSE_POSITIVE)
    undone = Case.rows.filter(_with_event(file, Act.UNDO))
    ids = (set(some.order_by().values_list("pk", flat=True)) for some in (closed, undone))
    return len(standing_again(*ids))


def number_kept(file: VictimFile) -> int:
    """How many cases stay open although only the file, which was taken back, had opened them: somebody has
    worked on them."""
    told = CaseEvent.rows.filter(act=FILE_BACK, data__victims=str(file.pk), data__has_key=KEPT)
    return Case.rows.filter(pk__in=told.order_by().values("case"), to_do=True).count()


def machines_of(file: VictimFile) -> QuerySet[Case, Any]:
    """The machines whose cases a file opened; of a file that was taken back those that changed with it."""
    its = changed_with(file) if file.gone_at else opened_by(file)
    return Case.rows.filter(its).order_by().values("device")


def number_of_machines(file: VictimFile) -> int:
    """How many of `machines_of` are on the list of machines."""
    return machines_of(file).filter(device__lead_rank__isnull=False).distinct().count()


def file_named(node: CampaignNode, text: str) -> VictimFile | None:
    """The accepted file of that id that the node, one above or one below gave; None without it."""
    try:
        pk = UUID(text)
    except ValueError:
        return None
    found = VictimFile.rows.filter(pk=pk, accepted_at__isnull=False, node__campaign=node.campaign_id)
    file = found.select_related("node").first()
    paths = (file.node.path, node.path) if file else ("", "x")
    return file if paths[0].startswith(paths[1]) or paths[1].startswith(paths[0]) else None


def same_content(draft: VictimFile) -> list[VictimFile | EvidenceFile]:
    """What the same bytes were handed in as before: reports of another type, or evidence of machines."""
    reports = VictimFile.rows.filter(node=draft.node, digest=draft.digest, accepted_at__isnull=False)
    evidence = EvidenceFile.rows.filter(
        unit=draft.node.unit_id, digest=draft.digest, accepted_at__isnull=False
    )
    return [*reports.exclude(kind=draft.kind).filter(gone_at=None), *evidence]


def taken_back(node: CampaignNode, digest: str, kind: str) -> VictimFile | None:
    """The file that was taken back, where the same file does not count by another upload."""
    rows = VictimFile.rows.filter(
        node=node, digest=digest, kind=kind[:80], accepted_at__isnull=False
    ).select_related("node__campaign", "gone_by")
    same = list(rows.order_by("accepted_at"))
    return same[-1] if same and all(one.gone_at is not None for one in same) else None


@dataclass
class Resting:
    """What taking a file back would change. `reports` that it tells, `shared` with other files; current cases
    that rest on it alone (`alone`), that have another reason too (`others`), and that rest on it alone and
    are verified clean (`proven`). `back`: they stand as before the file (`standing_again`); `acted`: of
    `others`, with signs again by the file alone, and they stay, because somebody has worked on them.
    `dismissed`: the file alone opened these false alarms of people again; `kept`: of `others`, the same, and
    they stay open, because somebody has worked on them. `handled`: of `alone`, recorded as handled. `units`
    are those whose cases change, with the number of cases, most first."""

    reports: int = 0
    shared: int = 0
    alone: int = 0
    others: int = 0
    proven: int = 0
    back: int = 0
    acted: int = 0
    dismissed: int = 0
    kept: int = 0
    handled: int = field(default=0, compare=False)
    units: list[tuple[str, int]] = field(default_factory=list, compare=False)


def resting_on(file: VictimFile) -> Resting:
    """What rests on an accepted file. A bounded number of queries."""
    by_others = VictimTelling.rows.filter(report=OuterRef("pk")).exclude(file=file)
    own = VictimReport.rows.filter(file=file)
    found = Resting(shared=VictimTelling.rows.filter(file=file).count())
    found.reports = own.filter(~Exists(by_others)).count() + found.shared
    signs = CaseSighting.rows.filter(case=OuterRef("pk"), sighting__is_listed=True)
    checks = CaseEvent.checks().filter(case=OuterRef("pk"))
    reports = VictimReport.rows.filter(case=OuterRef("pk"))
    more = reports.filter(~Q(file=file) | Exists(by_others))
    cases = Case.rows.filter(
        pk__in=own.filter(case__isnull=False).order_by().values("case"), is_current=True
    ).annotate(has_more=Exists(signs) | Exists(checks) | Exists(more))
    back = relapses.resting_on(file, Case.rows.filter(pk__in=cases.values("pk")))
    rows = cases.order_by().values_list("state", "has_more").annotate(n=Count("pk"))
    alarms = reopenings.resting_on_file(file, Case.rows.filter(pk__in=cases.values("pk")))
    found.dismissed = len(alarms.undone)
    if back.kept or alarms.kept:
        staying = set(
            cases.filter(pk__in=back.kept | alarms.kept, has_more=True).values_list("pk", flat=True)
        )
        found.acted, found.kept = len(staying & back.kept), len(staying & alarms.kept)
    set_apart = [*back.undone, *alarms.undone]
    alone = cases.filter(state__in=OPEN, has_more=False).exclude(pk__in=set_apart)
    closed, units = set(), Counter[str]()
    for pk, state, unit in alone.order_by().values_list("pk", "state", "device__owner__name"):
        closed.add(pk)
        units[unit] += 1
        found.handled += state not in UNIT_ACTS
    numbers = Counter({(state, has_more): n for state, has_more, n in rows.exclude(pk__in=set_apart)})
    undone = cases.filter(pk__in=list(back.undone))
    for pk, has_more, unit in undone.values_list("pk", "has_more", "device__owner__name"):
        units[unit] += 1
        before = back.undone[pk].from_state
        if before in OPEN and not has_more:
            closed.add(pk)
    if alarms.undone:
        units.update(cases.filter(pk__in=list(alarms.undone)).values_list("device__owner__name", flat=True))
    found.units = units.most_common()
    for (state, has_more), n in numbers.items():
        if state == State.VERIFIED_CLEAN:
            found.proven += 0 if has_more else n
        elif state in OPEN:
            found.others += n if has_more else 0
    found.alone, found.back = len(closed), len(standing_again(closed, set(back.undone)))
    return found


def _count(found: Preview, one: Report) -> None:
    found.kinds[one.publisher, one.kind, one.meaning.value] += 1
    found.first = min(found.first or one.first, one.first)
    found.last = max(found.last or one.last, one.last)


def same_files(file: VictimFile) -> list[VictimFile]:
    """The same content, as its unit handed it in at other times; the latest first."""
    rows = VictimFile.rows.filter(
        node=file.node_id, digest=file.digest, kind=file.kind, accepted_at__isnull=False
    )
    return list(rows.exclude(pk=file.pk).select_related("by", "token", "gone_by").order_by("-accepted_at"))


def counting_again(node: CampaignNode, files: Iterable[VictimFile]) -> dict[UUID, VictimFile]:
    """By taken-back file of a node: the same content, where it was handed in again and counts."""
    gone = [one for one in files if one.gone_at is not None]
    if not gone:
        return {}
    rows = VictimFile.rows.filter(
        node=node, digest__in={one.digest for one in gone}, accepted_at__isnull=False, gone_at=None
    )
    standing = {(one.digest, one.kind): one for one in rows}
    return {one.pk: standing[one.digest, one.kind] for one in gone if (one.digest, one.kind) in standing}


def files_of(node: CampaignNode) -> QuerySet[VictimFile]:
    """The accepted files of the node, the latest first."""
    return VictimFile.rows.filter(node=node, accepted_at__isnull=False).select_related("by", "token")


def _within(node: CampaignNode) -> Q:
    return subtree(node.path, "owner__path") & Q(node__campaign=node.campaign_id)


_RANKS: Any = When(
    *(Then(severity=level, then=Value(rank)) for rank, level in enumerate(SEVERITIES, 1)),
    default=Value(0),
    output_field=IntegerField(),
)


def risks_of(node: CampaignNode, meaning: str = "", text: str = "") -> QuerySet[Any, Any]:
    """Exposed services and attacks of the node and all below: one row for each address, type and port, the
    most severe first. Several units may have sent the same report."""
    rows = VictimReport.rows.filter(_within(node), meaning__in=VictimReport.RISKS)
    if meaning:
        rows = rows.filter(meaning=meaning)
    if text:
        rows = rows.filter(
            Q(address__startswith=text) | Q(kind__icontains=text) | Q(owner__name__icontains=text)
        )
    groups = rows.order_by().values("owner", "owner__name", "address", "kind", "meaning", "port", "protocol")
    return groups.annotate(
        first=Min("first_seen"), last=Max("last_seen"), rank=Max(_RANKS), publishers=Max("publisher")
    ).order_by("-rank", "-last", "address", "kind", "port")


def risk_counts(node: CampaignNode) -> Counter[str]:
    """The number of risks by meaning, as `risks_of` lists them."""
    groups = VictimReport.rows.filter(_within(node), meaning__in=VictimReport.RISKS).order_by()
    distinct = groups.values("meaning", "owner", "address", "kind", "port", "protocol").distinct()
    return Counter({meaning: distinct.filter(meaning=meaning).count() for meaning in VictimReport.RISKS})


def unplaced(node: CampaignNode, why: str = "") -> QuerySet[Any, Any]:
    """The addresses in the node's own files that no unit, or several units, have: one row for each."""
    rows = VictimReport.rows.filter(node=node, owner=None)
    if why:
        rows = rows.filter(why=why)
    return (
        rows.order_by()
        .values("address", "why")
        .annotate(
            infections=Count("pk", filter=Q(meaning__in=VictimReport.CASES)),
            risks=Count("pk", filter=Q(meaning__in=VictimReport.RISKS)),
            family=Max("family"),
            first=Min("first_seen"),
            last=Max("last_seen"),
        )
        .order_by("-infections", "-last", "address")
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers at the head of the page: machines in cases by reports, and addresses of no unit."""

    machines: int
    nobody: int


def standing(node: CampaignNode) -> Standing:
    """Machines of the node and below with a case that a report leads to and that is no false alarm; addresses
    without a unit in the node's own files."""
    machines = (
        VictimReport.rows.filter(subtree(node.path, "case__device__owner__path"), case__is_current=True,
                                 node__campaign=node.campaign_id)
        .exclude(case__state=State.FALSE_POSITIVE)
        .values("case__device").distinct().count()
    )  # fmt: skip
    return Standing(
        machines, VictimReport.rows.filter(node=node, owner=None).values("address").distinct().count()
    )


def reports_of(cases: Iterable[Case], most: int = 0) -> list[VictimReport]:
    """The reports that led to these cases, the latest first; all, or at most `most`."""
    rows = VictimReport.rows.filter(case__in=cases).order_by("-last_seen", "-pk")
    return list(rows[:most] if most else rows)
