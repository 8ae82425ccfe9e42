"""An incident as its unit knows it, and each paper about it, frozen before it is signed and sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Case
from quetsach.portal.incidents.clocks import HOURS, Answer, Duty, Kind, Severity, duties
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


def _person() -> models.ForeignKey[User | None, User | None]:
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")


class Incident(models.Model):
    """Cases of one unit and of the units below it, that are told together.

    The clock runs from `opened_at`, when the earliest of the cases was opened, or from the earlier
    `detected_at` that a person gave. `texts` are what people wrote. `closed_at`: the final report was sent.
    `withdrawn_at`: a person took back an incident that was drafted by mistake, before anything was sent.
    """

    SEVERITIES = (
        (Severity.UNDECIDED.value, _("not decided yet")),
        (Severity.SERIOUS.value, _("serious")),
        (Severity.LESSER.value, _("not serious")),
    )
    ANSWERS = (
        (Answer.UNDECIDED.value, _("not known yet")),
        (Answer.YES.value, _("yes")),
        (Answer.NO.value, _("no")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(CampaignNode, on_delete=models.PROTECT, related_name="incidents")
    cases = models.ManyToManyField(Case, related_name="incidents")
    opened_at = models.DateTimeField(help_text="when the earliest case was opened")
    detected_at = models.DateTimeField(null=True, help_text="an earlier moment, as a person said")
    detected_why = models.TextField(blank=True)
    detected_by = _person()
    severity = models.CharField(max_length=8, choices=SEVERITIES, blank=True, default="")
    severity_why = models.TextField(blank=True)
    severity_by = _person()
    severity_at = models.DateTimeField(null=True)
    personal_data = models.CharField(max_length=3, choices=ANSWERS, blank=True, default="")
    personal_data_why = models.TextField(blank=True)
    personal_data_by = _person()
    personal_data_at = models.DateTimeField(null=True)
    texts = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = _person()
    changed_at = models.DateTimeField()
    changed_by = _person()
    closed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = _person()
    withdrawn_why = models.TextField(blank=True)

    rows = models.Manager()
    objects = ScopedManager["Incident"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-opened_at", "-pk")
        indexes = (
            models.Index(fields=["node"], name="incident_open", condition=models.Q(closed_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.node} · {self.opened_at:%d/%m/%Y}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")

    @property
    def clock_from(self) -> datetime:
        """The moment from which the law counts its hours."""
        return min(self.opened_at, self.detected_at or self.opened_at)

    @property
    def duties(self) -> list[Duty]:
        """The papers that are due. Reads the notices, unless the query did (`queries.with_sendings`)."""
        if hasattr(self, f"sent_{Kind.NOTICE}"):
            sent = [(kind.value, at) for kind in HOURS if (at := getattr(self, f"sent_{kind}")) is not None]
        else:
            sent = [(one.kind, one.sent_at) for one in self.notices.all() if one.sent_at is not None]
        return duties(self.clock_from, self.severity, self.personal_data, sent)


class IncidentNotice(models.Model):
    """One paper about an incident, frozen: its files are drawn once and never again.

    `number` counts the papers of a kind. The paper was sent when `sent_at` is set: a person said so.
    `dropped_at`: it was set aside unsent. `due_at` is the hour of the law when it was frozen.
    """

    KINDS = (
        (Kind.NOTICE.value, _("Notice within 24 hours")),
        (Kind.REPORT.value, _("Report within 72 hours")),
        (Kind.UPDATE.value, _("Update")),
        (Kind.FINAL.value, _("Final report")),
        (Kind.PERSONAL.value, _("Notice about personal data, within 72 hours")),
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=8, choices=KINDS)
    number = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(help_text="of the incident, when it was frozen")
    due_at = models.DateTimeField(null=True)
    pdf = models.CharField(max_length=64, help_text="SHA-256 of the file")
    docx = models.CharField(max_length=64, help_text="SHA-256 of the file")
    frozen_at = models.DateTimeField()
    frozen_by = _person()
    sent_at = models.DateTimeField(null=True)
    sent_to = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=100, blank=True, help_text="number and symbol of the office")
    recorded_at = models.DateTimeField(null=True)
    recorded_by = _person()
    dropped_at = models.DateTimeField(null=True)
    dropped_by = _person()

    rows = models.Manager()
    objects = ScopedManager["IncidentNotice"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("frozen_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=["incident", "kind", "number"], name="incident_paper_once"),
            models.CheckConstraint(
                condition=models.Q(sent_at__isnull=True) | models.Q(dropped_at__isnull=True),
                name="sent_paper_is_not_dropped",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "incident__node__path")

    @property
    def is_late(self) -> bool:
        """Whether it was sent after its hour."""
        return self.sent_at is not None and self.due_at is not None and self.sent_at > self.due_at

    @property
    def is_sent_before(self) -> bool:
        """Whether it was sent before these files were made, so that other words may have been sent."""
        return self.sent_at is not None and self.sent_at < self.frozen_at.replace(second=0, microsecond=0)

    def is_recorded_on(self, day: date) -> bool:
        """Whether its sending was recorded on that day."""
        return self.recorded_at is not None and timezone.localdate(self.recorded_at) == day
