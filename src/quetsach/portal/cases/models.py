"""Machines, and the history of each from its first sign to proof that it is clean.

Ownership is fixed when a machine is first seen; changing it is an audited act. Events are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from quetsach.machines.identity.locating import LOCATED
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import leads
from quetsach.portal.cases.rules import CHECK, OPEN, Act, State
from quetsach.portal.cases.victim_models import VictimFile as VictimFile
from quetsach.portal.cases.victim_models import VictimReport as VictimReport
from quetsach.portal.cases.victim_models import VictimTelling as VictimTelling
from quetsach.portal.cases.victim_models import _kept_at as _kept_at  # a migration names it here
from quetsach.portal.cases.work_models import CaseTerms as CaseTerms
from quetsach.portal.cases.work_models import FalseAlarm as FalseAlarm
from quetsach.portal.cases.work_models import NotOurs as NotOurs
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Device(models.Model):
    """A machine of a unit, or an address behind which nobody knows a machine.

    `id_kind` and `id_value` tell machines apart: the id that `quetsach.machines.identity` computes, as
    `machines.spelling` keeps it; of an address that no table knows the kind is `weak`, `shared` or
    `unlocated`, and the value the unit and the address. `key` is the name that pages show: a host name, else
    an address. `is_assigned` is False if its owner is only the reporter, because no network named a better
    one; `is_owner_said`: a person chose the owner.

    A machine all of whose signs became those of another leads to that one by `merged_into`, until other
    evidence, or a decision that is taken back, gives them back. `isolated_at`: since when it is off the
    network; `released_at`: when it was last put back.

    `lead` is the current case that speaks for the machine on lists: the least proven, of several the oldest.
    `lead_rank` (`rules.RANK`), its times and the numbers of cases are written by `leads` alone.
    """

    BY_ADDRESS = ("weak", "shared", "unlocated")
    """Kinds of ids of addresses behind which nobody knows a machine."""
    SEVERAL = ("shared", "unlocated")
    """Those of them that stand for several machines."""
    SORTS = NAMED, NAMELESS, DOUBTFUL = range(3)
    """`sort`: how sure it is that it is a machine apart (`quetsach.machines.identity.figures`)."""
    STRENGTHS = (
        ("located", _("known by what your office told of its machines")),
        ("inferred", _("probably this machine")),
        ("weak", _("known only by its address")),
        ("shared", _("an address of many machines, at least one of them infected")),
        ("unlocated", _("one of several machines, not known which")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="devices", db_index=False)
    owner = models.ForeignKey(CampaignNode, on_delete=models.PROTECT, related_name="devices")
    key = models.CharField(max_length=255)
    id_kind = models.CharField(max_length=10)
    id_value = models.CharField(max_length=300)
    strength = models.CharField(max_length=9, choices=STRENGTHS, default="weak")
    identity = models.JSONField(default=dict, help_text="host, mac, user, nat as last seen")
    is_assigned = models.BooleanField()
    is_owner_said = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")
    isolated_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    lead = models.ForeignKey(
        "Case", null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    lead_rank = models.PositiveSmallIntegerField(null=True)
    lead_relapses = models.PositiveSmallIntegerField(null=True)
    lead_seen = models.DateTimeField(null=True)
    lead_claimed_at = models.DateTimeField(null=True)
    current_cases = models.PositiveSmallIntegerField(default=0)
    open_cases = models.PositiveSmallIntegerField(default=0)
    sort = models.GeneratedField(
        expression=models.Case(
            models.When(~models.Q(strength=LOCATED), then=DOUBTFUL),
            models.When(
                models.Q(id_kind__in=("mac", "randommac")) & ~models.Q(identity__has_key="host"),
                then=NAMELESS,
            ),
            default=NAMED,
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )

    rows = models.Manager()
    objects = ScopedManager["Device"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (
            models.UniqueConstraint(fields=["campaign", "id_kind", "id_value"], name="device_once"),
        )
        indexes = (
            models.Index(fields=["campaign", "key", "id_value", "id"], name="device_by_key"),
            models.Index(fields=["id_value", "id_kind"], name="device_by_id"),
            models.Index(
                fields=["campaign", "owner", "sort", "lead_rank", "lead_claimed_at", "open_cases"],
                name="device_counted",
            ),
            models.Index(
                fields=["campaign", "lead_rank", "-lead_relapses", "-lead_seen", "lead", "owner",
                        "lead_claimed_at"],
                name="device_listed",
            ),
            models.Index(
                fields=["campaign"], name="device_isolated", condition=models.Q(isolated_at__isnull=False)
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.key

    @property
    def other_name(self) -> str:
        """Its host name, where `key` is another one."""
        host = str(self.identity.get("host", ""))
        return "" if host.casefold() == self.key.casefold() else host

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "owner__path")


class Alias(models.Model):
    """A reporter's name for a machine, such as its address. Where leases tell machines apart, one address may
    be a name of several; else later sightings follow it, also after the machine was moved."""

    reporter = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="aliases")

    rows = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["reporter", "key", "device"], name="alias_once_per_reporter"),
        )

    def __str__(self) -> str:
        return self.key


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases; what is written tells their machines (`leads`)."""

    def update(self, **fields: Any) -> int:
        """As Django's, which `bulk_update` uses as well."""
        if leads.KEPT.isdisjoint(fields):
            return super().update(**fields)
        told = [fields[name] for name in ("device", "device_id") if name in fields]
        devices = set(self.order_by().values_list("device", flat=True))
        done = super().update(**fields)
        leads.keep(devices | {getattr(one, "pk", one) for one in told})
        return done

    def bulk_create(self, objs: Iterable[Case], *more: Any, **named: Any) -> list[Case]:
        """As Django's."""
        made = super().bulk_create(objs, *more, **named)
        Case.written(made)
        return made

    def delete(self) -> tuple[int, dict[str, int]]:
        """As Django's."""
        devices = set(self.order_by().values_list("device", flat=True))
        done = super().delete()
        leads.keep(devices)
        return done


