"""The tree of offices, their networks, who serves in them, and the tokens of their machines.

A unit's identity is its UUID; official codes are reused for other places and are only attributes.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.compiled import compiled
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.units.networks import Network as Network
from quetsach.portal.units.role_term import RoleTerm, in_force

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

PATH_LENGTH = 400
"""Thirty levels of 13 characters."""


def path_segment(unit_id: uuid.UUID) -> str:
    """One level of a materialised path: the random end of the id and a slash."""
    return f"{unit_id.hex[-12:]}/"


SEGMENT = len(path_segment(uuid.UUID(int=0)))
"""Characters of one level."""


type Span = tuple[str, str]
"""The first path of a subtree, and the first after it."""


def span_of(path: str) -> Span:
    """The range of all paths in the subtree at `path`."""
    return path, path[:-1] + "0"  # "0" follows "/"


def inside(span: Span, field: str = "path") -> models.Q:
    """Rows of that range, so that both databases use the index."""
    return models.Q((f"{field}__gte", span[0]), (f"{field}__lt", span[1]))


def subtree(path: str, field: str = "path") -> models.Q:
    """The row at `path` and all below it."""
    return inside(span_of(path), field)


PHONE = RegexValidator(
    r"^\+?[0-9][0-9 .()/-]{5,}$", _("Write the number as 0213 3896 123 or +84 912 345 678.")
)


class Unit(models.Model):
    """An office at any depth, as it is now. Its former states stand in `history`; it is never deleted."""

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
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
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
    valid_from = models.DateField(
        null=True, blank=True, help_text="since when name, kind and superior hold; empty: as far as is known"
    )
    contact_name = models.CharField(_("whom to call"), max_length=100, blank=True)
    contact_phone = models.CharField(
        _("phone"),
        max_length=40,
        blank=True,
        validators=[PHONE],
    )
    contact_email = models.EmailField(_("e-mail"), max_length=200, blank=True)

    rows = models.Manager()
    objects = ScopedManager["Unit"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None

    @property
    def retired_on(self) -> date | None:
        """The first day on which it did not exist any more."""
        return timezone.localdate(self.retired_at) if self.retired_at else None

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "path")


def within_units_of(user: User | AnonymousUser, field: str) -> models.Q:
    """Rows whose path lies at or below a place of the person; none for strangers."""
    return within(places_of(user), field)


def within(places: list[Place], field: str = "path") -> models.Q:
    """Rows whose path lies at or below one of these places; none without places."""
    q = models.Q(pk__in=[])
    for path in {place[1] for place in places}:
        q |= subtree(path, field)
    return q


type Place = tuple[str, str]
"""A role and a path at which a person has it."""


def places_of(user: User | AnonymousUser) -> list[Place]:
    """The roles and paths of the person; none for strangers and locked accounts.

    Besides a unit's present path, these are its paths before it was moved, and the paths of units whose
    duties it took over: campaigns frozen then still use them.
    """
    if not user.is_authenticated or not user.is_active:
        return []
    cached: list[list[Place]] | None = getattr(user, _CACHE, None)
    if cached:
        return list(cached[0])
    rows = _served(user.pk, timezone.localdate())
    found = sorted({(role, path) for role, *paths in rows for path in paths if path})
    if cached is not None:
        cached.append(found)
    return list(found)


@compiled
def _served(user_id: int, on: date) -> models.QuerySet[Membership, tuple[str, str, str | None]]:
    served = Membership.ever.filter(in_force(on=on), user=user_id)
    return served.values_list("role", "unit__path", "unit__held_paths__path")


_CACHE = "_places_cache"


def cache_places(user: User) -> None:
    """Cache the places on this user object, which lives as long as one request."""
    setattr(user, _CACHE, [])


class Role(models.TextChoices):
    """A person's role in a unit. `roles.py` lists the rights of each."""

    COORDINATOR = "coordinator", _("Coordinator")
    OFFICER = "officer", _("Unit officer")
    IT = "it", _("IT staff")
    READER = "reader", _("Reader")
    AUDITOR = "auditor", _("Auditor")


class InForceManager(models.Manager["Membership"]):
    """Roles that hold today; rights and notices depend on these."""

    def get_queryset(self) -> models.QuerySet[Membership]:
        return super().get_queryset().filter(in_force())


class Membership(RoleTerm):
    """A person's role in a unit, from a day on and until one, if set; they see the unit and all below.

    A query must choose: `in_force`, or `ever`, which includes ended and future roles, to manage or record.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    ever = models.Manager()
    in_force = InForceManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "unit", "role"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.unit}"


class ApiToken(models.Model):
    """Lets a unit's machine push sightings. Only the hash is kept; `prefix` tells tokens apart."""

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


