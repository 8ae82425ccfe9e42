"""The annex of each unit. Each node has one report; a sent report is a revision and never changes.

The draft is a working copy with any typed entries. `version` rises with every change of the report, so that
two people, two tabs or a retry never overwrite each other unseen.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Report(models.Model):
    """The annex of one node: its state, the typed draft, and its current and accepted revisions.

    The accepted revision counts until another is accepted, also while the report is being amended.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("with the head of the unit")
        SUBMITTED = "submitted", _("waiting for review")
        RETURNED = "returned", _("returned")
        ACCEPTED = "accepted", _("accepted")
        AMEND_ASKED = "amend_asked", _("amendment asked for")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.OneToOneField(CampaignNode, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT, db_index=True)
    version = models.PositiveIntegerField(default=0)
    draft = models.JSONField(default=dict, help_text="the fields of the form, as typed")
    draft_at = models.DateTimeField(null=True)
    draft_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    draft_key = models.UUIDField(null=True, help_text="one-time id of the open form that saved last")
    draft_file = models.JSONField(default=dict, help_text="name and sha256 of the file it was read from")
    current = models.ForeignKey("Revision", null=True, on_delete=models.PROTECT, related_name="+")
    accepted = models.ForeignKey("Revision", null=True, on_delete=models.PROTECT, related_name="+")
    is_on_time = models.BooleanField(
        null=True, help_text="whether the revision accepted first was handed in before the deadline"
    )

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
        """Whether an accepted revision counts while another is being prepared or reviewed."""
        return self.accepted_id is not None and self.state not in {
            self.State.ACCEPTED,
            self.State.AMEND_ASKED,
        }

    @property
    def is_with_others(self) -> bool:
        """Whether it waits for the unit's head or for the superior: nobody can type now."""
        return self.state in {self.State.IN_REVIEW, self.State.SUBMITTED}


class Revision(models.Model):
    """One submission, immutable: own figures, notes, texts, and the sum as it stood at that moment.

    Only `submitted_at` and `due_at` may be set later, once, when the unit's head passes it on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    form = models.CharField(max_length=40, help_text="version of the annex form and its rules")
    own = models.JSONField(default=dict, help_text="row key: count, as reported")
    adjust = models.JSONField(default=dict, help_text="row key: count added or taken away")
    adjust_reason = models.TextField(blank=True)
    counts = models.JSONField(default=dict, help_text="row key: own and adjustment, what sums add")
    notes = models.JSONField(default=dict, help_text="row key: note")
    narrative = models.TextField(blank=True)
    proposals = models.TextField(blank=True)
    external = models.JSONField(default=list, help_text="names of units without an account")
    known = models.JSONField(default=dict, help_text="what the portal knew of each row at that moment")
    warnings = models.JSONField(
        # The answer may also be "superior": taken by the superior, the unit was not asked.
        default=list,
        help_text="rule, row, text by language, and how it was answered: note or tick",
    )
    totals = models.JSONField(default=dict, help_text="children and total as they stood, and who was missing")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, help_text="when it reached the superior")
    due_at = models.DateTimeField(null=True, help_text="the deadline that held then")
    on_behalf = models.BooleanField(default=False, help_text="typed by a coordinator off the unit's own file")
    source = models.JSONField(default=dict, help_text="name and sha256 of the file it was read from")
    paper = models.JSONField(default=dict, help_text="row key: total written on the paper, as evidence")
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
        """The unit's own figures, without the adjustment."""
        return Figures(self.own)

    @property
    def counted(self) -> Figures:
        """The figures that the unit adds to the sum."""
        return Figures(self.counts)

    @property
    def handed_in(self) -> datetime:
        """When it reached the superior; while the unit's head still has it, when it was written."""
        return self.submitted_at or self.at

    @property
    def is_late(self) -> bool:
        """Whether it reached the superior after the deadline that held then."""
        return self.due_at is not None and self.handed_in >= self.due_at