class Case(models.Model):
    """One machine and one malware family (`""`: an indicator without a family, one case per campaign).

    A sign after VERIFIED_CLEAN opens a new episode. Only the latest episode is `is_current`, and only that is
    counted. A case whose machine became another one leads to the case there by `merged_into`; it is not
    current until it is parted again. Acts on it stay with it.

    The clocks of the unit run from `clock_at`, where it is set, else from `opened_at` (`clocks`); that of the
    proof from the first claim since then. `tries` are
    the tries to reach the machine since it was reached last.
    """

    STATES = (
        (State.NEW.value, _("new")),
        (State.ASSIGNED.value, _("assigned")),
        (State.CLEANING.value, _("being cleaned")),
        (State.CLAIMED_CLEAN.value, _("handled, not yet checked again")),
        (State.RECHECKED.value, _("handled, checked again without a sign")),
        (State.VERIFIED_CLEAN.value, _("verified clean")),
        (State.FALSE_POSITIVE.value, _("false alarm")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="cases")
    family = models.CharField(max_length=100, blank=True)
    episode = models.PositiveSmallIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")
    state = models.CharField(max_length=16, choices=STATES)
    opened_at = models.DateTimeField()
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    count = models.BigIntegerField(default=0, help_text="log lines with a sign")
    relapses = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    done = models.CharField(max_length=10, blank=True, help_text="how it was handled, by the present claim")
    verified_at = models.DateTimeField(null=True)
    clock_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    located_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True, help_text="when people called it a false alarm")
    tries = models.PositiveSmallIntegerField(default=0)
    unreachable_at = models.DateTimeField(null=True)
    aside_until = models.DateTimeField(null=True, help_text="not on the work list until then")
    quiet_until = models.DateTimeField(
        null=True, help_text="event time up to which silence is proven or confirmed"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+",
        help_text="set when a person, not a log, said that it is clean",
    )  # fmt: skip
    false_alarm_of = models.ForeignKey(
        IndicatorSet, null=True, on_delete=models.PROTECT, related_name="+",
        help_text="set when the case was closed because this version of the list was withdrawn",
    )  # fmt: skip
    sightings = models.ManyToManyField(Sighting, through="CaseSighting", related_name="+")

    PROOF_FROM = "first_claim_at"
    """The annotation of `flags.with_flags` that `proof_from` takes."""

    AGAIN = "infected_again"
    """The annotation of `flags.with_return` that `is_infected_again` takes."""

    BACK_SEEN, BACK_AT, BACK_ACT, BACK_KEPT = "back_seen", "back_at", "back_act", "back_kept"
    """The annotations of `flags.with_return` that `back_since`, `is_seen_again` and `is_back_gone` take."""

    to_do = models.GeneratedField(
        expression=models.Case(
            models.When(is_current=True, state__in=[one.value for one in OPEN], then=True), default=False
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )  # current, and a person must act on it

    rows = models.Manager.from_queryset(CaseQuerySet)()
    objects = ScopedManager["Case"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-last_seen", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["device", "family", "episode"], name="episode_once"),
            models.UniqueConstraint(
                fields=["device", "family"], condition=models.Q(is_current=True), name="one_current_episode"
            ),
        )
        indexes = (
            models.Index(fields=["state", "-last_seen"], name="case_by_state"),
            models.Index(
                fields=["-relapses", "-last_seen", "device", "id"], name="case_to_do",
                condition=models.Q(to_do=True),
            ),
            models.Index(
                fields=["aside_until"], name="case_aside", condition=models.Q(aside_until__isnull=False)
            ),
            models.Index(
                fields=["unreachable_at"], name="case_unreachable",
                condition=models.Q(unreachable_at__isnull=False),
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.device} · {self.family}"

    def save(self, *args: Any, **named: Any) -> None:
        """As Django's, and what the machine keeps of its cases follows."""
        super().save(*args, **named)
        fields = named.get("update_fields")
        if fields is None or not leads.KEPT.isdisjoint(fields):
            leads.keep([self.device_id])

    @classmethod
    def written(cls, cases: Iterable[Case]) -> None:
        """Tell the machines of cases that were written neither by `save` nor by `update`."""
        leads.keep(case.device_id for case in cases)

    @property
    def proof_from(self) -> datetime | None:
        """When the clock of the proof began: with the first claim since the clocks of the unit began. One
        query for a claimed case that `flags.with_flags` did not read."""
        if self.claimed_at is None:
            return None
        if (known := vars(self).get(self.PROOF_FROM)) is not None:
            moment: datetime = known
            return moment
        told = self.events.filter(act=Act.CLAIM.value, at__gte=self.clock_at or self.opened_at)
        first: datetime | None = told.aggregate(first=models.Min("at"))["first"]
        return min(self.claimed_at, first) if first is not None else self.claimed_at

    @property
    def back_since(self) -> datetime | None:
        """The time of the sign that came after the handling, or at which a machine out of use was seen, where
        nobody has handled it again since; the moment of the note where that time is not known. None for cases
        that `flags.with_return` did not read."""
        at: datetime | None = vars(self).get(self.BACK_AT)
        if at is None or not self.is_open:
            return None
        return parse_datetime(vars(self)[self.BACK_SEEN] or "") or at

    @property
    def is_seen_again(self) -> bool:
        """`back_since` is about a machine that was said to be out of use: it was seen, without a sign."""
        return self.back_since is not None and vars(self)[self.BACK_ACT] == Act.SEEN_AGAIN

    @property
    def is_back_gone(self) -> bool:
        """`back_since` rests on a file alone that was taken back. The case is open because somebody had
        worked on it."""
        if self.back_since is None or not vars(self)[self.BACK_KEPT]:
            return False
        return self.last_seen is None or self.last_seen < self.back_since

    @property
    def is_infected_again(self) -> bool:
        """The machine was proven clean of this malware before; False for cases that `flags.with_return` did
        not read."""
        return bool(vars(self).get(self.AGAIN))

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "device__owner__path")

    @property
    def is_open(self) -> bool:
        """Whether a person must still act on it."""
        return self.state in OPEN

    @property
    def last_day_aside(self) -> date | None:
        """The last day on which it is put aside."""
        return last_day_before(self.aside_until) if self.aside_until is not None else None


def last_day_before(moment: datetime) -> date:
    """The local day that ends at a moment, or that holds it."""
    return timezone.localdate(moment - timedelta(microseconds=1))


class CaseSighting(models.Model):
    """The evidence of a case. A row of one day may belong to two episodes, if the machine was declared clean
    between two of its lines; and to several machines, if they had the address in turn.

    `count`, `first` and `last` are the machine's part of the row, `runs` its runs where that is not the whole
    row. `why` is the rule that placed it (`locating.Place`), `candidates` the names of the machines that it
    may be. Links of older versions have no `count`: the whole row is the machine's.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="+")
    runs = models.JSONField(default=list)
    count = models.BigIntegerField(null=True)
    first = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    strength = models.CharField(max_length=9, blank=True)
    why = models.CharField(max_length=40, blank=True)
    candidates = models.JSONField(default=list)

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "sighting"], name="evidence_once"),)

    def __str__(self) -> str:
        return f"{self.case} · {self.sighting}"

    def own_part(self) -> Sighting:
        """The row, with only that part of it that is the machine's."""
        row = self.sighting
        if self.count is not None:
            row.count, row.first_seen, row.last_seen = self.count, self.first, self.last
            if self.runs:
                if row.runs and min(self.runs) != min(row.runs):
                    row.evidence, row.identity = "", {}  # those of the first line, of another machine
                row.runs = self.runs
        return row


class CaseEvent(models.Model):
    """One step in the history of a case: the person or rule that moved it, both states, and the reason."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    act = models.CharField(max_length=12)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    coverage = models.ForeignKey(Coverage, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    MOVED = "moved"
    """In the data of a check: its result is another machine's now."""
    UNDONE = "undone"
    """In the data of a relapse: there was no such sign, and the claim holds again."""

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.case} · {self.act}"

    @classmethod
    def checks(cls) -> models.QuerySet[CaseEvent]:
        """Signs that checks of the machine itself showed."""
        return cls.rows.filter(act=CHECK).exclude(data__has_key=cls.MOVED)


