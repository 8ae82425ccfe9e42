"""Reads of coverage and sightings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.sightings.intake import lost, spans_of
from quetsach.portal.sightings.models import Bypass, Coverage, CoveredDay, Scan, Sighting
from quetsach.portal.sightings.spans import Span, gaps, join_spans, unbroken
from quetsach.portal.units.models import subtree

_MOST_PATHS = 3
GAPS: list[Callable[[CampaignNode], Mapping[str, Any]]] = []
"""The app cases, which judges by logs, registers here: by the name of a place, its gaps as the pages of
machines name them (`cases.gaps.places.PlaceGaps`)."""


@dataclass
class Vantage:
    """One place from which a unit looks: a source name, the time that it covers, and the problems of its
    proof. `lost` are the times within whose lines are lost, however short. `behind` has the path and the span
    of each source that was not looked at with the list in force, by its id; `base` the oldest version of the
    list with which such a source was looked at last, None where one saw no standing version. `is_watched`
    tells whether a sensor sent any of it. `troubled` has the number of problems while reading by path."""

    name: str
    runs: list[Span] = field(default_factory=list)
    lost: list[Span] = field(default_factory=list)
    sources: int = 0
    errors: int = 0
    troubled: dict[str, int] = field(default_factory=dict)
    has_devices: bool = False
    is_watched: bool = False
    behind: dict[str, tuple[str, datetime | None, datetime | None]] = field(default_factory=dict)
    seen_with: dict[str, int] = field(default_factory=dict)

    @property
    def behind_paths(self) -> list[str]:
        """The paths of the first sources that were not looked at with the list in force."""
        return sorted(path for path, _first, _last in self.behind.values())[:_MOST_PATHS]

    @property
    def behind_more(self) -> int:
        """How many such sources are not among these paths."""
        return max(0, len(self.behind) - _MOST_PATHS)

    @property
    def base(self) -> int | None:
        """The version that such a scan names as the list of before."""
        return min((self.seen_with.get(source, 0) for source in self.behind), default=0) or None

    @property
    def behind_span(self) -> Span | None:
        """The time from the first to the last line of these sources; None where none has a time."""
        spans = [(first, last) for _path, first, last in self.behind.values() if first and last]
        return (min(one[0] for one in spans), max(one[1] for one in spans)) if spans else None

    @property
    def gaps(self) -> list[Span]:
        """The pauses between the runs that are no such losses."""
        return [gap for gap in gaps(self.runs) if gap not in self.lost]


def current(where: Q) -> QuerySet[Coverage]:
    """The latest telling of each source with each list: days rest on it, or it has no time. `where` is about
    coverage."""
    days = CoveredDay.rows.filter(coverage=OuterRef("pk"))
    return Coverage.rows.filter(where).filter(Q(last=None) | Exists(days))


def vantages(node: CampaignNode, set_id: str = "") -> list[Vantage]:
    """The node's own places, by name. Only sources with a known clock give times. `set_id` is that of the
    list in force, "" where there is none."""
    now = timezone.now()
    spans: dict[str, list[Span]] = defaultdict(list)
    unread: dict[str, list[Span]] = defaultdict(list)
    found: dict[str, Vantage] = {}
    recorded = CoveredDay.rows.filter(~Q(devices=[]) | Q(asked__isnull=False), coverage=OuterRef("pk"))
    looked = Coverage.rows.filter(scan__node=node, scan__set_id=set_id, source=OuterRef("source"))
    list_ = "scan__indicator_set"
    standing = Case(When(**{f"{list_}__withdrawn_at": None}, then=F(f"{list_}__version")))
    rows = current(Q(scan__node=node)).annotate(
        records=Exists(recorded), is_looked=Exists(looked), version=standing
    )
    facts = rows.values_list("name", "first", "last", "time", "errors", "records", "gaps", "stretches",
                             "is_looked", "source", "path", "version", "scan__token__sensor")  # fmt: skip
    for (
        name, first, last, time, errors, records, losses, parts, is_looked, source, path, version, sensor,
    ) in facts.iterator(chunk_size=100):  # fmt: skip
        vantage = found.setdefault(name, Vantage(name))
        vantage.sources += 1
        vantage.errors += len(errors)
        if errors:
            vantage.troubled[path] = vantage.troubled.get(path, 0) + len(errors)
        vantage.has_devices = vantage.has_devices or records
        vantage.is_watched = vantage.is_watched or sensor is not None
        vantage.lost += lost(losses)
        if set_id and source and not is_looked:
            vantage.behind[source] = (path, first, last)
            vantage.seen_with[source] = max(version or 0, vantage.seen_with.get(source, 0))
        if time in ("ok", "assumed_year"):
            known = spans_of(first, last, parts)
            (unread if errors else spans)[name].extend((a, min(b, now)) for a, b in known if a < now)
    for name, vantage in found.items():
        vantage.lost = join_spans(vantage.lost, timedelta())
        vantage.runs = unbroken(spans[name], unread[name], vantage.lost)
    return sorted(found.values(), key=lambda v: v.name)


def scans_of(node: CampaignNode) -> QuerySet[Scan]:
    """The node's accepted scans with their coverage, the latest first."""
    sane = Q(coverages__time__in=("ok", "assumed_year"))
    return (
        Scan.rows.filter(node=node)
        .select_related("by", "token", "indicator_set")
        .annotate(
            first=Min("coverages__first", filter=sane),
            last=Max("coverages__last", filter=sane),
            lines=Sum("coverages__lines"),
            not_understood=Sum("coverages__not_understood"),
        )
        .order_by("-accepted_at", "-pk")
    )


