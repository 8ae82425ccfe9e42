"""The list of machines of a unit, and the numbers above it: quick with very many cases, because each machine
keeps what its cases say (`leads`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from quetsach.machines.identity.figures import Range
from quetsach.machines.identity.figures import interval as interval_of
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.flags import with_return
from quetsach.portal.cases.models import Alias, Case, Device
from quetsach.portal.cases.rules import PATIENCE, RANK, State, Word
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.kit.figures import ALL, BELOW, OWN
from quetsach.portal.units.models import Span, inside, span_of, subtree

SHOWN = (Word.SIGNS, Word.BUSY, Word.UNSURE, Word.CLEAN, Word.DISMISSED)
LISTED = ("lead_rank", "-lead_relapses", "-lead_seen", "lead_id")
"""The order of machines: those that need an act come first."""


def of_case(*states: State) -> Q:
    """Rows of `Case` in one of these states."""
    return Q(state__in=states)


def of_machine(*states: State) -> Q:
    """Machines whose leading case is in one of these states. The states follow each other in `RANK`: of a
    range both databases read the order of the list from its index."""
    ranks = sorted(RANK[state] for state in states)
    assert ranks == list(range(ranks[0], ranks[-1] + 1)), states
    return Q(lead_rank__gte=ranks[0], lead_rank__lte=ranks[-1])


SIGNS = of_machine(State.NEW, State.ASSIGNED)
"""Machines with signs that nobody handles yet."""


def stale_before(campaign: Campaign, now: datetime) -> tuple[datetime, datetime]:
    """The times before which a claim, and a second look, are too old."""
    return now - PATIENCE, now - PATIENCE - timedelta(days=campaign.quiet_days)


def word_filters(
    claimed: datetime, rechecked: datetime, rows: Callable[..., Q], claimed_at: str
) -> dict[Word, Q]:
    """`rules.word` as database filters, by the times of `stale_before`; a test compares both. `rows` are
    those in some states, `claimed_at` is where a row has the time of its claim."""
    before = f"{claimed_at}__lt"
    stale = rows(State.CLAIMED_CLEAN) & Q((before, claimed)) | rows(State.RECHECKED) & Q((before, rechecked))
    return {
        Word.SIGNS: rows(State.NEW, State.ASSIGNED),
        Word.BUSY: rows(State.CLEANING, State.CLAIMED_CLEAN, State.RECHECKED) & ~stale,
        Word.UNSURE: stale,
        Word.CLEAN: rows(State.VERIFIED_CLEAN),
        Word.DISMISSED: rows(State.FALSE_POSITIVE),
    }


def _words(claimed: datetime, rechecked: datetime) -> dict[Word, Q]:
    """The filters of machines."""
    return word_filters(claimed, rechecked, of_machine, "lead_claimed_at")


_WORD_OF_RANK = {
    RANK[State.NEW]: Word.SIGNS,
    RANK[State.ASSIGNED]: Word.SIGNS,
    RANK[State.VERIFIED_CLEAN]: Word.CLEAN,
    RANK[State.FALSE_POSITIVE]: Word.DISMISSED,
}
"""The others are handled; of these the stale ones are unsure."""


MANY = 2000
"""A list of so many rows is read in its order, and each row's unit looked up, until the page is full. Of a
shorter list all rows of its units are read and sorted. Databases cannot know which of both is less."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Machines by word, and how many at least and at most show signs, false alarms left out."""

    words: Counter[Word]
    interval: Range

    @property
    def total(self) -> int:
        return sum(self.words.values())


def there(node: CampaignNode, *, below: bool, in_order: bool = False) -> QuerySet[Device]:
    """The machines with a current case of a node, or also of those below it; `in_order`: see `MANY`."""
    if in_order and below and node.parent_id is not None:
        return _there(node.campaign_id, None, None).filter(within(node, "owner"))
    span = span_of(node.path) if below and node.parent_id is not None else None
    return _there(node.campaign_id, None if below else node.pk, span)