class CaseGap(models.Model):
    """A gap of a claimed case that somebody can close, as the latest judgement found it.

    `node` is the unit that closes it: the keeper of the log, else the owner of the machine. `place` is the
    name of that log, empty where the gap is none of a log. `first_day` and `last_day` are local days. A row
    holds only for the claim of `claimed_at`; each judgement replaces the rows of its case.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="gaps")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+", db_index=False)
    closing = models.CharField(max_length=12)
    place = models.CharField(max_length=200, blank=True)
    first_day = models.DateField()
    last_day = models.DateField()
    claimed_at = models.DateTimeField()

    rows = models.Manager()

    class Meta:
        indexes = (models.Index(fields=["node", "closing", "place"], name="gap_of_a_log"),)

    def __str__(self) -> str:
        return f"{self.case} · {self.closing}"


class JudgingRun(models.Model):
    """One run over all claims of a campaign, as the nightly command makes it.

    `reached` is the last case judged: a run that was cut short goes on behind it, `restarts` counts that.
    Without `ended_at` the run is under way, or was cut short.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="judging_runs")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reached = models.UUIDField(null=True)
    seconds = models.FloatField(default=0)
    judged = models.PositiveIntegerField(default=0)
    relapsed = models.PositiveIntegerField(default=0)
    rechecked = models.PositiveIntegerField(default=0)
    verified = models.PositiveIntegerField(default=0)
    restarts = models.PositiveSmallIntegerField(default=0)

    rows = models.Manager()

    class Meta:
        indexes = (models.Index(fields=["campaign", "-started_at"], name="judging_run_latest"),)

    def __str__(self) -> str:
        return f"{self.campaign} · {self.started_at}"
