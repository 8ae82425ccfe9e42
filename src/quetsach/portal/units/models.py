"""The tree of offices, their networks, who serves in them, and the tokens of their machines.

A unit's identity is its UUID; official codes are reused for other places and are only attributes.
"""

from __future__ import annotations

import ipaddress
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

PATH_LENGTH = 400
"""Thirty levels of 13 characters."""


def path_segment(unit_id: uuid.UUID) -> str:
    """One level of a materialised path: the random end of the id and a slash."""
    return f"{unit_id.hex[-12:]}/"


def subtree(path: str, field: str = "path") -> models.Q:
    """The row at `path` and all below it. A range, so that both databases use the index."""
    return models.Q((f"{field}__gte", path), (f"{field}__lt", path[:-1] + "0"))  # "0" follows "/"


class Unit(models.Model):
    """An office at any depth."""

    class Kind(models.TextChoices):
        PROVINCE = "ubnd_province", _("Provincial People's Committee")
        DEPARTMENT = "so", _("Provincial department")
        DISTRICT = "ubnd_district", _("District People's Committee")
        OFFICE = "phong", _("District office")
        COMMUNE = "ubnd_commune", _("Commune People's Committee")
        SCHOOL = "school", _("School")
        CLINIC = "clinic", _("Health station")
        ENTERPRISE = "enterprise", _("Enterprise")
        OTHER = "other", _("Other unit")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=PATH_LENGTH, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(max_length=60, blank=True)
    doc_abbr = models.CharField(max_length=30, blank=True, help_text="in document symbols, e.g. UBND")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.OTHER)
    code = models.CharField(max_length=20, blank=True)
    position = models.PositiveIntegerField(default=0)
    search_key = models.CharField(max_length=200, blank=True, db_index=True)
    staff_count = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    rows = models.Manager()
    objects = ScopedManager["Unit"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "path")


def within_units_of(user: User | AnonymousUser, field: str) -> models.Q:
    """Rows whose path lies in or below a unit in which the person serves; nothing for strangers."""
    q = models.Q(pk__in=[])
    if user.is_authenticated and user.is_active:
        for path in Membership.rows.filter(user=user).values_list("unit__path", flat=True):
            q |= subtree(path, field)
    return q


def validate_network(text: str) -> None:
    """Accept a network without host bits."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValidationError(_("%(text)s is not a network, e.g. 10.1.2.0/24."), params={"text": text}) from error


class Network(models.Model):
    """Addresses of a unit. Private ranges repeat all over the country: only meaningful below one reporter."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="networks")
    cidr = models.CharField(max_length=43, validators=[validate_network])
    note = models.CharField(max_length=200, blank=True)

    rows = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "cidr"], name="network_once_per_unit")]

    def __str__(self) -> str:
        return self.cidr


class Role(models.TextChoices):
    """What a person is to a unit. `roles.py` says what each may do."""

    COORDINATOR = "coordinator", _("Coordinator")
    OFFICER = "officer", _("Unit officer")
    IT = "it", _("IT staff")
    READER = "reader", _("Reader")


class Membership(models.Model):
    """A person serves in a unit, and sees it and what is below."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    rows = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "unit", "role"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.unit}"


class ApiToken(models.Model):
    """Lets a unit's machine push sightings. Only the hash is kept; `prefix` tells tokens apart on the page."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    rows = models.Manager()
    objects = ScopedManager["ApiToken"]()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")
