"""The register of a unit, kept: one row for each machine that its evidence makes, and its numbers.

Rows are computed from evidence (`register.filling`); nobody writes to them by hand. A key that counts within
a unit is spelled as in `spelling`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.models import SEGMENT, Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

LONGEST_ID = 255 + SEGMENT + 1


class RegisterRow(models.Model):
    """A machine in the register of a unit (`identity.entries.Entry`).

    `search` holds what people look for, folded. `days` counts days on which a source saw it. `group` is what
    figures need: machines of one group may be one. `questions` are those of the pure function about it.
    """

    class Standing(models.TextChoices):
        COMPUTER = "computer", _("Computer")
        VISITOR = "visitor", _("Seen on fewer than three days")
        APART = "apart", _("Phone, printer or other")
        RANDOM = "random", _("Only a random address")
        ELSEWHERE = "elsewhere", _("In another unit now")
        RETIRED = "retired", _("No longer in use")

    class Kind(models.TextChoices):
        PC = "pc", _("Computer for work")
        SERVER = "server", _("Server")
        PHONE = "phone", _("Phone")
        PRINTER = "printer", _("Printer")
        GUEST = "guest", _("Device of a guest")
        OTHER = "other", _("Other device")

    id = models.BigAutoField(primary_key=True)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    key_kind = models.CharField(max_length=10)
    key_value = models.CharField(max_length=LONGEST_ID)
    name = models.CharField(max_length=255, blank=True)
    search = models.TextField(blank=True)
    machine = models.CharField(max_length=10, blank=True, choices=Kind.choices)
    standing = models.CharField(max_length=9, choices=Standing.choices)
    is_confirmed = models.BooleanField(default=False)
    is_doubtful = models.BooleanField(default=False)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    days = models.PositiveIntegerField(default=0)
    addresses = models.JSONField(default=list, help_text="[address, kind, begin, end, source], latest first")
    sources = models.JSONField(default=list)
    about = models.JSONField(default=dict)
    keys = models.JSONField(default=list)
    names = models.JSONField(default=list)
    group = models.JSONField(default=list)
    questions = models.JSONField(default=list, help_text="[what, left, right, name, at]")
    is_asked = models.BooleanField(default=False)
    events = models.JSONField(default=list)
    reasons = models.JSONField(default=list)

    rows = models.Manager()
    objects = ScopedManager["RegisterRow"]()

    class Meta:
        default_manager_name = "rows"
        constraints = (
            models.UniqueConstraint(fields=["unit", "key_kind", "key_value"], name="register_row_once"),
        )
        indexes = (
            models.Index(fields=["unit", "standing", "name", "id"], name="register_of_unit"),
            models.Index(fields=["key_value", "key_kind"], name="register_of_key"),
        )

    def __str__(self) -> str:
        return self.name or self.key_value

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")


class RegisterFigures(models.Model):
    """The numbers of a unit's register (`identity.figures.Known`), so that units above see them without any
    row. `path` is the place of the unit in the tree for which the rows were computed."""

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="register_figures")
    path = models.CharField(max_length=400)
    least = models.PositiveIntegerField(default=0)
    most = models.PositiveIntegerField(default=0)
    visitors = models.PositiveIntegerField(default=0)
    apart = models.PositiveIntegerField(default=0)
    random = models.PositiveIntegerField(default=0)
    elsewhere = models.PositiveIntegerField(default=0)
    retired = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0, help_text="questions that wait for a person")
    at = models.DateTimeField()

    rows = models.Manager()
    objects = ScopedManager["RegisterFigures"]()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return f"{self.unit}: {self.least}–{self.most}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")