def without_machine(where: Q) -> QuerySet[Coverage]:
    """The sources with lines that name a listed address and no machine, each as its longest copy tells, of
    copies of one length the latest: a log that a later scan understands is no longer among them, and an
    older, shorter copy says nothing of lines that it does not hold. `where` is about coverage."""
    later = Q(bytes=OuterRef("bytes"), scan__accepted_at__gt=OuterRef("scan__accepted_at"))
    better = Coverage.rows.filter(
        Q(bytes__gt=OuterRef("bytes")) | later,
        scan__node=OuterRef("scan__node"),
        source=OuterRef("source"),
    )
    return Coverage.rows.filter(where, not_understood__gt=0).exclude(~Q(source="") & Exists(better))


_NAMELESS = Q(device="") & ~Q(evidence="")
"""Rows whose lines name no machine. A row without its line was emptied when its time to be kept was over:
nobody can say any more whether it named a machine."""


def nameless(where: Q) -> QuerySet[Sighting]:
    """The rows of listed addresses that name no machine: no case can rest on them. `where` is about
    sightings."""
    return Sighting.rows.filter(_NAMELESS, where, is_listed=True)


@dataclass(frozen=True, slots=True)
class Around:
    """Machines that go around the place that watches: how many, and the latest of their ways."""

    machines: int
    ways: list[WayAround]


@dataclass(frozen=True, slots=True)
class WayAround:
    """One machine and one service: its place, the last time if known, and the log lines."""

    device: str
    place: str
    provider: str
    kind: str
    last: datetime | None
    lines: int


def around(where: Q, most: int) -> Around:
    """The machines that go around, and at most `most` of their ways, the latest first. `where` is about
    bypasses. One query."""
    rows = Bypass.rows.filter(where).exclude(device="").order_by()
    machines = (
        rows.annotate(all=Value(1)).values("all").annotate(n=Count("device", distinct=True)).values("n")
    )
    groups = rows.values("device", "source_name", "provider", "kind")
    groups = groups.annotate(last=Max("last_seen"), lines=Sum("count"), machines=Subquery(machines))
    latest = list(groups.order_by(F("last").desc(nulls_last=True), "device", "provider")[:most])
    kinds = dict(Bypass.Kind.choices)
    ways = [
        WayAround(
            row["device"], row["source_name"], row["provider"], str(kinds.get(row["kind"], row["kind"])),
            row["last"], row["lines"],
        )
        for row in latest
    ]  # fmt: skip
    return Around(latest[0]["machines"] if latest else 0, ways)


