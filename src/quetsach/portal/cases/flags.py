"""Flags of a case beside its state. Some are set by people, the others follow from facts; none says clean.

Each is one condition on rows of `Case`, for the filter of a list and for the row alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Least
from django.db.models.lookups import Exact, LessThan, LessThanOrEqual
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quetsach.portal.cases.clocks import Clock, Rule
from quetsach.portal.cases.episodes import came_back, is_again
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, FalseAlarm, VictimReport
from quetsach.portal.cases.rules import FILE_BACK, KEPT, OPEN, Act, State

PREFIX = "flag_"


class Flag(StrEnum):
    """In the order in which pages show them."""

    OVERDUE = "overdue"
    UNREACHABLE = "unreachable"
    BACK = "back"
    PROPOSED = "proposed"
    ISOLATED = "isolated"
    ASIDE = "aside"
    CRACKED = "cracked"
    CRACKED_GONE = "cracked_gone"
    BLOCKED = "blocked"
    SINKHOLED = "sinkholed"
    SHARED = "shared"


WORDS: dict[Flag, str | Promise] = {
    Flag.OVERDUE: _("overdue"),
    Flag.UNREACHABLE: _("cannot be reached"),
    Flag.BACK: _("signs came back after it was put on the network again"),
    Flag.PROPOSED: _("a false alarm? a second person must agree"),
    Flag.ISOLATED: _("off the network"),
    Flag.ASIDE: _("put aside"),
    Flag.CRACKED: _("cracked software on it"),
    Flag.CRACKED_GONE: _("cracked software removed"),
    Flag.BLOCKED: _("its latest attempt was blocked: no cleaning"),
    Flag.SINKHOLED: _("its calls end in a sinkhole: no cleaning"),
    Flag.SHARED: _("address of several machines"),
}
SHORT: dict[Flag, str | Promise] = {
    **WORDS,
    Flag.BACK: _("signs again on the network"),
    Flag.PROPOSED: _("false alarm?"),
    Flag.CRACKED: _("cracked software"),
    Flag.BLOCKED: _("blocked"),
    Flag.SINKHOLED: _("sinkhole"),
    Flag.SHARED: _("several machines"),
}
"""The same where there is little room; the words stand beside it or behind a link."""
ALARMING = {Flag.OVERDUE, Flag.UNREACHABLE, Flag.BACK}
BY_CHECKS: dict[Flag, Callable[[], Q]] = {}
"""Conditions on `OuterRef("device")` that the app of checks adds."""
COUNTED = (Flag.OVERDUE, Flag.UNREACHABLE, Flag.BACK, Flag.PROPOSED, Flag.ISOLATED, Flag.ASIDE)
"""Flags that need no look at evidence, so that a list may count them."""


def begun() -> Combinable:
    """When the clocks of the unit began."""
    return Coalesce("clock_at", "opened_at")


def _claims() -> QuerySet[CaseEvent]:
    """The claims of a case since its clocks began."""
    since = Coalesce(OuterRef("clock_at"), OuterRef("opened_at"))
    return CaseEvent.rows.filter(case=OuterRef("pk"), act=Act.CLAIM.value, at__gte=since)


def proof_from() -> Combinable:
    """`Case.proof_from` of a claimed case."""
    first = Subquery(_claims().order_by("at").values("at")[:1])
    return Least("claimed_at", Coalesce(first, "claimed_at"))


def with_return(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases, each with what `Case.back_since` and `Case.is_infected_again` need."""
    seen = KeyTextTransform("seen", "data")
    # A file that was taken back told when they came back: its event has the time of another sign.
    other = CaseEvent.rows.filter(case=OuterRef("case"), act=FILE_BACK, at__gte=OuterRef("at"))
    other = other.alias(of=seen).filter(of__isnull=False).order_by("-at", "-pk").values_list(seen)
    last = CaseEvent.rows.filter(came_back(), case=OuterRef("pk"))
    last = last.order_by("-at", "-pk").annotate(of_sign=Coalesce(Subquery(other[:1]), seen))
    stays = CaseEvent.rows.filter(case=OuterRef("case"), act=FILE_BACK, data__has_key=KEPT)
    last = last.annotate(is_kept=Exists(stays.filter(at__gte=OuterRef("at"))))
    parts = {
        Case.BACK_SEEN: "of_sign", Case.BACK_AT: "at", Case.BACK_ACT: "act", Case.BACK_KEPT: "is_kept",
    }  # fmt: skip
    found = cases.annotate(**{name: Subquery(last.values(part)[:1]) for name, part in parts.items()})
    return found.annotate(**{Case.AGAIN: ExpressionWrapper(is_again(), output_field=BooleanField())})


def late(rule: Rule, now: datetime) -> Q:
    """Cases that are late by the clock that they are measured by: `Rule.due` as a condition."""
    found = Q(pk__in=[])
    for condition in late_by(rule, now).values():
        found |= condition
    return found


