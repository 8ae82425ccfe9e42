"""Machines, and the history of each from its first sign to proof that it is clean.

Ownership is fixed when a machine is first seen; changing it is an audited act. Events are only ever added.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.rules import CHECK, OPEN, Act, State
from quetsach.portal.cases.work_models import CaseTerms as CaseTerms
from quetsach.portal.cases.work_models import FalseAlarm as FalseAlarm
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.units.models import ApiToken, within_units_of
from quetsach.victims.report import Meaning

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
    """

    BY_ADDRESS = ("weak", "shared", "unlocated")
    """Kinds of ids of addresses behind which nobody knows a machine."""
    STRENGTHS = (
        ("located", _("known by what your office told of its machines")),
        ("inferred", _("probably this machine")),
        ("weak", _("known only by its address")),
        ("shared", _("an address of many machines, at least one of them infected")),
        ("unlocated", _("one of several machines, not known which")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="devices")
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

    rows = models.Manager()
    objects = ScopedManager["Device"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (
            models.UniqueConstraint(fields=["campaign", "id_kind", "id_value"], name="device_once"),
        )
        indexes = (
            models.Index(fields=["campaign", "key"], name="device_by_key"),
            models.Index(fields=["id_value", "id_kind"], name="device_by_id"),
        )

    def __str__(self) -> str:
        return self.key

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


class NotOurs(models.Model):
    """A unit said that a machine is not its own, and it went up to the superior. Only ever added."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="refusals")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()

    rows = models.Manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.device} · {self.node}"


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

    rows = models.Manager()
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
        indexes = (models.Index(fields=["state", "-last_seen"], name="case_by_state"),)

    def __str__(self) -> str:
        return f"{self.device} · {self.family}"

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


def _kept_at(file: VictimFile, _name: str) -> str:
    """A path by content, without the sender's file name: nothing hostile becomes a path."""
    return f"victims/{file.digest[:2]}/{file.digest}-{file.pk}"


class VictimFile(models.Model):
    """A file of victims' reports that a node gave. Without `accepted_at` it is a draft: a person looks at the
    preview, and `content` is read again when the person agrees; then it goes.

    `left` counts the lines that became no report, by reason; `leftovers` holds the first of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="victim_files")
    name = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    publisher = models.CharField(max_length=20)
    kind = models.CharField(max_length=80, blank=True)
    content = models.FileField(
        upload_to=_kept_at, max_length=200, blank=True, help_text="path below MEDIA_ROOT"
    )
    told = models.JSONField(default=dict, help_text="what the person said of it: type, day")
    lines = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict)
    leftovers = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    rows = models.Manager()
    objects = ScopedManager["VictimFile"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["node", "digest", "kind"],
                condition=models.Q(accepted_at__isnull=False),
                name="victim_file_once",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class VictimReport(models.Model):
    """What a publisher says of one address: of an infection one event, of a risk all its events together.

    `key` tells reports apart, so that a report that comes again changes nothing. `node` is the node that gave
    the file, `owner` the node whose range holds the address; without an owner `why` is the reason. `case` is
    set once an infection has been taken into its case; `is_waiting` until then, and after every change.
    """

    CASES = tuple(one.value for one in Meaning if one.is_case)
    RISKS = tuple(one.value for one in Meaning if one.is_risk)

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(VictimFile, on_delete=models.CASCADE, related_name="reports")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey(
        CampaignNode, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    case = models.ForeignKey(Case, null=True, on_delete=models.SET_NULL, related_name="reports")
    key = models.CharField(max_length=32)
    publisher = models.CharField(max_length=20)
    kind = models.CharField(max_length=80)
    meaning = models.CharField(max_length=12)
    address = models.CharField(max_length=45)
    family = models.CharField(max_length=100, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    is_day = models.BooleanField(default=False, help_text="only the day is known")
    events = models.PositiveIntegerField(default=1)
    port = models.PositiveIntegerField(null=True)
    protocol = models.CharField(max_length=16, blank=True)
    severity = models.CharField(max_length=10, blank=True)
    host = models.CharField(max_length=255, blank=True)
    why = models.CharField(max_length=12, blank=True)
    is_waiting = models.BooleanField(default=False, help_text="an infection with an owner, for its case")
    received_at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["VictimReport"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (models.UniqueConstraint(fields=["node", "key"], name="victim_report_once"),)
        indexes = (
            models.Index(
                fields=["node", "address", "family"],
                name="victim_report_waiting",
                condition=models.Q(is_waiting=True),
            ),
            models.Index(fields=["address"], name="victim_report_address"),
            models.Index(fields=["owner", "meaning"], name="victim_report_risk"),
            models.Index(
                fields=["node", "why"], name="victim_report_nobody", condition=models.Q(owner__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.address} · {self.kind}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "owner__path") | (
            models.Q(owner__isnull=True) & within_units_of(user, "node__path")
        )
