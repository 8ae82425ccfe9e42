"""Reads about files of evidence: earlier choices, files that came before, the content of a document."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from quetsach.machines.evidence import Claim
from quetsach.machines.identity.entries import BY_HAND
from quetsach.machines.identity.scopes import lineage, related
from quetsach.machines.sources import document
from quetsach.machines.sources.outcome import MachinesError
from quetsach.machines.sources.sent import Sent
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.machines.models import ClockDifference, ColumnMapping, EvidenceFile
from quetsach.portal.sightings.owners import Owners, Range
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.portal.units.networks import HELD, Network
from quetsach.text.json_limits import TooManyError, few
from quetsach.text.vietnamese import nfc, search_key
from quetsach.text.words import visible

MOST_OF_A_DAY = 20_000
"""Rows of a file to which more are added: each time it is written anew."""


class ConcernedCase(NamedTuple):
    """A case of which a file speaks: its machine, its unit, its page, and whether it is handled."""

    machine: str
    unit: str
    url: str
    is_handled: bool


class Concerned(NamedTuple):
    """The cases of which a file speaks: how many, how many of them are handled, and on how many somebody
    works; some of them, the handled first; units with their numbers, and how many more."""

    cases: int
    handled: int
    busy: int
    named: list[ConcernedCase]
    units: list[tuple[str, int]]
    more_units: int


CONCERNED: list[Callable[[EvidenceFile, User], Concerned]] = []
"""The app cases registers here: the cases of which a file speaks."""


def concerned(file: EvidenceFile, user: User) -> Concerned | None:
    """The cases that change where the file is taken back; None where it speaks of none."""
    for ask in CONCERNED:
        if (found := ask(file, user)).cases:
            return found
    return None


def folded(headings: Iterable[str]) -> str:
    """What stands for a table's headings, in any case and with any marks."""
    return hashlib.sha256("\n".join(map(search_key, headings)).encode()).hexdigest()


def tables_of(found: Sent) -> set[str]:
    """The headings of the tables among the files, each as `folded`."""
    return {folded(heading for heading, _, _ in one.headings) for one in found.files if one.headings}


def remembered(unit: Unit, source: str, found: Sent) -> dict[str, str] | None:
    """The meanings that people of the unit gave to the headings of these files last; None for none."""
    rows = ColumnMapping.rows.filter(unit=unit, source=source, headings__in=tables_of(found)).order_by("at")
    merged: dict[str, str] = {}
    for columns in rows.values_list("columns", flat=True):
        merged.update(columns)
    return merged or None


def same_as(draft: EvidenceFile) -> EvidenceFile | None:
    """The file that counts, holds the same and was read the same way, None for none. A snapshot of another
    moment is another file: the machines were there again."""
    rows = EvidenceFile.rows.filter(
        unit=draft.unit_id, source=draft.source, digest=draft.digest, accepted_at__isnull=False, gone_at=None
    )
    asked = _how(draft)
    return next((row for row in rows if _how(row) == asked), None)