class ReportComponent(models.Model):
    """The part of one unit directly below in a submitted sum: its accepted revision and its branch's sum.

    It never changes: if that unit amends later, pages show the difference, and the signed figure stays.
    """

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="components")
    node = models.ForeignKey(CampaignNode, on_delete=models.PROTECT, related_name="+")
    node_revision = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="+")
    counts = models.JSONField(default=dict, help_text="row key: count of the whole branch")
    missing = models.PositiveIntegerField(help_text="units of the branch without an accepted report")

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["revision", "node"], name="component_once"),)

    def __str__(self) -> str:
        return f"{self.revision_id} · {self.node_id}"

    @property
    def figures(self) -> Figures:
        return Figures(self.counts)


class ReportEvent(models.Model):
    """An event of a report, append-only: the state and the counting revision follow from these rows alone."""

    class Type(models.TextChoices):
        REVIEW = "review", _("given to the head of the unit")
        SUBMIT = "submit", _("submitted")
        WITHDRAW = "withdraw", _("withdrawn")
        RETURN = "return", _("returned for correction")
        ACCEPT = "accept", _("accepted")
        ASK = "ask", _("amendment asked for")
        DECLINE = "decline", _("amendment declined")
        AMEND = "amend", _("opened for amendment")
        SIGN = "sign", _("recorded as signed")
        ATTACH = "attach", _("signed file kept")

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


class Signing(models.Model):
    """The head signed this revision outside the portal, and the office issued it. It never changes again."""

    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, related_name="signing")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    document = models.CharField(max_length=120, blank=True, help_text="number and date, as issued")

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.revision_id} · {self.document}"


class SignedCopy(models.Model):
    """The signed PDF of a report as it came in, with its signatures' results at that time. Never changed.

    The newest file is in force; earlier files stay, with the `reason` for the file that replaced them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    signing = models.ForeignKey(Signing, on_delete=models.PROTECT, related_name="copies")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200, help_text="as the person named it")
    signatures = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True, help_text="why it takes the place of the one before")

    rows = models.Manager()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.signing_id} · {self.name}"


class MachineFigures(models.Model):
    """The figures of machines of a unit and all below, at the moment at which a revision was sent.

    Number 1 is frozen with the revision and never changes. Each further number restates the same moment
    by what became known since, with the `reasons`: pairs of a word of `quetsach.machines.counting.reasons`
    and a number of machines. `by` is None where the portal noticed it by itself. A restatement that a person
    made may be taken back; then the number before it holds. `noted_by` has read a restatement of the portal.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="machine_figures")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(help_text="the moment that the figures are about")
    made_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    own = models.JSONField(default=dict, help_text="figures of the unit alone")
    whole = models.JSONField(default=dict, help_text="figures of the unit and all below")
    reasons = models.JSONField(default=list)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(null=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = models.Manager()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["revision", "number"], name="machine_figures_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.revision_id} · {self.number}"


class MachineFiguresPart(models.Model):
    """The machines of one unit behind figures, so that later knowledge can be explained. No page shows them:
    only counts go up. By the machine's id: rung, kind, and whether it relapsed, was infected again and could
    not be reached (`counting.figures.Standing`)."""

    figures = models.ForeignKey(MachineFigures, on_delete=models.CASCADE, related_name="parts")
    node = models.ForeignKey(CampaignNode, on_delete=models.PROTECT, related_name="+")
    counts = models.JSONField(default=dict, help_text="figures of this unit alone")
    machines = models.JSONField(default=dict)

    rows = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["figures", "node"], name="machine_figures_part_once"),)

    def __str__(self) -> str:
        return f"{self.figures_id} · {self.node_id}"


class ReportPolicy(models.Model):
    """A campaign's policy for reports. Without a row there is no review by heads and no lock by date."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="report_policy")
    head_review = models.BooleanField(default=False)
    grace_until = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()

    def __str__(self) -> str:
        return str(self.campaign)


class UnlockGrant(models.Model):
    """A superior lets one unit, or it and all units below, change locked reports until a moment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="unlock_grants")
    with_below = models.BooleanField(default=False)
    until = models.DateTimeField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.node} · {self.until:%Y-%m-%d %H:%M}"


class FormVersion(models.Model):
    """A form that an office wrote itself. Immutable: its key ends with a hash of the definition."""

    key = models.CharField(max_length=40, unique=True)
    definition = models.JSONField()
    based_on = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    rows = models.Manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.key
