"""The list of machines of a unit, and the numbers above it: quick with very many cases, because each machine
keeps what its cases say (`leads`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from quetsach.machines.identity.figures import Range
from quetsach.machines.identity.figures import interval as interval_of
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.flags import with_return
from quetsach.portal.cases.models import Alias, Case, Device
from quetsach.portal.cases.rules import PATIENCE, RANK, State, Word
from quetsach.portal.cases.rules import word as word_of
from quetsach.portal.cases.several import UNFOUND
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.kit.figures import ALL, BELOW, OWN
from quetsach.portal.kit.long_lists import FromNearestEnd
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


_RANKS_OF_SIGNS = (RANK[State.NEW], RANK[State.ASSIGNED])
REAL = of_machine(*(state for state in RANK if state is not State.FALSE_POSITIVE))
"""Machines in which signs were seen, without false alarms."""
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
        """All of them, false alarms too."""
        return sum(self.words.values())

    @property
    def seen(self) -> int:
        """All machines in which signs were seen: false alarms are in no number but their own."""
        return self.total - self.words[Word.DISMISSED]


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


def of_cases(machines: QuerySet[Device], condition: Q) -> QuerySet[Device]:
    """Those machines any of whose current cases fits a condition on rows of `Case`, if such cases are few."""
    return machines.filter(pk__in=Case.rows.filter(condition, is_current=True).order_by().values("device"))


class Flagged(NamedTuple):
    """Machines any of whose current cases fits a condition. `in_order`: the same, where they are many: each
    machine is asked in the order of the list, until the page is full."""

    machines: QuerySet[Device]
    in_order: QuerySet[Device] | None


def flagged(machines: QuerySet[Device], node: CampaignNode, condition: Any, *, below: bool) -> Flagged:
    """Those of the node's machines, or also of those below it, that fit a condition on rows of `Case`
    (`flags.conditions`). Where they are few, their cases are looked for once."""
    current = Case.rows.filter(condition, is_current=True).order_by()
    here = current.filter(device__campaign=node.campaign_id)
    if not below:
        here = here.filter(device__owner=node)
    elif node.parent_id is not None:
        here = here.filter(subtree(node.path, "device__owner__path"))
    some = list(here.values_list("device", flat=True)[: MANY + 1])
    if len(some) <= MANY:
        return Flagged(machines.filter(pk__in=set(some)), None)
    return Flagged(
        machines.filter(pk__in=current.values("device")),
        machines.filter(Exists(current.filter(device=OuterRef("pk")))),
    )


def named(machines: QuerySet[Device], campaign: Campaign, text: str) -> QuerySet[Device]:
    """The machines that carry the text in their name, in that of their unit, or of any malware on them. A
    machine has its host name, its card and the addresses that logs have for it.

    Each name is looked for in an index of its own. Where few machines carry it, their ids are the answer.
    """
    families = Case.rows.filter(family__icontains=text, is_current=True).order_by()
    own = Device.rows.filter(Q(key__icontains=text) | Q(id_value__icontains=text), campaign=campaign)
    # A machine that led to another one has no current case, so that it is none of the machines of a list.
    called = Alias.rows.filter(key__icontains=text)
    ids: QuerySet[Any, Any] = own.order_by().values_list("pk", flat=True)
    ids = ids.union(called.values_list("device", flat=True), all=True)
    ids = ids.union(families.values_list("device", flat=True), all=True)
    some = list(ids[: MANY + 1])
    units = CampaignNode.rows.filter(campaign=campaign, name__icontains=text).order_by()
    if len(some) <= MANY:
        return machines.filter(Q(pk__in=set(some)) | Q(owner__in=list(units.values_list("pk", flat=True))))
    return machines.filter(
        Q(key__icontains=text)
        | Q(id_value__icontains=text)
        | Q(pk__in=called.values("device"))
        | Q(pk__in=families.values("device"))
        | Q(owner__in=units.values("pk"))
    )


class Pages(FromNearestEnd):
    """Pages of machines, those that need an act first, each as its leading case; `more` is the number of the
    machine's other current cases."""

    def __init__(self, machines: QuerySet[Device], size: int, known: int | None = None) -> None:
        super().__init__(machines.order_by(*LISTED).values_list("lead_id", flat=True), size, known)

    def page(self, number: Any) -> Any:
        """A page; its cases are read once its places are known."""
        found = super().page(number)
        order = list(found.object_list)
        cases = with_return(Case.rows.select_related("device__owner", "false_alarm_of"))
        rows = cases.annotate(more=F("device__current_cases") - 1).in_bulk(order)
        found.object_list = [rows[pk] for pk in order if pk in rows]
        return found