def within(node: CampaignNode, owner: str) -> Exists:
    """Whether the unit in a field of a row is the node or below it. A database never begins with this."""
    return Exists(CampaignNode.rows.filter(subtree(node.path), pk=OuterRef(owner)))


def _there(campaign_id: UUID, owner: UUID | None, span: Span | None) -> QuerySet[Device]:
    """The machines of one node, of a subtree, or with neither of the whole campaign."""
    machines = Device.rows.filter(campaign=campaign_id, lead_rank__isnull=False).order_by()
    if owner is not None:
        return machines.filter(owner=owner)
    return machines if span is None else machines.filter(inside(span, "owner__path"))


def by_unit(node: CampaignNode, now: datetime, *, below: bool = True) -> dict[UUID, Tally]:
    """The machines of a node, or also of those below it, each unit's for itself. One query."""
    owner, span = None if below else node.pk, span_of(node.path)
    is_whole = below and node.parent_id is None
    rows = _by_unit(node.campaign_id, owner, None if is_whole else span, *stale_before(node.campaign, now))
    words: dict[UUID, Counter[Word]] = defaultdict(lambda: Counter(dict.fromkeys(SHOWN, 0)))
    sorts: dict[UUID, list[int]] = defaultdict(lambda: [0] * len(Device.SORTS))
    for unit, sort, rank, n, unsure in rows:
        words[unit][_WORD_OF_RANK.get(rank, Word.BUSY)] += n - unsure
        words[unit][Word.UNSURE] += unsure
        if rank != RANK[State.FALSE_POSITIVE]:
            sorts[unit][sort] += n
    return {unit: Tally(some, interval_of(*sorts[unit])) for unit, some in words.items()}


@compiled
def _by_unit(
    campaign_id: UUID, owner: UUID | None, span: Span | None, claimed: datetime, rechecked: datetime
) -> QuerySet[Device, tuple[UUID, int, int, int, int]]:
    stale = _words(claimed, rechecked)[Word.UNSURE]
    rows = _there(campaign_id, owner, span).values_list("owner", "sort", "lead_rank")
    found: Any = rows.annotate(n=Count("*"), stale=Count("lead_rank", filter=stale))
    numbers: QuerySet[Device, tuple[UUID, int, int, int, int]] = found
    return numbers


def added(units: Iterable[Tally]) -> Tally:
    """Several units together: a machine is in one unit at a time."""
    words, least, most = Counter(dict.fromkeys(SHOWN, 0)), 0, 0
    for one in units:
        for word, n in one.words.items():
            words[word] += n
        least, most = least + one.interval.least, most + one.interval.most
    return Tally(words, Range(least, most))


def tally(node: CampaignNode, now: datetime, *, reach: str = ALL) -> Tally:
    """The machines of a node, of those below it, or of both. One query."""
    units = by_unit(node, now, below=reach != OWN)
    return added(told for unit, told in units.items() if reach != BELOW or unit != node.pk)


def of_word(machines: QuerySet[Device], word: Word, campaign: Campaign, now: datetime) -> QuerySet[Device]:
    """Those machines that show this word."""
    return machines.filter(_words(*stale_before(campaign, now))[word])


def led_by(machines: QuerySet[Device], condition: Q) -> QuerySet[Device]:
    """Those machines whose leading case fits a condition on rows of `Case`."""
    return machines.filter(lead__in=Case.rows.filter(condition).order_by().values("pk"))


def flagged(machines: QuerySet[Device], campaign: Campaign, condition: Any) -> QuerySet[Device]:
    """The machines any of whose current cases fits a condition (`flags.conditions`)."""
    current = Case.rows.filter(condition, is_current=True, device__campaign=campaign)
    return machines.filter(pk__in=current.order_by().values("device"))


