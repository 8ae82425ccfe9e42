"""Counts by day, which `refusals.counting` and `visits` write and read, in one statement each."""

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


class Visit(models.Model):
    """The number of visits of the public self-check on one day from the ranges of one unit; no address.

    `unit` is the id of the unit in 32 hexadecimal digits, empty where no unit, or more than one, has the
    address.
    """

    day = models.DateField()
    unit = models.CharField(max_length=32, blank=True)
    count = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["day", "unit"], name="visit_once"),)

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.unit}: {self.count}"
