"""What the work on machines keeps beside cases: false alarms that people say, the terms of a campaign, and
units that a machine does not belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class FalseAlarm(models.Model):
    """A person says that signs have another reason; a second person must agree.

    Of `case`: the evidence that it has; of `machine`: `indicators` on its device, wherever they are seen; of
    `everywhere`: `indicators` on all machines of the campaign. It ends with the next version of the list.
    `decider` is the node whose people are asked to decide; None where nobody can be.
    """

    class Scope(models.TextChoices):
        CASE = "case", _("this case")
        MACHINE = "machine", _("these addresses on this machine")
        EVERYWHERE = "everywhere", _("these addresses on all machines")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope_of = models.CharField(max_length=10, choices=Scope.choices)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="false_alarms")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    decider = models.ForeignKey(CampaignNode, null=True, on_delete=models.CASCADE, related_name="+")
    indicators = models.JSONField(default=list)
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    batch = models.CharField(max_length=32, blank=True)
    is_agreed = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_why = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, help_text="taken back")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_why = models.TextField(blank=True)

    rows = models.Manager()
    objects = ScopedManager["FalseAlarm"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(decided_at=None, ended_at=None),
                name="one_waiting_false_alarm",
            ),
        )  # fmt: skip
        indexes = (
            models.Index(
                fields=["decider"], name="false_alarm_waiting",
                condition=models.Q(decided_at=None, ended_at=None),
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.case} · {self.scope_of}"

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has decided yet."""
        return self.decided_at is None and self.ended_at is None

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "node__path")


class CaseTerms(models.Model):
    """The days that a campaign gives its units; without a row those of `clocks.Terms` count."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="case_terms")
    acknowledge = models.PositiveSmallIntegerField(default=2)
    locate = models.PositiveSmallIntegerField(default=5)
    claim = models.PositiveSmallIntegerField(default=10)
    verify = models.PositiveSmallIntegerField(default=14)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    rows = models.Manager()

    def __str__(self) -> str:
        return f"{self.acknowledge}, {self.locate}, {self.claim}, {self.verify}"


class NotOurs(models.Model):
    """A unit said that a machine is not its own, and it went up to the superior. Deleted only where the
    person takes that back."""

    device = models.ForeignKey("cases.Device", on_delete=models.CASCADE, related_name="refusals")
    node = models.ForeignKey(CampaignNode, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()

    rows = models.Manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.device} · {self.node}"
