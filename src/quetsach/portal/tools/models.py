"""The content of the public tools page: the stick, and the removal tools that a campaign vouches for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from quetsach.endpoint import keys
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.tools.start import in_readers_language
from quetsach.portal.units.models import within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User

SHELF = "tools"
CARRIED = "ZIP"
"""The last word of the system of a scanner that is carried, not installed."""


class Stick(models.Model):
    """One release of the checking stick; the latest is offered. The file lies on the shelf by its SHA-256."""

    version = models.CharField(max_length=40, unique=True)
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    signed_by = models.CharField(max_length=29, help_text="fingerprint of the key that signed its files")
    is_test_build = models.BooleanField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-published_at", "-pk")

    def __str__(self) -> str:
        return self.version


class Scanner(models.Model):
    """One release of the log scanner for one system, as a wheel or as a ZIP to carry; the latest of each is
    offered.

    `key` and `signature` are hexadecimal; `system` is "any" or such as "Linux x86_64", "Windows x86_64 ZIP".
    """

    version = models.CharField(max_length=40)
    system = models.CharField(max_length=100)
    file_name = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    is_test_build = models.BooleanField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-published_at", "-pk")

    def __str__(self) -> str:
        return self.file_name

    @property
    def signed_by(self) -> str:
        """The fingerprint of the key."""
        return keys.fingerprint(bytes.fromhex(self.key))

    @property
    def is_carried(self) -> bool:
        """Whether it is unpacked and runs, without being installed."""
        return self.system.endswith(f" {CARRIED}")

    @property
    def is_for_windows(self) -> bool:
        """Whether the commands beside it are those of Windows."""
        return self.system.startswith("Windows")

    @property
    def shown_system(self) -> str:
        """The system without how the scanner comes."""
        return self.system.removesuffix(f" {CARRIED}")


class RemovalTool(models.Model):
    """A tool as its maker published it: a link, and a copy if it has `bytes`.

    It is against one malware family, or without a `family` a second opinion about any. `looked_on` is the day
    on which somebody looked at the link.

    A tool that was taken off the list (`removed_at`) stays here, to be put back.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="removal_tools")
    family = models.CharField(
        _("Malware"), max_length=100, blank=True,
        help_text=_("Empty for a second opinion, which looks for malware of any kind."),
    )  # fmt: skip
    name = models.CharField(_("Tool"), max_length=100)
    vendor = models.CharField(_("Maker"), max_length=100)
    version = models.CharField(_("Version"), max_length=40, blank=True)
    sha256 = models.CharField(
        "SHA-256",
        max_length=64,
        blank=True,
        validators=[RegexValidator(r"^[0-9a-f]{64}$", _("64 characters 0-9 and a-f."))],
        help_text=_(
            "As the maker publishes it; from another source than the file. Needed for a file; an address that"
            " always leads to the newest version has none."
        ),
    )
    link = models.CharField(
        _("Web address"), max_length=300, blank=True, validators=[URLValidator(schemes=["https"])],
        help_text=_("The maker's own page, beginning with https://"),
    )  # fmt: skip
    looked_on = models.DateField(
        _("Looked at on"), null=True, blank=True, help_text=_("When you opened the maker's page last.")
    )
    note = models.CharField(_("Note"), max_length=300, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    bytes = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = models.Manager()
    objects = ScopedManager["RemovalTool"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("family", "name")
        constraints = (
            models.UniqueConstraint(fields=["campaign", "family", "name"], name="removal_tool_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def said(self) -> str:
        """The note for the reader; one of the starting list in the reader's language."""
        return in_readers_language(self.name, self.note)

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "campaign__issuer__path")
