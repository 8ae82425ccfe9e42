"""The counts of refusals. `refusals.counting` writes and reads them, in one statement each."""

from __future__ import annotations

from django.db import models


class Refusal(models.Model):
    """The number of refusals at one door for one reason on one day of the portal's calendar."""

    day = models.DateField()
    door = models.CharField(max_length=20)
    reason = models.CharField(max_length=20)
    count = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["day", "door", "reason"], name="refusal_once"),)

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.door} {self.reason}: {self.count}"