def named(machines: QuerySet[Device], text: str) -> QuerySet[Device]:
    """The machines that carry the text in their name, in that of their unit, or of any malware on them. A
    machine has its host name, its card and the addresses that logs have for it."""
    infected = Case.rows.filter(family__icontains=text, is_current=True).order_by().values("device")
    called = Alias.rows.filter(key__icontains=text, device__merged_into=None).values("device")
    units = CampaignNode.rows.filter(name__icontains=text).order_by().values("pk")
    return machines.filter(
        Q(key__icontains=text)
        | Q(id_value__icontains=text)
        | Q(pk__in=called)
        | Q(pk__in=infected)
        | Q(owner__in=units)
    )


class Pages(Paginator):  # type: ignore[type-arg]
    """Pages of machines, those that need an act first, each as its leading case; `more` is the number of the
    machine's other current cases. `known` is the number of machines, where it was counted already."""

    def __init__(self, machines: QuerySet[Device], size: int, known: int | None = None) -> None:
        super().__init__(machines.order_by(*LISTED).values_list("lead_id", flat=True), size)
        self._known = known

    @cached_property
    def count(self) -> int:
        """The number of all machines of the list."""
        if self._known is not None:
            return self._known
        machines: Any = self.object_list
        found: int = machines.order_by().aggregate(n=Count("*"))["n"]
        return found

    def page(self, number: Any) -> Any:
        """A page; its cases are read once its places are known."""
        found = super().page(number)
        order = list(found.object_list)
        cases = with_return(Case.rows.select_related("device__owner", "false_alarm_of"))
        rows = cases.annotate(more=F("device__current_cases") - 1).in_bulk(order)
        found.object_list = [rows[pk] for pk in order if pk in rows]
        return found


def signs_among(machines: QuerySet[Device]) -> tuple[int, int]:
    """How many machines a list has, and how many of them show signs that nobody handles yet. One query."""
    row = machines.order_by().aggregate(n=Count("*"), signs=Count("lead_rank", filter=SIGNS))
    return row["n"], row["signs"]


def to_do(node: CampaignNode) -> tuple[Counter[Word], int, int]:
    """The node's own machines by word; how many machines below it show signs; and of how many own ones with
    signs it is not known which machine it is. One query."""
    span = span_of(node.path) if node.has_below else None
    stale = stale_before(node.campaign, timezone.now())
    told = _to_do(node.pk, node.campaign_id, span, node.parent_id is None, *stale)
    for signs, unsure, every, unlocated in told:
        return Counter({Word.SIGNS: signs, Word.UNSURE: unsure}), every - signs if span else 0, unlocated
    return Counter({Word.SIGNS: 0, Word.UNSURE: 0}), 0, 0


@compiled
def _to_do(
    node_id: UUID, campaign_id: UUID, span: Span | None, is_top: bool, claimed: datetime, rechecked: datetime
) -> QuerySet[CampaignNode, tuple[int, int, int, int]]:
    """One row: own machines with signs, own unsure machines, machines with signs here and below, and own
    ones with signs that are one of several machines."""
    filters = _words(claimed, rechecked)
    own = _there(campaign_id, node_id, None)
    every = _there(campaign_id, None, None if is_top else span) if span else own
    numbers = {
        "signs": number_of(own.filter(filters[Word.SIGNS]), "campaign"),
        "unsure": number_of(own.filter(filters[Word.UNSURE]), "campaign"),
        "every": number_of(every.filter(filters[Word.SIGNS]), "campaign"),
        "unlocated": number_of(own.filter(filters[Word.SIGNS], id_kind="unlocated"), "campaign"),
    }
    found: Any = CampaignNode.rows.filter(pk=node_id).order_by().annotate(**numbers).values_list(*numbers)
    rows: QuerySet[CampaignNode, tuple[int, int, int, int]] = found
    return rows


def number_of(rows: QuerySet[Any], same: str, adding: str = "") -> Any:
    """The number of rows as a value of another query; `same` is a field that is the same in all rows.
    `adding` adds up a field instead."""
    counted = Sum(adding) if adding else Count("*")
    told = rows.order_by().values(same).annotate(told=counted)
    return Coalesce(Subquery(told.values("told")), 0)
