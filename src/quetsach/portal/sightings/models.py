"""The content of scans, stored once: a repeated fact changes nothing.

Every row belongs to the frozen node of the reporting unit. The app cases decides the owner of a device.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.kit.ids import made_at, uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.sightings.intake import lost, spans_of
from quetsach.portal.sightings.spans import Span
from quetsach.portal.units.models import ApiToken, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Scan(models.Model):
    """An accepted scan: its last record has arrived. `digest` identifies its content, so that a repeat is
    recognised.

    `indicator_set` is the campaign's published list that the scan used; None for a list unknown here. `asked`
    are the machines that it was asked about; None where it was asked about nobody, or before this was kept.
    What one device sends of one place with one list is one scan that grows: `begun_at` is its first sending,
    `accepted_at` the latest one that brought something.
    """

    class Door(models.TextChoices):
        API = "api", _("sent by a machine")
        UPLOAD = "upload", _("uploaded")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="scans")
    digest = models.CharField(max_length=64)
    set_id = models.CharField(max_length=64)
    indicator_set = models.ForeignKey(IndicatorSet, null=True, on_delete=models.PROTECT, related_name="+")
    source_name = models.CharField(max_length=200)
    tool = models.CharField(max_length=100)
    tz = models.CharField(max_length=60)
    asked = models.ForeignKey("AskedList", null=True, on_delete=models.PROTECT, related_name="+")
    sources = models.PositiveIntegerField()
    errors = models.PositiveIntegerField()
    door = models.CharField(max_length=8, choices=Door.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["Scan"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-accepted_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["node", "digest"], name="scan_once"),)

    def __str__(self) -> str:
        return f"{self.source_name} · {self.accepted_at:%d/%m/%Y}"

    @property
    def begun_at(self) -> datetime:
        """When its first part arrived."""
        return made_at(self.pk)

    @property
    def has_grown(self) -> bool:
        """Whether it came in several sendings."""
        return self.accepted_at - self.begun_at > timedelta(minutes=1)

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class Coverage(models.Model):
    """One source as an accepted scan told it. `gaps` are the times whose lines are lost, as the wire spells
    them. What is known of its days now, by all scans with the same list, stands in `CoveredDay`.

    `stretches` are the times with lines where a pause of more than `spans.PAUSE` lies within the source, in
    the same spelling; `[]` where there is no such pause, or the lines of each hour are not known.
    `not_understood` lines name a listed address and no machine; `unattributed` holds the first of them.
    """

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="coverages")
    source = models.CharField(max_length=64, blank=True)
    path = models.TextField()
    name = models.CharField(max_length=200)
    bytes = models.BigIntegerField()
    lines = models.BigIntegerField()
    not_understood = models.BigIntegerField()
    long_lines = models.BigIntegerField()
    inbound = models.BigIntegerField()
    first = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    time = models.CharField(max_length=12)
    zone = models.CharField(max_length=60)
    errors = models.JSONField(default=list)
    gaps = models.JSONField(default=list)
    stretches = models.JSONField(default=list)
    unattributed = models.JSONField(default=list)

    rows = models.Manager()

    class Meta:
        indexes = (
            models.Index(fields=["source"], name="coverage_source"),
            models.Index(
                fields=["scan"], name="coverage_no_machine", condition=models.Q(not_understood__gt=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} · {self.path}"

    @property
    def lost(self) -> list[Span]:
        """The times whose lines are lost."""
        return lost(self.gaps)

    @property
    def spans(self) -> list[Span]:
        """The times that the source covers; none without a time."""
        return spans_of(self.first, self.last, self.stretches)


class AskedList(models.Model):
    """The machines that scans of a unit were asked about, in the spelling of `Scan.asked` on the wire; kept
    once for all days that share it. `digest` is the SHA-256 of the names."""

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    names = models.JSONField(default=list)

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "digest"], name="asked_list_once"),)

    def __str__(self) -> str:
        return self.digest


class CoveredDay(models.Model):
    """What is known of one UTC day of one source, as it was looked at with one list. The telling with the
    most bytes of the source stays.

    `coverage` is the telling of the source that the row rests on: its errors and its clock are there.
    `hours` has the log lines of each UTC hour; empty where they are not known. `gaps` are those that begin
    on the day. `devices` are all machines that were alive, if the scan recorded them. `alive` has, for each
    machine of `asked` that was seen, the hours as bits; `asked` is None where nobody was asked about.
    `digest` is of all that: an equal one is not written again.
    """

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=64)
    set_id = models.CharField(max_length=64)
    day = models.DateField()
    coverage = models.ForeignKey(Coverage, on_delete=models.CASCADE, related_name="days")
    bytes = models.BigIntegerField(help_text="of the source, when the day was told")
    first = models.DateTimeField()
    last = models.DateTimeField()
    hours = models.JSONField(default=list)
    order = models.CharField(max_length=8, blank=True)
    gaps = models.JSONField(default=list)
    devices = models.JSONField(default=list)
    asked = models.ForeignKey(AskedList, null=True, on_delete=models.PROTECT, related_name="+")
    alive = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    rows = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["node", "source", "set_id", "day"], name="covered_day_once"),
        )
        indexes = (models.Index(fields=["node", "day"], name="covered_day_of_node"),)

    def __str__(self) -> str:
        return f"{self.source[:12]} · {self.day}"


class Told(models.Model):
    """What a row of the wire says of one machine, one UTC day and one source. Of rows with the same `key` the
    larger count stays. `runs` are those of the wire; `[]` where they are not known."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    source_name = models.CharField(max_length=200)
    matched = models.TextField()
    field = models.CharField(max_length=12)
    device = models.CharField(max_length=255, blank=True)
    identity = models.JSONField(default=dict)
    who = models.CharField(max_length=4096, null=True, help_text="tells machines with one device apart")
    day = models.DateField(null=True)
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    count = models.BigIntegerField()
    runs = models.JSONField(default=list)
    action = models.CharField(max_length=8)
    logformat = models.CharField(max_length=60)

    class Meta:
        abstract = True

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class Bypass(Told):
    """A machine that goes around the place that watches, on one UTC day of one source: no sighting, and no
    case.

    `key` is the SHA-256 of (source, provider, kind, device, who, day).
    """

    class Kind(models.TextChoices):
        DOH = "doh", _("DNS over HTTPS")
        DOT = "dot", _("DNS over TLS")
        DOQ = "doq", _("DNS over QUIC")
        RELAY = "relay", _("a relay")
        VPN = "vpn", _("a VPN")
        PROXY = "proxy", _("a proxy")
        DNS = "dns", _("a foreign DNS server")

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="bypasses")
    provider = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    told_at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["Bypass"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-last_seen", "-pk")
        constraints = (models.UniqueConstraint(fields=["node", "key"], name="bypass_once"),)
        indexes = (
            models.Index(fields=["node", "device", "last_seen"], name="bypass_of_machine"),
            models.Index(fields=["node", "source"], name="bypass_of_source"),
        )

    def __str__(self) -> str:
        return f"{self.device} → {self.provider}"


class Sighting(Told):
    """An indicator seen from one device on one UTC day in one source.

    `key` is the SHA-256 of (source, indicator, device, who, day), because a URL is too long for an index; of
    a row without `who` that of (source, indicator, device, day).
    `is_listed`: the campaign published the indicator; only then a case may rest on the row. Every change
    clears `is_pulled`, and the app cases sets it.
    """

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="sightings")
    indicator = models.TextField()
    kind = models.CharField(max_length=10)
    family = models.CharField(max_length=100, blank=True)
    nat = models.CharField(
        max_length=45, null=True, help_text="the address in identity's nat, without a port"
    )
    card = models.CharField(max_length=17, null=True, help_text="the hardware address in identity's mac")
    evidence = models.TextField()
    set_id = models.CharField(max_length=64)
    is_listed = models.BooleanField()
    checked_version = models.PositiveIntegerField(default=0, help_text="of the list it was last looked up in")
    is_pulled = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["Sighting"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-last_seen", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["node", "key"], name="sighting_once"),
            models.CheckConstraint(condition=models.Q(count__gte=1), name="sighting_counts_lines"),
        )
        indexes = (
            models.Index(fields=["id"], name="sighting_waiting", condition=models.Q(is_pulled=False)),
            models.Index(
                fields=["node", "checked_version"],
                name="sighting_unlisted",
                condition=models.Q(is_listed=False),
            ),
            models.Index(fields=["node", "-last_seen"], name="sighting_latest"),
            models.Index(fields=["device"], name="sighting_device"),
            models.Index(
                fields=["node", "source", "device"],
                name="sighting_named",
                condition=models.Q(who__isnull=False),
            ),
            models.Index(
                fields=["node", "card"], name="sighting_card", condition=models.Q(card__isnull=False)
            ),
            models.Index(fields=["nat"], name="sighting_nat", condition=models.Q(nat__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.device} → {self.indicator}"

    @property
    def called(self) -> str:
        """The name of the machine: its address or name, else the address that a translation gave it, else its
        card; empty where the line tells none of them."""
        return self.device or self.nat or self.card or ""