def late_by(rule: Rule, now: datetime) -> dict[Clock, Q]:
    """The late cases by the clock that they are measured by."""
    before = rule.begun_before(now)
    unknown = Q(acknowledged_at=None)
    unfound = Q(acknowledged_at__isnull=False, located_at=None)
    found = Q(acknowledged_at__isnull=False, located_at__isnull=False)
    stages = {Clock.ACKNOWLEDGE: unknown, Clock.LOCATE: unfound, Clock.CLAIM: found}
    late: dict[Clock, Q] = {
        clock: Q(state__in=OPEN) & stage & Q(LessThan(begun(), Value(before[clock])))
        for clock, stage in stages.items()
    }
    waiting = Q(state__in=(State.CLAIMED_CLEAN, State.RECHECKED), claimed_at__isnull=False)
    # An earlier claim lies behind the beginning of the clocks: few cases need the look at their events.
    earlier = Exists(_claims().filter(at__lte=before[Clock.VERIFY]))
    claimed = Q(claimed_at__lte=before[Clock.VERIFY]) | (
        Q(LessThanOrEqual(begun(), Value(before[Clock.VERIFY]))) & Q(earlier)
    )
    return late | {Clock.VERIFY: waiting & claimed}


def conditions(rule: Rule | None, now: datetime) -> dict[Flag, Q | Combinable]:
    """The condition of each flag on a row of `Case`. Without a rule nothing is overdue: a page that knows the
    case asks `Rule.due`."""
    links = CaseSighting.rows.filter(case=OuterRef("pk"))
    latest = links.order_by(
        Coalesce("last", "sighting__last_seen").desc(nulls_last=True), "-sighting"
    ).values("sighting__action")[:1]
    sinkhole = VictimReport.rows.filter(case=OuterRef("pk"), kind__icontains="sinkhole")
    waiting = FalseAlarm.rows.filter(case=OuterRef("pk"), decided_at=None, ended_at=None)
    is_open = Q(state__in=OPEN)
    never: Q = Q(pk__in=[])
    return {
        Flag.OVERDUE: late(rule, now) if rule is not None else never,
        Flag.UNREACHABLE: is_open & Q(unreachable_at__isnull=False),
        Flag.BACK: is_open & Q(relapses__gt=0, device__released_at__isnull=False, device__isolated_at=None),
        Flag.PROPOSED: Exists(waiting),
        Flag.ISOLATED: Q(device__isolated_at__isnull=False),
        Flag.ASIDE: is_open & Q(aside_until__gt=now),
        Flag.CRACKED: BY_CHECKS[Flag.CRACKED]() if Flag.CRACKED in BY_CHECKS else never,
        Flag.CRACKED_GONE: BY_CHECKS[Flag.CRACKED_GONE]() if Flag.CRACKED_GONE in BY_CHECKS else never,
        Flag.BLOCKED: Exact(Subquery(latest), Value("blocked")),
        Flag.SINKHOLED: Exists(sinkhole),
        Flag.SHARED: Q(device__strength__in=("shared", "unlocated")),
    }


def with_flags(cases: QuerySet[Case], rule: Rule | None, now: datetime) -> QuerySet[Case]:
    """The cases, each with its flags for `flags_of`."""
    wanted: dict[str, Any] = {
        PREFIX + flag.value: ExpressionWrapper(Q(condition), output_field=BooleanField())
        for flag, condition in conditions(rule, now).items()
    }
    return with_return(cases).annotate(**wanted, **{Case.PROOF_FROM: proof_from()})


def flags_of(case: Case) -> list[tuple[Flag, str | Promise]]:
    """The flags of a case of `with_flags`, with their words."""
    return [(flag, WORDS[flag]) for flag in Flag if getattr(case, PREFIX + flag.value, False)]


@dataclass(frozen=True, slots=True)
class Mark:
    """A flag where there is little room: a few words, and the whole ones."""

    short: str | Promise
    words: str | Promise
    is_alarming: bool


def marks_of(case: Case) -> list[Mark]:
    """The flags of a case of `with_flags` as short marks, and first of all whether its signs came back."""
    found = []
    day = f"{timezone.localtime(case.back_since):%d/%m}" if case.back_since is not None else ""
    if day and case.is_seen_again:
        again = gettext("out of use, and seen on %(day)s") % {"day": day}
    elif day and case.is_back_gone:
        again = gettext("signs told since %(day)s, taken back") % {"day": day}
    elif day:
        again = gettext("signs again since %(day)s") % {"day": day}
    elif case.relapses:
        again = gettext("signs again after the handling")
    else:
        again = gettext("infected again after being clean") if case.is_infected_again else ""
    if again:
        found.append(Mark(again, again, True))
    return found + [Mark(SHORT[flag], words, flag in ALARMING) for flag, words in flags_of(case)]


def chosen(text: str) -> Flag | None:
    """The flag that a filter names."""
    return next((flag for flag in Flag if flag.value == text), None)
