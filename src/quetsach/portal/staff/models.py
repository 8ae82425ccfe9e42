"""Invitations to serve in a unit, by a link that works once; and handovers of roles between persons."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.units.models import Role, Unit
from quetsach.portal.units.roles import Verb, still_may


class Invitation(models.Model):
    """A link to take a role in `unit` or, where `person` is set, to choose a new password; kept as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role.choices)
    until = models.DateField(null=True, help_text="the last day of the role")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    email = models.EmailField(blank=True, help_text="where the link is sent; empty: handed over by hand")
    sent_at = models.DateTimeField(null=True, help_text="when an e-mail with it last left")
    digest = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="null: made on the server",
    )
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        ordering = ("-issued_at",)

    def __str__(self) -> str:
        return f"{self.unit} · {self.role}"

    @property
    def issuer(self) -> str:
        """The name of the inviting person or office, for the reader of the link."""
        return self.issued_by.get_full_name() if self.issued_by else gettext("The portal's administrator")

    @property
    def is_live(self) -> bool:
        """Whether its link still opens something."""
        return self.is_open and self.is_given

    @property
    def is_open(self) -> bool:
        """Whether it is unused, not taken back and not too old."""
        return not self.used_at and not self.revoked_at and self.expires_at > timezone.now()

    @property
    def is_given(self) -> bool:
        """Whether the person who made it may still do so. `staff.queries` asks this of many at once, in the
        annotation `maker_may`."""
        known: bool | None = getattr(self, "maker_may", None)
        return still_may(self.issued_by, Verb.MANAGE_SEATS, self.unit.path) if known is None else known


class HandOver(models.Model):
    """All roles of one person went to another from a day on."""

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="taken")
    on = models.DateField()
    reason = models.CharField(max_length=300)
    seats = models.JSONField(default=list, help_text="role and unit's name, as handed over")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    rows = models.Manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.giver} → {self.taker} {self.on:%d/%m/%Y}"