class ReorgEvent(models.Model):
    """One change of the tree, with its legal basis. An undone event stays, marked."""

    class Kind(models.TextChoices):
        FOUND = "found", _("founded")
        RENAME = "rename", _("renamed")
        MOVE = "move", _("moved")
        MERGE = "merge", _("merged")
        SPLIT = "split", _("split")
        ABOLISH = "abolish", _("abolished")
        ABOLISH_LEVEL = "abolish_level", _("level abolished")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    effective_on = models.DateField(help_text="the first day on which the new state holds")
    legal_basis = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    can_be_undone = models.BooleanField(default=True, help_text="false for what was written in bulk")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = models.Manager()

    class Meta:
        ordering = ("effective_on", "at")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.effective_on:%d/%m/%Y}"

    @property
    def is_open_to_undo(self) -> bool:
        """Whether it can still be undone."""
        return self.can_be_undone and timezone.localdate(self.at) == timezone.localdate()


class Involvement(models.Model):
    """A unit that an event changed or made. `before` is its former state, to undo the event; null: made."""

    event = models.ForeignKey(ReorgEvent, on_delete=models.CASCADE, related_name="involvements")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="involvements")
    before = models.JSONField(null=True)

    rows = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "unit"], name="unit_once_per_event")
        ]

    def __str__(self) -> str:
        return f"{self.event} · {self.unit}"


class ReorgLink(models.Model):
    """Where a unit went in an event. `inherits`: the people of `to_unit` act in its unfinished campaigns."""

    class Portion(models.TextChoices):
        WHOLE = "whole", _("the whole unit")
        PART = "part", _("a part of it")

    event = models.ForeignKey(ReorgEvent, on_delete=models.CASCADE, related_name="links")
    from_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="successions")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="predecessors")
    portion = models.CharField(max_length=5, choices=Portion.choices)
    inherits = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    rows = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "from_unit", "to_unit"], name="link_once_per_event")
        ]

    def __str__(self) -> str:
        return f"{self.from_unit} → {self.to_unit}"


class UnitVersion(models.Model):
    """A former state of a unit, from a day until another day, which no longer belongs to it.

    Only past states are kept here; they follow each other without overlap, so a unit has one superior a day.
    """

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="versions")
    event = models.ForeignKey(ReorgEvent, on_delete=models.CASCADE, related_name="versions")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField()
    name = models.CharField(max_length=200)
    search_key = models.CharField(max_length=200, db_index=True)
    short_name = models.CharField(max_length=60, blank=True)
    doc_abbr = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=20, choices=Unit.Kind.choices)
    parent = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")

    rows = models.Manager()

    class Meta:
        ordering = ("valid_to",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "valid_to"], name="one_version_ends_a_day"),
            models.CheckConstraint(
                condition=models.Q(valid_from=None) | models.Q(valid_from__lt=models.F("valid_to")),
                name="version_lasts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} – {self.valid_to:%d/%m/%Y}"


class HeldPath(models.Model):
    """A path of an earlier tree at which the unit's people act: its own, or a taken-over unit's."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="held_paths")
    path = models.CharField(max_length=PATH_LENGTH)
    event = models.ForeignKey(ReorgEvent, on_delete=models.CASCADE, related_name="+")

    rows = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "path", "event"], name="held_path_once_per_event")
        ]

    def __str__(self) -> str:
        return self.path


class Identifier(models.Model):
    """A number under which others know the unit, for a time. Numbers are given again to other units."""

    class Scheme(models.TextChoices):
        PROVINCE = "gso2", _("province code")
        DISTRICT = "gso3", _("district code")
        COMMUNE = "gso5", _("commune code")
        ORGAN = "organ_id", _("electronic identifier of the body")
        TAX = "mst", _("tax code")
        SCHOOL = "moet", _("school code")

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=10, choices=Scheme.choices)
    value = models.CharField(max_length=40)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    rows = models.Manager()

    class Meta:
        ordering = ("scheme", "valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scheme", "value"], condition=models.Q(valid_to=None), name="identifier_once_now"
            ),
            models.UniqueConstraint(
                fields=["unit", "scheme"], condition=models.Q(valid_to=None), name="one_identifier_a_scheme"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}"


class SectorRelation(models.Model):
    """A second superior in the line of work: a view beside the tree, which no sum follows."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="sectors")
    parent = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="sector_units")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    rows = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit", "parent"], condition=models.Q(valid_to=None), name="sector_once_now"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} ⇢ {self.parent}"


def sectors_in_force(prefix: str = "", on: date | None = None) -> models.Q:
    """Relations in the line of work that hold on a day, today by default; `prefix` is the path to them."""
    today = on or timezone.localdate()
    begun = models.Q((f"{prefix}valid_from", None)) | models.Q((f"{prefix}valid_from__lte", today))
    return begun & (models.Q((f"{prefix}valid_to", None)) | models.Q((f"{prefix}valid_to__gt", today)))


class UnitImport(models.Model):
    """A table of units that waits to be applied. `stamp` identifies the tree of its preview."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    top = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    rows_read = models.JSONField()
    stamp = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)

    rows = models.Manager()
    objects = ScopedManager["UnitImport"]()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return self.file_name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "top__path")
