"""A campaign, the tree it froze when it was published, and each unit's own dated actions in it.

Everything that a campaign counts hangs on its frozen nodes, never on units: a reorganisation half-way
changes no figure. Sums follow `CampaignNode.parent`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import PATH_LENGTH, Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Campaign(models.Model):
    """One order: issuer, letter, deadline, form and settings."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Running")
        CLOSED = "closed", _("Closed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    issuer = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="campaigns")
    title = models.CharField(_("title"), max_length=300)
    summary = models.TextField(_("in one sentence"), blank=True)
    letter = models.JSONField(
        default=dict,
        help_text="number, symbol, place, date, subject, recipients, body paragraphs, signature, cc",
    )
    contact = models.JSONField(default=dict, help_text="name, phone")
    due_at = models.DateTimeField(_("deadline"), help_text="first moment that is late")
    due_text = models.CharField(max_length=60, blank=True, help_text="as the letter puts it")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    form = models.CharField(
        max_length=40, default="annex-2022", help_text="version of the annex form and its rules"
    )
    count_self = models.BooleanField(default=False, help_text="rows 1 and 3 count the reporting unit itself")
    quiet_days = models.PositiveSmallIntegerField(
        default=14, help_text="days without a hit that prove a machine clean"
    )
    check_days = models.PositiveSmallIntegerField(
        default=14, help_text="how far back the public self-check looks"
    )
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-published_at", "-created_at")

    def __str__(self) -> str:
        return self.title

    @property
    def last_day(self) -> date:
        """The last day in time, on the portal's calendar."""
        return timezone.localdate(self.due_at - timedelta(microseconds=1))

    @property
    def days_left(self) -> int:
        """Whole days from today to the last day in time; negative when late."""
        return (self.last_day - timezone.localdate()).days

    @property
    def days_late(self) -> int:
        """Whole days since the last day in time; 0 before."""
        return max(0, -self.days_left)


class CampaignNode(models.Model):
    """A unit as it was when the campaign was published: name, code and place in the counting tree."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="nodes")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="nodes")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=PATH_LENGTH, db_index=True)
    depth = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveIntegerField(default=0, help_text="order among siblings")
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=20, choices=Unit.Kind.choices)
    doc_abbr = models.CharField(max_length=30, blank=True)
    staff_count = models.PositiveIntegerField(null=True)
    due_at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["CampaignNode"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("depth", "position", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "unit"], name="unit_once_per_campaign"),
            models.UniqueConstraint(fields=["campaign", "path"], name="path_once_per_campaign"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "path")

    def is_late(self, at: datetime) -> bool:
        """Whether something done at that moment comes after the node's deadline."""
        return at >= self.due_at


class Dispatch(models.Model):
    """The campaign was passed on from a node to one directly below it."""

    to_node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="dispatch")
    from_node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="dispatches")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.from_node} → {self.to_node}"


class Acknowledgement(models.Model):
    """A unit has received the campaign (annex row 1, counted by its superior)."""

    node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="acknowledgement")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.node} · {self.at:%d/%m/%Y}"


class Participation(models.Model):
    """A unit has carried the campaign out (annex row 3, counted by its superior): its own dated action."""

    node = models.OneToOneField(CampaignNode, on_delete=models.CASCADE, related_name="participation")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.node} · {self.at:%d/%m/%Y}"


class Headcount(models.Model):
    """How many of a unit's own people are informed (annex row 2) or done (row 4); the latest counts."""

    class Kind(models.TextChoices):
        INFORMED = "informed", _("informed")
        DONE = "done", _("done")

    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="headcounts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    count = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.node} · {self.kind} · {self.count}"