def begun_today(unit: Unit, token: ApiToken, source: str, rows: int) -> EvidenceFile | None:
    """The file of today to which so many rows of a source can be added, None for none."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    found = EvidenceFile.rows.filter(
        unit=unit, token=token, source=source, created_at__gte=today, accepted_at__isnull=False, gone_at=None,
        unfinished="",
    ).exclude(document="")  # fmt: skip
    row = found.select_related("unit").order_by("-created_at").first()
    return row if row is not None and row.claims + row.bindings + rows <= MOST_OF_A_DAY else None


def _how(row: EvidenceFile) -> object:
    told = row.told
    at = told.get("at") if told.get("is_at_told") else None
    return at, told.get("length"), told.get("zone"), told.get("columns")


def that_count(unit: UUID) -> QuerySet[EvidenceFile]:
    """The files of a unit that count, in the order in which they came. They may have any source: a row bears
    a source of its own, so that files with several names may tell it."""
    rows = EvidenceFile.rows.filter(unit=unit, accepted_at__isnull=False, gone_at=None)
    return rows.select_related("unit").order_by("accepted_at", "pk")


def is_taken(file: EvidenceFile) -> bool:
    """Whether the file is no draft any more."""
    return EvidenceFile.rows.filter(pk=file.pk, accepted_at__isnull=False).exists()


def same_document(unit: Unit, source: str, digest: str) -> EvidenceFile | None:
    """The file that counts and whose last document was this one, None for none."""
    return that_count(unit.pk).filter(source=source, digest=digest).first()


def files_of(unit: Unit) -> QuerySet[EvidenceFile]:
    """The unit's files that were taken in, also those taken back, the latest first; without what people wrote
    on the pages of machines."""
    rows = EvidenceFile.rows.filter(unit=unit, accepted_at__isnull=False).exclude(source=BY_HAND)
    return rows.select_related("by", "token", "gone_by").defer("leftovers")


def sources_of(unit: Unit) -> list[str]:
    """The names of sources that the unit used, the latest first."""
    rows = EvidenceFile.rows.filter(unit=unit, accepted_at__isnull=False).exclude(source=BY_HAND)
    rows = rows.order_by("-accepted_at")
    return list(dict.fromkeys(rows.values_list("source", flat=True)[:500]))[:20]


def of_others(unit: Unit, addresses: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """How many of these addresses lie in ranges of other units, by name of the unit, the most first: what the
    unit tells of them counts for no machine (`cases.telling`). Each address has the time, in microseconds, of
    which the unit tells; units above and below are no others."""
    rows = Network.rows.filter(HELD).values_list("cidr", "unit", "begin", "end")
    ranges = Owners(unit.pk, (Range(*row) for row in rows))
    holders: Counter[frozenset[UUID]] = Counter()
    for address, at in addresses:
        day = timezone.localdate(datetime.fromtimestamp(at / 1_000_000, UTC)) if at else timezone.localdate()
        if nodes := ranges.holders(address, day):
            holders[frozenset(nodes)] += 1
    units = Unit.rows.in_bulk({node for nodes in holders for node in nodes})
    found: Counter[str] = Counter()
    for those, n in holders.items():
        if not any(related(units[node].path, unit.path) for node in those):
            found[min(units[node].name for node in those)] += n
    return found.most_common()


def campaigns_of(unit: Unit) -> list[CampaignNode]:
    """One place in each running campaign that the unit, or one above it, takes part in: the nearest."""
    rows = CampaignNode.rows.filter(
        unit__path__in=lineage(unit.path), campaign__status=Campaign.Status.PUBLISHED
    ).select_related("campaign", "unit")
    nearest: dict[object, CampaignNode] = {}
    for node in sorted(rows, key=lambda node: len(node.path)):
        nearest[node.campaign_id] = node
    return list(nearest.values())


def checked(data: bytes) -> tuple[str, tuple[int, int], dict[str, int]]:
    """The source of a document, the numbers of its claims and bindings, and its rows by kind. A document with
    a record of the future is refused.

    Raises MachinesError.
    """
    claims = bindings = 0
    kinds: dict[str, int] = {}
    for one in document.read((line.rstrip(b"\n") for line in BytesIO(data)), until=document.soon()):
        if isinstance(one, Claim):
            claims += 1
        else:
            bindings += 1
            kinds[one.kind] = kinds.get(one.kind, 0) + 1
    head = data.partition(b"\n")[0]
    try:
        named = json.loads(few(head, groups=50, items=200)).get("source", "")
    except (ValueError, TooManyError) as error:
        raise MachinesError("not_evidence", 1) from error
    source = visible(nfc(named if isinstance(named, str) else "")).strip()[:255]
    return source or "?", (claims, bindings), kinds


class Clock(NamedTuple):
    """Two clocks: whole minutes by which that of the log is behind the other, below 0 ahead of it."""

    log: str
    table: str
    behind: int
    pairs: int

    @property
    def apart(self) -> int:
        """The minutes between them."""
        return abs(self.behind)


def compared_clocks(unit: Unit) -> list[Clock]:
    """The clocks of the unit's logs and tables that were compared, those that differ most first."""
    rows = ClockDifference.rows.filter(Q(unit=unit) | Q(table_unit=unit)).order_by("log", "table")
    found = [Clock(row.log, row.table, round(row.add / 60_000_000), row.pairs) for row in rows[:100]]
    return sorted(found, key=lambda one: -one.apart)
