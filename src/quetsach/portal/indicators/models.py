"""The lists of malicious addresses of a campaign: numbered, immutable once published.

The content is one file per list, named by its SHA-256 (`store`); the row holds its numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class IndicatorSet(models.Model):
    """One list. `version` is set when it is published; scans name `set_id` in their header.

    `forms` maps a download form (`indicators.writing`) to its file: sha256, bytes, left_out, narrowed.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="indicator_sets")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    version = models.PositiveIntegerField(null=True)
    set_id = models.CharField(max_length=64, db_index=True)
    sha256 = models.CharField(max_length=64, help_text="of the stored list")
    count = models.PositiveIntegerField()
    kinds = models.JSONField(default=dict, help_text="kind to count")
    families = models.JSONField(default=list, help_text="the most frequent: [family, count]")
    files = models.JSONField(default=list, help_text="as uploaded: name, bytes")
    rejected = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0)
    warned = models.PositiveIntegerField(default=0)
    notes = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the CSV that tells each of them"
    )
    hashes = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the stored hashes of files; empty without any"
    )
    hash_count = models.PositiveIntegerField(default=0)
    doubts = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the doubtful entries (`doubtful.entries`)"
    )
    groups = models.JSONField(default=dict, help_text="group of doubtful entries to [kept, left out]")
    decided = models.PositiveIntegerField(default=0, help_text="how often a person decided about them")
    forms = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = models.Manager()
    objects = ScopedManager["IndicatorSet"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=["campaign", "version"], name="set_version_once"),)

    def __str__(self) -> str:
        return f"{self.campaign} · {self.version or self.status}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "campaign__issuer__path")


class Decision(models.Model):
    """What a person decided about one doubtful entry of a list, or, with an empty `entry`, about its group.

    `entry` is the entry's hashed spelling; `key` is the SHA-256 of it, empty for a group.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    of = models.ForeignKey(IndicatorSet, on_delete=models.CASCADE, related_name="decisions")
    group = models.CharField(max_length=12)
    entry = models.TextField(blank=True)
    key = models.CharField(max_length=64, blank=True)
    keeps = models.BooleanField()
    reason = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["Decision"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("group", "decided_at")
        constraints = (models.UniqueConstraint(fields=["of", "group", "key"], name="decision_once"),)

    def __str__(self) -> str:
        return f"{self.of}: {self.entry or self.group}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "of__campaign__issuer__path")
