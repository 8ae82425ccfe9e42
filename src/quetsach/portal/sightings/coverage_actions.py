"""Stores how far a scan looked: the sources of the scan, and what is known of their days.

A scan of ten thousand files has as many rows, which stand or fall together: everything that can be prepared
is prepared before other writers have to wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import batched
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.inserting import insert, values_of
from quetsach.portal.sightings import days, intake
from quetsach.portal.sightings.days import Day
from quetsach.portal.sightings.models import AskedList, Coverage, CoveredDay, Scan
from quetsach.sightings.asked import machines
from quetsach.sightings.sighting import Coverage as CoverageRecord
from quetsach.sightings.sighting import Scan as ScanRecord
from quetsach.text.escape import escape

if TYPE_CHECKING:
    from quetsach.portal.sightings.actions import Sender

_CHANGED = ("coverage", "bytes", "first", "last", "hours", "order", "gaps", "devices", "asked", "alive",
            "digest")  # fmt: skip


@dataclass(frozen=True, slots=True)
class LookedAt:
    """The coverage of a document, ready to be written: its records, their rows with the id of a new scan, the
    values of these rows, and the days of each record with the values of their rows."""

    header: ScanRecord
    records: list[CoverageRecord]
    scan: UUID
    digest: str
    rows: list[tuple[Any, ...]]
    days: list[list[tuple[Day, tuple[Any, ...]]]]


@dataclass
class Accepted:
    """The scan that a document belongs to; `is_repeat` if it was there before. `places` have new days, or
    others gaps or errors than before; `seen` are the names of machines that were asked about and seen at an
    hour that was not known."""

    scan: Scan
    is_repeat: bool
    places: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


def prepare(node: CampaignNode, header: ScanRecord, records: list[CoverageRecord]) -> LookedAt:
    """Everything about the coverage of a document that needs no look at what is stored."""
    scan = uuid7()
    asked = frozenset(machines(header.asked)) or None
    most = days.MOST_DAYS // max(1, len(records))
    told = []
    for seen in records:
        its = list(days.told(seen, asked, most))
        told.append(
            list(zip(its, values_of(_row(node, header.set_id, seen.source, day) for day in its), strict=True))
        )
    rows = values_of(_coverage(scan, seen) for seen in records)
    return LookedAt(header, records, scan, intake.scan_digest(header, records), rows, told)


def accept(node: CampaignNode, looked_at: LookedAt, sender: Sender) -> Accepted:
    """Accept a whole scan and store its coverage, inside the caller's transaction.

    A repeated scan is recognised and adds nothing, unless it was asked about other machines.
    """
    CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
    scan = _scan_that_goes_on(node, looked_at, sender)
    if scan is not None:
        accepted = Accepted(scan, is_repeat=True)
        _go_on(accepted, looked_at)
    else:
        scan, is_new = Scan.rows.get_or_create(
            node=node,
            digest=looked_at.digest,
            defaults={
                "id": looked_at.scan,
                "set_id": looked_at.header.set_id,
                "indicator_set": indicators.published(node.campaign_id, looked_at.header.set_id),
                "source_name": looked_at.header.source_name,
                "tool": looked_at.header.tool,
                "tz": looked_at.header.tz,
                "sources": len(looked_at.records),
                "errors": sum(len(seen.errors) for seen in looked_at.records),
                "door": sender.door,
                "by": sender.user,
                "token": sender.token,
                "accepted_at": timezone.now(),
            },
        )
        accepted = Accepted(scan, is_repeat=not is_new)
        if is_new:
            insert(Coverage, looked_at.rows)
    _ask(scan, node, machines(looked_at.header.asked))
    _take_days(accepted, node, looked_at)
    return accepted


def _ask(scan: Scan, node: CampaignNode, names: Sequence[str]) -> None:
    """Keep the machines that the scan was asked about, besides those that it was asked about before."""
    if not names:
        return
    asked = asked_list(node, frozenset(names))
    if scan.asked_id is not None and asked is not None and asked.pk != scan.asked_id:
        known = AskedList.rows.values_list("names", flat=True).get(pk=scan.asked_id)
        asked = asked_list(node, frozenset((*known, *names)))
    if asked is not None and asked.pk != scan.asked_id:
        scan.asked = asked
        scan.save(update_fields=["asked"])


def asked_list(node: CampaignNode, names: frozenset[str]) -> AskedList | None:
    """The stored list of these names, made where there is none; None for no names."""
    if not names:
        return None
    digest = days.asked_digest(names)
    return AskedList.rows.get_or_create(node=node, digest=digest, defaults={"names": sorted(names)})[0]


def _scan_that_goes_on(node: CampaignNode, looked_at: LookedAt, sender: Sender) -> Scan | None:
    """The scan that a machine goes on with: what it sends of one place with one list is one scan. A sensor
    that sends once a minute would else leave a scan and its coverage each minute."""
    if sender.token is None or Scan.rows.filter(node=node, digest=looked_at.digest).exists():
        return None
    header = looked_at.header
    same = Scan.rows.filter(
        node=node, token=sender.token, set_id=header.set_id, source_name=header.source_name,
        tool=header.tool, tz=header.tz,
    )  # fmt: skip
    return same.order_by("accepted_at", "pk").last()


def _go_on(accepted: Accepted, looked_at: LookedAt) -> None:
    """Write the coverage that says more than the scan's: of one source the row with more bytes stays, then
    that with fewer errors; of a log of which nothing could be read the later one."""
    scan = accepted.scan
    here: dict[tuple[str, str], Coverage] = {}
    for some in batched({seen.source for seen in looked_at.records}, 400):
        rows = scan.coverages.filter(source__in=some).defer("gaps", "unattributed")
        here |= {(one.source, one.path): one for one in rows}
    fresh, grown = [], []
    sources = errors = 0
    for seen in looked_at.records:
        before = here.get((seen.source, seen.path))
        if before is None:
            fresh.append(_coverage(scan.pk, seen))
            sources, errors = sources + 1, errors + len(seen.errors)
        elif (not seen.source and seen.errors != before.errors) or _rank(seen) > _rank(before):
            now = _coverage(scan.pk, seen)
            now.pk = before.pk
            grown.append(now)
            errors += len(seen.errors) - len(before.errors)
            if seen.errors != before.errors:
                accepted.places.add(seen.name)
    if not fresh and not grown:
        return
    insert(Coverage, values_of(fresh))
    for one in grown:
        one.save(force_update=True)
    scan.sources, scan.errors = scan.sources + sources, scan.errors + errors
    scan.digest, scan.accepted_at = looked_at.digest, timezone.now()
    scan.save(update_fields=["sources", "errors", "digest", "accepted_at"])


def _coverage(scan: UUID, seen: CoverageRecord) -> Coverage:
    values = {name: value for name, value in seen._asdict().items() if name in _COLUMNS}
    values["first"], values["last"] = intake.to_moment(seen.first), intake.to_moment(seen.last)
    values["gaps"] = list(map(list, seen.gaps))
    values["stretches"] = days.stretches(seen)
    # The scanner escapes these lines already. A document that a person wrote may lack the escapes.
    values["unattributed"] = [escape(line.encode()) for line in seen.unattributed]
    return Coverage(scan_id=scan, **values)


_COLUMNS = {one.name for one in Coverage._meta.concrete_fields}


def _row(node: CampaignNode, set_id: str, source: str, day: Day) -> CoveredDay:
    """The row of a day, still without its coverage and its list of machines asked about."""
    return CoveredDay(
        node=node, source=source, set_id=set_id, day=day.day, bytes=day.bytes, first=day.first, last=day.last,
        hours=list(day.hours), order=day.order, gaps=list(map(list, day.gaps)), devices=list(day.devices),
        alive=dict(day.alive), digest=day.digest,
    )  # fmt: skip


class _Days:
    """The stored days of the sources of a document, and what it changes: `fresh` values of rows, `changed`
    rows, and by coverage the rows that rest on it from now on, `moved`."""

    def __init__(self, node: CampaignNode, set_id: str, sources: Iterable[str]) -> None:
        self.node, self.set_id = node, set_id
        self.here: dict[tuple[str, date], CoveredDay] = {}
        self.by_source: dict[str, list[CoveredDay]] = defaultdict(list)
        self.fresh: dict[tuple[str, date], tuple[Any, ...]] = {}
        self.changed: dict[int, CoveredDay] = {}
        self.moved: dict[int, set[int]] = defaultdict(set)
        self.whole: dict[int, Day] = {}
        self.asked: dict[str, AskedList] = {}
        for some in batched(sorted(sources), 400):
            rows = CoveredDay.rows.filter(node=node, set_id=set_id, source__in=some)
            # The long lists are read only of days that change.
            light = rows.only("source", "day", "digest", "coverage__bytes", "coverage__errors")
            for row in light.select_related("coverage"):
                self.here[row.source, row.day] = row
                self.by_source[row.source].append(row)

    def read(self, told: Iterable[tuple[str, Day]]) -> None:
        """Read the long lists of the stored days that these tellings may change."""
        pairs = ((self.here.get((source, day.day)), day) for source, day in told)
        wanted = {row.pk for row, day in pairs if row is not None and row.digest != day.digest}
        for some in batched(sorted(wanted), 400):
            for row in CoveredDay.rows.filter(pk__in=some).select_related("asked"):
                self.whole[row.pk] = _day(row)

    def list_of(self, asked: frozenset[str] | None) -> AskedList | None:
        """The stored list of these names."""
        if not asked:
            return None
        digest = days.asked_digest(asked)
        if digest not in self.asked:
            found = asked_list(self.node, asked)
            assert found is not None
            self.asked[digest] = found
        return self.asked[digest]

    def insert(self, source: str, day: Day, values: tuple[Any, ...], coverage: Coverage) -> None:
        """A day that is not stored; of two copies of a source in one document the later one stays."""
        asked = self.list_of(day.asked)
        own = {_COVERAGE: coverage.pk, _ASKED: asked.pk if asked else None}
        self.fresh[source, day.day] = tuple(own.get(place, value) for place, value in enumerate(values))

    def change(self, row: CoveredDay, now: Day, coverage: Coverage) -> None:
        """A stored day that is now told otherwise."""
        changed = _row(self.node, self.set_id, row.source, now)
        changed.pk, changed.coverage, changed.asked = row.pk, coverage, self.list_of(now.asked)
        self.changed[row.pk] = changed
        self.whole[row.pk] = now
        row.digest = now.digest

    def rest_on(self, coverage: Coverage, seen: CoverageRecord) -> bool:
        """Let the days of a source that a shorter reading told rest on this reading; whether there were
        any."""
        rows = [
            row
            for row in self.by_source[seen.source]
            if row.coverage_id != coverage.pk and _rank(row.coverage) <= _rank(seen)
        ]
        for row in rows:
            self.moved[coverage.pk].add(row.pk)
            row.coverage = coverage
        return bool(rows)

    def write(self) -> None:
        """Write everything that the document changes."""
        insert(CoveredDay, list(self.fresh.values()))
        CoveredDay.rows.bulk_create(
            self.changed.values(), update_conflicts=True, unique_fields=["id"], update_fields=_CHANGED
        )
        for pk, moved in self.moved.items():
            for some in batched(moved - self.changed.keys(), 400):
                CoveredDay.rows.filter(pk__in=some).update(coverage=pk)


def _take_days(accepted: Accepted, node: CampaignNode, looked_at: LookedAt) -> None:
    """Write the days that say something new. Of a day the telling with more bytes of its source stays, then
    that with fewer errors; the days that it does not tell rest on it from then on."""
    told = [(seen, its) for seen, its in zip(looked_at.records, looked_at.days, strict=True) if its]
    if not told:
        return
    sources = {seen.source for seen, _its in told}
    store, coverages = _Days(node, looked_at.header.set_id, sources), _stored(accepted.scan, sources)
    store.read((seen.source, day) for seen, its in told for day, _values in its)
    for seen, its in sorted(told, key=lambda one: _rank(one[0])):
        coverage = coverages.get((seen.source, seen.path))
        if coverage is None or _rank(coverage) > _rank(seen):
            continue  # the scan knows more of this source already
        for day, values in its:
            row = store.here.get((seen.source, day.day))
            if row is None:
                accepted.places.add(seen.name)
                accepted.seen.update(name for name, _mask in day.alive)
                store.insert(seen.source, day, values, coverage)
            elif row.digest != day.digest and _rank(row.coverage) <= _rank(seen):
                _take_day(accepted, store, seen, row, days.later(store.whole[row.pk], day), coverage)
        if store.rest_on(coverage, seen):
            accepted.places.add(seen.name)
    store.write()


def _take_day(
    accepted: Accepted, store: _Days, seen: CoverageRecord, row: CoveredDay, now: Day, coverage: Coverage
) -> None:
    """Change a stored day, unless the telling adds nothing to it."""
    before = store.whole[row.pk]
    if now.digest == row.digest:
        return
    known = dict(before.alive)
    accepted.seen.update(name for name, mask in now.alive if mask & ~known.get(name, 0))
    if now.gaps != before.gaps:
        accepted.places.add(seen.name)
    store.change(row, now, coverage)


def _day(row: CoveredDay) -> Day:
    return Day(
        row.day, row.bytes, row.first, row.last, tuple(row.hours), row.order,
        tuple((begins, ends) for begins, ends in row.gaps), tuple(row.devices),
        frozenset(row.asked.names) if row.asked else None, tuple(sorted(row.alive.items())),
    )  # fmt: skip


def _rank(told: Coverage | CoverageRecord) -> tuple[int, int]:
    return told.bytes, -len(told.errors)


def _stored(scan: Scan, sources: set[str]) -> dict[tuple[str, str], Coverage]:
    found: dict[tuple[str, str], Coverage] = {}
    for some in batched(sorted(sources), 400):
        rows = Coverage.rows.filter(scan=scan, source__in=some).only("source", "path", "bytes", "errors")
        found |= {(one.source, one.path): one for one in rows}
    return found


_NAMES = [one.name for one in CoveredDay._meta.concrete_fields if not one.primary_key]
_COVERAGE, _ASKED = _NAMES.index("coverage"), _NAMES.index("asked")