class Picked(NamedTuple):
    """Machines of a filter, and how many of them show each word."""

    machines: QuerySet[Device]
    words: Counter[Word]

    def listed(self, chosen: Word | None) -> int:
        """How many show that word; without one all, false alarms too."""
        return self.words.total() if chosen is None else self.words[chosen]


def picked(
    machines: QuerySet[Device], campaign: Campaign, now: datetime, in_order: QuerySet[Device] | None = None
) -> Picked:
    """The machines of a filter. Where they are few they are looked for once; their ids then make the page.
    `in_order`: the same machines, as their list is read where they are many. One query."""
    if in_order is not None:
        return Picked(in_order, words_among(machines, campaign, now))
    rows = machines.order_by().values_list("pk", "lead_rank", "lead_claimed_at")
    some = list(rows[: MANY + 1])
    if len(some) > MANY:
        return Picked(machines, words_among(machines, campaign, now))
    words = Counter(
        word_of(_STATES[rank], at, campaign.quiet_days, now) for _pk, rank, at in some if rank is not None
    )
    return Picked(Device.rows.filter(pk__in=[pk for pk, _rank, _at in some]), words)


_STATES = {rank: state for state, rank in RANK.items()}


def words_among(machines: QuerySet[Device], campaign: Campaign, now: datetime) -> Counter[Word]:
    """How many machines of a list show each word. One query."""
    filters = _words(*stale_before(campaign, now))
    counts = {shown.value: Count("lead_rank", filter=filters[shown]) for shown in SHOWN}
    row = machines.order_by().aggregate(**counts)
    return Counter({shown: row[shown.value] for shown in SHOWN})


class ToDo(NamedTuple):
    """The node's own machines by word; how many machines below it show signs; of how many own ones with signs
    it is not known which machine it is (`several`); and of how many which unit has them."""

    words: Counter[Word]
    below: int = 0
    unlocated: int = 0
    unplaced: int = 0


def to_do(node: CampaignNode) -> ToDo:
    """What the node's machines wait for. One query."""
    span = span_of(node.path) if node.has_below else None
    stale = stale_before(node.campaign, timezone.now())
    told = _to_do(node.pk, node.campaign_id, span, node.parent_id is None, *stale)
    for signs, unsure, every, unlocated, unplaced in told:
        words = Counter({Word.SIGNS: signs, Word.UNSURE: unsure})
        return ToDo(words, every - signs if span else 0, unlocated, unplaced)
    return ToDo(Counter({Word.SIGNS: 0, Word.UNSURE: 0}))


@compiled
def _to_do(
    node_id: UUID, campaign_id: UUID, span: Span | None, is_top: bool, claimed: datetime, rechecked: datetime
) -> QuerySet[CampaignNode, tuple[int, int, int, int, int]]:
    """One row: own machines with signs, own unsure machines, machines with signs here and below, own
    addresses of several machines with signs, and machines with signs that stand here without a unit."""
    filters = _words(claimed, rechecked)
    own = _there(campaign_id, node_id, None)
    every = _there(campaign_id, None, None if is_top else span) if span else own
    numbers = {
        "signs": number_of(own.filter(filters[Word.SIGNS]), "campaign"),
        "unsure": number_of(own.filter(filters[Word.UNSURE]), "campaign"),
        "every": number_of(every.filter(filters[Word.SIGNS]), "campaign"),
        "unlocated": number_of(own.filter(filters[Word.SIGNS] & UNFOUND), "campaign"),
        "unplaced": number_of(own.filter(filters[Word.SIGNS], is_assigned=False), "campaign"),
    }
    found: Any = CampaignNode.rows.filter(pk=node_id).order_by().annotate(**numbers).values_list(*numbers)
    rows: QuerySet[CampaignNode, tuple[int, int, int, int, int]] = found
    return rows


def number_of(rows: QuerySet[Any], same: str, adding: str = "") -> Any:
    """The number of rows as a value of another query; `same` is a field that is the same in all rows.
    `adding` adds up a field instead."""
    counted = Sum(adding) if adding else Count("*")
    told = rows.order_by().values(same).annotate(told=counted)
    return Coalesce(Subquery(told.values("told")), 0)
