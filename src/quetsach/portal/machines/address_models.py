"""Addresses about which a person is asked: do they ask for others?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class AskedAddress(models.Model):
    """Log lines name several machines at one address within an hour (`identity.forwarders.crowd`), so that it
    may be a resolver, a proxy or a gateway. `hour` is the beginning of that hour, `machines` are the cards or
    host names, as rows spell `who`. `is_open` until a person of the unit says what the address is."""

    id = models.BigAutoField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=45)
    hour = models.DateTimeField()
    machines = models.JSONField(default=list)
    is_open = models.BooleanField(default=True)

    rows = models.Manager()
    objects = ScopedManager["AskedAddress"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (models.UniqueConstraint(fields=["unit", "address"], name="asked_address_once"),)
        indexes = (
            models.Index(fields=["unit"], name="asked_address_open", condition=models.Q(is_open=True)),
        )

    def __str__(self) -> str:
        return self.address

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")
