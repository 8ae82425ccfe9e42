"""The annex of each unit. A report is one per node; what was sent is a revision and never changes.

The draft is a working copy that may hold anything typed. `version` rises with every change of the report, so
that two people, two tabs or a retry never overwrite each other unseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.reports.rollup import Figures
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Report(models.Model):
    """The annex of one node: its state, what is being typed, and which revisions are current and accepted.

    The accepted revision counts until another is accepted, also while the report is being amended.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waiting for review")
        RETURNED = "returned", _("returned")
        ACCEPTED = "accepted", _("accepted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.OneToOneField(CampaignNode, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, db_index=True)
    version = models.PositiveIntegerField(default=0)
    draft = models.JSONField(
        default=dict, help_text="as typed: r1..r4, n1..n4, narrative, proposals, external"
    )
    draft_at = models.DateTimeField(null=True)
    draft_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    current = models.ForeignKey("Revision", null=True, on_delete=models.PROTECT, related_name="+")
    accepted = models.ForeignKey("Revision", null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()
    objects = ScopedManager["Report"]()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return f"{self.node} · {self.state}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")

    @property
    def is_amending(self) -> bool:
        """An accepted revision counts while another is being prepared or reviewed."""
        return self.accepted_id is not None and self.state != self.State.ACCEPTED


class Revision(models.Model):
    """One submission, immutable: own figures, notes, texts, and the sum as it stood at that moment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    form = models.CharField(max_length=40, help_text="version of the annex form and its rules")
    r1 = models.PositiveIntegerField()
    r2 = models.PositiveIntegerField()
    r3 = models.PositiveIntegerField()
    r4 = models.PositiveIntegerField()
    notes = models.JSONField(default=dict, help_text="row key: note")
    narrative = models.TextField(blank=True)
    proposals = models.TextField(blank=True)
    external = models.JSONField(
        default=list, help_text="names of units without an account, counted in rows 1 and 3"
    )
    known = models.JSONField(default=dict, help_text="what the portal knew of each row at that moment")
    warnings = models.JSONField(
        default=list, help_text="rule, row, text by language, and how it was answered: note or tick"
    )
    totals = models.JSONField(default=dict, help_text="children and total as they stood, and who was missing")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    client_uuid = models.UUIDField(unique=True)
    based_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)

    rows = models.Manager()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["report", "number"], name="revision_number_once"),)

    def __str__(self) -> str:
        return f"{self.report_id} · {self.number}"

    @property
    def figures(self) -> Figures:
        return Figures(self.r1, self.r2, self.r3, self.r4)


class ReportComponent(models.Model):
    """What a submitted sum contained of one unit directly below: its accepted revision and its branch's sum.

    Stays as it was when that unit amends later; the difference is shown, the signed figure does not move.
    """

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="components")
    node = models.ForeignKey(CampaignNode, on_delete=models.PROTECT, related_name="+")
    node_revision = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="+")
    r1 = models.PositiveBigIntegerField()
    r2 = models.PositiveBigIntegerField()
    r3 = models.PositiveBigIntegerField()
    r4 = models.PositiveBigIntegerField()
    missing = models.PositiveIntegerField(help_text="units of the branch without an accepted report")

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["revision", "node"], name="component_once"),)

    def __str__(self) -> str:
        return f"{self.revision_id} · {self.node_id}"

    @property
    def figures(self) -> Figures:
        return Figures(self.r1, self.r2, self.r3, self.r4)


class ReportEvent(models.Model):
    """What happened to a report, append-only."""

    class Type(models.TextChoices):
        SUBMIT = "submit", _("submitted")
        WITHDRAW = "withdraw", _("withdrawn")
        RETURN = "return", _("returned for correction")
        ACCEPT = "accept", _("accepted")
        AMEND = "amend", _("opened for amendment")

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="events")
    type = models.CharField(max_length=10, choices=Type.choices)
    revision = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="events")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    rows = models.Manager()

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.type} {self.at:%Y-%m-%d %H:%M}"