def around_scan(scan: Scan) -> Q:
    """The bypasses, or sightings, in the sources of a scan."""
    return Q(
        node=scan.node_id, source__in=Coverage.rows.filter(scan=scan).exclude(source="").values("source")
    )


def nameless_in(scan: Scan) -> int:
    """The log lines of the rows in the sources of a scan that name no machine."""
    return nameless(around_scan(scan)).order_by().aggregate(n=Sum("count"))["n"] or 0


def nameless_by_scan(node: CampaignNode, scans: Collection[Scan]) -> dict[UUID, int]:
    """By scan: the log lines of the rows of its sources that name no machine; none for scans without any."""
    rows = nameless(Q(node=node))
    by_source = dict(rows.order_by().values_list("source").annotate(n=Sum("count")))
    if not by_source:
        return {}
    seen = Coverage.rows.filter(scan__in=scans, source__in=rows.values("source"))
    found: dict[UUID, int] = defaultdict(int)
    for scan, source in seen.order_by().values_list("scan", "source").distinct():
        found[scan] += by_source.get(source, 0)
    return dict(found)


def sightings_in(
    node: CampaignNode,
    *,
    device: str = "",
    indicator: str = "",
    is_nameless: bool = False,
    scan: Scan | None = None,
) -> QuerySet[Sighting]:
    """Rows reported by the node or below it, the latest first; of `scan` those of its sources."""
    rows = Sighting.rows.filter(subtree(node.path, "node__path"), node__campaign=node.campaign_id)
    if device:
        rows = rows.filter(device=device)
    if indicator:
        rows = rows.filter(indicator=indicator)
    if is_nameless:
        rows &= nameless(Q())
    if scan is not None:
        rows = rows.filter(node=scan.node_id, source__in=Coverage.rows.filter(scan=scan).values("source"))
    return rows.select_related("node").order_by("-last_seen", "-pk")


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of rows and log lines; of log lines in listed rows without a machine; and of rows on no list of
    the campaign."""

    rows: int
    lines: int
    without_device: int
    unlisted: int


def tally(rows: QuerySet[Sighting]) -> Tally:
    """Sums over a selection of rows."""
    found = rows.order_by().aggregate(
        rows=Count("pk"),
        lines=Sum("count"),
        bare=Sum("count", filter=_NAMELESS & Q(is_listed=True)),
        unlisted=Count("pk", filter=Q(is_listed=False)),
    )
    return Tally(found["rows"], found["lines"] or 0, found["bare"] or 0, found["unlisted"])


def scans_of_rows(rows: Collection[Sighting], user: User) -> dict[int, Scan]:
    """By row: the scan that told it, if the person may open it; one query for any number of rows."""
    scans = Scan.objects.visible_to(user).filter(node__in={row.node_id for row in rows})
    seen = Coverage.rows.filter(scan__in=scans, source__in={row.source for row in rows})
    return told_by(rows, seen.select_related("scan__node").defer("errors", "unattributed"))


def told_by(rows: Iterable[Sighting], coverages: Iterable[Coverage]) -> dict[int, Scan]:
    """By row: the scan that told it, among these. A row came with the first scan of its source that was
    accepted after the row had arrived."""
    by_source: dict[tuple[UUID, str], list[Scan]] = defaultdict(list)
    for coverage in coverages:
        by_source[coverage.scan.node_id, coverage.source].append(coverage.scan)
    found = {}
    for row in rows:
        scans = sorted(by_source[row.node_id, row.source], key=lambda scan: scan.accepted_at)
        later = (one for one in scans if one.accepted_at >= row.received_at)
        if scan := next(later, None):
            found[row.pk] = scan
    return found


def coverages_of(scan: Scan) -> QuerySet[Coverage]:
    """The sources of one scan."""
    return Coverage.rows.filter(scan=scan).order_by("first", "pk")
