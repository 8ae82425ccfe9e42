"""How far the clock of a unit's log lies from that of a table of translations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class ClockDifference(models.Model):
    """What connections that both tell say of two clocks (`identity.clocks.differences`). `add` are the
    microseconds that are added to times of the log: above 0 the log is behind."""

    id = models.BigAutoField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    log = models.CharField(max_length=255)
    table_unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=255)
    add = models.BigIntegerField()
    pairs = models.PositiveIntegerField()
    at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["ClockDifference"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (
            models.UniqueConstraint(
                fields=["unit", "log", "table_unit", "table"], name="clock_difference_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.log} · {self.table}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")
