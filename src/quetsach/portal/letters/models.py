"""A letter as typed, and the office's data for it: number, date and signed file.

The office numbers and signs in its own document system; nothing is signed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Letter(models.Model):
    """A letter. `fields` as `quetsach document letter` reads them, with number and date once issued.

    It belongs to campaign and unit, not to a node: a draft campaign has no nodes. `is_order`: the issuer's
    letter that starts the campaign, which every unit reads. `signatures` are the results of the signed file
    when it came in. `version` grows with every change.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ISSUED = "issued", _("issued")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="letters")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="letters")
    is_order = models.BooleanField(default=False)
    fields = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    number = models.PositiveIntegerField(null=True)
    symbol = models.CharField(max_length=200)
    issued_on = models.DateField(null=True)
    signed_sha256 = models.CharField(max_length=64, blank=True)
    signed_name = models.CharField(max_length=200, blank=True)
    signatures = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    issued_at = models.DateTimeField(null=True)

    rows = models.Manager()
    objects = ScopedManager["Letter"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="draft")
                | models.Q(number__isnull=False, issued_on__isnull=False, issued_at__isnull=False),
                name="issued_letter_has_number_and_date",
            ),
            models.UniqueConstraint(
                fields=["campaign"], condition=models.Q(is_order=True), name="one_order_per_campaign"
            ),
        ]

    def __str__(self) -> str:
        return str(self.fields.get("subject", ""))

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")

    @property
    def is_issued(self) -> bool:
        """Whether number and date are entered."""
        return self.state == self.State.ISSUED
