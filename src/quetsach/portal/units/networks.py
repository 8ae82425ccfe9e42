"""The ranges of addresses of units, with their days and the superior's decision."""

from __future__ import annotations

import ipaddress
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_network(text: str) -> None:
    """Accept a network without host bits."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValidationError(
            _("%(text)s is not a network, e.g. 10.1.2.0/24."), params={"text": text}
        ) from error


class Network(models.Model):
    """Addresses of a unit, from `begin` (None: ever) until the day before `end` (None: still).

    A unit asks for a range, and its superior decides. Private ranges repeat all over the country: they are
    only meaningful below one reporter.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("waits for the superior")
        HELD = "held", _("the unit's own")
        REFUSED = "refused", _("refused")

    unit = models.ForeignKey("units.Unit", on_delete=models.CASCADE, related_name="networks")
    cidr = models.CharField(max_length=43, validators=[validate_network])
    note = models.CharField(max_length=200, blank=True)
    begin = models.DateField(null=True, blank=True)
    end = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.HELD)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="why it was refused or ended")

    rows = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit", "cidr"],
                condition=models.Q(end=None, state__in=["asked", "held"]),
                name="network_once_per_unit",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["cidr"], name="network_by_cidr")]

    def __str__(self) -> str:
        return self.cidr


HELD = models.Q(state=Network.State.HELD)
"""Ranges on which a superior has decided, also those that a unit no longer has."""


def held_on(day: date) -> models.Q:
    """The ranges that units have on that day."""
    began = models.Q(begin=None) | models.Q(begin__lte=day)
    return HELD & began & (models.Q(end=None) | models.Q(end__gt=day))
